"""Specific replaces general, acute and chronic, sides (G05, G11, G15): what Excludes1 does not catch."""

from __future__ import annotations

from itertools import combinations

from ghostchart.schemas.code_set.specific import SPECIFIC_OF
from ghostchart.synth.policy.worklist import Candidate, Case, Worklist

# Highest first.
_STAGES = {
    value: place
    for place, value in enumerate(("N18.6", "N18.5", "N18.4", "N18.32", "N18.31", "N18.30", "N18.2", "N18.1"))
}


def replace_general(_case: Case, work: Worklist) -> Worklist:
    """Drop general codes beside specific ones of the same family, and lower kidney stages beside higher (G11)."""
    for loser in work.candidates:
        specific = SPECIFIC_OF.get(loser.value)
        winner = next(iter(work.find(*specific)), None) if specific else None
        if winner is not None:
            work = work.drop([loser], "G11", winner)
    stages = sorted((item for item in work.candidates if item.value in _STAGES), key=lambda item: _STAGES[item.value])
    return work.drop(stages[1:], "G11", stages[0]) if len(stages) > 1 else work


def join_acute_and_chronic(_case: Case, work: Worklist) -> Worklist:
    """Combined codes for acute on chronic and for systolic with diastolic failure (G15)."""
    typed = [item for item in work.find("I50.2", "I50.3", "I50.4") if len(item.value) == 6]
    if len(typed) > 1:
        kinds = {item.value[4] for item in typed}
        kind = kinds.pop() if len(kinds) == 1 else "4"
        work = _join(work, typed, f"I50.{kind}{_acuity({item.value[5] for item in typed})}")
    acute, chronic = work.find("J96.0"), work.find("J96.1")
    if acute and chronic:
        gas = max(item.value[-1] for item in (*acute, *chronic))
        work = _join(work, [*acute, *chronic, *work.find("J96.2")], f"J96.2{gas}")
    both = [item for item in (work.get("K81.0"), work.get("K81.1")) if item is not None]
    return _join(work, both, "K81.2") if len(both) == 2 else work


def _acuity(found: set[str]) -> str:
    """Fifth character of I50.2-I50.4: 0 unspecified, 1 acute, 2 chronic, 3 acute on chronic."""
    if "3" in found or {"1", "2"} <= found:
        return "3"
    return "1" if "1" in found else "2" if "2" in found else "0"


def _join(work: Worklist, parts: list[Candidate], value: str) -> Worklist:
    first = min(parts, key=lambda item: item.rank)
    joined = first.backed_by(*parts).recoded(value, "G15")
    work = work.swap(first, joined)
    return work.drop([item for item in parts if item.value not in {value, first.value}], "G15", joined)


def settle_sides(case: Case, work: Worklist) -> Worklist:
    """Right and left become bilateral where such a code exists; an unspecified side yields to a stated one (G05)."""
    if len({item.value[:3] for item in work.candidates}) == len(work.candidates):
        return work
    for a, b in combinations(work.candidates, 2):
        if a.value[:3] != b.value[:3]:
            continue
        if work.get(a.value) is None or work.get(b.value) is None:
            continue
        verdict = case.look.side_verdict(a.value, b.value)
        if verdict is None:
            continue
        if verdict == a.value:
            work = work.drop([b], "G05", a)
        elif verdict == b.value:
            work = work.drop([a], "G05", b)
        else:
            both = a.backed_by(b).recoded(verdict, "G05")
            work = work.swap(a, both).drop([b], "G05", both)
    return work
