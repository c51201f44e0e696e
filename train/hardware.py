"""What this process computes on, and the number format that is fast there."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Device = Literal["cpu", "cuda"]
Dtype = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class Hardware:
    """The processor that trains.

    Attributes:
        device: "cuda" where PyTorch sees a GPU, "cpu" otherwise.
        name: model name of the processor, for reports.
        threads: CPU threads PyTorch uses.
        fast_bfloat16: whether matrix products in bfloat16 beat float32 here (any CUDA device; CPUs with AMX tiles).
    """

    device: Device
    name: str
    threads: int
    fast_bfloat16: bool

    def describe(self) -> str:
        """One line for model card and reports."""
        return self.name if self.device == "cuda" else f"{self.name}, {self.threads} threads"


def detect_hardware() -> Hardware:
    """Look at the machine once; also tells DeepSpeed about it before anything imports DeepSpeed.

    transformers and accelerate import DeepSpeed wherever it is installed, and DeepSpeed then searches for a driver
    and warns when it finds none; naming the accelerator beforehand spares both.
    """
    import torch

    if torch.cuda.is_available():
        return Hardware("cuda", torch.cuda.get_device_name(), torch.get_num_threads(), fast_bfloat16=True)
    os.environ.setdefault("DS_ACCELERATOR", "cpu")
    # Tile support is what makes bfloat16 pay on a CPU: about twice as fast as float32 with it, slower without.
    probe = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return Hardware("cpu", _cpu_name(), torch.get_num_threads(), fast_bfloat16=bool(probe and probe()))


def choose_dtype(wanted: Literal["auto", "float32", "bfloat16"], hardware: Hardware) -> Dtype:
    """The format to compute in: "auto" is bfloat16 where that is fast, float32 elsewhere."""
    if wanted != "auto":
        return wanted
    return "bfloat16" if hardware.fast_bfloat16 else "float32"


def _cpu_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
