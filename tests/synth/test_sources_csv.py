"""A hospital's own export through a mapping file: read as mapped, counted, refused by file and row; and the draft."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
import yaml

from ghostchart.schemas.config import SourceConfig
from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.errors import ConfigError, SourceError
from ghostchart.synth.sources import load_source
from ghostchart.synth.sources.mapping import load_mapping
from ghostchart.synth.sources.mapping_draft import draft_mapping

PATIENT, VISIT = "27182818", "31415926"
VALUES = (PATIENT, VISIT, "Quillfeather", "07/04/1961", "13/45", "X77X", "900-12")

FILES = {
    # Semicolons, a byte order mark, dates the American way.
    "Demographics.csv": "\ufeffMRN;GENDER;DOB;DOD;FIRST;LAST;SSN;POSTAL\n"
    f"{PATIENT};Woman;07/04/1961;;Ada;Quillfeather;900-12-3456;60614\n"
    "27182000;m;12/31/1947;02/01/2020;Bo;Testerly;;\n"
    "27182001;;01/01/1950;;;;;\n",
    "visits.csv": "VISIT_NO,MRN,KIND,IN_AT,OUT_AT\n"
    f"{VISIT},{PATIENT},OP,03/01/2019 08:00,03/01/2019 08:30\n"
    "31415000,27182000,Inpatient,03/11/2019 10:00,03/15/2019 11:00\n"
    "31415001,27182000,letter,03/17/2019 10:00,\n",
    "dx.csv": "VISIT_NO,ICD,N\n"
    f'{VISIT},"E11.9",2\n{VISIT},i10,1\n{VISIT},I10,3\n31415000,J189,1\n31415000,J18,2\n31415001,I10,1\n99,I10,1\n',
    "procs.csv": f"MRN,DAY,CPT\n{PATIENT},03/01/2019,93000\n27182000,03/12/2019,99232\n27182000,03/30/2019,99232\n",
    "meds.csv": f"VISIT_NO,NAME\n{VISIT},Metformin\n{VISIT},METFORMIN\n31415000,\n",
    "labs.csv": f"VISIT_NO,LOINC,RESULT,UOM\n{VISIT},4548-4,8.4,%\n{VISIT},2160-0,97,umol/L\n{VISIT},2160-0,1,cups\n31415000,9-9,1,\n",
    "vitals.csv": f"VISIT_NO,SBP\n{VISIT},141\n{VISIT},n/a\n",
}
US_DATES = "%m/%d/%Y"
MAPPING = {
    "tables": [
        {
            "kind": "patients",
            "file": "Demographics.csv",
            "columns": {"patient_id": "MRN", "sex": "GENDER", "birth_date": "DOB", "death_date": "DOD", "zip": "POSTAL"},
            "values": {"sex": {"Woman": "F"}},
            "date_format": US_DATES,
        },
        {
            "kind": "encounters",
            "file": "visits.csv",
            "columns": {
                "encounter_id": "VISIT_NO", "patient_id": "MRN", "encounter_class": "KIND", "start": "IN_AT", "end": "OUT_AT",
            },
            "values": {"encounter_class": {"OP": "office"}},
            "date_format": US_DATES + " %H:%M",
        },
        {
            "kind": "conditions",
            "file": "dx.csv",
            "columns": {"encounter_id": "VISIT_NO", "code": "ICD", "rank": "N"},
            "constants": {"system": "ICD10CM"},
        },
        {
            "kind": "procedures",
            "file": "procs.csv",
            "columns": {"patient_id": "MRN", "date": "DAY", "code": "CPT"},
            "date_format": US_DATES,
        },
        {"kind": "medications", "file": "meds.csv", "columns": {"encounter_id": "VISIT_NO", "drug": "NAME"}},
        {
            "kind": "observations",
            "file": "labs.csv",
            "columns": {"encounter_id": "VISIT_NO", "loinc": "LOINC", "value": "RESULT", "unit": "UOM"},
        },
        {
            "kind": "observations",
            "file": "vitals.csv",
            "columns": {"encounter_id": "VISIT_NO", "value": "SBP"},
            "constants": {"name": "systolic_bp_mmhg"},
        },
    ],
    "identifiers": [
        {"file": "Demographics.csv", "patient_id": "MRN", "columns": {"PERSON": ["FIRST", "LAST"], "US_SSN": ["SSN"]}}
    ],
}  # fmt: skip


@pytest.fixture
def export(tmp_path: Path) -> Path:
    folder = tmp_path / "export"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "ghostchart-mapping.yaml").write_text(yaml.safe_dump(MAPPING))
    return folder


def read(folder: Path, mapping: Path | None = None) -> EhrTables:
    return load_source(SourceConfig(kind="csv", path=folder, mapping=mapping))


def refusal(folder: Path, kind: type[Exception] = SourceError) -> str:
    with pytest.raises(kind) as caught:
        read(folder)
    said = str(caught.value)
    assert "\n" not in said
    for value in VALUES:
        assert value not in said.replace(str(folder), ""), "the message holds a value of the source"
    return said


def test_every_row_is_used_or_refused(export: Path) -> None:
    counts = {count.table: count for count in read(export).report.tables}
    assert len(counts) == len(MAPPING["tables"])
    for name, count in counts.items():
        file = name.partition("(")[2].rstrip(")")
        assert count.rows_read == FILES[file].count("\n") - 1, name
        assert count.rows_read == count.rows_used + sum(count.refused.values()), name
    conditions = counts["conditions (dx.csv)"].refused
    assert sorted(conditions.values()) == [1, 1, 1, 1]
    assert sum("not a billable ICD-10-CM code" in reason for reason in conditions) == 1
    assert counts["procedures (procs.csv)"].refused == {"no encounter named and none on that day": 1}
    assert counts["encounters (visits.csv)"].refused == {"kind of encounter not used": 1}
    assert counts["observations (labs.csv)"].refused == {
        "unit missing or not known": 1,
        "kind of measurement not used": 1,
    }


def test_what_is_read_is_what_was_written(export: Path) -> None:
    loaded = read(export)
    assert loaded.patients.to_pylist()[1] == {
        "patient_id": PATIENT, "sex": "F", "birth_date": date(1961, 7, 4), "death_date": None, "zip3": "606",
    }  # fmt: skip
    assert loaded.patients["death_date"].to_pylist() == [date(2020, 2, 1), None]
    assert loaded.encounters["encounter_class"].to_pylist() == ["inpatient", "office"]
    assert loaded.encounters["end"].to_pylist() == [datetime(2019, 3, 15, 11), datetime(2019, 3, 1, 8, 30)]
    codes = [(row["encounter_id"], row["code"]) for row in loaded.conditions.to_pylist()]
    assert codes == [("31415000", "J18.9"), (VISIT, "I10"), (VISIT, "E11.9")]
    assert loaded.procedures["code"].to_pylist() == ["99232", "93000"]
    assert loaded.medications["drug"].to_pylist() == ["metformin"]
    values = {row["name"]: row["value"] for row in loaded.observations.to_pylist()}
    assert values == {"hba1c_percent": 8.4, "creatinine_mg_dl": 1.1, "systolic_bp_mmhg": 141.0}
    known = {
        (row["entity_type"], row["value"]) for row in loaded.identifiers.to_pylist() if row["patient_id"] == PATIENT
    }
    assert {("PERSON", "Ada Quillfeather"), ("US_SSN", "900-12-3456"), ("DATE_TIME", "1961-07-04")} <= known


def test_parquet_and_gzip_read_the_same(export: Path) -> None:
    plain = read(export)
    pq.write_table(pc.read_csv(export / "visits.csv"), export / "visits.parquet")
    with gzip.open(export / "dx.csv.gz", "wb") as stream:
        stream.write((export / "dx.csv").read_bytes())
    text = (export / "ghostchart-mapping.yaml").read_text().replace("visits.csv", "visits.parquet")
    other = export.parent / "other.yaml"
    other.write_text(text.replace("dx.csv", "dx.csv.gz"))
    again = read(export, other)
    for name in ("encounters", "conditions", "procedures", "observations"):
        assert getattr(plain, name).equals(getattr(again, name)), name


def _replace(file: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


@pytest.mark.parametrize(
    ("spoil", "file", "row"),
    [
        (_replace("Demographics.csv", "12/31/1947", "13/45/1947"), "Demographics.csv", 3),
        (_replace("Demographics.csv", "12/31/1947", "12/31/1099"), "Demographics.csv", 3),
        (_replace("Demographics.csv", "27182001", "27182000"), "Demographics.csv", 4),
        (_replace("Demographics.csv", "02/01/2020", "02/01/1920"), "Demographics.csv", 3),
        (_replace("visits.csv", "31415001", "31415000"), "visits.csv", 4),
        (_replace("visits.csv", "03/11/2019 10:00", "03/11/1939 10:00"), "visits.csv", 3),
        (_replace("visits.csv", "03/11/2019 10:00", "X77X"), "visits.csv", 3),
        (_replace("visits.csv", "31415000,27182000", "31415000,55"), "visits.csv", 3),
        (_replace("procs.csv", "03/12/2019", "2019-03-12"), "procs.csv", 3),
    ],
)
def test_bad_rows_are_named_by_file_and_row(export: Path, spoil: Callable[[Path], None], file: str, row: int) -> None:
    spoil(export)
    said = refusal(export)
    assert file in said
    assert f"row {row}:" in said


def test_files_that_cannot_be_read(export: Path) -> None:
    good = (export / "dx.csv").read_bytes()
    for bad, words in (
        (b"", "empty"),
        (b"VISIT_NO,ICD,N\n", "empty"),
        (b"VISIT_NO,N\n1,1\n", "column ICD is missing"),
        (b"VISIT_NO,ICD,ICD,N\n1,1,1,1\n", "twice"),
        (good + b"1,\xff\xfe\xe4,1\n", "line 9"),
        (good + b"1\n", "line 9"),
    ):
        (export / "dx.csv").write_bytes(bad)
        said = refusal(export)
        assert "dx.csv" in said
        assert words in said
    (export / "dx.csv").unlink()
    assert "dx.csv that the mapping names is missing" in refusal(export)


def test_broken_gzip(export: Path) -> None:
    rows = "".join(f"{VISIT},I10,{number}\n" for number in range(40_000))
    (export / "dx.csv.gz").write_bytes(gzip.compress(("VISIT_NO,ICD,N\n" + rows).encode())[:-5000])
    _replace("ghostchart-mapping.yaml", "dx.csv", "dx.csv.gz")(export)
    assert "dx.csv.gz" in refusal(export)


def test_gzip_whose_checksum_differs(export: Path) -> None:
    """Damage that still unpacks, into other values: only the checksum at the end tells."""
    damaged = bytearray(gzip.compress((export / "dx.csv").read_bytes(), compresslevel=0))
    place = damaged.index(b"E11.9")
    damaged[place : place + 5] = b"E10.9"
    (export / "dx.csv.gz").write_bytes(damaged)
    _replace("ghostchart-mapping.yaml", "dx.csv", "dx.csv.gz")(export)
    said = refusal(export)
    assert "dx.csv.gz" in said
    assert "damaged" in said


@pytest.mark.parametrize("header", ["LINE", "line", "Line"])
def test_a_column_named_line(export: Path, header: str) -> None:
    """Epic's diagnoses are numbered in a column LINE, which must not be taken for the number of the row."""
    plain = read(export)
    _replace("dx.csv", "VISIT_NO,ICD,N", f"VISIT_NO,ICD,{header}")(export)
    _replace("ghostchart-mapping.yaml", "rank: N", f"rank: {header}")(export)
    again = read(export)
    assert again.conditions.equals(plain.conditions)
    assert again.report == plain.report


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("Woman: F", "1: F", "tables.0.values.sex.1: this must be a text; write it in quotation marks"),
        ("Woman: F", "'1': Yes", "tables.0.values.sex.1: this must be a text; write it in quotation marks"),
        ("kind: patients", "kind: people", "tables.0.kind"),
        ("birth_date: DOB", "birth_date: null", "patients need a column for birth_date"),
        ("birth_date: DOB", "birth_date: DOB\n    colour: EYES", "patients have no field colour"),
        ("PERSON:", "NAME:", "no identifier type NAME"),
        ("kind: conditions", "kind: medications", "medications have no field code, "),
        ("tables:", "table:", "Field required"),
        ("tables:", "tables: [", "not valid YAML"),
    ],
)
def test_a_wrong_mapping_is_named_by_field(export: Path, old: str, new: str, words: str) -> None:
    _replace("ghostchart-mapping.yaml", old, new)(export)
    said = refusal(export, ConfigError)
    assert words in said
    assert "ghostchart-mapping.yaml" in said


