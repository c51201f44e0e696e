"""Names typed in small letters, as in chats and hurried notes: "my dad lorcan fell", "lol tanisha you left", "d/c per xw".

Only words of the name lists that are no words of English count, and something beside them must fit a person. The list of
small first names is asked before anything else, for most sentences hold none.
"""
# ruff: noqa: E501, SIM905  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.letters import LOWER, UPPER
from ghostchart.privacy.phi.name_kinds import GIVEN, SURNAME, UNKNOWN, kind_of
from ghostchart.privacy.phi.neighbour_words import TOWNS_TOO
from ghostchart.privacy.phi.vocabulary import given_names, is_listed_town, is_name_word, is_ordinary, names_like_typos

_SCORE = 0.66
_WORD = re.compile(rf"(?<![\w.@/'’_&=-])[{LOWER}][{LOWER}'’-]{{2,}}(?![\w@/_=]|\.\w)")
_KIN_BEFORE = re.compile(
    r"(?i)(?:^|[\s(,/])(?:(?:my|her|his|their|our|the|ur|your|pt'?s|step|grand|great|older|younger|oldest|youngest|little|big|baby|late|ex|other) ?)*(?:dad|daddy|mom|mommy|mum|momma|mama|papa|father|mother|wife|husband|hubby|spouse|partner|son|daughter|dtr|sister|brother|sis|bro|"
    r"aunt|auntie|uncle|niece|nephew|cousin|friend|bestie|buddy|neighbor|neighbour|roommate|roomie|boyfriend|girlfriend|bf|gf|fiance|fiancee|grandma|grandpa|grandson|granddaughter|grandmother|grandfather|nurse|aide|sitter|coach|teacher|landlord|boss|manager|coworker|nanny|babysitter|tutor|"
    r"intern|resident|fellow|pcp|cna|rn|np|pa|dr|doc|doctor|tech|caregiver|interpreter|baby|kid|kids|twins|named|called)[ ,:]+$"
)
_CALL_BEFORE = re.compile(
    r"(?i)(?:^|[\s,(])(?:lol|lmao|omg|hey|hi|hiya|heya|yo|ok|okay|k|so|and|but|btw|fyi|thx|thanks|ty|pls|plz|sorry|please|aww|ugh|damn|dude|morning|gm|gn|hbd|congrats)[ ,!]+$|(?:^|[.!?\n][ \t]*)$"
)
_CALL_AFTER = re.compile(
    r",? (?:you|u|ur|your|pls|plz|please|can|could|did|do|are|r|where|when|what|whats|how|hows|its|it's|i|im|i'm|we|lets|let's|dont|don't|thanks|thank|thx|call|text|bring|come|have|hows|wanna|gonna|just|hope|happy|sorry|good|omg|lol|said|says|is|was|has|wants|told|got|asked|cant|can't|wont|will|isnt|isn't|needs|left|went|came|still|already|never|might|should|would|and i)\b|,? ?[!?]|,? @"
)
_OWNS = re.compile(
    r"(?:['’]?s)? (?:place|house|car|phone|room|party|wedding|birthday|bday|mom|mum|dad|kid|kids|wife|husband|brother|sister|dog|cat|number|desk|office|laptop|appt|appointment|meds|labs|chart|apt|apartment|funeral|flight|email|address|charger|keys|truck|jacket|shower|graduation|recital|game|school|teacher|class|insurance|dob|mrn|scan|mri|results|surgery|pcp|ssn)\b"
)
_WITH_BEFORE = re.compile(r"(?i)(?:^|[\s,(])(?:with|w/|w|by|from|told|tell|ask|asked|saw|see|met|meet|call|called|text|texted|page|paged|for|per|and|to|at|about|invite|invited|love|miss|hug|tag|cc|d/w|bring|pick up|picked up|drop off|if|that|when|where|why|how|what|because|since|until|before|than|does|did|has|is|why is|how is|hows|was|will|can|let|make|help|visit|visiting)[ ]+$")  # fmt: skip
_ENDS = re.compile(
    r"(?:['’]s)?(?:[ \t]*(?:$|[\n.,;!?)])| (?:and|at|on|re|about|today|tonight|tomorrow|tmrw|yesterday|this|next|last|now|before|after|if|when|to|for|in|pls|plz|please|asap|back|again|too|still|has|is|was|says|said|wants|needs|can|will|who|because|cuz|bc|since|until|so|but|or|from|with|w|w/|yet|get|got|take|taking|have|had|npo|dnr|allergic|diabetic|due|ok|okay|home|up|here|there|cleared|going|coming|able|ready|supposed|a|an)\b| \d| [a-z]{2,}ed\b)"
)
_BEGINS_PERSON = re.compile(
    r" (?:dc'?d|d/c'?d|dced|discharged|admitted|transferred|seen|refus(?:es|ed|ing)|denie[sd]|reports?|states?|wants|asking|called|calls|c/o|fell|voided|ambulat\w+|slept|ate|vomited|is|was|has|had|needs|went|to|back|in|from|rm|room|bed|\d|for|on|w|s/p|npo|tka|tha|cabg|lap|ercp|egd|mri|ct|pod)"
)
_TITLE = re.compile(
    rf"(?<![\w-])(?P<title>mr|mrs|ms|miss|prof|dr|nurse)\.? (?P<id>[{LOWER}][{LOWER}'’-]{{3,}})(?![\w])"
)
_TITLES = re.compile(r"\b(?:mr|mrs|ms|miss|prof|dr|nurse)\b")
_ROLE = re.compile(
    r"(?<![\w'’/&.-])(?P<id>[a-z]{3,}(?:-[a-z]{3,})?)(?: (?:cards?|gi|id|renal|nephro|neuro|nsgy|ortho|pulm|icu|onc|heme|psych|derm|rheum|uro|ent|vasc|surg|trauma|plastics|anes|pall|wound|picc|ir|ob|gyn|peds|nicu|picu|ed|er|em|med|pain|charge|float|night|day))?,? "
    r"(?:rn|lpn|np|pa|md|cna|crna|pharmd|pharmD|PharmD|aprn|RN|LPN|NP|PA|MD|DO|CNA|SW|fellow|resident|intern|attending|pgy-?\d)(?=[ \t]*(?:$|[\n.,;:)(/]|->|\d|x\d)| (?:pgr|pager|ext|ph|at|to|in|on|and|w/|with|re|for|is|was|will|who|aware|notified|informed|paged|called|here|there|present|saw|sees|seen|gave|took|tried|placed|came|following|recs?|rec'?d|says|said|agrees?|ok|witnessed|drew|helped|covering)\b)"
)
_INITIALS = re.compile(r"(?<![\w-])(?:per|by)[ ](?P<id>[a-z]{2,3})(?=[ \t]*(?:$|[.;,)\n]))")
_HANDLED = re.compile(
    r"(?i)\b(?:called|phoned|faxed|taken|entered|signed|drawn|verified|confirmed|sent|given|reported|rec'?d|received|notified|read back|transcribed|typed|dictated|reordered|refilled|renewed|collected|checked|charted|done|updated|scheduled|scanned|e-?rx|rx|refill|left|msg|vm|lm|tc|t/c)\b"
)
_NO_INITIALS = frozenset(
    "pt rn np pa md do cm sw ot st rt ed er or icu hr hrs wk mo yr day kg lb ml mg g dl min sec os od ou po iv im sc sl pr gt ng og peg vt pcp cna ems fam mom dad son dtr wife hx hpi pe ros vs bp hb hd pd pcr cxr ct mri us "
    "ir ekg ecg eeg emg echo cbc bmp cmp lfts inr ptt abg vbg tox ua uop bm gi gu id ent ob gyn onc ob gi me us it him her he she them you we one two all any now gvhd ekg hs ac pc qd bid tid prn car bus van cab air day her his its our fax mail text call tel ph hand foot name dob mrn end the an a is am "
    "pm noc eod ssn dx rx tx sx fx bx cx abx gcs nih cms fda cdc dea dob doh va ada irb lab labs tele nsg svc dr mr ms mrs pharm rph ppd scd ted ssi gtt drip her co ap lat obs dept dme snf ltc alf hh vna ymca pod".split()
)


