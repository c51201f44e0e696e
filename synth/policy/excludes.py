"""Excludes1 as the last safety: a documented preference decides, and the rule is noted on the survivor (G06, F01)."""

from __future__ import annotations

from ghostchart.synth.policy.lookups import Lookups
from ghostchart.synth.policy.worklist import Candidate, Case, Worklist

# (what stays, what goes, rule). Frailty pairs from the table of Excludes1 conflicts computed over the frailty list;
# the more specific statement about the patient stays.
_PREFERENCES: tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...] = (
    (("E40", "E41", "E42", "E43", "E44.", "E45", "E46"), ("R63.6", "R63.4"), "E09"),
    (("R64", "R63.6"), ("R63.4",), "F01"),
    (("E88.A",), ("R64",), "F01"),
    (("F01.", "F02.", "F03."), ("G31.84", "R54", "R41.81"), "F01"),
    (("G31.84",), ("R41.81",), "F01"),
    (("M62.3",), ("R26.",), "F01"),
    (("M62.84",), ("M62.50", "M62.81", "R53.1", "R54"), "F01"),
    (("M62.81",), ("R53.1",), "F01"),
    (("R27.0", "R29.6"), ("R26.",), "F01"),
    (("R26.81",), ("R26.2",), "F01"),
    (("R54",), ("R41.81", "R53.1", "R53.81", "R53.83"), "F01"),
    (("Z74.",), ("Z73.6",), "F01"),
    (("F17.",), ("Z72.0", "Z87.891"), "Z08"),
    (("Z72.0",), ("Z87.891",), "Z08"),
    (("F33.",), ("F32.",), "M01"),
    (("F31.",), ("F32.", "F33."), "M01"),
    (("I69.",), ("Z86.73",), "C08"),
    (("I63.",), ("I69.",), "C08"),
    (("E10.",), ("E11.", "E13."), "G06"),
    (("J43.",), ("J44.9",), "R01"),
    (("I25.11",), ("I20.",), "C06"),
    (("O",), ("Z34.", "Z33.1"), "P01"),
)
_FRAILTY_STARTS = (
    "R26",
    "R27",
    "R29.6",
    "R41.81",
    "R53",
    "R54",
    "R62.7",
    "R63",
    "R64",
    "M62",
    "Z73.6",
    "Z74",
    "G31.84",
)


def resolve_conflicts(case: Case, work: Worklist) -> Worklist:
    """Drop one code of every pair that an Excludes1 note forbids until none is left."""
    look = case.look
    gone: set[str] = set()
    candidates = work.candidates
    for place, a in enumerate(candidates):
        answered = look.conflicts_of(a.value)
        for b in candidates[place + 1 :]:
            excluded = answered.get(b.value)
            if excluded is None:
                excluded = look.conflict(a.value, b.value)
            if not excluded or a.value in gone or b.value in gone:
                continue
            winner, loser, rule = prefer(look, a, b)
            gone.add(loser.value)
            work = work.drop([loser], rule, winner)
            if rule != "G06":
                work = work.swap(winner, (work.get(winner.value) or winner).under("G06"))
    return work


def prefer(look: Lookups, a: Candidate, b: Candidate) -> tuple[Candidate, Candidate, str]:
    """(stays, goes, rule) of two codes that exclude each other.

    In order: the table above; a disease before a symptom before a status; what is specified before what is not; the
    earlier mention.
    """
    for stays, goes, rule in _PREFERENCES:
        if a.value.startswith(stays) and b.value.startswith(goes):
            return a, b, rule
        if b.value.startswith(stays) and a.value.startswith(goes):
            return b, a, rule
    rule = "F01" if a.value.startswith(_FRAILTY_STARTS) and b.value.startswith(_FRAILTY_STARTS) else "G06"
    first, second = sorted((a, b), key=lambda item: (-_weight(look, item.value), item.rank, item.value))
    return first, second, rule


def _weight(look: Lookups, value: str) -> int:
    kind = {"O": 3, "R": 1, "Z": 0, "V": 0, "W": 0, "X": 0, "Y": 0}.get(value[0], 2)
    specified = "unspecified" not in look.systems.icd10cm.description(value).lower()
    return kind * 2 + specified


def drop_orphans(case: Case, work: Worklist) -> Worklist:
    """A manifestation whose cause is not on the list may not stand (G08)."""
    orphans = [
        item
        for item in work.candidates
        if case.look.is_manifestation(item.value)
        and not any(
            other.value.startswith(case.look.code_first(item.value) or ("~",))
            for other in work.candidates
            if other is not item
        )
    ]
    return work.drop(orphans, "G08")
