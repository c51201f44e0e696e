"""Whether gates allow a certificate: all of them ran, all passed, and the reports in the corpus say the same."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from ghostchart.schemas.corpus import REPORTS
from ghostchart.schemas.errors import GateRefused
from ghostchart.schemas.verdict import Verdict

REQUIRED_GATES = (
    "phi_scan",
    "source_overlap",
    "membership_inference",
    "disclosure",
    "text_copies",
    "corpus_validation",
)
# Gates of these reports must be signed, all of them; the fidelity report only has to agree where it is signed.
GATE_REPORTS = ("leakage.json", "validation.json")
_OTHER_REPORTS = ("fidelity.json",)


def require_passed(verdicts: Sequence[Verdict]) -> None:
    """Every required gate is there once, and every gate given has passed.

    Raises:
        GateRefused: naming gate, outcome and reason; a failed gate before an inconclusive one.
    """
    names = [verdict.gate for verdict in verdicts]
    if absent := [gate for gate in REQUIRED_GATES if gate not in names]:
        raise GateRefused(
            f"no certificate: gate {absent[0]} has not run", fix="Run 'ghostchart certify' with all gates"
        )
    if twice := [gate for gate in names if names.count(gate) > 1]:
        raise GateRefused(f"no certificate: gate {twice[0]} has more than one verdict")
    refused = sorted((item for item in verdicts if item.outcome != "passed"), key=lambda item: item.outcome != "failed")
    if refused:
        first, *others = refused
        state = "failed" if first.outcome == "failed" else "is inconclusive"
        reasons = "; ".join(reason.rstrip(".") for reason in first.reasons) or "no reason given"
        more = f"; also not passed: {', '.join(item.gate for item in others)}" if others else ""
        raise GateRefused(f"no certificate: gate {first.gate} {state}: {reasons}{more}")
    for verdict in verdicts:
        for measure in verdict.measures:
            numbers = (measure.value, measure.baseline, measure.limit, *(measure.ci or ()))
            if any(number is not None and not math.isfinite(number) for number in numbers):
                raise GateRefused(f"no certificate: gate {verdict.gate}, measure {measure.name} is not a number")


def require_agreement(corpus: Path, verdicts: Sequence[Verdict]) -> None:
    """The reports in the corpus say what the verdicts say.

    Raises:
        GateRefused: a report is missing or unreadable, or a gate differs from or is missing in its report.
    """
    reported: dict[str, tuple[str, Verdict]] = {}
    for name in (*GATE_REPORTS, *_OTHER_REPORTS):
        if name in GATE_REPORTS or (corpus / REPORTS / name).exists():
            for verdict in read_report(corpus / REPORTS / name):
                reported[verdict.gate] = (name, verdict)
    given = {verdict.gate: verdict for verdict in verdicts}
    for gate, (name, verdict) in reported.items():
        if gate not in given and name in GATE_REPORTS:
            raise GateRefused(f"{REPORTS}/{name} holds a verdict of gate {gate} that is not to be signed")
        if gate in given and signed_form(verdict) != signed_form(given[gate]):
            raise GateRefused(f"{REPORTS}/{name} disagrees with the verdict of gate {gate}")
    if absent := [gate for gate in given if gate not in reported]:
        raise GateRefused(f"the verdict of gate {absent[0]} is in no report")


def read_report(path: Path) -> tuple[Verdict, ...]:
    """The verdicts of one report, ``{"verdicts": [...], ...}``.

    Raises:
        GateRefused: missing or unreadable.
    """
    try:
        return tuple(Verdict.model_validate(item) for item in json.loads(path.read_bytes())["verdicts"])
    except FileNotFoundError:
        raise GateRefused(f"report {REPORTS}/{path.name} is missing") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError, ValidationError):
        raise GateRefused(f"report {REPORTS}/{path.name} is damaged") from None


def signed_form(verdict: Verdict) -> Verdict:
    """A verdict as certificates hold it: without plots (they stay in the report) and without timings."""
    return verdict.model_copy(update={"curves": (), "seconds": None})
