"""MIMIC-IV adapter: what is read reconciles; every kind of bad input is one sentence that holds no value."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from ghostchart.schemas.config import SourceConfig
from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.errors import SourceError
from ghostchart.synth.sources import load_source

Tables = dict[str, list[list[str]]]

SUBJECT = "27182818"  # recognisable in every message that should not hold it
STAY = "31415926"
VALUES = (SUBJECT, STAY, "27182000", "31415000", "2151-03", "2020-13", "Zebrazine", "E785", "E78.5", "1999", "X77X")


def small_hospital() -> Tables:
    """Three patients, four admissions: one of them with ICD-9 only."""
    return {
        "patients": [
            ["subject_id", "gender", "anchor_age", "anchor_year", "anchor_year_group", "dod"],
            ["27182000", "F", "61", "2150", "2014 - 2016", ""],
            [SUBJECT, "M", "47", "2150", "2014 - 2016", "2152-01-09"],
            ["27182001", "F", "80", "2149", "2014 - 2016", ""],
        ],
        "admissions": [
            ["subject_id", "hadm_id", "admittime", "dischtime", "admission_type"],
            ["27182000", "31415000", "2151-03-01 08:00:00", "2151-03-04 12:00:00", "EW EMER."],
            [SUBJECT, STAY, "2151-03-11 09:30:00", "2151-03-12 10:00:00", "EU OBSERVATION"],
            [SUBJECT, "31415927", "2151-12-20 09:30:00", "2152-01-09 10:00:00", "URGENT"],
            ["27182001", "31415002", "2149-05-11 09:30:00", "2149-05-12 10:00:00", "URGENT"],
        ],
        "diagnoses_icd": [
            ["subject_id", "hadm_id", "seq_num", "icd_code", "icd_version"],
            ["27182000", "31415000", "2", "E785", "10"],
            ["27182000", "31415000", "1", "I10", "10"],
            ["27182000", "31415000", "3", "I10", "10"],  # repeated
            ["27182000", "31415000", "4", "4019", "9"],
            [SUBJECT, STAY, "1", "E119", "10"],
            [SUBJECT, STAY, "2", "E11", "10"],  # a category, not billable
            [SUBJECT, STAY, "3", "X77X?", "10"],  # not a code
            [SUBJECT, "31415927", "1", "N179", "10"],
            ["27182001", "31415002", "1", "25000", "9"],
        ],
        "procedures_icd": [
            ["subject_id", "hadm_id", "seq_num", "icd_code", "icd_version"],
            [SUBJECT, STAY, "1", "3961", "9"],
            [SUBJECT, STAY, "2", "0SRD0J9", "10"],
        ],
        "hcpcsevents": [
            ["subject_id", "hadm_id", "hcpcs_cd"],
            [SUBJECT, STAY, "93000"],
            [SUBJECT, STAY, "93000"],
            ["27182001", "31415002", "G0378"],
            [SUBJECT, STAY, "not a code"],
        ],
        "prescriptions": [
            ["subject_id", "hadm_id", "drug"],
            [SUBJECT, STAY, "Zebrazine"],
            [SUBJECT, STAY, " zebrazine"],
            [SUBJECT, STAY, ""],
            ["27182001", "31415002", "Zebrazine"],
        ],
        "omr": [
            ["subject_id", "chartdate", "seq_num", "result_name", "result_value"],
            [SUBJECT, "2151-03-10", "1", "Weight (Lbs)", "220"],
            [SUBJECT, "2151-03-10", "1", "Blood Pressure", "141/82"],
            [SUBJECT, "2151-02-10", "1", "Blood Pressure", "101/52"],  # farther away
            [SUBJECT, "2140-02-10", "1", "Blood Pressure", "101/52"],
            [SUBJECT, "2151-03-10", "1", "Weight (Lbs)", "heavy"],
            [SUBJECT, "2151-03-10", "1", "eGFR", "60"],
            ["27182001", "2149-05-11", "1", "BMI (kg/m2)", "31"],
        ],
        "d_labitems": [["itemid", "label", "fluid"], ["50912", "Creatinine", "Blood"], ["1", "Creatinine", "Urine"]],
        "labevents": [
            ["subject_id", "hadm_id", "itemid", "valuenum"],
            [SUBJECT, STAY, "50912", "1.1"],
            [SUBJECT, STAY, "50912", "1.9"],
            [SUBJECT, STAY, "50912", "1.2"],
            [SUBJECT, STAY, "50912", ""],
            [SUBJECT, STAY, "1", "80"],
            [SUBJECT, "", "50912", "1.0"],
            ["27182001", "31415002", "50912", "1.0"],
        ],
    }


def write(folder: Path, tables: Tables) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        with gzip.open(folder / f"{name}.csv.gz", "wt", newline="") as stream:
            csv.writer(stream).writerows(rows)
    return folder


def read(folder: Path) -> EhrTables:
    return load_source(SourceConfig(kind="mimic-iv", path=folder))


def refusal(folder: Path) -> str:
    """The message of the one error, checked for what every message must be."""
    with pytest.raises(SourceError) as caught:
        read(folder)
    said = str(caught.value)
    assert "\n" not in said
    assert caught.value.what.count(". ") == 0, "more than one sentence says what is wrong"
    assert caught.value.where
    for value in VALUES:
        assert value not in said.replace(str(folder), ""), "the message holds a value of the source"
    return said


@pytest.fixture
def hospital() -> Tables:
    return small_hospital()


@pytest.fixture
def loaded(tmp_path: Path, hospital: Tables) -> EhrTables:
    return read(write(tmp_path / "hosp", hospital))


def test_every_row_is_used_or_refused(loaded: EhrTables, hospital: Tables) -> None:
    counts = {count.table: count for count in loaded.report.tables}
    assert counts.keys() == hospital.keys() - {"d_labitems"}
    for name, count in counts.items():
        assert count.rows_read == len(hospital[name]) - 1, name
        assert count.rows_read == count.rows_used + sum(count.refused.values()), name
        assert all(rows > 0 for rows in count.refused.values()), (name, count)


def test_empty_cells_are_counted(loaded: EhrTables, hospital: Tables) -> None:
    found = {(count.table, count.column): count.rows for count in loaded.report.nulls}
    assert {table for table, _column in found} == {count.table for count in loaded.report.tables}
    for (table, column), rows in found.items():
        at = hospital[table][0].index(column)
        assert rows == sum(row[at] == "" for row in hospital[table][1:]), (table, column)
    assert sum(found.values()) >= 4


def test_icd9_rows_are_counted_with_their_reason(loaded: EhrTables) -> None:
    counts = {count.table: count for count in loaded.report.tables}
    (reason,) = [reason for reason in counts["diagnoses_icd"].refused if "ICD-9" in reason]
    assert counts["diagnoses_icd"].refused[reason] == 2
    others = {text: rows for text, rows in counts["diagnoses_icd"].refused.items() if text != reason}
    assert sorted(others.values()) == [1, 1, 1]  # repeated, category, not a code
    assert any("billable" in text for text in others)
    assert counts["procedures_icd"].rows_used == 0
    assert set(counts["procedures_icd"].refused.values()) == {1}


def test_icd9_reaches_icd10cm_through_a_map_only(tmp_path: Path, hospital: Tables) -> None:
    code_map = tmp_path / "map.csv"
    code_map.write_text("source_code,icd10cm\n250.00,E11.9\n")
    folder = write(tmp_path / "hosp", hospital)
    loaded = load_source(SourceConfig(kind="mimic-iv", path=folder, code_map=code_map))
    codes = [row["code"] for row in loaded.conditions.to_pylist() if row["encounter_id"] == "31415002"]
    assert codes == ["E11.9"]
    counts = {count.table: count.refused for count in loaded.report.tables}
    assert counts["diagnoses_icd"]["ICD-9 without a map to ICD-10-CM"] == 1
    assert {(row.system, row.code): row.rows for row in loaded.report.unmapped} == {
        ("icd9cm", "4019"): 1,
        ("icd10cm", "E11"): 1,
    }


def test_a_discharge_before_admission_is_repaired_and_told(tmp_path: Path, hospital: Tables) -> None:
    hospital["admissions"][1][3] = "2151-02-01 08:00:00"
    loaded = read(write(tmp_path / "hosp", hospital))
    assert "1 admissions ended before they began; their end was set to their beginning" in loaded.report.remarks
    assert loaded.encounters["start"][0] == loaded.encounters["end"][0]


def test_admissions_without_icd10_are_refused_and_counted(loaded: EhrTables) -> None:
    counts = {count.table: count for count in loaded.report.tables}
    assert counts["admissions"].refused == {"no ICD-10-CM diagnosis": 1}
    assert sum(counts["patients"].refused.values()) == 1
    assert loaded.patients["patient_id"].to_pylist() == ["27182000", SUBJECT]
    assert loaded.encounters["encounter_id"].to_pylist() == ["31415000", STAY, "31415927"]
    for name in ("conditions", "procedures", "medications", "observations", "identifiers"):
        assert "27182001" not in getattr(loaded, name)["patient_id"].to_pylist(), name


def test_what_is_read_is_what_was_written(loaded: EhrTables) -> None:
    people = {row["patient_id"]: row for row in loaded.patients.to_pylist()}
    assert people[SUBJECT]["birth_date"] == date(1968, 1, 1)  # 2150 stands for 2015, the middle of the group of years
    assert people[SUBJECT]["death_date"] == date(2017, 1, 9)
    assert people["27182000"]["sex"] == "F"
    assert loaded.encounters["encounter_class"].to_pylist() == ["inpatient", "ed", "inpatient"]
    of_first = [row["code"] for row in loaded.conditions.to_pylist() if row["encounter_id"] == "31415000"]
    assert of_first == ["I10", "E78.5"]  # by seq_num
    assert loaded.procedures.to_pylist() == [
        {"patient_id": SUBJECT, "encounter_id": STAY, "system": "cpt", "code": "93000"}
    ]
    assert loaded.medications["drug"].to_pylist() == ["zebrazine"]
    values = {(row["encounter_id"], row["name"]): row["value"] for row in loaded.observations.to_pylist()}
    assert values == {
        (STAY, "weight_kg"): 99.8,
        (STAY, "systolic_bp_mmhg"): 141.0,
        (STAY, "diastolic_bp_mmhg"): 82.0,
        (STAY, "creatinine_mg_dl"): 1.2,  # the median of 1.1, 1.2, 1.9
    }


def test_uncompressed_tables_one_level_up_read_the_same(tmp_path: Path, hospital: Tables, loaded: EhrTables) -> None:
    folder = write(tmp_path / "mimic" / "hosp", hospital)
    for path in sorted(folder.iterdir()):
        (folder / path.name.removesuffix(".gz")).write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    plain = read(tmp_path / "mimic")
    assert plain.conditions.equals(loaded.conditions)
    assert plain.observations.equals(loaded.observations)


def test_missing_directory(tmp_path: Path) -> None:
    assert "nowhere" in refusal(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["patients", "admissions", "diagnoses_icd"])
def test_missing_table(tmp_path: Path, hospital: Tables, name: str) -> None:
    del hospital[name]
    said = refusal(write(tmp_path / "hosp", hospital))
    assert f"table {name} is missing" in said
    assert f"{name}.csv.gz" in said


@pytest.mark.parametrize(
    ("name", "column"), [("patients", "anchor_age"), ("admissions", "dischtime"), ("labevents", "valuenum")]
)
def test_missing_column(tmp_path: Path, hospital: Tables, name: str, column: str) -> None:
    at = hospital[name][0].index(column)
    hospital[name] = [row[:at] + row[at + 1 :] for row in hospital[name]]
    said = refusal(write(tmp_path / "hosp", hospital))
    assert column in said
    assert f"{name}.csv.gz" in said


@pytest.mark.parametrize("name", ["patients", "diagnoses_icd", "labevents"])
def test_truncated_gzip(tmp_path: Path, hospital: Tables, name: str) -> None:
    path = write(tmp_path / "hosp", hospital) / f"{name}.csv.gz"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    assert path.name in refusal(path.parent)


def test_gzip_cut_in_the_middle_of_a_long_table(tmp_path: Path, hospital: Tables) -> None:
    # Long enough that the header still reads well: the loss must be noticed all the same.
    hospital["labevents"] += [[SUBJECT, STAY, "50912", f"{i / 7:.3f}"] for i in range(30_000)]
    path = write(tmp_path / "hosp", hospital) / "labevents.csv.gz"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert path.name in refusal(path.parent)


@pytest.mark.parametrize(
    ("name", "row"), [("patients", 2), ("admissions", 3), ("diagnoses_icd", 6), ("prescriptions", 3)]
)
def test_mixed_encodings(tmp_path: Path, hospital: Tables, name: str, row: int) -> None:
    hospital[name][row][-1] += "MARK"
    path = write(tmp_path / "hosp", hospital) / f"{name}.csv.gz"
    text = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(text.replace(b"MARK", b"\xe9\xff")))
    said = refusal(path.parent)
    assert path.name in said
    assert f"line {row + 1}" in said


def test_gzip_of_garbage(tmp_path: Path, hospital: Tables) -> None:
    path = write(tmp_path / "hosp", hospital) / "admissions.csv.gz"
    path.write_bytes(f"subject {SUBJECT} ".encode() * 40)
    assert path.name in refusal(path.parent)


def test_gzip_damaged_inside(tmp_path: Path, hospital: Tables) -> None:
    hospital["labevents"] += [[SUBJECT, STAY, "50912", f"{i / 7:.3f}"] for i in range(30_000)]
    path = write(tmp_path / "hosp", hospital) / "labevents.csv.gz"
    whole = bytearray(path.read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + 64] = bytes(64)
    path.write_bytes(whole)
    assert path.name in refusal(path.parent)


@pytest.mark.parametrize("name", ["patients", "admissions", "diagnoses_icd", "prescriptions"])
@pytest.mark.parametrize("keeps_header", [True, False])
def test_empty_table(tmp_path: Path, hospital: Tables, name: str, keeps_header: bool) -> None:
    hospital[name] = hospital[name][:1] if keeps_header else []
    said = refusal(write(tmp_path / "hosp", hospital))
    assert "empty" in said
    assert f"{name}.csv.gz" in said


def _bad_admission_date(tables: Tables) -> None:
    tables["admissions"][2][2] = "2020-13-45 08:00:00"


def _no_discharge_date(tables: Tables) -> None:
    tables["admissions"][2][3] = ""


def _bad_death_date(tables: Tables) -> None:
    tables["patients"][2][5] = "2020-13-45"


def _bad_chart_date(tables: Tables) -> None:
    tables["omr"][2][1] = "2020-13-45"


def _duplicate_patient(tables: Tables) -> None:
    tables["patients"].append([SUBJECT, "F", "22", "2150", "", ""])


def _duplicate_admission(tables: Tables) -> None:
    tables["admissions"].append(tables["admissions"][2])


def _unknown_patient(tables: Tables) -> None:
    tables["patients"].pop(2)


def _before_birth(tables: Tables) -> None:
    tables["admissions"][3][2:4] = ["1999-01-01 08:00:00", "1999-01-02 08:00:00"]


def _unknown_admission(tables: Tables) -> None:
    tables["diagnoses_icd"][5][1] = "31415999"


def _admission_of_another_patient(tables: Tables) -> None:
    tables["diagnoses_icd"][8][0] = "27182000"


def _unknown_sex(tables: Tables) -> None:
    tables["patients"][2][1] = "X77X"


def _age_is_no_number(tables: Tables) -> None:
    tables["patients"][2][2] = "X77X"


def _rank_is_no_number(tables: Tables) -> None:
    tables["diagnoses_icd"][5][2] = "X77X"


def _set(table: str, row: int, column: str, value: str) -> Callable[[Tables], None]:
    def change(tables: Tables) -> None:
        tables[table][row][tables[table][0].index(column)] = value

    return change


@pytest.mark.parametrize(
    ("spoil", "table", "line"),
    [
        (_set("patients", 2, "anchor_year_group", "X77X"), "patients", 3),
        (_set("patients", 2, "anchor_year_group", "0001 - 0003"), "patients", 3),
        (_set("patients", 2, "anchor_age", "5000"), "patients", 3),
        (_set("patients", 2, "dod", "1999-01-01"), "patients", 3),
        (_set("patients", 2, "dod", "9999-01-01"), "patients", 3),
        (_set("patients", 2, "anchor_year", "9999"), "patients", 3),  # dead before a birth in 9952
        (_set("admissions", 2, "dischtime", "9151-03-12 10:00:00"), "admissions", 3),
        (_bad_admission_date, "admissions", 3),
        (_no_discharge_date, "admissions", 3),
        (_bad_death_date, "patients", 3),
        (_bad_chart_date, "omr", 3),
        (_duplicate_patient, "patients", 5),
        (_duplicate_admission, "admissions", 6),
        (_unknown_patient, "admissions", 3),
        (_before_birth, "admissions", 4),
        (_unknown_admission, "diagnoses_icd", 6),
        (_admission_of_another_patient, "diagnoses_icd", 9),
        (_unknown_sex, "patients", 3),
        (_age_is_no_number, "patients", 3),
        (_rank_is_no_number, "diagnoses_icd", 6),
    ],
)
def test_bad_rows_are_named_by_file_and_line(
    tmp_path: Path, hospital: Tables, spoil: Callable[[Tables], None], table: str, line: int
) -> None:
    spoil(hospital)
    said = refusal(write(tmp_path / "hosp", hospital))
    assert f"{table}.csv.gz" in said
    assert f"line {line}:" in said


def test_a_source_with_icd9_only_is_refused(tmp_path: Path, hospital: Tables) -> None:
    for row in hospital["diagnoses_icd"][1:]:
        row[4] = "9"
    assert "ICD-10-CM" in refusal(write(tmp_path / "hosp", hospital))