@cache
def _small_given() -> frozenset[str]:
    """First names that are no words of English nor one slip away from one ("nver smoked"), no drugs, no towns."""
    short = frozenset("mia ava eva eli ian leo zoe mei wei hui raj meg peg liz jim tom bob ben deb".split())
    return (
        frozenset(
            name
            for name in given_names()
            if (len(name) > 3 or name in short) and name not in TOWNS_TOO and kind_of(name) == GIVEN
        )
        - names_like_typos()
    )


def names_in_small_letters(text: str) -> Iterator[PhiFinding]:
    """Names in one line or sentence; overlaps are resolved by the caller."""
    words = list(_WORD.finditer(text))
    given = [word for word in words if _is_given(word[0])]
    for word in given:
        yield from _first_name(text, word)
    if _TITLES.search(text):
        for match in _TITLE.finditer(text):
            kind = kind_of(match["id"])
            if kind in (GIVEN, SURNAME) or (
                kind == UNKNOWN and len(match["id"]) > 4 and match["title"] in ("mr", "mrs", "dr")
            ):
                yield PhiFinding(match.start("id"), match.end("id"), "PERSON", 0.74)
    for match in _ROLE.finditer(text):
        kind = kind_of(match["id"])
        if match["id"] not in TOWNS_TOO and (kind == GIVEN or (kind == SURNAME and len(match["id"]) > 4)):
            yield PhiFinding(match.start("id"), match.end("id"), "PERSON", _SCORE)
    if "per " in text or "by " in text:
        for match in _INITIALS.finditer(text):
            short = match["id"]
            strange = short not in _NO_INITIALS and not is_ordinary(short)
            if strange and _HANDLED.search(text) and (len(short) == 2 or not re.search("[aeiou]", short)):
                yield PhiFinding(match.start("id"), match.end("id"), "PERSON", _SCORE)


