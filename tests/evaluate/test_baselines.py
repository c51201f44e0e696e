"""Baselines learn what can be learnt, and only that."""

from __future__ import annotations

import pytest

from ghostchart.evaluate.baselines import DictionaryCoder, build_dictionary, train_tfidf
from ghostchart.evaluate.metrics import ScoredNote, decision_counts, in_group, micro
from ghostchart.evaluate.notes import CodedNote, read_code, write_code
from ghostchart.schemas.canonical import generator
from ghostchart.schemas.code_systems import CodeSystems
from ghostchart.schemas.errors import CorpusError

PHRASES = {
    "I10": "high blood pressure",
    "E11.9": "sugar disease",
    "J44.1": "lungs are worse",
    "99213": "short visit",
    "83036": "drew an a1c",
}


def notes(number: int, seed: int, rare: str = "") -> list[CodedNote]:
    rng = generator(seed)
    made = []
    for index in range(number):
        codes = [code for code in PHRASES if rng.random() < 0.4] or ["I10"]
        text = "Patient seen. " + ". ".join(PHRASES[code] for code in codes) + ". Goes home."
        if rare and index == 0:
            codes.append(rare)
        made.append(CodedNote(f"{seed}-{index}", text, tuple(map(read_code, codes))))
    return made


def f1_of(coder: object, test: list[CodedNote]) -> float:
    answers = coder([note.text for note in test])  # type: ignore[operator]
    scored = [ScoredNote(note.note_id, note.gold, codes) for note, codes in zip(test, answers, strict=True)]
    return micro(decision_counts(scored, in_group("all")))[0] or 0.0


def test_tfidf_learns_phrases_and_repeats_itself() -> None:
    training, validation, test = notes(150, 1), notes(40, 2), notes(60, 3)
    coder = train_tfidf(training, validation, seed=0)
    assert f1_of(coder, test) > 0.97
    again = train_tfidf(training, validation, seed=0)
    texts = [note.text for note in test]
    assert coder(texts) == again(texts)


def test_tfidf_learns_nothing_from_shuffled_gold() -> None:
    training = notes(150, 1)
    gold = [note.gold for note in training]
    scrambled = [
        CodedNote(note.note_id, note.text, other) for note, other in zip(training, gold[7:] + gold[:7], strict=True)
    ]
    assert f1_of(train_tfidf(scrambled, notes(40, 2), seed=0), notes(60, 3)) < 0.75


def test_a_code_of_one_training_note_is_not_learnt() -> None:
    coder = train_tfidf(notes(80, 1, rare="N18.30"), notes(20, 2), seed=0)
    assert [write_code(read_code(code.value)) for code in coder.codes] == ["83036", "99213", "E11.9", "I10", "J44.1"]


def test_thresholds_differ_by_system_and_come_from_validation() -> None:
    training = notes(100, 1)
    silent = [CodedNote(note.note_id, note.text, note.gold[:0]) for note in notes(30, 2)]
    coder = train_tfidf(training, silent, seed=0)
    # Nothing is gold in this validation split, so no threshold is better than another: the first, lowest, is taken.
    assert set(coder.thresholds.tolist()) == {-4.0}


def test_nothing_to_learn_is_one_sentence() -> None:
    with pytest.raises(CorpusError, match="nothing to learn"):
        train_tfidf([CodedNote("a", "x", (read_code("I10"),))], [], seed=0)


def test_dictionary_takes_the_longest_match(systems: CodeSystems) -> None:
    dictionary = build_dictionary(systems)
    assert isinstance(dictionary, DictionaryCoder)
    found = dictionary(
        [
            "Assessment: Essential hypertension. Type 2 diabetes mellitus with diabetic chronic kidney disease.",
            "Type 2 diabetes mellitus without complications",
            "nothing here",
            "",
        ]
    )
    assert [[write_code(item) for item in codes] for codes in found] == [["I10", "E11.22"], ["E11.9"], [], []]
