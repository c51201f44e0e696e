"""Specific replaces general, acute and chronic, sides (G05, G11, G15): what Excludes1 does not catch."""

from __future__ import annotations

import re
from itertools import combinations

from ghostchart.synth.policy.lookups import Lookups
from ghostchart.synth.policy.worklist import Candidate, Case, Worklist

# General codes -> prefixes of the specific ones that make them redundant. Compared by hand against the tabular list.
_COVERED_BY: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("E11.9",), ("E11.0", "E11.1", "E11.2", "E11.3", "E11.4", "E11.5", "E11.6", "E11.8")),
    (("E11.8",), ("E11.0", "E11.1", "E11.2", "E11.3", "E11.4", "E11.5", "E11.6")),
    (("E11.40",), ("E11.41", "E11.42", "E11.43", "E11.44", "E11.49")),
    (("E11.21",), ("E11.22",)),
    (("E10.9",), ("E10.1", "E10.2", "E10.3", "E10.4", "E10.5", "E10.6", "E10.8")),
    (("E10.8",), ("E10.1", "E10.2", "E10.3", "E10.4", "E10.5", "E10.6")),
    (("E13.9",), ("E13.0", "E13.1", "E13.2", "E13.3", "E13.4", "E13.5", "E13.6", "E13.8")),
    (("I10",), ("I11.", "I12.", "I13.", "I15.")),
    (("R03.0",), ("I10", "I11.", "I12.", "I13.", "I15.", "I16.")),
    (("E78.5",), ("E78.0", "E78.1", "E78.2", "E78.3", "E78.4")),
    (("E78.00", "E78.01", "E78.1"), ("E78.2",)),
    (("E66.9",), ("E66.0", "E66.1", "E66.2", "E66.3", "E66.8")),
    (("E66.01",), ("E66.813",)),
    (("E66.3",), ("E66.0", "E66.2", "E66.8", "E66.9")),
    (("E03.9",), ("E03.0", "E03.1", "E03.2", "E03.3", "E03.8", "E89.0", "E06.3")),
    (("E46",), ("E40", "E41", "E42", "E43", "E44.", "E45")),
    (
        ("D64.9",),
        ("D50.", "D51.", "D52.", "D53.", "D55.", "D56.", "D57.", "D58.", "D59.", "D60.", "D61.", "D62", "D63."),
    ),
    (("D50.9",), ("D50.0", "D50.1", "D50.8")),
    (("F32.A",), ("F32.0", "F32.1", "F32.2", "F32.3", "F32.4", "F32.5", "F32.8", "F32.9", "F33.")),
    (("F32.9",), ("F32.0", "F32.1", "F32.2", "F32.3", "F32.4", "F32.5", "F33.")),
    (("F33.9",), ("F33.0", "F33.1", "F33.2", "F33.3", "F33.4")),
    (("F41.9",), ("F41.0", "F41.1", "F41.3", "F41.8")),
    (("F03.90",), ("F01.", "F02.", "F03.91", "F03.92", "F03.93", "F03.94", "F03.A", "F03.B", "F03.C")),
    (("F17.200",), ("F17.21", "F17.22", "F17.29")),
    (("G47.30",), ("G47.31", "G47.33", "G47.37")),
    (("G40.909",), ("G40.0", "G40.1", "G40.2", "G40.3", "G40.4", "G40.80", "G40.81")),
    (("G43.909",), ("G43.0", "G43.1", "G43.7")),
    (("I25.10",), ("I25.110", "I25.111", "I25.112", "I25.118", "I25.119")),
    (("I48.91",), ("I48.0", "I48.1", "I48.2")),
    (("I48.20",), ("I48.21",)),
    (("I48.19",), ("I48.11",)),
    (("I50.9",), ("I50.1", "I50.2", "I50.3", "I50.4", "I50.8")),
    (("I63.9",), ("I63.0", "I63.1", "I63.2", "I63.3", "I63.4", "I63.5", "I63.8")),
    (("I73.9",), ("I70.2", "I73.0", "I73.1", "I73.8", "E11.51", "E10.51")),
    (("J18.9",), ("J12.", "J13", "J14", "J15.", "J16.", "J18.0", "J18.1", "J18.8", "J69.0")),
    (("J44.9",), ("J44.0", "J44.1", "J44.8", "J43.")),
    (("J45.909",), ("J45.2", "J45.3", "J45.4", "J45.5", "J45.901", "J45.902", "J45.99")),
    (("J20.9",), ("J20.0", "J20.1", "J20.2", "J20.3", "J20.4", "J20.5", "J20.6", "J20.7", "J20.8")),
    (("J06.9",), ("J00", "J01.", "J02.", "J03.", "J04.", "J05.")),
    (("J30.9",), ("J30.0", "J30.1", "J30.2", "J30.5", "J30.8")),
    (("J96.90",), ("J96.0", "J96.1", "J96.2", "J96.91", "J96.92")),
    (("K21.9",), ("K21.0",)),
    (("K59.00",), ("K59.01", "K59.02", "K59.03", "K59.04", "K59.09")),
    (("K52.9",), ("A04.", "A08.", "A09", "K52.0", "K52.1", "K52.2", "K52.8")),
    (("L03.90",), ("L03.0", "L03.1", "L03.2", "L03.3", "L03.8")),
    (("M19.90",), ("M15.", "M16.", "M17.", "M18.", "M19.0", "M19.1", "M19.2")),
    (("M17.9",), ("M17.0", "M17.1", "M17.2", "M17.3", "M17.4", "M17.5")),
    (("M16.9",), ("M16.0", "M16.1", "M16.2", "M16.3", "M16.4", "M16.5", "M16.6", "M16.7")),
    (("M54.50", "M54.9"), ("M54.51", "M54.59", "M54.4", "M51.")),
    (("M54.9",), ("M54.2", "M54.5", "M54.6")),
    (("N18.9",), ("N18.1", "N18.2", "N18.3", "N18.4", "N18.5", "N18.6")),
    (("N18.30",), ("N18.31", "N18.32")),
    (("N40.0",), ("N40.1",)),
    (("N39.0",), ("N30.", "N10", "N34.")),
    (("R05.9",), ("R05.1", "R05.2", "R05.3", "R05.4", "R05.8")),
    (("R06.00",), ("R06.01", "R06.02", "R06.03", "R06.09")),
    (("R07.9",), ("R07.1", "R07.2", "R07.8")),
    (("R10.9",), ("R10.0", "R10.1", "R10.2", "R10.3", "R10.8")),
    (("R26.9",), ("R26.0", "R26.1", "R26.2", "R26.8")),
    (("R11.0", "R11.10", "R11.11"), ("R11.2",)),
    (("R53.83",), ("R53.0", "R53.1", "R53.81", "R53.82")),
    (("R41.82",), ("F05", "G93.4", "R40.", "R41.0")),
    (("R65.20",), ("R65.21",)),
    (("S09.90XA",), ("S00.", "S01.", "S02.", "S06.")),
    (("W19.XXXA",), ("W00.", "W01.", "W03.", "W05.", "W06.", "W07.", "W08.", "W10.", "W11.", "W17.", "W18.")),
    (("Z00.00",), ("Z00.01",)),
    (("Z00.129",), ("Z00.121",)),
)
_STAGES = ("N18.6", "N18.5", "N18.4", "N18.32", "N18.31", "N18.30", "N18.2", "N18.1")
_UNILATERAL_PAIR = re.compile(r"(M1[678])\.([135])[12]$")
_SPECIFIC_OF: dict[str, tuple[str, ...]] = {}
for _general, _specific in _COVERED_BY:
    for _value in _general:
        _SPECIFIC_OF[_value] = _SPECIFIC_OF.get(_value, ()) + _specific


