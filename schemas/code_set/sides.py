"""Right, left, both: what two codes of one category say about sides (rule G05), read from the official descriptions."""

from __future__ import annotations

import re

from ghostchart.schemas.icd10cm import Icd10Cm

_OSTEOARTHRITIS_PAIR = re.compile(r"(M1[678])\.([135])[12]$")
_SIDES = (("right", "left"), ("left", "right"))


def compare_sides(icd: Icd10Cm, a: str, b: str) -> str | None:
    """What two different codes become by side.

    Returns:
        the bilateral code that stands for both, or the one of the two that says more, or None if both may stay.
    """
    if a[:3] != b[:3]:
        return None
    for both, one_side in ((a, b), (b, a)):
        pattern = _OSTEOARTHRITIS_PAIR.match(one_side)
        if pattern and both == f"{pattern[1]}.{int(pattern[2]) - 1}":
            return both
    return _by_words(icd, a, b) if len(a) == len(b) else None


def _by_words(icd: Icd10Cm, a: str, b: str) -> str | None:
    places = [index for index, (x, y) in enumerate(zip(a, b, strict=True)) if x != y]
    if len(places) != 1:
        return None
    one, other = icd.description(a).lower(), icd.description(b).lower()
    for side, opposite in _SIDES:
        if re.search(rf"\b{side}\b", one) and re.sub(rf"\b{side}\b", opposite, one) == other:
            return _bilateral(icd, a, places[0])
    for general, specific, winner in ((one, other, b), (other, one, a)):
        if any(general == re.sub(rf"\b{side}\b", "unspecified", specific) for side, _ in _SIDES):
            return winner
    if "bilateral" in one and re.search(r"\b(right|left|unspecified)\b", other):
        return a
    return b if "bilateral" in other and re.search(r"\b(right|left|unspecified)\b", one) else None


def _bilateral(icd: Icd10Cm, value: str, place: int) -> str | None:
    pattern = _OSTEOARTHRITIS_PAIR.match(value)
    if pattern:
        return f"{pattern[1]}.{int(pattern[2]) - 1}"
    for character in "3042":
        both = value[:place] + character + value[place + 1 :]
        if icd.is_billable(both) and "bilateral" in icd.description(both).lower():
            return both
    return None
