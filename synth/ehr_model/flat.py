"""Hospital tables as arrays of numbers, sorted by patient and time, for learning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.errors import SourceError

CLASSES: tuple[str, ...] = ("office", "wellness", "ed", "inpatient")
TOP_AGE_YEARS = 90
_SECONDS_PER_DAY = 86400.0

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Entries:
    """Rows that hang on encounters: encounter index, item index, and a number (rank or value)."""

    encounter: Ints
    item: Ints
    number: Floats
    names: tuple[str, ...]
    n_dropped_names: int = 0
    n_dropped_rows: int = 0


@dataclass(frozen=True)
class FlatTables:
    """What the model learns from; patients without encounters are left out.

    Attributes:
        female: by patient.
        age_years: completed years at the last encounter, at most 90.
        death_days: days from the end of the last encounter to death, NaN where alive.
        patient: by encounter, ascending.
        encounter_class: by encounter, index into :data:`CLASSES`.
        start_days: by encounter, days since 1970; ascending within the patient.
        length_hours: by encounter.
        conditions, procedures, medications, observations: items that enough patients share.
    """

    female: Flags
    age_years: Floats
    death_days: Floats
    patient: Ints
    encounter_class: Ints
    start_days: Floats
    length_hours: Floats
    conditions: Entries
    procedures: Entries
    medications: Entries
    observations: Entries

    @property
    def n_patients(self) -> int:
        """Patients with at least one encounter."""
        return len(self.female)

    @property
    def n_encounters(self) -> int:
        """Encounters of those patients."""
        return len(self.patient)

    def first_of_patient(self) -> Ints:
        """Index of each patient's first encounter."""
        return np.searchsorted(self.patient, np.arange(self.n_patients)).astype(np.int64)

    def presence(self, entries: Entries) -> Flags:
        """Encounters x items."""
        found = np.zeros((self.n_encounters, len(entries.names)), dtype=bool)
        found[entries.encounter, entries.item] = True
        return found

    def ever(self, presence: Flags) -> Flags:
        """Patients x items: present in any encounter."""
        if presence.shape[1] == 0:
            return np.zeros((self.n_patients, 0), dtype=bool)
        return np.maximum.reduceat(presence, self.first_of_patient(), axis=0)


def _codes_of(column: pa.ChunkedArray, reference: pa.Array) -> Ints:
    """Position of each value in the reference, -1 where it is not in it."""
    found = pa.compute.index_in(column, value_set=reference)
    return np.asarray(pa.compute.fill_null(found, -1).combine_chunks().to_numpy(zero_copy_only=False), dtype=np.int64)


def _entries(
    table: pa.Table,
    names: pa.ChunkedArray,
    number: Floats,
    position: Ints,
    encounters: pa.Array,
    whose: Ints,
    k_min: int,
) -> Entries:
    """Rows whose item at least ``k_min`` patients share; names in alphabetical order."""
    encoded = names.combine_chunks().dictionary_encode()
    item = np.asarray(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
    labels = [str(value) for value in encoded.dictionary.to_pylist()]
    row = _codes_of(table["encounter_id"], encounters)
    known = row >= 0
    encounter = np.full(len(row), -1, dtype=np.int64)
    encounter[known] = position[row[known]]
    known &= encounter >= 0
    pairs = np.unique(np.column_stack([item[known], whose[encounter[known]]]), axis=0)
    patients = np.bincount(pairs[:, 0], minlength=len(labels)) if len(pairs) else np.zeros(len(labels), dtype=int)
    kept = sorted((label, i) for i, label in enumerate(labels) if patients[i] >= k_min)
    renumber = np.full(len(labels), -1, dtype=np.int64)
    for new, (_, old) in enumerate(kept):
        renumber[old] = new
    used = known & (renumber[item] >= 0) if labels else known
    order = np.argsort(encounter[used], kind="stable")
    return Entries(
        encounter=encounter[used][order],
        item=renumber[item[used]][order],
        number=number[used][order],
        names=tuple(label for label, _ in kept),
        n_dropped_names=len(labels) - len(kept),
        n_dropped_rows=int((~used).sum()),
    )


def flatten(tables: EhrTables, k_min: int) -> FlatTables:
    """Sort, index, top-code ages at 90, and drop items that fewer than ``k_min`` patients share.

    Raises:
        SourceError: there is no encounter to learn from.
    """
    if tables.encounters.num_rows == 0:
        raise SourceError("there is no encounter to learn from", where=tables.report.source)
    patient_of = _codes_of(tables.encounters["patient_id"], tables.patients["patient_id"].combine_chunks())
    start = tables.encounters["start"].cast(pa.int64()).to_numpy() / _SECONDS_PER_DAY
    end = tables.encounters["end"].cast(pa.int64()).to_numpy() / _SECONDS_PER_DAY
    classes = _codes_of(tables.encounters["encounter_class"], pa.array(CLASSES))
    used = np.flatnonzero((patient_of >= 0) & (classes >= 0))
    order = used[np.lexsort((start[used], patient_of[used]))]
    present, whose = np.unique(patient_of[order], return_inverse=True)
    position = np.full(tables.encounters.num_rows, -1, dtype=np.int64)
    position[order] = np.arange(len(order))
    last = np.r_[np.flatnonzero(np.diff(whose)), len(whose) - 1]
    births = tables.patients["birth_date"].cast(pa.int32()).to_numpy(zero_copy_only=False)[present].astype(float)
    deaths = tables.patients["death_date"].cast(pa.int32()).to_numpy(zero_copy_only=False)[present].astype(float)
    sexes = np.array(tables.patients["sex"].to_pylist())[present]
    age = np.clip(np.floor((start[order][last] - births) / 365.25), 0, TOP_AGE_YEARS)
    encounter_ids = tables.encounters["encounter_id"].combine_chunks()
    whose = whose.astype(np.int64)

    def entries(table: pa.Table, names: pa.ChunkedArray, number: Floats) -> Entries:
        return _entries(table, names, number, position, encounter_ids, whose, k_min)

    procedure_names = pa.compute.binary_join_element_wise(tables.procedures["system"], tables.procedures["code"], ":")
    return FlatTables(
        female=sexes == "F",
        age_years=age,
        death_days=np.where(np.isnan(deaths), np.nan, np.maximum(0.0, deaths - np.floor(end[order][last]))),
        patient=whose,
        encounter_class=classes[order],
        start_days=start[order],
        length_hours=(end[order] - start[order]) * 24,
        conditions=entries(
            tables.conditions, tables.conditions["code"], tables.conditions["rank"].to_numpy().astype(float)
        ),
        procedures=entries(tables.procedures, procedure_names, np.ones(tables.procedures.num_rows)),
        medications=entries(tables.medications, tables.medications["drug"], np.ones(tables.medications.num_rows)),
        observations=entries(tables.observations, tables.observations["name"], tables.observations["value"].to_numpy()),
    )
