"""Codes that may not stand without another: combination codes and their parts, manifestations and their causes."""

from __future__ import annotations

import re
from collections.abc import Callable

from ghostchart.schemas.code_set.order import EXTERNAL, is_manifestation
from ghostchart.schemas.code_set.pairs import FOOT_ULCERS, OTHER_ULCERS, WITH_DIABETES
from ghostchart.schemas.code_set.pregnancy import pregnancy_violations
from ghostchart.schemas.code_set.violation import Violation
from ghostchart.schemas.icd10cm import Icd10Cm

SYSTEMIC_INFECTIONS = (
    "A02.1", "A22.7", "A26.7", "A32.7", "A40.", "A41.", "A42.7", "A54.86", "B37.7", "O85", "T81.44", "R65.1", "O75.3",
    "O86.04", "T80.211", "P36",
)  # fmt: skip
WEIGHT_DIAGNOSES = ("E66.", "R63.6", "E40", "E41", "E42", "E43", "E44.", "E45", "E46", "E64.0", "R64", "F50.0")
LOWER_INFECTIONS = ("J09", "J10.0", "J12.", "J13", "J14", "J15.", "J16.", "J18.", "J20.", "J21.", "J22", "A48.1")
_DEMENTIA_CAUSES = (
    "A81.",
    "B20",
    "E53.8",
    "E75.4",
    "E83.",
    "G10",
    "G20.",
    "G30.",
    "G31.",
    "G35.",
    "G40.",
    "M32.",
    "S06.",
)
_TUMOURS = ("C", "D0", "D1", "D2", "D3", "D4")
_HEART_FAILURE, _KIDNEY = ("I50.",), ("N18.",)
_END_STAGE = ("N18.5", "N18.6")
# Holder -> one of these must stand beside it; what is missing in words; rule.
_NEEDS: tuple[tuple[tuple[str, ...], tuple[str, ...], str, str], ...] = (
    (("E08.22", "E09.22", "E10.22", "E11.22", "E13.22"), _KIDNEY, "the stage of chronic kidney disease (N18.-)", "E03"),
    (("E08.621", "E09.621", "E10.621", "E11.621", "E13.621"), FOOT_ULCERS, "the ulcer with site and depth", "E05"),
    (("E08.622", "E09.622", "E10.622", "E11.622", "E13.622"), OTHER_ULCERS, "the ulcer with site and depth", "G08"),
    (("I11.0",), _HEART_FAILURE, "the heart failure (I50.-)", "C01"),
    (("I12.",), _KIDNEY, "the stage of chronic kidney disease (N18.-)", "C02"),
    (("I13.",), _KIDNEY, "the stage of chronic kidney disease (N18.-)", "C03"),
    (("I13.0", "I13.2"), _HEART_FAILURE, "the heart failure (I50.-)", "C03"),
    (("I12.0",), _END_STAGE, "stage 5 or end stage (N18.5, N18.6); other stages are I12.9", "C02"),
    (("I13.2", "I13.11"), _END_STAGE, "stage 5 or end stage (N18.5, N18.6)", "C03"),
    (("G30.", "G31.01", "G31.09", "G31.83"), ("F02.", "F01."), "the dementia (F02.-)", "G08"),
    (("F02.",), _DEMENTIA_CAUSES, "the disease that causes the dementia", "G08"),
    (("D63.0",), _TUMOURS, "the tumour", "N04"),
    (("D63.1",), _KIDNEY, "the chronic kidney disease (N18.-)", "G08"),
    (("D64.81",), ("T45.1X5",), "the adverse effect of the drug (T45.1X5-)", "N04"),
    (("Z08",), ("Z85.",), "the history of the tumour (Z85.-)", "N05"),
    (("R65.2",), SYSTEMIC_INFECTIONS, "the systemic infection", "S01"),
    (("T81.44",), ("T81.40", "T81.41", "T81.42", "T81.43", "T81.49"), "the infected site (T81.40 to T81.49)", "S03"),
    (("J44.0",), LOWER_INFECTIONS, "the lower respiratory infection", "R01"),
    (("Z68.",), WEIGHT_DIAGNOSES, "a weight diagnosis", "E08"),
    (("J12.82",), ("U07.1",), "COVID-19 (U07.1) before it", "G08"),
    (("Z3A.", "Z37."), ("O",), "a code of chapter 15", "P01"),
    (("O80",), ("Z37.0",), "the outcome of delivery (Z37.0)", "P03"),
)
# Holder -> beside these it needs nothing: they exclude the code that would stand for an infection nobody named (Excludes1 of
# J06 and J39: acute respiratory infection NOS, J22), and J44.0 asks for it by a "code also" note only.
_WAIVED: dict[str, tuple[str, ...]] = {"J44.0": ("J06.", "J39.")}
_INJURY = re.compile(r"[ST]\d.*[ABCDGKPS]$")
_PHASE_OF = {"B": "A", "C": "A", "G": "D", "K": "D", "P": "D"}
_PLACE_AND_ACTIVITY = ("Y92", "Y93", "Y99")


