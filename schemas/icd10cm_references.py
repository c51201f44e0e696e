"""Code references inside the prose of ICD-10-CM instructional notes, as intervals of the tabular order.

A note says "dementia (F01.-, F02.-, F03.-)", "malnutrition (E40-E46)" or "diabetes mellitus (E08-E13 with .51-.52)".
Every reference names a stretch of the tabular list, so "does this code fall under that note" is a comparison of
positions. Source: conventions of the ICD-10-CM tabular list (CMS, April 2026); wording surveyed over all its
Excludes1 notes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_CODE = r"(?:[A-Z][0-9]|QA)[0-9A-Z](?:\.[0-9A-Z]{0,4})?"
_REFERENCE = re.compile(rf"\b({_CODE})(?:-?\s*(?:-|to)\s*({_CODE}))?")
_ORDINALS = {"5th": 5, "fifth": 5, "6th": 6, "sixth": 6, "7th": 7, "seventh": 7}
_NTH_CHARACTER = re.compile(r"with (\w+)(?: to sixth)?[ -]characters? \.?([0-9A-Z]{1,2})\b")
_FINAL_CHARACTERS = re.compile(r"with final characters -([0-9A-Z]+)")
_AFTER_THE_DOT = re.compile(r"with \.([0-9A-Z]+)(?:-\.([0-9A-Z]+))?")


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference: positions ``first``..``last`` of the tabular order (both included) that also pass ``wanted``.

    Attributes:
        start: the code named first, without trailing dash ("F01").
        wanted: extra condition on the code ("with fifth character 2"), or None.
    """

    start: str
    first: int
    last: int
    wanted: Callable[[str], bool] | None = None

    def covers(self, position: int, value: str) -> bool:
        """Whether the code at this position of the tabular order is meant."""
        return self.first <= position <= self.last and (self.wanted is None or self.wanted(value))


def parse_references(note: str, span_of: Callable[[str], tuple[int, int] | None]) -> tuple[Reference, ...]:
    """All references in a note; ones that the release does not hold are left out.

    Args:
        note: text of one note.
        span_of: positions of a code and its last descendant in the tabular order, None if unknown.
    """
    wanted = _condition(note)
    found = []
    for match in _REFERENCE.finditer(note):
        low = span_of(match[1].rstrip("."))
        high = span_of(match[2].rstrip(".")) if match[2] else low
        if low is not None and high is not None and low[0] <= high[1]:
            found.append(Reference(match[1].rstrip("."), low[0], high[1], wanted))
    return tuple(found)


def _condition(note: str) -> Callable[[str], bool] | None:
    """The note's extra condition on characters, as a test of a dotted code."""
    if final := _FINAL_CHARACTERS.search(note):
        return lambda value, tail=final[1]: value.endswith(tail)  # type: ignore[misc]
    if "with open fracture 7th character" in note:
        return lambda value: len(value) == 8 and value[-1] in "BC"
    if (nth := _NTH_CHARACTER.search(note)) and nth[1] in _ORDINALS:
        start = _ORDINALS[nth[1]] - 1
        return lambda value, start=start, want=nth[2]: value.replace(".", "").startswith(want, start)  # type: ignore[misc]
    if tail := _AFTER_THE_DOT.search(note):
        low, high = tail[1], tail[2] or tail[1]
        return lambda value, low=low, high=high: _after_dot_between(value, low, high)  # type: ignore[misc]
    return None


def _after_dot_between(value: str, low: str, high: str) -> bool:
    tail = value.partition(".")[2]
    return bool(tail) and tail[: len(low)] >= low and tail[: len(high)] <= high
