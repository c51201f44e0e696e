"""What a training will cost, before it starts: memory against what is there, and arithmetic per token.

Weights, gradients and optimiser states come from DeepSpeed's own ZeRO estimators, activations from counting what a
transformer layer keeps for its backward pass (in the manner of Korthikanti et al. 2022, arXiv:2205.05198, without scores:
fused attention keeps none). All of it is an estimate; it is meant to stop what cannot work, in seconds and not in hours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ghostchart.schemas.config import TrainConfig
from ghostchart.schemas.errors import EnvironmentProblem
from ghostchart.train.engine import zero_memory
from ghostchart.train.hardware import Dtype, Hardware
from ghostchart.train.processes import Processes

GIB = 1 << 30
_WEIGHT_BYTES = {"float32": 4.0, "bfloat16": 2.0}
_NF4_BYTES = 0.56  # half a byte and its share of the blocks' scales
_SPARE = 1.1  # buffers and fragments
_CONTEXT_BYTES = GIB // 2  # of a CUDA context
_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Shape:
    """Sizes of a causal language model.

    Attributes:
        parameters: weights, shared ones once.
        linear_parameters: those of linear layers inside the blocks (no embeddings, no output layer).
        largest_layer: weights of the largest single layer.
        adapter_per_rank: weights that LoRA of rank 1 adds.
        layers: transformer blocks.
        hidden: width.
        feed_forward: width inside a block's feed-forward part.
        vocabulary: rows of the output layer.
    """

    parameters: int
    linear_parameters: int
    largest_layer: int
    adapter_per_rank: int
    layers: int
    hidden: int
    feed_forward: int
    vocabulary: int


@dataclass(frozen=True)
class Portion:
    """The largest micro-batch: its tokens, and how many of them bear loss."""

    tokens: int
    answer_tokens: int


@dataclass(frozen=True)
class Need:
    """Bytes a training needs, per device and per machine ("host")."""

    weights: float
    states: float
    activations: float
    host: float

    @property
    def device(self) -> float:
        """All that lies on a device."""
        return (self.weights + self.states + self.activations) * _SPARE


@dataclass(frozen=True)
class Room:
    """Bytes that are free, per device and on this machine; ``shared``: both are the same memory (CPUs)."""

    device: float
    host: float
    shared: bool


def shape_of(model: Any) -> Shape:
    """Sizes of a model, which may be on PyTorch's "meta" device."""
    import torch

    head = model.get_output_embeddings()
    own = {id(p): p.numel() for p in model.parameters()}
    linear = [m for m in model.modules() if isinstance(m, torch.nn.Linear) and m is not head]
    settings = model.config.get_text_config() if hasattr(model.config, "get_text_config") else model.config
    hidden = int(getattr(settings, "hidden_size", 0) or 0)
    return Shape(
        parameters=sum(own.values()),
        linear_parameters=sum(m.weight.numel() for m in linear),
        largest_layer=max(sum(p.numel() for p in m.parameters(recurse=False)) for m in model.modules()),
        adapter_per_rank=sum(m.in_features + m.out_features for m in linear),
        layers=int(getattr(settings, "num_hidden_layers", 1) or 1),
        hidden=hidden,
        feed_forward=int(getattr(settings, "intermediate_size", 0) or 4 * hidden),
        vocabulary=int(getattr(settings, "vocab_size", 0) or 0),
    )


def need_of(shape: Shape, portion: Portion, config: TrainConfig, dtype: Dtype, together: Processes) -> Need:
    """Memory of a training.

    Args:
        shape: of the base model, without adapters.
        portion: the largest micro-batch.
        config: method, ZeRO stage, offload, checkpointing, quantisation.
        dtype: number format.
        together: who trains.
    """
    each = _WEIGHT_BYTES[dtype]
    lora = config.method == "lora"
    trained = shape.adapter_per_rank * config.lora_rank if lora else shape.parameters
    if dtype == "float32" and config.zero_stage == 0:
        states, host = 16.0 * trained, 0.0  # weight, gradient and Adam's two moments, none of them twice
    else:
        host, states = zero_memory(
            trained, 0 if lora else shape.largest_layer, config.zero_stage, config.offload, together
        )
    frozen_bytes = shape.parameters * (_NF4_BYTES if config.quantize == "nf4" else each) if lora else 0.0
    # Quantising happens on each device, so each holds all frozen weights once.
    pieces = together.size if config.zero_stage == 3 and config.quantize == "none" else 1
    if config.offload == "all":
        host += frozen_bytes / together.nodes
        weights = each * shape.largest_layer if lora else 0.0
    else:
        weights = frozen_bytes / pieces + (each * shape.largest_layer if lora and pieces > 1 else 0.0)
        # Weights pass through host memory on their way to the device, whole in each process unless ZeRO cuts them.
        host += frozen_bytes * (together.per_node / pieces)
    return Need(weights, states, _activations(shape, portion, config, each), host)


