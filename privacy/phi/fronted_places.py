"""Places whose kind or chain stands in front ("Hotel Zum Anker", "Univ. of X", "DaVita X"), colleges, and small letters.

Requests to an assistant are often typed without capitals ("labs from stanwick clinic"); there only a word of no list counts.
"""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.letters import LOWER, UPPER, capitalised
from ghostchart.privacy.phi.proper_words import SIGNBOARD, Evidence, evidence
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
    "staff", "plan", "fund", "funds", "benefits", "scheme", "menu", "owner", "worker", "industry", "inspection", "review", "dance", "course", "day", "policy",
])  # fmt: skip
# Chains, of which the word behind is the branch.
_CHAIN = re.compile(
    rf"(?<![\w'’-])(?P<id>(?:DaVita|Fresenius(?: Kidney Care| Medical Care)?|FMC|FKC|US Renal|U\.S\. Renal|Satellite Dialysis|Kaiser(?: Permanente)?|Concentra|Encompass(?: Health)?|Kindred|Brookdale|Genesis HealthCare|Amedisys|BAYADA|ResCare|Gentiva|KinderCare|Aspen Dental|"
    rf"Planned Parenthood|YMCA|YWCA|IHS|MinuteClinic|LabCorp|Labcorp|NextCare|CareNow|MedExpress|GoHealth)(?: of| at| in|,)? (?P<name>{_CAP}(?: {_CAP}){{0,2}}))(?![\w'’-])"
)
_CHAINS_SEEN = frozenset([
    "DaVita", "Fresenius", "FMC", "FKC", "US", "U", "Satellite", "Kaiser", "Concentra", "Encompass", "Kindred", "Brookdale", "Genesis", "Amedisys",
    "BAYADA", "ResCare", "Gentiva", "KinderCare", "Aspen", "Planned", "YMCA", "YWCA", "IHS", "MinuteClinic", "LabCorp", "Labcorp", "NextCare", "CareNow",
    "MedExpress", "GoHealth",
])  # fmt: skip
_UNIVERSITY = re.compile(
    rf"(?<![\w'’-])(?P<id>(?:Univ\.?|University|U\.?|College|Bank|Diocese|Archdiocese|School District|Church) of (?:the )?(?P<name>{_CAP}(?: {_CAP}){{0,2}}))(?![\w'’-])"
)
_STUDENT = re.compile(
    rf"(?i:\b(?:student|freshman|sophomore|attend(?:s|ed|ing)?|enrolled|graduated|graduate|degree|degrees|diploma|phd|mba|studies|studied|studying|professor|instructor|teaches|taught|coach(?:es|ed)?|scholarship|plays(?: \w+)?|played(?: \w+)?|majoring(?: in \w+)?|"
    rf"admitted|accepted|alum\w*|campus|dorm|sr|jr|soph|fr|senior|junior|undergrad)(?: (?:at|from|for|of|in|to|@)|,| @)?(?: the)? )(?P<id>(?P<name>{_CAP}(?: {_CAP}){{0,2}}) (?:State|Tech|Poly|A&M|CC|JUCO|Univ\.?|Prep))(?![\w'’-]| [{UPPER}][{LOWER}])"
)
_STUDENT_SEEN = frozenset(["State", "Tech", "Poly", "A", "CC", "JUCO", "Univ", "Prep"])
_INSTRUMENT_AFTER = re.compile(
    r"(?: [\w()-]+){0,4}? (?i:exam\w*|scales?|scores?|criteria|tests?|classification|questionnaire|inventory|protocol|index|solution|study|trial|guidelines?)\b"
)
_SMALL_HEADS = (
    r"(?:(?:general|memorial|community|county|regional|childrens|children's|university|district) )?(?:hospital|hosp)|medical center|med ctr|med center|medical group|clinic|pharmacy|urgent care|rehab|nursing home|"
    r"snf|hospice|dialysis|home health|family (?:medicine|practice|health)|primary care|internal medicine|pediatrics|peds|cardiology|ortho|orthopedics|dermatology|derm|oncology|pathology|imaging|radiology|"
    r"surgery center|eye center|dental|elementary|middle school|high school|high|academy|county jail|jail|ems|county ems|assisted living|senior living|manor|health center|health system|behavioral health|counseling|recovery"
)
_SMALL_NAMED = re.compile(
    rf"\b(?:at|from|to|@|near|via|through|outside|with) (?:the )?(?P<id>(?P<name>(?:(?:st|mt|ft|saint|san|santa|mount|lake|fort|port|new|north|south|east|west|old|big|little)\.? )?[{LOWER}][{LOWER}'’]{{2,}}(?: [{LOWER}][{LOWER}'’]{{2,}})?) (?:{_SMALL_HEADS}))\b(?![-'’])"
)
_TOPONYM_ENDINGS = (
    "brook", "brooke", "field", "wood", "ford", "ville", "burg", "burgh", "dale", "view", "ridge", "stone", "crest", "haven", "mere", "ham", "worth", "side",
    "water", "shore", "land", "mont", "mount", "hurst", "bury", "wick", "mill", "vale", "port", "gate", "point", "creek", "lake", "hill", "chester", "boro",
    "borough", "town", "shire", "cliff", "moor", "glen", "bluff", "grove", "leaf", "spring", "harbor", "harbour", "bridge", "ington",
)  # fmt: skip
_SMALL_SEEN = re.compile(
    r" (?:hosp|med|clinic|pharmacy|urgent|rehab|nursing|snf|hospice|dialysis|home|family|primary|internal|peds|pediatrics|cardio|ortho|derm|onco|path|imag|radio|surg|eye|dental|elem|middle|high|acad|county|jail|ems|assisted|senior|manor|health|behav|couns|recov|general|memorial|community|regional|child|univ|district)"
)


