"""Run tasks in local processes; results come back in task order, and do not depend on the number of workers."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any, TypeVar

from ghostchart.schemas.errors import EnvironmentProblem

Task = TypeVar("Task")
Shared = TypeVar("Shared")
Result = TypeVar("Result")

_RETRIES = 3
_PR_SET_PDEATHSIG = 1
# One numeric thread a worker: the pool already fills the cores, and thread counts must not change any result.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")

_packed: bytes = b""
_unpacked: tuple[Callable[..., Any], object] | None = None


def _prepare_worker(packed: bytes) -> None:
    """Keep function and shared value as they came, so that large read-only values travel once, not per task.

    They are unpacked by the first task: what goes wrong there reaches the parent as an error with a reason; a worker
    that fails to start only looks dead.
    """
    global _packed  # noqa: PLW0603 - set once per worker
    _packed = packed
    _end_with_parent()


def _end_with_parent() -> None:
    """Ask Linux to kill this worker when its parent is gone, however it went (prctl(2), PR_SET_PDEATHSIG).

    A worker left over from a killed run must not write on beside the run that takes over.
    """
    parent = multiprocessing.parent_process()
    if sys.platform == "linux" and parent is not None:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent.pid:
            os._exit(1)


def _call(task: bytes) -> Any:
    global _unpacked  # noqa: PLW0603 - set once per worker
    try:
        if _unpacked is None:
            _unpacked = pickle.loads(_packed)
        value = pickle.loads(task)
    except Exception as error:
        raise EnvironmentProblem(
            f"a worker process cannot load its work: {type(error).__name__}",
            fix="Check that the installation is complete and was not changed while the command ran",
        ) from None
    function, shared = _unpacked
    return function(value, shared)


def run_tasks(
    function: Callable[[Task, Shared], Result],
    tasks: Sequence[Task],
    shared: Shared,
    *,
    workers: int,
    on_result: Callable[[Task, Result], None] = lambda _task, _result: None,
) -> list[Result]:
    """Call ``function(task, shared)`` for each task.

    A killed worker takes its pool down; a fresh pool does what was under way again. Workers end when this process does,
    however it ends.

    Args:
        function: importable by name (workers are started with "spawn").
        tasks: small picklable values.
        shared: sent once to each worker.
        workers: number of processes.
        on_result: called in this process as each task ends, in order of completion.

    Returns:
        Results in the order of ``tasks``.

    Raises:
        EnvironmentProblem: workers kept dying (killed for memory, say) in three pools in a row that finished nothing, or
            cannot import or unpickle what they are given.
        Exception: whatever ``function`` raised first; finished tasks have been reported by then.
    """
    results: dict[int, Result] = {}
    barren = 0
    while len(results) < len(tasks) and barren < _RETRIES:
        before = len(results)
        pending = [index for index in range(len(tasks)) if index not in results]
        try:
            _run_pool(function, tasks, pending, shared, workers, results, on_result)
        except BrokenProcessPool:
            barren = 0 if len(results) > before else barren + 1
    if len(results) < len(tasks):
        raise EnvironmentProblem(
            f"worker processes died {_RETRIES} times in a row with {len(tasks) - len(results)} tasks left",
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
    packed = pickle.dumps((function, shared), protocol=5)
    try:
        with ProcessPoolExecutor(workers, context, _prepare_worker, (packed,)) as pool:
            waiting = iter(pending)
            running: dict[Future[Result], int] = {}

            def submit(most: int) -> None:
                for index in islice(waiting, most):
                    running[pool.submit(_call, pickle.dumps(tasks[index], protocol=5))] = index

            try:
                # A task ahead for each worker keeps all busy; a queue of all tasks would grow with the corpus.
                submit(2 * workers)
                while running:
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        index = running.pop(future)
                        results[index] = future.result()
                        on_result(tasks[index], results[index])
                    submit(2 * workers - len(running))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    finally:
        for name, value in kept.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
