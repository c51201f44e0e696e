"""Towns where no word of place stands before: in brackets, behind a facility or a postal code, before a state, in reports of games.

Also towns that are called like an ordinary word ("in Billings"), and in small letters outside the clinic.
"""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.letters import LOWER, UPPER, capitalised
from ghostchart.privacy.phi.proper_words import LANDSCAPE, Evidence, evidence
from ghostchart.privacy.phi.states import LANDS, STATE_ANY, STATE_SURE, is_region
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

_SCORE = 0.64
_ZIP_SCORE = 0.9
_CAP = (
    rf"(?:(?:St|Ft|Mt|Ste)\. )?[{UPPER}][{LOWER}ʻ]+(?:['’ʻ][{LOWER}{UPPER}]+)?(?:-(?:[{LOWER}]+-)?[{UPPER}][{LOWER}]+)*"
)
_JOIN = r"(?:(?:of|on|or|upon|the|de|del|la|las|los|le|du|am|an der|sur|en) ){0,2}"
_TOWN = rf"(?P<id>{_CAP}(?: {_JOIN}{_CAP}){{0,3}})"
_BRACKETS = re.compile(rf"\({_TOWN}(?:, ?(?:{STATE_ANY}|{LANDS}))?\)")
_BEHIND = rf"(?:[ ]{{0,1}},? ?(?:{STATE_SURE})(?![\w'’-])(?! [A-Z][a-z])|, ?(?:the )?(?:{LANDS})(?![\w'’-]))"
_BEFORE_REGION = re.compile(rf"(?<![\w'’-])(?<!['’-]){_TOWN}(?P<region>{_BEHIND})")
_REGION_SEEN = frozenset(re.findall(r"[A-Z][A-Za-z]+", f"{STATE_SURE}|{LANDS}"))
_CODE = r"(?:[A-Z]{1,2}-)?(?:\d{5}|\d{4}(?: ?[A-Z]{2})?|\d{3} \d{2}|\d{2}-\d{3}|\d{5}-\d{3})"
_BEHIND_CODE = re.compile(rf"(?:^|(?<=[\n,;/|]))[ \t]*(?P<zip>{_CODE}) {_TOWN}(?=[ \t]*(?:[.,;/|\n)]|$))")
_DATELINE = re.compile(
    rf"^(?P<id>[{UPPER}][{UPPER}'.-]{{3,}}(?: [{UPPER}][{UPPER}'.-]+){{0,2}})(?:, [A-Z][\w. ]{{1,14}})? ?(?:\((?:AP|AFP|UPI|Reuters|dpa)\) ?)?(?:—|–|--|-) ?(?=[A-Z])"
)
_OF = re.compile(rf"(?:\d{{1,3}},?|[{LOWER}],) of {_TOWN}(?=[,.;)]|$)")
_SCORED = re.compile(
    rf"(?<![\w'’-]){_TOWN} (?:beat|defeated|edged|routed|thrashed|trounced|topped|downed|hosted|hosts|drew with|lost to|fell to|stunned|upset|blanked|outscored|overcame|tied) (?=(?:the |[{UPPER}]))"
)
_SCORED_WORDS = re.compile(
    r" (?:beat|defeated|edged|routed|thrashed|trounced|topped|downed|hosts|hosted|drew with|lost to|fell to|stunned|upset|blanked|outscored|overcame|tied) "
)
_POINTS = re.compile(
    r"\b\d{1,3}[-–:]\d{1,3}\b|\b(?:match|game|goal|goals|scored|season|league|final|innings|quarter|half|coach|striker|visitors)\b"
)
_LOOSE = re.compile(rf"[\w)] (?:from|in|to|near|outside|via|for) {_TOWN}(?=[\s.,;:!?)]|$)")
# Towns called like ordinary words, which the list of towns leaves out.
_CALLED_LIKE_WORDS = frozenset([
    "Split", "Nice", "Fez", "York", "Tours", "Essen", "Brest", "Male", "Billings", "Sparks", "Mobile", "Buffalo", "Orange", "Mesa", "Butte", "Bend", "Beaver", "Eagle", "Bath", "Cork", "Hull", "Derby", "Rugby", "Enterprise", "Independence", "Liberty",
    "Flint", "Boulder", "Golden", "Aspen", "Surprise", "Globe", "Needles", "Corona", "Paradise", "Plains", "Queens", "Bronx", "Phoenix", "Peoria", "Moscow",
    "Norwalk", "Eureka", "Hastings", "Rye", "Wells", "Crook", "Ware", "Stroud", "Diss", "Tring", "Bolivar",
    "Rifle", "Parachute", "Gypsum", "Marble", "Salida", "Alamosa", "Pueblo", "Forks", "Sequim", "Sandpoint", "Moose", "Bison", "Buckeye", "Winslow", "Commerce", "Hurricane", "Helper",
    "Salmon", "Challis", "Arco", "Driggs", "Celina", "Defiance", "Napoleon", "Medina", "Marathon", "Plantation", "Sunrise", "Weston", "Destin", "Niceville", "Panacea", "Jasper", "Opal",
])  # fmt: skip
_LIKE_WORD = re.compile(
    rf"\b(?:in|from|near|outside|to) (?P<id>[{UPPER}][{LOWER}]+)(?=[.,;)]|$| (?:in \d{{4}}|on \d|last|since|for (?:the|a|her|his|work)|with|and|by|where|when|after|before|until|this|during|today|yesterday|but)\b)"
)
_POLICE = re.compile(
    rf"(?:^|(?<=[:;.] )|\b(?i:and|by|per|from|with|to|via|called|,) )(?P<id>[{UPPER}][{LOWER}]+) (?:PD|FD|P\.D\.)(?=,? (?:notified|called|aware|contacted|arrived|here|on|officers?|report|brought|took|responding|dispatched|at|found|detectives?|case|is|was|were|has|have)\b)"
)
_SMALL = re.compile(rf"(?<![\w'’-])(?:in|from|to|near|outside) (?P<id>[{LOWER}]{{4,}}(?: [{LOWER}]{{3,}})?)(?![\w'’-])")
_LIVES = re.compile(
    r"(?i)\b(?:lives?|lived|living|mov(?:e|ed|ing)|born|raised|resid(?:es?|ing)|grew up|relocat\w+|based|stuck|flying|flew|flights?|fly|travel\w*|trip|driv(?:e|ing)|drove|office|store|hotels?|weather|house|home|apartments?|jobs?|restaurants?|here|out|over|back|down|up) $"
)


