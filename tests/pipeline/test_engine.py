"""The local engine: order, equality across workers, errors, dead workers."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from ghostchart.engines.local import run_tasks
from ghostchart.schemas.errors import CorpusError, EnvironmentProblem


def scaled(task: int, factor: int) -> int:
    return task * factor


def fails_at_three(task: int, _shared: None) -> int:
    if task == 3:
        raise CorpusError("three is bad", where="task 3", fix="use another")
    return task


def dies_once(task: int, marker: str) -> int:
    if task == 1 and not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def always_dies(_task: int, _shared: None) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_task_order(workers: int) -> None:
    seen = []
    results = run_tasks(scaled, [5, 3, 8], 10, workers=workers, on_result=lambda task, _result: seen.append(task))
    assert results == [50, 30, 80]
    assert sorted(seen) == [3, 5, 8]


def test_an_error_crosses_the_process_border_whole() -> None:
    with pytest.raises(CorpusError) as caught:
        run_tasks(fails_at_three, [3], None, workers=1)
    assert str(caught.value) == "three is bad (task 3). use another."


def test_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    assert run_tasks(dies_once, [0, 1, 2], str(tmp_path / "died"), workers=2) == [0, 1, 2]


def test_workers_that_keep_dying_end_in_one_sentence() -> None:
    with pytest.raises(EnvironmentProblem, match="died 3 times with 1 tasks left"):
        run_tasks(always_dies, [0], None, workers=1)
