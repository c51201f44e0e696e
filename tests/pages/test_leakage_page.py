"""The leakage report: verdict first, plain words, every number, and findings in the protected part only."""

from __future__ import annotations

import re

from ghostchart.pages import render_leakage_page, render_model_leakage_page
from ghostchart.pages.leakage import view
from ghostchart.schemas.measures import Measure, proportion
from ghostchart.schemas.verdict import Curve, Verdict

ATTACKS = ("nearest neighbour", "classifier")
MEMBERSHIP = Verdict(
    gate="membership_inference",
    title="Membership inference",
    outcome="passed",
    measures=(
        Measure(name="Worst attack: AUC", value=0.53, ci=(0.51, 0.55), limit=0.65, n=5000, note="classifier"),
        *(
            proportion(f"{attack}: {quantity}", 3, 40, note=f"words on {attack}")
            for attack in ATTACKS
            for quantity in ("AUC", "TPR at 1 % FPR", "advantage")
        ),
        Measure(name="Held-out against held-out: AUC", value=0.5, note="negative control"),
    ),
    curves=(
        Curve(name="ROC: classifier", x=(0.0, 1.0), y=(0.0, 1.0)),
        Curve(name="ROC of controls: planted copies of 5 %", x=(0.0, 1.0), y=(0.9, 1.0)),
    ),
)
FAILED = Verdict(gate="source_overlap", title="Overlap", outcome="failed", reasons=("note n1 holds <J***>",))
FINDING = {
    "gate": "source_overlap", "kind": "name", "note_id": "n1", "entity_type": "PERSON", "masked": "J***",
    "digest": "ab12", "context": "with ****",
}  # fmt: skip
PATIENT = {"pseudonym": "f00d", "row": 7, "attack": "classifier", "rank": 1, "above": 0, "copied": True}


def test_measures_are_sorted_into_deciding_alike_and_other() -> None:
    shown = view(MEMBERSHIP)
    assert [measure.name for measure in shown.deciding] == ["Worst attack: AUC"]
    (matrix,) = shown.matrices
    assert matrix.columns == ("AUC", "TPR at 1 % FPR", "advantage")
    assert [part for part, _, _ in matrix.rows] == list(ATTACKS)
    assert [measure.name for measure in shown.others] == ["Held-out against held-out: AUC"]


def test_no_number_is_lost() -> None:
    shown = view(MEMBERSHIP)
    in_matrix = [
        measure.name for matrix in shown.matrices for _, _, cells in matrix.rows for measure in cells if measure
    ]
    names = [*(measure.name for measure in (*shown.deciding, *shown.others)), *in_matrix]
    assert sorted(names) == sorted(measure.name for measure in MEMBERSHIP.measures)


def test_verdict_comes_first_then_questions_in_plain_words_and_plots() -> None:
    page = render_leakage_page([FAILED, MEMBERSHIP], policy="strict, sha256:ab")
    text = re.sub(r"<[^>]+>", " ", page[page.index("<body>") :])
    assert text.index("failed") < text.index("must not leave the protected zone") < text.index("Does any note say")
    assert "strict, sha256:ab" in page
    assert "note n1 holds &lt;J***&gt;" in page
    assert page.count("<svg ") >= 3  # two plots, and the drawings beside the numbers
    assert "planted copies of 5 %" in page
    assert "It is not that determination" in page
    assert "HIPAA certified" not in page
    assert "<script" not in page


def test_findings_and_patients_stand_in_the_protected_part_only() -> None:
    protected = render_leakage_page([FAILED], findings=[FINDING], at_risk=[PATIENT])
    for part in ("stays in the protected zone", "J***", "ab12", "f00d", "with ****"):
        assert part in protected
    public = render_leakage_page([FAILED])
    for part in ("stays in the protected zone", "ab12", "f00d"):
        assert part not in public


def test_page_bytes_repeat() -> None:
    assert render_leakage_page([FAILED, MEMBERSHIP]) == render_leakage_page([FAILED, MEMBERSHIP])


def test_the_page_of_a_model_asks_both_questions() -> None:
    verdicts = [
        Verdict(gate="model_corpus_notes", title="Notes", outcome="passed"),
        Verdict(gate="model_source_patients", title="Patients", outcome="failed", reasons=("members can be told",)),
    ]
    page = render_model_leakage_page(verdicts, model="tiny (none, from_scratch)", policy="default, sha256:ab")
    text = " ".join(re.sub(r"<[^>]+>", " ", page[page.index("<body>") :]).split())
    assert "The model gives away what it was trained on" in text
    assert "a note tell whether the model was trained on that note?" in text
    assert "tell whether the corpus was learnt from that patient?" in text
    assert "members can be told" in text


def test_page_of_a_model_links_to_that_of_its_corpus_and_each_says_what_it_is_about() -> None:
    page = render_model_leakage_page([MEMBERSHIP], model="tiny", corpus_report="../../corpus/reports/leakage.html")
    assert '<a href="../../corpus/reports/leakage.html">' in page
    assert "leakage report of the corpus" not in render_model_leakage_page([MEMBERSHIP], model="tiny")
    assert "This page is about the corpus" in render_leakage_page([MEMBERSHIP])
    assert "This page is about the corpus" not in render_leakage_page([MEMBERSHIP], findings=[])
