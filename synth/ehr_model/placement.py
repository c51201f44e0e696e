"""Into which of a patient's visits each condition falls: chronic ones persist, acute ones come and go.

For every atom a small logistic regression over the visits of the patients who have it: class of the encounter, whether
it was there at the visit before or ever before, how many visits are left if it has not come yet, how many acute
conditions the visit already has, and the conditions already placed there that tell most. Atoms are placed in a fixed
order (chronic before acute, rare before common, so that I13 has its say before I10 does), visit after visit, so that a
life hangs together; what never stands side by side in the source never does here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ghostchart.synth.ehr_model.flat import CLASSES, FlatTables
from ghostchart.synth.ehr_model.logistic import chance, fit_logistic, mutual_information

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_MOST_COMPANIONS = 16
_CHRONIC_SHARE = 0.38
_EXCLUSIVE_EXPECTED = 6.0
_IMPLIED_SHARE = 0.97
_NEGLIGIBLE = 0.004
_N_FIXED = 1 + len(CLASSES) + 4  # constant, classes, previous, earlier, never x hazard, acute so far


def _hazard(left: Ints) -> Floats:
    """How pressing a first occurrence is when ``left`` visits (this one counted) remain."""
    return np.clip(-np.log(left - 0.9), -3.0, 2.4)


@dataclass(frozen=True)
class AtomPlacement:
    """Weights of one atom; ``companions`` are the atoms behind ``weights[_N_FIXED:]``, ``excluded_by`` all it never meets."""

    weights: Floats
    companions: Ints
    excluded_by: Ints


@dataclass(frozen=True)
class Placement:
    """How atoms are placed.

    Attributes:
        order: atoms in the order of placement, chronic ones first, rare ones first within each.
        acute: by atom.
        atoms: by atom.
        implied: pairs (a, b): where a stands, b stands too.
        first_share: classes x atoms: how often the atom, where it stands, is listed first.
        fallback: classes x atoms: shares of first-listed atoms, for visits that end up empty.
    """

    order: Ints
    acute: Flags
    atoms: tuple[AtomPlacement, ...]
    implied: tuple[tuple[int, int], ...]
    first_share: Floats
    fallback: Floats


def _fixed_features(classes: Ints, previous: Flags, earlier: Flags, left: Ints, acute_so_far: Ints) -> Floats:
    n = len(classes)
    found = np.zeros((n, _N_FIXED))
    found[:, 0] = 1.0
    found[np.arange(n), 1 + classes] = 1.0
    at = 1 + len(CLASSES)
    found[:, at] = previous
    found[:, at + 1] = earlier & ~previous
    found[:, at + 2] = np.where(earlier | previous, 0.0, _hazard(left))
    found[:, at + 3] = np.minimum(acute_so_far, 2)
    return found


def _order(flat: FlatTables, present: Flags, ever: Flags) -> tuple[Ints, Flags]:
    visits = np.bincount(flat.patient, minlength=flat.n_patients)
    many = visits >= 3
    shown = present[many[flat.patient]].sum(axis=0)
    possible = visits[many] @ ever[many]
    share = np.where(possible > 0, shown / np.maximum(possible, 1), 0.0)
    acute = share < _CHRONIC_SHARE
    frequency = present.sum(axis=0)
    return np.lexsort((frequency, acute)).astype(np.int64), acute


def _pairs(present: Flags) -> tuple[Flags, Floats]:
    """Exclusive pairs (never together though expected), and P(column | row) at one visit."""
    x = present.astype(np.float32)
    both = (x.T @ x).astype(np.float64)
    n = np.diag(both).copy()
    expected = np.outer(n, n) / max(1, len(present))
    exclusive = (both == 0) & (expected >= _EXCLUSIVE_EXPECTED)
    with np.errstate(divide="ignore", invalid="ignore"):
        given = np.where(n[:, None] > 0, both / n[:, None], 0.0)
    np.fill_diagonal(given, 0.0)
    return exclusive, given


def learn_placement(flat: FlatTables, present: Flags, first_listed: Flags, k_min: int) -> Placement:
    """Learn from encounters x atoms; ``first_listed`` says where the atom holds the encounter's first code."""
    ever = flat.ever(present)
    order, acute = _order(flat, present, ever)
    exclusive, given = _pairs(present)
    patients_with = ever.sum(axis=0)
    implied = [(int(a), int(b)) for a, b in np.argwhere(given >= _IMPLIED_SHARE) if patients_with[a] >= 3 * k_min]
    first = flat.first_of_patient()
    visits = np.bincount(flat.patient, minlength=flat.n_patients)
    index = np.arange(flat.n_encounters) - first[flat.patient]
    left = visits[flat.patient] - index
    starts_life = index == 0
    learned: list[AtomPlacement | None] = [None] * present.shape[1]
    acute_so_far = np.zeros(flat.n_encounters, dtype=np.int64)
    for position, g in enumerate(order.tolist()):
        column = present[:, g]
        previous = np.r_[False, column[:-1]] & ~starts_life
        before: Ints = np.cumsum(column, dtype=np.int64) - column
        earlier: Flags = np.asarray(before - before[first][flat.patient] > 0)
        rows = np.flatnonzero(ever[flat.patient, g])
        fixed = _fixed_features(
            flat.encounter_class[rows], previous[rows], earlier[rows], left[rows], acute_so_far[rows]
        )
        outcome = column[rows]
        candidates = order[:position]
        companions = np.zeros(0, dtype=np.int64)
        if position and 0 < outcome.sum() < len(rows):
            here = present[np.ix_(rows, candidates)]
            told = mutual_information(here, outcome[:, None])[:, 0]
            told[ever[np.ix_(ever[:, g], candidates)].sum(axis=0) < k_min] = 0
            best = np.argsort(-told, kind="stable")[:_MOST_COMPANIONS]
            companions = candidates[best[told[best] > 2.0 / len(rows)]]
        features = np.hstack([fixed, present[np.ix_(rows, companions)]])
        weights = fit_logistic(features, outcome.astype(float), ridge=0.7)
        learned[g] = AtomPlacement(weights, companions, np.flatnonzero(exclusive[:, g]))
        if acute[g]:
            acute_so_far += column
    return Placement(
        order=order,
        acute=acute,
        atoms=tuple(item for item in learned if item is not None),
        implied=tuple(implied),
        first_share=_by_class(flat, first_listed, k_min) / np.maximum(_by_class(flat, present, k_min), 1.0),
        fallback=_by_class(flat, first_listed, k_min),
    )


