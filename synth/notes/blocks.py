"""Blocks of a note: the lists and sentences that templates lay out (names in :mod:`.vocabulary`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from ghostchart.schemas.clinical import ClinicalFact, Encounter
from ghostchart.synth.notes.background import family_history, past_history, social_history
from ghostchart.synth.notes.contacts import contact_remarks
from ghostchart.synth.notes.findings import (
    examine,
    presentation,
    review_negatives,
    screen_function,
    write_particulars,
)
from ghostchart.synth.notes.measurements import write_readings
from ghostchart.synth.notes.medications import write_medications
from ghostchart.synth.notes.places import PlacedFacts, place_facts
from ghostchart.synth.notes.problems import problem_view, status_of
from ghostchart.synth.notes.sandbox import prose
from ghostchart.synth.notes.traps import misleading_remarks
from ghostchart.synth.notes.views import Entry, ProcedureView
from ghostchart.synth.notes.visits import visit_statement
from ghostchart.synth.notes.vocabulary import ROOT_ATTRIBUTES
from ghostchart.synth.notes.writer import NEGATED_MARK, NoteWriter

_OPENERS = {"office_soap": "opener.office", "discharge_summary": "opener.discharge"}  # others: "opener.<note type>"
# Notes of a stay or an emergency have a course of their own; "unchanged since the last visit" belongs to these.
_LOOKS_BACK_TO_LAST_VISIT = (
    "office_soap", "awv", "preventive", "telehealth", "nursing_facility", "home_health", "behavioral",
)  # fmt: skip
_MAX_STORIES = 2
_SAYS_DONE = re.compile(
    r"\b(administered|drawn|given|done|performed|obtained|placed|applied|taken|completed|removed|injected)\b"
)


@dataclass(frozen=True, slots=True)
class _Scene:
    """What all blocks of one note are written from."""

    writer: NoteWriter
    placed: PlacedFacts
    problems: list[ClinicalFact]
    problem_codes: tuple[str, ...]
    codes: tuple[str, ...]
    chief: Callable[[], str]


def write_blocks(writer: NoteWriter, wanted: Collection[str] = ROOT_ATTRIBUTES) -> dict[str, object]:
    """Everything a template may write, as marked text; of ``wanted`` names only.

    A block that the template does not write would cost as much as one that it does.
    """
    placed = place_facts(writer.encounter)
    problems = placed.at("problem")
    problem_codes = _codes(writer, [fact for fact in problems if fact.certainty == "confirmed"])
    codes = problem_codes + _codes(writer, [fact for fact in problems if fact.certainty != "confirmed"])
    codes += _codes(writer, placed.at("carried"))
    scene = _Scene(writer, placed, problems, problem_codes, codes, _chief(writer, problems))
    blocks = writer.people_and_places()
    for name, write in _BLOCKS.items():
        if name in wanted:
            blocks[name] = write(scene)
    return blocks


# In this order, which decides the draws that each block gets.
_BLOCKS: dict[str, Callable[[_Scene], object]] = {
    "meds": lambda scene: write_medications(scene.writer, scene.placed.at("medication"), scene.problems),
    "chief": lambda scene: scene.chief(),
    "opener": lambda scene: _opener(scene.writer, scene.chief),
    "story": lambda scene: _story(scene.writer, scene.placed, scene.problems),
    "denials": lambda scene: _denials(scene.writer, scene.placed, scene.codes),
    "pmh": lambda scene: past_history(scene.writer, scene.placed, scene.problems),
    "family": lambda scene: family_history(scene.writer, scene.placed),
    "social": lambda scene: social_history(scene.writer, scene.codes),
    "allergies": lambda scene: _allergies(scene.writer),
    "vitals": lambda scene: _readings(scene.writer, "vital", scene.writer.encounter.vitals),
    "labs": lambda scene: [
        *_readings(scene.writer, "lab", scene.writer.encounter.labs),
        *_lab_table(scene.writer, scene.codes),
    ],
    "exam": lambda scene: examine(scene.writer, scene.problem_codes, scene.codes),
    "results": lambda scene: [
        *(scene.writer.tell("ruled_out", fact) for fact in scene.placed.at("ruled_out")),
        *misleading_remarks(scene.writer, scene.placed, scene.codes),
    ],
    "procedures": lambda scene: [_procedure(scene.writer, fact) for fact in scene.placed.at("procedure")],
    "problems": lambda scene: _problems(scene.writer, scene.placed, scene.problems),
    "screens": lambda scene: screen_function(scene.writer, scene.codes),
    "particulars": lambda scene: write_particulars(scene.writer, scene.codes),
    "preop": lambda scene: _preoperative(scene.writer, scene.placed, scene.problems),
    "plan_remarks": lambda scene: _plan_remarks(scene.writer, scene.placed),
    "visit": lambda scene: visit_statement(scene.writer, scene.placed.at("visit"), len(scene.problems)),
    "closing": lambda scene: scene.writer.say("closing"),
    "disposition": lambda scene: scene.writer.say(_disposition_bank(scene.writer.encounter)),
}


def _opener(writer: NoteWriter, chief: Callable[[], str]) -> str:
    note_type = writer.encounter.note_type
    bank = _OPENERS.get(note_type, f"opener.{note_type}")
    if writer.is_new_patient and bank == "opener.office":
        bank = "opener.new"  # who was never here does not return
    return writer.say(bank, chief=chief)


def _allergies(writer: NoteWriter) -> str:
    return writer.say("left_out" if writer.noise.chance(0.3) else "allergies")


def _readings(writer: NoteWriter, kind: Literal["vital", "lab"], values: Mapping[str, float]) -> list[str]:
    return write_readings(values, kind, writer.marks, writer.voice)


def _codes(writer: NoteWriter, facts: list[ClinicalFact]) -> tuple[str, ...]:
    return tuple(code for fact in facts if (code := writer.code_of(fact)))


def _disposition_bank(encounter: Encounter) -> str:
    return "disposition.ed" if encounter.note_type == "ed" else "disposition.discharge"


def _chief(writer: NoteWriter, problems: list[ClinicalFact]) -> Callable[[], str]:
    """The reason for the encounter as a noun phrase: one mention, or two for follow-up visits."""
    reasons = [fact for fact in problems if writer.code_of(fact)[:1] not in "VWXY"] or problems
    if not reasons:
        return lambda: writer.say("chief.none")
    count = 2 if writer.encounter.note_type == "office_soap" and writer.draws.chance(0.4) else 1
    return lambda: prose(writer.mentions(reasons[:count]))


def _story(writer: NoteWriter, placed: PlacedFacts, problems: list[ClinicalFact]) -> list[str]:
    """History of present illness after its first sentence."""
    said: list[str] = []
    told = 0
    denied = _codes(writer, placed.at("negated"))
    tells_chronic = writer.encounter.note_type in _LOOKS_BACK_TO_LAST_VISIT and not writer.is_new_patient
    for position, fact in enumerate(problems):
        code = writer.code_of(fact)
        if code[:1] in ("V", "W", "X", "Y"):
            said.append(writer.tell("story.mechanism", fact))
            continue
        if told >= _MAX_STORIES or fact.certainty == "uncertain":
            continue
        shown = presentation(writer, code, denied) if position == 0 or writer.draws.chance(0.3) else None
        if shown:
            said.append(shown)
            told += 1
        elif tells_chronic and position > 0 and status_of(writer, fact) == "chronic" and writer.draws.chance(0.7):
            said.append(writer.tell("story.chronic", fact))
            told += 1
    for fact in placed.at("uncertain"):
        said.append(_uncertain(writer, fact))
    differential = placed.at("differential")
    if differential:
        names = prose(writer.mentions(differential), "or" if writer.draws.chance(0.5) else "and")
        said.append(writer.say("differential", names=names))
    for fact in placed.at("other_person"):
        said.append(writer.tell("other_person", fact))
    for fact in placed.at("external"):
        said.append(writer.tell("external", fact))
    return said


def _uncertain(writer: NoteWriter, fact: ClinicalFact) -> str:
    cause = next((other for other in writer.encounter.facts if other.fact_id == fact.cause), None)
    name = writer.mention(fact)
    if cause is not None:
        return writer.say("uncertain.cause", name=name, symptom=lambda: writer.mention(cause))
    return writer.say("uncertain", name=name)


def _denials(writer: NoteWriter, placed: PlacedFacts, codes: tuple[str, ...]) -> list[str]:
    """Noun phrases for what is not there: negated facts, then items of a review of systems."""
    facts = placed.at("negated")
    named = writer.mentions(facts)
    taken = {writer.code_of(fact)[:3] for fact in facts}
    # Symptoms of a return precaution are not denied in the same breath, nor are possible diagnoses.
    open_codes = codes + tuple(
        writer.code_of(fact) for place in ("hypothetical", "uncertain", "differential") for fact in placed.at(place)
    )
    count = (3 if named else 4) + writer.noise.up_to(6)
    negatives = review_negatives(writer, open_codes, taken, count)
    return named + [writer.marks.around(item, NEGATED_MARK) for item in negatives] or ["other complaints"]


def _lab_table(writer: NoteWriter, codes: tuple[str, ...]) -> list[str]:
    """Further unremarkable values around those that matter, as a pasted table brings them."""
    count = writer.noise.up_to(8) if writer.encounter.labs and writer.noise.chance(0.7) else 0
    if not count:
        return []
    fitting = writer.phrases.fitting("lab_table", codes)
    return [
        writer.fill(entry.frames[writer.split][0], value=writer.noise.pick(entry.label.split()))
        for entry in fitting[:count]
    ]


def _procedure(writer: NoteWriter, fact: ClinicalFact) -> ProcedureView:
    def name() -> str:
        return writer.mention(fact)

    def sentence_() -> str:
        named = name()
        # "Blood drawn from a vein performed" says it twice.
        bank = "procedure.said" if _SAYS_DONE.search(named) else _procedure_bank(fact.concept)
        return writer.say(bank, name=named)

    return ProcedureView("procedure", {"name": name, "sentence": sentence_})


def _procedure_bank(concept: str) -> str:
    system, _, number = concept.partition(":")
    if system == "hcpcs":
        return "procedure.other"
    if number.startswith("8"):
        return "procedure.lab"
    if number.startswith("7"):
        return "procedure.imaging"
    # 90460-90474 are acts of giving, the products follow.
    if "90476" <= number <= "90759":
        return "procedure.vaccine"
    return "procedure.other"


def _problems(writer: NoteWriter, placed: PlacedFacts, problems: list[ClinicalFact]) -> list[Entry]:
    drugs: dict[str, list[ClinicalFact]] = {}
    for fact in placed.at("medication"):
        drugs.setdefault(fact.attributes.get("purpose", ""), []).append(fact)
    views: list[Entry] = []
    for fact in problems:
        views.append(problem_view(writer, fact, drugs.get(fact.concept, []) if fact.concept else []))
    return views


def _preoperative(writer: NoteWriter, placed: PlacedFacts, problems: list[ClinicalFact]) -> str:
    """The diagnosis before a procedure: what was thought, or what was found afterwards too."""
    thought = placed.at("preoperative")
    if thought:
        return writer.tell("preop.other", thought[0])
    return writer.tell("preop.same", problems[0]) if problems else writer.say("chief.none")


def _plan_remarks(writer: NoteWriter, placed: PlacedFacts) -> list[str]:
    said = []
    hypothetical = placed.at("hypothetical")
    if hypothetical:
        symptoms = [fact for fact in hypothetical if writer.code_of(fact)[:1] == "R"]
        others = [fact for fact in hypothetical if fact not in symptoms]
        if symptoms:
            said.append(writer.say("hypothetical.symptom", names=prose(writer.mentions(symptoms), "or")))
        said.extend(writer.tell("hypothetical", fact) for fact in others)
    for fact in placed.at("declined"):
        bank = "declined" if fact.temporality == "declined" else "planned"
        said.append(writer.tell(bank, fact))
    return said + contact_remarks(writer)
