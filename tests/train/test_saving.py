"""What was saved is what was trained, to the last bit where nothing is rounded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ghostchart.schemas.errors import ModelError
from ghostchart.train.base_models import load_causal_lm, load_tokenizer
from ghostchart.train.lora import add_lora
from ghostchart.train.saving import answer_logits, check_saved, save_model

PROBE = np.arange(200, dtype=np.int32) % 90


@pytest.fixture
def adapted(base_dir: Path) -> torch.nn.Module:
    """A bfloat16 base with an adapter that changes what it says."""
    model = add_lora(load_causal_lm(base_dir, "bfloat16"), rank=4, alpha=8, seed=1)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.2, generator=torch.Generator().manual_seed(2))
    return model  # type: ignore[no-any-return]


def test_bfloat16_adapter_comes_back_bit_for_bit(adapted: torch.nn.Module, base_dir: Path, tmp_path: Path) -> None:
    expected = answer_logits(adapted, PROBE)
    save_model(adapted, load_tokenizer(base_dir), tmp_path, method="lora", base_ref="base", dtype="bfloat16")
    assert check_saved(tmp_path, base_dir, "bfloat16", "cpu", PROBE, expected) == 0


def test_another_model_on_disk_is_noticed(adapted: torch.nn.Module, base_dir: Path, tmp_path: Path) -> None:
    expected = answer_logits(adapted, PROBE)
    with torch.no_grad():
        next(p for name, p in adapted.named_parameters() if "lora_B" in name).add_(3.0)
    save_model(adapted, load_tokenizer(base_dir), tmp_path, method="lora", base_ref="base", dtype="bfloat16")
    with pytest.raises(ModelError, match="does not answer as the trained one did"):
        check_saved(tmp_path, base_dir, "bfloat16", "cpu", PROBE, expected)
