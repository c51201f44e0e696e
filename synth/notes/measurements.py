"""Vital signs and laboratory values as note text, each with its mark."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from ghostchart.synth.notes.marks import Marks, require_value
from ghostchart.synth.notes.phrases import Voice


class Reading(NamedTuple):
    """How one measurement is written: words for each voice, decimals, unit behind the number."""

    prose: str
    terse: str
    decimals: int
    unit: str


_READINGS: Mapping[str, Reading] = {
    "heart_rate_bpm": Reading("heart rate", "HR", 0, ""),
    "pulse_bpm": Reading("pulse", "P", 0, ""),
    "respiratory_rate_bpm": Reading("respirations", "RR", 0, ""),
    "respiratory_rate_per_min": Reading("respirations", "RR", 0, ""),
    "temperature_f": Reading("temperature", "T", 1, " F"),
    "temperature_c": Reading("temperature", "T", 1, " C"),
    "oxygen_saturation_percent": Reading("oxygen saturation", "SpO2", 0, "%"),
    "spo2_percent": Reading("oxygen saturation", "SpO2", 0, "%"),
    "weight_kg": Reading("weight", "Wt", 1, " kg"),
    "height_cm": Reading("height", "Ht", 0, " cm"),
    "bmi_kg_m2": Reading("BMI", "BMI", 1, ""),
    "hba1c_percent": Reading("hemoglobin A1c", "A1c", 1, "%"),
    "a1c_percent": Reading("hemoglobin A1c", "A1c", 1, "%"),
    "creatinine_mg_dl": Reading("creatinine", "Cr", 2, " mg/dL"),
    "egfr_ml_min": Reading("eGFR", "eGFR", 0, ""),
    "egfr_ml_min_1_73m2": Reading("eGFR", "eGFR", 0, ""),
    "ldl_mg_dl": Reading("LDL cholesterol", "LDL", 0, " mg/dL"),
    "hdl_mg_dl": Reading("HDL cholesterol", "HDL", 0, " mg/dL"),
    "total_cholesterol_mg_dl": Reading("total cholesterol", "TC", 0, " mg/dL"),
    "glucose_mg_dl": Reading("glucose", "Glu", 0, " mg/dL"),
    "sodium_mmol_l": Reading("sodium", "Na", 0, ""),
    "potassium_mmol_l": Reading("potassium", "K", 1, ""),
    "hemoglobin_g_dl": Reading("hemoglobin", "Hgb", 1, " g/dL"),
    "white_cells_10_9_l": Reading("white count", "WBC", 1, ""),
    "wbc_k_ul": Reading("white count", "WBC", 1, ""),
    "white_cells_k_ul": Reading("white count", "WBC", 1, ""),
    "platelets_k_ul": Reading("platelets", "Plt", 0, ""),
    "tsh_miu_l": Reading("TSH", "TSH", 2, ""),
    "tsh_mu_l": Reading("TSH", "TSH", 2, ""),
    "lvef_percent": Reading("LVEF", "EF", 0, "%"),
    "bnp_pg_ml": Reading("BNP", "BNP", 0, " pg/mL"),
    "inr": Reading("INR", "INR", 1, ""),
}
_SYSTOLIC, _DIASTOLIC = "systolic_bp_mmhg", "diastolic_bp_mmhg"
_UNIT_SUFFIXES = (
    ("_mg_dl", " mg/dL"), ("_g_dl", " g/dL"), ("_mmol_l", " mmol/L"), ("_percent", "%"), ("_pg_ml", " pg/mL"),
    ("_ng_ml", " ng/mL"), ("_u_l", " U/L"), ("_bpm", "/min"), ("_kg", " kg"), ("_cm", " cm"), ("_mmhg", " mmHg"),
)  # fmt: skip


def reading_of(name: str) -> Reading:
    """How a measurement is written; names not listed are read from their own words and unit."""
    known = _READINGS.get(name)
    if known is not None:
        return known
    for suffix, unit in _UNIT_SUFFIXES:
        if name.endswith(suffix):
            words = name.removesuffix(suffix).replace("_", " ")
            return Reading(words, words, 1, unit)
    words = name.replace("_", " ")
    return Reading(words, words, 1, "")


@cache
def _format_of(name: str, voice: Voice) -> str:
    """ "heart rate {:.0f}" and the like, with the unit behind the number."""
    reading = reading_of(name)
    label = require_value(reading.terse if voice == "terse" else reading.prose, where=name)
    label = label.replace("{", "{{").replace("}", "}}")
    return f"{label} {{:.{reading.decimals}f}}{reading.unit}"


def write_readings(values: Mapping[str, float], kind: str, marks: Marks, voice: Voice) -> list[str]:
    """One marked piece of text per measurement ("BMI 31.4"), blood pressure as one; ``kind`` is "vital" or "lab".

    The mark covers name and number: a number alone supports nothing.
    """
    written = []
    for name, value in values.items():
        if name == _DIASTOLIC and _SYSTOLIC in values:
            continue
        if name == _SYSTOLIC and _DIASTOLIC in values:
            label = "BP" if voice == "terse" else "blood pressure"
            pressure = f"{label} {value:.0f}/" + marks.leaf(f"{values[_DIASTOLIC]:.0f}", f"{kind}:{_DIASTOLIC}")
            written.append(marks.around(pressure, f"{kind}:{name}"))
            continue
        written.append(marks.around(_format_of(name, voice).format(value), f"{kind}:{name}"))
    return written
