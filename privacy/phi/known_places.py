"""Listed towns behind a word of place; outside clinical text states and countries too."""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.letters import LOWER, UPPER, capitalised, unaccented
from ghostchart.privacy.phi.states import LANDS, is_region
from ghostchart.privacy.phi.vocabulary import (
    clinical_words,
    departments,
    is_listed_town,
    is_name_word,
    is_ordinary,
    not_in_names,
    towns,
)

_SCORE = 0.61  # below what a cue announces, so that a noun behind it can make it a thing
_CAP = rf"[{UPPER}][{LOWER}]+(?:['’][{LOWER}{UPPER}]+)?(?:-(?:[{LOWER}]+-)?[{UPPER}][{LOWER}]+)*"
_JOIN = r"(?:of|on|or|upon|the|de|del|la|las|los|le|du|au|sur|am)"
# Behind these stands a place more often than a person; behind the others a listed surname stays a person.
_CLOSE = r"in|from|near|outside|around|via"
_BEFORE = re.compile(
    rf"(?:\b(?P<close>{_CLOSE}|In|From|Near)|\b(?:to|at|of|or|think|maybe|corner of|through|toward|towards|leaving|reach|reached|visit|visiting|visited|a|en|de|à|nach|aus|til)|(?<= )[/@–-])"
    rf"(?: (?:downtown|rural|nearby|central|north|south|east|west|northern|southern))? (?P<id>(?:St\.? |Ft\.? |Mt\.? )?{_CAP}(?: (?:(?:{_JOIN} ){{0,2}}|[dDlL]['’]){_CAP}){{0,3}})(?![\w’-]|'(?!s\b))"
)
# Second halves of the names of towns ("Pine Hollow"), and first ones ("Big Sandy").
_TAIL = (
    r"(?:Falls|Springs?|Heights|Harbou?r|Valley|Grove|Ridge|Hollow|Bluffs?|Rapids|Junction|Beach|Bay|City|Park|Hills?|Lakes?|Point|Landing|Crossing|Ferry|Mills?|Bend|Cove|Island|Forks?|Notch|Gap|Corners?|"
    r"Prairie|Canyon|Mesa|Rock|Flats?|Town|Township|Village|Creek|River|Moor|Green|Wells|Haven|Cross|Bridge|Ford|Glen|Plains?|Meadows?|Woods|Oaks?|Pines?|Shores?|Summit|Pass)"
)
_OF_TWO = re.compile(
    rf"\b(?:in|from|In|From|near|Near|outside|around|to|at|or|via|mayor of|town of|village of|city of|people of|council of) (?:downtown |rural |nearby )?"
    rf"(?P<id>(?:(?:{_CAP} ){{1,2}}{_TAIL}|(?:Big|Little|El|Los|Las|La|San|Santa|Santo|São|St\.?|Saint|Fort|Ft\.?|Mount|Mt\.?|Port|Lake|Cape|Glen|Villa|Bad|Le|New|North|South|East|West|Upper|Lower) {_CAP}))(?![\w’-]|'(?!s\b)| {_CAP})"
)
_SECOND = re.compile(rf" {_TAIL}(?![\w'’-])")
_EITHER = re.compile(rf"(?<![\w'’-])(?P<id>{_CAP}(?: {_CAP})?) or (?=[{UPPER}][{LOWER}])")
_FORCE_AFTER = re.compile(
    rf"(?<![\w'’-])(?P<id>{_CAP}(?: {_CAP}){{0,2}}) (?:PD|P\.D\.|Police|Fire Dep\w*|FD|Sheriff|EMS|man|woman|resident|couple|native|teen|teenager|police|mayor|firefighters?|city council|council|airport|Airport)\b"
)
_FORCE = re.compile(
    r" (?:PD|P\.D\.|Police|Fire D|FD|Sheriff|EMS|man|woman|resident|couple|native|teen|police|mayor|firefighter|city c|council|[aA]irport)\b"
)
_NOT_AFTER = re.compile(
    r"[ -]?\d| [A-Z]\d| (?:scales?|scores?|criteria|disease|syndrome|position|protocol|classification|stag\w+|type|class|grade|mg|mcg|daily|bid|needle|collar|catheter|drain|tube|bag|patch|virus|fever|agar|method|"
    r"Coma|Scale|Score|Criteria|Naming|Cognitive|Classification|Protocol|Outcome|Knee|Hip|Ankle|Disease|Syndrome|heart|encephalitis|medication|diet|bandage|stain)\b"
)
_LAND = re.compile(
    r"\b(?:(?:in|from|to|near|across|throughout|outside|around|via|leaving|visit|visiting|visited|into|(?i:visas?|passports?|flights?|tickets?|train|bound|leaves?|left|departs?|departed|departure) (?:for|to)|"
    r"(?i:consulate|embassy|citizens?|nationals?|government|president|prime minister|king|queen|people|state|ambassador|passport|part|rest|north|south|east|west|coast|town|native|residents?|republic|out|capital) of)"
    r" (?:the |northern |southern |eastern |western |central |upstate |rural |mainland )?"
    rf"|(?i:country(?: of (?:birth|residence|origin))?|state|destination|issued in|nationality|place of birth|birthplace)[ \t]*:[ \t]*)(?P<id>{LANDS})(?![\w'’-]| (?:[{UPPER}][{LOWER}]+))"
)
_LIST = re.compile(
    rf"\b(?:in|from|to|of|across|between) {LANDS}(?:, {LANDS})*(?:,? (?:and|or|to) (?P<id>{LANDS}))(?![\w'’-])"
)


