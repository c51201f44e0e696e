"""Attention that never leaves a note, for micro-batches whose notes stand one behind the other without padding.

transformers lets a model's attention be exchanged by name and hands keyword arguments down to it. The function here is
told how long each note is, so it needs no mask: a mask over the whole sequence would cost the square of its length, and
most of it would be forbidden. On CPUs each note is one causal call of PyTorch's fused attention; on GPUs one call of the
variable-length kernel of FlashAttention (Dao 2023, arXiv:2307.08691), which PyTorch carries, does all notes at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NAME = "ghostchart_notes"


@dataclass(frozen=True)
class NoteBounds:
    """Where notes begin and end in a packed sequence.

    Attributes:
        lengths: tokens of each note, in order.
        cumulative: 0 and the end of each note, int32 on the device of the tokens, shape (notes + 1,).
    """

    lengths: tuple[int, ...]
    cumulative: Any

    @property
    def longest(self) -> int:
        """Tokens of the longest note."""
        return max(self.lengths)


def note_bounds(lengths: tuple[int, ...], device: Any) -> NoteBounds:
    """Bounds of notes of these lengths."""
    import torch

    ends = torch.tensor([0, *lengths], dtype=torch.int32).cumsum(0, dtype=torch.int32)
    return NoteBounds(lengths, ends.to(device))


def register() -> None:
    """Make the attention known to transformers under :data:`NAME`; doing so twice is harmless."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, note_attention)


def note_attention(
    module: Any,
    query: Any,
    key: Any,
    value: Any,
    attention_mask: Any,
    dropout: float = 0.0,
    scaling: float | None = None,
    *,
    note_bounds: NoteBounds | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **_: object,
) -> tuple[Any, None]:
    """Causal attention within each note.

    Args:
        module: the calling layer (unused; the signature is transformers').
        query: shape (1, heads, tokens, width).
        key: shape (1, key-value heads, tokens, width).
        value: as ``key``.
        attention_mask: must be None.
        dropout: share of attention weights dropped.
        scaling: factor on the scores; None: 1 / sqrt(width).
        note_bounds: the notes; None: one note a row.
        sliding_window: tokens that a token sees, itself included; None: all before it.
        softcap: not supported.

    Returns:
        Shape (1, tokens, heads, width), and None for the weights.

    Raises:
        ValueError: a mask or a soft cap is asked for.
    """
    if softcap is not None or attention_mask is not None:
        raise ValueError("attention by notes takes neither a mask nor a soft cap")
    import torch

    lengths = note_bounds.lengths if note_bounds else (query.shape[2],)
    grouped = query.shape[1] != key.shape[1]
    if note_bounds and query.is_cuda and not dropout and query.dtype in (torch.bfloat16, torch.float16):
        from torch.nn.attention.varlen import varlen_attn

        rows = tuple(part[0].transpose(0, 1).contiguous() for part in (query, key, value))
        window = (sliding_window - 1 if sliding_window else -1, 0)
        bounds, longest = note_bounds.cumulative, note_bounds.longest
        mixed: Any = varlen_attn(
            rows[0],
            rows[1],
            rows[2],
            bounds,
            bounds,
            longest,
            longest,
            scale=scaling,
            window_size=window,
            enable_gqa=grouped,
        )
        return mixed[None], None
    outputs = []
    parts = (part.split(lengths, dim=2) for part in (query, key, value))
    for one_query, one_key, one_value in zip(*parts, strict=True):
        mask = _band(one_query.shape[2], sliding_window, query.device)
        output = torch.nn.functional.scaled_dot_product_attention(
            one_query,
            one_key,
            one_value,
            attn_mask=mask,
            dropout_p=dropout,
            is_causal=mask is None,
            scale=scaling,
            enable_gqa=grouped,
        )
        outputs.append(output.transpose(1, 2))
    return torch.cat(outputs, dim=1), None


def _band(tokens: int, sliding_window: int | None, device: Any) -> Any:
    """The mask of a note longer than its window, else None."""
    if sliding_window is None or tokens <= sliding_window:
        return None
    import torch

    places = torch.arange(tokens, device=device)
    behind = places[:, None] - places[None]
    return (behind >= 0) & (behind < sliding_window)
