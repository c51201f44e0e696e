"""``ghostchart audit model`` on a small whole run: attacks run, controls hold, nothing of the source comes out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ghostchart.schemas.corpus import iter_notes
from ghostchart.schemas.ehr import EhrTables, SourceReport

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def audited(finished, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, str]:
    out = finished.copy_run(tmp_path_factory.mktemp("audited") / "out")
    done = finished.bench.ghostchart(
        "audit", "model", out, "--config", finished.config, "--notes", "60", "--shadows", "1", "--shadow-notes", "100"
    )
    assert "Report" in done.stdout, done.stdout[-2000:] + done.stderr[-2000:]
    return out, done.returncode, done.stdout + done.stderr


def test_too_few_notes_never_pass(audited: tuple[Path, int, str]) -> None:
    out, code, _ = audited
    report = json.loads((out / "model/tiny/leakage.json").read_text())
    assert code == 1
    assert [verdict["gate"] for verdict in report["verdicts"]] == ["model_corpus_notes", "model_source_patients"]
    assert all(verdict["outcome"] != "passed" for verdict in report["verdicts"])
    assert list(report["weights"]) == ["model.safetensors"]


def test_controls_hold(audited: tuple[Path, int, str]) -> None:
    report = json.loads((audited[0] / "model/tiny/leakage.json").read_text())
    for verdict in report["verdicts"]:
        by_name = {measure["name"]: measure for measure in verdict["measures"]}
        assert "the gate fails on it, as it must" in by_name["Overtrained model: AUC"]["note"]
        low, high = by_name["Untrained model: AUC"]["ci"]
        assert low < 0.5 < high
        assert by_name["likelihood ratio, answer: AUC"]["n"] == 120


def test_nothing_of_the_source_is_left_or_told(audited: tuple[Path, int, str]) -> None:
    out, _, said = audited
    assert not (out / "protected/model_audit").exists()
    page = (out / "model/tiny/leakage.html").read_text()
    source = EhrTables.load(out / "protected/source/train", SourceReport("test", ()))
    for value in source.identifiers["value"].to_pylist()[:2000] + source.patients["patient_id"].to_pylist():
        assert len(value) < 6 or (value not in page and value not in said)
    assert not any(note.note_id in page for note in iter_notes(out / "corpus", "train"))
