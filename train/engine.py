"""The one door to DeepSpeed: a model in, optimiser steps out, on one CPU or one GPU.

DeepSpeed wants a process group even for one process. It is made here over loopback from an in-memory store: no
launcher, no port, no environment variables of a cluster. On CPUs DeepSpeed would then compile an operator that several
processes share memory through (about 50 s, g++ and Python headers); one process has nobody to share with, so it is
told that there is none. Several processes keep it.
"""

from __future__ import annotations

import importlib
import logging
import os
import shutil
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ghostchart.schemas.errors import EnvironmentProblem
from ghostchart.train.hardware import Device, Dtype

GRADIENT_CLIP = 1.0
BETAS = (0.9, 0.95)


@dataclass(frozen=True)
class EngineSettings:
    """What the engine needs to know.

    Attributes:
        learning_rate: peak; the loop sets the momentary one before each step.
        accumulation: micro-batches per optimiser step.
        zero_stage: DeepSpeed ZeRO stage. Stage 0 in bfloat16 runs as stage 1: the same arithmetic in one process, but
            with float32 master weights, which stage 0 keeps only for optimisers of its own.
    """

    device: Device
    dtype: Dtype
    learning_rate: float
    weight_decay: float
    micro_batch_notes: int
    accumulation: int
    zero_stage: Literal[0, 1, 2, 3] = 0


class Engine:
    """A DeepSpeed engine around an answer loss; close it before the next one in the same process."""

    def __init__(self, model: Any, settings: EngineSettings) -> None:
        """Hand the model over.

        Args:
            model: module whose call (input_ids, labels, scale) returns a scalar loss.
            settings: see :class:`EngineSettings`.

        Raises:
            EnvironmentProblem: DeepSpeed is not installed, or cannot build what it needs.
        """
        import torch

        self._torch = torch
        self._device = torch.device(settings.device)
        self._accumulation = settings.accumulation
        deepspeed = _start_deepspeed(settings.device)
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        groups = [
            # Norm gains and biases are vectors; decay would only pull them to zero.
            {"params": [p for p in trained if p.ndim >= 2], "weight_decay": settings.weight_decay},
            {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(
            [group for group in groups if group["params"]], lr=settings.learning_rate, betas=BETAS, fused=True
        )
        with _quiet():
            self._engine, _, _, _ = deepspeed.initialize(
                model=model, optimizer=optimizer, config=_deepspeed_config(settings), dist_init_required=False
            )
        self._zero_stage = self._engine.zero_optimization_stage()

    def accumulate(self, input_ids: NDArray[np.int64], labels: NDArray[np.int64], scale: float) -> float:
        """Forward and backward of one micro-batch; every ``accumulation``-th call also steps the optimiser.

        Args:
            input_ids: token ids, shape (notes, tokens).
            labels: same shape, -100 where no loss is borne.
            scale: number the summed token losses are divided by.

        Returns:
            The scaled loss, not a number if it is not.
        """
        with _quiet():
            loss = self._engine(self._tensor(input_ids), self._tensor(labels), scale)
            # DeepSpeed divides by the number of micro-batches; the scale has done that already.
            self._engine.backward(loss * self._accumulation)
            self._engine.step()
        return float(loss.detach())

    def loss(self, input_ids: NDArray[np.int64], labels: NDArray[np.int64], scale: float) -> float:
        """The scaled loss without gradients."""
        self._engine.eval()
        with self._torch.no_grad(), _quiet():
            value = float(self._engine(self._tensor(input_ids), self._tensor(labels), scale))
        self._engine.train()
        return value

    def set_learning_rate(self, value: float) -> None:
        """For the next step, in every parameter group."""
        for group in self._engine.optimizer.param_groups:
            group["lr"] = value

    @contextmanager
    def whole_weights(self) -> Iterator[None]:
        """ZeRO stage 3 keeps weights in pieces; within this block they are whole, to be saved or compared."""
        if self._zero_stage < 3:
            yield
            return
        deepspeed = importlib.import_module("deepspeed")
        with deepspeed.zero.GatheredParameters(list(self._engine.module.parameters()), modifier_rank=None):
            yield

    def close(self) -> None:
        """Detach DeepSpeed's hooks and free its buffers; the model itself lives on."""
        with _quiet():
            self._engine.destroy()

    def _tensor(self, array: NDArray[np.int64]) -> Any:
        return self._torch.from_numpy(array).to(self._device)


def _deepspeed_config(settings: EngineSettings) -> dict[str, object]:
    bfloat16 = settings.dtype == "bfloat16"
    return {
        "train_micro_batch_size_per_gpu": settings.micro_batch_notes,
        "gradient_accumulation_steps": settings.accumulation,
        "gradient_clipping": GRADIENT_CLIP,
        "bf16": {"enabled": bfloat16},
        "zero_optimization": {"stage": max(settings.zero_stage, 1) if bfloat16 else settings.zero_stage},
        "zero_allow_untested_optimizer": True,
        "steps_per_print": 10**9,
    }


def _start_deepspeed(device: Device) -> Any:
    if device == "cpu":
        os.environ.setdefault("DS_ACCELERATOR", "cpu")
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    os.environ.setdefault("LOCAL_RANK", "0")
    import torch.distributed as dist

    with _quiet():
        try:
            deepspeed = importlib.import_module("deepspeed")
        except ImportError:
            raise EnvironmentProblem("DeepSpeed is not installed", fix="pip install 'ghostchart[train]'") from None
        logging.getLogger("DeepSpeed").setLevel(logging.ERROR)
        if not dist.is_initialized():
            backend = "gloo" if device == "cpu" else "nccl"
            store = dist.HashStore()  # type: ignore[attr-defined]
            dist.init_process_group(backend, store=store, rank=0, world_size=1)
        if not deepspeed.comm.is_initialized():
            with _no_shared_memory_operator():
                deepspeed.init_distributed(auto_mpi_discovery=False, verbose=False)
    return deepspeed


@contextmanager
def _no_shared_memory_operator() -> Iterator[None]:
    """Keep DeepSpeed from compiling its shared-memory operator in this single process."""
    # Attribute access would find the torch package under this name; the module table has DeepSpeed's own.
    backend = importlib.import_module("deepspeed.comm.torch")
    build = getattr(backend, "build_shm_op", None)
    if build is None:
        _require_compiler()
        yield
        return
    backend.build_shm_op = lambda: None  # type: ignore[attr-defined]
    try:
        yield
    finally:
        backend.build_shm_op = build  # type: ignore[attr-defined]


def _require_compiler(environment: Mapping[str, str] = os.environ) -> None:
    """DeepSpeed compiles operators on first use.

    Raises:
        EnvironmentProblem: there is no C++ compiler.
    """
    if shutil.which(environment.get("CXX", "g++")) is None:
        raise EnvironmentProblem(
            "DeepSpeed needs a C++ compiler on CPUs and there is no g++", fix="Install g++ and python3-dev"
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """DeepSpeed warns about its own use of PyTorch on every call; nobody who trains can act on that."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"(deepspeed|torch|transformers)\b.*")
        yield
