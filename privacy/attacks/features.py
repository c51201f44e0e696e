"""One row of numbers per patient: what an attacker who knows a patient's record would compare with the synthetic tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ghostchart.schemas.ehr import EhrTables

Matrix = NDArray[np.float64]
_CLASSES = ("office", "wellness", "ed", "inpatient")
_MAX_GROUPS = 200
_MAX_OBSERVATIONS = 12
_FLAG_WEIGHT = 0.7  # a differing diagnosis group moves a patient less than a standard deviation of age
_OBSERVATION_WEIGHT = 0.7


@dataclass(frozen=True)
class FeatureSpace:
    """Which columns are compared and how they are scaled; fixed by populations that hold no member.

    Attributes:
        groups: 3-character ICD-10-CM groups with a flag each.
        observations: vitals and labs whose patient means are compared.
        centre, scale: per numeric column.
    """

    groups: tuple[str, ...]
    observations: tuple[str, ...]
    centre: Matrix
    scale: Matrix

    @property
    def n_numeric(self) -> int:
        """Columns before the flags: age, sex (0 or 1, scaled), visits per class, observations."""
        return 2 + len(_CLASSES) + len(self.observations)

    @property
    def flag_weight(self) -> float:
        """Value of a flag that is set; 0 where it is not."""
        return _FLAG_WEIGHT

    @classmethod
    def of(cls, populations: Sequence[EhrTables]) -> FeatureSpace:
        """The space spanned by the given populations (synthetic and reference patients)."""
        groups = _most_frequent([_group_pairs(tables) for tables in populations], _MAX_GROUPS)
        names = _most_frequent(
            [
                tables.observations.select(["patient_id", "name"]).rename_columns(["patient_id", "key"])
                for tables in populations
            ],
            _MAX_OBSERVATIONS,
        )
        numeric = np.vstack([_numeric(tables, names) for tables in populations])
        with np.errstate(invalid="ignore"):
            centre = np.array([np.nanmedian(column) if np.isfinite(column).any() else 0.0 for column in numeric.T])
            scale = np.array([np.nanstd(column) if np.isfinite(column).any() else 1.0 for column in numeric.T])
        scale[~np.isfinite(scale) | (scale < 1e-9)] = 1.0
        return cls(groups, names, centre, scale)

    def matrix(self, tables: EhrTables) -> Matrix:
        """Rows in the order of ``tables.patients``: scaled numbers, then flags; missing means stand at the centre."""
        numeric = _numeric(tables, self.observations)
        numeric = np.where(np.isfinite(numeric), (numeric - self.centre) / self.scale, 0.0)
        numeric[:, 2 + len(_CLASSES) :] *= _OBSERVATION_WEIGHT
        flags = _flags(tables, self.groups) * _FLAG_WEIGHT
        return np.hstack([numeric, flags])


def _positions(tables: EhrTables, column: pa.ChunkedArray) -> NDArray[np.int64]:
    found: Any = pc.index_in(column, value_set=tables.patients["patient_id"].combine_chunks())
    return np.asarray(found.fill_null(-1).to_numpy(), dtype=np.int64)


def _group_pairs(tables: EhrTables) -> pa.Table:
    key = pc.utf8_slice_codeunits(tables.conditions["code"], 0, 3)
    return pa.table({"patient_id": tables.conditions["patient_id"], "key": key})


def _most_frequent(pairs: Sequence[pa.Table], limit: int) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for table in pairs:
        distinct = table.group_by(["patient_id", "key"]).aggregate([])
        for item in distinct["key"].value_counts().to_pylist():
            counts[item["values"]] = counts.get(item["values"], 0) + int(item["counts"])
    ranked = sorted(counts, key=lambda key: (-counts[key], key))
    return tuple(sorted(ranked[:limit]))


def _numeric(tables: EhrTables, observations: Sequence[str]) -> Matrix:
    """Age at the first visit in years (exact), sex, log visit counts per class, means of observations; NaN where absent."""
    n = tables.n_patients
    out = np.full((n, 2 + len(_CLASSES) + len(observations)), np.nan)
    if n == 0:
        return out
    visits = tables.encounters
    place = _positions(tables, visits["patient_id"])
    days = np.asarray(visits["start"].cast(pa.int64()).to_numpy(), dtype=float) / 86400
    first = np.full(n, np.inf)
    known = place >= 0
    np.minimum.at(first, place[known], days[known])
    births = tables.patients["birth_date"].cast(pa.int32()).to_numpy(zero_copy_only=False).astype(float)
    out[:, 0] = np.where(np.isfinite(first), (np.where(np.isfinite(first), first, 0.0) - births) / 365.25, np.nan)
    out[:, 1] = np.asarray(pc.equal(tables.patients["sex"], "F").fill_null(False).to_numpy(), dtype=float)
    kinds = _numbered(visits["encounter_class"], _CLASSES)
    for offset in range(len(_CLASSES)):
        chosen = known & (kinds == offset)
        out[:, 2 + offset] = np.log1p(np.bincount(place[chosen], minlength=n))
    names = _numbered(tables.observations["name"], observations)
    values = tables.observations["value"].to_numpy().astype(float)
    owner = _positions(tables, tables.observations["patient_id"])
    for offset in range(len(observations)):
        chosen = (names == offset) & (owner >= 0) & np.isfinite(values)
        counts = np.bincount(owner[chosen], minlength=n)
        sums = np.bincount(owner[chosen], weights=values[chosen], minlength=n)
        with np.errstate(invalid="ignore", divide="ignore"):
            out[:, 2 + len(_CLASSES) + offset] = np.where(counts > 0, sums / counts, np.nan)
    return out


def _numbered(column: pa.ChunkedArray, values: Sequence[str]) -> NDArray[np.int64]:
    """Place of each entry among the values, -1 where it is none of them; no text becomes a Python object."""
    found: Any = pc.index_in(column, value_set=pa.array(list(values), pa.string()))
    return np.asarray(found.fill_null(-1).to_numpy(), dtype=np.int64)


def _flags(tables: EhrTables, groups: Sequence[str]) -> Matrix:
    out = np.zeros((tables.n_patients, len(groups)))
    pairs = _group_pairs(tables)
    columns = _numbered(pairs["key"], groups)
    rows = _positions(tables, pairs["patient_id"])
    known = (rows >= 0) & (columns >= 0)
    out[rows[known], columns[known]] = 1.0
    return out
