"""People's names by label, title, degree, relationship, word lists, and by the NER model where shape and lists agree."""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise, takewhile

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.letters import LOWER, UPPER, has_inner_capital
from ghostchart.privacy.phi.vocabulary import (
    MONTH_NAMES,
    countries,
    diseases_of_people,
    eponyms,
    given_names,
    is_given_name,
    is_name_word,
    is_ordinary,
    names_in_diseases,
    not_in_names,
    not_people,
    surnames,
)

_W = rf"(?:[A-Z]['’][{UPPER}][{LOWER}]+|(?:Mc|Mac|De|Di|La|Le|Van|Fitz|O)?[A-Z][{LOWER}]+|[{UPPER}][{LOWER}]+)(?:[-'’][{UPPER}]?[{LOWER}]+)*"
_CAPS = rf"[{UPPER}][{UPPER}'’-]{{1,}}"
_PARTICLE = r"(?:(?:van|von|der|den|de|del|della|di|da|dos|la|le|bin|ibn|al|el|ter|ten|st\.|San|Saint) ?)"
_INITIAL = r"[A-Z]\.?"
_TOKEN = rf"(?:{_PARTICLE}{{0,2}}(?:{_W}|{_CAPS})|{_INITIAL}(?![\w.]))"
_GAP = r"[ \t]+|,[ \t]?|(?<=\.)"
_FULL = rf"{_TOKEN}(?:(?:[ \t]+|,[ \t]?|(?<=[A-Z]\.)){_TOKEN}){{0,3}}"

