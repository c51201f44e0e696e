"""How long work reports where it stands, without knowing who shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Advance = Callable[[int], None]


class Progress(Protocol):
    """Whoever shows progress (the console) or does not (tests, workers)."""

    def task(self, label: str, total: int | None = None) -> AbstractContextManager[Advance]:
        """One bar; call what it yields with the number of units done since the last call."""
        ...

    def say(self, text: str) -> None:
        """One line of news (never a source value)."""
        ...


class Silent:
    """Shows nothing."""

    @contextmanager
    def task(self, label: str, total: int | None = None) -> Iterator[Advance]:
        """See :class:`Progress`."""
        yield lambda _units: None

    def say(self, text: str) -> None:
        """See :class:`Progress`."""


SILENT = Silent()
