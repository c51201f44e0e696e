"""The gates of a corpus, one after the other, on one subject."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ghostchart.privacy.attacks.at_risk import write_at_risk
from ghostchart.privacy.attacks.text_copies import run_text_copies
from ghostchart.privacy.disclosure import run_disclosure
from ghostchart.privacy.identifier_index import IdentifierIndex
from ghostchart.privacy.masking import write_protected_findings
from ghostchart.privacy.membership import run_membership
from ghostchart.privacy.overlap import OverlapTally, judge_overlap
from ghostchart.privacy.overlap_population import measure_population
from ghostchart.privacy.overlap_search import SourceSearch
from ghostchart.privacy.phi.adjudication import load_adjudications
from ghostchart.privacy.phi.gate import draw_sample, run_phi_scan
from ghostchart.privacy.phi.reconcile import NoteText
from ghostchart.privacy.phi.scanner import KnownSpan
from ghostchart.privacy.policy import PrivacyPolicy
from ghostchart.privacy.validation import run_validation
from ghostchart.schemas.canonical import generator
from ghostchart.schemas.code_systems import CodeSystems
from ghostchart.schemas.corpus import read_shard, shard_paths
from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.note import SPLITS
from ghostchart.schemas.progress import SILENT, Progress
from ghostchart.schemas.verdict import Verdict

__all__ = ["AuditSubject", "run_leakage_gates", "run_validation"]


@dataclass(frozen=True)
class AuditSubject:
    """What is audited and against whom.

    Attributes:
        corpus: corpus directory with its data shards.
        protected: protected zone; findings with masked context go to its ``reports``.
        train, holdout: source patients the EHR model learnt from, and those kept from it.
        synthetic: the synthetic tables behind the corpus.
    """

    corpus: Path
    protected: Path
    train: EhrTables
    holdout: EhrTables
    synthetic: EhrTables
    systems: CodeSystems


def run_leakage_gates(
    subject: AuditSubject,
    policy: PrivacyPolicy,
    seed: np.random.SeedSequence,
    progress: Progress = SILENT,
    *,
    workers: int | None = None,
) -> tuple[Verdict, ...]:
    """The gates "phi_scan", "source_overlap", "membership_inference", "disclosure" and "text_copies", in this order.

    The verdicts depend on the subject, the policy and the seed, not on ``workers``. Findings are written to
    ``protected/reports/findings.json``, masked, and training patients at risk to ``at_risk.json`` beside it, as
    pseudonyms; the folder has mode 0700.

    Raises:
        CorpusError: the corpus cannot be read.
        OutputError: the protected report cannot be written.
    """
    # A copy: spawning changes a SeedSequence, and equal seeds must give equal verdicts however often they are used.
    own = np.random.SeedSequence(entropy=seed.entropy, spawn_key=(*seed.spawn_key, 0))
    key_seed, sample_seed, attack_seed, disclosure_seed = own.spawn(4)
    index = IdentifierIndex.build(subject.train, subject.holdout, generator(key_seed).bytes(32))
    rows = list(_rows(subject.corpus))
    started = time.monotonic()
    sample = draw_sample([ledger for _, _, ledger in rows], sample_seed)
    notes = [NoteText(note_id, text, ledger, place in sample) for place, (note_id, text, ledger) in enumerate(rows)]
    phi, phi_findings = run_phi_scan(
        notes,
        policy,
        index.digest,
        progress,
        workers=workers,
        adjudicated=load_adjudications(subject.protected),
        is_source=index.is_taken,
    )
    phi, started = _timed(phi, started)
    search, tally = SourceSearch(index), OverlapTally()
    with progress.task("source overlap", total=len(notes)) as advance:
        for note in notes:
            tally.add_note(note.note_id, note.text, search, index)
            advance(1)
    population = measure_population(subject.train, subject.holdout, subject.synthetic, index.key)
    overlap, started = _timed(judge_overlap(tally, index, population), started)
    populations = (subject.train, subject.holdout, subject.synthetic)
    attacked = run_membership(
        *populations, policy, attack_seed, progress, pseudonym=lambda patient: index.digest("patient", patient)
    )
    membership, started = _timed(attacked.verdict, started)
    disclosure, started = _timed(run_disclosure(*populations, policy, disclosure_seed, progress), started)
    texts = [note.text for note in notes]
    copied, _ = _timed(run_text_copies(subject.train.notes, subject.holdout.notes, texts, policy, progress), started)
    findings = [*phi_findings, *tally.linked_findings, *tally.unique_findings, *tally.name_findings]
    write_protected_findings(subject.protected, findings)
    write_at_risk(subject.protected, attacked.at_risk)
    return (phi, overlap, membership, disclosure, copied)


def _timed(verdict: Verdict, started: float) -> tuple[Verdict, float]:
    now = time.monotonic()
    return verdict.model_copy(update={"seconds": round(now - started, 1)}), now


def _rows(corpus: Path) -> Iterator[tuple[str, str, tuple[KnownSpan, ...]]]:
    for split in SPLITS:
        for path in shard_paths(corpus, split):
            table = read_shard(path).select(["note_id", "text", "surrogates"])
            for row in table.to_pylist():
                yield row["note_id"], row["text"] or "", _ledger(row["text"] or "", row["surrogates"] or [])


def _ledger(text: str, entries: list[dict[str, Any]]) -> tuple[KnownSpan, ...]:
    """Entries whose value stands where they say; a false entry must not excuse a finding."""
    kept = []
    for entry in entries:
        start, end = entry["start"], entry["end"]
        inside = isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(text)
        if inside and text[start:end] == entry["value"]:
            kept.append(KnownSpan(start, end, str(entry["entity_type"])))
    return tuple(kept)
