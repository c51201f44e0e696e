"""Greedy decoding of many prompts at once with a key-value cache.

Why not ``model.generate``: its cache is copied as a whole at every step, finished answers stay in the batch until
the longest one ends, and all share one stopping rule. Here the cache grows in place, finished rows leave the batch,
and an answer ends as soon as its two lines are complete. Prompts are padded on the left and padding is masked, with
positions counted from each prompt's own first token, so that an answer does not depend on its neighbours in the batch.

With a constraint the choice is among the tokens that lead on to valid codes. Only their scores are looked at: one gather
for the whole batch, whatever the size of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from ghostchart.evaluate.constraint import AnswerConstraint, Walk
from ghostchart.evaluate.language_model import LanguageModel

_DROP_SHARE = 0.25  # rebuilding the cache costs about one step: worth it once this share of the rows is finished
_LABELS = ("ICD", "CPT")


@dataclass(frozen=True, slots=True)
class Decoded:
    """One answer's text and, where decoding was constrained, the confidence in [0, 1] of each code by its value."""

    text: str
    confidence: Mapping[str, float] = field(default_factory=dict)


def answer_is_complete(text: str) -> bool:
    """Whether both labelled lines of an answer are there and the second is ended by a newline."""
    lines = text.upper().split("\n")[:-1]
    return all(any(line.lstrip().startswith(label) for line in lines) for label in _LABELS)


def decode_greedily(
    language_model: LanguageModel,
    prompts: Sequence[Sequence[int]],
    max_new_tokens: int,
    is_complete: Callable[[str], bool] = answer_is_complete,
    constraint: AnswerConstraint | None = None,
) -> list[Decoded]:
    """The most likely answer to each prompt, token by token; one batch.

    Args:
        language_model: model and tokenizer.
        prompts: token ids of each prompt, none empty.
        max_new_tokens: answers are cut after this many tokens, the constraint's first label included.
        is_complete: ends a free answer early; asked when a line has ended.
        constraint: keeps answers valid; None lets the model write what it likes.

    Returns:
        Answers without end token, in the order of the prompts. A constrained answer that was cut ends with a whole code.
    """
    import torch

    choice = _Free(language_model, len(prompts), is_complete) if constraint is None else _Held(constraint, len(prompts))
    prompts = [[*prompt, *choice.head_ids] for prompt in prompts]
    longest = max(len(prompt) for prompt in prompts)
    input_ids = torch.tensor([[language_model.pad_id] * (longest - len(p)) + list(p) for p in prompts])
    mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts])
    input_ids, mask = input_ids.to(language_model.device), mask.to(language_model.device)
    positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
    past = _make_cache(language_model.model.config, max_new_tokens)
    rows = list(range(len(prompts)))  # which prompt each row of the batch belongs to
    alive = set(rows)
    with torch.inference_mode():
        for _ in range(max(1, max_new_tokens - len(choice.head_ids))):
            logits = language_model.model(
                input_ids=input_ids,
                attention_mask=mask,
                position_ids=positions,
                past_key_values=past,
                use_cache=True,
                logits_to_keep=1,
            ).logits[:, -1]
            chosen = choice.next_tokens(logits, rows, alive)
            if not alive:
                break
            input_ids = torch.tensor(chosen, device=mask.device)[:, None]
            positions = positions[:, -1:] + 1
            mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)
            if len(alive) <= (1 - _DROP_SHARE) * len(rows):
                kept = [index for index, row in enumerate(rows) if row in alive]
                index = torch.tensor(kept, device=mask.device)
                rows = [rows[at] for at in kept]
                input_ids, positions, mask = input_ids[index], positions[index], mask[index]
                past.batch_select_indices(index)
    return choice.answers()


