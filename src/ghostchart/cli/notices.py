"""What the command line says beside results: licences, row counts of the source."""

from __future__ import annotations

from rich.table import Table

from ghostchart.console import STDERR, STDOUT
from ghostchart.schemas.config import CptSetting
from ghostchart.schemas.ehr import SourceReport

_CPT_NOTICE = {
    "starter": "CPT setting 'starter': bare code numbers with meanings in our own words. Using CPT in production needs a "
    "licence from the American Medical Association; set cpt: licensed with your file, or cpt: off.",
    "licensed": "CPT setting 'licensed': codes from your own file; its licence from the American Medical Association "
    "also governs who may use the corpus.",
    "off": "CPT setting 'off': notes carry ICD-10-CM and HCPCS Level II codes only.",
}


def print_cpt_notice(setting: CptSetting) -> None:
    """Say once per run which CPT setting holds and what it means."""
    STDERR.print(f"[dim]{_CPT_NOTICE[setting]}[/dim]")


def print_source_report(report: SourceReport) -> None:
    """Rows read, used and refused by reason; nothing is dropped silently."""
    table = Table("Table", "Rows read", "Used", "Not used", title=f"Source: {report.source}", title_justify="left")
    for count in report.tables:
        reasons = "; ".join(f"{rows:,} {reason}" for reason, rows in sorted(count.refused.items()) if rows)
        table.add_row(count.table, f"{count.rows_read:,}", f"{count.rows_used:,}", reasons or "none")
    STDOUT.print(table)
    for remark in report.remarks:
        STDOUT.print(f"- {remark}")
    if report.unmapped:
        rows = sum(code.rows for code in report.unmapped)
        STDOUT.print(f"- {len(report.unmapped):,} codes ({rows:,} rows) map to nothing in use")
    if report.quality:
        warnings = sum(finding.severity == "warning" for finding in report.quality)
        STDOUT.print(
            f"- Quality checks: {len(report.quality) - warnings} passed, {warnings} warnings "
            "(protected/reports/source_quality.json)"
        )
