"""The page of an evaluation: table, intervals, strata, learning curve, confused pairs, errors with their evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
_TITLE_CHARACTERS = 34
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
    """What the page shows.

    Attributes:
        metrics: ``metrics.json``.
        errors: of the systems worth a look.
        has_excerpts: False where the notes are not synthetic: no text of them appears.
        chapters: title by number of an ICD-10-CM chapter.
    """

    metrics: Mapping[str, Any]
    errors: tuple[SystemErrors, ...]
    has_excerpts: bool
    chapters: Mapping[str, str] = field(default_factory=dict)


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
            strata_plots=_strata_plots(measured, summary.chapters),
            too_small=_too_small(measured, summary.chapters),
            n_families=len(
                {name for model in models.values() for name in model["strata"] if name.startswith("family:")}
            ),
            learning_plot=learning_svg(curves) if curves else "",
            calibrated=calibrated,
            calibration_plot=calibration_svg(calibrated) if calibrated else "",
            comparisons=_comparisons(summary.metrics["comparisons"]),
            n_errors_shown=sum(len(one.examples) for one in summary.errors),
        )
    )


def _comparisons(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One entry for each other system: its row for all codes, and those of the code systems by name."""
    return [
        {"all": row, **{other["group"]: other for other in rows if other["second"] == row["second"]}}
        for row in rows
        if row["group"] == "all"
    ]


def _strata_plots(models: Mapping[str, Any], chapters: Mapping[str, str]) -> list[str]:
    names = sorted({name for model in models.values() for name in model["strata"]})
    plots = []
    for kind, title in _KINDS:
        mine = [name for name in names if (name.partition(":")[0] if ":" in name else "") == kind]
        rows = [
            (name, {key: model["strata"].get(name, {}) for key, model in models.items()})
            for name in sorted(mine, key=_order)
        ]
        labelled = [
            (f"{_short(name, chapters)} ({_size(kind, cells)})", cells)
            for name, cells in rows
            if any(cell.get("micro_f1") is not None for cell in cells.values())
        ]
        if labelled:
            plots.append(strata_svg(title, labelled, list(models)))
    return plots


def _too_small(models: Mapping[str, Any], chapters: Mapping[str, str]) -> list[tuple[str, str]]:
    """Strata that no system could be measured on: (kind, each with its number of notes)."""
    found: dict[str, dict[str, int]] = {}
    for model in models.values():
        for name, cell in model["strata"].items():
            if cell.get("micro_f1") is None:
                found.setdefault(name.partition(":")[0] if ":" in name else "", {})[name] = cell["n_notes"]
    return [
        (
            title,
            ", ".join(f"{_short(name, chapters)} ({found[kind][name]})" for name in sorted(found[kind], key=_order)),
        )
        for kind, title in _KINDS
        if kind in found
    ]


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


def _size(kind: str, cells: Mapping[str, Mapping[str, Any]]) -> str:
    """How much a stratum's figure stands on: notes, or gold codes where a stratum is a band of codes."""
    # A system that gives codes of a band where there are none is measured on more notes than one that does not.
    if kind == "band" and any("n_gold" in cell for cell in cells.values()):
        number = max(int(cell.get("n_gold", 0)) for cell in cells.values())
        return f"{number} gold code{'s' if number != 1 else ''}"
    return f"n={max(int(cell.get('n_notes', 0)) for cell in cells.values())}"


def _short(name: str, chapters: Mapping[str, str]) -> str:
    kind, _, value = name.partition(":")
    if kind == "chapter" and value in chapters:
        return f"{value} {_short_title(chapters[value])}"
    return (value or name).replace("_", " ")


def _short_title(title: str) -> str:
    """A chapter's title in a few words: "Diseases of the circulatory system (I00-I99)" is "circulatory system"."""
    words = title.partition(" (")[0].removeprefix("Diseases of the ").split()
    while len(" ".join(words)) > _TITLE_CHARACTERS:
        words.pop()
        if words[-1] in ("and", "of", "the", "by"):
            words.pop()
    return " ".join(words).rstrip(",")


def _order(name: str) -> tuple[int, str]:
    value = name.partition(":")[2]
    digits = value.partition("-")[0].removesuffix("+")
    return (_BAND_ORDER.get(value, int(digits) if digits.isdecimal() else 0), value)
