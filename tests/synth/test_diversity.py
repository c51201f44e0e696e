"""Distance of the splits and variety, on corpora small enough to count by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from ghostchart.schemas.corpus import DATA, shard_name
from ghostchart.schemas.note import Note, NoteCode, Span, Split, notes_to_table
from ghostchart.synth.diversity import (
    compression_ratio,
    distinct_3,
    fixed_wording,
    grams_of,
    measure_splits,
    shared_4_grams,
    words_of,
)


def note(split: Split, *mentions: tuple[str, str]) -> Note:
    """A note that is nothing but its mentions."""
    text, codes = "", []
    for value, form in mentions:
        codes.append(
            NoteCode(
                "icd10cm", value, "", "r", "secondary", (), "", (Span(len(text), len(text) + len(form)),), ("MAP",)
            )
        )
        text += f"{form} | "
    return Note(
        "n", "p", "e", "ed", "ed", date(2026, 1, 1), 50, "F", text, tuple(codes), (), (), "f", "t", (), "s", split
    )


def corpus(folder: Path, *notes: Note) -> Path:
    (folder / DATA).mkdir()
    for split in ("train", "validation", "test"):
        own = [item for item in notes if item.split == split]
        pq.write_table(notes_to_table(own), folder / DATA / shard_name(split, 0, 1))
    return folder


def test_unseen_forms_are_counted_by_hand(tmp_path: Path) -> None:
    folder = corpus(
        tmp_path,
        note("train", ("I10", "HTN"), ("I10", "hypertension"), ("J18.9", "pneumonia"), ("Z79.4", "insulin")),
        note("test", ("I10", "htn"), ("I10", "high blood pressure"), ("J18.9", "Pneumonia"), ("R05.9", "cough")),
        note("test", ("Z79.4", "insulin glargine"), ("Z68.41", "BMI 44")),
    )
    found = {measure.name: measure for measure in measure_splits(folder)}
    unseen = found["unseen_surface_form_share"]
    assert unseen.n == 3  # R05.9 is not in training; drugs and measurements are no condition mentions
    assert unseen.value == pytest.approx(1 / 3)
    three = found["codes_in_three_surface_forms"]
    assert (three.value, three.n) == (1.0, 3)  # I10 alone; I10, J18.9 and R05.9 are documented


def test_containment_of_templates_is_below_the_bar_and_can_fail(tmp_path: Path) -> None:
    found = measure_splits(corpus(tmp_path, note("train", ("I10", "HTN")), note("test", ("I10", "HTN"))))[0]
    assert found.value is not None and found.n is not None
    assert found.n > 300
    assert found.value <= 0.10
    train = {gram for tokens in fixed_wording("train") for gram in grams_of(tokens, 8)}
    assert len(train & train) / len(train) > 0.10


def test_variety_of_texts() -> None:
    assert words_of("BP 120/80, O'Neil") == ["bp", "120", "80", "o'neil"]
    assert distinct_3(["a b c a b c"]) == pytest.approx(3 / 4)  # abc bca cab abc
    assert distinct_3([]) == 0.0
    rng = np.random.default_rng(0)
    assert shared_4_grams(["a b c d e", "a b c d x"], rng, 10) == pytest.approx(0.5)
    assert shared_4_grams(["alone"], rng) == 0.0
    assert compression_ratio(["same words"] * 200) > 10 > compression_ratio(["x"])
