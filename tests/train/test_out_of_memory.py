"""Memory running out is known by whatever words it is told in, and other failures are not taken for it."""

from __future__ import annotations

import errno

import pytest

from ghostchart.schemas.config import TrainConfig
from ghostchart.schemas.out_of_memory import is_out_of_memory
from ghostchart.train.out_of_memory import OutOfMemory, memory_watch


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: you tried to ..."
        ),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("std::bad_alloc"),
        RuntimeError("could not create a primitive"),  # oneDNN, seen on a CPU with bfloat16 and no memory left
    ],
)
def test_it_is_known_by_its_words(error: BaseException) -> None:
    assert is_out_of_memory(error)
    with (
        pytest.raises(OutOfMemory, match=r"memory ran out while training .model m, step 3.*micro_batch_notes"),
        memory_watch("step 3", TrainConfig(name="m")),
    ):
        raise error


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("could not create a primitive descriptor for a matmul primitive"),
        RuntimeError("The size of tensor a (3) must match the size of tensor b (4)"),
        ValueError("out of memory"),
        OSError(errno.ENOSPC, "No space left on device"),
    ],
)
def test_other_failures_stay_what_they_are(error: BaseException) -> None:
    assert not is_out_of_memory(error)
    with pytest.raises(type(error)), memory_watch("step 3", TrainConfig(name="m")):
        raise error
