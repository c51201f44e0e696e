"""Scales between measured numbers and normal scores that keep no single patient's value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MOST_BINS = 60


@dataclass(frozen=True)
class BinnedScale:
    """A distribution as means of consecutive bins, each filled by at least ``k_min`` patients.

    Values outside the outermost bins' means never come back: that clips to what ``k_min`` patients share.

    Attributes:
        means: bin means, ascending.
        middles: cumulated share at the middle of each bin.
        decimals: places to round sampled values to.
    """

    means: Floats
    middles: Floats
    decimals: int

    @classmethod
    def learn(cls, values: Floats, patients: Ints, k_min: int, decimals: int | None = None) -> BinnedScale | None:
        """Learn from values and whose they are; None when fewer than ``k_min`` patients have any."""
        if len(np.unique(patients)) < k_min:
            return None
        order = np.argsort(values, kind="stable")
        ordered, whose = values[order], patients[order]
        target = max(1, len(values) // _MOST_BINS)
        starts, seen, begin = [0], set[int](), 0
        for i, patient in enumerate(whose.tolist()):
            if len(seen) >= k_min and i - begin >= target and ordered[i] > ordered[i - 1]:
                starts.append(i)
                seen, begin = set(), i
            seen.add(patient)
        if len(starts) > 1 and len(seen) < k_min:
            starts.pop()
        ends = [*starts[1:], len(values)]
        means = np.array([ordered[a:b].mean() for a, b in zip(starts, ends, strict=True)])
        middles = np.array([(a + b) / 2 / len(values) for a, b in zip(starts, ends, strict=True)])
        places = _decimals(values) if decimals is None else decimals
        return cls(means, middles, places)

    def from_scores(self, scores: Floats) -> Floats:
        """Values at the scores' shares, between the outermost bin means, rounded like the source."""
        values: Floats = np.round(np.interp(ndtr(scores), self.middles, self.means), self.decimals)
        return values


def normal_scores(values: Floats) -> Floats:
    """Rank-based normal scores, ties averaged."""
    scores: Floats = ndtri((rankdata(values) - 0.5) / len(values))
    return scores


def _decimals(values: Floats) -> int:
    some = values[:2000]
    return next((places for places in range(3) if np.allclose(some, np.round(some, places), atol=1e-9)), 3)


def shared_edges(values: Floats, k_min: int) -> Floats:
    """Lowest values of levels that at least ``k_min`` rows each fall into, ascending.

    From the top down, values with too few rows are joined to the next lower one; what is left at the bottom belongs to
    the lowest level. With fewer rows than ``k_min`` there is one level.
    """
    unique, counts = np.unique(values, return_counts=True)
    edges: list[float] = []
    pending = 0
    for value, count in zip(unique[::-1].tolist(), counts[::-1].tolist(), strict=True):
        pending += count
        if pending >= k_min:
            edges.append(value)
            pending = 0
    return np.array(edges[::-1]) if edges else np.array([float(np.median(values))])
