"""Distractors that only some encounters allow: a second side, a staged sore, a diagnosis before the operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

from ghostchart.schemas.clinical import ClinicalFact
from ghostchart.synth.encounters.distractor_stage import Stage, is_free, mention, take

DATE_DRIFT = "historical date drift"
CALLED_HISTORY = "history-of misused for active"
NURSING_STAGE = "stage only in nursing note"
TEMPLATE_REVIEW = "template normal ROS vs HPI positive"
# Mentions that are coded, but not as they first read: labelled, and not counted as distractors.
CODED_ALL_THE_SAME = frozenset({CALLED_HISTORY, DATE_DRIFT, NURSING_STAGE})
_OTHER_SIDE = {"right": "left", "left": "right"}
_EXTERNAL = ("R91.1", "N28.1", "K76.0", "E04.1", "I70.0", "D25.9", "K57.30", "M47.816", "N40.0", "K44.9")
# Findings at an examination begun as screening -> how it was booked.
_BOOKED_AS = {
    "K92.1": "Z12.11",
    "K62.5": "Z12.11",
    "K92.2": "Z12.11",
    "R19.5": "Z12.11",
    "N63": "Z12.31",
    "R92": "Z12.31",
}
# What is found at operation (code prefix) -> what one had thought.
_THOUGHT = {
    "K35": ("N83.209", "K57.32", "R10.31"), "K80": ("K81.0", "R10.11", "K27.9"), "K81": ("K85.90", "R10.11"), "M17": ("M25.561",),
    "M16": ("M25.551",), "K57": ("K62.5", "D12.6"), "K63": ("K62.5", "R19.5"), "D12": ("K62.5", "R19.5"), "K64": ("K62.5",),
    "K29": ("K27.9", "R10.13"), "K21": ("K27.9", "R13.10"), "I25": ("I20.9", "R07.9"), "I21": ("I20.0",), "H25": ("H26.9",),
    "N40": ("N30.01", "R31.9"), "R31": ("C67.9",), "Z12.11": ("K62.5",),
}  # fmt: skip
_STAGED = "1234"


def _other_side(stage: Stage) -> list[ClinicalFact]:
    """Somewhere in the chart the other side is named (query flag; nothing is coded for it)."""
    for fact in stage.facts:
        side = fact.attributes.get("laterality", "")
        if fact.kind != "condition" or not fact.is_asserted or not fact.addressed or side not in _OTHER_SIDE:
            continue
        changed = replace(
            fact,
            fact_id=stage.next_id(),
            attributes=MappingProxyType({**fact.attributes, "laterality": _OTHER_SIDE[side]}),
            addressed=False,
            present_on_admission="",
            distractor="laterality contradiction",
        )
        code = stage.look.code_of(changed)
        if code is not None and code not in stage.codes:
            return [changed]
    return []


def _template_review(stage: Stage) -> list[ClinicalFact]:
    """A prefilled review of systems denies the very symptom the patient came with."""
    for fact in stage.facts:
        code = stage.look.code_of(fact) if fact.kind == "condition" and fact.is_asserted and fact.addressed else None
        if code is not None and code.startswith("R") and fact.concept in stage.look.library.families:
            return [replace(fact, fact_id=stage.next_id(), certainty="negated", distractor=TEMPLATE_REVIEW, cause=None)]
    return []


def _nursing_stage(stage: Stage) -> list[ClinicalFact]:
    """The provider names the sore, the nurse its stage: the stage counts (rule W01), so the fact itself moves."""
    for position, fact in enumerate(stage.facts):
        code = stage.look.code_of(fact) if fact.kind == "condition" and fact.is_asserted and fact.addressed else None
        if code is None or not code.startswith("L89.") or code[-1] not in _STAGED:
            continue
        unstaged = f"{code[:-1]}9"
        if not stage.look.is_billable(unstaged):
            continue
        named = replace(
            stage.look.library.fact_for_code(unstaged, fact.fact_id), present_on_admission=fact.present_on_admission
        )
        stage.facts[position] = named
        return [replace(fact, fact_id=stage.next_id(), distractor=NURSING_STAGE)]
    return []


def _before_operation(stage: Stage) -> list[ClinicalFact]:
    if stage.note_type != "operative":
        return []
    for found, thought in _THOUGHT.items():
        if not any(code.startswith(found) for code in stage.codes):
            continue
        for code in stage.draws.shuffled(thought):
            if is_free(replace(stage, groups=set(), integral=()), code):
                fact = stage.look.library.fact_for_code(code, stage.next_id())
                take(stage, code, fact)
                return [replace(fact, addressed=False, distractor="post-op vs pre-op dx")]
    return []


def _booked_as_screening(stage: Stage) -> list[ClinicalFact]:
    for found, screening in _BOOKED_AS.items():
        if any(code.startswith(found) for code in stage.codes) and screening not in stage.codes:
            if not is_free(stage, screening):
                return []
            fact = stage.look.library.fact_for_code(screening, stage.next_id())
            take(stage, screening, fact)
            return [replace(fact, addressed=False, distractor="screening vs diagnostic")]
    return []


def _external(stage: Stage) -> list[ClinicalFact]:
    if not stage.draws.chance(0.25):
        return []
    return mention(stage, _EXTERNAL, "external record", addressed=False)


SITUATIONAL: tuple[Callable[[Stage], list[ClinicalFact]], ...] = (
    _other_side,
    _template_review,
    _nursing_stage,
    _before_operation,
    _booked_as_screening,
    _external,
)
