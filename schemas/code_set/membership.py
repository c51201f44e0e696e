"""Codes that are no billable leaves of the release, and what is missing (rules G01, G02)."""

from __future__ import annotations

from ghostchart.schemas.code_set.violation import Violation
from ghostchart.schemas.errors import CodeError
from ghostchart.schemas.icd10cm import Icd10Cm


def why_not_billable(icd: Icd10Cm, value: str) -> Violation | None:
    """The rule against a dotted ICD-10-CM value that may not stand on a claim; None for a billable code."""
    if icd.is_billable(value):
        return None
    if icd.knows(value):
        known = icd.seventh_characters(value)
        complete = [icd.extended(value, character) for character in known if len(value) <= 7]
        billable = next((item for item in complete if icd.is_billable(item)), None)
        if billable is not None:
            listed = ", ".join(known)
            return Violation("G02", (value,), f"{value} needs a 7th character ({listed}), such as {billable}")
    elif (shorter := _without_last(icd, value)) is not None:
        known = icd.seventh_characters(shorter)
        last = value[-1]
        filled = icd.extended(shorter, last)
        if icd.is_billable(filled):
            return Violation("G02", (value,), f"{value} lacks the placeholder X before its 7th character: {filled}")
        if known and len(value) == 8:
            return Violation("G02", (value,), f"{last} is no 7th character of {shorter}; it takes {', '.join(known)}")
    try:
        icd.require(value)
    except CodeError as error:
        return Violation("G01", (value,), f"{error.what}. {error.fix}" if error.fix else error.what)
    return None


def _without_last(icd: Icd10Cm, value: str) -> str | None:
    """The place of the tabular list that a code with a 7th character too early or of the wrong kind belongs to."""
    stem = value[:-1].rstrip(".")
    while len(stem) > 3 and not icd.knows(stem) and stem.endswith("X"):
        stem = stem[:-1].rstrip(".")
    return stem if len(stem) >= 3 and icd.knows(stem) and icd.seventh_characters(stem) else None
