"""Gates, reports, manifest and certificate over a generated corpus."""

from __future__ import annotations

import importlib.metadata
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ghostchart import __version__
from ghostchart.pipeline.generate import STAGE as GENERATE
from ghostchart.pipeline.generate import check_data, load_source_report
from ghostchart.pipeline.layout import RunLayout
from ghostchart.pipeline.state import RunState, generation_values, remove_certification, write_atomically, writing
from ghostchart.schemas.canonical import canonical_json, keyed_digest, readable_json, sha256_bytes, sha256_file, stream
from ghostchart.schemas.code_systems import CodeSystems, load_code_systems
from ghostchart.schemas.config import RunConfig
from ghostchart.schemas.corpus import CERTIFICATE, REPORTS, CertifiedCorpus
from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.errors import VerificationError
from ghostchart.schemas.progress import Progress
from ghostchart.schemas.verdict import Verdict

STAGE = "certify"
_LIBRARIES = ("sdv", "presidio-analyzer", "spacy", "great-expectations", "securesystemslib", "simple-icd-10-cm", "pyarrow")


@dataclass(frozen=True)
class Audit:
    """All verdicts over one corpus, in the order the reports show them."""

    leakage: tuple[Verdict, ...]
    validation: tuple[Verdict, ...]
    fidelity: Verdict

    @property
    def gates(self) -> tuple[Verdict, ...]:
        """The verdicts that decide about a certificate."""
        return (*self.leakage, *self.validation)


def audit(layout: RunLayout, config: RunConfig, progress: Progress) -> Audit:
    """Run every gate and write ``corpus/reports``; any earlier certificate is removed first.

    Raises:
        VerificationError: ``data/`` is not what generate recorded.
        CorpusError: nothing was generated there.
    """
    check_data(layout)
    remove_certification(layout)

    from ghostchart.privacy.audit import AuditSubject, run_leakage_gates, run_validation  # noqa: PLC0415
    from ghostchart.synth.corpus_writer import load_synthetic  # noqa: PLC0415
    from ghostchart.synth.fidelity import measure_fidelity  # noqa: PLC0415

    report = load_source_report(layout)
    train = EhrTables.load(layout.train_tables, report)
    holdout = EhrTables.load(layout.holdout_tables, report)
    synthetic = load_synthetic(layout.protected)
    systems = code_systems(config)
    validation = run_validation(layout.corpus, systems, progress)
    subject = AuditSubject(layout.corpus, layout.protected, train, holdout, synthetic, systems)
    leakage = run_leakage_gates(subject, config.privacy, stream(config.seed, "audit"), progress)
    with progress.task("Measuring fidelity", None):
        fidelity = measure_fidelity(train, synthetic, config.ehr_model.k_min, stream(config.seed, "fidelity"))
    found = Audit(tuple(leakage), tuple(validation), fidelity)
    _write_reports(layout, found)
    return found


def code_systems(config: RunConfig) -> CodeSystems:
    """The code systems this run may use."""
    return load_code_systems(config.corpus.cpt, config.corpus.cpt_file)


def _write_reports(layout: RunLayout, found: Audit) -> None:
    from ghostchart.pages import render_verdicts_page  # noqa: PLC0415 - matplotlib

    folder = layout.corpus / REPORTS
    with writing(folder):
        folder.mkdir(exist_ok=True)
    pages: tuple[tuple[str, str, Sequence[Verdict], str], ...] = (
        (
            "leakage",
            "Leakage report",
            found.leakage,
            "Whether anything of a real patient can be found in, or concluded from, the synthetic notes.",
        ),
        (
            "validation",
            "Validation report",
            found.validation,
            "Whether the corpus is well formed: columns, codes of the release, evidence spans, splits.",
        ),
        (
            "fidelity",
            "Fidelity report",
            (found.fidelity,),
            "How closely the synthetic population resembles the source, beside a control that samples each column alone.",
        ),
    )
    for stem, title, verdicts, intro in pages:
        body = {"verdicts": [verdict.model_dump(mode="json", exclude={"seconds"}) for verdict in verdicts]}
        write_atomically(folder / f"{stem}.json", readable_json(body))
        write_atomically(folder / f"{stem}.html", render_verdicts_page(title, verdicts, intro).encode())


def read_reports(layout: RunLayout) -> Audit:
    """Verdicts from the reports an audit left.

    Raises:
        VerificationError: reports are missing or damaged.
    """
    found: dict[str, tuple[Verdict, ...]] = {}
    for stem in ("leakage", "validation", "fidelity"):
        path = layout.corpus / REPORTS / f"{stem}.json"
        try:
            rows: list[Any] = json.loads(path.read_text())["verdicts"]
            found[stem] = tuple(Verdict.model_validate(row) for row in rows)
        except (OSError, ValueError, KeyError, TypeError):
            raise VerificationError(f"reports/{path.name} is missing or damaged", where=str(layout.corpus)) from None
    return Audit(found["leakage"], found["validation"], found["fidelity"][0])


def certify(
    layout: RunLayout, state: RunState, config: RunConfig, progress: Progress, *, found: Audit | None = None
) -> tuple[CertifiedCorpus, Audit]:
    """Run the gates (unless just run) and sign; a valid certificate over equal settings is kept.

    Raises:
        GateRefused: a gate failed or was inconclusive; no certificate is left behind.
        VerificationError: ``data/`` changed since generation.
    """
    digest = certify_digest(layout, state, config)
    if found is None and state.is_done(STAGE, digest):
        try:
            return verify(layout.corpus, config), read_reports(layout)
        except VerificationError:
            progress.say("The certificate no longer verifies; running the gates again")
    state.forget(STAGE)
    if found is None:
        found = audit(layout, config, progress)
    certificate = _sign(layout, state, config, found)
    corpus = verify(layout.corpus, config)
    state.mark_done(STAGE, digest)
    progress.say(f"Certificate written: {certificate.name}, signed by key {corpus.key_id[:16]}")
    return corpus, found


def certify_digest(layout: RunLayout, state: RunState, config: RunConfig) -> str:
    """Digest of gates' settings over one generation."""
    settings = {"privacy": config.privacy.model_dump(mode="json"), "certify": config.certify.model_dump(mode="json")}
    return state.digest(STAGE, settings, state.digest(GENERATE, generation_values(config)), sha256_file(layout.shard_record))


def _sign(layout: RunLayout, state: RunState, config: RunConfig, found: Audit) -> Path:
    from ghostchart.privacy.certificate import CertificateFacts, issue_certificate  # noqa: PLC0415
    from ghostchart.privacy.croissant import write_croissant  # noqa: PLC0415
    from ghostchart.privacy.dataset_card import write_card  # noqa: PLC0415
    from ghostchart.privacy.keys import issuer_key  # noqa: PLC0415
    from ghostchart.privacy.manifest import write_manifest  # noqa: PLC0415

    raise NotImplementedError


def verify(corpus: Path, config: RunConfig, trust: Sequence[Path] = ()) -> CertifiedCorpus:
    """Check a corpus against the keys of the user's key folder and those named."""
    from ghostchart.privacy.keys import trusted_keys  # noqa: PLC0415
    from ghostchart.privacy.verification import verify_corpus  # noqa: PLC0415

    return verify_corpus(corpus, trusted_keys(config.certify.key_dir, trust))
