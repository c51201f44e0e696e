"""Run tasks on an existing Ray cluster; the only module that imports Ray.

Tasks read and write files, so every node must see the run's directory at the same path (a shared file system) and have
ghostchart installed. Shards come out the same bytes as from local processes: a task carries all that decides them, and each
call runs with one numeric thread. Protected values (seeds, the identifier index) travel through the cluster's object store:
its nodes belong to the protected zone.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import socket
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from ghostchart.schemas.errors import EnvironmentProblem

Task = TypeVar("Task")
Shared = TypeVar("Shared")
Result = TypeVar("Result")

_RETRIES = 3
_TASKS_PER_CPU = 2  # one runs, one waits; a queue of all tasks would grow with the corpus
_ANSWER_SECONDS = 10

_unpacked: tuple[str, Callable[..., Any], object] | None = None


def run_on_cluster(
    function: Callable[[Task, Shared], Result],
    tasks: Sequence[Task],
    shared: Shared,
    *,
    address: str,
    must_see: Path,
    on_result: Callable[[Task, Result], None] = lambda _task, _result: None,
) -> list[Result]:
    """Call ``function(task, shared)`` for each task, one CPU each, on whichever nodes are free.

    A task whose worker or node dies is done again elsewhere, up to three times.

    Args:
        function: importable by name on the nodes.
        tasks: small picklable values.
        shared: put into the object store once, fetched once by each worker process.
        address: of the cluster: "HOST:PORT" of its head, "auto", or "ray://HOST:PORT" (which needs ``ray[client]``).
        must_see: a file that every node must find at this path.
        on_result: called in this process as each task ends, in order of completion.

    Returns:
        Results in the order of ``tasks``.

    Raises:
        EnvironmentProblem: Ray is not installed, no cluster answers, nodes cannot load their work or do not see the
            run's directory, or a task's workers kept dying.
        Exception: whatever ``function`` raised first; finished tasks have been reported by then.
    """
    ray = _import_ray()
    _connect(ray, address)
    try:
        return _run(ray, function, tasks, shared, must_see, on_result)
    finally:
        ray.shutdown()


def _import_ray() -> Any:
    # Read at import: nothing is reported to Ray's makers from here. What the cluster itself does is its owner's business.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray
        import ray.exceptions
    except ImportError:
        raise EnvironmentProblem(
            "Ray is not installed", fix="Install the extra: pip install 'ghostchart[ray]', or use --engine local"
        ) from None
    return ray


def _connect(ray: Any, address: str) -> None:
    nobody = EnvironmentProblem(
        f"no Ray cluster answers at {address}", fix="Start one ('ray start --head') or correct --address"
    )
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        # Ray itself waits for minutes for a head that is not there.
        try:
            socket.create_connection((host, int(port)), timeout=_ANSWER_SECONDS).close()
        except (OSError, OverflowError):
            raise nobody from None
    try:
        ray.init(address=address, log_to_driver=False, logging_level="error", configure_logging=False)
    except ConnectionError:
        raise nobody from None
    except (RuntimeError, ValueError, ImportError, OSError) as error:
        raise EnvironmentProblem(
            f"cannot join the Ray cluster at {address}: {type(error).__name__}",
            fix="Look for another version of Ray or Python on the cluster, or for an address of another form",
        ) from None


def _run(
    ray: Any,
    function: Callable[[Task, Shared], Result],
    tasks: Sequence[Task],
    shared: Shared,
    must_see: Path,
    on_result: Callable[[Task, Result], None],
) -> list[Result]:
    packed = pickle.dumps((function, shared), protocol=5)
    # In a list Ray hands over the reference itself, so that a worker fetches what is behind it once and not per task.
    work = [ray.put(packed)]
    name = hashlib.sha256(packed).hexdigest()
    call = ray.remote(num_cpus=1, max_retries=_RETRIES)(_call)
    waiting = iter(range(len(tasks)))
    running: dict[Any, int] = {}
    results: dict[int, Result] = {}

    def submit() -> None:
        cpus = max(1, int(ray.cluster_resources().get("CPU", 1)))
        for index in islice(waiting, max(0, _TASKS_PER_CPU * cpus - len(running))):
            running[call.remote(name, work, pickle.dumps(tasks[index], protocol=5), must_see)] = index

    try:
        submit()
        while running:
            done, _ = ray.wait(list(running), num_returns=1)
            for reference in done:
                index = running.pop(reference)
                results[index] = _fetch(ray, reference)
                on_result(tasks[index], results[index])
            submit()
    except BaseException:
        for reference in running:
            ray.cancel(reference, force=True)
        raise
    return [results[index] for index in range(len(tasks))]


def _fetch(ray: Any, reference: Any) -> Any:
    """A task's result, or the error it ended with."""
    try:
        error, result = ray.get(reference)
    except ray.exceptions.RayTaskError:
        # Errors of the task itself come back as values: this one arose before it could begin.
        raise EnvironmentProblem(
            "a node of the Ray cluster cannot load its work",
            fix="Install the same ghostchart, Ray and Python on every node",
        ) from None
    except ray.exceptions.RayError as failure:
        raise EnvironmentProblem(
            f"workers of the Ray cluster died {_RETRIES + 1} times over one task: {type(failure).__name__}",
            fix="Look for lack of memory on the nodes, and run the same command again: finished shards are kept",
        ) from None
    if error is not None:
        raise error
    return result


def _call(name: str, work: list[Any], task: bytes, must_see: Path) -> tuple[Exception | None, Any]:
    """On a node: one task, its error or its result."""
    global _unpacked  # noqa: PLW0603 - set once per worker
    import ray

    if not must_see.exists():
        return EnvironmentProblem(
            f"node {socket.gethostname()} of the Ray cluster does not see the run's directory",
            where=str(must_see.parent),
            fix="Put --out on storage that every node mounts at the same path",
        ), None
    if _unpacked is None or _unpacked[0] != name:
        _unpacked = (name, *pickle.loads(ray.get(work[0])))
    from threadpoolctl import threadpool_limits

    _, function, shared = _unpacked
    try:
        with threadpool_limits(1):
            return None, function(pickle.loads(task), shared)
    except Exception as error:
        return error, None