_TITLE = re.compile(
    rf"(?<![\w-])(?:Dr|DR|Drs|Doctor|Mr|MR|Mrs|MRS|Ms|MS\.|Miss|Mister|Mme|Mlle|Madame|Sra|Sr(?=\.? [A-Z])|Srta|Señora?|Prof|Professor|Rev|Reverend|Chaplain|Father|Sister|Nurse|Sgt|Capt|Lt|Judge|Hon)\.?[ \t]+(?P<id>{_TOKEN}(?:[ \t]+{_TOKEN}){{0,3}})"
)
_LOWER_TITLE = re.compile(
    rf"(?<![\w-])(?:dr|mr|mrs|ms)\.? (?P<id>[{LOWER}][{LOWER}'’-]{{2,}}(?: [a-z]\.?(?![\w'’]))?(?: [{LOWER}][{LOWER}'’-]{{2,}})?)"
)
_DEGREE = re.compile(
    rf"(?<![\w.-])(?P<id>{_TOKEN}(?:[ \t]+{_TOKEN}){{1,3}}),?[ \t](?:M\.?D\.?|D\.?O\.?|R\.?N\.?|N\.?P\.?|PA-?C|P\.A\.|APRN|A?FNP(?:-?B?C)?|DNP|Ph\.?D\.?|LCSW|L?MSW|DPT|CNM|D\.?D\.?S\.?|DPM|PharmD|RPh|BSN|LPN|LVN|CRNA|MBBS|MPH|FACS|FACP|OTR(?:/L)?|CNA|CMA|PsyD|AuD|RD|RRT|ACNP|AGNP)(?![\w])"
)
_LABELS = (
    "patient name|patient|who|re|pt name|pt|name|full name|legal name|preferred name|last name|first name|maiden name|alias|aka|provider|attending"
    "(?: physician| provider| md)?|physician|surgeon|assistant surgeon|assistant|pcp|primary care (?:provider|physician)|referring (?:provider|physician|md)|"
    "ordering (?:provider|physician)|admitting (?:provider|physician)|rendering (?:provider|physician)|consulting (?:provider|physician)|referred by|seen by|"
    "dictated by|(?:electronically )?signed(?: by)?|e-signed by|authored by|author|documented by|reviewed by|transcribed by|entered by|verified by|"
    "performed by|ordered by|prepared by|cosigned by|attested by|nurse|rn|clinician|therapist|coder|spouse|wife|husband|son|daughter|mother|father|mom|dad|brother|sister|partner|"
    "emergency contact|next of kin|nok|contact|guardian|caregiver|poa|hcpoa|health ?care proxy|proxy|case manager|social worker|accompanied by|informant|"
    "historian|cc|consultant|scribe|interpreter|resident|fellow|intern|guarantor|subscriber|insured|responsible party|employer contact|witness|anesthesiologist|"
    "discharging physician|treating physician|supervising physician|primary surgeon|(?<!gone )(?<!go )(?<!near )(?<!stand )by"
)
_LABELLED = re.compile(
    rf"(?i:(?<![\w-])(?P<label>{_LABELS}))(?: ?\([^)\n]{{1,20}}\)| ?/ ?\w+)?[ \t]*(?::|=|\|| - )[ \t]*(?P<id>{_FULL})"
)
_SEPARATOR = re.compile(r"[:=|]| - ")
_LABELLED_LOWER = re.compile(
    r"(?i:(?<![\w-])(?:patient name|pt name|patient|full name|last name|first name|name))[ \t]*:[ \t]*(?P<id>[a-z][a-z'’-]+(?:,? [a-z][a-z'’-]+){1,2})(?=[ \t]*(?:$|\n|[,;|]|\b(?:dob|mrn|age|sex)\b))"
)
_RELATED = re.compile(
    rf"(?<![\w-])(?i:patient|pt|(?<!est )(?<!new )pt\.|client|resident|wife|husband|spouse|son|daughter|mother|father|mom|dad|brother|sister|partner|friend|neighbor|niece|nephew|cousin|aunt|uncle|"
    rf"grandson|granddaughter|grandmother|grandfather|caregiver|aide|guardian|pcp|cardiologist|surgeon|oncologist|nephrologist|neurologist|pulmonologist|"
    rf"urologist|hospitalist|physician|provider|nurse|pharmacist|therapist|dietitian|named|name is|called|goes by|known as|seen by|signed by|evaluated by|discussed with|spoke (?:to|with)|"
    rf"d/w|referred by|followed by|sees|per|attending|colleague|interpreter|baby|infant|counsel(?:or|lor)|coordinator|contact)(?:,| is| was)?[ \t]+(?P<id>{_TOKEN}(?:[ \t]+{_TOKEN}){{0,2}})"
)
_INITIALS = re.compile(
    r"(?<![\w.])(?P<id>[A-Z]\. ?[A-Z]\.(?: ?[A-Z]\.)?)(?=,? (?:is an?|was|presents|returns|reports|a|an)? ?(?:\d{1,3}[- ]?(?:yo|y/o|year|yr)|is an?\b|presents|returns|reports|was (?:seen|admitted|evaluated)))"
    r"|(?i:(?:patient|pt)(?:'s)? initials)[: ]+(?P<id2>[A-Z]\.? ?[A-Z]\.?(?: ?[A-Z]\.?)?)(?![\w])"
)
_GIVEN_WITH_AGE = re.compile(
    rf"(?<![\w-])(?P<id>{_W})(?=,? (?:is|was) an? (?:\d{{1,3}}[- ]?(?:year|yr|yo|y/o)|very pleasant|pleasant))"
)
_LAST_FIRST = re.compile(rf"(?<![\w-])(?P<last>{_W}|{_CAPS}),[ \t]?(?P<first>{_W}|{_CAPS})(?:[ \t]{_INITIAL}(?!\w))?")
_PAIR = re.compile(
    rf"(?<![\w-])(?P<first>{_W}|{_CAPS})(?P<middle>[ \t]+(?:{_INITIAL}(?![\w])|{_W}))?[ \t]+{_PARTICLE}{{0,2}}(?P<last>{_W}|{_CAPS})(?![\w-])"
)
# A listed pair that only what stands beside it makes a name: both words may be ordinary ("Heather Wood / 4684121568").
_BESIDE_NUMBER = re.compile(
    rf"(?<![\w-])(?P<id>(?:{_W})(?:[ \t]{_INITIAL}(?![\w]))?[ \t]+(?:{_W}))(?=[ \t]*[,;/(|-]{{0,2}}[ \t]*(?:(?i:account|acct|mrn|dob|born|chart|record|file|birth|ssn|id)\b|[A-Z]{{0,3}}-?\d{{6}}))"
)
_NAME_COLUMN = re.compile(
    rf"(?:(?<=\n)|^|[|;,][ \t]*)(?:Patient )?Name[ \t]+(?P<id>{_FULL})(?=[ \t]*(?:[|;,(]|$|\n|\bDOB|\bMRN|\bDate|\bBorn)|  )"
)
_TOPIC_LABELS = frozenset({"re", "cc"})
_SINGLE = re.compile(rf"{_W}|{_CAPS}|{_INITIAL}")


def name_words(text: str) -> list[re.Match[str]]:
    return list(_SINGLE.finditer(text))


