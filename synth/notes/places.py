"""Where in a note each fact belongs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ghostchart.schemas.clinical import ClinicalFact, Encounter

Place = Literal[
    "problem",
    "carried",
    "past",
    "family",
    "other_person",
    "negated",
    "ruled_out",
    "uncertain",
    "differential",
    "external",
    "preoperative",
    "scheduled",
    "other_side",
    "template_review",
    "nursing",
    "hypothetical",
    "declined",
    "procedure",
    "past_procedure",
    "medication",
    "measured",
    "visit",
]
_DISTRACTOR_PLACES: dict[str, Place] = {
    "copied-forward problem list": "carried",
    "differential list": "differential",
    "external record": "external",
    "post-op vs pre-op dx": "preoperative",
    "screening vs diagnostic": "scheduled",
    "laterality contradiction": "other_side",
    "template normal ROS vs HPI positive": "template_review",
    "stage only in nursing note": "nursing",
    "other person": "other_person",
    "hypothetical": "hypothetical",
    "planned or declined procedure": "declined",
    "ruled out": "ruled_out",
    "negated": "negated",
    "family history": "family",
    "uncertain outpatient": "uncertain",
    "history-of resolved": "past",
}


@dataclass(slots=True)
class PlacedFacts:
    """Facts by place, in encounter order."""

    by_place: dict[Place, list[ClinicalFact]] = field(default_factory=dict)

    def at(self, place: Place) -> list[ClinicalFact]:
        """Facts of one place, empty if there are none."""
        return self.by_place.get(place, [])


def place_facts(encounter: Encounter) -> PlacedFacts:
    """Every fact of the encounter in exactly one place."""
    placed = PlacedFacts()
    for fact in encounter.facts:
        placed.by_place.setdefault(place_of(fact, encounter), []).append(fact)
    return placed


def place_of(fact: ClinicalFact, encounter: Encounter) -> Place:
    """The one place of a fact: its kind first, then whose it is, when, and how sure."""
    if fact.kind == "visit":
        return "visit"
    if fact.kind == "medication":
        return "medication"
    if fact.kind == "procedure":
        return _procedure_place(fact)
    if fact.kind == "status" and fact.concept.startswith(("lab:", "vital:")):
        return "measured"
    return _condition_place(fact, encounter)


def _procedure_place(fact: ClinicalFact) -> Place:
    if fact.temporality in ("history", "resolved"):
        return "past_procedure"
    if fact.temporality in ("hypothetical", "declined") or fact.distractor or fact.certainty != "confirmed":
        return "declined"
    return "procedure"


def _condition_place(fact: ClinicalFact, encounter: Encounter) -> Place:
    place: Place
    if fact.experiencer == "family":
        place = "family"
    elif fact.experiencer == "other":
        place = "other_person"
    elif fact.temporality in ("history", "resolved"):
        place = "past"
    elif fact.temporality == "hypothetical":
        place = "hypothetical"
    elif fact.temporality == "declined":
        place = "declined"
    elif fact.certainty == "negated":
        place = _DISTRACTOR_PLACES.get(fact.distractor, "negated")
    elif fact.certainty == "ruled_out":
        place = "ruled_out"
    elif fact.certainty == "uncertain" and not encounter.is_outpatient and fact.distractor != "differential list":
        place = "problem"  # uncertain at discharge is coded, so it stands in the final diagnostic statement
    elif fact.distractor in _DISTRACTOR_PLACES:
        place = _DISTRACTOR_PLACES[fact.distractor]
    elif fact.certainty == "uncertain" and fact.distractor:
        place = "uncertain"
    elif not fact.addressed or fact.distractor:
        place = "carried"
    else:
        place = "problem"
    return place
