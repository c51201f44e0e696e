"""Speed, disk and peak memory of generation and of the gates at two corpus sizes, ten times apart.

Memory is measured twice: the largest single process of a command (``ru_maxrss`` of the command and its workers), and all of
its processes together (proportional set size, looked at twice a second). Shards are of one size in both runs, as they are
in a large one. Sizes come from the environment variable GHOSTCHART_BENCH_NOTES (the larger one; 200000 is the size that the
documentation speaks of, and takes hours on two cores); GHOSTCHART_BENCH_WORKERS (2) sets the processes.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

_NOTES = int(os.environ.get("GHOSTCHART_BENCH_NOTES", "10000"))
_WORKERS = int(os.environ.get("GHOSTCHART_BENCH_WORKERS", "2"))
_NOTES_PER_SHARD = 500
_MIB = 1024
_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class _Cost:
    seconds: float
    cpu_seconds: float
    largest_mib: float
    together_mib: float


def main() -> None:
    """Measure and print."""
    peaks: dict[str, list[_Cost]] = {"generate": [], "audit": []}
    for notes in (_NOTES // 10, _NOTES):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            corpus = {"notes": notes, "notes_per_shard": _NOTES_PER_SHARD}
            (folder / "run.yaml").write_text(yaml.safe_dump({"seed": 5, "workers": _WORKERS, "corpus": corpus}))
            made = _command(folder, "generate", "--config", "run.yaml", "--out", "out")
            judged = _command(folder, "audit", "out", "--config", "run.yaml", accept=(0, 1))
            data, tables = _bytes(folder / "out/corpus/data"), _bytes(folder / "out/protected/synthetic")
            for command, cost in (("generate", made), ("audit", judged)):
                peaks[command].append(cost)
                print(
                    f"{command:<9} {notes:>8,} notes: {cost.seconds:6.0f} s, {notes / cost.seconds:7.1f} notes/s, "
                    f"{cost.cpu_seconds:6.0f} CPU s, largest process {cost.largest_mib:6.0f} MiB, "
                    f"together {cost.together_mib:6.0f} MiB",
                    flush=True,
                )
            print(f"disk      {notes:>8,} notes: {data / notes:,.0f} bytes a note in the corpus, "
                  f"{tables / notes:,.0f} in the protected tables", flush=True)  # fmt: skip
    for command, (small, large) in peaks.items():
        print(
            f"memory    {command}: ten times the notes take {large.largest_mib / small.largest_mib:.2f} times the memory in "
            f"the largest process, {large.together_mib / small.together_mib:.2f} times in all together (bar: 1.2)"
        )


def _command(folder: Path, *arguments: str, accept: tuple[int, ...] = (0,)) -> _Cost:
    began = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        os.chdir(folder)
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        os.execv(sys.executable, [sys.executable, "-m", "ghostchart", *arguments])
    ended = threading.Event()
    highest = [0.0]

    def look() -> None:
        while not ended.wait(_LOOK_SECONDS):
            highest[0] = max(highest[0], sum(_proportional_mib(each) for each in (pid, *_below(pid))))

    watcher = threading.Thread(target=look)
    watcher.start()
    _, status, usage = os.wait4(pid, 0)
    ended.set()
    watcher.join()
    if os.waitstatus_to_exitcode(status) not in accept:
        raise SystemExit(f"ghostchart {' '.join(arguments)} ended with {os.waitstatus_to_exitcode(status)}")
    seconds = time.perf_counter() - began
    return _Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / _MIB, highest[0])


def _below(pid: int) -> list[int]:
    """Processes below one, all the way down."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []
    return [*children, *(other for child in children for other in _below(child))]


def _proportional_mib(pid: int) -> float:
    """Memory of one process, pages shared with others counted in part; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / _MIB for line in lines if line.startswith("Pss:")), 0.0)


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
