"""Where things lie below an output directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunLayout:
    """Paths of one run. ``protected`` never leaves the hospital; ``corpus`` is what may."""

    out: Path

    @property
    def corpus(self) -> Path:
        """The corpus directory."""
        return self.out / "corpus"

    @property
    def protected(self) -> Path:
        """Source tables, fitted model, identifier index, findings; mode 0700."""
        return self.out / "protected"

    @property
    def run_file(self) -> Path:
        """Digest per stage."""
        return self.out / "run.json"

    @property
    def models(self) -> Path:
        """One directory per trained model."""
        return self.out / "model"

    @property
    def evaluation(self) -> Path:
        """Metrics and predictions."""
        return self.out / "evaluation"

    @property
    def report(self) -> Path:
        """The page for people."""
        return self.out / "report.html"

    @property
    def parts(self) -> tuple[Path, ...]:
        """Everything a run puts directly below ``out``."""
        return (self.corpus, self.protected, self.run_file, self.models, self.evaluation, self.report)

    @property
    def own_notes(self) -> Path:
        """Evaluations on notes of the user's own, which may be real patients'; one folder per file."""
        return self.protected / "own_notes"

    @property
    def train_tables(self) -> Path:
        """Source patients the EHR model learned from."""
        return self.protected / "source" / "train"

    @property
    def holdout_tables(self) -> Path:
        """Source patients kept aside for the leakage tests."""
        return self.protected / "source" / "holdout"

    @property
    def ehr_model(self) -> Path:
        """The fitted EHR model."""
        return self.protected / "ehr_model"

    @property
    def index(self) -> Path:
        """The identifier index."""
        return self.protected / "identifier_index"

    @property
    def shard_record(self) -> Path:
        """Rows and SHA-256 of every shard as generate left it."""
        return self.protected / "shards.json"

    @property
    def shard_journal(self) -> Path:
        """The same while generation runs, one line a shard; becomes the record when all are there."""
        return self.protected / "shards.partial.jsonl"

    @property
    def synthetic(self) -> Path:
        """Sampled tables behind the shards."""
        return self.protected / "synthetic"
