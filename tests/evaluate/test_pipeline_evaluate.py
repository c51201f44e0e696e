"""Systems from outside the run, notes of one's own, bad input: the pipeline stage and the command line over it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ghostchart.cli.evaluate import _given
from ghostchart.pipeline import evaluate as stage
from ghostchart.pipeline.evaluate import GivenSystem, evaluate, evaluate_own_notes, given_model
from ghostchart.pipeline.layout import RunLayout
from ghostchart.pipeline.state import RunState
from ghostchart.schemas.config import RunConfig
from ghostchart.schemas.corpus import UncertifiedCorpus
from ghostchart.schemas.errors import CorpusError, InputError, ModelError, UsageError
from ghostchart.schemas.progress import SILENT
from ghostchart.schemas.prompting import PROMPT_VERSION
from ghostchart.schemas.trained_model import RECORD

SETTINGS = {"zero_shot": False, "tfidf": False, "max_notes": 12, "bootstrap_resamples": 100, "max_new_tokens": 24}
SECRET = "Mrs. Doe of Elm Street"


@pytest.fixture
def run(tmp_path: Path, make_note: Any, write_corpus: Any) -> tuple[RunLayout, RunState, RunConfig, UncertifiedCorpus]:
    layout = RunLayout(tmp_path / "out")
    config = RunConfig.model_validate({"models": [], "evaluate": SETTINGS})
    state = RunState(layout)
    state.start(config)
    notes = [make_note(f"test-{i}", f"essential hypertension {i}", ["I10", "99213-25"]) for i in range(12)]
    for split in ("train", "validation"):
        notes += [make_note(f"{split}-{i}", "essential hypertension", ["I10", "99213"], split=split) for i in range(8)]
    return layout, state, config, write_corpus(layout.out, notes)


def predictions_file(path: Path, codes: list[str]) -> Path:
    path.write_text("".join(json.dumps({"note_id": f"test-{i}", "predicted": codes}) + "\n" for i in range(12)))
    return path


def test_base_model_few_shot_and_prediction_file_in_one_table(run: Any, tiny_model: Path, tmp_path: Path) -> None:
    layout, state, config, corpus = run
    wanted = {"zero_shot": True, "few_shot": 2, "zero_shot_base": str(tiny_model), "tfidf": True}
    config = RunConfig.model_validate({"models": [], "evaluate": SETTINGS | wanted})
    file = predictions_file(tmp_path / "other.jsonl", ["I10", "99214"])
    given = [GivenSystem("plain", str(tiny_model)), GivenSystem("other", str(file), is_file=True)]
    metrics: Any = evaluate(layout, state, config, corpus, [], SILENT, given)
    assert set(metrics["models"]) == {
        "zero_shot",
        "few_shot",
        "plain",
        "other",
        "baseline_tfidf",
        "baseline_dictionary",
    }
    assert metrics["models"]["other"]["all"]["micro_f1"] == 0.5
    assert metrics["models"]["few_shot"]["shots"] == 2
    assert metrics["models"]["zero_shot"]["decoding"] == "constrained"
    for key in ("zero_shot", "few_shot", "plain"):
        assert metrics["models"][key]["all"]["invalid_code_rate"] == 0.0
        assert "calibration" in metrics["models"][key]
    page = (layout.evaluation / "report.html").read_text()
    assert "99213" in page and "99214" in page
    # The same again is kept; without the given systems theirs are dropped.
    before = (layout.evaluation / "metrics.json").stat().st_mtime_ns
    assert evaluate(layout, state, config, corpus, [], SILENT, given) == json.loads(json.dumps(metrics))
    assert (layout.evaluation / "metrics.json").stat().st_mtime_ns == before
    fewer: Any = evaluate(layout, state, config, corpus, [], SILENT)
    assert "other" not in fewer["models"]
    assert not (layout.evaluation / "predictions" / "other.jsonl").exists()
    kept = (layout.evaluation / "metrics.json").read_bytes()
    with pytest.raises(InputError, match="cannot read the predictions"):
        evaluate(layout, state, config, corpus, [], SILENT, [GivenSystem("other", str(tmp_path / "none"), True)])
    assert (layout.evaluation / "metrics.json").read_bytes() == kept


def test_own_notes_stay_in_the_protected_zone_and_show_no_text(run: Any, tiny_model: Path, tmp_path: Path) -> None:
    layout, _, config, corpus = run
    mine = tmp_path / "mine.csv"
    mine.write_text("note_id,text,codes\n" + "".join(f"n{i},{SECRET} with hypertension,I10\n" for i in range(6)))
    metrics, folder = evaluate_own_notes(
        layout, config, corpus, [], mine, SILENT, [GivenSystem("plain", str(tiny_model))]
    )
    assert metrics["n_notes"] == 6
    assert folder == layout.protected / "own_notes" / "mine"
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.name for path in written} >= {"metrics.json", "report.html", "plain.jsonl"}
    assert not any(SECRET in path.read_text() for path in written)
    assert not layout.evaluation.exists()


def test_bad_input_leaves_nothing_and_says_one_sentence(run: Any, tiny_model: Path, tmp_path: Path) -> None:
    layout, state, config, corpus = run

    def refused(kind: type[Exception], said: str, given: list[GivenSystem]) -> None:
        with pytest.raises(kind, match=said) as caught:
            evaluate(layout, state, config, corpus, [], SILENT, given)
        assert "\n" not in str(caught.value)
        assert not (layout.evaluation / "metrics.json").exists()

    stranger = predictions_file(tmp_path / "stranger.jsonl", ["I10"])
    stranger.write_text(stranger.read_text() + '{"note_id": "nobody", "predicted": []}\n')
    refused(InputError, "1 of 13 note ids are not among the test notes", [GivenSystem("x", str(stranger), True)])
    few = predictions_file(tmp_path / "few.jsonl", ["I10"])
    few.write_text("\n".join(few.read_text().splitlines()[:5]))
    refused(InputError, "7 of 12 scored notes have no prediction", [GivenSystem("x", str(few), True)])
    few.write_text("")
    refused(InputError, "there are no predictions", [GivenSystem("x", str(few), True)])
    refused(InputError, "cannot read the predictions", [GivenSystem("x", str(tmp_path / "none"), True)])
    sure = tmp_path / "sure.jsonl"
    sure.write_text('{"note_id": "test-0", "predicted": ["I10"], "confidence": [1.5]}\n')
    refused(InputError, "a number from 0 to 1 for each code", [GivenSystem("x", str(sure), True)])
    refused(ModelError, "no base model directory", [GivenSystem("x", str(tmp_path / "nowhere" / "model"))])
    refused(UsageError, "taken twice", [GivenSystem("x", str(tiny_model)), GivenSystem("x", str(tiny_model))])
    refused(UsageError, "taken twice", [GivenSystem("baseline_tfidf", str(few), True)])

    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text("{}")
    refused(ModelError, "does not name its base model", [GivenSystem("x", str(adapter))])


def test_adapter_of_another_base_is_refused(run: Any, tiny_model: Path, tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoConfig, AutoModelForCausalLM

    layout, state, config, corpus = run
    adapter, wider = tmp_path / "adapter", Path(shutil.copytree(tiny_model, tmp_path / "wider"))
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(tiny_model), LoraConfig(r=2, target_modules=["q_proj"]))
    model.save_pretrained(adapter)
    AutoModelForCausalLM.from_config(
        AutoConfig.from_pretrained(tiny_model, hidden_size=48, head_dim=12)
    ).save_pretrained(wider)
    good = given_model(GivenSystem("x", str(adapter), base=str(tiny_model)))
    assert (good.method, good.base_dir) == ("lora", tiny_model)
    assert given_model(GivenSystem("x", str(adapter))).base_dir == tiny_model  # what the adapter names
    given = [GivenSystem("plain", str(tiny_model)), GivenSystem("x", str(adapter), base=str(wider))]
    with pytest.raises(ModelError, match="made for another base model") as caught:
        evaluate(layout, state, config, corpus, [], SILENT, given)
    assert not list(layout.evaluation.rglob("*.jsonl")), "told before the first system codes notes"
    assert "\n" not in str(caught.value)
    assert not (layout.evaluation / "metrics.json").exists()


def test_models_of_other_runs_join_the_learning_curve_of_their_corpus(
    run: Any, tiny_model: Path, tmp_path: Path
) -> None:
    layout, state, config, corpus = run
    record = {
        "name": "x", "base": "none (trained from scratch)", "base_ref": "scratch", "method": "from_scratch", "chat": False,
        "prompt_version": PROMPT_VERSION, "max_tokens": 256, "corpus": corpus.stamp, "certified": False, "seconds": 1.0,
        "notes_seen": 8, "tokens_seen": 9, "tokens_per_second": 1.0, "parameters_total": 1, "parameters_trained": 1,
    }  # fmt: skip
    given = []
    for name, changes in (
        ("few", {"training_notes": 4}),
        ("many", {"training_notes": 8, "corpus": f"{corpus.origin}: another reason"}),
        ("elsewhere", {"training_notes": 6, "corpus": f"UNCERTIFIED data sha256:00: {corpus.reason}"}),
    ):
        folder = Path(shutil.copytree(tiny_model, tmp_path / name))
        (folder / RECORD).write_text(json.dumps({**record, **changes}))
        given.append(GivenSystem(name, str(folder)))
    metrics: Any = evaluate(layout, state, config, corpus, [], SILENT, given)
    counted = {name: metrics["models"][name].get("training_notes") for name in ("few", "many", "elsewhere")}
    assert counted == {"few": 4, "many": 8, "elsewhere": None}
    assert "Learning curve" in (layout.evaluation / "report.html").read_text()


def test_empty_test_split_is_refused(run: Any, make_note: Any, write_corpus: Any, tmp_path: Path) -> None:
    layout, state, config, _ = run
    empty = write_corpus(tmp_path / "empty", [make_note("a", "x", ["I10"], split="train")])
    with pytest.raises(CorpusError, match="the test split is empty"):
        evaluate(layout, state, config, empty, [], SILENT)


def test_systems_on_the_command_line() -> None:
    assert _given(["a=/x", "b=hub/name"], ["c=f.jsonl"], "base") == [
        GivenSystem("a", "/x", False, "base"),
        GivenSystem("b", "hub/name", False, "base"),
        GivenSystem("c", "f.jsonl", True),
    ]
    for systems, predictions, base, said in (
        (["x"], [], None, "--system 'x' does not name"),
        ([], ["=f"], None, "--predictions '=f' does not name"),
        ([], [], "base", "--base goes with --system"),
    ):
        with pytest.raises(UsageError, match=said):
            _given(systems, predictions, base)


def test_commands_of_evaluate() -> None:
    def ghostchart(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ghostchart", "evaluate", *arguments], capture_output=True, text=True, check=False
        )

    shown = ghostchart("out", "--help")
    assert shown.returncode == 0
    for flag in ("--constrained", "--free", "--predictions", "--notes", "--few-shot", "--system", "--base"):
        assert flag in shown.stdout, flag
    missing = ghostchart("nowhere-at-all")
    assert missing.returncode == 2
    assert "there is no run in this directory" in missing.stderr
    assert "--task-dir" in ghostchart("retention", "--help").stdout


def test_report_is_made_of_files_alone(run: Any, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that was killed after metrics.json makes only the page again."""
    layout, state, config, corpus = run
    given = [GivenSystem("plain", str(tiny_model))]
    evaluate(layout, state, config, corpus, [], SILENT, given)
    page = (layout.evaluation / "report.html").read_bytes()
    (layout.evaluation / "report.html").unlink()
    evaluate(layout, state, config, corpus, [], SILENT, given)
    assert (layout.evaluation / "report.html").read_bytes() == page
    assert stage.REPORT == "report.html"
