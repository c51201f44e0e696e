"""One small made-up encounter per note type, with its gold codes: for previews and for trial runs of templates.

Each holds every sort of fact that its note type can meet, so that a template which forgets a block is found out.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

from ghostchart.schemas.clinical import ClinicalFact, Encounter, GoldCode, NoteType, Setting, SyntheticPatient
from ghostchart.schemas.errors import TemplateError
from ghostchart.synth.library import load_library


def _condition(fact_id: str, code: str, **changes: object) -> ClinicalFact:
    """The library's fact for a code; ``changes`` say how sure, when and whose."""
    return replace(load_library().fact_for_code(code, fact_id), **changes)  # type: ignore[arg-type]


def _traps() -> tuple[ClinicalFact, ...]:
    """One labelled mention of every kind that any note may hold."""
    return (
        _condition("d1", "R50.9", certainty="negated", distractor="negated"),
        _condition("d2", "I82.401", certainty="ruled_out", distractor="ruled out"),
        _condition("d3", "J11.1", experiencer="other", distractor="other person"),
        _condition("d4", "R55", temporality="hypothetical", distractor="hypothetical"),
        _condition("d5", "J20.9", addressed=False, distractor="copied-forward problem list"),
        _condition("d6", "N20.0", temporality="resolved", distractor="history-of resolved"),
        ClinicalFact(
            "d7", "procedure", "cpt:45378", temporality="declined", distractor="planned or declined procedure"
        ),
        _condition("d8", "I21.9", experiencer="family", distractor="family history"),
        ClinicalFact(
            "d9", "medication", "drug:levothyroxine", {"purpose": ""}, distractor="medication without diagnosis"
        ),
        ClinicalFact("d10", "status", "lab:potassium_mmol_l", {"value": "5.9"}, distractor="lab without diagnosis"),
    )


_LISINOPRIL = ClinicalFact("m1", "medication", "drug:lisinopril", {"purpose": "hypertension"})
_METFORMIN = ClinicalFact("m2", "medication", "drug:metformin", {"purpose": "type_2_diabetes"})
_VITALS = {
    "systolic_bp_mmhg": 148.0,
    "diastolic_bp_mmhg": 86.0,
    "heart_rate_bpm": 78.0,
    "weight_kg": 82.4,
    "bmi_kg_m2": 29.2,
}
_LABS = {"hba1c_percent": 8.4, "potassium_mmol_l": 5.9}


def _gold(value: str, evidence: str, role: str = "secondary", poa: str = "") -> GoldCode:
    system = "icd10cm" if "." in value or value == "I10" else "hcpcs" if value[0].isalpha() else "cpt"
    return GoldCode(system, value, role, (evidence,), ("MAP",), poa=poa)  # type: ignore[arg-type]


def _encounter(
    note_type: NoteType, setting: Setting, days: int, age: int, facts: tuple[ClinicalFact, ...]
) -> Encounter:
    return Encounter(
        encounter_id="example-1",
        patient=SyntheticPatient("example", "F", date(2026 - age, 2, 3)),
        setting=setting,
        note_type=note_type,
        start=date(2026, 4, 6),
        end=date(2026, 4, 6 + days),
        age=age,
        facts=facts,
        vitals=_VITALS,
        labs=_LABS,
    )


# Note type -> setting, days, age, visit (concept, attributes, code) or None, services.
_FURTHER: dict[str, tuple[Setting, int, int, tuple[str, dict[str, str]] | None, tuple[str, ...]]] = {
    "preventive": ("office", 0, 44, ("visit.preventive", {"status": "established"}), ("83036",)),
    "telehealth": (
        "telehealth",
        0,
        52,
        ("visit.office", {"status": "established", "modality": "audio_video", "mdm": "moderate"}),
        (),
    ),
    "history_and_physical": ("inpatient", 3, 70, ("visit.hospital", {"stage": "initial", "mdm": "high"}), ("93010",)),
    "progress": ("inpatient", 4, 70, ("visit.hospital", {"stage": "subsequent", "minutes": "38"}), ("71045",)),
    "consult": ("office", 0, 61, ("visit.office", {"status": "new", "mdm": "moderate"}), ("93000",)),
    "operative": ("office", 0, 58, None, ("45385",)),
    "nursing_facility": (
        "nursing_facility",
        0,
        84,
        ("visit.nursing_facility", {"stage": "subsequent", "mdm": "moderate"}),
        (),
    ),
    "home_health": ("home", 0, 79, None, ("G0299",)),
    "behavioral": ("office", 0, 39, None, ("90834",)),
}


