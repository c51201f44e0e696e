"""Coded notes -> token sequences whose answer part alone bears loss.

Rule for notes that do not fit: the answer is kept whole, and the middle of the note is cut so that prompt and answer
fill ``max_tokens`` (:func:`ghostchart.schemas.prompting.fit_note`, the rule of prediction too).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ghostchart.schemas.codes import Code
from ghostchart.schemas.errors import CorpusError, ModelError
from ghostchart.schemas.note import Note
from ghostchart.schemas.prompting import AnsweredCode, answer, fit_note, prompt_frame

_TOKENIZE_AT_ONCE = 512


@dataclass(frozen=True)
class Example:
    """One note ready to train on.

    Attributes:
        note_id: the note it came from.
        input_ids: prompt, answer and end-of-text token, shape (tokens,).
        answer_start: position of the first answer token; tokens from here on bear loss.
        shortened: whether the note had to be cut to fit.
    """

    note_id: str
    input_ids: NDArray[np.int32]
    answer_start: int
    shortened: bool = False


def gold_answer(note: Note) -> str:
    """The wanted answer of a note, from its gold codes in order with their modifiers."""
    return answer(AnsweredCode(Code(item.system, item.value), item.modifiers) for item in note.codes)  # type: ignore[arg-type]


def build_examples(notes: Iterable[Note], tokenizer: Any, *, chat: bool, max_tokens: int) -> list[Example]:
    """Tokenise notes with their answers.

    Args:
        notes: coded notes.
        tokenizer: a Hugging Face tokenizer with an end-of-text token.
        chat: put the request through the tokenizer's chat template.
        max_tokens: longest example; longer notes lose their middle.

    Raises:
        CorpusError: no notes, or an answer that alone leaves no room for its note.
    """
    frame = prompt_frame(tokenizer, chat=chat)
    examples: list[Example] = []
    waiting: list[Note] = []
    for note in notes:
        waiting.append(note)
        if len(waiting) == _TOKENIZE_AT_ONCE:
            examples.extend(_tokenize(waiting, tokenizer, frame, max_tokens))
            waiting.clear()
    if waiting:
        examples.extend(_tokenize(waiting, tokenizer, frame, max_tokens))
    if not examples:
        raise CorpusError("there are no notes to train on", fix="Generate a corpus with more notes")
    return examples


def check_masks(examples: Sequence[Example]) -> None:
    """Refuse examples whose labels are all masked or not masked at all.

    Raises:
        ModelError: an example has no answer token or no prompt token (tokenizer or chat template at fault).
    """
    for example in examples:
        answer_tokens = len(example.input_ids) - example.answer_start
        if answer_tokens <= 0 or example.answer_start <= 0:
            share = 100 if answer_tokens <= 0 else 0
            raise ModelError(
                f"{share} % of the labels are masked",
                where=f"note {example.note_id}",
                fix="Check the base model's tokenizer and chat template",
            )


def _tokenize(
    notes: Sequence[Note], tokenizer: Any, frame: tuple[list[int], list[int]], max_tokens: int
) -> list[Example]:
    before, after = frame
    bodies = tokenizer([note.text for note in notes], add_special_tokens=False)["input_ids"]
    answers = tokenizer([gold_answer(note) for note in notes], add_special_tokens=False)["input_ids"]
    examples = []
    for note, body, wanted in zip(notes, bodies, answers, strict=True):
        ending = [*wanted, tokenizer.eos_token_id]
        room = max_tokens - len(before) - len(after) - len(ending)
        if room < 1:
            raise CorpusError(
                f"max_tokens {max_tokens} leaves no room for the note beside its answer of {len(ending)} tokens",
                where=f"note {note.note_id}",
                fix="Raise max_tokens",
            )
        prompt = [*before, *fit_note(body, room), *after]
        ids = np.array([*prompt, *ending], dtype=np.int32)
        examples.append(Example(note.note_id, ids, len(prompt), len(body) > room))
    return examples
