"""Examples -> micro-batches of similar length, in an order that the seed alone decides.

Notes are shuffled, sorted by length within pools of :data:`POOL_BATCHES` micro-batches, and the micro-batches shuffled
again. A micro-batch holds its notes one behind the other, without padding; models that can keep attention inside each
note take it as it is, for the others similar lengths keep padding at a few per cent (:mod:`ghostchart.train.loss`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ghostchart.schemas.canonical import generator, stream
from ghostchart.train.examples import Example

POOL_BATCHES = 64
IGNORED = -100  # label of tokens that bear no loss; PyTorch's cross-entropy skips it


@dataclass(frozen=True)
class MicroBatch:
    """What goes through the model at once.

    Attributes:
        input_ids: token ids of all notes, one note behind the other, shape (tokens,).
        labels: ``input_ids`` on answer tokens, :data:`IGNORED` elsewhere, same shape.
        lengths: tokens of each note.
    """

    input_ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    lengths: tuple[int, ...]

    @property
    def n_notes(self) -> int:
        """Notes in this micro-batch."""
        return len(self.lengths)

    @property
    def n_tokens(self) -> int:
        """Tokens of all notes."""
        return len(self.input_ids)

    @property
    def n_answer_tokens(self) -> int:
        """Tokens that bear loss."""
        return int((self.labels != IGNORED).sum())

    def split(self, parts: int) -> list[MicroBatch]:
        """Exactly ``parts`` micro-batches with the same notes; where notes run out, one note without loss stands in."""
        ends = np.cumsum((0, *self.lengths))
        pieces = []
        for chosen in np.array_split(np.arange(self.n_notes), parts):
            if len(chosen):
                within = slice(int(ends[chosen[0]]), int(ends[chosen[-1] + 1]))
                lengths = tuple(self.lengths[at] for at in chosen)
                pieces.append(MicroBatch(self.input_ids[within], self.labels[within], lengths))
            else:
                pieces.append(self.without_loss())
        return pieces

    def without_loss(self) -> MicroBatch:
        """The first note alone, all labels masked: keeps processes in step and changes no weight."""
        length = self.lengths[0]
        return MicroBatch(self.input_ids[:length], np.full(length, IGNORED, dtype=np.int64), (length,))


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


def pack(examples: Sequence[Example]) -> MicroBatch:
    """Put examples one behind the other."""
    input_ids = np.concatenate([example.input_ids for example in examples]).astype(np.int64)
    labels = input_ids.copy()
    start = 0
    for example in examples:
        labels[start : start + example.answer_start] = IGNORED
        start += len(example.input_ids)
    return MicroBatch(input_ids, labels, tuple(len(example.input_ids) for example in examples))


def epoch_batches(examples: Sequence[Example], batch_notes: int, seed: int, epoch: int) -> list[NDArray[np.int64]]:
    """:func:`plan_epoch` over the lengths of examples."""
    return plan_epoch([len(example.input_ids) for example in examples], batch_notes, seed, epoch)


def micro_batches(examples: Sequence[Example], batch_notes: int, seed: int, skip: int = 0) -> Iterator[MicroBatch]:
    """Micro-batches without end, epoch after epoch, from the ``skip``-th on."""
    for epoch in itertools.count():
        plan = epoch_batches(examples, batch_notes, seed, epoch)
        if skip >= len(plan):
            skip -= len(plan)
            continue
        for chosen in plan[skip:]:
            yield pack([examples[index] for index in chosen])
        skip = 0


def share_out(batches: Sequence[MicroBatch], rank: int, processes: int) -> list[MicroBatch]:
    """The micro-batches of one process out of those of a step: as many as every other, and about as many tokens.

    The longest come first and are dealt out there and back; where a round lacks some, micro-batches without loss stand
    in, so that all processes take part in every exchange of gradients.
    """
    if processes == 1:
        return list(batches)
    ordered = sorted(batches, key=lambda batch: -batch.n_tokens)
    mine = []
    for turn, start in enumerate(range(0, len(ordered), processes)):
        place = start + (rank if turn % 2 == 0 else processes - 1 - rank)
        mine.append(ordered[place] if place < len(ordered) else ordered[-1].without_loss())
    return mine


def mean_length(examples: Sequence[Example]) -> float:
    """Mean tokens per example."""
    return sum(len(example.input_ids) for example in examples) / len(examples)


def accumulation_steps(examples: Sequence[Example], batch_notes: int, tokens_per_step: int) -> int:
    """Micro-batches per optimiser step so that a step holds about ``tokens_per_step`` tokens; at least 1."""
    return max(1, round(tokens_per_step / (mean_length(examples) * min(batch_notes, len(examples)))))


def padding_share(examples: Sequence[Example], batch_notes: int, seed: int) -> float:
    """Share of padding among all positions of the first epoch, in [0, 1), for models that have to pad."""
    lengths = np.array([len(example.input_ids) for example in examples])
    padded = sum(int(lengths[chosen].max()) * len(chosen) for chosen in epoch_batches(examples, batch_notes, seed, 0))
    return 1.0 - float(lengths.sum()) / padded
