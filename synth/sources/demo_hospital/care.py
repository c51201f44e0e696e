"""Procedures and measurements of an encounter of the demo hospital, consistent with its class and conditions."""

from __future__ import annotations

import random
from collections.abc import Sequence

from ghostchart.synth.sources.demo_hospital.person import Person
from ghostchart.synth.sources.demo_hospital.population import Population

# (class, condition that must be in the patient's flags or "", youngest, oldest, CPT/HCPCS, chance); adults only.
_ROUTINE = (
    ("office", "", 18, 120, "36415", 0.34),
    ("office", "", 18, 120, "80053", 0.16),
    ("office", "hyperlipidemia", 18, 120, "80061", 0.28),
    ("office", "type_2_diabetes", 18, 120, "83036", 0.52),
    ("office", "type_1_diabetes", 18, 120, "83036", 0.60),
    ("office", "prediabetes", 18, 120, "83036", 0.30),
    ("office", "", 18, 120, "85025", 0.12),
    ("office", "hypothyroidism", 18, 120, "84443", 0.40),
    ("office", "vitamin_d_deficiency", 18, 120, "82306", 0.25),
    ("office", "atrial_fibrillation", 18, 120, "93000", 0.30),
    ("office", "coronary_artery_disease", 18, 120, "93000", 0.20),
    ("office", "heart_failure", 18, 120, "93306", 0.12),
    ("office", "aortic_stenosis", 18, 120, "93306", 0.30),
    ("office", "copd", 18, 120, "94010", 0.12),
    ("office", "asthma", 18, 120, "94060", 0.10),
    ("office", "smoker_current", 18, 120, "99406", 0.14),
    ("office", "depression", 18, 120, "96127", 0.28),
    ("office", "b12_deficiency", 18, 120, "96372", 0.35),
    ("office", "osteoarthritis", 40, 120, "20610", 0.07),
    ("office", "chronic_low_back_pain", 30, 120, "64483", 0.04),
    ("office", "chronic_low_back_pain", 18, 120, "97110", 0.08),
    ("office", "type_2_diabetes", 18, 120, "92250", 0.06),
    ("office", "dementia", 60, 120, "99483", 0.08),
    ("office", "frail", 60, 120, "G0180", 0.10),
    ("office", "frail", 60, 120, "E0143", 0.07),
    ("office", "bed_bound", 60, 120, "E0260", 0.10),
    ("office", "", 18, 120, "90471", 0.05),
    ("wellness", "", 18, 120, "36415", 0.58),
    ("wellness", "", 18, 120, "80053", 0.45),
    ("wellness", "", 18, 120, "80061", 0.52),
    ("wellness", "", 18, 120, "85025", 0.30),
    ("wellness", "type_2_diabetes", 18, 120, "83036", 0.60),
    ("wellness", "prediabetes", 18, 120, "83036", 0.55),
    ("wellness", "hypothyroidism", 18, 120, "84443", 0.50),
    ("wellness", "vitamin_d_deficiency", 18, 120, "82306", 0.35),
    ("wellness", "", 18, 64, "96127", 0.25),
    ("wellness", "", 65, 120, "G0444", 0.40),
    ("wellness", "", 65, 120, "99497", 0.10),
    ("wellness", "smoker_current", 18, 120, "99406", 0.25),
    ("ed", "", 18, 120, "96374", 0.18),
    ("ed", "", 18, 120, "96360", 0.10),
    ("ed", "", 18, 120, "85025", 0.20),
    ("ed", "copd", 18, 120, "94640", 0.20),
    ("inpatient", "", 18, 120, "36415", 0.50),
    ("inpatient", "", 18, 120, "80053", 0.40),
    ("inpatient", "", 18, 120, "85025", 0.45),
    ("inpatient", "", 40, 120, "93010", 0.35),
    ("inpatient", "", 65, 120, "97161", 0.30),
    ("inpatient", "frail", 60, 120, "97110", 0.25),
    ("inpatient", "", 18, 120, "96365", 0.22),
)
_BY_CLASS = {
    name: tuple(row for row in _ROUTINE if row[0] == name) for name in ("office", "wellness", "ed", "inpatient")
}


def procedures(person: Person, where: str, key: str, codes: Sequence[str], rng: random.Random) -> list[str]:
    """CPT and HCPCS codes beyond those of the acute reason; no evaluation-and-management levels."""
    if key == "vaccination":
        return []
    found = [
        code
        for _, flag, youngest, oldest, code, chance in _BY_CLASS[where]
        if youngest <= person.age_years < oldest and (not flag or flag in person.flags) and rng.random() < chance
    ]
    if "Z23" in codes:
        old = person.age_years >= 65
        found += (
            ["G0008", "90662"] if old and rng.random() < 0.5 else ["90471", rng.choice(("90656", "90750", "90715"))]
        )
    if "Z12.31" in codes and rng.random() < 0.8:
        found.append("77067")
    if "Z12.5" in codes and rng.random() < 0.9:
        found.append("84153")
    if "Z12.11" in codes and where == "wellness" and rng.random() < 0.35:
        found.append("82274")
    if "96372" in found and "b12_deficiency" in person.flags:
        found.append("J3420")
    if "20610" in found and rng.random() < 0.5:
        found.append("J1030")
    if key == "prenatal":
        found = [code for code in ("36415", "81003", "59025", "76805") if rng.random() < 0.3]
    return found


