"""What people see in the terminal: progress bars, news, tables. Nothing here decides anything."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress
from rich.table import Table

from ghostchart.schemas.progress import Advance
from ghostchart.schemas.verdict import Verdict

# The terminal is the only place that knows whether colour is wanted; NO_COLOR is honoured by Rich itself.
STDOUT = Console(highlight=False)
STDERR = Console(stderr=True, highlight=False)

_OUTCOME_STYLE = {"passed": "green", "failed": "bold red", "inconclusive": "yellow"}
PAPER_ROW = ("Paper (Llama-3-70B, its own data)", "zero-shot 0.18", "fine-tuned > 0.70")


class TerminalProgress:
    """Bars on a terminal; one line at start and end of each task where there is none (logs, CI)."""

    def __init__(self, console: Console = STDERR) -> None:
        self._console = console
        self._bars: RichProgress | None = None

    @contextmanager
    def task(self, label: str, total: int | None = None) -> Iterator[Advance]:
        """See :class:`ghostchart.schemas.progress.Progress`."""
        if not self._console.is_terminal or os.environ.get("TERM") == "dumb":
            self._console.print(f"{label} ...")
            yield lambda _units: None
            return
        outermost = self._bars is None
        if self._bars is None:
            self._bars = RichProgress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=self._console,
            )
            self._bars.start()
        bars = self._bars
        bar = bars.add_task(label, total=total)
        try:
            yield lambda units: bars.advance(bar, units)
            bars.update(bar, total=total if total is not None else 1, completed=total if total is not None else 1)
        finally:
            bars.stop_task(bar)
            if outermost:
                bars.stop()
                self._bars = None

    def say(self, text: str) -> None:
        """See :class:`ghostchart.schemas.progress.Progress`."""
        self._console.print(f"[dim]{_plain(text)}[/dim]")


def _plain(text: str) -> str:
    return text.replace("[", "\\[")


def print_verdicts(verdicts: tuple[Verdict, ...]) -> None:
    """One line per gate, reasons below."""
    table = Table("Gate", "Outcome", "Why", title="Gates", title_justify="left", expand=False)
    for verdict in verdicts:
        table.add_row(
            verdict.title,
            f"[{_OUTCOME_STYLE[verdict.outcome]}]{verdict.outcome}[/]",
            _plain("; ".join(verdict.reasons)),
        )
    STDOUT.print(table)


def print_metrics(metrics: Mapping[str, Any]) -> None:
    """Exact-match F1 per model, best last column first read."""
    table = Table(title=f"Exact match on {metrics['n_notes']} notes, the same for every system", title_justify="left")
    for heading in (
        "Model",
        "How made",
        "ICD-10-CM micro F1",
        "Procedures micro F1",
        "All micro F1 (95 % CI)",
        "All macro F1",
    ):
        table.add_column(heading, justify="left" if heading in ("Model", "How made") else "right")
    for key, model in metrics["models"].items():
        whole = model["all"]
        interval = whole["micro_f1_ci"]
        table.add_row(
            f"{key}: {_plain(model['base'])}",
            model["method"],
            _shown(model["icd10cm"]["micro_f1"]),
            _shown(model["procedures"]["micro_f1"]),
            _shown(whole["micro_f1"]) + (f" ({interval[0]:.3f} to {interval[1]:.3f})" if interval else ""),
            _shown(whole["macro_f1"]),
        )
    STDOUT.print(table)
    STDOUT.print(f"For comparison: {', '.join(PAPER_ROW)}; other notes and codes, so not the same test.")


def print_retention(found: Mapping[str, Any]) -> None:
    """What lm-eval tasks say before and after."""
    table = Table(title="General ability before and after", title_justify="left")
    for heading in ("Task", "Measure", "Questions", "Before", "After", "Difference (95 % CI)"):
        table.add_column(heading, justify="left" if heading in ("Task", "Measure") else "right")
    for row in found["tasks"]:
        low, high = row["ci"]
        table.add_row(
            _plain(row["task"]),
            row["measure"],
            f"{row['n']:,}",
            f"{row['before']:.3f}",
            f"{row['after']:.3f}",
            f"{row['difference']:+.3f} ({low:+.3f} to {high:+.3f})",
        )
    STDOUT.print(table)


def _shown(value: float | None) -> str:
    return "not measurable" if value is None else f"{value:.3f}"