def town_forms(text: str, digits: int, *, clinical: bool) -> Iterator[PhiFinding]:
    """Towns of the forms above; in ``clinical`` text only those that drugs, devices and names do not take."""
    words = capitalised(text)
    if not _REGION_SEEN.isdisjoint(words):
        for match in _BEFORE_REGION.finditer(text):
            yield from _before_region(match)
    if digits > 3:
        for match in _BEHIND_CODE.finditer(text):
            yield from _behind_code(match, clinical=clinical)
    for match in _bracketed(text, clinical=clinical) if "(" in text else ():
        yield PhiFinding(match.start("id"), match.end("id"), "CITY", _SCORE)
    for match in (*_called_like_words(text, words), *_with_police(text)):
        yield PhiFinding(match.start("id"), match.end("id"), "CITY", _SCORE)
    if not clinical:
        yield from _in_general_text(text)
        yield from towns_in_small_letters(text)


def _bracketed(text: str, *, clinical: bool) -> Iterator[re.Match[str]]:
    for match in _BRACKETS.finditer(text):
        if _is_town(match["id"], clinical=clinical) or ("," in match[0] and _may_be(match["id"])):
            yield match


def _called_like_words(text: str, words: frozenset[str]) -> Iterator[re.Match[str]]:
    if not _CALLED_LIKE_WORDS.isdisjoint(words):
        yield from (match for match in _LIKE_WORD.finditer(text) if match["id"] in _CALLED_LIKE_WORDS)


