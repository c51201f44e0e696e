"""The many ways of running out of memory, as one sentence."""

from __future__ import annotations

from types import TracebackType

from ghostchart.schemas.config import TrainConfig
from ghostchart.schemas.errors import EnvironmentProblem
from ghostchart.schemas.out_of_memory import is_out_of_memory


class OutOfMemory(EnvironmentProblem):
    """Memory of the device or the host ran out."""


class memory_watch:  # noqa: N801  (a context manager used like a function)
    """Turns what PyTorch and Python raise when memory runs out into :class:`OutOfMemory`."""

    def __init__(self, where: str, config: TrainConfig) -> None:
        """Name the place: "step 12"."""
        self._where = where
        self._config = config

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and is_out_of_memory(error):
            raise OutOfMemory(
                "memory ran out while training",
                where=f"model {self._config.name}, {self._where}",
                fix=_what_to_lower(self._config),
            ) from None


def _what_to_lower(config: TrainConfig) -> str:
    if config.micro_batch_notes > 1:
        return f"Lower micro_batch_notes (now {config.micro_batch_notes}) or max_tokens (now {config.max_tokens})"
    if not config.gradient_checkpointing:
        return f"Set gradient_checkpointing: true, or lower max_tokens (now {config.max_tokens})"
    return f"Lower max_tokens (now {config.max_tokens}), or use a larger zero_stage, offload or method: lora"
