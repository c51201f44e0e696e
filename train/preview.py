"""Three examples as the model will see them, so that a wrong prompt or mask is noticed before hours are spent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ghostchart.train.examples import Example

_SHOWN_TOKENS = 14  # at each end of the prompt


def preview(examples: Sequence[Example], tokenizer: Any, *, with_text: bool, count: int = 3) -> str:
    """Lines for the screen: the shortest, a middling and the longest example, tokens that bear loss between « and ».

    Args:
        examples: what will be trained on.
        tokenizer: turns ids back into tokens.
        with_text: show what is in the notes; False for corpora that nobody has certified.
        count: how many examples.
    """
    order = np.argsort([len(example.input_ids) for example in examples], kind="stable")
    places = np.unique(np.linspace(0, len(order) - 1, num=min(count, len(order))).round().astype(int))
    return "\n".join(_one(examples[int(order[place])], tokenizer, with_text) for place in places)


def _one(example: Example, tokenizer: Any, with_text: bool) -> str:
    ids = example.input_ids.tolist()
    size, start = len(ids), example.answer_start
    masked = start / size
    head = (
        f"{example.note_id}: {size} tokens, the first {start} masked ({masked:.0%}), the last {size - start} bear loss"
    )
    if example.shortened:
        head += "; its middle was cut to fit"
    if not with_text:
        return head + "; not shown, the corpus is not certified"
    shown = min(_SHOWN_TOKENS, start // 2)
    before = _tokens(tokenizer, ids[:shown])
    after = _tokens(tokenizer, ids[start - shown : start])
    return f"{head}\n  {before} ... {start - 2 * shown} tokens ... {after} «{_tokens(tokenizer, ids[start:])}»"


def _tokens(tokenizer: Any, ids: list[int]) -> str:
    """Each token apart, line breaks made visible."""
    return "|".join(tokenizer.decode([token]).replace("\n", "\\n") for token in ids)
