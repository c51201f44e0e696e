"""Pairs of codes taken for each other, and calibration: against hand-made tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostchart.evaluate.calibration import calibration_of
from ghostchart.evaluate.errors_found import Confusion, confusions, errors_of
from ghostchart.evaluate.metrics import ScoredNote, decision_counts, in_group
from ghostchart.evaluate.notes import CodedNote, read_code
from ghostchart.evaluate.prediction_files import Predicted

VALUES = ("I10", "I12.9", "E11.22", "E11.9", "N18.30", "99213", "99214", "83036", "G0439")
code_lists = st.lists(st.sampled_from(VALUES), max_size=6)


def note(gold: list[str], predicted: list[str], note_id: str = "n") -> ScoredNote:
    return ScoredNote(note_id, tuple(map(read_code, gold)), tuple(map(read_code, predicted)))


def values(pairs: object) -> list[tuple[str, ...]]:
    return [tuple(code.value for code in pair) for pair in pairs]  # type: ignore[attr-defined]


def test_longest_common_beginning_is_paired_first() -> None:
    found = errors_of(note(["E11.22", "E10.9", "I10", "99214"], ["E11.9", "E10.65", "J44.1", "99213", "83036"]))
    assert values(found.confused) == [("99214", "99213"), ("E10.9", "E10.65"), ("E11.22", "E11.9")]
    assert [code.value for code in found.missed] == ["I10"]
    assert [code.value for code in found.invented] == ["83036", "J44.1"]
    assert found.number == 2 * 3 + 1 + 2


@pytest.mark.parametrize(("gold", "predicted"), [("99214", "93000"), ("E03.9", "E10.10"), ("I35.0", "I11.0")])
def test_a_first_character_in_common_is_no_resemblance(gold: str, predicted: str) -> None:
    found = errors_of(note([gold], [predicted]))
    assert not found.confused
    assert (len(found.missed), len(found.invented)) == (1, 1)


def test_confusions_are_counted_over_notes() -> None:
    notes = [
        note(["E11.22", "I10"], ["E11.9", "I10"]),
        note(["E11.22"], ["E11.9"]),
        note(["E11.22"], ["E11.22"]),
        note(["I10"], ["I12.9"]),
    ]
    first, second = confusions(notes, 5)
    assert first == Confusion(read_code("E11.22").code, read_code("E11.9").code, 2, 3)
    assert second == Confusion(read_code("I10").code, read_code("I12.9").code, 1, 2)
    assert confusions(notes, 1) == [first]


@given(code_lists, code_lists)
def test_every_wrong_decision_is_told_once(gold: list[str], predicted: list[str]) -> None:
    one = note(gold, predicted)
    found = errors_of(one)
    _, wrong, missed = decision_counts([one], in_group("all"))[0]
    assert len(found.confused) + len(found.missed) == missed
    assert len(found.confused) + len(found.invented) == wrong


def test_calibration_by_hand() -> None:
    notes = [CodedNote("a", "", (read_code("I10"), read_code("E11.9"))), CodedNote("b", "", (read_code("I10"),))]
    codes = tuple(map(read_code, ("I10", "E11.9", "N18.30")))
    predictions = {
        "a": Predicted(codes, confidence=(1.0, 0.92, 0.35)),  # right, right, wrong
        "b": Predicted(codes[:2], confidence=(0.31, 0.98)),  # right, wrong
    }
    found = calibration_of(notes, predictions)
    assert found is not None
    assert found["n_codes"] == 5
    low, high = found["bins"]  # type: ignore[misc]
    assert (low["low"], low["n"], low["right"], low["confidence"]) == (0.3, 2, 0.5, pytest.approx(0.33))
    assert (high["high"], high["n"]) == (1.0, 3)
    assert high["confidence"] == pytest.approx(2.9 / 3)
    assert high["right"] == pytest.approx(2 / 3)
    assert found["expected_calibration_error"] == pytest.approx(2 / 5 * 0.17 + 3 / 5 * 0.3)
    squares = (0.0, 0.08**2, 0.35**2, 0.69**2, 0.98**2)
    assert found["brier_score"] == pytest.approx(sum(squares) / 5)


def test_without_confidence_there_is_no_calibration() -> None:
    notes = [CodedNote("a", "", (read_code("I10"),))]
    assert calibration_of(notes, {"a": Predicted((read_code("I10"),))}) is None
    assert calibration_of(notes, {"a": Predicted((), confidence=())}) is None
