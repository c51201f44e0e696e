"""The network of the label-attention baseline; a class made on demand, because PyTorch is imported only when it is used."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray


def build_label_attention(encoder: Any, n_codes: int, share: NDArray[np.float64]) -> Any:
    """An encoder with one attention query and one linear decision per code on top.

    Args:
        encoder: gives ``last_hidden_state`` of shape (rows, tokens, hidden).
        n_codes: number of decisions.
        share: share of training notes that have each code, in (0, 1]: the decisions start at its log-odds.
    """
    return _network_class()(encoder, n_codes, share)


@cache
def _network_class() -> type[Any]:
    import torch
    from torch import nn

    class LabelAttention(nn.Module):
        """Token ids and mask of shape (notes, segments, width) to log-odds of shape (notes, codes)."""

        def __init__(self, encoder: Any, n_codes: int, share: NDArray[np.float64]) -> None:
            super().__init__()
            hidden = encoder.config.hidden_size
            self.encoder = encoder
            self.project = nn.Linear(hidden, hidden, bias=False)
            self.queries = nn.Linear(hidden, n_codes, bias=False)
            self.decide = nn.Parameter(torch.randn(n_codes, hidden) * 0.02)
            kept = torch.tensor(np.clip(share, 1e-4, 1 - 1e-4), dtype=torch.float32)
            self.offset = nn.Parameter(torch.logit(kept))

        @property
        def device(self) -> Any:
            return self.offset.device

        def forward(self, tokens: Any, mask: Any) -> Any:
            notes, segments, width = tokens.shape
            is_used = mask.view(notes * segments, width).any(dim=1)  # empty segments would attend to nothing
            rows = tokens.view(notes * segments, width)[is_used]
            row_mask = mask.view(notes * segments, width)[is_used]
            states = self.encoder(input_ids=rows, attention_mask=row_mask).last_hidden_state
            hidden = states.new_zeros(notes * segments, width, states.shape[-1])
            hidden[is_used] = states
            hidden = hidden.view(notes, segments * width, -1)
            attention = self.queries(torch.tanh(self.project(hidden)))
            blocked = (mask.view(notes, segments * width, 1) == 0).expand_as(attention)
            weights = attention.float().masked_fill(blocked, -1e9).softmax(dim=1)
            summaries = weights.to(hidden.dtype).transpose(1, 2) @ hidden
            return (summaries * self.decide).sum(dim=-1) + self.offset

    return LabelAttention