def test_without_mapping_file(export: Path) -> None:
    (export / "ghostchart-mapping.yaml").unlink()
    assert "ghostchart init --source csv" in refusal(export, ConfigError)


USUAL = {
    "patients.csv": f"patient_id,sex,birth_date,death_date,zip,first_name,last_name\n{PATIENT},F,1961-07-04,,60614,Ada,Quillfeather\n",
    "encounters.csv": f"encounter_id,patient_id,encounter_class,start,end\n{VISIT},{PATIENT},outpatient,2019-03-01T08:00:00Z,\n",
    "diagnoses.csv": f"encounter_id,icd10_code,rank\n{VISIT},E11.9,1\n",
    "labs.csv": f"EncounterID,LOINC,Value,Units\n{VISIT},4548-4,8.4,%\n",
    "billing.csv": "account,amount\n1,2\n",
}


def test_a_draft_of_usual_names_reads_at_once(tmp_path: Path) -> None:
    for name, text in USUAL.items():
        (tmp_path / name).write_text(text)
    mapping = tmp_path / "draft.yaml"
    mapping.write_text(draft_mapping(tmp_path))
    loaded = read(tmp_path, mapping)
    assert loaded.conditions["code"].to_pylist() == ["E11.9"]
    assert loaded.observations["value"].to_pylist() == [8.4]
    assert "Ada Quillfeather" in loaded.identifiers["value"].to_pylist()
    assert "# Not used: billing.csv" in mapping.read_text()


def test_a_draft_asks_where_it_cannot_tell_and_holds_no_value(export: Path, tmp_path: Path) -> None:
    (export / "ghostchart-mapping.yaml").unlink()
    draft = tmp_path / "draft.yaml"
    draft.write_text(draft_mapping(export))
    assert "start: null  # choose one of: VISIT_NO, MRN, KIND, IN_AT, OUT_AT" in draft.read_text()
    for value in VALUES:
        assert value not in draft.read_text()
    with pytest.raises(ConfigError, match="need a column for"):
        load_mapping(draft)


def test_a_draft_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no CSV or Parquet file"):
        draft_mapping(tmp_path)


def test_lines_that_end_with_delimiters(export: Path) -> None:
    """Columns without a name, as spreadsheets leave them behind the last one."""
    plain = read(export)
    text = (export / "dx.csv").read_text()
    (export / "dx.csv").write_text("".join(f"{line},,\n" for line in text.splitlines()))
    assert read(export).conditions.equals(plain.conditions)