def fronted_places(text: str) -> Iterator[PhiFinding]:
    """Names behind their kind or chain, universities and colleges, and clinics called in small letters."""
    words = capitalised(text)
    if not _KINDS_SEEN.isdisjoint(words):
        for match in _FRONTED.finditer(text):
            if _is_called(
                match["name"],
                foreign=match["kind"] not in ("Hotel", "Motel", "Hostel", "Restaurant", "Kindergarten", "Pension"),
            ):
                yield PhiFinding(match.start("id"), match.end("id"), "FACILITY", _SCORE)
    if not _CHAINS_SEEN.isdisjoint(words):
        for match in _CHAIN.finditer(text):
            if not any(
                _is_known(word) or word.lower() in _NOT_NAMED for word in match["name"].split()
            ) and not is_region(match["name"]):
                yield PhiFinding(match.start("id"), match.end("id"), "FACILITY", _SCORE)
    if " of " in text:
        for match in _UNIVERSITY.finditer(text):
            named = match["name"].split()
            if (
                not is_region(match["name"])
                and not is_region(named[0])
                and not _INSTRUMENT_AFTER.match(text, match.end())
                and evidence(named) >= Evidence.PAIR
            ):
                yield PhiFinding(match.start("id"), match.end("id"), "FACILITY", _SCORE)
    if not _STUDENT_SEEN.isdisjoint(words):
        for match in _STUDENT.finditer(text):
            if not _is_known(match["name"]):
                yield PhiFinding(match.start("id"), match.end("id"), "FACILITY", _SCORE)
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


def _is_called(name: str, *, foreign: bool) -> bool:
    """Whether what follows a kind is a name: behind a foreign word any that is not of the clinic, behind an English one a strange one."""
    words = [word for word in re.split(r"[ -]", name) if word[:1].isupper()]
    if any(_is_known(word) or word.lower() in _NOT_NAMED for word in words):
        return False
    return (
        foreign
        or evidence(words) >= Evidence.SIGN
        or any(not is_ordinary(word) or is_name_word(word) for word in words)
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
    # "at heron gap clinic"
    paired = (
        len(words) == 2
        and not any(_is_known(word) for word in words)
        and evidence([word.capitalize() for word in words]) >= Evidence.PAIR
    )
    return 0 if paired else None
