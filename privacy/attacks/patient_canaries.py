"""Canary patients: made-up people with unique codes and vital signs, planted among the training patients.

None of their marks may appear downstream: a generator that keeps only what many patients share cannot know them. Not
part of a production run, on purpose: the planted patients would stand in the very model behind the certified corpus.
``benchmarks/bench_canaries.py`` plants them in the demo hospital and runs the whole generator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ghostchart.schemas.ehr import EhrTables, table_from_columns

# Name (with unit) and the range in which a value alone is unusual but possible.
_VITALS = (("systolic_bp_mmhg", 171.0, 229.0), ("heart_rate_bpm", 131.0, 189.0), ("bmi_kg_m2", 51.0, 69.0))


@dataclass(frozen=True)
class PatientCanary:
    """One planted combination: two codes and three vital signs that no real patient has together.

    Attributes:
        copies: patients planted with it.
        codes: two diagnosis codes that no other patient has at all.
        vitals: name -> value, to the fourth decimal.
    """

    copies: int
    codes: tuple[str, str]
    vitals: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class CanaryFinding:
    """What of one canary appears in synthetic tables: patients with either code, with both, with all vital signs."""

    canary: PatientCanary
    either_code: int
    both_codes: int
    all_vitals: int


def plant_patients(
    tables: EhrTables, unused_codes: Sequence[str], copies: Sequence[int], rng: np.random.Generator
) -> tuple[EhrTables, tuple[PatientCanary, ...]]:
    """Add one canary per entry of ``copies``, each as so many patients with two visits.

    Args:
        tables: training patients.
        unused_codes: dotted billable codes; those that a patient has are skipped.
        copies: patients per canary.
        rng: draws codes, values, ages and dates.

    Raises:
        ValueError: fewer than two unused codes per canary.
    """
    present = set(pc.unique(tables.conditions["code"]).to_pylist())
    free = [code for code in unused_codes if code not in present]
    if len(free) < 2 * len(copies):
        raise ValueError(f"{len(copies)} canaries need {2 * len(copies)} unused codes, there are {len(free)}")
    chosen = [free[place] for place in rng.choice(len(free), 2 * len(copies), replace=False)]
    canaries = tuple(
        PatientCanary(
            n,
            (chosen[2 * place], chosen[2 * place + 1]),
            tuple((name, round(float(rng.uniform(low, high)), 4)) for name, low, high in _VITALS),
        )
        for place, n in enumerate(copies)
    )
    rows: dict[str, list[dict[str, object]]] = {
        name: [] for name in ("patients", "encounters", "conditions", "observations")
    }
    for place, canary in enumerate(canaries):
        for copy in range(canary.copies):
            _add_patient(rows, f"canary{place:03d}x{copy:02d}", canary, rng)
    added = {}
    for name, records in rows.items():
        old: pa.Table = getattr(tables, name)
        columns = {column: [record.get(column) for record in records] for column in old.schema.names}
        added[name] = pa.concat_tables([old, table_from_columns(name, dict(columns))])
    return replace(tables, **added), canaries


def find_canaries(canaries: Sequence[PatientCanary], synthetic: EhrTables) -> list[CanaryFinding]:
    """Search every synthetic patient for every canary."""
    by_code: dict[str, set[str]] = {}
    for patient, code in zip(
        synthetic.conditions["patient_id"].to_pylist(), synthetic.conditions["code"].to_pylist(), strict=True
    ):
        by_code.setdefault(code, set()).add(patient)
    by_value: dict[tuple[str, float], set[str]] = {}
    table = synthetic.observations
    for patient, name, value in zip(
        table["patient_id"].to_pylist(), table["name"].to_pylist(), table["value"].to_pylist(), strict=True
    ):
        if value is not None:
            by_value.setdefault((name, round(value, 4)), set()).add(patient)
    found = []
    for canary in canaries:
        first, second = (by_code.get(code, set()) for code in canary.codes)
        vitals = [by_value.get(vital, set()) for vital in canary.vitals]
        found.append(CanaryFinding(canary, len(first | second), len(first & second), len(set.intersection(*vitals))))
    return found


def _add_patient(
    rows: dict[str, list[dict[str, object]]], patient: str, canary: PatientCanary, rng: np.random.Generator
) -> None:
    start = datetime(2025, 1, 6, 9) + timedelta(days=int(rng.integers(0, 300)))
    born = (start - timedelta(days=int(rng.integers(30, 80)) * 365)).date()
    sex = str(rng.choice(["F", "M"]))
    rows["patients"].append({"patient_id": patient, "sex": sex, "birth_date": born, "zip3": None})
    for visit in range(2):
        encounter, at = f"{patient}-{visit}", start + timedelta(days=40 * visit)
        rows["encounters"].append(
            {
                "encounter_id": encounter,
                "patient_id": patient,
                "encounter_class": "office",
                "start": at,
                "end": at + timedelta(minutes=30),
            }
        )
        for rank, code in enumerate(canary.codes, start=1):
            rows["conditions"].append(
                {"patient_id": patient, "encounter_id": encounter, "system": "icd10cm", "code": code, "rank": rank}
            )
        for name, value in canary.vitals:
            rows["observations"].append(
                {"patient_id": patient, "encounter_id": encounter, "name": name, "value": value}
            )
