"""Sampled patients between SDV's columns and hospital tables, and small draws over them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ghostchart.synth.ehr_model.flat import CLASSES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

AGE_BANDS_YEARS = (45, 65, 80)


def context(female: Flags, age_years: Floats, classes: Ints) -> Flags:
    """Yes/no columns every part of the model may use: class (4), sex (1), age band (4)."""
    band = np.digitize(age_years, AGE_BANDS_YEARS)
    return np.column_stack(
        [classes[:, None] == np.arange(len(CLASSES)), female, band[:, None] == np.arange(len(AGE_BANDS_YEARS) + 1)]
    )


@dataclass(frozen=True)
class SampledPatients:
    """Patients as SDV gave them, decoded; ``rejected`` counts the impossible ones that were thrown away."""

    female: Flags
    age_years: Floats
    dead: Flags
    counts: Ints
    flags: Flags
    own: Floats
    rejected: int


PATIENT_COLUMNS = ("female", "age_years", "dead", "counts", "flags", "own")


def take_patients(part: SampledPatients, rows: Flags) -> SampledPatients:
    """Only the given patients (a flag each)."""
    return SampledPatients(*(getattr(part, name)[rows] for name in PATIENT_COLUMNS), rejected=0)


def name_patients(prefix: str, n: int) -> list[str]:
    """Names of sampled patients."""
    return [f"{prefix}-{i:06d}" for i in range(n)]


def split_names(names: tuple[str, ...]) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """System and value of names like "cpt:93000"."""
    pairs = [name.split(":", 1) for name in names]
    return np.array([a for a, _ in pairs], dtype=object), np.array([b for _, b in pairs], dtype=object)


def draw_lasting(chances: Floats, repeat: float, patient: Ints, rng: np.random.Generator) -> Ints:
    """One column per row by its chances; a patient's later rows repeat the earlier draw with chance ``repeat``.

    An earlier draw that has become (nearly) impossible for the row is not repeated.
    """
    cumulated = np.cumsum(chances, axis=1)
    cumulated[:, -1] = 1.0
    drawn = (rng.random(len(chances))[:, None] > cumulated).sum(axis=1)
    if repeat <= 0:
        return drawn
    keeps = rng.random(len(chances)) < repeat
    for i in np.flatnonzero(np.r_[False, patient[1:] == patient[:-1]] & keeps).tolist():
        if chances[i, drawn[i - 1]] > 0.01:
            drawn[i] = drawn[i - 1]
    return drawn
