"""Pages are self-contained, escape what they show, and say the same bytes for the same input."""

from __future__ import annotations

import re
from datetime import date

from ghostchart.pages import render_verdicts_page
from ghostchart.pages.render import highlight
from ghostchart.schemas.measures import Measure, proportion
from ghostchart.schemas.note import Distractor, Note, NoteCode, Span, Surrogate
from ghostchart.schemas.verdict import Curve, Verdict

VERDICTS = (
    Verdict(
        gate="phi_scan",
        title="PHI scan",
        outcome="passed",
        reasons=("scanned <all> notes & found nothing",),
        measures=(proportion("recall", 98, 100, limit=0.95), Measure(name="pairs", value=None)),
    ),
    Verdict(
        gate="membership_inference",
        title="Membership inference",
        outcome="inconclusive",
        required_n=300,
        curves=(Curve(name="ROC: attack", x=(0.0, 0.5, 1.0), y=(0.0, 0.5, 1.0)),),
    ),
)


def test_verdict_page_shows_outcome_numbers_and_plot() -> None:
    page = render_verdicts_page("Leakage report", VERDICTS, "Intro.")
    assert '<span class="pill inconclusive">inconclusive</span></h1>' in page
    assert "0.980" in page
    assert "0.930 to 0.998" in page
    assert "not measurable" in page
    assert "n = 300" in page
    assert "false-positive rate" in page


def test_page_fetches_nothing_and_escapes() -> None:
    page = render_verdicts_page("Leakage report", VERDICTS, "Intro.")
    assert "<script" not in page
    assert "scanned &lt;all&gt; notes &amp; found" in page
    addresses = set(re.findall(r'(?:src|href)="([^"#][^"]*)"', page))
    assert addresses == set()


def test_page_bytes_repeat() -> None:
    assert render_verdicts_page("T", VERDICTS, "I") == render_verdicts_page("T", VERDICTS, "I")


def test_highlight_marks_spans_and_never_crosses_them() -> None:
    text = "Ann Roe <b>: no fever, type 2 diabetes"
    code = NoteCode("icd10cm", "E11.9", "d", "r", "first_listed", (), "", (Span(23, 38), Span(20, 30)), ("E01",))
    note = Note(
        "n", "p", "e", "ed", "ed", date(2025, 1, 1), 60, "F", text, (code,),
        (Surrogate(0, 7, "PERSON", "Ann Roe"),), (Distractor("negated", 13, 21),), "f", "t", (), "s", "test",
    )  # fmt: skip
    shown = highlight(note)
    assert '<mark class="su" title="fake PERSON">Ann Roe</mark> &lt;b&gt;' in shown
    assert '<mark class="di" title="not coded: negated">no fever</mark>' in shown
    assert shown.count("<mark") == shown.count("</mark>")
    assert re.sub(r"<[^>]+>", "", shown) == "Ann Roe &lt;b&gt;: no fever, type 2 diabetes"
