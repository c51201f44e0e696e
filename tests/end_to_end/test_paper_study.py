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


def test_plans_are_found_by_name_or_file(study: Any, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("about: mine")
    assert study.find_plan("small.yaml") == FOLDER / "small.yaml"
    assert study.find_plan(str(own)) == own
    with pytest.raises(SystemExit, match=r"there is no plan tiny.yaml; plans: cpu.yaml, gpu.yaml, small.yaml"):
        study.find_plan("tiny.yaml")


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


def step_of(study: Any, name: str, code: str, *more: str, may_refuse: bool = False) -> Any:
    return study.Step(name, (sys.executable, "-c", code, *more), may_refuse)


def test_finished_steps_are_not_done_again_and_failures_say_where_to_look(study: Any, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    counter = tmp_path / "counter"
    count = f"open({str(counter)!r}, 'a').write('x'); print('seen')"
    step = step_of(study, "one", count)
    for _ in range(2):
        assert study.do_steps([step], tmp_path) == ""
    assert counter.read_text() == "x"
    changed = step_of(study, "one", count + "; exit(1)", may_refuse=True)
    study.do_steps([changed], tmp_path)
    assert counter.read_text() == "xx", "another command is another step"
    assert json.loads((tmp_path / "logs" / "one.json").read_text())["exit_code"] == 1
    never = step_of(study, "three", count)
    said = study.do_steps([step_of(study, "two", "exit(2)", may_refuse=True), never], tmp_path)
    assert said.startswith("two ended with exit code 2; its output is in ") and said.endswith("two.log")
    assert not (tmp_path / "logs" / "two.json").exists() and counter.read_text() == "xx"


def test_other_settings_are_another_step_and_what_follows_is_done_anew(study: Any, tmp_path: Path) -> None:
    for folder in ("logs", "configs"):
        (tmp_path / folder).mkdir()
    settings = tmp_path / "configs" / "main.yaml"
    settings.write_text("minutes: 1")
    made = tmp_path / "made"
    write = f"open({str(made)!r}, 'a')"
    steps = [
        step_of(study, "first", f"{write}.write('1')"),
        step_of(study, "second", f"{write}.write('2')", str(settings)),
        step_of(study, "third", f"{write}.write('3')"),
    ]
    for text in ("minutes: 1", "minutes: 1", "minutes: 2"):
        settings.write_text(text)
        assert study.do_steps(steps, tmp_path) == ""
    assert made.read_text() == "12323", "the first does not depend on the settings"


def test_a_killed_step_goes_on_and_only_its_last_run_counts(study: Any, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    log = tmp_path / "logs" / "one.log"
    log.write_text(f"{study.STARTED}python -c 1\nhalf of it 5 tokens/s\n")  # what a killed run leaves: no one.json
    steps = [step_of(study, "one", "print('whole 7 tokens/s')")]
    study.do_steps(steps, tmp_path)
    finding = study._findings(steps, tmp_path)["one"]
    assert (finding.starts, finding.exit_code) == (2, 0)
    assert "7 tokens/s" in finding.text and "5 tokens/s" not in finding.text


def results_of(study: Any, tmp_path: Path, findings: dict[str, Any], problem: str = "") -> str:
    """The page over three models; as_it_is finds both codes of every note, no_rules one."""
    scores = {"micro_f1": 0.625, "micro_f1_ci": [0.6, 0.65], "n_predicted": 40, "invalid_code_rate": 0.05}
    none = {"micro_f1": None, "micro_f1_ci": None}
    entry = {
        "all": scores, "icd10cm": scores, "procedures": none, "seconds": 120.0, "base": "scratch",
        "decoding": "constrained", "strata": {"frailty": {**scores, "n_notes": 7}, "family:letter": none},
    }  # fmt: skip
    gold = {
        "decisions": 40,
        "distinct_codes": 9,
        "distinct_codes_unseen_in_training": 2,
        "decisions_unseen_in_training": 3,
    }
    row = {"group": "all", "first": "tiny", "second": "zero_shot", "difference": 0.5, "ci": [0.4, 0.6]}
    names = ("tiny", "tiny-1250", "as_it_is", "no_rules")
    metrics = {
        "n_notes": 8,
        "notes_in_split": 80,
        "corpus": f"certificate sha256:{'ab' * 32}",
        "releases": {"icd10cm": "ICD-10-CM 2026-04", "procedures": "CPT starter"},
        "gold": gold,
        "comparisons": [row],
        "models": {name: {**entry, "training_notes": 100 * n} for n, name in enumerate(names, 1)},
    }
    predictions = tmp_path / "main" / "evaluation" / "predictions"
    predictions.mkdir(parents=True)
    (predictions.parent / "metrics.json").write_text(json.dumps(metrics))
    for name, found in (("as_it_is", ["I10", "E11.9"]), ("no_rules", ["I10"])):
        notes = [{"note_id": f"n{at}", "gold": ["I10", "E11.9"], "predicted": found} for at in range(8)]
        (predictions / f"{name}.jsonl").write_text("\n".join(map(json.dumps, notes)))
    text: str = study.write_results(tmp_path, plan_of("cpu"), "cpu", findings, problem)
    return text


def test_results_hold_the_numbers_and_name_what_is_missing(study: Any, tmp_path: Path) -> None:
    bench = study.Finding(60.0, 0, "== train\n  ghostchart 10 tokens/s\nnoise\n", starts=2)
    text = results_of(
        study, tmp_path, {"bench-train": bench}, problem="leakage ended with exit code 2; its output is in x"
    )
    assert f"- Corpus: certificate sha256:{'ab' * 32}\n" in text
    assert "8 of 80 notes of the test split, told in 1 template families" in text
    assert (
        "| tiny (scratch; constrained) | 0.625 (0.600-0.650) | 0.625 (0.600-0.650) | not measured | not measured"
        in text
    )
    assert "Frailty (7 notes)" in text and "| 2 of 40 | 100 notes, 2.0 min |" in text
    assert (
        text.count("certificate sha256:abababababab...: 8 test notes, 40 code decisions over 9 distinct codes, 2") == 3
    )
    assert "| 200 | 0.625" in text and "| tiny-5000: not done |" in text and "| no distractors | not done |" in text
    assert "| zero_shot | +0.500 (+0.400 to +0.600) | not measured | not measured |" in text
    # Paired over eight notes that are all alike: 2/3 minus 1, and no doubt about it.
    assert "| -0.333 (-0.333 to -0.333) |" in text
    assert "- all codes at least 0.60: 0.625, held" in text
    assert "ghostchart 10 tokens/s" in text and "noise" not in text
    assert "evaluate_prediction`: not done" in text and "Not done." in text
    assert "| bench-train | 1.0 (the last of several starts) | 0 |" in text
    assert "It stopped before its end: leakage ended with exit code 2.**" in text
    for table in text.split("\n\n"):
        if table.startswith("| "):
            assert len({line.count("|") for line in table.splitlines()}) == 1, table


def test_the_leakage_audit_is_told_with_its_numbers(study: Any, tmp_path: Path) -> None:
    folder = tmp_path / "main" / "model" / "tiny"
    folder.mkdir(parents=True)
    measures = [
        {"name": "AUC", "value": 0.512, "ci": [0.49, 0.53], "limit": 0.6, "n": 300},
        {"name": "TPR at 1 % FPR", "value": None, "limit": 0.05, "note": "not measurable at this n"},
        {"name": "advantage", "value": 0.3, "n": 300},
    ]
    verdict = {"gate": "g", "title": "Corpus notes", "outcome": "failed", "reasons": ["a reason"], "measures": measures}
    (folder / "leakage.json").write_text(
        json.dumps({"corpus": "UNCERTIFIED data sha256:ab: why", "verdicts": [verdict]})
    )
    text = results_of(study, tmp_path, {"leakage": study.Finding(60.0, 1, "")})
    assert "on the corpus UNCERTIFIED data sha256:ab: did not pass (exit code 1)." in text
    assert "**Corpus notes: failed**" in text and "- a reason" in text
    assert "| AUC | 0.512 | 0.490 to 0.530 | 0.6 | 300 |" in text
    assert "| TPR at 1 % FPR | not measurable at this n |" in text and "| advantage |" not in text
