"""Importing the trainer costs nothing, and nothing about one process asks for a cluster or a compiler."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ghostchart.schemas.errors import EnvironmentProblem
from ghostchart.train.engine import _require_compiler
from ghostchart.train.hardware import Hardware, choose_dtype

MODULES = (
    "attention", "base_models", "batches", "card", "checkpoints", "code_embeddings", "cost", "engine", "examples", "excerpts",
    "hardware", "launch", "learner", "log", "loop", "lora", "loss", "material", "out_of_memory", "preview", "processes", "recipe",
    "run", "saving", "schedule", "tiny",
)  # fmt: skip
HEAVY = ("torch", "transformers", "deepspeed", "peft", "tokenizers", "safetensors", "tensorboard", "pandas")


def test_imports_are_light() -> None:
    code = "import sys\n" + "".join(f"import ghostchart.train.{name}\n" for name in MODULES)
    code += f"print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_missing_compiler_is_named() -> None:
    with pytest.raises(EnvironmentProblem, match=r"no g\+\+.*Install g\+\+"):
        _require_compiler({"CXX": "no-such-compiler"})


def test_auto_is_bfloat16_only_where_it_is_fast() -> None:
    old, new = (Hardware("cpu", "x", 2, fast_bfloat16=fast) for fast in (False, True))
    assert (choose_dtype("auto", old), choose_dtype("auto", new)) == ("float32", "bfloat16")
    assert choose_dtype("bfloat16", old) == "bfloat16"


def test_peak_arithmetic_is_the_makers_and_unknown_elsewhere() -> None:
    def device(name: str) -> Hardware:
        return Hardware("cuda", name, 1, fast_bfloat16=True)

    assert device("NVIDIA H100 80GB HBM3").peak_flops("bfloat16") == 989e12
    assert device("NVIDIA H100 PCIe").peak_flops("bfloat16") == 756e12
    assert device("NVIDIA A100-SXM4-80GB").peak_flops("float32") == 19.5e12
    assert device("NVIDIA L40S").peak_flops("bfloat16") == 362e12
    assert device("Some other GPU").peak_flops("bfloat16") == 0.0
    assert Hardware("cpu", "NVIDIA H100", 1, fast_bfloat16=True).peak_flops("bfloat16") == 0.0
