"""Noise makes notes untidy and nothing else: the same encounters, coded and written at 0 and at 1, have the same gold."""

from __future__ import annotations

from typing import Any

import pytest

from ghostchart.schemas.canonical import stream
from ghostchart.schemas.code_systems import load_code_systems
from ghostchart.schemas.config import CorpusConfig, SourceConfig
from ghostchart.schemas.note import Note
from ghostchart.schemas.screening import OpenScreen
from ghostchart.synth.encounters import build_encounters
from ghostchart.synth.library import load_library
from ghostchart.synth.library.strata import strata_of
from ghostchart.synth.notes.compose import NoteComposer, NoteIdentity
from ghostchart.synth.notes.draws import Draws
from ghostchart.synth.notes.own_templates import templates_for
from ghostchart.synth.notes.surrogates import SurrogatePool
from ghostchart.synth.policy import code_encounter
from ghostchart.synth.sources.demo import build_demo_hospital

AMOUNTS = (0.0, 0.3, 1.0)


@pytest.fixture(scope="module")
def notes() -> dict[float, list[Note]]:
    """The same encounters at each amount of noise."""
    library, systems = load_library(), load_code_systems()
    tables = build_demo_hospital(SourceConfig(demo_patients=60))
    written: dict[float, list[Note]] = {}
    for amount in AMOUNTS:
        encounters = build_encounters(tables, library, systems, stream(3, "noise"), CorpusConfig(noise=amount))[:200]
        pool = SurrogatePool(stream(3, "names"), OpenScreen())
        composer = NoteComposer(library, systems, strata_of, pool, "train", noise=amount)
        written[amount] = [
            composer.compose(
                item,
                code_encounter(item, library, systems),
                Draws(n).pick(templates_for(item.note_type, "train")),
                NoteIdentity(f"n{n}", "train", n, "s"),
            )
            for n, item in enumerate(encounters)
        ]
    return written


def gold(note: Note) -> list[Any]:
    return [(code.system, code.value, code.role, code.modifiers, code.poa, code.rules) for code in note.codes]


def test_gold_is_the_same_at_every_amount_of_noise(notes: dict[float, list[Note]]) -> None:
    assert len(notes[0.0]) == 200
    for amount in AMOUNTS[1:]:
        assert [gold(note) for note in notes[amount]] == [gold(note) for note in notes[0.0]]


def test_noise_changes_the_text(notes: dict[float, list[Note]]) -> None:
    changed = sum(tidy.text != noisy.text for tidy, noisy in zip(notes[0.0], notes[1.0], strict=True))
    assert changed > 190
