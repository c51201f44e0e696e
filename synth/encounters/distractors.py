"""Distractors: mentions that must not be coded, drawn so that they contradict nothing that is true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

from ghostchart.schemas.clinical import ClinicalFact
from ghostchart.schemas.code_set.companions import WEIGHT_DIAGNOSES
from ghostchart.schemas.history_codes import family_history_code, personal_history_code
from ghostchart.synth.encounters import distractor_pools as pools
from ghostchart.synth.encounters.distractor_stage import Stage, groups_of, is_free, mention, take
from ghostchart.synth.encounters.measurements import BMI
from ghostchart.synth.encounters.plausibility import service_fits
from ghostchart.synth.encounters.rows import EncounterRows
from ghostchart.synth.encounters.situational_distractors import DATE_DRIFT, SITUATIONAL

COPIED_FORWARD = "copied-forward problem list"
_OBESE_FROM = 30.0
_TRIES = 3
_CODED_HISTORY_SHARE = 0.05
_SITUATIONAL_SHARE = 0.3
_DATED = ("I21", "I63", "I26", "I82")


def add_distractors(stage: Stage, wanted: int) -> list[ClinicalFact]:
    """Up to ``wanted`` further distractor facts, of kinds that the note type invites; different kinds first."""
    makers = stage.draws.shuffled(_MAKERS[_place(stage.rows)])
    # What only few encounters allow comes first where it can come at all.
    makers = [maker for maker in stage.draws.shuffled(SITUATIONAL) if stage.draws.chance(_SITUATIONAL_SHARE)] + makers
    found: list[ClinicalFact] = []
    rounds = 0
    while len(found) < wanted and rounds < 2:
        for maker in makers:
            if len(found) >= wanted:
                break
            found.extend(maker(stage))
        rounds += 1
    return found


def coded_histories(stage: Stage) -> list[ClinicalFact]:
    """Now and then a family or personal history that has a code of its own: not distractors, but easily miscoded."""
    found = []
    for pool, is_family in ((pools.FAMILY_CODED, True), (pools.PAST_CODED, False)):
        if not stage.draws.chance(_CODED_HISTORY_SHARE):
            continue
        code = stage.draws.pick(pool)
        history = family_history_code(code) if is_family else personal_history_code(code)
        if history is None or history in stage.codes or not is_free(stage, code, personal=not is_family):
            continue
        if any(stage.look.conflict(history, other) for other in stage.codes):
            continue
        fact = stage.look.library.fact_for_code(code, stage.next_id().replace("x", "h"))
        take(stage, code, fact)
        if is_family:
            found.append(replace(fact, experiencer="family"))
            continue
        kind = DATE_DRIFT if code.startswith(_DATED) else ""
        found.append(replace(fact, temporality="history", distractor=kind))
        stage.codes.append(code)
        stage.groups.update(groups_of(code))
    return found


def _place(rows: EncounterRows) -> str:
    return "office" if rows.encounter_class == "wellness" else rows.encounter_class


def _negated(stage: Stage) -> list[ClinicalFact]:
    return mention(stage, pools.NEGATED, "negated", certainty="negated")


def _family(stage: Stage) -> list[ClinicalFact]:
    if stage.draws.chance(0.5):
        return mention(stage, pools.FAMILY, "family history", personal=False, experiencer="family")
    denied = stage.draws.pick(pools.FAMILY_DENIED)
    return mention(stage, (denied,), "family history", personal=False, experiencer="family", certainty="negated")


def _resolved(stage: Stage) -> list[ClinicalFact]:
    return mention(stage, pools.PAST_RESOLVED, "history-of resolved", temporality="resolved")


def _hypothetical(stage: Stage) -> list[ClinicalFact]:
    return mention(stage, pools.HYPOTHETICAL, "hypothetical", temporality="hypothetical")


def _other_person(stage: Stage) -> list[ClinicalFact]:
    return mention(stage, pools.OTHER_PERSON, "other person", personal=False, experiencer="other")


def _copied_forward(stage: Stage) -> list[ClinicalFact]:
    return mention(stage, pools.COPIED_FORWARD, COPIED_FORWARD, addressed=False)


def _complaint(stage: Stage) -> tuple[ClinicalFact, tuple[str, ...]] | None:
    """A symptom of the patient that will be coded, and what it might have been."""
    for fact in stage.facts:
        if fact.kind != "condition" or not fact.is_asserted or not fact.addressed:
            continue
        code = stage.look.code_of(fact) or ""
        explained = bool(stage.integral) and code.startswith(stage.integral)
        options = next((found for start, found in pools.SUSPECTED.items() if code.startswith(start)), None)
        if options is not None and not explained:
            return fact, options
    return None


def _is_suspectable(stage: Stage, code: str, complaint: ClinicalFact) -> bool:
    """Like :func:`is_free`, but the complaint itself does not stand against what might explain it."""
    own = stage.look.code_of(complaint)
    others = {group for held in stage.codes if held != own for group in groups_of(held)}
    return not groups_of(code) & others and is_free(replace(stage, groups=set()), code)


def _suspected(stage: Stage, kind: str, certainty: str, count: int) -> list[ClinicalFact]:
    complaint = _complaint(stage)
    if complaint is None:
        return []
    symptom, options = complaint
    found: list[ClinicalFact] = []
    for code in stage.draws.shuffled(options):
        if len(found) == count:
            break
        if _is_suspectable(stage, code, symptom):
            fact = stage.look.library.fact_for_code(code, stage.next_id())
            take(stage, code, fact)
            found.append(replace(fact, certainty=certainty, cause=symptom.fact_id, distractor=kind))  # type: ignore[arg-type]
    return found if len(found) == count else []


def _uncertain(stage: Stage) -> list[ClinicalFact]:
    return _suspected(stage, "uncertain outpatient", "uncertain", 1)


def _differential(stage: Stage) -> list[ClinicalFact]:
    return _suspected(stage, "differential list", "uncertain", 2)


def _ruled_out(stage: Stage) -> list[ClinicalFact]:
    found = _suspected(stage, "ruled out", "ruled_out", 1)
    if found:
        return found
    pool = ("I26.99", "I21.4", "J18.9", "I82.409", "K35.80", "A41.9", "I63.9")
    return mention(stage, pool, "ruled out", certainty="ruled_out")


def _service(stage: Stage) -> list[ClinicalFact]:
    for _ in range(_TRIES):
        concept = stage.draws.pick(pools.SERVICES)
        value = concept.partition(":")[2]
        done = any(fact.concept == concept for fact in stage.facts)
        fits = service_fits(value, stage.rows.patient.sex, stage.rows.age)
        if done or concept in stage.taken or not fits or not stage.look.systems.procedures.is_billable(value):
            continue
        stage.taken.add(concept)
        temporality = "declined" if stage.draws.chance(0.6) else "hypothetical"
        return [
            ClinicalFact(
                stage.next_id(),
                "procedure",
                concept,
                temporality=temporality,  # type: ignore[arg-type]
                distractor="planned or declined procedure",
            )
        ]
    return []


def _lab(stage: Stage) -> list[ClinicalFact]:
    for _ in range(_TRIES):
        name = stage.draws.pick(tuple(pools.ABNORMAL_LABS))
        low, high, decimals, explained_by = pools.ABNORMAL_LABS[name]
        concept = f"lab:{name}"
        if concept in stage.taken or any(code.startswith(explained_by) for code in stage.codes):
            continue
        stage.taken.add(concept)
        value = round(stage.draws.between(low, high), decimals)
        stage.labs[name] = value
        attributes = MappingProxyType({"value": f"{value:g}"})
        return [ClinicalFact(stage.next_id(), "status", concept, attributes, distractor="lab without diagnosis")]
    return []


def _bmi(stage: Stage) -> list[ClinicalFact]:
    value = stage.vitals.get(BMI)
    if value is None or value < _OBESE_FROM or f"vital:{BMI}" in stage.taken:
        return []
    if any(code.startswith(WEIGHT_DIAGNOSES) for code in stage.codes):
        return []
    stage.taken.add(f"vital:{BMI}")
    attributes = MappingProxyType({"value": f"{value:g}"})
    return [ClinicalFact(stage.next_id(), "status", f"vital:{BMI}", attributes, distractor="BMI only")]


_Maker = Callable[[Stage], list[ClinicalFact]]
_COMMON: tuple[_Maker, ...] = (_negated, _family, _resolved, _hypothetical, _other_person, _lab, _service, _bmi)
_MAKERS: dict[str, tuple[_Maker, ...]] = {
    "office": (*_COMMON, _negated, _copied_forward, _uncertain, _uncertain, _ruled_out),
    "ed": (*_COMMON, _negated, _ruled_out, _ruled_out, _uncertain, _uncertain, _differential, _differential),
    "inpatient": (*_COMMON, _negated, _copied_forward, _copied_forward, _ruled_out, _ruled_out),
}
