"""Coded notes of a user's own, from JSON lines or CSV. Messages name rows and columns, never what stands in them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ghostchart.evaluate.notes import CodedNote, read_codes
from ghostchart.schemas.code_systems import CodeSystems
from ghostchart.schemas.codes import Code, icd10cm
from ghostchart.schemas.errors import CodeError, InputError

_COLUMNS = ("note_id", "text", "codes")
_JSON_SUFFIXES = (".jsonl", ".json", ".ndjson")
_NEEDED = "Each note needs note_id, text and codes (codes may be empty)"
_CSV_CELL_CHARACTERS = 1 << 30  # Python's own limit of 128 KiB is shorter than some charts
_CATEGORY_CHARACTERS = 3


def read_notes_file(path: Path) -> tuple[CodedNote, ...]:
    """Coded notes of a user: JSON Lines or CSV with ``note_id``, ``text`` and ``codes``.

    ``codes`` is a list of strings (JSON Lines) or one string separated by commas, semicolons or blanks. ICD-10-CM codes
    carry their dot; modifiers follow a procedure code after hyphens ("99214-25").

    Raises:
        InputError: unreadable, a missing column, an empty note, a note id twice, no notes, or a code of no known shape
            (row named).
    """
    rows = _json_rows(path) if path.suffix.lower() in _JSON_SUFFIXES else _csv_rows(path)
    notes: dict[str, CodedNote] = {}
    for number, row in rows:
        where = f"{path.name}, row {number}"
        for column in _COLUMNS:
            if row.get(column) is None:
                raise InputError(f"the note has no {column}", where=where, fix=_NEEDED)
        note_id, text = str(row["note_id"]).strip(), str(row["text"])
        if not note_id or not text.strip():
            raise InputError(f"the note's {'text' if note_id else 'note_id'} is empty", where=where, fix=_NEEDED)
        if note_id in notes:
            raise InputError("a note id occurs a second time", where=where, fix="Give each note an id of its own")
        notes[note_id] = CodedNote(note_id=note_id, text=text, gold=read_codes(row["codes"], where=where))
    if not notes:
        raise InputError("there are no notes", where=str(path), fix=_NEEDED)
    return tuple(notes.values())


def check_dots(notes: Iterable[CodedNote], systems: CodeSystems, where: str) -> None:
    """Refuse gold codes that are ICD-10-CM codes without their dot: they read like procedure codes that do not exist.

    Raises:
        InputError: how many there are, and in which note the first stands.
    """
    found = [
        number
        for number, note in enumerate(notes, start=1)
        for item in note.gold
        if not systems.is_billable(item.code) and _is_undotted_diagnosis(item.code, systems)
    ]
    if found:
        raise InputError(
            f"ICD-10-CM codes without their dot: {len(found)}, the first in note {found[0]}",
            where=where,
            fix="Write the dot: E11.22",
        )


def _is_undotted_diagnosis(code: Code, systems: CodeSystems) -> bool:
    if code.system == "icd10cm":
        return False
    category, rest = code.value[:_CATEGORY_CHARACTERS], code.value[_CATEGORY_CHARACTERS:]
    try:
        return systems.is_billable(icd10cm(f"{category}.{rest}"))
    except CodeError:
        return False


def _json_rows(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    # Not splitlines: a JSON text may hold U+2028 and its like.
    for number, line in enumerate(_read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise InputError(
                "the line is not a JSON object",
                where=f"{path.name}, row {number}",
                fix='Write one note a line: {"note_id": "...", "text": "...", "codes": ["E11.22"]}',
            )
        yield number, row


def _csv_rows(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    # The cells of the first line are not told: in a file without column names they are a note.
    named = "The first line of a CSV file must be note_id,text,codes; JSON lines need a name ending in .jsonl"
    csv.field_size_limit(_CSV_CELL_CHARACTERS)
    rows = csv.DictReader(io.StringIO(_read_text(path), newline=""), strict=True)
    number = 1
    try:
        missing = [column for column in _COLUMNS if column not in (rows.fieldnames or ())]
        if missing:
            raise InputError(f"there is no column {' and no column '.join(missing)}", where=path.name, fix=named)
        for number, row in enumerate(rows, start=2):
            if None in row:
                raise InputError(
                    "the row has more cells than there are columns",
                    where=f"{path.name}, row {number}",
                    fix="Put texts with commas into double quotes",
                )
            yield number, row
    except csv.Error as error:
        raise InputError(
            f"the file is not CSV: {error}",
            where=f"{path.name}, row {number + 1}",
            fix="Put texts with commas and line breaks into double quotes, and double the quotes inside them",
        ) from None


def _read_text(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(
            f"cannot read the notes: {error.strerror}", where=str(path), fix="Give a JSON lines or CSV file"
        ) from None
    except UnicodeDecodeError:
        raise InputError(
            "the notes are not UTF-8 text", where=str(path), fix="Save them as JSON lines or CSV in UTF-8"
        ) from None
    if "\x00" in text:
        raise InputError(
            "the notes hold NUL characters", where=str(path), fix="Save them as JSON lines or CSV in UTF-8"
        )
    return text
