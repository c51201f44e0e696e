"""Plots as inline SVG text, equal bytes for equal input."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ghostchart.pages.fidelity_plots import PICTURES
from ghostchart.schemas.verdict import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's palette: distinguishable with the common forms of colour blindness.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_DASHES = ("-", "--", "-.", ":")
_STYLE: dict[str, Any] = {
    "svg.hashsalt": "ghostchart",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e7eb",
    "axes.edgecolor": "#8a94a0",
    "axes.labelcolor": "#333c46",
    "xtick.color": "#55606c",
    "ytick.color": "#55606c",
    "legend.frameon": False,
}


def curves_svg(title: str, curves: Sequence[Curve]) -> str:
    """Curves of one group on one pair of axes; ROC curves get axis names, a log x axis and the diagonal of chance.

    Pictures of the fidelity report have axes of their own.
    """
    is_roc = title.lower().startswith("roc")

    def draw(axes: Axes) -> None:
        if title in PICTURES:
            PICTURES[title](axes, curves)
            axes.set_title(title, loc="left", fontsize=10)
            axes.legend(fontsize=8.5)
            return
        if is_roc:
            grid = [0.001 * 10 ** (step / 20) for step in range(61)]
            axes.plot(grid, grid, color="#b3bac2", linewidth=1, label="chance")
            axes.set_xscale("log")
            axes.set_xlim(0.001, 1)
            axes.set_ylim(0, 1.02)
            axes.set_xlabel("false-positive rate (log scale)")
            axes.set_ylabel("true-positive rate")
        for index, curve in enumerate(curves):
            axes.plot(
                [max(x, 1e-3) for x in curve.x] if is_roc else curve.x,
                curve.y,
                color=COLOURS[index % len(COLOURS)],
                linestyle=_DASHES[index // len(COLOURS) % len(_DASHES)],
                linewidth=1.6,
                marker="o" if len(curve.x) <= 12 and not is_roc else None,
                markersize=3.5,
                label=curve.name.partition(": ")[2] or curve.name,
            )
        if not is_roc:
            low = min((min(curve.y) for curve in curves if curve.y), default=0.0)
            if low >= 0:
                axes.set_ylim(bottom=0)
        axes.set_title(title, loc="left", fontsize=10)
        axes.legend(fontsize=8.5)

    return draw_svg(draw, 5.6, 3.4)


def loss_svg(losses: Mapping[str, Sequence[tuple[int, float]]]) -> str:
    """Training loss (solid) and validation loss (dashed, names ending in "validation") over optimiser steps."""

    def draw(axes: Axes) -> None:
        bases = list(dict.fromkeys(name.removesuffix(" validation") for name in losses))
        for name, points in losses.items():
            colour = COLOURS[bases.index(name.removesuffix(" validation")) % len(COLOURS)]
            is_validation = name.endswith(" validation")
            axes.plot(
                [step for step, _ in points],
                [loss for _, loss in points],
                color=colour,
                linestyle="--" if is_validation else "-",
                marker="o" if is_validation else None,
                markersize=4,
                linewidth=1.4,
                label=name,
            )
        axes.set_xlabel("optimiser step")
        axes.set_ylabel("loss on answer tokens (nats)")
        axes.set_ylim(bottom=0)
        axes.legend(fontsize=8.5)

    return draw_svg(draw, 6.4, 3.2)


def f1_svg(rows: Sequence[tuple[str, float, tuple[float, float] | None]], reference: tuple[float, float]) -> str:
    """Micro F1 per model with its interval; two dotted lines at the paper's figures."""

    def draw(axes: Axes) -> None:
        names = [name for name, _, _ in rows]
        for index, (_, value, interval) in enumerate(rows):
            low, high = interval or (value, value)
            axes.barh(index, value, color=COLOURS[0], height=0.55, alpha=0.85)
            axes.plot([low, high], [index, index], color="#1b2733", linewidth=1.4)
            axes.annotate(f"{value:.2f}", (high, index), xytext=(6, 0), textcoords="offset points", va="center")
        for value, text in zip(reference, ("paper, zero-shot", "paper, fine-tuned"), strict=True):
            axes.axvline(value, color="#D55E00", linestyle=":", linewidth=1.3)
            axes.annotate(
                text, (value, -0.62), color="#B04A00", fontsize=8.5, xytext=(3, 0), textcoords="offset points"
            )
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.4, -0.9)
        axes.set_xlim(0, 1.08)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("exact-match micro F1, all codes, with 95 % bootstrap interval over notes")

    return draw_svg(draw, 7.4, 1.2 + 0.46 * len(rows))


def draw_svg(draw: Any, width_inches: float, height_inches: float) -> str:
    """What ``draw`` puts on a pair of axes, in the style of all pages."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):  # type: ignore[arg-type]  # stubs list every key
        figure = Figure(figsize=(width_inches, height_inches), layout="constrained")
        draw(figure.add_subplot())
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    text = buffer.getvalue()
    # Only the drawing itself: XML prologue and doctype do not belong inside HTML.
    return re.sub(r"^.*?(?=<svg )", "", text, flags=re.DOTALL)
