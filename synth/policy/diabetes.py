"""Diabetes with its complications: the "with" presumption, feet, kidneys, remission (G10, E03, E05, E06, W03)."""

from __future__ import annotations

from ghostchart.schemas.code_set.pairs import FOOT_ULCERS, OTHER_ULCERS, WITH_DIABETES
from ghostchart.synth.policy.worklist import Candidate, Case, Worklist

_DIABETES = ("E08.", "E09.", "E10.", "E11.", "E13.")
_UNSTATED_FOOT_ULCER = "L97.509"
_UNSTATED_LEG_ULCER = "L97.909"
_UNSTATED_STAGE = "N18.9"

_DRUG_CODES = {"Z79.4", "Z79.84", "Z79.85"}


def link_complications(case: Case, work: Worklist) -> Worklist:
    """Give diabetes the combination code of every partner condition it is presumed to cause."""
    if not work.has(*_DIABETES):
        return work
    work = _settle_remission(case, _one_type(work))
    diabetes = _leading(work)
    if diabetes is None:
        return work
    stem = diabetes.value[:4]
    for prefixes, tail, stays, rule in WITH_DIABETES:
        value = stem + tail
        for partner in work.find(*prefixes):
            if not case.linked(diabetes, partner) or not case.look.is_billable(value):
                continue
            held = work.get(value) or Candidate(
                value, diabetes.evidence, diabetes.rules, diabetes.rank, "", diabetes.poa
            )
            combined = held.backed_by(diabetes, partner).under("G10", rule, *(("W03",) if "621" in tail else ()))
            work = _put(work, diabetes, combined)
            if not stays:
                work = work.drop([partner], "G11", combined)
    return _add_companions(work)


def _one_type(work: Worklist) -> Worklist:
    """Types of diabetes exclude each other: the more specific statement stays, before anything is linked to it (G06)."""
    types = [stem for stem in ("E08.", "E09.", "E10.", "E13.", "E11.") if work.has(stem)]
    return work.drop(work.find(*types[1:]), "G06", work.find(types[0])[0]) if len(types) > 1 else work


def _leading(work: Worklist) -> Candidate | None:
    """The diabetes to combine with: the general code if there is one, else the first that is not remission."""
    found = [item for item in work.find(*_DIABETES) if not item.value.endswith(".A")]
    return next((item for item in found if item.value.endswith(".9")), found[0] if found else None)


def _put(work: Worklist, diabetes: Candidate, combined: Candidate) -> Worklist:
    """Combined code before the diabetes it comes from, or its evidence merged where it already stands."""
    if work.get(combined.value) is not None:
        return work.add(combined)
    held = work.get(diabetes.value)
    return work.swap(diabetes, combined, held) if held is not None else work.add(combined)


def _settle_remission(case: Case, work: Worklist) -> Worklist:
    """Remission excludes complications (E06); a diabetes drug in use shows that it is no remission."""
    remission = work.get("E11.A")
    if remission is None:
        return work
    others = [item for item in work.find("E11.") if item.value != "E11.A"]
    treated = any(
        fact.kind == "medication" and fact.is_asserted and _is_diabetes_drug(case, fact.concept)
        for fact in case.encounter.facts
    )
    if not treated:
        return work.drop(others, "E06", remission)
    if others:
        return work.drop([remission], "E06", others[0])
    return work.swap(remission, remission.recoded("E11.9", "E06"))


def _is_diabetes_drug(case: Case, concept: str) -> bool:
    drug = case.look.library.drugs.get(concept.removeprefix("drug:"))
    return drug is not None and drug.long_term_code in _DRUG_CODES


def _add_companions(work: Worklist) -> Worklist:
    """Codes that the combination codes ask for even where the note says no more (use additional code notes)."""
    for item in work.find(*_DIABETES):
        if item.value.endswith(".22") and not work.has("N18."):
            work = work.add(_companion(item, _UNSTATED_STAGE, "E03"))
        elif item.value.endswith(".621") and not work.has(*FOOT_ULCERS):
            work = work.add(_companion(item, _UNSTATED_FOOT_ULCER, "E05"))
        elif item.value.endswith(".622") and not work.has(*OTHER_ULCERS):
            work = work.add(_companion(item, _UNSTATED_LEG_ULCER, "G10"))
    return work


def _companion(item: Candidate, value: str, rule: str) -> Candidate:
    return Candidate(value, item.evidence, ("G08", rule), item.rank, "", item.poa)
