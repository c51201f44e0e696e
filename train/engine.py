"""The one door to DeepSpeed: a model in, optimiser steps out, on CPUs or GPUs, in one process or many.

DeepSpeed wants a process group even for one process. It is made here over loopback from an in-memory store: no
launcher, no port, no environment variables of a cluster. Several processes meet where their launcher says. On CPUs
DeepSpeed would then compile an operator that exchanges gradients through shared memory (about 50 s, g++ and Python
headers); one process has nobody to share with and for a few gloo does, so it is told that there is none.
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
from pathlib import Path
from typing import Any, Literal

from ghostchart.schemas.errors import EnvironmentProblem, ModelError
from ghostchart.train.batches import MicroBatch
from ghostchart.train.hardware import Device, Dtype
from ghostchart.train.loss import Way, choose_way
from ghostchart.train.processes import ALONE, Processes

GRADIENT_CLIP = 1.0
BETAS = (0.9, 0.95)
Offload = Literal["none", "optimizer", "all"]
ZeroStage = Literal[0, 1, 2, 3]


@dataclass(frozen=True)
class EngineSettings:
    """What the engine needs to know.

    Attributes:
        learning_rate: peak; the loop sets the momentary one before each step.
        accumulation: micro-batches per optimiser step and process.
        zero_stage: DeepSpeed ZeRO stage. Stage 0 in bfloat16 runs as stage 1: the same arithmetic, but with float32
            master weights, which stage 0 keeps only for optimisers of its own.
        offload: what ZeRO keeps in host memory: optimiser states (stages 1 to 3), weights too ("all", stage 3).
        processes: who trains together.
    """

    device: Device
    dtype: Dtype
    learning_rate: float
    weight_decay: float
    micro_batch_notes: int
    accumulation: int
    zero_stage: ZeroStage = 0
    offload: Offload = "none"
    processes: Processes = ALONE


class Engine:
    """A DeepSpeed engine around an answer loss; close it before the next one in the same process."""

    def __init__(self, loss: Any, settings: EngineSettings) -> None:
        """Hand the model over.

        Args:
            loss: from :func:`ghostchart.train.loss.answer_loss`; its way of computing is chosen here.
            settings: see :class:`EngineSettings`.

        Raises:
            EnvironmentProblem: DeepSpeed is not installed, or cannot build what it needs.
        """
        import torch

        self._torch = torch
        self._device = torch.device(settings.device)
        self._settings = settings
        self._loss = loss
        deepspeed = start_deepspeed(settings.device, settings.processes)
        trained = [parameter for parameter in loss.parameters() if parameter.requires_grad]
        groups = [
            # Norm gains and biases are vectors; decay would only pull them to zero. ZeRO stage 3 empties the shape of a
            # weight it holds in pieces and keeps the true one beside it.
            {"params": [p for p in trained if _dimensions(p) >= 2], "weight_decay": settings.weight_decay},
            {"params": [p for p in trained if _dimensions(p) < 2], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(
            [group for group in groups if group["params"]], lr=settings.learning_rate, betas=BETAS, fused=True
        )
        with quiet():
            self._engine, _, _, _ = deepspeed.initialize(
                model=loss, optimizer=optimizer, config=deepspeed_config(settings), dist_init_required=False
            )
        self._zero_stage = self._engine.zero_optimization_stage()
        self.way = self._choose_way(settings.dtype)

    def accumulate(self, batch: MicroBatch, scale: float) -> Any:
        """Forward and backward of one micro-batch; every ``accumulation``-th call also steps the optimiser.

        Args:
            batch: notes one behind the other.
            scale: number the summed token losses are divided by, the same in all processes.

        Returns:
            This process' part of the scaled loss, a tensor that has not been waited for.
        """
        with quiet():
            loss = self._engine(*self._inputs(batch), scale)
            # DeepSpeed divides by the number of micro-batches and of processes; the scale has done that already.
            self._engine.backward(loss * (self._settings.accumulation * self._settings.processes.size))
            self._engine.step()
        return loss.detach()

    def loss(self, batch: MicroBatch, scale: float) -> float:
        """The scaled loss without gradients."""
        self._engine.eval()
        with self._torch.no_grad(), quiet():
            value = float(self._engine(*self._inputs(batch), scale))
        self._engine.train()
        return value

    def set_learning_rate(self, value: float) -> None:
        """For the next step, in every parameter group."""
        for group in self._engine.optimizer.param_groups:
            group["lr"] = value

    def weights(self, model: Any, *, only_trained: bool) -> dict[str, Any]:
        """Weights by name, whole and on the CPU, in the main process; every process must ask.

        Args:
            model: the model that was handed over, or one around it.
            only_trained: leave frozen weights away.
        """
        if self._zero_stage < 3:
            kept = {name for name, p in model.named_parameters(remove_duplicate=False) if p.requires_grad}
            state = model.state_dict()
            return {name: tensor.detach() for name, tensor in state.items() if not only_trained or name in kept}
        deepspeed = importlib.import_module("deepspeed")
        found: dict[str, Any] = {
            name: buffer for name, buffer in model.state_dict().items() if not hasattr(buffer, "ds_id")
        }
        for name, parameter in model.named_parameters(remove_duplicate=False):
            if only_trained and not parameter.requires_grad:
                found.pop(name, None)
                continue
            # One at a time: the whole model may be larger than this device.
            with quiet(), deepspeed.zero.GatheredParameters([parameter], modifier_rank=None):
                if self._settings.processes.is_main:
                    found[name] = parameter.detach().to("cpu", copy=True)
        return found

    def save(self, folder: Path, tag: str) -> None:
        """Weights that are trained and the optimiser's state, each process its part, into ``folder/tag``."""
        with quiet():
            self._engine.save_checkpoint(str(folder), tag=tag, save_latest=False, exclude_frozen_parameters=True)

    def load(self, folder: Path, tag: str) -> None:
        """What :meth:`save` left.

        Raises:
            ModelError: the files are damaged or belong to another model.
        """
        try:
            with quiet():
                found, _ = self._engine.load_checkpoint(str(folder), tag=tag, load_module_strict=False)
        except Exception as error:
            # Pickle, zip and DeepSpeed raise their own kinds for a damaged file.
            raise ModelError(
                f"the checkpoint cannot be read: {type(error).__name__}",
                where=f"{folder.name}/{tag}",
                fix="Remove this folder; training then starts from the checkpoint before, or anew",
            ) from None
        if found is None:
            raise ModelError("the checkpoint is empty", where=f"{folder.name}/{tag}", fix="Remove this folder")

    def close(self) -> None:
        """Detach DeepSpeed's hooks and free its buffers; the model itself lives on."""
        with quiet():
            self._engine.destroy()

    def _choose_way(self, dtype: Dtype) -> Way:
        def call(input_ids: Any, labels: Any, lengths: tuple[int, ...]) -> Any:
            return self._engine(input_ids, labels, lengths, None)

        self._engine.eval()
        with quiet():
            way = choose_way(self._loss, call, dtype, self._device)
        self._engine.train()
        return way

    def _inputs(self, batch: MicroBatch) -> tuple[Any, Any, tuple[int, ...]]:
        ids, labels = (self._torch.from_numpy(part).to(self._device) for part in (batch.input_ids, batch.labels))
        return ids, labels, batch.lengths


