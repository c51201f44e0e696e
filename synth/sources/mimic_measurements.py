"""Vital signs (omr) and a few labs (labevents) of MIMIC-IV as observations, one value per admission and kind."""

from __future__ import annotations

import math
from collections import Counter
from datetime import datetime

from ghostchart.schemas.ehr import TableCount
from ghostchart.schemas.errors import SourceError
from ghostchart.synth.sources.source_tables import SourceTables

Observation = tuple[str, str, str, float]
_DAYS_NEAR = 365
_KG_PER_LB, _CM_PER_INCH = 0.45359237, 2.54
_OMR = {
    "BMI (kg/m2)": ("bmi_kg_m2", 1.0),
    "BMI": ("bmi_kg_m2", 1.0),
    "Weight (Lbs)": ("weight_kg", _KG_PER_LB),
    "Weight": ("weight_kg", _KG_PER_LB),
    "Height (Inches)": ("height_cm", _CM_PER_INCH),
    "Height": ("height_cm", _CM_PER_INCH),
}
# Blood tests by their label in d_labitems; the units are MIMIC's usual ones for them.
_LABS = {
    "Creatinine": "creatinine_mg_dl",
    "Hemoglobin": "hemoglobin_g_dl",
    "Sodium": "sodium_mmol_l",
    "Potassium": "potassium_mmol_l",
    "% Hemoglobin A1c": "hba1c_percent",
}


def read_omr(
    source: SourceTables,
    admissions: dict[str, tuple[str, str, datetime, datetime]],
    used: set[str],
    counts: list[TableCount],
    remarks: list[str],
) -> list[Observation]:
    """Blood pressure, BMI, weight and height, each row given to the patient's nearest used admission within a year.

    Raises:
        SourceError: the table cannot be read or lacks a column.
    """
    if source.find("omr") is None:
        remarks.append("no table omr: no blood pressure, weight or height")
        return []
    file = source.open("omr", ("subject_id", "chartdate", "result_name", "result_value"))
    stays: dict[str, list[tuple[datetime, str]]] = {}
    for hadm in sorted(used):
        subject, _kind, start, _end = admissions[hadm]
        stays.setdefault(subject, []).append((start, hadm))
    nearest: dict[tuple[str, str], tuple[int, Observation]] = {}
    refused: Counter[str] = Counter()
    taken = read = 0
    query = "SELECT line, subject_id, chartdate, result_name, result_value FROM omr ORDER BY line"
    for line, subject, day, name, value in source.stream(file, query):
        read += 1
        if subject not in stays:
            refused["patient without used admission"] += 1
            continue
        values = _omr_values(name or "", value or "")
        if values is None:
            refused["kind of result not used"] += 1
            continue
        if not values:
            refused["value is not a number"] += 1
            continue
        days, hadm = min((abs((start - _chart_day(day, file, line)).days), hadm) for start, hadm in stays[subject])
        if days > _DAYS_NEAR:
            refused["no admission within a year"] += 1
            continue
        better = False
        for kind, number in values:
            key = (hadm, kind)
            if key not in nearest or days < nearest[key][0]:
                nearest[key] = (days, (subject, hadm, kind, number))
                better = True
        taken += better
        if not better:
            refused["a nearer result was used"] += 1
    # Rows that were used first and outdone later still count as used: they were read as data, not refused.
    counts.append(TableCount("omr", read, taken, dict(refused)))
    return [observation for _days, observation in nearest.values()]


def _omr_values(name: str, value: str) -> list[tuple[str, float]] | None:
    """Kinds and numbers of one omr row; None for kinds not used, empty when there is no number."""
    if name.startswith("Blood Pressure"):
        upper, _, lower = value.partition("/")
        if not (upper.strip().isdigit() and lower.strip().isdigit()):
            return []
        return [("systolic_bp_mmhg", float(upper)), ("diastolic_bp_mmhg", float(lower))]
    if name not in _OMR:
        return None
    kind, factor = _OMR[name]
    number = _finite(value)
    return [] if number is None else [(kind, round(number * factor, 1))]


def _chart_day(text: str | None, file: str, line: int) -> datetime:
    try:
        return datetime.fromisoformat((text or "")[:10])
    except ValueError:
        raise SourceError(f"line {line}: chartdate is not a date", where=file) from None


def _finite(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def read_labs(source: SourceTables, counts: list[TableCount], remarks: list[str]) -> list[Observation]:
    """The median of each of a few labs per used admission (table ``used_stays``); the other rows are counted by reason.

    Raises:
        SourceError: a table cannot be read or lacks a column.
    """
    if source.find("labevents") is None or source.find("d_labitems") is None:
        remarks.append("no table labevents or d_labitems: no labs")
        return []
    items = source.open("d_labitems", ("itemid", "label", "fluid"))
    file = source.open("labevents", ("subject_id", "hadm_id", "itemid", "valuenum"))
    labels = ", ".join(f"'{label}'" for label in _LABS)
    source.table(
        items, "wanted_labs", f"SELECT itemid, label FROM d_labitems WHERE fluid = 'Blood' AND label IN ({labels})"
    )
    reason = (
        "CASE WHEN w.itemid IS NULL THEN 'kind of test not used' WHEN l.hadm_id IS NULL THEN 'outside admissions' "
        "WHEN u.hadm_id IS NULL THEN 'admission without ICD-10-CM diagnosis' "
        "WHEN TRY_CAST(l.valuenum AS DOUBLE) IS NULL THEN 'value is not a number' ELSE '' END"
    )
    source.table(
        file,
        "sorted_labs",
        f"SELECT l.subject_id, l.hadm_id, w.label, TRY_CAST(l.valuenum AS DOUBLE) AS value, {reason} AS reason FROM labevents l "
        "LEFT JOIN wanted_labs w USING (itemid) LEFT JOIN used_stays u ON l.hadm_id = u.hadm_id",
    )
    tally = dict(source.rows(file, "SELECT reason, count(*) FROM sorted_labs GROUP BY 1 ORDER BY 1"))
    taken = tally.pop("", 0)
    counts.append(TableCount("labevents", taken + sum(tally.values()), taken, tally))
    query = (
        "SELECT subject_id, hadm_id, label, median(value) FROM sorted_labs WHERE reason = '' "
        "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )
    return [
        (subject, hadm, _LABS[label], round(value, 2)) for subject, hadm, label, value in source.stream(file, query)
    ]
