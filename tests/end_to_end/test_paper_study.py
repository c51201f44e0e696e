"""The study's plans: every configuration and command is one that ghostchart takes, and finished steps stay finished."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ghostchart.cli.app import app
from ghostchart.schemas.config import load_config
from ghostchart.train.recipe import load_recipe

FOLDER = Path(__file__).parents[2] / "examples" / "paper_study"


@pytest.fixture(scope="module")
def study() -> Any:
    spec = importlib.util.spec_from_file_location("study", FOLDER / "study.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["study"] = module
    sys.path.insert(0, str(FOLDER))  # as "python examples/paper_study/study.py" does
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(FOLDER))
    return module


def plan_of(name: str) -> dict[str, Any]:
    plan: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    return plan


@pytest.mark.parametrize("name", ["gpu", "cpu", "small"])
def test_every_step_is_a_command_that_ghostchart_takes(study: Any, tmp_path: Path, name: str) -> None:
    import typer.main

    plan = plan_of(name)
    steps = list(study.plan_steps(plan, tmp_path))
    names = [step.name for step in steps]
    assert names[:2] == ["corpus", "certificate"] and len(set(names)) == len(names)
    assert {f"{ablation}-model" for ablation in plan["ablations"]} < set(names)
    commands: Any = typer.main.get_command(app)
    for step in (step for step in steps if step.command[2] == "ghostchart"):
        name, *words = step.command[3:]
        parsed = commands.commands[name]
        if name == "evaluate":
            words.insert(0, "models")
        if name in ("evaluate", "audit"):
            name, *words = words
            parsed = parsed.commands[name]
        parsed.make_context(name, words)  # refuses unknown options and missing arguments
    for path in (tmp_path / "configs").glob("*.yaml"):
        if path.name == "ablation-recipe.yaml":
            load_recipe(str(path))
        else:
            load_config(path)


def test_each_ablation_changes_one_thing(study: Any, tmp_path: Path) -> None:
    plan = plan_of("cpu")
    list(study.plan_steps(plan, tmp_path))
    main = load_config(tmp_path / "configs" / "main.yaml").model_dump()
    for ablation in plan["ablations"]:
        changed = load_config(tmp_path / "configs" / f"{ablation}.yaml").model_dump()
        different = [
            (section, key)
            for section in ("source", "ehr_model", "corpus")
            for key in main[section]
            if main[section][key] != changed[section][key]
        ]
        assert len(different) == 1, ablation


def test_gpu_plan_trains_on_the_notes_that_the_issue_asks_for(study: Any) -> None:
    from ghostchart.schemas.config import CorpusConfig
    from ghostchart.synth.corpus_writer import plan_shards

    tasks = plan_shards(CorpusConfig(**plan_of("gpu")["run"]["corpus"]), 1, Path("c"), Path("p"))
    assert sum(task.n_notes for task in tasks if task.split == "train") >= 20_000
    assert sum(task.n_notes for task in tasks if task.split == "test") >= 1_000


def test_finished_steps_are_not_done_again_and_failures_say_where_to_look(study: Any, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    counter = tmp_path / "counter"
    count = f"open({str(counter)!r}, 'a').write('x'); print('seen')"
    step = study.Step("one", (sys.executable, "-c", count))
    for _ in range(2):
        study._do(step, tmp_path)
    assert counter.read_text() == "x"
    changed = study.Step("one", (sys.executable, "-c", count + "; exit(1)"), may_refuse=True)
    study._do(changed, tmp_path)
    assert counter.read_text() == "xx", "another command is another step"
    assert json.loads((tmp_path / "logs" / "one.json").read_text())["exit_code"] == 1
    with pytest.raises(SystemExit, match=r"two ended with exit code 2; its output is in .*two\.log"):
        study._do(study.Step("two", (sys.executable, "-c", "exit(2)"), may_refuse=True), tmp_path)
    assert not (tmp_path / "logs" / "two.json").exists()


def test_results_hold_the_numbers_and_name_what_is_missing(study: Any, tmp_path: Path) -> None:
    plan = plan_of("cpu")
    scores = {"micro_f1": 0.625, "micro_f1_ci": [0.6, 0.65]}
    none = {"micro_f1": None, "micro_f1_ci": None}
    entry = {"all": scores, "icd10cm": scores, "procedures": none, "strata": {"frailty": scores}, "seconds": 120.0}
    gold = {
        "decisions": 40,
        "distinct_codes": 9,
        "distinct_codes_unseen_in_training": 2,
        "decisions_unseen_in_training": 3,
    }
    row = {"group": "all", "first": "tiny", "second": "zero_shot", "difference": 0.5, "ci": [0.4, 0.6]}
    metrics = {
        "n_notes": 8,
        "gold": gold,
        "comparisons": [row],
        "models": {
            name: {**entry, "training_notes": 100 * n} for n, name in enumerate(("tiny", "tiny-1250", "as_it_is"), 1)
        },
    }
    (tmp_path / "main" / "evaluation").mkdir(parents=True)
    (tmp_path / "main" / "evaluation" / "metrics.json").write_text(json.dumps(metrics))
    bench = study.Finding(60.0, 0, "== train\n  ghostchart 10 tokens/s\nnoise\n")
    text = study.write_results(tmp_path, plan, "cpu", {"bench-train": bench})
    assert "| tiny | 0.625 (0.600-0.650) | 0.625 (0.600-0.650) | not measured | not measured | 0.625" in text
    assert "40 code decisions over 9 distinct codes, 2 of them never seen" in text
    assert "| 200 | 0.625" in text and "| no rules | not done |" in text
    assert "tiny minus zero_shot: +0.500 (+0.400 to +0.600)" in text
    assert "ghostchart 10 tokens/s" in text and "noise" not in text
    assert "evaluate_prediction`: not done" in text and "Not done." in text
