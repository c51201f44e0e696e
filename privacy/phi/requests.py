"""Names in short requests and messages, which are often typed in small letters: "trend for lena okpara since may".

Only texts of one or two lines are read so: there what is asked for stands behind "for", "of", "has" or "pls find", and in
front of a date, a room, a number or what somebody has. A word must be on a name list, or two words in no list at all.
"""
# ruff: noqa: E501, SIM905  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.letters import LOWER, UPPER
from ghostchart.privacy.phi.name_kinds import GIVEN, NOBODY, SURNAME, UNKNOWN, WORD, kind_of
from ghostchart.privacy.phi.neighbour_words import TOWNS_TOO
from ghostchart.privacy.phi.vocabulary import given_names, is_name_word, not_in_names, not_people, surnames

_SCORE = 0.61
_MOST_CHARS = 240
_MOST_LINES = 2
_SMALL = rf"[{LOWER}][{LOWER}'’-]+"
_ANY = rf"[{UPPER}{LOWER}][{LOWER}'’]+(?:[{UPPER}][{LOWER}'’]+)?(?:-[{UPPER}]?[{LOWER}'’]+)*"
_RUN = re.compile(rf"(?<![\w.@/'’-])(?:[{LOWER}{UPPER}]\. )?{_ANY}(?: {_ANY})*")
_FOR = re.compile(
    r"(?i)(?:^|[\s,;:(])(?:for|of|on|has|have|had|does|do|did|is|was|are|were|find|search:?|pull up|up|open(?: chart)?|chart|about|re:?|regarding|with|to|message|call|page|tell|ask|"
    r"under|by|patient|pt|from|summari[sz]e|show|compare|who|when|how|labs|meds|allergies|vitals|summary|imaging|results|notes?|history|and|w/|that|if)[ \t]+$"
)
_ASKS = re.compile(
    r"(?i)(?:^|[\s,;:(])(?:for|of|has|does|did|is|was|what'?s|how'?s|when'?s|where'?s|pull up|look up|open up|bring up|search|covering for|find|call|page|under|ask|tell|pt|patient|on|remind|text|message|chart|open|labs)[ \t]+$"
)
# "why is chaudry npo": what is asked about a patient.
_ASKS_ABOUT = re.compile(
    r"(?i)(?:^|[?.!,;] ?)(?:(?:hi|hey|ok|so|and|also|pls|please|quick question) ?[,:]? )?(?:why|when|where|how|what|what's|which|who)?(?: [a-z]{3,9})? ?(?:is|was|has|did|does|do|can|will|should|could|would|are)[ \t]+$"
)
_IS_ASKED = re.compile(
    r"[ \t]+(?:npo|dnr|dni|full code|still|ok|okay|getting|having|going|being|cleared|diabetic|allergic|taking|able|ready|scheduled|supposed|here|back|up|a|an|on|off|in|at|due|for|his|her|still|ever|already|"
    r"febrile|afebrile|eating|sleeping|stable|see|need|get|got|have|had|take|come|call|make|miss|want|last|next|refuse|sign|know|speak|live|want|tolerate|been|c/o|complaining|eligible|covered|intubated|extubated|transferred|discharged|admitted|seen)\b"
)
_CALLS = re.compile(r"(?i)(?:^|[\s,;:(])(?:call|page|paged|text|ask|tell|remind|notify|message)[ \t]+$")
_ENDS = re.compile(
    r" ?['’]s\b|[ \t]*(?:$|[\n?!.,;(]|\d)|[ \t]+(?i:since|from|last|had|have|has|get|gets|in|to|still|please|pls|rm|room|bed|mrn|dob|age|male|female|get|need|needs|due|on|this|today|yesterday|and|was|is|w|with|at|"
    r"over|between|before|after|for|who|about|take|takes|taking|allergic|want|wants|now|admitted|seen)\b"
)
_PLACED = re.compile(
    r"[ ,]*\(?(?i:(?:rm|room|bed|mrn|dob|ext|pager)\b|in \d{1,3}[a-z]?\b|\d{1,2}[ -]?(?:east|west|north|south|tower|[nsew])\b)|[ ,]+\d{1,3} ?(?:yo|y/o|[MFmf]\b)"
)
_OWNS = re.compile(
    r" ?['’]s (?:last|next|labs?|chart|meds|x-?rays?|scan|mri|ct|echo|results?|allerg|bp|vitals|weight|inr|a1c|pap|note|daughter|son|wife|husband|mother|father|family|nurse|room|appointment|appt|path|colonoscopy|imaging)"
)
_IN_ROOM = re.compile(r" \d{3}[a-d]?\b(?! ?(?:mg|ml|mcg|units?|cc|lbs?|kg|g|k|miles|days|%|/))")
_CALLED = re.compile(r"[ \t]+(?:w|with|re|at|if|when|x\d|ext|@|asap|stat)\b")
_ROLE = re.compile(
    r" \((?:[\w/]+ )?(?:fellow|resident|intern|attending|nurse|rn|np|pa|md|wife|husband|son|daughter|sister|brother|mother|father|mom|dad|friend|np student)\)|,? (?:np|pa|rn)(?=[.,;:]|$)"
)
_DOES = re.compile(
    r" (?:has|is|said|says|wants|will|was|told|asked|called|cant|can't|isnt|isn't|wont|pls|plz|needs|refus\w+|denie[sd]|complain\w+|c/o|keeps|cannot|looks|feels|seems|just|still|got|had|dc'?d)\b"
)
_CLOSING = re.compile(
    rf"(?i)(?:best|thanks|thx|ty|cheers|regards|love|xo+)[ ,!.-]+\n?(?P<id>{_SMALL}(?: {_SMALL})?)[ .!]*$"
)
_SHOUTED = re.compile(
    r"(?<![\w-])(?P<id>[A-Z][A-Z'’-]{2,},? [A-Z][A-Z'’-]{2,}(?: [A-Z][A-Z'’-]{2,})?)(?=[ \t]*(?:,?[ \t]*(?:(?i:male|female|dob|mrn|room|rm|bed)\b|[MF]\b|\d{2,})|$))"
)
_SHOUTED_BEFORE = re.compile(r"(?i)(?:search|for|of|labs|chart|find|patient|pt|open|show|has|does|is)[: ]+$")
_UNDER = re.compile(
    r"(?i)\b(?:reservation|booking|booked|res|res\. \S+|order|appointment|account|table|it) (?:is )?(?:under|for)[ \t]+$"
)


