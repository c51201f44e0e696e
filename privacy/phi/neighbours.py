"""Names told by the word before them, the word behind them, and what kind of word they are themselves.

Every run of capitalised words that can be names is looked at once, with one word on its left and a few characters on its
right; sets of words decide. The better the run is known (a first name, a surname, a word in no list), the less its
neighbours must say; clinical text asks for more than other text.
"""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ghostchart.privacy.phi.bedside import PEOPLE_ACT
from ghostchart.privacy.phi.cues import DOES, is_refused
from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.letters import LOWER, UPPER
from ghostchart.privacy.phi.name_kinds import GIVEN, NOBODY, SURNAME, UNKNOWN, WORD, kind_of
from ghostchart.privacy.phi.neighbour_words import (
    ANNOUNCERS,
    ASKED,
    BEHIND_PEOPLE,
    GREETINGS,
    PLACES,
    PREPOSITIONS,
    REQUESTED,
    ROLES,
    SPECIALTIES,
    TITLES,
    TOWNS_TOO,
)
from ghostchart.privacy.phi.runs import THING_AFTER
from ghostchart.privacy.phi.vocabulary import clinical_words, eponyms, is_ordinary

_SCORE = 0.63
_LONG_SCORE = 0.76
_BED_SCORE = 0.86
_PARTICLE = re.compile(r"(?<= )(?:[Aa]l-|[Ee]l-|[Aa]bu-|Ó |N[íi]c? )")
_LEAD = r"(?:(?:[Aa]l|[Ee]l|[Aa]bu|[Bb]en)[- ](?=[A-Z])|[ODL]['’]|Ó |N[íi]c? |Mac |St\. )?"
_PART = rf"{_LEAD}(?:[{UPPER}][{LOWER}]*['’])?(?:Mc|Mac|De|La|Le|Van|Fitz|Da|Du)?[{UPPER}]?[{LOWER}'’]+"
_WORD = rf"(?=[{UPPER}]|[ae]l-[{UPPER}]|abu-){_PART}(?:-{_PART})*"
_RUN = re.compile(rf"(?<![\w'’.&/@-])(?P<initials>(?:[{UPPER}]\.(?: |-)?){{1,2}})?(?P<words>{_WORD}(?: (?:[A-Z]\.? )?(?:(?:van|von|der|den|de|del|di|da|la|le|bin) ){{0,2}}{_WORD}){{0,3}})(?![\w@&]|-\w)")  # fmt: skip
_SINGLE = re.compile(rf"[\w'’-]*[{LOWER}][\w'’-]*")
_CAPITALISED = re.compile(rf"[{UPPER}][{UPPER}{LOWER}'’]*(?:-[{UPPER}{LOWER}'’]+)*")
_BEFORE_CHARS, _AFTER_CHARS = 34, 44
_GAP = ' \t:–—-(,>["“/@'
_ITEM = re.compile(r"(?:, and|,| and| &|/| or| ->| to)[ \t]*$|/$")
_PATIENT_AFTER = re.compile(
    r"[ ,]*(?:\(?\d{1,3} ?(?:[MF]\b|yo\b|y/o|y\.o|yr|year|[mf]\b)|\(?(?i:mrn|dob|d\.o\.b|chart|acct|record)\b)"
)
_CLOCK = re.compile(r" @? ?(?:[01]\d|2[0-3])[0-5]\d\b")
_BED_AFTER = re.compile(r"[ ,]*(?:\(?(?i:bed|rm|room) ?#?\w{1,4}\b|\d{1,2}[NSEWABCD]\b(?= ?[-–—:|,]))")
_BED_BEFORE = re.compile(r"(?i)(?:^|[\s(])(?:bed|rm|room) ?#?\w{1,4}[:,]?(?: [-–])? ?$")
_ROLE_AFTER = re.compile(
    r",? \((?:[\w/'’]+ ){0,3}(?:fellow|resident|intern|attending|nurse|rn|np|pa|md|cna|tech|aide|dietitian|chaplain|pharmacist|pharmd|student|scribe|coordinator|manager|"
    r"interpreter|therapist|sw|cm|pt|ot|slp|rt|surgeon|\w+ologist|\w+iatrist|wife|husband|spouse|partner|son|daughter|dtr|mother|father|mom|dad|sister|brother|sibling|aunt|uncle|niece|"
    r"nephew|cousin|friend|neighbou?r|guardian|caregiver|poa|hcp|hcpoa|proxy|pcp)\b(?! (?:and|or|&))"
    r"|, (?:customer|client|member|patient|resident|employee|tenant|student|passenger|subscriber|guest|applicant|insured|aged)\b"
    r"|,? (?:np|pa|rn|md|cna|crna)\b(?=[.,;:]|$| (?:at|to|with|aware|notified|in|and))"
)
_ACTS_AFTER = re.compile(rf",?(?: also| still| now| then)? {PEOPLE_ACT}\b")
_DOES_AFTER = re.compile(rf" {DOES}(?![\w-])|['’]s (?:{BEHIND_PEOPLE})\b")
_KIN_AFTER = re.compile(r"(?:['’]s)? (?:family|fam|relatives|parents)\b(?! (?:history|hx|medicine|practice|planning|name))|['’]s (?:wife|husband|son|daughter|mother|father|mom|dad|sister|brother|nurse|chart|room|labs|meds|family|fam)\b")  # fmt: skip
_ENDS = re.compile(
    r"[ \t]*(?:$|[\n.,;:!?)\]|]|->| (?:at|re|re:|about|regarding|today|tomorrow|tonight|by|before|on|in|if|w|with|w/|x\d|@|and|or|for|to|who|aware|ext|pager)\b)"
)
_COMPLAINS = re.compile(r" c/o\b")
_YEAR_OF_TRAINING = re.compile(r"(?i)pgy ?-?\d$")
_SPOKE_WITH = re.compile(r"(?i)\b(?:spoke|spoken|talked|conferred) (?:w|w/|with|to)$")
_JUDGED_BY = re.compile(r"(?i)\b(?:board|conference|rounds|consult|eval|evaluation|report|note|letter|visit|exam) by$")
_NUMBER_BEFORE = re.compile(r"\d[ ,]*$")
_PRODUCT_AFTER = re.compile(r" (?i:\d|brand|version|model|app|software|inc|ltd|edition|series)\b")
_SAID_SHE = re.compile(
    r" (?:said|says|thinks|told me|asked if|mentioned) (?:she|he|they|I|you|we)\b| (?:checked|signed) (?:in|out)\b"
)
_AUXILIARIES = frozenset({"can", "could", "will", "would", "should", "did", "does", "has", "is"})
_INFINITIVE = re.compile(
    r" (?:have|take|come|join|get|send|check|look|call|help|please|pls|still|be there|do|go|cover|bring|pick|review|sign|meet|stay|drive|lend|coming|going|"
    r"back|home|here|there|ok|okay|free|available|around|in today|already)\b"
)
_PLEASE = re.compile(r",? (?:pls|plz|please|can you|could you|u |ur |you )")
_HANDED_TO = re.compile(
    r"(?i)\b(?:hand|handed|give|given|gave|send|sent|forward|forwarded|fwd|assign|assigned|pass|passed|show|lend|paid|pay|report|reports|belongs)\b.{0,24} to$"
)
_PHRASE = re.compile(rf"[ -](?:[{UPPER}]\w|&)")
_HEAD = re.compile(
    rf"[ \t]*(?:[-*•] |\d+[.)] )?(?P<id>(?:{_WORD}(?: {_WORD})?, ?{_WORD}|[{UPPER}][{UPPER}'’-]+(?: [{UPPER}][{UPPER}'’-]+)?, ?[{UPPER}][{UPPER}'’-]+)(?: (?:{_WORD}|[{UPPER}]{{3,}}))?(?: [A-Z]\b\.?)?)"
    r"(?=[ \t]*(?:[|;]|[-–—] |\(|\d{1,3} ?(?:[MFmf]|yo|y/o)\b|(?i:mrn|dob|rm|bed|room)\b))"
)
_INITIAL_HEAD = re.compile(
    rf"[ \t]*(?:[-*•] |\d+[.)] )?(?P<id>[{UPPER}]\. (?P<last>[{UPPER}][{LOWER}'’]+(?:-[{UPPER}][{LOWER}'’]+)*))(?=,? \(?\d{{1,3}} ?(?:[MFmf]\b|yo\b|y/o|yr|year))"
)
_AIRLINE = re.compile(
    r"(?<![\w/])(?P<id>[A-Z]{2,}(?:-[A-Z]+)?/[A-Z]{2,}(?:[ -][A-Z]{2,})?(?: ?(?:MR|MRS|MS|MISS|MSTR|DR)))(?!\w)"
)
_BEFORE_MAIL = re.compile(
    rf"(?P<id>[{UPPER}{LOWER}][{UPPER}{LOWER}'’.-]+(?: [{UPPER}{LOWER}][{UPPER}{LOWER}'’.-]+){{0,2}}) ?[<(\[](?:mailto:)?(?P<box>[\w.+-]+)@"
)


