"""Two shares and the interval of their difference."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ghostchart.schemas.measures import Interval


@dataclass(frozen=True)
class Tally:
    """Attempts and successes."""

    hits: int
    attempts: int

    @classmethod
    def of(cls, successes: NDArray[np.bool_]) -> Tally:
        """From one truth value per attempt."""
        return cls(int(successes.sum()), len(successes))


def difference_interval(first: Tally, second: Tally, confidence: float) -> Interval:
    """Interval for a difference of two proportions from their Wilson intervals (Newcombe, 1998, method 10)."""
    z = NormalDist().inv_cdf(1 - (1 - confidence) / 2)
    p, (low_p, high_p) = first.hits / first.attempts, _wilson(first, z)
    q, (low_q, high_q) = second.hits / second.attempts, _wilson(second, z)
    below, above = np.hypot(p - low_p, high_q - q), np.hypot(high_p - p, q - low_q)
    return (float(p - q - below), float(p - q + above))


def _wilson(tally: Tally, z: float) -> Interval:
    n, p = tally.attempts, tally.hits / tally.attempts
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    reach = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return (float(middle - reach), float(middle + reach))
