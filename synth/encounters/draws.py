"""Random choices of one encounter, from uniform numbers drawn in one go: fast, and the same on every platform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from ghostchart.schemas.canonical import generator

T = TypeVar("T")
_BLOCK = 64


class Draws:
    """Uniform numbers of one stream, turned into choices."""

    __slots__ = ("_left", "_rng")

    def __init__(self, seed: np.random.SeedSequence) -> None:
        self._rng = generator(seed)
        self._left: list[float] = []

    def uniform(self) -> float:
        """In [0, 1)."""
        if not self._left:
            self._left = self._rng.random(_BLOCK).tolist()
        return self._left.pop()

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.uniform() < probability

    def pick(self, items: Sequence[T]) -> T:
        """One of a non-empty sequence."""
        return items[int(self.uniform() * len(items))]

    def whole(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        return low + int(self.uniform() * (high - low + 1))

    def between(self, low: float, high: float) -> float:
        """A real number in [low, high)."""
        return low + self.uniform() * (high - low)

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in random order."""
        left = list(items)
        return [left.pop(int(self.uniform() * len(left))) for _ in range(len(left))]


def child_seed(seed: np.random.SeedSequence, number: int) -> np.random.SeedSequence:
    """Stream number ``number`` below a seed; unlike ``spawn`` it leaves the parent as it was."""
    return np.random.SeedSequence(entropy=seed.entropy, spawn_key=(*seed.spawn_key, number))
