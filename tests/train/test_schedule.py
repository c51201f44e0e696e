"""The learning rate rises, falls and reaches its floor, by steps or by the clock."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostchart.train.examples import Example
from ghostchart.train.loop import affordable_sample
from ghostchart.train.schedule import FLOOR, learning_rate_at, progress_share


@pytest.mark.parametrize(
    ("progress", "expected"),
    [(0.0, 0.02), (0.05, 0.5), (0.1, 1.0), (0.55, FLOOR + (1 - FLOOR) / 2), (1.0, FLOOR)],
)
def test_values_by_hand(progress: float, expected: float) -> None:
    assert learning_rate_at(progress, 1.0, 0.1) == pytest.approx(expected)


@given(st.floats(0, 1), st.floats(0, 0.9))
def test_always_positive_and_never_above_the_peak(progress: float, warmup: float) -> None:
    assert 0 < learning_rate_at(progress, 3e-3, warmup) <= 3e-3 * (1 + 1e-9)


def test_a_slow_machine_still_finishes_its_schedule() -> None:
    assert progress_share(10, 1000, 59.0, 60.0) == pytest.approx(59 / 60)
    assert progress_share(10, 1000, 61.0, 60.0) == 1.0
    assert progress_share(500, 1000, 3.0, 0.0) == 0.5


def test_validation_takes_what_a_tenth_of_the_minutes_pays_for() -> None:
    examples = [Example("n", np.zeros(100, dtype=np.int32), 90) for _ in range(64)]
    assert len(affordable_sample(examples, 200.0, 0.0)) == 64
    # 400 s * 0.1 / 4 validations * 200 tokens/s * 3 (forward only) = 6,000 tokens of 100 each
    assert len(affordable_sample(examples, 200.0, 400.0)) == 60
    assert len(affordable_sample(examples, 20.0, 100.0)) == 4
