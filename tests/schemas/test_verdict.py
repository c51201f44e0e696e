"""Verdicts: what several of them say together, and the way through JSON."""

from __future__ import annotations

import itertools
import json

import pytest
from pydantic import ValidationError

from ghostchart.schemas.measures import proportion
from ghostchart.schemas.verdict import Curve, Outcome, Verdict, overall


def verdict(outcome: Outcome) -> Verdict:
    return Verdict(gate="g", title="G", outcome=outcome)


@pytest.mark.parametrize("outcomes", list(itertools.product(("passed", "failed", "inconclusive"), repeat=3)))
def test_the_worst_outcome_decides(outcomes: tuple[Outcome, ...]) -> None:
    expected = next(
        (worst for worst in ("failed", "inconclusive") if worst in outcomes),
        "passed",
    )
    assert overall(tuple(map(verdict, outcomes))) == expected


def test_no_verdicts_say_nothing() -> None:
    assert overall(()) == "inconclusive"


def test_round_trip_through_json_is_exact() -> None:
    original = Verdict(
        gate="membership_inference",
        title="Membership inference",
        outcome="inconclusive",
        reasons=("needs at least 300 held-out patients, has 9",),
        measures=(proportion("tpr", 1, 3, limit=0.1, baseline=1 / 7), proportion("none", 0, 0)),
        curves=(Curve(name="roc", x=(0.0, 1 / 3, 1.0), y=(0.0, 0.1 + 0.2, 1.0)),),
        required_n=300,
    )
    assert Verdict.model_validate(json.loads(json.dumps(original.model_dump(mode="json")))) == original


def test_unknown_fields_and_outcomes_are_refused_and_verdicts_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Verdict(gate="g", title="G", outcome="maybe")  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        Verdict(gate="g", title="G", outcome="passed", secret=1)  # type: ignore[call-arg]
    with pytest.raises(ValidationError):
        verdict("failed").outcome = "passed"  # type: ignore[misc]
