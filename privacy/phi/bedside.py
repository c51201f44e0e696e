"""Names in the shorthand of wards and clinics, where one word must do: hand-overs, calls, verbs only a person can do.

General text has whole names; at the bedside it is "handoff to Nasrin", "Spoke w/ Molefe", "Anesthesia: Szabados", "mbali
petrosyan 67 yo f". The word itself is in no list, so what stands around it must be about a person, and clinical words,
departments, eponyms and things called by a name are no persons whatever stands around them.
"""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ghostchart.privacy.phi.cues import is_namelike
from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.glances import may_be_name
from ghostchart.privacy.phi.letters import LOWER, UPPER, has_inner_capital
from ghostchart.privacy.phi.vocabulary import (
    clinical_words,
    countries,
    departments,
    eponyms,
    is_given_name,
    is_name_word,
    is_ordinary,
    not_in_names,
    not_people,
)

_SCORE = 0.64
_PART = rf"(?:Mc|Mac|Fitz|De|Di|La|Le|Van)?[{UPPER}][{LOWER}]+(?:['’][{UPPER}]?[{LOWER}]+)?"
_SURNAME_LEAD = r"(?:(?:[ÓO]['’]? ?|N[íi]c? |U[íi] |Mac |Mc |St\. |Ste\. |[Aa]l-|[Ee]l-|[DL]['’]|(?:[Vv]an|[Vv]on|[Dd]er|[Dd]en|[Dd]e|[Dd]el|[Dd]ella|[Dd]a|[Dd]os|[Dd]u|[Ll]a|[Ll]os|[Ll]as|[Bb]in|[Tt]er) ){0,3})"
_WORD = rf"{_SURNAME_LEAD}{_PART}(?:-(?:{_PART}|[{LOWER}]{{2,}}))*"
_NAME = rf"(?P<id>{_WORD}(?: (?:[A-Z]\.? )?{_WORD}){{0,2}})(?![\w'’-])"
_DEGREES = r"(?:RN|LPN|LVN|CNA|CMA|MD|DO|NP|PA-?C|APRN|CRNA|LCSW|LMSW|PharmD|RPh|DPT|OTR|RRT|DDS|DPM|PhD)"
_STATE = (
    r"(?:agitated|confused|alert|awake|asleep|sleeping|resting|anxious|tearful|cooperative|combative|restless|oriented|lethargic|drowsy|comfortable|"
    r"afebrile|pleasant|ambulat(?:ing|ory)|walking|eating|feeling|doing|crying|hospitali[sz]ed|discharged|admitted|readmitted|extubated|intubated|"
    r"transferred|seen|examined|evaluated|brought|found|told|asked|instructed|advised|able|unable|ready|here|present|aware|willing|agreeable|nonverbal|"
    r"unresponsive|hungry|tired|upset|worried|happy|reluctant|adamant|homeless|married|widowed|divorced|single|retired|unemployed|dying|grieving|due|scheduled|"
    r"in (?:no (?:acute )?distress|good spirits|bed|the room|agreement|pain)|at (?:the )?bedside|in the (?:waiting room|hall|chair|bed)|a (?:\d|very|pleasant|retired|poor|good|reliable))"
)
_FAMILY = (
    r"wife|husband|spouse|partner|son|daughter|mother|father|mom|mum|dad|sister|brother|aunt|uncle|niece|nephew|cousin|grand(?:son|daughter|mother|father|child)|stepson|stepdaughter|"
    r"girlfriend|boyfriend|fianc[eé]e?|friend|neighbou?r|roommate|twin"
)
# What a person has.
_OWNED = (
    r"blood|pain|diet|labs|vitals|weight|insurance|chart|room|bed|care|family|condition|hospital course|stay|symptoms|wounds?|incision|drains?|output|urine|INR|A1c|"
    r"potassium|hemoglobin|medications?|appointments?|results?|MRI|CT|x-rays?|surgery|discharge|request|wishes|report|mood|speech|oxygen|breathing|home|house|shift|note|orders?"
)
# What only a person does.
_ACTS = (
    r"(?:says?|said|tells?|told|asks|asked|reports|reported|den(?:ies|ied)|states|stated|endorses|endorsed|complain(?:s|ed)|agree[sd]|consent(?:s|ed)|refuse[sd]|declin(?:es|ed)|"
    r"verbali[sz]e[sd]|understand(?:s|ood)|recalls|remembers|believes|thinks|feels|wants|wishes|hopes|prefers|requests|lives|lived|works|worked|drives|drove|cooks|smokes|smoked|drinks|quit|"
    r"walks|walked|ambulated|voided|slept|ate|woke|fell|vomited|cried|underwent|arrived|presents|presented|returned|called|calls|phoned|came|went|left|signed|"
    r"tolerated (?:the|her|his|this|pt|po|feeds|diet|procedure|surgery|it)|will (?:return|call|come|drive|bring|follow|be (?:seen|discharged|staying|going))|would like|"
    r"following(?=[,.;]| along)|on board|to see|will see|is (?:aware|on call|covering)|gave (?:her|him|them)|picks (?:her|him|them) up|manages|handles|"
    r"helps|helped|brought|visits|visited|accompan(?:ies|ied)|attends|attended|noticed|found (?:him|her|them)|was last seen|"
    rf"(?:has been|is|was|remains|became|appears|appeared|seems|seemed|looks|looked)(?: now| still| more| less| very| quite| well)? {_STATE})"
)
# Of those, what neither an operation nor a drug nor a company does: there a word in no list is enough.
PEOPLE_ACT = (
    r"(?:says?|said|tells?|told|asks|asked|reports|reported|den(?:ies|ied)|states|stated|endorses|endorsed|complain(?:s|ed)|agree[sd]|consent(?:s|ed)|refuse[sd]|declin(?:es|ed)|"
    r"verbali[sz]e[sd]|understand(?:s|ood)|recalls|remembers|believes|thinks|feels|wants|wishes|hopes|prefers|requests|lives|lived|works|worked|drives|drove|cooks|smokes|smoked|drinks|"
    r"walks|walked|ambulated|voided|slept|ate|woke|vomited|cried|underwent|called|calls|phoned|signed|picks (?:her|him|them) up|gave (?:her|him|them)|"
    r"tolerated (?:the|her|his|this|pt|po|feeds|diet|procedure|surgery)|will (?:return|call|come|drive|bring|be (?:discharged|staying|going))|would like|visits|visited|accompan(?:ies|ied)|"
    r"following(?=[,.;]| along)|(?:has been|is|was|remains|became|appears|appeared|seems|seemed|looks|looked)(?: now| still| more| less| very| quite| well)? "
    r"(?:agitated|confused|alert|awake|asleep|sleeping|resting|anxious|tearful|cooperative|combative|restless|oriented|lethargic|drowsy|afebrile|pleasant|ambulat(?:ing|ory)|walking|eating|crying|doing (?:well|better|poorly|fine|great|ok)|feeling (?:well|better|worse|fine|ok)|"
    r"hospitali[sz]ed|discharged|admitted|readmitted|extubated|intubated|told|asked|instructed|advised|aware|willing|agreeable|nonverbal|unresponsive|hungry|tired|upset|worried|happy|reluctant|"
    r"homeless|married|widowed|divorced|retired|unemployed|dying|grieving|last seen|in (?:no (?:acute )?distress|good spirits)))"
)
_ONLY_PEOPLE_AFTER = re.compile(rf"(?: also| still| now| then| again)? {PEOPLE_ACT}\b|, an? \d|['’]s\b")
_SUBJECT = re.compile(
    rf"(?:^|(?<=[.;!?]\s)|(?<=, )|(?<=\n)|(?<=[*•-] )|(?<=: )|(?<=that )|(?<=and )|(?<=but )|(?<=because )|(?<=when )|(?<=while )|(?<=since ))[ \t]*{_NAME}(?=(?: also| still| now| then| again)? {_ACTS}\b|, an? \d|, (?:age |aged )?\d\d[,. ]|['’]s (?:{_FAMILY}|{_OWNED})\b)"
)
_TO_PERSON = re.compile(
    r"(?:\b(?i:spoke(?:n)?|speaking|talked|d/w|s/w|met|meeting|conversation|conferred|reviewed|discussed(?: [a-z/]+){0,4}?|visit) (?i:with|w/|to)|\b(?i:seen|examined|status|updated|along|together|lives) (?i:with|w/)|\b(?i:d/w|s/w)|"
    r"\b(?i:rounded|checked) (?i:on)|\b(?i:paged|notified|texted|phoned|called|informed|updated|counsel?led|taught|reminded|thank(?:s|ed)?|cc'?d|calls? to|"
    r"accompanied by|attended by|assisted by|cared for by|brought (?:in )?by|driven by|covered by|relieved by|(?:arranged|scheduled|placed|performed|signed|ordered|prescribed|completed|documented|obtained|requested|recommended|reviewed|read|interpreted|dictated|written|"
    r"entered|reported|witnessed|supervised|staffed|referred|cleared|approved|inserted|removed|drawn|transcribed|scribed|cosigned|addendum|last seen) by|seen by|evaluated by|examined by|interviewed by|witnessed by|"
    r"under the care of|care of|pleasure of (?:seeing|meeting|caring for)|thank you for (?:referring|sending|seeing)|"
    r"(?:hand-?off|handover|report|instructions?|education|teaching|information|news|results?|copy|prescriptions?|update|message|call|voicemail)(?: [a-z]+){0,2}? (?:to|from)|"
    r"history (?:obtained )?from|per|introduced|greeted|named?|goes by|called))[ \t]+"
    rf"(?i:her |his |their |the |my )?(?:(?i:daughter|son|wife|husband|sister|brother|mother|father|nurse|dr\.?|mr\.?|mrs\.?|ms\.?) )?{_NAME}"
)
# One word or two after "per" can be a rule or a company; there a person's word must follow or the list must know one.
_LOOSE = re.compile(r"(?i)\b(?:per|called|results? (?:from|with)|reviewed with|visit with)[ \t]+$")
_STAFF = (
    r"interpreter|caregiver|aide|case manager|caseworker|social worker|chaplain|scribe|technician|midwife|doula|dietitian|phlebotomist|sitter|coordinator|liaison|"
    r"staff member|pastor|priest|rabbi|imam|attorney|lawyer|deputy|landlord|employer|sponsor|primary team|team|"
    r"guardian|proxy|\w+ologist|\w+iatrist|hospitalist|intensivist|resident|intern|fellow|attending|surgeon|nurse|medic|paramedic|secretary|"
    r"baby (?:girl|boy)|infant (?:girl|boy)|twin [AB]"
)
_ROLE = re.compile(rf"(?<![\w-])(?i:{_FAMILY}|{_STAFF})(?:(?:,|:| is| was| named)?[ \t]+| \(){_NAME}")
_APPOSED = re.compile(
    rf"(?<![\w'’-]){_NAME}(?=,? \(?(?:(?:her|his|their|the patient's) )?(?:{_FAMILY}|caregiver|guardian|hcpoa|poa|proxy|next of kin|nok|attending|resident|intern|fellow|nurse)s?\b(?! (?:meeting|history|member))| family (?:meeting|conference|updated|at|is|was|agrees|requests|wishes|present)\b)"
)
_WITH_DEGREE = re.compile(rf"(?<![\w'’-]){_NAME},? {_DEGREES}\b(?! (?:staff|note|call|visit|team|station))")
# Labels behind which nothing but a person stands, even if it is one unknown word.
_LABEL = re.compile(
    r"(?i:(?<![\w-])(?:attending|resident|intern|fellow|surgeon|assistant|first assist|anesthesia|anesthesiologist|crna|circulator|scrub|pcp|provider|physician|consult(?:ant|ing)?|nurse|rn|ordering|reading|performing|dictating|rounding|supervising|referring|(?:or|primary|surgical|medical|icu|night|day) team|team|"
    r"cna|case manager|sw|social worker|interpreter|scribe|caregiver|contact|nok|poa|hcpoa|proxy|informant|historian|signed|seen by|taken by|drawn by|entered by|reported by|relieved by|covering|on call|author))"
    rf"[ \t]*(?::|=)[ \t]*(?:{_WORD} ?[/&] ?)?{_NAME}(?=[ \t]*(?:$|\n|[,.;(/|]|  |{_DEGREES}\b))"
)
# Behind these even an ordinary word is a surname ("PCP: Winters").
_DOCTOR = re.compile(r"(?i)(?:attending|resident|surgeon|pcp|physician|provider|anesthesiologist)\b")
_LEADS = frozenset(
    {
        "Ó",
        "Ní",
        "Nic",
        "Uí",
        "Mac",
        "Mc",
        "St",
        "Ste",
        "Van",
        "Von",
        "De",
        "Der",
        "Den",
        "Del",
        "La",
        "Le",
        "Los",
        "Las",
        "Al",
        "El",
        "Da",
        "Dos",
        "Du",
        "Di",
        "Ten",
        "Ter",
        "Bin",
    }
)
_ACTS_AFTER = re.compile(rf"(?: also| still| now)? {_ACTS}\b")
_CAPS = rf"[{UPPER}][{UPPER}'’]+(?:-[{UPPER}'’]+)*"
_CAPS_LABEL = re.compile(
    rf"(?<![\w-])(?i:patient|patient name|pt|name|resident|client)[ \t]*:[ \t]*(?P<id>{_CAPS}(?:,? (?:[A-Z]\.? )?{_CAPS}){{1,2}})(?=[ \t]*(?:$|\n|[,;|(]|  |\d|(?i:dob|mrn|age|sex)\b))"
)
_ROOM = re.compile(rf"^[ \t]*(?i:room|rm|bed) ?#?\w{{1,4}}[ \t:,-]+(?P<id>[{LOWER}][{LOWER}'’-]{{3,}})(?= ?[-–:,(])")
_AND = re.compile(rf"(?:,? and | & |/){_NAME}")
_AGE = r"(?:\d{1,3} ?(?:yo|y/o|y\.o\.?|yr|year|[FM]\b|f\b|m\b)|(?i:dob|d\.o\.b|mrn)\b|\(\d{1,3})"
_HEADS_AGE = re.compile(
    rf"^[ \t]*(?:[-*•] |\d+[.)] )?(?P<id>(?:{_CAPS},? {_CAPS}|{_WORD}, ?{_WORD}|[{LOWER}][{LOWER}'’-]+ (?:[{LOWER}][{LOWER}'’-]+ )?[{LOWER}][{LOWER}'’-]+))(?=[ \t,]+{_AGE})"
)
_HEADS_VERB = re.compile(
    rf"^[ \t]*(?P<id>{_WORD}, {_WORD})(?= (?:{_ACTS}|seen|examined|evaluated|admitted|discharged|resting|transferred)\b)"
)
_BEFORE_DOB = re.compile(
    rf"(?<![\w'’-])(?P<id>{_WORD}(?: (?:[A-Z]\.? )?{_WORD}){{1,2}})(?=[ \t]*[,;(/|-]{{0,2}}[ \t]*(?:DOB|D\.O\.B|MRN|dob|mrn|born)\b)"
)
_LOWER = re.compile(
    rf"(?<![\w-])(?:pt|patient|mr|mrs|ms|dr)\.? (?P<id>[{LOWER}][{LOWER}'’-]{{3,}})(?= (?:refused|refuses|denies|denied|reports|reported|states|stated|c/o|complains|called|fell|voided|ambulated|agrees|wants|requests|tolerated|slept|ate|was seen|is a)\b)"
)
_BOTH_ORDINARY = re.compile(rf"(?<![\w'’-])(?P<id>(?P<first>{_PART}) (?:[A-Z]\.? )?(?P<last>{_PART}))(?![\w'’-])")


