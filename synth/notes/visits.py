"""The statement that a visit's level rests on: time, decision making, or kind of visit."""

from __future__ import annotations

from ghostchart.schemas.clinical import ClinicalFact
from ghostchart.synth.notes.writer import NoteWriter

_OWN_TIME_STATEMENT = ("office", "ed", "discharge")
_NUMBER_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def visit_statement(writer: NoteWriter, visits: list[ClinicalFact], problem_count: int) -> str:
    """One marked statement per visit fact, strung together; "" where the encounter documents no visit."""
    return " ".join(writer.marks.around(_statement(writer, visit, problem_count), visit.fact_id) for visit in visits)


def _statement(writer: NoteWriter, visit: ClinicalFact, problem_count: int) -> str:
    details = visit.attributes
    kind = visit.concept.removeprefix("visit.")
    if kind in ("awv", "preventive"):
        default = "subsequent" if kind == "awv" else "established"
        detail = details.get("kind" if kind == "awv" else "status", default)
        return writer.say(f"visit.{kind}.{detail}")
    said = []
    if stage := details.get("stage"):
        said.append(writer.say(f"visit.{kind}.{stage}"))
    if modality := details.get("modality"):
        said.append(writer.say(f"visit.modality.{modality}"))
    status = details.get("status", "")
    if status:
        said.append(writer.say(f"visit.status.{status}"))
    separate = writer.encounter.note_type == "awv" or any(
        fact.concept == "visit.preventive" for fact in writer.encounter.facts
    )
    if kind == "office" and separate:
        said.append(writer.say("visit.separate"))
    if minutes := details.get("minutes"):
        timed = kind if kind in _OWN_TIME_STATEMENT else "office"
        said.append(writer.say(f"visit.{timed}.minutes", minutes=minutes))
    if level := details.get("mdm"):
        bank = f"visit.{kind}.mdm" if kind == "ed" else "visit.office.mdm"
        said.append(writer.say(bank, mdm=level, count=_count(problem_count)))
    return " ".join(said) or writer.say("visit.plain")


def _count(number: int) -> str:
    words = _NUMBER_WORDS[number] if number < len(_NUMBER_WORDS) else str(number)
    return f"{words} problem{'' if number == 1 else 's'}"
