"""What the numbers mean stands in metrics.json and in the documentation, in the same words."""

from __future__ import annotations

from pathlib import Path

from ghostchart.evaluate.metrics import DEFINITIONS, in_group, score_group

PAGE = Path(__file__).resolve().parents[2] / "docs" / "evaluation.md"


def test_documentation_holds_every_definition() -> None:
    text = PAGE.read_text()
    for name, meaning in DEFINITIONS.items():
        assert f"| `{name}` | {meaning} |" in text


def test_every_measure_has_a_definition() -> None:
    counts = {"n_gold", "n_predicted"}
    assert set(score_group([], in_group("all"), lambda _code: True)) - counts <= DEFINITIONS.keys()