def names_in_request(text: str) -> Iterator[PhiFinding]:
    """Names in a text of one or two short lines; nothing in a longer one."""
    if len(text) > _MOST_CHARS or text.count("\n") >= _MOST_LINES:
        return
    for match in _RUN.finditer(text):
        for start, end, words in _runs(text, match):
            if _is_asked_for(text, start, end, words):
                yield PhiFinding(start, end, "PERSON", _SCORE)
    for match in _SHOUTED.finditer(text):
        kinds = [kind_of(word) for word in re.findall(r"[A-Z][A-Z'’-]+", match["id"])]
        if NOBODY not in kinds and set(kinds) != {WORD} and _SHOUTED_BEFORE.search(text, 0, match.start()):
            yield PhiFinding(match.start(), match.end(), "PERSON", _SCORE)
    closing = _CLOSING.search(text)
    if closing is not None and all(kind_of(word) in (GIVEN, SURNAME) for word in closing["id"].split()):
        yield PhiFinding(closing.start("id"), closing.end("id"), "PERSON", _SCORE)


def _runs(text: str, match: re.Match[str]) -> Iterator[tuple[int, int, list[str]]]:
    """Words in a row that can be names; an initial before the first belongs to it."""
    words: list[re.Match[str]] = []
    for word in [*re.finditer(rf"(?:[{LOWER}{UPPER}]\.(?= ))|{_ANY}", match[0]), None]:
        initial = word is not None and word[0].endswith(".")
        if word is not None and (initial or _can_be_part(word[0])):
            words.append(word)
            continue
        while len(words) > 1 and words[0][0] in _VERBS:
            words.pop(0)
        while words and not _is_name_alone(words[0][0]) and len(words) > 2 and kind_of(words[0][0]) == NOBODY:
            words.pop(0)
        if words and not words[-1][0].endswith("."):
            end = words[-1].end() - (2 if words[-1][0].endswith(("'s", "’s")) else 0)
            yield match.start() + words[0].start(), match.start() + end, [item[0] for item in words]
        words = []


def _can_be_part(word: str) -> bool:
    """A word that is no word, or a listed name although it is one ("park", "finch")."""
    low = _plain(word)
    if low in not_in_names():
        return False
    return kind_of(low) != NOBODY or (low in surnames() and low not in _TOO_COMMON and len(low) > 2)


def _is_name_alone(word: str) -> bool:
    return kind_of(_plain(word)) in (GIVEN, SURNAME)


def _plain(word: str) -> str:
    return word.lower().replace("’", "'").removesuffix("'s")


