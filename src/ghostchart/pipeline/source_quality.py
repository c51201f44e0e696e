"""The data-quality report of a source, made before anything is learned from it: errors stop, warnings are listed."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

from ghostchart.pipeline.layout import RunLayout
from ghostchart.pipeline.state import write_private, writing
from ghostchart.schemas.canonical import readable_json
from ghostchart.schemas.ehr import EhrTables, NullCount, QualityFinding, SourceReport, TableCount, UnmappedCode
from ghostchart.schemas.errors import RunConflictError, SourceError
from ghostchart.schemas.icd10cm_release import load_icd10cm
from ghostchart.schemas.progress import Progress

# Reasons of refusal that are a matter of course; the others are listed as warnings.
_EXPECTED = ("repeated in the same", "kind of", "encounter without ICD-10-CM", "a nearer result was used")


def check_source(tables: EhrTables, progress: Progress) -> EhrTables:
    """The same tables, with the findings in their report.

    Raises:
        SourceError: a check of severity "error" found rows; nothing has been written then.
    """
    from ghostchart.privacy.great_expectations_suite import check_source_tables

    with progress.task("Checking the source's quality", None):
        findings = check_source_tables(tables, load_icd10cm())
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        listed = "; ".join(f"{found.table}: {found.check}, {found.found:,} of {found.rows:,} rows" for found in errors)
        raise SourceError(
            f"the source fails its quality checks: {listed}", where=tables.report.source, fix="Correct these rows"
        )
    return replace(tables, report=replace(tables.report, quality=(*findings, *_warnings(tables.report))))


def _warnings(report: SourceReport) -> tuple[QualityFinding, ...]:
    """What the adapter refused, beyond what is a matter of course, and columns that are empty throughout."""
    found = [
        QualityFinding(count.table, reason, count.rows_read, rows, "warning")
        for count in report.tables
        for reason, rows in count.refused.items()
        if rows and not reason.startswith(_EXPECTED)
    ]
    read = {count.table: count.rows_read for count in report.tables}
    found += [
        QualityFinding(
            null.table, f"column {null.column} is empty", read.get(null.table, null.rows), null.rows, "warning"
        )
        for null in report.nulls
        if null.rows and null.rows == read.get(null.table)
    ]
    return tuple(found)


def write_quality_report(layout: RunLayout, report: SourceReport) -> None:
    """Write ``protected/reports/source_quality.json``: counts, null rates, findings, and unmapped codes one by one.

    Raises:
        OutputError: the directory cannot be written.
    """
    read = {count.table: count.rows_read for count in report.tables}
    content = {
        "source": report.source,
        "tables": [asdict(count) for count in report.tables],
        "null_rates": [
            {**asdict(null), "rate": round(null.rows / max(1, read.get(null.table, null.rows)), 6)}
            for null in report.nulls
        ],
        "findings": [asdict(finding) for finding in report.quality],
        "unmapped_codes": [asdict(code) for code in report.unmapped],
        "remarks": list(report.remarks),
    }
    with writing(layout.protected):
        (layout.protected / "reports").mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(layout.protected / "reports" / "source_quality.json", readable_json(content))


def load_source_report(layout: RunLayout) -> SourceReport:
    """Row counts and findings of the source as they were before modelling.

    Raises:
        RunConflictError: no such record, or one from before there were findings: what was never checked must not look clean.
    """
    try:
        raw = json.loads((layout.protected / "source" / "report.json").read_text())
        return SourceReport(
            source=raw["source"],
            tables=tuple(TableCount(**row) for row in raw["tables"]),
            remarks=tuple(raw["remarks"]),
            unmapped=tuple(UnmappedCode(**row) for row in raw["unmapped"]),
            nulls=tuple(NullCount(**row) for row in raw["nulls"]),
            quality=tuple(QualityFinding(**row) for row in raw["quality"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise RunConflictError(
            "the run's record of its source is missing, damaged or from an earlier version",
            where=str(layout.out),
            fix="Make the run again with --overwrite, or use another --out",
        ) from None
