"""How likely a language model finds notes: what ``train`` measures and ``privacy`` judges."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PartLosses:
    """One part of every note; arrays of shape (notes,), in the order the notes were given.

    Attributes:
        nats: summed negative log-likelihood of the part's tokens, each given all before it.
        tokens: tokens of the part.
        min_k: mean of the lowest fifth of the standardised token log-likelihoods (Min-K%++), in standard deviations.
        zlib_bytes: length of the part's text after zlib compression.
    """

    nats: Floats
    tokens: Floats
    min_k: Floats
    zlib_bytes: Floats

    def __post_init__(self) -> None:
        shapes = {getattr(self, field.name).shape for field in fields(self)}
        if len(shapes) != 1 or any(len(shape) != 1 for shape in shapes):
            raise ValueError(f"losses of the same notes must have one length, got {sorted(shapes)}")

    def __len__(self) -> int:
        return len(self.nats)

    def take(self, places: NDArray[np.int64]) -> PartLosses:
        """Only the notes at these places."""
        return PartLosses(self.nats[places], self.tokens[places], self.min_k[places], self.zlib_bytes[places])


@dataclass(frozen=True)
class NoteLosses:
    """The two parts a coding model reads and writes: the note's own text, and the answer (its gold codes)."""

    note: PartLosses
    answer: PartLosses

    def __len__(self) -> int:
        return len(self.note)

    def take(self, places: NDArray[np.int64]) -> NoteLosses:
        """Only the notes at these places."""
        return NoteLosses(self.note.take(places), self.answer.take(places))
