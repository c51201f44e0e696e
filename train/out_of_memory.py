"""The many ways of running out of memory, as one sentence."""

from __future__ import annotations

import errno
from types import TracebackType

from ghostchart.schemas.config import TrainConfig
from ghostchart.schemas.errors import EnvironmentProblem

# torch.OutOfMemoryError exists for devices; what allocates below PyTorch reaches Python as a bare RuntimeError: the CPU
# allocator, C++ itself, cuBLAS and cuDNN, and oneDNN, which says no more than that there was no room for its code.
_TOLD = ("out of memory", "can't allocate memory", "bad_alloc", "status_alloc_failed", "could not create a primitive")
_NOT_MEMORY = "primitive descriptor"  # oneDNN's words for a shape or format that it cannot compute


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


def is_out_of_memory(error: BaseException) -> bool:
    """Whether this is memory running out, of a device or the host."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    told = str(error).lower()
    return isinstance(error, RuntimeError) and any(words in told for words in _TOLD) and _NOT_MEMORY not in told
