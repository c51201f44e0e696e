"""Numbers with intervals, against published tables and values worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ghostchart.schemas.measures import (
    Measure,
    auc,
    auc_measure,
    bootstrap_interval,
    clopper_pearson,
    percentile_interval,
    proportion,
)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (0, 10, 0.0, 0.30850),  # 1 - 0.025 ** (1 / 10)
        (10, 10, 0.69150, 1.0),
        (1, 10, 0.00253, 0.44502),
        (5, 10, 0.18709, 0.81291),
        (50, 100, 0.39832, 0.60168),
    ],
)
def test_clopper_pearson_matches_published_values(successes: int, trials: int, low: float, high: float) -> None:
    assert clopper_pearson(successes, trials) == pytest.approx((low, high), abs=2e-5)


def test_zero_successes_have_the_closed_form_upper_bound() -> None:
    assert clopper_pearson(0, 29)[1] == pytest.approx(1 - 0.025 ** (1 / 29))


def test_no_trials_say_nothing() -> None:
    assert clopper_pearson(0, 0) == (0.0, 1.0)
    measure = proportion("p", 0, 0)
    assert (measure.value, measure.ci, measure.n) == (None, None, 0)


@pytest.mark.parametrize(("successes", "trials"), [(-1, 3), (4, 3)])
def test_impossible_counts_are_refused(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="successes must lie"):
        clopper_pearson(successes, trials)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.99))
def test_interval_holds_the_proportion_and_mirrors(pair: tuple[int, int], confidence: float) -> None:
    successes, trials = pair
    low, high = clopper_pearson(successes, trials, confidence)
    assert 0 <= low <= successes / trials <= high <= 1
    mirrored = clopper_pearson(trials - successes, trials, confidence)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-9)


def test_proportion_carries_limit_and_baseline() -> None:
    measure = proportion("recall", 95, 100, limit=0.9, baseline=0.5, note="planted")
    assert measure.value == 0.95
    assert (measure.limit, measure.baseline, measure.note, measure.n) == (0.9, 0.5, "planted", 100)


def test_auc_counts_pairs_with_ties_as_half() -> None:
    # Pairs: 3>1, 3>2, 2>1, 2=2 -> 3.5 of 4.
    assert auc(np.array([3.0, 2.0]), np.array([1.0, 2.0])) == pytest.approx(3.5 / 4)


@given(
    st.lists(st.integers(-5, 5), min_size=1, max_size=20),
    st.lists(st.integers(-5, 5), min_size=1, max_size=20),
)
def test_auc_equals_brute_force(positive: list[int], negative: list[int]) -> None:
    pairs = [1.0 if p > n else 0.5 if p == n else 0.0 for p in positive for n in negative]
    assert auc(np.array(positive, float), np.array(negative, float)) == pytest.approx(sum(pairs) / len(pairs))


def test_auc_measure_of_equal_groups_holds_one_half() -> None:
    rng = np.random.default_rng(3)
    measure = auc_measure("auc", rng.normal(size=200), rng.normal(size=200), rng, resamples=200)
    assert measure.ci is not None
    assert measure.ci[0] < 0.5 < measure.ci[1]
    assert measure.n == 400


def test_auc_measure_of_separated_groups_is_one() -> None:
    rng = np.random.default_rng(3)
    measure = auc_measure("auc", np.arange(10, 20.0), np.arange(10.0), rng, resamples=50)
    assert (measure.value, measure.ci) == (1.0, (1.0, 1.0))


def test_auc_measure_without_a_group_has_no_value() -> None:
    measure = auc_measure("auc", np.array([]), np.array([1.0]), np.random.default_rng(0))
    assert (measure.value, measure.note) == (None, "not measurable at this n")


def test_percentile_interval_of_0_to_100() -> None:
    assert percentile_interval(np.arange(101.0), 0.9) == pytest.approx((5.0, 95.0))


def test_bootstrap_covers_the_mean_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(11)
    hits = 0
    for _ in range(200):
        data = rng.normal(size=60)
        interval = bootstrap_interval(60, lambda index, data=data: float(data[index].mean()), rng, resamples=200)  # type: ignore[misc]
        assert interval is not None
        hits += interval[0] <= 0 <= interval[1]
    assert 0.88 <= hits / 200 <= 0.99


def test_bootstrap_without_units_is_none() -> None:
    assert bootstrap_interval(0, lambda _index: 0.0, np.random.default_rng(0)) is None


def test_a_measure_is_frozen_and_knows_its_fields() -> None:
    measure = Measure(name="x", value=1.0)
    with pytest.raises(ValidationError):
        measure.value = 2.0  # type: ignore[misc]
    with pytest.raises(ValidationError):
        Measure(name="x", value=1.0, colour="red")  # type: ignore[call-arg]
