"""Hospital tables regrouped by encounter, in table order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ghostchart.schemas.clinical import Sex, SyntheticPatient
from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.errors import SourceError

TOP_AGE_YEARS = 90


@dataclass(frozen=True, slots=True)
class EncounterRows:
    """What the tables say of one encounter.

    Attributes:
        is_first_visit: first office or wellness encounter of the patient in these tables.
        is_first_wellness: first wellness encounter of the patient in these tables.
        codes: ICD-10-CM codes by rank, each once.
    """

    encounter_id: str
    encounter_class: str
    patient: SyntheticPatient
    start: date
    end: date
    age: int
    is_first_visit: bool
    is_first_wellness: bool
    codes: tuple[str, ...]
    procedures: tuple[str, ...]
    drugs: tuple[str, ...]
    observations: dict[str, float]


def read_rows(tables: EhrTables) -> Iterator[EncounterRows]:
    """One record per encounters row.

    Raises:
        SourceError: an encounter of a patient who is not in the patients table.
    """
    patients = {
        row[0]: SyntheticPatient(row[0], _sex(row[1]), row[2])
        for row in _columns(tables, "patients", "patient_id", "sex", "birth_date")
    }
    conditions = defaultdict(list)
    for encounter_id, code, rank in _columns(tables, "conditions", "encounter_id", "code", "rank"):
        conditions[encounter_id].append((rank if rank is not None else 1 << 30, code))
    procedures = _grouped(tables, "procedures", "code")
    drugs = _grouped(tables, "medications", "drug")
    observations: dict[str, dict[str, float]] = defaultdict(dict)
    for encounter_id, name, value in _columns(tables, "observations", "encounter_id", "name", "value"):
        if value is not None:
            observations[encounter_id].setdefault(name, value)
    encounters = list(_columns(tables, "encounters", "encounter_id", "patient_id", "encounter_class", "start", "end"))
    first_visit = _first(encounters, {"office", "wellness"})
    first_wellness = _first(encounters, {"wellness"})
    for number, (encounter_id, patient_id, encounter_class, start, end) in enumerate(encounters, start=1):
        patient = patients.get(patient_id)
        if patient is None:
            raise SourceError("an encounter belongs to no patient", where=f"encounters, row {number}")
        ranked = sorted(conditions.get(encounter_id, ()), key=lambda item: item[0])
        yield EncounterRows(
            encounter_id=encounter_id,
            encounter_class=encounter_class,
            patient=patient,
            start=start.date(),
            end=(end or start).date(),
            age=min(completed_years(patient.birth_date, start.date()), TOP_AGE_YEARS),
            is_first_visit=first_visit.get(patient_id) == encounter_id,
            is_first_wellness=first_wellness.get(patient_id) == encounter_id,
            codes=tuple(dict.fromkeys(code for _, code in ranked)),
            procedures=tuple(dict.fromkeys(procedures.get(encounter_id, ()))),
            drugs=tuple(dict.fromkeys(drugs.get(encounter_id, ()))),
            observations=observations.get(encounter_id, {}),
        )


def completed_years(birth: date, day: date) -> int:
    """Age in completed years on a day, never below 0."""
    before_birthday = (day.month, day.day) < (birth.month, birth.day)
    return max(0, day.year - birth.year - before_birthday)


def _sex(value: str) -> Sex:
    return "M" if value == "M" else "F"


def _columns(tables: EhrTables, table: str, *names: str) -> Iterator[tuple[Any, ...]]:
    columns = [getattr(tables, table)[name].to_pylist() for name in names]
    return zip(*columns, strict=True)


def _grouped(tables: EhrTables, table: str, column: str) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = defaultdict(list)
    for encounter_id, value in _columns(tables, table, "encounter_id", column):
        grouped[str(encounter_id)].append(str(value))
    return grouped


def _first(encounters: list[tuple[Any, ...]], classes: set[str]) -> dict[str, str]:
    earliest: dict[str, tuple[datetime, str]] = {}
    for encounter_id, patient_id, encounter_class, start, _ in encounters:
        if encounter_class in classes and isinstance(start, datetime):
            held = earliest.get(patient_id)
            if held is None or start < held[0]:
                earliest[patient_id] = (start, encounter_id)
    return {patient_id: encounter_id for patient_id, (_, encounter_id) in earliest.items()}
