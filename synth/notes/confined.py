"""Rendering of templates nobody vouches for: in a child process with a limit on time and on memory.

The sandbox keeps a template from files, imports and foreign objects; it stops neither nested loops without output nor a
string that doubles itself. Those end with the child.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

TIME_LIMIT_SECONDS = 10
NOTE_LIMIT_SECONDS = 5
WAIT_FACTOR = 6
MEMORY_LIMIT_MIB = 512
_MIB = 1 << 20
_OUT_OF_TIME = (-24, -9)  # SIGXCPU, and SIGKILL at the hard limit


class LimitExceededError(Exception):
    """The child was stopped; the message says which limit it met."""


def run_confined(
    task: Callable[..., Any], *arguments: Any, seconds: float = TIME_LIMIT_SECONDS, memory_mib: int = MEMORY_LIMIT_MIB
) -> Any:
    """What ``task(*arguments)`` returns, computed in a child process.

    Args:
        task: function of a module.
        *arguments: for the task; they and its result must be picklable.
        seconds: limit of processor time; on a busy machine at most ``WAIT_FACTOR`` times as long by the clock.
        memory_mib: MiB that the child may take beyond what it starts with (where the system enforces such limits).

    Raises:
        LimitExceededError: it took too long, too much memory, or died.
    """
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    context: Any = multiprocessing.get_context(method)
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(sender, seconds, memory_mib, task, arguments), daemon=True)
    child.start()
    sender.close()
    try:
        too_long = f"rendering took longer than {seconds:g} seconds and was stopped"
        if not receiver.poll(WAIT_FACTOR * seconds):
            raise LimitExceededError(too_long)
        try:
            done, value = receiver.recv()
        except EOFError:
            child.join(1)
            if child.exitcode in _OUT_OF_TIME:
                raise LimitExceededError(too_long) from None
            raise LimitExceededError("rendering ended without a result, most likely out of memory") from None
        if not done:
            raise LimitExceededError(f"rendering needed more than {memory_mib} MiB of memory and was stopped")
        return value
    finally:
        child.kill()
        child.join()
        receiver.close()


@contextmanager
def bounded(seconds: float = NOTE_LIMIT_SECONDS, memory_mib: int = MEMORY_LIMIT_MIB) -> Iterator[None]:
    """Limits for the rendering of one note in a worker that writes many: cheap, and set back afterwards.

    Counts processor time of this process, so that a busy machine refuses nothing. Works in a main thread on systems with
    such limits, which worker processes on Linux are; elsewhere the trial run of ``templates lint`` has to do.

    Args:
        seconds: limit of processor time.
        memory_mib: MiB of address space beyond what is held now.

    Raises:
        LimitExceededError: a limit was met.
    """
    if not hasattr(signal, "SIGVTALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: object) -> None:
        raise LimitExceededError(f"rendering took longer than {seconds:g} seconds and was stopped")

    before = signal.signal(signal.SIGVTALRM, stop)
    address_space = _limit_address_space(memory_mib)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        yield
    except MemoryError:
        raise LimitExceededError(f"rendering needed more than {memory_mib} MiB of memory and was stopped") from None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        _restore_address_space(address_space)
        signal.signal(signal.SIGVTALRM, before)


def _limit_address_space(memory_mib: int) -> tuple[int, int] | None:
    """Lower the soft limit to what is held now and ``memory_mib`` MiB; the limits before, None where there are none."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = _held_bytes() + memory_mib * _MIB
        if soft == resource.RLIM_INFINITY or wanted < soft:
            resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
            return soft, hard
    return None


def _restore_address_space(limits: tuple[int, int] | None) -> None:
    if limits is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, limits)


def _held_bytes() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _work(
    sender: Connection, seconds: float, memory_mib: int, task: Callable[..., Any], arguments: tuple[Any, ...]
) -> None:
    _set_limits(seconds, memory_mib)
    try:
        answer = (True, task(*arguments))
    except MemoryError:
        answer = (False, None)
    sender.send(answer)
    sender.close()
    os._exit(0)  # nothing of the parent's is to be flushed or joined here


def _set_limits(seconds: float, memory_mib: int) -> None:
    """Processor time, and address space of what is held now plus the limit; systems without them go without."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        whole = max(1, math.ceil(seconds))
        resource.setrlimit(resource.RLIMIT_CPU, (whole, whole + 1))
        limit = _held_bytes() + memory_mib * _MIB
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
