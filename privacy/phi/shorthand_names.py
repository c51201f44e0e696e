"""Names beside a role, a specialty or a bed in the shorthand of wards, where one word must do: "plastics Haversham", "FOB Dashiell involved".

The roles and specialties are looked for, and then the word beside them: sentences without any cost one search.
"""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator

from ghostchart.privacy.phi.cues import is_refused
from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.letters import LOWER, UPPER
from ghostchart.privacy.phi.name_kinds import GIVEN, NOBODY, SURNAME, UNKNOWN, WORD, kind_of
from ghostchart.privacy.phi.neighbour_words import ROLES, SPECIALTIES, TITLES, TOWNS_TOO
from ghostchart.privacy.phi.vocabulary import clinical_words, countries, eponyms, is_name_word, is_ordinary

_SCORE = 0.68
_CAP = rf"[{UPPER}](?:['’]?[{UPPER}])?[{LOWER}]+(?:[{UPPER}][{LOWER}]+)*(?:['’-][{UPPER}]?[{LOWER}]+)*"
_SPECIALTY = (
    r"(?:cards?|cardiology|gi|id|renal|nephro(?:logy)?|neuro(?:logy|surg|surgery)?|nsgy|nsurg|ortho(?:pedics)?|pulm(?:onary)?|pccm|icu|micu|sicu|cticu|ccu|heme(?:[/-]?onc)?|onc(?:ology)?|endo|psych(?:iatry)?|derm|rheum|"
    r"uro(?:logy)?|ent|oto|opht?ho?|optho|ophthalmology|vasc(?:ular)?|surg(?:ery)?|gen ?surg|acs|ct ?surg|ctsx|cts|trauma|burn|plastics?|prs|anes(?:thesia)?|pall(?:iative)?|palliative care|pall care|pm&r|pmr|pharm(?:acy)?|nutrition|wocn|wound(?: care)?|"
    r"picc|ir|rads|radiology|ob|obgyn|ob/gyn|gyn|peds|picu|nicu|ed|er|em|medicine|med|im|fm|hospitalist|geri|transplant|hepatology|hep|pain|speech|pods?|podiatry|omfs|dental|allergy|genetics|ethics|ep|structural|stroke|rapid|night|day|float|charge|primary)"
)
_ROLE = r"(?:RN|LPN|LVN|NP|PA|PA-?C|MD|DO|CNA|CRNA|PharmD|pharmD|RPh|APRN|RRT|SW|LCSW|MSW|CM|SLP|OTR|DPT|CCC-SLP|PCT|rn|lpn|np|pa|md|cna|crna|pharmd|aprn|[Ff]ellow|[Rr]esident|[Ii]ntern|[Aa]ttending|[Pp][Gg][Yy]-?\d|MS[34])"
# Behind the role: the end, a pager, or what the person does or knows.
_AFTER_ROLE = (
    r"(?=[ \t]*(?:$|[\n.,;:)(/]|->|\d|x\d)| (?:pgr|pager|ext|ph|at|to|in|on|and|w/|with|re|for|from|is|was|will|who|aware|notified|informed|updated|paged|called|here|there|present|present|saw|sees|seen|gave|took|tried|placed|came|"
    r"following|followed|recs?|rec'?d|recommends|says|said|states|agrees?|ok|ok'd|okayed|witnessed?|drew|did|does|has|had|helped|assisted|cosigned|signed|verified|relieved|covering|assumed|reported|found|noted|rounding|rounded|stopped|redirected|asked|per)\b)"
)
_BESIDE_ROLE = re.compile(rf"(?<![\w'’/&.-])(?P<id>{_CAP}(?: {_CAP})?)(?:,? (?i:{_SPECIALTY}))?,? {_ROLE}{_AFTER_ROLE}")
_ANY_ROLE = re.compile(rf"(?<![\w-]){_ROLE}(?!\w)")
_BEFORE_SPECIALTY = re.compile(
    rf"(?:(?<=\bw/ )|(?<=\bw/)|\b(?:with|by|per|d/w|from|to|and|see|paged|called) )(?P<id>{_CAP}) (?:{_SPECIALTY})(?=[ \t]*(?:$|[\n.,;)]))"
)
_PAIRS = re.compile(
    rf"(?<![\w/-])(?P<spec>(?i:{_SPECIALTY}))[ \t]*(?:[:–—-] ?|\(| )(?P<id>{_CAP})(?=[ \t]*(?:$|[\n.,;)/]| (?:and|&)|  |\t))"
)
_IN_BRACKETS = re.compile(
    rf"(?<![\w'’-])(?P<id>{_CAP}(?: {_CAP})?) \((?:MA|CMA|RMA|RT|RRT|RN|LPN|LVN|CNA|PCT|PCA|NP|PA|PA-C|MD|DO|PT|DPT|OT|SLP|SW|MSW|LCSW|CM|RD|RDN|PharmD|RPh|ST|CST|EMT|CRNA|HUC|USC|MS[34]|R[1-5]|PGY-?\d)\)"
)
_FROM = re.compile(
    rf"(?:^[ \t*•>-]*|(?<=\bby )|(?<=\bper )|(?<=\bwith )|(?<=\bw/ )|(?<=\bto )|(?<=\bcalled )|(?<=\bpaged )|(?<=[.;,] ))(?P<id>{_CAP}) (?:from|w/|with|in|at|of) (?:the )?(?:PT|OT|PT/OT|SLP|SW|RT|IR|ID|GI|IT|HR|lab|micro(?:biology)?|blood bank|pharmacy|radiology|rads|billing|admissions|admitting|scheduling|registration|"
    r"bed (?:board|control|management)|transport|dietary|nutrition|case management|social work|risk management|hospice|home health|dialysis|cards|cardiology|renal|ortho|neuro|surgery|psych|anesthesia|palliative|wound care|infusion|endo(?:scopy)?|cath lab|the lab|medical records|HIM|accounting|sales|marketing|legal|finance|payroll|security|housekeeping|facilities|poison control|CPS|APS|DCF|DHS)\b"
)
_SUBCLAUSE = re.compile(
    rf"\b(?:that|if|whether|because|when|since|while|until|once|does|did|is|has|was|can|will|should) (?P<id>{_CAP}) (?:is|was|has|had|have|needs?|will|can|should|could|would|wants?|refused|gets?|got|takes?|still|already|ever|on|allergic|due|ok|able|ready|eligible|npo|NPO)\b"
)
_TASK = re.compile(
    rf"(?:^[ \t*•>-]*|[:;,.–-] )(?P<id>{_CAP}) to (?:send|call|follow|f/u|review|check|order|draft|page|arrange|schedule|fax|discuss|bring|drive|pick|confirm|update|see|obtain|place|talk|speak|meet|set up|coordinate|email|finish|prepare|cover)\b"
)
_AGED = re.compile(rf"^[ \t*•>-]*(?P<id>{_CAP}), (?:age |aged )?\d{{1,3}}(?:, | ?yo\b| ?y/o|\.)")
_DONE_BY = re.compile(
    rf"\b(?:filed|brought|led|owned|coached|taught|written|painted|sung|arrested|represented|argued|sued|approved|denied|taken|hosted|directed|composed|edited|photographed|built|drawn up|drafted|presented|chaired|organi[sz]ed|founded|scored|won) by (?P<id>{_CAP}(?: {_CAP})?)(?=[ \t]*(?:$|[\n.,;)]| (?:and|on|in|at|for|who|yesterday|today|last)\b))"
)
_KIN = (
    r"wife|husband|hubby|spouse|partner|son|sons|daughter|daughters|dtr|dtrs|dgtr|dau|mother|father|mom|mum|dad|sister|sisters|brother|brothers|sis|bro|sibs?|siblings?|aunt|uncle|niece|nieces|nephew|nephews|cousin|cousins|"
    r"gr-?(?:and)?-?(?:son|dtr|daughter|dau|mother|father|mom|ma|pa|child|kids?|children)s?|grandma|grandpa|granny|step-?(?:son|daughter|dtr|mother|father|mom|dad|sister|brother)|girlfriend|boyfriend|gf|bf|fob|mob|fianc[eé]e?|friends?|buddy|neighbou?r|roommate|twins?|kids|children|"
    r"ex|ex-?(?:wife|husband|spouse|partner|boyfriend|girlfriend)|sister-in-law|brother-in-law|mother-in-law|father-in-law|son-in-law|daughter-in-law|foster (?:mom|mother|dad|father|parent)|pgm|mgm|pgf|mgf|guardian|caregiver|dpoa|hcpoa|hcp|poa|nok|surrogate|proxy|landlord|coach|boss|pastor"
)
_KIN_NAME = re.compile(
    rf"(?<![\w-])(?:(?:{_KIN})|(?:FOB|MOB|POA|NOK|HCP|HCPOA|DPOA|GF|BF|MGM|PGM|SO))(?: is| named| called|,|:)? (?P<id>{_CAP})(?: (?P<last>{_CAP}))?(?=[ \t]*(?:$|[\n.,;:()?!/–—&-])| (?:and|w/|with|at|@|in|on|to|from|by|who|has|had|is|was|will|can|cell|ph|phone|tel|here|there|both|still|also|now|not|only|cut|took|gave|saw|came|drove|left|put|held|got|interp)\b| [a-z]+(?:ed|s)\b| [\d(+])"
)
_KIN_LIST = re.compile(
    rf"(?<![\w-])(?:{_KIN})s?(?: \(|: | – | - |, )(?P<all>{_CAP}(?:(?: \([^()]{{1,24}}\))?(?:, and |, | and | & |/| \+ ){_CAP})+)(?=[ \t]*(?:$|[\n.,;)(]| [a-z]))"
)
_OFFICER = re.compile(
    rf"(?<![\w-])(?:(?i:off|ofc|ofcr|dep|det|tpr|cpl|insp|sup|supt|supv|p\.o|cst|const)\.|Trooper|Marshal|Ranger|Warden|Bailiff|Constable|Inspector|Firefighter|Medic|Paramedic|Chaplain|Elder|Bishop|Sr\.(?= [{UPPER}])|Inmate|Detainee|Fr\.|Principal|Councilman|Councilwoman|Alderman|Commissioner|Mayor|Governor) (?:[{UPPER}]\. )?(?P<id>{_CAP}(?: {_CAP})?)(?![\w-])"
)
_AS_ROLE = re.compile(
    rf"(?<![\w'’-])(?P<id>{_CAP}(?: {_CAP})?) as (?:the |her |his |their |my |new |a )?(?:pcp|PCP|attending|provider|proxy|hcp|HCP|hcpoa|HCPOA|poa|POA|contact|emergency contact|surrogate|guardian|surgeon|cardiologist|primary|referring|consultant|interpreter|caregiver|nok|NOK|next of kin|decision[- ]maker)\b"
)
_BED = re.compile(
    rf"^[ \t*•>-]*(?P<id>{_CAP}) (?:in |from |@ ?)?(?:(?i:rm|room|bed|bay|pod) ?)?(?:\d{{1,3}}[A-DNSEWnsew]{{1,2}}\b|\d{{1,2}} ?(?i:north|south|east|west|tower|main|icu|micu|sicu)\b|[NSEW]\d{{3,4}}\b|in \d{{3,4}}\b)(?![ -]?(?:h|hrs?|hours?|min|days?|wks?|weeks?|mo|mg|ml|%)\b)"
)
_SUBJECT = re.compile(
    rf"^[ \t*•>-]*(?P<id>{_CAP}) (?:is|was)(?: now| still| currently)? (?:an? \d{{1,3}} ?(?:[MFmf]\b|yo\b|y/o|y\.o|yr|year|-year)|\d{{1,3}} ?(?:[MFmf]\b|yo\b|y/o|years?)|(?:here|home|NPO|npo|DNR|dnr|DNI|full code|afebrile|stable|s/p|POD|pod|HD ?\d|on (?:RA|room air|\d)|comfort care|doing|refusing|a (?:very )?pleasant|G\d))"
)


