"""Places whose kind or chain stands in front ("Hotel Zum Anker", "Univ. of X", "DaVita X"), colleges, and small letters.

Requests to an assistant are often typed without capitals ("labs from stanwick clinic"); there only a word of no list counts.
"""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.letters import LOWER, UPPER, capitalised
from ghostchart.privacy.phi.proper_words import SIGNBOARD, Evidence, evidence, is_plain
from ghostchart.privacy.phi.states import is_region
from ghostchart.privacy.phi.vocabulary import (
    clinical_core,
    clinical_words,
    departments,
    is_listed_town,
    is_name_word,
    is_ordinary,
    not_in_names,
)

_SCORE = 0.68
_CAP = rf"[{UPPER}][\w'’-]+"
_SMALL = r"(?:(?:de|del|della|delle|dei|di|du|des|da|do|dos|das|la|las|los|le|les|el|al|am|an|im|zum|zur|der|den|of|the|at|and|&|y|e|et) |[ldLD]['’]){0,3}"
_NAMED = rf"{_SMALL}{_CAP}(?:[ -]{_SMALL}{_CAP}){{0,3}}"
# A word of lodging, food or care in the languages that put it first; the English ones among them follow their name as well.
_KINDS = (
    r"(?P<kind>Hotel|Hôtel|Motel|Hostal|Hostel|Pension|Gasthof|Gasthaus|Landgasthof|Albergo|Auberge|Posada|Hacienda|Parador|Pousada|Ristorante|Restaurante|Restaurant|Trattoria|Osteria|Brasserie|Caf[eé]|Cantina|Chez|Château|Schloss|"
    r"Klinikum|Klinik|Krankenhaus|Uniklinik|Universitätsklinikum|Apotheke|Praxis|Cl[ií]nica|Farmacia|Hôpital|Clinique|Pharmacie|Ospedale|Policlinico|Sanatorio|Hospital (?:de|del|da|do|San|Santa|General de|Universitario|Universitari)|Centro (?:M[eé]dico|de Salud)|"
    r"Colegio|Escuela|Instituto|Lyc[ée]e|Coll[èe]ge|École|Gymnasium|Grundschule|Realschule|Kindergarten|Kita|Universidad|Universidade|Université|Universität|Università|Banco|Banque|Iglesia|Parroquia|Taller|Panader[ií]a)"
)
_KINDS_SEEN = frozenset(re.findall(r"[A-ZÀ-Þ][\w]+", re.sub(r"\[.\w?\]|\(\?.", "", _KINDS))) | frozenset([
    "Café", "Cafe", "Clínica", "Clinica", "Lycée", "Lycee", "Collège", "College", "Colegio", "Panadería", "Panaderia", "Hospital", "Centro", "Hotel",
])  # fmt: skip
_FRONTED = re.compile(rf"(?<![\w'’-])(?P<id>{_KINDS} (?P<name>{_NAMED}))(?![\w'’-])")
_NOT_NAMED = frozenset([
    "reservation", "booking", "room", "rooms", "manager", "confirmation", "management", "guest", "guests", "california", "rwanda", "week", "bar", "lobby",
    "staff", "plan", "fund", "funds", "benefits", "scheme", "menu", "owner", "worker", "industry", "inspection", "regional", "benefit", "disability", "loan", "claim", "claims", "rating", "nurse", "crew", "flight", "choice", "insurance", "member", "senior", "advantage", "inspection", "review", "dance", "course", "day", "policy",
])  # fmt: skip
# Chains, of which the word behind is the branch.
_CHAIN = re.compile(
    rf"(?<![\w'’-])(?P<id>(?:DaVita|Fresenius(?: Kidney Care| Medical Care)?|FMC|FKC|US Renal|U\.S\. Renal|Satellite Dialysis|Kaiser(?: Permanente)?|Concentra|Encompass(?: Health)?|Kindred|Brookdale|Genesis HealthCare|Amedisys|BAYADA|ResCare|Gentiva|KinderCare|Aspen Dental|"
    rf"Planned Parenthood|YMCA|YWCA|IHS|MinuteClinic|LabCorp|Labcorp|NextCare|CareNow|MedExpress|GoHealth|VA|VAMC|CBOC|FCI|AirCare|AirEvac|MedFlight|Air Evac|Life Flight)(?: of| at| in)? (?P<name>{_CAP}(?: {_CAP}){{0,2}}))(?![\w'’-])"
)
_CHAINS_SEEN = frozenset([
    "DaVita", "Fresenius", "FMC", "FKC", "US", "U", "Satellite", "Kaiser", "Concentra", "Encompass", "Kindred", "Brookdale", "Genesis", "Amedisys",
    "BAYADA", "ResCare", "Gentiva", "KinderCare", "Aspen", "Planned", "YMCA", "YWCA", "IHS", "MinuteClinic", "LabCorp", "Labcorp", "NextCare", "CareNow",
    "MedExpress", "GoHealth", "VA", "VAMC", "CBOC", "FCI", "AirCare", "AirEvac", "MedFlight", "Air", "Life",
])  # fmt: skip
_UNIVERSITY = re.compile(
    rf"(?<![\w'’-])(?P<id>(?:Univ\.?|University|U\.?|College|Bank|Diocese|Archdiocese|School District|Church) of (?:the )?(?P<name>{_CAP}(?: {_CAP}){{0,2}}))(?![\w'’-])"
)
_UNIVERSITY_SEEN = frozenset(
    ["Univ", "University", "U", "College", "Bank", "Diocese", "Archdiocese", "School", "Church"]
)
_STUDENT = re.compile(
    rf"(?i:\b(?:student|freshman|sophomore|attend(?:s|ed|ing)?|enrolled|graduated|graduate|degree|degrees|diploma|phd|mba|studies|studied|studying|professor|instructor|teaches|taught|coach(?:es|ed)?|scholarship|plays(?: \w+)?|played(?: \w+)?|majoring(?: in \w+)?|"
    rf"admitted|accepted|alum\w*|campus|dorm|sr|jr|soph|fr|senior|junior|undergrad)(?: (?:at|from|for|of|in|to|@)|,| @)?(?: the)? )(?P<id>(?P<name>{_CAP}(?: {_CAP}){{0,2}}) (?:State|Tech|Poly|A&M|CC|JUCO|Univ\.?|Prep))(?![\w'’-]| [{UPPER}][{LOWER}])"
)
_STUDENT_SEEN = frozenset(["State", "Tech", "Poly", "A", "CC", "JUCO", "Univ", "Prep"])
_INSTRUMENT_AFTER = re.compile(
    r"(?: [\w()-]+){0,4}? (?i:exam\w*|scales?|scores?|criteria|tests?|classification|questionnaire|inventory|protocol|index|solution|study|trial|guidelines?)\b"
)
# Called by their saint alone: "CABG at St. Anselm's", "admitted to Good Shepherd".
_SAINT = re.compile(
    rf"(?:\b(?i:at|from|to|via|outside|by)|@) (?P<id>(?:St\.?|Saint|Ste\.?|Sainte) (?P<name>{_CAP})|(?P<name2>Good Shepherd|Good Samaritan|Good Sam|Holy (?:Cross|Name|Family|Spirit|Trinity|Redeemer|Rosary|Angels)|Sacred Heart|Our Lady of (?:the )?{_CAP}(?: {_CAP})?|(?:Mount|Mt\.?) (?:Sinai|Carmel|Zion|Olive|Hope|Tabor|Nebo)))(?![\w'’-]| [{UPPER}])"
)
_SAINTS_SEEN = frozenset(["St", "Saint", "Ste", "Sainte", "Good", "Holy", "Sacred", "Our", "Mount", "Mt"])
_SAINT_SCORE = 0.55  # below a town that words about a place announce
_SMALL_HEADS = (
    r"(?:(?:general|memorial|community|county|regional|childrens|children's|university|district) )?(?:hospital|hosp)|medical center|med ctr|med center|medical group|clinic|pharmacy|urgent care|rehab|nursing home|"
    r"snf|hospice|dialysis|home health|family (?:medicine|practice|health)|primary care|internal medicine|pediatrics|peds|cardiology|ortho|orthopedics|dermatology|derm|oncology|pathology|imaging|radiology|"
    r"surgery center|eye center|dental|elementary|middle school|high school|high|academy|county jail|jail|ems|county ems|assisted living|senior living|manor|health center|health system|behavioral health|counseling|recovery|foods|motors|trucking|construction|logistics|industries|electric|plumbing|landscaping|hardware|bakery|diner|realty|bank|farms|college|university|community college|prep|apartments|motel|hotel|inn"
)
_SMALL_NAMED = re.compile(
    rf"\b(?:(?:at|from|to|@|near|via|through|outside|with|works? for|worked for|school) |school, )(?:the )?(?P<id>(?P<name>(?:(?:st|mt|ft|saint|san|santa|mount|lake|fort|port|new|north|south|east|west|old|big|little)\.? )?[{LOWER}][{LOWER}'’]{{2,}}(?: [{LOWER}][{LOWER}'’]{{2,}})?) (?:{_SMALL_HEADS}))\b(?![-'’])"
)
_TOPONYM_ENDINGS = (
    "brook", "brooke", "field", "wood", "ford", "ville", "burg", "burgh", "dale", "view", "ridge", "stone", "crest", "haven", "mere", "ham", "worth", "side",
    "water", "shore", "land", "mont", "mount", "hurst", "bury", "wick", "mill", "vale", "port", "gate", "point", "creek", "lake", "hill", "chester", "boro",
    "borough", "town", "shire", "cliff", "moor", "glen", "bluff", "grove", "leaf", "spring", "harbor", "harbour", "bridge", "ington",
)  # fmt: skip
_SMALL_SEEN = re.compile(
    r" (?:hosp|med|clinic|pharmacy|urgent|rehab|nursing|snf|hospice|dialysis|home|family|primary|internal|peds|pediatrics|cardio|ortho|derm|onco|path|imag|radio|surg|eye|dental|elem|middle|high|acad|county|jail|ems|assisted|senior|manor|health|behav|couns|recov|general|memorial|community|regional|child|univ|district|foods|motors|truck|constr|logist|indus|electric|plumb|landsc|hardw|bakery|diner|realty|bank|farms|college|prep|apart|motel|hotel|inn)"
)