def deepspeed_config(settings: EngineSettings) -> dict[str, object]:
    """The settings in DeepSpeed's own words."""
    bfloat16 = settings.dtype == "bfloat16"
    zero: dict[str, object] = {"stage": max(settings.zero_stage, 1) if bfloat16 else settings.zero_stage}
    if settings.offload != "none":
        zero["offload_optimizer"] = {"device": "cpu", "pin_memory": settings.device == "cuda"}
    if settings.offload == "all":
        zero["offload_param"] = {"device": "cpu", "pin_memory": settings.device == "cuda"}
    return {
        "train_micro_batch_size_per_gpu": settings.micro_batch_notes,
        "gradient_accumulation_steps": settings.accumulation,
        "gradient_clipping": GRADIENT_CLIP,
        "bf16": {"enabled": bfloat16},
        "zero_optimization": zero,
        "zero_allow_untested_optimizer": True,
        # Its own CPU optimiser has to be compiled; PyTorch's fused one does the same work.
        "zero_force_ds_cpu_optimizer": False,
        "steps_per_print": 10**9,
    }


@contextmanager
def weights_in_pieces(settings: EngineSettings) -> Iterator[None]:
    """Models loaded within this block are cut over the processes at once, so that none ever holds all of one."""
    start_deepspeed(settings.device, settings.processes)
    from transformers.integrations import HfDeepSpeedConfig

    # transformers asks for this object while it loads and forgets it when nobody holds it any more.
    told = HfDeepSpeedConfig(deepspeed_config(settings))
    with quiet():
        yield
    del told


