"""Neoplasms: active or past, anemia, treatment encounters, follow-up (N01 to N05)."""

from __future__ import annotations

from ghostchart.schemas.history_codes import history_sites
from ghostchart.synth.policy.worklist import Candidate, Case, Worklist

_SITES = {code: prefixes for code, prefixes in history_sites().items() if code.startswith("Z85")}


def settle_active_or_past(_case: Case, work: Worklist) -> Worklist:
    """An active tumour displaces the history code of the same site (N03)."""
    for past in work.find("Z85."):
        active = work.find(*_SITES[past.value]) if past.value in _SITES else []
        if active:
            work = work.drop([past], "N03", active[0])
    return work


def name_anemia(case: Case, work: Worklist) -> Worklist:
    """Anemia in a tumour where the note says so, in kidney disease unless the note says otherwise (N04, G10, G08).

    The index has "Anemia, in (due to) (with), chronic kidney disease": "in" and "with" presume the link (guideline I.A.15).
    For tumours the chapter's own rule asks for a stated one (guideline I.C.2.c.1).
    """
    for item in work.find("D64.9"):
        fact = case.fact_of(item)
        cause = fact.cause if fact is not None else None
        culprit = next((other for other in work.candidates if cause is not None and cause in other.evidence[:1]), None)
        if culprit is not None and culprit.value.startswith("C"):
            work = work.swap(item, item.recoded("D63.0", "N04").backed_by(culprit))
            continue
        kidney = next((other for other in work.find("N18.") if case.linked(item, other)), None)
        if kidney is not None and (culprit is None or culprit.value.startswith("N18.")):
            work = work.swap(item, item.recoded("D63.1", "G10", "G08").backed_by(kidney))
    return work


def unname_anemia(_case: Case, work: Worklist) -> Worklist:
    """Anemia in a tumour or in kidney disease that is not on the list has no stated cause; from drugs it needs them (N04, G08)."""
    for value, causes, rule in (("D63.0", ("C", "D0", "D1", "D2", "D3", "D4"), "N04"), ("D63.1", ("N18.",), "G08")):
        item = work.get(value)
        if item is not None and not any(other.value.startswith(causes) for other in work.candidates):
            work = work.swap(item, item.recoded("D64.9", rule))
    from_drug = work.get("D64.81")
    if from_drug is not None and not work.has("T45.1X5"):
        effect = Candidate("T45.1X5A", from_drug.evidence, ("N04",), from_drug.rank, "", from_drug.poa)
        work = work.add(effect)
    return work


def add_follow_up(case: Case, work: Worklist) -> Worklist:
    """Follow-up after cancer needs the history it follows; general follow-up becomes cancer follow-up (N05)."""
    past = work.find("Z85.")
    general = work.get("Z09")
    if past and general is not None:
        work = work.swap(general, general.recoded("Z08", "N05").backed_by(*past))
    follow_up = work.get("Z08")
    if follow_up is None:
        return work
    if not past:
        return work.drop([follow_up], "N05")
    return work.swap(follow_up, follow_up.under("N05"))
