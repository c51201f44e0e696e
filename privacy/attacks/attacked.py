"""Which synthetic patients the attacks look at: all, or of very many a bounded number.

An attack on the tables of a large corpus would need memory and time that grow with the corpus. Beyond ``MOST_ATTACKED``
patients (or as many as there are training patients, where those are more) a sample is drawn, and for every source patient
the nearest of *all* synthetic patients joins it, so that a copy anywhere in the corpus is among those attacked. Training and
held-out patients choose their nearest by the same rule: where membership does not matter, neither side gains by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ghostchart.privacy.attacks.features import FeatureSpace
from ghostchart.privacy.attacks.neighbours import squared_distances
from ghostchart.schemas.ehr import TABLE_SCHEMAS, EhrTables, concatenate, empty_table

MOST_ATTACKED = 10_000
# What attacks compare; the other tables of those chosen would only take memory.
_READ_BY_ATTACKS = frozenset({"patients", "encounters", "conditions", "observations"})

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Attacked:
    """The synthetic patients that are attacked (the tables that attacks read, the others empty), and how many there are."""

    tables: EhrTables
    n_released: int


def choose_attacked(
    released: Iterable[EhrTables],
    train: EhrTables,
    holdout: EhrTables,
    seed: np.random.SeedSequence,
    *,
    most: int = MOST_ATTACKED,
) -> Attacked:
    """Go through the released tables part by part; one part is in memory at a time, and those chosen.

    Args:
        released: parts of the synthetic tables, at least one, no patient in two of them; gone through more than once.
        train: training patients.
        holdout: held-out patients.
        seed: decides the sample.
        most: patients drawn at random; at least as many as there are training patients.
    """
    counts = [part.n_patients for part in released]
    total = sum(counts)
    most = max(most, train.n_patients)
    if total <= most:
        return Attacked(concatenate([_as_attacked(part) for part in released]), total)
    drawn = np.sort(np.random.default_rng(seed).choice(total, most, replace=False))
    # The sample is let go before those chosen are read: the two together would be the most memory that the gates take.
    space = FeatureSpace.of([_at(released, counts, drawn), holdout])
    nearest = _nearest(released, train, holdout, space)
    return Attacked(_at(released, counts, np.union1d(drawn, nearest)), total)


def _at(released: Iterable[EhrTables], counts: list[int], places: Ints) -> EhrTables:
    """The patients at these places (sorted), counted over all parts."""
    kept = []
    start = 0
    for part, count in zip(released, counts, strict=True):
        own = places[np.searchsorted(places, start) : np.searchsorted(places, start + count)] - start
        start += count
        if len(own):
            kept.append(_as_attacked(part).restrict(part.patients["patient_id"].combine_chunks().take(pa.array(own))))
    return concatenate(kept)


def _as_attacked(part: EhrTables) -> EhrTables:
    return replace(part, **{name: empty_table(name) for name in TABLE_SCHEMAS if name not in _READ_BY_ATTACKS})


def _nearest(released: Iterable[EhrTables], train: EhrTables, holdout: EhrTables, space: FeatureSpace) -> Ints:
    """Place of the nearest synthetic patient of every source patient."""
    real = np.vstack([space.matrix(train), space.matrix(holdout)])
    closest = np.full(len(real), np.inf)
    places = np.zeros(len(real), dtype=np.int64)
    start = 0
    for part in released:
        if part.n_patients:
            for rows, distance in squared_distances(real, space.matrix(part)):
                found = distance.argmin(axis=1)
                here = distance[np.arange(len(found)), found]
                nearer = here < closest[rows]
                closest[rows] = np.where(nearer, here, closest[rows])
                places[rows] = np.where(nearer, found + start, places[rows])
        start += part.n_patients
    return places
