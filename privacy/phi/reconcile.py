"""Findings against the surrogate ledger: what is accounted for, what is not, and what the scanner itself missed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.scanner import KnownSpan, PhiScanner
from ghostchart.privacy.phi.states import is_region
from ghostchart.privacy.phi.vocabulary import is_name_word, is_ordinary

_TITLES = frozenset({"dr", "mr", "mrs", "ms", "md", "rn", "np", "do", "pa"})


@dataclass(frozen=True, slots=True)
class NoteText:
    """What the scan needs of a note."""

    note_id: str
    text: str
    ledger: tuple[KnownSpan, ...]
    in_sample: bool  # scanned a second time in full, without stand-ins


@dataclass(frozen=True, slots=True)
class NoteScan:
    """What the scan of one note gave.

    Attributes:
        unaccounted: findings that the ledger does not explain.
        n_accounted: findings that it does.
        recall: for sampled notes, per ledger entry its type and whether the full scan found it.
        only_in_full: for sampled notes, unaccounted findings that only the scan without stand-ins saw.
    """

    note_id: str
    unaccounted: tuple[PhiFinding, ...]
    n_accounted: int
    recall: tuple[tuple[str, bool], ...] = ()
    only_in_full: int = 0


@cache
def _scanner(pipeline: str | None) -> PhiScanner:
    return PhiScanner(pipeline)


def scan_notes(notes: Sequence[NoteText], pipeline: str | None = None) -> list[NoteScan]:
    """Scan some notes of a corpus; the scanner (and what it remembers) lives as long as the process."""
    scanner = _scanner(pipeline)
    found = scanner.scan_known([note.text for note in notes], [note.ledger for note in notes])
    sampled = [place for place, note in enumerate(notes) if note.in_sample]
    in_full = dict(zip(sampled, scanner.scan([notes[place].text for place in sampled]), strict=True))
    return [_reconcile(note, found[place], in_full.get(place)) for place, note in enumerate(notes)]


def _reconcile(note: NoteText, found: list[PhiFinding], in_full: list[PhiFinding] | None) -> NoteScan:
    open_ones = [item for item in found if not is_accounted(note, item)]
    recall: list[tuple[str, bool]] = []
    extra: list[PhiFinding] = []
    if in_full is not None:
        recall = [
            (entry.entity_type, _is_found(entry, in_full)) for entry in note.ledger if not _is_category(note, entry)
        ]
        seen = {(item.start, item.end) for item in open_ones}
        extra = [
            item
            for item in in_full
            if not is_accounted(note, item) and not any(item.start < end and start < item.end for start, end in seen)
        ]
    unaccounted = tuple(sorted([*open_ones, *extra]))
    return NoteScan(note.note_id, unaccounted, len(found) - len(open_ones), tuple(recall), len(extra))


def is_accounted(note: NoteText, finding: PhiFinding) -> bool:
    """Whether ledger entries explain the finding: they overlap it, and what they leave of it tells nobody.

    A number of four digits beside a surrogate is not explained by it, nor is a word that is on a name list or in no list.
    The state behind a surrogate town is: Safe Harbor lets states stand.
    """
    rest, position, overlaps = [], finding.start, False
    for entry in sorted(note.ledger, key=lambda item: item.start):
        if entry.end <= finding.start or finding.end <= entry.start:
            continue
        overlaps = True
        rest.append(note.text[position : max(position, entry.start)])
        position = max(position, min(entry.end, finding.end))
    rest.append(note.text[position : finding.end])
    town = finding.entity_type == "CITY"
    return overlaps and not any(_tells(part) and not (town and is_region(part)) for part in rest)


def _tells(part: str) -> bool:
    if re.search(r"\d{4}", part):
        return True
    words = re.findall(r"[A-Z][\w'’-]+", part)
    return any(
        not is_ordinary(word) and word.lower() not in _TITLES and (is_name_word(word) or not word.isupper())
        for word in words
    )


def _is_category(note: NoteText, entry: KnownSpan) -> bool:
    """ "90+", "90 or older": the one category of ages that Safe Harbor lets stand, which a scan must not report."""
    value = note.text[entry.start : entry.end].lower()
    return entry.entity_type == "AGE_OVER_89" and bool(
        re.fullmatch(r"90 ?\+|90 (?:years )?(?:or|and) (?:older|over|above)", value)
    )


def _is_found(entry: KnownSpan, findings: list[PhiFinding]) -> bool:
    """Whether findings of any type cover at least half of the entry."""
    covered = sum(max(0, min(entry.end, item.end) - max(entry.start, item.start)) for item in findings)
    return 2 * covered >= entry.end - entry.start