def names_by_neighbours(text: str, *, clinical: bool) -> Iterator[PhiFinding]:
    """Names in one line or sentence; overlaps are resolved by the caller."""
    head = _HEAD.match(text)
    if head is not None and _is_last_first(head["id"]):
        yield PhiFinding(head.start("id"), head.end("id"), "PERSON", 0.7)
    initial = _INITIAL_HEAD.match(text)
    if initial is not None and not any(
        part.lower() in eponyms() | clinical_words() for part in initial["last"].split("-")
    ):
        yield PhiFinding(initial.start("id"), initial.end("id"), "PERSON", 0.7)
    if "/" in text:
        for match in _AIRLINE.finditer(text):
            if all(kind_of(word) for word in re.findall(r"[A-Z]{3,}(?=[/ -])", match["id"])):
                yield PhiFinding(match.start("id"), match.end("id"), "PERSON", 0.86)
    if "@" in text:
        yield from _before_mail(text)
    if not any(map(kind_of, _CAPITALISED.findall(text))):
        return
    told = -1  # end of the last name that its neighbours told
    for match in _RUN.finditer(text):
        for start, end, kinds in _candidates(text, match):
            listed = told >= 0 and _ITEM.fullmatch(text, told, start) is not None
            if _is_told(_Beside(text, start, end, kinds, clinical, listed)):
                told = end
                yield PhiFinding(start, end, "PERSON", _score(text, start, end))


