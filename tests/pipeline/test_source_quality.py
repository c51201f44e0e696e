"""The quality report of a source: planted faults stop the run by name, oddities are listed, a clean source passes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ghostchart.pipeline.layout import RunLayout
from ghostchart.pipeline.source_quality import check_source, load_source_report, write_quality_report
from ghostchart.schemas.config import SourceConfig
from ghostchart.schemas.ehr import TABLE_SCHEMAS, EhrTables, NullCount, SourceReport, TableCount, UnmappedCode
from ghostchart.schemas.errors import RunConflictError, SourceError
from ghostchart.schemas.progress import SILENT
from ghostchart.synth.sources import load_source


@pytest.fixture(scope="module")
def clean() -> EhrTables:
    return load_source(SourceConfig(demo_patients=60))


def changed(tables: EhrTables, name: str, row: int, **values: Any) -> EhrTables:
    rows = getattr(tables, name).to_pylist()
    rows[row] |= values
    return replace(tables, **{name: pa.Table.from_pylist(rows, schema=TABLE_SCHEMAS[name])})


def test_a_clean_source_passes_every_check(clean: EhrTables) -> None:
    report = check_source(clean, SILENT).report
    assert {finding.severity for finding in report.quality} == {"ok"}
    assert {finding.table for finding in report.quality} == TABLE_SCHEMAS.keys() - {"identifiers", "notes"}


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("patients", lambda tables: {"patient_id": tables.patients["patient_id"][1].as_py()}, "patients: duplicate key, 2 of 60"),
        ("patients", lambda _: {"sex": "X"}, "sex missing or unknown, 1 of"),
        ("patients", lambda _: {"birth_date": None}, "birth date missing, 1 of"),
        ("patients", lambda _: {"death_date": date(1850, 1, 1)}, "death before birth, 1 of"),
        ("encounters", lambda tables: {"encounter_id": tables.encounters["encounter_id"][1].as_py()}, "duplicate key, 2 of"),
        ("encounters", lambda _: {"patient_id": "nobody"}, "patient unknown (orphan), 1 of"),
        ("encounters", lambda _: {"encounter_class": "letter"}, "encounter class missing or unknown, 1 of"),
        ("encounters", lambda _: {"end": datetime(1990, 1, 1)}, "end before beginning, 1 of"),
        ("encounters", lambda _: {"start": datetime(1850, 1, 1)}, "before birth, 1 of"),
        ("conditions", lambda _: {"encounter_id": "none"}, "encounter unknown (orphan), 1 of"),
        ("conditions", lambda _: {"code": "E11"}, "code not billable in"),
        ("procedures", lambda _: {"code": "x"}, "not shaped like CPT or HCPCS, 1 of"),
        ("medications", lambda _: {"drug": None}, "drug name missing, 1 of"),
        ("observations", lambda _: {"value": float("nan")}, "value is not a number, 1 of"),
    ],
)  # fmt: skip
def test_planted_faults_stop_the_run(
    clean: EhrTables, name: str, values: Callable[[EhrTables], dict[str, Any]], words: str
) -> None:
    with pytest.raises(SourceError) as caught:
        check_source(changed(clean, name, 0, **values(clean)), SILENT)
    assert words in str(caught.value)
    assert "nobody" not in str(caught.value)


def test_oddities_are_listed_and_written(clean: EhrTables, tmp_path: Path) -> None:
    first = clean.encounters["patient_id"][0].as_py()
    place = clean.patients["patient_id"].to_pylist().index(first)
    born = clean.patients["birth_date"][place].as_py()
    odd = changed(clean, "patients", place, death_date=born)
    report = replace(
        odd.report,
        tables=(TableCount("dx", 10, 7, {"repeated in the same encounter": 1, "no code": 2}),),
        unmapped=(UnmappedCode("conditions", "snomed", "1", 2),),
        nulls=(NullCount("dx", "rank", 10), NullCount("dx", "code", 2)),
    )
    checked = check_source(replace(odd, report=report), SILENT)
    warnings = {
        (finding.table, finding.check): finding.found
        for finding in checked.report.quality
        if finding.severity == "warning"
    }
    assert warnings.pop(("encounters", "after death")) == clean.encounters["patient_id"].to_pylist().count(first)
    assert warnings == {("dx", "no code"): 2, ("dx", "column rank is empty"): 10}
    layout = RunLayout(tmp_path / "out")
    layout.protected.mkdir(parents=True)
    write_quality_report(layout, checked.report)
    file = layout.protected / "reports" / "source_quality.json"
    assert file.stat().st_mode & 0o077 == 0
    written = json.loads(file.read_text())
    assert [row["rate"] for row in written["null_rates"]] == [1.0, 0.2]
    assert written["unmapped_codes"][0]["code"] == "1"


def written(report: SourceReport, folder: Path) -> tuple[RunLayout, Path]:
    layout = RunLayout(folder / "out")
    file = layout.protected / "source" / "report.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(asdict(report)))
    return layout, file


def test_the_record_of_the_source_comes_back(clean: EhrTables, tmp_path: Path) -> None:
    report = check_source(clean, SILENT).report
    layout, _ = written(report, tmp_path)
    assert load_source_report(layout) == report


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: json.dumps({key: value for key, value in json.loads(text).items() if key != "quality"}),
        lambda text: json.dumps(json.loads(text) | {"tables": [{"table": "patients"}]}),
        lambda text: text[:100],
        None,
    ],
)
def test_a_record_without_findings_is_refused(
    clean: EhrTables, tmp_path: Path, spoil: Callable[[str], str] | None
) -> None:
    """Runs from before there was a quality report: they must not look as if they had been checked."""
    layout, file = written(clean.report, tmp_path)
    if spoil is None:
        file.unlink()
    else:
        file.write_text(spoil(file.read_text()))
    with pytest.raises(RunConflictError, match=r"missing, damaged or from an earlier version .*--overwrite") as caught:
        load_source_report(layout)
    assert caught.value.exit_code == 2
