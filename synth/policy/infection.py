"""Sepsis: what severe sepsis needs beside it, and sepsis after a procedure (S01, S03)."""

from __future__ import annotations

from ghostchart.schemas.code_set.companions import SYSTEMIC_INFECTIONS
from ghostchart.synth.policy.worklist import Candidate, Case, Worklist

_FAILING_ORGANS = ("N17.", "J96.0", "G72.81", "G62.81", "D65", "G93.41", "K72.0")
_SEVERE = ("R65.20", "R65.21")


_SITES = ("T81.40", "T81.41", "T81.42", "T81.43", "T81.49")
_AFTER_PROCEDURE = "T81.44X"


def name_postprocedural_sepsis(case: Case, work: Worklist) -> Worklist:
    """Sepsis after a procedure: infected site, T81.44 in the same phase, then organism and severity (S03)."""
    sepsis = work.find("T81.44")
    sites = work.find(*_SITES)
    if sepsis and not sites:
        first = sepsis[0]
        site = Candidate(f"T81.40X{first.value[-1]}", first.evidence, ("S03",), first.rank, "", first.poa)
        return work.add(site).swap(first, first.under("S03"))
    if sepsis or not sites:
        return work
    for organism in work.find("A40.", "A41."):
        if _is_due_to(case, organism, sites[0]):
            value = f"{_AFTER_PROCEDURE}{sites[0].value[-1]}"
            named = Candidate(value, organism.evidence, ("S03",), organism.rank, "", organism.poa)
            return work.add(named.backed_by(sites[0])).swap(organism, organism.under("S03"))
    return work


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
