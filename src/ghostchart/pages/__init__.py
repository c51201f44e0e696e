"""Self-contained HTML pages: verdicts (leakage, validation, fidelity) and the report of a run."""

from __future__ import annotations

from ghostchart.pages.leakage import render_leakage_page, render_model_leakage_page
from ghostchart.pages.render import render_run_page, render_verdicts_page
from ghostchart.pages.summary import CertificateSummary, ExampleNote, RunSummary

__all__ = [
    "CertificateSummary",
    "ExampleNote",
    "RunSummary",
    "render_leakage_page",
    "render_model_leakage_page",
    "render_run_page",
    "render_verdicts_page",
]
