"""By which words it is known that memory ran out, in training and in prediction."""

from __future__ import annotations

import errno

# torch.OutOfMemoryError exists for devices; what allocates below PyTorch reaches Python as a bare RuntimeError: the CPU
# allocator, C++ itself, cuBLAS and cuDNN, and oneDNN, which says no more than that there was no room for its code.
_TOLD = ("out of memory", "can't allocate memory", "bad_alloc", "status_alloc_failed", "could not create a primitive")
_NOT_MEMORY = "primitive descriptor"  # oneDNN's words for a shape or format that it cannot compute


def is_out_of_memory(error: BaseException) -> bool:
    """Whether this is memory running out, of a device or the host."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    told = str(error).lower()
    return isinstance(error, RuntimeError) and any(words in told for words in _TOLD) and _NOT_MEMORY not in told
