"""Three attacks on what a synthetic table discloses: attribute inference, singling out, linkability.

The three criteria are those of Article 29 Working Party Opinion 05/2014 on anonymisation techniques. Each attack is run
against training patients (main), against held-out patients of whom nothing can have leaked (control: what anybody could
conclude from the population as a whole), and by guessing (baseline).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ghostchart.privacy.attacks.differences import Tally
from ghostchart.privacy.attacks.features import FeatureSpace, Matrix
from ghostchart.privacy.attacks.neighbours import nearest_places, squared_distances

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
_NOBODY = np.zeros(0, dtype=np.int64)

_MOST_NEIGHBOURS = 5
_SYNTHETIC_PER_NEIGHBOUR = 400  # five neighbours of few would link everybody with everything
_PREDICATES = 2000


@dataclass(frozen=True)
class Disclosure:
    """One attack's outcome.

    Attributes:
        chance: expected share of successes by guessing.
        main_hits, targets: truth per attempt and the member attacked, for controls on some of them; empty where an
            attempt is not aimed at one patient.
    """

    name: str
    words: str
    main: Tally
    control: Tally
    chance: float
    main_hits: Flags
    targets: Ints


def infer_hidden_diagnosis(
    space: FeatureSpace, members: Matrix, held_out: Matrix, synthetic: Matrix, rng: np.random.Generator
) -> Disclosure:
    """The attacker knows everything of a patient but one diagnosis group and reads it off the nearest synthetic patient.

    Of the nearest synthetic patient's groups that the attacker does not know the target to have, the commonest is
    guessed; patients with fewer than two groups are no targets. Guessing takes the commonest group of all not known.
    """
    main, chance, targets = _infer(space, members, synthetic, rng)
    control, _, _ = _infer(space, held_out, synthetic, rng)
    return Disclosure(
        "attribute inference",
        "knowing all else, guess one hidden diagnosis group from the nearest synthetic patient",
        Tally.of(main),
        Tally.of(control),
        chance,
        main,
        targets,
    )


def _infer(space: FeatureSpace, real: Matrix, synthetic: Matrix, rng: np.random.Generator) -> tuple[Flags, float, Ints]:
    first = space.n_numeric
    known, made = real[:, first:] > 0, synthetic[:, first:] > 0
    targets = np.flatnonzero(known.sum(axis=1) >= 2)
    if len(targets) == 0:
        return np.zeros(0, dtype=bool), 0.0, _NOBODY
    # One hidden group per target, drawn among its own.
    hidden = np.array([rng.choice(np.flatnonzero(known[place])) for place in targets], dtype=np.int64)
    frequency = made.sum(axis=0)
    weight = space.flag_weight**2
    success, guessed = np.zeros(len(targets), dtype=bool), np.zeros(len(targets), dtype=bool)
    commonest = np.argsort(-frequency, kind="stable")
    for rows, distance in squared_distances(real[targets], synthetic):
        # Without the hidden group: who lacks it is no longer farther away for that.
        without = distance - weight * ~made[:, hidden[rows]].T
        nearest = without.argmin(axis=1)
        for offset, place in enumerate(range(rows.start, rows.stop)):
            has = known[targets[place]].copy()
            has[hidden[place]] = False
            candidates = np.flatnonzero(made[nearest[offset]] & ~has)
            plain = next(int(group) for group in commonest if not has[group])
            guess = int(candidates[frequency[candidates].argmax()]) if len(candidates) else plain
            success[place] = guess == hidden[place]
            guessed[place] = plain == hidden[place]
    return success, float(guessed.mean()), targets


def single_out(
    space: FeatureSpace, members: Matrix, held_out: Matrix, synthetic: Matrix, rng: np.random.Generator
) -> Disclosure:
    """Descriptions that fit exactly one synthetic patient: do they fit exactly one real one?

    Members are thinned to as many as were held out, for uniqueness depends on the size of a population. Guessing draws
    each attribute of a description from a patient of its own.
    """
    n = min(len(members), len(held_out))
    thinned = [part[np.sort(rng.choice(len(part), n, replace=False))] for part in (members, held_out)]
    predicates: list[list[tuple[int, float, float]]] = []
    mixed: list[list[tuple[int, float, float]]] = []
    for _ in range(4 * _PREDICATES):
        if len(predicates) == _PREDICATES:
            break
        person = synthetic[rng.integers(len(synthetic))]
        predicate = _shortest_unique(space, person, synthetic, rng)
        if predicate:
            predicates.append(predicate)
            donors = rng.integers(len(synthetic), size=len(predicate))
            mixed.append(
                [_around(space, c, synthetic[donor, c]) for donor, (c, _, _) in zip(donors, predicate, strict=True)]
            )
    hits = [np.array([_matches(part, item) == 1 for item in predicates], dtype=bool) for part in thinned]
    by_chance = np.array([_matches(thinned[0], item) == 1 for item in mixed], dtype=bool)
    return Disclosure(
        "singling out",
        "descriptions that fit one synthetic patient only: how often do they fit exactly one real patient?",
        Tally.of(hits[0]),
        Tally.of(hits[1]),
        float(by_chance.mean()) if len(by_chance) else 0.0,
        np.zeros(0, dtype=bool),
        _NOBODY,
    )


def _shortest_unique(
    space: FeatureSpace, person: Matrix, synthetic: Matrix, rng: np.random.Generator
) -> list[tuple[int, float, float]]:
    """Attributes of the person in random order, as many as it takes to fit nobody else; none if that is not enough."""
    groups = space.n_numeric + np.flatnonzero(person[space.n_numeric :] > 0)
    predicate: list[tuple[int, float, float]] = []
    fits = np.ones(len(synthetic), dtype=bool)
    for column in rng.permutation(np.concatenate([np.arange(space.n_numeric), groups])):
        column_no, low, high = _around(space, int(column), person[column])
        predicate.append((column_no, low, high))
        fits &= (synthetic[:, column_no] >= low) & (synthetic[:, column_no] <= high)
        if fits.sum() == 1:
            return predicate
    return []


def _around(space: FeatureSpace, column: int, value: float) -> tuple[int, float, float]:
    """A band around the value: a fifth of a standard deviation for numbers, the value itself for flags and sex."""
    width = 1e-9 if column == 1 or column >= space.n_numeric else 0.2
    return column, value - width, value + width


def _matches(population: Matrix, predicate: list[tuple[int, float, float]]) -> int:
    fits = np.ones(len(population), dtype=bool)
    for column, low, high in predicate:
        fits &= (population[:, column] >= low) & (population[:, column] <= high)
    return int(fits.sum())


def link(
    space: FeatureSpace, members: Matrix, held_out: Matrix, synthetic: Matrix, _rng: np.random.Generator
) -> Disclosure:
    """The attacker holds two files on a patient and joins them if both point to the same synthetic patients.

    One file holds age, sex, visits and measurements, the other the diagnosis groups; success where the nearest
    synthetic patients of both (one to five, by their number) have one in common, as in Giomi et al., PoPETs 2023.
    """
    first = space.n_numeric
    k = int(np.clip(round(len(synthetic) / _SYNTHETIC_PER_NEIGHBOUR), 1, _MOST_NEIGHBOURS))

    def linked(real: Matrix) -> Flags:
        left = nearest_places(real[:, :first], synthetic[:, :first], k)
        right = nearest_places(real[:, first:], synthetic[:, first:], k)
        return np.asarray((left[:, :, None] == right[:, None, :]).any(axis=(1, 2)))

    main = linked(members)
    return Disclosure(
        "linkability",
        "join a patient's demographic file with their diagnosis file through shared synthetic neighbours",
        Tally.of(main),
        Tally.of(linked(held_out)),
        1 - (1 - k / len(synthetic)) ** k,
        main,
        np.arange(len(main)),
    )


DISCLOSURE_ATTACKS = (infer_hidden_diagnosis, single_out, link)
