"""Batches: every note once per epoch, order by seed alone, padding as computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostchart.train.batches import (
    IGNORED,
    POOL_BATCHES,
    accumulation_steps,
    micro_batches,
    pack,
    padding_share,
    plan_epoch,
    share_out,
)
from ghostchart.train.examples import Example


def example(length: int, answer: int = 2, first: int = 10) -> Example:
    return Example(f"n{length}", np.arange(first, first + length, dtype=np.int32), length - answer)


@given(
    st.lists(st.integers(3, 400), min_size=1, max_size=300), st.integers(1, 20), st.integers(0, 99), st.integers(0, 3)
)
def test_an_epoch_shows_every_note_once(lengths: list[int], batch_notes: int, seed: int, epoch: int) -> None:
    batches = plan_epoch(lengths, batch_notes, seed, epoch)
    assert sorted(int(index) for batch in batches for index in batch) == list(range(len(lengths)))
    assert max(len(batch) for batch in batches) <= batch_notes


def test_order_follows_the_seed_and_the_epoch() -> None:
    def order(seed: int, epoch: int) -> list[list[int]]:
        return [batch.tolist() for batch in plan_epoch(list(range(5, 105)), 4, seed, epoch)]

    assert order(1, 0) == order(1, 0)
    assert order(1, 0) != order(1, 1)
    assert order(1, 0) != order(2, 0)


def test_lengths_stay_together_but_do_not_drift() -> None:
    rng = np.random.default_rng(3)
    lengths = rng.integers(50, 500, 4 * POOL_BATCHES * 8).tolist()
    batches = plan_epoch(lengths, 8, 0, 0)
    spread = [max(lengths[i] for i in batch) - min(lengths[i] for i in batch) for batch in batches]
    means = [float(np.mean([lengths[i] for i in batch])) for batch in batches]
    assert max(spread) < 40
    assert abs(np.corrcoef(np.arange(len(means)), means)[0, 1]) < 0.3


def test_packing_puts_notes_one_behind_the_other_and_masks_all_but_answers() -> None:
    batch = pack([example(3, answer=1), example(5, answer=2, first=20)])
    assert batch.input_ids.tolist() == [10, 11, 12, 20, 21, 22, 23, 24]
    ignored = IGNORED
    assert batch.labels.tolist() == [ignored, ignored, 12, ignored, ignored, ignored, 23, 24]
    assert batch.lengths == (3, 5)
    assert (batch.n_notes, batch.n_tokens, batch.n_answer_tokens) == (2, 8, 3)


@given(st.lists(st.integers(3, 40), min_size=1, max_size=20), st.integers(1, 8))
def test_cutting_a_micro_batch_keeps_every_note(lengths: list[int], parts: int) -> None:
    whole = pack([example(length, first=100 * at) for at, length in enumerate(lengths)])
    pieces = whole.split(parts)
    assert len(pieces) == parts
    bearing = [piece for piece in pieces if piece.n_answer_tokens]
    assert np.concatenate([piece.input_ids for piece in bearing]).tolist() == whole.input_ids.tolist()
    assert np.concatenate([piece.labels for piece in bearing]).tolist() == whole.labels.tolist()
    assert all(sum(piece.lengths) == piece.n_tokens for piece in pieces)


@given(st.lists(st.integers(3, 400), min_size=1, max_size=17), st.integers(1, 5))
def test_processes_share_a_step_without_losing_or_doubling_a_note(lengths: list[int], processes: int) -> None:
    step = [pack([example(length, first=1000 * at)]) for at, length in enumerate(lengths)]
    shares = [share_out(step, rank, processes) for rank in range(processes)]
    assert {len(share) for share in shares} == {-(-len(step) // processes)}, "all take part in every exchange"
    bearing = [batch for share in shares for batch in share if batch.n_answer_tokens]
    assert sorted(batch.input_ids.tolist() for batch in bearing) == sorted(batch.input_ids.tolist() for batch in step)


def test_processes_get_about_as_many_tokens() -> None:
    step = [pack([example(length)]) for length in (100, 90, 50, 40, 30, 10)]
    tokens = [sum(batch.n_tokens for batch in share_out(step, rank, 2)) for rank in (0, 1)]
    assert tokens == [100 + 40 + 30, 90 + 50 + 10]


def test_padding_share_by_hand() -> None:
    # One batch of both: 8 real tokens on 10 places.
    assert padding_share([example(3), example(5)], 2, 0) == pytest.approx(0.2)
    assert padding_share([example(3), example(5)], 1, 0) == 0.0


@pytest.mark.parametrize(("tokens_per_step", "steps"), [(64, 1), (1000, 1), (4000, 4), (3600, 4)])
def test_accumulation_reaches_the_tokens_per_step(tokens_per_step: int, steps: int) -> None:
    assert accumulation_steps([example(100)] * 50, 10, tokens_per_step) == steps


def test_the_stream_goes_on_over_epochs_with_the_same_notes() -> None:
    examples = [example(length) for length in range(5, 15)]
    stream = micro_batches(examples, 3, seed=4)
    first = sum(next(stream).n_notes for _ in range(4))
    second = sum(next(stream).n_notes for _ in range(4))
    assert (first, second) == (10, 10)


@pytest.mark.parametrize("skip", [0, 1, 3, 4, 9])
def test_the_stream_can_be_taken_up_anywhere(skip: int) -> None:
    examples = [example(length) for length in range(5, 15)]
    whole = micro_batches(examples, 3, seed=4)
    for _ in range(skip):
        next(whole)
    resumed = micro_batches(examples, 3, seed=4, skip=skip)
    for _ in range(5):
        assert next(whole).input_ids.tolist() == next(resumed).input_ids.tolist()
