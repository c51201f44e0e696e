"""kill -9 at any moment, then the same command: the corpus is the one of an uninterrupted run, and no worker lives on."""

from __future__ import annotations

import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

SETTINGS = {
    "seed": 23,
    "workers": 2,
    "source": {"demo_patients": 120},
    # The control model needs no SDV, so a run takes seconds; nothing here depends on the kind.
    "ehr_model": {"kind": "independent"},
    "corpus": {"notes": 120, "notes_per_shard": 12},
}
COMMAND = ("generate", "--config", "run.yaml", "--out", "out")


def environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("GHOSTCHART")} | more


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    (folder / "run.yaml").write_text(yaml.safe_dump(SETTINGS))
    return subprocess.Popen(
        [sys.executable, "-m", "ghostchart", *(arguments or COMMAND)],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    process = start(folder, *arguments)
    out, err = process.communicate(timeout=240)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def corpus_digests(folder: Path) -> dict[str, str]:
    """Every file of data and of the synthetic tables, and the record of shards."""
    out = folder / "out"
    paths = [*(out / "corpus").rglob("*"), *(out / "protected" / "synthetic").rglob("*")]
    found = {str(p.relative_to(out)): hashlib.sha256(p.read_bytes()).hexdigest() for p in paths if p.is_file()}
    return found | {"shards.json": (out / "protected" / "shards.json").read_text()}


def children(pid: int) -> list[int]:
    """Processes below one, all the way down."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                child = int(stat.parent.name)
                found += [child, *children(child)]
        except (OSError, ValueError):
            continue
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition: object, seconds: float = 240.0) -> None:
    """Until the condition holds; the kill points below are states of the run, not guesses at its speed."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "never happened"
        time.sleep(0.01)


def shards_recorded(folder: Path) -> int:
    journal = folder / "out" / "protected" / "shards.partial.jsonl"
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("uninterrupted")
    done = finish(folder)
    assert done.returncode == 0, done.stderr
    return corpus_digests(folder)


def test_killed_while_shards_are_written(uninterrupted: dict[str, str], tmp_path: Path) -> None:
    first = start(tmp_path)
    wait_for(lambda: shards_recorded(tmp_path) >= 2 or first.poll() is not None)
    workers = children(first.pid)
    assert workers
    first.kill()
    first.communicate()
    wait_for(lambda: not any(alive(worker) for worker in workers), 10)
    kept = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out/corpus/data").glob("[!.]*.parquet")}
    recorded = (tmp_path / "out/protected/shards.partial.jsonl").read_text().splitlines()
    # A torn last line, as a kill may leave it, costs that shard only.
    (tmp_path / "out/protected/shards.partial.jsonl").write_text("\n".join(recorded[:-1]) + "\n" + recorded[-1][:30])
    done = finish(tmp_path)
    assert done.returncode == 0, done.stderr
    assert corpus_digests(tmp_path) == uninterrupted
    for line in recorded[:-1]:
        (name,) = json.loads(line)
        assert (tmp_path / "out/corpus/data" / name).stat().st_mtime_ns == kept[name], "a finished shard was redone"
    assert not (tmp_path / "out/protected/shards.partial.jsonl").exists()


@pytest.mark.slow
def test_a_killed_worker_costs_only_time(uninterrupted: dict[str, str], tmp_path: Path) -> None:
    run = start(tmp_path)
    wait_for(lambda: shards_recorded(tmp_path) >= 1 or run.poll() is not None)
    victims = [pid for pid in children(run.pid) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(victims[0], signal.SIGKILL)
    _, err = run.communicate(timeout=240)
    assert run.returncode == 0, err
    assert corpus_digests(tmp_path) == uninterrupted


@pytest.mark.slow
def test_killed_at_twelve_random_moments(uninterrupted: dict[str, str], tmp_path: Path) -> None:
    draws = random.Random(7)
    began = time.monotonic()
    assert finish(tmp_path / "timed").returncode == 0
    whole = time.monotonic() - began
    kills = 0
    while kills < 12:
        run = start(tmp_path / "killed")
        try:
            run.communicate(timeout=draws.uniform(0.1, 0.75) * whole)
        except subprocess.TimeoutExpired:
            run.kill()
            run.communicate()
            kills += 1
        else:
            assert run.returncode == 0
            assert corpus_digests(tmp_path / "killed") == uninterrupted
            (tmp_path / "killed" / "out").rename(tmp_path / f"done-{kills}")
    assert finish(tmp_path / "killed").returncode == 0
    assert corpus_digests(tmp_path / "killed") == uninterrupted


@pytest.mark.slow
def test_killed_while_an_old_run_is_replaced(tmp_path: Path) -> None:
    """What an interrupted --overwrite leaves: parts of the old run, no record, the key."""
    out = tmp_path / "out"
    (out / "protected").mkdir(parents=True)
    (out / "protected" / "run.key").write_bytes(b"k" * 32)
    (out / "protected" / "fitted.json").write_text("{}")
    (out / "model").mkdir()
    refused = finish(tmp_path)
    assert refused.returncode == 2
    assert "not a run" in refused.stderr
    (out / "model").rmdir()
    done = finish(tmp_path)
    assert done.returncode == 0, done.stderr
    (out / "run.json").unlink()
    (out / "model").mkdir()
    assert finish(tmp_path, *COMMAND, "--overwrite").returncode == 0
    assert not (out / "model").exists()


def one_error(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    said = [line for line in done.stderr.splitlines() if line.startswith("ghostchart: ")]
    assert done.returncode == 2, done.stderr
    assert len(said) == 1, done.stderr
    assert "Traceback" not in done.stderr
    for part in parts:
        assert part in said[0]


@pytest.mark.slow
def test_disk_full_keeps_finished_shards(uninterrupted: dict[str, str], tmp_path: Path) -> None:
    """A limit on file size stands for the full disk: the same error from the same call, without a mount."""
    sizes = {name: 0 for name in uninterrupted if name.startswith("corpus/data/train")}
    run = start(tmp_path)
    wait_for(lambda: shards_recorded(tmp_path) >= 2 or run.poll() is not None)
    run.kill()
    run.communicate()
    before = {path.name: path.read_bytes() for path in (tmp_path / "out/corpus/data").glob("[!.]*.parquet")}
    assert 2 <= len(before) < len(sizes) + 2
    limit = 8_000
    done = subprocess.run(
        [sys.executable, "-m", "ghostchart", *COMMAND],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    one_error(done, "cannot write shard", "run the same command again")
    recorded = {name for line in (tmp_path / "out/protected/shards.partial.jsonl").read_text().splitlines()
                for name in json.loads(line)}  # fmt: skip
    for name in recorded:
        assert (tmp_path / "out/corpus/data" / name).read_bytes() == before[name]
    left = [path for path in (tmp_path / "out").rglob("*.part") if path.exists()]
    assert left == []
    assert finish(tmp_path).returncode == 0
    assert corpus_digests(tmp_path) == uninterrupted


def test_read_only_output_is_one_error(tmp_path: Path) -> None:
    for place in ("/proc/ghostchart-out", "/sys/ghostchart-out"):
        if Path(place).parent.is_dir():
            one_error(finish(tmp_path, "generate", "--config", "run.yaml", "--out", place), "cannot write", place)
