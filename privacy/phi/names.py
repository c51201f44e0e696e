"""People's names by label, title, degree, relationship, word lists, and by the NER model where shape and lists agree."""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.vocabulary import eponyms, given_names, is_name_word, is_ordinary, surnames

_W = r"(?:[A-Z]['’][A-Z][a-zà-ÿ]+|(?:Mc|Mac|De|Di|La|Le|Van|Fitz|O)?[A-Z][a-zà-ÿ]+|[A-ZÀ-Ý][a-zà-ÿ]+)(?:[-'’][A-Z]?[a-zà-ÿ]+)*"
_CAPS = r"[A-ZÀ-Ý][A-ZÀ-Ý'’-]{1,}"
_PARTICLE = r"(?:(?:van|von|der|den|de|del|della|di|da|dos|la|le|bin|ibn|al|el|ter|ten|st\.|San|Saint) ?)"
_INITIAL = r"[A-Z]\.?"
_TOKEN = rf"(?:{_PARTICLE}{{0,2}}(?:{_W}|{_CAPS})|{_INITIAL}(?![\w.]))"
_GAP = r"[ \t]+|,[ \t]?|(?<=\.)"
_FULL = rf"{_TOKEN}(?:(?:[ \t]+|,[ \t]?|(?<=[A-Z]\.)){_TOKEN}){{0,3}}"

