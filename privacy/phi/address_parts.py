"""What belongs to an address that is found: the town behind a street, the state, country and postal code beside a town.

A state or a country alone is no identifier under Safe Harbor; behind a town it is part of the address and hides with it.
"""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.known_places import SECOND_HALVES
from ghostchart.privacy.phi.letters import LOWER, UPPER
from ghostchart.privacy.phi.proper_words import LANDSCAPE, Evidence, evidence
from ghostchart.privacy.phi.states import LANDS, STATE_ANY, STATE_DOTTED, STATE_SURE
from ghostchart.privacy.phi.vocabulary import (
    clinical_words,
    departments,
    eponyms,
    is_listed_town,
    is_name_word,
    is_ordinary,
    not_in_names,
    not_towns,
)

_TOWN_SCORE = 0.7
_ZIP_SCORE = 0.9
_US_ZIP = r"\d{5}(?:-\d{4})?(?![\w-])"
_ENDS = r"(?=[ \t]*(?:[,.;:!?)\n|/]|$))"
# With a comma every abbreviation is a state if a ZIP or the end of the phrase follows; "PA", "MD", "OR" and words not.
_STATE_AFTER = re.compile(
    rf",?[ \t]*\n?[ \t]*(?:(?:{STATE_ANY})(?=,?[ \t]+{_US_ZIP})|(?:{LANDS}|USA|UK|UAE)(?![\w-])|(?:{STATE_DOTTED})|U\.S\.(?:A\.)?)"
    rf"|,[ \t]*(?:{STATE_SURE}){_ENDS}|,[ \t]*(?:{STATE_ANY})(?=[ \t]*(?:[,.;)\n]|$))|[ \t]+(?:{STATE_SURE})(?![\w'’/-])"
)
_CODE = r"(?:[A-Z]{1,2}-)?(?:\d{5}|\d{4}(?: ?[A-Z]{2})?|\d{3} \d{2}|\d{2}-\d{3}|\d{5}-\d{3})"
_ZIP_AFTER = re.compile(rf",?[ \t]*(?:(?:{STATE_ANY})[ \t]+|(?:{STATE_DOTTED})[ \t]*)?(?P<zip>{_US_ZIP})")
_CODE_BEFORE = re.compile(rf"(?:^|[\n,;][ \t]*)(?P<zip>{_CODE})[ \t]+$")
_TOWN = (
    rf"(?:(?:St|Ft|Mt|Pt|Ste)\.? )?[{UPPER}][{LOWER}'’]+(?:[ -](?:(?:of|on|or|and|the|upon|by|de|del|la|las|los|le|du|el|am|an der|sur|en) ){{0,2}}"
    rf"[{UPPER}][{LOWER}'’]+){{0,3}}(?![\w'’-])"
)
_AFTER_STREET = re.compile(
    rf"\.?(?P<gap>,?[ \t]*\n[ \t]*|,[ \t]+|[ \t]+/[ \t]+|[ \t]+in[ \t]+|[ \t]+)(?:(?P<zip>{_CODE})[ \t]+)?(?P<town>{_TOWN})"
    rf"(?P<end>,?[ \t]+(?:(?:{STATE_ANY})(?![\w'’-])|{LANDS}(?![\w-])|(?:{STATE_DOTTED})|{_US_ZIP}|[A-Z]{{1,2}}\d[A-Z\d]? \d[A-Z]{{2}}\b)|[ \t]*(?:[,.;:!?)\n]|$)|(?P<goes> (?=[a-z])))?"
)
_AFTER_FACILITY = re.compile(
    rf"(?:,[ \t]+| in |[ \t]*\()(?P<town>{_TOWN})(?P<state>,?[ \t]+(?:{STATE_SURE}|{LANDS})(?![\w'’-]))?(?=[ \t]*(?:[,.;:!?)\n]|$|(?:on|for|in|since|with|by|after|last|where|who|and|via|today|yesterday|this) ))"
)
# What stands behind a street and begins with a capital without being a town.
_NO_TOWN = frozenset([
    "apt", "apartment", "unit", "suite", "ste", "floor", "lot", "room", "tel", "email", "attn", "country", "zip", "state", "city",
])  # fmt: skip


