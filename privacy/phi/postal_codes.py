"""Postal codes of other countries beside a town, behind their own labels, or of a shape nothing else has; bare US codes of a place.

A code of digits alone reads like a count, so a listed town must stand behind it, or in everyday text a word that can be a town.
"""
# ruff: noqa: E501, SIM905  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.letters import LOWER, UPPER
from ghostchart.privacy.phi.vocabulary import clinical_words, is_listed_town, is_ordinary, not_in_names

_LEAST_DIGITS = 3
_SURE, _LIKELY = 0.9, 0.7
_CAP = rf"[{UPPER}][{LOWER}'’]{{2,}}(?:-[{UPPER}{LOWER}][{LOWER}'’]+)*"
_TOWN = rf"(?P<town>{_CAP}(?: (?:(?:de|del|la|am|an der|a|i|do|sur|le|les) ){{0,2}}{_CAP}){{0,2}})"
# "24105 Kiel", "D-24105 Kiel", "31-008 Kraków", "114 55 Stockholm", "1017 CM Amsterdam", "6413 Molde".
_BEFORE_TOWN = re.compile(
    rf"(?:(?<=[,;/|] )|(?<=[,;/|])|(?<=[\w.] [-–] )|^|(?<=\n))[ \t]*(?P<id>(?:[A-Z]{{1,3}}-)?(?:\d{{5}}|\d{{2}}-\d{{3}}|\d{{3}} \d{{2}}|\d{{4}}(?: (?!AM|PM|MG|ML|HR)[A-Z]{{2}})?|\d{{6}}))[ \t]+{_TOWN}(?=[ \t]*(?:[,.;:!?)\n/|]|$)|[ \t]+(?:and|y|et|und|[A-Z]{{2,3}}\b|\())"
)
# "Bengaluru 560001", "Mumbai - 400 001", "Singapore 238823", "São Paulo 01310-100".
_BEHIND_TOWN = re.compile(
    rf"(?<![\w'’-]){_TOWN}(?:,? ?[-–]? ?| \([A-Z]{{2}}\),? )(?:[A-Z]{{2}},? )?(?P<id>\d{{3}} \d{{3}}|\d{{5,6}}|\d{{5}}-\d{{3}}|\d{{4}} [A-Z]{{2}})(?=[ \t]*(?:[,.;:!?)\n/|]|$))"
)
_AUSTRALIAN = re.compile(
    rf"(?:\b(?:NSW|VIC|QLD|TAS)|(?<=[{LOWER}] )(?:ACT|NT|SA|WA)|(?<=[{LOWER}], )(?:ACT|NT|SA|WA)),? (?P<id>[0-8]\d{{3}})(?![\w%/-]|[.,]\d)"
)
_AUSTRALIAN_WORDS = frozenset("nsw vic qld tas act nt sa wa".split())
_SHAPED = re.compile(
    r"(?<![\w-])(?:〒 ?(?P<id>\d{3}-\d{4})|(?P<id2>[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z]\d[ABCEGHJ-NPRSTV-Z]\d|[abceghj-nprstvxy]\d[abceghj-nprstv-z] \d[abceghj-nprstv-z]\d)|(?P<id3>(?:[AC-FHKNPRTV-Y]\d\d|D6W) (?=[\dA-Z]{0,3}[A-Z])(?=[A-Z]{0,3}\d)[0-9AC-FHKNPRTV-Y]{4}))(?![\w-])"
)
_LABELLED = re.compile(
    r"(?i)(?<![\w-])(?:cep|plz|c\.p\.|post ?code|pin ?code|eircode|postleitzahl|c[óo]digo postal|code postal|postal|zip|psč|kod pocztowy|postnummer)(?: ?code)?(?:[ \t]*[:=#]|[ \t]+is|[ \t]+was)?[ \t]+(?P<id>(?-i:[A-Z]{1,2}-)?(?:\d{4,5}(?:[ -]\d{2,4})?|\d{2,3}[ -]\d{2,3})|(?-i:[A-Z]\d{1,2}[A-Z]? ?\d[A-Z]{2})|\d{4} ?(?-i:[A-Z]{2}))(?![\w%]|[.,/-]\d| ?(?:mg|ml|cm|x\b))"
)
_LABELS = frozenset(
    "cep plz c post postcode pin pincode eircode postleitzahl código codigo code postal zip psč kod postnummer".split()
)
_PLACED = re.compile(
    r"\b(?P<cue>(?i:in|near|around|nearest|serving|within|outside|the))(?: (?:zip(?: code)?|area|the))? (?P<id>\d{5})(?=[ \t]*(?:[.,;:!?)\n]|$)|[ \t]+(?:area|zip)\b)"
)
# Cities that the list of towns leaves out, for they are surnames or words too; beside a code they are towns.
_CITIES = frozenset(
    "paris berlin roma milano milan wien lisboa praha warsaw warszawa bruxelles københavn geneva genève münchen nice nantes torino "
    "napoli florence firenze venice venezia barcelona valencia shanghai bangalore manila bangkok singapore sydney adelaide "
    "wellington tijuana santiago".split()
)
# First looks: digits before a word with a capital; digits in the groups that stand behind one.
_CAPITAL_BEHIND = re.compile(rf"\d(?: [A-Z]{{2}})?[ \t]+[{UPPER}][{LOWER}]{{2}}")
_FIVE = re.compile(r" \d{5}(?!\d)")
_GROUPS = re.compile(r"\d{3} ?\d{2,3}(?!\d)|\d-\d{3}(?!\d)|\d{4} [A-Z]{2}\b")