_CAPITALISED = re.compile(rf"[{UPPER}][{UPPER}{LOWER}'’]+")
_ENDINGS = (
    ("ied", ("y",)),
    ("ed", ("", "e")),
    ("ing", ("", "e")),
    ("ies", ("y",)),
    ("es", ("",)),
    ("s", ("",)),
    ("ly", ("",)),
)


def bedside_names(text: str) -> Iterator[PhiFinding]:
    """Names that clinical shorthand gives away; overlaps are resolved by the caller."""
    for match in (*_LOWER.finditer(text), *_ROOM.finditer(text)):
        word = match["id"]
        if (is_name_word(word) or not is_ordinary(word)) and not _is_clinical(word):
            yield PhiFinding(match.start("id"), match.end("id"), "PERSON", _SCORE)
    if (text[:1].islower() and any(char.isdigit() for char in text)) or any(
        map(may_be_name, _CAPITALISED.findall(text))
    ):
        yield from _announced(text)


def _announced(text: str) -> Iterator[PhiFinding]:
    behind_words = (_TO_PERSON, _ROLE, _LABEL) if has_inner_capital(text) else ()
    for pattern in (_SUBJECT, *behind_words, _APPOSED, _WITH_DEGREE):
        for match in pattern.finditer(text):
            loose = (pattern is _TO_PERSON and _LOOSE.search(text, match.start(), match.start("id")) is not None) or (
                pattern is _SUBJECT and _ONLY_PEOPLE_AFTER.match(text, match.end("id")) is None
            )
            surname = pattern is _LABEL and _DOCTOR.match(text, match.start()) is not None
            end = _name_end(text, match, trusting=pattern in (_ROLE, _LABEL), loose=loose, surname=surname)
            if end:
                yield PhiFinding(match.start("id"), end, "PERSON", _SCORE)
                other = _AND.match(text, end)
                last = other and _name_end(text, other, trusting=False, loose=False, surname=surname)
                if other and last:
                    yield PhiFinding(other.start("id"), last, "PERSON", _SCORE)
    for pattern in (_CAPS_LABEL, _HEADS_AGE, _HEADS_VERB, _BEFORE_DOB):
        for match in pattern.finditer(text):
            words = re.findall(rf"[{UPPER}{LOWER}'’-]+", match["id"])
            words = [word for word in words if word[0].isupper()] or words
            if _are_names(words, given=pattern is _BEFORE_DOB or pattern is _CAPS_LABEL):
                yield PhiFinding(match.start("id"), match.end("id"), "PERSON", 0.72)
    for match in _BOTH_ORDINARY.finditer(text):
        if _is_announced_pair(text, match):
            yield PhiFinding(match.start("id"), match.end("id"), "PERSON", _SCORE)


