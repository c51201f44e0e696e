"""Gates, reports, manifest and certificate over a generated corpus."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ghostchart.pipeline.generate import STAGE as GENERATE
from ghostchart.pipeline.generate import check_data, load_source_report
from ghostchart.pipeline.layout import RunLayout
from ghostchart.pipeline.state import (
    RunState,
    generation_values,
    remove_certification,
    write_atomically,
    write_private,
    writing,
)
from ghostchart.schemas.canonical import readable_json, sha256_file, stream
from ghostchart.schemas.code_systems import CodeSystems, load_code_systems
from ghostchart.schemas.codes import SYSTEMS, System
from ghostchart.schemas.config import RunConfig
from ghostchart.schemas.corpus import REPORTS, CertifiedCorpus
from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.errors import VerificationError
from ghostchart.schemas.progress import Progress
from ghostchart.schemas.verdict import Verdict

STAGE = "certify"
_SUMMARISED_TABLES = ("patients", "encounters", "admissions")


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

    from ghostchart.privacy.audit import AuditSubject, run_leakage_gates, run_validation
    from ghostchart.privacy.policy import policy_in_force
    from ghostchart.synth.diversity import measure_splits
    from ghostchart.synth.fidelity import measure_fidelity
    from ghostchart.synth.synthetic_tables import SyntheticTables

    report = load_source_report(layout)
    train = EhrTables.load(layout.train_tables, report)
    holdout = EhrTables.load(layout.holdout_tables, report)
    synthetic = SyntheticTables(layout.protected)
    systems = code_systems(config)
    validation = run_validation(layout.corpus, systems, progress)
    subject = AuditSubject(layout.corpus, layout.protected, train, holdout, synthetic, systems)
    policy = policy_in_force(config.privacy)
    leakage = run_leakage_gates(subject, policy, stream(config.seed, "audit"), progress, workers=config.workers)
    with progress.task("Measuring fidelity", None):
        as_many = synthetic.evenly_spaced(train.n_patients)
        fidelity = measure_fidelity(train, as_many, config.ehr_model.k_min, stream(config.seed, "fidelity"), holdout)
        splits = measure_splits(layout.corpus, config.corpus.templates)
        fidelity = fidelity.model_copy(update={"measures": (*fidelity.measures, *splits)})
    found = Audit(tuple(leakage), tuple(validation), fidelity)
    write_reports(layout, found, f"{policy.profile}, sha256:{policy.digest}")
    return found


def code_systems(config: RunConfig) -> CodeSystems:
    """The code systems this run may use."""
    return load_code_systems(config.corpus.cpt, config.corpus.cpt_file, config.corpus.icd10cm_release)


def write_reports(layout: RunLayout, found: Audit, policy: str) -> None:
    """Write ``corpus/reports`` and the protected part of the leakage report.

    Args:
        layout: where; ``protected/reports`` holds what the gates found.
        found: every verdict.
        policy: profile and digest of the privacy policy, as pages show it.

    Raises:
        OutputError: a folder cannot be written.
    """
    from ghostchart.pages import render_leakage_page, render_verdicts_page

    folder = layout.corpus / REPORTS
    with writing(folder):
        folder.mkdir(exist_ok=True)
    write_atomically(folder / "leakage.json", _report_json(found.leakage))
    write_atomically(folder / "leakage.html", render_leakage_page(found.leakage, policy=policy).encode())
    reports = layout.protected / REPORTS
    protected = render_leakage_page(
        found.leakage,
        policy=policy,
        findings=json.loads((reports / "findings.json").read_bytes())["findings"],
        at_risk=json.loads((reports / "at_risk.json").read_bytes())["patients"],
    )
    write_private(reports / "leakage.html", protected.encode())
    pages: tuple[tuple[str, str, Sequence[Verdict], str], ...] = (
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
        write_atomically(folder / f"{stem}.json", _report_json(verdicts))
        write_atomically(folder / f"{stem}.html", render_verdicts_page(title, verdicts, intro).encode())


def _report_json(verdicts: Sequence[Verdict]) -> bytes:
    return readable_json({"verdicts": [verdict.model_dump(mode="json", exclude={"seconds"}) for verdict in verdicts]})


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
            return verify(layout.corpus, config, before_signoff=True), read_reports(layout)
        except VerificationError:
            progress.say("The certificate no longer verifies; running the gates again")
    state.forget(STAGE)
    if found is None:
        found = audit(layout, config, progress)
    certificate = _sign(layout, state, config, found)
    corpus = verify(layout.corpus, config, before_signoff=True)
    state.mark_done(STAGE, digest)
    progress.say(f"Certificate written: {certificate.name}, signed by key {corpus.key_id[:16]}")
    return corpus, found


def certify_digest(layout: RunLayout, state: RunState, config: RunConfig) -> str:
    """Digest of gates' settings over one generation."""
    from ghostchart.privacy.phi.adjudication import FILE as ADJUDICATIONS
    from ghostchart.privacy.policy import policy_in_force

    policy = policy_in_force(config.privacy)
    decided = layout.protected / ADJUDICATIONS
    settings = {
        "privacy": policy.model_dump(mode="json"),
        "certify": config.certify.model_dump(mode="json"),
        "adjudications": sha256_file(decided) if decided.exists() else "",
    }
    return state.digest(
        STAGE, settings, state.digest(GENERATE, generation_values(config)), sha256_file(layout.shard_record)
    )


