"""The own tokenizer: short answers, everything spellable, the same for the same notes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostchart.schemas.note import Note
from ghostchart.schemas.prompting import plain_prompt
from ghostchart.train.tiny import build_tiny, code_counts, frame_tokens, train_tokenizer


@pytest.fixture(scope="module")
def tokenizer(make_note: Callable[..., Note]) -> Any:
    notes = [make_note(number, values=["I10", "E11.9"]) for number in range(20)]
    return train_tokenizer([*notes, make_note(21, values=["J44.9"])], 700)


def pieces(tokenizer: Any, text: str) -> list[str]:
    return [tokenizer.decode([token]) for token in tokenizer.encode(text, add_special_tokens=False)]


def test_frame_is_read_off_the_prompt_format() -> None:
    assert set(frame_tokens()) == {"### Note\n", "\n### Codes\n", "ICD-10-CM:", "\nCPT/HCPCS:"}


def test_frequent_codes_and_the_frame_are_one_token_each(tokenizer: Any) -> None:
    answer = "ICD-10-CM: I10, E11.9\nCPT/HCPCS: 99213"
    assert pieces(tokenizer, answer) == ["ICD-10-CM:", " I10", ",", " E11.9", "\nCPT/HCPCS:", " 99213"]
    assert pieces(tokenizer, plain_prompt("x"))[0] == "### Note\n"
    assert pieces(tokenizer, plain_prompt("x"))[-1] == "\n### Codes\n"


def test_rare_and_unseen_codes_are_spelled(tokenizer: Any) -> None:
    for value in ("J44.9", "S52.501D", "99215-25", "G0439"):
        answer = f"ICD-10-CM: I10, {value}"
        assert tokenizer.decode(tokenizer.encode(answer)) == answer
    assert " J44.9" not in pieces(tokenizer, "ICD-10-CM: J44.9"), "one note is too little to train a token"


def test_code_tokens_never_cut_a_longer_number(tokenizer: Any) -> None:
    assert " 99213" not in pieces(tokenizer, "record 992131 and 99213A")
    assert " I10" not in pieces(tokenizer, "code I109")
    assert " 99213" in pieces(tokenizer, "CPT/HCPCS: 99213-25")


@given(text=st.text(max_size=60))
def test_any_text_survives(tokenizer: Any, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text, add_special_tokens=False)) == text


def test_same_notes_same_tokenizer(notes: list[Note]) -> None:
    first, second = (train_tokenizer(notes, 600).backend_tokenizer.to_str() for _ in range(2))
    assert first == second


def test_counts_are_of_notes(make_note: Callable[..., Note]) -> None:
    assert code_counts([make_note(0, values=["I10"]), make_note(1, values=["I10", "R05.9"])]) == {
        "I10": 2,
        "R05.9": 1,
        "99213": 2,
    }


def test_weights_follow_the_seed_and_leave_the_global_generator_alone() -> None:
    import torch

    torch.manual_seed(9)
    expected = torch.rand(1)
    torch.manual_seed(9)
    one, same, other = (build_tiny(300, 128, 0, 1, seed) for seed in (1, 1, 2))
    assert torch.equal(torch.rand(1), expected)
    first, second, third = (model.get_input_embeddings().weight for model in (one, same, other))
    assert torch.equal(first, second)
    assert not torch.equal(first, third)
    assert first.shape[0] == 320
