"""COPD with exacerbation and infection (R01)."""

from __future__ import annotations

from ghostchart.schemas.code_set.companions import LOWER_INFECTIONS
from ghostchart.synth.policy.worklist import Candidate, Case, Worklist

_STABLE = "J44.9"
_UNNAMED_INFECTION = "J22"


def join_copd_and_infection(case: Case, work: Worklist) -> Worklist:
    """COPD beside a lower respiratory infection is J44.0; an exacerbation keeps its own code (R01)."""
    copd = work.find("J44.")
    infections = [item for item in work.find(*LOWER_INFECTIONS) if copd and case.linked(copd[0], item)]
    if not copd:
        return work
    stable = work.get(_STABLE)
    if infections:
        base = stable or work.get("J44.0") or copd[0]
        joined = Candidate("J44.0", base.evidence, base.rules, base.rank, base.concept, base.poa)
        joined = joined.backed_by(*infections).under("R01", "G10")
        work = work.swap(stable, joined) if stable is not None else work.add(joined)
    elif stable is not None and len(copd) > 1:
        work = work.drop([stable], "R01", next(item for item in copd if item.value != _STABLE))
    named = work.get("J44.0")
    if named is not None and not infections:
        # The code asks for the infection too; one that is not named further is J22.
        work = work.add(Candidate(_UNNAMED_INFECTION, named.evidence, ("R01", "G08"), named.rank, "", named.poa))
    # Unspecified asthma is no type of asthma: COPD covers it (code also note at J44).
    plain_asthma = work.get("J45.909")
    return work.drop([plain_asthma], "G11", work.find("J44.")[0]) if plain_asthma is not None else work
