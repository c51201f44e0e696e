"""Speed, disk and peak memory of generation and of the gates at two corpus sizes, ten times apart.

Memory is the largest single process of each command (``ru_maxrss`` of the command and its workers). Shards are of one size
in both runs, as they are in a large one. Sizes come from the environment variable GHOSTCHART_BENCH_NOTES (the larger one;
200000 is the size that the documentation promises, and takes hours on two cores).
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

_NOTES = int(os.environ.get("GHOSTCHART_BENCH_NOTES", "10000"))
_NOTES_PER_SHARD = 500
_MIB = 1024


@dataclass(frozen=True)
class _Cost:
    seconds: float
    cpu_seconds: float
    peak_mib: float


def main() -> None:
    """Measure and print."""
    peaks: dict[str, list[float]] = {"generate": [], "audit": []}
    for notes in (_NOTES // 10, _NOTES):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            settings = {"seed": 5, "workers": 2, "corpus": {"notes": notes, "notes_per_shard": _NOTES_PER_SHARD}}
            (folder / "run.yaml").write_text(yaml.safe_dump(settings))
            made = _command(folder, "generate", "--config", "run.yaml", "--out", "out")
            judged = _command(folder, "audit", "out", accept=(0, 1))
            data, tables = _bytes(folder / "out/corpus/data"), _bytes(folder / "out/protected/synthetic")
            peaks["generate"].append(made.peak_mib)
            peaks["audit"].append(judged.peak_mib)
            for command, cost in (("generate", made), ("audit", judged)):
                print(
                    f"{command:<9} {notes:>8,} notes: {cost.seconds:6.0f} s, {notes / cost.seconds:7.1f} notes/s, "
                    f"{cost.cpu_seconds:6.0f} CPU s, largest process {cost.peak_mib:6.0f} MiB"
                )
            print(f"disk      {notes:>8,} notes: {data / notes:,.0f} bytes a note in the corpus, "
                  f"{tables / notes:,.0f} in the protected tables", flush=True)  # fmt: skip
    for command, (small, large) in peaks.items():
        print(f"memory    {command}: {large / small:.2f} times as much for ten times the notes (bar: 1.2)")


def _command(folder: Path, *arguments: str, accept: tuple[int, ...] = (0,)) -> _Cost:
    began = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        os.chdir(folder)
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        os.execv(sys.executable, [sys.executable, "-m", "ghostchart", *arguments])
    _, status, usage = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status) not in accept:
        raise SystemExit(f"ghostchart {' '.join(arguments)} ended with {os.waitstatus_to_exitcode(status)}")
    seconds = time.perf_counter() - began
    return _Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / _MIB)


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
