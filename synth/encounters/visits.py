"""Visit facts: decision making or time, as a clinician would document for these problems."""

from __future__ import annotations

from types import MappingProxyType

from ghostchart.schemas.clinical import ClinicalFact, NoteType
from ghostchart.synth.encounters.draws import Draws
from ghostchart.synth.encounters.rows import EncounterRows
from ghostchart.synth.policy.encounter_reason import is_new_problem
from ghostchart.synth.policy.evaluation_management import MDM_LEVELS, OFFICE_MINUTES
from ghostchart.synth.policy.lookups import Lookups
from ghostchart.synth.policy.payer import has_medicare

_MDM_STATED_SHARE = 0.6
_MINUTES_ABOVE_TOP = 14
# Reports and nurses' visits carry their services; psychotherapy is a service as well.
_WITHOUT_VISIT = ("operative", "home_health", "behavioral")
_AUDIO_ONLY_SHARE = 0.25
# Least minutes of the three levels of hospital care, then an upper end for the highest (coding brief, section 2).
_HOSPITAL_MINUTES = {"initial": (40, 55, 75, 95), "subsequent": (25, 35, 50, 70)}
_SEPARATE_PROBLEM_SHARE = 0.6
_MINOR = ("J00", "J06.", "L82.", "L91.8", "B07.", "H61.2", "R09.8", "L20", "L23", "L25", "Z", "R05.")
# Complaints an emergency department works up before it lets go.
_WORKED_UP = ("R07", "R06", "R55", "R41", "R10", "R51", "R42", "R53", "S06", "S72", "S32")


def is_wellness(rows: EncounterRows) -> bool:
    """Whether the encounter is a routine examination."""
    return rows.encounter_class == "wellness" or (
        rows.encounter_class == "office" and any(code.startswith("Z00.") for code in rows.codes)
    )


def is_awv(rows: EncounterRows) -> bool:
    """Whether the routine examination is a Medicare wellness visit."""
    return rows.encounter_class == "wellness" and has_medicare(rows.age)


def visit_facts(  # noqa: PLR0911  (one per kind of visit)
    rows: EncounterRows,
    note_type: NoteType,
    conditions: list[ClinicalFact],
    medications: list[ClinicalFact],
    look: Lookups,
    draws: Draws,
) -> list[ClinicalFact]:
    """The visit that the note documents: none for procedures and nurses' visits, two for some wellness visits."""
    if note_type in _WITHOUT_VISIT:
        return []
    if note_type == "discharge_summary":
        minutes = draws.whole(31, 60) if draws.chance(0.5) else draws.whole(15, 30)
        return [_visit("v1", "discharge", {"minutes": str(minutes)})]
    level = decision_making(rows, conditions, medications, look, draws)
    if rows.encounter_class == "inpatient":
        stage = "subsequent" if note_type == "progress" else "initial"
        return [_visit("v1", "hospital", {"stage": stage, **_hospital_level(stage, level, draws)})]
    if note_type == "nursing_facility":
        stage = "initial" if rows.is_first_visit else "subsequent"
        return [_visit("v1", "nursing_facility", {"stage": stage, "mdm": MDM_LEVELS[level]})]
    if rows.encounter_class == "ed":
        return [_visit("v1", "ed", {"mdm": MDM_LEVELS[level]})]
    status = "new" if rows.is_first_visit or note_type == "consult" else "established"
    remote = {}
    if note_type == "telehealth":
        remote = {"modality": "audio_only" if draws.chance(_AUDIO_ONLY_SHARE) else "audio_video"}
    if is_awv(rows):
        kind = "initial" if rows.is_first_wellness else "subsequent"
        facts = [_visit("v1", "awv", {"kind": kind})]
        if _has_new_problem(conditions, look) and draws.chance(_SEPARATE_PROBLEM_SHARE):
            facts.append(_visit("v2", "office", {"status": "established", "mdm": MDM_LEVELS[max(1, min(level, 2))]}))
        return facts
    if is_wellness(rows):
        return [_visit("v1", "preventive", {"status": status})]
    if draws.chance(_MDM_STATED_SHARE):
        return [_visit("v1", "office", {"status": status, **remote, "mdm": MDM_LEVELS[level]})]
    low = OFFICE_MINUTES[status][level]
    high = OFFICE_MINUTES[status][level + 1] - 1 if level < len(MDM_LEVELS) - 1 else low + _MINUTES_ABOVE_TOP
    return [_visit("v1", "office", {"status": status, **remote, "minutes": str(draws.whole(low, high))})]


def _hospital_level(stage: str, level: int, draws: Draws) -> dict[str, str]:
    """Decision making, or time that reaches the same level."""
    if draws.chance(_MDM_STATED_SHARE):
        return {"mdm": MDM_LEVELS[level]}
    bounds = _HOSPITAL_MINUTES[stage]
    step = max(0, level - 1)
    return {"minutes": str(draws.whole(bounds[step], bounds[step + 1] - 1))}


def _visit(fact_id: str, kind: str, attributes: dict[str, str]) -> ClinicalFact:
    return ClinicalFact(fact_id, "visit", f"visit.{kind}", MappingProxyType(attributes))


def decision_making(
    rows: EncounterRows, conditions: list[ClinicalFact], medications: list[ClinicalFact], look: Lookups, draws: Draws
) -> int:
    """0 straightforward to 3 high, from number and severity of addressed problems and prescription management.

    Two of problems, data and risk decide (coding brief): here problems and risk, data standing in for a drug sometimes.
    """
    problems = [fact for fact in conditions if fact.is_asserted and fact.addressed]
    kinds = [look.library.acuity(fact) for fact in problems]
    codes = [look.code_of(fact) or "" for fact in problems]
    treated = bool(medications) or draws.chance(0.5)
    serious = sum(not code.startswith(_MINOR) for code in codes)
    if "threat" in kinds:
        return 3 if rows.encounter_class != "office" or draws.chance(0.5) else 2
    worked_up = rows.encounter_class == "ed" and any(code.startswith(_WORKED_UP) for code in codes)
    chronic = kinds.count("stable_chronic")
    if "acute_systemic" in kinds or worked_up or chronic >= 2 or (chronic and serious > chronic):
        return 2 if treated or worked_up else 1
    return 1 if serious else 0


def _has_new_problem(conditions: list[ClinicalFact], look: Lookups) -> bool:
    return any(is_new_problem(look, fact, look.code_of(fact) or "Z") for fact in conditions)