def zero_memory(
    trained: int, largest_layer: int, zero_stage: ZeroStage, offload: Offload, processes: Processes
) -> tuple[int, int]:
    """Bytes of weights, gradients and optimiser states, per machine in host memory and per device, by DeepSpeed.

    Args:
        trained: parameters that are trained.
        largest_layer: parameters of the largest layer, which stage 3 gathers whole.
        zero_stage: 1, 2 or 3; its estimator for stage 2 serves stages 0 and 1 with one process as well.
        offload: what is kept in host memory.
        processes: who trains together.
    """
    if zero_stage < 3:
        module = importlib.import_module("deepspeed.runtime.zero.stage_1_and_2")
        host, device = module.estimate_zero2_model_states_mem_needs(
            trained, processes.per_node, processes.nodes if zero_stage else 1, offload != "none"
        )
        return int(host), int(device)
    module = importlib.import_module("deepspeed.runtime.zero.stage3")
    host, device, _ = module.estimate_zero3_model_states_mem_needs(
        trained, largest_layer, processes.per_node, processes.nodes, offload != "none", offload == "all"
    )
    return int(host), int(device)


def start_deepspeed(device: Device, together: Processes) -> Any:
    """Import DeepSpeed and let the processes meet; the second call finds both done.

    Raises:
        EnvironmentProblem: DeepSpeed is not installed, or the processes do not meet.
    """
    if device == "cpu":
        os.environ.setdefault("DS_ACCELERATOR", "cpu")
    if together.nodes == 1:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    os.environ.setdefault("LOCAL_RANK", "0")
    import torch
    import torch.distributed as dist

    with quiet():
        try:
            deepspeed = importlib.import_module("deepspeed")
        except ImportError:
            raise EnvironmentProblem("DeepSpeed is not installed", fix="pip install 'ghostchart[train]'") from None
        logging.getLogger("DeepSpeed").setLevel(logging.ERROR)
        if not dist.is_initialized():
            backend = "gloo" if device == "cpu" else "nccl"
            if device == "cuda":
                torch.cuda.set_device(together.local_rank)
            if together.size == 1:
                store = dist.HashStore()  # type: ignore[attr-defined]
                dist.init_process_group(backend, store=store, rank=0, world_size=1)
            else:
                _meet(dist, backend, together)
        if not deepspeed.comm.is_initialized():
            with _no_shared_memory_operator():
                deepspeed.init_distributed(auto_mpi_discovery=False, verbose=False)
    return deepspeed


def _meet(dist: Any, backend: str, together: Processes) -> None:
    try:
        dist.init_process_group(backend, init_method="env://", rank=together.rank, world_size=together.size)
    except (RuntimeError, ValueError) as error:
        raise EnvironmentProblem(
            f"the {together.size} processes of this training did not meet: {type(error).__name__}",
            where=f"process {together.rank}",
            fix="Check MASTER_ADDR and MASTER_PORT, or start with 'ghostchart train --launch'",
        ) from None


def _dimensions(parameter: Any) -> int:
    return len(getattr(parameter, "ds_shape", parameter.shape))


@contextmanager
def _no_shared_memory_operator() -> Iterator[None]:
    """Keep DeepSpeed from compiling its shared-memory operator."""
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
def quiet() -> Iterator[None]:
    """DeepSpeed warns about its own use of PyTorch on every call; nobody who trains can act on that."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"(deepspeed|torch|transformers)\b.*")
        yield
