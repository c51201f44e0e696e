"""Examples -> micro-batches of similar length, in an order that the seed alone decides.

Notes are shuffled, sorted by length within pools of :data:`POOL_BATCHES` micro-batches, and the micro-batches shuffled
again: padding stays at a few per cent without an order that drifts from short to long. Padding stands on the right,
where causal attention never looks, so no attention mask is needed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ghostchart.schemas.canonical import generator, stream
from ghostchart.train.examples import Example
from ghostchart.train.loss import IGNORED

POOL_BATCHES = 64


@dataclass(frozen=True)
class MicroBatch:
    """What goes through the model at once.

    Attributes:
        input_ids: token ids, shape (notes, longest), padded on the right.
        labels: ``input_ids`` on answer tokens, :data:`IGNORED` elsewhere, same shape.
        n_tokens: tokens that are not padding.
        n_answer_tokens: tokens that bear loss.
    """

    input_ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    n_tokens: int
    n_answer_tokens: int

    @property
    def n_notes(self) -> int:
        """Notes in this micro-batch."""
        return int(self.input_ids.shape[0])


def plan_epoch(lengths: Sequence[int], batch_notes: int, seed: int, epoch: int) -> list[NDArray[np.int64]]:
    """Indices of the notes of each micro-batch of one pass over the data; every note exactly once.

    Args:
        lengths: tokens of each example.
        batch_notes: notes per micro-batch; the last ones of an epoch may be smaller.
        seed: root seed of training.
        epoch: 0, 1, 2...; each has its own order.
    """
    rng = generator(stream(seed, "train", "order", epoch))
    order = rng.permutation(len(lengths))
    size = np.asarray(lengths)
    batches: list[NDArray[np.int64]] = []
    pool_notes = batch_notes * POOL_BATCHES
    for start in range(0, len(order), pool_notes):
        pool = order[start : start + pool_notes]
        pool = pool[np.argsort(size[pool], kind="stable")]
        batches.extend(pool[at : at + batch_notes] for at in range(0, len(pool), batch_notes))
    return [batches[index] for index in rng.permutation(len(batches))]


def collate(examples: Sequence[Example], pad_id: int) -> MicroBatch:
    """Pad examples on the right into one micro-batch."""
    longest = max(len(example.input_ids) for example in examples)
    input_ids = np.full((len(examples), longest), pad_id, dtype=np.int64)
    labels = np.full((len(examples), longest), IGNORED, dtype=np.int64)
    for row, example in enumerate(examples):
        size = len(example.input_ids)
        input_ids[row, :size] = example.input_ids
        labels[row, example.answer_start : size] = example.input_ids[example.answer_start :]
    return MicroBatch(
        input_ids=input_ids,
        labels=labels,
        n_tokens=sum(len(example.input_ids) for example in examples),
        n_answer_tokens=sum(len(example.input_ids) - example.answer_start for example in examples),
    )


def epoch_batches(examples: Sequence[Example], batch_notes: int, seed: int, epoch: int) -> list[NDArray[np.int64]]:
    """:func:`plan_epoch` over the lengths of examples."""
    return plan_epoch([len(example.input_ids) for example in examples], batch_notes, seed, epoch)


def micro_batches(examples: Sequence[Example], batch_notes: int, pad_id: int, seed: int) -> Iterator[MicroBatch]:
    """Micro-batches without end, epoch after epoch."""
    for epoch in itertools.count():
        for chosen in epoch_batches(examples, batch_notes, seed, epoch):
            yield collate([examples[index] for index in chosen], pad_id)


def mean_length(examples: Sequence[Example]) -> float:
    """Mean tokens per example."""
    return sum(len(example.input_ids) for example in examples) / len(examples)


def accumulation_steps(examples: Sequence[Example], batch_notes: int, tokens_per_step: int) -> int:
    """Micro-batches per optimiser step so that a step holds about ``tokens_per_step`` tokens; at least 1."""
    return max(1, round(tokens_per_step / (mean_length(examples) * min(batch_notes, len(examples)))))


def padding_share(examples: Sequence[Example], batch_notes: int, seed: int) -> float:
    """Share of padding among all positions of the first epoch, in [0, 1)."""
    lengths = np.array([len(example.input_ids) for example in examples])
    padded = sum(int(lengths[chosen].max()) * len(chosen) for chosen in epoch_batches(examples, batch_notes, seed, 0))
    return 1.0 - float(lengths.sum()) / padded
