"""What an encounter already says, so that nothing added to it contradicts what is true."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ghostchart.schemas.clinical import ClinicalFact, NoteType
from ghostchart.synth.encounters import distractor_pools as pools
from ghostchart.synth.encounters.draws import Draws
from ghostchart.synth.encounters.plausibility import condition_fits
from ghostchart.synth.encounters.rows import EncounterRows
from ghostchart.synth.policy.lookups import Lookups
from ghostchart.synth.policy.symptoms import integral_symptoms

_TRIES = 3


@dataclass
class Stage:
    """What an encounter already says, so that nothing added contradicts it; grows as distractors come."""

    rows: EncounterRows
    note_type: NoteType
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
    note_type: NoteType,
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
    return Stage(rows, note_type, facts, vitals, labs, look, draws, codes, taken, integral, groups)


_GROUPS: dict[str, frozenset[int]] = {}


def groups_of(code: str) -> frozenset[int]:
    """Numbers of the disease groups a code stands in."""
    if code not in _GROUPS:
        _GROUPS[code] = frozenset(i for i, starts in enumerate(pools.GROUPS) if code.startswith(starts))
    return _GROUPS[code]


def is_free(stage: Stage, code: str, *, personal: bool = True) -> bool:
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


def take(stage: Stage, code: str, fact: ClinicalFact) -> None:
    """Remember a mention, so that no second one touches it."""
    stage.taken.add(code[:3])
    stage.taken.add(fact.concept)


def mention(
    stage: Stage, pool: tuple[str, ...], kind: str, *, personal: bool = True, **changes: object
) -> list[ClinicalFact]:
    """One mention of some free code of the pool; nothing where none is free."""
    for _ in range(_TRIES):
        code = stage.draws.pick(pool)
        if is_free(stage, code, personal=personal):
            fact = stage.look.library.fact_for_code(code, stage.next_id())
            take(stage, code, fact)
            return [replace(fact, distractor=kind, **changes)]  # type: ignore[arg-type]
    return []
