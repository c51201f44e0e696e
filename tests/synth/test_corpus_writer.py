"""Shards: planned exactly, written whole or not at all, the same bytes every time."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostchart.schemas.config import CorpusConfig
from ghostchart.schemas.corpus import iter_notes, shard_paths
from ghostchart.schemas.ehr import (
    TABLE_SCHEMAS,
    EhrTables,
    SourceReport,
    concatenate,
    empty_table,
)
from ghostchart.schemas.errors import CorpusError, OutputError, SourceError
from ghostchart.schemas.note import SPLITS
from ghostchart.schemas.screening import OpenScreen
from ghostchart.synth import corpus_writer
from ghostchart.synth.corpus_writer import plan_shards, write_shard
from ghostchart.synth.synthetic_tables import SyntheticTables


def tasks_in(folder: Path, seed: int = 5) -> tuple[corpus_writer.ShardTask, ...]:
    config = CorpusConfig(notes=60, notes_per_shard=25)
    return plan_shards(config, seed, folder / "corpus", folder / "protected")


@given(st.integers(30, 5000), st.integers(10, 2000), st.floats(0.01, 0.4), st.floats(0.01, 0.4))
def test_plans_add_up(notes: int, per_shard: int, validation: float, test: float) -> None:
    config = CorpusConfig(notes=notes, notes_per_shard=per_shard, validation_fraction=validation, test_fraction=test)
    tasks = plan_shards(config, 1, Path("c"), Path("p"))
    assert sum(task.n_notes for task in tasks) == notes
    assert [task.split for task in tasks] == sorted((task.split for task in tasks), key=SPLITS.index)
    for split in SPLITS:
        own = [task for task in tasks if task.split == split]
        assert own
        assert [task.index for task in own] == list(range(own[0].count))
        assert len(own) == own[0].count
        assert all(0 < task.n_notes <= per_shard for task in own)
    assert len({task.name for task in tasks}) == len(tasks)


@pytest.mark.usefixtures("little_model")
def test_a_small_corpus(tmp_path: Path) -> None:
    tasks = tasks_in(tmp_path)
    results = [write_shard(task, OpenScreen()) for task in tasks]
    corpus = tmp_path / "corpus"
    notes = list(iter_notes(corpus))
    assert len(notes) == 60 == sum(result.rows for result in results)
    assert len({note.note_id for note in notes}) == 60
    families: dict[str, set[str]] = {}
    patients: dict[str, set[str]] = {}
    for note in notes:
        families.setdefault(note.split, set()).add(note.template_family)
        patients.setdefault(note.split, set()).add(note.patient_id)
        assert note.codes
        assert all(code.spans for code in note.codes)
        assert note.seed != "5"
        assert len(note.seed) == 32
    assert not families["train"] & families["test"]
    assert not families["validation"] & (families["train"] | families["test"])
    assert not patients["train"] & patients["test"]
    assert len({note.seed for note in notes}) == 60
    names = {path.name for split in SPLITS for path in shard_paths(corpus, split)}
    assert names == {path.name for path in (corpus / "data").iterdir()} == {result.name for result in results}

    stored = SyntheticTables(tmp_path / "protected")
    synthetic = concatenate(list(stored))
    assert sorted(synthetic.encounters["encounter_id"].to_pylist()) == sorted(note.encounter_id for note in notes)
    assert set(synthetic.patients["patient_id"].to_pylist()) == {note.patient_id for note in notes}
    assert synthetic.encounters["encounter_id"].to_pylist()[0].startswith("tr00000-")
    assert set(synthetic.conditions["encounter_id"].to_pylist()) <= set(
        synthetic.encounters["encounter_id"].to_pylist()
    )


@pytest.mark.usefixtures("little_model")
def test_bytes_depend_on_the_seed_alone(tmp_path: Path) -> None:
    first = write_shard(tasks_in(tmp_path / "a")[0], OpenScreen())
    # Another order of work and another directory change nothing.
    write_shard(tasks_in(tmp_path / "b")[-1], OpenScreen())
    again = write_shard(tasks_in(tmp_path / "b")[0], OpenScreen())
    other = write_shard(tasks_in(tmp_path / "c", seed=6)[0], OpenScreen())
    assert first == again
    assert other.sha256 != first.sha256
    name = f"data/{first.name}"
    assert (tmp_path / "a/corpus" / name).read_bytes() == (tmp_path / "b/corpus" / name).read_bytes()
    tables = "protected/synthetic/train-00000-of-00002/conditions.parquet"
    assert (tmp_path / "a" / tables).read_bytes() == (tmp_path / "b" / tables).read_bytes()


@pytest.mark.usefixtures("little_model")
def test_seed_column_hides_the_root_seed(tmp_path: Path) -> None:
    one, two = tasks_in(tmp_path)[:2]
    notes, used = corpus_writer.compose_shard(one, OpenScreen())
    moved = used.observations.set_column(3, "value", pa.array([1.0] * used.observations.num_rows))
    changed = EhrTables(**{**{n: getattr(used, n) for n in TABLE_SCHEMAS}, "observations": moved}, report=used.report)
    keys = {
        corpus_writer._shard_key(one, used),
        corpus_writer._shard_key(one, changed),
        corpus_writer._shard_key(two, used),
    }
    assert len(keys) == 3
    assert len({note.seed for note in notes}) == len(notes)


@pytest.mark.usefixtures("little_model")
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_disk_trouble_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise OSError(number, {errno.ENOSPC: "No space left on device", errno.EROFS: "Read-only file system"}[number])

    task = tasks_in(tmp_path)[1]
    real = corpus_writer.pq.write_table
    monkeypatch.setattr(corpus_writer.pq, "write_table", lambda table, sink, **o: fail() if o else real(table, sink))
    with pytest.raises(OutputError, match=r"cannot write shard train-00001-of-00002.parquet: (No space|Read-only)"):
        write_shard(task, OpenScreen())
    assert list((tmp_path / "corpus" / "data").iterdir()) == []


@pytest.mark.usefixtures("little_model")
def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "corpus").write_text("in the way")
    with pytest.raises(OutputError, match="cannot write shard"):
        write_shard(tasks_in(tmp_path)[0], OpenScreen())


@pytest.mark.usefixtures("little_model")
def test_tables_left_half_written_are_replaced(tmp_path: Path) -> None:
    task = tasks_in(tmp_path)[0]
    folder = task.protected_dir / "synthetic" / task.stem
    folder.mkdir(parents=True)
    (folder / "patients.parquet").write_bytes(b"half")
    (folder / "stray").write_bytes(b"x")
    write_shard(task, OpenScreen())
    assert {path.stem for path in folder.iterdir()} == set(TABLE_SCHEMAS)
    assert [path.name for path in folder.parent.iterdir()] == [task.stem]


def test_barren_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Barren:
        encounters_per_patient = 0.0

        def sample(self, n_patients: int, seed: object, id_prefix: str = "p") -> EhrTables:
            return EhrTables(**{name: empty_table(name) for name in TABLE_SCHEMAS}, report=SourceReport("none", ()))

    monkeypatch.setattr(corpus_writer, "_ehr_model", lambda _directory: Barren())
    with pytest.raises(CorpusError, match="too few encounters"):
        write_shard(tasks_in(tmp_path)[0], OpenScreen())


def test_no_synthetic_tables(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no synthetic tables"):
        SyntheticTables(tmp_path)


@pytest.mark.usefixtures("little_model")
def test_some_patients_of_a_corpus_are_read_shard_by_shard(tmp_path: Path) -> None:
    for task in tasks_in(tmp_path):
        write_shard(task, OpenScreen())
    stored = SyntheticTables(tmp_path / "protected")
    whole = concatenate(list(stored))
    assert stored.n_patients == whole.n_patients
    ids = whole.patients["patient_id"]
    for most in (1, 2, 7, whole.n_patients - 1, whole.n_patients, 10_000):
        wanted = [ids[int(place)].as_py() for place in np.linspace(0, len(ids) - 1, min(most, len(ids))).astype(int)]
        some = stored.evenly_spaced(most)
        assert some.patients["patient_id"].to_pylist() == wanted
        expected = whole.restrict(pa.array(wanted))
        assert all(getattr(some, name).equals(getattr(expected, name)) for name in TABLE_SCHEMAS)


@pytest.mark.usefixtures("little_model")
def test_damaged_synthetic_tables_are_named(tmp_path: Path) -> None:
    write_shard(tasks_in(tmp_path)[0], OpenScreen())
    (tmp_path / "protected/synthetic/train-00000-of-00002/patients.parquet").write_bytes(b"no parquet")
    with pytest.raises(SourceError, match=r"cannot read patients\.parquet"):
        SyntheticTables(tmp_path / "protected").evenly_spaced(3)
