"""Sepsis: what severe sepsis needs beside it (S01)."""

from __future__ import annotations

from ghostchart.schemas.code_set.companions import SYSTEMIC_INFECTIONS
from ghostchart.synth.policy.worklist import Candidate, Case, Worklist

_FAILING_ORGANS = ("N17.", "J96.0", "G72.81", "G62.81", "D65", "G93.41", "K72.0")
_SEVERE = ("R65.20", "R65.21")


def complete_sepsis(case: Case, work: Worklist) -> Worklist:
    """Severe sepsis needs the systemic infection; organ failure that the note puts down to sepsis makes it severe."""
    severe = work.find(*_SEVERE)
    if severe and not work.has(*SYSTEMIC_INFECTIONS):
        first = severe[0]
        work = work.add(Candidate("A41.9", first.evidence, ("S01",), first.rank, "", first.poa))
    if severe:
        return work.drop([item for item in severe if item.value == "R65.20" and len(severe) > 1], "G11", severe[-1])
    for sepsis in work.find("A40.", "A41."):
        caused = [item for item in work.find(*_FAILING_ORGANS) if _is_due_to(case, item, sepsis)]
        if caused:
            organ = Candidate("R65.20", sepsis.evidence, ("S01",), sepsis.rank, "", caused[0].poa)
            return work.add(organ.backed_by(*caused))
    return work


def _is_due_to(case: Case, item: Candidate, cause: Candidate) -> bool:
    fact = case.fact_of(item)
    return fact is not None and fact.cause is not None and fact.cause in cause.evidence
