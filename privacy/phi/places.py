"""Street addresses, cities, ZIP codes and facility names: geography below the level of a state."""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.least_digits import least_digits
from ghostchart.privacy.phi.letters import LOWER, UPPER
from ghostchart.privacy.phi.states import STATE_ANY, STATE_DOTTED, STATE_NAMES, STATE_SURE
from ghostchart.privacy.phi.vocabulary import (
    clinical_words,
    countries,
    departments,
    eponyms,
    is_name_word,
    is_ordinary,
    not_in_names,
    not_towns,
)

_SUFFIX = (
    r"(?:streets?|st|avenue|ave|av|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|circle|cir|place|pl|terrace|ter|trail|"
    r"trl|way|parkway|pkwy|highway|hwy|square|sq|loop|alley|aly|row|crescent|plaza|plz|pike|path|run|ridge|hollow|"
    r"crossing|xing|cove|commons|bend|glen|grove|heights|hts|hill|island|junction|knoll|landing|manor|meadows?|mews|"
    r"mill|mount|orchard|park|pass|point|port|ranch|rest|shore|spring|springs|station|summit|turnpike|union|valley|"
    r"view|village|ville|vista|walk|walks|wells|mall|causeway|bypass|camp|canyon|cape|center|club|creek|crest|dale|"
    r"estates?|expressway|extension|fall|falls|ferry|field|fields|flats?|ford|fords|forest|forge|fork|forks|fort|"
    r"freeway|garden|gardens|gateway|green|greens|harbor|haven|inlet|islands|isle|key|keys|lake|lakes|light|locks|"
    r"lodge|motorway|neck|oval|parkways|plain|plains|points|ports|prairie|radial|rapids|ridges|river|route|shoal|"
    r"bluffs?|bottom|branch|bridge|brooks?|cliffs?|close|corners?|course|courts|coves|divide|gate|hills|knolls|mills|mission|"
    r"mountain|parks|passage|pines?|quay|rise|roads|shoals|shores|squares|streets|trailer|valleys|views|wharf|"
    r"skyway|spur|stravenue|stream|throughway|trace|track|trafficway|tunnel|underpass|viaduct|wall|ways|"
    # The rest of appendix C1 of USPS Publication 28; of its abbreviations those that are no clinical ones.
    r"annex|anx|arcade|bayou|byu|beach|bch|bnd|blf|blfs|brk|brks|burgs?|byp|cyn|cswy|centers|circles|cliffs?|common|cmn|cmns|"
    r"crse|crk|cres|crst|crossroads?|xrds?|curve|curv|dam|estate|expy|flds|frst|forges|fwy|gdns?|gtwy|glens|gln|groves|grv|"
    r"harbors|hbr|hvn|hls|holw|inlt|junctions|jct|knls?|lks|lndg|lodges|lp|manors|mnr|mdws?|msn|mountains|mtns?|mtwy|orch|"
    r"overpass|psge|plns|ramp|ranches|rdgs?|rnch|rte|skwy|spgs?|strm|smt|trce|tpke|unions|vly|vlgs?|villages|vws|esplanade|promenade|brae|wynd|parade|croft)"
)
_SURE_SUFFIX = (
    r"(?:street|avenue|ave|road|rd|lane|ln|drive|boulevard|blvd|court|circle|terrace|parkway|pkwy|highway|hwy|trail)"
)
_UNIT = r"(?:,? (?:apt|apartment|suite|ste|unit|room|rm|bldg|building|floor|fl|lot|no|#)(?![a-z])\.? ?#? ?[\w-]{1,6}|,? \d{1,2}(?:st|nd|rd|th) (?:floor|fl)\b| ?# ?\w{1,6})?"
_CAP = rf"(?:[{UPPER}][\w.'’-]*|\d+(?:st|nd|rd|th))"
# What stands before and after the name of a street.
_DIRECTION = r"(?:[NSEW]|[NS][EW]|(?:North|South)(?:east|west)?|East|West)\b\.?"
_NUMBER = r"\d{1,6}[A-Z]?(?:-\d+)?(?: 1/2)?"
_PARTICLES = r"(?:(?:de|del|des|du|of|the|la|las|los|le|les|da|do|dos|della|delle|di) ){0,2}"
# Streets that are called by a number, by a word of another language in front, or by one word alone.
_HIGHWAY = (
    r"(?:(?:U\.?S\.?|State|County|Farm to Market|Farm Market|Ranch|Ranch to Market|Old|Business) )?"
    r"(?:Highway|Hwy\.?|Route|Rte\.?|Road|Rd\.?|Interstate) \d{1,5}[A-Z]?\b|FM \d{3,4}\b"
)
_LEADING = (
    r"(?:Calle|Callej[oó]n|Avenida|Camino|Caminito|Paseo|Vereda|Rue|Rua|V[ií]a|Viale|Plaza|Place|Boulevard|Chemin)"
)
_ONE_WORD = r"(?:Broadway|Bowery|Esplanade|Embarcadero|Strand|Promenade|Boardwalk|Concourse|Crescent|Alameda)"
_STREETS = (
    re.compile(
        rf"(?<![\w./-])(?P<id>{_NUMBER} (?:{_DIRECTION} )?(?:{_PARTICLES}{_CAP} ){{1,4}}(?i:{_SUFFIX})\b\.?(?: {_DIRECTION})?(?i:{_UNIT}))"
    ),
    re.compile(rf"(?<![\w./-])(?P<id>{_NUMBER} (?:{_DIRECTION} )?(?:{_HIGHWAY})(?: (?:{_DIRECTION}|Bypass|Business|Spur|Loop))?(?i:{_UNIT}))"),
    re.compile(rf"(?<![\w./-])(?P<id>{_NUMBER} {_LEADING} {_PARTICLES}{_CAP}(?: {_PARTICLES}{_CAP}){{0,3}}(?i:{_UNIT}))"),
    re.compile(rf"(?<![\w./-])(?P<id>{_NUMBER} (?:{_DIRECTION} )?(?:The )?{_ONE_WORD}(?: {_DIRECTION})?(?i:{_UNIT}))(?=[,.;:)\n]|$| (?:in|with|for|and|on|since|by|near|at|today|again) )"),
    re.compile(rf"(?<![\w./-])(?P<id>\d{{1,6}} (?:[nsew]\.? )?(?:[a-z][\w'-]* ){{1,3}}{_SURE_SUFFIX}\b\.?(?i:{_UNIT}))(?=[,;.\n]|$| in | [A-Z])"),
    re.compile(
        rf"(?<![\w./-])(?P<id>\d{{1,6}} (?:{_CAP} ){{1,3}}{_CAP})(?=,\s+(?:{_CAP} ){{0,3}}{_CAP},?(?: [A-Z]{{2}})?,?\s+\d{{5}}\b)"
    ),
    re.compile(r"(?<![\w-])(?P<id>(?i:p\.? ?o\.? box|post office box) \d{1,6}|(?i:psc|unit) \d{1,6},? (?i:apo|box) ?(?:[A-Z]{2}|\d+))"),
    re.compile(r"(?<![\w-])(?P<id>(?i:(?:rural route|county (?:road|rd)|state route|us (?:highway|hwy)) \d{1,5}(?:,? box \d+)?|(?:rr|hc) \d{1,5},? box \d+))(?=[,.;\s]|$)"),
    re.compile(
        rf"(?<![\w-])(?P<id>(?:[{UPPER}][{LOWER}]+ ){{0,2}}[{UPPER}][{LOWER}]*(?:straße|strasse|str\.|weg|gasse|allee|platz|gatan|vägen|gata|vej|veien|laan|straat|plein|kade|katu) \d{{1,4}} ?[a-zA-Z]?)(?![\w-])"
    ),
    re.compile(
        rf"(?<![\w-])(?P<id>(?:Via|Viale|Piazza|Corso|Calle|Avenida|Av\.|Plaza|Paseo|Carrer|Rua|Travessa|Praça|Carrera|ul\.|ulica|Rue|Avenue|Boulevard|Place|Chemin|Quai) (?:(?:de|du|des|la|le|las|los|da|do|dos|della|delle|del|di|l['’]) ?){{0,2}}{_CAP}(?: {_CAP}){{0,3}},? (?:n[°o.]? ?)?\d{{1,4}} ?[a-zA-Z]?)(?![\w-])"
    ),
    re.compile(
        rf"(?<![\w./-])(?P<id>\d{{1,4}}(?: ?bis)?,? (?i:rue|avenue|boulevard|place|chemin|allée|quai|impasse|cours) (?:(?:de|du|des|la|le|l['’]|d['’]) ?){{0,2}}{_CAP}(?:[ -]{_CAP}){{0,3}})"
    ),
    re.compile(rf"(?i:address(?: is)?|addr\.?|lives at|resides at|residing at|staying at|home at|residence)[: ]+(?P<id>\d{{1,6}} (?:{_CAP} ?){{1,4}}(?i:{_UNIT}))"),
    re.compile(rf"(?i:lives|living|resides|residing|reside|live|home|house|apartment) (?i:on|near|off) (?P<id>(?:{_CAP} ){{1,3}}(?i:{_SURE_SUFFIX}))\b"),
)  # fmt: skip

