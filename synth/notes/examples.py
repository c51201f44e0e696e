"""One small made-up encounter per note type, with its gold codes: for previews and for trial runs of templates.

Each holds every sort of fact that its note type can meet, so that a template which forgets a block is found out.
"""

from __future__ import annotations

from datetime import date
from functools import cache

from ghostchart.schemas.clinical import ClinicalFact, Encounter, GoldCode, NoteType, Setting, SyntheticPatient
from ghostchart.schemas.errors import TemplateError

_HTN = ClinicalFact("f1", "condition", "hypertension", present_on_admission="Y")
_DIABETES = ClinicalFact(
    "f2", "condition", "type_2_diabetes", {"complication": "hyperglycemia"}, present_on_admission="Y"
)
_KNEE = ClinicalFact(
    "f3", "condition", "osteoarthritis", {"joint": "knee", "laterality": "right"}, present_on_admission="Y"
)
_CHEST_PAIN = ClinicalFact("f4", "condition", "icd10cm:R07.9")
_PNEUMONIA = ClinicalFact("f5", "condition", "pneumonia", {"organism": "unspecified"}, present_on_admission="Y")
_ULCER = ClinicalFact("f6", "condition", "icd10cm:L89.152", present_on_admission="N")
_AFTER_CANCER = ClinicalFact("f7", "condition", "icd10cm:C18.9", temporality="history")
_MOTHER = ClinicalFact("f8", "condition", "icd10cm:C50.919", experiencer="family")
_DRUGS = (
    ClinicalFact("m1", "medication", "drug:lisinopril", {"purpose": "hypertension"}),
    ClinicalFact("m2", "medication", "drug:metformin", {"purpose": "type_2_diabetes"}),
)
_TRAPS = (
    ClinicalFact("d1", "condition", "icd10cm:R50.9", certainty="negated", distractor="negated"),
    ClinicalFact("d2", "condition", "icd10cm:I82.401", certainty="ruled_out", distractor="ruled out"),
    ClinicalFact("d3", "condition", "icd10cm:J10.1", experiencer="other", distractor="other person"),
    ClinicalFact("d4", "condition", "icd10cm:R55", temporality="hypothetical", distractor="hypothetical"),
    ClinicalFact("d5", "condition", "icd10cm:J18.9", addressed=False, distractor="copied-forward problem list"),
    ClinicalFact("d6", "condition", "icd10cm:N20.0", temporality="resolved", distractor="history-of resolved"),
    ClinicalFact("d7", "procedure", "cpt:45378", temporality="declined", distractor="planned or declined procedure"),
    ClinicalFact("d8", "condition", "icd10cm:I21.9", experiencer="family", distractor="family history"),
    ClinicalFact("d9", "medication", "drug:levothyroxine", {"purpose": ""}, distractor="medication without diagnosis"),
    ClinicalFact("d10", "status", "lab:potassium_mmol_l", {"value": "5.9"}, distractor="lab without diagnosis"),
)
_UNCERTAIN = ClinicalFact(
    "d11", "condition", "icd10cm:K21.9", certainty="uncertain", cause="f4", distractor="uncertain outpatient"
)
_DIFFERENTIAL = ClinicalFact(
    "d12", "condition", "icd10cm:I26.99", certainty="uncertain", cause="f4", distractor="differential list"
)
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


@cache
def example(note_type: str) -> tuple[Encounter, tuple[GoldCode, ...]]:
    """The example encounter of a note type and its gold codes.

    Raises:
        TemplateError: no example for this note type.
    """
    history = (_gold("Z85.038", "f7"), _gold("Z80.3", "f8"))
    past = (_AFTER_CANCER, _MOTHER)
    if note_type == "office_soap":
        visit = ClinicalFact("v1", "visit", "visit.office", {"status": "established", "minutes": "32"})
        test = ClinicalFact("p1", "procedure", "cpt:83036")
        facts = (_HTN, _DIABETES, _KNEE, *past, *_DRUGS, *_TRAPS, test, visit)
        gold = (_gold("I10", "f1", "first_listed"), _gold("E11.65", "f2"), _gold("M17.11", "f3"), *history)
        more = (_gold("Z79.84", "m2"), _gold("99214", "v1", "procedure"), _gold("83036", "p1", "procedure"))
        return _encounter("office_soap", "office", 0, 58, facts), gold + more
    if note_type == "ed":
        visit = ClinicalFact("v1", "visit", "visit.ed", {"mdm": "moderate"})
        test = ClinicalFact("p1", "procedure", "cpt:93000")
        facts = (_CHEST_PAIN, _HTN, *past, *_DRUGS[:1], *_TRAPS, _UNCERTAIN, _DIFFERENTIAL, test, visit)
        gold = (_gold("R07.9", "f4", "first_listed"), _gold("I10", "f1"), *history)
        more = (_gold("99284", "v1", "procedure"), _gold("93000", "p1", "procedure"))
        return _encounter("ed", "ed", 0, 47, facts), gold + more
    if note_type == "discharge_summary":
        visit = ClinicalFact("v1", "visit", "visit.discharge", {"minutes": "38"})
        facts = (_PNEUMONIA, _DIABETES, _HTN, _ULCER, *past, *_DRUGS, *_TRAPS, visit)
        gold = (_gold("J18.9", "f5", "first_listed", "Y"), _gold("E11.65", "f2", poa="Y"), _gold("I10", "f1", poa="Y"))
        more = (_gold("L89.152", "f6", poa="N"), *history, _gold("99239", "v1", "procedure"))
        return _encounter("discharge_summary", "inpatient", 5, 90, facts), gold + more
    if note_type == "awv":
        visit = ClinicalFact("v1", "visit", "visit.awv", {"kind": "subsequent"})
        extra = ClinicalFact("v2", "visit", "visit.office", {"status": "established", "mdm": "low"})
        facts = (_HTN, _KNEE, *past, *_DRUGS[:1], *_TRAPS, visit, extra)
        gold = (_gold("I10", "f1", "first_listed"), _gold("M17.11", "f3"), *history)
        more = (_gold("G0439", "v1", "procedure"), _gold("99213", "v2", "procedure"))
        return _encounter("awv", "office", 0, 71, facts), gold + more
    raise TemplateError(f"there is no example encounter for note type {note_type!r}")
