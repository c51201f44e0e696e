"""Cross-entropy on answer tokens, computed only where there is an answer token.

The output product over the whole vocabulary is a large part of a small model's work (28 of SmolLM2's 135 million
weights), and nine tokens in ten belong to the note. So hidden states are picked before the output layer. Architectures
that do something to their logits afterwards (scaling, soft caps) would be cheated by that: the first batch compares both
ways, and such a model takes the long one.
"""

from __future__ import annotations

from typing import Any

IGNORED = -100  # label of tokens that bear no loss; PyTorch's cross-entropy skips it


def answer_loss(causal_lm: Any) -> Any:
    """A module whose call (input_ids, labels, scale) gives the summed answer-token loss divided by ``scale``.

    Args:
        causal_lm: a Hugging Face causal language model, adapters already inside.
    """
    import torch
    from torch.nn import functional

    class AnswerLoss(torch.nn.Module):
        def __init__(self, model: Any) -> None:
            super().__init__()
            self.model = model
            self.picks_first = _picking_is_equal(model)

        def forward(self, input_ids: Any, labels: Any, scale: float) -> Any:
            wanted = labels[:, 1:]
            bears_loss = wanted != IGNORED
            logits = _logits_at(self.model, input_ids, bears_loss, self.picks_first)
            return functional.cross_entropy(logits.float(), wanted[bears_loss], reduction="sum") / scale

    return AnswerLoss(causal_lm)


def _logits_at(model: Any, input_ids: Any, where: Any, picks_first: bool) -> Any:
    """Logits that predict the token after each marked position, shape (marked, vocabulary)."""
    if not picks_first:
        return model(input_ids=input_ids, use_cache=False).logits[:, :-1][where]
    hidden = model.base_model(input_ids=input_ids, use_cache=False).last_hidden_state
    return model.get_output_embeddings()(hidden[:, :-1][where])


def _picking_is_equal(model: Any) -> bool:
    """Whether the output layer on picked states gives the model's own logits (checked on eight tokens)."""
    import torch

    head = model.get_output_embeddings()
    if head is None or not hasattr(
        model.base_model(input_ids=torch.zeros((1, 1), dtype=torch.long)), "last_hidden_state"
    ):
        return False
    was_training = model.training
    model.eval()
    with torch.no_grad():
        vocabulary = head.weight.shape[0]
        input_ids = (torch.arange(1, 9)[None] * 7919) % vocabulary
        where = torch.ones((1, 7), dtype=torch.bool)
        short, full = (_logits_at(model, input_ids, where, first).float() for first in (True, False))
    model.train(was_training)
    return short.shape == full.shape and bool(torch.allclose(short, full, rtol=1e-2, atol=1e-2))