def fronted_places(text: str) -> Iterator[PhiFinding]:
    """Names behind their kind or chain, universities and colleges, and clinics called in small letters."""
    words = capitalised(text)
    for pattern, seen, is_named, score in _FRONTS:
        if not seen.isdisjoint(words):
            for match in pattern.finditer(text):
                if is_named(match):
                    yield PhiFinding(match.start("id"), match.end("id"), "FACILITY", score)
    yield from places_in_small_letters(text)


def places_in_small_letters(text: str) -> Iterator[PhiFinding]:
    """Clinics, schools and the like behind "at" or "from", called by a word of no list or as signboards do."""
    if _SMALL_SEEN.search(text):
        for match in _SMALL_NAMED.finditer(text):
            start = _small_begin(match["name"])
            if start is not None:
                yield PhiFinding(match.start("id") + start, match.end("id"), "FACILITY", _SCORE)


def _is_known(word: str) -> bool:
    low = word.lower()
    return low in clinical_words() or low in departments() or low in not_in_names() or low in clinical_core()


def _is_free(name: str) -> bool:
    return not any(_is_known(word) for word in name.split())


def _is_branch(match: re.Match[str]) -> bool:
    words = match["name"].split()
    return not is_region(match["name"]) and not any(_is_known(word) or word.lower() in _NOT_NAMED for word in words)


