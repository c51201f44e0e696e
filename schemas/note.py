"""A coded note and its row in the corpus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, chain
from operator import attrgetter
from typing import Any, Literal, NamedTuple

import pyarrow as pa

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


class Span(NamedTuple):
    """Half-open range of character positions (Unicode code points) in the note's text."""

    start: int
    end: int


class NoteCode(NamedTuple):
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


class Surrogate(NamedTuple):
    """One fake identifier in the text: ``text[start:end] == value``. ``entity_type`` as in :data:`ENTITY_TYPES`."""

    start: int
    end: int
    entity_type: str
    value: str


class Distractor(NamedTuple):
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
_CODE, _SURROGATE, _DISTRACTOR = (
    NOTE_SCHEMA.field(name).type.value_type for name in ("codes", "surrogates", "distractors")
)


def notes_to_table(notes: Iterable[Note]) -> pa.Table:
    """Notes as an Arrow table in :data:`NOTE_SCHEMA`, built column by column: rows of dictionaries take three times as long."""
    listed = list(notes)
    columns: dict[str, pa.Array] = {
        name: pa.array(list(map(attrgetter(name), listed)), NOTE_SCHEMA.field(name).type) for name in _PLAIN_COLUMNS
    }
    columns["codes"] = _nested([note.codes for note in listed], _CODE)
    columns["surrogates"] = _nested([note.surrogates for note in listed], _SURROGATE)
    columns["distractors"] = _nested([note.distractors for note in listed], _DISTRACTOR)
    return pa.Table.from_arrays([columns[name] for name in NOTE_SCHEMA.names], schema=NOTE_SCHEMA)


def _nested(lists: Sequence[Sequence[object]], kind: pa.StructType) -> pa.ListArray:
    """One list of records for each item of ``lists``; fields are attributes, records in records nest once more."""
    flat = list(chain.from_iterable(lists))
    fields = [kind.field(place) for place in range(kind.num_fields)]
    columns = []
    for field in fields:
        values = list(map(attrgetter(field.name), flat))
        holds_records = pa.types.is_list(field.type) and pa.types.is_struct(field.type.value_type)
        columns.append(_nested(values, field.type.value_type) if holds_records else pa.array(values, field.type))
    offsets = pa.array([0, *accumulate(map(len, lists))], pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(columns, fields=fields))


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
