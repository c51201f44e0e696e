"""A privacy officer's sign-off: about one certificate, by an officer, or the corpus is refused."""

from __future__ import annotations

import base64
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ghostchart.privacy.certificate import issue_certificate
from ghostchart.privacy.dsse import sign_statement
from ghostchart.privacy.keys import new_key, revoke, signing_key, trusted_keys
from ghostchart.privacy.signoff import sign_off, verify_signoffs
from ghostchart.privacy.verification import Requirements, verify_details
from ghostchart.schemas.canonical import sha256_file
from ghostchart.schemas.errors import UsageError, VerificationError

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
POLICY = "b" * 64


@pytest.fixture
def signed(certified):
    officer = signing_key("officer", certified.key_dir)
    path = sign_off(certified.corpus, officer, "approved", "Pat Öfficer", POLICY, NOW)
    return certified, officer, path


def verify(certified, **wanted: Any):
    return verify_details(certified.corpus, certified.trust, NOW, require=Requirements(**wanted))


def test_approved_corpus_verifies_and_shows_who_approved(signed) -> None:
    certified, officer, path = signed
    assert path.name == f"signoff-{officer.key_id}.json"
    (found,) = verify(certified, signoff="required").signoffs
    assert found.key_id == officer.key_id
    assert found.decision.conclusion == "approved"
    assert found.decision.name == "Pat Öfficer"
    assert found.decision.date == "2026-05-01T12:00:00Z"


def test_a_flipped_bit_in_any_byte_of_a_signoff_refuses_the_corpus(signed) -> None:
    certified, _, path = signed
    data = path.read_bytes()
    digest = sha256_file(certified.corpus / "certificate.json")
    assert len(verify_signoffs(certified.corpus, digest, POLICY, certified.trust)) == 1
    for position in range(len(data)):
        flipped = bytearray(data)
        flipped[position] ^= 1 << (position % 8)  # every bit of every byte: test_dsse, on the envelope alone
        path.write_bytes(bytes(flipped))
        with pytest.raises(VerificationError, match=f"^{path.name}: "):
            verify_signoffs(certified.corpus, digest, POLICY, certified.trust)
    with pytest.raises(VerificationError, match=f"^{path.name}: "):
        verify(certified)


@pytest.mark.parametrize("conclusion", ["not_approved", "changes_required"])
def test_officer_who_does_not_approve_refuses_the_corpus(certified, conclusion) -> None:
    officer = signing_key("officer", certified.key_dir)
    sign_off(certified.corpus, officer, conclusion, "Pat", POLICY, NOW)
    with pytest.raises(VerificationError, match=f"conclusion is {conclusion}"):
        verify(certified)
    sign_off(certified.corpus, officer, "approved", "Pat", POLICY, NOW)
    verify(certified, signoff="required")


def test_issuer_cannot_sign_off(signed) -> None:
    certified, officer, path = signed
    with pytest.raises(UsageError, match="this is an issuer key"):
        sign_off(certified.corpus, certified.key, "approved", "Pat", POLICY, NOW)
    statement = json.loads(base64.b64decode(json.loads(path.read_bytes())["payload"]))
    forged = certified.corpus / f"signoff-{certified.key.key_id}.json"
    forged.write_bytes(sign_statement(statement, certified.key))
    with pytest.raises(VerificationError, match="trusted as issuer, not as officer"):
        verify(certified)
    assert officer.role == "officer"


def test_unknown_and_revoked_officers(signed, tmp_path: Path) -> None:
    certified, officer, path = signed
    stranger = new_key("officer", tmp_path / "stranger")
    other = sign_off(certified.corpus, stranger, "approved", "Sam", POLICY, NOW)
    with pytest.raises(VerificationError, match=f"^{other.name}: signed by an unknown key"):
        verify(certified)
    other.unlink()
    keys = tmp_path / "keys"
    shutil.copytree(certified.key_dir, keys)
    revoke(officer.key_id, "left", keys, kind="key")
    with pytest.raises(VerificationError, match=f"^{path.name}: .*revoked: left"):
        verify_details(certified.corpus, trusted_keys(keys), NOW)


def test_signoff_of_another_certificate_and_under_another_name(signed, kit) -> None:
    certified, _, path = signed
    kept = path.read_bytes()
    path.rename(certified.corpus / f"signoff-{'c' * 64}.json")
    with pytest.raises(VerificationError, match="file's name is not that of key"):
        verify(certified)
    issue_certificate(certified.corpus, kit.verdicts, kit.facts, certified.key, 364, NOW)
    assert not list(certified.corpus.glob("signoff-*"))
    path.write_bytes(kept)
    with pytest.raises(VerificationError, match="about another certificate"):
        verify(certified)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda s: s["predicate"].update(policy_digest="c" * 64), "policy_digest is not the certificate's"),
        (lambda s: s["predicate"].update(conclusion="fine"), "predicate field conclusion"),
        (lambda s: s["predicate"].update(name=" "), "predicate field name"),
        (lambda s: s["predicate"].update(date="yesterday"), "predicate field date"),
        (lambda s: s["predicate"].update(note="x"), "predicate field note: no such field"),
        (lambda s: s.update(predicateType="x"), "predicateType is not"),
        (lambda s: s["subject"].append(s["subject"][0]), "about another certificate"),
    ],
)
def test_field_that_does_not_hold_is_named(signed, change, why: str) -> None:
    certified, officer, path = signed
    statement = json.loads(base64.b64decode(json.loads(path.read_bytes())["payload"]))
    change(statement)
    path.write_bytes(sign_statement(statement, officer))
    with pytest.raises(VerificationError, match=why):
        verify(certified)


def test_signing_off_is_refused_early(certified, tmp_path: Path) -> None:
    officer = signing_key("officer", certified.key_dir)
    with pytest.raises(VerificationError, match="another privacy policy"):
        sign_off(certified.corpus, officer, "approved", "Pat", "c" * 64, NOW)
    for name in ("", "line\nbreak", "x" * 201):
        with pytest.raises(UsageError, match="name"):
            sign_off(certified.corpus, officer, "approved", name, POLICY, NOW)
    (certified.corpus / "certificate.json").unlink()
    with pytest.raises(VerificationError, match=r"certificate\.json is missing"):
        sign_off(certified.corpus, officer, "approved", "Pat", POLICY, NOW)
    assert not list(certified.corpus.glob("signoff-*"))
