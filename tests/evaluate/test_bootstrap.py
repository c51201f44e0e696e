"""Bootstrap: known spread, pairing, reproducibility, speed by construction."""

from __future__ import annotations

import time

import numpy as np
import pytest

from ghostchart.evaluate.bootstrap import Resamples, micro_f1_interval, paired_difference

RNG = np.random.default_rng(3)


def counts_with(share_right: float, notes: int = 400) -> np.ndarray:
    """One gold code per note; right with the given probability, else one wrong and one missing."""
    right = RNG.random(notes) < share_right
    return np.stack([right, ~right, ~right], axis=1).astype(np.int64)


def test_interval_matches_the_binomial_it_must_be() -> None:
    counts = counts_with(0.7)
    share = counts[:, 0].mean()
    low, high = micro_f1_interval(counts, 4000, seed=1)  # type: ignore[misc]
    # Here micro F1 is the share of right notes, so the interval is the normal one up to Monte Carlo noise.
    half = 1.96 * np.sqrt(share * (1 - share) / len(counts))
    assert low == pytest.approx(share - half, abs=0.006)
    assert high == pytest.approx(share + half, abs=0.006)


def test_weights_equal_explicit_resampling() -> None:
    counts = counts_with(0.5, notes=30)
    totals = Resamples(30, 200, seed=4).totals(counts)
    assert totals.shape == (200, 3)
    assert np.all(totals[:, 0] + totals[:, 1] == 30)  # every resample holds as many notes as there are
    assert totals[:, 0].std() > 0


def test_same_seed_same_interval_and_other_seed_other() -> None:
    counts = counts_with(0.6)
    assert micro_f1_interval(counts, 500, seed=1) == micro_f1_interval(counts, 500, seed=1)
    assert micro_f1_interval(counts, 500, seed=1) != micro_f1_interval(counts, 500, seed=2)


def test_no_decision_has_no_interval() -> None:
    assert micro_f1_interval(np.zeros((5, 3), dtype=np.int64), 100, seed=0) is None
    assert micro_f1_interval(np.zeros((0, 3), dtype=np.int64), 100, seed=0) is None
    sparse = np.zeros((40, 3), dtype=np.int64)
    sparse[0] = (1, 0, 0)  # most resamples hold no decision: left out, not counted as 0
    assert micro_f1_interval(sparse, 500, seed=0) == (1.0, 1.0)


def test_a_clearly_better_system_wins_and_equal_ones_do_not() -> None:
    good, poor = counts_with(0.8), counts_with(0.5)
    result = paired_difference(good, poor, 1000, seed=0)
    assert result is not None
    assert result.excludes_zero
    assert result.ci[0] > 0.15
    assert result.share_above > 0.99
    same = paired_difference(good, good, 1000, seed=0)
    assert same is not None
    assert (same.difference, same.ci, same.share_above, same.excludes_zero) == (0.0, (0.0, 0.0), 0.0, False)


def test_pairing_narrows_the_interval() -> None:
    base = counts_with(0.5)
    better = base.copy()
    better[np.flatnonzero(base[:, 0] == 0)[:20]] = (1, 0, 0)  # right wherever the other is, and 20 times more
    paired = paired_difference(better, base, 2000, seed=0)
    assert paired is not None
    assert paired.ci[0] > 0
    shuffled = paired_difference(better, RNG.permutation(base), 2000, seed=0)
    assert shuffled is not None
    assert shuffled.ci[0] < 0  # the same totals without pairing cannot tell


def test_unequal_notes_are_refused() -> None:
    with pytest.raises(ValueError, match="same notes"):
        paired_difference(counts_with(0.5, 10), counts_with(0.5, 11), 100, seed=0)


def test_thousand_resamples_take_no_time() -> None:
    counts = counts_with(0.5, notes=1000)
    started = time.perf_counter()
    micro_f1_interval(counts, 1000, seed=0)
    assert time.perf_counter() - started < 2.0  # measured: about 15 ms; a Python loop over notes would take a minute
