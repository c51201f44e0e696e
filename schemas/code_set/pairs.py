"""Two codes that may not stand in one list, whatever their order."""

from __future__ import annotations

from ghostchart.schemas.code_set.sides import compare_sides
from ghostchart.schemas.code_set.specific import general_beside_specific
from ghostchart.schemas.code_set.symptoms import is_integral
from ghostchart.schemas.code_set.violation import Violation
from ghostchart.schemas.history_codes import history_sites
from ghostchart.schemas.icd10cm import Icd10Cm

_FRAILTY = (
    "E88.A", "F01", "F02", "F03", "G31.84", "M62", "R26", "R27.0", "R29.6", "R41.81", "R53", "R54", "R62.7", "R63", "R64",
    "Z73.6", "Z74",
)  # fmt: skip
# Pairs with an Excludes1 note for which a rule of its own says what to do instead; the first that fits is named.
_EXCLUDES1_RULES: tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...] = (
    (("E4",), ("R63",), "E09"),
    (_FRAILTY, _FRAILTY, "F01"),
    (("I20",), ("I25",), "C06"),
    (("F17", "Z72.0"), ("Z87.891", "Z72.0"), "Z08"),
    (("F3",), ("F3",), "M01"),
    (("I69",), ("I63", "Z86.73", "G81"), "C08"),
    (("E11.A",), ("E11",), "E06"),
    (("O80",), ("O",), "P03"),
    (("O",), ("Z34", "Z33"), "P01"),
    (("J44",), ("J4",), "R01"),
    (("E66",), ("E66",), "E07"),
)
_DIABETES = ("E08.", "E09.", "E10.", "E11.", "E13.")
FOOT_ULCERS = ("L97.4", "L97.5")
OTHER_ULCERS = ("L97.1", "L97.2", "L97.3", "L97.8", "L97.9", "L98.4")
# Partner of diabetes -> last characters of the combination code; whether the partner stays beside it; rule. Source:
# subterms of "Diabetes, with" as the combination codes of E11 name them (tabular list, April 2026).
WITH_DIABETES: tuple[tuple[tuple[str, ...], str, bool, str], ...] = (
    (("N18.",), "22", True, "E03"),
    (FOOT_ULCERS, "621", True, "E05"),
    (OTHER_ULCERS, "622", True, "G10"),
    (("G62.9",), "42", False, "G10"),
    (("G58.9",), "41", False, "G10"),
    (("G90.9",), "43", False, "G10"),
    (("K31.84",), "43", True, "G10"),
    (("I73.9",), "51", False, "G10"),
    (("H26.9",), "36", False, "G10"),
    (("R73.9",), "65", False, "G10"),
    (("E16.2",), "649", False, "G10"),
)
# Heart conditions that hypertension is presumed to cause beside heart failure (guideline I.C.9.a.1).
HEART_WITHOUT_FAILURE = ("I51.4", "I51.5", "I51.7", "I51.89", "I51.9")
# Codes -> partner they are presumed to be linked with (guideline I.A.15) -> what stands instead; rule.
_PRESUMED: tuple[tuple[tuple[str, ...], tuple[str, ...], str, str], ...] = (
    (("I10",), ("I50.",), "I11.0 with the heart failure", "C01"),
    (("I11.9",), ("I50.",), "I11.0 with the heart failure", "C01"),
    (("I10",), HEART_WITHOUT_FAILURE, "I11.9", "C01"),
    (("I10",), ("N18.",), "I12.9 or I12.0 with the stage", "C02"),
    (("I11.",), ("N18.", "I12."), "a code of I13 with the stage", "C03"),
    (("I12.",), ("I50.",), "a code of I13 with the heart failure", "C03"),
    (("I12.",), HEART_WITHOUT_FAILURE, "I13.10 or I13.11", "C03"),
    (("D64.9",), ("N18.",), "D63.1 behind the stage", "G10"),
)
# Two codes for which one combined code exists (guideline I.B.8).
_COMBINED: tuple[tuple[str, str, str], ...] = (
    ("I50.2", "I50.3", "I50.4-"),
    ("I50.2", "I50.4", "I50.4-"),
    ("I50.3", "I50.4", "I50.4-"),
    ("J96.0", "J96.1", "J96.2-"),
    ("J96.0", "J96.2", "J96.2-"),
    ("J96.1", "J96.2", "J96.2-"),
    ("K81.0", "K81.1", "K81.2"),
    ("K81.0", "K81.2", "K81.2"),
    ("K81.1", "K81.2", "K81.2"),
)
# What makes an examination diagnostic instead of a screening (guideline I.C.21.c.5).
SYMPTOMS_AGAINST_SCREENING: dict[str, tuple[str, ...]] = {
    "Z12.11": ("K92.1", "K92.2", "K62.5", "R19.4", "R19.5", "D50.", "R63.4"),
    "Z12.31": ("N63.", "N64.4", "N64.5", "R92."),
    "Z12.5": ("R97.2", "R39.1", "N40.1", "C61"),
    "Z12.2": ("R04.2", "R91."),
    "Z12.4": ("R87.61", "N93."),
    "Z13.31": ("F32.", "F33."),
    "Z13.1": ("E10.", "E11.", "E13.", "R73."),
    "Z13.220": ("E78.",),
}
_SITES = {code: sites for code, sites in history_sites().items() if code.startswith("Z85")}


