"""What a gate says."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from ghostchart.schemas.measures import Measure

Outcome = Literal["passed", "failed", "inconclusive"]


class Curve(BaseModel):
    """Points of a plot that belongs to a verdict, e.g. an ROC curve; x and y of equal length."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


class Verdict(BaseModel):
    """One gate's outcome with the numbers behind it.

    Attributes:
        gate: short stable name: "phi_scan", "source_overlap", "membership_inference", "corpus_validation".
        title: the same for people.
        reasons: plain sentences; why it failed, what is missing ("needs at least 300 held-out patients, has 9").
            Never holds a source value: leaked identifiers appear masked with type and keyed digest.
        measures: numbers with intervals; includes the controls.
        curves: optional plots.
        required_n: what n it would take, when inconclusive.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    gate: str
    title: str
    outcome: Outcome
    reasons: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()
    curves: tuple[Curve, ...] = ()
    required_n: int | None = None
    seconds: float | None = None  # never written into reports that are signed: it would break equal bytes


def overall(verdicts: tuple[Verdict, ...]) -> Outcome:
    """Failed if any failed, else inconclusive if any is, else passed; no verdicts at all is inconclusive."""
    outcomes = {verdict.outcome for verdict in verdicts}
    if "failed" in outcomes:
        return "failed"
    return "inconclusive" if "inconclusive" in outcomes or not outcomes else "passed"
