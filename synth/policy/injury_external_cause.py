"""Injuries and external causes: 7th characters agree, place and activity once, drugs and their effects (X01 to X04)."""

from __future__ import annotations

import re

from ghostchart.schemas.code_set.order import EXTERNAL, drug_effect
from ghostchart.synth.policy.worklist import Candidate, Case, Worklist

_PLACE_AND_ACTIVITY = ("Y92", "Y93", "Y99")
_INJURY = re.compile(r"[ST]\d.*[ABCDGKPS]$")
_PHASE_OF = {"B": "A", "C": "A", "G": "D", "K": "D", "P": "D"}
_EXAMINATION_AFTER_ACCIDENT = "Z04.3"


def match_external_causes(case: Case, work: Worklist) -> Worklist:
    """External causes take the phase of the injury; place and activity belong to the first treatment only (X04)."""
    for start in _PLACE_AND_ACTIVITY:
        several = work.find(start)
        work = work.drop(several[1:], "X04", several[0]) if len(several) > 1 else work
    causes = work.find(*EXTERNAL)
    if not causes:
        return work
    injuries = [item for item in work.candidates if _INJURY.match(item.value) and not drug_effect(item.value)]
    phase = _phase(injuries)
    for item in causes:
        wanted = item.value[:-1] + phase
        if phase and len(item.value) == 8 and item.value[-1] in "ADS" and wanted != item.value:
            if case.look.is_billable(wanted):
                work = work.swap(item, item.recoded(wanted, "X04", "G03"))
        elif item.value.startswith(_PLACE_AND_ACTIVITY) and phase not in {"", "A"}:
            work = work.drop([item], "X04", injuries[0])
        else:
            work = work.swap(item, item.under("X04"))
    return work


def _phase(injuries: list[Candidate]) -> str:
    last = injuries[0].value[-1] if injuries else ""
    return _PHASE_OF.get(last, last)


def give_external_causes_a_reason(_case: Case, work: Worklist) -> Worklist:
    """An accident without any diagnosis is an examination after an accident: external causes never stand alone (X04)."""
    causes = work.find(*EXTERNAL)
    if not causes or len(causes) < len(work.candidates):
        return work
    first = causes[0]
    return work.add(Candidate(_EXAMINATION_AFTER_ACCIDENT, first.evidence, ("X04", "G19"), first.rank, "", first.poa))
