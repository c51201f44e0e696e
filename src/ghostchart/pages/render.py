"""Turn verdicts and run summaries into pages. Pages are self-contained: no script, no font, no address is fetched."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ghostchart.pages.plots import curves_svg, f1_svg, loss_svg
from ghostchart.pages.summary import RunSummary
from ghostchart.schemas.measures import Measure
from ghostchart.schemas.note import Note
from ghostchart.schemas.verdict import Curve, Verdict, overall

if TYPE_CHECKING:
    from jinja2 import Environment

PAPER_F1 = (0.18, 0.70)


def render_verdicts_page(title: str, verdicts: Sequence[Verdict], intro: str) -> str:
    """A page for one family of gates: outcome first, then each gate with reasons, numbers, intervals and plots."""
    template = environment().get_template("verdicts.html.j2")
    return template.render(title=title, intro=intro, verdicts=verdicts, outcome=overall(tuple(verdicts)))


def render_run_page(summary: RunSummary) -> str:
    """The report of a run, for a privacy officer and an engineer alike."""
    models = summary.metrics["models"]
    rows = [
        (_model_label(key, model), model["all"]["micro_f1"], model["all"]["micro_f1_ci"])
        for key, model in models.items()
    ]
    losses: dict[str, Sequence[tuple[int, float]]] = {}
    for model in summary.models:
        if model.loss:
            losses[model.name] = model.loss
        if model.validation_loss:
            losses[f"{model.name} validation"] = model.validation_loss
    template = environment().get_template("run.html.j2")
    return template.render(
        summary=summary,
        outcome=overall(summary.gates),
        f1_plot=f1_svg(rows, PAPER_F1),
        loss_plot=loss_svg(losses) if losses else "",
        paper=PAPER_F1,
        highlighted=highlight(summary.example.note) if summary.example else "",
    )


def highlight(note: Note) -> str:
    """The note as HTML: evidence marked with its codes, distractors underlined, surrogates dotted."""
    marks: list[tuple[int, int, str, str]] = []
    evidence: dict[tuple[int, int], list[str]] = {}
    for code in note.codes:
        for span in code.spans:
            evidence.setdefault((span.start, span.end), []).append(code.value)
    marks += [(start, end, "ev", ", ".join(dict.fromkeys(codes))) for (start, end), codes in evidence.items()]
    marks += [(item.start, item.end, "di", f"not coded: {item.kind}") for item in note.distractors]
    marks += [(item.start, item.end, "su", f"fake {item.entity_type}") for item in note.surrogates]
    # Innermost first wins: a mark that overlaps one already placed is left out, HTML marks cannot cross.
    placed: list[tuple[int, int, str, str]] = []
    for mark in sorted(marks, key=lambda item: (item[1] - item[0], item[0])):
        if all(mark[1] <= start or end <= mark[0] for start, end, _, _ in placed):
            placed.append(mark)
    out, position = [], 0
    for start, end, kind, label in sorted(placed):
        out.append(html.escape(note.text[position:start]))
        out.append(f'<mark class="{kind}" title="{html.escape(label)}">{html.escape(note.text[start:end])}</mark>')
        position = end
    out.append(html.escape(note.text[position:]))
    return "".join(out)


def _model_label(key: str, model: Mapping[str, Any]) -> str:
    return {
        "none": f"{key} (untouched)",
        "baseline": f"{key}",
        "from_scratch": f"{key} (from scratch)",
        "lora": f"{key} (LoRA fine-tuned)",
        "full": f"{key} (fine-tuned)",
    }.get(model["method"], key)


def _number(value: float | None) -> str:
    if value is None:
        return "not measurable"
    if isinstance(value, int) or (float(value).is_integer() and abs(value) >= 2):
        return f"{int(value):,}"
    return f"{value:.3g}" if 0 < abs(value) < 0.001 else f"{value:.3f}"


def _interval(measure: Measure) -> str:
    return f"{_number(measure.ci[0])} to {_number(measure.ci[1])}" if measure.ci else ""


def _curve_groups(curves: Iterable[Curve]) -> list[tuple[str, list[Curve]]]:
    """Curves that share the text before ": " share axes."""
    return [(title, list(group)) for title, group in groupby(curves, key=lambda curve: curve.name.partition(": ")[0])]


def _whisker(measure: Measure) -> str:
    """A small drawing of value, interval, control and limit on a 0-to-1 axis; empty for numbers off that axis."""
    values = [
        value for value in (measure.value, measure.baseline, measure.limit, *(measure.ci or ())) if value is not None
    ]
    if measure.value is None or any(not 0 <= value <= 1 for value in values):
        return ""

    def at(value: float) -> str:
        return f"{4 + 112 * value:.1f}"

    parts = ['<svg class="whisker" viewBox="0 0 120 16" role="img" aria-label="value on a scale from 0 to 1">']
    parts.append('<line x1="4" x2="116" y1="8" y2="8" stroke="#d5dae0"/>')
    if measure.limit is not None:
        parts.append(
            f'<line x1="{at(measure.limit)}" x2="{at(measure.limit)}" y1="1" y2="15" stroke="#D55E00" stroke-width="1.5"/>'
        )
    if measure.ci:
        parts.append(
            f'<line x1="{at(measure.ci[0])}" x2="{at(measure.ci[1])}" y1="8" y2="8" stroke="#0072B2" stroke-width="3"/>'
        )
    if measure.baseline is not None:
        parts.append(f'<circle cx="{at(measure.baseline)}" cy="8" r="3" fill="#fff" stroke="#55606c"/>')
    parts.append(f'<circle cx="{at(measure.value)}" cy="8" r="3" fill="#0072B2"/></svg>')
    return "".join(parts)


@cache
def environment() -> Environment:
    """Templates of this package, escaping, with the filters they use."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("ghostchart.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=_number, interval=_interval, whisker=_whisker, curve_groups=_curve_groups)
    environment.filters["curves_svg"] = lambda group: curves_svg(*group)
    environment.filters["thousands"] = lambda value: f"{value:,}"
    return environment
