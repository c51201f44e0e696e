"""The notes that are scored, as they are drawn from a corpus's test split (own_notes.py: a user's own), and how codes are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ghostchart.schemas.canonical import generator, stream
from ghostchart.schemas.codes import Code, icd10cm, procedure
from ghostchart.schemas.corpus import read_shard, shard_paths
from ghostchart.schemas.errors import CodeError, CorpusError, InputError
from ghostchart.schemas.note import Note, Split, note_from_row
from ghostchart.schemas.prompting import AnsweredCode

MIN_NOTES_PER_STRATUM = 5
_UNDOTTED_CATEGORY_CHARACTERS = 3


@dataclass(frozen=True, slots=True)
class CodedNote:
    """One note to be coded, its gold codes, and what it is sorted by.

    ``strata`` are the corpus's own ("advanced_illness", "frailty"); the other properties are "" or empty for notes
    that do not come from a corpus.
    """

    note_id: str
    text: str
    gold: tuple[AnsweredCode, ...]
    strata: tuple[str, ...] = ()
    note_type: str = ""
    setting: str = ""
    template_family: str = ""
    distractors: tuple[str, ...] = ()


def coded_note(note: Note) -> CodedNote:
    """What evaluation needs of a corpus note."""
    return CodedNote(
        note_id=note.note_id,
        text=note.text,
        gold=tuple(AnsweredCode(Code(code.system, code.value), code.modifiers) for code in note.codes),  # type: ignore[arg-type]
        strata=note.strata,
        note_type=note.note_type,
        setting=note.setting,
        template_family=note.template_family,
        distractors=tuple(sorted({item.kind for item in note.distractors})),
    )


def draw_test_notes(corpus: Path, max_notes: int, seed: int) -> tuple[CodedNote, ...]:
    """Up to ``max_notes`` notes of the test split, in the corpus's order; equal seeds draw equal notes.

    Drawn in proportion from the groups that the notes' strata form (neither, advanced illness, frailty, both), but
    at least ``MIN_NOTES_PER_STRATUM`` from each group where that leaves half of the draw to proportion: a stratum
    that is rare in the corpus would otherwise be too small to be measured.

    Raises:
        CorpusError: no test split, an empty one, an unreadable shard, or a note id that occurs twice.
    """
    return draw_notes(corpus, "test", max_notes, seed)


def draw_notes(corpus: Path, split: Split, max_notes: int, seed: int) -> tuple[CodedNote, ...]:
    """The same from any split.

    Raises:
        CorpusError: as :func:`draw_test_notes`.
    """
    ids: list[str] = []
    groups: list[tuple[str, ...]] = []
    for path in shard_paths(corpus, split):
        table = read_shard(path).select(["note_id", "strata"])
        ids += table.column("note_id").to_pylist()
        groups += [tuple(sorted(strata)) for strata in table.column("strata").to_pylist()]
    if not ids:
        raise CorpusError(
            f"the {split} split is empty",
            where=str(corpus),
            fix=f"Generate a corpus with more notes or a larger {split}_fraction",
        )
    if len(set(ids)) != len(ids):
        raise CorpusError(f"a note id occurs twice in the {split} split", where=str(corpus))
    chosen = _draw(groups, max_notes, seed)
    return tuple(coded_note(note) for note in _notes_at(corpus, split, chosen))


def worked_examples(corpus: Path, number: int, seed: int) -> tuple[CodedNote, ...]:
    """Training notes to show a model before it is asked: short ones, with diagnoses and procedures where there are any.

    Drawn with ``seed`` from the shorter half of the notes that have both kinds of codes (from all notes where fewer than
    ``number`` have).

    Raises:
        CorpusError: the split is missing, unreadable, or holds fewer notes.
    """
    notes = list(iter_split(corpus, "train"))
    if len(notes) < number:
        raise CorpusError(f"{number} worked examples need as many training notes, there are {len(notes)}")
    both = [note for note in notes if len({item.code.system == "icd10cm" for item in note.gold}) == 2]
    pool = sorted(both if len(both) >= 2 * number else notes, key=lambda note: (len(note.text), note.note_id))
    pool = pool[: max(number, len(pool) // 2)]
    chosen = generator(stream(seed, "evaluate", "worked examples")).choice(len(pool), size=number, replace=False)
    return tuple(pool[int(at)] for at in chosen)


def iter_split(corpus: Path, split: Split) -> Iterator[CodedNote]:
    """All notes of one split, one shard in memory at a time.

    Raises:
        CorpusError: the split is missing or a shard cannot be read.
    """
    for path in shard_paths(corpus, split):
        for row in read_shard(path).to_pylist():
            yield coded_note(note_from_row(row, split))


def test_note_ids(corpus: Path) -> tuple[str, ...]:
    """Ids of all notes of the test split, in order.

    Raises:
        CorpusError: the split is missing or a shard cannot be read.
    """
    return tuple(
        note_id for path in shard_paths(corpus, "test") for note_id in read_shard(path).column("note_id").to_pylist()
    )


def training_counts(corpus: Path) -> Counter[Code]:
    """In how many notes of the train split each code is gold.

    Raises:
        CorpusError: the split is missing or a shard cannot be read.
    """
    counts: Counter[Code] = Counter()
    for path in shard_paths(corpus, "train"):
        for codes in read_shard(path).column("codes").to_pylist():
            counts.update({Code(code["system"], code["value"]) for code in codes})
    return counts


def read_codes(value: object, *, where: str) -> tuple[AnsweredCode, ...]:
    """Codes from a list of strings or one separated string, each once, in order.

    Raises:
        InputError: an entry is no code of a known shape (its place named).
    """
    if isinstance(value, str):
        parts = value.replace(",", " ").replace(";", " ").split()
    elif isinstance(value, list) and all(isinstance(part, str) for part in value):
        parts = value
    else:
        raise InputError("codes must be strings", where=where, fix='Write ["E11.22", "99214-25"]')
    found: dict[Code, AnsweredCode] = {}
    for position, part in enumerate(parts, start=1):
        try:
            item = read_code(part)
        except CodeError:
            raise InputError(
                f"entry {position} of codes does not have the shape of a code",
                where=where,
                fix="Write ICD-10-CM codes with their dot and modifiers after a hyphen (E11.22, 99214-25)",
            ) from None
        found.setdefault(item.code, item)
    return tuple(found.values())


def read_code(text: str) -> AnsweredCode:
    """One code from its written form; the dot (or three characters) tells ICD-10-CM from HCPCS.

    Raises:
        CodeError: not of the shape of any system.
    """
    value, *modifiers = text.strip().upper().split("-")
    is_diagnosis = "." in value or len(value) == _UNDOTTED_CATEGORY_CHARACTERS
    if is_diagnosis and not modifiers:
        return AnsweredCode(icd10cm(value))
    return AnsweredCode(procedure(value), tuple(modifiers))


def write_code(item: AnsweredCode) -> str:
    """The written form that :func:`read_code` reads."""
    return "-".join((item.code.value, *item.modifiers))


def _draw(groups: list[tuple[str, ...]], max_notes: int, seed: int) -> list[int]:
    if max_notes >= len(groups):
        return list(range(len(groups)))
    members: dict[tuple[str, ...], list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    names = sorted(members)
    floor = {name: min(len(members[name]), MIN_NOTES_PER_STRATUM) for name in names}
    if sum(floor.values()) > max_notes // 2:
        floor = dict.fromkeys(names, 0)
    left = max_notes - sum(floor.values())
    spare = {name: len(members[name]) - floor[name] for name in names}
    share = {name: left * spare[name] / sum(spare.values()) for name in names}
    take = {name: floor[name] + int(share[name]) for name in names}
    by_remainder = sorted(names, key=lambda name: (int(share[name]) - share[name], name))
    for name in by_remainder[: max_notes - sum(take.values())]:
        take[name] += 1
    rng = generator(stream(seed, "evaluate", "test notes"))
    chosen: list[int] = []
    for name in names:
        chosen += rng.choice(np.array(members[name]), size=take[name], replace=False).tolist()
    return sorted(chosen)


def _notes_at(corpus: Path, split: Split, rows: Iterable[int]) -> Iterator[Note]:
    wanted = list(rows)
    first = 0
    for path in shard_paths(corpus, split):
        table = read_shard(path)
        here = [row - first for row in wanted if first <= row < first + table.num_rows]
        for row in table.take(here).to_pylist():
            yield note_from_row(row, split)
        first += table.num_rows
