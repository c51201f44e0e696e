"""A trained model on disk: written beside its place, checked by loading it again, then moved there in one step."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ghostchart.schemas.errors import ModelError, OutputError
from ghostchart.schemas.trained_model import RECORD, Method, TrainedModel
from ghostchart.train.base_models import Quantize, load_causal_lm, load_tokenizer, prepare_base, quiet_transformers
from ghostchart.train.hardware import Dtype
from ghostchart.train.lora import check_adapter, load_adapter, save_adapter

MERGED = "merged"
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
    partial = partial_of(out_dir)
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


def partial_of(out_dir: Path) -> Path:
    """Where a model is written before it is finished."""
    return out_dir.with_name(f".{out_dir.name}.partial")


def save_model(
    model: Any,
    tokenizer: Any,
    folder: Path,
    *,
    method: Method,
    base_ref: str,
    dtype: Dtype,
    weights: Mapping[str, Any] | None = None,
) -> None:
    """Write weights and tokenizer.

    Args:
        model: PEFT model for "lora", plain causal language model otherwise.
        tokenizer: saved beside the weights, so that a directory can be prompted on its own.
        folder: an existing folder.
        method: what the directory will hold (see ``TrainedModel.method``).
        base_ref: name of the base in the adapter's settings.
        dtype: what it was trained in. Models from scratch are small and are kept in float32, full ones as trained.
        weights: the weights by name where the model itself holds only pieces; None: the model's own.
    """
    tokenizer.save_pretrained(folder)
    if method == "lora":
        save_adapter(model, folder, base_ref, weights)
        return
    import torch

    kept: Dtype = "float32" if method == "from_scratch" else dtype
    kind = getattr(torch, kept)
    source = model.state_dict() if weights is None else weights
    model.config.dtype = kept
    with quiet_transformers():
        model.save_pretrained(folder, state_dict={name: one.detach().to("cpu", kind) for name, one in source.items()})


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
    folder: Path,
    base_dir: Path | None,
    dtype: Dtype,
    device: str,
    input_ids: NDArray[np.int32],
    expected: Any,
    quantize: Quantize = "none",
) -> float:
    """Load what was written and compare its logits with the model's in memory.

    Args:
        folder: the directory just written.
        base_dir: the base model for adapters, None for whole models.
        dtype: what the comparison runs in (as in training).
        device: where it runs.
        input_ids: a probe, shape (tokens,).
        expected: its logits from memory, shape (tokens, vocabulary).
        quantize: how the base was held.

    Returns:
        Largest absolute difference of a logit.

    Raises:
        ModelError: adapter empty, untrained or not finite; logits differ.
    """
    if base_dir is not None:
        check_adapter(folder)
        model = load_adapter(load_causal_lm(base_dir, dtype, quantize), folder)
    else:
        model = load_causal_lm(folder, dtype)
    import torch

    for parameter in model.parameters():
        # Not the buffers: rotary frequencies rounded to bfloat16 turn far positions by whole radians.
        if quantize == "none" or parameter.requires_grad:
            parameter.data = parameter.data.to(getattr(torch, dtype))
    return _compare(model.to(device), input_ids, expected, dtype, "saved")


def check_pieces(folder: Path, method: Method, trained: Mapping[str, Any]) -> float:
    """For models that no single process holds: what is on disk equals the trained weights, tensor by tensor.

    Args:
        folder: the directory just written.
        method: "lora" or "full".
        trained: weights by name as they were gathered.

    Returns:
        Largest absolute difference of a weight.

    Raises:
        ModelError: adapter empty, untrained or not finite; weights missing or different.
    """
    from safetensors.torch import load_file

    if method == "lora":
        check_adapter(folder)
    # Adapters are saved without PEFT's name of the adapter inside each weight's name.
    known = {name.replace(".default.", "."): tensor for name, tensor in trained.items()}
    read, difference = 0, 0.0
    for path in sorted(folder.glob("*.safetensors")):
        for name, tensor in load_file(path).items():
            if name not in known or known[name].shape != tensor.shape:
                raise ModelError(f"the saved weight {name} is not one that was trained", where=path.name)
            read += 1
            difference = max(difference, float((known[name].detach().cpu().float() - tensor.float()).abs().max()))
    if not read or difference > 0:
        raise ModelError(
            "the saved weights differ from the trained ones", where=folder.name, fix="Train again and check the disk"
        )
    return difference


def merge(model_dir: Path, base_ref: str | None = None) -> Path:
    """Put an adapter into its base: a plain Hugging Face model in ``model_dir/merged`` that needs neither us nor PEFT.

    Args:
        model_dir: directory of a trained adapter.
        base_ref: the base, where it is not to be found under its recorded name.

    Returns:
        The folder written.

    Raises:
        ModelError: no adapter there, its base is missing, or the merged model answers differently.
        OutputError: the folder cannot be written.
    """
    record = TrainedModel.load(model_dir)
    if record.method != "lora":
        raise ModelError(
            f"{record.name} is no adapter but a whole model already", where=model_dir.name, fix="Use it as it is"
        )
    base_dir = prepare_base(base_ref or record.base_ref)
    dtype: Dtype = "bfloat16" if record.hardware.endswith("bfloat16") else "float32"
    tokenizer = load_tokenizer(model_dir)
    probe = np.asarray(tokenizer("No fever, no cough. Lungs are clear.")["input_ids"], dtype=np.int32)
    # Merging adds small numbers to large ones: done in float32, rounded once when written.
    pair = load_adapter(load_causal_lm(base_dir, "float32"), model_dir)
    expected = answer_logits(pair, probe)
    whole = pair.merge_and_unload()
    out, building = model_dir / MERGED, model_dir / f".{MERGED}.partial"
    try:
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir()
        save_model(whole, tokenizer, building, method="full", base_ref=record.base_ref, dtype=dtype)
        _compare(load_causal_lm(building, "float32"), probe, expected, dtype, "merged")
        shutil.rmtree(out, ignore_errors=True)
        building.rename(out)
    except OSError as error:
        raise OutputError(f"cannot write the merged model: {error.strerror or error}", where=str(out)) from None
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return out


def _compare(model: Any, input_ids: NDArray[np.int32], expected: Any, dtype: Dtype, what: str) -> float:
    difference = float((answer_logits(model, input_ids) - expected).abs().max())
    if not difference <= _TOLERANCE[dtype] * max(1.0, float(expected.abs().max())):
        raise ModelError(
            f"the {what} model does not answer as the trained one did (logits differ by {difference:.3g})",
            fix="Train again and check the disk",
        )
    return difference
