"""Distractors: mentions that must not be coded, drawn so that they contradict nothing that is true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType

from ghostchart.schemas.clinical import ClinicalFact
from ghostchart.schemas.code_set.companions import WEIGHT_DIAGNOSES
from ghostchart.schemas.history_codes import family_history_code, personal_history_code
from ghostchart.synth.encounters import distractor_pools as pools
from ghostchart.synth.encounters.draws import Draws
from ghostchart.synth.encounters.measurements import BMI
from ghostchart.synth.encounters.plausibility import condition_fits, service_fits
from ghostchart.synth.encounters.rows import EncounterRows
from ghostchart.synth.policy.lookups import Lookups
from ghostchart.synth.policy.symptoms import integral_symptoms

COPIED_FORWARD = "copied-forward problem list"
_OBESE_FROM = 30.0
_TRIES = 3
_CODED_HISTORY_SHARE = 0.05


@dataclass
class Stage:
    """What an encounter already says, so that nothing added contradicts it; grows as distractors come."""

    rows: EncounterRows
    facts: list[ClinicalFact]
    vitals: dict[str, float]
    labs: dict[str, float]
    look: Lookups
    draws: Draws
    codes: list[str]
    taken: set[str]
    integral: tuple[str, ...]
    groups: set[int]
    number: int = 0

    def next_id(self) -> str:
        """Fact id of the next distractor."""
        self.number += 1
        return f"x{self.number}"


def set_stage(
    rows: EncounterRows,
    facts: list[ClinicalFact],
    vitals: dict[str, float],
    labs: dict[str, float],
    look: Lookups,
    draws: Draws,
) -> Stage:
    """The encounter as its true facts leave it."""
    codes: list[str] = []
    taken: set[str] = set()
    integral: tuple[str, ...] = ()
    groups: set[int] = set()
    for fact in facts:
        code = look.code_of(fact) if fact.kind == "condition" else None
        if code is None:
            continue
        codes.append(code)
        taken.add(code[:3])
        taken.add(fact.concept)
        integral += integral_symptoms(look, code, fact.concept)
        groups.update(groups_of(code))
    return Stage(rows, facts, vitals, labs, look, draws, codes, taken, integral, groups)


_GROUPS: dict[str, frozenset[int]] = {}


def groups_of(code: str) -> frozenset[int]:
    """Numbers of the disease groups a code stands in."""
    if code not in _GROUPS:
        _GROUPS[code] = frozenset(i for i, starts in enumerate(pools.GROUPS) if code.startswith(starts))
    return _GROUPS[code]


def add_distractors(stage: Stage, wanted: int) -> list[ClinicalFact]:
    """Up to ``wanted`` further distractor facts, of kinds that the note type invites; different kinds first."""
    makers = stage.draws.shuffled(_MAKERS[_place(stage.rows)])
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
        if history is None or history in stage.codes or not _is_free(stage, code, personal=not is_family):
            continue
        if any(stage.look.conflict(history, other) for other in stage.codes):
            continue
        fact = stage.look.library.fact_for_code(code, stage.next_id().replace("x", "h"))
        _take(stage, code, fact)
        if is_family:
            found.append(replace(fact, experiencer="family"))
            continue
        found.append(replace(fact, temporality="history"))
        stage.codes.append(code)
        stage.groups.update(groups_of(code))
    return found


def _place(rows: EncounterRows) -> str:
    return "office" if rows.encounter_class == "wellness" else rows.encounter_class


def _is_free(stage: Stage, code: str, *, personal: bool = True) -> bool:
    """Whether a condition can be mentioned without touching anything that is true or already mentioned.

    ``personal``: the mention is about the patient, so sex, age, related diseases and their symptoms count.
    """
    concept = stage.look.library.family_of(code)
    if not stage.look.is_billable(code) or code[:3] in stage.taken or (concept is not None and concept in stage.taken):
        return False
    if not personal:
        return True
    if not condition_fits(stage.look.library, code, stage.rows.patient.sex, stage.rows.age):
        return False
    return not (stage.integral and code.startswith(stage.integral)) and not groups_of(code) & stage.groups


def _take(stage: Stage, code: str, fact: ClinicalFact) -> None:
    stage.taken.add(code[:3])
    stage.taken.add(fact.concept)


def _mention(
    stage: Stage, pool: tuple[str, ...], kind: str, *, personal: bool = True, **changes: object
) -> list[ClinicalFact]:
    for _ in range(_TRIES):
        code = stage.draws.pick(pool)
        if _is_free(stage, code, personal=personal):
            fact = stage.look.library.fact_for_code(code, stage.next_id())
            _take(stage, code, fact)
            return [replace(fact, distractor=kind, **changes)]  # type: ignore[arg-type]
    return []


def _negated(stage: Stage) -> list[ClinicalFact]:
    return _mention(stage, pools.NEGATED, "negated", certainty="negated")


def _family(stage: Stage) -> list[ClinicalFact]:
    if stage.draws.chance(0.5):
        return _mention(stage, pools.FAMILY, "family history", personal=False, experiencer="family")
    denied = stage.draws.pick(pools.FAMILY_DENIED)
    return _mention(stage, (denied,), "family history", personal=False, experiencer="family", certainty="negated")


def _resolved(stage: Stage) -> list[ClinicalFact]:
    return _mention(stage, pools.PAST_RESOLVED, "history-of resolved", temporality="resolved")


def _hypothetical(stage: Stage) -> list[ClinicalFact]:
    return _mention(stage, pools.HYPOTHETICAL, "hypothetical", temporality="hypothetical")


def _other_person(stage: Stage) -> list[ClinicalFact]:
    return _mention(stage, pools.OTHER_PERSON, "other person", personal=False, experiencer="other")


def _copied_forward(stage: Stage) -> list[ClinicalFact]:
    return _mention(stage, pools.COPIED_FORWARD, COPIED_FORWARD, addressed=False)


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
    """Like :func:`_is_free`, but the complaint itself does not stand against what might explain it."""
    own = stage.look.code_of(complaint)
    others = {group for held in stage.codes if held != own for group in groups_of(held)}
    return not groups_of(code) & others and _is_free(replace(stage, groups=set()), code)


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
            _take(stage, code, fact)
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
    return _mention(stage, pool, "ruled out", certainty="ruled_out")


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
