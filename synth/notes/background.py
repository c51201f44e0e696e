"""What a patient brings along: past, family and social history."""

from __future__ import annotations

from ghostchart.schemas.clinical import ClinicalFact
from ghostchart.synth.encounters.situational_distractors import DATE_DRIFT
from ghostchart.synth.notes.places import PlacedFacts
from ghostchart.synth.notes.problems import status_of
from ghostchart.synth.notes.writer import NoteWriter

_REPEATED_IN_HISTORY = 0.45


def past_history(writer: NoteWriter, placed: PlacedFacts, problems: list[ClinicalFact]) -> list[str]:
    """Past history, carried problems, and some of today's lasting problems again."""
    listed = [
        writer.mention(fact)
        for fact in problems[1:]
        if fact.certainty == "confirmed"
        and status_of(writer, fact) == "chronic"
        and (writer.draws.chance(_REPEATED_IN_HISTORY) or writer.noise.chance(0.5))
    ]
    for fact in placed.at("carried"):
        bank = "pmh.copied" if fact.distractor else "pmh.carried"
        listed.append(writer.tell(bank, fact))
    for fact in placed.at("past"):
        bank = "pmh.resolved" if fact.temporality == "resolved" else "pmh.history"
        if fact.distractor == DATE_DRIFT:
            bank = "pmh.dated"
        if writer.code_of(fact)[:1] == "Z":
            bank = "pmh.carried"
        listed.append(writer.tell(bank, fact))
    for fact in placed.at("past_procedure"):
        listed.append(writer.tell("pmh.procedure", fact))
    return listed


def family_history(writer: NoteWriter, placed: PlacedFacts) -> list[str]:
    """Who in the family has what, or has it not."""
    listed = []
    for fact in placed.at("family"):
        bank = "family.negated" if fact.certainty == "negated" else "family"
        listed.append(writer.tell(bank, fact, relative=_relative(writer, fact)))
    return listed


def _relative(writer: NoteWriter, fact: ClinicalFact) -> str:
    """A relative who can have the condition."""
    entry = writer.phrases.entry_for("relatives", writer.code_of(fact))
    entry = entry or writer.draws.pick(writer.phrases.entries("relatives"))
    return writer.word(entry)


def social_history(writer: NoteWriter, codes: tuple[str, ...]) -> list[str]:
    """Harmless remarks that no code of the patient contradicts."""
    if writer.noise.chance(0.25):
        return [writer.say("left_out")]
    fitting = writer.phrases.fitting("social", codes)
    adult = writer.encounter.age >= 18
    chosen = writer.draws.some([entry for entry in fitting if adult or entry.label == "anyone"], 2)
    return [writer.word(entry) for entry in chosen] or ["unchanged"]
