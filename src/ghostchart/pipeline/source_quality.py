"""The data-quality report of a source, made before anything is learned from it: errors stop, warnings are listed."""

from __future__ import annotations

from dataclasses import asdict, replace

from ghostchart.pipeline.layout import RunLayout
from ghostchart.pipeline.state import write_private, writing
from ghostchart.schemas.canonical import readable_json
from ghostchart.schemas.ehr import EhrTables, QualityFinding, SourceReport
from ghostchart.schemas.errors import SourceError
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
