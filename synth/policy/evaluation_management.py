"""Visit codes from documented time or decision making (EM rules; thresholds from the coding brief)."""

from __future__ import annotations

from bisect import bisect_right

from ghostchart.schemas.clinical import ClinicalFact
from ghostchart.schemas.codes import PROCEDURE_SYSTEMS
from ghostchart.synth.policy.worklist import Case

MDM_LEVELS = ("straightforward", "low", "moderate", "high")
OFFICE_MINUTES = {"new": (15, 30, 45, 60), "established": (10, 20, 30, 40)}
_OFFICE_CODES = {
    "new": ("99202", "99203", "99204", "99205"),
    "established": ("99212", "99213", "99214", "99215"),
}
_ED_CODES = {"minimal": "99281", "straightforward": "99282", "low": "99283", "moderate": "99284", "high": "99285"}
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


def visit_code(case: Case, fact: ClinicalFact) -> tuple[str, str] | None:
    """(code, rule id) of one visit fact; None where its documentation reaches no code."""
    attributes = fact.attributes
    status = attributes.get("status", "established")
    minutes = int(attributes["minutes"]) if attributes.get("minutes", "").isdigit() else None
    match fact.concept:
        case "visit.office":
            level = office_level(status, attributes.get("mdm", ""), minutes)
            return (_OFFICE_CODES[status][level], "EM.office") if level is not None else None
        case "visit.ed":
            code = _ED_CODES.get(attributes.get("mdm", ""))
            return (code, "EM.ed") if code is not None else None
        case "visit.discharge":
            long = minutes is not None and minutes > _DISCHARGE_LONG_ABOVE_MINUTES
            return ("99239" if long else "99238"), "EM.discharge"
        case "visit.awv":
            return _AWV_CODES[attributes.get("kind", "subsequent")], "EM.awv"
        case "visit.preventive":
            return preventive_code(status, case.encounter.age), "EM.preventive"
        case _:
            return None


def system_of(value: str) -> str:
    """System of a procedure code by its first character."""
    return PROCEDURE_SYSTEMS[1] if value[0].isalpha() else PROCEDURE_SYSTEMS[0]
