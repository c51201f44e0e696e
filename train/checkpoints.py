"""Checkpoints that a killed run goes on from: DeepSpeed's state of weights and optimiser, and the loop's own place.

They lie beside the model's place, in ``.NAME.checkpoints/step-0000123/``. Each is written under another name, forced to the
disk and renamed, so that a folder called ``step-...`` is always whole. Only checkpoints of the very same training are taken
up again: settings, examples, number format and number of processes go into a digest. ``micro_batch_notes`` does not, so
that a run which ran out of memory can go on with smaller micro-batches: those of the first plan are then cut into parts,
which changes nothing that is learnt.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ghostchart.schemas.canonical import canonical_json, sha256_bytes
from ghostchart.schemas.config import TrainConfig
from ghostchart.schemas.errors import OutputError
from ghostchart.train.engine import Engine
from ghostchart.train.examples import Example
from ghostchart.train.log import LOG_NAME
from ghostchart.train.processes import Processes

_PLACE = "place.json"
_CURVE_POINTS = 200
_STEP = re.compile(r"step-(\d{7,})")
# What may differ between a run and the run that goes on from it.
_FREE = ("micro_batch_notes", "checkpoint_minutes", "keep_checkpoints")


@dataclass
class Place:
    """Where a training stands after a step.

    Attributes:
        step: optimiser steps done.
        phase: number of the phase that the next micro-batch comes from.
        drawn: micro-batches of the plan that this phase has given so far.
        plan_notes: notes per micro-batch when the plan was made.
        share: share of the run that is done, in [0, 1].
        seconds: wall-clock of the loop so far, all runs together, validation included.
        validation_seconds: the part spent on validation.
        validated: validations done.
        notes_seen: notes trained on, repeats counted.
        tokens_seen: tokens trained on.
        loss: (step, mean loss per answer token over the step).
        validation_loss: the same on the validation sample.
    """

    plan_notes: int
    step: int = 0
    phase: int = 0
    drawn: int = 0
    share: float = 0.0
    seconds: float = 0.0
    validation_seconds: float = 0.0
    validated: int = 0
    notes_seen: int = 0
    tokens_seen: int = 0
    loss: list[tuple[int, float]] = field(default_factory=list)
    validation_loss: list[tuple[int, float]] = field(default_factory=list)

    @property
    def tokens_per_second(self) -> float:
        """Training tokens (no padding) per second of training (no validation)."""
        return self.tokens_seen / max(self.seconds - self.validation_seconds, 1e-9)

    def thinned_loss(self) -> tuple[tuple[int, float], ...]:
        """At most :data:`_CURVE_POINTS` points of the loss curve, each the mean of its stretch."""
        size = max(1, math.ceil(len(self.loss) / _CURVE_POINTS))
        stretches = [self.loss[at : at + size] for at in range(0, len(self.loss), size)]
        return tuple((part[-1][0], sum(loss for _, loss in part) / len(part)) for part in stretches)


def checkpoints_of(model_dir: Path) -> Path:
    """Where the checkpoints of a model lie while it is trained."""
    return model_dir.with_name(f".{model_dir.name}.checkpoints")


def training_digest(
    config: TrainConfig, examples: Sequence[Example], corpus: str, dtype: str, together: Processes
) -> str:
    """What makes two runs the same training, as one SHA-256; ``corpus``: the corpus's ``origin``."""
    settings = {key: value for key, value in config.model_dump(mode="json").items() if key not in _FREE}
    tokens = hashlib.sha256()
    for example in examples:
        tokens.update(example.answer_start.to_bytes(4, "big") + example.input_ids.tobytes())
    parts = [settings, tokens.hexdigest(), corpus, dtype, together.size]
    return sha256_bytes(canonical_json(parts))


