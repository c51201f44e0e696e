"""Curves on disk while a training runs: JSON lines, and TensorBoard files where TensorBoard is installed."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

LOG_NAME = "train_log.jsonl"


class TrainingLog:
    """One JSON object per step; a context manager. Lines already there are kept and shown in TensorBoard too."""

    def __init__(self, folder: Path, *, writes: bool = True) -> None:
        """Open the log.

        Args:
            folder: where the files go.
            writes: False in all processes but the main one.
        """
        self._folder, self._writes = folder, writes
        self._board: Any = None
        if not writes:
            return
        path = folder / LOG_NAME
        past = path.read_text().splitlines() if path.is_file() else []
        self._lines = path.open("a")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            return
        self._board = SummaryWriter(log_dir=str(folder))
        for line in past:
            values = json.loads(line)
            self._show(values.pop("step"), values)

    def __enter__(self) -> TrainingLog:
        return self

    def write(self, step: int, **values: float) -> None:
        """Values of a step, by name."""
        if not self._writes:
            return
        rounded = {name: round(value, 8) for name, value in values.items()}
        self._lines.write(json.dumps({"step": step, **rounded}) + "\n")
        self._lines.flush()
        self._show(step, values)

    def _show(self, step: int, values: dict[str, float]) -> None:
        if self._board is not None:
            for name, value in values.items():
                self._board.add_scalar(f"train/{name}", value, step)

    def __exit__(self, *_: object) -> None:
        if self._writes:
            self._lines.close()
        if self._board is None:
            return
        self._board.close()
        # TensorBoard puts host name and process number into the file's name; a model directory travels.
        for number, path in enumerate(sorted(self._folder.glob("events.out.tfevents.*"))):
            path.rename(path.with_name(f"events.out.tfevents.{number}.ghostchart"))
