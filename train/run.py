"""Train one model on a corpus: corpus in, finished and checked model directory out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ghostchart.schemas.config import TrainConfig
from ghostchart.schemas.corpus import CertifiedCorpus, Corpus, UncertifiedCorpus
from ghostchart.schemas.errors import UncertifiedCorpusError
from ghostchart.schemas.progress import SILENT, Progress
from ghostchart.schemas.prompting import PROMPT_VERSION
from ghostchart.schemas.trained_model import TrainedModel
from ghostchart.train.base_models import base_label
from ghostchart.train.batches import padding_share
from ghostchart.train.card import CardFacts, write_model_card
from ghostchart.train.checkpoints import Checkpoints, Place, checkpoints_of, training_digest
from ghostchart.train.cost import flops_per_token
from ghostchart.train.engine import Engine, EngineSettings, quiet, start_deepspeed
from ghostchart.train.hardware import Dtype, Hardware, choose_dtype, detect_hardware
from ghostchart.train.learner import Learner, check_room, load_learner, prepare_text
from ghostchart.train.loop import Material, run_loop
from ghostchart.train.loss import PLAIN, answer_loss
from ghostchart.train.material import largest_portion, plan_material, read_examples
from ghostchart.train.out_of_memory import memory_watch
from ghostchart.train.preview import preview
from ghostchart.train.processes import Processes, processes
from ghostchart.train.saving import answer_logits, check_pieces, check_saved, finished_or_absent, partial_of, save_model


@dataclass(frozen=True)
class _Setting:
    """Where and how this run computes."""

    config: TrainConfig
    hardware: Hardware
    dtype: Dtype
    together: Processes
    progress: Progress


def train_model(
    corpus: Corpus,
    config: TrainConfig,
    out_dir: Path,
    progress: Progress = SILENT,
    *,
    recipe: str = "",
    show_examples: bool = False,
) -> TrainedModel:
    """Train, save, reload and compare one model; a killed run goes on from its last checkpoint.

    In a process started by a launcher this trains together with the others; the first one speaks and writes for all.

    Args:
        corpus: a verified corpus, or one marked as uncertified; its stamp goes into record and model card.
        config: base, method, bounds and settings.
        out_dir: the model directory to make; a model of ours in its place is replaced once the new one is finished.
        progress: bar and news.
        recipe: name of the recipe, for record and model card.
        show_examples: tell ``progress`` three examples with their tokens and masks before starting.

    Returns:
        The record, also written to ``out_dir/ghostchart.json``.

    Raises:
        UncertifiedCorpusError: the corpus is neither.
        CorpusError: no training notes, notes that do not fit, or a damaged shard.
        ModelError: base model, tokenizer, loss, checkpoint or saved model is wrong.
        EnvironmentProblem: a library is missing, memory does not suffice or runs out.
        OutputError: the model cannot be written.
    """
    # Exact types: a look-alike or subclass would walk around verification.
    if type(corpus) not in (CertifiedCorpus, UncertifiedCorpus):
        raise UncertifiedCorpusError("training takes a verified corpus only", fix="Run 'ghostchart verify' on it first")
    began = time.perf_counter()
    together = processes()
    hardware = detect_hardware(together.local_rank)
    setting = _Setting(
        config, hardware, choose_dtype(config.dtype, hardware), together, progress if together.is_main else SILENT
    )
    start_deepspeed(hardware.device, together)
    with _place(out_dir, together) as folder:
        with memory_watch("loading", config):
            learner, material, checkpoints = _load(corpus, out_dir, setting, show_examples=show_examples)
        facts = _describe_data(material, config)
        setting.progress.say(f"{config.name}: {facts.data_line}; {_described(setting)}")
        place, facts, difference = _train_and_save(learner, material, checkpoints, setting, facts, folder)
        record = TrainedModel(
            name=config.name,
            base=base_label(config.base),
            base_ref=config.base,
            method=config.method,
            prompt_version=PROMPT_VERSION,
            chat=learner.text.chat,
            max_tokens=config.max_tokens,
            corpus=corpus.stamp,
            certified=corpus.is_certified,
            seconds=round(place.seconds, 3),
            notes_seen=place.notes_seen,
            whole_notes_seen=material.whole_notes(place),
            tokens_seen=place.tokens_seen,
            tokens_per_second=round(place.tokens_per_second, 1),
            parameters_total=learner.parameters_total,
            parameters_trained=learner.parameters_trained,
            loss=place.thinned_loss(),
            validation_loss=tuple(place.validation_loss),
            hardware=_described(setting),
            seed=config.seed,
            recipe=recipe,
            processes=together.size,
            padding_share=round(facts.padding_share, 4),
            mfu=facts.mfu,
            plan_notes=material.plan_notes,
            training_notes=len(material.phases[-1].examples),
        )
        if together.is_main:
            write_model_card(folder, record, config, facts)
            record.save(folder)
    checkpoints.remove()
    together.wait()
    other = time.perf_counter() - began - place.seconds
    setting.progress.say(
        f"{config.name}: {place.notes_seen:,} notes in {place.seconds:.0f} s ({place.tokens_per_second:,.0f} tokens/s), "
        f"{max(other, 0):.0f} s of loading and checking; reloaded model answers alike (within {difference:.1g})"
    )
    return record


@contextmanager
def _place(out_dir: Path, together: Processes) -> Iterator[Path]:
    """The folder to write into; the main process makes it and moves it to its place."""
    if together.is_main:
        with finished_or_absent(out_dir) as folder:
            yield folder
    else:
        yield partial_of(out_dir)


def _load(
    corpus: Corpus, out_dir: Path, setting: _Setting, *, show_examples: bool
) -> tuple[Learner, Material, Checkpoints]:
    """Model and token examples; the notes themselves, far larger, are let go on return."""
    config, together = setting.config, setting.together
    data = read_examples(corpus.path, config, prepare_text)
    if show_examples:
        setting.progress.say(preview(data.train, data.text.tokenizer, with_text=corpus.is_certified))
    digest = training_digest(config, data.train, corpus.origin, setting.dtype, together)
    checkpoints = Checkpoints(checkpoints_of(out_dir), digest, config.keep_checkpoints, together)
    found = checkpoints.found
    material = plan_material(data, config, found.plan_notes if found else config.micro_batch_notes)
    portion = largest_portion(material, config.seed)
    # Before the weights are read: a model that cannot fit should not take minutes to say so.
    shape = check_room(data.text, config, portion, setting.dtype, setting.hardware, together)
    learner = load_learner(data.text, data.notes, shape, config, _engine_settings(material, setting))
    return learner, material, checkpoints


def _engine_settings(material: Material, setting: _Setting) -> EngineSettings:
    config = setting.config
    return EngineSettings(
        device=setting.hardware.device,
        dtype=setting.dtype,
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        micro_batch_notes=config.micro_batch_notes,
        accumulation=material.per_process(setting.together.size),
        zero_stage=config.zero_stage,
        offload=config.offload,
        processes=setting.together,
    )


def _described(setting: _Setting) -> str:
    size = setting.together.size
    many = f"{size} processes, each on " if size > 1 else ""
    return f"{many}{setting.hardware.describe()}, {setting.dtype}"


def _describe_data(material: Material, config: TrainConfig) -> CardFacts:
    notes = material.phases[-1]
    lengths = [len(example.input_ids) for example in notes.examples]
    answers = sum(len(example.input_ids) - example.answer_start for example in notes.examples)
    return CardFacts(
        n_notes=len(lengths),
        n_shortened=sum(example.shortened for example in notes.examples),
        mean_tokens=sum(lengths) / len(lengths),
        mean_answer_tokens=answers / len(lengths),
        padding_share=0.0,
        accumulation=material.accumulation,
    )


def _train_and_save(
    learner: Learner,
    material: Material,
    checkpoints: Checkpoints,
    setting: _Setting,
    facts: CardFacts,
    folder: Path,
) -> tuple[Place, CardFacts, float]:
    config, together, progress = setting.config, setting.together, setting.progress
    loss = answer_loss(learner.inner)
    with memory_watch("start", config):
        engine = Engine(loss, _engine_settings(material, setting))
    try:
        if not engine.way.packed:
            notes = material.phases[-1]
            share = padding_share(notes.examples, notes.batch_notes, config.seed)
            facts = facts.with_padding(share)
            progress.say(f"{config.name}: this architecture cannot take notes without padding; padding {share:.1%}")
        flops = flops_per_token(learner.shape, largest_portion(material, config.seed), config, facts.mean_tokens)
        peak = setting.hardware.peak_flops(setting.dtype) * together.size
        place = run_loop(
            engine,
            material,
            config,
            folder,
            progress,
            checkpoints=checkpoints,
            together=together,
            flops_share=flops / peak if peak else 0.0,
        )
        facts = facts.with_mfu(flops * place.tokens_per_second / peak if peak else None)
        probe = min(material.phases[-1].examples, key=lambda example: len(example.input_ids)).input_ids
        loss.use(PLAIN)
        # Before the weights are gathered: under ZeRO stage 3 a forward pass puts them back into pieces.
        with quiet():
            expected = answer_logits(learner.whole, probe)
        in_pieces = config.zero_stage == 3
        weights = engine.weights(learner.whole, only_trained=config.method == "lora") if in_pieces else None
        if together.is_main:
            save_model(
                learner.whole,
                learner.text.tokenizer,
                folder,
                method=config.method,
                base_ref=config.base,
                dtype=setting.dtype,
                weights=weights,
            )
    finally:
        engine.close()
    if not together.is_main:
        return place, facts, 0.0
    with memory_watch("check after saving", config):
        if weights is not None and together.size > 1:
            return place, facts, check_pieces(folder, config.method, weights)
        base = learner.text.base_dir if config.method == "lora" else None
        return (
            place,
            facts,
            check_saved(folder, base, setting.dtype, setting.hardware.device, probe, expected, config.quantize),
        )
