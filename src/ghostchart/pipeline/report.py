"""Gather what a run knows into the page for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ghostchart.pipeline.run import RunResult


def write_report(result: RunResult) -> None:
    """Write ``report.html``."""
    raise NotImplementedError