def names_in_shorthand(text: str, *, clinical: bool) -> Iterator[PhiFinding]:
    """Names in one line or sentence; overlaps are resolved by the caller."""
    if _ANY_ROLE.search(text):
        yield from _beside_roles(text)
    if clinical:
        yield from _beside_specialties(text)
    yield from _relatives(text)
    yield from _announced(text)
    for pattern in (_BED, _SUBJECT, _AGED):
        match = pattern.match(text)
        if match is None or not _may_name(match["id"]) or match["id"].lower() in SPECIALTIES:
            continue
        if pattern is not _AGED or kind_of(match["id"]) != UNKNOWN:
            yield PhiFinding(match.start("id"), match.end("id"), "PERSON", _SCORE)


def _beside_specialties(text: str) -> Iterator[PhiFinding]:
    """ "cards Haverill, plastics Graves", "w/ Haverill vasc"."""
    pairs = list(_PAIRS.finditer(text))
    sure = [match for match in pairs if _may_name(match["id"])]
    # In a row of teams even an eponym is a surname.
    row = [match for match in pairs if match in sure or _is_listed(match["id"])]
    for match in row:
        alone = match in sure and kind_of(match["id"]) in (GIVEN, SURNAME) and len(match["id"]) > 3
        if alone or (len(row) > 1 and sure):
            yield PhiFinding(match.start("id"), match.end("id"), "PERSON", _SCORE)
    for match in _BEFORE_SPECIALTY.finditer(text):
        if kind_of(match["id"]) in (GIVEN, SURNAME):
            yield PhiFinding(match.start("id"), match.end("id"), "PERSON", _SCORE)


