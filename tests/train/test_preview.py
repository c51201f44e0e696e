"""What people see before a training starts: three examples, tokens and mask."""

from __future__ import annotations

from typing import Any

import pytest

from ghostchart.schemas.note import Note
from ghostchart.train.examples import build_examples
from ghostchart.train.preview import preview
from ghostchart.train.tiny import train_tokenizer


@pytest.fixture
def shown(notes: list[Note]) -> tuple[list[Any], Any]:
    tokenizer = train_tokenizer(notes, 600)
    return build_examples(notes, tokenizer, chat=False, max_tokens=256), tokenizer


def test_shortest_middle_and_longest_with_the_answer_marked(shown: tuple[list[Any], Any]) -> None:
    examples, tokenizer = shown
    text = preview(examples, tokenizer, with_text=True)
    heads = [line for line in text.splitlines() if not line.startswith("  ")]
    sizes = sorted(len(example.input_ids) for example in examples)
    assert [int(head.split(": ")[1].split()[0]) for head in heads] == [sizes[0], sizes[len(sizes) // 2], sizes[-1]]
    marked = text.splitlines()[1].partition("«")[2]
    assert marked.startswith("ICD-10-CM:|")
    assert marked.endswith("»")
    assert "99213" in marked.replace("|", "")
    assert "masked (" in heads[0] and "bear loss" in heads[0]


def test_notes_that_nobody_certified_stay_off_the_screen(shown: tuple[list[Any], Any]) -> None:
    text = preview(*shown, with_text=False)
    assert "hypertension" not in text and "«" not in text
    assert text.count("not certified") == 3
