"""Plots of the evaluation page as inline SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ghostchart.pages.plots import COLOURS, draw_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKERS = ("o", "s", "D", "^", "v", "P", "X")
_INK = "#1b2733"


def scores_svg(rows: Sequence[tuple[str, float, Sequence[float] | None]]) -> str:
    """Micro F1 of each system with its interval."""

    def draw(axes: Axes) -> None:
        for index, (_, value, interval) in enumerate(rows):
            low, high = interval or (value, value)
            axes.barh(index, value, color=COLOURS[0], height=0.55, alpha=0.85)
            axes.plot([low, high], [index, index], color=_INK, linewidth=1.4)
            axes.annotate(f"{value:.3f}", (high, index), xytext=(6, 0), textcoords="offset points", va="center")
        axes.set_yticks(range(len(rows)), [name for name, _, _ in rows])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlim(0, 1.1)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("micro F1, all codes, with 95 % bootstrap interval over notes")

    return draw_svg(draw, 7.4, 0.9 + 0.42 * len(rows))


def strata_svg(title: str, rows: Sequence[tuple[str, Mapping[str, Any]]], systems: Sequence[str]) -> str:
    """Micro F1 per stratum, one mark for each system, intervals as bars behind the marks.

    Args:
        title: kind of stratum.
        rows: (name, cell of metrics.json by system); cells without F1 are left out.
        systems: in the order of colours.
    """

    def draw(axes: Axes) -> None:
        slot = 0.72 / max(1, len(systems))
        for number, system in enumerate(systems):
            colour, marker = COLOURS[number % len(COLOURS)], _MARKERS[number % len(_MARKERS)]
            label: str | None = system
            for index, (_, cells) in enumerate(rows):
                cell = cells[system]
                if cell.get("micro_f1") is None:
                    continue
                height = index - 0.36 + slot * (number + 0.5)
                low, high = cell.get("micro_f1_ci") or (cell["micro_f1"], cell["micro_f1"])
                axes.plot([low, high], [height, height], color=colour, linewidth=1.2, alpha=0.55)
                axes.plot([cell["micro_f1"]], [height], marker, color=colour, markersize=4.2, label=label)
                label = None
        axes.set_yticks(range(len(rows)), [name for name, _ in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(-0.02, 1.02)
        axes.set_xlabel("micro F1")
        axes.set_title(title, loc="left", fontsize=10)
        axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))

    return draw_svg(draw, 8.2, 1.1 + max(len(rows) * (0.16 + 0.1 * len(systems)), 0.16 * len(systems)))


def learning_svg(curves: Mapping[str, Sequence[tuple[int, float, Sequence[float] | None]]]) -> str:
    """Micro F1 over the number of training notes (log scale), one line per base and method."""

    def draw(axes: Axes) -> None:
        for number, (name, points) in enumerate(curves.items()):
            colour = COLOURS[number % len(COLOURS)]
            axes.plot([size for size, _, _ in points], [f1 for _, f1, _ in points], "o-", color=colour, label=name)
            for size, f1, interval in points:
                low, high = interval or (f1, f1)
                axes.plot([size, size], [low, high], color=colour, linewidth=1.2, alpha=0.55)
        sizes = sorted({size for points in curves.values() for size, _, _ in points})
        axes.set_xscale("log")
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axes.minorticks_off()
        axes.set_ylim(0, 1)
        axes.set_xlabel("training notes (log scale)")
        axes.set_ylabel("micro F1, all codes")
        axes.legend(fontsize=8.5)

    return draw_svg(draw, 6.4, 3.4)


def calibration_svg(calibrated: Mapping[str, Mapping[str, Any]]) -> str:
    """Share of right codes over stated confidence, marks as large as their bins; the diagonal is perfect calibration."""
    most = max(one["n"] for found in calibrated.values() for one in found["bins"])

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color="#b3bac2", linewidth=1, label="perfect")
        for number, (system, found) in enumerate(calibrated.items()):
            marker, colour = _MARKERS[number % len(_MARKERS)], COLOURS[number % len(COLOURS)]
            x, y = ([one[side] for one in found["bins"]] for side in ("confidence", "right"))
            axes.plot(x, y, color=colour, linewidth=1, alpha=0.6)
            areas = [12 + 110 * one["n"] / most for one in found["bins"]]
            axes.scatter(x, y, s=areas, marker=marker, color=colour, alpha=0.85, zorder=3)
            axes.plot([], [], marker=marker, markersize=4.2, color=colour, label=system)
        axes.set_xlim(0, 1.02)
        axes.set_ylim(-0.03, 1.04)
        axes.set_xlabel("mean confidence of the codes in a bin")
        axes.set_ylabel("share of them that is right")
        axes.legend(fontsize=8.5)

    return draw_svg(draw, 4.8, 3.8)
