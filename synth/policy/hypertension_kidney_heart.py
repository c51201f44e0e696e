"""Hypertension with heart failure and chronic kidney disease (C01 to C04; guideline I.C.9.a)."""

from __future__ import annotations

from ghostchart.schemas.code_set.pairs import HEART_WITHOUT_FAILURE
from ghostchart.synth.policy.worklist import Candidate, Case, Worklist

_COMBINED = ("I11.", "I12.", "I13.")
_END_STAGE = ("N18.5", "N18.6")


def combine_hypertension(case: Case, work: Worklist) -> Worklist:
    """Recombine hypertension with heart and kidney disease, whatever the facts called it."""
    sources = work.find("I10", *_COMBINED)
    if not sources:
        return work
    base = sources[0].backed_by(*sources[1:])
    failures = [item for item in work.find("I50.") if case.linked(base, item)]
    hearts = [] if failures else [item for item in work.find(*HEART_WITHOUT_FAILURE) if case.linked(base, item)]
    kidneys = [item for item in work.find("N18.") if case.linked(base, item)]
    value, rules = _combination(failures, hearts, kidneys)
    if not rules:
        return _without_partners(case, work, sources)
    combined = Candidate(value, base.evidence, base.rules, base.rank, base.concept, base.poa)
    combined = combined.backed_by(*failures, *hearts, *kidneys).under("G10", *rules)
    if kidneys and work.has("E08.22", "E09.22", "E10.22", "E11.22", "E13.22"):
        combined = combined.under("C04")
    work = work.swap(sources[0], combined)
    work = work.drop([item for item in sources[1:] if item.value != value], rules[0], combined)
    return work.drop(hearts, "C01", work.get(value))


def _combination(
    failures: list[Candidate], hearts: list[Candidate], kidneys: list[Candidate]
) -> tuple[str, tuple[str, ...]]:
    end_stage = any(item.value.startswith(_END_STAGE) for item in kidneys)
    if kidneys and failures:
        return ("I13.2" if end_stage else "I13.0"), ("C03",)
    if kidneys and hearts:
        return ("I13.11" if end_stage else "I13.10"), ("C03",)
    if kidneys:
        return ("I12.0" if end_stage else "I12.9"), ("C02",)
    if failures:
        return "I11.0", ("C01",)
    if hearts:
        return "I11.9", ("C01",)
    return "I10", ()


def _without_partners(case: Case, work: Worklist, sources: list[Candidate]) -> Worklist:
    """No partner on the list: combination codes written by a source cannot stand on evidence that is not there."""
    first = sources[0]
    if first.value != "I10" and case.look.is_billable("I10"):
        return work.swap(first, first.recoded("I10", "MAP")).drop(sources[1:], "G11", first)
    return work.drop([item for item in sources[1:] if item.value != "I10"], "G11", first)
