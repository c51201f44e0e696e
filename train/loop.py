"""The training loop: steps until epochs, notes or minutes are used up; curves on disk while it runs."""

from __future__ import annotations

import json
import math
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from ghostchart.schemas.config import TrainConfig
from ghostchart.schemas.errors import EnvironmentProblem, ModelError
from ghostchart.schemas.progress import Progress
from ghostchart.train.batches import MicroBatch, collate, epoch_batches, mean_length, micro_batches
from ghostchart.train.engine import Engine
from ghostchart.train.examples import Example
from ghostchart.train.schedule import learning_rate_at, progress_share

LOG_NAME = "train_log.jsonl"
_UNITS = 1000  # of the progress bar: thousandths of the run
_SAY_SECONDS = 20.0
_VALIDATIONS = 4
_VALIDATION_SHARE = (
    0.1  # of a run bounded by minutes; a big model on a slow machine would validate for longer than it trains
)
_FEWEST_VALIDATION_NOTES = 4
_FORWARD_SPEED = 3.0  # a pass forward alone costs about a third of a training pass
_CURVE_POINTS = 200


@dataclass
class Curves:
    """What the loop measured.

    Attributes:
        loss: (step, mean loss per answer token over the step).
        validation_loss: (step, mean loss per answer token on the validation sample).
        seconds: wall-clock of the loop, validation included.
        validation_seconds: the part spent on validation.
        notes_seen: notes trained on, repeats counted.
        tokens_seen: tokens trained on without padding.
    """

    loss: list[tuple[int, float]] = field(default_factory=list)
    validation_loss: list[tuple[int, float]] = field(default_factory=list)
    seconds: float = 0.0
    validation_seconds: float = 0.0
    notes_seen: int = 0
    tokens_seen: int = 0

    @property
    def tokens_per_second(self) -> float:
        """Training tokens (no padding) per second of training (no validation)."""
        return self.tokens_seen / max(self.seconds - self.validation_seconds, 1e-9)

    def thinned_loss(self) -> tuple[tuple[int, float], ...]:
        """At most :data:`_CURVE_POINTS` points of the loss curve, each the mean of its stretch."""
        size = max(1, math.ceil(len(self.loss) / _CURVE_POINTS))
        stretches = [self.loss[at : at + size] for at in range(0, len(self.loss), size)]
        return tuple((part[-1][0], sum(loss for _, loss in part) / len(part)) for part in stretches)


@dataclass(frozen=True)
class Phase:
    """A stretch of the run: what is shown until ``until`` (share of the run, in (0, 1]), how many at once."""

    examples: Sequence[Example]
    batch_notes: int
    until: float = 1.0


@dataclass(frozen=True)
class Material:
    """Examples to train on, phase after phase (the last one is the notes themselves), and to validate with."""

    phases: Sequence[Phase]
    validation: Sequence[Example]
    pad_id: int
    accumulation: int

    def total_steps(self, epochs: float, seed: int) -> int:
        """Optimiser steps of a run whose last phase passes ``epochs`` times over its examples."""
        notes = self.phases[-1]
        share = 1.0 - (self.phases[-2].until if len(self.phases) > 1 else 0.0)
        n_batches = len(epoch_batches(notes.examples, notes.batch_notes, seed, 0))
        return max(1, math.ceil(epochs * n_batches / self.accumulation / share))


def run_loop(engine: Engine, material: Material, config: TrainConfig, folder: Path, progress: Progress) -> Curves:
    """Train until ``config`` says to stop.

    Args:
        engine: holds model and optimiser.
        material: examples.
        config: epochs, minutes, learning rate and seed.
        folder: where ``train_log.jsonl`` and TensorBoard files go.
        progress: bar and news.

    Raises:
        ModelError: the loss stops being a number.
        EnvironmentProblem: memory runs out.
    """
    curves = Curves()
    total_steps = material.total_steps(config.epochs, config.seed)
    max_seconds = config.minutes * 60.0
    phases = iter(material.phases)
    phase = next(phases)
    batches = micro_batches(phase.examples, phase.batch_notes, material.pad_id, config.seed)
    started = time.perf_counter()
    share, shown, said, validated = 0.0, 0, started, 0
    sample: Sequence[Example] | None = None
    with _Log(folder) as log, progress.task(f"Training {config.name}", total=_UNITS) as advance:
        for step in range(1, total_steps + 1):
            while share >= phase.until:
                phase = next(phases)
                batches = micro_batches(phase.examples, phase.batch_notes, material.pad_id, config.seed)
            rate = learning_rate_at(share, config.learning_rate, config.warmup_fraction)
            loss = _step(engine, [next(batches) for _ in range(material.accumulation)], rate, step, config, curves)
            curves.loss.append((step, loss))
            curves.seconds = time.perf_counter() - started
            share = progress_share(step, total_steps, curves.seconds, max_seconds)
            log.write(step, loss=loss, learning_rate=rate, tokens_per_second=curves.tokens_per_second)
            advance(int(share * _UNITS) - shown)
            shown = int(share * _UNITS)
            if step == 1 or share >= 1.0 or time.perf_counter() - said > _SAY_SECONDS:
                said = time.perf_counter()
                progress.say(f"{config.name}: step {step}, loss {loss:.3f}, {curves.tokens_per_second:,.0f} tokens/s")
            if material.validation and int(share * _VALIDATIONS) > validated:
                validated = int(share * _VALIDATIONS)
                if sample is None:
                    sample = affordable_sample(material.validation, curves.tokens_per_second, max_seconds)
                _validate(engine, sample, material.pad_id, config, step, curves, log)
                curves.seconds = time.perf_counter() - started
            if share >= 1.0:
                break
    return curves


