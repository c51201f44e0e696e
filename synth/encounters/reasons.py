"""Every encounter has a reason: a symptom or diagnosis where the tables give none."""

from __future__ import annotations

from ghostchart.schemas.clinical import ClinicalFact
from ghostchart.synth.encounters.draws import Draws
from ghostchart.synth.encounters.plausibility import condition_fits
from ghostchart.synth.encounters.rows import EncounterRows
from ghostchart.synth.policy.lookups import Lookups

# Codes that say something about the patient but not why the patient came.
_NO_REASON = (
    "V", "W", "X", "Y", "B95", "B96", "B97", "Z16", "Z17", "Z28", "Z3A", "Z37", "Z55", "Z56", "Z57", "Z58", "Z59", "Z60", "Z62",
    "Z63", "Z64", "Z65", "Z66", "Z67", "Z68", "Z72", "Z73", "Z74", "Z75", "Z77", "Z78", "Z79", "Z80", "Z81", "Z82", "Z83",
    "Z84", "Z85", "Z86", "Z87", "Z88", "Z89", "Z90", "Z91", "Z92", "Z93", "Z94", "Z95", "Z96", "Z97", "Z98", "Z99", "I25.2",
    "F17.", "R65.2",
)  # fmt: skip
_REASONS = {
    "office": ("R53.83", "R05.9", "M54.50", "R51.9", "R42", "J06.9", "R10.9", "M25.561", "R21", "R11.0"),
    "ed": ("R07.9", "R10.9", "R51.9", "R11.2", "R42", "R55", "M54.50", "R06.02"),
    "inpatient": ("J18.9", "K52.9", "R55", "L03.115", "N10", "K92.1"),
}


def has_reason(facts: list[ClinicalFact], look: Lookups) -> bool:
    """Whether some asserted, addressed condition can be first-listed."""
    return any(
        fact.kind == "condition"
        and fact.is_asserted
        and fact.addressed
        and not (look.code_of(fact) or "W").startswith(_NO_REASON)
        for fact in facts
    )


def give_reason(rows: EncounterRows, facts: list[ClinicalFact], look: Lookups, draws: Draws) -> ClinicalFact | None:
    """A reason that conflicts with nothing in the encounter; None if every candidate does."""
    held = [code for fact in facts if (code := look.code_of(fact)) is not None]
    for code in draws.shuffled(_REASONS.get(rows.encounter_class, _REASONS["office"])):
        fits = look.is_billable(code) and condition_fits(look.library, code, rows.patient.sex, rows.age)
        if fits and not any(look.conflict(code, other) for other in held):
            fact = look.library.fact_for_code(code, "c0")
            poa = "Y" if rows.encounter_class == "inpatient" else ""
            return ClinicalFact(fact.fact_id, fact.kind, fact.concept, fact.attributes, present_on_admission=poa)
    return None
