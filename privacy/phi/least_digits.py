"""How many digits a text must hold before a pattern can match in it: most lines of a note hold few, most patterns want many."""

from __future__ import annotations

import re
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

_DIGIT = re.compile(r"\d")
_NUMERALS = range(ord("0"), ord("9") + 1)


def count_digits(text: str) -> int:
    """Decimal digits, as regular expressions understand them."""
    return len(_DIGIT.findall(text))


def least_digits(pattern: re.Pattern[str]) -> int:
    """The fewest digits among the characters that any match consumes (look-around not counted); a lower bound."""
    return _of_sequence(_parser.parse(pattern.pattern, pattern.flags))


def _of_sequence(parsed: Any) -> int:
    return sum(_of_item(kind, value) for kind, value in parsed)


def _of_item(kind: Any, value: Any) -> int:
    if kind is _constants.LITERAL:
        return int(value in _NUMERALS)
    if kind is _constants.IN:
        return int(all(_is_digits(*item) for item in value))
    if kind is _constants.BRANCH:
        return min(_of_sequence(branch) for branch in value[1])
    if kind is _constants.SUBPATTERN:
        return _of_sequence(value[-1])
    if kind in (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT):
        return int(value[0]) * _of_sequence(value[2])
    return 0


def _is_digits(kind: Any, value: Any) -> bool:
    if kind is _constants.RANGE:
        return value[0] in _NUMERALS and value[1] in _NUMERALS
    return (kind is _constants.LITERAL and value in _NUMERALS) or (
        kind is _constants.CATEGORY and value is _constants.CATEGORY_DIGIT
    )