def _sign(layout: RunLayout, state: RunState, config: RunConfig, found: Audit) -> Path:
    """Card, Croissant, manifest, certificate, in the order DESIGN fixes; nothing is signed that a gate refused."""
    from ghostchart.privacy.certificate import (
        CertificateFacts,
        commit_to_seeds,
        digest_of,
        issue_certificate,
        summarise_source,
        tool_versions,
    )
    from ghostchart.privacy.croissant import write_croissant
    from ghostchart.privacy.dataset_card import corpus_facts, write_card
    from ghostchart.privacy.gate_check import require_passed
    from ghostchart.privacy.keys import issuer_key
    from ghostchart.privacy.manifest import write_manifest
    from ghostchart.privacy.policy import policy_in_force

    require_passed(found.gates)
    systems, policy = code_systems(config), policy_in_force(config.privacy)
    facts = CertificateFacts(
        config_digest=digest_of(_without_secrets(config)),
        policy_digest=policy.digest,
        policy_profile=policy.profile,
        signoff_required=policy.signoff_required,
        versions=tool_versions(),
        code_releases={system: systems.release_of(system) for system in _systems_in(layout)},
        cpt_setting=config.corpus.cpt,
        seed_commitment=commit_to_seeds(state.key, {"root": config.seed, "demo": config.source.demo_seed}),
        source_summary=summarise_source(config.source.kind, _source_counts(layout), config.ehr_model.k_min),
    )
    card = corpus_facts(layout.corpus, found.gates, facts)
    with writing(layout.corpus):
        write_croissant(layout.corpus, card)
        write_card(layout.corpus, card)
        write_manifest(layout.corpus)
    key = issuer_key(config.certify.key_dir)
    with writing(layout.corpus):
        return issue_certificate(layout.corpus, found.gates, facts, key, config.certify.valid_days, datetime.now(UTC))


# Paths of this machine; releases are stated, and each note names its template.
_PATHS = ("icd10cm_release", "cpt_file", "templates")


def _without_secrets(config: RunConfig) -> RunConfig:
    # The digest leaves the protected zone and everything else in it is guessable, so a plain seed would be too.
    source = config.source.model_copy(update={"path": None, "demo_seed": 0})
    privacy = config.privacy.model_copy(update={"policy_file": None})  # a path; the policy has a digest of its own
    corpus = config.corpus.model_copy(update=dict.fromkeys(_PATHS))
    return config.model_copy(
        update={
            "seed": 0,
            "workers": 1,
            "engine": "local",
            "address": None,
            "source": source,
            "privacy": privacy,
            "corpus": corpus,
        }
    )


def _systems_in(layout: RunLayout) -> list[System]:
    from ghostchart.privacy.corpus_contents import releases_in

    present = {system for system, _ in releases_in(layout.corpus)}
    return [system for system in SYSTEMS if system in present]


def _source_counts(layout: RunLayout) -> dict[str, int]:
    return {
        table.table: table.rows_used for table in load_source_report(layout).tables if table.table in _SUMMARISED_TABLES
    }


def verify(corpus: Path, config: RunConfig, *, before_signoff: bool = False) -> CertifiedCorpus:
    """Check a corpus against the user's keys, the run's privacy policy and the code sets in use.

    Args:
        corpus: the corpus directory.
        config: names key folder, policy and CPT setting.
        before_signoff: a privacy officer need not have decided yet, and a decision is not looked at.

    Raises:
        VerificationError: the first thing that is wrong, by file or field.
    """
    from ghostchart.privacy.keys import trusted_keys
    from ghostchart.privacy.policy import policy_in_force
    from ghostchart.privacy.verification import Requirements, verify_corpus

    systems = code_systems(config)
    require = Requirements(
        signoff="ignored" if before_signoff else "as_policy",
        policy=policy_in_force(config.privacy),
        code_releases={system: systems.release_of(system) for system in SYSTEMS},
    )
    return verify_corpus(corpus, trusted_keys(config.certify.key_dir), require=require)
