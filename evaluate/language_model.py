"""Loads a causal language model for coding: a plain Hugging Face directory, or a base with a LoRA adapter."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ghostchart.schemas.errors import ModelError
from ghostchart.schemas.out_of_memory import is_out_of_memory
from ghostchart.schemas.prompting import PROMPT_VERSION, AnsweredCode, prompt_frame
from ghostchart.schemas.trained_model import RECORD, Method, TrainedModel

# What an untrained model gets: the trainer's default context, so that all systems see equally much of a note.
ZERO_SHOT_CONTEXT_TOKENS = 1024
# Below this a CPU gains little from bfloat16, and the answers of small models feel the rounding more.
_SMALL_PARAMETERS = 50_000_000
Dtype = Literal["auto", "float32", "bfloat16"]
_ADAPTER_CONFIG, _ADAPTER_WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_ADAPTER_PREFIX = "base_model.model."
_SMALLER = "Use a smaller model, dtype: bfloat16, or a machine with more memory"
_AGAIN = "Train it again, or copy it again from where it came"


@dataclass(frozen=True)
class LanguageModel:
    """A model ready to code notes.

    Attributes:
        model: ``transformers`` causal LM in eval mode, adapter merged, on its device.
        tokenizer: its tokenizer.
        before, after: prompt tokens around a note.
        end_ids: tokens that end an answer.
        pad_id: token that fills batches; never attended to.
        context_tokens: prompt and answer together may be this long.
    """

    model: Any
    tokenizer: Any
    before: tuple[int, ...]
    after: tuple[int, ...]
    end_ids: frozenset[int]
    pad_id: int
    context_tokens: int

    @property
    def device(self) -> Any:
        """Where inputs must lie."""
        return self.model.device


def load_language_model(
    directory: Path,
    base_dir: Path | None,
    method: Method,
    dtype: Dtype = "auto",
    shown: Sequence[tuple[str, Sequence[AnsweredCode]]] = (),
) -> LanguageModel:
    """Load a model and its prompt, on a GPU where there is one.

    Args:
        directory: a Hugging Face model directory, or one with a PEFT adapter for method "lora".
        base_dir: directory of the base model of an adapter; unused otherwise.
        method: "none" for a model that was never trained to code: it gets the full instruction.
        dtype: what to compute in; "auto" is bfloat16 on GPUs, and on CPUs with AMX tiles for all but small models.
        shown: worked examples (note, its codes) for a model that was never trained to code; they lengthen its context.

    Raises:
        ModelError: a directory is missing or holds no model, the adapter belongs to another base, or the model was
            trained with another prompt version.
    """
    record = TrainedModel.load(directory) if (directory / RECORD).is_file() else None
    if record is not None and record.prompt_version != PROMPT_VERSION:
        raise ModelError(
            f"the model was trained with prompt version {record.prompt_version}, this is version {PROMPT_VERSION}",
            where=str(directory),
            fix="Train it again or evaluate it with the version that trained it",
        )
    model, tokenizer = load_weights(directory, base_dir, method, dtype)
    chat = record.chat if record is not None else bool(tokenizer.chat_template)
    before, after = prompt_frame(tokenizer, chat=chat, instruct=record is None)
    context = record.max_tokens if record is not None else ZERO_SHOT_CONTEXT_TOKENS
    if shown and record is None:
        with_examples, after = prompt_frame(tokenizer, chat=chat, instruct=True, examples=shown)
        context += len(with_examples) - len(before)  # the note keeps the room it has without examples
        before = with_examples
    limit = getattr(model.config, "max_position_embeddings", None)
    end_ids = _end_ids(model, tokenizer, directory)
    pad_id = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else min(end_ids)
    return LanguageModel(
        model=model,
        tokenizer=tokenizer,
        before=tuple(before),
        after=tuple(after),
        end_ids=end_ids,
        pad_id=pad_id,
        context_tokens=min(context, limit) if limit else context,
    )


def load_weights(directory: Path, base_dir: Path | None, method: Method, dtype: Dtype = "auto") -> tuple[Any, Any]:
    """A model in eval mode, on its device and in its format, adapter merged, and its tokenizer.

    Raises:
        ModelError: a directory is missing or holds no model, or the adapter belongs to another base.
    """
    require_model(directory, base_dir, method)
    if method == "lora" and base_dir is not None:
        model = _with_adapter(_load_weights(base_dir, dtype), directory)
        tokenizer = _load_tokenizer(directory if (directory / "tokenizer_config.json").is_file() else base_dir)
    else:
        model, tokenizer = _load_weights(directory, dtype), _load_tokenizer(directory)
    return _in_format(model, dtype), tokenizer


def require_model(directory: Path, base_dir: Path | None, method: Method) -> None:
    """Check cheaply, without loading, that the directories hold what the method needs.

    Raises:
        ModelError: a directory, the base or a file is missing.
    """
    if method == "lora":
        if base_dir is None:
            raise ModelError("an adapter needs its base model", where=str(directory))
        _require_files(directory, (_ADAPTER_CONFIG, _ADAPTER_WEIGHTS), "the directory holds no adapter")
        directory = base_dir
    _require_files(directory, ("config.json",), "the directory holds no Hugging Face model")


def require_adapter_of(base_dir: Path, directory: Path) -> None:
    """Check without weights of the base that the adapter was made for it: seconds, where coding notes takes hours.

    Raises:
        ModelError: it was made for another, or one of them is damaged.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    try:
        with _quiet_transformers(), torch.device("meta"):
            model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(str(base_dir), local_files_only=True))
    except Exception as error:
        # As for the weights: many kinds, one meaning.
        raise ModelError(f"cannot load the model: {_first_line(error)}", where=str(base_dir), fix=_AGAIN) from None
    _require_matching_adapter(model, directory)


