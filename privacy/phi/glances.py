"""Cheap looks at a piece of text that must never say no where a rule says yes: most pieces of notes need no rule at all.

:func:`may_identify` is asked before any rule, :func:`may_name_people` before those that look for people. That no finding
is lost by them is shown on texts, not by construction, so a rule for a new kind of word comes with a look here.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ghostchart.privacy.phi.fronted_places import places_in_small_letters
from ghostchart.privacy.phi.letters import UPPER
from ghostchart.privacy.phi.small_letters import names_in_small_letters
from ghostchart.privacy.phi.town_forms import towns_in_small_letters
from ghostchart.privacy.phi.vocabulary import MONTH_NAMES, is_name_word, is_ordinary, not_in_names

# Without a digit, a mark of network names or of keys, and capitals beyond one ordinary word at the start, a piece can hold
# an identifier only in small letters behind a title or a room. About a third of the distinct sentences of notes are such.
_MARKS = re.compile(rf"[\d@:=#<|/_]|\.\w|\b[{UPPER}]\b|www|[^\x00-\x7f]|[Nn]inety|hundred\b")
_CAPITALS = re.compile(rf"[{UPPER}][\w'’-]*")
_ROOM = re.compile(r"(?i)[ \t]*(?:room|rm|bed)\b")
_SMALL_TITLE = re.compile(r"\b(?:dr|mr|mrs|ms|pt|patient)\.? ([a-z'’-]{3,})")
# Months that are no other word, where nobody uses capitals.
_SMALL_MONTHS = (
    "january",
    "february",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
# What holds a person without any word that could be a name: initials, mailboxes.
_NAMELESS = re.compile(
    rf"@|\b[{UPPER}]\. ?[{UPPER}]\b|\b(?i:initials)\b|\b(?:Mr|Mrs|Ms|Miss|Dr)\b|"
    r"\b(?:per|by) [a-z]{2,3}(?![\w'’-])|^[ \t]*(?i:room|rm|bed)\b"
)
_WORD = re.compile(r"[^\W\d_]{2,}")


def may_identify(text: str) -> bool:
    """Whether any rule could find something."""
    if _MARKS.search(text) or _ROOM.match(text) or any(month in text for month in _SMALL_MONTHS):
        return True
    capitals = list(_CAPITALS.finditer(text))
    if len(capitals) > 1 or (capitals and text[: capitals[0].start()].strip(" -*•>\t")):
        return True
    if capitals and (is_name_word(capitals[0][0]) or not is_ordinary(capitals[0][0])):
        return True
    if any(may_be_name(match[1]) for match in _SMALL_TITLE.finditer(text)):
        return True
    looks = (places_in_small_letters, towns_in_small_letters, names_in_small_letters)
    return any(next(look(text), None) is not None for look in looks)


def may_name_people(text: str) -> bool:
    """Whether a rule for people could find one: some word with a capital, or behind a small title, can be a name.

    In small letters only a word that is no ordinary one counts, for "will", "may" and "grace" stand in every other note.
    """
    if any(may_be_name(word) if word[0].isupper() else _is_strange(word) for word in _WORD.findall(text)):
        return True
    return _NAMELESS.search(text) is not None or any(may_be_name(m[1]) for m in _SMALL_TITLE.finditer(text))


@lru_cache(maxsize=50_000)
def may_be_name(word: str) -> bool:
    """Whether a word is on a name list or no ordinary word, and none that never belongs to a name."""
    low = word.lower()
    return (low not in not_in_names() or low in MONTH_NAMES) and (is_name_word(word) or not is_ordinary(word))


@lru_cache(maxsize=50_000)
def _is_strange(word: str) -> bool:
    return len(word) > 2 and not is_ordinary(word) and word not in not_in_names()
