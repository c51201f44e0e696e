"""``ghostchart keys`` and ``ghostchart signoff`` from outside: modes, roles, refusals, and what verify then shows."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ghostchart.cli.app import app
from ghostchart.privacy.certificate import issue_certificate
from ghostchart.privacy.keys import issuer_key
from ghostchart.privacy.policy import load_policy
from ghostchart.schemas.canonical import sha256_file
from ghostchart.schemas.errors import ConfigError, UsageError, VerificationError
from tests.privacy.certification.conftest import make_corpus, make_facts, make_verdicts

Command = Callable[..., Result]


@pytest.fixture
def ghostchart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("GHOSTCHART_KEY_DIR", str(tmp_path / "keys"))

    def run(*arguments: object) -> Result:
        done = CliRunner().invoke(app, [str(item) for item in arguments])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return run


@pytest.fixture
def corpus(tmp_path: Path, ghostchart: Command) -> Path:
    """Certified under the strict policy, which wants a sign-off."""
    strict = load_policy("strict")
    facts = make_facts().model_copy(
        update={"policy_digest": strict.digest, "policy_profile": "strict", "signoff_required": True}
    )
    path = make_corpus(tmp_path / "corpus")
    issue_certificate(path, make_verdicts(), facts, issuer_key(), 365, datetime.now(UTC))
    return path


def test_new_keys_are_private_listed_and_shown_as_files_to_trust(ghostchart: Command, tmp_path: Path) -> None:
    made = ghostchart("keys", "new", "officer")
    key_id = made.stdout.split()[3]
    private = tmp_path / "keys" / "private" / f"officer-{key_id}.pem"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert key_id in ghostchart("keys", "show").stdout
    shown = ghostchart("keys", "show", key_id[:12]).stdout
    assert json.loads(shown)["role"] == "officer"
    assert "PRIVATE" not in shown
    assert json.loads(shown)["keyid"] == key_id
    (tmp_path / "officer.json").write_text(shown)
    other = ("--key-dir", tmp_path / "other")
    with pytest.raises(UsageError, match="officer key, not an issuer key"):
        ghostchart("keys", "trust", tmp_path / "officer.json", "issuer", *other)
    assert key_id in ghostchart("keys", "trust", tmp_path / "officer.json", "officer", *other).stdout
    assert "elsewhere" in ghostchart("keys", "show", *other).stdout


def test_keys_never_lie_in_an_output_directory(ghostchart: Command, corpus: Path) -> None:
    for command in (("keys", "new", "officer"), ("keys", "show"), ("keys", "revoke", "a" * 64, "--reason", "x")):
        with pytest.raises(UsageError, match="key folder lies in an output directory"):
            ghostchart(*command, "--key-dir", corpus / "keys")
    assert not (corpus / "keys").exists()


def test_unknown_roles_ids_and_digests(ghostchart: Command, tmp_path: Path) -> None:
    assert ghostchart("keys", "new", "auditor").exit_code == 2
    assert "No key is trusted" in ghostchart("keys", "show").stdout
    with pytest.raises(UsageError, match="no trusted keys begin with 'abc'"):
        ghostchart("keys", "show", "abc")
    with pytest.raises(UsageError, match="64 hex digits"):
        ghostchart("keys", "revoke", "abc", "--reason", "lost")
    with pytest.raises(ConfigError, match="cannot read the public key"):
        ghostchart("keys", "trust", tmp_path / "nowhere.json", "issuer")


def test_a_corpus_under_a_policy_that_wants_a_sign_off(ghostchart: Command, corpus: Path) -> None:
    with pytest.raises(VerificationError, match="no privacy officer has signed off"):
        ghostchart("verify", corpus)
    decide = ("signoff", corpus, "--name", "Pat Lee")
    with pytest.raises(UsageError, match="the officer key is missing"):
        ghostchart(*decide, "--conclusion", "approved")
    ghostchart("keys", "new", "officer")
    with pytest.raises(VerificationError, match="policy_digest is that of profile 'strict'"):
        ghostchart(*decide, "--conclusion", "approved", "--policy", "default")
    ghostchart(*decide, "--conclusion", "changes_required")
    with pytest.raises(VerificationError, match="conclusion is changes_required"):
        ghostchart("verify", corpus)
    ghostchart(*decide, "--conclusion", "approved", "--policy", "strict")
    shown = ghostchart("verify", corpus, "--policy", "strict", "--require-signoff").stdout
    assert "Signed off approved by Pat Lee on 20" in shown
    assert "Policy     strict, sha256:" in shown
    with pytest.raises(VerificationError, match="policy_digest"):
        ghostchart("verify", corpus, "--policy", "default")
    with pytest.raises(ConfigError, match="no privacy policy 'lax'"):
        ghostchart("verify", corpus, "--policy", "lax")


def test_only_an_intact_corpus_can_be_signed_off(ghostchart: Command, corpus: Path) -> None:
    ghostchart("keys", "new", "officer")
    (corpus / "README.md").write_text("better")
    with pytest.raises(VerificationError, match=r"README\.md was changed"):
        ghostchart("signoff", corpus, "--conclusion", "approved", "--name", "Pat")
    assert not list(corpus.glob("signoff-*"))
    assert ghostchart("signoff", corpus, "--conclusion", "fine", "--name", "Pat").exit_code == 2


def test_revoked_officers_and_certificates_no_longer_count(ghostchart: Command, corpus: Path) -> None:
    key_id = ghostchart("keys", "new", "officer").stdout.split()[3]
    ghostchart("signoff", corpus, "--conclusion", "approved", "--name", "Pat")
    assert ghostchart("verify", corpus).exit_code == 0
    ghostchart("keys", "revoke", sha256_file(corpus / "certificate.json"), "--certificate", "--reason", "wrong source")
    with pytest.raises(VerificationError, match="revoked: wrong source"):
        ghostchart("verify", corpus)
    (corpus.parent / "keys" / "revoked.json").unlink()
    ghostchart("keys", "revoke", key_id, "--reason", "left")
    with pytest.raises(VerificationError, match="revoked: left"):
        ghostchart("verify", corpus)
    with pytest.raises(UsageError, match="officer key is revoked"):
        ghostchart("signoff", corpus, "--conclusion", "approved", "--name", "Pat")
