"""Gather what a run knows into the page for people."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from ghostchart.pages import CertificateSummary, ExampleNote, RunSummary, render_run_page
from ghostchart.pipeline.layout import RunLayout
from ghostchart.pipeline.state import write_atomically
from ghostchart.schemas.config import RunConfig
from ghostchart.schemas.corpus import CERTIFICATE, CertifiedCorpus, Corpus, iter_notes
from ghostchart.schemas.note import Note

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
    )
    write_atomically(result.layout.report, render_run_page(summary).encode())


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