class _Free:
    """Each row takes its most likely token."""

    head_ids: tuple[int, ...] = ()

    def __init__(self, language_model: LanguageModel, n_rows: int, is_complete: Callable[[str], bool]) -> None:
        self._tokenizer = language_model.tokenizer
        self._end_ids = language_model.end_ids
        self._is_complete = is_complete
        self._ids: list[list[int]] = [[] for _ in range(n_rows)]

    def next_tokens(self, logits: Any, rows: Sequence[int], alive: set[int]) -> list[int]:
        """A token for every row of the batch; rows whose answer is over leave ``alive``."""
        chosen: list[int] = logits.argmax(dim=-1).tolist()
        for row, token in zip(rows, chosen, strict=True):
            if row not in alive:
                continue
            if token in self._end_ids:
                alive.discard(row)
                continue
            self._ids[row].append(token)
            ends_line = "\n" in _token_text(self._tokenizer, token)
            if ends_line and self._is_complete(self._tokenizer.decode(self._ids[row])):
                alive.discard(row)
        return chosen

    def answers(self) -> list[Decoded]:
        """What was written, by prompt."""
        return [Decoded(self._tokenizer.decode(ids, skip_special_tokens=True)) for ids in self._ids]


class _Held:
    """Each row takes its most likely token among those that lead on to valid codes."""

    def __init__(self, constraint: AnswerConstraint, n_rows: int) -> None:
        self.head_ids = constraint.head_ids
        self._walks: list[Walk] = [constraint.begin() for _ in range(n_rows)]

    def next_tokens(self, logits: Any, rows: Sequence[int], alive: set[int]) -> list[int]:
        """As :meth:`_Free.next_tokens`; rows that are over repeat token 0 until they are dropped."""
        import torch

        vocabulary = logits.shape[-1]
        living = [at for at, row in enumerate(rows) if row in alive]
        allowed = [self._walks[rows[at]].allowed() for at in living]
        places = np.concatenate([at * vocabulary + ids for at, ids in zip(living, allowed, strict=True)])
        flat = logits.reshape(-1)[torch.from_numpy(places).to(logits.device)]
        scores = flat.float().cpu().numpy()
        chosen = [0] * len(rows)
        first = 0
        for at, ids in zip(living, allowed, strict=True):
            walk = self._walks[rows[at]]
            token = walk.choose(ids, scores[first : first + len(ids)])
            first += len(ids)
            if token is None or walk.is_over:
                alive.discard(rows[at])
            else:
                chosen[at] = token
        return chosen

    def answers(self) -> list[Decoded]:
        """What was written, by prompt."""
        return [Decoded(walk.sound_text, walk.confidence) for walk in self._walks]


def _token_text(tokenizer: Any, token: int) -> str:
    return str(tokenizer.decode([token]))


def _make_cache(config: Any, room_tokens: int) -> Any:
    """A cache that grows in place; models with windowed or other special layers get the cache made for them."""
    from transformers import DynamicCache
    from transformers.cache_utils import Cache, DynamicLayer

    plain = DynamicCache(config=config)
    if any(type(layer) is not DynamicLayer for layer in plain.layers):
        return plain
    return Cache(layer_class_to_replicate=_growing_layer(room_tokens))


@cache
def _growing_layer(room_tokens: int) -> type[Any]:
    """A cache layer with room for ``room_tokens`` behind the prompt.

    A class made on demand, because its base lives in transformers, which is imported only when a model is used.
    """
    from transformers.cache_utils import DynamicLayer

    class GrowingLayer(DynamicLayer):  # type: ignore[misc]
        """Keys and values are views into buffers; appending writes in place."""

        def lazy_initialization(self, key_states: Any, value_states: Any) -> None:
            super().lazy_initialization(key_states, value_states)
            self.buffers = [_with_room(states, room_tokens) for states in (key_states, value_states)]
            self.length = 0

        def update(self, key_states: Any, value_states: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
            if not self.is_initialized:
                self.lazy_initialization(key_states, value_states)
            end = self.length + key_states.shape[-2]
            if end > self.buffers[0].shape[-2]:
                self.buffers = [_with_room(buffer, end, filled=self.length) for buffer in self.buffers]
            for buffer, states in zip(self.buffers, (key_states, value_states), strict=True):
                buffer[:, :, self.length : end] = states
            self.length = end
            self._show()
            return self.keys, self.values

        def batch_select_indices(self, indices: Any) -> None:
            self.buffers = [buffer[indices] for buffer in self.buffers]
            self._show()

        def _show(self) -> None:
            self.keys, self.values = (buffer[:, :, : self.length] for buffer in self.buffers)

    return GrowingLayer


def _with_room(states: Any, room_tokens: int, filled: int = 0) -> Any:
    batch, heads, length, width = states.shape
    buffer = states.new_empty(batch, heads, length + room_tokens, width)
    buffer[:, :, :filled] = states[:, :, :filled]
    return buffer
