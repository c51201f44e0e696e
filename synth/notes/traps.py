"""Sentences that lead a careless coder astray, each marked with its kind: doubtful abbreviations, uncounted lesions..."""

from __future__ import annotations

from ghostchart.synth.notes.places import PlacedFacts
from ghostchart.synth.notes.writer import NEGATED_MARK, NoteWriter

AMBIGUOUS_MARK = "distractor:abbreviation ambiguity"
UNCOUNTED_MARK = "distractor:units vs visits"
# Marks that no fact stands behind -> kind of distractor.
TRAP_MARKS = {NEGATED_MARK: "negated", AMBIGUOUS_MARK: "abbreviation ambiguity", UNCOUNTED_MARK: "units vs visits"}
_AMBIGUOUS_SHARE = 0.12
_UNCOUNTED_SHARE = 0.4
# Services counted by lesion, muscle or quarter of an hour, where a missing number keeps the lowest code.
_COUNTED = {"cpt:17000", "cpt:17110", "cpt:11200", "cpt:97110", "cpt:97140", "cpt:20552", "hcpcs:G0299", "hcpcs:G0300"}


def misleading_remarks(writer: NoteWriter, placed: PlacedFacts, codes: tuple[str, ...]) -> list[str]:
    """Sentences about the other side, a prefilled review, a nurse's staging, a booking as screening, and the like."""
    said = [
        writer.tell(f"trap.{place}", fact)
        for place in ("other_side", "template_review", "nursing", "scheduled")
        for fact in placed.at(place)
    ]
    if writer.draws.chance(_AMBIGUOUS_SHARE):
        fitting = writer.phrases.fitting("ambiguous", codes)
        if fitting:
            entry = writer.draws.pick(fitting)
            abbreviation = writer.marks.leaf(entry.label, AMBIGUOUS_MARK)
            said.append(writer.fill(writer.draws.pick(entry.frames[writer.split]), abbreviation=abbreviation))
    if any(fact.concept in _COUNTED for fact in placed.at("procedure")) and writer.draws.chance(_UNCOUNTED_SHARE):
        said.append(writer.marks.around(writer.say("trap.uncounted"), UNCOUNTED_MARK))
    return said
