"""Excerpts: closed over evidence, in gold order, the same for the same seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ghostchart.schemas.note import Distractor, Note, NoteCode, Span
from ghostchart.train.excerpts import make_excerpts, sentence_bounds

TEXT = "Seen in clinic. Has hypertension. Also heart failure.\nDenies cough.\nGiven a flu shot today."


def span(part: str) -> Span:
    start = TEXT.index(part)
    return Span(start, start + len(part))


@pytest.fixture
def combined(make_note: Callable[..., Note]) -> Note:
    """I11.0 rests on two sentences, I50.9 on the second of them, the vaccine on its own."""

    def code(system: str, value: str, *parts: str) -> NoteCode:
        return NoteCode(system, value, "", "t", "secondary", (), "", tuple(span(part) for part in parts), ("MAP",))

    codes = (
        code("icd10cm", "I11.0", "hypertension", "heart failure"),
        code("icd10cm", "I50.9", "heart failure"),
        code("cpt", "90656", "flu shot"),
    )
    cough = span("cough")
    return replace(make_note(0), text=TEXT, codes=codes, distractors=(Distractor("negated", cough.start, cough.end),))


def test_sentences_by_hand() -> None:
    parts = [TEXT[start:end] for start, end in sentence_bounds(TEXT)]
    assert parts == [
        "Seen in clinic.",
        "Has hypertension.",
        "Also heart failure.",
        "Denies cough.",
        "Given a flu shot today.",
    ]


def test_a_code_never_appears_without_all_its_evidence_nor_evidence_without_its_code(combined: Note) -> None:
    seen = set()
    for excerpt in make_excerpts([combined] * 60, seed=5):
        values = [code.value for code in excerpt.codes]
        seen.add(tuple(values))
        both = "hypertension" in excerpt.text and "heart failure" in excerpt.text
        assert both == ("I11.0" in values) == ("I50.9" in values)
        assert ("hypertension" in excerpt.text) == ("heart failure" in excerpt.text)
        assert ("flu shot" in excerpt.text) == ("90656" in values)
        assert "Seen in clinic" not in excerpt.text
    assert seen == {("I11.0", "I50.9"), ("90656",), ("I11.0", "I50.9", "90656")}


def test_sentences_that_must_not_be_coded_come_along_sometimes(combined: Note) -> None:
    shown = ["Denies cough." in excerpt.text for excerpt in make_excerpts([combined] * 60, seed=5)]
    assert 10 < sum(shown) < 50


def test_seed_decides_alone(combined: Note) -> None:
    def texts(seed: int) -> list[str]:
        return [excerpt.text for excerpt in make_excerpts([combined] * 20, seed, rounds=2)]

    assert texts(1) == texts(1)
    assert texts(1) != texts(2)
    assert texts(1)[:20] != texts(1)[20:]


def test_notes_without_codes_give_none(combined: Note) -> None:
    assert list(make_excerpts([replace(combined, codes=())], seed=0)) == []
