"""Gather what a run knows into the page for people."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ghostchart.pages import CertificateSummary, ExampleNote, RunSummary, render_run_page
from ghostchart.pipeline.evaluate import METRICS
from ghostchart.pipeline.layout import RunLayout
from ghostchart.pipeline.model_audit import REPORT_JSON, REPORT_PAGE
from ghostchart.pipeline.state import write_atomically
from ghostchart.schemas.config import RunConfig
from ghostchart.schemas.corpus import CERTIFICATE, CertifiedCorpus, Corpus, iter_notes
from ghostchart.schemas.note import Note
from ghostchart.schemas.trained_model import RECORD, TrainedModel
from ghostchart.schemas.verdict import Verdict, overall

if TYPE_CHECKING:
    from ghostchart.pipeline.run import RunResult

_LONGEST_EXAMPLE_CHARACTERS = 2200


def write_report(result: RunResult, config: RunConfig) -> None:
    """Write ``report.html``.

    Raises:
        OutputError: the directory cannot be written.
    """
    summary = RunSummary(
        source=result.generated.source,
        notes=result.generated.notes,
        fidelity=result.audit.fidelity,
        gates=result.audit.gates,
        certificate=_certificate(result.corpus),
        stamp=result.corpus.stamp,
        models=result.models,
        metrics=result.metrics,
        example=_example(result.layout),
        seconds=result.seconds,
        settings={"source": config.source.kind, "CPT setting": config.corpus.cpt, "k_min": str(config.ehr_model.k_min)},
        model_audits=_model_audits(result.layout, result.models),
    )
    write_atomically(result.layout.report, render_run_page(summary).encode())


def renew_report(layout: RunLayout, config: RunConfig, corpus: Corpus) -> bool:
    """Write ``report.html`` again from what the stages left, for a model audit made since; False where there is none yet.

    Times of the stages are those of the run that took them and are not repeated.

    Raises:
        OutputError: the directory cannot be written.
    """
    from ghostchart.pipeline.certify import read_reports
    from ghostchart.pipeline.generate import left_by_generation
    from ghostchart.pipeline.run import RunResult
    from ghostchart.pipeline.train import trained_models

    metrics = layout.evaluation / METRICS
    records = [layout.models / model.name / RECORD for model in config.models]
    if not all(path.exists() for path in (layout.report, metrics, *records)):
        return False
    result = RunResult(
        layout,
        left_by_generation(layout, config),
        read_reports(layout),
        corpus,
        trained_models(layout, config),
        json.loads(metrics.read_text()),
        {},
    )
    write_report(result, config)
    return True


def _model_audits(layout: RunLayout, models: Sequence[TrainedModel]) -> dict[str, str]:
    """Outcome of the leakage audit of each model that has one; training anew removes it with the weights."""
    found: dict[str, str] = {}
    for model in models:
        report = layout.models / model.name / REPORT_JSON
        if report.exists() and report.with_name(REPORT_PAGE).exists():
            verdicts = [Verdict.model_validate(row) for row in json.loads(report.read_text())["verdicts"]]
            found[model.name] = overall(tuple(verdicts))
    return found


def _certificate(corpus: Corpus) -> CertificateSummary | None:
    if not isinstance(corpus, CertifiedCorpus):
        return None
    # verify() has just accepted exactly these bytes.
    envelope = json.loads((corpus.path / CERTIFICATE).read_bytes())
    predicate = json.loads(base64.b64decode(envelope["payload"]))["predicate"]
    return CertificateSummary(corpus.certificate_digest, corpus.key_id, predicate["issued"], predicate["expires"])


def _example(layout: RunLayout) -> ExampleNote | None:
    """The first test note that shows most: several codes, a distractor, a class of interest, and not too long."""
    best: Note | None = None
    best_worth = -1
    for position, note in enumerate(iter_notes(layout.corpus, "test")):
        if position >= 200:
            break
        if len(note.text) > _LONGEST_EXAMPLE_CHARACTERS:
            continue
        worth = min(len(note.codes), 8) + 2 * min(len(note.distractors), 2) + 3 * bool(note.strata)
        if worth > best_worth:
            best, best_worth = note, worth
    return ExampleNote(best) if best else None