def _require_files(directory: Path, names: tuple[str, ...], otherwise: str) -> None:
    if not directory.is_dir():
        raise ModelError("there is no such model directory", where=str(directory))
    for name in names:
        if not (directory / name).is_file():
            raise ModelError(otherwise, where=str(directory), fix=f"It lacks {name}")


def fast_bfloat16() -> bool:
    """Whether matrix products in bfloat16 beat float32 here: any CUDA device, CPUs with AMX tiles."""
    import torch

    probe = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return torch.cuda.is_available() or bool(probe and probe())


def _in_format(model: Any, dtype: Dtype) -> Any:
    """Weights in the format to compute in.

    Only parameters are converted: rotary frequencies in bfloat16 would turn far positions by whole radians.
    """
    import torch

    size = sum(parameter.numel() for parameter in model.parameters())
    is_worth_it = fast_bfloat16() and (torch.cuda.is_available() or size > _SMALL_PARAMETERS)
    wanted = torch.bfloat16 if dtype == "bfloat16" or (dtype == "auto" and is_worth_it) else torch.float32
    for parameter in model.parameters():
        parameter.data = parameter.data.to(wanted)
    return model


def _load_weights(directory: Path, dtype: Dtype) -> Any:
    """A model in float32 on CPUs (adapters are merged in it) and in bfloat16 on GPUs unless float32 is asked for."""
    import torch
    from transformers import AutoModelForCausalLM

    on_gpu = torch.cuda.is_available()
    half = on_gpu and dtype != "float32"
    try:
        with _quiet_transformers():
            model = AutoModelForCausalLM.from_pretrained(
                str(directory), dtype=torch.bfloat16 if half else torch.float32, local_files_only=True
            )
    except Exception as error:
        if is_out_of_memory(error):
            raise ModelError("memory is too small for the model", where=str(directory), fix=_SMALLER) from None
        # transformers, safetensors, torch and pickle each raise their own kinds for what is broken on disk.
        raise ModelError(f"cannot load the model: {_first_line(error)}", where=str(directory), fix=_AGAIN) from None
    return model.to("cuda" if on_gpu else "cpu").eval()


def _load_tokenizer(directory: Path) -> Any:
    from transformers import AutoTokenizer

    try:
        with _quiet_transformers():
            return AutoTokenizer.from_pretrained(str(directory), local_files_only=True)
    except Exception as error:
        raise ModelError(f"cannot load the tokenizer: {_first_line(error)}", where=str(directory), fix=_AGAIN) from None


def _with_adapter(model: Any, directory: Path) -> Any:
    """The base with the adapter merged into its weights: as fast as the base alone."""
    from peft import PeftModel

    _require_matching_adapter(model, directory)
    try:
        with _quiet_transformers():
            adapted = PeftModel.from_pretrained(model, str(directory), local_files_only=True)
    except Exception as error:
        raise ModelError(f"cannot load the adapter: {_first_line(error)}", where=str(directory), fix=_AGAIN) from None
    return adapted.merge_and_unload().eval()


def _require_matching_adapter(model: Any, directory: Path) -> None:
    """Every adapted layer must exist in the base and have the adapter's shape; PEFT itself lets some slip through."""
    from safetensors import SafetensorError, safe_open

    try:
        json.loads((directory / _ADAPTER_CONFIG).read_text())
        with safe_open(directory / _ADAPTER_WEIGHTS, framework="pt") as weights:
            shapes = {name: tuple(weights.get_slice(name).get_shape()) for name in weights.keys()}  # noqa: SIM118
    except (OSError, ValueError, SafetensorError):
        raise ModelError("the adapter is damaged", where=str(directory), fix=_AGAIN) from None
    layers = dict(model.named_modules())
    for name, shape in sorted(shapes.items()):
        for part, side in ((".lora_A", "in_features"), (".lora_B", "out_features")):
            if part not in name:
                continue
            path = name.partition(part)[0].removeprefix(_ADAPTER_PREFIX)
            layer = layers.get(path)
            size = shape[1] if side == "in_features" else shape[0]
            if layer is None or getattr(layer, side, size) != size:
                raise ModelError(
                    f"the adapter was made for another base model: layer {path} does not fit",
                    where=str(directory),
                    fix="Give the base model that the adapter was trained on",
                )


def _end_ids(model: Any, tokenizer: Any, directory: Path) -> frozenset[int]:
    found: set[int] = set()
    for value in (tokenizer.eos_token_id, getattr(model.generation_config, "eos_token_id", None)):
        found.update([value] if isinstance(value, int) else value or [])
    if not found:
        raise ModelError("the tokenizer has no end-of-text token", where=str(directory))
    return frozenset(found)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__


@contextmanager
def _quiet_transformers() -> Iterator[None]:
    """Loading bars and advice of transformers would tear up our own progress display."""
    from transformers.utils import logging

    level = logging.get_verbosity()
    had_bars = logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if had_bars:
            logging.enable_progress_bar()
