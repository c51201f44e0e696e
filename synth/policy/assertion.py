"""From facts to first candidates: what is asserted, uncertain, past, of the family, or not addressed."""

from __future__ import annotations

import re

from ghostchart.schemas.clinical import ClinicalFact
from ghostchart.schemas.history_codes import family_history_code, personal_history_code
from ghostchart.synth.policy.lookups import GENERAL_PREFIX
from ghostchart.synth.policy.worklist import Candidate, Case, Worklist

_VALUE_ONLY = ("lab:", "vital:")
# Words of a note that lead to no code whatever was meant: a coder asks (guideline I.C.1.d.1.a.ii).
_TERMS_WITHOUT_CODE = {"urosepsis"}
# Guideline II.H with chapter 1 and 10 notes: these need a confirmed diagnosis even for inpatients.
_NEVER_UNCERTAIN = re.compile(r"B20|Z21|A92\.5|J09|J10|U07\.1")


def from_facts(case: Case, work: Worklist) -> Worklist:
    """Candidates of every condition and status fact that may be coded (G12, G13, G16, G17, G18, G20, N03, S04)."""
    found = []
    unclear = []
    for rank, fact in enumerate(case.encounter.facts):
        if fact.attributes.get("documented_as") in _TERMS_WITHOUT_CODE:
            unclear.append(Candidate(case.look.code_of(fact) or "", (fact.fact_id,), ("S04",), rank))
        elif fact.kind in {"condition", "status"} and not fact.concept.startswith(_VALUE_ONLY):
            candidate = _candidate(case, fact, rank)
            if candidate is not None:
                found.append(candidate)
    return work.add(*found).without(unclear, "S04")


def _candidate(case: Case, fact: ClinicalFact, rank: int) -> Candidate | None:  # noqa: PLR0911  (one per assertion)
    if not fact.addressed or fact.certainty in {"negated", "ruled_out"} or fact.experiencer == "other":
        return None
    value = case.look.code_of(fact)
    if value is None:
        return None
    source = ("MAP", "G01")
    if fact.experiencer == "family":
        family = family_history_code(value) if fact.certainty == "confirmed" else None
        return _make(fact, family, (*source, "G16"), rank) if family else None
    if fact.temporality == "current":
        if fact.certainty == "confirmed":
            return _make(fact, value, source, rank)
        # Uncertain: nothing for outpatients; as if present where a discharge summary still says so.
        if case.encounter.note_type == "discharge_summary" and not case.is_outpatient:
            return None if _NEVER_UNCERTAIN.match(value) else _make(fact, value, (*source, "G13"), rank)
        return None
    if fact.certainty != "confirmed" or fact.temporality not in {"history", "resolved"}:
        return None
    treatment = _treatment_of(case, fact) if fact.temporality == "history" else ()
    if treatment:
        active = _make(fact, value, (*source, "N03"), rank)
        return Candidate(active.value, (*active.evidence, *treatment), active.rules, rank, fact.concept, active.poa)
    past = personal_history_code(value)
    return _make(fact, past, (*source, "N03"), rank) if past else None


def _make(fact: ClinicalFact, value: str, rules: tuple[str, ...], rank: int) -> Candidate:
    concept = "" if fact.concept.startswith(GENERAL_PREFIX) else fact.concept
    return Candidate(value, (fact.fact_id,), rules, rank, concept, fact.present_on_admission)


def _treatment_of(case: Case, fact: ClinicalFact) -> tuple[str, ...]:
    """Current drugs given for a lasting disease that the note calls "history of": it is active because treated."""
    family = case.look.library.families.get(fact.concept)
    if family is None or not family.chronic or personal_history_code(case.look.code_of(fact) or ""):
        return ()
    return tuple(
        item.fact_id
        for item in case.encounter.facts
        if item.kind == "medication" and item.is_asserted and item.attributes.get("purpose") == fact.concept
    )