def _by_class(flat: FlatTables, marks: Flags, k_min: int) -> Floats:
    """Classes x atoms: encounters where the mark is set; 0 where fewer than ``k_min`` patients have such encounters."""
    found = np.zeros((len(CLASSES), marks.shape[1]))
    for c in range(len(CLASSES)):
        rows = np.flatnonzero(flat.encounter_class == c)
        if not len(rows):
            continue
        whose = flat.patient[rows]
        starts = np.flatnonzero(np.r_[True, whose[1:] != whose[:-1]])
        patients = np.maximum.reduceat(marks[rows], starts, axis=0).sum(axis=0)
        found[c] = np.where(patients >= k_min, marks[rows].sum(axis=0), 0)
    return found


def _log_odds(atom: AtomPlacement, fixed: Floats, placed: Flags, rows: Ints) -> Floats:
    value: Floats = fixed @ atom.weights[:_N_FIXED]
    if len(atom.companions):
        value = value + placed[np.ix_(rows, atom.companions)] @ atom.weights[_N_FIXED:]
    if len(atom.excluded_by):
        value = np.where(placed[np.ix_(rows, atom.excluded_by)].any(axis=1), -30.0, value)
    return value


def place(
    placement: Placement,
    flags: Flags,
    first: Ints,
    visits: Ints,
    classes: Ints,
    possible: Flags,
    rng: np.random.Generator,
) -> Flags:
    """Encounters x atoms for sampled patients.

    Args:
        placement: what was learned.
        flags: patients x atoms: who has what, ever.
        first: each patient's first encounter.
        visits: encounters of each patient, at least 1.
        classes: class of each encounter.
        possible: patients x atoms: what sex and age allow.
        rng: stream of this sample.
    """
    n_atoms = flags.shape[1]
    flags = flags.copy()
    for a, b in placement.implied:
        flags[:, b] |= flags[:, a]
    flags &= possible
    patient = np.repeat(np.arange(len(visits)), visits)
    placed = np.zeros((len(classes), n_atoms), dtype=bool)
    acute_so_far = np.zeros(len(classes), dtype=np.int64)
    ever = np.zeros_like(flags)
    for t in range(int(visits.max())):
        active = np.flatnonzero(visits > t)
        here = flags[active]
        wanted = np.asarray(here.any(axis=0))
        for g in placement.order[wanted[placement.order]].tolist():
            who = active[here[:, g]]
            rows = first[who] + t
            previous = placed[rows - 1, g] if t else np.zeros(len(rows), dtype=bool)
            fixed = _fixed_features(classes[rows], previous, ever[who, g], visits[who] - t, acute_so_far[rows])
            hit = rng.random(len(rows)) < chance(_log_odds(placement.atoms[g], fixed, placed, rows))
            placed[rows[hit], g] = True
            ever[who[hit], g] = True
            if placement.acute[g]:
                acute_so_far[rows[hit]] += 1
    _place_missing(placement, flags & ~ever, first, visits, classes, placed, acute_so_far, rng)
    _fill_empty(placement, flags, possible, patient, classes, placed, rng)
    for a, b in placement.implied:
        placed[:, b] |= placed[:, a] & possible[patient, b]
    return placed