def _is_given(word: str) -> bool:
    low = word.replace("’", "'").removesuffix("'s")
    return low in _small_given() or low.removesuffix("s") in _small_given()


def _first_name(text: str, word: re.Match[str]) -> Iterator[PhiFinding]:
    start, end = word.span()
    body = word[0].replace("’", "'")
    bare = body.removesuffix("'s")
    end -= len(body) - len(bare)
    exact = bare in _small_given()
    if not exact:  # "marcos place": somebody's, without the apostrophe
        if _OWNS.match(text, end) and re.search(rf"(?:^|[\s(])[{LOWER}{UPPER}']+ $", text[:start]):
            yield PhiFinding(start, end - 1, "PERSON", _SCORE)
        return
    before = text[:start]
    after = re.compile(rf" (?P<id>[{LOWER}][{LOWER}'’-]{{2,}})(?![\w@])").match(text, end)
    last = after["id"].replace("’", "'").removesuffix("'s") if after else ""
    if (
        after
        and last
        and kind_of(last) in (SURNAME, GIVEN)
        and not is_listed_town(f"{bare} {last}")
        and not is_ordinary(last)
    ):
        yield PhiFinding(start, after.start("id") + len(last), "PERSON", _SCORE)
        return
    announced = _KIN_BEFORE.search(before) is not None
    whole = announced and last and kind_of(last) == UNKNOWN and len(last) > 4
    called = _CALL_BEFORE.search(before) is not None and _CALL_AFTER.match(text, end) is not None
    owns = _OWNS.match(text, end) is not None
    if is_listed_town(bare) and not announced:
        return
    if announced or called or owns or (_WITH_BEFORE.search(before) and _ENDS.match(text, end)):
        yield PhiFinding(start, after.start("id") + len(last) if whole and after else end, "PERSON", _SCORE)
        return
    if not before.strip() and _BEGINS_PERSON.match(text, end):
        yield PhiFinding(start, end, "PERSON", _SCORE)
        return
    run = re.match(
        rf"^[ \t*•-]*(?P<id>(?:[{LOWER}]{{2,}} ){{1,2}}{re.escape(bare)}(?: [{LOWER}]{{2,}})?)$",
        text[: after.end("id") if after else end],
    )
    if (
        run
        and all(is_name_word(part) for part in run["id"].split())
        and _BEGINS_PERSON.match(text, after.end("id") if after else end)
    ):
        yield PhiFinding(run.start("id"), run.end("id"), "PERSON", _SCORE)