_PARTS_OF_NAMES = frozenset(re.findall(r"[A-Z][a-zã]+", _TAIL.replace("u?r", "r").replace("?", ""))) | frozenset([
    "[A-Z][a-zã]+", "u?r", "r", "?", "", "Harbour", "Big", "Little", "El", "Los", "Las", "La", "San", "Santa", "Santo", "São", "St", "Saint", "Fort",
    "Ft", "Mount", "Mt", "Port", "Lake", "Cape", "Glen", "Villa", "Bad", "Le", "New", "North", "South", "East", "West", "Upper", "Lower", "Spring",
    "Bluff", "Hill", "Lake", "Mill", "Fork", "Corner", "Flat", "Plain", "Meadow", "Oak", "Pine", "Shore",
])  # fmt: skip


SECOND_HALVES = frozenset(word.lower() for word in _PARTS_OF_NAMES)


@cache
def _first_words() -> frozenset[str]:
    """The words that begin a listed town, but surnames that are a town alone."""
    first = (
        next(part for part in re.split("[^a-z]+", town) if len(part) > 1)
        for town in towns()
        if " " in town or "-" in town or not is_name_word(town)
    )
    return frozenset(first) - clinical_words() - departments() - not_in_names()


def _may_hold(text: str, *, clinical: bool) -> bool:
    words = capitalised(text)
    if not clinical or not _PARTS_OF_NAMES.isdisjoint(words):
        return True
    return not _first_words().isdisjoint([unaccented(word) for word in words if word[1:2].islower()])


def known_places(text: str, *, clinical: bool) -> Iterator[PhiFinding]:
    """Towns of the list in running text; a town before "police" or "resident"; in general text lands behind a cue."""
    if not _may_hold(text, clinical=clinical):
        return
    yield from _in_running_text(text, clinical=clinical)
    if _FORCE.search(text):
        yield from _before_force(text, clinical=clinical)
    if not clinical:
        for pattern in (_LAND, _LIST):
            for match in pattern.finditer(text):
                yield PhiFinding(match.start("id"), match.end("id"), "CITY", _SCORE)


def _in_running_text(text: str, *, clinical: bool) -> Iterator[PhiFinding]:
    for match in _BEFORE.finditer(text):
        found = _longest(match["id"], surname=match["close"] is not None and not clinical)
        start = match.start("id")
        tail = _SECOND.match(match["id"], found) if found else None
        found = tail.end() if tail else found
        if found and not is_region(match["id"][:found]) and not _NOT_AFTER.match(text, start + found):
            yield PhiFinding(start, start + found, "CITY", _SCORE)
    for match in _EITHER.finditer(text) if " or " in text else ():
        if is_listed_town(match["id"]) and (" " in match["id"] or not is_name_word(match["id"])):
            yield PhiFinding(match.start("id"), match.end("id"), "CITY", _SCORE)
    for match in _OF_TWO.finditer(text):
        if is_region(match["id"]):
            continue
        if _may_be_town(match["id"].split(), clinical=clinical) and not _NOT_AFTER.match(text, match.end("id")):
            yield PhiFinding(match.start("id"), match.end("id"), "CITY", _SCORE)


def _before_force(text: str, *, clinical: bool) -> Iterator[PhiFinding]:
    for match in _FORCE_AFTER.finditer(text):
        body, start = match["id"], match.start("id")
        # "Per Ely PD": words before the town may belong to the phrase.
        while body and not (is_listed_town(body) and (" " in body or not is_name_word(body) or not clinical)):
            head, _, rest = body.partition(" ")
            start, body = start + len(head) + 1, rest
        if body:
            yield PhiFinding(start, start + len(body), "CITY", _SCORE)


_DIRECTIONS = frozenset(
    ["New", "North", "South", "East", "West", "Upper", "Lower", "Le", "La", "Bad", "Villa", "Lake", "Port"]
)
_NO_TOWN = frozenset([
    "central", "main", "level", "ground", "high", "low", "risk", "recurrent", "multiple", "frequent", "bed", "first", "last", "next", "end",
    "starting", "boiling", "data", "access", "check", "power", "red",
])  # fmt: skip


def _may_be_town(words: list[str], *, clinical: bool) -> bool:
    """Whether two or three words with a geographical half are a town: no clinical word, and no phrase of the day."""
    low = [word.lower().strip(".") for word in words]
    first = low[:-1] if words[0] not in _DIRECTIONS else low[1:]
    if any(
        word in clinical_words() or word in departments() or word in not_in_names() or word in _NO_TOWN
        for word in first
    ):
        return False
    strange = any(not is_ordinary(word) or is_name_word(word) for word in low)
    if words[0] in _DIRECTIONS:  # "North Tower", "New Patient"
        return all(not is_ordinary(word) for word in low[1:])
    return strange or not clinical or len(low) > 1


def _longest(body: str, *, surname: bool) -> int:
    """How many characters of it, from the start, are a listed town; 0 for none. A ``surname`` alone may be one."""
    while body:
        if is_listed_town(body) and (" " in body or "-" in body or surname or not is_name_word(body)):
            return len(body)
        body = body.rpartition(" ")[0]
    return 0
