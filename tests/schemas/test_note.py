"""Notes survive the way into a shard and back."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostchart.schemas.note import (
    ENTITY_TYPES,
    NOTE_SCHEMA,
    SPLITS,
    Distractor,
    Note,
    NoteCode,
    Span,
    Surrogate,
    note_from_row,
    notes_to_table,
)

# The columns and their order as the design page lists them.
COLUMNS = [
    "note_id",
    "patient_id",
    "encounter_id",
    "note_type",
    "setting",
    "encounter_date",
    "age",
    "sex",
    "text",
    "codes",
    "surrogates",
    "distractors",
    "template_family",
    "template_id",
    "strata",
    "seed",
]

text = st.text(alphabet=st.characters(codec="utf-8"), max_size=30)
position = st.integers(0, 2**31 - 1)
spans = st.builds(Span, position, position)
codes = st.builds(
    NoteCode,
    system=text,
    value=text,
    description=text,
    release=text,
    role=text,
    modifiers=st.lists(text, max_size=3).map(tuple),
    poa=text,
    spans=st.lists(spans, max_size=3).map(tuple),
    rules=st.lists(text, max_size=3).map(tuple),
)
notes = st.builds(
    Note,
    **{
        name: text
        for name in COLUMNS
        if name not in ("encounter_date", "age", "codes", "surrogates", "distractors", "strata")
    },
    encounter_date=st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    age=st.integers(0, 90),
    codes=st.lists(codes, max_size=3).map(tuple),
    surrogates=st.lists(st.builds(Surrogate, position, position, text, text), max_size=3).map(tuple),
    distractors=st.lists(st.builds(Distractor, text, position, position), max_size=3).map(tuple),
    strata=st.lists(text, max_size=3).map(tuple),
    split=st.sampled_from(SPLITS),
)


def test_columns_are_the_documented_ones() -> None:
    assert NOTE_SCHEMA.names == COLUMNS
    fields = [field.name for field in dataclasses.fields(Note)]
    assert fields == [*COLUMNS, "split"]
    code = NOTE_SCHEMA.field("codes").type.value_type
    assert tuple(code.field(index).name for index in range(code.num_fields)) == NoteCode._fields


@settings(max_examples=60, deadline=None)
@given(st.lists(notes, max_size=4))
def test_round_trip_through_arrow(written: list[Note]) -> None:
    rows = notes_to_table(written).to_pylist()
    assert [note_from_row(row, note.split) for row, note in zip(rows, written, strict=True)] == written


def test_round_trip_through_parquet_keeps_schema_and_code_points(tmp_path: Path) -> None:
    value = "Zoë 𝔸"
    body = f"Ms. {value} has no cough."
    note = Note(
        note_id="n",
        patient_id="p",
        encounter_id="e",
        note_type="ed",
        setting="ed",
        encounter_date=date(2024, 2, 29),
        age=90,
        sex="F",
        text=body,
        codes=(),
        surrogates=(Surrogate(4, 4 + len(value), "PERSON", value),),
        distractors=(Distractor("negated", body.index("cough"), body.index("cough") + 5),),
        template_family="f",
        template_id="t",
        strata=("frailty",),
        seed="00",
        split="test",
    )
    path = tmp_path / "shard.parquet"
    pq.write_table(notes_to_table([note]), path)
    table = pq.read_table(path)
    assert table.schema.remove_metadata().equals(NOTE_SCHEMA)
    (back,) = (note_from_row(row, "test") for row in table.to_pylist())
    assert back == note
    (surrogate,) = back.surrogates
    assert back.text[surrogate.start : surrogate.end] == value
    (distractor,) = back.distractors
    assert back.text[distractor.start : distractor.end] == "cough"


def test_no_notes_make_an_empty_table_of_the_schema() -> None:
    table = notes_to_table([])
    assert table.num_rows == 0
    assert table.schema.equals(NOTE_SCHEMA)


def test_same_notes_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        pq.write_table(notes_to_table([_plain(), _plain()]), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_value_of_the_wrong_kind_does_not_get_in() -> None:
    with pytest.raises((pa.ArrowInvalid, pa.ArrowTypeError)):
        notes_to_table([dataclasses.replace(_plain(), age="old")])  # type: ignore[arg-type]


def test_notes_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        _plain().text = "other"  # type: ignore[misc]


def test_entity_types_are_distinct() -> None:
    assert len(set(ENTITY_TYPES)) == len(ENTITY_TYPES)


def _plain() -> Note:
    strings = {name: "x" for name in COLUMNS if name not in ("codes", "surrogates", "distractors", "strata")}
    return Note(
        **{**strings, "encounter_date": date(2025, 1, 1), "age": 1},  # type: ignore[arg-type]
        codes=(),
        surrogates=(),
        distractors=(),
        strata=(),
        split="train",
    )
