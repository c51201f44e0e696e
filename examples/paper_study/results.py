"""What the study found, as Markdown with numbers, hardware, seeds and time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AS_IT_IS = "as_it_is"  # the ablations' peer: the same training on the unchanged corpus
_GROUPS = (("all", "all codes"), ("icd10cm", "ICD-10-CM"), ("procedures", "CPT and HCPCS"))
_STRATA = (("advanced_illness", "Advanced Illness"), ("frailty", "Frailty"))
_COLUMNS = len(_GROUPS) + len(_STRATA)
# The figures this project sets out to stand beside; other notes, so no comparison.
_PAPER = "The paper's own figures, on its own notes: zero-shot 0.18, fine-tuned above 0.70."


@dataclass(frozen=True)
class Finding:
    """A finished step: seconds, exit code and what it printed; ``starts``: how often it was begun."""

    seconds: float
    exit_code: int
    text: str
    starts: int = 1


def write_results(
    out: Path, plan: Mapping[str, Any], plan_name: str, findings: Mapping[str, Finding], problem: str = ""
) -> str:
    """The page; steps that have not been done are named as missing.

    Args:
        out: directory of the study.
        plan: sizes it was run at.
        plan_name: name of the plan's file without suffix.
        findings: by step.
        problem: why the study stopped before its end.
    """
    metrics = _json(out / "main" / "evaluation" / "metrics.json")
    lines = ["# Results", "", *_setting(out, plan, plan_name, metrics, problem)]
    if metrics:
        lines += [*_scores(metrics, plan), *_curve(out, metrics, plan), *_ablations(out, metrics, plan)]
    else:
        lines += ["## Scores", "", "Not done.", ""]
    lines += [*_leakage(out, plan, findings), *_throughput(plan, findings), *_time(findings)]
    return "\n".join(lines) + "\n"


def _setting(
    out: Path, plan: Mapping[str, Any], plan_name: str, metrics: Mapping[str, Any], problem: str
) -> Iterator[str]:
    record = _record(out, plan)
    settings = plan["run"]["models"][0]
    yield f"Written by `examples/paper_study/study.py` with the plan `{plan_name}`: {plan['about']}."
    yield ""
    if problem:
        yield f"**It stopped before its end: {problem.partition(';')[0]}.**"
        yield ""
    stamp = str(metrics.get("corpus") or record.get("corpus") or "not made yet")
    origin, _, why = stamp.partition(": ")
    yield f"- Corpus: {origin}" + (f" ({why.partition(';')[0].removeprefix('no certificate: ')})" if why else "")
    if metrics:
        yield f"- Codes: {metrics['releases']['icd10cm']}; {metrics['releases']['procedures']}"
        families = {name for model in metrics["models"].values() for name in model["strata"] if "family:" in name}
        yield (
            f"- Test: {metrics['n_notes']} of {_count(metrics.get('notes_in_split'))} notes of the test split, "
            f"told in {len(families)} template families that no training note is told in"
        )
    seeds = f"corpus {plan['run']['seed']}, training {record.get('seed', 'none')}, evaluation "
    yield f"- Seeds: {seeds}{plan['run'].get('evaluate', {}).get('seed', 0)}"
    yield f"- Hardware: {record.get('hardware', 'not trained yet')}"
    if record:
        yield (
            f"- Main model `{record['name']}`: base {record['base']}, {record['method'].replace('_', ' ')}, "
            f"{_count(record.get('training_notes'))} training notes, {_count(record['notes_seen'])} seen with repeats and "
            f"excerpts, {_count(record['tokens_seen'])} tokens in {record['seconds'] / 60:.1f} minutes "
            f"({record['tokens_per_second']:,.0f} tokens/s); settings: "
            + ", ".join(f"{key} {value}" for key, value in settings.items() if key != "name")
        )
    yield ""


def _scores(metrics: Mapping[str, Any], plan: Mapping[str, Any]) -> Iterator[str]:
    main = plan["run"]["models"][0]["name"]
    left_out = {*(f"{main}-{size}" for size in plan["curve_notes"]), AS_IT_IS, *plan["ablations"]}
    shown = {key: model for key, model in metrics["models"].items() if key not in left_out}
    yield "## Exact-match micro-F1 on unseen template families"
    yield ""
    yield f"{_what_is_scored(metrics)} 95 % intervals by bootstrap over notes. {_PAPER}"
    yield ""
    strata = [f"{title} ({_n_notes(shown, name)} notes)" for name, title in _STRATA]
    titles = [*(title for _, title in _GROUPS), *strata, "invalid codes", "training"]
    yield from _head("system", titles)
    for key, model in sorted(shown.items(), key=lambda item: -(item[1]["all"]["micro_f1"] or 0.0)):
        whole = model["all"]
        invalid = (
            f"{round(whole['invalid_code_rate'] * whole['n_predicted'])} of {whole['n_predicted']:,}"
            if "invalid_code_rate" in whole
            else ""
        )
        learnt = f"{_count(model['training_notes'])} notes, " if "training_notes" in model else ""
        spent = f"{learnt}{model['seconds'] / 60:.1f} min" if model["seconds"] else "none"
        told = f"{key} ({model.get('base', '')}; {model.get('decoding', 'no decoding')})"
        yield _row(told, [*_cells(model), invalid, spent])
    yield ""
    yield from _bars(shown.get(main), plan.get("bars", {}))
    rows = [row for row in metrics["comparisons"] if row["second"] not in left_out]
    if rows:
        yield f"`{rows[0]['first']}` minus each other system on the same notes (paired bootstrap):"
        yield ""
        yield from _head("against", [title for _, title in _GROUPS])
        for second in dict.fromkeys(row["second"] for row in rows):
            by_group = {row["group"]: row for row in rows if row["second"] == second}
            yield _row(second, [_difference(by_group.get(group)) for group, _ in _GROUPS])
        yield ""
        yield "An interval that holds 0 means that these notes cannot tell."
        yield ""


def _what_is_scored(metrics: Mapping[str, Any]) -> str:
    gold = metrics["gold"]
    corpus = re.sub(r"(sha256:[0-9a-f]{12})[0-9a-f]*", r"\1...", metrics["corpus"].partition(": ")[0])
    return (
        f"Corpus {corpus}: {metrics['n_notes']} test notes, {gold['decisions']} code decisions "
        f"over {gold['distinct_codes']} distinct codes, {gold['distinct_codes_unseen_in_training']} of them never seen in "
        f"training ({gold['decisions_unseen_in_training']} decisions)."
    )


def _bars(model: Mapping[str, Any] | None, bars: Mapping[str, float]) -> Iterator[str]:
    """What the plan demands of its main model, and whether it holds."""
    for name, least in bars.items():
        cell = (model or {}).get(name) or (model or {}).get("strata", {}).get(name, {})
        value = cell.get("micro_f1")
        title = dict((*_GROUPS, *_STRATA))[name]
        found = "not measured" if value is None else f"{value:.3f}, {'held' if value >= least else 'not held'}"
        yield f"- {title} at least {least:.2f}: {found}"
    if bars:
        yield ""


def _curve(out: Path, metrics: Mapping[str, Any], plan: Mapping[str, Any]) -> Iterator[str]:
    name = plan["run"]["models"][0]["name"]
    keys = [f"{name}-{size}" for size in plan["curve_notes"]] + [name]
    yield "## Learning curve"
    yield ""
    seed = _record(out, plan).get("seed")
    yield f"The same settings on notes drawn from the training split, seed {seed}. {_what_is_scored(metrics)}"
    yield ""
    yield from _head("training notes", [*(t for _, t in (*_GROUPS, *_STRATA)), "seen with repeats", "minutes"])
    for key in keys:
        if key not in metrics["models"]:
            yield f"| {key}: not done |" + " |" * (_COLUMNS + 2)
            continue
        model = metrics["models"][key]
        seen = _json(out / "main" / "model" / key / "ghostchart.json").get("notes_seen")
        learnt_from = _count(model.get("training_notes"))
        yield _row(learnt_from, [*_cells(model), _count(seen), f"{model['seconds'] / 60:.1f}"])
    yield ""


def _ablations(out: Path, metrics: Mapping[str, Any], plan: Mapping[str, Any]) -> Iterator[str]:
    models = metrics["models"]
    keys = (AS_IT_IS, *plan["ablations"])
    against = _against_as_it_is(out, metrics, [key for key in keys if key in models])
    yield "## Ablations"
    yield ""
    yield (
        "Each model is trained alike on a corpus made with one thing changed, and codes the test notes of the unchanged "
        f"corpus. `enriched` adds what the default corpus is without. {_what_is_scored(metrics)}"
    )
    yield ""
    titles = [*(title for _, title in (*_GROUPS, *_STRATA)), "all codes against as it is", "minutes"]
    yield from _head("training corpus", [*titles, "data it learnt from"])
    for key in keys:
        title = key.replace("_", " ")
        if key not in models:
            yield f"| {title} | not done |" + " |" * (_COLUMNS + 2)
            continue
        model = models[key]
        record = _json(out / "ablations" / "models" / key / "ghostchart.json")
        data = re.search(r"sha256:([0-9a-f]{12})", record.get("corpus", ""))
        learnt = f"{_count(record.get('training_notes'))} notes, sha256:{data[1]}..." if data else ""
        told = "" if key == AS_IT_IS else _difference(against.get(key))
        yield _row(title, [*_cells(model), told, f"{model['seconds'] / 60:.1f}", learnt])
    yield ""


def _against_as_it_is(out: Path, metrics: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Paired bootstrap of each ablation's micro-F1 minus that of the unchanged corpus, from the prediction files."""
    from ghostchart.evaluate.comparison import compare
    from ghostchart.evaluate.prediction_files import read_scored
    from ghostchart.evaluate.strata import Sampling

    files = {key: out / "main" / "evaluation" / "predictions" / f"{key}.jsonl" for key in keys}
    scored = {key: read_scored(file) for key, file in files.items() if file.exists()}
    peer = scored.pop(AS_IT_IS, None)
    found: dict[str, Mapping[str, Any]] = {}
    for key, notes in scored.items() if peer else ():
        rows = compare({key: notes, AS_IT_IS: peer or []}, key, Sampling(1000, 0))
        found.update((key, row) for row in rows if row["group"] == "all")
    return found


