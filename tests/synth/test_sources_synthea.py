"""Synthea's CSV export: a fixture after the public format, odd corners included; counts reconcile, faults are named."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest

from ghostchart.schemas.config import SourceConfig
from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.errors import SourceError
from ghostchart.synth.sources import load_source

Tables = dict[str, list[list[str]]]
ANN, BO, CY = (f"{first}0000000-0000-4000-8000-00000000000{first}" for first in "123")
E1, E2, E3, E4, E5 = (f"e{number}000000-0000-4000-8000-00000000000{number}" for number in range(1, 6))
VALUES = (ANN, BO, E1, E2, "Quillfeather", "2150-13", "X77X", "44054006", "999-12")


def export() -> Tables:
    """Three patients, five encounters; the header as recent versions write it."""
    return {
        "patients": [
            ["Id", "BIRTHDATE", "DEATHDATE", "SSN", "DRIVERS", "PASSPORT", "PREFIX", "FIRST", "MIDDLE", "LAST", "SUFFIX", "MAIDEN",
             "MARITAL", "RACE", "ETHNICITY", "GENDER", "BIRTHPLACE", "ADDRESS", "CITY", "STATE", "COUNTY", "FIPS", "ZIP", "LAT", "LON",
             "HEALTHCARE_EXPENSES", "HEALTHCARE_COVERAGE", "INCOME"],
            [ANN, "1961-07-04", "", "999-12-3456", "S99912345", "X1234567X", "Mrs.", "Ann12", "Bea7", "Quillfeather55", "", "O'Hara9",
             "M", "white", "nonhispanic", "F", "Boston", "12 Mill \"Old\" Road, Unit 4", "Boston", "Massachusetts", "Suffolk", "25025",
             "02108", "42.3", "-71.0", "1.0", "2.0", "3"],
            [BO, "1947-12-31", "2020-02-01", "999-22-3456", "", "", "", "Bo3", "", "Tester4", "", "", "", "", "", "M", "", "1 Elm Street",
             "Lowell", "Massachusetts", "", "", "", "", "", "", "", ""],
            [CY, "2015-01-01", "", "999-32-3456", "", "", "", "Cy3", "", "Tester4", "", "", "", "", "", "M", "", "1 Elm Street",
             "Lowell", "Massachusetts", "", "", "00000", "", "", "", "", ""],
        ],
        "encounters": [
            ["Id", "START", "STOP", "PATIENT", "ORGANIZATION", "PROVIDER", "PAYER", "ENCOUNTERCLASS", "CODE", "DESCRIPTION",
             "BASE_ENCOUNTER_COST", "TOTAL_CLAIM_COST", "PAYER_COVERAGE", "REASONCODE", "REASONDESCRIPTION"],
            [E1, "2019-03-01T08:00:00Z", "2019-03-01T08:30:00Z", ANN, "o", "p", "y", "ambulatory", "162673000",
             "General examination of patient (procedure)", "1", "2", "0", "", ""],
            [E2, "2019-03-11T10:00:00Z", "2019-03-15T11:00:00Z", BO, "o", "p", "y", "inpatient", "1", "Stay", "1", "2", "0", "", ""],
            [E3, "2019-04-11T10:00:00Z", "2019-04-11T11:00:00Z", ANN, "o", "p", "y", "urgentcare", "1", "Urgent", "1", "2", "0", "", ""],
            [E4, "2019-05-11T10:00:00Z", "2019-06-11T11:00:00Z", BO, "o", "p", "y", "hospice", "1", "Hospice", "1", "2", "0", "", ""],
            [E5, "2019-05-12T10:00:00Z", "2019-05-12T11:00:00Z", CY, "o", "p", "y", "wellness", "1", "Well child", "1", "2", "0", "", ""],
        ],
        "conditions": [
            ["START", "STOP", "PATIENT", "ENCOUNTER", "SYSTEM", "CODE", "DESCRIPTION"],
            ["2019-03-01", "", ANN, E1, "http://snomed.info/sct", "44054006", "Diabetes mellitus type 2 (disorder)"],
            ["2019-03-01", "", ANN, E1, "SNOMED-CT", "44054006", "Diabetes mellitus type 2 (disorder)"],
            ["2019-03-01", "", ANN, E1, "http://snomed.info/sct", "160903007", "Full-time employment (finding)"],
            ["2019-04-11", "2019-04-20", ANN, E3, "", "444814009", "Viral sinusitis (disorder)"],
            ["2019-03-11", "", BO, E2, "http://hl7.org/fhir/sid/icd-10-cm", "I10", "Hypertension"],
            ["2019-05-11", "", BO, E4, "http://snomed.info/sct", "44054006", "Diabetes mellitus type 2 (disorder)"],
        ],
        "procedures": [
            ["START", "STOP", "PATIENT", "ENCOUNTER", "SYSTEM", "CODE", "DESCRIPTION", "BASE_COST", "REASONCODE", "REASONDESCRIPTION"],
            ["2019-03-01T08:00:00Z", "", ANN, E1, "http://snomed.info/sct", "430193006", "Medication Reconciliation", "1", "", ""],
            ["2019-03-01T08:00:00Z", "", ANN, E1, "http://www.ama-assn.org/go/cpt", "93000", "Electrocardiogram", "1", "", ""],
        ],
        "medications": [
            ["START", "STOP", "PATIENT", "PAYER", "ENCOUNTER", "CODE", "DESCRIPTION", "BASE_COST", "PAYER_COVERAGE", "DISPENSES",
             "TOTALCOST", "REASONCODE", "REASONDESCRIPTION"],
            ["2019-03-01T08:00:00Z", "", ANN, "y", E1, "860975", "24 HR Metformin 500 MG Oral Tablet", "1", "0", "1", "1", "", ""],
        ],
        "observations": [
            ["DATE", "PATIENT", "ENCOUNTER", "CATEGORY", "CODE", "DESCRIPTION", "VALUE", "UNITS", "TYPE"],
            ["2019-03-01T08:00:00Z", ANN, E1, "vital-signs", "8480-6", "Systolic Blood Pressure", "141.0", "mm[Hg]", "numeric"],
            ["2019-03-01T08:00:00Z", ANN, E1, "laboratory", "4548-4", "Hemoglobin A1c", "8.4", "%", "numeric"],
            ["2019-03-01T08:00:00Z", ANN, E1, "social-history", "72166-2", "Tobacco smoking status", "Never smoker", "", "text"],
            ["2019-03-12T08:00:00Z", BO, "", "", "8867-4", "Heart rate", "77", "/min", "numeric"],
            ["2019-12-31T08:00:00Z", ANN, "", "", "QALY", "QALY", "57.1", "a", "numeric"],
        ],
    }  # fmt: skip


def write(folder: Path, tables: Tables) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows(rows)
    (folder.parent / "map.csv").write_text("source_code,icd10cm\n44054006,E11.9\n444814009,J01.90\n")
    return folder


def read(folder: Path) -> EhrTables:
    return load_source(SourceConfig(kind="synthea", path=folder, code_map=folder.parent / "map.csv"))


def refusal(folder: Path) -> str:
    with pytest.raises(SourceError) as caught:
        read(folder)
    said = str(caught.value)
    assert "\n" not in said
    for value in VALUES:
        assert value not in said.replace(str(folder), ""), "the message holds a value of the source"
    return said


@pytest.fixture
def tables() -> Tables:
    return export()


def test_counts_and_rows(tmp_path: Path, tables: Tables) -> None:
    loaded = read(write(tmp_path / "csv", tables))
    counts = {count.table: count for count in loaded.report.tables}
    assert counts.keys() == tables.keys()
    for name, count in counts.items():
        assert count.rows_read == len(tables[name]) - 1, name
        assert count.rows_read == count.rows_used + sum(count.refused.values()), name
    assert counts["conditions"].refused == {
        "SNOMED code without a map to ICD-10-CM": 1,
        "repeated in the same encounter": 1,
        "encounter not used": 1,
    }
    assert counts["encounters"].refused == {"encounter class hospice is not used": 1, "no ICD-10-CM diagnosis": 1}
    assert counts["procedures"].refused == {"SNOMED procedure, neither CPT nor HCPCS": 1}
    assert counts["observations"].refused == {
        "kind of measurement not used": 1,
        "no encounter named and none on that day": 1,
    }
    assert {(row.kind, row.code) for row in loaded.report.unmapped} == {
        ("conditions", "160903007"),
        ("procedures", "430193006"),
    }
    assert loaded.patients["birth_date"].to_pylist() == [date(1961, 7, 4), date(1947, 12, 31)]
    assert loaded.patients["zip3"].to_pylist() == ["021", None]
    assert loaded.encounters["encounter_class"].to_pylist() == ["wellness", "office", "inpatient"]
    assert loaded.encounters["start"].to_pylist()[0] == datetime(2019, 3, 1, 8)
    assert loaded.conditions["code"].to_pylist() == ["E11.9", "J01.90", "I10"]
    assert loaded.procedures["code"].to_pylist() == ["93000"]
    assert loaded.medications["drug"].to_pylist() == ["24 hr metformin 500 mg oral tablet"]
    values = {(row["encounter_id"], row["name"]): row["value"] for row in loaded.observations.to_pylist()}
    assert values == {(E1, "systolic_bp_mmhg"): 141.0, (E1, "hba1c_percent"): 8.4, (E2, "heart_rate_bpm"): 77.0}
    known = {(row["entity_type"], row["value"]) for row in loaded.identifiers.to_pylist() if row["patient_id"] == ANN}
    assert {
        ("PERSON", "Ann12 Quillfeather55"),
        ("PERSON", "Ann12 O'Hara9"),
        ("US_SSN", "999-12-3456"),
        ("STREET_ADDRESS", '12 Mill "Old" Road, Unit 4'),
    } <= known


def test_older_exports_and_one_directory_up_read_the_same(tmp_path: Path, tables: Tables) -> None:
    new = read(write(tmp_path / "new" / "csv", tables))
    for rows, wrong in (
        (tables["observations"], "CATEGORY"),
        (tables["patients"], "INCOME"),
        (tables["patients"], "MIDDLE"),
    ):
        at = rows[0].index(wrong)
        for row in rows:
            del row[at]
    tables["procedures"][0][0] = "DATE"
    tables["encounters"][0][0] = "ID"
    folder = write(tmp_path / "old" / "csv", tables)
    (folder.parent.parent / "map.csv").write_text((folder.parent / "map.csv").read_text())
    old = read(folder.parent)
    for name in ("patients", "encounters", "conditions", "procedures", "observations"):
        assert getattr(new, name).equals(getattr(old, name)), name


def _set(name: str, row: int, column: str, value: str) -> Callable[[Tables], None]:
    def change(tables: Tables) -> None:
        tables[name][row][tables[name][0].index(column)] = value

    return change


@pytest.mark.parametrize(
    ("spoil", "table", "row"),
    [
        (_set("patients", 1, "BIRTHDATE", "2150-13-01"), "patients", 2),
        (_set("patients", 2, "DEATHDATE", "1900-01-01"), "patients", 3),
        (_set("patients", 2, "Id", ANN), "patients", 3),
        (_set("encounters", 2, "START", "X77X"), "encounters", 3),
        (_set("encounters", 2, "START", "1931-01-01T00:00:00Z"), "encounters", 3),  # before birth
        (_set("encounters", 2, "Id", E1), "encounters", 3),
        (_set("encounters", 2, "PATIENT", "nobody"), "encounters", 3),
        (_set("conditions", 1, "PATIENT", BO), "conditions", 2),
        (_set("conditions", 1, "START", "X77X"), "conditions", 2),
        (_set("observations", 1, "DATE", "X77X"), "observations", 2),
    ],
)
def test_bad_rows_are_named_by_file_and_row(
    tmp_path: Path, tables: Tables, spoil: Callable[[Tables], None], table: str, row: int
) -> None:
    spoil(tables)
    said = refusal(write(tmp_path / "csv", tables))
    assert f"{table}.csv" in said
    assert f"row {row}:" in said


def test_files_that_cannot_be_read(tmp_path: Path, tables: Tables) -> None:
    folder = write(tmp_path / "csv", tables)
    path = folder / "conditions.csv"
    good = path.read_bytes()
    for bad, words in (
        (b"", "empty"),
        (good.splitlines()[0] + b"\n", "empty"),
        (good.replace(b"ENCOUNTER", b"ENC", 1), "column encounter is missing"),
        (good.replace(b"START", b"BEGUN", 1), "column start is missing"),
        (
            good.replace(b"Full-time", b"Full\xe9time").replace(b"160903007", b"16\xff03007"),
            "line 4",
        ),  # mixed encodings
        (good.replace(b",Viral sinusitis (disorder)", b""), "line 5"),
    ):
        path.write_bytes(bad)
        said = refusal(folder)
        assert "conditions.csv" in said
        assert words in said
    path.unlink()
    assert "table conditions is missing" in refusal(folder)
    long = good + b"".join(f"2019-03-01,,{ANN},{E1},,{number},x\n".encode() for number in range(30_000))
    (folder / "conditions.csv.gz").write_bytes(gzip.compress(long)[:-3000])
    assert "conditions.csv.gz" in refusal(folder)
    assert "no such directory" in refusal(tmp_path / "nowhere")