class Checkpoints:
    """The checkpoints of one training; every process calls every method."""

    def __init__(self, folder: Path, digest: str, keep: int, together: Processes) -> None:
        """Look at what an earlier run left.

        Args:
            folder: from :func:`checkpoints_of`; made with the first checkpoint.
            digest: from :func:`training_digest`.
            keep: how many are kept, the newest.
            together: who trains.
        """
        self._folder, self._digest, self._keep, self._together = folder, digest, keep, together
        self._found: tuple[str, Place] | None = together.agree(self._newest() if together.is_main else None)

    @property
    def found(self) -> Place | None:
        """Where the run to go on from stands, None where there is none."""
        return self._found[1] if self._found else None

    def resume(self, engine: Engine, model_folder: Path) -> Place | None:
        """Put weights, optimiser, random numbers and log back to where the found run stands."""
        if self._found is None:
            return None
        tag, place = self._found
        engine.load(self._folder, tag)
        _set_random_state(self._folder / tag / _random_name(self._together.rank))
        if self._together.is_main:
            shutil.copyfile(self._folder / tag / LOG_NAME, model_folder / LOG_NAME)
        return place

    def save(self, engine: Engine, place: Place, model_folder: Path) -> None:
        """Write a checkpoint and remove those that are too old.

        Raises:
            OutputError: it cannot be written.
        """
        tag = f"step-{place.step:07d}"
        building = f".{tag}.partial"
        try:
            if self._together.is_main:
                self._clear_foreign()
                shutil.rmtree(self._folder / building, ignore_errors=True)
                (self._folder / building).mkdir(parents=True)
            self._together.wait()
            engine.save(self._folder, building)
            _save_random_state(self._folder / building / _random_name(self._together.rank))
            self._together.wait()
            if self._together.is_main:
                self._finish(building, tag, place, model_folder)
            self._together.wait()
        except OSError as error:
            raise OutputError(
                f"cannot write a checkpoint: {error.strerror or error}", where=str(self._folder), fix="Make room there"
            ) from None

    def remove(self) -> None:
        """The training is finished and its model is saved."""
        if self._together.is_main:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _finish(self, building: str, tag: str, place: Place, model_folder: Path) -> None:
        made = self._folder / building
        shutil.copyfile(model_folder / LOG_NAME, made / LOG_NAME)
        (made / _PLACE).write_bytes(canonical_json({"digest": self._digest, **asdict(place)}))
        for path in (*made.iterdir(), made):
            _force_to_disk(path)
        shutil.rmtree(self._folder / tag, ignore_errors=True)
        made.rename(self._folder / tag)
        _force_to_disk(self._folder)
        for _, old in self._steps()[: -self._keep]:
            shutil.rmtree(old, ignore_errors=True)

    def _steps(self) -> list[tuple[int, Path]]:
        if not self._folder.is_dir():
            return []
        matches = ((_STEP.fullmatch(path.name), path) for path in self._folder.iterdir())
        return sorted((int(match[1]), path) for match, path in matches if match)

    def _newest(self) -> tuple[str, Place] | None:
        for _, path in reversed(self._steps()):
            place = self._read(path)
            if place is not None:
                return path.name, place
        return None

    def _read(self, path: Path) -> Place | None:
        try:
            values: dict[str, Any] = json.loads((path / _PLACE).read_bytes())
            if values.pop("digest") != self._digest or not (path / LOG_NAME).is_file():
                return None
            for curve in ("loss", "validation_loss"):
                values[curve] = [(int(step), float(loss)) for step, loss in values[curve]]
            return Place(**values)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _clear_foreign(self) -> None:
        """Checkpoints of another training give way to the first one of this."""
        for _, path in self._steps():
            if self._read(path) is None:
                shutil.rmtree(path, ignore_errors=True)


def _random_name(rank: int) -> str:
    return f"random-{rank:05d}.pt"


def _save_random_state(path: Path) -> None:
    import torch

    state = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    torch.save(state, path)


def _set_random_state(path: Path) -> None:
    import torch

    state = torch.load(path, weights_only=True)
    torch.set_rng_state(state["cpu"])
    if "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"])


def _force_to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