def _name_end(text: str, match: re.Match[str], *, trusting: bool, loose: bool, surname: bool) -> int:
    """Where the name ends that begins a match: after the last word that can belong to it; 0 when the first cannot."""
    words = list(re.finditer(rf"[{UPPER}{LOWER}'’]+\.?", match["id"]))
    solid = [word for word in words if word[0][0].isupper() and len(word[0].strip(".")) > 1]
    if not solid or solid[0][0].lower() in eponyms() or _is_pair_of_no_person(solid):
        return 0
    end, known = 0, False
    acts = _ACTS_AFTER.match(text, match.end("id")) is not None
    for word in solid:
        part = word[0].strip(".")
        if part in _LEADS and word is not solid[-1]:
            continue
        # "sister Hope": a word that is a first name as well, in the place of a name, written with a capital.
        as_name = (
            trusting and is_given_name(part) and not _is_clinical(part) and (acts or text[match.start()].islower())
        )
        if not (_can_be_name(part) or as_name or (surname and is_name_word(part) and not _is_clinical(part))):
            break
        known = known or is_name_word(part)
        end = match.start("id") + word.end()
    if loose and not known:
        return 0
    return end


def _can_be_name(word: str) -> bool:
    return (
        len(word) > 2
        and is_namelike(word)
        and not _is_clinical(word)
        and (is_name_word(word) or not _is_inflected(word))
    )


