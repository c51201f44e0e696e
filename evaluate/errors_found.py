"""What went wrong, code by code: pairs of codes that are taken for each other, and notes with their errors.

A wrong code and a missed code of the same note and system are paired where they begin alike, those that share the longest
beginning first; each is paired once. What is left over was invented, or simply missed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from ghostchart.evaluate.metrics import ScoredNote
from ghostchart.schemas.codes import Code

# Diagnoses of neighbouring categories, procedures of one kind of service: less than that in common is coincidence.
_SHARED_CHARACTERS = {"icd10cm": 2, "cpt": 2, "hcpcs": 1}


@dataclass(frozen=True, slots=True)
class NoteErrors:
    """One note's errors.

    Attributes:
        confused: (gold, predicted) pairs.
        missed: gold codes that nothing predicted resembles.
        invented: predicted codes that resemble no missed one.
    """

    note_id: str
    confused: tuple[tuple[Code, Code], ...]
    missed: tuple[Code, ...]
    invented: tuple[Code, ...]

    @property
    def number(self) -> int:
        """Wrong decisions."""
        return 2 * len(self.confused) + len(self.missed) + len(self.invented)


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often a gold code was missed where another was given in its place.

    ``gold_notes`` is in how many notes the code is gold.
    """

    gold: Code
    predicted: Code
    notes: int
    gold_notes: int


def errors_of(note: ScoredNote) -> NoteErrors:
    """Pair a note's wrong codes with its missed ones."""
    gold, predicted = {item.code for item in note.gold}, {item.code for item in note.predicted}
    missed, wrong = sorted(gold - predicted), sorted(predicted - gold)
    candidates = [
        (-_shared(one, other), one, other)
        for one in missed
        for other in wrong
        if one.system == other.system and _shared(one, other) >= _SHARED_CHARACTERS[one.system]
    ]
    pairs: list[tuple[Code, Code]] = []
    for _, one, other in sorted(candidates):
        if one in missed and other in wrong:
            pairs.append((one, other))
            missed.remove(one)
            wrong.remove(other)
    return NoteErrors(note.note_id, tuple(sorted(pairs)), tuple(missed), tuple(wrong))


def confusions(notes: Sequence[ScoredNote], most: int) -> list[Confusion]:
    """The pairs most often taken for each other, most frequent first (ties by code)."""
    counted = Counter(pair for note in notes for pair in errors_of(note).confused)
    gold = Counter(code for note in notes for code in {item.code for item in note.gold})
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return [Confusion(one, other, number, gold[one]) for (one, other), number in ordered[:most]]


def _shared(one: Code, other: Code) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one.value, other.value, strict=False)))
