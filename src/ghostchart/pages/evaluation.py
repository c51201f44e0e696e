"""The page of an evaluation: table, intervals, strata, learning curve, confused pairs, errors with their evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ghostchart.pages.evaluation_plots import calibration_svg, learning_svg, scores_svg, strata_svg
from ghostchart.pages.render import environment

# The strata of one plot belong together; what stands before ":" names the kind.
_KINDS: tuple[tuple[str, str], ...] = (
    ("", "Class of interest"),
    ("note_type", "Note type"),
    ("setting", "Setting"),
    ("chapter", "ICD-10-CM chapter of the first diagnosis"),
    ("band", "How often training saw the code"),
    ("codes", "Number of gold codes"),
    ("distractor", "Distractor in the note"),
    ("family", "Template family"),
)
_BAND_ORDER = {"head": 0, "mid": 1, "tail": 2, "unseen": 3}


@dataclass(frozen=True)
class Excerpt:
    """A gold code that was missed, with the first place that proves it and the text around it.

    ``given_instead`` is the code taken for it, "" where none resembles it; ``n_more`` counts further places.
    """

    gold: str
    meaning: str
    given_instead: str
    before: str
    evidence: str
    after: str
    n_more: int


@dataclass(frozen=True)
class ErrorExample:
    """One note's errors; ``invented`` holds (code, meaning) of wrong codes that resemble no missed one."""

    note_id: str
    kind: str
    n_gold: int
    excerpts: tuple[Excerpt, ...]
    n_not_shown: int
    invented: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SystemErrors:
    """One system's confused pairs, each with the meanings of gold and predicted code, and some notes."""

    key: str
    confusions: tuple[tuple[Any, str, str], ...]
    examples: tuple[ErrorExample, ...]


@dataclass(frozen=True)
class EvaluationSummary:
    """What the page shows; ``metrics`` is ``metrics.json``; without excerpts no text of a note appears."""

    metrics: Mapping[str, Any]
    errors: tuple[SystemErrors, ...]
    has_excerpts: bool


def render_evaluation_page(summary: EvaluationSummary) -> str:
    """The self-contained ``evaluation/report.html``."""
    models = summary.metrics["models"]
    measured = {key: model for key, model in models.items() if model["all"]["micro_f1"] is not None}
    calibrated = {key: model["calibration"] for key, model in models.items() if "calibration" in model}
    curves = _learning_curves(measured)
    return (
        environment()
        .get_template("evaluation.html.j2")
        .render(
            summary=summary,
            metrics=summary.metrics,
            models=models,
            scores_plot=scores_svg(
                [(key, model["all"]["micro_f1"], model["all"]["micro_f1_ci"]) for key, model in measured.items()]
            ),
            strata_plots=_strata_plots(measured),
            too_small=_too_small(measured),
            learning_plot=learning_svg(curves) if curves else "",
            calibrated=calibrated,
            calibration_plot=calibration_svg(calibrated) if calibrated else "",
            comparisons=[row for row in summary.metrics["comparisons"] if row["group"] == "all"],
            n_errors_shown=sum(len(one.examples) for one in summary.errors),
        )
    )


def _strata_plots(models: Mapping[str, Any]) -> list[str]:
    names = sorted({name for model in models.values() for name in model["strata"]})
    plots = []
    for kind, title in _KINDS:
        mine = [name for name in names if (name.partition(":")[0] if ":" in name else "") == kind]
        rows = [
            (_short(name), {key: model["strata"].get(name, {}) for key, model in models.items()})
            for name in sorted(mine, key=_order)
        ]
        rows = [
            (f"{label} (n={_n_notes(cells)})", cells)
            for label, cells in rows
            if any(cell.get("micro_f1") is not None for cell in cells.values())
        ]
        if rows:
            plots.append(strata_svg(title, rows, list(models)))
    return plots


def _too_small(models: Mapping[str, Any]) -> list[str]:
    """Strata that no system could be measured on, each with its number of notes."""
    found: dict[str, int] = {}
    for model in models.values():
        for name, cell in model["strata"].items():
            if cell.get("micro_f1") is None:
                found[name] = cell["n_notes"]
    return [f"{name.replace('_', ' ')} ({number})" for name, number in sorted(found.items())]


def _learning_curves(models: Mapping[str, Any]) -> dict[str, list[tuple[int, float, Sequence[float] | None]]]:
    """F1 over the number of training notes, for every base and method with at least two sizes."""
    groups: dict[str, list[tuple[int, float, Sequence[float] | None]]] = {}
    for model in models.values():
        if "training_notes" in model:
            name = f"{model['base']}, {model['method'].replace('_', ' ')}"
            whole = model["all"]
            groups.setdefault(name, []).append((model["training_notes"], whole["micro_f1"], whole["micro_f1_ci"]))
    return {
        name: sorted(points, key=lambda point: (point[0], point[1]))
        for name, points in groups.items()
        if len({size for size, _, _ in points}) > 1
    }


def _n_notes(cells: Mapping[str, Mapping[str, Any]]) -> int:
    return max(int(cell.get("n_notes", 0)) for cell in cells.values())


def _short(name: str) -> str:
    return (name.partition(":")[2] or name).replace("_", " ")


def _order(name: str) -> tuple[int, str]:
    value = name.partition(":")[2]
    digits = value.partition("-")[0].removesuffix("+")
    return (_BAND_ORDER.get(value, int(digits) if digits.isdecimal() else 0), value)
