"""A training that was killed goes on as if nothing had happened."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ghostchart.schemas.config import TrainConfig
from ghostchart.schemas.corpus import UncertifiedCorpus
from ghostchart.schemas.errors import EnvironmentProblem, ModelError
from ghostchart.train import loop
from ghostchart.train.checkpoints import Checkpoints, checkpoints_of
from ghostchart.train.engine import Engine
from ghostchart.train.processes import ALONE
from ghostchart.train.run import train_model

EVERY_STEP = 1e-9  # minutes


def settings(base_dir: Path, **changes: Any) -> TrainConfig:
    values = {
        "name": "small",
        "base": str(base_dir),
        "method": "lora",
        "lora_rank": 4,
        "dtype": "float32",
        "max_tokens": 256,
        "micro_batch_notes": 4,
        "tokens_per_step": 256,
        "learning_rate": 5e-3,
        "epochs": 8.0,
        "checkpoint_minutes": EVERY_STEP,
    }
    return TrainConfig.model_validate({**values, **changes})


class Stop(Exception):
    pass


def stop_after(step: int, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Make the training fail with ``error`` in the middle of the step after ``step``."""
    inside = Engine.accumulate
    calls = 0

    def failing(self: Engine, *args: Any) -> Any:
        nonlocal calls
        calls += 1
        per_step = self._settings.accumulation
        if calls > step * per_step + per_step // 2:
            raise error
        return inside(self, *args)

    monkeypatch.setattr(loop.Engine, "accumulate", failing)


def same(first: Any, second: Any) -> bool:
    return [step for step, _ in first] == [step for step, _ in second] and all(
        loss == pytest.approx(other, rel=1e-5) for (_, loss), (_, other) in zip(first, second, strict=True)
    )


def test_after_kill_9_the_loss_curve_is_that_of_a_run_nobody_killed(
    corpus: UncertifiedCorpus, base_dir: Path, tmp_path: Path
) -> None:
    config = settings(base_dir, epochs=16.0)
    out = tmp_path / "killed"
    script = (
        "import sys; from pathlib import Path; from ghostchart.schemas.config import TrainConfig\n"
        "from ghostchart.schemas.corpus import UncertifiedCorpus; from ghostchart.train.run import train_model\n"
        "train_model(UncertifiedCorpus(Path(sys.argv[1]), 'made by hand for a test'),"
        " TrainConfig.model_validate_json(sys.argv[2]), Path(sys.argv[3]))"
    )
    arguments = [sys.executable, "-c", script, str(corpus.path), config.model_dump_json(), str(out)]
    running = subprocess.Popen(arguments, env={**os.environ, "OMP_NUM_THREADS": "1"})
    folder = checkpoints_of(out)
    deadline = time.monotonic() + 400  # a busy machine is slow to import PyTorch
    while not list(folder.glob("step-000000[6-9]")) and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait()
    kept = sorted(path.name for path in folder.glob("step-*"))
    assert 1 <= len(kept) <= 3, "keep_checkpoints: 2, and perhaps one that was about to be removed"
    assert not out.exists()
    told: list[str] = []
    record = train_model(corpus, config, out, Listener(told))
    assert any("goes on from step" in text for text in told)
    unbroken = train_model(corpus, config.model_copy(update={"checkpoint_minutes": 0.0}), tmp_path / "unbroken")
    assert same(record.loss, unbroken.loss)
    assert (record.notes_seen, record.tokens_seen) == (unbroken.notes_seen, unbroken.tokens_seen)
    lines = [json.loads(line) for line in (out / "train_log.jsonl").read_text().splitlines()]
    steps = [line["step"] for line in lines if "loss" in line]
    assert steps == list(range(1, steps[-1] + 1)), "the log has every step once"
    assert len(list(out.glob("events*"))) == 1
    assert not folder.exists(), "a finished training needs no checkpoints"


