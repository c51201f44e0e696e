"""Notes to codes with a language model: prompts, batches of like length, answers, codes.

Prompts are built by ``schemas.prompting`` exactly as in training. A note that does not fit the context is cut by the
rule of ``schemas.prompting.fit_note``: head and tail stay, and room for the whole answer is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ghostchart.evaluate.answer_grammar import AnswerGrammar
from ghostchart.evaluate.constraint import AnswerConstraint, token_texts
from ghostchart.evaluate.decoding import Decoded, decode_greedily
from ghostchart.evaluate.language_model import LanguageModel
from ghostchart.schemas.errors import ModelError
from ghostchart.schemas.out_of_memory import is_out_of_memory
from ghostchart.schemas.progress import SILENT, Progress
from ghostchart.schemas.prompting import AnsweredCode, fit_note, parse_answer

_MIN_NOTE_TOKENS = 16


@dataclass(frozen=True, slots=True)
class Prompt:
    """Token ids of one request; ``was_cut`` where the note did not fit."""

    token_ids: tuple[int, ...]
    was_cut: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model wrote about the note at ``index``, and the codes found in it.

    ``confidence`` is in [0, 1], one per code, and None where decoding was free.
    """

    index: int
    text: str
    codes: tuple[AnsweredCode, ...]
    was_cut: bool
    confidence: tuple[float, ...] | None = None


def constrain(language_model: LanguageModel, grammar: AnswerGrammar) -> AnswerConstraint:
    """The grammar in the tokens of a model; a second or so for a vocabulary of 50,000."""
    tokenizer = language_model.tokenizer
    head = grammar.labels[0].rstrip()
    return AnswerConstraint(
        grammar,
        token_texts(tokenizer, language_model.model.get_output_embeddings().weight.shape[0]),
        language_model.end_ids,
        tokenizer.encode(head, add_special_tokens=False),
    )


def build_prompt(language_model: LanguageModel, text: str, max_new_tokens: int) -> Prompt:
    """The request for one note, cut to the model's context.

    Raises:
        ModelError: the context is too small for the frame, the answer and a few words of the note.
    """
    frame = len(language_model.before) + len(language_model.after)
    budget = language_model.context_tokens - frame - max_new_tokens
    if budget < _MIN_NOTE_TOKENS:
        raise ModelError(
            f"a context of {language_model.context_tokens} tokens has no room for the note beside a prompt of {frame} "
            f"and an answer of {max_new_tokens} tokens",
            fix="Lower max_new_tokens or use a model with a longer context",
        )
    ids = language_model.tokenizer.encode(text, add_special_tokens=False)
    kept = fit_note(ids, budget)
    return Prompt((*language_model.before, *kept, *language_model.after), len(kept) < len(ids))


def predict(
    language_model: LanguageModel,
    texts: Sequence[str],
    *,
    batch_notes: int,
    max_new_tokens: int,
    constraint: AnswerConstraint | None = None,
    progress: Progress = SILENT,
    label: str = "Predicting",
) -> Iterator[tuple[Answer, ...]]:
    """Answers batch by batch, longest notes first, so that lack of memory shows at once.

    A batch that does not fit into memory is halved, and so are the batches after it.

    Args:
        language_model: from :func:`~ghostchart.evaluate.language_model.load_language_model`.
        texts: notes; ``Answer.index`` counts them from 0.
        batch_notes: notes decoded together.
        max_new_tokens: longest answer.
        constraint: from :func:`constrain`; None for free answers.
        progress: gets one unit per note.
        label: of the progress bar.

    Raises:
        ModelError: the context is too small, or memory is too small for a single note.
    """
    prompts = [build_prompt(language_model, text, max_new_tokens) for text in texts]
    order = sorted(range(len(texts)), key=lambda index: (-len(prompts[index].token_ids), index))
    size = batch_notes
    with progress.task(label, total=len(texts)) as advance:
        while order:
            batch = order[:size]
            try:
                decoded = decode_greedily(
                    language_model, [prompts[i].token_ids for i in batch], max_new_tokens, constraint=constraint
                )
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                if len(batch) == 1:
                    raise ModelError(
                        f"memory is too small for one note of {len(prompts[batch[0]].token_ids)} tokens",
                        fix="Use a smaller model, a shorter context or a machine with more memory",
                    ) from None
                size = max(1, len(batch) // 2)
                _release_memory()
                continue
            yield tuple(
                _answer(index, one, prompts[index].was_cut, constraint is not None)
                for index, one in zip(batch, decoded, strict=True)
            )
            del order[: len(batch)]
            advance(len(batch))


def _answer(index: int, decoded: Decoded, was_cut: bool, is_constrained: bool) -> Answer:
    codes = parse_answer(decoded.text)
    # Rounded as prediction files hold it: scores must not depend on whether predictions were read again.
    confidence = (
        tuple(round(decoded.confidence.get(item.code.value, 0.0), 4) for item in codes) if is_constrained else None
    )
    return Answer(index, decoded.text, codes, was_cut, confidence)


def _release_memory() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