def _is_inflected(word: str) -> bool:
    """Whether a word in no list is a form of an ordinary word ("Denied")."""
    low = word.lower()
    stems = {
        low[: -len(ending)] + rest
        for ending, rests in _ENDINGS
        for rest in rests
        if low.endswith(ending) and len(low) > 5
    }
    return any(is_ordinary(stem) for stem in stems)


def _is_clinical(word: str) -> bool:
    low = word.lower()
    return (
        low in clinical_words()
        or low in departments()
        or low in eponyms()
        or low in not_in_names()
        or low in countries()
    )


def _is_pair_of_no_person(words: list[re.Match[str]]) -> bool:
    return " ".join(word[0].lower().strip(".") for word in words[:2]) in not_people()


def _are_names(words: Iterable[str], *, given: bool) -> bool:
    """Whether all words can be names and one is more than a word: unknown, or a listed name that is no ordinary word.

    ``given``: a listed first name before a listed surname is enough, though both may be words ("GRACE HILL").
    """
    parts = [word for word in words if len(word) > 1]
    if len(parts) < 2 or any(_is_clinical(word) and not is_given_name(word) for word in parts):
        return False
    if given and is_given_name(parts[0]) and all(is_name_word(word) for word in parts):
        return True
    return all(is_name_word(word) or not is_ordinary(word) for word in parts) and any(
        not is_ordinary(word) and len(word) > 2 for word in parts
    )


