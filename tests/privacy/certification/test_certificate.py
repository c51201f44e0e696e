"""Issuing: what is stated, what is refused, and that a refusal leaves no certificate."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ghostchart.privacy.certificate import (
    CertificateFacts,
    SourceSummary,
    commit_to_seeds,
    issue_certificate,
    summarise_source,
    tool_versions,
)
from ghostchart.privacy.keys import SigningKey, issuer_key, new_key
from ghostchart.privacy.manifest import write_manifest
from ghostchart.privacy.policy import PrivacyPolicy, load_policy
from ghostchart.privacy.verification import verify_details
from ghostchart.schemas.errors import CorpusError, GateRefused, UsageError
from ghostchart.schemas.measures import Measure
from ghostchart.schemas.verdict import Verdict

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)


def statement_of(path: Path) -> dict[str, Any]:
    statement: dict[str, Any] = json.loads(base64.b64decode(json.loads(path.read_bytes())["payload"]))
    return statement


def with_verdict(verdicts: tuple[Verdict, ...], gate: str, **changes: object) -> tuple[Verdict, ...]:
    return tuple(item.model_copy(update=changes) if item.gate == gate else item for item in verdicts)


def test_statement_names_every_file_and_says_what_the_issue_asks(certified, kit) -> None:
    statement = statement_of(certified.corpus / "certificate.json")
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://ghostchart.dev/certificate/v1"
    files = {
        path.relative_to(certified.corpus).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in certified.corpus.rglob("*")
        if path.is_file() and path.name != "certificate.json"
    }
    assert {item["name"]: item["digest"]["sha256"] for item in statement["subject"]} == files
    predicate = statement["predicate"]
    assert predicate["issued"] == "2026-05-01T12:00:00Z"
    assert predicate["expires"] == "2027-05-01T12:00:00Z"
    assert predicate["notes"] == {"train": 4, "validation": 2, "test": 2}
    assert predicate["cpt_setting"] == "starter"
    assert predicate["code_releases"]["icd10cm"] == "ICD-10-CM 2026-04"
    assert predicate["source_summary"] == {"kind": "demo", "counts": {"patients": 5000, "rare": None}, "k_min": 11}
    attack = next(gate for gate in predicate["gates"] if gate["gate"] == "membership_inference")
    assert attack["measures"][0]["baseline"] == 0.01
    assert attack["curves"] == []
    assert {gate["outcome"] for gate in predicate["gates"]} == {"passed"}


def test_certificate_holds_no_seed_and_no_path(certified) -> None:
    payload = base64.b64decode(json.loads((certified.corpus / "certificate.json").read_bytes())["payload"]).decode()
    assert str(certified.corpus.parent) not in payload
    assert str(Path.home()) not in payload


def test_issue_time_is_utc_and_timings_do_not_matter(certified, kit) -> None:
    local = NOW.astimezone(timezone(timedelta(hours=9))).replace(microsecond=7)
    verdicts = tuple(item.model_copy(update={"seconds": 1.5}) for item in kit.verdicts)
    before = (certified.corpus / "certificate.json").read_bytes()
    path = issue_certificate(certified.corpus, verdicts, kit.facts, certified.key, 365, local)
    assert path.read_bytes() == before


GATES = ("phi_scan", "source_overlap", "membership_inference", "corpus_validation")


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize(("outcome", "said"), [("failed", "failed"), ("inconclusive", "is inconclusive")])
def test_gate_not_passed_is_refused_in_one_sentence_and_leaves_nothing(
    certified, kit, gate: str, outcome: str, said: str
) -> None:
    reason = "needs at least 300 held-out patients, has 9."
    verdicts = with_verdict(kit.verdicts, gate, outcome=outcome, reasons=(reason,))
    (certified.corpus / f"signoff-{'a' * 64}.json").write_text("stale")
    with pytest.raises(GateRefused) as refused:
        issue_certificate(certified.corpus, verdicts, kit.facts, certified.key, 365, NOW)
    assert str(refused.value) == f"no certificate: gate {gate} {said}: {reason}"
    assert refused.value.exit_code == 1
    assert not (certified.corpus / "certificate.json").exists()
    assert not list(certified.corpus.glob("signoff-*"))


def test_failed_gate_is_named_before_inconclusive_ones(certified, kit) -> None:
    verdicts = with_verdict(kit.verdicts, "phi_scan", outcome="inconclusive")
    verdicts = with_verdict(verdicts, "membership_inference", outcome="failed", reasons=("AUC above the bar",))
    with pytest.raises(GateRefused, match=r"gate membership_inference failed: AUC.*; also not passed: phi_scan"):
        issue_certificate(certified.corpus, verdicts, kit.facts, certified.key, 365, NOW)


@pytest.mark.parametrize("gate", GATES)
def test_missing_gate_is_refused(certified, kit, gate: str) -> None:
    verdicts = tuple(item for item in kit.verdicts if item.gate != gate)
    with pytest.raises(GateRefused, match=f"gate {gate} has not run"):
        issue_certificate(certified.corpus, verdicts, kit.facts, certified.key, 365, NOW)
    assert not (certified.corpus / "certificate.json").exists()


def test_gate_beyond_the_required_ones_must_pass_too(certified, kit) -> None:
    extra = Verdict(gate="canaries", title="Canaries", outcome="failed", reasons=("one came through",))
    with pytest.raises(GateRefused, match="gate canaries failed: one came through"):
        issue_certificate(certified.corpus, (*kit.verdicts, extra), kit.facts, certified.key, 365, NOW)


def test_two_verdicts_of_one_gate_and_numbers_that_are_none_are_refused(certified, kit) -> None:
    with pytest.raises(GateRefused, match="gate phi_scan has more than one verdict"):
        issue_certificate(certified.corpus, (*kit.verdicts, kit.verdicts[0]), kit.facts, certified.key, 365, NOW)
    odd = Measure(name="recall", value=float("nan"))
    verdicts = with_verdict(kit.verdicts, "phi_scan", measures=(odd,))
    with pytest.raises(GateRefused, match="gate phi_scan, measure recall is not a number"):
        issue_certificate(certified.corpus, verdicts, kit.facts, certified.key, 365, NOW)


@pytest.mark.parametrize("gate", GATES)
def test_verdict_that_differs_from_its_report_is_refused(certified, kit, gate: str) -> None:
    better = with_verdict(kit.verdicts, gate, measures=(Measure(name="recall", value=1.0),))
    with pytest.raises(GateRefused, match=f"disagrees with the verdict of gate {gate}"):
        issue_certificate(certified.corpus, better, kit.facts, certified.key, 365, NOW)
    assert not (certified.corpus / "certificate.json").exists()


def test_report_with_a_failed_gate_that_is_kept_back_is_refused(certified, kit) -> None:
    bad = Verdict(gate="attribute_inference", title="Attribute inference", outcome="failed")
    kit.write_reports(certified.corpus, (*kit.verdicts, bad))
    write_manifest(certified.corpus)
    with pytest.raises(GateRefused, match="gate attribute_inference that is not to be signed"):
        issue_certificate(certified.corpus, kit.verdicts, kit.facts, certified.key, 365, NOW)


def test_verdict_in_no_report_is_refused(certified, kit) -> None:
    extra = Verdict(gate="canaries", title="Canaries", outcome="passed")
    with pytest.raises(GateRefused, match="gate canaries is in no report"):
        issue_certificate(certified.corpus, (*kit.verdicts, extra), kit.facts, certified.key, 365, NOW)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"verdicts": [{}]}', '{"verdicts": 1}'])
def test_damaged_report_is_refused(certified, kit, content: str) -> None:
    (certified.corpus / "reports" / "leakage.json").write_text(content)
    write_manifest(certified.corpus)
    with pytest.raises(GateRefused, match=r"reports/leakage\.json is damaged"):
        issue_certificate(certified.corpus, kit.verdicts, kit.facts, certified.key, 365, NOW)


@pytest.mark.parametrize(
    "name", ["README.md", "croissant.json", "reports/leakage.json", "reports/validation.json", "manifest.json"]
)
def test_incomplete_corpus_is_not_signed(certified, kit, name: str) -> None:
    (certified.corpus / name).unlink()
    if name != "manifest.json":
        write_manifest(certified.corpus)
    with pytest.raises(CorpusError, match=f"{name} is missing"):
        issue_certificate(certified.corpus, kit.verdicts, kit.facts, certified.key, 365, NOW)
    assert not (certified.corpus / "certificate.json").exists()


def test_file_changed_after_the_manifest_is_not_signed(certified, kit) -> None:
    (certified.corpus / "reports" / "leakage.html").write_text("other")
    with pytest.raises(CorpusError, match=r"reports/leakage\.html is not what manifest\.json says"):
        issue_certificate(certified.corpus, kit.verdicts, kit.facts, certified.key, 365, NOW)


def test_codes_of_another_release_or_a_forbidden_system_are_not_signed(certified, kit) -> None:
    newer = kit.facts.model_copy(update={"code_releases": {**kit.facts.code_releases, "icd10cm": "ICD-10-CM 2027"}})
    with pytest.raises(CorpusError, match=r"icd10cm codes of release 'ICD-10-CM 2026-04'.*'ICD-10-CM 2027'"):
        issue_certificate(certified.corpus, kit.verdicts, newer, certified.key, 365, NOW)
    without = kit.facts.model_copy(update={"cpt_setting": "off"})
    with pytest.raises(CorpusError, match="CPT setting is off"):
        issue_certificate(certified.corpus, kit.verdicts, without, certified.key, 365, NOW)


def test_officer_key_does_not_issue(certified, kit, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="this is an officer key"):
        issue_certificate(certified.corpus, kit.verdicts, kit.facts, new_key("officer", tmp_path / "k"), 365, NOW)


def test_key_inside_the_corpus_does_not_issue(certified, kit) -> None:
    key = certified.key
    inside = SigningKey(key.key_id, key.role, certified.corpus / "data", key.signer)
    with pytest.raises(UsageError, match="private key lies in the corpus"):
        issue_certificate(certified.corpus, kit.verdicts, kit.facts, inside, 365, NOW)


def test_validity_must_be_positive(certified, kit) -> None:
    with pytest.raises(ValidationError, match="expires must come after issued"):
        issue_certificate(certified.corpus, kit.verdicts, kit.facts, certified.key, 0, NOW)
    assert not (certified.corpus / "certificate.json").exists()


def test_reissue_over_leftovers_of_a_killed_run(certified, kit) -> None:
    (certified.corpus / ".certificate.json.partial").write_text("{")
    issue_certificate(certified.corpus, kit.verdicts, kit.facts, certified.key, 365, NOW)
    assert verify_details(certified.corpus, certified.trust, NOW).certificate.predicate.notes["train"] == 4


def test_source_summary_reveals_neither_exact_nor_small_counts() -> None:
    told = summarise_source("demo", {"patients": 8009, "encounters": 123_456, "few": 10, "none": 0, "k": 11}, 11)
    assert told.counts == {"patients": 8000, "encounters": 120_000, "few": None, "none": None, "k": 11}
    for count in (8009, 10):
        with pytest.raises(ValidationError, match="exact or below k_min"):
            SourceSummary(kind="demo", counts={"patients": count}, k_min=11)


def test_seed_commitment_binds_and_needs_a_key() -> None:
    key = os.urandom(32)
    commitment = commit_to_seeds(key, {"root": 1, "ehr": 2})
    assert commitment == commit_to_seeds(key, {"ehr": 2, "root": 1})
    others = [{"root": 2, "ehr": 1}, {"root": 1}, {"root": 12, "ehr": 2}, {"root1": 1, "ehr": 2}]
    assert len({commitment, *(commit_to_seeds(key, seeds) for seeds in others)}) == 5
    assert commit_to_seeds(os.urandom(32), {"root": 1, "ehr": 2}) != commitment
    with pytest.raises(ValueError, match="16 bytes"):
        commit_to_seeds(b"", {"root": 1})


def test_policy_digest_follows_every_bar() -> None:
    policy = load_policy()
    changed = {"profile": "other", "signoff_required": True, "min_holdout_patients": 301}
    bars = {name: changed.get(name, 0.5) for name in PrivacyPolicy.model_fields}
    digests = {policy.model_copy(update={name: value}).digest for name, value in bars.items()}
    assert len(digests | {policy.digest}) == len(bars) + 1


def test_facts_refuse_what_is_no_digest_and_versions_without_the_tool(kit) -> None:
    for field in ("config_digest", "policy_digest", "seed_commitment"):
        for value in ("", "A" * 64, "a" * 63, "a" * 64 + "\n"):
            with pytest.raises(ValidationError, match=field):
                CertificateFacts(**{**kit.facts.model_dump(), field: value})
    with pytest.raises(ValidationError, match="must name ghostchart"):
        CertificateFacts(**{**kit.facts.model_dump(), "versions": {}})


def test_tool_versions_name_ghostchart_and_python() -> None:
    versions = tool_versions()
    assert versions["ghostchart"]
    assert versions["python"].startswith("3.")
    assert versions["pyarrow"]


def test_a_fresh_key_gives_a_certificate_only_its_owner_trusts(certified, kit, tmp_path: Path) -> None:
    other = issuer_key(tmp_path / "other")
    path = issue_certificate(certified.corpus, kit.verdicts, kit.facts, other, 365, NOW)
    assert json.loads(path.read_bytes())["signatures"][0]["keyid"] == other.key_id