def pair_violation(icd: Icd10Cm, a: str, b: str) -> Violation | None:
    """The first rule that forbids two billable codes to stand together, None if they may.

    Excludes1 comes first, as the only one that the tabular list itself states. Presumed links ("with") hold unless the note
    says that the conditions are unrelated, which codes cannot show.
    """
    conflict = icd.excludes1_conflict(a, b)
    if conflict is not None:
        return Violation(_excludes1_rule(a, b), (a, b), conflict)
    for one, other in ((a, b), (b, a)):
        rule = general_beside_specific(one, other)
        if rule is not None:
            return Violation(rule, (a, b), f"{other} says more than {one}: leave {one} out")
    for one, other in ((a, b), (b, a)):
        found = _one_way(one, other)
        if found is not None:
            return Violation(found[0], (a, b), found[1])
    return _combined(a, b) or _sides(icd, a, b)


def _excludes1_rule(a: str, b: str) -> str:
    for first, second, rule in _EXCLUDES1_RULES:
        if (a.startswith(first) and b.startswith(second)) or (b.startswith(first) and a.startswith(second)):
            return rule
    return "G06"


def _one_way(one: str, other: str) -> tuple[str, str] | None:
    """(rule, sentence) where the first code has something against the second."""
    if one in _SITES and other.startswith(_SITES[one]):
        return "N03", f"{other} is active disease of the site whose history {one} tells: leave {one} out"
    if is_integral(other, one):
        return "G14", f"{other} is a symptom that belongs to {one}: leave {other} out"
    for holders, partners, instead, rule in _PRESUMED:
        if one.startswith(holders) and other.startswith(partners):
            return rule, f"{one} and {other} are presumed linked: use {instead}"
    if one.startswith(_DIABETES) and not one.endswith(".A"):
        for partners, tail, stays, rule in WITH_DIABETES:
            if other.startswith(partners) and not stays:
                return rule, f"diabetes and {other} are presumed linked: {one[:4]}{tail} says both"
    if one.startswith("O") and other.startswith(("Z34.", "Z33.1")):
        return "P01", f"{one} is a code of chapter 15: leave {other} out"
    return None


def _combined(a: str, b: str) -> Violation | None:
    for first, second, instead in _COMBINED:
        if (a.startswith(first) and b.startswith(second)) or (b.startswith(first) and a.startswith(second)):
            return Violation("G15", (a, b), f"{a} and {b} have one combined code: {instead}")
    if a[:5] == b[:5] and a[:5] in {"I50.2", "I50.3", "I50.4"}:
        return Violation("G15", (a, b), f"{a} and {b} have one combined code: {a[:5]}3")
    if a.startswith("N18.") and b.startswith("N18."):
        return Violation("G11", (a, b), f"{a} and {b} are two stages of one disease: the higher stands alone")
    return None


def _sides(icd: Icd10Cm, a: str, b: str) -> Violation | None:
    verdict = compare_sides(icd, a, b)
    if verdict is None:
        return None
    if verdict in {a, b}:
        loser = b if verdict == a else a
        return Violation("G05", (a, b), f"{verdict} says the side better than {loser}: leave {loser} out")
    return Violation("G05", (a, b), f"{a} and {b} are both sides of one condition: use {verdict}")
