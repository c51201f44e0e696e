"""One problem of a note: its name, how it stands, what happened, what will be done."""

from __future__ import annotations

from typing import Literal

from ghostchart.schemas.clinical import ClinicalFact
from ghostchart.synth.notes.views import ProblemView
from ghostchart.synth.notes.writer import NoteWriter

Status = Literal["chronic", "acute", "symptom", "injury", "mechanism", "status", "service"]
_MAX_PLAN_DRUGS = 2
# Reasons for an encounter (examinations, screening, vaccines, aftercare); codes that look back on something over.
_SERVICES = ("Z0", "Z1", "Z2", "Z3", "Z4", "Z5")
_LOOKS_BACK = ("I25.2",)
_ACUTE_CARE = ("ed", "discharge_summary", "history_and_physical", "progress", "consult", "operative")
_STABLE_BREAKERS = ("acute", "exacerbation", "hyperglycemia", "hypoglycemia", "infection", "crisis", "flare", "active")


def status_of(writer: NoteWriter, fact: ClinicalFact) -> Status:
    """How a condition may be spoken of: frames call only lasting, quiet conditions stable."""
    code = writer.code_of(fact)
    letter = code[:1]
    if code.startswith(_SERVICES):
        return "service"
    if letter == "Z" or code.startswith(_LOOKS_BACK):
        return "status"
    if letter in ("V", "W", "X", "Y") and letter:
        return "mechanism"
    if letter in ("S", "T") and letter:
        return "injury"
    if letter == "R":
        return "symptom"
    # What someone is admitted or brought in for is not quiet, however long it has lasted.
    is_reason = writer.encounter.note_type in _ACUTE_CARE and fact is writer.encounter.facts[0]
    quiet = writer.forms.is_chronic(fact) and not is_reason
    if quiet:
        said = " ".join(fact.attributes.values())
        quiet = not any(breaker in said for breaker in _STABLE_BREAKERS)
    return "chronic" if quiet else "acute"


def problem_view(writer: NoteWriter, fact: ClinicalFact, drugs: list[ClinicalFact]) -> ProblemView:
    """The problem with its sentences; ``drugs`` are the medications taken for it."""
    status = status_of(writer, fact)

    def name() -> str:
        text = writer.mention(fact)
        if fact.certainty == "uncertain":
            text = writer.say("uncertain.final", name=text)
        return text

    def full_name() -> str:
        text = name()
        cause = next((other for other in writer.encounter.facts if other.fact_id == fact.cause), None)
        if cause is None or cause.distractor or fact.certainty == "uncertain":
            return text
        return writer.say("due_to", name=text, cause=lambda: writer.mention(cause))

    def course() -> str:
        said = writer.say(f"course.{status}", name=full_name)
        if fact.present_on_admission in ("Y", "N"):
            # A condition that began in hospital must say so; most present on admission need not.
            if fact.present_on_admission == "N":
                said = f"{said} {writer.say('poa.no')}"
            elif writer.draws.chance(0.25):
                said = f"{said} {writer.say('poa.yes')}"
        return said

    def assessment() -> str:
        said = writer.say(f"assess.{status}", name=full_name)
        # A daily note is where a condition that began in hospital is first written down.
        if fact.present_on_admission == "N":
            said = f"{said} {writer.say('poa.no')}"
        return said

    return ProblemView(
        "problem",
        {
            "name": full_name,
            "assessment": assessment,
            "course": course,
            "plan": lambda: _plan(writer, fact, drugs, status),
        },
    )


def _plan(writer: NoteWriter, fact: ClinicalFact, drugs: list[ClinicalFact], status: Status) -> str:
    """One or two short sentences: the drugs taken for it, and what is usual for the code's category."""
    said = []
    if drugs:
        names = [writer.mention(drug) for drug in drugs[:_MAX_PLAN_DRUGS]]
        said.append(writer.say("plan.drug", drug=" and ".join(names)))
    entry = writer.phrases.entry_for("plans", writer.code_of(fact))
    if entry is not None and (not said or writer.draws.chance(0.6)):
        said.append(writer.word(entry))
    if not said and status not in ("status", "service"):
        said.append(writer.say(f"plan.{status}"))
    return " ".join(said)
