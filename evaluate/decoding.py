"""Greedy decoding of many prompts at once with a key-value cache.

Why not ``model.generate``: its cache is copied as a whole at every step, finished answers stay in the batch until
the longest one ends, and all share one stopping rule. Here the cache grows in place, finished rows leave the batch,
and an answer ends as soon as its two lines are complete. Prompts are padded on the left and padding is masked, with
positions counted from each prompt's own first token, so that an answer does not depend on its neighbours in the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from ghostchart.evaluate.language_model import LanguageModel

_DROP_SHARE = 0.25  # rebuilding the cache costs about one step: worth it once this share of the rows is finished
_LABELS = ("ICD", "CPT")


def answer_is_complete(text: str) -> bool:
    """Whether both labelled lines of an answer are there and the second is ended by a newline."""
    lines = text.upper().split("\n")[:-1]
    return all(any(line.lstrip().startswith(label) for line in lines) for label in _LABELS)


def decode_greedily(
    language_model: LanguageModel,
    prompts: Sequence[Sequence[int]],
    max_new_tokens: int,
    is_complete: Callable[[str], bool] = answer_is_complete,
) -> list[str]:
    """The most likely answer to each prompt, token by token; one batch.

    Args:
        language_model: model and tokenizer.
        prompts: token ids of each prompt, none empty.
        max_new_tokens: answers are cut after this many tokens.
        is_complete: ends an answer early; asked when a line has ended.

    Returns:
        Answers without end token, in the order of the prompts.
    """
    import torch

    model, tokenizer = language_model.model, language_model.tokenizer
    longest = max(len(prompt) for prompt in prompts)
    input_ids = torch.tensor([[language_model.pad_id] * (longest - len(p)) + list(p) for p in prompts])
    mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts])
    input_ids, mask = input_ids.to(language_model.device), mask.to(language_model.device)
    positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
    past = _make_cache(model.config, max_new_tokens)
    answers: list[list[int]] = [[] for _ in prompts]
    rows = list(range(len(prompts)))  # which prompt each row of the batch belongs to
    alive = set(rows)
    with torch.inference_mode():
        for _ in range(max_new_tokens):
            logits = model(
                input_ids=input_ids,
                attention_mask=mask,
                position_ids=positions,
                past_key_values=past,
                use_cache=True,
                logits_to_keep=1,
            ).logits[:, -1]
            chosen = logits.argmax(dim=-1)
            for row, token in zip(rows, chosen.tolist(), strict=True):
                if row not in alive:
                    continue
                if token in language_model.end_ids:
                    alive.discard(row)
                    continue
                answers[row].append(token)
                if "\n" in _token_text(tokenizer, token) and is_complete(tokenizer.decode(answers[row])):
                    alive.discard(row)
            if not alive:
                break
            input_ids, positions = chosen[:, None], positions[:, -1:] + 1
            mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)
            if len(alive) <= (1 - _DROP_SHARE) * len(rows):
                kept = [index for index, row in enumerate(rows) if row in alive]
                index = torch.tensor(kept, device=mask.device)
                rows = [rows[at] for at in kept]
                input_ids, positions, mask = input_ids[index], positions[index], mask[index]
                past.batch_select_indices(index)
    return [tokenizer.decode(ids, skip_special_tokens=True) for ids in answers]


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
