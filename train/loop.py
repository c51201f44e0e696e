"""The training loop: steps until epochs, notes or minutes are used up, resumable at every checkpoint."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ghostchart.schemas.config import TrainConfig
from ghostchart.schemas.errors import ModelError
from ghostchart.schemas.out_of_memory import is_out_of_memory
from ghostchart.schemas.progress import Progress
from ghostchart.train.batches import MicroBatch, epoch_batches, mean_length, micro_batches, pack, share_out
from ghostchart.train.checkpoints import Checkpoints, Place
from ghostchart.train.engine import Engine
from ghostchart.train.examples import Example
from ghostchart.train.log import TrainingLog
from ghostchart.train.out_of_memory import OutOfMemory, memory_watch
from ghostchart.train.processes import ALONE, Processes
from ghostchart.train.schedule import learning_rate_at, progress_share

_UNITS = 1000  # of the progress bar: thousandths of the run
_SAY_SECONDS = 20.0
_VALIDATIONS = 4
_VALIDATION_SHARE = (
    0.1  # of a run bounded by minutes; a big model on a slow machine would validate for longer than it trains
)
_FEWEST_VALIDATION_NOTES = 4
_FORWARD_SPEED = 3.0  # a pass forward alone costs about a third of a training pass


@dataclass(frozen=True)
class Phase:
    """A stretch of the run: what is shown until ``until`` (share of the run, in (0, 1]), how many at once."""

    examples: Sequence[Example]
    batch_notes: int
    until: float = 1.0


@dataclass(frozen=True)
class Material:
    """What is trained on and in which portions.

    Attributes:
        phases: phase after phase; the last one is the notes themselves.
        validation: examples to validate with.
        accumulation: planned micro-batches per optimiser step, all processes together.
        plan_notes: notes per micro-batch that the plan was made for.
        parts: pieces that each planned micro-batch is cut into.
    """

    phases: Sequence[Phase]
    validation: Sequence[Example]
    accumulation: int
    plan_notes: int
    parts: int = 1

    def total_steps(self, epochs: float, seed: int) -> int:
        """Optimiser steps of a run whose last phase passes ``epochs`` times over its examples."""
        notes = self.phases[-1]
        share = 1.0 - (self.phases[-2].until if len(self.phases) > 1 else 0.0)
        n_batches = len(epoch_batches(notes.examples, notes.batch_notes, seed, 0))
        return max(1, math.ceil(epochs * n_batches / self.accumulation / share))

    def stream(self, place: Place, seed: int) -> Iterator[MicroBatch]:
        """The planned micro-batches from a place on."""
        phase = self.phases[place.phase]
        return micro_batches(phase.examples, phase.batch_notes, seed, skip=place.drawn)

    def whole_notes(self, place: Place) -> int:
        """Notes that the last phase has shown up to a place, repeats counted; excerpts do not count."""
        if place.phase < len(self.phases) - 1:
            return 0
        return min(place.notes_seen, place.drawn * self.phases[-1].batch_notes)

    def per_process(self, processes: int) -> int:
        """Micro-batches that each process computes per step."""
        return -(-self.accumulation * self.parts // processes)


def run_loop(
    engine: Engine,
    material: Material,
    config: TrainConfig,
    folder: Path,
    progress: Progress,
    *,
    checkpoints: Checkpoints | None = None,
    together: Processes = ALONE,
    flops_share: float = 0.0,
) -> Place:
    """Train until ``config`` says to stop, from the beginning or from the last checkpoint.

    Args:
        engine: holds model and optimiser.
        material: examples.
        config: epochs, minutes, learning rate and seed.
        folder: where ``train_log.jsonl`` and TensorBoard files go.
        progress: bar and news.
        checkpoints: where to go on from and where to leave state; None: neither.
        together: the processes that train.
        flops_share: share of the device's peak arithmetic that one token per second uses (MFU = this times tokens per
            second); 0 where the peak is not known.

    Returns:
        The place reached, with its curves.

    Raises:
        ModelError: the loss stops being a number.
        EnvironmentProblem: memory runs out; where there were steps before, their state is kept in a checkpoint.
        OutputError: a checkpoint cannot be written.
    """
    place = (checkpoints.resume(engine, folder) if checkpoints else None) or Place(plan_notes=material.plan_notes)
    if place.step:
        progress.say(f"{config.name}: goes on from step {place.step} of the run before")
    total_steps = material.total_steps(config.epochs, config.seed)
    max_seconds = config.minutes * 60.0
    stream = material.stream(place, config.seed)
    now = time.perf_counter()
    started, said, kept = now - place.seconds, now, now
    shown = 0
    sample: Sequence[Example] | None = None
    with (
        TrainingLog(folder, writes=together.is_main) as log,
        progress.task(f"Training {config.name}", _UNITS) as advance,
    ):
        while place.step < total_steps and place.share < 1.0:
            if place.share >= material.phases[place.phase].until:
                place.phase, place.drawn = place.phase + 1, 0
                stream = material.stream(place, config.seed)
                continue
            rate = learning_rate_at(place.share, config.learning_rate, config.warmup_fraction)
            try:
                drawn = [next(stream) for _ in range(material.accumulation)]
                loss = _step(engine, drawn, material.parts, rate, place.step + 1, config, together)
            except OutOfMemory as problem:
                raise _state_kept(problem, engine, place, folder, checkpoints, together) from None
            place.step += 1
            place.drawn += material.accumulation
            place.notes_seen += sum(batch.n_notes for batch in drawn)
            place.tokens_seen += sum(batch.n_tokens for batch in drawn)
            place.loss.append((place.step, loss))
            place.seconds = time.perf_counter() - started
            place.share = together.agree(progress_share(place.step, total_steps, place.seconds, max_seconds))
            speed = place.tokens_per_second
            mfu = {"mfu": flops_share * speed} if flops_share else {}
            log.write(place.step, loss=loss, learning_rate=rate, tokens_per_second=speed, **mfu)
            advance(int(place.share * _UNITS) - shown)
            shown = int(place.share * _UNITS)
            now = time.perf_counter()
            if place.step == 1 or place.share >= 1.0 or now - said > _SAY_SECONDS:
                said = now
                used = f", MFU {flops_share * speed:.1%}" if flops_share else ""
                progress.say(
                    f"{config.name}: step {place.step}, loss {loss:.3f}, learning rate {rate:.2g}, {speed:,.0f} tokens/s{used}"
                )
            if material.validation and int(place.share * _VALIDATIONS) > place.validated:
                place.validated = int(place.share * _VALIDATIONS)
                if sample is None:
                    sample = together.agree(affordable_sample(material.validation, speed, max_seconds))
                _validate(engine, sample, config, place, log, together)
                place.seconds = time.perf_counter() - started
            due = config.checkpoint_minutes and time.perf_counter() - kept > config.checkpoint_minutes * 60.0
            if checkpoints and place.share < 1.0 and together.agree(due):
                checkpoints.save(engine, place, folder)
                kept = time.perf_counter()
    return place


def _step(
    engine: Engine,
    drawn: Sequence[MicroBatch],
    parts: int,
    rate: float,
    step: int,
    config: TrainConfig,
    together: Processes,
) -> float:
    """One optimiser step; the mean loss per answer token over all its micro-batches in all processes."""
    # One scale for the whole step: every answer token weighs the same, wherever the micro-batches were cut.
    scale = float(sum(batch.n_answer_tokens for batch in drawn))
    engine.set_learning_rate(rate)
    pieces = [piece for batch in drawn for piece in batch.split(parts)]
    with memory_watch(f"step {step}", config):
        losses = [engine.accumulate(piece, scale) for piece in share_out(pieces, together.rank, together.size)]
        # Asked for only here, so that a GPU is never waited for between micro-batches.
        loss = together.total(sum(float(part) for part in losses))
    if not math.isfinite(loss):
        raise ModelError(
            "the loss is not a number any more",
            where=f"model {config.name}, step {step}",
            fix=f"Lower learning_rate (now {config.learning_rate:g}) or use dtype: float32",
        )
    return loss


def _state_kept(
    problem: OutOfMemory,
    engine: Engine,
    place: Place,
    folder: Path,
    checkpoints: Checkpoints | None,
    together: Processes,
) -> OutOfMemory:
    """The same problem, told together with what is kept.

    Weights and optimiser are still those of the last whole step. Other processes are in the middle of theirs and cannot be
    asked for their part, so there the last regular checkpoint has to do.
    """
    if checkpoints is None or place.step == 0 or together.size > 1:
        return problem
    try:
        checkpoints.save(engine, place, folder)
    except Exception as error:
        if is_out_of_memory(error):
            return problem  # not even room to save: the last regular checkpoint has to do here too
        raise
    fix = f"{problem.fix}; the same command then goes on from step {place.step}"
    return OutOfMemory(problem.what, where=problem.where, fix=fix)


def affordable_sample(examples: Sequence[Example], tokens_per_second: float, max_seconds: float) -> Sequence[Example]:
    """The first examples, as many as all validations of a run of ``max_seconds`` (0: any time) leave time for."""
    if not max_seconds:
        return examples
    tokens = max_seconds * _VALIDATION_SHARE / _VALIDATIONS * tokens_per_second * _FORWARD_SPEED
    return examples[: max(_FEWEST_VALIDATION_NOTES, int(tokens / mean_length(examples)))]


def _validate(
    engine: Engine,
    sample: Sequence[Example],
    config: TrainConfig,
    place: Place,
    log: TrainingLog,
    together: Processes,
) -> None:
    began = time.perf_counter()
    examples = sorted(sample, key=lambda example: len(example.input_ids))
    size = config.micro_batch_notes
    batches = [pack(examples[at : at + size]) for at in range(0, len(examples), size)]
    with memory_watch("validation", config):
        mine = share_out(batches, together.rank, together.size)
        summed = together.total(sum(engine.loss(batch, 1.0) for batch in mine))
    mean = summed / sum(batch.n_answer_tokens for batch in batches)
    place.validation_loss.append((place.step, mean))
    place.validation_seconds += time.perf_counter() - began
    log.write(place.step, validation_loss=mean)