_STREETS_BY_DIGITS = tuple((pattern, least_digits(pattern)) for pattern in _STREETS)

_TOWN = r"(?P<id>(?:(?:St|Ft|Mt)\. )?[A-Z][a-zA-Z'’-]+(?: [A-Z][a-zA-Z'’-]+){0,2}?)"
_TOWNS = rf"(?P<id>(?:(?:St|Ft|Mt)\. )?[{UPPER}][{LOWER}{UPPER}'’-]+(?: (?:(?:on|upon|de|la|del|le) )?[{UPPER}][{LOWER}'’-]+){{0,3}})"
_AFTER_STREET = re.compile(
    rf"\.?,?\s+(?P<town>(?:{_CAP} ){{0,3}}{_CAP}),?(?: (?:{STATE_ANY}))?,?\s+(?P<zip>\d{{5}}(?:-\d{{4}})?)(?![\w-])"
)
_ZIP = re.compile(
    rf"(?:\b(?:{STATE_ANY})\b|\b(?:{STATE_NAMES})\b),?[ \t]+(?P<id>\d{{5}}(?:-\d{{4}})?)(?![\w-])|(?i:\bzip(?:[ -]?code)?|postal code)[ :#]*(?:is )?(?P<id2>\d{{5}}(?:-\d{{4}})?)(?![\w-])"
    r"|(?<![\w-])(?P<id3>[A-PR-UWYZ][A-HK-Y]?\d[A-HJKPSTUW\d]? \d[ABD-HJLNP-UW-Z]{2}|[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] \d[ABCEGHJ-NPRSTV-Z]\d)(?![\w-])"
)
_LEAST_OF_ZIP = least_digits(_ZIP)
_CITIES = (
    re.compile(rf"(?<![\w.] )(?<!\w){_TOWN}, ?(?:{STATE_ANY}),? \d{{5}}\b"),
    re.compile(rf"(?<!\w){_TOWN}, (?:{STATE_SURE})(?=[\s.,;)]|$)"),
    re.compile(rf"(?<!\w){_TOWN}, (?:(?:{STATE_NAMES})\b|{STATE_DOTTED})"),
    re.compile(rf"\b(?i:lives? in|living in|resid(?:es|ing|ent) (?:in|of)|moved (?:here )?from|moved to|relocated (?:from|to)|born in|native of|grew up in|hometown:?|city:|town:|traveled (?:from|to)|visiting from|travel(?:s|ing|led)? to|trip to|flew to|fly to|flight to|drove to|drive to|driven (?:all the way )?from|arriv(?:es|ed|ing) (?:in|from)|based in|situated in|located in|stuck in|stay(?:ed|ing|s)? in|office in|people of|mayor of|city of|town of|village of|suburb of|corner of|traffic in|sent through|works? in|working in|raised in|transferred from|commutes? (?:from|to)) {_TOWNS}(?=[\s.,;:!?)]|$)"),
    re.compile(rf"\b(?i:in|from|to|of|near|at|outside) {_TOWN}, (?:{STATE_ANY})(?=[\s.,;)]|$)"),
)  # fmt: skip
_BEFORE_ZIP = re.compile(rf"(?<!\w){_TOWN} (?:{STATE_ANY}),? \d{{5}}\b")
_ABBREVIATION_ZIP = re.compile(r" [A-Z]{2},? \d{5}")
# How every cue of residence ends.
_CUED_CAPITAL = re.compile(rf"(?:[iI][nN]|[oO][fF]|[oO][mM]|[tT][oO]|[wW][nN]:?|[tT][yY]:) [{UPPER}]")
_COMMA_CAPITAL = re.compile(r", ?[A-Z]")
_ROMAN = re.compile(r"[IVX]+")

