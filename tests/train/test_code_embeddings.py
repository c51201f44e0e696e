"""Code tokens start at the words of their evidence."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from ghostchart.schemas.note import Note
from ghostchart.train.code_embeddings import evidence_words, place_code_embeddings
from ghostchart.train.tiny import build_tiny, train_tokenizer

CODES = ("I10", "E11.9", "N39.0", "R05.9")  # J44.9 is too rare for a token


@pytest.fixture
def placed(notes: list[Note]) -> tuple[Any, torch.Tensor, torch.Tensor]:
    """Tokenizer, embeddings before and after."""
    tokenizer = train_tokenizer(notes, 600)
    model = build_tiny(len(tokenizer), 256, tokenizer.eos_token_id, tokenizer.pad_token_id, seed=3)
    before = model.get_input_embeddings().weight.detach().clone()
    assert place_code_embeddings(model, tokenizer, notes) == 5
    return tokenizer, before, model.get_input_embeddings().weight.detach()


def test_only_code_tokens_move_and_keep_their_length(placed: tuple[Any, torch.Tensor, torch.Tensor]) -> None:
    tokenizer, before, after = placed
    moved = {at for at in range(len(before)) if not torch.equal(before[at], after[at])}
    assert moved == {tokenizer.convert_tokens_to_ids(f" {value}") for value in (*CODES, "99213")}
    assert torch.allclose(before.norm(dim=1), after.norm(dim=1), rtol=1e-5)


def test_words_of_the_evidence_now_point_to_their_code(
    placed: tuple[Any, torch.Tensor, torch.Tensor],
) -> None:
    tokenizer, before, after = placed
    rows = [tokenizer.convert_tokens_to_ids(f" {value}") for value in CODES]
    hits = {False: 0, True: 0}
    for value, text in zip(
        CODES, ("essential hypertension", "type 2 diabetes", "urinary tract infection"), strict=False
    ):
        ids = tokenizer("\n" + text, add_special_tokens=False)["input_ids"]
        for is_after, table in ((False, before), (True, after)):
            pooled = table[ids].mean(0)
            hits[is_after] += CODES[int((table[rows] @ pooled).argmax())] == value
    assert hits[True] == 3
    assert hits[False] < 3


def test_shared_words_count_for_nothing(make_note: Callable[..., Note]) -> None:
    note = make_note(0, values=["I10", "E11.9"])
    same = note.codes[0].spans[0]
    both = replace(note, codes=tuple(code._replace(spans=(same,), description="") for code in note.codes[:2]))
    tokenizer = train_tokenizer([both] * 6, 600)
    model = build_tiny(len(tokenizer), 256, tokenizer.eos_token_id, tokenizer.pad_token_id, seed=3)
    # ln(2 codes / 2 codes that share the word) is 0: nothing tells the two apart, so neither moves.
    assert place_code_embeddings(model, tokenizer, [both] * 6) == 0


def test_evidence_is_counted_by_note(make_note: Callable[..., Note]) -> None:
    notes = [make_note(number, values=["I10"]) for number in range(4)]
    tokenizer = train_tokenizer(notes * 2, 600)
    counted = evidence_words(notes, tokenizer)["I10"]
    (word, *_) = tokenizer("essential", add_special_tokens=False)["input_ids"]
    assert counted[word] == 4
    assert math.isfinite(sum(counted.values()))
