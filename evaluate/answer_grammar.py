"""Which characters may follow in an answer whose every code is valid: a prefix automaton over the answer format.

The format is that of ``schemas.prompting.answer``: a line of diagnoses, a line of procedures with modifiers, each "none"
where there is nothing to code. Codes are walked character by character through the sorted codes of the release (all codes
that begin with what is written are neighbours there, so that one bisection does the work of a prefix trie, without its
memory). A code may be written twice; whoever reads the answer counts it once. Measured on a small model: forbidding it
makes the model name another code in its place, and precision falls by a fifth.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable
from typing import Literal, NamedTuple

from ghostchart.schemas.code_systems import CodeSystems
from ghostchart.schemas.modifiers import MAX_MODIFIERS, MODIFIERS
from ghostchart.schemas.prompting import answer

Kind = Literal["label", "first", "item", "none", "between", "modifier", "end"]

_NONE = "none"
_DIAGNOSES, _PROCEDURES = 0, 1


class Place(NamedTuple):
    """Where in an answer one is; everything that decides what may follow.

    ``section`` is 0 in the line of diagnoses and 1 in that of procedures; ``typed`` is the part of the present label, code
    or modifier list that is written.
    """

    section: int
    kind: Kind
    typed: str


class AnswerGrammar:
    """The answers whose codes all belong to given lists.

    Args:
        diagnoses: valid ICD-10-CM codes with their dots.
        procedures: valid CPT and HCPCS codes.
        modifiers: valid modifiers of procedures.
    """

    def __init__(
        self, diagnoses: Iterable[str], procedures: Iterable[str], modifiers: Collection[str] = MODIFIERS
    ) -> None:
        first, second = answer(()).split("\n")
        self.labels = (first.removesuffix(_NONE), "\n" + second.removesuffix(_NONE))
        self._sorted = (sorted(set(diagnoses)), sorted(set(procedures)))
        self._codes = tuple(frozenset(codes) for codes in self._sorted)
        self._modifiers = frozenset(modifiers)
        self._modifier_heads = frozenset(value[:1] for value in modifiers)
        self.start = Place(_DIAGNOSES, "label", "")
        written = "".join((*self.labels, _NONE, ", -", *modifiers))
        self.alphabet = frozenset(written).union(*(frozenset(code) for codes in self._sorted for code in codes))

    def step(self, place: Place, char: str) -> Place | None:
        """The place after one more character, or None where no valid answer goes on like that."""
        section, kind, typed = place
        after: Place | None = None  # behind the end, or where nothing fits
        if kind == "label":
            after = self._in_label(section, typed + char)
        elif kind == "none" or (kind == "first" and char == _NONE[0]):
            after = self._in_none(section, typed, char)
        elif kind in ("first", "item"):
            after = self._in_item(section, typed, char)
        elif kind == "between" and char == " ":
            after = Place(section, "item", "")
        elif kind == "modifier":
            after = self._in_modifiers(typed, char)
        return after

    def may_end(self, place: Place) -> bool:
        """Whether the answer is complete here."""
        return place.kind == "end" or (place.section == _PROCEDURES and self.stands(place))

    def stands(self, place: Place) -> bool:
        """Whether nothing is half written: a valid code, a whole modifier or "none" has just been finished."""
        section, kind, typed = place
        if kind == "item":
            return typed in self._codes[section]
        if kind == "modifier":
            return typed.rpartition("-")[2] in self._modifiers
        return kind == "none" and typed == _NONE

    def _in_label(self, section: int, written: str) -> Place | None:
        label = self.labels[section]
        if not label.startswith(written):
            return None
        return Place(section, "first", "") if written == label else Place(section, "label", written)

    def _in_none(self, section: int, typed: str, char: str) -> Place | None:
        if typed == _NONE:
            return self._next_line(section) if char == "\n" else None
        return Place(section, "none", typed + char) if _NONE.startswith(typed + char) else None

    def _in_item(self, section: int, typed: str, char: str) -> Place | None:
        if char in ",\n-":
            if typed not in self._codes[section]:
                return None
            if char == ",":
                return Place(section, "between", "")
            if char == "\n":
                return self._next_line(section)
            return Place(section, "modifier", "-") if section == _PROCEDURES else None
        longer = typed + char
        return Place(section, "item", longer) if self._is_open(section, longer) else None

    def _in_modifiers(self, typed: str, char: str) -> Place | None:
        *before, last = typed[1:].split("-")
        if last in self._modifiers:
            if char == "-":
                return Place(_PROCEDURES, "modifier", f"{typed}-") if len(before) + 1 < MAX_MODIFIERS else None
            if char == ",":
                return Place(_PROCEDURES, "between", "")
            return self._next_line(_PROCEDURES) if char == "\n" else None
        longer = last + char
        free = longer in self._modifiers - set(before) if last else longer in self._heads_beside(before)
        return Place(_PROCEDURES, "modifier", typed + char) if free else None

    def _heads_beside(self, before: list[str]) -> frozenset[str]:
        """First characters of modifiers that are not there yet."""
        if not before:
            return self._modifier_heads
        return frozenset(value[0] for value in self._modifiers - set(before))

    def _next_line(self, section: int) -> Place:
        return Place(_PROCEDURES, "label", "\n") if section == _DIAGNOSES else Place(_PROCEDURES, "end", "")

    def _is_open(self, section: int, prefix: str) -> bool:
        """Whether some code begins with the prefix."""
        codes = self._sorted[section]
        at = bisect_left(codes, prefix)
        return at < len(codes) and codes[at].startswith(prefix)


def answer_grammar(systems: CodeSystems) -> AnswerGrammar:
    """The grammar over everything the code systems of a run hold as billable."""
    return AnswerGrammar(systems.icd10cm.billable_codes(), [code.value for code in systems.procedures.codes()])