def _leakage(out: Path, plan: Mapping[str, Any], findings: Mapping[str, Finding]) -> Iterator[str]:
    yield "## Leakage audit of the model"
    yield ""
    if "leakage" not in findings:
        yield "Not done."
        yield ""
        return
    found = _json(out / "main" / "model" / plan["run"]["models"][0]["name"] / "leakage.json")
    told = "passed" if not findings["leakage"].exit_code else "did not pass (exit code 1)"
    yield f"`ghostchart audit model {' '.join(map(str, plan['leakage']))}` on the corpus {found.get('corpus', '').partition(': ')[0]}: {told}."
    yield "Every measure is in `leakage.html` beside the model; here are the AUC of each attack and what is held against a limit."
    for verdict in found.get("verdicts", []):
        yield ""
        yield f"**{verdict.get('title', verdict['gate'])}: {verdict['outcome']}**"
        for reason in verdict.get("reasons", []):
            yield f"- {reason}"
        yield ""
        yield from _head("measure", ["value", "95 % interval", "limit", "n"])
        shown = [
            one for one in verdict.get("measures", []) if one["name"].endswith("AUC") or one.get("limit") is not None
        ]
        for measure in shown:
            value, ci, limit = measure.get("value"), measure.get("ci"), measure.get("limit")
            yield _row(
                measure["name"],
                [
                    measure.get("note", "") if value is None else f"{value:.3f}",
                    f"{ci[0]:.3f} to {ci[1]:.3f}" if ci else "",
                    "" if limit is None else f"{limit:g}",
                    _count(measure.get("n")) if measure.get("n") is not None else "",
                ],
            )
    yield ""