def _step(
    engine: Engine, batches: Sequence[MicroBatch], rate: float, step: int, config: TrainConfig, curves: Curves
) -> float:
    """One optimiser step; the mean loss per answer token over all its micro-batches."""
    # One scale for the whole step: every answer token weighs the same, wherever the micro-batches were cut.
    scale = float(sum(batch.n_answer_tokens for batch in batches))
    engine.set_learning_rate(rate)
    loss = 0.0
    for batch in batches:
        with memory_watch(f"step {step}", config):
            loss += engine.accumulate(batch.input_ids, batch.labels, scale)
        curves.notes_seen += batch.n_notes
        curves.tokens_seen += batch.n_tokens
    if not math.isfinite(loss):
        raise ModelError(
            "the loss is not a number any more",
            where=f"model {config.name}, step {step}",
            fix=f"Lower learning_rate (now {config.learning_rate:g}) or use dtype: float32",
        )
    return loss


def affordable_sample(examples: Sequence[Example], tokens_per_second: float, max_seconds: float) -> Sequence[Example]:
    """The first examples, as many as all validations of a run of ``max_seconds`` (0: any time) leave time for."""
    if not max_seconds:
        return examples
    tokens = max_seconds * _VALIDATION_SHARE / _VALIDATIONS * tokens_per_second * _FORWARD_SPEED
    return examples[: max(_FEWEST_VALIDATION_NOTES, int(tokens / mean_length(examples)))]


def _validate(
    engine: Engine,
    sample: Sequence[Example],
    pad_id: int,
    config: TrainConfig,
    step: int,
    curves: Curves,
    log: _Log,
) -> None:
    began = time.perf_counter()
    examples = sorted(sample, key=lambda example: len(example.input_ids))
    summed, tokens = 0.0, 0
    for at in range(0, len(examples), config.micro_batch_notes):
        batch = collate(examples[at : at + config.micro_batch_notes], pad_id)
        with memory_watch("validation", config):
            summed += engine.loss(batch.input_ids, batch.labels, 1.0)
        tokens += batch.n_answer_tokens
    curves.validation_loss.append((step, summed / tokens))
    curves.validation_seconds += time.perf_counter() - began
    log.write(step, validation_loss=summed / tokens)


class memory_watch:  # noqa: N801  (a context manager used like a function)
    """Turns the many ways of running out of memory into one sentence."""

    def __init__(self, where: str, config: TrainConfig) -> None:
        self._where = where
        self._config = config

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and _is_out_of_memory(error):
            raise EnvironmentProblem(
                "memory ran out while training",
                where=f"model {self._config.name}, {self._where}",
                fix=f"Lower micro_batch_notes (now {self._config.micro_batch_notes}) or max_tokens "
                f"(now {self._config.max_tokens})",
            ) from None


def _is_out_of_memory(error: BaseException) -> bool:
    # torch.OutOfMemoryError exists for devices; the CPU allocator raises a bare RuntimeError.
    told = str(error).lower()
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and ("out of memory" in told or "can't allocate memory" in told)
    )


class _Log:
    """One JSON object per step, and TensorBoard files where TensorBoard is installed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines = (folder / LOG_NAME).open("w")
        self._board: Any = None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            return
        self._board = SummaryWriter(log_dir=str(folder))

    def __enter__(self) -> _Log:
        return self

    def write(self, step: int, **values: float) -> None:
        self._lines.write(
            json.dumps({"step": step, **{name: round(value, 8) for name, value in values.items()}}) + "\n"
        )
        self._lines.flush()
        if self._board is not None:
            for name, value in values.items():
                self._board.add_scalar(f"train/{name}", value, step)

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        if self._board is None:
            return
        self._board.close()
        # TensorBoard puts host name and process number into the file's name; a model directory travels.
        for number, path in enumerate(sorted(self._folder.glob("events.out.tfevents.*"))):
            path.rename(path.with_name(f"events.out.tfevents.{number}.ghostchart"))
