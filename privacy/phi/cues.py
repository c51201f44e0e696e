"""Names that the words around them give away in any kind of text: greetings, speakers, closings, verbs, keys of records."""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.letters import LOWER, UPPER, has_inner_capital
from ghostchart.privacy.phi.vocabulary import (
    brands,
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

NAME = rf"(?:[{UPPER}]['’])?(?:Mc|Mac)?[{UPPER}][{LOWER}'’]+(?:[-'’][{UPPER}]?[{LOWER}]+)*"
_CAPS = rf"[{UPPER}]{{2,}}(?:[-'’][{UPPER}]+)*"
_JOIN = r"(?:(?: |\t)(?:[A-Z]\.? )?(?:(?:van|von|der|den|de|del|della|di|da|dos|du|la|le|bin|al|el|ter|zu) ){0,2})"
WHOLE = rf"(?P<id>{NAME}(?:{_JOIN}{NAME}){{0,3}})"

# Whoever follows these is a person, even if no list knows the word.
_SURE = re.compile(
    rf"(?:^|(?<=[\s(\"'>,;:.!?/|-]))(?i:hi|hello|hey|hiya|dear|thanks|thank you|thx|cheers|welcome|congratulations|congrats|happy birthday|goodbye|bye|good (?:morning|afternoon|evening)|sorry|"
    rf"regards|wishes|sincerely|faithfully|yours truly|yours|warmly|respectfully|cordially|hugs|ciao|all the best|take care|talk soon|love|xoxo|my name is|my name's|name is|i am|i'm|this is|it is|it's|its|i, |called|named|nicknamed|speaking with|ask for|attn|attention|c/o|"
    rf"witness statement of|on behalf of|written by|posted by|sent by|hosted by|addressed to|owned by|prepared for|signed by|account holder|card ?holder|policy ?holder|holder(?: is)?|according to|interviewed|referring|signature)"
    rf"[ \t]*[,:!-]?(?:[ \t]+|\n[ \t]*|(?<=[:,]))(?:Mr\.? |Mrs\.? |Ms\.? |Dr\.? )?{WHOLE}(?![\w@])"
)
# Whoever follows these is a person if the word is a name or in no list at all.
_ROLES = (
    "coach|guide|customer|client|employee|passenger|tenant|landlord|agent|captain|officer|detective|senator|president|minister|professor|teacher|boss|manager|director|"
    "editor|author|poet|singer|actor|actress|painter|uncle|aunt|auntie|grandma|grandpa|granny|cousin|colleague|roommate|neighbor|neighbour|girlfriend|boyfriend|fianc[eé]e?|bride|groom|"
    "sister|brother|mother|father|mom|mum|dad|son|daughter|wife|husband|spouse|partner|friend|buddy|twin|widow|"
    "nurse|rn|np|pa|surgeon|attending|resident|therapist|pharmacist|provider|physician|patient|pt|veteran|caller|witness|student|intern"
)
_ROLE = re.compile(rf"(?<![\w-])(?i:{_ROLES})(?:,|:| is| was)?[ \t]+{WHOLE}(?!\w)")
_TOLD = re.compile(
    rf"(?<![\w-])(?i:told|tell|asked?|met|meet|saw|seen|see|visit(?:ed|ing)?|call(?:ing)?|phoned?|text(?:ed)?|emailed|thank(?:ed|ing)?|invite[ds]?|married|know|knew|hired|reach|contact|proud of|pick(?:ed)? up|drop(?:ped)? off|"
    rf"authori[sz]e[ds]?|discussed (?:with|results with)|results with|(?:spoke|speak|talk(?:ed)?|meeting|dinner|lunch|appointment|interview|conversation|along|together|stay(?:ing)?|liv(?:es|ing)) (?:with|to)|with|by|from|for|and|to|than|when|that|whether|where|if|does|did|is|has|was|looking for|letter (?:from|to))[ \t]+(?:the )?{WHOLE}(?!\w)"
)
DOES = (
    r"(?:says?|said|tells?|told|asks?|asked|replied|wrote|writes|reports?|reported|den(?:ies|ied)|states?|stated|agree[sd]|thinks?|thought|believes?|knows?|knew|wants?|wanted|likes?|loves?|lives?|lived|works?|worked|moved|"
    r"grew|joined|retired|married|died|born|won|scored|played|praised|drove|drives|walked|visited|arrived|came|comes|went|goes|will|would|can|could|should|has|had|have|is|was|were|calls?|called|calling|sent|sends|bought|paid|signed|ordered|"
    r"who|whose|here|and I|and (?:his|her|their)|from (?:accounting|sales|marketing|hr|it|support|finance|legal|work|school|church)|at the|presented|presents|still|never|always|also|did|does|got|gets|took|takes|became|began|started|feels?|felt|"
    r"complain(?:s|ed)|returns?|returned|accompanied|attended|declined|helped|explained|added|announced|claimed|confirmed|speaking|knew|\(\d|,? (?:aged |age )?\d{2}[,.)]|, (?:a|an|the|who|whose|MD|RN|DO|NP|PA)\b|, \d{1,2}(?:,| ))"
)
_SUBJECT = re.compile(rf"(?<![\w'’.-]){WHOLE}(?='s\b|’s\b|(?:,)? {DOES}(?![\w-])|,? (?=\(?\d{{2,4}}[/.-]))")
_SPEAKER = re.compile(rf"(?:^|(?<=\n))[ \t]*(?:\[[^\]\n]{{1,20}}\][ \t]*|<)?{WHOLE}(?=>?: \S)")
_ALONE = re.compile(rf"^[ \t]*(?:[-~–—]{{1,2}} ?)?{WHOLE}[ \t.!]*$")
_LAST_FIRST = re.compile(
    rf"(?<![\w,-])(?<!, )(?P<id>(?P<last>{NAME}|{_CAPS}), ?(?P<first>{NAME}|{_CAPS})(?: [A-Z]\.?)?)(?![\w-]|, [{UPPER}])"
)
_AND = re.compile(rf"{WHOLE} (?:and|&) (?P<other>{NAME}(?:{_JOIN}{NAME})?)(?!\w)")
_LIST = re.compile(
    r"(?i)\b(?:present|attendees|apologies|participants|guests|invited|authors|members|witnesses|cast|team|players|students|to|cc|bcc|from)[ \t]*:[ \t]*(?P<all>[^\n.;:]{3,400})"
)

_KEYS = frozenset(
    [
        "email",
        "tel",
        "telephone",
        "phone",
        "fax",
        "hometown",
        "subject",
        "re",
        "cc",
        "bcc",
        "sent",
        "date",
        "website",
        "url",
        "note",
        "agent",
        "caller",
        "customer",
        "user",
        "system",
        "admin",
        "bot",
    ]
)
# What follows an eponym and never a person.
_OF_EPONYM = re.compile(
    r"['’]?s?[ -](?:signs?|tests?|disease|syndrome|scale|score|index|criteria|maneuver|position|classification|class|grade|stage|level|nodes?|nodules?|cysts?|"
    r"palsy|fracture|phenomenon|catheter|drain|tube|line|lines|stain|reflex|neg|negative|pos|positive|protocol|blade|mask|brace|boot|lift|lens|stent|"
    r"reaction|procedure|operation|repair|approach|incision|technique|method|formula|equation|triad|pentad|spots?|bodies|body|cells?|area|canal|tumou?r|"
    r"lymphoma|sarcoma|disorder|contracture|hernia|ulcer|aphasia|respiration|breathing|rings?|loop|flap|graft|clip|device|pump|monitor|bandage|wrap|"
    r"diet|exercises?|therapy|stocking|tip|forceps|retractor|ligament|tendon|duct|gland|spaces?|syndromes|diseases|risk|rating|tool|assessment|inventory|questionnaire|stockings)\b|[ -]?\d"
)
# Two words that begin such phrases in everyday text.
_NOT_PERSON_AFTER = re.compile(
    r"[ -](?:Street|St|Avenue|Ave|Road|Rd|Lane|Drive|Bridge|River|Lake|Mountains?|Island|University|College|School|Bank|Inc|Ltd|LLC|Corp|Company|Airport|Station|Park|Museum|Prize|Award|Cup|Sea|Ocean|County|Hospital|Clinic|Center|Centre|Church|Hotel|Restaurant|Empire|Dynasty|Party|League|Times|Post|Journal)\b"
)


def is_namelike(word: str) -> bool:
    """A listed name that is no ordinary word, or a word in no list at all; never a country, month or clinical word."""
    low = word.lower()
    if (
        low in not_in_names()
        or low in clinical_words()
        or low in countries()
        or low in departments()
        or low in brands()
        or low in _KEYS
    ):
        return False
    # "Own-standing": a half that is an ordinary word and no name makes no name.
    return not any(is_ordinary(part) and not is_name_word(part) for part in low.split("-")) and not is_ordinary(word)


def _words(text: str) -> list[str]:
    return [
        word
        for word in re.findall(rf"[{UPPER}{LOWER}'’]+(?:-[{UPPER}{LOWER}'’]+)*", text)
        if len(word) > 1 and word[0].isupper()
    ]


_BEHIND_WORDS = (_SURE, _ROLE, _TOLD)


def is_known_name(word: str) -> bool:
    """Whether a word is on a name list, no ordinary word and no eponym."""
    return is_name_word(word) and not is_ordinary(word) and word.lower() not in eponyms()


def _is_key(words: list[str]) -> bool:
    return any(word.lower() in _KEYS for word in words)


def begin_of_name(text: str, match: re.Match[str]) -> tuple[int, int, list[str]]:
    """The announced words up to the first that belongs to no name."""
    start, end = match.span("id")
    words = []
    place = start
    for found in re.finditer(rf"[{UPPER}][{UPPER}{LOWER}'’-]*\.?", text[start:end]):
        word = found[0].strip(".")
        low = word.lower()
        if len(word) > 1 and (
            low in not_in_names()
            or low in clinical_words()
            or (is_ordinary(word) and not is_name_word(word))
            or low in countries()
        ):
            break
        words.append(word)
        place = start + found.end()
    while words and len(words[-1]) == 1:
        words.pop()
    return start, place, words


def is_refused(text: str, end: int) -> bool:
    """Whether what follows shows that the words before stand for a thing or a place, not for a person."""
    return _OF_EPONYM.match(text, end) is not None or _NOT_PERSON_AFTER.match(text, end) is not None


def cued_names(text: str, *, clinical: bool) -> Iterator[PhiFinding]:
    """Names announced by what stands before or after them, one per match; overlaps are resolved by the caller.

    ``clinical`` text needs more evidence for a single word or for words that no list knows.
    """
    if not any(char.isupper() for char in text):
        return
    behind_words = has_inner_capital(text)
    for pattern, score, sure in (
        (_SURE, 0.8, True),
        (_ROLE, 0.72, False),
        (_SPEAKER, 0.7, False),
        (_SUBJECT, 0.68, False),
        (_TOLD, 0.66, False),
    ):
        if pattern in _BEHIND_WORDS and not behind_words:
            continue
        for match in pattern.finditer(text):
            start, end, words = begin_of_name(text, match)
            if pattern is _SPEAKER and not _speaks(text, match, words):
                continue
            if (
                words
                and not _is_key(words)
                and not is_refused(text, end)
                and _is_person(words, sure=sure, clinical=clinical, cue=pattern)
            ):
                yield PhiFinding(start, end, "PERSON", score)
    yield from _paired(text, clinical)


def _speaks(text: str, match: re.Match[str], words: list[str]) -> bool:
    """Whether a line "Word: ..." is what somebody says, not a key with its value."""
    if any(is_known_name(word) and is_given_name(word) for word in words):
        return True
    said = text[match.end() :].lstrip("> :").split("\n")[0]
    if "@" in said or _is_key(words):
        return False
    return len(said.split()) > 2 and bool(re.match(r"[a-z]+['’]?[a-z]*[ ,.!?]|I\b", said))


def _is_person(words: list[str], *, sure: bool, clinical: bool, cue: re.Pattern[str]) -> bool:
    """Whether announced words are a person; ``sure`` when nothing but a person can follow the cue."""
    long = [word for word in words if len(word) > 1]
    if not long or " ".join(word.lower() for word in long[:2]) in not_people():
        return False
    if len(long) == 1:
        return _is_single(long[0], sure=sure, clinical=clinical, cue=cue)
    strange = [word for word in long if is_namelike(word)]
    if not strange:
        return is_given_name(long[0]) and (sure or not clinical)
    if clinical and cue in (_TOLD, _SUBJECT) and not any(is_known_name(word) for word in long):
        return len(strange) == len(long) and not any(word.lower() in eponyms() for word in long)
    return True


def _is_single(word: str, *, sure: bool, clinical: bool, cue: re.Pattern[str]) -> bool:
    if word.lower() in eponyms() and (clinical or not is_given_name(word)):
        return False
    if sure:
        return is_namelike(word) or (is_given_name(word) and not (clinical and is_ordinary(word)))
    if not is_namelike(word) or len(word) < 3:
        return False
    # One word after "with" or before "has" can be a brand or a place: a listed given name, or no clinic around.
    loose = is_given_name(word) if clinical or cue is _TOLD else (is_name_word(word) or cue is _SPEAKER)
    return cue is _ROLE or loose


_LABEL = re.compile(
    r"^[ \t]*(?:Bed|Room|Rm|Name|Resident|Client|Subject|Chart|Case|Slot|Seat|Line|Pt|Patient)\b[ \t#]*\w{0,5}[ \t]*[:,-]?[ \t]*$"
)


def _heads_line(text: str, match: re.Match[str], last: str, first: str) -> bool:
    """Whether LAST, FIRST stands at the head of a line and words in small letters or a bed list's separator follow.

    Two words that a list knows, or so long that they are no abbreviations.
    """
    if text[: match.start()].strip() or not re.match(r"[ \t]*(?:[|/–-] |[a-z]{2,})", text[match.end() :]):
        return False
    long = max(len(last), len(first)) > 6 and all(re.search("[AEIOUYÁÉÍÓÚÄÖÜ]", word) for word in (last, first))
    return min(len(last), len(first)) > 2 and (long or is_known_name(last) or is_known_name(first))


def _paired(text: str, clinical: bool) -> Iterator[PhiFinding]:
    """Last, First; two people joined by "and"; lists of people; a line that is nothing but a name."""
    for match in _LAST_FIRST.finditer(text):
        last, first = match["last"], match["first"]
        shouted = last.isupper() or first.isupper()
        if last.isupper() != first.isupper() or {last.lower(), first.lower()} & (
            eponyms() | countries() | not_in_names() | clinical_words()
        ):
            continue
        if clinical and shouted and len(last) <= 5 and not is_name_word(last):
            continue  # two abbreviations ("LUTS, IDA"), though one is a first name as well
        given = is_given_name(first) and not is_ordinary(first)
        # "BENESCH, KANA transferred to ICU": a list of two abbreviations is not followed by what somebody does.
        heads = shouted and _heads_line(text, match, last, first)
        # Whether it is all there is, or all that a label is followed by.
        alone = not _LABEL.sub("", text[: match.start()]).strip() and not text[match.end() :].strip(
            " .,;:()0123456789/-"
        )
        if (
            (given and (is_namelike(last) or is_name_word(last)))
            or (
                is_namelike(first)
                and is_name_word(last)
                and not is_ordinary(last)
                and (
                    alone
                    or heads
                    or not clinical
                    or (not shouted and (not clinical or re.match(rf" {DOES}", text[match.end() :]) is not None))
                )
            )
            or (
                is_namelike(first)
                and is_namelike(last)
                and (min(len(last), len(first)) > 3 or heads)
                and (
                    alone
                    or heads
                    or re.search(rf"(?i)(?:{_ROLES}|holder|name|contact)[: ]+$", text[: match.start()])
                    or (not shouted and re.match(rf" {DOES}", text[match.end() :]))
                )
            )
        ):
            yield PhiFinding(match.start("id"), match.end("id"), "PERSON", 0.7)
    for match in _AND.finditer(text):
        start, end, words = begin_of_name(text, match)
        other = _words(match["other"])
        if (
            end != match.end("id")
            or is_refused(text, match.end("other"))
            or not all(is_namelike(word) for word in [*words, *other])
        ):
            continue
        known = bool(words and other) and (is_given_name(words[0]) or is_given_name(other[0]))
        if known and not (clinical and {word.lower() for word in (*words, *other)} & eponyms()):
            yield PhiFinding(start, end, "PERSON", 0.66)
            yield PhiFinding(match.start("other"), match.end("other"), "PERSON", 0.66)
    for match in _LIST.finditer(text):
        for item in re.finditer(WHOLE, match["all"]):
            words = _words(item["id"])
            if (
                len(words) > 1
                and all(is_namelike(word) or is_given_name(word) for word in words)
                and any(is_namelike(word) for word in words)
            ):
                yield PhiFinding(match.start("all") + item.start(), match.start("all") + item.end(), "PERSON", 0.68)
    alone_line = _ALONE.match(text)
    if alone_line and not clinical:
        words = _words(alone_line["id"])
        given = bool(words) and is_given_name(words[0])
        if (
            len(words) in (2, 3)
            and all(is_namelike(word) for word in words)
            and (given or any(is_known_name(word) for word in words))
        ):
            yield PhiFinding(alone_line.start("id"), alone_line.end("id"), "PERSON", 0.62)
