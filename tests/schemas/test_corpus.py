"""The corpus directory as it is read: shards in order, gaps named, and only verification certifies."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ghostchart.schemas.corpus import (
    SIGNOFF_PATTERN,
    CertifiedCorpus,
    UncertifiedCorpus,
    certified_by_verification,
    iter_notes,
    origin_of,
    read_shard,
    shard_name,
    shard_paths,
)
from ghostchart.schemas.errors import CorpusError, UncertifiedCorpusError
from ghostchart.schemas.note import NOTE_SCHEMA, SPLITS, Note, NoteCode, Span, Split, notes_to_table


def make_note(split: Split, number: int) -> Note:
    return Note(
        note_id=f"{split}-{number}",
        patient_id="p",
        encounter_id="e",
        note_type="ed",
        setting="ed",
        encounter_date=date(2025, 1, 2),
        age=40,
        sex="F",
        text="Cough.",
        codes=(NoteCode("icd10cm", "R05.9", "Cough", "r", "first_listed", (), "", (Span(0, 5),), ("MAP",)),),
        surrogates=(),
        distractors=(),
        template_family="f",
        template_id="t",
        strata=(),
        seed="00",
        split=split,
    )


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Two shards of two notes per split, written last shard first."""
    (tmp_path / "data").mkdir()
    for split in reversed(SPLITS):
        for index in (1, 0):
            notes = [make_note(split, 2 * index + offset) for offset in range(2)]
            pq.write_table(notes_to_table(notes), tmp_path / "data" / shard_name(split, index, 2))
    return tmp_path


def test_shard_names_are_those_hugging_face_reads() -> None:
    assert shard_name("train", 3, 12) == "train-00003-of-00012.parquet"


def test_notes_come_in_order_of_split_and_shard(corpus: Path) -> None:
    assert [note.note_id for note in iter_notes(corpus)] == [f"{split}-{n}" for split in SPLITS for n in range(4)]
    assert [note.note_id for note in iter_notes(corpus, "test")] == [f"test-{n}" for n in range(4)]
    assert next(iter_notes(corpus, "validation")) == make_note("validation", 0)


def rename(old: str, new: str) -> Callable[[Path], object]:
    return lambda data: (data / old).rename(data / new)


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda data: (data / "train-00000-of-00002.parquet").unlink(), "split train lacks a shard of 2"),
        (lambda data: (data / "train-00001-of-00002.parquet").unlink(), "split train lacks a shard of 2"),
        (rename("train-00001-of-00002.parquet", "train-00002-of-00002.parquet"), "split train lacks a shard"),
        (rename("train-00001-of-00002.parquet", "train-00001-of-00003.parquet"), "split train lacks a shard"),
        (rename("train-00000-of-00002.parquet", "train-00000-of-00003.parquet"), "split train lacks a shard"),
        (lambda data: [path.unlink() for path in data.glob("train-*")], "split train has no shards"),
    ],
    ids=["first gone", "last gone", "index too high", "last of another count", "first of another count", "all gone"],
)
def test_gaps_in_shards_are_refused(corpus: Path, damage: Callable[[Path], object], why: str) -> None:
    damage(corpus / "data")
    with pytest.raises(CorpusError, match=why):
        shard_paths(corpus, "train")


def test_shard_of_another_writing_beside_the_first_is_refused(corpus: Path) -> None:
    data = corpus / "data"
    (data / "test-00000-of-00001.parquet").write_bytes((data / "test-00000-of-00002.parquet").read_bytes())
    with pytest.raises(CorpusError, match="split test"):
        shard_paths(corpus, "test")


def test_no_data_folder(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no data folder"):
        shard_paths(tmp_path, "train")


def test_unreadable_and_misshapen_shards_are_named(corpus: Path) -> None:
    path = corpus / "data" / "test-00000-of-00002.parquet"
    good = read_shard(path)
    pq.write_table(good.drop_columns(["seed"]), path)
    with pytest.raises(CorpusError, match=r"columns differ.*test-00000"):
        read_shard(path)
    wrong = good.set_column(NOTE_SCHEMA.get_field_index("age"), "age", pa.array([1, 2], pa.int64()))
    pq.write_table(wrong, path)
    with pytest.raises(CorpusError, match="columns differ"):
        read_shard(path)
    path.write_bytes(b"no parquet")
    with pytest.raises(CorpusError, match=r"cannot read shard.*test-00000"):
        list(iter_notes(corpus, "test"))


def test_certified_corpus_cannot_be_made_by_hand(tmp_path: Path) -> None:
    for proof in (None, object(), True):
        with pytest.raises(UncertifiedCorpusError, match="only come from verification"):
            CertifiedCorpus(path=tmp_path, certificate_digest="a" * 64, key_id="b" * 64, proof=proof)
    with pytest.raises(TypeError):
        CertifiedCorpus(tmp_path, "a" * 64, "b" * 64)  # type: ignore[call-arg, misc]


def test_certified_corpus_is_frozen_and_says_what_it_is(tmp_path: Path) -> None:
    corpus = certified_by_verification(tmp_path, "a" * 64, "b" * 64)
    assert corpus.is_certified
    assert corpus.stamp == f"certificate sha256:{'a' * 64}"
    with pytest.raises(AttributeError):
        corpus.path = tmp_path / "other"  # type: ignore[misc]
    other = UncertifiedCorpus(tmp_path, "a gate was inconclusive")
    assert not other.is_certified
    assert re.fullmatch(r"UNCERTIFIED data sha256:[0-9a-f]{64}: a gate was inconclusive", other.stamp)
    assert copy.copy(other) == other


def test_an_uncertified_corpus_is_known_by_its_notes_and_not_by_the_reason(tmp_path: Path) -> None:
    for name, note in (("one", b"a"), ("twin", b"a"), ("other", b"b")):
        (tmp_path / name / "data").mkdir(parents=True)
        (tmp_path / name / "data" / shard_name("train", 0, 1)).write_bytes(note)
    one = UncertifiedCorpus(tmp_path / "one", "gate x is inconclusive: AUC 0.6")
    twin = UncertifiedCorpus(tmp_path / "twin", "certificate.json is missing")
    other = UncertifiedCorpus(tmp_path / "other", "certificate.json is missing")
    assert one.origin == twin.origin != other.origin
    assert origin_of(one.stamp) == origin_of(twin.stamp) == one.origin
    certified = certified_by_verification(tmp_path, "a" * 64, "b" * 64)
    assert origin_of(certified.stamp) == certified.origin == certified.stamp


def test_certified_corpus_cannot_be_turned_into_another(tmp_path: Path) -> None:
    corpus = certified_by_verification(tmp_path, "a" * 64, "b" * 64)
    with pytest.raises(TypeError):
        dataclasses.replace(corpus, path=tmp_path / "other")


def test_certified_corpus_goes_to_a_training_process_unchanged(tmp_path: Path) -> None:
    corpus = certified_by_verification(tmp_path, "a" * 64, "b" * 64)
    assert pickle.loads(pickle.dumps(corpus)) == corpus


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("signoff-" + "a" * 64 + ".json", True),
        ("signoff-" + "A" * 64 + ".json", False),
        ("signoff-.json", False),
        ("signoff-" + "a" * 64 + ".json\n", False),
        ("xsignoff-" + "a" * 64 + ".json", False),
    ],
)
def test_signoff_names(name: str, fits: bool) -> None:
    assert bool(SIGNOFF_PATTERN.fullmatch(name)) is fits
