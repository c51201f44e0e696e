"""Train one model on a corpus: corpus in, finished and checked model directory out."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ghostchart.schemas.canonical import generator, stream
from ghostchart.schemas.config import TrainConfig
from ghostchart.schemas.corpus import CertifiedCorpus, Corpus, UncertifiedCorpus, iter_notes, read_shard, shard_paths
from ghostchart.schemas.errors import CorpusError, ModelError, UncertifiedCorpusError
from ghostchart.schemas.note import Note, Split, note_from_row
from ghostchart.schemas.progress import SILENT, Progress
from ghostchart.schemas.prompting import PROMPT_VERSION
from ghostchart.schemas.trained_model import TrainedModel
from ghostchart.train.base_models import base_label, load_causal_lm, load_tokenizer, prepare_base
from ghostchart.train.batches import accumulation_steps, mean_length, padding_share
from ghostchart.train.card import CardFacts, write_model_card
from ghostchart.train.code_embeddings import place_code_embeddings
from ghostchart.train.engine import Engine, EngineSettings
from ghostchart.train.examples import Example, build_examples, check_masks
from ghostchart.train.excerpts import make_excerpts
from ghostchart.train.hardware import Dtype, Hardware, choose_dtype, detect_hardware
from ghostchart.train.loop import Curves, Material, Phase, memory_watch, run_loop
from ghostchart.train.lora import add_lora
from ghostchart.train.loss import answer_loss
from ghostchart.train.saving import answer_logits, check_saved, finished_or_absent, save_model
from ghostchart.train.tiny import EXCERPT_ROUNDS, EXCERPT_SHARE, build_tiny, train_tokenizer

VALIDATION_NOTES = 64


@dataclass(frozen=True)
class _Learner:
    """A model about to be trained: ``whole`` is what is saved, ``inner`` the causal language model inside it."""

    whole: Any
    inner: Any
    tokenizer: Any
    chat: bool
    base_dir: Path | None


def train_model(corpus: Corpus, config: TrainConfig, out_dir: Path, progress: Progress = SILENT) -> TrainedModel:
    """Train, save, reload and compare one model.

    Args:
        corpus: a verified corpus, or one marked as uncertified; its stamp goes into record and model card.
        config: base, method, bounds and settings.
        out_dir: the model directory to make; a model of ours in its place is replaced once the new one is finished.
        progress: bar and news.

    Returns:
        The record, also written to ``out_dir/ghostchart.json``.

    Raises:
        UncertifiedCorpusError: the corpus is neither.
        CorpusError: no training notes, or notes that do not fit.
        ModelError: base model, tokenizer, loss or saved model is wrong.
        EnvironmentProblem: a library is missing or memory runs out.
        OutputError: the model cannot be written.
    """
    # Exact types: a look-alike or subclass would walk around verification.
    if type(corpus) not in (CertifiedCorpus, UncertifiedCorpus):
        raise UncertifiedCorpusError("training takes a verified corpus only", fix="Run 'ghostchart verify' on it first")
    began = time.perf_counter()
    hardware = detect_hardware()
    dtype = choose_dtype(config.dtype, hardware)
    with finished_or_absent(out_dir) as folder:
        with memory_watch("loading", config):
            learner, material = _load(corpus.path, config, dtype)
        facts = _describe_data(material, config)
        progress.say(f"{config.name}: {facts.data_line}; {hardware.describe()}, {dtype}")
        n_total = sum(parameter.numel() for parameter in learner.whole.parameters())
        n_trained = sum(parameter.numel() for parameter in learner.whole.parameters() if parameter.requires_grad)
        curves, difference = _train_and_save(learner, material, config, dtype, hardware, folder, progress)
        record = TrainedModel(
            name=config.name,
            base=base_label(config.base),
            base_ref=config.base,
            method=config.method,
            prompt_version=PROMPT_VERSION,
            chat=learner.chat,
            max_tokens=config.max_tokens,
            corpus=corpus.stamp,
            certified=corpus.is_certified,
            seconds=round(curves.seconds, 3),
            notes_seen=curves.notes_seen,
            tokens_seen=curves.tokens_seen,
            tokens_per_second=round(curves.tokens_per_second, 1),
            parameters_total=n_total,
            parameters_trained=n_trained,
            loss=curves.thinned_loss(),
            validation_loss=tuple(curves.validation_loss),
            hardware=f"{hardware.describe()}, {dtype}",
            seed=config.seed,
        )
        write_model_card(folder, record, config, facts)
        record.save(folder)
    other = time.perf_counter() - began - curves.seconds
    progress.say(
        f"{config.name}: {curves.notes_seen:,} notes in {curves.seconds:.0f} s ({curves.tokens_per_second:,.0f} tokens/s), "
        f"{other:.0f} s of loading and checking; reloaded model answers alike (logits within {difference:.1g})"
    )
    return record


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


def _load(corpus: Path, config: TrainConfig, dtype: Dtype) -> tuple[_Learner, Material]:
    """Model and token examples; the notes themselves, far larger, are let go on return."""
    notes = read_notes(corpus, "train", config.max_notes, config.seed)
    validation = read_notes(corpus, "validation", VALIDATION_NOTES, config.seed)
    learner = _prepare_learner(notes, config, dtype)
    return learner, _prepare_material(notes, validation, learner, config)


def _prepare_learner(notes: list[Note], config: TrainConfig, dtype: Dtype) -> _Learner:
    if config.method == "from_scratch":
        tokenizer = train_tokenizer(notes)
        model = build_tiny(
            len(tokenizer), config.max_tokens, tokenizer.eos_token_id, tokenizer.pad_token_id, config.seed
        )
        place_code_embeddings(model, tokenizer, notes)
        return _Learner(model, model, tokenizer, chat=False, base_dir=None)
    base_dir = prepare_base(config.base)
    tokenizer = load_tokenizer(base_dir)
    model = load_causal_lm(base_dir, dtype)
    limit = getattr(model.config, "max_position_embeddings", None)
    if limit is not None and config.max_tokens > limit:
        raise ModelError(
            f"max_tokens {config.max_tokens} is more than the base model's {limit}",
            where=config.base,
            fix=f"Set max_tokens to {limit} or less",
        )
    chat = bool(tokenizer.chat_template)
    if config.method == "full":
        return _Learner(model, model, tokenizer, chat, base_dir=None)
    whole = add_lora(model, config.lora_rank, config.lora_alpha, config.seed)
    return _Learner(whole, whole.get_base_model(), tokenizer, chat, base_dir)


def _prepare_material(notes: list[Note], validation: list[Note], learner: _Learner, config: TrainConfig) -> Material:
    train = _examples(notes, learner, config)
    phases = [Phase(train, config.micro_batch_notes)]
    if config.method == "from_scratch" and EXCERPT_SHARE > 0:
        excerpts = _examples(list(make_excerpts(notes, config.seed, EXCERPT_ROUNDS)), learner, config)
        # As many tokens at once as with whole notes.
        ratio = mean_length(train) / mean_length(excerpts)
        phases.insert(0, Phase(excerpts, max(1, round(config.micro_batch_notes * ratio)), until=EXCERPT_SHARE))
    return Material(
        phases=phases,
        validation=_examples(validation, learner, config) if validation else (),
        pad_id=learner.tokenizer.pad_token_id,
        accumulation=accumulation_steps(train, config.micro_batch_notes, config.tokens_per_step),
    )


def _examples(notes: list[Note], learner: _Learner, config: TrainConfig) -> list[Example]:
    examples = build_examples(notes, learner.tokenizer, chat=learner.chat, max_tokens=config.max_tokens)
    check_masks(examples)
    return examples


def _describe_data(material: Material, config: TrainConfig) -> CardFacts:
    lengths = [len(example.input_ids) for example in material.phases[-1].examples]
    answers = sum(len(example.input_ids) - example.answer_start for example in material.phases[-1].examples)
    return CardFacts(
        n_notes=len(lengths),
        n_shortened=sum(example.shortened for example in material.phases[-1].examples),
        mean_tokens=sum(lengths) / len(lengths),
        mean_answer_tokens=answers / len(lengths),
        padding_share=padding_share(material.phases[-1].examples, config.micro_batch_notes, config.seed),
        accumulation=material.accumulation,
    )


def _train_and_save(
    learner: _Learner,
    material: Material,
    config: TrainConfig,
    dtype: Dtype,
    hardware: Hardware,
    folder: Path,
    progress: Progress,
) -> tuple[Curves, float]:
    with memory_watch("start", config):
        engine = Engine(
            answer_loss(learner.inner),
            EngineSettings(
                device=hardware.device,
                dtype=dtype,
                learning_rate=config.learning_rate,
                weight_decay=config.weight_decay,
                micro_batch_notes=config.micro_batch_notes,
                accumulation=material.accumulation,
                zero_stage=config.zero_stage,
            ),
        )
    try:
        curves = run_loop(engine, material, config, folder, progress)
        probe = min(material.phases[-1].examples, key=lambda example: len(example.input_ids)).input_ids
        # Outside the block below: under ZeRO stage 3 a forward pass puts the weights back into pieces.
        expected = answer_logits(learner.whole, probe)
        with engine.whole_weights():
            save_model(
                learner.whole, learner.tokenizer, folder, method=config.method, base_ref=config.base, dtype=dtype
            )
    finally:
        engine.close()
    with memory_watch("check after saving", config):
        return curves, check_saved(folder, learner.base_dir, dtype, hardware.device, probe, expected)
