"""Names that nothing announces: two or three capitalised words in a row that are no words.

English writes names with capitals, and clinical words are mostly in some list; what is left in such a run is a person, a
place, or a brand. Brands stand where drugs, dressings and devices stand: behind "on" or "started", before a dose or
"applied". Outside clinical text there are more companies and places, so there a list must know one of the words, or the
words around must be about a person.
"""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator

from ghostchart.privacy.phi.cues import DOES, NAME, WHOLE, begin_of_name, is_known_name, is_namelike, is_refused
from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.letters import UPPER
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

_SCORE = 0.62
_RUN = re.compile(rf"(?<![\w'’.&-]){WHOLE}(?![\w-])")
_THING_BEFORE = re.compile(
    r"(?i)\b(?:on|start(?:ed|s)?|taking|takes|took|continue[sd]?|resume[sd]?|stop(?:ped)?|apply|applied|using|uses?|given|gave|inject(?:ed)?|"
    r"dressings?|allerg\w*|medications?|meds?|drugs?|rx|products?|devices?|brand|organisms?|cultures?|grew|grows|tests?|scale|score|dx|diagnos\w+|"
    r"vaccines?|implants?|stents?|catheters?|lens(?:es)?|mesh|grafts?|formula|feeds?|supplements?|insulin|inhalers?|vs\.?|versus|like|e\.g\.|such as)[: ]+(?:the |an? )?$"
)
THING_AFTER = re.compile(
    r"(?i)[ ,(]*(?:\d|mg|mcg|ml|units?|daily|twice|once|bid|tid|qid|qhs|qd|prn|po|iv|im|sc|sq|nightly|weekly|inhalers?|pens?|drip|tablets?|capsules?|"
    r"patch(?:es)?|cream|ointment|gel|spray|drops|dressings?|drains?|catheters?|applied|placed|removed|changed|borders?|scores?|scale|tests?|signs?|"
    r"disease|syndrome|positive|negative|high|low|risk|cultures?|species|spp|colon(?:y|ies)|infections?|protocol|procedure|technique|classification|"
    r"implants?|lens(?:es)?|mesh|grafts?|stents?|pumps?|monitors?|boots?|brace|wraps?|mask)\b"
)
# What only living beings do; behind a brand or a company stand other verbs.
_LIVES = (
    r"(?:slept|ate|drank|fell|woke|voided|ambulated|tolerated|appear(?:s|ed)|looks|looked|sat|stood|cried|refused|coughs?|coughed|vomited|bled|smokes?|drinks?|"
    r"eats|sleeps|walks|walked|quit|underwent|consented|verbali[sz]e[sd]|admitted|discharged|complain(?:s|ed)|den(?:ies|ied)|lives|lived|(?:was|is) (?:seen|admitted|discharged|examined|"
    r"evaluated|extubated|intubated|transferred|brought|found|resting|alert|awake|sleeping|doing|eager|comfortable|confused|here|a (?:pleasant|\d)))\b"
)
_DOES_MORE = r"(?:remain(?:s|ed)|seem(?:s|ed)|request(?:s|ed)|need(?:s|ed)|requires?|required|continues|continued|improve[sd]|uses|used|stopped|received|express(?:es|ed)|transferred|brought)\b"
_ALIVE_AFTER = re.compile(rf"[ \t]+{_LIVES}|[ \t]*[/|][ \t]")
_DOES_AFTER = re.compile(rf"['’]s\b|[ \t]+(?:{DOES}|{_DOES_MORE})|[ \t]*[/|][ \t]")
_HUMAN_BEFORE = re.compile(
    r"(?i)\b(?:examined|evaluated|interviewed|counsel(?:l)?ed|consulted|admitted|discharged|treated|explained to|reviewed (?:together )?with|discussed with|spoke (?:to|with)|"
    r"talked (?:to|with)|handed (?:over|off) to|given to|signed? ?out to|known to|seen (?:by|with)|placed by|performed by|drawn by|removed by|done by|read by|reported by|"
    r"(?:dressed|changed|checked|reviewed|obtained|inserted|started|called|signed|written|filed|accompanied|assisted|supervised|shadowed|staffed|covered) by|met|meet|care of|chart of|student|aide|nurse)[ \t]+$"
    r"|\b(?:mother|father|wife|husband|son|daughter|sister|brother|spouse|partner|aunt|uncle|niece|nephew|cousin|guardian|caregiver)(?: \(|, )$"
)
# Parts of surnames that Flemings, Americans and others write with a capital.
_CAPITAL_PARTICLES = frozenset(
    [
        "De",
        "Den",
        "Der",
        "Di",
        "Da",
        "Dos",
        "Du",
        "El",
        "Al",
        "La",
        "Le",
        "Van",
        "Von",
        "Ter",
        "Ten",
        "Bin",
        "Ben",
        "St",
    ]
)
# One word that somebody says does what no drug and no device does.
_SUBJECT = re.compile(
    rf"\b(?i:that|and|but|because|when|while|since|says|reports|states)[ \t]+(?P<id>{NAME})(?= (?:manages|drives|drove|cooks|lives|lived|calls|called|brings|shops|pays|cleans|"
    rf"visits|visited|prepares|fills (?:the|her|his)|handles|reminds|reminded|accompan\w+|picks (?:her|him|them|up)|dresses (?:her|him)|bathes|feeds|checks on|stays|moved|died|"
    rf"works as|is (?:her|his|their|the patient's)|cares for|does the)\b)"
)
_TWO = re.compile(rf"(?<![\w'’.&-]){NAME} {NAME}(?![\w-])(?! [{UPPER}])")
# "Interpreter on line: Siivo Abder": a value that is nothing but the run.
_VALUE = re.compile(r"(?:^|[\n.;(])[ \t]*([A-Za-z][A-Za-z /()'’-]{1,40}):[ \t]*$")
_VALUE_ENDS = re.compile(r"[ \t]*(?:$|[\n,;.(])")


