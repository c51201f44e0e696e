"""Corpus validation: each planted fault fails for its own reason and shows no value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ghostchart.privacy.validation import run_validation
from ghostchart.privacy.validation_rules import RowRules
from ghostchart.schemas.code_systems import CodeSystems, load_code_systems
from ghostchart.schemas.errors import CorpusError
from ghostchart.schemas.note import SPLITS, Distractor, Note, Span, Surrogate, notes_to_table

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
    return replace(note, codes=(note.codes[0]._replace(**changes), *note.codes[1:]))


FAULTS: dict[str, Callable[[Note, Make], Note]] = {
    "unknown code": lambda note, make: _code(note, value="I10.9"),
    "wrong release": lambda note, make: _code(note, release="ICD-10-CM 2019"),
    "wrong system": lambda note, make: _code(note, role="procedure"),
    "missing first-listed": lambda note, make: _code(note, role="secondary"),
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


# One planted fault for every kind of coding rule: codes, changes of the note, the rule that must be named.
CODING_FAULTS: list[tuple[str, str, dict[str, Any]]] = [
    ("G02", "S52.501", {}),
    ("G03", "S32.010S M54.50", {}),
    ("G05", "M17.11 M17.12", {}),
    ("G06", "N39.0 N30.00", {}),
    ("F01", "R54 R53.1", {"age": 80}),
    ("G08", "F02.80 G30.9", {}),
    ("G08", "N18.31 E11.22", {}),
    ("G09", "I10 I10", {}),
    ("G10", "E11.9 N18.31", {}),
    ("G11", "E11.9 E11.22 N18.31", {}),
    ("G14", "J18.9 R05.9", {}),
    ("G15", "I50.31 I50.32", {}),
    ("E03", "E11.22", {}),
    ("C01", "I11.0", {}),
    ("C03", "I11.0 I13.0 I50.9 N18.4", {}),
    ("N02", "C18.9 Z51.11", {}),
    ("N03", "C50.911 Z85.3", {}),
    ("P02", "O26.891 Z3A.28", {"age": 30}),
    ("X04", "W19.XXXA S01.01XA", {}),
    ("Z05", "Z59.01 I10", {}),
    ("PT.sex", "N40.1", {"sex": "F"}),
    ("PT.age", "P07.18", {"age": 44}),
    ("PT.age", "O24.410", {"age": 80}),
    ("E08", "E66.811 Z68.32", {"age": 12}),
    ("I01", "I10", {"setting": "inpatient"}),
    ("C08", "I63.9", {}),
    ("EM.modifier_25", "M17.11 cpt:99213 cpt:20610", {}),
]


@pytest.fixture(scope="module")
def row_rules(systems: CodeSystems) -> RowRules:
    return RowRules(systems)


def _planted(make_note: Make, codes: str, changes: dict[str, Any], number: int = 1) -> Note:
    given = [("cpt", item[4:]) if item.startswith("cpt:") else ("icd10cm", item) for item in codes.split()]
    return make_note(number, codes=given, **changes)


@pytest.mark.parametrize(("rule", "codes", "changes"), CODING_FAULTS, ids=lambda value: str(value)[:40])
def test_a_planted_coding_fault_is_found(
    rule: str, codes: str, changes: dict[str, Any], make_note: Make, row_rules: RowRules
) -> None:
    (row,) = notes_to_table([_planted(make_note, codes, changes)]).to_pylist()
    assert f"coding rule {rule}" in set(row_rules.broken_rules(row))


def test_one_broken_coding_rule_fails_the_corpus(
    notes: list[Note], make_note: Make, write_corpus: Write, systems: CodeSystems
) -> None:
    notes[1] = _planted(make_note, "M17.11 M17.12", {})
    (verdict,) = run_validation(write_corpus(notes), systems)
    assert verdict.outcome == "failed"
    assert len(verdict.reasons) == 1
    assert verdict.reasons[0].startswith("coding rule G05: A documented side is coded")
    assert "in 1 row(s) (train-00000-of-00001.parquet: 1)" in verdict.reasons[0]
    broken = next(m for m in verdict.measures if m.name.startswith("coding rules broken"))
    assert (broken.value, broken.limit) == (1.0, 0.0)
    assert "M17.11" not in verdict.model_dump_json()


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
