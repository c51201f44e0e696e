"""From readings to reports: who is confronted with whom, and what lies beside the weights afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ghostchart.pages import RunSummary, render_run_page
from ghostchart.pipeline.layout import RunLayout
from ghostchart.pipeline.model_audit import AuditSize, _confront, _write_report
from ghostchart.pipeline.report import _model_audits, renew_report
from ghostchart.privacy.attacks import judgement
from ghostchart.privacy.model_membership import CORPUS_NOTES, ModelEvidence, run_model_membership
from ghostchart.privacy.policy import load_policy
from ghostchart.schemas.canonical import sha256_bytes
from ghostchart.schemas.config import RunConfig
from ghostchart.schemas.corpus import UncertifiedCorpus
from ghostchart.schemas.ehr import SourceReport
from ghostchart.schemas.note_losses import NoteLosses, PartLosses
from ghostchart.schemas.trained_model import TrainedModel
from ghostchart.schemas.verdict import Verdict

GROUPS = ("corpus members", "corpus non-members", "corpus control")


def readings(seed: int, *, remembers: tuple[str, ...] = ()) -> dict[str, NoteLosses]:
    rng = np.random.default_rng(seed)
    found = {}
    for group in GROUPS:
        n, gain = (16 if group == GROUPS[2] else 120), 1.0 if group in remembers else 0.0
        tokens = np.full(n, 40.0)
        parts = [
            PartLosses(tokens * (2.0 - gain + rng.normal(0, 0.1, n)), tokens, rng.normal(gain, 0.1, n), 2.0 * tokens)
            for _ in range(2)
        ]
        found[group] = NoteLosses(*parts)
    return found


def test_the_report_names_the_weights_and_holds_the_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judgement, "_RESAMPLES", 60)
    shadows = [readings(1), readings(2)]
    own, before, by_heart = readings(3, remembers=GROUPS[:1]), readings(4), readings(5, remembers=GROUPS[2:])
    evidence = ModelEvidence(
        CORPUS_NOTES,
        trained=_confront(own, shadows, GROUPS[0], GROUPS[1]),
        untrained=_confront(before, shadows, GROUPS[0], GROUPS[1]),
        overtrained=_confront(by_heart, shadows, GROUPS[2], GROUPS[1]),
    )
    verdict = run_model_membership(evidence, load_policy(), np.random.SeedSequence(1))
    assert verdict.outcome == "failed"
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    record = TrainedModel(
        name="tiny", base="none (trained from scratch)", base_ref="scratch", method="from_scratch", prompt_version="1",
        chat=False, max_tokens=64, corpus="certificate sha256:ab", certified=True, seconds=1.0, notes_seen=5, tokens_seen=9,
        tokens_per_second=9.0, parameters_total=3, parameters_trained=3,
    )  # fmt: skip
    _write_report(tmp_path, record, (verdict,), AuditSize(120, 2), "default, sha256:cd")
    report = json.loads((tmp_path / "leakage.json").read_text())
    assert report["weights"] == {"model.safetensors": sha256_bytes(b"weights")}
    assert (report["model"], report["corpus"], report["shadows"]) == ("tiny", "certificate sha256:ab", 2)
    assert [item["outcome"] for item in report["verdicts"]] == ["failed"]
    page = (tmp_path / "leakage.html").read_text()
    assert "Leakage report of the model tiny (from scratch)" in page
    assert page.count("<svg") >= 3


def test_the_report_of_the_run_links_to_the_audits_there_are(tmp_path: Path) -> None:
    verdict = Verdict(gate=CORPUS_NOTES, title="Corpus notes", outcome="inconclusive")
    record = TrainedModel(
        name="tiny", base="none (trained from scratch)", base_ref="scratch", method="from_scratch", prompt_version="1",
        chat=False, max_tokens=64, corpus="certificate sha256:ab", certified=True, seconds=1.0, notes_seen=5, tokens_seen=9,
        tokens_per_second=9.0, parameters_total=3, parameters_trained=3,
    )  # fmt: skip
    layout = RunLayout(tmp_path)
    (layout.models / "tiny").mkdir(parents=True)
    assert _model_audits(layout, [record]) == {}
    _write_report(layout.models / "tiny", record, (verdict,), AuditSize(120, 2), "default, sha256:cd")
    found = _model_audits(layout, [record])
    assert found == {"tiny": "inconclusive"}

    def page(audits: dict[str, str]) -> str:
        return render_run_page(
            RunSummary(
                source=SourceReport("demo", ()), notes={}, fidelity=verdict, gates=(), certificate=None, stamp="none",
                models=(record,), metrics={"models": {}, "definition": "", "n_notes": 0}, example=None, seconds={},
                settings={}, model_audits=audits,
            )
        )  # fmt: skip

    assert '<a href="model/tiny/leakage.html"><span class="pill inconclusive">' in page(found)
    assert "leakage.html" not in page({})
    assert "ghostchart audit model" in page({})


def test_there_is_no_report_to_renew_before_a_run_wrote_one(tmp_path: Path) -> None:
    assert not renew_report(RunLayout(tmp_path), RunConfig(), UncertifiedCorpus(tmp_path, "none"))
