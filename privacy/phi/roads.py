"""Streets without a house number, crossings, and addresses of other languages that begin with the word for street."""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.letters import LOWER, UPPER, capitalised
from ghostchart.privacy.phi.proper_words import Evidence, evidence
from ghostchart.privacy.phi.vocabulary import clinical_words, departments, not_in_names

_SCORE = 0.7
_CROSSING_SCORE = 0.8
_CAP = rf"(?:[{UPPER}][{LOWER}]+(?:['’-][{UPPER}{LOWER}]+)*|[{UPPER}]['’][{UPPER}][{LOWER}]+|St\.|Mt\.|Ft\.|\d{{1,3}}(?:st|nd|rd|th))"
_DIRECTION = r"(?:[NSEW]\.?|North|South|East|West|Old|Upper|Lower|Great) "
_SUFFIX = r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Highway|Hwy|Parkway|Pkwy|Turnpike|Pike|Terrace|Crescent|Trail|Trailhead|Court|Circle|Loop|Mews|Wynd|Row|Causeway|Bypass|Expressway)"
_SUFFIXES = frozenset(_SUFFIX.strip("(?:)").split("|"))
_BARE = re.compile(
    rf"\b(?i:on|in|off|at|near|along|around|down|to|from|of|by|across|under|between|onto|toward|towards|opposite|behind)(?: the)? "
    rf"(?P<id>(?:{_DIRECTION})?(?:{_CAP} ){{1,3}}{_SUFFIX}\b(?! [{UPPER}][{LOWER}]+(?:'s|’s)?(?: |\.|$)(?<! in ))\.?(?: (?:[NSEW]|[NS][EW])\b)?)"
)
_HERE = r"(?:(?:[NSEW]\.?|North|South|East|West) )?"
_SIDE = rf"{_HERE}{_CAP}(?: {_CAP}){{0,2}}"
_CROSSING = re.compile(
    rf"\b(?i:corner of|intersection of|crossing of|cross streets?(?: of)?:?|between|junction of)(?: the)? (?P<id>{_SIDE}(?: {_SUFFIX}\.?)? ?(?:and|&|/|at) ?{_SIDE})(?![\w'’-])"
)
_CROSSED = re.compile(
    rf"(?<![\w'’-])(?P<id>{_HERE}(?:{_CAP} ){{1,3}}{_SUFFIX}\.? ?(?:&|/|and|at) ?{_HERE}(?:{_CAP} ){{1,3}}{_SUFFIX}\b)"
)
# Words for "street" in front (Greek, Irish, Welsh, Turkish, Polish, Malay, Portuguese, ...), the number before or behind.
_FRONT = (
    r"(?:Odos|Leoforos|Plateia|Sr[áa]id|B[óo]thar|Ascaill|Heol|Ffordd|Stryd|Lôn|Jalan|Jln?\.?|Lorong|Soi|Ulitsa|ul\.|Ul\.|Ulica|al\.|Aleja|Prospekt|Strada|Str\.|Bulevardul|Calea|"
    r"Rua|Travessa|Largo|Avenida|Av\.|Avda\.?|Calle|C/|Carrer|Carretera|Callejón|Carrera|Via|Viale|Vicolo|Piazza|Corso|Rue|rue|Boulevard|boulevard|Impasse|impasse|Allée|allée|Quai|quai|Chemin|chemin|Place|place)"
)
_JOIN = r"(?:(?:de|del|della|delle|dei|di|du|des|da|do|dos|das|la|las|los|le|les|an|na|y|et|of) |[ld]['’]|an t-){0,3}"
_NAMED = rf"{_JOIN}[{UPPER}][\w'’.-]+(?: {_JOIN}[{UPPER}][\w'’.-]+){{0,3}}"
_FOREIGN = (
    re.compile(rf"(?<![\w./-])(?P<id>\d{{1,4}}[a-zA-Z]?,? {_FRONT} {_NAMED})"),
    re.compile(rf"(?<![\w./-])(?P<id>{_FRONT} ?{_NAMED},? (?:n[°ºo.]{{0,2}} ?|No\.? ?)?\d{{1,4}}[a-zA-Z]?)(?![\w-])"),
    re.compile(
        rf"(?<![\w./-])(?P<id>[{UPPER}][{LOWER}]+(?:(?:straße|strasse|str\.|gasse|allee|gatan|vägen|gata|veien|laan|straat|gracht|katu|tie|utca|út|cesta|sokak|sokağı|caddesi|dori|gade)|[ -](?:Straße|Strasse|Str\.|Allee|Platz|Weg|Caddesi|Cad\.|Sokak|Sok\.|utca|út|tér|krt\.))"
        r",? (?:[Nn]o[.:]? ?)?\d{1,4} ?[a-zA-Z]?)(?![\w-])"
    ),
)
_FRONTS = frozenset(re.findall(r"[A-ZÀ-Þ]\w*", _FRONT.replace("[áa]", "á").replace("[óo]", "ó"))) | {
    "Srid",
    "Sraid",
    "Bothar",
    "Jl",
    "Jln",
    "Avda",
    "Avd",
}
_SMALL_FRONTS = ("rue ", "ul.", "al.", "boulevard ", "impasse ", "allée ", "quai ", "chemin ")
_ENDINGS = (
    "straße",
    "strasse",
    "str",
    "gasse",
    "allee",
    "gatan",
    "vägen",
    "gata",
    "veien",
    "laan",
    "straat",
    "gracht",
    "katu",
    "tie",
    "utca",
    "út",
    "cesta",
    "sokak",
    "sokağı",
    "caddesi",
    "dori",
    "gade",
)
_BEHIND = frozenset(["Straße", "Strasse", "Str", "Allee", "Platz", "Weg", "Caddesi", "Cad", "Sokak", "Sok"])
_CROSSES = ("orner", "ntersection", "rossing", "ross street", "unction", "etween")
_NO_NAME = frozenset([
    "wall", "sesame", "memory", "abbey", "downing", "silk", "easy", "high", "one-way", "same", "rocky", "right", "left", "main-line",
])  # fmt: skip


