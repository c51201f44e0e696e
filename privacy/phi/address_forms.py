"""Addresses without the usual order: named houses, numbered roads, German streets behind a preposition, small letters."""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.letters import LOWER, UPPER, capitalised
from ghostchart.privacy.phi.proper_words import LANDSCAPE, SIGNBOARD
from ghostchart.privacy.phi.vocabulary import (
    clinical_core,
    clinical_words,
    departments,
    is_name_word,
    is_ordinary,
    not_in_names,
)

_SCORE = 0.72
_CAP = rf"[{UPPER}][{LOWER}]+(?:['’-][{UPPER}{LOWER}]+)*"
_ROAD = r"(?:Street|St|Road|Rd|Lane|Ln|Avenue|Ave|Drive|Close|Way|Row|Hill|Green|Walk|Mews|Terrace|Crescent|Court|Wynd|Brae|Square|Gardens|Place|Park|Rise|End)"
_ROWS = frozenset(["Cottages", "Houses", "Villas", "Almshouses", "Mansions", "Maisonettes"])
_HOUSES = frozenset(["Cottage", "House", "Farm", "Farmhouse", "Forge", "Barn", "Lodge", "Mill", "Rectory", "Vicarage", "Manor", "Hall", "Grange", "Villa", "Croft", "Bungalow", "Coach", "Oast"])  # fmt: skip
# "The Old Forge, Church Lane": a house called by a name, its street or the postal code of the town behind it.
_HOUSE = re.compile(
    rf"(?<![\w'’-])(?!White House)(?P<id>(?:(?:Flat|Unit|Apartment) \d{{1,3}}[A-Z]?, )?(?:The )?(?:{_CAP} ){{1,3}}?(?:{'|'.join(sorted(_HOUSES))})(?: Lodge| House| Barn)?,? (?:\d{{1,4}}[a-zA-Z]? )?(?:{_CAP} ){{1,2}}{_ROAD})(?=[,.\n]|$)"
)
_NUMBERED_HOUSE = re.compile(
    rf"(?<![\w./-])(?P<id>\d{{1,3}} (?:{_CAP} ){{1,2}}(?:Cottages|Houses|Villas|Almshouses|Mansions|Maisonettes)(?:, (?:{_CAP} ){{1,2}}{_ROAD})?)(?![\w'’-])"
)
_HOUSE_ALONE = re.compile(
    rf"(?<![\w'’-])(?P<id>(?:The )?(?:{_CAP} ){{1,3}}?(?:{'|'.join(sorted(_HOUSES))}))(?=,\s+{_CAP}(?:[ -]{_CAP}){{0,2}},?\s+[A-Z]{{1,2}}\d[A-Z\d]? \d[A-Z]{{2}}\b)"
)
# Roads called by a number, where a place is told: "off Route 9", "along County Road 14".
_NUMBERED = re.compile(
    r"\b(?i:on|off|along|near|from|down|of) (?:old |Old )?(?P<id>(?:(?:(?:US|U\.S\.|State|County|Old|Rural|Forest) )?(?:Route|Rte\.?|Rt\.?|Highway|Hwy\.?)|(?:State|County|Rural|Forest|Township|Ranch) (?:Road|Rd\.?)|CR|FM|SR) \d{1,4}[A-Z]?)(?![\w-]|\.\d| ?(?:mg|ml|mcg|%|cm|mm))"
)
_NUMBERED_SEEN = frozenset(["Route", "Rte", "Rt", "Highway", "Hwy", "Road", "Rd", "CR", "FM", "SR"])
# "Am Anger 6, 24103 Kiel"
_GERMAN = re.compile(
    rf"(?<![\w'’-])(?P<id>(?:Am|An der|An den|Im|In der|In den|Auf der|Auf dem|Zum|Zur|Unter den|Hinter der|Hinter dem|Vor dem|Beim|Bei der|Alte[rs]?|Neue[rs]?|Obere[rs]?|Untere[rs]?|Hohe[rs]?|Lange[rs]?|Großer?|Kleiner?) {_CAP}(?:[ -]{_CAP})? \d{{1,3}} ?[a-z]?)"
    rf"(?=,?\s+(?:[A-Z]{{1,2}}-)?\d{{4,5}} {_CAP})"
)
_GERMAN_SEEN = frozenset([
    "Am", "An", "Im", "In", "Auf", "Zum", "Zur", "Unter", "Hinter", "Vor", "Beim", "Bei", "Alte", "Alter", "Altes", "Neue", "Neuer", "Neues", "Obere", "Oberer", "Oberes", "Untere", "Unterer",
    "Hohe", "Hoher", "Lange", "Langer", "Große", "Großer", "Kleine", "Kleiner",
])  # fmt: skip
# In small letters, behind a word of place; "ct", "dr" and "pl" are something else in notes.
_SMALL = re.compile(
    rf"(?i:\b(?:at|on|to|from|near|live|lives|living|address(?: is)?:?|home is|moved to|located at|deliver(?:ed|y)? to|ship to|property at|house at|place at|apartment at)) (?P<id>\d{{1,5}} (?:[nsew]\.? |north |south |east |west )?(?P<name>[{LOWER}][{LOWER}'’]+(?: [{LOWER}][{LOWER}'’]+)?) "
    r"(?P<suffix>st|street|ct|court|dr|drive|ln|lane|pl|place|blvd|boulevard|ave|avenue|rd|road|cir|circle|way|ter|terrace|pkwy|hwy|trl|trail|sq|square|loop|row|close|mews)\b(?:,? (?:apt|apartment|unit|ste|suite|#) ?#? ?\w{1,4})?)"
)
_SMALL_SUFFIXES = frozenset(
    [
        "st",
        "street",
        "ct",
        "court",
        "dr",
        "drive",
        "ln",
        "lane",
        "pl",
        "place",
        "blvd",
        "boulevard",
        "ave",
        "avenue",
        "rd",
        "road",
        "cir",
        "circle",
        "way",
        "ter",
        "terrace",
        "pkwy",
        "hwy",
        "trl",
        "trail",
        "sq",
        "square",
        "loop",
        "row",
        "close",
        "mews",
    ]
)
_SMALL_CUES = frozenset(
    ["at", "on", "to", "from", "near", "live", "lives", "living", "address", "is", "moved", "located"]
)
_SMALL_FOREIGN = re.compile(
    rf"(?<![\w'’-])(?P<id>(?:calle|avenida|carrer|rua|piazza|corso|callejón|ulica|rue|straße|jalan) (?:(?:de|del|la|las|los|da|do|dos|della|di|du|des|le|les) ){{0,2}}[{LOWER}]{{3,}}(?: [{LOWER}]{{3,}}){{0,2}},? (?:n[º°o.]? ?|#)?\d{{1,4}}|[{LOWER}]{{3,}}(?:straße|strasse|gasse|allee) \d{{1,3}} ?[a-z]?)(?![\w-])"
)
_FOREIGN_SEEN = re.compile(
    r"calle |avenida |carrer |rua |piazza |corso |callejón |ulica |rue |straße |strasse |gasse |allee |jalan "
)


