"""Tokens and masks of examples, checked token by token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ghostchart.schemas.errors import CorpusError, ModelError
from ghostchart.schemas.note import Note
from ghostchart.train.batches import IGNORED, pack
from ghostchart.train.examples import Example, build_examples, check_masks, gold_answer

WORDS = ["<end>", "###", "Note", "Codes", "has", "cough", "ICD-10-CM:", "CPT/HCPCS:", "R05.9", "99213", "none", "ask"]


@pytest.fixture
def words() -> Any:
    """One token per word; ids are places in WORDS."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: at for at, word in enumerate([*WORDS, "?"])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>", pad_token="<end>")


@pytest.fixture
def coughing(make_note: Callable[..., Note]) -> Note:
    note = make_note(0, values=["R05.9"])
    return replace(note, text="has cough")


def test_ids_and_mask_of_a_plain_example_by_hand(words: Any, coughing: Note) -> None:
    (example,) = build_examples([coughing], words, chat=False, max_tokens=64)
    #   ### Note has cough ### Codes | ICD-10-CM: R05.9 CPT/HCPCS: 99213 <end>
    assert example.input_ids.tolist() == [1, 2, 4, 5, 1, 3, 6, 8, 7, 9, 0]
    batch = pack([example])
    assert batch.labels.tolist() == [IGNORED] * 6 + [6, 8, 7, 9, 0]
    assert (batch.n_tokens, batch.n_answer_tokens) == (11, 5)


def test_chat_template_wraps_the_request_and_is_masked(words: Any, coughing: Note) -> None:
    words.chat_template = "ask {{ messages[0]['content'] }} {% if add_generation_prompt %}ask{% endif %}"
    (example,) = build_examples([coughing], words, chat=True, max_tokens=128)
    ids = example.input_ids.tolist()
    assert (ids[0], ids[example.answer_start - 1]) == (11, 11)
    assert ids[example.answer_start :] == [6, 8, 7, 9, 0]
    assert 4 in ids[: example.answer_start] and 3 not in ids, "the chat form has no '### Codes' head"


def test_a_long_note_loses_its_middle_and_keeps_its_answer(words: Any, coughing: Note) -> None:
    text = " ".join(["has", *["cough"] * 90, "ask"])
    (example,) = build_examples([replace(coughing, text=text)], words, chat=False, max_tokens=64)
    assert example.shortened
    assert len(example.input_ids) == 64
    body = example.input_ids[2 : example.answer_start - 2].tolist()
    assert (body[0], body[-1], set(body[1:-1])) == (4, 11, {5})
    assert example.input_ids[example.answer_start :].tolist() == [6, 8, 7, 9, 0]


def test_an_answer_is_never_cut(words: Any, coughing: Note) -> None:
    with pytest.raises(CorpusError, match=r"max_tokens 9 leaves no room.*train-0"):
        build_examples([coughing], words, chat=False, max_tokens=9)


def test_no_notes_is_an_error(words: Any) -> None:
    with pytest.raises(CorpusError, match="no notes to train on"):
        build_examples([], words, chat=False, max_tokens=64)


@pytest.mark.parametrize(("answer_start", "share"), [(3, "100 %"), (0, "0 %")])
def test_labels_all_masked_or_not_at_all_are_refused(answer_start: int, share: str) -> None:
    with pytest.raises(ModelError, match=f"^{share} of the labels are masked"):
        check_masks([Example("n1", np.array([1, 2, 3], dtype=np.int32), answer_start)])


def test_answer_lists_codes_in_gold_order_with_modifiers(make_note: Callable[..., Note]) -> None:
    note = make_note(0, values=["N39.0", "I10"])
    codes = (*note.codes[:2], note.codes[2]._replace(modifiers=("25",)))
    assert gold_answer(replace(note, codes=codes)) == "ICD-10-CM: N39.0, I10\nCPT/HCPCS: 99213-25"
