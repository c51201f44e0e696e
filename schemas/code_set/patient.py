"""Codes that do not fit a person's age, sex or weeks of pregnancy (rules PT.sex, PT.age, P02, Z03, E08).

Sex comes from the chapters and blocks of one sex and from the words of the official description; ages from the
categories of the Medicare Code Editor (newborn 0, paediatric 0-17, maternity 9-64, adult 15 and over), from memory.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ghostchart.schemas.code_set.violation import Violation
from ghostchart.schemas.icd10cm import Icd10Cm

_FEMALE = (
    "O", "C51", "C52", "C53", "C54", "C55", "C56", "C57", "C58", "D06", "D07.0", "D07.1", "D07.2", "D07.3", "D25", "D26",
    "D27", "D28", "D39", "E28", "N70", "N71", "N72", "N73", "N74", "N75", "N76", "N77", "N80", "N81", "N82", "N83", "N84",
    "N85", "N86", "N87", "N88", "N89", "N90", "N91", "N92", "N93", "N94", "N95", "N96", "N97", "N98", "Q50", "Q51", "Q52",
    "R87", "Z12.4", "Z32", "Z33", "Z34", "Z36", "Z37", "Z39", "Z3A", "Z78.0", "Z85.40", "Z85.41", "Z85.42", "Z85.43", "Z85.44",
    "Z90.71", "Z90.72",
)  # fmt: skip
_MALE = (
    "C60", "C61", "C62", "C63", "D07.4", "D07.5", "D07.6", "D29", "D40", "E29", "N40", "N41", "N42", "N43", "N44", "N45",
    "N46", "N47", "N48", "N49", "N50", "N51", "N52", "N53", "Q53", "Q54", "Q55", "R97.2", "Z12.5", "Z85.45", "Z85.46", "Z85.47",
    "Z85.48", "Z85.49",
)  # fmt: skip
_MATERNITY = ("O", "Z34", "Z37", "Z39", "Z3A", "Z33.1")
_MATERNITY_YEARS = (9, 64)
_NEWBORN = ("Z38", "Z00.11")
_ADULT = ("C61", "F01", "F02", "F03", "I25.1", "M80.0", "M81.0", "N40", "N95", "R41.81", "R54", "Z78.0")
_ADULT_FROM_YEARS = 15
_OLD = ("R54", "R41.81")
_OLD_FROM_YEARS = 40
# Birth injuries of nerves and chronic lung disease last: guideline I.C.16.a.4 lets their codes stand at any age.
LASTING_FROM_BIRTH = ("P14.", "P27.")
_OF_NEWBORN = re.compile(r"\bnewborn|\bneonatal")
_ADULT_EXAMINATION, _CHILD_EXAMINATION, _CHILD_TO_YEARS = ("Z00.00", "Z00.01"), ("Z00.12",), 17
_ADULT_BMI = re.compile(r"Z68\.(1|2\d|3\d|4\d)")
_ADULT_BMI_FROM_YEARS = 20
_TRIMESTERS = {"first trimester": 1, "second trimester": 2, "third trimester": 3}


def trimester_of(weeks: int) -> int:
    """Trimester of completed weeks: below 14, 14 to 27, 28 and over (note of chapter 15)."""
    return 1 if weeks < 14 else 2 if weeks < 28 else 3


def weeks_of(value: str) -> int | None:
    """Completed weeks that a Z3A code says (7 for "less than 8", 43 for "more than 42"), None where it says none."""
    tail = value.removeprefix("Z3A.")
    if tail == value or not tail.isdigit() or tail == "00":
        return None
    return {"01": 7, "49": 43}.get(tail, int(tail))


@lru_cache(maxsize=1 << 15)
def sex_of(icd: Icd10Cm, value: str) -> str:
    """ "F" or "M" for a code of one sex, "" for all others."""
    words = set(re.findall(r"[a-z]+", icd.description(value).lower()))
    if value.startswith(_FEMALE) or ("female" in words and "male" not in words):
        return "F"
    if value.startswith(_MALE) or ("male" in words and "female" not in words):
        return "M"
    return ""


def patient_violations(icd: Icd10Cm, values: tuple[str, ...], age: int | None, sex: str | None) -> list[Violation]:
    """Codes that the person cannot have.

    Args:
        icd: the release.
        values: billable codes.
        age: completed years, None if unknown.
        sex: "F" or "M", None if unknown.
    """
    found = _trimesters(icd, values)
    for value in values:
        wanted = sex_of(icd, value) if sex else ""
        if wanted and wanted != sex:
            found.append(Violation("PT.sex", (value,), f"{value} is a code of the other sex"))
        bounds = age_bounds(icd, value) if age is not None else None
        if bounds is not None and age is not None and not bounds[0] <= age <= bounds[1]:
            low, high, rule = bounds
            found.append(Violation(rule, (value,), f"{value} is a code for ages {low} to {high}, not {age}"))
    return found


@lru_cache(maxsize=1 << 15)
def age_bounds(icd: Icd10Cm, value: str) -> tuple[int, int, str] | None:
    """(lowest, highest age in completed years, rule) of a code, None where any age may have it."""
    if value.startswith(LASTING_FROM_BIRTH):
        return None
    for starts, low, high, rule in (
        (_MATERNITY, *_MATERNITY_YEARS, "PT.age"),
        (_NEWBORN, 0, 0, "PT.age"),
        (_OLD, _OLD_FROM_YEARS, 124, "PT.age"),
        (_ADULT, _ADULT_FROM_YEARS, 124, "PT.age"),
        (_ADULT_EXAMINATION, _CHILD_TO_YEARS + 1, 124, "PT.age"),
        (_CHILD_EXAMINATION, 0, _CHILD_TO_YEARS, "PT.age"),
    ):
        if value.startswith(starts):
            return low, high, rule
    if value.startswith("P") and _OF_NEWBORN.search(icd.description(value).lower()):
        return 0, 0, "PT.age"
    return (_ADULT_BMI_FROM_YEARS, 124, "E08") if _ADULT_BMI.fullmatch(value) else None


def _trimesters(icd: Icd10Cm, values: tuple[str, ...]) -> list[Violation]:
    """Trimesters against the weeks of gestation (rule P02)."""
    week_code = next((value for value in values if weeks_of(value) is not None), None)
    if week_code is None:
        return []
    weeks = weeks_of(week_code)
    said = {value: _trimester_said(icd, value) for value in values if value.startswith(("O", "Z34."))}
    return [
        Violation("P02", (value, week_code), f"{value} says trimester {trimester}, {week_code} another")
        for value, trimester in said.items()
        if trimester is not None and weeks is not None and trimester != trimester_of(weeks)
    ]


@lru_cache(maxsize=4096)
def _trimester_said(icd: Icd10Cm, value: str) -> int | None:
    title = icd.description(value).lower()
    return next((number for words, number in _TRIMESTERS.items() if words in title), None)
