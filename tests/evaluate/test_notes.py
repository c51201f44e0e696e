"""Drawing test notes and reading a user's own file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ghostchart.evaluate.notes import (
    draw_test_notes,
    read_code,
    test_note_ids,
    training_counts,
    write_code,
)
from ghostchart.schemas.codes import Code
from ghostchart.schemas.errors import CorpusError

test_note_ids.__test__ = False  # type: ignore[attr-defined]  # a function of ours, not a test


@pytest.fixture
def corpus(tmp_path: Path, make_note: Any, write_corpus: Any) -> Path:
    notes = [
        make_note(
            f"t{i}", f"note {i}", ["I10"], strata=["frailty"] if i % 40 == 0 else ["advanced_illness"] * (i % 25 == 1)
        )
        for i in range(200)
    ]
    notes += [make_note(f"r{i}", "text", ["I10", "I10", "E11.9"][: 1 + 2 * (i % 2)], split="train") for i in range(4)]
    return write_corpus(tmp_path, notes, shards=3).path  # type: ignore[no-any-return]


def test_draw_is_seeded_ordered_and_holds_rare_strata(corpus: Path) -> None:
    first = draw_test_notes(corpus, 40, seed=1)
    assert first == draw_test_notes(corpus, 40, seed=1)
    assert {note.note_id for note in first} != {note.note_id for note in draw_test_notes(corpus, 40, seed=2)}
    assert len(first) == 40
    numbers = [int(note.note_id[1:]) for note in first]
    assert numbers == sorted(set(numbers))
    # 5 of 200 notes are frail: a plain draw of 40 would hold one.
    assert sum("frailty" in note.strata for note in first) == 5
    assert sum("advanced_illness" in note.strata for note in first) >= 5
    assert all(note.text == f"note {note.note_id[1:]}" for note in first)


def test_draw_of_all_is_all(corpus: Path) -> None:
    assert [note.note_id for note in draw_test_notes(corpus, 10_000, seed=1)] == list(test_note_ids(corpus))


def test_a_draw_too_small_for_floors_is_proportional(corpus: Path) -> None:
    drawn = draw_test_notes(corpus, 10, seed=1)
    assert len(drawn) == 10
    assert sum(not note.strata for note in drawn) >= 8


def test_training_counts_are_notes_not_mentions(corpus: Path) -> None:
    assert training_counts(corpus) == {Code("icd10cm", "I10"): 4, Code("icd10cm", "E11.9"): 2}


def test_empty_split_and_corrupt_shard_and_double_id(tmp_path: Path, make_note: Any, write_corpus: Any) -> None:
    empty = write_corpus(tmp_path / "a", [make_note("r", "x", ["I10"], split="train")])
    with pytest.raises(CorpusError, match="test split is empty"):
        draw_test_notes(empty.path, 5, seed=0)
    doubled = write_corpus(tmp_path / "b", [make_note("t", "x", ["I10"]), make_note("t", "y", ["I10"])])
    with pytest.raises(CorpusError, match="occurs twice"):
        draw_test_notes(doubled.path, 5, seed=0)
    broken = write_corpus(tmp_path / "c", [make_note("t", "x", ["I10"])])
    (broken.path / "data" / "test-00000-of-00001.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(CorpusError, match="cannot read shard") as caught:
        draw_test_notes(broken.path, 5, seed=0)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("written", ["I10", "E11.22", "99214-25", "99213-25-95", "G0439", "E0601", "QA0.0101"])
def test_written_codes_come_back(written: str) -> None:
    assert write_code(read_code(written)) == written


def test_dot_tells_diagnosis_from_supply() -> None:
    assert read_code("E11.22").code.system == "icd10cm"
    assert read_code("E1122").code.system == "hcpcs"
    assert read_code("i10").code == Code("icd10cm", "I10")
