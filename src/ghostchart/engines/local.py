"""Run tasks in local processes; results come back in task order, and do not depend on the number of workers."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from ghostchart.schemas.errors import EnvironmentProblem

Task = TypeVar("Task")
Shared = TypeVar("Shared")
Result = TypeVar("Result")

_RETRIES = 3
# One numeric thread a worker: the pool already fills the cores, and thread counts must not change any result.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")

_shared: object = None


def _prepare_worker(shared: object) -> None:
    global _shared  # noqa: PLW0603 - set once per worker so that large read-only values travel once, not per task
    _shared = shared


def _call(function: Callable[[Task, Shared], Result], task: Task) -> Result:
    return function(task, _shared)  # type: ignore[arg-type]


def run_tasks(
    function: Callable[[Task, Shared], Result],
    tasks: Sequence[Task],
    shared: Shared,
    *,
    workers: int,
    on_result: Callable[[Task, Result], None] = lambda _task, _result: None,
) -> list[Result]:
    """Call ``function(task, shared)`` for each task.

    Args:
        function: importable by name (workers are started with "spawn").
        tasks: small picklable values.
        shared: sent once to each worker.
        workers: number of processes.
        on_result: called in this process as each task ends, in order of completion.

    Returns:
        Results in the order of ``tasks``.

    Raises:
        EnvironmentProblem: workers kept dying (killed for memory, say) after three fresh pools.
        Exception: whatever ``function`` raised first; finished tasks have been reported by then.
    """
    results: dict[int, Result] = {}
    for _attempt in range(_RETRIES):
        pending = [index for index in range(len(tasks)) if index not in results]
        if not pending:
            break
        try:
            _run_pool(function, tasks, pending, shared, workers, results, on_result)
        except BrokenProcessPool:
            continue
    if len(results) < len(tasks):
        raise EnvironmentProblem(
            f"worker processes died {_RETRIES} times with {len(tasks) - len(results)} tasks left",
            fix="Look for lack of memory, use fewer --workers, and run the same command again: finished shards are kept",
        )
    return [results[index] for index in range(len(tasks))]


def _run_pool(
    function: Callable[[Task, Shared], Result],
    tasks: Sequence[Task],
    pending: Iterable[int],
    shared: Shared,
    workers: int,
    results: dict[int, Result],
    on_result: Callable[[Task, Result], None],
) -> None:
    kept = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(workers, context, _prepare_worker, (shared,)) as pool:
            running: dict[Future[Result], int] = {
                pool.submit(_call, function, tasks[index]): index for index in pending
            }
            try:
                while running:
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        index = running.pop(future)
                        results[index] = future.result()
                        on_result(tasks[index], results[index])
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    finally:
        for name, value in kept.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
