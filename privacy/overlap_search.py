"""Search one note's whole text for anything that hashes to a source patient's identifier."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ghostchart.privacy.identifier_forms import (
    MIN_DIGITS,
    Form,
    address_words,
    folded,
    iso_dates,
    number_forms,
)
from ghostchart.privacy.identifier_index import IdentifierIndex, IndexEntry
from ghostchart.privacy.remembered import Remembered

_MEMORY_FORMS = 100_000  # per generation of what is remembered; about 0.3 kB each
_WORD = re.compile(r"[^\W\d_](?:[^\W_]|['’`.-](?=[^\W\d_]))*\.?")
_NUMBER = re.compile(r"(?<![\w])\(?\+?\d[\d]*(?:[-./)(] ?\(?\d+|\) \d+)*(?![\w])")
_SPACED = (
    re.compile(r"(?<![\d.-])(?:\+?1[ .-])?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)"),
    re.compile(r"(?<![\d-])\d{3} \d{2} \d{4}(?!\d)"),
    re.compile(r"(?<![\d./-])\d{6,14}(?![\d/-]|\.\d)"),
)
_PACKED = re.compile(r"(?<!\w)(?=[A-Za-z0-9-]*\d)(?=[A-Za-z0-9-]*[A-Za-z])[A-Za-z0-9]+(?:-[A-Za-z0-9]+){0,4}(?!\w)")
_NETWORK = re.compile(
    r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+|(?:https?://|www\.)[^\s<>\"')]+|(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])"
)
_DATE = re.compile(
    r"(?<![\w/.-])(?:(?:1[89]|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:(?:1[89]|20)\d\d|\d\d)|(?:19|20)\d{6})(?!\d|[-/]\d)"
    r"|(?<!\w)(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?[ -]?\d{1,2}(?:st|nd|rd|th)?,?[ -]*(?:1[89]|20)\d\d(?!\d)"
    r"|(?<![\w/.-])\d{1,2}(?:st|nd|rd|th)?(?: of)?[ -]?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?,?[ -]?(?:1[89]|20)\d\d(?!\d)",
    re.IGNORECASE,
)
_HOUSE = re.compile(r"(?<![\w./-])\d{1,6}[A-Za-z]?(?: [A-Za-z0-9.'’-]+){2,7}|\b[Pp]\.? ?[Oo]\.? [Bb]ox \d+")


@dataclass(frozen=True, slots=True)
class SourceMatch:
    """A piece of a note that equals an identifier of one source patient after normalising."""

    start: int
    end: int
    entry: IndexEntry


class SourceSearch:
    """Looks up every window that could be an identifier; remembers windows, since templates repeat."""

    def __init__(self, index: IdentifierIndex) -> None:
        self._index = index
        self._seen: Remembered[Form, tuple[IndexEntry, ...]] = Remembered(_MEMORY_FORMS)

    def matches(self, text: str) -> list[SourceMatch]:
        """Every match in the text, in text order; one per source patient and place."""
        found = {
            SourceMatch(start, end, entry): None
            for start, end, form in _candidates(text)
            for entry in self._look_up(form)
        }
        return sorted(found, key=lambda match: (match.start, match.end, match.entry.patient, match.entry.entity_type))

    def _look_up(self, form: Form) -> tuple[IndexEntry, ...]:
        entries = self._seen.get(form)
        if entries is None:
            entries = self._seen.keep(form, self._index.look_up(form))
        return entries


def _candidates(text: str) -> Iterator[tuple[int, int, Form]]:
    yield from _name_windows(text)
    dated: list[tuple[int, int]] = []
    for match in _DATE.finditer(text):
        dated.append(match.span())
        for day in iso_dates(match[0]):
            yield match.start(), match.end(), ("date", day)
    yield from _number_windows(text, dated)
    for match in _NETWORK.finditer(text):
        yield match.start(), match.end(), ("network", match[0].casefold().rstrip("/.,;:"))
    for match in _HOUSE.finditer(text):
        words = address_words(match[0])
        for size in range(3, min(len(words), 8) + 1):
            yield match.start(), match.end(), ("address", " ".join(words[:size]))


def _name_windows(text: str) -> Iterator[tuple[int, int, Form]]:
    """Windows of two and three neighbouring words in any case and order; middle names may be missing or cut to a letter."""
    words = [(match.start(), match.end(), folded(match[0])) for match in _WORD.finditer(text)]
    words = [word for word in words if word[2]]
    for place, (start, _, first) in enumerate(words):
        if place + 1 >= len(words):
            break
        _, end, second = words[place + 1]
        if end - start <= 60:
            yield start, end, ("name", " ".join(sorted((*first.split(), *second.split()))))
        if place + 2 < len(words):
            _, end, third = words[place + 2]
            if end - start <= 80:
                yield start, end, ("name", " ".join(sorted((*first.split(), *second.split(), *third.split()))))
                yield start, end, ("name", " ".join(sorted((first, third))))


def _number_windows(text: str, dated: list[tuple[int, int]]) -> Iterator[tuple[int, int, Form]]:
    """Whole numbers, with their separators: never a part of one, or telephone endings would meet record numbers."""

    def is_date(start: int, end: int) -> bool:
        return any(low <= start and end <= high for low, high in dated)

    for pattern in (_NUMBER, *_SPACED):
        for match in pattern.finditer(text):
            if re.fullmatch(r"\d+\.\d+", match[0]):  # a measurement
                continue
            if sum(char.isdigit() for char in match[0]) >= MIN_DIGITS and not is_date(*match.span()):
                for form in number_forms(match[0]):
                    yield match.start(), match.end(), form
    for match in _PACKED.finditer(text):
        if len(match[0]) >= MIN_DIGITS and sum(char.isdigit() for char in match[0]) >= 3:
            for form in number_forms(match[0]):
                if form[0] == "packed" or sum(char.isdigit() for char in match[0]) >= MIN_DIGITS:
                    yield match.start(), match.end(), form