# First names that begin a request as verbs, in small letters.
_VERBS = frozenset(["page", "bill", "mark", "chase", "will", "may", "grant", "drew", "pat", "rob", "sue", "skip"])
# Surnames that requests use as words.
_TOO_COMMON = frozenset(
    "for has will may can past last show find call page read write change list best cost test case dose rate note chart order drug long short high low mean "
    "may major minor early late risk pain heart back head neck hand foot leg arm skin bone blood brain lung liver wells ball bell bird bishop block blow bond book border "
    "bottom box brace branch bridge broad brown burn cage call card care cast chance child church clear close coach cold cook cool cord corn couch "
    "count cover cross crown cup cut day days dial down draw dry east fast field fine fish flow flower food free full game good grade gray green ground guide guy "
    "hair half hall hard heat help hill hold home hook house ice iron kind king land large law lay lead light line little love low man mark may meal mild mill "
    "more new night north old open pace pack page park part pass pen person pick pill pipe place plan plant plate play point pool pop port post pound power price "
    "print quick rain range rash rest rice rich right ring rise rock room root rose round rule safe sample sand school sea seal self set shade sharp sheet ship "
    "shop side sign silver small smart smoke snow soft south speed spell spring stand star start state stay steel step still stock stone stool storm strain street strong sugar summer sweet "
    "swing table tall term thing tip top torn town train trial true tube turn twin van view wait walk wall war ward water way weeks west wheat white wide win wind "
    "winter wise wood word work worth yes young wound "
    "needs needed gets takes wants keeps looks feels seems just still got had".split()
) - {"park"}


def _is_asked_for(text: str, start: int, end: int, words: list[str]) -> bool:
    solid = [_plain(word) for word in words if not word.endswith(".")]
    initial = len(solid) < len(words)
    kinds = [kind_of(word) for word in solid]
    if " ".join(solid[:2]) in not_people() or not solid:
        return False
    if len(solid) == 1:
        return _is_single_asked_for(text, start, end, kinds[0], initial=initial, word=solid[0])
    if len(solid) > 4 or not _ENDS.match(text, end) or len({word[0].isupper() for word in words}) > 1:
        return False
    if not _FOR.search(text, 0, start):
        whose = _OWNS.match(text, end) or _PLACED.match(text, end) or _DOES.match(text, end)
        return not text[:start].strip() and whose is not None and GIVEN in kinds and NOBODY not in kinds
    known = [kind in (GIVEN, SURNAME) for kind in kinds]
    if not any(known):
        # No list knows any: both must be strange, and a person's place must follow.
        strange = all(kind == UNKNOWN for kind in kinds) and (_ASKS.search(text, 0, start) is not None)
        return (strange and (_OWNS.match(text, end) or _PLACED.match(text, end)) is not None) or _are_listed(solid)
    return all(kind != NOBODY or is_name_word(word) for kind, word in zip(kinds, solid, strict=True)) and (
        GIVEN in kinds or sum(known) > 1 or solid[0] in given_names() or _ASKS.search(text, 0, start) is not None
    )


def _are_listed(words: list[str]) -> bool:
    """Whether three listed names stand in a row, though each is a word ("sun hee park")."""
    return len(words) == 3 and all(is_name_word(word) for word in words) and words[0] in given_names()


def _is_single_asked_for(text: str, start: int, end: int, kind: str, *, initial: bool, word: str) -> bool:
    if kind == NOBODY or (kind == WORD and not initial):
        return False
    asked = _ASKS.search(text, 0, start) is not None
    if _ROLE.match(text, end):
        return True
    if initial:
        return asked or (kind != UNKNOWN and _ENDS.match(text, end) is not None)
    begins = not text[:start].strip() or text[:start].rstrip().endswith(("?", "!", "."))
    sure = (kind == GIVEN or (kind == SURNAME and len(word) > 4)) and word not in TOWNS_TOO
    if (
        (begins and (kind == GIVEN or sure) and _DOES.match(text, end))
        or (begins and kind != UNKNOWN and _PLACED.match(text, end))
        or (sure and (begins or text[:start].rstrip().endswith((":", ",", ";"))) and _IN_ROOM.match(text, end))
        or (sure and _ASKS_ABOUT.search(text, 0, start) and _IS_ASKED.match(text, end))
    ):
        return True
    if _UNDER.search(text, 0, start):
        return word not in TOWNS_TOO
    listed = kind in (GIVEN, SURNAME) and word not in TOWNS_TOO
    return (
        (asked and (_PLACED.match(text, end) or _OWNS.match(text, end)) is not None)
        or (_CALLS.search(text, 0, start) is not None and _CALLED.match(text, end) is not None)
        or (listed and asked and _ENDS.match(text, end) is not None)
    )