def _is_university(match: re.Match[str]) -> bool:
    words = match["name"].split()
    if is_region(match["name"]) or is_region(words[0]) or _INSTRUMENT_AFTER.match(match.string, match.end()):
        return False
    return evidence(words) >= Evidence.PAIR


def _is_called(match: re.Match[str]) -> bool:
    """Behind a foreign word any name that is not of the clinic, behind an English one a strange one."""
    words = [word for word in re.split(r"[ -]", match["name"]) if word[:1].isupper()]
    if any(_is_known(word) or word.lower() in _NOT_NAMED for word in words):
        return False
    english = match["kind"] in ("Hotel", "Motel", "Hostel", "Restaurant", "Kindergarten", "Pension")
    return (
        not english
        or evidence(words) >= Evidence.SIGN
        or any(not is_ordinary(word) or is_name_word(word) for word in words)
    )


# Pattern, the words without which it cannot match, whether a match is a name, score.
_FRONTS: tuple[tuple[re.Pattern[str], frozenset[str], Callable[[re.Match[str]], bool], float], ...] = (
    (_FRONTED, _KINDS_SEEN, _is_called, _SCORE),
    (_CHAIN, _CHAINS_SEEN, _is_branch, _SCORE),
    (_UNIVERSITY, _UNIVERSITY_SEEN, _is_university, _SCORE),
    (_SAINT, _SAINTS_SEEN, lambda match: _is_free(match["name"] or ""), _SAINT_SCORE),
    (_STUDENT, _STUDENT_SEEN, lambda match: not _is_known(match["name"]), _SCORE),
)


def _is_toponym(word: str) -> bool:
    """On a list of names or towns, or put together as towns are: in small letters "anticoag" is in no list either."""
    return len(word) > 4 and (is_name_word(word) or is_listed_town(word) or word.endswith(_TOPONYM_ENDINGS))


def _small_begin(name: str) -> int | None:
    """Where in words of small letters the name begins: the last of them must be in no list, or all a listed town."""
    words = name.split()
    last = words[-1]
    if is_listed_town(name) and not is_ordinary(words[0]):
        return 0
    saint = words[0].strip(".") in ("st", "saint", "san", "santa", "mt", "mount", "ft", "fort") and len(words) > 1
    strange = _is_toponym(last) and evidence([last.capitalize()]) is Evidence.COINED
    if strange or (saint and (is_name_word(last) and not _is_known(last))):
        return 0 if saint or (words[0] in SIGNBOARD and len(words) > 1) else name.rindex(last)
    if (
        len(words) == 1
        and evidence([last.capitalize()]) is Evidence.SIGN
        and not is_plain(last)
        and not _is_known(last)
    ):
        return 0
    # "at heron gap clinic"
    paired = (
        len(words) == 2
        and not any(_is_known(word) for word in words)
        and evidence([word.capitalize() for word in words]) >= Evidence.PAIR
    )
    return 0 if paired else None
