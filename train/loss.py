"""Cross-entropy on answer tokens, computed only where there is an answer token, without padding where the model allows.

Two things make it cheap. Notes of a micro-batch stand one behind the other and attention stays inside each
(:mod:`ghostchart.train.attention`), so nothing is spent on padding. And the output product over the whole vocabulary is a
large part of a small model's work (28 of SmolLM2's 135 million weights) while nine tokens in ten belong to the note, so
hidden states are picked before the output layer.

Not every architecture allows both: some do something to their logits afterwards (scaling, soft caps), some carry a state
from token to token. So the first thing asked of a model is two made-up notes, once padded through the model's own forward
pass and once each short way; the shortest way that gives the same logits is taken (:func:`choose_way`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ghostchart.train import attention
from ghostchart.train.batches import IGNORED

_PROBE_LENGTHS = (5, 9, 3)
# Relative to the largest logit. Attention across notes changes logits by far more than rounding does.
_TOLERANCE = {"float32": 1e-4, "bfloat16": 4e-2}


@dataclass(frozen=True)
class Way:
    """How logits are computed.

    Attributes:
        packed: notes one behind the other, positions starting anew with each; else one note a row, padded on the right
            (where causal attention never looks, so no mask is needed).
        picks_first: output layer on answer tokens only; else on all tokens.
    """

    packed: bool
    picks_first: bool


PLAIN = Way(packed=False, picks_first=False)
WAYS = (Way(True, True), Way(True, False), Way(False, True))


def answer_loss(causal_lm: Any) -> Any:
    """A module around a causal language model that computes the loss of packed notes.

    A call ``(input_ids, labels, lengths, scale)``, tensors of shape (tokens,) and one length per note, returns the summed
    answer-token loss divided by ``scale``; with ``scale`` None the logits behind it, shape (answer tokens, vocabulary).
    ``way`` says how, ``use(way)`` changes it.

    Args:
        causal_lm: a Hugging Face causal language model, adapters already inside.
    """
    import torch
    from torch.nn import functional

    class AnswerLoss(torch.nn.Module):
        def __init__(self, model: Any) -> None:
            super().__init__()
            self.model = model
            self.way = PLAIN
            self._own_attention = getattr(model.config, "_attn_implementation", None)

        def use(self, way: Way) -> None:
            """Compute this way from now on; PLAIN gives the model its own attention back."""
            if way.packed != self.way.packed:
                attention.register()
                self.model.set_attn_implementation(attention.NAME if way.packed else self._own_attention)
            self.way = way

        def forward(self, input_ids: Any, labels: Any, lengths: tuple[int, ...], scale: float | None) -> Any:
            # The first token of a note never bears loss, so no label reaches over into the note before.
            bears_loss = labels[1:] != IGNORED
            logits = self._logits(input_ids, lengths, bears_loss)
            if scale is None:
                return logits
            return functional.cross_entropy(logits.float(), labels[1:][bears_loss], reduction="sum") / scale

        def _logits(self, input_ids: Any, lengths: tuple[int, ...], where: Any) -> Any:
            if self.way.packed:
                inputs, kept = _in_one_row(input_ids, lengths), None
            else:
                inputs, kept = _in_rows(input_ids, lengths)
            inner = self.model.base_model if self.way.picks_first else self.model
            made = inner(**inputs, use_cache=False)
            states = made.last_hidden_state if self.way.picks_first else made.logits
            flat = states[0] if kept is None else states[kept]
            picked = flat[:-1][where]
            return self.model.get_output_embeddings()(picked) if self.way.picks_first else picked

    return AnswerLoss(causal_lm)


def choose_way(loss: Any, call: Callable[[Any, Any, tuple[int, ...]], Any], dtype: str, device: Any) -> Way:
    """Set and return the shortest way that gives the same logits as the model's own forward pass.

    Args:
        loss: from :func:`answer_loss`.
        call: runs it for its logits, through whatever has been put around it: (input_ids, labels, lengths) -> logits.
        dtype: what the model computes in.
        device: where.
    """
    import torch

    vocabulary = loss.model.get_input_embeddings().num_embeddings
    input_ids = (torch.arange(1, sum(_PROBE_LENGTHS) + 1) * 7919 % vocabulary).to(device)
    starts = torch.tensor([0, *_PROBE_LENGTHS[:-1]]).cumsum(0)
    labels = input_ids.clone()
    labels[starts.to(device)] = IGNORED

    def logits(way: Way) -> Any:
        loss.use(way)
        with torch.no_grad():
            return call(input_ids, labels, _PROBE_LENGTHS).float()

    expected = logits(PLAIN)
    bar = _TOLERANCE[dtype] * float(expected.abs().max())
    for way in WAYS:
        try:
            found = logits(way)
        except (AttributeError, TypeError, ValueError, NotImplementedError, RuntimeError):
            continue  # an architecture that does not know this way
        if found.shape == expected.shape and float((found - expected).abs().max()) <= bar:
            return way
    loss.use(PLAIN)
    return PLAIN


def _in_one_row(input_ids: Any, lengths: tuple[int, ...]) -> dict[str, Any]:
    import torch

    positions = torch.cat([torch.arange(length) for length in lengths]).to(input_ids.device)
    return {
        "input_ids": input_ids[None],
        "position_ids": positions[None],
        "note_bounds": attention.note_bounds(lengths, input_ids.device),
    }


def _in_rows(input_ids: Any, lengths: tuple[int, ...]) -> tuple[dict[str, Any], Any]:
    """Inputs of one note a row, and which of their positions are tokens, shape (notes, longest)."""
    import torch

    rows = torch.nn.utils.rnn.pad_sequence(list(input_ids.split(lengths)), batch_first=True, padding_value=0)
    sizes = torch.tensor(lengths, device=input_ids.device)
    return {"input_ids": rows}, torch.arange(rows.shape[1], device=rows.device)[None] < sizes[:, None]
