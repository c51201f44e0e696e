"""The coding policy: facts in, ordered gold codes out. Pure and deterministic: no randomness, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from ghostchart.schemas.clinical import Encounter, GoldCode
from ghostchart.schemas.code_set.admission import is_exempt
from ghostchart.schemas.code_set.companions import WEIGHT_DIAGNOSES
from ghostchart.schemas.code_set.order import EXTERNAL
from ghostchart.schemas.code_systems import CodeSystems
from ghostchart.synth.library import Library
from ghostchart.synth.policy.assertion import from_facts
from ghostchart.synth.policy.circulatory import age_infarction, join_coronary_disease_and_angina, settle_stroke
from ghostchart.synth.policy.dementia import pair_dementia
from ghostchart.synth.policy.diabetes import link_complications
from ghostchart.synth.policy.encounter_reason import add_immunization, add_routine_examination, add_screening
from ghostchart.synth.policy.excludes import drop_orphans, resolve_conflicts
from ghostchart.synth.policy.hypertension_kidney_heart import combine_hypertension
from ghostchart.synth.policy.infection import complete_sepsis, name_postprocedural_sepsis
from ghostchart.synth.policy.injury_external_cause import give_external_causes_a_reason, match_external_causes
from ghostchart.synth.policy.lookups import lookups_for
from ghostchart.synth.policy.neoplasm import add_follow_up, name_anemia, settle_active_or_past, unname_anemia
from ghostchart.synth.policy.ordering import put_in_order
from ghostchart.synth.policy.pregnancy import code_complications, give_chapter_15_precedence, settle_trimesters
from ghostchart.synth.policy.procedures_modifiers import procedure_codes
from ghostchart.synth.policy.respiratory import join_copd_and_infection
from ghostchart.synth.policy.skin import settle_pressure_ulcers
from ghostchart.synth.policy.specificity import join_acute_and_chronic, replace_general, settle_sides
from ghostchart.synth.policy.status_drugs import add_body_mass_index, add_long_term_drugs
from ghostchart.synth.policy.symptoms import SYMPTOM_STARTS, drop_integral
from ghostchart.synth.policy.worklist import Candidate, Case, Dropped, RuleStep, Worklist

# Order matters: first what the facts say, then combinations, then what they make redundant, then what lives on the
# rest (drugs, body mass), and at the end the safety nets and the order of the list.
STEPS: tuple[RuleStep, ...] = (
    from_facts,
    age_infarction,
    settle_stroke,
    settle_active_or_past,
    name_anemia,
    unname_anemia,
    add_follow_up,
    settle_sides,
    join_acute_and_chronic,
    replace_general,
    link_complications,
    combine_hypertension,
    join_coronary_disease_and_angina,
    join_copd_and_infection,
    name_postprocedural_sepsis,
    complete_sepsis,
    pair_dementia,
    settle_pressure_ulcers,
    settle_trimesters,
    code_complications,
    give_chapter_15_precedence,
    match_external_causes,
    replace_general,
    drop_integral,
    add_screening,
    resolve_conflicts,
    add_routine_examination,
    add_immunization,
    add_long_term_drugs,
    add_body_mass_index,
    resolve_conflicts,
    drop_orphans,
    give_external_causes_a_reason,
    put_in_order,
)


# A step that is listed here changes nothing while no code of the list starts like this, and is left out then.
_CONCERNED_WITH: dict[RuleStep, tuple[str, ...]] = {
    age_infarction: ("I21.",),
    settle_stroke: ("G81.9", "I63.", "I69.359", "Z86.73"),
    settle_active_or_past: ("Z85.",),
    name_anemia: ("D64.9",),
    unname_anemia: ("D63.0", "D63.1", "D64.81"),
    add_follow_up: ("Z08", "Z09"),
    join_acute_and_chronic: ("I50.", "J96.", "K81."),
    link_complications: ("E08.", "E09.", "E10.", "E11.", "E13."),
    combine_hypertension: ("I10", "I11.", "I12.", "I13."),
    join_coronary_disease_and_angina: ("I20.",),
    join_copd_and_infection: ("J44.",),
    name_postprocedural_sepsis: ("T81.4",),
    complete_sepsis: ("A40.", "A41.", "R65.2"),
    pair_dementia: ("F02.", "G30.", "G31."),
    settle_pressure_ulcers: ("L89.",),
    settle_trimesters: ("O", "Z34."),
    code_complications: ("O", "Z34.", "Z37.", "Z3A."),
    give_chapter_15_precedence: ("O", "Z3A."),
    match_external_causes: EXTERNAL,
    give_external_causes_a_reason: EXTERNAL,
    drop_integral: SYMPTOM_STARTS,
    add_body_mass_index: ("Z68.", *WEIGHT_DIAGNOSES),
}
_STEPS: tuple[tuple[RuleStep, int], ...] = tuple(
    (step, 1 << list(_CONCERNED_WITH).index(step) if step in _CONCERNED_WITH else 0) for step in STEPS
)


@lru_cache(maxsize=1 << 17)
def _concerned(value: str) -> int:
    """Bits of the steps that a code is something for."""
    return sum(1 << place for place, starts in enumerate(_CONCERNED_WITH.values()) if value.startswith(starts))


def apply_rules(case: Case) -> Worklist:
    """The working list after every step that has something to do."""
    work = Worklist()
    seen: tuple[Candidate, ...] = ()
    bits = 0
    for step, bit in _STEPS:
        if work.candidates is not seen:
            seen = work.candidates
            bits = 0
            for item in seen:
                bits |= _concerned(item.value)
        if not bit or bits & bit:
            work = step(case, work)
    return work


@dataclass(frozen=True, slots=True)
class Coding:
    """Gold codes of one encounter and what the rules took off the list on the way."""

    codes: tuple[GoldCode, ...]
    dropped: tuple[Dropped, ...]


def explain_coding(encounter: Encounter, library: Library, systems: CodeSystems) -> Coding:
    """Like :func:`code_encounter`, with the record of dropped candidates: which rule, in favour of which code."""
    case = _case(encounter, library, systems)
    return _coding(case, apply_rules(case))


def code_directly(encounter: Encounter, library: Library, systems: CodeSystems) -> tuple[GoldCode, ...]:
    """What :func:`code_encounter` would give without coding rules: the code of each stated fact, in the usual order.

    For ablations; such codes break rules of the classification.
    """
    case = _case(encounter, library, systems)
    return _coding(case, put_in_order(case, from_facts(case, Worklist()))).codes


def code_encounter(encounter: Encounter, library: Library, systems: CodeSystems) -> tuple[GoldCode, ...]:
    """Ordered gold codes of one encounter: diagnoses, first-listed first, then visit and procedure codes.

    Args:
        encounter: facts, vitals and labs; nothing else is looked at.
        library: gives each fact its direct code.
        systems: release of ICD-10-CM and the procedure codes that the run's CPT setting knows.

    Returns:
        One :class:`GoldCode` per code, each with the mention marks a coder needs and the ids of the rules in
        :data:`RULES` that gave, kept or ordered it. No Excludes1 pair, no duplicate, billable codes only.
    """
    return explain_coding(encounter, library, systems).codes


def _case(encounter: Encounter, library: Library, systems: CodeSystems) -> Case:
    return Case(encounter, lookups_for(library, systems), {fact.fact_id: fact for fact in encounter.facts})


def _coding(case: Case, work: Worklist) -> Coding:
    diagnoses = tuple(_diagnosis(case, item, index) for index, item in enumerate(work.candidates))
    return Coding((*diagnoses, *procedure_codes(case)), work.dropped)


def _diagnosis(case: Case, item: Candidate, index: int) -> GoldCode:
    rules = item.rules
    if case.is_outpatient:
        poa = ""
    else:
        rules = (*rules, "I01")
        poa = "1" if is_exempt(item.value) else item.poa or "Y"
    return GoldCode("icd10cm", item.value, "secondary" if index else "first_listed", item.evidence, rules, (), poa)
