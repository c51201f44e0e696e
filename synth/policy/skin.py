"""Pressure ulcers: one stage per site, except where it worsened in the stay (W01, W02)."""

from __future__ import annotations

from ghostchart.synth.policy.worklist import Case, Worklist

# Last character of L89.xx-: 0 unstageable and 6 deep tissue injury are no stages; 9 is "stage not stated".
_SEVERITY = {"9": 0, "6": 1, "1": 2, "2": 3, "3": 4, "4": 5, "0": 6}
_STAGES = "1234"


def settle_pressure_ulcers(case: Case, work: Worklist) -> Worklist:
    """Of two stages at one site the higher stays; both stay where the stay made it worse (POA Y, then N)."""
    sites: dict[str, list[str]] = {}
    for item in work.find("L89."):
        sites.setdefault(item.value[:-1], []).append(item.value)
    for values in sites.values():
        ordered = sorted(values, key=lambda value: _SEVERITY.get(value[-1], 0), reverse=True)
        for value in ordered[1:]:
            highest, lower = work.get(ordered[0]), work.get(value)
            if highest is None or lower is None:
                continue
            worsened = highest.poa == "N" and lower.poa in {"Y", ""} and not case.is_outpatient
            if worsened and value[-1] in _STAGES and ordered[0][-1] in _STAGES:
                work = work.swap(highest, highest.under("W02")).swap(lower, lower.under("W02"))
            else:
                work = work.drop([lower], "W01", highest)
    return work