def with_address_parts(text: str, found: Sequence[PhiFinding]) -> list[PhiFinding] | None:
    """The findings with what belongs to their addresses, overlaps not resolved; None where there is nothing to add.

    A town grows by the state or country behind it; postal codes and towns beside it are findings of their own.
    """
    if not any(item.entity_type in ("CITY", "STREET_ADDRESS", "FACILITY") for item in found):
        return None
    towns = [item for item in found if item.entity_type == "CITY"]
    for item in found:
        if item.entity_type == "STREET_ADDRESS":
            towns.extend(_behind_street(text, item, found))
        elif item.entity_type == "FACILITY":
            towns.extend(_behind_facility(text, item, found))
    grown = [_with_state(text, item) for item in towns]
    codes = [code for item in grown for code in _codes_beside(text, item)]
    if grown == [item for item in found if item.entity_type == "CITY"] and not codes:
        return None
    return [*(item for item in found if item.entity_type != "CITY"), *grown, *codes]


def _with_state(text: str, town: PhiFinding) -> PhiFinding:
    match = _STATE_AFTER.match(text, town.end)
    return PhiFinding(town.start, match.end(), "CITY", town.score) if match else town


def _codes_beside(text: str, town: PhiFinding) -> Iterator[PhiFinding]:
    after = _ZIP_AFTER.match(text, town.end)
    if after:
        yield PhiFinding(after.start("zip"), after.end("zip"), "ZIP_CODE", _ZIP_SCORE)
    before = _CODE_BEFORE.search(text, max(0, town.start - 14), town.start)
    if before and not before["zip"].startswith(("19", "20")):  # a year may stand before a town
        yield PhiFinding(before.start("zip"), before.end("zip"), "ZIP_CODE", _ZIP_SCORE)


def _behind_facility(text: str, facility: PhiFinding, found: Sequence[PhiFinding]) -> Iterator[PhiFinding]:
    """ "Stanwick Medical, Otter Springs.": a listed town, two words of the landscape, or any before a state."""
    match = _AFTER_FACILITY.match(text, facility.end)
    if not match:
        return
    start, end = match.span("town")
    if any(item.start < end and start < item.end and item.score >= _TOWN_SCORE for item in found):
        return
    words = match["town"].split()
    low = [word.lower().strip(".") for word in words]
    if any(word in clinical_words() or word in departments() or word in not_in_names() for word in low):
        return
    listed = is_listed_town(match["town"]) and (len(words) > 1 or not is_name_word(low[0]))
    if listed or match["state"] or (len(words) > 1 and evidence(words) >= Evidence.PAIR and low[-1] in LANDSCAPE):
        yield PhiFinding(start, end, "CITY", _TOWN_SCORE)


def _behind_street(text: str, street: PhiFinding, found: Sequence[PhiFinding]) -> Iterator[PhiFinding]:
    match = _AFTER_STREET.match(text, street.end)
    if not match:
        return
    start, end = match.span("town")
    # What the model takes for a person of one name is a town here if a state follows.
    taken = [item for item in found if item.start < end and start < item.end]
    if any(item.score >= _TOWN_SCORE or item.entity_type != "PERSON" for item in taken):
        return
    words = re.findall(r"[^\W\d_][^\s-]*", match["town"])
    low = [word.lower().strip(".") for word in words]
    if low[0] in _NO_TOWN or low[0] in not_in_names():
        return
    listed = is_listed_town(match["town"])
    sure = match["end"] is not None and match["end"].strip(" ,.;:!?)\n") != ""  # a state or a code follows
    if not match["gap"].strip(" \t") and not sure:  # a blank alone joins nothing else
        return
    somebody = any(item.start <= start and end <= item.end for item in taken)
    if sure or (not somebody and (listed or _stands_alone(match, low))):
        yield PhiFinding(start, end, "CITY", _TOWN_SCORE)
        if match["zip"]:
            yield PhiFinding(match.start("zip"), match.end("zip"), "ZIP_CODE", _ZIP_SCORE)


def _stands_alone(match: re.Match[str], low: list[str]) -> bool:
    """Whether words of no list, behind a street and before no state, can be a town."""
    known = clinical_words() | departments() | not_in_names() | eponyms() | not_towns()
    if (match["end"] is None and match["gap"].strip() != "in") or any(
        word in known for place, word in enumerate(low) if not place or word not in SECOND_HALVES
    ):
        return False
    return not (
        (len(low) == 1 or match["goes"]) and all(is_ordinary(word) for word in low) and not is_name_word(low[0])
    )
