"""What the fidelity report draws: no point stands for fewer than ``k_min`` patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ghostchart.schemas.verdict import Curve

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_BAND_YEARS = 10
_MOST_RANKS = 200
_LIFT_BINS = 60


@dataclass(frozen=True)
class FidelityView:
    """One population for comparison; built by :mod:`ghostchart.synth.fidelity`; ``groups`` and ``codes`` are the same columns for both populations."""

    age_years: Ints
    female: Flags
    visits: Ints  # patients x classes
    n_codes: Ints
    groups: Flags  # patients x 3-character groups
    code_rows: Ints  # rows per code
    code_patients: Ints

    @property
    def n_patients(self) -> int:
        return len(self.female)


def fidelity_curves(
    real: FidelityView, made: FidelityView, control: FidelityView, lifts: list[Floats], k_min: int
) -> tuple[Curve, ...]:
    """Code frequency by rank, visits per patient, age by sex, and log lifts, source beside synthetic and control.

    Curves are named "<picture>: <population>"; "source" comes first. ``lifts`` are those of the same pairs in the source,
    the synthetic population and the control.
    """
    views = (("source", real), ("synthetic", made), ("columns alone", control))
    return (
        *_ranks(views[:2], k_min),
        *_visits(views, k_min),
        *_pyramids(views[:2], k_min),
        *_lifts(lifts, k_min),
    )


def _ranks(views: tuple[tuple[str, FidelityView], ...], k_min: int) -> list[Curve]:
    """Shares of codes in the source's order; the control keeps them by construction and is left out."""
    (_, real), (_, made) = views
    shown = (real.code_patients >= k_min) & (made.code_patients >= k_min)
    order = np.argsort(-real.code_rows, kind="stable")
    order = order[shown[order]][:_MOST_RANKS]
    ranks = tuple(float(i + 1) for i in range(len(order)))
    return [
        Curve(
            name=f"Code frequency by rank: {name}",
            x=ranks,
            y=tuple((view.code_rows[order] / max(1, view.code_rows.sum())).tolist()),
        )
        for name, view in views
    ]


def _visits(views: tuple[tuple[str, FidelityView], ...], k_min: int) -> list[Curve]:
    found = []
    for name, view in views:
        counts = np.bincount(view.visits.sum(axis=1))
        cells = np.flatnonzero(counts >= k_min)
        shares = counts[cells] / max(1, view.n_patients)
        found.append(Curve(name=f"Visits per patient: {name}", x=tuple(cells.astype(float)), y=tuple(shares.tolist())))
    return found


def _pyramids(views: tuple[tuple[str, FidelityView], ...], k_min: int) -> list[Curve]:
    found = []
    for name, view in views:
        for sex, rows in (("F", view.female), ("M", ~view.female)):
            counts = np.bincount(view.age_years[rows] // _BAND_YEARS)
            cells = np.flatnonzero(counts >= k_min)
            shares = counts[cells] / max(1, view.n_patients)
            ages = tuple((cells * _BAND_YEARS).astype(float))
            found.append(Curve(name=f"Age and sex: {name} {sex}", x=ages, y=tuple(shares.tolist())))
    return found


def _lifts(lifts: list[Floats], k_min: int) -> list[Curve]:
    """Pairs sorted by the source's log lift and averaged in bins: where the others' bins lie on it, they follow it.

    A pair has at least 20 source patients, so a bin stands for more than ``k_min`` of any.
    """
    source = lifts[0]
    bins = [part for part in np.array_split(np.argsort(source, kind="stable"), _LIFT_BINS) if len(part) * 20 >= k_min]
    x = tuple(float(source[part].mean()) for part in bins)
    return [
        Curve(name=f"Log lift of pairs: {name}", x=x, y=tuple(float(values[part].mean()) for part in bins))
        for name, values in zip(("source", "synthetic", "columns alone"), lifts, strict=True)
    ]
