"""What the rules read where the ledger knows an identifier: another of the same kind and shape, always the same one.

Lines that differ only in a surrogate then are one line, and are read once. The shape stays, so that a rule sees what it would
have seen: as many digits in as many groups, a day as a day, a name of as many words. What stands beside the identifier is
read as it is, and a finding that reaches over the stand-in reaches over the identifier.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from ghostchart.privacy.phi.segments import StandIn, stand_in

_FIXED = {
    "CITY": "Boston",
    "FACILITY": "Lakeview Hospital",
    "STREET_ADDRESS": "20 Main Street",
    "EMAIL_ADDRESS": "name@example.org",
    "URL": "https://example.org/page",
}
_KEPT = frozenset({"AGE_OVER_89"})  # few values, and what they mean lies in the number
_DIGITS = "4728163950"  # in turn: no run of one digit, a valid area code at the start
_DATE_DIGITS = {1: "2", 2: "02", 4: "2020", 8: "20200220"}
_MONTH = re.compile(r"(?i)\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*")


@lru_cache(maxsize=50_000)
def shaped_stand_in(entity_type: str, value: str) -> str:
    """A neutral identifier of the same kind and shape as ``value``."""
    if entity_type in _KEPT:
        return value
    if entity_type == "PERSON":
        name = stand_in(entity_type, value)
        return name.lower() if value.islower() else name
    if entity_type == "DATE_TIME":
        whole = _MONTH.sub(lambda match: "March" if len(match[0]) > 3 else "Mar", value)
        return re.sub(r"\d+", lambda match: _DATE_DIGITS.get(len(match[0]), match[0]), whole)
    return _FIXED.get(entity_type) or _shape(value)


def _shape(value: str) -> str:
    place = 0
    out = []
    for char in value:
        if char.isdigit():
            out.append(_DIGITS[place % len(_DIGITS)])
            place += 1
        else:
            out.append(("A" if char.isupper() else "a") if char.isalpha() else char)
    return "".join(out)


def with_stand_ins(text: str, known: Sequence[StandIn]) -> str:
    """The text with the stand-ins in their ranges (sorted, disjoint)."""
    parts: list[str] = []
    position = 0
    for item in known:
        parts += (text[position : item.start], item.text)
        position = max(position, item.end)
    return "".join((*parts, text[position:]))
