"""Vitals and laboratory values: recorded ones rounded, usual ones where none were recorded, body mass that fits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from ghostchart.schemas.clinical import Sex
from ghostchart.synth.encounters.draws import Draws

BMI = "bmi_kg_m2"
# Decimals and the range that a living adult or child can have; values outside are pulled to its edge.
_VITALS: dict[str, tuple[int, float, float]] = {
    "systolic_bp_mmhg": (0, 60, 240),
    "diastolic_bp_mmhg": (0, 30, 140),
    "heart_rate_bpm": (0, 35, 200),
    "respiratory_rate_bpm": (0, 8, 45),
    "temperature_c": (1, 34.0, 42.0),
    "spo2_percent": (0, 70, 100),
    "weight_kg": (1, 2.0, 320.0),
    "height_cm": (0, 45, 215),
    BMI: (1, 10.0, 80.0),
}
_LAB_DECIMALS = {"creatinine_mg_dl": 2, "inr": 1, "troponin_ng_ml": 2, "lactate_mmol_l": 1}
_WHOLE_FROM = 20
_DEFAULTS: dict[str, tuple[float, float]] = {
    "systolic_bp_mmhg": (112, 132),
    "diastolic_bp_mmhg": (66, 82),
    "heart_rate_bpm": (62, 88),
    "temperature_c": (36.4, 37.1),
    "spo2_percent": (96, 100),
}
# Weight diagnosis -> range of body mass index it is made at (kg/m2).
_BMI_RANGES: tuple[tuple[str, float, float], ...] = (
    ("E66.811", 30.0, 34.9),
    ("E66.812", 35.0, 39.9),
    ("E66.813", 40.0, 54.0),
    ("E66.01", 40.0, 54.0),
    ("E66.2", 40.0, 54.0),
    ("E66.3", 25.0, 29.9),
    ("E66", 30.0, 44.0),
    ("E40", 13.5, 18.4),
    ("E41", 13.5, 18.4),
    ("E43", 13.5, 18.4),
    ("E44", 15.0, 19.4),
    ("E46", 14.5, 19.4),
    ("R63.6", 14.5, 18.4),
    ("R64", 13.5, 18.4),
)
_CKD_EGFR: tuple[tuple[str, float, float], ...] = (
    ("N18.1", 90, 110),
    ("N18.2", 60, 89),
    ("N18.31", 45, 59),
    ("N18.32", 30, 44),
    ("N18.30", 30, 59),
    ("N18.4", 15, 29),
    ("N18.5", 8, 14),
    ("N18.6", 4, 14),
)
_EGFR, _CREATININE = "egfr_ml_min", "creatinine_mg_dl"
_ADULT_YEARS = 18
# CKD-EPI 2021 (Inker and others, N Engl J Med 2021;385:1737): by sex kappa (mg/dL), alpha, factor.
_CKD_EPI = {"F": (0.7, -0.241, 1.012), "M": (0.9, -0.302, 1.0)}
_CREATININE_TOLERANCE = 0.05


def split_observations(observed: Mapping[str, float]) -> tuple[dict[str, float], dict[str, float]]:
    """(vitals, labs) rounded as charts show them; values that are not numbers are left out."""
    vitals: dict[str, float] = {}
    labs: dict[str, float] = {}
    for name, value in observed.items():
        if not math.isfinite(value):
            continue
        if name in _VITALS:
            decimals, low, high = _VITALS[name]
            vitals[name] = round(min(max(value, low), high), decimals)
        else:
            usual = 0 if abs(value) >= _WHOLE_FROM else 1
            labs[name] = round(value, _LAB_DECIMALS.get(name, usual))
    return vitals, labs


def complete_vitals(vitals: dict[str, float], codes: Iterable[str], bmi_row: str, draws: Draws) -> None:
    """Usual values where none were recorded, and a body mass index that fits what is diagnosed.

    Args:
        vitals: changed in place.
        codes: direct codes of the asserted conditions.
        bmi_row: Z68 code among the rows, "" if none.
        draws: randomness of the encounter.
    """
    for name, (low, high) in _DEFAULTS.items():
        if name not in vitals:
            vitals[name] = round(draws.between(low, high), _VITALS[name][0])
    if vitals["diastolic_bp_mmhg"] > vitals["systolic_bp_mmhg"] - 15:
        vitals["diastolic_bp_mmhg"] = max(30, vitals["systolic_bp_mmhg"] - 15 - draws.whole(5, 25))
    bounds = _bmi_bounds(codes, bmi_row)
    if bounds is not None and not (BMI in vitals and bounds[0] <= vitals[BMI] <= bounds[1]):
        vitals[BMI] = round(draws.between(*bounds), 1)
    if BMI in vitals and "height_cm" in vitals and "weight_kg" in vitals:
        vitals["weight_kg"] = round(vitals[BMI] * (vitals["height_cm"] / 100) ** 2, 1)


def _bmi_bounds(codes: Iterable[str], bmi_row: str) -> tuple[float, float] | None:
    held = list(codes)
    for prefix, low, high in _BMI_RANGES:
        if any(code.startswith(prefix) for code in held):
            return low, high
    if bmi_row == "Z68.1":
        return 16.0, 19.9
    tail = bmi_row[4:]
    if tail.isdigit() and 20 <= int(tail) < 40:
        return float(tail), int(tail) + 0.9
    return {"41": (40.0, 44.9), "42": (45.0, 49.9), "43": (50.0, 59.9), "44": (60.0, 69.9), "45": (70.0, 75.0)}.get(
        tail
    )


def fit_labs(labs: dict[str, float], codes: Iterable[str], age: int, sex: Sex, draws: Draws) -> None:
    """Kidney function that fits the stated stage, and a creatinine that gives that kidney function; changed in place.

    Args:
        labs: name with unit -> value.
        codes: direct codes of the asserted conditions.
        age: completed years; the equation is for adults, children keep their values.
        sex: of the patient.
        draws: randomness of the encounter.
    """
    if _EGFR not in labs and _CREATININE not in labs:
        return
    bounds = next(((low, high) for code in codes for stage, low, high in _CKD_EGFR if code == stage), None)
    if _EGFR in labs:
        filtration = labs[_EGFR]
    elif age >= _ADULT_YEARS:
        filtration = egfr_of(labs[_CREATININE], age, sex)
    else:
        return
    if bounds is not None and not bounds[0] <= filtration <= bounds[1]:
        filtration = round(draws.between(*bounds))
        if _EGFR in labs:
            labs[_EGFR] = filtration
    elif _EGFR not in labs:
        return
    if _CREATININE in labs and age >= _ADULT_YEARS:
        wanted = creatinine_of(filtration, age, sex)
        if abs(labs[_CREATININE] - wanted) > _CREATININE_TOLERANCE * wanted:
            labs[_CREATININE] = round(wanted, 2)


def egfr_of(creatinine: float, age: int, sex: Sex) -> float:
    """Estimated glomerular filtration (mL/min/1.73 m2) of an adult's serum creatinine (mg/dL), CKD-EPI 2021."""
    kappa, alpha, factor = _CKD_EPI[sex]
    ratio = creatinine / kappa
    return 142 * factor * 0.9938**age * min(ratio, 1) ** alpha * max(ratio, 1) ** -1.2


def creatinine_of(egfr: float, age: int, sex: Sex) -> float:
    """The serum creatinine (mg/dL) at which :func:`egfr_of` gives this filtration."""
    kappa, alpha, factor = _CKD_EPI[sex]
    at_kappa = 142 * factor * 0.9938**age
    exponent = -1.2 if egfr <= at_kappa else alpha
    return float(kappa * (egfr / at_kappa) ** (1 / exponent))
