"""The whole product on a small demo hospital."""

from __future__ import annotations

import itertools
import json
import re
import stat
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ghostchart.schemas.corpus import iter_notes, shard_paths
from ghostchart.schemas.ehr import EhrTables, SourceReport
from ghostchart.schemas.note import NOTE_SCHEMA, SPLITS
from ghostchart.schemas.trained_model import TrainedModel


def test_run_leaves_the_documented_directory(finished) -> None:
    assert {path.name for path in finished.out.iterdir()} == {
        "corpus", "protected", "model", "evaluation", "report.html", "run.json",
    }  # fmt: skip
    assert {path.name for path in finished.corpus.iterdir()} == {
        "data", "reports", "croissant.json", "README.md", "manifest.json", "certificate.json",
    }  # fmt: skip
    assert stat.S_IMODE((finished.out / "protected").stat().st_mode) == 0o700
    assert "leakage.html" in finished.done.stdout
    assert "tiny" in finished.done.stdout


def test_no_connection_but_loopback_was_tried(finished) -> None:
    assert not finished.bench.connections.exists(), finished.bench.connections.read_text()


def test_the_blocker_blocks(finished) -> None:
    import subprocess
    import sys

    log = finished.bench.folder / "probe.log"
    done = subprocess.run(
        [sys.executable, "-c", "import socket; socket.create_connection(('192.0.2.1', 80), timeout=2)"],
        capture_output=True, text=True, check=False,
        env=finished.bench.environment | {"GHOSTCHART_TEST_CONNECTIONS": str(log)},
    )  # fmt: skip
    assert done.returncode != 0
    assert "192.0.2.1" in log.read_text()


def test_verify_says_valid(finished) -> None:
    done = finished.bench.ghostchart("verify", finished.corpus)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Valid")


def test_every_gate_passed_with_its_controls(finished) -> None:
    leakage = json.loads((finished.corpus / "reports" / "leakage.json").read_text())["verdicts"]
    validation = json.loads((finished.corpus / "reports" / "validation.json").read_text())["verdicts"]
    gates = ["phi_scan", "source_overlap", "membership_inference", "disclosure", "text_copies"]
    assert [verdict["gate"] for verdict in leakage] == gates
    assert [verdict["gate"] for verdict in validation] == ["corpus_validation"]
    assert {verdict["outcome"] for verdict in leakage + validation} == {"passed"}
    assert any("planted" in measure["name"].lower() for measure in leakage[2]["measures"])