def _announced(text: str) -> Iterator[PhiFinding]:
    """ "Off. Haverill", "Haverill as PCP", "Tamsin (MA)", "Haverill from PT", "filed by Haverill", "that Haverill is septic"."""
    for pattern in (_OFFICER, _IN_BRACKETS, _FROM, _DONE_BY, *((_AS_ROLE,) if " as " in text else ())):
        for match in pattern.finditer(text):
            end = _end_of_words(match, trusting=pattern is _OFFICER)
            first = match["id"].split()[0]
            listed = pattern is not _DONE_BY or kind_of(first) in (GIVEN, SURNAME)
            if end and listed and (pattern is _OFFICER or _may_name(first)) and not is_refused(text, end):
                yield PhiFinding(match.start("id"), end, "PERSON", _SCORE)
    for match in (*_SUBCLAUSE.finditer(text), *(_TASK.finditer(text) if " to " in text else ())):
        listed = kind_of(match["id"]) in (GIVEN, SURNAME) and match["id"].lower() not in TOWNS_TOO
        if listed and _may_name(match["id"]):
            yield PhiFinding(match.start("id"), match.end("id"), "PERSON", _SCORE)


def _is_listed(word: str) -> bool:
    return is_name_word(word) and word.lower() not in ROLES and word.lower() not in SPECIALTIES