def _with_police(text: str) -> Iterator[re.Match[str]]:
    if " PD" in text or " FD" in text:
        yield from (match for match in _POLICE.finditer(text) if not _is_known(match["id"].lower()))


def _before_region(match: re.Match[str]) -> Iterator[PhiFinding]:
    # Of "Per Dr Alan Lima PA" nothing, of "saw her in Elk Grove Window Rock AZ" the last words.
    body, start = match["id"], match.start("id")
    while body and not (
        is_listed_town(body)
        and not is_region(body)
        and (" " in body or not is_name_word(body))
        and body.lower() not in eponyms()
    ):
        head, _, rest = body.partition(" ")
        start, body = start + len(head) + 1, rest
    if body:
        yield PhiFinding(start, start + len(body), "CITY", _SCORE)


def _behind_code(match: re.Match[str], *, clinical: bool) -> Iterator[PhiFinding]:
    year = re.fullmatch(r"(?:19|20)\d\d", match["zip"])
    listed = is_listed_town(match["id"]) and not is_region(match["id"])
    alone = match.start() == 0 and match.end() == len(match.string.rstrip())
    if not year and (listed or (alone and not clinical and len(match["zip"]) >= 5 and _may_be(match["id"]))):
        yield PhiFinding(match.start("id"), match.end("id"), "CITY", 0.75)
        yield PhiFinding(match.start("zip"), match.end("zip"), "ZIP_CODE", _ZIP_SCORE)


def _in_general_text(text: str) -> Iterator[PhiFinding]:
    dateline = _DATELINE.match(text)
    if dateline and (
        is_listed_town(dateline["id"])
        or evidence([dateline["id"].split()[0].capitalize()], capitals=True) is Evidence.COINED
    ):
        yield PhiFinding(dateline.start("id"), dateline.end("id"), "CITY", _SCORE)
    if " of " in text:
        for match in _OF.finditer(text):
            if _may_be(match["id"]):
                yield PhiFinding(match.start("id"), match.end("id"), "CITY", _SCORE)
    if _SCORED_WORDS.search(text) and _POINTS.search(text):
        for match in _SCORED.finditer(text):
            body = match["id"]
            if _may_be(body.split()[-1]) and not is_region(body):
                yield PhiFinding(match.start("id"), match.end("id"), "CITY", _SCORE)
    for match in _LOOSE.finditer(text):
        if _is_town(match["id"], clinical=False) or "ʻ" in match["id"]:
            yield PhiFinding(match.start("id"), match.end("id"), "CITY", _SCORE)


def towns_in_small_letters(text: str) -> Iterator[PhiFinding]:
    """Listed towns behind "in" or "from" that are no ordinary word; a surname as well where somebody lives there."""
    for match in _SMALL.finditer(text):
        body = match["id"]
        for name in (body, body.split()[0]):
            if len(name) < 5 or not is_listed_town(name) or is_ordinary(name.split()[0]) or _is_known(name):
                continue
            if " " in name or not is_name_word(name) or _LIVES.search(text, 0, match.start()):
                yield PhiFinding(match.start("id"), match.start("id") + len(name), "CITY", _SCORE)
                break


def _is_known(word: str) -> bool:
    return (
        word in clinical_words()
        or word in departments()
        or word in not_in_names()
        or word in eponyms()
        or word in not_towns()
    )


def _is_town(name: str, *, clinical: bool) -> bool:
    """A listed town that is no name of a person; outside the clinic also two words of which the second is of the landscape."""
    if is_region(name):
        return False
    if is_listed_town(name):
        return " " in name or not is_name_word(name)
    words = name.lower().split()
    return not clinical and len(words) == 2 and words[1] in LANDSCAPE and evidence(name.split()) >= Evidence.PAIR


def _may_be(name: str) -> bool:
    """A listed town, or words that nothing else explains."""
    if is_region(name) or any(_is_known(word.lower()) for word in name.split()):
        return False
    return is_listed_town(name) or evidence(name.split()) >= Evidence.PAIR
