"""What must stand before what, and what may not stand first."""

from __future__ import annotations

import re

from ghostchart.schemas.code_set.violation import Violation
from ghostchart.schemas.icd10cm import Icd10Cm

EXTERNAL = ("V", "W", "X", "Y")
_DRUG = re.compile(r"T(3[6-9]|4\d|50)\.")
_LATE_EFFECT = re.compile(r"[ST]\d.*S$")
# Follows -> precedes -> rule: orders that come from guidelines, or from code first notes with a rule of their own.
_ORDERS: tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...] = (
    (("N18.",), ("N17.",), "G15"),
    (("Z85.",), ("Z08",), "N05"),
    (("D63.0",), ("C",), "N04"),
    (("R65.2",), ("A40.", "A41.", "T81.44", "O85", "B37.7"), "S01"),
    (("A40.", "A41.", "R65.2"), ("T81.44",), "S03"),
    (("T81.44",), ("T81.40", "T81.41", "T81.42", "T81.43", "T81.49"), "S03"),
    (("K63.5", "D12."), ("Z12.11",), "Z01"),
    (("Z68.",), ("E66.", "R63.6", "E40", "E41", "E42", "E43", "E44.", "E45", "E46", "R64"), "E08"),
)
_NEVER_FIRST: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (EXTERNAL, "X04", "an external cause is never first"),
    (tuple(f"Z{number}" for number in (55, 56, 57, 58, 59, 60, 62, 63, 64, 65)), "Z05", "social determinants are secondary"),
    (("Z68.",), "E08", "a body mass index is secondary"),
    (("Z3A.",), "P01", "weeks of gestation stand behind a code of chapter 15"),
    (("Z37.",), "P03", "the outcome of delivery stands behind the delivery"),
    (("R65.2",), "S01", "severe sepsis stands behind the systemic infection"),
    (("B95", "B96", "B97"), "G08", "an organism stands behind the disease it causes"),
)  # fmt: skip
# Code first lists of these name codes of other settings or natures of every kind; their order has rules of its own.
_WITHOUT_CODE_FIRST = ("T3", "T4", "T50", "A40", "A41")


def drug_effect(value: str) -> str:
    """What T36-T50 say by the sixth character: poisoning, adverse, underdosing; "" for all other codes."""
    if not _DRUG.match(value):
        return ""
    intent = value.replace(".", "")[5:6]
    return {"5": "adverse", "6": "underdosing"}.get(intent, "poisoning")


def is_late_effect(value: str) -> bool:
    """Whether the code says what an injury left behind (7th character S), drugs aside."""
    return _LATE_EFFECT.match(value) is not None and not drug_effect(value)


def is_manifestation(icd: Icd10Cm, value: str) -> bool:
    """Whether the code's own title says that it may never stand without its cause."""
    title = icd.description(value).lower()
    return "classified elsewhere" in title and "not elsewhere" not in title


def order_violation(icd: Icd10Cm, earlier: str, later: str) -> Violation | None:
    """The rule by which ``later`` belongs before ``earlier``, None if this order is fine."""
    for follows, precedes, rule in _ORDERS:
        if earlier.startswith(follows) and later.startswith(precedes):
            return Violation(rule, (earlier, later), f"{later} must stand before {earlier}")
    if not earlier.startswith(_WITHOUT_CODE_FIRST):
        targets = icd.code_first_targets(earlier)
        mutual = icd.code_first_targets(later)
        if targets and later.startswith(targets) and not (mutual and earlier.startswith(mutual)):
            return Violation("G08", (earlier, later), f"{earlier} says code first: {later} must stand before it")
    return None


def position_violations(icd: Icd10Cm, values: tuple[str, ...]) -> list[Violation]:
    """Rules about the first place in the list."""
    first, rest = values[0], values[1:]
    found = [
        Violation(rule, (first,), f"{first} stands first, but {why}")
        for starts, rule, why in _NEVER_FIRST
        if first.startswith(starts)
    ]
    if is_manifestation(icd, first) and not first.startswith(("B95", "B96", "B97")):
        found.append(Violation("G08", (first,), f"{first} is a manifestation and may not stand first"))
    effect = drug_effect(first)
    if effect == "adverse":
        found.append(Violation("X01", (first,), f"{first} stands first, but what the drug did comes before it"))
    elif effect == "underdosing":
        found.append(Violation("X03", (first,), f"{first} stands first, but the condition comes before it"))
    if is_late_effect(first):
        found.append(Violation("G03", (first,), f"{first} is a late effect: what remains of it comes before it"))
    treatment = next((value for value in rest if value.startswith(("Z51.0", "Z51.1"))), None)
    if treatment is not None and not first.startswith(("Z51.0", "Z51.1", "O")):
        found.append(Violation("N02", (first, treatment), f"{treatment} is the reason for the encounter: first"))
    chapter15 = next((value for value in rest if value.startswith("O")), None)
    if chapter15 is not None and not first.startswith(("O", "Z51.")):
        found.append(Violation("P01", (first, chapter15), f"{chapter15} is a code of chapter 15: before {first}"))
    found += _poisonings(values)
    return found


def _poisonings(values: tuple[str, ...]) -> list[Violation]:
    """A poisoning under treatment comes before the diseases of the list (rule X02)."""
    for place, value in enumerate(values):
        if drug_effect(value) == "poisoning" and value[-1] == "A":
            before = next((item for item in values[:place] if item[0] < "O" or item[0] == "R"), None)
            if before is not None:
                return [Violation("X02", (before, value), f"{value} is a poisoning: it must stand before {before}")]
    return []
