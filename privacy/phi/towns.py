"""Towns in clinical text that no state follows: where somebody lives, comes from, works or is cared for.

Notes rarely write "Ely, MN"; they write "transferred from a hospital in Ely". The cue must be about a place (a verb of motion,
a building, an occupation), because drugs, tests and positions also follow "in", "to" and "from".
"""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.letters import LOWER, UPPER
from ghostchart.privacy.phi.proper_words import MODERN
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

_SCORE = 0.62
_CAP = (
    rf"(?:(?:St|Ft|Mt|Ste|Pt)\. )?(?:[dD]['’])?[{UPPER}][{LOWER}]+(?:['’][{LOWER}{UPPER}]+)?(?:-[{UPPER}][{LOWER}]+)*"
)
_TOWN = rf"(?P<id>{_CAP}(?: (?:(?:of|on|or|the|de|del|des|du|la|las|los|le|d['’]) ?){{0,2}}{_CAP}){{0,3}})(?![\w'’-])"
_TO = r"(?i:in|near|from|to|at|outside|outside of|around|of|through|toward|towards|north of|south of|east of|west of|just outside)(?: (?i:downtown|rural|nearby|north|south|east|west))?"
_MOTION = (
    r"live[sd]?|living|reside[sd]?|residing|mov(?:e[sd]?|ing)|relocat\w+|drove|drives?|driving|driven|flew|fly|flies|flying|flown|flight|airlifted|travel\w*|trip|commut\w+|came|comes|coming|"
    r"went|goes|going|returned|returning|back|brought|transport\w*|visit\w*|vacation\w*|stay\w*|work[sed]*|working|employed|winters|summers|retired|hails|native|born|raised|grew up|bus|train|"
    r"cruise|drive|ambulance|ems|helicopter|evacuated|walked|hiking|hiked|camping|camped|fishing|hunting|honeymoon|wedding|conference|funeral|lost his way|stationed|deployed|incarcerated"
)
_PLACES = (
    r"hospitals?|clinics?|snf|facility|facilities|nursing home|pharmacy|pharmacist|er|ed|emergency room|emergency department|urgent care|rehab|home|house|apartment|condo|trailer|cabin|ranch|farm|farmer|plant|factory|mill|"
    r"church|school|college|teacher|prison|jail|shelter|office|practice|pcp|doctor|physician|provider|specialist|cardiologist|oncologist|nephrologist|dentist|surgeon|dialysis|center|store|restaurant|"
    r"relatives|family|parents|grandparents|daughter|son|sister|brother|niece|nephew|cousin|mother|father|friends?|resident|trucker|rancher|miner|officer|firefighter|lake|outing|mines?|group home|hotel|motel|spring|winter|summer|fire station|army base"
)
_CUES = (
    re.compile(rf"\b(?i:{_MOTION})(?: [a-z0-9'-]+){{0,4}}? {_TO} {_TOWN}"),
    re.compile(rf"\b(?i:{_PLACES})(?: [a-z0-9'-]+){{0,2}}?,? {_TO} {_TOWN}"),
    re.compile(rf"\b(?i:(?:patient|pt|man|woman|male|female|lady|gentleman|boy|girl|transfer|transferred|sent|referred|admitted|discharged|presents|presented|is|originally))(?: [a-z0-9'-]+){{0,4}}? (?i:from|near|outside) {_TOWN}"),
    re.compile(rf"\b(?i:done|performed|drawn|obtained|seen|treated|hospitali[sz]ed|diagnosed|evaluated|operated|completed|attended|filled|followed|owns?|runs|shops|property|last address|wedding|bus stop)(?: [a-z0-9'-]+){{0,3}}? (?i:in|near|outside) {_TOWN}"),
    re.compile(rf"\b(?i:near|outside|outside of) {_TOWN}"),
    re.compile(rf"\b(?i:the|a|of) {_TOWN}(?= (?:unit|clinic|hospital|emergency room|er|ed|ER|ED|office|campus|location|site|facility|nursing home|snf|SNF|store|jail|prison|shelter|VA|location|airport)\b)"),
    re.compile(rf"(?:^|(?<=[.;] )){_TOWN}(?= resident\b)"),
    re.compile(rf"\b(?i:home ?town|city|town|place of birth|birthplace|lives in|resides in)[ \t]*:[ \t]*{_TOWN}"),
)  # fmt: skip
# What every cue has in common, as a cheap first look.
_MAYBE = re.compile(
    rf"\b(?:[io]n|near|from|to|at|outside|around|of|through|towards?|the|a|In|Near|From|To|At|Outside|The)(?: [a-z]+)? (?:[dD]['’])?[{UPPER}][{LOWER}]|: ?[{UPPER}][{LOWER}]| resident\b"
)
# Behind these an ordinary word with a capital is a town as well ("lives in Mobile", "moved to Broken Arrow").
_SURE = re.compile(
    rf"(?i)\b(?:lives?|lived|living|resid(?:es?|ed|ing)|moved|relocated|born(?: and raised)?|raised|grew up|travel\w*|flew|drove|drives|commutes?|winters|native|farmer|rancher|home ?town:?|city:?|town:?|relatives|daughter|son|sister|brother|family|trailer|cabin|teacher|hospital|clinic|pharmacy|nursing home|snf|plant)\b(?: [a-z0-9'-]+){{0,4}} ?(?:{_TO})? ?$"
)
_AFTER_NO_TOWN = re.compile(
    r"['’]s\b| (?:scales?|scores?|criteria|disease|syndrome|position|protocol|classification|stage|type|class|grade|mg|mcg|daily|bid|therapy|drip|infusion|catheter|drain|tube|ward|floor|team|health|care|point|tenderness|line|nodes?|area|incision|lesion)\b|[ -]?\d"
)


def bedside_towns(text: str) -> Iterator[PhiFinding]:
    """Towns behind cues of place; states, countries, departments and clinical words are none."""
    if not _MAYBE.search(text):
        return
    for pattern in _CUES:
        for match in pattern.finditer(text):
            end = _town_end(match["id"])
            place = match.start("id")
            if not end or _AFTER_NO_TOWN.match(text, place + end):
                continue
            words = re.findall(rf"[{UPPER}][{LOWER}'’]+", match["id"][:end])
            if _is_town(words, sure=_SURE.search(text, max(0, place - 60), place) is not None):
                yield PhiFinding(place, place + end, "CITY", _SCORE)


def _town_end(body: str) -> int:
    """The words up to the first that belongs to no place."""
    end = 0
    for word in re.finditer(rf"(?:[dD]['’])?[{UPPER}][{LOWER}'’]*\.?", body):
        low = word[0].lower().strip(".")
        if (
            low in clinical_words()
            or low in departments()
            or low in not_in_names()
            or low in MODERN
            or low in eponyms() - _TOWN_EPONYMS
        ):
            break
        end = word.end()
    return end


# Towns before they are eponyms.
_TOWN_EPONYMS = frozenset({"jackson", "lyme", "white", "allen", "norton", "lawton", "morton", "paget", "glasgow", "st"})


def _is_town(words: list[str], *, sure: bool) -> bool:
    low = [word.lower() for word in words if word.lower() not in ("st", "ft", "mt", "ste", "pt")]
    if not low or any(word in countries() for word in low) or all(word in not_towns() for word in low):
        return False
    strange = [word for word in low if not is_ordinary(word)]
    if strange:
        return True
    return sure and (len(low) > 1 or is_name_word(low[0]) or len(low[0]) > 3)
