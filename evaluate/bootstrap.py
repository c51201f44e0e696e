"""Bootstrap over notes: intervals for one system and for the difference of two on the same notes.

The notes are the units, because the codes of one note hang together (Efron and Tibshirani, 1993, on resampling the
independent units). A resample is kept as a row of weights, how often each note was drawn, so that one matrix product
turns per-note counts into the counts of every resample: 1,000 resamples of 1,000 notes take a few milliseconds. One
:class:`Resamples` serves all systems and groups, and two systems under the same weights make a paired comparison.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ghostchart.evaluate.metrics import Counts
from ghostchart.schemas.canonical import generator, stream
from ghostchart.schemas.measures import Interval, percentile_interval

_WEIGHTS_PER_CHUNK = 20_000_000  # 160 MB of float64


@dataclass(frozen=True)
class Resamples:
    """A recipe for bootstrap weights: equal recipes give equal weights.

    Attributes:
        n_notes: notes per resample, as many as there are.
        resamples: number of resamples.
        seed: root of the random numbers.
    """

    n_notes: int
    resamples: int
    seed: int

    def totals(self, counts: Counts) -> NDArray[np.float64]:
        """Summed counts of every resample; ``counts`` is (n_notes, k), the result (resamples, k)."""
        if len(counts) != self.n_notes:
            raise ValueError(f"expected counts of {self.n_notes} notes, got {len(counts)}")
        rng = generator(stream(self.seed, "bootstrap"))
        values = counts.astype(np.float64)
        rows_per_chunk = max(1, _WEIGHTS_PER_CHUNK // max(1, self.n_notes))
        parts = []
        for first in range(0, self.resamples, rows_per_chunk):
            rows = min(rows_per_chunk, self.resamples - first)
            parts.append(_weights(rng, rows, self.n_notes) @ values)
        return np.concatenate(parts)

    def micro_f1(self, counts: Counts) -> NDArray[np.float64]:
        """Micro F1 of every resample, shape (resamples,); NaN where a resample holds no decision."""
        tp, fp, fn = self.totals(counts).T
        decisions = 2 * tp + fp + fn
        with np.errstate(invalid="ignore"):
            f1: NDArray[np.float64] = 2 * tp / decisions
        return f1


def micro_f1_interval(counts: Counts, resamples: int, seed: int) -> Interval | None:
    """Two-sided 95 % percentile interval of micro F1; None without any decision.

    Resamples that hold no decision at all are left out: their F1 is undefined.
    """
    if len(counts) == 0 or not counts.any():
        return None
    draws = Resamples(len(counts), resamples, seed).micro_f1(counts)
    return percentile_interval(draws[~np.isnan(draws)])


@dataclass(frozen=True)
class PairedDifference:
    """Micro F1 of one system minus another's on the same notes.

    Attributes:
        difference: on the notes as they are.
        ci: 95 % percentile interval of the paired bootstrap.
        share_above: share of resamples in which the first system is strictly better.
    """

    difference: float
    ci: Interval
    share_above: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of 0."""
        return self.ci[0] > 0 or self.ci[1] < 0


def paired_difference(first: Counts, second: Counts, resamples: int, seed: int) -> PairedDifference | None:
    """Paired bootstrap for the difference of two micro F1; None where either has no decision.

    Args:
        first: per-note tp, fp, fn of one system; shape (notes, 3).
        second: the other's, row by row the same notes.
        resamples: number of resamples.
        seed: root of the random numbers.

    Raises:
        ValueError: the two were not counted on equally many notes.
    """
    if len(first) != len(second):
        raise ValueError(f"a paired comparison needs the same notes, got {len(first)} and {len(second)}")
    if len(first) == 0 or not first.any() or not second.any():
        return None
    recipe = Resamples(len(first), resamples, seed)
    draws = recipe.micro_f1(first) - recipe.micro_f1(second)
    draws = draws[~np.isnan(draws)]
    return PairedDifference(
        difference=_f1(first) - _f1(second), ci=percentile_interval(draws), share_above=float(np.mean(draws > 0))
    )


def _f1(counts: Counts) -> float:
    tp, fp, fn = counts.sum(axis=0)
    return float(2 * tp / (2 * tp + fp + fn))


def _weights(rng: np.random.Generator, rows: int, n_notes: int) -> NDArray[np.float64]:
    drawn = rng.integers(0, n_notes, size=(rows, n_notes))
    flat = drawn + (np.arange(rows) * n_notes)[:, None]
    return np.bincount(flat.ravel(), minlength=rows * n_notes).reshape(rows, n_notes).astype(np.float64)
