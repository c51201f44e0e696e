"""Rendering of templates nobody vouches for: in a child process with a limit on time and on memory.

The sandbox keeps a template from files, imports and foreign objects; it stops neither nested loops without output nor a
string that doubles itself. Those end with the child.
"""

from __future__ import annotations

import math
import multiprocessing
import os
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

TIME_LIMIT_SECONDS = 10
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
        held = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
        limit = held + memory_mib * _MIB
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