def address_forms(text: str, digits: int, small_words: frozenset[str]) -> Iterator[PhiFinding]:
    """Streets and houses in the less usual forms; ``digits`` is how many the text holds, ``small_words`` its words in lower case."""
    words = capitalised(text)
    if not _HOUSES.isdisjoint(words) and ", " in text:
        yield from _houses(text)
    if not digits:
        return
    patterns = [pattern for pattern, seen, least in _WITH_NUMBER if digits >= least and not seen.isdisjoint(words)]
    if _FOREIGN_SEEN.search(text):
        patterns.append(_SMALL_FOREIGN)
    for pattern in patterns:
        for match in pattern.finditer(text):
            yield PhiFinding(match.start("id"), match.end("id"), "STREET_ADDRESS", _SCORE)
    if not (_SMALL_SUFFIXES.isdisjoint(small_words) or _SMALL_CUES.isdisjoint(small_words)):
        yield from _in_small_letters(text)


# Pattern, the words with a capital without which it cannot match, digits it needs.
_WITH_NUMBER = ((_NUMBERED_HOUSE, _ROWS, 1), (_NUMBERED, _NUMBERED_SEEN, 1), (_GERMAN, _GERMAN_SEEN, 5))


def _houses(text: str) -> Iterator[PhiFinding]:
    for pattern in (_HOUSE, _HOUSE_ALONE):
        for match in pattern.finditer(text):
            if not any(_is_known(word) for word in match["id"].split()[:-1]):
                yield PhiFinding(match.start("id"), match.end("id"), "STREET_ADDRESS", _SCORE)


def _in_small_letters(text: str) -> Iterator[PhiFinding]:
    for match in _SMALL.finditer(text):
        sure = match["suffix"] in _SURE_SUFFIXES
        if all(_may_name_street(word, sure=sure) for word in match["name"].split()):
            yield PhiFinding(match.start("id"), match.end("id"), "STREET_ADDRESS", _SCORE)


def _is_known(word: str) -> bool:
    low = word.lower().strip(".,")
    return (
        low in clinical_words()
        or low in departments() - _HOME
        or low in not_in_names() - _HOME
        or low in clinical_core()
    )


_HOME = frozenset(["the", "school", "foot", "heart"])


_SURE_SUFFIXES = frozenset(
    ["st", "street", "lane", "ln", "blvd", "boulevard", "ave", "avenue", "rd", "road", "pkwy", "hwy"]
)


def _may_name_street(word: str, *, sure: bool) -> bool:
    """Whether a street can be called by a word in small letters; where the suffix is also something else ("at 14 repeat ct"), by which."""
    if _is_known(word):
        return False
    return (
        word in SIGNBOARD
        or word in LANDSCAPE
        or word in _COMMON
        or not is_ordinary(word)
        or (sure and is_name_word(word))
    )


_COMMON = frozenset([
    "main", "church", "school", "high", "park", "front", "market", "mill", "railroad", "depot", "court", "water", "broad", "center", "central", "college", "union", "state", "spring",
    "washington", "jefferson", "lincoln", "madison", "monroe", "franklin", "victoria", "station", "bridge", "chapel", "garden", "prospect", "pleasant", "mulberry", "peachtree",
])  # fmt: skip
