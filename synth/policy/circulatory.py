"""Coronary disease, old infarction, stroke and its residuals (C06 to C09)."""

from __future__ import annotations

from ghostchart.synth.policy.worklist import Case, Worklist

_ANGINA = {"I20.0": "I25.110", "I20.1": "I25.111", "I20.2": "I25.112", "I20.81": "I25.118", "I20.89": "I25.118"}
_WITH_ANGINA = "I25.11"
_OLD_INFARCTION_AFTER_DAYS = 28
_HEMIPLEGIA_AFTER_STROKE = {
    "G81.90": "I69.359",
    "G81.91": "I69.351",
    "G81.92": "I69.352",
    "G81.93": "I69.353",
    "G81.94": "I69.354",
}
_SIDE_DEFAULTS = {
    ("G81.90", "right"): "G81.91",
    ("G81.90", "left"): "G81.94",
    ("I69.359", "right"): "I69.351",
    ("I69.359", "left"): "I69.354",
}


def join_coronary_disease_and_angina(case: Case, work: Worklist) -> Worklist:
    """Coronary disease of native vessels and angina are one code; the link is presumed (C06)."""
    coronary = work.get("I25.10")
    angina = next((item for item in work.find("I20.")), None)
    if angina is None:
        return work
    if coronary is None:
        held = next(iter(work.find(_WITH_ANGINA)), None)
        return work.drop(work.find("I20."), "C06", held) if held is not None else work
    if not case.linked(coronary, angina):
        return work
    joined = coronary.recoded(_ANGINA.get(angina.value, "I25.119"), "C06", "G10").backed_by(*work.find("I20."))
    work = work.drop(work.find(_WITH_ANGINA), "G11", joined)
    return work.swap(coronary, joined).drop(work.find("I20."), "C06", joined)


def age_infarction(case: Case, work: Worklist) -> Worklist:
    """An infarction more than four weeks old is an old one (C07); needs the documented ``onset_days``."""
    for item in work.find("I21."):
        fact = case.fact_of(item)
        days = fact.attributes.get("onset_days", "") if fact is not None else ""
        if days.isdigit() and int(days) > _OLD_INFARCTION_AFTER_DAYS:
            work = work.swap(item, item.recoded("I25.2", "C07"))
    return work


def settle_stroke(case: Case, work: Worklist) -> Worklist:
    """Hemiplegia side defaults (C09), and no acute stroke code at an office visit (C08)."""
    for item in work.find("G81.90", "I69.359"):
        fact = case.fact_of(item)
        side = fact.attributes.get("laterality", "") if fact is not None else ""
        value = _SIDE_DEFAULTS.get((item.value, side))
        if value is not None:
            work = work.swap(item, item.recoded(value, "C09"))
    if case.encounter.setting in {"inpatient", "ed"}:
        return work
    strokes = [*work.find("I63."), *([past] if (past := work.get("Z86.73")) is not None else [])]
    if not strokes:
        return work
    for item in work.find("G81.9"):
        late = item.recoded(_HEMIPLEGIA_AFTER_STROKE[item.value], "C08").backed_by(*strokes)
        work = work.swap(item, late)
    residuals = work.find("I69.")
    if residuals:
        return work.drop(strokes, "C08", residuals[0])
    for item in work.find("I63."):
        work = work.swap(item, item.recoded("Z86.73", "C08"))
    return work