def room_here(hardware: Hardware, together: Processes) -> Room:
    """Free memory of this machine and of this process' device."""
    import psutil

    host = float(min(psutil.virtual_memory().available, _container_limit()))
    if hardware.device == "cpu":
        return Room(host / together.per_node, host, shared=True)
    import torch

    free, _ = torch.cuda.mem_get_info()
    return Room(float(free - _CONTEXT_BYTES), host, shared=False)


def check_fits(
    shape: Shape, portion: Portion, config: TrainConfig, dtype: Dtype, together: Processes, room: Room
) -> Need:
    """The need, if there is room for it.

    Raises:
        EnvironmentProblem: it cannot fit; says what would.
    """
    need = need_of(shape, portion, config, dtype, together)
    if _fits(need, room, together):
        return need
    on_device = need.device > room.device
    wanted, there = (need.device, room.device) if on_device else (need.host, room.host)
    place = ("process" if room.shared else "GPU") if on_device else "machine"
    raise EnvironmentProblem(
        f"training needs about {wanted / GIB:.1f} GiB per {place} and {max(there, 0) / GIB:.1f} GiB are free",
        where=f"model {config.name}: weights {need.weights / GIB:.1f}, gradients and optimiser {need.states / GIB:.1f}, "
        f"activations {need.activations / GIB:.1f} GiB",
        fix=_suggestion(
            config,
            lambda other: _fits(
                need_of(shape, _smaller(portion, config, other), other, dtype, together), room, together
            ),
        ),
    )


def flops_per_token(shape: Shape, portion: Portion, config: TrainConfig, mean_tokens: float) -> float:
    """Floating-point operations of model and loss per token trained on, nothing counted twice for checkpointing.

    Forward 2 per weight, backward 2 for the inputs and 2 for each weight that is trained (Chowdhery et al. 2022,
    arXiv:2204.02311, appendix B); causal attention inside notes; the output layer on answer tokens only.
    """
    head = shape.vocabulary * shape.hidden * portion.answer_tokens / max(portion.tokens, 1)
    body = shape.linear_parameters + head
    trained = shape.adapter_per_rank * config.lora_rank if config.method == "lora" else body
    attention = 3.0 * 2.0 * shape.layers * shape.hidden * mean_tokens
    return 4.0 * body + 2.0 * trained + attention


def _activations(shape: Shape, portion: Portion, config: TrainConfig, each: float) -> float:
    """Bytes kept for the backward pass by one micro-batch."""
    # Inputs of norms, projections and products; norms compute in float32.
    layer = each * (10 * shape.hidden + 4 * shape.feed_forward) + 8 * shape.hidden
    blocks = each * shape.hidden * shape.layers + layer if config.gradient_checkpointing else layer * shape.layers
    # Logits, their float32 copy and its gradient.
    return portion.tokens * blocks + portion.answer_tokens * shape.vocabulary * (each + 8)


def _fits(need: Need, room: Room, together: Processes) -> bool:
    if room.shared:
        return need.device + need.host / together.per_node <= room.device
    return need.device <= room.device and need.host <= room.host


def _smaller(portion: Portion, config: TrainConfig, other: TrainConfig) -> Portion:
    share = other.micro_batch_notes / config.micro_batch_notes
    return Portion(int(portion.tokens * share) + 1, int(portion.answer_tokens * share) + 1)


def _suggestion(config: TrainConfig, fits: Callable[[TrainConfig], bool]) -> str:
    for changes in _remedies(config):
        try:
            other = TrainConfig.model_validate({**config.model_dump(), **changes})
        except ValueError:
            continue
        if fits(other):
            named = " ".join(f"--set {key}={str(value).lower()}" for key, value in changes.items())
            return f"This would fit: {named}"
    return "Use more or larger GPUs (docs/training.md), or a smaller base model"


def _remedies(config: TrainConfig) -> Iterator[dict[str, Any]]:
    """Changes worth trying, from those that cost least to those that change what is trained."""
    steps: list[dict[str, Any]] = [
        {} if config.gradient_checkpointing else {"gradient_checkpointing": True},
        {"micro_batch_notes": 1} if config.micro_batch_notes > 1 else {},
        {"zero_stage": 3} if config.zero_stage < 3 else {},
        {"offload": "optimizer"} if config.offload == "none" else {},
        {"offload": "all"} if config.offload != "all" else {},
    ]
    if config.method == "full":
        steps.append({"method": "lora"})
    yield from (step for step in steps[:2] if step)
    together: dict[str, Any] = {}
    for step in steps:
        together |= step
        if step:
            yield dict(together)
    if config.method != "from_scratch":
        yield {"method": "lora", "quantize": "nf4", **steps[0], **steps[1]}


def _container_limit() -> float:
    """Free bytes of this process' control group, infinite where there is no limit."""
    try:
        most = (_CGROUP / "memory.max").read_text().strip()
        used = (_CGROUP / "memory.current").read_text().strip()
        return float("inf") if most == "max" else float(int(most) - int(used))
    except (OSError, ValueError):
        return float("inf")
