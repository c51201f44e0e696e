"""What lies beside a model's weights: enough to load it, prompt it and say what it was trained on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from ghostchart.schemas.canonical import readable_json
from ghostchart.schemas.errors import ModelError

RECORD = "ghostchart.json"
Method = Literal["none", "lora", "full", "from_scratch"]


class TrainedModel(BaseModel):
    """Record of one model directory, ``model/<name>/ghostchart.json``.

    Attributes:
        base: short name or path-free label of the base model ("SmolLM2-135M-Instruct (de-quantised 4-bit)").
        base_ref: what to load it with again ("smollm2-135m", a hub name, or "scratch").
        method: "lora" directories hold a PEFT adapter, "full" and "from_scratch" a plain Hugging Face model.
        chat: whether the prompt goes through the tokenizer's chat template.
        notes_seen: notes and excerpts trained on, repeats counted; ``whole_notes_seen`` without excerpts (None in records
            of earlier versions), in the order that the seed gives.
        corpus: stamp of the corpus (certificate digest, or UNCERTIFIED, digest of its data and why).
        loss: (step, loss) pairs over the run, for the report's curve.
        recipe: name of the recipe it was made with, empty for a run's own settings.
        processes: how many trained it together.
        padding_share: share of padding among all positions computed, in [0, 1).
        mfu: model FLOPs utilisation on GPUs, in [0, 1].
        plan_notes: notes per micro-batch that the order of notes was planned with; after running out of memory more than
            the settings say. None in records from before it was counted.
        training_notes: different notes it had to learn from, for learning curves; None in records from before it was kept.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    base: str
    base_ref: str
    method: Method
    prompt_version: str
    chat: bool
    max_tokens: int
    corpus: str
    certified: bool
    seconds: float
    notes_seen: int
    whole_notes_seen: int | None = None
    tokens_seen: int
    tokens_per_second: float
    parameters_total: int
    parameters_trained: int
    loss: tuple[tuple[int, float], ...] = ()
    validation_loss: tuple[tuple[int, float], ...] = ()
    hardware: str = ""
    seed: int = 0
    recipe: str = ""
    processes: int = 1
    padding_share: float = 0.0
    mfu: float | None = None
    plan_notes: int | None = None
    training_notes: int | None = None

    def save(self, directory: Path) -> None:
        """Write the record into the model directory."""
        (directory / RECORD).write_bytes(readable_json(self.model_dump(mode="json")))

    @classmethod
    def load(cls, directory: Path) -> TrainedModel:
        """Read the record.

        Raises:
            ModelError: no record, or not one of ours.
        """
        path = directory / RECORD
        try:
            return cls.model_validate(json.loads(path.read_text()))
        except OSError:
            raise ModelError(
                f"there is no {RECORD}", where=str(directory), fix="Give a directory made by train"
            ) from None
        except (ValueError, ValidationError):
            raise ModelError(f"{RECORD} is damaged", where=str(directory), fix="Train the model again") from None
