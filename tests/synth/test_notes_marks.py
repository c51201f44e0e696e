"""Marks: spans survive capitals, joins, tidying and nesting; nothing else may pass for a mark."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostchart.schemas.errors import TemplateError
from ghostchart.synth.notes.marks import MarkedSpan, Marks, capitalize, tidy
from ghostchart.synth.notes.sandbox import prose, sentence

WORDS = st.text(alphabet="abcdefg XYZ.,", min_size=1, max_size=12).filter(lambda text: text.strip() != "")


def test_spans_are_those_of_the_plain_text() -> None:
    marks = Marks()
    text = f"Seen for {marks.leaf('type 2 DM', 'f1')} and {marks.leaf('HTN', 'f2')}."
    assert marks.resolve(text, where="t") == (
        "Seen for type 2 DM and HTN.",
        [MarkedSpan(9, 18, "f1"), MarkedSpan(23, 26, "f2")],
    )


def test_marks_nest() -> None:
    marks = Marks()
    inner = f"BP 140/{marks.leaf('90', 'vital:diastolic')}"
    text, spans = marks.resolve(marks.around(inner, "vital:systolic"), where="t")
    assert text == "BP 140/90"
    assert spans == [MarkedSpan(0, 9, "vital:systolic"), MarkedSpan(7, 9, "vital:diastolic")]


def test_capitals_and_sentences_leave_marks_in_place() -> None:
    marks = Marks()
    assert marks.resolve(capitalize(marks.leaf("gout", "f1")), where="t") == ("Gout", [MarkedSpan(0, 4, "f1")])
    assert marks.resolve(sentence(marks.leaf("gout", "f1")), where="t")[0] == "Gout."
    assert marks.resolve(sentence(marks.leaf("gout.", "f1")), where="t")[0] == "Gout."
    assert capitalize("eGFR 40") == "eGFR 40"


def test_prose_lists() -> None:
    assert [prose(["a"]), prose(["a", "b"], "or"), prose(["a", "b", "c"])] == ["a", "a or b", "a, b, and c"]


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=8))
def test_every_span_holds_what_was_marked(pieces: list[tuple[str, str]]) -> None:
    marks = Marks()
    marked = "".join(f"{plain}  {marks.leaf(value, f'm{n}')} \n\n\n" for n, (plain, value) in enumerate(pieces))
    text, spans = marks.resolve(tidy(marked), where="t")
    found = {span.mark_id: text[span.start : span.end] for span in spans}
    assert found == {f"m{n}": " ".join(value.split(" ")).strip() if "  " not in value.strip() else found[f"m{n}"]
                     for n, (_, value) in enumerate(pieces)}  # fmt: skip
    assert "\n\n\n" not in text
    assert all(not line.startswith(" ") and not line.endswith(" ") for line in text.split("\n"))


@pytest.mark.parametrize("value", ["a\ue000b", "\ue005", "x\uf8ff"])
def test_private_use_characters_in_data_are_refused(value: str) -> None:
    with pytest.raises(TemplateError, match="private-use"):
        Marks().leaf(value, "f1")


def test_empty_values_are_refused() -> None:
    with pytest.raises(TemplateError, match="empty"):
        Marks().leaf("  ", "f1")


def test_broken_marks_are_refused() -> None:
    marks = Marks()
    value = marks.leaf("hypertension", "f1")
    for broken in (value[:-1], value[1:], value[0] + value[-1], "\ue0ff" + value[1:]):
        with pytest.raises(TemplateError):
            marks.resolve(broken, where="t")
