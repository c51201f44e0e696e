"""Memory and arithmetic by hand; refusals say what would fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ghostchart.schemas.config import TrainConfig
from ghostchart.schemas.corpus import UncertifiedCorpus
from ghostchart.schemas.errors import EnvironmentProblem
from ghostchart.train import learner
from ghostchart.train.cost import GIB, Portion, Room, Shape, check_fits, flops_per_token, need_of, shape_of
from ghostchart.train.processes import ALONE, Processes
from ghostchart.train.run import train_model

SMALL = Shape(
    parameters=1000, linear_parameters=600, largest_layer=400, adapter_per_rank=50, layers=2, hidden=8, feed_forward=16, vocabulary=50
)  # fmt: skip
LARGE = Shape(
    parameters=8_000_000_000,
    linear_parameters=7_000_000_000,
    largest_layer=500_000_000,
    adapter_per_rank=2_600_000,
    layers=32,
    hidden=4096,
    feed_forward=14336,
    vocabulary=128_256,
)
PORTION = Portion(4096, 512)
FULL = TrainConfig(name="big", base="hub/big", method="full", dtype="bfloat16", micro_batch_notes=4)


def test_full_training_in_float32_by_hand() -> None:
    config = TrainConfig(name="t", base="b", method="full")
    need = need_of(SMALL, Portion(10, 3), config, "float32", ALONE)
    assert need.states == 16 * 1000
    assert need.weights == 0, "they are among the states"
    # Per token and layer 4 bytes x (10 x 8 + 4 x 16) + 8 x 8; logits 3 x 50 x 12 bytes.
    assert need.activations == 10 * 2 * (4 * 144 + 64) + 3 * 50 * 12
    assert need.device == pytest.approx(1.1 * (need.states + need.activations))


def test_lora_trains_little_and_holds_the_rest() -> None:
    config = TrainConfig(name="t", base="b", method="lora", lora_rank=4)
    need = need_of(SMALL, Portion(10, 3), config, "float32", ALONE)
    assert (need.states, need.weights) == (16 * 200, 4 * 1000)
    smaller = need_of(SMALL, Portion(10, 3), config.model_copy(update={"quantize": "nf4"}), "float32", ALONE)
    assert smaller.weights == pytest.approx(560)


def test_deepspeed_says_what_zero_needs() -> None:
    eight = Processes(0, 8, 0, 8)
    two = need_of(LARGE, PORTION, FULL.model_copy(update={"zero_stage": 2}), "bfloat16", eight)
    three = need_of(LARGE, PORTION, FULL.model_copy(update={"zero_stage": 3}), "bfloat16", eight)
    # Stage 2: weights whole, 18 bytes more cut over eight. Stage 3: all cut, and the largest layer whole in float32.
    assert two.states == pytest.approx(8e9 * 2 + 8e9 * 18 / 8)
    assert three.states == pytest.approx(4 * 5e8 + 8e9 * 18 / 8)
    offloaded = need_of(LARGE, PORTION, FULL.model_copy(update={"zero_stage": 3, "offload": "all"}), "bfloat16", eight)
    assert offloaded.states == pytest.approx(4 * 5e8)
    assert offloaded.host > 8e9 * 18


def test_checkpointing_keeps_one_layer() -> None:
    plain = need_of(LARGE, PORTION, FULL, "bfloat16", ALONE).activations
    twice = need_of(
        LARGE, PORTION, FULL.model_copy(update={"gradient_checkpointing": True}), "bfloat16", ALONE
    ).activations
    assert twice < plain / 4


@pytest.mark.parametrize(
    ("config", "gib", "processes", "fix"),
    [
        (FULL.model_copy(update={"method": "lora"}), 30, ALONE, "--set gradient_checkpointing=true"),
        (FULL, 80, ALONE, "--set gradient_checkpointing=true --set micro_batch_notes=1 --set zero_stage=3 --set offload=optimizer"),
        (FULL, 60, Processes(0, 8, 0, 8), "--set gradient_checkpointing=true"),
        (FULL, 12, ALONE, "--set offload=all"),
        (FULL, 0.5, ALONE, "Use more or larger GPUs"),
    ],
)  # fmt: skip
def test_what_cannot_fit_is_refused_with_what_would(
    config: TrainConfig, gib: float, processes: Processes, fix: str
) -> None:
    room = Room(gib * GIB, 1024 * GIB, shared=False)
    with pytest.raises(EnvironmentProblem) as refused:
        check_fits(LARGE, PORTION, config, "bfloat16", processes, room)
    message = str(refused.value)
    assert f"GiB per GPU and {gib:.1f} GiB are free (model big: weights" in message
    assert fix in message


def test_host_memory_counts_too() -> None:
    config = FULL.model_copy(update={"zero_stage": 3, "offload": "all", "gradient_checkpointing": True})
    with pytest.raises(EnvironmentProblem, match=r"GiB per machine and 32.0 GiB are free"):
        check_fits(LARGE, PORTION, config, "bfloat16", ALONE, Room(80 * GIB, 32 * GIB, shared=False))


def test_shape_of_a_real_model_by_hand(random_llama: Any) -> None:
    shape = shape_of(random_llama(64))
    # Per block: q 32x32, k and v 32x16, o 32x32, gate, up and down 32x48.
    block = 32 * 32 * 2 + 32 * 16 * 2 + 32 * 48 * 3
    assert shape.linear_parameters == 2 * block
    assert shape.parameters == 2 * block + 2 * 64 * 32 + 5 * 32
    assert shape.adapter_per_rank == 2 * (64 * 2 + 48 * 2 + 80 * 3)
    assert (shape.layers, shape.hidden, shape.feed_forward, shape.vocabulary) == (2, 32, 48, 64)


def test_arithmetic_by_hand() -> None:
    config = TrainConfig(name="t", base="b", method="full")
    body = 600 + 50 * 8 * 0.25
    assert flops_per_token(SMALL, Portion(8, 2), config, 100.0) == pytest.approx(6 * body + 6 * 2 * 8 * 100)
    lora = TrainConfig(name="t", base="b", method="lora", lora_rank=2)
    assert flops_per_token(SMALL, Portion(8, 2), lora, 100.0) == pytest.approx(4 * body + 2 * 100 + 6 * 2 * 8 * 100)


def test_a_machine_that_is_too_small_is_told_before_anything_is_loaded(
    corpus: UncertifiedCorpus, base_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learner, "room_here", lambda *_: Room(1000.0, 1000.0, shared=True))
    monkeypatch.setattr(learner, "load_causal_lm", lambda *_: pytest.fail("weights were loaded"))
    config = TrainConfig(name="m", base=str(base_dir), method="lora", max_tokens=256)
    with pytest.raises(EnvironmentProblem, match=r"needs about .* GiB per process and 0\.0 GiB are free"):
        train_model(corpus, config, tmp_path / "m")
    assert not (tmp_path / "m").exists()
