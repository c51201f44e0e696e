"""Corpus validation: each planted fault fails for its own reason and shows no value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ghostchart.privacy.validation import run_validation
from ghostchart.schemas.code_systems import CodeSystems, load_code_systems
from ghostchart.schemas.errors import CorpusError
from ghostchart.schemas.note import SPLITS, Distractor, Note, Span, Surrogate

Make = Callable[..., Note]
Write = Callable[[Sequence[Note]], Path]


@pytest.fixture(scope="module")
def systems() -> CodeSystems:
    return load_code_systems()


@pytest.fixture
def notes(make_note: Make) -> list[Note]:
    return [make_note(place, split=split) for split in SPLITS for place in range(3)]


def test_a_sound_corpus_passes_with_counts(notes: list[Note], write_corpus: Write, systems: CodeSystems) -> None:
    (verdict,) = run_validation(write_corpus(notes), systems)
    assert verdict.gate == "corpus_validation"
    assert verdict.outcome == "passed", verdict.reasons
    assert next(m.value for m in verdict.measures if m.name == "notes checked") == 9
    kept = next(m for m in verdict.measures if m.name.startswith("Great Expectations"))
    assert kept.value == 1.0
    assert (kept.n or 0) > 60


def _code(note: Note, **changes: Any) -> Note:
    return replace(note, codes=(replace(note.codes[0], **changes), *note.codes[1:]))


FAULTS: dict[str, Callable[[Note, Make], Note]] = {
    "unknown code": lambda note, make: _code(note, value="I10.9"),
    "wrong release": lambda note, make: _code(note, release="ICD-10-CM 2019"),
    "wrong system": lambda note, make: _code(note, role="procedure"),
    "missing first-listed": lambda note, make: _code(note, role="secondary"),
    "external cause first": lambda note, make: make(0, codes=(("icd10cm", "W19.XXXA"),)),
    "duplicate code": lambda note, make: make(0, codes=(("icd10cm", "I10"), ("icd10cm", "I10"))),
    # R54 (age-related debility) excludes R53.1 (weakness) at the category level.
    "Excludes1 conflict": lambda note, make: make(0, codes=(("icd10cm", "R54"), ("icd10cm", "R53.1"))),
    "lost span": lambda note, make: _code(note, spans=(Span(5, 10_000),)),
    "no evidence": lambda note, make: _code(note, spans=()),
    "no rule": lambda note, make: _code(note, rules=()),
    "ledger mismatch": lambda note, make: replace(note, surrogates=(Surrogate(0, 6, "PERSON", "Secret Person"),)),
    "ledger type": lambda note, make: replace(note, surrogates=(Surrogate(0, 6, "SHOE_SIZE", note.text[:6]),)),
    "distractor span": lambda note, make: replace(note, distractors=(Distractor("negated", 9, 9),)),
    "empty text": lambda note, make: replace(note, text="   "),
    "invalid date": lambda note, make: replace(note, encounter_date=date(1066, 10, 14)),
    "age out of range": lambda note, make: replace(note, age=107),
}  # fmt: skip


@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_planted_fault_fails_for_its_reason(
    fault: str, notes: list[Note], make_note: Make, write_corpus: Write, systems: CodeSystems
) -> None:
    notes[0] = FAULTS[fault](notes[0], make_note)
    (verdict,) = run_validation(write_corpus(notes), systems)
    assert verdict.outcome == "failed"
    named = [reason for reason in verdict.reasons if reason.startswith(f"{fault}:")]
    assert len(named) == 1, verdict.reasons
    assert "1 row(s) (train-00000-of-00001.parquet: 1)" in named[0]


def test_splits_must_not_share_patients_families_or_note_ids(
    notes: list[Note], write_corpus: Write, systems: CodeSystems
) -> None:
    notes[-1] = replace(
        notes[-1], patient_id=notes[0].patient_id, template_family=notes[0].template_family, note_id=notes[1].note_id
    )
    told = " ".join(run_validation(write_corpus(notes), systems)[0].reasons)
    assert "1 patient(s) stand in more than one split" in told
    assert "1 template famil(ies) stand in more than one split" in told
    assert "repeated note id: 1 row(s)" in told


@pytest.mark.parametrize(
    ("column", "value", "expectation"),
    [
        ("sex", "Secretvalue", "expect column values to be in set: broken for column sex"),
        ("note_type", "Secretvalue", "expect column values to be in set: broken for column note_type"),
        ("seed", None, "expect column values to not be null: broken for column seed"),
    ],
)
def test_great_expectations_counts_are_taken_and_values_are_not(
    column: str, value: Any, expectation: str, notes: list[Note], write_corpus: Write, systems: CodeSystems
) -> None:
    notes[0] = replace(notes[0], **{column: value})
    (verdict,) = run_validation(write_corpus(notes), systems)
    assert any(reason.startswith(expectation) and "parquet: 1" in reason for reason in verdict.reasons), verdict.reasons
    assert "Secretvalue" not in verdict.model_dump_json()


def test_a_missing_shard_is_one_clear_error(notes: list[Note], write_corpus: Write, systems: CodeSystems) -> None:
    corpus = write_corpus(notes)
    (corpus / "data" / "test-00000-of-00001.parquet").unlink()
    with pytest.raises(CorpusError, match="split test has no shards"):
        run_validation(corpus, systems)
