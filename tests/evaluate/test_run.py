"""From a corpus and model directories to metrics.json."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

from ghostchart.evaluate import systems as systems_module
from ghostchart.evaluate.own_notes import read_notes_file
from ghostchart.evaluate.run import ModelToScore, PredictionsToScore, evaluate_models, evaluate_notes
from ghostchart.schemas.code_systems import CodeSystems
from ghostchart.schemas.config import EvaluateConfig
from ghostchart.schemas.corpus import UncertifiedCorpus
from ghostchart.schemas.errors import CorpusError, InputError, ModelError, UsageError
from ghostchart.schemas.trained_model import Method

CONFIG = EvaluateConfig(
    max_notes=24, batch_notes=8, max_new_tokens=16, bootstrap_resamples=100, dtype="float32", constrained=False
)
GROUP_KEYS = {"micro_f1", "micro_f1_ci", "macro_f1", "precision", "recall", "invalid_code_rate"}


@pytest.fixture
def corpus(tmp_path: Path, make_note: Any, write_corpus: Any) -> UncertifiedCorpus:
    said = {"I10": "essential hypertension", "E11.9": "sugar", "99213-25": "short visit", "G0439": "wellness"}
    notes = []
    for split, number in (("train", 60), ("validation", 20), ("test", 30)):
        for i in range(number):
            codes = [code for at, code in enumerate(said) if (i >> at) & 1] or ["I10"]
            text = "; ".join(said[code] for code in codes)
            strata = ["frailty"] if i % 5 == 0 else ["advanced_illness"] if i % 5 == 1 else []
            notes.append(make_note(f"{split}-{i}", text, codes, split=split, strata=strata))
    return write_corpus(tmp_path, notes)  # type: ignore[no-any-return]


def zero_shot(directory: Path, key: str = "zero_shot", method: Method = "none") -> ModelToScore:
    return ModelToScore(key, directory, None, method, "tiny random Llama", 0.0)


def trained(directory: Path) -> ModelToScore:
    return ModelToScore("tiny", directory, None, "from_scratch", "none (trained from scratch)", 12.34)


def check_numbers(value: object) -> None:
    if isinstance(value, dict):
        for part in value.values():
            check_numbers(part)
    elif isinstance(value, float):
        assert math.isfinite(value)


def test_metrics_have_the_documented_shape(
    corpus: UncertifiedCorpus, tiny_model: Path, systems: CodeSystems, tmp_path: Path
) -> None:
    out = tmp_path / "evaluation"
    metrics: Any = evaluate_models(corpus, [zero_shot(tiny_model), trained(tiny_model)], CONFIG, systems, out)
    assert json.loads((out / "metrics.json").read_text()) == json.loads(json.dumps(metrics))
    check_numbers(metrics)
    assert set(metrics["models"]) == {"zero_shot", "tiny", "baseline_tfidf", "baseline_dictionary"}
    assert metrics["n_notes"] == 24
    assert metrics["corpus"] == corpus.stamp and corpus.stamp.endswith(": test")
    assert metrics["definition"].startswith("Exact match")
    for key, entry in metrics["models"].items():
        assert {"base", "method", "seconds"} <= set(entry), key
        for group in ("icd10cm", "procedures", "cpt", "hcpcs", "all"):
            assert set(entry[group]) >= GROUP_KEYS, (key, group)
        for stratum in ("advanced_illness", "frailty"):
            assert entry["strata"][stratum]["n_notes"] >= 5
            assert set(entry["strata"][stratum]) >= GROUP_KEYS
        assert entry["all"]["n_gold"] == metrics["gold"]["decisions"]  # all systems, the same notes
    assert {key: entry["method"] for key, entry in metrics["models"].items()} == {
        "zero_shot": "none",
        "tiny": "from_scratch",
        "baseline_tfidf": "baseline",
        "baseline_dictionary": "baseline",
    }
    assert metrics["models"]["tiny"]["seconds"] == 12.3
    assert metrics["models"]["baseline_tfidf"]["all"]["micro_f1"] > 0.95
    assert metrics["models"]["baseline_dictionary"]["icd10cm"]["precision"] == 1.0
    assert metrics["gold"]["distinct_codes_unseen_in_training"] == 0


def test_comparisons_are_of_the_best_trained_model(
    corpus: UncertifiedCorpus, tiny_model: Path, systems: CodeSystems, tmp_path: Path
) -> None:
    metrics: Any = evaluate_models(
        corpus, [zero_shot(tiny_model), trained(tiny_model)], CONFIG, systems, tmp_path / "e"
    )
    assert {row["first"] for row in metrics["comparisons"]} == {"tiny"}
    assert {row["second"] for row in metrics["comparisons"]} == {"zero_shot", "baseline_tfidf", "baseline_dictionary"}
    against = {row["second"]: row for row in metrics["comparisons"] if row["group"] == "all"}
    assert against["baseline_tfidf"]["difference"] < -0.9  # it babbles
    assert against["baseline_tfidf"]["excludes_zero"]
    only: Any = evaluate_models(corpus, [zero_shot(tiny_model)], CONFIG, systems, tmp_path / "f")
    assert only["comparisons"] == []


def test_same_seed_same_scores(
    corpus: UncertifiedCorpus, tiny_model: Path, systems: CodeSystems, tmp_path: Path
) -> None:
    def scores(name: str) -> Any:
        metrics: Any = evaluate_models(corpus, [zero_shot(tiny_model)], CONFIG, systems, tmp_path / name)
        for entry in metrics["models"].values():
            entry.pop("seconds")
            entry.pop("predict_seconds", None)
        return metrics

    assert scores("a") == scores("b")


def test_finished_predictions_are_used_again_and_stale_ones_are_not(
    corpus: UncertifiedCorpus,
    tiny_model: Path,
    systems: CodeSystems,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "e"
    model = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    first = evaluate_models(corpus, [zero_shot(model)], CONFIG, systems, out)
    loads: list[Path] = []
    real = systems_module.load_language_model

    def counted(directory: Path, base_dir: Path | None, method: Method, *how: Any) -> Any:
        loads.append(directory)
        return real(directory, base_dir, method, *how)

    monkeypatch.setattr(systems_module, "load_language_model", counted)
    monkeypatch.setattr(systems_module, "train_tfidf", lambda *_: pytest.fail("the baseline was trained again"))
    assert evaluate_models(corpus, [zero_shot(model)], CONFIG, systems, out) == first
    assert loads == []
    config = CONFIG.model_copy(update={"tfidf": False, "max_new_tokens": 12})
    evaluate_models(corpus, [zero_shot(model)], config, systems, out)
    assert len(loads) == 1  # other settings
    (model / "generation_config.json").write_text("{}")
    evaluate_models(corpus, [zero_shot(model)], config, systems, out)
    assert len(loads) == 2  # another model
    (out / "predictions" / "zero_shot.jsonl").write_text("{}\n")
    evaluate_models(corpus, [zero_shot(model)], config, systems, out)
    assert len(loads) == 3  # damaged file


def test_killed_run_goes_on_where_it_stopped(
    corpus: UncertifiedCorpus,
    tiny_model: Path,
    systems: CodeSystems,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = CONFIG.model_copy(update={"tfidf": False})
    whole: Any = evaluate_models(corpus, [zero_shot(tiny_model)], config, systems, tmp_path / "whole")
    real, asked = systems_module.predict, []

    def killed(model: Any, texts: Any, **options: Any) -> Any:
        for number, batch in enumerate(real(model, texts, **options)):
            if number == 2:
                raise KeyboardInterrupt
            yield batch

    def counted(model: Any, texts: Any, **options: Any) -> Any:
        asked.append(len(texts))
        return real(model, texts, **options)

    out = tmp_path / "killed"
    monkeypatch.setattr(systems_module, "predict", killed)
    with pytest.raises(KeyboardInterrupt):
        evaluate_models(corpus, [zero_shot(tiny_model)], config, systems, out)
    assert not (out / "metrics.json").exists()
    partial = out / "predictions" / "zero_shot.partial.jsonl"
    partial.write_bytes(partial.read_bytes()[:-9])  # the kill came in the middle of a line
    monkeypatch.setattr(systems_module, "predict", counted)
    resumed: Any = evaluate_models(corpus, [zero_shot(tiny_model)], config, systems, out)
    assert asked == [24 - 15]
    assert resumed["models"]["zero_shot"]["all"] == whole["models"]["zero_shot"]["all"]
    files = [(tmp_path / name / "predictions" / "zero_shot.jsonl").read_bytes() for name in ("whole", "killed")]
    assert files[0] == files[1]
    assert not partial.exists()


def predict_with(tmp_path: Path, corpus: UncertifiedCorpus, systems: CodeSystems, change: Any) -> Any:
    gold = {}
    for line in (tmp_path / "gold.jsonl").read_text().splitlines():
        row = json.loads(line)
        gold[row["note_id"]] = row["gold"]
    file = tmp_path / "other.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in change(gold)))
    config = CONFIG.model_copy(update={"tfidf": False})
    given = [PredictionsToScore("other", file)]
    metrics: Any = evaluate_models(corpus, [], config, systems, tmp_path / "given", files=given)
    return metrics["models"]["other"]


def test_saved_predictions_of_another_system(
    corpus: UncertifiedCorpus, tiny_model: Path, systems: CodeSystems, tmp_path: Path
) -> None:
    evaluate_models(corpus, [zero_shot(tiny_model)], CONFIG, systems, tmp_path / "e")
    shutil.copy(tmp_path / "e" / "predictions" / "zero_shot.jsonl", tmp_path / "gold.jsonl")

    def score(change: Any) -> Any:
        return predict_with(tmp_path, corpus, systems, change)

    perfect = score(lambda gold: [{"note_id": n, "predicted": codes} for n, codes in gold.items()])
    assert perfect["all"]["micro_f1"] == 1.0
    assert perfect["all"]["micro_f1_ci"] == (1.0, 1.0)
    assert perfect["modifiers"]["micro_f1"] == 1.0
    poor = score(lambda gold: [{"note_id": n, "codes": ["Z99.99", "99999"]} for n in gold])
    assert poor["all"]["micro_f1"] == 0.0
    assert poor["all"]["invalid_code_rate"] == 1.0
    assert poor["all"]["over_coding_rate"] == 1.0
    silent = score(lambda gold: [{"note_id": n, "predicted": []} for n in gold])
    assert (silent["all"]["micro_f1"], silent["all"]["invalid_code_rate"]) == (0.0, 0.0)

    # Planted: exactly one of two decisions wrong everywhere.
    half = score(lambda gold: [{"note_id": n, "predicted": [codes[0], "R99"]} for n, codes in gold.items()])
    assert half["all"]["precision"] == 0.5

    with pytest.raises(InputError, match=r"1 of \d+ note ids are not among the test notes, the first is 'nobody'"):
        score(lambda gold: [{"note_id": n, "predicted": []} for n in [*gold, "nobody"]])
    with pytest.raises(InputError, match="1 of 24 scored notes have no prediction"):
        score(lambda gold: [{"note_id": n, "predicted": []} for n in list(gold)[1:]])
    with pytest.raises(InputError, match="second time"):
        score(lambda gold: [{"note_id": n, "predicted": []} for n in [*gold, *gold]])
    with pytest.raises(InputError, match=r"entry 1 of codes .*\(other.jsonl, line 1\)"):
        score(lambda gold: [{"note_id": n, "predicted": ["hypertension"]} for n in gold])
    with pytest.raises(InputError, match="not a prediction"):
        score(lambda gold: [{"id": n} for n in gold])


def test_notes_of_a_user(tiny_model: Path, systems: CodeSystems, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("note_id,text,codes\n" + "".join(f"n{i},some text {i},I10 99213\n" for i in range(6)))
    metrics: Any = evaluate_notes(
        read_notes_file(file), [zero_shot(tiny_model)], CONFIG, systems, tmp_path / "e", "own notes"
    )
    assert metrics["n_notes"] == 6
    assert metrics["corpus"] == "own notes"
    assert not any(name.startswith("band") for name in metrics["models"]["zero_shot"]["strata"])


def test_names_are_checked_before_any_work(
    corpus: UncertifiedCorpus, tiny_model: Path, systems: CodeSystems, tmp_path: Path
) -> None:
    def refuse(models: list[ModelToScore], kind: type[Exception], said: str) -> None:
        with pytest.raises(kind, match=said) as caught:
            evaluate_models(corpus, models, CONFIG, systems, tmp_path / "e")
        assert "\n" not in str(caught.value)
        assert not (tmp_path / "e").exists()

    refuse([zero_shot(tiny_model, "fine_tuned", "from_scratch")], UsageError, "must not be called fine-tuned")
    refuse([zero_shot(tiny_model), zero_shot(tiny_model)], UsageError, "taken twice")
    refuse([zero_shot(tiny_model, "baseline_tfidf")], UsageError, "taken twice")
    refuse([zero_shot(tiny_model, "../x")], UsageError, "cannot name a model")
    refuse([zero_shot(tmp_path / "nowhere")], ModelError, "no such model directory")
    shard = corpus.path / "data" / "test-00000-of-00001.parquet"
    shard.write_bytes(shard.read_bytes()[:100])
    refuse([zero_shot(tiny_model)], CorpusError, "cannot read shard")
