"""How note generation asks whether a fake identifier happens to be a real one."""

from __future__ import annotations

from typing import Protocol


class SurrogateScreen(Protocol):
    """Answers without showing anything: the identifier index of the protected zone does."""

    def is_taken(self, entity_type: str, value: str) -> bool:
        """Whether some source patient has this identifier (normalised comparison)."""
        ...


class OpenScreen:
    """Lets every value pass: for previews without a source."""

    def is_taken(self, entity_type: str, value: str) -> bool:
        """Always false."""
        return False