def _throughput(plan: Mapping[str, Any], findings: Mapping[str, Finding]) -> Iterator[str]:
    yield "## Throughput"
    yield ""
    if not plan["benchmarks"]:
        yield "Not part of this plan."
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


def _time(findings: Mapping[str, Finding]) -> Iterator[str]:
    yield "## Time"
    yield ""
    yield from _head("step", ["minutes", "exit code"])
    for step, finding in findings.items():
        again = " (the last of several starts)" if finding.starts > 1 else ""
        yield _row(step, [f"{finding.seconds / 60:.1f}{again}", str(finding.exit_code)])
    yield _row("all", [f"{sum(finding.seconds for finding in findings.values()) / 60:.1f}", ""])
    yield ""


def _head(first: str, titles: Sequence[str]) -> Iterator[str]:
    yield _row(first, titles)
    yield "| --- |" + " --- |" * len(titles)


def _row(first: str, cells: Sequence[str]) -> str:
    return f"| {first} | " + " | ".join(cells) + " |"


def _cells(model: Mapping[str, Any]) -> list[str]:
    return [_cell(model[group]) for group, _ in _GROUPS] + [_cell(model["strata"].get(name, {})) for name, _ in _STRATA]


def _cell(scores: Mapping[str, Any]) -> str:
    value, interval = scores.get("micro_f1"), scores.get("micro_f1_ci")
    if value is None:
        return "not measured"
    return f"{value:.3f}" + (f" ({interval[0]:.3f}-{interval[1]:.3f})" if interval else "")


def _difference(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "not measured"
    low, high = row["ci"]
    return f"{row['difference']:+.3f} ({low:+.3f} to {high:+.3f})"


def _n_notes(models: Mapping[str, Any], stratum: str) -> int:
    return max((model["strata"].get(stratum, {}).get("n_notes", 0) for model in models.values()), default=0)


def _count(number: int | None) -> str:
    return "not known" if number is None else f"{number:,}"


def _record(out: Path, plan: Mapping[str, Any]) -> dict[str, Any]:
    """What was kept of the main model; empty before it is trained."""
    return _json(out / "main" / "model" / plan["run"]["models"][0]["name"] / "ghostchart.json")


def _json(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except OSError:
        return {}
    return found