def _score(text: str, start: int, end: int) -> float:
    """Whoever heads a line before a bed is nobody's bed; a name with a particle is longer than other rules see it."""
    if start < _BEFORE_CHARS and not text[:start].strip(" *•\t>-") and _BED_AFTER.match(text, end):
        return _BED_SCORE
    return _LONG_SCORE if _PARTICLE.search(text, start, end) else _SCORE


def _before_mail(text: str) -> Iterator[PhiFinding]:
    """ "lee novak <l.novak@...>": the mailbox repeats the name."""
    for match in _BEFORE_MAIL.finditer(text):
        words = list(re.finditer(r"\S+", match["id"]))
        box = match["box"].lower()
        while words and not (kind_of(words[0][0]) or words[0][0].lower().strip(".")[:4] in box):
            words.pop(0)
        if words and any(len(word[0]) > 2 and word[0].lower()[:4] in box for word in words):
            yield PhiFinding(match.start("id") + words[0].start(), match.end("id"), "PERSON", 0.7)


def _is_last_first(name: str) -> bool:
    words = re.findall(rf"[{UPPER}{LOWER}][{UPPER}{LOWER}'’-]+", name)
    kinds = [kind_of(word) for word in words]
    if NOBODY in kinds or len(kinds) < 2 or max(map(len, words)) < 4:
        return False
    return GIVEN in kinds or SURNAME in kinds or all(len(word) > 3 for word in words)


def _candidates(text: str, match: re.Match[str]) -> Iterator[tuple[int, int, list[str]]]:
    """Runs of words that can be names within a match; initials count as part of the first."""
    start, end, kinds = -1, -1, list[str]()
    initials = match["initials"]
    for word in _SINGLE.finditer(text, match.start("words"), match.end("words")):
        if word[0][0].islower() and "-" not in word[0]:
            continue
        kind = kind_of(word[0])
        if kind == NOBODY:
            if kinds:
                yield start, end, kinds
            start, kinds = -1, []
            continue
        if not kinds:
            start = match.start() if initials and word.start() == match.start("words") else word.start()
        kinds.append(kind)
        end = word.end() - (2 if word[0].endswith(("'s", "’s")) else 0)
    if kinds:
        yield start, end, kinds


@dataclass(frozen=True, slots=True)
class _Beside:
    """A run of words that can be a name, and what stands beside it."""

    text: str
    start: int
    end: int
    kinds: list[str]
    clinical: bool
    listed: bool  # joined by a comma or "and" to a name told before

    @property
    def best(self) -> str:
        """The kind that says most."""
        return next(kind for kind in (GIVEN, SURNAME, UNKNOWN, WORD) if kind in self.kinds)

    def after(self, pattern: re.Pattern[str]) -> bool:
        """Whether a pattern matches right behind the run."""
        return pattern.match(self.text, self.end) is not None


@dataclass(frozen=True, slots=True)
class _Left:
    """The word before the run, the marks between them, and whether the run begins the piece."""

    word: str
    stem: str
    gap: str
    begins: bool


def _left_of(place: _Beside) -> _Left:
    before = place.text[max(0, place.start - _BEFORE_CHARS) : place.start]
    stem = before.rstrip(_GAP)
    gap = before[len(stem) :]
    if "\n" in gap:
        stem, gap = "", ""
    begins = place.start <= _BEFORE_CHARS and not stem.strip(" *•\t>-")
    word = re.split(r"[\s/(]", stem)[-1].strip(".'’\"") if stem else ""
    return _Left(word.lower(), stem, gap, begins)


