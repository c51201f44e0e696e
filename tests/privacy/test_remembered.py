"""What the gates remember: bounded, and what is asked for stays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ghostchart.privacy.remembered import Remembered


@given(st.lists(st.integers(0, 60), max_size=300), st.integers(1, 20))
def test_answers_are_right_and_few_are_held(keys: list[int], per_generation: int) -> None:
    memory: Remembered[int, str] = Remembered(per_generation)
    for key in keys:
        found = memory.get(key)
        assert found in (None, str(key))
        if found is None:
            memory.keep(key, str(key))
        assert memory.get(key) == str(key)
        assert len(memory._young) + len(memory._old) <= 2 * per_generation
    assert memory.kept >= len(set(keys))


def test_what_is_asked_for_often_outlives_what_came_once() -> None:
    memory: Remembered[int, str] = Remembered(10)
    memory.keep(-1, "always")
    for key in range(1000):
        memory.keep(key, "once")
        assert memory.get(-1) == "always"
    assert memory.get(5) is None
