"""Notes of a corpus -> what a training is fed with, in which portions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ghostchart.schemas.canonical import generator, stream
from ghostchart.schemas.config import TrainConfig
from ghostchart.schemas.corpus import iter_notes, read_shard, shard_paths
from ghostchart.schemas.errors import CorpusError
from ghostchart.schemas.note import Note, Split, note_from_row
from ghostchart.train.batches import accumulation_steps, epoch_batches, mean_length
from ghostchart.train.cost import Portion
from ghostchart.train.examples import Example, build_examples, check_masks
from ghostchart.train.excerpts import make_excerpts
from ghostchart.train.loop import Material, Phase
from ghostchart.train.tiny import EXCERPT_ROUNDS, EXCERPT_SHARE

VALIDATION_NOTES = 64


@dataclass(frozen=True)
class TextForm:
    """How notes become tokens.

    Attributes:
        tokenizer: the base model's, or one made from the notes.
        chat: whether the request goes through the tokenizer's chat template.
        base_dir: directory of the base model, None for models from scratch.
    """

    tokenizer: Any
    chat: bool
    base_dir: Path | None


@dataclass(frozen=True)
class TrainingData:
    """Training notes and all examples made of them.

    Attributes:
        notes: the training notes.
        text: how they became tokens.
        train: one example a note.
        excerpts: short ones shown first (models from scratch), else none.
        validation: examples of the validation split, perhaps none.
    """

    notes: Sequence[Note]
    text: TextForm
    train: Sequence[Example]
    excerpts: Sequence[Example]
    validation: Sequence[Example]


def read_notes(corpus: Path, split: Split, max_notes: int, seed: int) -> list[Note]:
    """Notes of a split, all or a seeded sample, in the corpus' order.

    Raises:
        CorpusError: the split has no shards, or (for training) no notes.
    """
    rows = [read_shard(path).num_rows for path in shard_paths(corpus, split)]
    total = sum(rows)
    if total == 0 and split == "train":
        raise CorpusError("the training split is empty", where=str(corpus), fix="Generate a corpus with more notes")
    if not max_notes or max_notes >= total:
        return list(iter_notes(corpus, split))
    chosen = set(generator(stream(seed, "train", "sample", split)).permutation(total)[:max_notes].tolist())
    kept: list[Note] = []
    offset = 0
    for path in shard_paths(corpus, split):
        table = read_shard(path)
        wanted = [row for row in range(table.num_rows) if offset + row in chosen]
        kept.extend(note_from_row(row, split) for row in table.take(wanted).to_pylist())
        offset += table.num_rows
    return kept


def read_examples(
    corpus: Path, config: TrainConfig, prepare_text: Callable[[Sequence[Note], TrainConfig], TextForm]
) -> TrainingData:
    """Read and tokenise.

    Args:
        corpus: the corpus directory.
        config: base, method, bounds.
        prepare_text: makes the text form from training notes and settings.

    Raises:
        CorpusError: no notes, a damaged shard, or an answer that leaves no room for its note.
        ModelError: base model or tokenizer is wrong; labels masked altogether or not at all.
    """
    notes = read_notes(corpus, "train", config.max_notes, config.seed)
    validation = read_notes(corpus, "validation", VALIDATION_NOTES, config.seed)
    text = prepare_text(notes, config)
    excerpts: Sequence[Example] = ()
    if config.method == "from_scratch" and EXCERPT_SHARE > 0:
        excerpts = _examples(list(make_excerpts(notes, config.seed, EXCERPT_ROUNDS)), text, config)
    return TrainingData(
        notes, text, _examples(notes, text, config), excerpts, _examples(validation, text, config) if validation else ()
    )


def plan_material(data: TrainingData, config: TrainConfig, plan_notes: int) -> Material:
    """Phases and portions.

    Args:
        data: what there is.
        config: settings.
        plan_notes: notes per micro-batch to plan with: the setting, or that of the run to go on from.
    """
    phases = [Phase(data.train, plan_notes)]
    if data.excerpts:
        # As many tokens at once as with whole notes.
        ratio = mean_length(data.train) / mean_length(data.excerpts)
        phases.insert(0, Phase(data.excerpts, max(1, round(plan_notes * ratio)), until=EXCERPT_SHARE))
    return Material(
        phases=phases,
        validation=data.validation,
        accumulation=accumulation_steps(data.train, plan_notes, config.tokens_per_step),
        plan_notes=plan_notes,
        parts=-(-plan_notes // config.micro_batch_notes),
    )


def largest_portion(material: Material, seed: int) -> Portion:
    """The most tokens that one micro-batch of the first epochs holds."""
    largest = Portion(0, 0)
    for phase in material.phases:
        for chosen in epoch_batches(phase.examples, phase.batch_notes, seed, 0):
            examples = [phase.examples[index] for index in chosen]
            tokens = sum(len(example.input_ids) for example in examples)
            if tokens > largest.tokens:
                answers = sum(len(example.input_ids) - example.answer_start for example in examples)
                largest = Portion(tokens, answers)
    return Portion(-(-largest.tokens // material.parts), -(-largest.answer_tokens // material.parts))


def _examples(notes: Sequence[Note], text: TextForm, config: TrainConfig) -> list[Example]:
    examples = build_examples(notes, text.tokenizer, chat=text.chat, max_tokens=config.max_tokens)
    check_masks(examples)
    return examples
