"""Low-rank adapters (Hu et al. 2021, arXiv:2106.09685) through PEFT, on every linear layer but the output head."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ghostchart.schemas.errors import ModelError
from ghostchart.train.hardware import detect_hardware

_ADAPTER_FILE = "adapter_model.safetensors"


def add_lora(model: Any, rank: int, alpha: int, seed: int) -> Any:
    """Freeze a causal language model and put trainable low-rank matrices beside its linear layers.

    Raises:
        ModelError: the model has no linear layer PEFT could adapt.
    """
    detect_hardware()
    import torch
    from peft import LoraConfig, TaskType, get_peft_model

    settings = LoraConfig(
        r=rank, lora_alpha=alpha, lora_dropout=0.0, target_modules="all-linear", task_type=TaskType.CAUSAL_LM
    )
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        torch.manual_seed(seed)
        warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")  # PEFT's use of transformers
        try:
            return get_peft_model(model, settings, autocast_adapter_dtype=False)
        except ValueError:
            raise ModelError("the base model has no linear layers to adapt", fix="Use method: full") from None


def save_adapter(model: Any, folder: Path, base_ref: str, weights: Mapping[str, Any] | None = None) -> None:
    """Write the adapter in float32, naming its base by what the user called it and never by a cache path.

    ``weights`` are the adapter's by name where the model itself holds only pieces.
    """
    import torch
    from peft import get_peft_model_state_dict

    state = None if weights is None else dict(weights)
    found = get_peft_model_state_dict(model, state_dict=state)
    settings = model.peft_config["default"]
    settings.base_model_name_or_path = base_ref
    settings.inference_mode = True
    settings.save_pretrained(folder)
    from safetensors.torch import save_file

    save_file(
        {name: tensor.detach().to(torch.float32).cpu().contiguous() for name, tensor in found.items()},
        folder / _ADAPTER_FILE,
        metadata={"format": "pt"},
    )


def check_adapter(folder: Path) -> None:
    """Refuse an adapter that would change nothing.

    Raises:
        ModelError: no tensors, a tensor that is not finite, or every B matrix is zero (as before the first step).
    """
    from safetensors.torch import load_file

    weights = load_file(folder / _ADAPTER_FILE)
    b_matrices = [tensor for name, tensor in weights.items() if "lora_B" in name]
    if not b_matrices:
        raise ModelError("the saved adapter is empty", where=_ADAPTER_FILE)
    if not all(bool(tensor.isfinite().all()) for tensor in weights.values()):
        raise ModelError("the saved adapter holds values that are not finite", where=_ADAPTER_FILE)
    if not any(bool(tensor.any()) for tensor in b_matrices):
        raise ModelError(
            "the saved adapter is untrained: every lora_B is zero", where=_ADAPTER_FILE, fix="Train for longer"
        )


def load_adapter(base: Any, folder: Path) -> Any:
    """A base model with a saved adapter on it.

    Raises:
        ModelError: the adapter is missing, damaged, or belongs to another base.
    """
    from peft import PeftModel

    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
            return PeftModel.from_pretrained(base, folder, local_files_only=True)
    except Exception as error:
        raise ModelError(
            f"cannot put the adapter on this base: {type(error).__name__}",
            where=folder.name,
            fix="Give the base model that the adapter was trained on",
        ) from None