def _may_name(word: str) -> bool:
    low = word.lower()
    return (
        kind_of(word) in (GIVEN, SURNAME, UNKNOWN)
        and len(word) > 2
        and low not in ROLES
        and low not in SPECIALTIES
        and low not in TITLES
        and low not in clinical_words()
    )


def _beside_roles(text: str) -> Iterator[PhiFinding]:
    """ "Prudie CNA", "lakshana cards NP saw", "Yarnell PA notified"."""
    for match in _BESIDE_ROLE.finditer(text):
        words = list(re.finditer(r"\S+", match["id"]))
        at = match.start("id")
        kinds = [kind_of(word[0]) for word in words]
        if kinds[0] == NOBODY and len(words) > 1:
            words, kinds = words[1:], kinds[1:]
        low = words[0][0].lower()
        if NOBODY in kinds or low in ROLES or low in SPECIALTIES or low in clinical_words() or low in eponyms():
            continue
        begins = not text[: at + words[0].start()].strip()
        if kinds[0] == WORD and (begins or text[at - 1 : at] != " "):
            continue
        yield PhiFinding(at + words[0].start(), at + words[-1].end(), "PERSON", _SCORE)


def _relatives(text: str) -> Iterator[PhiFinding]:
    for match in _KIN_NAME.finditer(text):
        word, last = match["id"], match["last"]
        kind = kind_of(word)
        if kind == NOBODY or word.lower() in clinical_words() or word.lower() in ROLES or is_refused(text, match.end()):
            continue
        whole = last is not None and kind_of(last) != NOBODY
        if last is not None and not whole:
            continue
        yield PhiFinding(match.start("id"), match.end("last") if whole else match.end("id"), "PERSON", _SCORE)
    for match in _KIN_LIST.finditer(text):
        words = list(re.finditer(_CAP, re.sub(r"\([^()]*\)", lambda m: " " * len(m[0]), match["all"])))
        kinds = [kind_of(word[0]) for word in words]
        if not {GIVEN, SURNAME, UNKNOWN} & set(kinds) or {word[0].lower() for word in words} & (
            clinical_words() | countries()
        ):
            continue
        for word, kind in zip(words, kinds, strict=True):
            if kind != NOBODY or GIVEN in kinds:
                at = match.start("all") + word.start()
                yield PhiFinding(at, at + len(word[0]), "PERSON", _SCORE)


def _end_of_words(match: re.Match[str], *, trusting: bool) -> int:
    """Where the name ends: after the words that can be names; 0 when the first cannot."""
    end = 0
    for word in re.finditer(r"\S+", match["id"]):
        kind = kind_of(word[0])
        if (
            kind == NOBODY
            or (kind == WORD and not trusting and not end)
            or (is_ordinary(word[0]) and not is_name_word(word[0]))
        ):
            break
        end = match.start("id") + word.end()
    return end
