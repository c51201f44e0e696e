"""Sampled patients between SDV's columns and hospital tables, and small draws over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ghostchart.schemas.errors import ModelError
from ghostchart.synth.ehr_model import impossible
from ghostchart.synth.ehr_model.flat import CLASSES
from ghostchart.synth.ehr_model.vocabulary import Atoms

if TYPE_CHECKING:
    from ghostchart.synth.ehr_model.model import EhrModel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

AGE_BANDS_YEARS = (45, 65, 80)
_MOST_TRIES = 60


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

    def take(self, rows: Flags) -> SampledPatients:
        """Only the given patients (a flag each); ``rejected`` starts again at 0."""
        return SampledPatients(
            self.female[rows],
            self.age_years[rows],
            self.dead[rows],
            self.counts[rows],
            self.flags[rows],
            self.own[rows],
            rejected=0,
        )


def possible_atoms(atoms: Atoms, possible_codes: Flags) -> Flags:
    """Patients x atoms: whether sex and age allow any code of the atom, from patients x codes."""
    return np.column_stack([possible_codes[:, codes].any(axis=1) for codes in atoms.codes])


def sample_patients(model: EhrModel, n: int, seed: np.random.SeedSequence) -> SampledPatients:
    """Draw from SDV until ``n`` possible patients are there; the impossible ones are counted.

    Raises:
        ModelError: nearly every patient drawn is impossible.
    """
    parts: list[SampledPatients] = []
    kept = rejected = 0
    for _ in range(_MOST_TRIES):
        (one,) = seed.spawn(1)
        batch = max(40, int((n - kept) * 1.15) + 8)
        part = _decode(model, model.patient_table.sample(batch, one))
        fits = _fits(model, part)
        rejected += int((~fits).sum())
        parts.append(part.take(fits))
        kept += int(fits.sum())
        if kept >= n:
            return _join(parts, n, rejected)
    raise ModelError(
        "nearly every patient drawn is impossible", where="EHR model", fix="Give a source with more patients"
    )


def _join(parts: list[SampledPatients], n: int, rejected: int) -> SampledPatients:
    """The first ``n`` patients of all parts."""
    return SampledPatients(
        female=np.concatenate([part.female for part in parts])[:n],
        age_years=np.concatenate([part.age_years for part in parts])[:n],
        dead=np.concatenate([part.dead for part in parts])[:n],
        counts=np.concatenate([part.counts for part in parts])[:n],
        flags=np.concatenate([part.flags for part in parts])[:n],
        own=np.concatenate([part.own for part in parts])[:n],
        rejected=rejected,
    )


def _decode(model: EhrModel, scores: Floats) -> SampledPatients:
    """Scores of the patient table back to sex, age, visits, conditions and the patient's own effects."""
    column = {name: i for i, name in enumerate(model.patient_table.columns)}

    def level(name: str) -> Floats:
        at = column.get(name)
        values = model.levels[name]
        return values.from_scores(scores[:, at]) if at is not None else np.full(len(scores), values.values[0])

    return SampledPatients(
        female=level("sex") > 0,
        age_years=model.levels["age"].spread_from_scores(scores[:, column["age"]]) if "age" in column else level("age"),
        dead=level("died") > 0,
        counts=np.column_stack([level(f"n:{name}") for name in CLASSES]).astype(np.int64),
        flags=np.column_stack([level(f"has:{name}") > 0 for name in model.atoms.names]),
        own=scores[:, [column[f"own:{item.name}"] for item in model.measurements]],
        rejected=0,
    )


def _fits(model: EhrModel, part: SampledPatients) -> Flags:
    """Patients with at least one visit whose sex and age allow all their conditions."""
    possible_codes = impossible.allowed(model.codes, part.female, part.age_years)
    possible = possible_atoms(model.atoms, possible_codes)
    fits: Flags = ~(part.flags & ~possible).any(axis=1) & (part.counts.sum(axis=1) > 0)
    return fits


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
