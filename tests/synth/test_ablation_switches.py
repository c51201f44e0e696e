"""Switches that ablations turn: one thing changes, the rest of the corpus stays what it was."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from ghostchart.schemas.code_systems import load_code_systems
from ghostchart.schemas.config import CorpusConfig
from ghostchart.schemas.note import Note
from ghostchart.schemas.screening import OpenScreen
from ghostchart.synth.corpus_writer import compose_shard, plan_shards
from ghostchart.synth.library import load_library
from ghostchart.synth.notes.own_templates import templates_for
from ghostchart.synth.notes.template_files import list_templates
from ghostchart.synth.policy import code_directly, code_encounter
from tests.synth.test_policy_cases import Case, encounter_of


def notes_of(config: CorpusConfig, split: str, folder: Path) -> list[Note]:
    task = next(task for task in plan_shards(config, 5, folder / "c", folder / "p") if task.split == split)
    return compose_shard(task, OpenScreen())[0]


@pytest.mark.parametrize(
    ("facts", "directly", "by_rules"),
    [
        (["E11.9", "N18.32"], "E11.9 N18.32", "E11.22 N18.32"),
        (["M17.11", "M17.12"], "M17.11 M17.12", "M17.0"),
        (["E11.9", "E11.42"], "E11.9 E11.42", "E11.42"),
        (["I10"], "I10", "I10"),
    ],
)
def test_direct_coding_copies_each_fact_and_combines_nothing(facts: list[str], directly: str, by_rules: str) -> None:
    systems = load_code_systems("starter")
    library = load_library(systems.icd10cm)
    encounter = encounter_of(Case("", facts, ""), library)
    for code, expected in ((code_directly, directly), (code_encounter, by_rules)):
        found = [gold.value for gold in code(encounter, library, systems) if gold.system == "icd10cm"]
        assert sorted(found) == sorted(expected.split())


@pytest.mark.usefixtures("little_model")
def test_direct_coding_changes_codes_and_leaves_the_cases_alone(tmp_path: Path) -> None:
    plain, direct = (
        notes_of(CorpusConfig(notes=60, notes_per_shard=60, coding=coding), "train", tmp_path)  # type: ignore[arg-type]
        for coding in ("rules", "direct")
    )
    assert [note.encounter_date for note in plain] == [note.encounter_date for note in direct]
    assert [note.template_id for note in plain] == [note.template_id for note in direct]
    assert [note.codes for note in plain] != [note.codes for note in direct]
    assert all(code.spans for note in direct for code in note.codes), "what is copied is proven by the text too"


@pytest.mark.usefixtures("little_model")
def test_one_template_family_for_training_and_all_for_test(tmp_path: Path) -> None:
    config = CorpusConfig(notes=60, notes_per_shard=60, train_families=1, test_fraction=0.3)
    families: dict[str, set[str]] = {}
    for note in notes_of(config, "train", tmp_path):
        families.setdefault(note.note_type, set()).add(note.template_family)
    assert {len(names) for names in families.values()} == {1}
    usual = config.model_copy(update={"train_families": 0})
    assert notes_of(config, "test", tmp_path) == notes_of(usual, "test", tmp_path)


def test_as_many_families_as_asked_for() -> None:
    counts = Counter(
        (info.note_type, info.family) for info in list_templates() if info.split == "train" and info.note_type == "ed"
    )
    assert len(counts) > 2
    for wanted in (1, 2):
        found = templates_for("ed", "train", train_families=wanted)
        assert len({template.info.family for template in found}) == wanted
    assert templates_for("ed", "train", train_families=10_000) == templates_for("ed", "train")
    assert templates_for("ed", "validation", train_families=1) == templates_for("ed", "validation")