# What "from" follows is a town in everyday text; in clinical text also a disease or a drug ("relief from Xarelto").
_LOOSE_CITY = re.compile(rf"\b[a-z]{{2,}} (?:from|in|to) {_TOWNS}(?=[\s.,;:!?)]|$)")


def street_addresses(text: str, digits: int) -> Iterator[PhiFinding]:
    """House number with street, post-office boxes, routes; streets without a number after "lives on".

    ``digits`` is how many the text holds: a pattern that wants more is left out. A town and a ZIP code that follow an
    address need no state between them.
    """
    for pattern, least in _STREETS_BY_DIGITS:
        if digits < least:
            continue
        for match in pattern.finditer(text):
            if len(match["id"].split()) < 2 or _is_measure(match):
                continue
            yield PhiFinding(match.start("id"), match.end("id"), "STREET_ADDRESS", 0.85)
            rest = _AFTER_STREET.match(text, match.end("id"))
            if rest:
                yield PhiFinding(rest.start("town"), rest.end("town"), "CITY", 0.85)
                yield PhiFinding(rest.start("zip"), rest.end("zip"), "ZIP_CODE", 0.92)


def _is_measure(match: re.Match[str]) -> bool:
    return bool(re.match(r"(?i)\d+ (?:mg|mcg|ml|min|minutes?|hours?|days?|weeks?|months?|years?|yo|yr|cm|mm|beats|units?|tabs?|feet|ft|miles?|block|lbs?|kg|pack|pills?|times?)\b", match["id"]))  # fmt: skip


