"""The Ray engine: the same bytes as local processes, a killed worker's shard done again, and clear refusals."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ghostchart.engines.ray_cluster import run_on_cluster
from ghostchart.schemas.config import config_from
from ghostchart.schemas.errors import ConfigError, CorpusError, EnvironmentProblem
from tests.pipeline.test_kill import COMMAND, corpus_digests, finish, shards_recorded, start, wait_for

slow = pytest.mark.slow


def test_without_ray_one_sentence_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EnvironmentProblem) as caught:
        run_on_cluster(doubled, [1], None, address="127.0.0.1:1", must_see=tmp_path)
    assert str(caught.value) == (
        "Ray is not installed. Install the extra: pip install 'ghostchart[ray]', or use --engine local."
    )


@pytest.mark.parametrize("values", [{"engine": "ray"}, {"address": "127.0.0.1:6379"}])
def test_engine_and_address_go_together(values: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="engine ray needs the cluster's address"):
        config_from(values, where="test")


def doubled(task: int, _shared: None) -> int:
    if task < 0:
        raise CorpusError("below zero", where="task")
    return 2 * task


def dies_once(task: int, marker: str) -> int:
    if task == 1 and not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def always_dies(_task: int, _shared: None) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Two nodes of one CPU each on this machine, as two machines would be; nothing is reported to anybody."""
    pytest.importorskip("ray")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    nodes: Any = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "object_store_memory": 100 << 20, "include_dashboard": False},
    )
    nodes.add_node(num_cpus=1, object_store_memory=100 << 20)
    nodes.wait_for_nodes()
    yield str(nodes.address)
    nodes.shutdown()


def ray_workers() -> list[int]:
    """Ray's worker processes of this machine that run a task of ours now."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if entry.read_bytes().startswith(b"ray::_call"):
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found


@slow
def test_results_come_in_order_and_errors_whole(cluster: str, tmp_path: Path) -> None:
    seen: list[int] = []
    done = run_on_cluster(
        doubled, list(range(9)), None, address=cluster, must_see=tmp_path, on_result=lambda task, _: seen.append(task)
    )
    assert done == list(range(0, 18, 2))
    assert sorted(seen) == list(range(9))
    with pytest.raises(CorpusError, match=r"^below zero \(task\)"):
        run_on_cluster(doubled, [1, -1], None, address=cluster, must_see=tmp_path)


@slow
def test_deaths_are_made_good_up_to_a_point(cluster: str, tmp_path: Path) -> None:
    done = run_on_cluster(dies_once, [0, 1, 2], str(tmp_path / "died"), address=cluster, must_see=tmp_path)
    assert done == [0, 1, 2]
    with pytest.raises(EnvironmentProblem, match="died 4 times over one task"):
        run_on_cluster(always_dies, [0], None, address=cluster, must_see=tmp_path)


@slow
def test_a_node_without_the_directory_is_named(cluster: str, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem, match="does not see the run's directory"):
        run_on_cluster(doubled, [1], None, address=cluster, must_see=tmp_path / "elsewhere" / "fitted.json")


def test_no_cluster_there() -> None:
    pytest.importorskip("ray")
    with pytest.raises(EnvironmentProblem, match=r"no Ray cluster answers at 127\.0\.0\.1:1"):
        run_on_cluster(doubled, [1], None, address="127.0.0.1:1", must_see=Path("/"))


@slow
def test_a_cluster_writes_the_same_bytes_even_when_a_worker_is_killed(cluster: str, tmp_path: Path) -> None:
    assert finish(tmp_path / "local").returncode == 0
    expected = corpus_digests(tmp_path / "local")
    on_cluster = (*COMMAND, "--engine", "ray", "--address", cluster)
    done = finish(tmp_path / "cluster", *on_cluster)
    assert done.returncode == 0, done.stderr
    assert corpus_digests(tmp_path / "cluster") == expected

    run = start(tmp_path / "killed", *on_cluster)
    wait_for(lambda: (shards_recorded(tmp_path / "killed") >= 1 and ray_workers()) or run.poll() is not None)
    assert run.poll() is None, "no worker was at work to be killed"
    os.kill(ray_workers()[0], signal.SIGKILL)
    _, err = run.communicate(timeout=180)
    assert run.returncode == 0, err
    assert corpus_digests(tmp_path / "killed") == expected


@slow
def test_a_run_begun_on_a_cluster_is_finished_by_processes(cluster: str, tmp_path: Path) -> None:
    """The engine is no part of what a run is: kill -9 on the cluster, go on locally."""
    assert finish(tmp_path / "local").returncode == 0
    run = start(tmp_path / "moved", *COMMAND, "--engine", "ray", "--address", cluster)
    wait_for(lambda: shards_recorded(tmp_path / "moved") >= 2 or run.poll() is not None)
    run.kill()
    run.communicate()
    done = finish(tmp_path / "moved")
    assert done.returncode == 0, done.stderr
    assert corpus_digests(tmp_path / "moved") == corpus_digests(tmp_path / "local")
