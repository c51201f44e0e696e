"""When sampled visits take place: a calendar window, gaps between visits, lengths of stay, and the end of a life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from ghostchart.synth.ehr_model.flat import CLASSES, FlatTables
from ghostchart.synth.ehr_model.scales import BinnedScale, normal_scores

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_EPOCH = date(1970, 1, 1)
# De-identified sources shift each patient's dates by decades; their visits are laid into this window instead.
_DEFAULT_START, _DEFAULT_DAYS = (date(2024, 3, 1) - _EPOCH).days, 730.0
_LONGEST_WINDOW_DAYS = 3660.0
_OFFICE_HOURS = (8.0, 17.0)
_ACUTE_CLASSES = tuple(CLASSES.index(name) for name in ("ed", "inpatient"))
_DEFAULT_LENGTH_HOURS = (0.5, 0.75, 4.0, 96.0)


@dataclass(frozen=True)
class Calendar:
    """Learned timing.

    Attributes:
        start_day: first day of the window, days since 1970: mean of the ``k_min`` patients who came first.
        window_days: its length.
        length_hours: by class; None where too few patients have that class.
        gap: relative gap between visits (1 is the patient's average).
        dies_at_visit: share of the dead who die within a day after the last encounter.
        last_is_acute: share of the dead whose last encounter is an emergency visit or inpatient stay.
        wait_days: average days from the last encounter to death for the others.
    """

    start_day: float
    window_days: float
    length_hours: tuple[BinnedScale | None, ...]
    gap: BinnedScale | None
    dies_at_visit: float
    last_is_acute: float
    wait_days: float


def _window(flat: FlatTables, k_min: int) -> tuple[float, float]:
    first = flat.start_days[flat.first_of_patient()]
    last = flat.start_days[np.r_[flat.first_of_patient()[1:] - 1, flat.n_encounters - 1]]
    early, late = np.sort(np.floor(first)), np.sort(np.floor(last))
    k = min(k_min, len(early))
    # Means of the outermost days of that many patients: no patient's own day is kept.
    start, end = float(np.floor(early[:k].mean())), float(np.floor(late[-k:].mean()))
    if not 60.0 < end - start < _LONGEST_WINDOW_DAYS:
        return float(_DEFAULT_START), _DEFAULT_DAYS
    return start, end - start


def relative_gaps(flat: FlatTables, start_day: float, window_days: float) -> Floats:
    """Days since the visit before (or the window's start) over the average gap of a patient with as many visits."""
    first = flat.first_of_patient()
    visits = np.bincount(flat.patient, minlength=flat.n_patients)
    before = np.r_[start_day, flat.start_days[:-1]]
    shifted = flat.start_days[first] - start_day
    outside = (shifted < 0) | (shifted > window_days)
    before[first] = np.where(outside, flat.start_days[first] - window_days / (visits + 1), start_day)
    gaps = np.maximum(0.0, flat.start_days - before)
    return np.clip(gaps * (visits[flat.patient] + 1) / window_days, 0.0, 12.0)


def learn_calendar(flat: FlatTables, k_min: int) -> tuple[Calendar, Floats, Floats]:
    """The calendar, and the normal scores of gap and length of every encounter (for SDV)."""
    start, days = _window(flat, k_min)
    gaps = relative_gaps(flat, start, days)
    lengths: list[BinnedScale | None] = []
    length_scores = np.zeros(flat.n_encounters)
    for c in range(len(CLASSES)):
        rows = np.flatnonzero(flat.encounter_class == c)
        hours = np.clip(flat.length_hours[rows], 0.1, None)
        lengths.append(BinnedScale.learn(hours, flat.patient[rows], k_min, decimals=2) if len(rows) else None)
        if len(rows):
            length_scores[rows] = normal_scores(hours)
    dead = np.flatnonzero(~np.isnan(flat.death_days))
    enough = len(dead) >= k_min
    waits = flat.death_days[dead]
    last = np.r_[flat.first_of_patient()[1:] - 1, flat.n_encounters - 1][dead]
    calendar = Calendar(
        start_day=start,
        window_days=days,
        length_hours=tuple(lengths),
        gap=BinnedScale.learn(gaps, flat.patient, k_min, decimals=4),
        dies_at_visit=float((waits <= 1).mean()) if enough else 0.5,
        last_is_acute=float(np.isin(flat.encounter_class[last], _ACUTE_CLASSES).mean()) if enough else 0.5,
        wait_days=float(np.clip(waits[waits > 1].mean(), 2, 365)) if enough and (waits > 1).any() else 30.0,
    )
    return calendar, normal_scores(gaps), length_scores


def arrange_classes(counts: Ints, dead: Flags, calendar: Calendar, rng: np.random.Generator) -> Ints:
    """Classes of all visits, patients one after the other, in random order within each.

    Of the dead, as many as in the source end with an emergency visit or a stay, where they have one.
    """
    visits = counts.sum(axis=1)
    classes = np.repeat(np.tile(np.arange(len(CLASSES)), len(counts)), counts.ravel())
    whose = np.repeat(np.arange(len(counts)), visits)
    order = np.lexsort((rng.random(len(classes)), whose))
    classes = classes[order]
    ends = np.cumsum(visits)
    for p in np.flatnonzero(dead & (rng.random(len(dead)) < calendar.last_is_acute)).tolist():
        mine = slice(ends[p] - visits[p], ends[p])
        acute = np.flatnonzero(np.isin(classes[mine], _ACUTE_CLASSES))
        if len(acute):
            at = ends[p] - visits[p] + acute[-1]
            classes[at], classes[ends[p] - 1] = classes[ends[p] - 1], classes[at]
    return classes.astype(np.int64)


def lay_out(
    calendar: Calendar,
    visits: Ints,
    classes: Ints,
    gap_scores: Floats,
    length_scores: Floats,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Start and end of every visit in seconds since 1970; a visit never begins before the one before it has ended."""
    n = len(classes)
    first = np.r_[0, np.cumsum(visits)[:-1]].astype(np.int64)
    gaps = np.maximum(calendar.gap.from_scores(gap_scores), 1e-3) if calendar.gap else rng.exponential(size=n) + 1e-3
    total = np.cumsum(gaps)
    since = total - np.repeat(np.r_[0.0, total[first[1:] - 1]], visits)
    spare = rng.exponential(size=len(visits))
    whole = np.add.reduceat(gaps, first) + spare
    day = np.floor(calendar.start_day + calendar.window_days * since / np.repeat(whole, visits))
    by_day = np.isin(classes, [CLASSES.index("office"), CLASSES.index("wellness")])
    hour = np.where(by_day, rng.uniform(*_OFFICE_HOURS, n), rng.uniform(0, 24, n))
    start = np.floor((day * 24 + hour) * 12) * 300  # to five minutes
    hours = np.empty(n)
    for c, scale in enumerate(calendar.length_hours):
        rows = classes == c
        hours[rows] = scale.from_scores(length_scores[rows]) if scale else _DEFAULT_LENGTH_HOURS[c]
    length = np.maximum(300, np.round(hours * 12) * 300)
    end = start + length
    for t in range(1, int(visits.max()) if len(visits) else 0):
        rows = first[visits > t] + t
        shift = np.maximum(0, np.ceil((end[rows - 1] - start[rows]) / 86400 + 1e-9)) * 86400
        shift = np.where(start[rows] > end[rows - 1], 0, shift)
        start[rows] += shift
        end[rows] += shift
    return start.astype(np.int64), end.astype(np.int64)


def death_days(
    calendar: Calendar, dead: Flags, last_class: Ints, last_end: NDArray[np.int64], rng: np.random.Generator
) -> Floats:
    """Day of death, days since 1970, NaN for the living; never before the end of the last encounter."""
    at_visit = rng.random(len(dead)) < calendar.dies_at_visit
    at_visit &= np.isin(last_class, _ACUTE_CLASSES)
    wait = np.where(at_visit, 0.0, np.ceil(rng.exponential(calendar.wait_days, len(dead))))
    return np.where(dead, np.floor(last_end / 86400) + wait, np.nan)