def companion_violations(icd: Icd10Cm, values: tuple[str, ...], drug_effect: Callable[[str], str]) -> list[Violation]:
    """Codes of the list that lack the code they need, or stand beside one that contradicts them."""
    found = []
    for value in values:
        for holders, wanted, words, rule in _NEEDS:
            enough = (*wanted, *_WAIVED.get(value, ()))
            if value.startswith(holders) and not any(other.startswith(enough) for other in values):
                found.append(Violation(rule, (value,), f"{value} needs {words} beside it"))
        if is_manifestation(icd, value) and not value.startswith("F02."):
            found += _orphan(icd, value, values)
    found += _wrong_stage(values)
    found += _diabetes(values)
    found += _delivery(values)
    found += pregnancy_violations(icd, values)
    found += _external_causes(values, drug_effect)
    return found


def _orphan(icd: Icd10Cm, value: str, values: tuple[str, ...]) -> list[Violation]:
    targets = icd.code_first_targets(value)
    causes = [item for item in values if item != value and not item.startswith(EXTERNAL)]
    if any(item.startswith(targets) for item in causes) if targets else causes:
        return []
    return [Violation("G08", (value,), f"{value} is a manifestation and needs its cause beside it")]


def _wrong_stage(values: tuple[str, ...]) -> list[Violation]:
    late = next((value for value in values if value.startswith(_END_STAGE)), None)
    if late is None:
        return []
    instead = {"I12.9": ("I12.0", "C02"), "I13.0": ("I13.2", "C03"), "I13.10": ("I13.11", "C03")}
    return [
        Violation(instead[value][1], (value, late), f"{late} asks for {instead[value][0]} in place of {value}")
        for value in values
        if value in instead
    ]


def _diabetes(values: tuple[str, ...]) -> list[Violation]:
    """Presumed links of diabetes whose combination code is missing (rules G10, E03, E05)."""
    diabetes = [
        value for value in values if value.startswith(("E08.", "E09.", "E10.", "E11.", "E13.")) and value[-1] != "A"
    ]
    if not diabetes:
        return []
    found = []
    for partners, tail, stays, rule in WITH_DIABETES:
        partner = next((value for value in values if stays and value.startswith(partners)), None)
        if partner is not None and not any(value[4:] == tail for value in diabetes):
            holder = diabetes[0]
            said = f"{holder} and {partner} are presumed linked: use {holder[:4]}{tail}, unless the note says otherwise"
            found.append(Violation("G10" if rule == "E03" else rule, (holder, partner), said))
    return found


def _delivery(values: tuple[str, ...]) -> list[Violation]:
    other = next((value for value in values if value.startswith("O") and value != "O80"), None)
    if "O80" not in values or other is None:
        return []
    return [Violation("P03", ("O80", other), f"O80 is a normal delivery and may not stand beside {other}")]


def _external_causes(values: tuple[str, ...], drug_effect: Callable[[str], str]) -> list[Violation]:
    """Alone, twice for place or activity, or in another phase than the injury (rule X04)."""
    causes = [value for value in values if value.startswith(EXTERNAL)]
    if not causes:
        return []
    if len(causes) == len(values):
        return [Violation("X04", tuple(causes), "an external cause needs what it caused beside it")]
    found = []
    for start in _PLACE_AND_ACTIVITY:
        several = tuple(value for value in causes if value.startswith(start))
        if len(several) > 1:
            found.append(Violation("X04", several, f"{start} is given once at most"))
    phases = {
        _PHASE_OF.get(value[-1], value[-1]) for value in values if _INJURY.match(value) and not drug_effect(value)
    }
    if not phases:
        return found
    for value in causes:
        if len(value) == 8 and value[-1] in "ADS" and value[-1] not in phases:
            found.append(Violation("X04", (value,), f"{value} is in another phase of care than the injury"))
        if value.startswith(_PLACE_AND_ACTIVITY) and "A" not in phases:
            found.append(Violation("X04", (value,), f"{value} belongs to the initial encounter only"))
    return found
