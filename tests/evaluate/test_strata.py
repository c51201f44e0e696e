"""Strata: who belongs where, small ones stay silent, bands look at codes."""

from __future__ import annotations

from collections import Counter

import pytest

from ghostchart.evaluate.metrics import ScoredNote
from ghostchart.evaluate.notes import CodedNote, read_code
from ghostchart.evaluate.strata import NOT_MEASURABLE, Sampling, frequency_bands, score_strata, strata_of_note
from ghostchart.schemas.code_systems import CodeSystems
from ghostchart.schemas.codes import Code

SAMPLING = Sampling(resamples=200, seed=0)


def note(number: int, codes: list[str], **properties: object) -> CodedNote:
    return CodedNote(note_id=f"n{number}", text="", gold=tuple(map(read_code, codes)), **properties)  # type: ignore[arg-type]


def icd(value: str) -> Code:
    return Code("icd10cm", value)


def test_a_note_belongs_to_all_its_strata(systems: CodeSystems) -> None:
    one = note(
        1,
        ["99213", "I10", "E11.9"],
        strata=("frailty",),
        note_type="ed",
        setting="ed",
        template_family="terse",
        distractors=("negated",),
    )
    assert strata_of_note(one, systems) == (
        "chapter:9",
        "codes:1-3",
        "distractor:negated",
        "family:terse",
        "frailty",
        "note_type:ed",
        "setting:ed",
    )


@pytest.mark.parametrize(("number", "name"), [(0, "0"), (1, "1-3"), (3, "1-3"), (4, "4-6"), (9, "7-9"), (10, "10+")])
def test_number_of_codes(systems: CodeSystems, number: int, name: str) -> None:
    assert f"codes:{name}" in strata_of_note(note(1, [f"9921{i}" for i in range(number)]), systems)


def test_bands_follow_shares_of_training_decisions() -> None:
    training = Counter({icd("I10"): 50, icd("E11.9"): 30, icd("J44.1"): 10, icd("N18.30"): 6, icd("R05.9"): 4})
    assert frequency_bands(training) == {
        icd("I10"): "head",  # nothing before it
        icd("E11.9"): "mid",  # half before it
        icd("J44.1"): "mid",
        icd("N18.30"): "tail",  # nine tenths before it
        icd("R05.9"): "tail",
    }


def test_small_strata_have_n_but_no_f1(systems: CodeSystems) -> None:
    notes = [note(i, ["I10"], strata=("frailty",) if i < 4 else ("advanced_illness",)) for i in range(9)]
    scored = [ScoredNote(one.note_id, one.gold, one.gold) for one in notes]
    strata = score_strata(notes, scored, systems, None, SAMPLING)
    assert strata["frailty"] == {"n_notes": 4, "note": NOT_MEASURABLE}
    assert strata["advanced_illness"]["n_notes"] == 5
    assert strata["advanced_illness"]["micro_f1"] == 1.0
    assert strata["advanced_illness"]["micro_f1_ci"] == (1.0, 1.0)
    assert not any(name.startswith("band:") for name in strata)


def test_strata_that_must_always_be_there(systems: CodeSystems) -> None:
    strata = score_strata([], [], systems, None, SAMPLING)
    assert strata == {name: {"n_notes": 0, "note": NOT_MEASURABLE} for name in ("advanced_illness", "frailty")}


def test_bands_count_only_their_own_codes(systems: CodeSystems) -> None:
    training = Counter({icd("I10"): 90, icd("E11.9"): 10})
    notes = [note(i, ["I10", "J44.1"]) for i in range(6)]
    predicted = tuple(map(read_code, ["I10", "E11.9"]))
    scored = [ScoredNote(one.note_id, one.gold, predicted) for one in notes]
    strata = score_strata(notes, scored, systems, training, SAMPLING)
    assert strata["band:head"]["micro_f1"] == 1.0  # I10 always right
    assert strata["band:tail"]["micro_f1"] == 0.0  # E11.9 always wrong
    assert strata["band:tail"]["recall"] == 0.0
    assert strata["band:unseen"]["micro_f1"] == 0.0  # J44.1 never found
    assert strata["band:mid"] == {"n_notes": 0, "note": NOT_MEASURABLE}


def test_stratum_scores_only_its_notes(systems: CodeSystems) -> None:
    notes = [note(i, ["I10", "99213"], note_type="ed" if i < 5 else "awv") for i in range(10)]
    scored = [ScoredNote(one.note_id, one.gold, one.gold if one.note_type == "ed" else one.gold[:1]) for one in notes]
    strata = score_strata(notes, scored, systems, None, SAMPLING)
    assert strata["note_type:ed"]["micro_f1"] == 1.0
    assert strata["note_type:awv"]["micro_f1"] == pytest.approx(2 / 3)
    assert strata["note_type:awv"]["icd10cm_micro_f1"] == 1.0
    assert strata["note_type:awv"]["procedures_micro_f1"] == 0.0