def replace_general(_case: Case, work: Worklist) -> Worklist:
    """Drop general codes beside specific ones of the same family, and lower kidney stages beside higher (G11)."""
    for loser in work.candidates:
        specific = _SPECIFIC_OF.get(loser.value)
        winner = next(iter(work.find(*specific)), None) if specific else None
        if winner is not None:
            work = work.drop([loser], "G11", winner)
    stages = [item for value in _STAGES if (item := work.get(value)) is not None]
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
    if len(work.candidates) < 2:
        return work
    for a, b in combinations(work.candidates, 2):
        if a.value[:3] != b.value[:3] or len(a.value) != len(b.value) or a.value[:3] < "A":
            continue
        if work.get(a.value) is None or work.get(b.value) is None:
            continue
        verdict = side_verdict(case.look, a.value, b.value)
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


def side_verdict(look: Lookups, a: str, b: str) -> str | None:
    """What two codes of one category become by side: a bilateral code, the one with a side, or None (both stay)."""
    pair = (a, b)
    if pair not in look.bilateral:
        look.bilateral[pair] = _compare_sides(look, a, b)
    return look.bilateral[pair]


def _compare_sides(look: Lookups, a: str, b: str) -> str | None:
    places = [index for index, (x, y) in enumerate(zip(a, b, strict=True)) if x != y]
    if len(places) != 1:
        return None
    place = places[0]
    say = look.systems.icd10cm.description
    one, other = say(a).lower(), say(b).lower()
    for side, opposite in (("right", "left"), ("left", "right")):
        if re.search(rf"\b{side}\b", one) and re.sub(rf"\b{side}\b", opposite, one) == other:
            return _bilateral(look, a, place)
    for general, specific, winner in ((one, other, b), (other, one, a)):
        if any(general == re.sub(rf"\b{side}\b", "unspecified", specific) for side in ("right", "left")):
            return winner
    if "bilateral" in one and re.search(r"\b(right|left|unspecified)\b", other):
        return a
    return b if "bilateral" in other and re.search(r"\b(right|left|unspecified)\b", one) else None


def _bilateral(look: Lookups, value: str, place: int) -> str | None:
    pattern = _UNILATERAL_PAIR.match(value)
    if pattern:
        return f"{pattern[1]}.{int(pattern[2]) - 1}"
    for character in "3042":
        both = value[:place] + character + value[place + 1 :]
        if look.is_billable(both) and "bilateral" in look.systems.icd10cm.description(both).lower():
            return both
    return None