def trim_name(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The run of words at the start of a range that can belong to one name; None when no word of two letters does.

    Words that never belong to a name are skipped before the first and end the run after it.
    """
    tokens = name_words(text[start:end])
    while tokens and not _may_stand_in_name(tokens[0][0], first=True):
        tokens.pop(0)
    # "Req Jordan Ramirez": a short word in no list before a whole name is an abbreviated label.
    while (
        len(tokens) > 2
        and len(tokens[0][0]) < 6
        and len(tokens[1][0]) > 2
        and not is_name_word(tokens[0][0])
        and is_given_name(tokens[1][0])
    ):
        tokens.pop(0)
    kept = list(takewhile(lambda token: _may_stand_in_name(token[0], first=token is tokens[0]), tokens))
    while len(kept) > 1 and kept[-1][0] in "AI":  # "Smith A 54-year-old", "Smith I saw"
        kept.pop()
    if all(len(token[0].strip(".")) < 2 for token in kept):
        return None
    return start + kept[0].start(), start + kept[-1].end()


def _may_stand_in_name(token: str, *, first: bool) -> bool:
    word = token.lower().strip(".")
    if word in not_in_names():
        return first and word in MONTH_NAMES  # April Lopez
    return len(word) == 1 or is_name_word(word) or not is_ordinary(word)


def _found(text: str, match: re.Match[str], score: float, group: str = "id") -> Iterator[PhiFinding]:
    span = trim_name(text, match.start(group), match.end(group))
    if span is not None:
        yield PhiFinding(span[0], span[1], "PERSON", score)


def labelled_names(text: str) -> Iterator[PhiFinding]:
    """Names that a title, label, degree or relationship announces."""
    for match in _TITLE.finditer(text):
        yield from _found(text, match, 0.95)
    for match in _LOWER_TITLE.finditer(text):
        words = match["id"].split()
        keep = 0
        # "ms contin" and "mr angiogram" are a drug and an image: there the name must be listed.
        known = (
            is_name_word
            if match[0].startswith(("ms", "mr "))
            else (lambda word: is_name_word(word) or not is_ordinary(word))
        )
        while keep < len(words) and (
            len(words[keep].strip(".")) == 1 or (known(words[keep]) and (keep == 0 or not is_ordinary(words[keep])))
        ):
            keep += 1
        if keep:
            start = match.start("id")
            yield PhiFinding(start, start + len(" ".join(words[:keep])), "PERSON", 0.8)
    for match in _DEGREE.finditer(text):
        tokens = [token[0] for token in name_words(match["id"])]
        if any(is_name_word(token) for token in tokens if len(token) > 2) or not any(
            is_ordinary(token) for token in tokens
        ):
            yield from _found(text, match, 0.93)
    yield from _names_after_labels(text)


def _names_after_labels(text: str) -> Iterator[PhiFinding]:
    inner_capital = has_inner_capital(text)
    for match in _LABELLED.finditer(text) if inner_capital and _SEPARATOR.search(text) else ():
        tokens = _name_tokens(text, match)
        shouted = any(token.isupper() for token in tokens if len(token) > 2)
        topic = _is_abbreviated_topic(match["label"], tokens)
        if not topic and _looks_like_name(tokens, need_list=len(tokens) == 1 or shouted):
            yield from _found(text, match, 0.92)
    for match in _LABELLED_LOWER.finditer(text):
        if sum(is_name_word(word) for word in re.findall(r"[\w'’-]+", match["id"])) >= 2:
            yield PhiFinding(match.start("id"), match.end("id"), "PERSON", 0.85)
    for match in _RELATED.finditer(text) if inner_capital else ():
        tokens = _name_tokens(text, match)
        if _looks_like_name(tokens, need_list=len(tokens) == 1, strict=True):
            yield from _found(text, match, 0.75)
    for match in _GIVEN_WITH_AGE.finditer(text):
        if match["id"].lower() in given_names() and not is_ordinary(match["id"]):
            yield PhiFinding(match.start("id"), match.end("id"), "PERSON", 0.7)
    for match in _NAME_COLUMN.finditer(text):
        if _looks_like_name(_name_tokens(text, match), need_list=False):
            yield from _found(text, match, 0.85)
    for match in _BESIDE_NUMBER.finditer(text):
        first, *_, last = [token[0].lower() for token in name_words(match["id"])]
        if first in given_names() and last in surnames() and not {first, last} & not_in_names() - MONTH_NAMES:
            yield from _found(text, match, 0.72)
    yield from _names_beside(text)


def _is_abbreviated_topic(label: str, tokens: list[str]) -> bool:
    """ "re: IDA", "re: L UE": after labels of topics, short words all in capitals are an abbreviated condition."""
    short = bool(tokens) and all(token.isupper() and len(token) <= 4 for token in tokens)
    return label.lower() in _TOPIC_LABELS and short


def _names_beside(text: str) -> Iterator[PhiFinding]:
    """Initials and names that the words or numbers around them give away."""
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


def _name_tokens(text: str, match: re.Match[str]) -> list[str]:
    """Words of the name that a match announces, [] when the announced words begin with another."""
    span = trim_name(text, match.start("id"), match.end("id"))
    if span is None or span[0] != match.start("id"):
        return []
    return [token[0] for token in name_words(text[span[0] : span[1]])]


def _looks_like_name(tokens: list[str], *, need_list: bool, strict: bool = False) -> bool:
    """Whether the first words can be a person; ``need_list``: a name list must know one that is no ordinary word."""
    solid = [token.lower().strip(".") for token in tokens if len(token.strip(".")) > 1]
    if (
        not solid
        or tokens[0].lower().strip(".") in not_in_names() - MONTH_NAMES
        or (is_ordinary(solid[0]) and not is_name_word(solid[0]))
    ):
        return False
    shouted = any(token.isupper() and len(token) > 1 and not is_name_word(token) for token in tokens)
    if strict and (shouted or (len(solid) == 1 and solid[0] in eponyms())):
        return False
    if any(is_name_word(word) and not is_ordinary(word) for word in solid):
        return True
    unknown = not any(is_ordinary(word) for word in solid)
    return not need_list and (unknown or (len(solid) >= 2 and all(is_name_word(word) for word in solid)))


def listed_names(text: str) -> Iterator[PhiFinding]:
    """A given name next to a surname, both on the lists and at least one of them no ordinary word."""
    position = 0
    while match := _PAIR.search(text, position):
        end = _pair_end(match)
        if end and not is_fixed_phrase(text, match.start(), end):
            yield PhiFinding(match.start(), end, "PERSON", 0.7)
        position = end or match.end("first")
    for match in _LAST_FIRST.finditer(text):
        if (
            _is_pair(match["first"], match["last"])
            and not is_ordinary(match["last"])
            and not is_ordinary(match["first"])
        ):
            yield PhiFinding(match.start(), match.end(), "PERSON", 0.7)


def _pair_end(match: re.Match[str]) -> int:
    """Where the name ends that begins a match: with its last word, with the middle one, or 0 for nowhere."""
    if _is_pair(match["first"], match["last"]):
        return match.end("last")
    middle = (match["middle"] or "").strip()
    return match.end("middle") if len(middle.strip(".")) > 1 and _is_pair(match["first"], middle) else 0


def _is_pair(first: str, last: str) -> bool:
    low_first, low_last = first.lower(), last.lower().replace("’", "'")
    listed = low_first in given_names() and all(part.replace("'", "") in surnames() for part in low_last.split("-"))
    mixed = first.isupper() != last.isupper() and len(first) > 2 and len(last) > 2
    if {low_first, low_last} <= countries():
        return False
    if not listed or mixed or {low_first, low_last} & not_in_names() or min(len(low_first), len(low_last)) < 3:
        return False
    # A given name that is a word needs a surname that is none, and that stands for no disease.
    return not is_ordinary(low_first) or (not is_ordinary(low_last) and low_last not in eponyms())


def is_fixed_phrase(text: str, start: int, end: int) -> bool:
    words = re.findall(r"[a-z]+", text[start:end].lower())
    return any(" ".join(pair) in not_people() for pair in pairwise(words))


_TITLE_WORD = re.compile(r"[^\W\d_]+(?:['’][a-z]+)?")
_TITLE_REACH = 40  # characters on either side, enough for two words
_OF_SOMEBODY = re.compile(r"['’]s[ -]([a-z]{3,})")


def is_disease(text: str, finding: PhiFinding) -> bool:
    """Whether a name found belongs to a disease as ICD-10-CM names it ("Vincent's infections", "Ross River disease")."""
    if finding.entity_type in ("PERSON", "CITY") and _stands_in_a_title(text, finding):
        return True
    # Some rules take the 's into the name.
    end = finding.end - 2 * text[finding.start : finding.end].endswith(("'s", "’s"))
    rest = _OF_SOMEBODY.match(text, end)
    if finding.entity_type != "PERSON" or rest is None:
        return False
    word = text[finding.start : end].rsplit(maxsplit=1)[-1].lower()
    return f"{word} {rest[1].rstrip('s')}" in diseases_of_people()


def _stands_in_a_title(text: str, finding: PhiFinding) -> bool:
    """Whether each word found stands, with its neighbours, as in a title of the classification (Fanconi-de Toni-Debré)."""
    around = range(max(0, finding.start - _TITLE_REACH), min(len(text), finding.end + _TITLE_REACH))
    words = [(m[0].lower(), m.start(), m.end()) for m in _TITLE_WORD.finditer(text, around.start, around.stop)]
    told = False
    for place, (_, start, end) in enumerate(words):
        if start < finding.end and finding.start < end:
            runs = (words[first : first + n] for n in (3, 2) for first in range(max(0, place - n + 1), place + 1))
            if not any(" ".join(word for word, _, _ in run) in names_in_diseases() for run in runs):
                return False
            told = True
    return told


def name_findings(text: str) -> Iterable[PhiFinding]:
    """All names found without a model."""
    yield from labelled_names(text)
    yield from listed_names(text)
