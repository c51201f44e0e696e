"""Passages of source notes in the corpus: found verbatim and nearly so, told from common wording, or said to be nothing."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

from ghostchart.privacy.attacks.text_copies import run_text_copies
from ghostchart.privacy.policy import load_policy
from ghostchart.schemas.ehr import empty_table, table_from_columns
from ghostchart.schemas.verdict import Verdict

_WORDS = [f"word{i}" for i in range(3000)]


def notes(n: int, seed: int, words: int = 60) -> pa.Table:
    rng = np.random.default_rng(seed)
    texts = [" ".join(rng.choice(_WORDS, words)) for _ in range(n)]
    ids = [f"n{seed}-{i}" for i in range(n)]
    return table_from_columns("notes", {"note_id": ids, "patient_id": ids, "encounter_id": ids, "text": texts})


def _run(train: pa.Table, holdout: pa.Table, corpus: list[str]) -> Verdict:
    return run_text_copies(train, holdout, corpus, load_policy())


def test_a_source_without_notes_is_said_to_have_none() -> None:
    verdict = _run(empty_table("notes"), empty_table("notes"), ["some text"])
    assert verdict.outcome == "passed"
    assert "the source has no notes" in verdict.reasons[0]


def test_unrelated_notes_pass_with_both_numbers() -> None:
    verdict = _run(notes(400, 1), notes(400, 2), notes(400, 3)["text"].to_pylist())
    assert verdict.outcome == "passed", verdict.reasons
    assert [measure.value for measure in verdict.measures] == [0.0] * 4


def test_a_copied_passage_fails_whatever_its_case_and_punctuation() -> None:
    train = notes(400, 1)
    stolen = [" ".join(text.split()[20:50]).upper().replace(" ", ", ") for text in train["text"].to_pylist()[:40]]
    verdict = _run(train, notes(400, 2), [*notes(100, 3)["text"].to_pylist(), *stolen])
    assert verdict.outcome == "failed"
    assert "40 of 400 notes of training patients" in verdict.reasons[0]
    assert "verbatim" in verdict.reasons[0]


def test_a_note_with_every_tenth_word_changed_is_nearly_verbatim() -> None:
    train = notes(400, 1)
    changed = []
    for text in train["text"].to_pylist()[:40]:
        words = text.split()
        words[::11] = ["other"] * len(words[::11])
        changed.append(" ".join(words))
    verdict = _run(train, notes(400, 2), changed)
    assert verdict.outcome == "failed"
    assert len(verdict.reasons) == 1
    assert "near-verbatim" in verdict.reasons[0]


def test_wording_that_everybody_uses_is_no_leak() -> None:
    common = " ".join(_WORDS[:40])
    train, holdout = (
        part.set_column(3, "text", pa.array([f"{text} {common}" for text in part["text"].to_pylist()]))
        for part in (notes(300, 1), notes(300, 2))
    )
    verdict = _run(train, holdout, [common])
    assert verdict.outcome == "passed", verdict.reasons
    assert verdict.measures[0].value == verdict.measures[0].baseline == 1.0


def test_few_notes_are_inconclusive_and_no_word_is_shown() -> None:
    train = notes(50, 1)
    verdict = _run(train, notes(400, 2), ["x"])
    assert verdict.outcome == "inconclusive"
    assert verdict.reasons == ("needs at least 100 source notes of training and of held-out patients, has 50 and 400",)
    leaked = _run(notes(400, 1), notes(400, 2), notes(400, 1)["text"].to_pylist())
    assert leaked.outcome == "failed"
    assert not re.search(r"word\d", leaked.model_dump_json())


def test_a_few_copies_are_neither_proof_nor_nothing() -> None:
    train = notes(300, 1)
    verdict = _run(train, notes(100, 2), train["text"].to_pylist()[:4])
    assert verdict.outcome == "inconclusive"
    assert "4 of 300 notes of training patients" in verdict.reasons[0]
