"""Losses of notes: equal to the plain formula, whatever is read together; learnt notes are told from others."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ghostchart.schemas.config import TrainConfig
from ghostchart.schemas.corpus import UncertifiedCorpus
from ghostchart.schemas.measures import auc
from ghostchart.schemas.note import Note
from ghostchart.schemas.prompting import prompt_frame
from ghostchart.train import membership_scores
from ghostchart.train.base_models import load_causal_lm, load_tokenizer
from ghostchart.train.batches import micro_batches
from ghostchart.train.examples import build_examples, gold_answer
from ghostchart.train.membership_scores import Reader, shown_notes, trained_reader, untrained_reader
from ghostchart.train.run import train_model

HEART = TrainConfig(
    name="heart", dtype="float32", max_tokens=256, micro_batch_notes=5, tokens_per_step=128, learning_rate=5e-3
)
Maker = Callable[..., Note]


@pytest.fixture(scope="module")
def reader(base_dir: Path) -> Reader:
    return Reader(load_causal_lm(base_dir, "float32").eval(), load_tokenizer(base_dir), chat=True, max_tokens=256)


def by_hand(reader: Reader, note: Note) -> dict[str, tuple[float, int, float]]:
    """Nats, tokens and Min-K%++ of note and answer from the model's own logits, token by token."""
    import torch

    before, after = prompt_frame(reader.tokenizer, chat=reader.chat)
    (example,) = build_examples([note], reader.tokenizer, chat=reader.chat, max_tokens=reader.max_tokens)
    ids = torch.from_numpy(example.input_ids.astype(np.int64))
    with torch.no_grad():
        chances = torch.softmax(reader.model(input_ids=ids[None]).logits[0].double(), dim=-1).numpy()
    found = {}
    for name, places in (
        ("note", range(len(before), example.answer_start - len(after))),
        ("answer", range(example.answer_start, len(ids))),
    ):
        logs, standard = [], []
        for at in places:
            every = np.log(chances[at - 1])
            mean = float((chances[at - 1] * every).sum())
            spread = float(np.sqrt((chances[at - 1] * every**2).sum() - mean**2))
            logs.append(float(every[ids[at]]))
            standard.append((logs[-1] - mean) / spread)
        lowest = sorted(standard)[: max(1, round(0.2 * len(standard)))]
        found[name] = (-sum(logs), len(logs), sum(lowest) / len(lowest))
    return found


def test_equals_the_formula_whatever_is_read_together(
    reader: Reader, make_note: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = ([], ["I10"], ["I10", "E11.9", "J44.9", "N39.0"])
    notes = [make_note(number, values=values[number % 3] or None) for number in range(7)]
    told: list[int] = []
    losses = reader.losses(notes, told.append)
    assert sum(told) == 7
    for place, note in enumerate(notes):
        for name, (nats, tokens, lowest) in by_hand(reader, note).items():
            own = getattr(losses, name)
            assert own.nats[place] == pytest.approx(nats, rel=1e-4)
            assert own.tokens[place] == tokens
            assert own.min_k[place] == pytest.approx(lowest, abs=2e-3)
        assert losses.note.zlib_bytes[place] == len(zlib.compress(note.text.encode(), 9))
        assert losses.answer.zlib_bytes[place] == len(zlib.compress(gold_answer(note).encode(), 9))
    monkeypatch.setattr(membership_scores, "_LOGITS_AT_ONCE", 1)
    alone = reader.losses(notes)
    assert alone.note.nats == pytest.approx(losses.note.nats, rel=1e-5)
    assert alone.answer.min_k == pytest.approx(losses.answer.min_k, abs=1e-3)


def riddle(make_note: Maker, number: int, rng: np.random.Generator) -> Note:
    """A note whose text says nothing about its codes: only who has seen it knows the answer."""
    note = make_note(number, values=["I10", "E11.9", "N39.0"])
    codes = tuple(
        code._replace(value=f"{rng.choice(list('ABCDEFGHIJKLMN'))}{rng.integers(10, 99)}.{rng.integers(0, 9)}")
        for code in note.codes[:3]
    )
    return replace(note, text=f"Visit {rng.integers(1000, 9999)}. Nothing else is known.", codes=codes)


def test_notes_learnt_by_heart_are_told_and_the_untrained_model_tells_nothing(
    make_note: Maker, write_split: Callable[..., None], tmp_path: Path
) -> None:
    rng = np.random.default_rng(3)
    riddles = [riddle(make_note, number, rng) for number in range(80)]
    learnt, strangers = riddles[:20], riddles[20:]
    for split in ("train", "validation"):
        write_split(tmp_path / "corpus", split, learnt)
    corpus, folder = UncertifiedCorpus(tmp_path / "corpus", "made by hand for a test"), tmp_path / "heart"
    record = train_model(corpus, HEART.model_copy(update={"epochs": 60.0}), folder)
    found = {}
    for name, read in (("trained", trained_reader), ("untrained", untrained_reader)):
        reader = read(folder, record)
        members, others = reader.losses(learnt).answer, reader.losses(strangers).answer
        found[name] = auc(-members.nats / members.tokens, -others.nats / others.tokens)
        found[f"{name}, Min-K%++"] = auc(members.min_k, others.min_k)
    assert min(found["trained"], found["trained, Min-K%++"]) > 0.95
    assert max(abs(found[name] - 0.5) for name in ("untrained", "untrained, Min-K%++")) < 0.3
    assert record.whole_notes_seen and record.whole_notes_seen >= 60 * 20 * 0.5
    assert shown_notes(corpus.path, HEART, record, folder) == learnt


def test_adapters_are_read_on_their_base(
    corpus: UncertifiedCorpus, base_dir: Path, notes: list[Note], tmp_path: Path
) -> None:
    config = TrainConfig.model_validate(
        {**HEART.model_dump(), "base": str(base_dir), "method": "lora", "lora_rank": 4, "epochs": 6.0}
    )
    record = train_model(corpus, config, tmp_path / "lora")
    trained, untrained = (read(tmp_path / "lora", record).losses(notes) for read in (trained_reader, untrained_reader))
    assert trained.answer.nats.mean() < 0.97 * untrained.answer.nats.mean()
    assert trained.answer.tokens.tolist() == untrained.answer.tokens.tolist()


def test_only_notes_that_training_reached_count_as_shown(
    corpus: UncertifiedCorpus, notes: list[Note], tmp_path: Path, base_dir: Path
) -> None:
    config = TrainConfig.model_validate({**HEART.model_dump(), "base": str(base_dir), "method": "full", "epochs": 0.5})
    record = train_model(corpus, config, tmp_path / "half")
    seen = record.whole_notes_seen
    assert seen == record.notes_seen
    assert 0 < seen < len(notes)
    tokenizer: Any = load_tokenizer(base_dir)
    examples = build_examples(notes, tokenizer, chat=True, max_tokens=config.max_tokens)
    batches = list(islice(micro_batches(examples, config.micro_batch_notes, config.seed), seen // 5))
    reached = {tuple(one) for batch in batches for one in np.split(batch.input_ids, np.cumsum(batch.lengths)[:-1])}
    shown = shown_notes(corpus.path, config, record, tmp_path / "half")
    assert len(shown) == seen
    pairs = zip(notes, examples, strict=True)
    expected = {note.note_id for note, example in pairs if tuple(example.input_ids) in reached}
    assert {note.note_id for note in shown} == expected
