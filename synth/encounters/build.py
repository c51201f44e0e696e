"""Hospital tables become encounters: facts, visits, measurements and distractors, one encounter per row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ghostchart.schemas.clinical import ClinicalFact, Encounter
from ghostchart.schemas.code_systems import CodeSystems
from ghostchart.schemas.config import CorpusConfig
from ghostchart.schemas.ehr import EhrTables
from ghostchart.synth.encounters.conditions import settle_admission_flags, true_conditions
from ghostchart.synth.encounters.distractor_stage import set_stage
from ghostchart.synth.encounters.distractors import COPIED_FORWARD, add_distractors, coded_histories
from ghostchart.synth.encounters.draws import Draws, child_seed
from ghostchart.synth.encounters.indicated_services import indicated_services
from ghostchart.synth.encounters.long_tail import add_long_tail
from ghostchart.synth.encounters.measurements import complete_vitals, fit_labs, split_observations
from ghostchart.synth.encounters.medications import medication_facts
from ghostchart.synth.encounters.note_kinds import choose_note
from ghostchart.synth.encounters.reasons import give_reason, has_reason
from ghostchart.synth.encounters.rows import EncounterRows, read_rows
from ghostchart.synth.encounters.services import service_facts, services_of_note
from ghostchart.synth.encounters.situational_distractors import CALLED_HISTORY, CODED_ALL_THE_SAME
from ghostchart.synth.encounters.visits import is_wellness, visit_facts
from ghostchart.synth.library import Library
from ghostchart.synth.policy.encounter_reason import is_vaccine
from ghostchart.synth.policy.lookups import Lookups, lookups_for

_CHOICES_FROM = 1 << 31
_UNADDRESSED_SHARE = 0.12
_UNADDRESSED_FROM = 2
_CALLED_HISTORY = {"I10", "E11.9", "E03.9", "M10.9", "E78.5"}
_CALLED_HISTORY_SHARE = 0.04
_CLUTTER_FULL_AT = 2.0
# Always relevant to care, or part of a combination code: never left over as clutter.
_ALWAYS_ADDRESSED = (
    "A", "B", "C", "D0", "D3", "D4", "E08", "E09", "E10", "E11", "E13", "F0", "F2", "F31", "G20", "G30", "G31", "G35", "G40", "G81",
    "I1", "I2", "I4", "I5", "I6", "J43", "J44", "J84", "J96", "K7", "L89", "L97", "N18", "O", "P", "R", "S", "T", "V", "W", "X",
    "Y", "Z", "E66", "E4", "D63",
)  # fmt: skip


def build_encounters(
    tables: EhrTables, library: Library, systems: CodeSystems, seed: np.random.SeedSequence, config: CorpusConfig
) -> list[Encounter]:
    """One encounter per row of the encounters table, in table order.

    Args:
        tables: synthetic hospital tables (identifiers and notes are not looked at).
        library: turns codes into facts.
        systems: release and procedure codes of the run.
        seed: stream of these tables; encounter ``i`` draws from its own child stream.
        config: ``distractors_per_note`` is the average number of distractor facts.

    Returns:
        Encounters whose facts do not contradict each other and always yield a diagnosis code.

    Raises:
        SourceError: the tables do not fit together.
    """
    look = lookups_for(library, systems)
    return [
        build_encounter(
            rows, look, Draws(child_seed(seed, number)), Draws(child_seed(seed, _CHOICES_FROM + number)), config
        )
        for number, rows in enumerate(read_rows(tables))
    ]


def build_encounter(
    rows: EncounterRows, look: Lookups, draws: Draws, choices: Draws, config: CorpusConfig
) -> Encounter:
    """One encounter of its rows.

    ``choices`` decides the kind of note, the long tail and added services, ``draws`` everything else: so that another
    note type or quota does not redraw every fact.
    """
    rows = add_long_tail(rows, look, choices, config.tail_quota)
    conditions = true_conditions(rows, look, draws)
    services = service_facts(rows, conditions, look, draws)
    vaccinated = any(is_vaccine(fact.concept) for fact in services)
    if not is_wellness(rows) and not vaccinated and not has_reason(conditions, look):
        reason = give_reason(rows, conditions, look, draws)
        conditions = [reason, *conditions] if reason is not None else conditions
    services = indicated_services(rows, conditions, services, look, choices)
    note_type, setting = choose_note(rows, conditions, services, look, choices)
    services = services_of_note(note_type, rows, services, look, choices)
    conditions = settle_admission_flags(note_type, conditions)
    # Some traps come by themselves; fewer of them where few are wanted.
    clutter = min(1.0, config.distractors_per_note / _CLUTTER_FULL_AT)
    medications = medication_facts(rows.drugs, rows.codes, conditions, look.library, draws, clutter)
    conditions = _leave_some_unaddressed(conditions, medications, rows, look, draws, clutter)
    conditions = _call_some_history(conditions, medications, look, draws)
    visits = visit_facts(rows, note_type, conditions, medications, look, draws)
    vitals, labs = split_observations(rows.observations)
    asserted = [code for fact in conditions if fact.is_asserted and (code := look.code_of(fact)) is not None]
    bmi_row = next((code for code in rows.codes if code.startswith("Z68.")), "")
    complete_vitals(vitals, asserted, bmi_row, draws)
    fit_labs(labs, asserted, rows.age, rows.patient.sex, draws)
    facts = [*visits, *conditions, *medications, *services]
    stage = set_stage(rows, note_type, facts, vitals, labs, look, draws)
    histories = coded_histories(stage)
    held = sum(bool(fact.distractor) and fact.distractor not in CODED_ALL_THE_SAME for fact in facts)
    distractors = add_distractors(stage, _how_many(config.distractors_per_note, draws) - held)
    return Encounter(
        encounter_id=rows.encounter_id,
        patient=rows.patient,
        setting=setting,
        note_type=note_type,
        start=rows.start,
        end=rows.end,
        age=rows.age,
        facts=(*stage.facts, *histories, *distractors),
        vitals=vitals,
        labs=labs,
    )


def _how_many(mean: float, draws: Draws) -> int:
    """A whole number with this mean, spread by one to either side where there is room."""
    count = int(mean) + draws.chance(mean - int(mean))
    if count >= 1:
        step = draws.uniform()
        count += (step < 0.25) - (step > 0.75)
    return count


def _call_some_history(
    conditions: list[ClinicalFact], medications: list[ClinicalFact], look: Lookups, draws: Draws
) -> list[ClinicalFact]:
    """Now and then a treated disease is called "history of": it is active because treated, and coded as such."""
    treated = {fact.attributes.get("purpose") for fact in medications}
    return [
        replace(fact, temporality="history", distractor=CALLED_HISTORY)
        if index > 0
        and fact.concept in treated
        and fact.is_asserted
        and fact.addressed
        and look.code_of(fact) in _CALLED_HISTORY
        and draws.chance(_CALLED_HISTORY_SHARE)
        else fact
        for index, fact in enumerate(conditions)
    ]


def _leave_some_unaddressed(
    conditions: list[ClinicalFact],
    medications: list[ClinicalFact],
    rows: EncounterRows,
    look: Lookups,
    draws: Draws,
    clutter: float,
) -> list[ClinicalFact]:
    """Further down the list an untreated chronic problem is sometimes only copied forward from the problem list."""
    if rows.encounter_class not in {"office", "ed"}:
        return conditions
    treated = {fact.attributes.get("purpose") for fact in medications}
    result = []
    for index, fact in enumerate(conditions):
        family = look.library.families.get(fact.concept)
        idle = index >= _UNADDRESSED_FROM and family is not None and family.chronic and fact.concept not in treated
        if (
            idle
            and fact.is_asserted
            and not (look.code_of(fact) or "Z").startswith(_ALWAYS_ADDRESSED)
            and draws.chance(_UNADDRESSED_SHARE * clutter)
        ):
            result.append(replace(fact, addressed=False, distractor=COPIED_FORWARD))
        else:
            result.append(fact)
    return result
