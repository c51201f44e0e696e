"""How a note is put to a language model and how its answer is read; versioned and stored with each model.

The prompt is short on purpose: the note should fill the context. Answers list diagnoses in gold order, then
procedures, each system on its own line, so that a person can read them::

    ICD-10-CM: E11.22, I12.9, N18.32
    CPT/HCPCS: 99214-25, 83036
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ghostchart.schemas.codes import Code, icd10cm, procedure
from ghostchart.schemas.errors import CodeError

PROMPT_VERSION = "1"
INSTRUCTION = (
    "You are a certified medical coder. Read the clinical note and list its codes: ICD-10-CM diagnoses in order, "
    "first-listed first, then CPT/HCPCS procedures."
)
_ICD_LABEL, _PROCEDURE_LABEL, _NONE = "ICD-10-CM:", "CPT/HCPCS:", "none"
_NOTE_HEAD, _ANSWER_HEAD = "### Note\n", "\n### Codes\n"
_ICD_TOKEN = re.compile(r"(?<![A-Z0-9])((?:[A-Z][0-9]|QA)[0-9A-Z](?:\.[0-9A-Z]{1,4})?)(?![A-Z0-9]|\.[A-Z0-9])")
_PROCEDURE_TOKEN = re.compile(r"(?<![A-Z0-9.])([0-9]{5}|[0-9]{4}[AFMTU]|[A-V][0-9]{4})((?:-[A-Z0-9]{2})*)(?![A-Z0-9])")


@dataclass(frozen=True, slots=True)
class AnsweredCode:
    """One code of an answer with the modifiers behind it."""

    code: Code
    modifiers: tuple[str, ...] = ()


def user_message(note_text: str) -> str:
    """The request for models with a chat template (instruction, note)."""
    return f"{INSTRUCTION}\n\n{_NOTE_HEAD}{note_text}\n"


def plain_prompt(note_text: str) -> str:
    """The request for models without a chat template; the answer follows directly."""
    return f"{_NOTE_HEAD}{note_text}{_ANSWER_HEAD}"


def fit_note(token_ids: Sequence[int], budget_tokens: int) -> list[int]:
    """A note's tokens cut to the budget: the head and the tail stay, the middle goes.

    The rule of training and prediction alike. Head and tail get half each (the tail the odd token): the reason for
    the visit stands at the head of a note, the assessment and plan at its tail.

    Raises:
        ValueError: the budget is negative.
    """
    if budget_tokens < 0:
        raise ValueError(f"the budget must not be negative, got {budget_tokens}")
    ids = list(token_ids)
    if len(ids) <= budget_tokens:
        return ids
    head = budget_tokens // 2
    return ids[:head] + ids[len(ids) - (budget_tokens - head) :]


def prompt_frame(
    tokenizer: Any,
    *,
    chat: bool,
    instruct: bool = False,
    examples: Sequence[tuple[str, Sequence[AnsweredCode]]] = (),
) -> tuple[list[int], list[int]]:
    """Token ids before and after the note: prompt = before + note's own tokens + after; the answer follows.

    The note is tokenised apart from its frame, so that cutting it (:func:`fit_note`) never touches the frame and
    training and prediction see the same tokens. ``tokenizer`` is any Hugging Face tokenizer. Without a chat template
    the frame starts with the tokenizer's begin-of-text token where it has one, and holds the instruction only if
    ``instruct`` (for untrained models: a trained one has learnt the bare form). ``examples`` are notes with their codes,
    shown answered before the note: earlier turns of a chat, or one request after another.
    """
    mark = "\ue000"  # private use: in no template
    if chat:
        turns = [
            turn
            for note, codes in examples
            for turn in (
                {"role": "user", "content": user_message(note)},
                {"role": "assistant", "content": answer(codes)},
            )
        ]
        turns.append({"role": "user", "content": user_message(mark)})
        text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    else:
        shown = "".join(f"{plain_prompt(note)}{answer(codes)}\n\n" for note, codes in examples)
        text = (f"{INSTRUCTION}\n\n" if instruct else "") + shown + plain_prompt(mark)
    before, after = (tokenizer.encode(part, add_special_tokens=False) for part in text.split(mark))
    if not chat and tokenizer.bos_token_id is not None:
        before = [tokenizer.bos_token_id, *before]
    return list(before), list(after)


def answer(codes: Iterable[AnsweredCode]) -> str:
    """The wanted answer, two lines, without a newline at the end."""
    listed = list(codes)
    diagnoses = [item.code.value for item in listed if item.code.system == "icd10cm"]
    procedures = ["-".join((item.code.value, *item.modifiers)) for item in listed if item.code.system != "icd10cm"]
    return f"{_ICD_LABEL} {', '.join(diagnoses) or _NONE}\n{_PROCEDURE_LABEL} {', '.join(procedures) or _NONE}"


def parse_answer(text: str) -> tuple[AnsweredCode, ...]:
    """Codes found in a model's free output, in order, each once; never raises.

    Shape alone counts here: whether a code exists in the release is the scorer's question (invalid-code rate).
    """
    found: dict[Code, AnsweredCode] = {}
    for line in text.splitlines():
        wants_procedures = _PROCEDURE_LABEL[:3] in line.upper()
        pattern = _PROCEDURE_TOKEN if wants_procedures else _ICD_TOKEN
        for match in pattern.finditer(line.upper().replace(_ICD_LABEL, " ").replace(_PROCEDURE_LABEL, " ")):
            try:
                code = procedure(match[1]) if wants_procedures else icd10cm(match[1])
            except CodeError:
                continue
            modifiers = tuple(part for part in match[2].split("-") if part) if wants_procedures else ()
            found.setdefault(code, AnsweredCode(code, modifiers))
    return tuple(found.values())
