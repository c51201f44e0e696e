"""Notes that were never written: like those of the corpus but for the people they tell of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ghostchart.schemas.canonical import stream
from ghostchart.schemas.config import CorpusConfig
from ghostchart.schemas.ehr import concatenate
from ghostchart.schemas.note import Note
from ghostchart.schemas.screening import OpenScreen
from ghostchart.synth import corpus_writer
from ghostchart.synth.corpus_writer import compose_shard, write_shard
from ghostchart.synth.notes.surrogates import SurrogatePool
from ghostchart.synth.retelling import Retelling, draw_patients, one_per_patient
from ghostchart.synth.synthetic_tables import SyntheticTables

CONFIG = CorpusConfig(notes=120, notes_per_shard=48)


@pytest.fixture
def retelling(tmp_path: Path, little_model: None) -> Retelling:
    return Retelling(tmp_path / "protected", 5, CONFIG, OpenScreen())


def values(notes: list[Note], *kinds: str) -> set[str]:
    return {item.value for note in notes for item in note.surrogates if item.entity_type in kinds}


def tasks(folder: Path) -> tuple[corpus_writer.ShardTask, ...]:
    return corpus_writer.plan_shards(CONFIG, 5, folder / "corpus", folder / "protected")


def test_unwritten_notes_share_places_but_no_patient_with_the_shard_they_stand_beside(
    retelling: Retelling, tmp_path: Path
) -> None:
    written, _ = compose_shard(tasks(tmp_path)[0], OpenScreen())
    beside, elsewhere = retelling.unwritten(0, 48, 0), retelling.unwritten(1, 48, 1)
    assert {note.template_family for note in beside} <= {note.template_family for note in written + elsewhere + beside}
    assert all(note.split == "train" for note in beside)
    mine, theirs = values(beside, "FACILITY"), values(written, "FACILITY")
    assert len(mine & theirs) > len(mine) / 4, "the same facilities: a model knows those of its shards"
    assert not values(elsewhere, "FACILITY") & theirs
    for kinds in (("MEDICAL_RECORD_NUMBER",), ("STREET_ADDRESS",)):
        assert not values(beside, *kinds) & values(written, *kinds)
    assert not {note.text for note in beside} & {note.text for note in written}
    assert [note.text for note in retelling.unwritten(0, 48, 0)] == [note.text for note in beside]


def test_a_pool_meets_other_people_at_the_same_places() -> None:
    first, second = (SurrogatePool(stream(5, "surrogates", "train", 0), OpenScreen()) for _ in range(2))
    second.meet_others(99)
    assert first._facilities == second._facilities
    assert first._clinicians == second._clinicians


def test_tables_are_told_one_note_an_encounter(retelling: Retelling, tmp_path: Path) -> None:
    for task in tasks(tmp_path)[:3]:
        write_shard(task, OpenScreen())
    tables = concatenate(list(SyntheticTables(tmp_path / "protected")))
    few = draw_patients(tables, 7, np.random.default_rng(1))
    assert few.n_patients == 7
    notes = retelling.about(few, 3, 0)
    assert {note.encounter_id for note in notes} == set(few.encounters["encounter_id"].to_pylist())
    chosen = one_per_patient(notes, 5, np.random.default_rng(2))
    assert len({note.patient_id for note in chosen}) == len(chosen) == 5
    assert len(one_per_patient(notes, 50, np.random.default_rng(2))) == 7
