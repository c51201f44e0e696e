"""A trained model on disk: written beside its place, checked by loading it again, then moved there in one step."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ghostchart.schemas.errors import ModelError, OutputError
from ghostchart.schemas.trained_model import RECORD, Method
from ghostchart.train.base_models import load_causal_lm, quiet_transformers
from ghostchart.train.hardware import Dtype
from ghostchart.train.lora import check_adapter, load_adapter, save_adapter

# Reloading rounds nothing in float32; bfloat16 kernels may differ in the last of their 8 bits.
_TOLERANCE: dict[Dtype, float] = {"float32": 1e-4, "bfloat16": 5e-2}


@contextmanager
def finished_or_absent(out_dir: Path) -> Iterator[Path]:
    """A folder to write into that becomes ``out_dir`` only if the block ends well.

    A killed run leaves ``.<name>.partial``, which no command takes for a model and the next run clears away.

    Raises:
        OutputError: the place cannot be written, or holds something that is not a model of ours.
    """
    if out_dir.exists() and not (out_dir.is_dir() and ((out_dir / RECORD).is_file() or not any(out_dir.iterdir()))):
        raise OutputError("the model directory holds something else", where=str(out_dir), fix="Choose another one")
    partial = out_dir.with_name(f".{out_dir.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
    except OSError as error:
        raise OutputError(f"cannot write the model: {error.strerror}", where=str(out_dir.parent)) from None
    try:
        yield partial
        if out_dir.exists():
            shutil.rmtree(out_dir)
        partial.rename(out_dir)
    except OSError as error:
        raise OutputError(f"cannot write the model: {error.strerror or error}", where=str(out_dir)) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def save_model(model: Any, tokenizer: Any, folder: Path, *, method: Method, base_ref: str, dtype: Dtype) -> None:
    """Write weights and tokenizer.

    Args:
        model: PEFT model for "lora", plain causal language model otherwise.
        tokenizer: saved beside the weights, so that a directory can be prompted on its own.
        folder: an existing folder.
        method: what the directory will hold (see ``TrainedModel.method``).
        base_ref: name of the base in the adapter's settings.
        dtype: what it was trained in. Models from scratch are small and are kept in float32, full ones as trained.
    """
    tokenizer.save_pretrained(folder)
    if method == "lora":
        save_adapter(model, folder, base_ref)
        return
    import torch

    kept: Dtype = "float32" if method == "from_scratch" else dtype
    kind = getattr(torch, kept)
    weights = {name: tensor.detach().to("cpu", kind) for name, tensor in model.state_dict().items()}
    model.config.dtype = kept
    with quiet_transformers():
        model.save_pretrained(folder, state_dict=weights)


def answer_logits(model: Any, input_ids: NDArray[np.int32]) -> Any:
    """The model's logits for one token sequence, float32 on the CPU, shape (tokens, vocabulary)."""
    import torch

    was_training = model.training
    model.eval()
    device = next(model.parameters()).device
    with torch.no_grad():
        ids = torch.from_numpy(input_ids.astype(np.int64))[None].to(device)
        logits = model(input_ids=ids, use_cache=False).logits[0].float().cpu()
    model.train(was_training)
    return logits


def check_saved(
    folder: Path, base_dir: Path | None, dtype: Dtype, device: str, input_ids: NDArray[np.int32], expected: Any
) -> float:
    """Load what was written and compare its logits with the model's in memory.

    Args:
        folder: the directory just written.
        base_dir: the base model for adapters, None for whole models.
        dtype: what the comparison runs in (as in training).
        device: where it runs.
        input_ids: a probe, shape (tokens,).
        expected: its logits from memory, shape (tokens, vocabulary).

    Returns:
        Largest absolute difference of a logit.

    Raises:
        ModelError: adapter empty, untrained or not finite; logits differ.
    """
    if base_dir is not None:
        check_adapter(folder)
        model = load_adapter(load_causal_lm(base_dir, dtype), folder)
    else:
        model = load_causal_lm(folder, dtype)
    import torch

    for parameter in model.parameters():
        # Not the buffers: rotary frequencies rounded to bfloat16 turn far positions by whole radians.
        parameter.data = parameter.data.to(getattr(torch, dtype))
    model = model.to(device)
    difference = float((answer_logits(model, input_ids) - expected).abs().max())
    if not difference <= _TOLERANCE[dtype] * max(1.0, float(expected.abs().max())):
        raise ModelError(
            f"the saved model does not answer as the trained one did (logits differ by {difference:.3g})",
            fix="Train again and check the disk",
        )
    return difference
