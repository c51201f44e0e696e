"""What the report of a run shows, gathered before anything is rendered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ghostchart.schemas.ehr import SourceReport
from ghostchart.schemas.note import Note
from ghostchart.schemas.trained_model import TrainedModel
from ghostchart.schemas.verdict import Verdict


@dataclass(frozen=True)
class CertificateSummary:
    """The facts of a certificate worth reading; digests as hex."""

    digest: str
    key_id: str
    issued: str
    expires: str


@dataclass(frozen=True)
class ExampleNote:
    """One synthetic note shown with its evidence highlighted."""

    note: Note


@dataclass(frozen=True)
class RunSummary:
    """Everything ``report.html`` shows; holds no source value.

    Attributes:
        notes: notes per split.
        certificate: None when the corpus is not certified.
        stamp: how models and reports name the corpus.
        metrics: ``evaluation/metrics.json``.
        seconds: wall-clock seconds per stage in the run that wrote the page; empty for stages kept from before.
        settings: a few settings people ask for (name -> value); never seeds.
        model_audits: model -> outcome of its leakage audit (``model/NAME/leakage.html``); models that were not audited are
            absent.
    """

    source: SourceReport
    notes: Mapping[str, int]
    fidelity: Verdict
    gates: tuple[Verdict, ...]
    certificate: CertificateSummary | None
    stamp: str
    models: tuple[TrainedModel, ...]
    metrics: Mapping[str, Any]
    example: ExampleNote | None
    seconds: Mapping[str, float]
    settings: Mapping[str, str]
    model_audits: Mapping[str, str] = field(default_factory=dict)
