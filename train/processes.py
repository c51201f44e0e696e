"""The processes that train one model together: who this one is, and the few words they exchange outside DeepSpeed.

Launchers (DeepSpeed's, torchrun, Slurm's through either) tell each process its place in environment variables; without
them there is one process.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ghostchart.schemas.errors import EnvironmentProblem


@dataclass(frozen=True)
class Processes:
    """This process among those that train together.

    Attributes:
        rank: number of this process, from 0.
        size: how many there are.
        local_rank: number of this process on its machine; on GPUs, its GPU.
        per_node: processes on each machine.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    per_node: int = 1

    @property
    def is_main(self) -> bool:
        """Whether this one speaks and writes for all."""
        return self.rank == 0

    @property
    def nodes(self) -> int:
        """Machines."""
        return max(1, self.size // self.per_node)

    def total(self, value: float) -> float:
        """The sum of a number over all processes; every process must ask."""
        if self.size == 1:
            return value
        import torch
        import torch.distributed as dist

        held = torch.tensor([value], dtype=torch.float64, device=_device())
        dist.all_reduce(held)
        return float(held[0])

    def agree(self, value: Any) -> Any:
        """The main process' value, for all; every process must ask."""
        if self.size == 1:
            return value
        import torch.distributed as dist

        held = [value]
        dist.broadcast_object_list(held, src=0, device=_device())
        return held[0]

    def wait(self) -> None:
        """Until all are here."""
        self.total(0.0)


ALONE = Processes()


def processes(environment: Mapping[str, str] = os.environ) -> Processes:
    """This process' place as its launcher told it.

    Raises:
        EnvironmentProblem: the variables contradict each other.
    """
    if "RANK" not in environment or "WORLD_SIZE" not in environment:
        return ALONE
    try:
        rank, size = int(environment["RANK"]), int(environment["WORLD_SIZE"])
        local_rank = int(environment.get("LOCAL_RANK", "0"))
        per_node = int(environment.get("LOCAL_SIZE") or environment.get("LOCAL_WORLD_SIZE") or size)
    except ValueError:
        rank, size, local_rank, per_node = -1, 0, 0, 1
    if not (0 <= rank < size and 0 <= local_rank < per_node <= size):
        raise EnvironmentProblem(
            "the variables RANK, WORLD_SIZE, LOCAL_RANK and LOCAL_SIZE do not name a process",
            fix="Unset them, or start with 'ghostchart train --launch'",
        )
    return Processes(rank, size, local_rank, per_node)


def _device() -> Any:
    import torch
    import torch.distributed as dist

    return torch.device("cuda" if dist.get_backend() == "nccl" else "cpu")
