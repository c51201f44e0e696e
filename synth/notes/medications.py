"""Medication lines: drug, dose, and sometimes what it is for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from ghostchart.schemas.clinical import ClinicalFact
from ghostchart.synth.notes.marks import require_unmarked
from ghostchart.synth.notes.writer import NoteWriter

_DOSES = Path(__file__).parent / "doses.yaml"
_PURPOSE_SHOWN = 0.35


@cache
def load_doses() -> Mapping[str, tuple[str, ...]]:
    """Usual directions by generic name."""
    raw = yaml.load(_DOSES.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return {drug: tuple(require_unmarked(text, where=_DOSES.name) for text in texts) for drug, texts in raw.items()}


def write_medications(writer: NoteWriter, drugs: list[ClinicalFact], problems: list[ClinicalFact]) -> list[str]:
    """One marked line per drug, in encounter order."""
    by_concept = {fact.concept: fact for fact in reversed(problems)}
    lines = []
    for drug in drugs:
        generic = drug.concept.removeprefix("drug:")
        doses = load_doses().get(generic.replace("_", " "))
        name = writer.mention(drug)
        line = f"{name} {writer.draws.pick(doses)}" if doses else writer.say("med.undosed", drug=name)
        if drug.attributes.get("duration") == "long_term":
            line = f"{line}, long-term"
        indication = by_concept.get(drug.attributes.get("purpose", ""))
        if indication is not None and writer.draws.chance(_PURPOSE_SHOWN) and not writer.noise.chance(0.8):
            line = f"{line} for {writer.mention(indication)}"
        lines.append(line)
    return lines