class Listener:
    """Progress that remembers what was said."""

    def __init__(self, told: list[str]) -> None:
        self._told = told

    def task(self, label: str, total: int | None = None) -> Any:
        from ghostchart.schemas.progress import SILENT

        return SILENT.task(label, total)

    def say(self, text: str) -> None:
        self._told.append(text)


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        pytest.param({"method": "full", "zero_stage": 2, "dtype": "bfloat16"}, 3, marks=pytest.mark.slow),
        pytest.param({"method": "full", "zero_stage": 3}, 3, marks=pytest.mark.slow),
        ({"base": "scratch", "method": "from_scratch", "epochs": 4.0}, 6),
    ],
)
def test_other_methods_and_zero_stages_go_on_too(
    corpus: UncertifiedCorpus,
    base_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    step: int,
) -> None:
    config = settings(base_dir, **{"epochs": 2.0, **changes})
    unbroken = train_model(corpus, config, tmp_path / "unbroken")
    with monkeypatch.context() as patch:
        stop_after(step, patch, Stop())
        with pytest.raises(Stop):
            train_model(corpus, config, tmp_path / "stopped")
    told: list[str] = []
    record = train_model(corpus, config, tmp_path / "stopped", Listener(told))
    assert any(f"goes on from step {step}" in text for text in told)
    assert same(record.loss, unbroken.loss)


def test_out_of_memory_keeps_the_last_step_and_goes_on_with_smaller_micro_batches(
    corpus: UncertifiedCorpus, base_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settings(base_dir, checkpoint_minutes=60.0)
    unbroken = train_model(corpus, config, tmp_path / "unbroken")
    with monkeypatch.context() as patch:
        stop_after(5, patch, RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"))
        with pytest.raises(EnvironmentProblem, match=r"memory ran out.*step 6.*now 4.*goes on from step 5"):
            train_model(corpus, config, tmp_path / "full")
    smaller = config.model_copy(update={"micro_batch_notes": 3})
    record = train_model(corpus, smaller, tmp_path / "full")
    assert same(record.loss, unbroken.loss), "smaller micro-batches change nothing that is learnt"
    assert record.plan_notes == 4, "who asks later which notes were shown needs the first plan"


def test_out_of_memory_while_saving_keeps_the_last_regular_checkpoint(
    corpus: UncertifiedCorpus, base_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    with monkeypatch.context() as patch:
        stop_after(5, patch, RuntimeError("could not create a primitive"))
        patch.setattr(Checkpoints, "save", no_room)
        with pytest.raises(EnvironmentProblem, match=r"memory ran out while training .*step 6.*now 4") as refused:
            train_model(corpus, settings(base_dir, checkpoint_minutes=60.0), tmp_path / "full")
    assert "goes on from" not in str(refused.value)


def test_checkpoints_of_another_training_are_not_taken_up(
    corpus: UncertifiedCorpus, base_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settings(base_dir, epochs=2.0)
    with monkeypatch.context() as patch:
        stop_after(3, patch, Stop())
        with pytest.raises(Stop):
            train_model(corpus, config, tmp_path / "m")
    told: list[str] = []
    other = config.model_copy(update={"learning_rate": 1e-3})
    record = train_model(corpus, other, tmp_path / "m", Listener(told))
    assert not any("goes on" in text for text in told)
    assert record.loss[0][0] == 1


def test_a_half_written_checkpoint_is_passed_over_and_a_damaged_one_named(
    corpus: UncertifiedCorpus, base_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settings(base_dir, epochs=2.0)
    with monkeypatch.context() as patch:
        stop_after(3, patch, Stop())
        with pytest.raises(Stop):
            train_model(corpus, config, tmp_path / "m")
    folder = checkpoints_of(tmp_path / "m")
    digest = json.loads((folder / "step-0000003" / "place.json").read_bytes())["digest"]
    (folder / "step-0000009").mkdir()  # nothing inside
    (folder / ".step-0000008.partial").mkdir()
    found = Checkpoints(folder, digest, 2, ALONE).found
    assert found is not None and found.step == 3
    for path in (folder / "step-0000003").glob("*model_states*"):
        path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ModelError, match=r"checkpoint cannot be read.*Remove this folder"):
        train_model(corpus, config, tmp_path / "m")