def zip_codes(text: str, digits: int) -> Iterator[PhiFinding]:
    """Five or nine digits after a state or a label; British and Canadian codes anywhere."""
    if digits < _LEAST_OF_ZIP:
        return
    for match in _ZIP.finditer(text):
        group = "id" if match["id"] else "id2" if match["id2"] else "id3"
        yield PhiFinding(match.start(group), match.end(group), "ZIP_CODE", 0.92)


def cities(text: str, *, clinical: bool = True) -> Iterator[PhiFinding]:
    """Town before a state, or after words of residence; after any "from" outside clinical text."""
    patterns: tuple[re.Pattern[str], ...] = _CITIES if clinical else (*_CITIES, _LOOSE_CITY)
    if not _COMMA_CAPITAL.search(text):  # no state follows a town
        patterns = tuple(pattern for pattern in patterns if pattern in (_CITIES[3], _LOOSE_CITY))
    if not _CUED_CAPITAL.search(text):
        patterns = tuple(pattern for pattern in patterns if pattern is not _CITIES[3])
    if _ABBREVIATION_ZIP.search(text):
        patterns = (*patterns, _BEFORE_ZIP)
    for pattern in patterns:
        for match in pattern.finditer(text):
            words = [word.strip(".").lower() for word in match["id"].split()]
            # "class III, AR" is a grade before an abbreviation, not a town in Arkansas.
            if match["id"].isupper() and " " not in match["id"] and (len(match["id"]) <= 3 or not text.isupper()):
                continue
            if pattern is _LOOSE_CITY and any(
                word in eponyms() or (is_ordinary(word) and not is_name_word(word)) for word in words
            ):
                continue
            if any(word in countries() for word in words) or _is_no_town(words):
                continue
            graded = _ROMAN.fullmatch(match["id"].split()[-1])
            if not graded and not all(word in not_towns() for word in words):
                yield PhiFinding(match.start("id"), match.end("id"), "CITY", 0.75)


# Clinical words and kinds of place that are second halves of the names of towns.
_SECOND_HALVES = frozenset(
    [
        "falls",
        "fall",
        "heights",
        "center",
        "point",
        "home",
        "village",
        "park",
        "fork",
        "bend",
        "station",
        "hand",
        "spring",
        "mills",
    ]
)


def _is_no_town(words: list[str]) -> bool:
    """Clinical words, departments, months, people's first names before no state: what follows "from" in many sentences."""
    own = [word for place, word in enumerate(words) if not place or word not in _SECOND_HALVES]
    if any(word in clinical_words() or word in departments() or word in not_in_names() for word in own):
        return True
    return len(words) == 1 and is_ordinary(words[0]) and not is_name_word(words[0])
