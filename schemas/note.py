"""A coded note and its row in the corpus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import pyarrow as pa

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open range of character positions (Unicode code points) in the note's text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class NoteCode:
    """One gold code of a note with the text that supports it and the rules that gave it.

    ``role`` is "first_listed", "secondary" or "procedure"; ``poa`` is "" where it does not apply; ``spans`` and
    ``rules`` are never empty.
    """

    system: str
    value: str
    description: str
    release: str
    role: str
    modifiers: tuple[str, ...]
    poa: str
    spans: tuple[Span, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Surrogate:
    """One fake identifier in the text: ``text[start:end] == value``. ``entity_type`` as in :data:`ENTITY_TYPES`."""

    start: int
    end: int
    entity_type: str
    value: str


@dataclass(frozen=True, slots=True)
class Distractor:
    """A mention that must not be coded as it reads: ``kind`` as in the distractor list ("negated", "family history", ...).

    A few kinds are coded all the same, with another code than the words suggest (a treated "history of" is active).
    """

    kind: str
    start: int
    end: int


# Names follow Presidio where it has one; the others are ours.
ENTITY_TYPES: tuple[str, ...] = (
    "PERSON",
    "DATE_TIME",
    "AGE_OVER_89",
    "STREET_ADDRESS",
    "CITY",
    "ZIP_CODE",
    "PHONE_NUMBER",
    "FAX_NUMBER",
    "EMAIL_ADDRESS",
    "US_SSN",
    "MEDICAL_RECORD_NUMBER",
    "ACCOUNT_NUMBER",
    "HEALTH_PLAN_NUMBER",
    "LICENSE_NUMBER",
    "VEHICLE_ID",
    "DEVICE_ID",
    "URL",
    "IP_ADDRESS",
    "BIOMETRIC_ID",
    "FACILITY",
)


@dataclass(frozen=True, slots=True)
class Note:
    """One synthetic note; columns of the corpus in order. ``split`` decides the shard and is not a column."""

    note_id: str
    patient_id: str
    encounter_id: str
    note_type: str
    setting: str
    encounter_date: date
    age: int
    sex: str
    text: str
    codes: tuple[NoteCode, ...]
    surrogates: tuple[Surrogate, ...]
    distractors: tuple[Distractor, ...]
    template_family: str
    template_id: str
    strata: tuple[str, ...]
    seed: str
    split: Split


_SPAN = pa.struct([("start", pa.int32()), ("end", pa.int32())])
NOTE_SCHEMA = pa.schema(
    [
        ("note_id", pa.string()),
        ("patient_id", pa.string()),
        ("encounter_id", pa.string()),
        ("note_type", pa.string()),
        ("setting", pa.string()),
        ("encounter_date", pa.date32()),
        ("age", pa.int32()),
        ("sex", pa.string()),
        ("text", pa.string()),
        (
            "codes",
            pa.list_(
                pa.struct(
                    [
                        ("system", pa.string()),
                        ("value", pa.string()),
                        ("description", pa.string()),
                        ("release", pa.string()),
                        ("role", pa.string()),
                        ("modifiers", pa.list_(pa.string())),
                        ("poa", pa.string()),
                        ("spans", pa.list_(_SPAN)),
                        ("rules", pa.list_(pa.string())),
                    ]
                )
            ),
        ),
        (
            "surrogates",
            pa.list_(
                pa.struct(
                    [
                        ("start", pa.int32()),
                        ("end", pa.int32()),
                        ("entity_type", pa.string()),
                        ("value", pa.string()),
                    ]
                )
            ),
        ),
        (
            "distractors",
            pa.list_(pa.struct([("kind", pa.string()), ("start", pa.int32()), ("end", pa.int32())])),
        ),
        ("template_family", pa.string()),
        ("template_id", pa.string()),
        ("strata", pa.list_(pa.string())),
        ("seed", pa.string()),
    ]
)


_PLAIN_COLUMNS = tuple(name for name in NOTE_SCHEMA.names if name not in {"codes", "surrogates", "distractors"})
_PLAIN_CODE_FIELDS = tuple(field.name for field in NOTE_SCHEMA.field("codes").type.value_type if field.name != "spans")


def notes_to_table(notes: Iterable[Note]) -> pa.Table:
    """Notes as an Arrow table in :data:`NOTE_SCHEMA`."""
    return pa.Table.from_pylist([_row(note) for note in notes], schema=NOTE_SCHEMA)


def _row(note: Note) -> dict[str, object]:
    """One row of a shard; ``dataclasses.asdict`` copies every string's container twice and takes ten times as long."""
    row: dict[str, object] = {name: getattr(note, name) for name in _PLAIN_COLUMNS}
    row["codes"] = [
        {name: getattr(code, name) for name in _PLAIN_CODE_FIELDS}
        | {"spans": [{"start": span.start, "end": span.end} for span in code.spans]}
        for code in note.codes
    ]
    row["surrogates"] = [
        {"start": item.start, "end": item.end, "entity_type": item.entity_type, "value": item.value}
        for item in note.surrogates
    ]
    row["distractors"] = [{"kind": item.kind, "start": item.start, "end": item.end} for item in note.distractors]
    return row


def note_from_row(row: Mapping[str, Any], split: Split) -> Note:
    """A note from one row of a shard (``table.to_pylist()``)."""
    values = dict(row)
    values["codes"] = tuple(
        NoteCode(
            **{
                **code,
                "modifiers": tuple(code["modifiers"]),
                "spans": tuple(Span(**span) for span in code["spans"]),
                "rules": tuple(code["rules"]),
            }
        )
        for code in row["codes"]
    )
    values["surrogates"] = tuple(Surrogate(**item) for item in row["surrogates"])
    values["distractors"] = tuple(Distractor(**item) for item in row["distractors"])
    values["strata"] = tuple(row["strata"])
    return Note(**values, split=split)
