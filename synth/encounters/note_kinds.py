"""Which note tells of an encounter, and in which setting: from its class, its conditions and what was done."""

from __future__ import annotations

from ghostchart.schemas.clinical import ClinicalFact, NoteType, Setting
from ghostchart.synth.encounters.draws import Draws
from ghostchart.synth.encounters.rows import EncounterRows
from ghostchart.synth.encounters.visits import is_awv, is_wellness
from ghostchart.synth.policy.lookups import Lookups

# Services that get a report of their own instead of a visit note.
_REPORTED = {
    "27130", "27447", "29881", "43235", "43239", "44970", "45378", "45380", "45385", "47562", "49505", "52000", "57454", "64483",
    "66984", "92928", "93458", "G0105", "G0121",
}  # fmt: skip
_REPORT_SHARE = 0.8
_HOSPITAL_NOTES: tuple[tuple[NoteType, float], ...] = (
    ("history_and_physical", 0.18),
    ("progress", 0.18),
    ("consult", 0.10),
)
_HOME_SERVICES = {"99504", "99509", "G0151", "G0299", "G0300", "T1019"}
_FRAIL = (
    "F01", "F02", "F03", "G20", "G30", "G31", "I69", "L89", "R26", "R29.6", "R54", "R62.7", "R63.4", "R64", "Z74", "Z91.81",
    "Z99",
)  # fmt: skip
_MENTAL = ("F2", "F3", "F4", "F5", "F6", "F9")
_NOT_REMOTE = ("S", "T", "V", "W", "X", "Y", "H6", "H5", "L0", "N93", "Z23", "O")
_FACILITY_FROM_YEARS, _FACILITY_SHARE = 70, 0.25
_HOME_FROM_YEARS, _HOME_SHARE = 60, 0.20
_MENTAL_SHARE, _REMOTE_SHARE, _CONSULT_SHARE = 0.5, 0.14, 0.10


def choose_note(
    rows: EncounterRows, conditions: list[ClinicalFact], services: list[ClinicalFact], look: Lookups, draws: Draws
) -> tuple[NoteType, Setting]:
    """Note type and setting of an encounter; shares are our own choice, none is measured.

    Args:
        rows: class, age and codes.
        conditions: true conditions in order, the reason first.
        services: procedure facts.
        look: codes of the conditions.
        draws: randomness of the encounter.
    """
    done = {fact.concept.partition(":")[2] for fact in services}
    if rows.encounter_class == "ed":
        return "ed", "ed"
    if rows.encounter_class == "inpatient":
        return _hospital_note(done, draws), "inpatient"
    if is_wellness(rows):
        return ("awv" if is_awv(rows) else "preventive"), "office"
    return _office_note(rows, [look.code_of(fact) or "" for fact in conditions], done, draws)


def _is_laboratory(value: str) -> bool:
    """Blood draws and laboratory tests, which another visit can document."""
    return value in ("36415", "36416") or (value.startswith("8") and value.isdigit())


def _hospital_note(done: set[str], draws: Draws) -> NoteType:
    if done & _REPORTED and draws.chance(_REPORT_SHARE / 2):
        return "operative"
    drawn = draws.uniform()
    for note_type, share in _HOSPITAL_NOTES:
        if drawn < share:
            return note_type
        drawn -= share
    return "discharge_summary"


def _office_note(  # noqa: PLR0911  (one per kind of note)
    rows: EncounterRows, codes: list[str], done: set[str], draws: Draws
) -> tuple[NoteType, Setting]:
    if done & _REPORTED and draws.chance(_REPORT_SHARE):
        return "operative", "office"
    frail = any(code.startswith(_FRAIL) for code in codes)
    if done & _HOME_SERVICES or (frail and rows.age >= _HOME_FROM_YEARS and draws.chance(_HOME_SHARE)):
        return "home_health", "home"
    if frail and rows.age >= _FACILITY_FROM_YEARS and draws.chance(_FACILITY_SHARE):
        return "nursing_facility", "nursing_facility"
    hands_on = any(not _is_laboratory(value) for value in done)
    if not hands_on and any(code.startswith(_MENTAL) for code in codes[:2]) and draws.chance(_MENTAL_SHARE):
        return "behavioral", "office"
    if not hands_on and not any(code.startswith(_NOT_REMOTE) for code in codes) and draws.chance(_REMOTE_SHARE):
        return "telehealth", "telehealth"
    if not done and draws.chance(_CONSULT_SHARE):
        return "consult", "office"
    return "office_soap", "office"
