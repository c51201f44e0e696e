"""The study behind docs/results.md, by one command: corpus, models, learning curve, ablations, leakage, throughput.

    python examples/paper_study/study.py OUT                      # sizes by hardware (gpu.yaml or cpu.yaml)
    python examples/paper_study/study.py OUT --plan small.yaml    # a rehearsal of every step
    python examples/paper_study/study.py OUT --docs docs/results.md

Every step is a command that could be typed by hand; it is printed, its output lies in OUT/logs, and a finished step is not
done again. Killed at any point, the same command goes on: a run resumes its shards, a training its checkpoint.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from results import AS_IT_IS, Finding, write_results

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
STARTED = "started: "  # begins the line of a log that names its command


@dataclass(frozen=True)
class Step:
    """One command; ``may_refuse``: exit code 1 is a result too (a gate that does not pass)."""

    name: str
    command: tuple[str, ...]
    may_refuse: bool = False


def main() -> None:
    """Do what is not done yet, then write the results."""
    arguments = _arguments()
    plan_file = find_plan(arguments.plan or ("gpu.yaml" if _has_gpu() else "cpu.yaml"))
    plan: dict[str, Any] = yaml.safe_load(plan_file.read_text())
    out: Path = arguments.out.absolute()
    (out / "logs").mkdir(parents=True, exist_ok=True)
    steps = list(plan_steps(plan, out))
    names = [step.name for step in steps]
    if unknown := sorted({*(arguments.only or ())} - {*names}):
        sys.exit(f"there is no step {unknown[0]}; steps: {', '.join(names)}")
    wanted = set(arguments.only or names)
    problem = do_steps([step for step in steps if step.name in wanted], out)
    text = write_results(out, plan, plan_file.stem, _findings(steps, out), problem)
    (out / "results.md").write_text(text)
    if arguments.docs:
        arguments.docs.parent.mkdir(parents=True, exist_ok=True)
        arguments.docs.write_text(text)
    print(text)
    if problem:
        sys.exit(problem)


def find_plan(name: str) -> Path:
    """A plan of this folder by its name, or a file."""
    for path in (Path(name), HERE / name):
        if path.is_file():
            return path
    sys.exit(
        f"there is no plan {name}; plans: {', '.join(sorted(path.name for path in HERE.glob('*.yaml')))}, or a file"
    )


def plan_steps(plan: dict[str, Any], out: Path) -> Iterator[Step]:
    """The commands of a plan, in order; their configurations are written to OUT/configs."""
    ghostchart = (sys.executable, "-m", "ghostchart")
    benchmarks = (sys.executable, "-m", "benchmarks")
    base = plan["run"]
    sizes = {f"{base['models'][0]['name']}-{size}": size for size in plan["curve_notes"]}
    models = [*base["models"], *({**base["models"][0], "name": name, "max_notes": n} for name, n in sizes.items())]
    main_config = _write_config(out, "main", {**base, "models": models})
    recipe = {"about": "ablation", "hardware": plan["hardware"], "model": {**models[0], **plan["ablation_model"]}}
    recipe_file = out / "configs" / "ablation-recipe.yaml"
    recipe_file.write_text(yaml.safe_dump(recipe, sort_keys=False))
    main_run = out / "main"
    corpora = {AS_IT_IS: main_run}
    # What needs no accelerator comes first, so that it can be made elsewhere.
    yield Step("corpus", (*ghostchart, "generate", "--config", str(main_config), "--out", str(main_run)))
    yield Step("certificate", (*ghostchart, "certify", str(main_run), "--config", str(main_config)), may_refuse=True)
    for ablation in plan["ablations"]:
        changes = yaml.safe_load((HERE / "ablations" / f"{ablation}.yaml").read_text())
        config = _write_config(out, ablation, _merged({**base, "models": models[:1]}, changes))
        corpora[ablation] = out / "ablations" / ablation
        command = (*ghostchart, "generate", "--config", str(config), "--out", str(corpora[ablation]))
        yield Step(f"{ablation}-corpus", command)

    yield Step("main", (*ghostchart, "run", "--config", str(main_config), "--out", str(main_run)))
    systems: list[str] = []
    train = (*ghostchart, "train", "--recipe", str(recipe_file), "--allow-uncertified")
    for ablation, folder in corpora.items():
        model = out / "ablations" / "models" / ablation
        command = (*train, "--corpus", str(folder / "corpus"), "--out", str(model))
        yield Step(f"{ablation}-model", command)
        systems += ["--system", f"{ablation}={model}"]
    evaluate = (*ghostchart, "evaluate", str(main_run), "--config", str(main_config))
    yield Step("evaluate", (*evaluate, *systems))
    audit = (*ghostchart, "audit", "model", str(main_run), "--config", str(main_config))
    yield Step("leakage", (*audit, "--model", models[0]["name"], *map(str, plan["leakage"])), may_refuse=True)
    for bench in plan["benchmarks"]:
        yield Step(f"bench-{bench}", (*benchmarks, bench))


def do_steps(steps: Sequence[Step], out: Path) -> str:
    """Do what is not done yet, in order; what comes after a step that was done anew is done anew too.

    Returns:
        Why it stopped before the end, "" if it did not.
    """
    anew = False
    for step in steps:
        done, log_file = (out / "logs" / f"{step.name}.{kind}" for kind in ("json", "log"))
        told = " ".join(shlex.quote(word) for word in step.command)
        settings = _settings_digest(step, out)
        record = json.loads(done.read_text()) if done.exists() else {}
        if not anew and (record.get("command"), record.get("settings")) == (told, settings):
            print(f"{step.name}: done before", flush=True)
            continue
        print(f"{step.name}: {told}", flush=True)
        anew = True
        done.unlink(missing_ok=True)
        began = time.monotonic()
        with log_file.open("a") as log:
            log.write(f"{STARTED}{told}\n")
            log.flush()
            code = subprocess.run(
                step.command, cwd=REPOSITORY, stdout=log, stderr=subprocess.STDOUT, check=False
            ).returncode
        if code and not (step.may_refuse and code == 1):
            return f"{step.name} ended with exit code {code}; its output is in {log_file}"
        facts = {"command": told, "settings": settings, "exit_code": code}
        done.write_text(json.dumps({**facts, "seconds": round(time.monotonic() - began, 1)}))
    return ""


def _settings_digest(step: Step, out: Path) -> str:
    """Digest of the configurations that a command names: the same words with other settings are another step."""
    named = [Path(word) for word in step.command if Path(word).parent == out / "configs"]
    return hashlib.sha256(b"\n".join(path.read_bytes() for path in named)).hexdigest()


def _findings(steps: Sequence[Step], out: Path) -> dict[str, Finding]:
    found = {}
    for step in steps:
        done, log = (out / "logs" / f"{step.name}.{kind}" for kind in ("json", "log"))
        if done.exists():
            facts = json.loads(done.read_text())
            *earlier, text = log.read_text(errors="replace").split(STARTED)
            found[step.name] = Finding(facts["seconds"], facts["exit_code"], text, starts=max(1, len(earlier)))
    return found


def _write_config(out: Path, name: str, values: dict[str, Any]) -> Path:
    path = out / "configs" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    return path


def _merged(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Settings with those of a smaller tree put over them."""
    merged = dict(values)
    for key, value in changes.items():
        below = merged.get(key)
        merged[key] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("out", type=Path, help="where everything goes; the same place goes on")
    parser.add_argument("--plan", help="a plan of your own in place of gpu.yaml or cpu.yaml")
    parser.add_argument("--only", action="append", help="only this step (repeatable)")
    parser.add_argument("--docs", type=Path, help="also write the results here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
