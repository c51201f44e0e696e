"""Numbers that come with an interval, a control and a bar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

Interval = tuple[float, float]


class Measure(BaseModel):
    """One number beside its uncertainty, its control and the limit it is held against.

    Attributes:
        ci: two-sided interval at ``confidence``; None where none can be given.
        baseline: the same number for the control (held-out patients, random guess, independent columns).
        limit: the bar from the policy; None for numbers shown without a bar.
        n: observations behind the number.
        note: plain words: what it means, or "not measurable at this n".
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    value: float | None
    ci: Interval | None = None
    confidence: float = 0.95
    baseline: float | None = None
    limit: float | None = None
    n: int | None = None
    note: str = ""


def clopper_pearson(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Exact two-sided interval for a proportion (Clopper and Pearson, 1934); (0, 1) without trials."""
    if not 0 <= successes <= trials:
        raise ValueError(f"successes must lie in 0..{trials}, got {successes}")
    if trials == 0:
        return (0.0, 1.0)
    from scipy import stats  # 0.7 s to import, and verification needs no statistics

    tail = (1 - confidence) / 2
    low = 0.0 if successes == 0 else float(stats.beta.ppf(tail, successes, trials - successes + 1))
    high = 1.0 if successes == trials else float(stats.beta.ppf(1 - tail, successes + 1, trials - successes))
    return (low, high)


def proportion(name: str, successes: int, trials: int, *, confidence: float = 0.95, **extra: Any) -> Measure:
    """A proportion with its Clopper-Pearson interval; value None without trials."""
    value = successes / trials if trials else None
    ci = clopper_pearson(successes, trials, confidence) if trials else None
    return Measure(name=name, value=value, ci=ci, confidence=confidence, n=trials, **extra)


def auc(positive: NDArray[np.float64], negative: NDArray[np.float64]) -> float:
    """Probability that a positive scores above a negative, ties counted half (Mann-Whitney)."""
    from scipy import stats

    ranks = stats.rankdata(np.concatenate([positive, negative]))
    n_pos, n_neg = len(positive), len(negative)
    return float((ranks[:n_pos].sum() - n_pos * (n_pos + 1) / 2) / (n_pos * n_neg))


def auc_measure(
    name: str,
    positive: NDArray[np.float64],
    negative: NDArray[np.float64],
    rng: np.random.Generator,
    *,
    resamples: int = 1000,
    confidence: float = 0.95,
    **extra: Any,
) -> Measure:
    """AUC with a percentile bootstrap interval over both groups; value None when a group is empty."""
    if len(positive) == 0 or len(negative) == 0:
        return Measure(name=name, value=None, n=0, note="not measurable at this n", **extra)
    draws = np.array(
        [auc(rng.choice(positive, len(positive)), rng.choice(negative, len(negative))) for _ in range(resamples)]
    )
    return Measure(
        name=name,
        value=auc(positive, negative),
        ci=percentile_interval(draws, confidence),
        confidence=confidence,
        n=len(positive) + len(negative),
        **extra,
    )


def percentile_interval(draws: NDArray[np.float64], confidence: float = 0.95) -> Interval:
    """Two-sided percentile interval of bootstrap draws."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return (float(low), float(high))


def bootstrap_interval(
    n_units: int,
    statistic: Callable[[NDArray[np.int64]], float],
    rng: np.random.Generator,
    *,
    resamples: int = 1000,
    confidence: float = 0.95,
) -> Interval | None:
    """Percentile bootstrap over units (notes, patients): ``statistic`` gets an array of unit indices.

    None when there are no units.
    """
    if n_units == 0:
        return None
    draws = np.array([statistic(rng.integers(0, n_units, n_units)) for _ in range(resamples)])
    return percentile_interval(draws, confidence)