def runs_of_names(text: str, *, clinical: bool) -> Iterator[PhiFinding]:
    """Names without any cue; ``clinical`` text and other text differ in what else is written with capitals."""
    for match in _RUN.finditer(text):
        start, end, words = begin_of_name(text, match)
        if not words and (later := _RUN.match(text, _behind_first_word(text, match))):
            # "Schedule Ottoline Varga": a word at the head of a sentence has its capital from there.
            start, end, words = begin_of_name(text, later)
            end -= 2 * text[start:end].endswith(("'s", "’s"))
            words = [word.removesuffix("'s").removesuffix("’s") for word in words]
            if not any(is_known_name(word) for word in words):
                continue
        if _is_run(words) and not is_refused(text, end) and _is_somebody(text, start, end, words, clinical=clinical):
            yield PhiFinding(start, end, "PERSON", _SCORE)
    yield from _with_a_word(text)
    for match in _SUBJECT.finditer(text):
        word = match["id"]
        if len(word) > 2 and is_namelike(word) and word.lower() not in eponyms():
            yield PhiFinding(match.start("id"), match.end("id"), "PERSON", _SCORE)


def _behind_first_word(text: str, match: re.Match[str]) -> int:
    gap = text.find(" ", match.start(), match.end())
    return gap + 1 if gap > 0 else match.end()


def _with_a_word(text: str) -> Iterator[PhiFinding]:
    """ "I examined Vidome Male": beside a person's cue, one half of a name may be an ordinary word with a capital."""
    for match in _TWO.finditer(text):
        words = match[0].split()
        low = {word.lower() for word in words}
        if low & (clinical_words() | departments() | countries() | not_in_names()) or is_refused(text, match.end()):
            continue
        namelike = any(is_namelike(word) and len(word) > 3 for word in words) and not low <= eponyms()
        announced = _HUMAN_BEFORE.search(text, 0, match.start()) and not THING_AFTER.match(text, match.end())
        if namelike and announced:
            yield PhiFinding(match.start(), match.end(), "PERSON", _SCORE)


def _is_run(words: list[str]) -> bool:
    long = [word for word in words if len(word) > 1 and word not in _CAPITAL_PARTICLES]
    return (
        2 <= len(long) <= 3
        and all(len(word) > 2 or is_name_word(word) for word in long)
        and all(is_namelike(word) for word in long)
        and " ".join(word.lower() for word in long[:2]) not in not_people()
    )


def _is_somebody(text: str, start: int, end: int, words: list[str], *, clinical: bool) -> bool:
    given = is_given_name(words[0]) and not is_ordinary(words[0])
    known = any(is_known_name(word) for word in words)
    if any(word.lower() in eponyms() for word in words) and not (given and len(words) == 2):
        return False
    if _THING_BEFORE.search(text, 0, start) or THING_AFTER.match(text, end):
        return False
    before = text[:start].rstrip()
    if not before.strip(" \t-*•>#\"'("):
        # At the head of a line also stands what a line is about; there a person has to do something.
        return (_DOES_AFTER if clinical or known else _ALIVE_AFTER).match(text, end) is not None
    if clinical or known or _HUMAN_BEFORE.search(text, 0, start) or _ALIVE_AFTER.match(text, end):
        return True
    label = _VALUE.search(text, 0, start)
    return label is not None and _VALUE_ENDS.match(text, end) is not None
