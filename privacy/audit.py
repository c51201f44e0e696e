"""The gates of a corpus, one after the other, on one subject."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ghostchart.privacy.attacks.at_risk import write_at_risk
from ghostchart.privacy.attacks.attacked import choose_attacked
from ghostchart.privacy.attacks.text_copies import run_text_copies
from ghostchart.privacy.corpus_notes import CorpusNotes
from ghostchart.privacy.disclosure import run_disclosure
from ghostchart.privacy.identifier_index import IdentifierIndex
from ghostchart.privacy.masking import write_protected_findings
from ghostchart.privacy.membership import run_membership
from ghostchart.privacy.overlap import OverlapTally, judge_overlap
from ghostchart.privacy.overlap_population import measure_population
from ghostchart.privacy.overlap_search import SourceSearch
from ghostchart.privacy.phi.adjudication import load_adjudications
from ghostchart.privacy.phi.gate import run_phi_scan
from ghostchart.privacy.policy import PrivacyPolicy
from ghostchart.privacy.validation import run_validation
from ghostchart.schemas.canonical import generator
from ghostchart.schemas.code_systems import CodeSystems
from ghostchart.schemas.ehr import EhrTables
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
        synthetic: the synthetic tables behind the corpus in parts, gone through more than once; no patient in two of them.
    """

    corpus: Path
    protected: Path
    train: EhrTables
    holdout: EhrTables
    synthetic: Iterable[EhrTables]
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
    key_seed, sample_seed, attack_seed, disclosure_seed, choice_seed = own.spawn(5)
    index = IdentifierIndex.build(subject.train, subject.holdout, generator(key_seed).bytes(32))
    started = time.monotonic()
    notes = CorpusNotes(subject.corpus).sampled(sample_seed)
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
    chosen = choose_attacked(subject.synthetic, subject.train, subject.holdout, choice_seed)
    populations = (subject.train, subject.holdout, chosen.tables)
    attacked = run_membership(
        *populations,
        policy,
        attack_seed,
        progress,
        pseudonym=lambda patient: index.digest("patient", patient),
        n_released=chosen.n_released,
    )
    membership, started = _timed(attacked.verdict, started)
    disclosure, started = _timed(
        run_disclosure(*populations, policy, disclosure_seed, progress, n_released=chosen.n_released), started
    )
    texts = (note.text for note in notes)
    copied, _ = _timed(run_text_copies(subject.train.notes, subject.holdout.notes, texts, policy, progress), started)
    findings = [*phi_findings, *tally.linked_findings, *tally.unique_findings, *tally.name_findings]
    write_protected_findings(subject.protected, findings)
    write_at_risk(subject.protected, attacked.at_risk)
    return (phi, overlap, membership, disclosure, copied)


def _timed(verdict: Verdict, started: float) -> tuple[Verdict, float]:
    now = time.monotonic()
    return verdict.model_copy(update={"seconds": round(now - started, 1)}), now
