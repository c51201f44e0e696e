"""Two processes on CPU learn what one process learns from the same global batch; launching is checked beforehand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ghostchart.schemas.config import TrainConfig
from ghostchart.schemas.corpus import UncertifiedCorpus
from ghostchart.schemas.errors import EnvironmentProblem, UsageError
from ghostchart.train.launch import launch, launch_command, read_hostfile
from ghostchart.train.processes import ALONE, Processes, processes
from ghostchart.train.recipe import load_recipe
from ghostchart.train.run import train_model


def losses(folder: Path) -> list[float]:
    lines = [json.loads(line) for line in (folder / "train_log.jsonl").read_text().splitlines()]
    return [line["loss"] for line in lines if "loss" in line]


@pytest.mark.parametrize(
    ("method", "zero_stage"),
    [("full", 0), pytest.param("full", 3, marks=pytest.mark.slow), pytest.param("lora", 3, marks=pytest.mark.slow)],
)
def test_two_processes_have_the_loss_curve_of_one(
    corpus: UncertifiedCorpus, base_dir: Path, tmp_path: Path, method: str, zero_stage: int
) -> None:
    """Through the command line, DeepSpeed's launcher and gloo, for real."""
    changes = [
        f"base={base_dir}", f"method={method}", "dtype=float32", "max_tokens=256", "tokens_per_step=640",
        "micro_batch_notes=3",
        "learning_rate=0.005", "epochs=6", "minutes=0", f"zero_stage={zero_stage}",
    ]  # fmt: skip
    command = [sys.executable, "-m", "ghostchart", "train", "--recipe", "cpu-smollm2"]
    command += [part for change in changes for part in ("--set", change)]
    command += ["--corpus", str(corpus.path), "--out", str(tmp_path / "two"), "--allow-uncertified"]
    command += ["--launch", "--processes", "2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    config = load_recipe("cpu-smollm2", changes).model
    record = train_model(corpus, config, tmp_path / "one")
    one, two = losses(tmp_path / "one"), losses(tmp_path / "two")
    assert len(one) > 5
    assert two == pytest.approx(one, rel=1e-4)
    saved = json.loads((tmp_path / "two" / "ghostchart.json").read_text())
    assert saved["processes"] == 2
    assert saved["recipe"] == "cpu-smollm2"
    assert saved["tokens_seen"] == record.tokens_seen, "no note was lost or trained on twice"
    validation = [value for _, value in record.validation_loss]
    assert [value for _, value in saved["validation_loss"]] == pytest.approx(validation, rel=1e-4)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "one", "two"]


def test_a_process_knows_its_place() -> None:
    assert processes({}) == ALONE
    launched = {"RANK": "9", "WORLD_SIZE": "16", "LOCAL_RANK": "1", "LOCAL_SIZE": "8"}
    assert processes(launched) == Processes(9, 16, 1, 8)
    assert processes(launched).nodes == 2
    for wrong in ({"RANK": "x", "WORLD_SIZE": "2"}, {"RANK": "2", "WORLD_SIZE": "2"}):
        with pytest.raises(EnvironmentProblem, match="do not name a process"):
            processes(wrong)


def test_a_hostfile_is_read_and_its_faults_are_named(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text("# ours\nnode-a slots=8\n\nnode-b slots=4  # half of it\n")
    assert read_hostfile(file) == {"node-a": 8, "node-b": 4}
    for text, line in (("node-a 8\n", 1), ("a slots=8\na slots=8\n", 2), ("a slots=0\n", 1)):
        file.write_text(text)
        with pytest.raises(UsageError, match=f"line {line}"):
            read_hostfile(file)
    file.write_text("# nobody\n")
    with pytest.raises(UsageError, match="names no host"):
        read_hostfile(file)
    with pytest.raises(UsageError, match="cannot read the hostfile"):
        read_hostfile(tmp_path / "none")


def test_the_launcher_gets_machines_and_processes(tmp_path: Path) -> None:
    command = launch_command(["train", "--recipe", "x"], 8, tmp_path / "hosts", 29500)
    assert command[1:3] == ["-m", "deepspeed.launcher.runner"]
    assert command[command.index("--hostfile") + 1] == str(tmp_path / "hosts")
    assert command[command.index("--num_gpus") + 1] == "8"
    assert command[-4:] == ["ghostchart", "train", "--recipe", "x"]
    assert "--num_gpus" not in launch_command([], None, None, 1)


def test_on_cpus_somebody_has_to_say_how_many(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there are GPUs to count here")
    with pytest.raises(UsageError, match="--processes 2"):
        launch([], None, None)
    hosts = tmp_path / "hosts"
    hosts.write_text("a slots=2\nb slots=2\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentProblem, match="pdsh"):
        launch([], None, hosts)


def test_settings_that_fit_no_engine_are_refused() -> None:
    for changes, told in (
        ({"offload": "optimizer"}, "zero_stage 1, 2 or 3"),
        ({"offload": "all", "zero_stage": 2}, "needs zero_stage: 3"),
        ({"quantize": "nf4"}, "method: lora"),
    ):
        with pytest.raises(ValueError, match=told):
            TrainConfig.model_validate(changes)
