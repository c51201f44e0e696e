"""What a model is asked and how its answer is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostchart.schemas.codes import Code
from ghostchart.schemas.prompting import AnsweredCode, answer, fit_note, parse_answer, plain_prompt, user_message

ICD = st.from_regex(r"\A(?:[A-Z][0-9]|QA)[0-9A-Z](\.[0-9A-Z]{1,4})?\Z").map(lambda value: Code("icd10cm", value))
CPT = st.from_regex(r"\A[0-9]{4}[0-9AFMTU]\Z").map(lambda value: Code("cpt", value))
HCPCS = st.from_regex(r"\A[A-V][0-9]{4}\Z").map(lambda value: Code("hcpcs", value))
MODIFIERS = st.lists(st.from_regex(r"\A[A-Z0-9]{2}\Z"), max_size=3).map(tuple)
DIAGNOSES = st.lists(ICD.map(AnsweredCode), max_size=12, unique_by=lambda item: item.code)
PROCEDURES = st.lists(
    st.builds(AnsweredCode, st.one_of(CPT, HCPCS), MODIFIERS), max_size=6, unique_by=lambda item: item.code
)


@given(DIAGNOSES, PROCEDURES)
def test_what_is_answered_is_read_back_in_order(diagnoses: list[AnsweredCode], procedures: list[AnsweredCode]) -> None:
    assert parse_answer(answer([*diagnoses, *procedures])) == (*diagnoses, *procedures)


def test_the_answer_looks_as_documented() -> None:
    codes = [Code("icd10cm", "E11.22"), Code("icd10cm", "I12.9"), Code("icd10cm", "N18.32")]
    listed = [AnsweredCode(code) for code in codes]
    listed += [AnsweredCode(Code("cpt", "99214"), ("25",)), AnsweredCode(Code("cpt", "83036"))]
    assert answer(listed) == "ICD-10-CM: E11.22, I12.9, N18.32\nCPT/HCPCS: 99214-25, 83036"


def test_nothing_is_said_as_none() -> None:
    assert answer([]) == "ICD-10-CM: none\nCPT/HCPCS: none"
    assert parse_answer(answer([])) == ()


@given(st.text())
def test_any_text_is_read_without_raising(text: str) -> None:
    parse_answer(text)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("The codes are e11.9 and I10.", ["E11.9", "I10"]),
        ("ICD-10-CM: E11.9, E11.9", ["E11.9"]),
        ("ICD-10-CM: E11.9234567", []),
        ("XE11.9", []),
        ("CPT/HCPCS: 99213, G0439, 992", ["99213", "G0439"]),
        ("CPT: 93000 (E11.9 is a diagnosis)", ["93000"]),
        ("99213", []),  # a bare number outside a procedure line is not a procedure
    ],
)
def test_free_text_yields_only_whole_codes(text: str, values: list[str]) -> None:
    assert [item.code.value for item in parse_answer(text)] == values


def test_both_prompts_hold_the_note() -> None:
    assert "chest pain" in user_message("chest pain")
    assert plain_prompt("chest pain").endswith("### Codes\n")


@given(st.lists(st.integers(), max_size=60), st.integers(0, 70))
def test_a_long_note_keeps_head_and_tail(ids: list[int], budget: int) -> None:
    kept = fit_note(ids, budget)
    assert len(kept) == min(len(ids), budget)
    head = budget // 2 if len(ids) > budget else len(kept)
    assert kept[:head] == ids[:head]
    assert kept[head:] == ids[len(ids) - (len(kept) - head) :] if len(kept) > head else True


def test_a_negative_budget_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        fit_note([1], -1)
