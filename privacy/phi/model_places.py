"""Which findings of the NER model are places: its labels weighed against shape, word lists and the words before."""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator

from ghostchart.privacy.phi.cues import is_namelike, is_refused
from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.letters import LOWER, UPPER
from ghostchart.privacy.phi.vocabulary import countries, eponyms, is_name_word, is_ordinary, not_towns

_SCORE = 0.6

PLACE_LABELS = frozenset({"GPE", "LOC", "FAC"})
_PLACE_BEFORE = re.compile(
    r"(?i)\b(?:in|from|to|near|at|around|outside|through|via|of|throughout|across|leaving|visit(?:ed|ing)?|reach(?:ed)?|between|toward|towards)(?: the| downtown| central| nearby)?[ \t]+$"
)
_COMPANY = re.compile(
    r"(?i)\b(?:inc|ltd|llc|corp|co|company|group|university|college|school|bank|association|society|institute|committee|"
    r"department|ministry|council|club|team|league|party|union|agency|foundation|press|news|times|journal|magazine|"
    r"orchestra|band|records|studios?|systems|software|technologies|airlines?|motors?|foods?|hotels?|church|museum)\b"
)
_SHAPE = re.compile(
    rf"[{UPPER}][{LOWER}'’]+(?:[ -](?:de |la |del |van |von |der |upon |on |of |the )*[{UPPER}][{LOWER}'’.]+){{0,3}}"
)


def trimmed(text: str, start: int, end: int) -> tuple[int, int, list[str]] | None:
    """The name inside an entity, without articles and what follows it, and its words; None where it cannot be a name."""
    lead = re.match(r"(?:the|The|a|an|in|of) +|[^\w]+", text[start:end])
    start += lead.end() if lead else 0
    body = re.split(r"['’]s\b|[\n:;|,(@]", text[start:end])[0].rstrip(" .-")
    end = start + len(body)
    words = [word for word in re.findall(r"[^\W\d_][\w'’.]*", body) if word[0].isupper()]
    if not _SHAPE.fullmatch(body) or not words or is_refused(text, end) or _COMPANY.search(body):
        return None
    return start, end, words


def is_placed(text: str, start: int) -> bool:
    """Whether a word of place stands before ("in", "near downtown")."""
    return _PLACE_BEFORE.search(text, 0, start) is not None


def place_findings(text: str, start: int, end: int, words: list[str], *, clinical: bool) -> Iterator[PhiFinding]:
    """A town where the model saw a place; in ``clinical`` text only behind a word of place."""
    placed = is_placed(text, start)
    article = text[max(0, start - 4) : start].lower() == "the "
    if article and (len(words) == 1 or all(is_ordinary(word) for word in words)):
        return  # "the Monitor", "the Town Hall"
    if (placed or not clinical) and _is_town(words, clinical=clinical, placed=placed):
        yield PhiFinding(start, end, "CITY", _SCORE)


def _is_town(words: list[str], *, clinical: bool, placed: bool) -> bool:
    low = [word.lower().strip(".") for word in words]
    if any(word in eponyms() and not is_name_word(word) for word in low):
        return False
    if all(word in countries() or word in not_towns() or is_ordinary(word) for word in low) and not (
        placed and not clinical and len(low) > 1 and not any(word in countries() or word in not_towns() for word in low)
    ):
        return False
    if clinical and (
        any(word in eponyms() for word in low) or not all(is_namelike(word) or is_name_word(word) for word in low)
    ):
        return False
    return not any(word in countries() for word in low)
