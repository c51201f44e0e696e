"""Every recipe is readable, valid and fits the hardware it names; changes and mistakes are taken or named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ghostchart.schemas.errors import ConfigError
from ghostchart.train import recipe as recipe_module
from ghostchart.train.cost import GIB, Portion, Room, check_fits, shape_of
from ghostchart.train.processes import Processes
from ghostchart.train.recipe import load_recipe, recipe_names

NAMES = [
    "cpu-smollm2", "cpu-tiny", "gpu1-full", "gpu1-lora", "gpu8-zero3-lora-llama3-70b", "gpu8-zero3-qlora-llama3-70b",
    "multinode-zero3",
]  # fmt: skip


def llama(**sizes: int) -> Any:
    """A Llama without weights."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    with torch.device("meta"):
        return LlamaForCausalLM(LlamaConfig(**sizes))


def llama_3_70b() -> Any:
    return llama(
        vocab_size=128256, hidden_size=8192, num_hidden_layers=80, num_attention_heads=64, num_key_value_heads=8, intermediate_size=28672
    )  # fmt: skip


def llama_3_8b() -> Any:
    return llama(
        vocab_size=128256, hidden_size=4096, num_hidden_layers=32, num_attention_heads=32, num_key_value_heads=8, intermediate_size=14336
    )  # fmt: skip


def smollm2_135m() -> Any:
    return llama(
        vocab_size=49152, hidden_size=576, num_hidden_layers=30, num_attention_heads=9, num_key_value_heads=3, intermediate_size=1536
    )  # fmt: skip


def tiny() -> Any:
    return llama(vocab_size=8192, hidden_size=256, num_hidden_layers=4, num_attention_heads=4, intermediate_size=768)


BASES = {
    "meta-llama/Meta-Llama-3-70B-Instruct": llama_3_70b,
    "meta-llama/Meta-Llama-3-8B-Instruct": llama_3_8b,
    "smollm2-135m": smollm2_135m,
    "scratch": tiny,
}


def test_the_recipes_are_these() -> None:
    assert recipe_names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_is_short_and_fits_its_hardware(name: str) -> None:
    text = (Path(recipe_module.__file__).parent / "recipes" / f"{name}.yaml").read_text()
    assert text.startswith("# ")
    assert len(text.splitlines()) <= 25
    recipe = load_recipe(name)
    wanted, config = recipe.hardware, recipe.model
    together = Processes(0, wanted.processes, 0, wanted.processes // wanted.nodes)
    # All notes as long as they may be: the worst case.
    tokens = config.micro_batch_notes * config.max_tokens
    dtype = "float32" if config.dtype == "auto" else config.dtype
    memory = wanted.memory_gib * GIB
    room = Room(memory, memory if wanted.device == "cpu" else 2048 * GIB, shared=wanted.device == "cpu")
    need = check_fits(shape_of(BASES[config.base]()), Portion(tokens, tokens // 8), config, dtype, together, room)
    assert need.device > 0.02 * memory, "an estimate of next to nothing is wrong"


def test_values_can_be_changed_and_keep_their_kind() -> None:
    model = load_recipe(
        "cpu-tiny", ["learning_rate=1e-4", "minutes=5", "name=mine", "gradient_checkpointing=true"]
    ).model
    assert (model.learning_rate, model.minutes, model.name, model.gradient_checkpointing) == (1e-4, 5.0, "mine", True)
    assert model.epochs == load_recipe("cpu-tiny").model.epochs


def test_a_recipe_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("about: x\nhardware: {device: cpu, memory_gib: 2}\nmodel: {name: mine, epochs: 3}\n")
    assert load_recipe(str(file)).model.epochs == 3.0


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("gpu2", [], "no recipe 'gpu2'.*cpu-tiny"),
        ("cpu-tiny", ["epoch=2"], "epoch: no such key"),
        ("cpu-tiny", ["epochs=-1"], "epochs: .*greater than 0"),
        ("cpu-tiny", ["epochs"], "not one key and its value"),
        ("cpu-tiny", ["epochs=[1"], "not valid YAML"),
        ("cpu-tiny", ["base=smollm2-135m"], "base: scratch goes with"),
        ("missing.yaml", [], "cannot read the recipe"),
    ],
)
def test_mistakes_are_named(name: str, changes: list[str], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        load_recipe(name, changes)


def test_files_that_are_no_recipes_are_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    for text, told in (
        ("model: [", "not valid YAML"),
        ("- a\n", "has the keys"),
        ("about: x\nmodel: {}\n", "hardware: Field required"),
    ):
        file.write_text(text)
        with pytest.raises(ConfigError, match=told):
            load_recipe(str(file))
