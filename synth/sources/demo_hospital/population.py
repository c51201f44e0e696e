"""Who the patients of the demo hospital are: age, sex, chronic conditions, frailty, temperament of their vitals.

Vectorised over patients. Prevalences come from :mod:`.catalogue`; comorbidity comes from log-odds raised by earlier
conditions, so that diabetes brings kidney disease, hypertension and coronary disease bring heart failure, smoking
brings COPD and lung cancer, and age, dementia and heart failure bring frailty.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from ghostchart.synth.sources.demo_hospital.catalogue import AGE_KNOTS_YEARS, Chronic, chronic_conditions

WINDOW_START, WINDOW_END = date(2024, 3, 1), date(2026, 2, 28)
WINDOW_DAYS = (WINDOW_END - WINDOW_START).days

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Population:
    """Patients as columns of equal length.

    Attributes:
        age_years: age at the start of the window, with fraction, 18 to 104.
        female: sex.
        has: chronic condition or pseudo condition (frail, bed_bound, female, pregnancy) -> flags.
        code: chronic condition -> the ICD-10-CM code that a patient with it carries ("" without one).
        onset_days: chronic condition -> days from the start of the window; at most 0 when it began earlier.
        bmi_kg_m2, height_cm, systolic_mmhg, heart_rate_bpm: a patient's own usual values.
        conceived_days: days from the start of the window for pregnant women, NaN otherwise.
    """

    age_years: Floats
    female: Flags
    has: dict[str, Flags]
    code: dict[str, NDArray[np.str_]]
    onset_days: dict[str, Floats]
    bmi_kg_m2: Floats
    height_cm: Floats
    systolic_mmhg: Floats
    heart_rate_bpm: Floats
    conceived_days: Floats

    def __len__(self) -> int:
        return len(self.age_years)


def _log_odds(p: Floats) -> Floats:
    return np.log(p / (1 - p))


def _chance(log_odds: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-log_odds))


def _draw_ages(rng: np.random.Generator, n: int) -> Floats:
    """Adults only: half of them spread over 18-65, half around 68, a few past 100."""
    young = rng.uniform(18, 65, n)
    old = rng.normal(69, 12, n)
    ages = np.where(rng.random(n) < 0.46, young, old)
    outside = (ages < 18) | (ages > 104)
    ages[outside] = rng.uniform(18, 90, int(outside.sum()))
    return ages


def _pick_codes(rng: np.random.Generator, condition: Chronic, n: int) -> NDArray[np.str_]:
    if not condition.codes:
        return np.full(n, "", dtype="U8")
    weights = np.array([item.weight for item in condition.codes])
    values = np.array([item.value for item in condition.codes], dtype="U8")
    return values[rng.choice(len(values), n, p=weights / weights.sum())]


def _frailty(rng: np.random.Generator, age: Floats, has: dict[str, Flags]) -> dict[str, Flags]:
    """Frail: about one in twelve patients, a quarter of those past 75; bed-bound: one frail patient in seven."""
    score = (age - 82) / 8 + rng.normal(0, 0.9, len(age))
    for key, weight in (
        ("dementia", 0.9),
        ("heart_failure", 0.5),
        ("copd", 0.4),
        ("stroke_with_deficit", 0.9),
        ("parkinson", 0.9),
        ("metastasis", 1.2),
        ("chronic_respiratory_failure", 0.8),
        ("motor_neuron_disease", 2.0),
        ("cirrhosis", 0.4),
    ):
        score = score + weight * has[key]
    frail = (score > 0.35) & (age > 55)
    return {"frail": frail, "bed_bound": frail & (rng.random(len(age)) < 0.07 + 0.12 * has["dementia"])}


def draw_population(rng: np.random.Generator, n: int) -> Population:
    """Draw ``n`` patients."""
    age = _draw_ages(rng, n)
    female = rng.random(n) < 0.54
    has: dict[str, Flags] = {}
    code: dict[str, NDArray[np.str_]] = {}
    onset: dict[str, Floats] = {}
    for condition in chronic_conditions():
        log_odds = np.interp(age, AGE_KNOTS_YEARS, _log_odds(np.array(condition.prevalence)))
        for key, raise_ in condition.raises.items():
            log_odds = log_odds + raise_ * has[key]
        flags = rng.random(n) < _chance(log_odds)
        if condition.sex != "any":
            flags &= female == (condition.sex == "F")
        has[condition.key] = flags
        code[condition.key] = _pick_codes(rng, condition, n)
        began_in_window = rng.random(n) < 0.12
        onset[condition.key] = np.where(began_in_window, rng.uniform(0, WINDOW_DAYS, n), -1.0)
    severe_kidney = np.isin(code["chronic_kidney_disease"], ["N18.32", "N18.4", "N18.5", "N18.6"])
    has["anemia_kidney"] &= severe_kidney & has["chronic_kidney_disease"]
    has["anemia_iron"] &= ~has["anemia_kidney"]
    primaries = ("breast_cancer", "prostate_cancer", "colon_cancer", "lung_cancer", "pancreatic_cancer")
    has["metastasis"] &= np.logical_or.reduce([has[key] for key in primaries])
    has |= _frailty(rng, age, has)
    has["female"] = female
    has["pregnancy"] = female & (age < 43) & (rng.random(n) < 0.10)
    bmi = rng.normal(25.2, 2.6, n).clip(18.6, 29.8)
    obese_from = {"E66.811": (30, 34.9), "E66.812": (35, 39.9), "E66.813": (40, 48), "E66.01": (40, 50)}
    for value in ("E66.811", "E66.812", "E66.813", "E66.01", "E66.9"):
        low, high = obese_from.get(value, (30, 38))
        these = has["obesity"] & (code["obesity"] == value)
        bmi[these] = rng.uniform(low, high, int(these.sum()))
    bmi[has["frail"] & ~has["obesity"]] -= 3.0
    return Population(
        age_years=age,
        female=female,
        has=has,
        code=code,
        onset_days=onset,
        bmi_kg_m2=bmi,
        height_cm=np.where(female, rng.normal(162, 6.5, n), rng.normal(176, 7, n)),
        systolic_mmhg=rng.normal(119, 9, n) + 14 * has["hypertension"] + 0.08 * (age - 50),
        heart_rate_bpm=rng.normal(75, 8, n),
        conceived_days=np.where(has["pregnancy"], rng.uniform(-200, WINDOW_DAYS - 60, n), np.nan),
    )
