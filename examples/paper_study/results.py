"""What the study found, as Markdown with numbers, hardware, seeds and time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_GROUPS = (("all", "all codes"), ("icd10cm", "ICD-10-CM"), ("procedures", "CPT and HCPCS"))
_STRATA = (("advanced_illness", "Advanced Illness"), ("frailty", "Frailty"))
_AS_IT_IS = "as_it_is"


@dataclass(frozen=True)
class Finding:
    """A finished step: seconds, exit code and what it printed."""

    seconds: float
    exit_code: int
    text: str


def write_results(out: Path, plan: Mapping[str, Any], plan_name: str, findings: Mapping[str, Finding]) -> str:
    """The page; steps that have not been done are named as missing.

    Args:
        out: directory of the study.
        plan: sizes it was run at.
        plan_name: name of the plan's file without suffix.
        findings: by step.
    """
    lines = ["# Results", "", *_setting(out, plan, plan_name, findings)]
    metrics_file = out / "main" / "evaluation" / "metrics.json"
    if metrics_file.exists():
        metrics = json.loads(metrics_file.read_text())
        lines += [*_scores(metrics, plan), *_curve(metrics, plan), *_ablations(metrics, plan)]
    lines += [*_leakage(out, plan, findings), *_throughput(plan, findings)]
    return "\n".join(lines) + "\n"


def _setting(out: Path, plan: Mapping[str, Any], plan_name: str, findings: Mapping[str, Finding]) -> Iterator[str]:
    name = plan["run"]["models"][0]["name"]
    record = _json(out / "main" / "model" / name / "ghostchart.json")
    certificate = _json(out / "main" / "corpus" / "certificate.json")
    yield f"Written by `examples/paper_study/study.py` with the plan `{plan_name}`: {plan['about']}."
    yield ""
    yield f"- Hardware: {record.get('hardware', 'not trained yet')}"
    yield f"- Corpus: {record.get('corpus', 'not made yet')}; seed {plan['run']['seed']}, training seed {record.get('seed')}"
    if not certificate:
        yield "- The corpus has no certificate."
    took = ", ".join(f"{step} {finding.seconds / 60:.1f}" for step, finding in findings.items())
    yield f"- Minutes of each step: {took or 'none done'}"
    yield ""


def _scores(metrics: Mapping[str, Any], plan: Mapping[str, Any]) -> Iterator[str]:
    gold = metrics["gold"]
    curve = {f"{plan['run']['models'][0]['name']}-{size}" for size in plan["curve_notes"]}
    left_out = {*curve, _AS_IT_IS, *plan["ablations"]}
    yield "## Exact-match micro-F1 on unseen template families"
    yield ""
    yield (
        f"{metrics['n_notes']} test notes, {gold['decisions']} code decisions over {gold['distinct_codes']} distinct codes, "
        f"{gold['distinct_codes_unseen_in_training']} of them never seen in training "
        f"({gold['decisions_unseen_in_training']} decisions). 95 % intervals by bootstrap over notes."
    )
    yield ""
    yield "| system | " + " | ".join(title for _, title in (*_GROUPS, *_STRATA)) + " |"
    yield "| --- |" + " --- |" * (len(_GROUPS) + len(_STRATA))
    for key, model in metrics["models"].items():
        if key not in left_out:
            cells = [model[group] for group, _ in _GROUPS] + [model["strata"].get(name, {}) for name, _ in _STRATA]
            yield f"| {key} | " + " | ".join(map(_cell, cells)) + " |"
    yield ""
    above = [row for row in metrics["comparisons"] if row["group"] == "all" and row["second"] not in left_out]
    for row in above:
        low, high = row["ci"]
        yield f"- {row['first']} minus {row['second']}: {row['difference']:+.3f} ({low:+.3f} to {high:+.3f})"
    yield ""


def _curve(metrics: Mapping[str, Any], plan: Mapping[str, Any]) -> Iterator[str]:
    name = plan["run"]["models"][0]["name"]
    keys = [f"{name}-{size}" for size in plan["curve_notes"]] + [name]
    there = [key for key in keys if key in metrics["models"]]
    yield "## Learning curve"
    yield ""
    yield "| training notes | micro-F1, all codes | ICD-10-CM | CPT and HCPCS | minutes of training |"
    yield "| --- | --- | --- | --- | --- |"
    for key in there:
        model = metrics["models"][key]
        cells = " | ".join(_cell(model[group]) for group, _ in _GROUPS)
        learnt_from = f"{model['training_notes']:,}" if "training_notes" in model else "not known"
        yield f"| {learnt_from} | {cells} | {model['seconds'] / 60:.1f} |"
    yield ""


def _ablations(metrics: Mapping[str, Any], plan: Mapping[str, Any]) -> Iterator[str]:
    models = metrics["models"]
    there = [key for key in (_AS_IT_IS, *plan["ablations"]) if key in models]
    yield "## Ablations"
    yield ""
    yield (
        "Each model is trained alike on a corpus made with one thing changed, and codes the test notes of the unchanged "
        "corpus. `enriched` adds what the default corpus is without."
    )
    yield ""
    yield "| training corpus | " + " | ".join(title for _, title in (*_GROUPS, *_STRATA)) + " | against as it is |"
    yield "| --- |" + " --- |" * (len(_GROUPS) + len(_STRATA) + 1)
    whole = models[_AS_IT_IS]["all"]["micro_f1"] if _AS_IT_IS in models else None
    for key in there:
        model = models[key]
        cells = [model[group] for group, _ in _GROUPS] + [model["strata"].get(name, {}) for name, _ in _STRATA]
        against = "" if whole is None or key == _AS_IT_IS else f"{model['all']['micro_f1'] - whole:+.3f}"
        yield f"| {key.replace('_', ' ')} | " + " | ".join(map(_cell, cells)) + f" | {against} |"
    for key in (*plan["ablations"],):
        if key not in models:
            yield f"| {key.replace('_', ' ')} | not done |"
    yield ""


def _leakage(out: Path, plan: Mapping[str, Any], findings: Mapping[str, Finding]) -> Iterator[str]:
    name = plan["run"]["models"][0]["name"]
    yield "## Leakage audit of the model"
    yield ""
    found = _json(out / "main" / "model" / name / "leakage.json")
    for verdict in found.get("verdicts", []):
        yield f"- {verdict['gate']}: {verdict['outcome']}"
    if "leakage" not in findings:
        yield "Not done."
    elif findings["leakage"].exit_code:
        yield "- It did not pass (exit code 1)."
    yield ""


def _throughput(plan: Mapping[str, Any], findings: Mapping[str, Finding]) -> Iterator[str]:
    yield "## Throughput"
    yield ""
    for bench in plan["benchmarks"]:
        finding = findings.get(f"bench-{bench}")
        yield f"`python -m benchmarks {bench}`" + ("" if finding else ": not done")
        if finding:
            yield ""
            yield "```"
            yield from (
                line for line in finding.text.splitlines() if re.search(r"notes/s|tokens/s|ratio|, wall|CPU", line)
            )
            yield "```"
        yield ""


def _cell(scores: Mapping[str, Any]) -> str:
    value, interval = scores.get("micro_f1"), scores.get("micro_f1_ci")
    if value is None:
        return "not measured"
    return f"{value:.3f}" + (f" ({interval[0]:.3f}-{interval[1]:.3f})" if interval else "")


def _json(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except OSError:
        return {}
    return found