def test_hugging_face_loads_three_splits(finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    import datasets

    loaded = datasets.load_dataset(str(finished.corpus), cache_dir=str(tmp_path))
    assert set(loaded) == set(SPLITS)
    for split in SPLITS:
        assert loaded[split].column_names == NOTE_SCHEMA.names
    assert sum(loaded[split].num_rows for split in SPLITS) == 300


def test_splits_share_neither_patients_nor_template_families(finished) -> None:
    seen: dict[str, dict[str, str]] = {"patient_id": {}, "template_family": {}}
    shards_of_patient: dict[str, str] = {}
    for split in SPLITS:
        for path in shard_paths(finished.corpus, split):
            table = pq.read_table(path)
            for column, owners in seen.items():
                for value in set(table[column].to_pylist()):
                    assert owners.setdefault(value, split) == split, f"{column} in two splits"
            for patient in set(table["patient_id"].to_pylist()):
                assert shards_of_patient.setdefault(patient, path.name) == path.name


def test_no_two_shards_share_sampled_rows(finished) -> None:
    report = SourceReport("synthetic", ())
    populations = []
    for folder in sorted((finished.out / "protected" / "synthetic").iterdir()):
        tables = EhrTables.load(folder, report)
        starts = tables.encounters.column("start").to_pylist()
        births = tables.patients.column("birth_date").to_pylist()
        populations.append({*zip(births, births[1:], births[2:], strict=False), *itertools.pairwise(starts)})
    assert len(populations) > 3
    for index, first in enumerate(populations):
        for second in populations[index + 1 :]:
            assert not first & second


def test_every_gold_code_has_text_behind_it_and_every_surrogate_is_in_the_ledger(finished) -> None:
    count = 0
    for note in iter_notes(finished.corpus):
        assert note.codes, note.note_id
        for code in note.codes:
            count += 1
            assert code.spans and code.rules and code.release
            for span in code.spans:
                assert 0 <= span.start < span.end <= len(note.text)
                assert note.text[span.start : span.end].strip()
        for surrogate in note.surrogates:
            assert note.text[surrogate.start : surrogate.end] == surrogate.value
    assert count > 600


def test_both_classes_of_interest_and_the_common_note_types_are_there(finished) -> None:
    strata, types = set(), set()
    for note in iter_notes(finished.corpus):
        strata.update(note.strata)
        types.add(note.note_type)
    assert {"advanced_illness", "frailty"} <= strata
    assert {"office_soap", "ed", "discharge_summary", "awv"} <= types
    assert len(types) >= 8


def test_metrics_have_the_documented_shape(finished) -> None:
    metrics = json.loads((finished.out / "evaluation" / "metrics.json").read_text())
    assert set(metrics) >= {"models", "definition", "n_notes", "corpus"}
    assert metrics["n_notes"] == 12
    assert set(metrics["models"]) >= {"tiny", "baseline_tfidf"}
    assert metrics["models"]["tiny"]["method"] == "from_scratch"
    for model in metrics["models"].values():
        for group in ("icd10cm", "procedures", "all"):
            assert set(model[group]) >= {
                "micro_f1",
                "micro_f1_ci",
                "macro_f1",
                "precision",
                "recall",
                "invalid_code_rate",
            }
            assert 0 <= model[group]["micro_f1"] <= 1


def test_the_model_names_its_corpus(finished) -> None:
    record = TrainedModel.load(finished.out / "model" / "tiny")
    import hashlib

    digest = hashlib.sha256((finished.corpus / "certificate.json").read_bytes()).hexdigest()
    assert record.certified
    assert digest in record.corpus
    assert json.loads((finished.out / "evaluation" / "metrics.json").read_text())["corpus"].endswith(digest)


def test_report_is_one_self_contained_page(finished) -> None:
    page = (finished.out / "report.html").read_text()
    assert "<script" not in page
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    for heading in ("Source", "Gates", "Certificate", "Training", "Exact match"):
        assert f"<h2>{heading}" in page
    assert "0.180" in page and "0.700" in page


def test_no_source_identifier_leaves_the_protected_zone(finished) -> None:
    """Every name, phone, record number, e-mail and address of the source is searched in every file outside protected/."""
    folder = finished.out / "protected" / "source"
    values = set()
    for part in ("train", "holdout"):
        table = pq.read_table(folder / part / "identifiers.parquet")
        for kind, value in zip(table["entity_type"].to_pylist(), table["value"].to_pylist(), strict=True):
            if kind in {"MEDICAL_RECORD_NUMBER", "PHONE_NUMBER", "EMAIL_ADDRESS", "US_SSN", "STREET_ADDRESS"}:
                values.add(value)
    assert len(values) > 5000
    texts = [
        path.read_text(errors="replace")
        for area in ("corpus/reports", "evaluation", "model")
        for path in (finished.out / area).rglob("*")
        if path.is_file() and path.suffix in {".json", ".jsonl", ".html", ".md"}
    ]
    texts += [(finished.out / "report.html").read_text(), finished.done.stdout, finished.done.stderr]
    texts += [note.text for note in iter_notes(finished.corpus)]
    pattern = re.compile("|".join(sorted(map(re.escape, values))))
    for text in texts:
        assert not pattern.search(text)


def test_running_again_resumes_and_changes_nothing(finished) -> None:
    before = {path: path.read_bytes() for path in sorted(finished.corpus.rglob("*")) if path.is_file()}
    model_time = (finished.out / "model" / "tiny" / "ghostchart.json").stat().st_mtime_ns
    done = finished.bench.ghostchart("run", "--config", finished.config, "--out", "out")
    assert done.returncode == 0, done.stderr[-2000:]
    assert {path: path.read_bytes() for path in sorted(finished.corpus.rglob("*")) if path.is_file()} == before
    assert (finished.out / "model" / "tiny" / "ghostchart.json").stat().st_mtime_ns == model_time


def test_another_seed_in_the_same_directory_is_refused(finished) -> None:
    done = finished.bench.ghostchart("run", "--config", finished.config, "--out", "out", "--seed", "12")
    assert done.returncode == 2
    assert "already holds another run: seed differs" in done.stderr
