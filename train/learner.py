"""The model about to be trained: counted first, then loaded or made, with adapters where wanted."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from ghostchart.schemas.config import TrainConfig
from ghostchart.schemas.errors import ModelError
from ghostchart.schemas.note import Note
from ghostchart.train.base_models import empty_causal_lm, load_causal_lm, load_settings, load_tokenizer, prepare_base
from ghostchart.train.code_embeddings import place_code_embeddings
from ghostchart.train.cost import Portion, Shape, check_fits, room_here, shape_of
from ghostchart.train.engine import EngineSettings, weights_in_pieces
from ghostchart.train.hardware import Dtype, Hardware
from ghostchart.train.lora import add_lora
from ghostchart.train.material import TextForm
from ghostchart.train.processes import Processes
from ghostchart.train.tiny import build_tiny, train_tokenizer


@dataclass(frozen=True)
class Learner:
    """A model about to be trained.

    Attributes:
        whole: what is saved, adapters around it where there are any.
        inner: the causal language model inside.
        text: how notes become tokens.
        shape: sizes of the model without adapters.
        parameters_total: weights of ``whole``.
        parameters_trained: those of them that are trained.
    """

    whole: Any
    inner: Any
    text: TextForm
    shape: Shape
    parameters_total: int
    parameters_trained: int


def prepare_text(notes: Sequence[Note], config: TrainConfig) -> TextForm:
    """Tokenizer and prompt form: the base model's with its chat template where it has one, or made from the notes.

    Raises:
        ModelError: no such base model, a broken tokenizer, or a context shorter than ``max_tokens``.
        EnvironmentProblem: the package with the base model is missing.
    """
    if config.method == "from_scratch":
        return TextForm(train_tokenizer(notes), chat=False, base_dir=None)
    base_dir = prepare_base(config.base)
    tokenizer = load_tokenizer(base_dir)
    limit = getattr(load_settings(base_dir), "max_position_embeddings", None)
    if limit is not None and config.max_tokens > limit:
        raise ModelError(
            f"max_tokens {config.max_tokens} is more than the base model's {limit}",
            where=config.base,
            fix=f"Set max_tokens to {limit} or less",
        )
    return TextForm(tokenizer, chat=bool(tokenizer.chat_template), base_dir=base_dir)


def check_room(
    text: TextForm, config: TrainConfig, portion: Portion, dtype: Dtype, hardware: Hardware, together: Processes
) -> Shape:
    """Sizes of the model, if there is memory to train it.

    Raises:
        EnvironmentProblem: it cannot fit; says what would.
        ModelError: the architecture is unknown.
    """
    shape = shape_of(_scratch(text, config, "meta") if text.base_dir is None else empty_causal_lm(text.base_dir))
    check_fits(shape, portion, config, dtype, together, room_here(hardware, together))
    return shape


def load_learner(
    text: TextForm, notes: Sequence[Note], shape: Shape, config: TrainConfig, settings: EngineSettings
) -> Learner:
    """Load or make the model.

    Args:
        text: from :func:`prepare_text`.
        notes: training notes; a model from scratch starts from their evidence.
        shape: from :func:`check_room`.
        config: method, adapters, seed.
        settings: of the engine, which may want the weights in pieces from the beginning.

    Raises:
        ModelError: weights are broken, or there is nothing to adapt.
        EnvironmentProblem: bitsandbytes is missing.
    """
    if text.base_dir is None:
        model = _scratch(text, config, "cpu")
        place_code_embeddings(model, text.tokenizer, notes)
    else:
        cut = config.zero_stage == 3 and settings.processes.size > 1 and config.quantize == "none"
        with weights_in_pieces(settings) if cut else nullcontext():
            model = load_causal_lm(text.base_dir, settings.dtype, config.quantize)
    if config.gradient_checkpointing:
        # The other kind needs inputs that carry gradients, which frozen embeddings do not give.
        model.activation_checkpointing_enable(activation_checkpointing_kwargs={"use_reentrant": False})
    whole = add_lora(model, config.lora_rank, config.lora_alpha, config.seed) if config.method == "lora" else model
    return Learner(
        whole=whole,
        inner=model,
        text=text,
        shape=shape,
        parameters_total=sum(_size(parameter) for parameter in whole.parameters()),
        parameters_trained=sum(_size(parameter) for parameter in whole.parameters() if parameter.requires_grad),
    )


def _scratch(text: TextForm, config: TrainConfig, device: str) -> Any:
    import torch

    words = text.tokenizer
    with torch.device(device):
        return build_tiny(len(words), config.max_tokens, words.eos_token_id, words.pad_token_id, config.seed)


def _size(parameter: Any) -> int:
    # ZeRO stage 3 empties a weight it holds in pieces and keeps its size beside it.
    return int(getattr(parameter, "ds_numel", parameter.numel()))
