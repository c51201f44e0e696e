"""Loss on answer tokens: a packed note is the note alone, for every way of computing and every architecture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ghostchart.train import attention
from ghostchart.train.batches import IGNORED, MicroBatch, pack
from ghostchart.train.examples import Example
from ghostchart.train.loss import PLAIN, WAYS, Way, answer_loss, choose_way


def by_hand(model: Any, batch: MicroBatch) -> float:
    """Sum over answer tokens of -log p(token | what stands before it), each note alone in the model's own forward pass."""
    import torch

    summed, start = 0.0, 0
    for length in batch.lengths:
        ids = torch.from_numpy(batch.input_ids[start : start + length])
        with torch.no_grad():
            chances = torch.log_softmax(model(input_ids=ids[None]).logits[0].float(), dim=-1)
        for at in range(1, length):
            if batch.labels[start + at] != IGNORED:
                summed -= float(chances[at - 1, ids[at]])
        start += length
    return summed


def inputs(batch: MicroBatch) -> tuple[Any, Any, tuple[int, ...]]:
    import torch

    return torch.from_numpy(batch.input_ids), torch.from_numpy(batch.labels), batch.lengths


def settle(loss: Any) -> Way:
    return choose_way(loss, lambda ids, labels, lengths: loss(ids, labels, lengths, None), "float32", "cpu")


@pytest.fixture
def batch() -> MicroBatch:
    rng = np.random.default_rng(5)
    return pack(
        [
            Example(f"n{n}", rng.integers(1, 64, n).astype(np.int32), max(1, n - answer))
            for n, answer in ((40, 7), (3, 1), (65, 20))
        ]
    )


@pytest.mark.parametrize("way", [PLAIN, *WAYS])
def test_every_way_gives_the_loss_of_each_note_alone(random_llama: Any, batch: MicroBatch, way: Way) -> None:
    loss = answer_loss(random_llama(64))
    expected = by_hand(loss.model, batch)
    loss.use(way)
    assert loss(*inputs(batch), 3.0).item() == pytest.approx(expected / 3.0, rel=1e-5)
    loss.use(PLAIN)
    assert by_hand(loss.model, batch) == expected, "the model has its own attention back"


def test_packed_logits_and_gradients_equal_those_of_notes_alone(random_llama: Any, batch: MicroBatch) -> None:
    import torch

    loss = answer_loss(random_llama(64))
    gradients = []
    for way in (PLAIN, Way(packed=True, picks_first=True)):
        loss.use(way)
        loss.zero_grad()
        loss(*inputs(batch), 1.0).backward()
        gradients.append([parameter.grad.clone() for parameter in loss.parameters()])
    for alone, packed in zip(*gradients, strict=True):
        assert torch.allclose(alone, packed, atol=1e-5)
    packed_logits = loss(*inputs(batch), None)
    single = [loss(*inputs(piece), None) for piece in batch.split(3)]
    assert torch.allclose(packed_logits, torch.cat(single), atol=1e-5)


def test_changing_one_note_changes_no_other(random_llama: Any, batch: MicroBatch) -> None:
    import torch

    loss = answer_loss(random_llama(64))
    loss.use(Way(packed=True, picks_first=True))
    ids, labels, lengths = inputs(batch)
    before = loss(ids, labels, lengths, None)
    changed = ids.clone()
    changed[:40] = (changed[:40] + 11) % 64
    after = loss(changed, labels, lengths, None)
    assert not torch.allclose(before[:7], after[:7], atol=1e-3)
    assert torch.equal(before[7:], after[7:])


def test_llama_takes_the_shortest_way(random_llama: Any) -> None:
    loss = answer_loss(random_llama(64))
    assert settle(loss) == loss.way == Way(packed=True, picks_first=True)


def test_attention_that_leaks_across_notes_is_noticed(random_llama: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def leaking(*args: Any, note_bounds: Any = None, **kwargs: Any) -> Any:
        return inside(*args, **kwargs)

    inside: Callable[..., Any] = attention.note_attention
    monkeypatch.setattr(attention, "note_attention", leaking)
    assert settle(answer_loss(random_llama(64))) == Way(packed=False, picks_first=True)
    monkeypatch.undo()
    attention.register()


def test_a_model_that_scales_its_logits_is_not_cheated(batch: MicroBatch) -> None:
    import torch
    from transformers import CohereConfig, CohereForCausalLM

    torch.manual_seed(0)
    config = CohereConfig(
        vocab_size=64,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        logit_scale=4.0,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    model = CohereForCausalLM(config)
    expected = by_hand(model, batch)
    loss = answer_loss(model)
    assert settle(loss) == Way(packed=True, picks_first=False)
    assert loss(*inputs(batch), 1.0).item() == pytest.approx(expected, rel=1e-5)


def test_a_sliding_window_reaches_no_further_than_the_model_says(batch: MicroBatch) -> None:
    import torch
    from transformers import MistralConfig, MistralForCausalLM

    torch.manual_seed(0)
    config = MistralConfig(
        vocab_size=64,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=48,
        sliding_window=6,
    )
    model = MistralForCausalLM(config).eval()
    expected = by_hand(model, batch)
    loss = answer_loss(model)
    assert settle(loss).packed
    assert loss(*inputs(batch), 1.0).item() == pytest.approx(expected, rel=1e-5)


def test_absolute_positions_and_soft_caps_go_the_way_that_is_right(batch: MicroBatch) -> None:
    import torch
    from transformers import Gemma2Config, Gemma2ForCausalLM, GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    gpt = GPT2LMHeadModel(GPT2Config(vocab_size=64, n_embd=32, n_layer=2, n_head=2, n_positions=128)).eval()
    gemma = Gemma2ForCausalLM(
        Gemma2Config(
            vocab_size=64,
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=16,
            intermediate_size=48,
            attn_logit_softcapping=0.5,
            final_logit_softcapping=0.5,
        )
    ).eval()
    for model in (gpt, gemma):
        expected = by_hand(model, batch)
        loss = answer_loss(model)
        settle(loss)
        assert loss(*inputs(batch), 1.0).item() == pytest.approx(expected, rel=1e-4)


def test_a_micro_batch_without_loss_moves_nothing(random_llama: Any, batch: MicroBatch) -> None:
    loss = answer_loss(random_llama(64))
    settle(loss)
    value = loss(*inputs(batch.without_loss()), 1.0)
    value.backward()
    assert value.item() == 0.0
    assert all(parameter.grad is None or not parameter.grad.any() for parameter in loss.parameters())


def test_gradient_reaches_every_weight(random_llama: Any, batch: MicroBatch) -> None:
    loss = answer_loss(random_llama(64))
    settle(loss)
    loss(*inputs(batch), 1.0).backward()
    assert all(parameter.grad is not None for parameter in loss.parameters())
