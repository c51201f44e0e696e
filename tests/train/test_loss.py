"""Loss on answer tokens: equal to the plain formula, also for models that do something to their logits."""

from __future__ import annotations

from typing import Any

import pytest

from ghostchart.train.loss import IGNORED, answer_loss


def by_hand(model: Any, input_ids: Any, labels: Any) -> float:
    """Sum over answer tokens of -log p(token | what stands before it), from the model's own logits."""
    import torch

    with torch.no_grad():
        chances = torch.log_softmax(model(input_ids=input_ids).logits.float(), dim=-1)
    summed = 0.0
    for row in range(labels.shape[0]):
        for at in range(1, labels.shape[1]):
            if labels[row, at] != IGNORED:
                summed -= float(chances[row, at - 1, labels[row, at]])
    return summed


@pytest.fixture
def batch() -> tuple[Any, Any]:
    import torch

    input_ids = torch.tensor([[5, 6, 7, 8, 9], [11, 12, 13, 0, 0]])
    labels = torch.tensor([[IGNORED, IGNORED, IGNORED, 8, 9], [IGNORED, IGNORED, 13, IGNORED, IGNORED]])
    return input_ids, labels


def test_equals_the_formula(random_llama: Any, batch: tuple[Any, Any]) -> None:
    loss = answer_loss(random_llama(64))
    assert loss.picks_first
    assert loss(*batch, 3.0).item() == pytest.approx(by_hand(loss.model, *batch) / 3.0, rel=1e-5)


def test_padding_changes_nothing(random_llama: Any, batch: tuple[Any, Any]) -> None:
    loss = answer_loss(random_llama(64))
    whole = loss(*batch, 1.0).item()
    apart = loss(batch[0][:1], batch[1][:1], 1.0).item() + loss(batch[0][1:, :3], batch[1][1:, :3], 1.0).item()
    assert whole == pytest.approx(apart, rel=1e-5)


def test_a_model_that_scales_its_logits_is_not_cheated(batch: tuple[Any, Any]) -> None:
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
    loss = answer_loss(CohereForCausalLM(config))
    assert not loss.picks_first
    assert loss(*batch, 1.0).item() == pytest.approx(by_hand(loss.model, *batch), rel=1e-5)


def test_gradient_reaches_every_weight(random_llama: Any, batch: tuple[Any, Any]) -> None:
    loss = answer_loss(random_llama(64))
    loss(*batch, 1.0).backward()
    assert all(parameter.grad is not None for parameter in loss.parameters())
