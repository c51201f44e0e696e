"""Visit codes from documented time or decision making (EM rules; thresholds from the coding brief)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import NamedTuple

from ghostchart.schemas.clinical import ClinicalFact
from ghostchart.schemas.codes import PROCEDURE_SYSTEMS
from ghostchart.synth.policy.payer import has_medicare
from ghostchart.synth.policy.worklist import Case

MDM_LEVELS = ("straightforward", "low", "moderate", "high")
OFFICE_MINUTES = {"new": (15, 30, 45, 60), "established": (10, 20, 30, 40)}
_OFFICE_CODES = {
    "new": ("99202", "99203", "99204", "99205"),
    "established": ("99212", "99213", "99214", "99215"),
}
_ED_CODES = {"minimal": "99281", "straightforward": "99282", "low": "99283", "moderate": "99284", "high": "99285"}
# Least minutes of the three levels; the lowest level takes straightforward and low decision making.
HOSPITAL_MINUTES = {"initial": (40, 55, 75), "subsequent": (25, 35, 50)}
_HOSPITAL_CODES = {"initial": ("99221", "99222", "99223"), "subsequent": ("99231", "99232", "99233")}
_HOSPITAL_LEVELS = {"straightforward": 0, "low": 0, "moderate": 1, "high": 2}
# Nursing facilities go by decision making here; three levels on admission, four later.
_FACILITY_CODES = {
    "initial": {"straightforward": "99304", "low": "99304", "moderate": "99305", "high": "99306"},
    "subsequent": {"straightforward": "99307", "low": "99308", "moderate": "99309", "high": "99310"},
}
# Prolonged office time starts 15 minutes beyond the least minutes of the top level for CPT; Medicare counts from their end.
_PROLONGED_FROM = {"new": (75, 89), "established": (55, 69)}
_MODALITIES = {"audio_video": "95", "audio_only": "93"}
_DISCHARGE_LONG_ABOVE_MINUTES = 30
_AWV_CODES = {"welcome": "G0402", "initial": "G0438", "subsequent": "G0439"}
# Upper ages (exclusive, years) of the preventive bands: below 1, 1-4, 5-11, 12-17, 18-39, 40-64, 65 and over.
_PREVENTIVE_BANDS = (1, 5, 12, 18, 40, 65)
_PREVENTIVE_FIRST = {"new": 99381, "established": 99391}


def office_level(status: str, mdm: str, minutes: int | None) -> int | None:
    """0 (lowest) to 3; the higher of decision making and total time, None where neither reaches a level."""
    by_time = bisect_right(OFFICE_MINUTES[status], minutes) - 1 if minutes is not None else -1
    by_mdm = MDM_LEVELS.index(mdm) if mdm in MDM_LEVELS else -1
    level = max(by_time, by_mdm)
    return level if level >= 0 else None


def preventive_code(status: str, age: int) -> str:
    """99381-99387 or 99391-99397 by completed years."""
    return str(_PREVENTIVE_FIRST[status] + bisect_right(_PREVENTIVE_BANDS, age))


class VisitCode(NamedTuple):
    """One line that a visit earns."""

    value: str
    rules: tuple[str, ...]
    modifiers: tuple[str, ...] = ()


def hospital_level(stage: str, mdm: str, minutes: int | None) -> int | None:
    """0 to 2, the higher of decision making and time; None where neither reaches a level."""
    by_time = bisect_right(HOSPITAL_MINUTES[stage], minutes) - 1 if minutes is not None else -1
    level = max(by_time, _HOSPITAL_LEVELS.get(mdm, -1))
    return level if level >= 0 else None


def visit_codes(case: Case, fact: ClinicalFact) -> tuple[VisitCode, ...]:
    """Lines of one visit fact; none where its documentation reaches no code."""
    attributes = fact.attributes
    minutes = int(attributes["minutes"]) if attributes.get("minutes", "").isdigit() else None
    if fact.concept == "visit.office":
        return _office(case, attributes, minutes)
    found = _other_visit(case, fact.concept, attributes, minutes)
    return (VisitCode(found[0], (found[1],)),) if found is not None else ()


def _office(case: Case, attributes: Mapping[str, str], minutes: int | None) -> tuple[VisitCode, ...]:
    status = attributes.get("status", "established")
    level = office_level(status, attributes.get("mdm", ""), minutes)
    if level is None:
        return ()
    modifier = _MODALITIES.get(attributes.get("modality", ""))
    remote = ("EM.telehealth",) if modifier else ()
    visit = VisitCode(_OFFICE_CODES[status][level], ("EM.office", *remote), (modifier,) if modifier else ())
    medicare = has_medicare(case.encounter.age, attributes.get("payer", ""))
    if minutes is None or minutes < _PROLONGED_FROM[status][medicare]:
        return (visit,)
    return visit, VisitCode("G2212" if medicare else "99417", ("EM.prolonged", *remote), visit.modifiers)


def _other_visit(  # noqa: PLR0911  (one per kind of visit)
    case: Case, concept: str, attributes: Mapping[str, str], minutes: int | None
) -> tuple[str, str] | None:
    mdm = attributes.get("mdm", "")
    match concept:
        case "visit.ed":
            code = _ED_CODES.get(mdm)
            return (code, "EM.ed") if code is not None else None
        case "visit.hospital":
            stage = attributes.get("stage", "subsequent")
            level = hospital_level(stage, mdm, minutes)
            return (_HOSPITAL_CODES[stage][level], "EM.hospital") if level is not None else None
        case "visit.nursing_facility":
            code = _FACILITY_CODES[attributes.get("stage", "subsequent")].get(mdm)
            return (code, "EM.facility") if code is not None else None
        case "visit.discharge":
            long = minutes is not None and minutes > _DISCHARGE_LONG_ABOVE_MINUTES
            return ("99239" if long else "99238"), "EM.discharge"
        case "visit.awv":
            return _AWV_CODES[attributes.get("kind", "subsequent")], "EM.awv"
        case "visit.preventive":
            return preventive_code(attributes.get("status", "established"), case.encounter.age), "EM.preventive"
        case _:
            return None


def system_of(value: str) -> str:
    """System of a procedure code by its first character."""
    return PROCEDURE_SYSTEMS[1] if value[0].isalpha() else PROCEDURE_SYSTEMS[0]
