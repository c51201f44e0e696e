"""Provenance of note text: what a piece of text stands for travels with it through the template.

A marked piece is ``open + text + close``; both are single characters of Unicode's private use area (U+E000-U+F8FF),
which no note may hold otherwise. The opening character says which mark it is (its number within the note), so pieces
nest. After rendering, :meth:`Marks.resolve` removes the characters in one pass and returns the spans.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import accumulate
from operator import eq, itemgetter
from typing import NamedTuple

from ghostchart.schemas.errors import TemplateError

_CLOSE = "\ue000"
_FIRST_OPEN = 0xE001
_LAST_OPEN = 0xF8FF
_MARKER = re.compile("[\ue000-\uf8ff]")
_MARKER_SPLIT = re.compile("([\ue000-\uf8ff])")
# Values never begin or end with a space (see Marks.leaf), so tidying can never eat into a marked piece's edge.
_SPACES = re.compile(r"(?<=\S)[ \t]{2,}")
_START_AND_END = itemgetter(0, 1)
_BLANK_LINES = re.compile(r"\n{3,}")


class MarkedSpan(NamedTuple):
    """``text[start:end]`` was written for ``mark_id``."""

    start: int
    end: int
    mark_id: str


def holds_marker(text: str) -> bool:
    """Whether the text holds a character that only the renderer may use."""
    return not text.isascii() and _MARKER.search(text) is not None


def require_unmarked(text: str, *, where: str) -> str:
    """The text itself.

    Raises:
        TemplateError: it holds a private-use character, which would forge or break a span.
    """
    if holds_marker(text):
        raise TemplateError(
            "text holds a private-use character (U+E000 to U+F8FF)", where=where, fix="Remove that character"
        )
    return text


def require_value(text: str, *, where: str) -> str:
    """A value to be written, without spaces at its ends.

    Raises:
        TemplateError: empty text, or a private-use character in it.
    """
    clean = require_unmarked(text, where=f"value for {where}").strip()
    if not clean:
        raise TemplateError("a value to be written is empty", where=where)
    return clean


def capitalize(text: str) -> str:
    """The first visible character in upper case, marks left where they are; "eGFR" stays as it is."""
    for position, character in enumerate(text):
        if not "\ue000" <= character <= "\uf8ff":
            if text[position + 1 : position + 2].isupper():
                return text
            return text[:position] + character.upper() + text[position + 1 :]
    return text


def tidy(marked: str) -> str:
    """Collapse runs of spaces, spaces at line edges and blank lines; works on marked text, before spans exist."""
    text = "\n".join(line.strip(" \t") for line in marked.split("\n"))
    if "\t" in text:
        text = _SPACES.sub(" ", text)
    while "  " in text:
        text = text.replace("  ", " ")
    return _BLANK_LINES.sub("\n\n", text).strip()


class Marks:
    """The marks of one note."""

    __slots__ = ("_ids", "_openings")

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._openings: dict[str, str] = {}

    def leaf(self, text: str, mark_id: str) -> str:
        """Mark text that comes from data.

        Raises:
            TemplateError: empty text, or a private-use character in it.
        """
        return self.around(require_value(text, where=mark_id), mark_id)

    def around(self, text: str, mark_id: str) -> str:
        """Mark text that may already hold marks of this note.

        Raises:
            TemplateError: more marks than one note can hold.
        """
        opening = self._openings.get(mark_id)
        if opening is None:
            opening = self._open(mark_id)
        return opening + text + _CLOSE

    def _open(self, mark_id: str) -> str:
        number = len(self._ids)
        if _FIRST_OPEN + number > _LAST_OPEN:
            raise TemplateError("one note has more marks than can be told apart", where=mark_id)
        self._ids.append(mark_id)
        opening = self._openings[mark_id] = chr(_FIRST_OPEN + number)
        return opening

    def resolve(
        self, marked: str, *, where: str, scuff: Callable[[list[str]], None] | None = None
    ) -> tuple[str, list[MarkedSpan]]:
        """Text without marks, and the span of every marked piece in text order; of equal ones the inner first.

        ``scuff`` may change the unmarked pieces in place (noise) before positions are counted.

        Raises:
            TemplateError: a mark was cut in two, is not of this note, or encloses nothing.
        """
        parts = _MARKER_SPLIT.split(marked)
        pieces = parts[::2]
        # A mark opens behind the piece of its place and closes behind another one; pieces outside all marks are free.
        markers = parts[1::2]
        opened: list[int] = []
        closed: list[int] = []
        free = [0]
        stack: list[int] = []
        for place, marker in enumerate(markers):
            if marker != _CLOSE:
                stack.append(place)
            elif stack:
                opened.append(stack.pop())
                closed.append(place)
                if not stack:
                    free.append(place + 1)
            else:
                raise TemplateError("a marked value was cut in two", where=where, fix="Do not slice or truncate values")
        if stack:
            raise TemplateError("a marked value was cut in two", where=where, fix="Do not slice or truncate values")
        if scuff is not None:
            loose = [pieces[place] for place in free]
            scuff(loose)
            for place, piece in zip(free, loose, strict=True):
                pieces[place] = piece
        ends = list(accumulate(map(len, pieces)))
        starts, stops = [ends[place] for place in opened], [ends[place] for place in closed]
        spans = list(map(MarkedSpan, starts, stops, self._names([markers[place] for place in opened], where)))
        if any(map(eq, starts, stops)):
            mark_id = next(span.mark_id for span in spans if span.start == span.end)
            raise TemplateError(f"nothing is left of the value for {mark_id}", where=where)
        spans.sort(key=_START_AND_END)
        return "".join(pieces), spans

    def _names(self, openings: list[str], where: str) -> list[str]:
        ids = self._ids
        try:
            return [ids[ord(opening) - _FIRST_OPEN] for opening in openings]
        except IndexError:
            raise TemplateError("a mark in the text does not belong to this note", where=where) from None