_TITLE = re.compile(
    rf"(?<![\w-])(?:Dr|DR|Drs|Doctor|Mr|MR|Mrs|MRS|Ms|MS\.|Miss|Mister|Prof|Professor|Rev|Reverend|Chaplain|Father|Sister|Nurse|Sgt|Capt|Lt|Judge|Hon)\.?[ \t]+(?P<id>{_TOKEN}(?:[ \t]+{_TOKEN}){{0,3}})"
)
_LOWER_TITLE = re.compile(r"(?<![\w-])(?:dr|mr|mrs|ms)\.? (?P<id>[a-z][a-z'’-]{2,}(?: [a-z][a-z'’-]{2,})?)")
_DEGREE = re.compile(
    rf"(?<![\w.-])(?P<id>{_TOKEN}(?:[ \t]+{_TOKEN}){{1,3}}),?[ \t](?:M\.?D\.?|D\.?O\.?|R\.?N\.?|N\.?P\.?|PA-?C|P\.A\.|APRN|A?FNP(?:-?B?C)?|DNP|Ph\.?D\.?|LCSW|L?MSW|DPT|CNM|D\.?D\.?S\.?|DPM|PharmD|RPh|BSN|LPN|LVN|CRNA|MBBS|MPH|FACS|FACP|OTR(?:/L)?|CNA|CMA|PsyD|AuD|RD|RRT|ACNP|AGNP)(?![\w])"
)
_LABELS = (
    "patient name|patient|pt name|pt|name|full name|legal name|preferred name|last name|first name|maiden name|alias|aka|provider|attending"
    "(?: physician| provider| md)?|physician|surgeon|assistant surgeon|assistant|pcp|primary care (?:provider|physician)|referring (?:provider|physician|md)|"
    "ordering (?:provider|physician)|admitting (?:provider|physician)|rendering (?:provider|physician)|consulting (?:provider|physician)|referred by|seen by|"
    "dictated by|(?:electronically )?signed(?: by)?|e-signed by|authored by|author|documented by|reviewed by|transcribed by|entered by|verified by|"
    "performed by|ordered by|prepared by|cosigned by|attested by|nurse|rn|clinician|therapist|coder|spouse|wife|husband|son|daughter|mother|father|mom|dad|brother|sister|partner|"
    "emergency contact|next of kin|nok|contact|guardian|caregiver|poa|hcpoa|health ?care proxy|proxy|case manager|social worker|accompanied by|informant|"
    "historian|cc|consultant|scribe|interpreter|resident|fellow|intern|guarantor|subscriber|insured|responsible party|employer contact|witness|anesthesiologist|"
    "discharging physician|treating physician|supervising physician|primary surgeon|by"
)
_LABELLED = re.compile(
    rf"(?i:(?<![\w-])(?P<label>{_LABELS}))(?: ?\([^)\n]{{1,20}}\))?[ \t]*(?::|=|\|| - )[ \t]*(?P<id>{_FULL})"
)
_LABELLED_LOWER = re.compile(
    r"(?i:(?<![\w-])(?:patient name|pt name|patient|full name|last name|first name|name))[ \t]*:[ \t]*(?P<id>[a-z][a-z'’-]+(?:,? [a-z][a-z'’-]+){1,2})(?=[ \t]*(?:$|\n|[,;|]|\b(?:dob|mrn|age|sex)\b))"
)
_RELATED = re.compile(
    rf"(?<![\w-])(?i:patient|pt\.?|client|resident|wife|husband|spouse|son|daughter|mother|father|mom|dad|brother|sister|partner|friend|neighbor|niece|nephew|cousin|aunt|uncle|"
    rf"grandson|granddaughter|grandmother|grandfather|caregiver|aide|guardian|pcp|cardiologist|surgeon|oncologist|nephrologist|neurologist|pulmonologist|"
    rf"urologist|hospitalist|physician|provider|nurse|pharmacist|therapist|dietitian|named|name is|called|goes by|known as|seen by|signed by|evaluated by|discussed with|spoke (?:to|with)|"
    rf"d/w|referred by|followed by|sees|per|attending|colleague|interpreter|baby|infant|counsel(?:or|lor)|coordinator|contact)(?:,| is| was)?[ \t]+(?P<id>{_TOKEN}(?:[ \t]+{_TOKEN}){{0,2}})"
)
_INITIALS = re.compile(
    r"(?<![\w.])(?P<id>[A-Z]\. ?[A-Z]\.(?: ?[A-Z]\.)?)(?=,? (?:is an?|was|presents|returns|reports|a|an)? ?(?:\d{1,3}[- ]?(?:yo|y/o|year|yr)|is an?\b|presents|returns|reports|was (?:seen|admitted|evaluated)))"
    r"|(?i:(?:patient|pt)(?:'s)? initials)[: ]+(?P<id2>[A-Z]\.? ?[A-Z]\.?(?: ?[A-Z]\.?)?)(?![\w])"
)
_LAST_FIRST = re.compile(rf"(?<![\w-])(?P<last>{_W}|{_CAPS}),[ \t]?(?P<first>{_W}|{_CAPS})(?:[ \t]{_INITIAL}(?!\w))?")
_PAIR = re.compile(
    rf"(?<![\w-])(?P<first>{_W}|{_CAPS})(?P<middle>[ \t]+(?:{_INITIAL}(?![\w])|{_W}))?[ \t]+{_PARTICLE}{{0,2}}(?P<last>{_W}|{_CAPS})(?![\w-])"
)
_SINGLE = re.compile(rf"{_W}|{_CAPS}|{_INITIAL}")
# Fixed phrases in which both words are on name lists.
_NOT_PEOPLE = frozenset(
    """
    murphy sign|graves disease|austin flint|austin moore|miller fisher|bell palsy|dix hallpike|swan ganz|jackson pratt|foley catheter|charcot marie|guillain barre|
    ramsay hunt|wolff parkinson|lou gehrig|mallory weiss|epstein barr|osgood schlatter|stevens johnson|zollinger ellison|van gogh|santa claus|johnson johnson|
    red cross|blue cross|blue shield|gold coast|st john|saint john|may be|will be|des moines|fort wayne|van buren|san jose|santa fe|long beach|
    mini cog|clock draw|timed up|see below|see above|new york|los angeles|glasgow coma|morse fall|hunter hand|rose bengal|holter monitor|allen test|
    katz index|barthel index|braden scale|norton scale|marie tooth|merck manual|johns hopkins|mayo clinic|joint commission
    """.replace("\n", " ")
    .replace("    ", "")
    .split("|")
)
_STOP = frozenset(
    ["the", "a", "an", "and", "or", "of", "in", "on", "at", "to", "for", "from", "with", "without", "by", "is", "was", "has", "had", "been", "denies", "reports", "presents", "states", "notes", "returns", "complains", "patient", "pt", "dr", "mr", "mrs", "ms", "provider", "name", "date", "dob", "mrn", "age", "sex", "male", "female", "phone", "address", "visit", "note", "encounter", "service", "unknown", "none", "yes", "no", "not", "other", "self", "same", "n/a", "na", "see", "per", "as", "if", "her", "his", "their", "this", "that", "he", "she", "they", "declined", "confirmed", "present", "absent", "will", "signed", "electronically", "time", "am", "pm", "today", "yesterday", "tomorrow", "hospital", "clinic", "emergency", "department", "unit", "room", "bed", "floor", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
)


def _words(text: str) -> list[re.Match[str]]:
    return list(_SINGLE.finditer(text))


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Cut words that are no part of a name off both ends; None when nothing of at least two letters stays."""
    tokens = _words(text[start:end])
    while tokens and not _may_end_name(tokens[-1][0], lone=len(tokens) == 1):
        tokens.pop()
    while tokens and tokens[0][0].lower().strip(".") in _STOP:
        tokens.pop(0)
    if not tokens or all(len(token[0].strip(".")) < 2 for token in tokens):
        return None
    return start + tokens[0].start(), start + tokens[-1].end()


def _may_end_name(token: str, *, lone: bool) -> bool:
    word = token.lower().strip(".")
    if word in _STOP:
        return False
    return is_name_word(word) or not is_ordinary(word) or (len(word) == 1 and not lone)


def _found(text: str, match: re.Match[str], score: float, group: str = "id") -> Iterator[PhiFinding]:
    span = _trim(text, match.start(group), match.end(group))
    if span is not None:
        yield PhiFinding(span[0], span[1], "PERSON", score)


def labelled_names(text: str) -> Iterator[PhiFinding]:
    """Names that a title, label, degree or relationship announces."""
    for match in _TITLE.finditer(text):
        yield from _found(text, match, 0.95)
    for match in _LOWER_TITLE.finditer(text):
        words = match["id"].split()
        keep = 0
        while keep < len(words) and is_name_word(words[keep]) and (keep == 0 or not is_ordinary(words[keep])):
            keep += 1
        if keep:
            start = match.start("id")
            yield PhiFinding(start, start + len(" ".join(words[:keep])), "PERSON", 0.8)
    for match in _DEGREE.finditer(text):
        tokens = [token[0] for token in _words(match["id"])]
        if any(is_name_word(token) for token in tokens if len(token) > 2) or not any(
            is_ordinary(token) for token in tokens
        ):
            yield from _found(text, match, 0.93)
    for match in _LABELLED.finditer(text):
        tokens = [token[0] for token in _words(match["id"])]
        if _looks_like_name(
            tokens, need_list=len(tokens) == 1 or any(token.isupper() for token in tokens if len(token) > 2)
        ):
            yield from _found(text, match, 0.92)
    for match in _LABELLED_LOWER.finditer(text):
        if sum(is_name_word(word) for word in re.findall(r"[\w'’-]+", match["id"])) >= 2:
            yield PhiFinding(match.start("id"), match.end("id"), "PERSON", 0.85)
    for match in _RELATED.finditer(text):
        tokens = [token[0] for token in _words(match["id"])]
        if _looks_like_name(tokens, need_list=len(tokens) == 1, strict=True):
            yield from _found(text, match, 0.75)
    for match in _INITIALS.finditer(text):
        group = "id" if match["id"] else "id2"
        if match[group].replace(" ", "").replace(".", "") not in (
            "ED",
            "IV",
            "PO",
            "US",
            "OR",
            "ER",
            "NPO",
            "PT",
            "MI",
        ):
            yield PhiFinding(match.start(group), match.end(group), "PERSON", 0.7)


def _looks_like_name(tokens: list[str], *, need_list: bool, strict: bool = False) -> bool:
    """Whether the first words can be a person; ``need_list``: a name list must know one that is no ordinary word."""
    head = [token.lower().strip(".") for token in tokens]
    if not head or head[0] in _STOP:
        return False
    if strict and any(token.isupper() and len(token) > 1 and not is_name_word(token) for token in tokens):
        return False
    solid = [word for word in head if len(word) > 1]
    if not solid or (len(solid) == 1 and solid[0] in eponyms() and strict):
        return False
    first = solid[0]
    if is_ordinary(first) and not is_name_word(first):
        return False
    known = any(is_name_word(word) and not is_ordinary(word) for word in solid)
    if known:
        return True
    if need_list:
        return False
    plain = sum(is_ordinary(word) for word in solid)
    return plain == 0 or (all(is_name_word(word) for word in solid) and len(solid) >= 2)


def listed_names(text: str) -> Iterator[PhiFinding]:
    """A given name next to a surname, both on the lists and at least one of them no ordinary word."""
    position = 0
    while match := _PAIR.search(text, position):
        if _is_pair(match["first"], match["last"]) and not _is_fixed(text, match.start(), match.end()):
            yield PhiFinding(match.start(), match.end(), "PERSON", 0.7)
            position = match.end()
        else:
            position = match.end("first")
    for match in _LAST_FIRST.finditer(text):
        if (
            _is_pair(match["first"], match["last"])
            and not is_ordinary(match["last"])
            and not is_ordinary(match["first"])
        ):
            yield PhiFinding(match.start(), match.end(), "PERSON", 0.7)


def _is_pair(first: str, last: str) -> bool:
    low_first, low_last = first.lower(), last.lower().replace("’", "'")
    parts = low_last.split("-")
    if low_first not in given_names() or not all(part.replace("'", "") in surnames() for part in parts):
        return False
    if first.isupper() != last.isupper() and len(first) > 2 and len(last) > 2:
        return False
    if low_first in _STOP or low_last in _STOP or len(low_first) < 3 or len(low_last) < 3:
        return False
    if low_last in eponyms() and is_ordinary(low_first):
        return False
    return not is_ordinary(low_first) or (not is_ordinary(low_last) and low_last not in eponyms())


def _is_fixed(text: str, start: int, end: int) -> bool:
    words = re.findall(r"[a-z]+", text[start:end].lower())
    return any(" ".join(pair) in _NOT_PEOPLE for pair in zip(words, words[1:], strict=False))


def is_person(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Whether an NER "PERSON" is one by shape and vocabulary: the trimmed span, or None.

    At least two capitalised words (or an initial and a word); no word that is ordinary and on no name list; and either a
    listed name that is no ordinary word or only unknown words in mixed case.
    """
    span = _trim(text, start, end)
    if span is None or _is_fixed(text, *span):
        return None
    body = text[span[0] : span[1]]
    tokens = [token[0] for token in _words(body)]
    solid = [token for token in tokens if len(token.strip(".")) > 1]
    if len(tokens) < 2 or not solid or any(char.isdigit() or char in "/%()\n:;" for char in body):
        return None
    if any(is_ordinary(token) and not is_name_word(token) for token in solid):
        return None
    if any(token.lower() in eponyms() for token in solid) and not any(
        token.lower() in given_names() for token in solid
    ):
        return None
    listed = [token for token in solid if is_name_word(token) and not is_ordinary(token)]
    unknown = [token for token in solid if not is_name_word(token) and not is_ordinary(token)]
    if any(token.isupper() for token in unknown):
        return None
    if len(solid) == 1:
        return span if listed else None
    if listed and len(listed) + len(unknown) == len(solid):
        return span
    if listed:
        return span if any(token.lower() in given_names() for token in solid) else None
    return span if len(unknown) == len(solid) and len(unknown) >= 2 and text[: span[0]].strip() else None


def name_findings(text: str) -> Iterable[PhiFinding]:
    """All names found without a model."""
    yield from labelled_names(text)
    yield from listed_names(text)