def postal_codes(text: str, digits: int, words: frozenset[str], *, clinical: bool) -> Iterator[PhiFinding]:
    """Codes of other countries; ``digits`` is how many the text holds, ``words`` are its words in small letters."""
    if digits < _LEAST_DIGITS:
        return
    if not clinical:
        for match in _SHAPED.finditer(text):
            yield _finding(match, next(group for group in ("id", "id2", "id3") if match[group]), _SURE)
    if not words.isdisjoint(_LABELS):
        for match in _LABELLED.finditer(text):
            yield _finding(match, "id", _SURE)
    if digits > 3:
        if not words.isdisjoint(_AUSTRALIAN_WORDS):
            yield from (_finding(match, "id", _SURE) for match in _AUSTRALIAN.finditer(text))
        yield from _beside_town(text, clinical=clinical)
    if digits > 4 and _FIVE.search(text):
        for match in _PLACED.finditer(text):
            bare = match["cue"].lower() == "the" and text[match.end() : match.end() + 5].strip() not in ("area", "zip")
            if not bare and not match["id"].endswith("00") and (not clinical or match["cue"].lower() == "near"):
                yield _finding(match, "id", _LIKELY)


def _finding(match: re.Match[str], group: str, score: float) -> PhiFinding:
    return PhiFinding(match.start(group), match.end(group), "ZIP_CODE", score)


def _beside_town(text: str, *, clinical: bool) -> Iterator[PhiFinding]:
    for match in _BEFORE_TOWN.finditer(text) if _CAPITAL_BEHIND.search(text) else ():
        code, town = match["id"], match["town"]
        year = code.isdigit() and len(code) == 4 and code.startswith(("19", "20"))
        bare_four = len(code) == 4
        listed = _is_town(town) and not (clinical and town.lower() in clinical_words())
        if listed and not (year or (bare_four and clinical)):
            yield _finding(match, "id", _SURE)
        elif not clinical and not bare_four and _can_be_town(town):
            yield _finding(match, "id", _LIKELY)
    for match in _BEHIND_TOWN.finditer(text) if _GROUPS.search(text) else ():
        short = len(match["id"]) == 5
        if short and (clinical or match["id"].endswith("00")):
            continue
        if _is_town(match["town"]) and not (clinical and match["town"].lower() in clinical_words()):
            yield _finding(match, "id", _SURE)


def _is_town(name: str) -> bool:
    return name.lower() in _CITIES or is_listed_town(name)


def _can_be_town(name: str) -> bool:
    """Words that are neither ordinary nor of the clinic."""
    return not any(
        is_ordinary(word) or word in clinical_words() or word in not_in_names() for word in name.lower().split()
    )