def _vitals(population: Population, person: Person, key: str, rng: random.Random) -> dict[str, float]:
    i, flags = person.index, person.flags
    infected = key in ("sepsis", "pneumonia", "fever", "influenza", "covid", "appendicitis", "cellulitis")
    shocked = key in ("sepsis", "gi_bleed", "dehydration")
    breathless = key in ("pneumonia", "copd_exacerbation", "respiratory_failure", "heart_failure_exacerbation", "covid")
    systolic = population.systolic_mmhg[i] + rng.gauss(0, 9) - 16 * shocked + 12 * (key == "elevated_blood_pressure")
    systolic = max(82.0, min(208.0, systolic))
    saturation = 97.6 - 2.2 * ("copd" in flags) - 1.6 * ("chronic_respiratory_failure" in flags) - 4.5 * breathless
    pulse = population.heart_rate_bpm[i] + rng.gauss(0, 6) + 14 * infected + 12 * shocked + 18 * (key == "arrhythmia")
    weight = population.bmi_kg_m2[i] * (population.height_cm[i] / 100) ** 2 + rng.gauss(0, 1.2)
    return {
        "systolic_bp_mmhg": round(systolic),
        "diastolic_bp_mmhg": round(max(44.0, min(118.0, 0.42 * systolic + 24 + rng.gauss(0, 6)))),
        "heart_rate_bpm": round(max(42.0, min(165.0, pulse))),
        "temperature_c": round(max(35.4, min(40.6, 36.7 + rng.gauss(0, 0.25) + 1.5 * infected * rng.random())), 1),
        "spo2_percent": round(max(80.0, min(100.0, saturation + rng.gauss(0, 1.1)))),
        "weight_kg": round(weight, 1),
        "height_cm": round(float(population.height_cm[i]), 0),
        "bmi_kg_m2": round(weight / (population.height_cm[i] / 100) ** 2, 1),
    }


_EGFR_BY_STAGE = {
    "N18.2": (62, 85),
    "N18.30": (35, 57),
    "N18.31": (46, 58),
    "N18.32": (31, 44),
    "N18.4": (16, 29),
    "N18.5": (9, 14),
    "N18.6": (5, 11),
    "N18.9": (40, 65),
}


def _labs(person: Person, where: str, codes: Sequence[str], rng: random.Random) -> dict[str, float]:
    """Laboratory values that would be in the chart, each with its own chance of having been measured."""
    flags, present = person.flags, set(codes)
    values: dict[str, float] = {}
    often = {"office": 0.28, "wellness": 0.5, "ed": 0.5, "inpatient": 0.95}[where]
    diabetic = bool(flags & {"type_2_diabetes", "type_1_diabetes"})
    if rng.random() < (0.65 if diabetic else 0.12 if where != "ed" else 0.02):
        base = 7.1 if diabetic else 6.0 if "prediabetes" in flags else 5.4
        raised = 1.8 if present & {"E11.65", "E10.65"} else 0.0
        values["hba1c_percent"] = round(max(4.6, base + raised + rng.gauss(0, 0.7 if diabetic else 0.22)), 1)
    if rng.random() < often:
        stage = next((code for code in codes if code in _EGFR_BY_STAGE), "")
        low, high = _EGFR_BY_STAGE.get(
            stage, (max(55, 112 - 0.75 * person.age_years), max(75, 132 - 0.7 * person.age_years))
        )
        rate = rng.uniform(low, high) * (0.55 if "N17.9" in present else 1.0)
        values["egfr_ml_min"] = round(rate)
        values["creatinine_mg_dl"] = round(
            max(0.5, min(9.5, (1.05 if person.female else 1.25) * 75 / max(rate, 5) ** 1.0)), 2
        )
        values["sodium_mmol_l"] = round(139 + rng.gauss(0, 2.2) - 11 * ("E87.1" in present))
        potassium = 4.2 + rng.gauss(0, 0.33) - 1.1 * ("E87.6" in present) + 1.5 * ("E87.5" in present)
        values["potassium_mmol_l"] = round(max(2.5, min(6.9, potassium)), 1)
    if rng.random() < often:
        low_blood = 2.6 * bool(present & {"D50.9", "D63.1", "D64.9"}) + 3.6 * ("D62" in present)
        values["hemoglobin_g_dl"] = round((13.3 if person.female else 14.7) + rng.gauss(0, 0.9) - low_blood, 1)
    if rng.random() < often * 0.6:
        raised = 6.5 * bool(present & {"A41.9", "A41.51", "J18.9", "K35.80", "L03.115", "L03.116"})
        values["white_cells_k_ul"] = round(max(1.5, 7.2 + rng.gauss(0, 1.7) + raised * rng.random() * 1.6), 1)
    if "hyperlipidemia" in flags and rng.random() < often * 0.7:
        values["ldl_mg_dl"] = round(max(35.0, 112 + rng.gauss(0, 30)))
    return values


def measurements(
    population: Population, person: Person, where: str, key: str, codes: Sequence[str], rng: random.Random
) -> dict[str, float]:
    """Vitals and laboratory values, name with unit -> value."""
    values = _vitals(population, person, key, rng)
    if where in ("ed", "inpatient") and rng.random() < 0.45:
        for name in ("height_cm", "bmi_kg_m2"):
            del values[name]
    return values | _labs(person, where, codes, rng)
