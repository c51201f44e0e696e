"""Where the code tokens of a model from scratch start: at the words that evidence them.

Random starts would have the model learn from a handful of answer tokens per note which words belong to which code. The
corpus knows: every gold code has evidence spans. So a code token's embedding, which is also its row of the output layer,
starts as the mean of the embeddings of the words in its evidence and description, each weighted by how few codes share it
(inverse document frequency, codes as documents). A model that hands words on to the output then already ranks codes.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ghostchart.schemas.note import Note


def evidence_words(notes: Sequence[Note], tokenizer: Any) -> dict[str, Counter[int]]:
    """For each code value the token ids of its evidence and description, counted over all notes."""
    texts: dict[str, Counter[str]] = defaultdict(Counter)
    for note in notes:
        for code in note.codes:
            texts[code.value][code.description] += 1
            # With the character before: a word's token differs by the blank in front of it.
            texts[code.value].update(note.text[max(0, span.start - 1) : span.end] for span in code.spans)
    words: dict[str, Counter[int]] = {}
    for value, counted in texts.items():
        distinct = list(counted)
        ids = tokenizer(distinct, add_special_tokens=False)["input_ids"]
        total: Counter[int] = Counter()
        for text, one in zip(distinct, ids, strict=True):
            for token in set(one):
                total[token] += counted[text]
        words[value] = total
    return words


def place_code_embeddings(model: Any, tokenizer: Any, notes: Sequence[Note]) -> int:
    """Move the embeddings of code tokens to the words that evidence them; lengths stay as they were.

    Args:
        model: freshly initialised, embeddings tied to the output layer.
        tokenizer: from :func:`~ghostchart.train.tiny.train_tokenizer`.
        notes: training notes.

    Returns:
        How many code tokens were moved.
    """
    import torch

    words = evidence_words(notes, tokenizer)
    weights = _inverse_frequencies(words)
    table = model.get_input_embeddings().weight
    unknown = tokenizer.unk_token_id
    moved = 0
    with torch.no_grad():
        start = table.detach().clone()
        for value in sorted(words):
            token = tokenizer.convert_tokens_to_ids(f" {value}")
            if token is None or token == unknown:
                continue
            known = sorted((word, count) for word, count in words[value].items() if weights[word] > 0 and word != token)
            if not known:
                continue
            ids = torch.tensor([word for word, _ in known])
            share = torch.tensor([math.log1p(count) * weights[word] for word, count in known], dtype=start.dtype)
            centre = (start[ids] * share[:, None]).sum(0)
            table[token] = centre * (start[token].norm() / centre.norm().clamp_min(1e-9))
            moved += 1
    return moved


def _inverse_frequencies(words: Mapping[str, Counter[int]]) -> dict[int, float]:
    """ln(codes / codes that share the token), by token id."""
    shared: Counter[int] = Counter()
    for counted in words.values():
        shared.update(counted.keys())
    return {token: math.log(len(words) / count) for token, count in shared.items()}