def roads(text: str, digits: int) -> Iterator[PhiFinding]:
    """Streets behind "on", "off" or "corner of", two streets that cross, and foreign addresses with a number."""
    words = capitalised(text)
    if not _SUFFIXES.isdisjoint(words):
        for pattern in (_BARE, _CROSSED):
            for match in pattern.finditer(text):
                if _is_named(match["id"]) and not (pattern is _BARE and _is_way_of_speaking(match["id"])):
                    yield PhiFinding(match.start("id"), match.end("id"), "STREET_ADDRESS", _SCORE)
    if any(word in text for word in _CROSSES):
        for match in _CROSSING.finditer(text):
            if _is_named(match["id"]):
                yield PhiFinding(match.start("id"), match.end("id"), "STREET_ADDRESS", _CROSSING_SCORE)
    if not digits:
        return
    fronted = not _FRONTS.isdisjoint(words) or any(word in text for word in _SMALL_FRONTS)
    ended = (
        not _BEHIND.isdisjoint(words)
        or any(word.endswith(_ENDINGS) for word in words)
        or " ut" in text
        or " út" in text
    )
    for patterns in ((_FOREIGN[:2] if fronted else ()), (_FOREIGN[2:] if ended else ())):
        for pattern in patterns:
            for match in pattern.finditer(text):
                if _is_named(match["id"]):
                    yield PhiFinding(match.start("id"), match.end("id"), "STREET_ADDRESS", _SCORE)


# Suffixes that end phrases as well: "in the Second Row", "a Closed Loop", "Drug Court".
_LOOSE_SUFFIXES = frozenset(["Trail", "Trailhead", "Court", "Circle", "Loop", "Row", "Mews", "Wynd", "Causeway", "Bypass", "Expressway"])  # fmt: skip


def _is_way_of_speaking(body: str) -> bool:
    words = re.findall(r"[^\W\d_][\w'’-]*", body)
    last = max((place for place, word in enumerate(words) if word in _SUFFIXES), default=0)
    return words[last] in _LOOSE_SUFFIXES and evidence(words[:last]) is Evidence.NONE


def _is_named(body: str) -> bool:
    """Whether no word of it is clinical, a department or a month, and the street is no byword."""
    words = [word.lower().strip(".") for word in re.findall(r"[^\W\d_][\w'’-]*", body)]
    return words[0] not in _NO_NAME and not any(
        len(word) > 2
        and word not in ("and", "the")
        and (word in clinical_words() or word in departments() or word in not_in_names())
        for word in words[:-1]
    )
