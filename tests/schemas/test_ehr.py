"""Hospital tables: documented columns only, restricted by patient, kept without loss."""

from __future__ import annotations

import pickle
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from ghostchart.schemas.ehr import (
    TABLE_SCHEMAS,
    EhrTables,
    SourceReport,
    TableCount,
    empty_table,
    table_from_columns,
)
from ghostchart.schemas.errors import SourceError

REPORT = SourceReport("test", (TableCount("patients", 4, 3, {"no birth date": 1}),), ("a remark",))


def tables() -> EhrTables:
    """Three patients; the second has no encounters, the third's rows lie between those of the first."""
    return EhrTables(
        patients=table_from_columns(
            "patients",
            {
                "patient_id": ["a", "b", "c"],
                "sex": ["F", "M", "F"],
                "birth_date": [date(1950, 1, 1)] * 3,
                "death_date": [None, None, date(2025, 1, 1)],
                "zip3": ["021", None, "945"],
            },
        ),
        encounters=table_from_columns(
            "encounters",
            {
                "encounter_id": ["e1", "e2", "e3"],
                "patient_id": ["a", "c", "a"],
                "encounter_class": ["office", "ed", "inpatient"],
                "start": [datetime(2025, 1, day) for day in (1, 2, 3)],
                "end": [datetime(2025, 1, day) for day in (1, 2, 5)],
            },
        ),
        conditions=table_from_columns(
            "conditions",
            {
                "patient_id": ["a", "c", "a"],
                "encounter_id": ["e1", "e2", "e3"],
                "system": ["icd10cm"] * 3,
                "code": ["I10", "R05.9", "E11.9"],
                "rank": [1, 1, 1],
            },
        ),
        procedures=empty_table("procedures"),
        medications=empty_table("medications"),
        observations=table_from_columns(
            "observations",
            {"patient_id": ["c"], "encounter_id": ["e2"], "name": ["bmi_kg_m2"], "value": [31.5]},
        ),
        identifiers=table_from_columns(
            "identifiers", {"patient_id": ["a", "b"], "entity_type": ["PERSON"] * 2, "value": ["Fake A", "Fake B"]}
        ),
        notes=empty_table("notes"),
        report=REPORT,
    )


def test_restrict_keeps_only_the_given_patients_in_every_table_and_in_order() -> None:
    kept = tables().restrict(pa.array(["c", "a"]))
    assert kept.patients["patient_id"].to_pylist() == ["a", "c"]
    assert kept.encounters["encounter_id"].to_pylist() == ["e1", "e2", "e3"]
    assert kept.identifiers["value"].to_pylist() == ["Fake A"]
    alone = tables().restrict(pa.array(["a"]))
    assert alone.conditions["code"].to_pylist() == ["I10", "E11.9"]
    assert alone.observations.num_rows == 0
    assert alone.report == REPORT


def test_train_and_holdout_share_nobody_and_lose_nothing() -> None:
    whole = tables()
    parts = [whole.restrict(pa.array(ids)) for ids in (["a"], ["b", "c"])]
    for name in TABLE_SCHEMAS:
        held = [set(getattr(part, name)["patient_id"].to_pylist()) for part in parts]
        assert not held[0] & held[1]
        assert sum(getattr(part, name).num_rows for part in parts) == getattr(whole, name).num_rows


def test_restrict_to_nobody_leaves_documented_empty_tables() -> None:
    nobody = tables().restrict(pa.array([], pa.string()))
    assert nobody.n_patients == 0
    for name, schema in TABLE_SCHEMAS.items():
        assert getattr(nobody, name).schema.equals(schema)
        assert getattr(nobody, name).num_rows == 0


def test_restrict_accepts_a_chunked_column_of_another_table() -> None:
    column = pa.concat_tables([tables().patients.slice(0, 1), tables().patients.slice(2, 1)])["patient_id"]
    assert tables().restrict(column).patients["patient_id"].to_pylist() == ["a", "c"]


@pytest.mark.parametrize("name", list(TABLE_SCHEMAS))
def test_other_columns_are_refused_and_the_table_named(name: str) -> None:
    good = {key: getattr(tables(), key) for key in TABLE_SCHEMAS}
    with_more = good[name].append_column("extra", pa.nulls(good[name].num_rows, pa.string()))
    with pytest.raises(SourceError, match=f"table {name} does not have the documented columns"):
        EhrTables(**{**good, name: with_more}, report=REPORT)
    with_less = good[name].drop_columns([good[name].column_names[-1]])
    with pytest.raises(SourceError, match=f"table {name}"):
        EhrTables(**{**good, name: with_less}, report=REPORT)


def test_save_and_load_give_back_the_same_tables(tmp_path: Path) -> None:
    tables().save(tmp_path / "deep" / "er")
    back = EhrTables.load(tmp_path / "deep" / "er", REPORT)
    for name in TABLE_SCHEMAS:
        assert getattr(back, name).equals(getattr(tables(), name)), name
    assert back.n_patients == 3


def test_load_names_the_file_that_is_missing_or_damaged(tmp_path: Path) -> None:
    tables().save(tmp_path)
    (tmp_path / "conditions.parquet").write_bytes(b"nothing")
    with pytest.raises(SourceError, match=r"cannot read conditions\.parquet"):
        EhrTables.load(tmp_path, REPORT)
    (tmp_path / "patients.parquet").unlink()
    with pytest.raises(SourceError, match=r"cannot read patients\.parquet"):
        EhrTables.load(tmp_path, REPORT)


def test_row_counts_must_reconcile() -> None:
    TableCount("diagnoses", 10, 7, {"icd9": 3})
    with pytest.raises(SourceError, match=r"10 read, 7 used, 2 refused.*diagnoses"):
        TableCount("diagnoses", 10, 7, {"icd9": 2})


def test_tables_cross_process_borders() -> None:
    back = pickle.loads(pickle.dumps(tables()))
    assert back.patients.equals(tables().patients)
    assert back.report == REPORT
