"""The evaluation page: self-contained, complete, escaped, and silent about notes that are not synthetic."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from ghostchart.pages.evaluation import (
    ErrorExample,
    EvaluationSummary,
    Excerpt,
    SystemErrors,
    _short_title,
    render_evaluation_page,
)

CHAPTER_4 = "Endocrine, nutritional and metabolic diseases (E00-E89)"


def group(f1: float | None) -> dict[str, Any]:
    return {
        "micro_f1": f1,
        "micro_f1_ci": None if f1 is None else (f1 - 0.05, f1 + 0.05),
        "macro_f1": f1,
        "precision": 0.5,
        "recall": 0.5,
        "example_f1": f1,
        "exact_set_match": 0.1,
        "category_f1": f1,
        "invalid_code_rate": 0.02,
        "over_coding_rate": 0.4,
        "under_coding_rate": 0.6,
        "n_gold": 100,
        "n_predicted": 90,
    }


def model(f1: float, method: str, **more: Any) -> dict[str, Any]:
    strata = {
        "frailty": {"n_notes": 12, **group(f1)},
        "note_type:office_soap": {"n_notes": 20, **group(f1)},
        "band:unseen": {"n_notes": 3, "note": "not measurable at this n"},
        "band:mid": {"n_notes": 20, **group(f1), "n_gold": 41},
        "codes:10+": {"n_notes": 9, **group(f1 - 0.1)},
        "chapter:4": {"n_notes": 9, **group(f1 - 0.1)},
        "family:letter": {"n_notes": 9, **group(f1)},
    }
    groups = dict.fromkeys(("all", "icd10cm", "procedures", "cpt", "hcpcs", "modifiers"), group(f1))
    return {"base": f"<{method}>", "method": method, "seconds": 0.5, "strata": strata, **groups, **more}


def summary(**more: Any) -> EvaluationSummary:
    calibration = {
        "n_codes": 90,
        "expected_calibration_error": 0.125,
        "brier_score": 0.2,
        "bins": [{"low": 0.9, "high": 1.0, "n": 90, "confidence": 0.95, "right": 0.8}],
    }
    models = {
        "small": model(
            0.4, "from_scratch", training_notes=500, seconds=120.0, predict_seconds=2.0, decoding="constrained"
        ),
        "large": model(0.6, "from_scratch", training_notes=5000, calibration=calibration),
        "silent": {**model(0.2, "none"), "all": group(None)},
        "baseline_tfidf": model(0.7, "baseline"),
    }
    for one in ("small", "large"):
        models[one]["base"] = "none (trained from scratch)"
    row = {"first": "large", "group": "all", "share_above": 0.01}
    metrics = {
        "models": models,
        "definitions": {"micro_f1": "a & b"},
        "n_notes": 60,
        "notes_in_split": 600,
        "corpus": "certificate sha256:00",
        "comparisons": [
            {**row, "second": "baseline_tfidf", "difference": -0.1, "ci": (-0.15, -0.05), "excludes_zero": True},
            {**row, "second": "baseline_tfidf", "difference": -0.2, "ci": (-0.25, -0.15), "group": "procedures"},
            {**row, "second": "small", "difference": 0.01, "ci": (-0.02, 0.04), "excludes_zero": False},
        ],
        "gold": {
            "decisions": 100,
            "distinct_codes": 50,
            "distinct_codes_unseen_in_training": 5,
            "decisions_unseen_in_training": 6,
        },
        "releases": {"icd10cm": "ICD-10-CM 2026-04", "procedures": "CPT off"},
    }
    code = SimpleNamespace(value="E11.22")
    other = SimpleNamespace(value="E11.9")
    pair = SimpleNamespace(gold=code, predicted=other, notes=3, gold_notes=7)
    excerpt = Excerpt("E11.22", "Type 2 diabetes", "E11.9", "…seen for ", "diabetes <b>", " today", 1)
    example = ErrorExample("note-1", "office_soap, office, family plain", 4, (excerpt,), 2, (("J44.1", "COPD"),))
    errors = (SystemErrors("large", ((pair, "kidney", "plain"),), (example,)),)
    known = {"metrics": metrics, "errors": errors, "has_excerpts": True, "chapters": {"4": CHAPTER_4}}
    return EvaluationSummary(**(known | more))


def test_everything_asked_for_is_there() -> None:
    page = render_evaluation_page(summary())
    for wanted in (
        "Learning curve",
        "Calibration",
        "0.125",
        "Codes taken for each other",
        "3 of 7",
        "given instead <b>E11.9</b>",
        '<mark class="ev" title="evidence of E11.22">diabetes &lt;b&gt;</mark>',
        "1 more place",
        "2 more missed",
        "<b>J44.1</b> COPD",
        "How often training saw the code: unseen (3)",
        "Drawn from the 600 notes of the test split, told in 1 template families",
        "500 training notes; 2.0 min",
        "2 of 90",  # invalid codes, as a number
        "these notes cannot",
        '-0.200 <span class="soft">(-0.250 to -0.150)</span>',  # procedures beside all codes
        ">4 Endocrine, nutritional (n=9)<",
        "mid (41 gold codes)",
        "these notes cannot tell",
        "(-0.150 to -0.050)",
        "a &amp; b",
        "30.00",  # notes per second
        "ICD-10-CM 2026-04",
    ):
        assert wanted in page, wanted
    assert page.count("<svg") >= 6
    assert "&lt;none&gt;" in page
    assert not re.search(r"<script|https?://(?!www\.w3\.org|purl\.org|creativecommons)|src=", page)


@pytest.mark.parametrize(
    ("title", "short"),
    [
        ("Diseases of the circulatory system (I00-I99)", "circulatory system"),
        (CHAPTER_4, "Endocrine, nutritional"),
        ("Neoplasms (C00-D49)", "Neoplasms"),
    ],
)
def test_titles_of_chapters_are_cut_at_words(title: str, short: str) -> None:
    assert _short_title(title) == short


def test_same_input_same_bytes() -> None:
    assert render_evaluation_page(summary()) == render_evaluation_page(summary())


def test_notes_of_a_users_own_show_no_text() -> None:
    page = render_evaluation_page(summary(has_excerpts=False))
    assert "no text of them is shown" in page
    assert "seen for" not in page


def test_a_single_size_makes_no_learning_curve_and_says_what_would() -> None:
    whole = summary()
    metrics = {**whole.metrics, "models": {"large": whole.metrics["models"]["large"]}, "comparisons": []}
    page = render_evaluation_page(EvaluationSummary(metrics, (), True))
    assert "There is none: it needs two models of one base and method" in page
