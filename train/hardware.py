"""What this process computes on, and the number format that is fast there."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Device = Literal["cpu", "cuda"]
Dtype = Literal["float32", "bfloat16"]

# Dense bfloat16 on tensor cores and float32 without them, in 10^12 operations per second (NVIDIA's data sheets); the first
# name found inside the device's counts.
_PEAK_TERAFLOPS = (
    ("H100 PCIe", (756.0, 51.0)),
    ("H100", (989.0, 67.0)),
    ("H200", (989.0, 67.0)),
    ("B200", (2250.0, 75.0)),
    ("A100", (312.0, 19.5)),
    ("L40S", (362.0, 91.6)),
    ("L4", (121.0, 30.3)),
    ("A10", (125.0, 31.2)),
)


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

    def peak_flops(self, dtype: Dtype) -> float:
        """Peak of dense matrix products in operations per second, by the maker's data sheet; 0 where not known here."""
        if self.device == "cpu":
            return 0.0
        known = (peaks for name, peaks in _PEAK_TERAFLOPS if name in self.name)
        tensor_cores, plain = next(known, (0.0, 0.0))
        return (tensor_cores if dtype == "bfloat16" else plain) * 1e12


def detect_hardware(local_rank: int = 0) -> Hardware:
    """Look at the machine once; also tells DeepSpeed about it before anything imports DeepSpeed.

    ``local_rank`` is the number of this process' GPU.

    transformers and accelerate import DeepSpeed wherever it is installed, and DeepSpeed then searches for a driver
    and warns when it finds none; naming the accelerator beforehand spares both.
    """
    import torch

    if torch.cuda.is_available():
        return Hardware("cuda", torch.cuda.get_device_name(local_rank), torch.get_num_threads(), fast_bfloat16=True)
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
