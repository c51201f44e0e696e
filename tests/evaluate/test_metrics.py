"""Definitions against hand-computed tables, scikit-learn and properties that must hold for any input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_score, recall_score
from sklearn.preprocessing import MultiLabelBinarizer

from ghostchart.evaluate.metrics import (
    GROUPS,
    ScoredNote,
    code_totals,
    decision_counts,
    example_f1,
    in_group,
    macro_f1,
    micro,
    modifier_counts,
    score_group,
)
from ghostchart.evaluate.notes import read_code

VALUES = ("I10", "E11.22", "E11.9", "N18.30", "J44.1", "99213", "99214", "83036", "G0439", "E0601")
code_lists = st.lists(st.sampled_from(VALUES), max_size=6)
note_lists = st.lists(st.tuples(code_lists, code_lists), min_size=1, max_size=12)


def scored(*pairs: tuple[list[str], list[str]]) -> list[ScoredNote]:
    return [
        ScoredNote(f"n{row}", tuple(map(read_code, gold)), tuple(map(read_code, predicted)))
        for row, (gold, predicted) in enumerate(pairs)
    ]


TABLE = scored(
    (["I10", "E11.22", "99213"], ["I10", "E11.9", "99213"]),  # tp 2, fp 1, fn 1
    (["J44.1"], []),  # fn 1
    (["N18.30", "G0439"], ["N18.30", "G0439", "I10"]),  # tp 2, fp 1
    (["I10"], ["I10"]),  # tp 1
)


def test_hand_computed_table() -> None:
    scores = score_group(TABLE, in_group("all"), lambda code: code.value != "E11.9")
    # Sums: tp 5, fp 2, fn 2.
    assert scores["micro_f1"] == pytest.approx(10 / 14)
    assert scores["precision"] == pytest.approx(5 / 7)
    assert scores["recall"] == pytest.approx(5 / 7)
    # Codes: I10 tp 2 fp 1 -> 0.8; E11.22 0; E11.9 0; 99213 1; J44.1 0; N18.30 1; G0439 1.
    assert scores["macro_f1"] == pytest.approx((0.8 + 0 + 0 + 1 + 0 + 1 + 1) / 7)
    # Notes: 4/6, 0, 4/5, 1.
    assert scores["example_f1"] == pytest.approx((4 / 6 + 0 + 4 / 5 + 1) / 4)
    assert scores["exact_set_match"] == 0.25
    # E11.22 and E11.9 meet in category E11: tp 6, fp 1, fn 1.
    assert scores["category_f1"] == pytest.approx(12 / 14)
    assert scores["invalid_code_rate"] == pytest.approx(1 / 7)
    assert scores["over_coding_rate"] == 0.5
    assert scores["under_coding_rate"] == 0.5
    assert (scores["n_gold"], scores["n_predicted"]) == (7, 7)


def test_groups_take_their_own_systems_only() -> None:
    sums = {group: decision_counts(TABLE, in_group(group)).sum(axis=0).tolist() for group in GROUPS}
    assert sums == {
        "icd10cm": [3, 2, 2],
        "procedures": [2, 0, 0],
        "cpt": [1, 0, 0],
        "hcpcs": [1, 0, 0],
        "all": [5, 2, 2],
    }


def test_modifiers_count_only_where_the_procedure_is_right() -> None:
    notes = scored(
        (["99214-25", "83036"], ["99214-25-95", "83036"]),  # one right, one too many
        (["20610-RT"], ["20611-RT"]),  # wrong procedure: does not count
        (["99213-25"], ["99213"]),  # one missing
    )
    assert modifier_counts(notes).tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 1]]
    # A modifier never touches the exact match of the code itself.
    assert decision_counts(notes, in_group("cpt")).tolist() == [[2, 0, 0], [0, 1, 1], [1, 0, 0]]


def test_nothing_to_decide_has_no_f1() -> None:
    scores = score_group(scored((["I10"], ["I10"])), in_group("procedures"), lambda _code: True)
    assert scores["micro_f1"] is None
    assert scores["macro_f1"] is None
    assert scores["invalid_code_rate"] == 0.0
    assert score_group([], in_group("all"), lambda _code: True)["exact_set_match"] is None


@settings(deadline=None, max_examples=60)
@given(note_lists)
def test_agrees_with_scikit_learn(pairs: list[tuple[list[str], list[str]]]) -> None:
    notes = scored(*pairs)
    seen = sorted({value for pair in pairs for part in pair for value in part})
    if len(seen) < 2:  # scikit-learn takes a single column for a binary problem
        return
    binarizer = MultiLabelBinarizer(classes=seen)
    gold, predicted = (binarizer.fit_transform([pair[side] for pair in pairs]) for side in (0, 1))
    keep = in_group("all")
    counts = decision_counts(notes, keep)
    f1, precision, recall = micro(counts)
    assert f1 == pytest.approx(f1_score(gold, predicted, average="micro", zero_division=0))
    assert precision == pytest.approx(precision_score(gold, predicted, average="micro", zero_division=0))
    assert recall == pytest.approx(recall_score(gold, predicted, average="micro", zero_division=0))
    assert macro_f1(code_totals(notes, keep)) == pytest.approx(
        f1_score(gold, predicted, average="macro", zero_division=0)
    )
    assert example_f1(counts) == pytest.approx(f1_score(gold, predicted, average="samples", zero_division=1.0))


@settings(deadline=None, max_examples=60)
@given(note_lists, st.randoms(use_true_random=False))
def test_properties(pairs: list[tuple[list[str], list[str]]], random: object) -> None:
    notes = scored(*pairs)
    keep = in_group("all")
    scores = score_group(notes, keep, lambda _code: True)
    for name in ("micro_f1", "macro_f1", "precision", "recall", "example_f1", "exact_set_match", "category_f1"):
        assert scores[name] is None or 0 <= scores[name] <= 1  # type: ignore[operator]
    shuffled = [(list(gold), list(predicted)) for gold, predicted in pairs]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for gold, predicted in shuffled:
        random.shuffle(gold)  # type: ignore[attr-defined]
        random.shuffle(predicted)  # type: ignore[attr-defined]
    again = score_group(scored(*shuffled), keep, lambda _code: True)
    for name, value in scores.items():
        assert again[name] == pytest.approx(value)
    perfect = score_group(scored(*[(gold, gold) for gold, _ in pairs]), keep, lambda _code: True)
    assert perfect["exact_set_match"] == 1.0
    assert perfect["micro_f1"] in (None, 1.0)


def test_repeated_codes_count_once() -> None:
    once = decision_counts(scored((["I10"], ["I10"])), in_group("all"))
    twice = decision_counts(scored((["I10", "I10"], ["I10", "I10", "I10"])), in_group("all"))
    assert np.array_equal(once, twice)
