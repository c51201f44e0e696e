"""Long-term drugs and body mass index: codes that live on another fact (E02, E08, Z06)."""

from __future__ import annotations

from ghostchart.schemas.code_set.companions import WEIGHT_DIAGNOSES
from ghostchart.synth.policy.worklist import Candidate, Case, Worklist

_INSULIN, _ORAL, _INJECTABLE = "Z79.4", "Z79.84", "Z79.85"
_DIABETES_WITH_DRUG_CODES = ("E08.", "E09.", "E11.", "E13.")
# Oral drugs are also given before diabetes and in polycystic ovaries.
_OTHER_REASONS_FOR_ORAL = ("R73.03", "E28.2", "O24.4")
# A short course is usual for these classes: the note has to say that use is long term.
NEED_STATED_DURATION = {"Z79.1", "Z79.2", "Z79.52", "Z79.891"}
_ADULT_FOR_BMI_YEARS = 20
BMI = "bmi_kg_m2"


def add_long_term_drugs(case: Case, work: Worklist) -> Worklist:
    """Z79 codes of drugs the patient takes, diabetes drugs only beside their diabetes (E02)."""
    drugs = case.look.library.drugs
    for rank, fact in enumerate(case.encounter.facts):
        if fact.kind != "medication" or not fact.is_asserted or not fact.addressed:
            continue
        drug = drugs.get(fact.concept.removeprefix("drug:"))
        if (
            drug is None
            or not drug.long_term_code
            or not _is_long_term(fact.attributes.get("duration", ""), drug.long_term_code)
        ):
            continue
        value = drug.long_term_code
        rule = "E02" if value in {_INSULIN, _ORAL, _INJECTABLE} else "Z06"
        if case.look.is_billable(value) and (rule == "Z06" or _has_reason(work, value)):
            work = work.add(Candidate(value, (fact.fact_id,), (rule,), rank))
    return work


def _is_long_term(duration: str, value: str) -> bool:
    return duration == "long_term" if value in NEED_STATED_DURATION else duration not in {"short_term", "temporary"}


def _has_reason(work: Worklist, value: str) -> bool:
    if work.has(*_DIABETES_WITH_DRUG_CODES):
        return True
    return work.has("O24.4") if value == _INSULIN else value == _ORAL and work.has(*_OTHER_REASONS_FOR_ORAL)


def bmi_code(bmi: float) -> str:
    """Z68 code of an adult's body mass index in kg/m2."""
    if bmi < 20:
        return "Z68.1"
    if bmi < 40:
        return f"Z68.{int(bmi)}"
    for limit, value in ((45, "Z68.41"), (50, "Z68.42"), (60, "Z68.43"), (70, "Z68.44")):
        if bmi < limit:
            return value
    return "Z68.45"


def add_body_mass_index(case: Case, work: Worklist) -> Worklist:
    """Z68 from the measured value where the provider gives a weight diagnosis; adults, not in pregnancy (E08)."""
    held = work.find("Z68.")
    work = work.drop(held, "E08")
    diagnoses = work.find(*WEIGHT_DIAGNOSES)
    bmi = case.encounter.vitals.get(BMI)
    if not diagnoses or bmi is None or case.encounter.age < _ADULT_FOR_BMI_YEARS or work.has("O"):
        return work
    first = diagnoses[0]
    return work.add(Candidate(bmi_code(bmi), (f"vital:{BMI}", *first.evidence), ("E08",), first.rank))
