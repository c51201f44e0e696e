"""What is true of one synthetic encounter before any text exists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Literal, NamedTuple

Sex = Literal["F", "M"]
Setting = Literal["office", "ed", "inpatient", "home", "nursing_facility", "telehealth"]
NoteType = Literal[
    "office_soap",
    "ed",
    "discharge_summary",
    "awv",
    "history_and_physical",
    "progress",
    "consult",
    "operative",
    "telehealth",
    "home_health",
    "nursing_facility",
    "preventive",
    "behavioral",
]
FactKind = Literal["condition", "procedure", "visit", "medication", "status"]
Certainty = Literal["confirmed", "uncertain", "ruled_out", "negated"]
Temporality = Literal["current", "history", "resolved", "hypothetical", "declined"]
Experiencer = Literal["patient", "family", "other"]

_NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ClinicalFact:
    """One thing that is true of (or only said in) an encounter.

    Attributes:
        fact_id: unique within the encounter; the note renderer marks every mention with it.
        concept: key in the condition or procedure library ("type_2_diabetes"), or "icd10cm:K57.30" / "cpt:93000"
            for the general path.
        attributes: library-defined, e.g. type, stage, laterality, acuity, encounter (A/D/S), site, size_cm, count,
            minutes, mdm, status.
        certainty, temporality, experiencer: anything but confirmed/current/patient is a distractor to a coder unless
            the policy says otherwise (history codes, uncertain inpatient diagnoses, family history).
        cause: fact_id of the fact that causes this one, where the note says so.
        addressed: evaluated, treated or affecting management in this encounter (outpatient: guideline IV.J).
        present_on_admission: Y, N, U, W, or "" where POA does not apply.
        distractor: kind from the distractor list ("negated", "family history", ...), "" for a fact to be coded.
    """

    fact_id: str
    kind: FactKind
    concept: str
    attributes: Mapping[str, str] = field(default_factory=lambda: _NO_ATTRIBUTES)
    certainty: Certainty = "confirmed"
    temporality: Temporality = "current"
    experiencer: Experiencer = "patient"
    cause: str | None = None
    addressed: bool = True
    present_on_admission: str = ""
    distractor: str = ""

    @property
    def is_asserted(self) -> bool:
        """Confirmed, current and the patient's own."""
        return self.certainty == "confirmed" and self.temporality == "current" and self.experiencer == "patient"


@dataclass(frozen=True, slots=True)
class SyntheticPatient:
    """A synthetic person without any identifier; age is years completed on the encounter date, top-coded at 90."""

    patient_id: str
    sex: Sex
    birth_date: date


@dataclass(frozen=True, slots=True)
class Encounter:
    """One synthetic encounter: everything a note may say that matters to coding.

    Attributes:
        vitals: name with unit -> value, e.g. "systolic_bp_mmhg", "bmi_kg_m2"; mention mark "vital:<name>".
        labs: name with unit -> value, e.g. "hba1c_percent"; mention mark "lab:<name>".
        facts: ordered; the first condition is the reason for the encounter.
    """

    encounter_id: str
    patient: SyntheticPatient
    setting: Setting
    note_type: NoteType
    start: date
    end: date
    age: int
    facts: tuple[ClinicalFact, ...]
    vitals: Mapping[str, float] = field(default_factory=dict)
    labs: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_outpatient(self) -> bool:
        """Whether the outpatient part (section IV) of the guidelines applies."""
        return self.setting != "inpatient"

    @property
    def is_new_patient(self) -> bool:
        """Whether a visit says that the practice has not seen this patient before."""
        return any(fact.kind == "visit" and fact.attributes.get("status") == "new" for fact in self.facts)

    def conditions(self) -> tuple[ClinicalFact, ...]:
        """Condition facts in order, distractors included."""
        return tuple(fact for fact in self.facts if fact.kind == "condition")


class GoldCode(NamedTuple):
    """One code the policy gives to an encounter.

    Attributes:
        role: "first_listed" (principal for inpatients), "secondary", or "procedure".
        evidence: mention marks that support the code, strongest first: fact ids, "vital:<name>", "lab:<name>".
        rules: ids of the policy rules that gave, kept or ordered it, never empty.
        modifiers: CPT/HCPCS modifiers, e.g. ("25",).
        poa: Y, N, U, W, 1 (exempt) for inpatient diagnoses, "" otherwise.
    """

    system: Literal["icd10cm", "cpt", "hcpcs"]
    value: str
    role: Literal["first_listed", "secondary", "procedure"]
    evidence: tuple[str, ...]
    rules: tuple[str, ...]
    modifiers: tuple[str, ...] = ()
    poa: str = ""
