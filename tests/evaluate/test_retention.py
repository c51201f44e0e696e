"""General ability before and after: lm-eval on local task files, and the interval of the difference."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ghostchart.evaluate.retention import ModelOnDisk, compare_abilities, means_by_question, paired_mean_difference
from ghostchart.schemas.errors import UsageError

QUESTIONS = 12
TASK = """\
task: two_letters
dataset_path: json
dataset_kwargs: {data_files: {test: questions.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}"
doc_to_choice: ["a", "b"]
doc_to_target: right
metric_list: [{metric: acc, aggregation: mean, higher_is_better: true}]
metadata: {version: 1}
"""


@pytest.fixture
def task_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pytest.importorskip("lm_eval", reason="the extra retention is not installed")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "tasks"
    folder.mkdir()
    (folder / "two_letters.yaml").write_text(TASK)
    rows = [{"question": f"Question {i}, a or b? ", "right": i % 2} for i in range(QUESTIONS)]
    (folder / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def on_disk(directory: Path) -> ModelOnDisk:
    return ModelOnDisk(directory, None, "none", "tiny random Llama")


def test_the_same_model_has_forgotten_nothing(
    tiny_model: Path, task_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = on_disk(tiny_model)
    found: Any = compare_abilities(model, model, ["two_letters"], task_dir=task_dir)
    (row,) = found["tasks"]
    assert (row["task"], row["measure"], row["n"]) == ("two_letters", "acc", QUESTIONS)
    assert row["before"] == row["after"]
    assert 0 < row["before"] < 1  # it guesses, so the questions differ and the difference says something
    assert (row["difference"], row["ci"], row["excludes_zero"]) == (0.0, (0.0, 0.0), False)
    assert found["lm_eval"]
    monkeypatch.chdir(task_dir.parent)
    limited: Any = compare_abilities(model, model, ["two_letters"], task_dir=Path("tasks"), limit=3)
    assert limited["tasks"][0]["n"] == 3


def test_a_task_that_does_not_exist(tiny_model: Path, task_dir: Path) -> None:
    model = on_disk(tiny_model)
    with pytest.raises(UsageError, match="knows no task nothing_like_it") as caught:
        compare_abilities(model, model, ["nothing_like_it"], task_dir=task_dir)
    assert "\n" not in str(caught.value)


def test_interval_of_a_paired_difference() -> None:
    rng = np.random.default_rng(0)
    before = (rng.random(400) < 0.6).astype(float)
    after = before.copy()
    after[np.flatnonzero(before)[:60]] = 0.0  # 60 answers forgotten
    difference, low, high = paired_mean_difference(after, before, seed=0)
    assert difference == pytest.approx(-60 / 400)
    half = 1.96 * np.sqrt(0.15 * 0.85 / 400)
    assert low == pytest.approx(-0.15 - half, abs=0.01)
    assert high == pytest.approx(-0.15 + half, abs=0.01)
    assert paired_mean_difference(before, before, seed=0) == (0.0, 0.0, 0.0)


def test_only_means_over_questions_are_compared() -> None:
    found = {
        "results": {
            "one": {
                "alias": "one",
                "acc,none": 0.5,
                "acc_stderr,none": 0.1,
                "bleu,none": 31.0,
                "exact_match,strict": 1.0,
                "exact_match,loose": 0.0,
            }
        },
        "samples": {
            "one": [
                {"doc_id": 0, "filter": "none", "acc": 1.0, "bleu": ("a", "b")},
                {"doc_id": 1, "filter": "none", "acc": 0.0, "bleu": ("a", "b")},
                {"doc_id": 0, "filter": "strict", "exact_match": 1.0},
                {"doc_id": 0, "filter": "loose", "exact_match": 0.0},
            ]
        },
    }
    assert means_by_question(found) == {
        ("one", "acc"): {0: 1.0, 1: 0.0},
        ("one", "exact_match (strict)"): {0: 1.0},
        ("one", "exact_match (loose)"): {0: 0.0},
    }
