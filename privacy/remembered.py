"""Answers that are kept while they are asked for again, in bounded memory."""

from __future__ import annotations

from typing import Generic, TypeVar

Key = TypeVar("Key")
Answer = TypeVar("Answer")


class Remembered(Generic[Key, Answer]):
    """A dictionary in two generations of at most ``per_generation`` entries each.

    When the younger one is full, the older is forgotten and the younger takes its place. What is asked for moves back into
    the younger one, so wording that templates repeat stays, and what occurred once goes. Cheaper than keeping the order of
    use, which matters because it is asked for every line of every note.
    """

    def __init__(self, per_generation: int) -> None:
        self._per_generation = per_generation
        self._young: dict[Key, Answer] = {}
        self._old: dict[Key, Answer] = {}
        self.kept = 0
        """Answers taken in so far, forgotten ones included."""

    def get(self, key: Key) -> Answer | None:
        """The answer, or None when it is not (or no longer) known."""
        found = self._young.get(key)
        if found is None and (found := self._old.get(key)) is not None:
            self._put(key, found)
        return found

    def keep(self, key: Key, answer: Answer) -> Answer:
        """Remember an answer (never None) and hand it back."""
        self.kept += 1
        self._put(key, answer)
        return answer

    def _put(self, key: Key, answer: Answer) -> None:
        if len(self._young) >= self._per_generation:
            self._old, self._young = self._young, {}
        self._young[key] = answer