def _place_missing(
    placement: Placement,
    missing: Flags,
    first: Ints,
    visits: Ints,
    classes: Ints,
    placed: Flags,
    acute_so_far: Ints,
    rng: np.random.Generator,
) -> None:
    """Conditions that no visit took go to the visit that suits them best, unless none does."""
    wanted = np.asarray(missing.any(axis=0))
    for g in placement.order[wanted[placement.order]].tolist():
        who = np.flatnonzero(missing[:, g])
        rows = np.concatenate([np.arange(first[p], first[p] + visits[p]) for p in who.tolist()])
        starts = np.r_[0, np.cumsum(visits[who])[:-1]]
        none = np.zeros(len(rows), dtype=bool)
        fixed = _fixed_features(classes[rows], none, none, np.full(len(rows), 2), acute_so_far[rows])
        value = _log_odds(placement.atoms[g], fixed, placed, rows)
        noisy = value + rng.gumbel(size=len(rows))
        best = np.maximum.reduceat(noisy, starts)
        suits = (noisy == np.repeat(best, visits[who])) & (chance(value) > _NEGLIGIBLE)
        placed[rows[suits], g] = True
        if placement.acute[g]:
            acute_so_far[rows[suits]] += 1


def _fill_empty(
    placement: Placement,
    flags: Flags,
    possible: Flags,
    patient: Ints,
    classes: Ints,
    placed: Flags,
    rng: np.random.Generator,
) -> None:
    """Every encounter has a reason: one of the patient's own conditions, or else a common one of its class."""
    empty = np.flatnonzero(~placed.any(axis=1))
    if not len(empty):
        return
    common = np.log(placement.fallback + 1e-6)[classes[empty]]
    own = flags[patient[empty]]
    value = common + np.where(own, 0.0, np.where(own.any(axis=1, keepdims=True), -30.0, 0.0))
    value = np.where(possible[patient[empty]], value, -1e9) + rng.gumbel(size=value.shape)
    placed[empty, np.argmax(value, axis=1)] = True
