"""Seeded small draws for one note: a plain generator, because NumPy's costs microseconds per scalar."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draws:
    """Choices for one note. Only ``random.Random.random`` is used: its sequence is guaranteed across Python versions."""

    __slots__ = ("_next",)

    def __init__(self, seed: int) -> None:
        self._next = random.Random(seed).random

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, uniformly; IndexError when there are none."""
        return options[int(self._next() * len(options))]

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self._next() < probability

    def between(self, low: int, high: int) -> int:
        """An integer in [low, high]."""
        return low + int(self._next() * (high - low + 1))

    def some(self, options: Sequence[T], count: int) -> list[T]:
        """``count`` different options (all of them if there are fewer), in drawn order."""
        pool = list(options)
        size = min(count, len(pool))
        for position in range(size):
            other = position + int(self._next() * (len(pool) - position))
            pool[position], pool[other] = pool[other], pool[position]
        return pool[:size]
