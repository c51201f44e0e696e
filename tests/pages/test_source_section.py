"""The run page shows the source's counts and warnings, and no code or value of the source."""

from __future__ import annotations

from ghostchart.pages import RunSummary, render_run_page
from ghostchart.schemas.ehr import QualityFinding, SourceReport, TableCount, UnmappedCode
from ghostchart.schemas.verdict import Verdict

SOURCE = SourceReport(
    "omop",
    (TableCount("person", 2694, 480, {"no encounter with an ICD-10-CM diagnosis": 2214}),),
    ("no table location",),
    unmapped=(UnmappedCode("conditions", "snomed", "31415926", 3605), UnmappedCode("conditions", "snomed", "2", 5)),
    quality=(
        QualityFinding("patients", "duplicate key", 480, 0, "ok"),
        QualityFinding("encounters", "after death", 480, 7, "warning"),
    ),
)


def page(source: SourceReport) -> str:
    return render_run_page(
        RunSummary(
            source=source,
            notes={"train": 24},
            fidelity=Verdict(gate="fidelity", title="Fidelity", outcome="passed"),
            gates=(),
            certificate=None,
            stamp="not certified",
            models=(),
            metrics={"models": {}, "definition": "", "n_notes": 0},
            example=None,
            seconds={},
            settings={},
        )
    )


def test_quality_of_the_source_is_shown_without_its_codes() -> None:
    shown = page(SOURCE)
    assert "2 codes of the source map to nothing in use (3,610 rows)" in shown
    assert "1 checks found nothing, none found an error" in shown
    assert "<td>encounters</td><td>after death</td>" in shown
    assert "31415926" not in shown


def test_a_source_without_quality_report_has_no_such_section() -> None:
    assert "Quality of the source" not in page(SourceReport("demo", ()))
