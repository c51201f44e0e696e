"""What training accepts: a corpus certified under the run's own policy and code sets, and signed off where policy asks."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ghostchart.pipeline.certify import verify
from ghostchart.pipeline.layout import RunLayout
from ghostchart.pipeline.run import corpus_for_training
from ghostchart.privacy.certificate import issue_certificate
from ghostchart.privacy.keys import issuer_key, new_key
from ghostchart.privacy.policy import load_policy
from ghostchart.privacy.signoff import sign_off
from ghostchart.schemas.code_systems import load_code_systems
from ghostchart.schemas.codes import SYSTEMS
from ghostchart.schemas.config import CertifyConfig, PrivacyConfig, RunConfig
from ghostchart.schemas.corpus import CertifiedCorpus, UncertifiedCorpus
from ghostchart.schemas.errors import VerificationError
from tests.privacy.certification import conftest as kit


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[RunLayout, RunConfig]:
    """A run whose corpus is certified under the strict policy, with the code sets of this installation."""
    systems = load_code_systems()
    monkeypatch.setattr(kit, "RELEASES", {system: systems.release_of(system) for system in SYSTEMS})
    strict = load_policy("strict")
    facts = kit.make_facts().model_copy(
        update={"policy_digest": strict.digest, "policy_profile": "strict", "signoff_required": True}
    )
    layout, keys = RunLayout(tmp_path / "out"), tmp_path / "keys"
    kit.make_corpus(layout.corpus)
    issue_certificate(layout.corpus, kit.make_verdicts(), facts, issuer_key(keys), 365, datetime.now(UTC))
    config = RunConfig(privacy=PrivacyConfig(profile="strict"), certify=CertifyConfig(key_dir=keys))
    return layout, config


def decide(layout: RunLayout, config: RunConfig, conclusion: str) -> None:
    officer = new_key("officer", config.certify.key_dir)
    digest = load_policy("strict").digest
    sign_off(layout.corpus, officer, conclusion, "Pat", digest, datetime.now(UTC))  # type: ignore[arg-type]


def test_training_waits_for_the_sign_off_that_the_policy_asks_for(run: tuple[RunLayout, RunConfig]) -> None:
    layout, config = run
    assert isinstance(verify(layout.corpus, config, before_signoff=True), CertifiedCorpus)
    with pytest.raises(VerificationError, match="no privacy officer has signed off"):
        corpus_for_training(layout, config)
    decide(layout, config, "approved")
    assert isinstance(corpus_for_training(layout, config), CertifiedCorpus)


def test_an_officer_who_says_no_stops_training(run: tuple[RunLayout, RunConfig]) -> None:
    layout, config = run
    decide(layout, config, "not_approved")
    with pytest.raises(VerificationError, match="conclusion is not_approved"):
        corpus_for_training(layout, config)
    allowed = corpus_for_training(layout, config.model_copy(update={"allow_uncertified": True}))
    assert isinstance(allowed, UncertifiedCorpus)
    assert "not_approved" in allowed.stamp


def test_another_policy_is_named(run: tuple[RunLayout, RunConfig]) -> None:
    layout, config = run
    decide(layout, config, "approved")
    for privacy in (PrivacyConfig(), PrivacyConfig(profile="strict", min_holdout_patients=10)):
        with pytest.raises(VerificationError, match=r"certificate\.json: policy_digest is that of profile 'strict'"):
            corpus_for_training(layout, config.model_copy(update={"privacy": privacy}))


def test_another_code_set_is_named(run: tuple[RunLayout, RunConfig], monkeypatch: pytest.MonkeyPatch) -> None:
    layout, config = run
    decide(layout, config, "approved")
    corpus = config.corpus.model_copy(update={"cpt": "off"})
    with pytest.raises(VerificationError, match=r"certificate\.json: code_releases\.cpt is"):
        corpus_for_training(layout, config.model_copy(update={"corpus": corpus}))