def _is_told(place: _Beside) -> bool:
    left = _left_of(place)
    patient = place.after(_PATIENT_AFTER) or place.after(_BED_AFTER)
    timed = left.word in ("by", "per") and place.best == GIVEN and place.after(_CLOCK)
    if not patient and not timed and is_refused(place.text, place.end):
        return False
    thing = not patient and place.after(THING_AFTER)
    initial = place.text[place.start + 1 : place.start + 2] == "."
    if _has_title(left):
        return True
    if thing and not timed:
        return False
    return (
        _has_role(place, left)
        or (left.begins and patient and (place.best != WORD or initial))
        or _is_in_ward(place, left)
        or (_in_clinic(place, left, initial=initial) if place.clinical else _in_general(place, left, initial=initial))
    )


def _has_title(left: _Left) -> bool:
    if left.word in TITLES:
        catheter = left.word == "fr" and re.search(r"\d ?fr\.?$", left.stem.lower())
        return not catheter and "," not in left.gap
    return _YEAR_OF_TRAINING.search(left.stem) is not None


def _has_role(place: _Beside, left: _Left) -> bool:
    """By a role, a specialty or a word such as "paged" before the name."""
    if left.word in GREETINGS:
        return place.best != WORD or "," not in left.gap
    if place.best == WORD:
        role = ROLES.get(left.word, False) and "," not in left.gap
        spoke = _SPOKE_WITH.search(left.stem) is not None
        return (role and (place.after(_ACTS_AFTER) or place.after(_DOES_AFTER))) or (spoke and place.after(_ENDS))
    if left.word in ROLES:
        return ROLES[left.word] or place.best in (GIVEN, SURNAME)
    if left.word in SPECIALTIES:
        marked = any(char in left.gap for char in ":–—-(")
        return (marked or place.best == GIVEN) and place.after(_ENDS)
    announced = left.word in ANNOUNCERS or _SPOKE_WITH.search(left.stem) or _JUDGED_BY.search(left.stem)
    return bool(announced) and not left.gap.strip() and (place.best != UNKNOWN or place.after(_ENDS))


def _is_in_ward(place: _Beside, left: _Left) -> bool:
    """By a bed, a role behind it, a list it stands in, or what only people do."""
    acts = place.after(_ACTS_AFTER)
    if place.after(_ROLE_AFTER):
        return place.best != WORD or not left.begins
    if place.best == WORD:
        return False
    if (left.begins or place.best != UNKNOWN) and (acts or place.after(_KIN_AFTER)):
        return True
    if place.after(_PHRASE):
        return False
    if _BED_BEFORE.search(place.text, max(0, place.start - _BEFORE_CHARS), place.start):
        return place.after(_ENDS) or acts or place.after(_COMPLAINS)
    return place.listed


def _in_clinic(place: _Beside, left: _Left, *, initial: bool) -> bool:
    """Clinical text: a listed first name behind a preposition or before a verb, an initial and a surname asked about."""
    if initial and place.best != WORD and left.word in REQUESTED:
        return place.best != UNKNOWN or place.after(_ENDS)
    if place.best != GIVEN or place.after(_PHRASE):
        return False
    near = left.word in PREPOSITIONS or left.word in ASKED or place.after(_DOES_AFTER)
    return near or _is_spoken_of(place, left)


def _in_general(place: _Beside, left: _Left, *, initial: bool) -> bool:
    """Other text: an initial and a surname, or a listed first name that is no place; a surname behind "ask", "under"."""
    text, start, end = place.text, place.start, place.end
    if initial and not _NUMBER_BEFORE.search(text, max(0, start - 4), start):
        return place.best != WORD or place.after(_ENDS)
    single = len(place.kinds) == 1
    if left.word in PLACES or (single and text[start:end].lower() in TOWNS_TOO) or place.after(_PHRASE):
        return False
    if (
        not left.begins
        and left.gap in (" ", "-")
        and left.stem[left.stem.rfind(" ") + 1 :][:1].isupper()
        and not (is_ordinary(left.word) and " " not in text[:start].strip())
        and not place.after(_DOES_AFTER)
    ):
        return False
    if place.best == GIVEN:
        return not single or not place.after(_PRODUCT_AFTER)
    asked = left.word in ASKED and not left.gap.strip() and (place.after(_ENDS) or place.best == SURNAME)
    return _is_spoken_of(place, left) or (asked and place.best != WORD)


def _is_spoken_of(place: _Beside, left: _Left) -> bool:
    """ "X said she", "can X have a look", "X pls call", "hand the keys to X before ..."."""
    if left.begins and place.after(_SAID_SHE):
        return True
    if place.best == WORD:
        return False
    return (
        (left.begins and place.after(_PLEASE))
        or (left.word in _AUXILIARIES and place.after(_INFINITIVE))
        or (_HANDED_TO.search(left.stem) is not None and place.after(_ENDS))
    )
