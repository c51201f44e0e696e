"""What a rule has against a set of codes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule.

    Attributes:
        rule: id in :data:`ghostchart.schemas.coding_rules.RULES`.
        codes: the codes concerned, in the order they were given.
        message: one sentence: what is wrong with exactly these codes, and what to do where that is known.
    """

    rule: str
    codes: tuple[str, ...]
    message: str