def _further(
    note_type: str, facts: tuple[ClinicalFact, ...], history: tuple[GoldCode, ...]
) -> tuple[Encounter, tuple[GoldCode, ...]]:
    setting, days, age, visit, services = _FURTHER[note_type]
    more: list[ClinicalFact] = []
    gold = [_gold("I10", "f1", "first_listed"), _gold("E11.65", "f2"), _gold("M17.11", "f3"), *history]
    if setting == "inpatient":
        gold = [code._replace(poa="Y") for code in gold]
    gold.append(_gold("Z79.84", "m2"))
    for number, value in enumerate(services, 1):
        system = "hcpcs" if value[0].isalpha() else "cpt"
        more.append(ClinicalFact(f"p{number}", "procedure", f"{system}:{value}"))
        gold.append(_gold(value, f"p{number}", "procedure"))
    if visit is not None:
        more.append(ClinicalFact("v1", "visit", visit[0], visit[1]))
        gold.append(_gold("99214", "v1", "procedure"))
    return _encounter(note_type, setting, days, age, (*facts, *more)), tuple(gold)  # type: ignore[arg-type]


@cache
def example(note_type: str) -> tuple[Encounter, tuple[GoldCode, ...]]:
    """The example encounter of a note type and its gold codes.

    Raises:
        TemplateError: no example for this note type.
    """
    history = (_gold("Z85.038", "f7"), _gold("Z80.3", "f8"))
    gold: tuple[GoldCode, ...]
    more: tuple[GoldCode, ...]
    past = (_condition("f7", "C18.9", temporality="history"), _condition("f8", "C50.919", experiencer="family"))
    traps = _traps()
    hypertension = _condition("f1", "I10", present_on_admission="Y")
    diabetes = _condition("f2", "E11.65", present_on_admission="Y")
    knee = _condition("f3", "M17.11")
    if note_type == "office_soap":
        visit = ClinicalFact("v1", "visit", "visit.office", {"status": "established", "minutes": "32"})
        test = ClinicalFact("p1", "procedure", "cpt:83036")
        facts = (hypertension, diabetes, knee, *past, _LISINOPRIL, _METFORMIN, *traps, test, visit)
        gold = (_gold("I10", "f1", "first_listed"), _gold("E11.65", "f2"), _gold("M17.11", "f3"), *history)
        more = (_gold("Z79.84", "m2"), _gold("99214", "v1", "procedure"), _gold("83036", "p1", "procedure"))
        return _encounter("office_soap", "office", 0, 58, facts), gold + more
    if note_type == "ed":
        visit = ClinicalFact("v1", "visit", "visit.ed", {"mdm": "moderate"})
        test = ClinicalFact("p1", "procedure", "cpt:93000")
        pain = _condition("f4", "R07.9")
        unsure = _condition("d11", "K21.9", certainty="uncertain", cause="f4", distractor="uncertain outpatient")
        weighed = _condition("d12", "I26.99", certainty="uncertain", cause="f4", distractor="differential list")
        facts = (pain, hypertension, *past, _LISINOPRIL, *traps, unsure, weighed, test, visit)
        gold = (_gold("R07.9", "f4", "first_listed"), _gold("I10", "f1"), *history)
        more = (_gold("99284", "v1", "procedure"), _gold("93000", "p1", "procedure"))
        return _encounter("ed", "ed", 0, 47, facts), gold + more
    if note_type == "discharge_summary":
        visit = ClinicalFact("v1", "visit", "visit.discharge", {"minutes": "38"})
        pneumonia = _condition("f5", "J18.9", present_on_admission="Y")
        ulcer = _condition("f6", "L89.152", present_on_admission="N")
        facts = (pneumonia, diabetes, hypertension, ulcer, *past, _LISINOPRIL, _METFORMIN, *traps, visit)
        gold = (_gold("J18.9", "f5", "first_listed", "Y"), _gold("E11.65", "f2", poa="Y"), _gold("I10", "f1", poa="Y"))
        more = (_gold("L89.152", "f6", poa="N"), *history, _gold("99239", "v1", "procedure"))
        return _encounter("discharge_summary", "inpatient", 5, 90, facts), gold + more
    if note_type == "awv":
        visit = ClinicalFact("v1", "visit", "visit.awv", {"kind": "subsequent"})
        extra = ClinicalFact("v2", "visit", "visit.office", {"status": "established", "mdm": "low"})
        facts = (hypertension, knee, *past, _LISINOPRIL, *traps, visit, extra)
        gold = (_gold("I10", "f1", "first_listed"), _gold("M17.11", "f3"), *history)
        more = (_gold("G0439", "v1", "procedure"), _gold("99213", "v2", "procedure"))
        return _encounter("awv", "office", 0, 71, facts), gold + more
    if note_type in _FURTHER:
        return _further(note_type, (hypertension, diabetes, knee, *past, _LISINOPRIL, _METFORMIN, *traps), history)
    raise TemplateError(f"there is no example encounter for note type {note_type!r}")
