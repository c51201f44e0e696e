"""Drawings of the fidelity report: each population beside the source, on axes that suit what is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ghostchart.schemas.verdict import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = {"source": "#55606c", "synthetic": "#0072B2", "columns alone": "#D55E00"}


def _population(curve: Curve) -> str:
    return curve.name.partition(": ")[2]


def _line_and_dots(axes: Axes, curves: Sequence[Curve], source_label: str = "source") -> None:
    """The source as a line, every other population as dots around it."""
    for curve in curves:
        is_source = _population(curve) == "source"
        axes.plot(
            curve.x,
            curve.y,
            color=_COLOURS.get(_population(curve)),
            linestyle="-" if is_source else "none",
            linewidth=1.6,
            marker=None if is_source else "o",
            markersize=3.0,
            alpha=0.9,
            label=source_label if is_source else _population(curve),
        )


def _ranks(axes: Axes, curves: Sequence[Curve]) -> None:
    _line_and_dots(axes, curves)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("rank of the code in the source")
    axes.set_ylabel("share of diagnosis rows")


def _visits(axes: Axes, curves: Sequence[Curve]) -> None:
    for curve in curves:
        axes.plot(
            curve.x,
            curve.y,
            color=_COLOURS.get(_population(curve)),
            marker="o",
            markersize=3,
            linewidth=1.5,
            label=_population(curve),
        )
    axes.set_ylim(bottom=0)
    axes.set_xlabel("encounters")
    axes.set_ylabel("share of patients")


def _pyramid(axes: Axes, curves: Sequence[Curve]) -> None:
    """Women to the left, men to the right; bars are the source, outlined steps the synthetic population."""
    widest = max((max(curve.y, default=0.0) for curve in curves), default=0.0) or 1.0
    for curve in curves:
        population, _, sex = _population(curve).rpartition(" ")
        side = -1 if sex == "F" else 1
        is_source = population == "source"
        axes.barh(
            [age + 5 for age in curve.x],
            [side * share for share in curve.y],
            height=8.4,
            color="#c6ccd3" if is_source else "none",
            edgecolor="none" if is_source else _COLOURS["synthetic"],
            linewidth=0 if is_source else 1.5,
            label=population if sex == "F" else None,
        )
    axes.axvline(0, color="#55606c", linewidth=0.8)
    axes.set_xlim(-1.15 * widest, 1.15 * widest)
    ticks = axes.get_xticks()
    axes.set_xticks(ticks, [f"{abs(tick):.2f}" for tick in ticks])
    axes.set_xlim(-1.15 * widest, 1.15 * widest)
    axes.set_xlabel("share of patients: women left, men right")
    axes.set_ylabel("age in years, ten-year bands")


def _lifts(axes: Axes, curves: Sequence[Curve]) -> None:
    _line_and_dots(axes, curves, source_label="source (the diagonal)")
    axes.set_xlabel("log lift in the source, pairs averaged in bins")
    axes.set_ylabel("log lift")


PICTURES: dict[str, Callable[[Axes, Sequence[Curve]], None]] = {
    "Code frequency by rank": _ranks,
    "Visits per patient": _visits,
    "Age and sex": _pyramid,
    "Log lift of pairs": _lifts,
}
