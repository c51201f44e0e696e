"""The local engine: order, equality across workers, errors, dead workers."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import types
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


def dies_once_each(task: int, folder: str) -> int:
    marker = Path(folder) / str(task)
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return task


class CannotBeLoaded:
    """Travels well, arrives badly."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return importlib.import_module, ("ghostchart.no_such_module",)


def look(_task: object, _shared: object) -> int:
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


def test_many_deaths_do_not_end_a_run_that_goes_on(tmp_path: Path) -> None:
    """Five workers die, one after the other, yet every pool finishes something first."""
    assert run_tasks(dies_once_each, [0, 1, 2, 3, 4], str(tmp_path), workers=1) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("as_task", [True, False])
def test_work_that_a_worker_cannot_load_is_an_error_and_no_wait(as_task: bool) -> None:
    """An import that fails in the worker, as task or as shared value."""
    with pytest.raises(EnvironmentProblem, match="cannot load its work: ModuleNotFoundError"):
        run_tasks(look, [CannotBeLoaded() if as_task else 0], None if as_task else CannotBeLoaded(), workers=1)


def test_a_function_that_workers_cannot_import_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "only_here", types.ModuleType("only_here"))
    exec("def there(task, shared): return task", sys.modules["only_here"].__dict__)
    with pytest.raises(EnvironmentProblem, match="cannot load its work: ModuleNotFoundError"):
        run_tasks(sys.modules["only_here"].there, [1], None, workers=1)


def test_workers_that_keep_dying_end_in_one_sentence() -> None:
    with pytest.raises(EnvironmentProblem, match="died 3 times in a row with 1 tasks left"):
        run_tasks(always_dies, [0], None, workers=1)
