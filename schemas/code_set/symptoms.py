"""Symptoms that routinely belong to a diagnosis (rule G14, guidelines I.B.4 to I.B.6), by code."""

from __future__ import annotations

from functools import lru_cache

_COUGH, _FEVER, _BREATH, _CHEST_PAIN = "R05", "R50", "R06.0", "R07"
# Diagnosis prefixes -> symptom prefixes (textbook medicine).
INTEGRAL: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("J12.", "J13", "J14", "J15.", "J16.", "J18."), (_COUGH, _FEVER, _BREATH, "R07.1", "R07.81", "R09.3")),
    (("J00", "J01.", "J02.", "J03.", "J04.", "J06."), (_COUGH, _FEVER, "R07.0", "R09.81", "R09.82", "J34.89")),
    (("J09.", "J10.", "J11."), (_COUGH, _FEVER, "R52", "R09.81", "R07.0")),
    (("U07.1",), (_COUGH, _FEVER, _BREATH, "R43.")),
    (("J20.", "J21.", "J22", "J40", "J41.", "J42"), (_COUGH, _FEVER, "R06.2", "R09.3")),
    (("J43.", "J44."), (_COUGH, _BREATH, "R06.2", "R09.3")),
    (("J45.",), (_COUGH, _BREATH, "R06.2", "R07.89")),
    (("J84.", "J96."), (_BREATH, "R09.02")),
    (("I50.",), (_BREATH, "R60.", "R05")),
    (("I20.", "I21.", "I22.", "I25.11"), (_CHEST_PAIN,)),
    (("I26.",), (_BREATH, "R07.1", "R07.9", "R07.89")),
    (("I48.", "I47."), ("R00.0", "R00.2", "R00.8")),
    (("I10", "I16."), ("R03.0",)),
    (("N39.0", "N30."), ("R30.", "R35.", "R39.15", "R10.2", "R10.30")),
    (("N10", "N12"), ("R30.", "R35.", _FEVER, "R10.")),
    (("N20.", "N23"), ("R10.", "R31.")),
    (("K21.",), ("R12",)),
    (("A08.", "A09", "K52."), ("R11.", "R19.7", "R10.", _FEVER)),
    (("K29.", "K30"), ("R10.1", "R11.0")),
    (("K35.", "K36", "K37", "K80.", "K81.", "K85.", "K57.2", "K57.32"), ("R10.", "R11.", _FEVER)),
    (("K56.",), ("R10.", "R11.", "R14.0")),
    (("K92.", "K62.5"), ("R19.5",)),
    (("G43.",), ("R51", "R11.")),
    (("G44.",), ("R51",)),
    (("H81.",), ("R42",)),
    (("H65.", "H66."), ("H92.0", _FEVER)),
    (("A40.", "A41."), (_FEVER, "R65.1", "R00.0")),
    (("L03.",), (_FEVER,)),
    (("F32.", "F33."), ("R45.2", "R45.3", "R45.89")),
    (("F41.",), ("R45.0", "R45.1")),
    (("F01.", "F02.", "F03.", "G30."), ("R41.0", "R41.3", "R41.81", "R41.82")),
    (("G20.",), ("R25.1", "R26.")),
    (("G45.",), ("R29.8", "R47.", "R42")),
    (("M16.",), ("M25.55",)),
    (("M17.",), ("M25.56",)),
    (("M18.",), ("M79.64",)),
    (("M51.", "M48.0"), ("M54.5", "M54.4", "M54.1")),
    (("M10.",), ("M25.5",)),
    (("E11.65", "E10.65", "E13.65"), ("R73.9",)),
    (("E11.649", "E10.649", "E13.649"), ("E16.2",)),
    (("E03.",), ("R53.83",)),
    (("E86.",), ("R63.8",)),
    (("I95.",), ("R55", "R42")),
    (("S06.0",), ("R51", "R42")),
)
# Symptoms that are coded beside the diagnosis although they come with it: deficits of an acute stroke (guideline
# I.C.18.b, code additional findings), chest pain with coronary disease without angina, bleeding beside a plain ulcer.
STAYS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("I63.",), ("R47.", "R29.", "R13.", "R41.")),
    (("I25.10",), ("R07",)),
    (("K25.", "K26.", "K27.", "K28."), ("K92.",)),
)
# Joint pain belongs only to a disease or fracture of that joint: diagnosis prefix -> joint of the pain code M25.5x.
_JOINT_OF: tuple[tuple[tuple[str, ...], str], ...] = (
    (("M16.", "S72", "S32.4", "M87.05", "M87.85"), "M25.55"),
    (("M17.", "S83", "S82.0", "S82.1"), "M25.56"),
    (("M19.01", "M19.11", "M19.21", "S42", "M75."), "M25.51"),
    (("M19.03", "M19.13", "M19.23", "S52.5", "S52.6", "S62"), "M25.53"),
    (("M19.07", "M19.17", "M19.27", "S82.4", "S82.5", "S82.6", "S82.8", "S93.4"), "M25.57"),
)
_ANY_JOINT = ("M05.", "M06.", "M10.", "M15.", "M19.9", "M1A.", "L40.5")
_SIDED_ARTHROSIS = ("M16.1", "M16.3", "M17.1", "M17.3")
_NO_HOLDER = ("R", "Z", "V", "W", "X", "Y")


@lru_cache(maxsize=1 << 15)
def integral_to(value: str) -> tuple[str, ...]:
    """Symptom prefixes that belong to a diagnosis code."""
    return tuple(symptom for starts, found in INTEGRAL if value.startswith(starts) for symptom in found)


def is_integral(symptom: str, value: str, further: tuple[str, ...] = ()) -> bool:
    """Whether a symptom code belongs to a diagnosis code: same joint and side where it is a joint's pain.

    Args:
        symptom: code of the symptom.
        value: code of the diagnosis; symptoms and status codes explain nothing.
        further: symptom prefixes that somebody else knows to belong to the diagnosis.
    """
    if value == symptom or (value.startswith(_NO_HOLDER) and not value.startswith("R65")):
        return False
    if not symptom.startswith(integral_to(value) + further or ("~",)):
        return False
    if any(value.startswith(starts) and symptom.startswith(kept) for starts, kept in STAYS):
        return False
    if not symptom.startswith("M25.5"):
        return True
    if value.startswith(_SIDED_ARTHROSIS) and {value[-1], symptom[-1]} == {"1", "2"}:
        return False
    joint = next((found for starts, found in _JOINT_OF if value.startswith(starts)), None)
    return value.startswith(_ANY_JOINT) or (joint is not None and symptom.startswith((joint, "M25.50")))
