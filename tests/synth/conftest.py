"""An EHR model small enough to write shards from in a moment."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pytest

from ghostchart.schemas.ehr import TABLE_SCHEMAS, EhrTables, SourceReport, table_from_columns
from ghostchart.synth import corpus_writer

CODES = ("I10", "E11.9", "E78.5", "J18.9", "R07.9", "M17.11", "I50.32", "N39.0")
CLASSES = ("office", "ed", "inpatient", "office")


class LittleModel:
    """Two visits per patient, drawn from the seed it is given."""

    encounters_per_patient = 2.0

    def sample(self, n_patients: int, seed: np.random.SeedSequence, id_prefix: str = "p") -> EhrTables:
        rng = np.random.default_rng(seed)
        columns: dict[str, dict[str, list[Any]]] = {
            name: {column: [] for column in schema.names} for name, schema in TABLE_SCHEMAS.items()
        }

        def add(table: str, *values: object) -> None:
            for column, value in zip(columns[table].values(), values, strict=True):
                column.append(value)

        for number in range(n_patients):
            patient = f"{id_prefix}-{number:06d}"
            add("patients", patient, "FM"[int(rng.integers(2))], date(1940 + int(rng.integers(40)), 3, 1), None, "123")
            for visit in range(2):
                encounter = f"{patient}-{visit}"
                day = datetime(2025, 1 + int(rng.integers(12)), 5, 9)
                add("encounters", encounter, patient, CLASSES[int(rng.integers(4))], day, day)
                for rank, code in enumerate(rng.choice(CODES, 2, replace=False), 1):
                    add("conditions", patient, encounter, "icd10cm", str(code), rank)
                add("observations", patient, encounter, "systolic_bp_mmhg", float(rng.integers(110, 160)))
        tables = {name: table_from_columns(name, values) for name, values in columns.items()}
        return EhrTables(**tables, report=SourceReport("little", ()))


@pytest.fixture
def little_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus_writer, "_ehr_model", lambda _directory: LittleModel())
