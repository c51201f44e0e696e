"""Dementia in other diseases: the disease and the dementia always come as a pair (G08)."""

from __future__ import annotations

from ghostchart.synth.policy.worklist import Candidate, Case, Worklist

_PLAIN_DEMENTIA = "F03.90"
_ALZHEIMER = ("G30.",)
_OTHER_CAUSES = ("G20.", "G10", "G31.", "G35.", "A81.", "B20", "G40.", "E75.4", "E83.", "E53.8", "S06.", "M32.")
# Values of the attribute "cause" of the library's dementia family.
_CAUSES = {"alzheimer": "G30.9", "lewy_body": "G31.83", "parkinson": "G20.A1", "frontotemporal": "G31.09"}
# Diseases whose name already says dementia (index entries with the F02 code in brackets).
_NAMED_WITH_DEMENTIA = ("G30.", "G31.83", "G31.09", "G31.01")


def pair_dementia(case: Case, work: Worklist) -> Worklist:
    """Alzheimer's, Lewy body and frontotemporal disease bring F02.80; F02 without a cause falls back to F03."""
    secondary = work.find("F02.")
    if not secondary:
        named = work.find(*_NAMED_WITH_DEMENTIA)
        general = work.find("F03.")
        if named and general:
            partner = general[0].recoded(_in_disease(general[0].value), "G08").backed_by(named[0])
            return work.swap(general[0], partner) if case.look.is_billable(partner.value) else work
        alone = named[:1] if not work.has("F01.") else []
        return work.add(*(Candidate("F02.80", item.evidence, ("G08",), item.rank, "", item.poa) for item in alone))
    if work.has(*_ALZHEIMER, *_OTHER_CAUSES):
        return work
    first = secondary[0]
    fact = case.fact_of(first)
    cause = _CAUSES.get(fact.attributes.get("cause", "")) if fact is not None else None
    if cause is not None:
        return work.add(Candidate(cause, first.evidence, ("G08",), first.rank, "", first.poa))
    general_value = _unspecified(first.value)
    if not case.look.is_billable(general_value):
        general_value = _PLAIN_DEMENTIA
    return work.swap(first, first.recoded(general_value, "G08"))


def _in_disease(value: str) -> str:
    """F03 code -> F02 code of the same severity and behaviour: unspecified severity is 9 in one and 8 in the other."""
    return f"F02.8{value[5:]}" if value[4] == "9" else f"F02.{value[4:]}"


def _unspecified(value: str) -> str:
    return f"F03.9{value[5:]}" if value[4] == "8" else f"F03.{value[4:]}"
