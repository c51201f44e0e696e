"""Which findings of the NER model are people: its labels weighed against shape, word lists and the words around.

A small model calls rare names organisations or places and abbreviations people, so its label alone decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ghostchart.privacy.phi.cues import is_namelike, is_refused
from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.letters import LOWER, UPPER
from ghostchart.privacy.phi.model_places import PLACE_LABELS, is_placed, place_findings, trimmed
from ghostchart.privacy.phi.name_kinds import GIVEN, NOBODY, WORD, kind_of
from ghostchart.privacy.phi.names import is_fixed_phrase, name_words, trim_name
from ghostchart.privacy.phi.neighbour_words import TOWNS_TOO
from ghostchart.privacy.phi.runs import THING_AFTER
from ghostchart.privacy.phi.vocabulary import (
    eponyms,
    given_names,
    is_given_name,
    is_name_word,
    is_ordinary,
)

TYPES = ("PERSON", "CITY")
_SCORE = 0.65
_WEAK_SCORE = 0.6

# Labels under which the model files names it does not know.
OTHER_LABELS = frozenset({"ORG", "GPE", "NORP", "FAC", "LOC", "PRODUCT", "WORK_OF_ART"})
_GROWS_LEFT = re.compile(rf"(?:[{UPPER}][\w'’]+-)+$")
_GROWS_RIGHT = re.compile(rf"(?:-[\w'’]+)?(?:[ \t][{UPPER}][\w'’]+(?:-[\w'’]+)*)?")
_DOES = re.compile(
    r"[ \t]+(?:says?|said|tells?|told|agree[sd]|report(?:s|ed)|den(?:ies|ied)|states?|stated|who|whose|lives?|lived|"
    r"call(?:s|ed)|brought|came|asks?|asked|wants?|wanted|drove|drives|thinks?|feels?|felt|noticed|helps?|understands?|"
    r"found (?:him|her|them)|understood|accompanied|attended|declined|presents?|presented|arrived|returns?|returned|"
    r"has (?:had|been)|was (?:seen|told|asked|present)|will (?:bring|call|come|drive)|and (?:his|her|their))\b"
)
_PART = re.compile(rf"[{UPPER}{LOWER}][{UPPER}{LOWER}'’]*(?:-[{UPPER}{LOWER}'’]+)*")
_ENDS = re.compile(r"[ \t]*(?:$|[.,!?)])")
_GRADE_AFTER = re.compile(r" (?:[IVX]+|[A-Z]\d)\b")
_ARTICLE_BEFORE = re.compile(r"(?i)\b(?:the|an?|this|der|die|das|ein|eine|und|le|la|el|un|une)[ \t]+$")
_WITH = re.compile(r"\b(?:with|by|that|saw|met|told|asked|regarding|named|from|for|to|and|says|per)[ \t]+$")


def weigh(text: str, start: int, end: int, label: str, *, clinical: bool) -> Iterator[PhiFinding]:
    """What one entity of the model is worth: a person, a place below a state, or nothing.

    Outside ``clinical`` text the model is trusted more: there no drugs, devices and eponyms look like names.
    """
    span = is_person(text, start, end, label) or (
        _trusted(text, start, end, clinical=clinical) if label == "PERSON" else None
    )
    if span is not None:
        yield PhiFinding(span[0], span[1], "PERSON", _SCORE)
        return
    body = trimmed(text, start, end)
    if body is None:
        return
    start, end, words = body
    if label in PLACE_LABELS:
        yield from place_findings(text, start, end, words, clinical=clinical)
    elif not is_fixed_phrase(text, start, end) and _is_somebody(words, label, clinical=clinical):
        placed = label != "PERSON" and is_placed(text, start)
        yield PhiFinding(start, end, "CITY" if placed else "PERSON", _WEAK_SCORE)


def _trusted(text: str, start: int, end: int, *, clinical: bool) -> tuple[int, int] | None:
    """The words of an entity called a person that can be names, where the model is mostly right.

    In clinical text a listed first name must be among them and nothing may follow that a thing is followed by.
    """
    words: list[re.Match[str]] = []
    for word in _PART.finditer(text, start, end):
        if kind_of(word[0]) != NOBODY and word[0][0].isupper():
            words.append(word)
        elif words:
            break
    if not words:
        return None
    kinds = [kind_of(word[0]) for word in words]
    begin = words[0].start()
    stop = words[-1].end() - (2 if words[-1][0].endswith(("'s", "’s")) else 0)
    if (
        _GRADE_AFTER.match(text, stop)
        or is_refused(text, stop)
        or THING_AFTER.match(text, stop)
        or is_fixed_phrase(text, begin, stop)
    ):
        return None
    if len(kinds) == 1 and (kinds[0] == WORD or text[begin:stop].lower() in TOWNS_TOO):
        alone = not clinical and text[:begin].strip() != "" and _ENDS.match(text, stop) is not None
        return (begin, stop) if alone and kinds[0] == WORD else None
    if kinds[0] != GIVEN and _ARTICLE_BEFORE.search(text, 0, begin):
        return None
    if text[begin:stop].isupper() or (clinical and GIVEN not in kinds):
        return None
    return begin, stop


def _is_somebody(words: list[str], label: str, *, clinical: bool) -> bool:
    if len(words) > 3 or not all(is_namelike(word) or is_given_name(word) for word in words):
        return False
    strange = [word for word in words if is_namelike(word)]
    if any(word.lower() in eponyms() for word in words) and (clinical or len(words) == 1):
        return False
    given = is_given_name(words[0]) and (not is_ordinary(words[0]) or len(words) > 1)
    if label == "PERSON":
        # A single word that no list knows can be a drug, a brand or a device wherever a clinic is near.
        return bool(strange) and (given or not clinical)
    listed = [word for word in strange if is_name_word(word)]
    return not clinical and bool(strange) and (given or (len(words) > 1 and bool(listed)))


def is_person(text: str, start: int, end: int, label: str = "PERSON") -> tuple[int, int] | None:
    """Whether something the model marked is a person: the span of the whole name, or None.

    At least two capitalised words (or an initial and a word), none that is ordinary and on no name list. Under the label
    PERSON, a listed name that is no ordinary word or only unknown words in mixed case are enough. Under another label a
    person's verb must follow, or a listed name must stand after such words as "with" or "by".
    """
    if label != "PERSON" and label not in OTHER_LABELS:
        return None
    grown_left = _GROWS_LEFT.search(text, 0, start)
    grown_right = _GROWS_RIGHT.match(text, end)
    start = grown_left.start() if grown_left else start
    span = trim_name(text, start, grown_right.end() if grown_right else end)
    if span is None or is_fixed_phrase(text, *span) or is_refused(text, span[1]):
        return None
    body = text[span[0] : span[1]]
    tokens = [token[0] for token in name_words(body)]
    solid = [token for token in tokens if len(token.strip(".")) > 1]
    if len(tokens) < 2 or not solid or re.search(r"[\d/%()\n:;]", body):
        return None
    does = _DOES.match(text, span[1]) is not None
    if label == "PERSON":
        heading = not text[: span[0]].strip() and re.match(r"[ \t]+[a-z]", text[span[1] :]) is None
        return span if _is_whole_name(solid, begins=heading) else None
    listed = any(is_name_word(token) and not is_ordinary(token) for token in solid)
    announced = does or (listed and _WITH.search(text, 0, span[0]) is not None)
    mixed = not any(token.isupper() for token in solid)
    return span if announced and mixed and 2 <= len(tokens) <= 3 and _is_whole_name(solid, begins=False) else None


def _is_whole_name(solid: list[str], *, begins: bool) -> bool:
    given = any(token.lower() in given_names() for token in solid)
    if any(is_ordinary(token) and not is_name_word(token) for token in solid):
        return False
    # "Aquacel Ag", "Hinchey Ib": beside no given name, two letters are part of a product or a grade.
    if not given and any(token.lower() in eponyms() or len(token) < 3 for token in solid):
        return False
    # Short words all in capitals without a given name are abbreviations ("POAG OU"), even where a list knows them.
    if not given and all(token.isupper() and len(token) <= 5 for token in solid):
        return False
    listed = [token for token in solid if is_name_word(token) and not is_ordinary(token)]
    unknown = [token for token in solid if not is_name_word(token) and not is_ordinary(token)]
    if len(solid) == 1 or any(token.isupper() for token in unknown):
        return bool(listed) and not any(token.isupper() for token in unknown)
    if listed:
        return given or len(listed) + len(unknown) == len(solid)
    return not begins and len(unknown) == len(solid)