_PAIR_BEFORE = re.compile(
    r"(?:\b(?:call|contact|with|saw|see|seeing|referring|thank|from|by|to|and|for|met|told|asked|friend|neighbor|wife|husband|son|daughter|sister|brother|mother|father|student|w/|cc:|signed,)[ \t]+|^[ \t]*)$",
    re.IGNORECASE,
)
_PAIR_AFTER = re.compile(
    rf" (?:is|was) an? (?:\d|very|pleasant)|,? (?:who|whose)\b|,? \(|['’]s\b|[ \t]*$|[.,;] | (?:with|to|about|regarding|re|at|on|in|for|today|again)\b| {_ACTS}\b"
)


def _is_announced_pair(text: str, match: re.Match[str]) -> bool:
    """ "Please call Dawn Rivers with results": first name and surname, both words, in the middle of small letters."""
    first, last = match["first"], match["last"]
    if not (is_given_name(first) and is_name_word(last)) or _is_clinical(first) or _is_clinical(last):
        return False
    begins = not text[: match.start()].strip()
    after = _PAIR_AFTER.match(text, match.end())
    if begins:
        return re.match(r" (?:is|was) an? (?:\d|very|pleasant)", text[match.end() :]) is not None
    return _PAIR_BEFORE.search(text, 0, match.start()) is not None and after is not None
