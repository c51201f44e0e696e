"""Counts over all shards against the same counts made in plain Python, odd paths and empty values included."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ghostchart.privacy import across_shards
from ghostchart.privacy.across_shards import count_across_shards
from ghostchart.schemas.errors import CorpusError

COLUMNS = ("note_id", "patient_id", "template_family")


def write(folder: Path, split: str, index: int, rows: list[tuple[str | None, ...]]) -> Path:
    path = folder / f"{split}-{index}.parquet"
    columns = {name: pa.array([row[place] for row in rows], pa.string()) for place, name in enumerate(COLUMNS)}
    pq.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize("seed", range(5))
def test_counts_agree_with_plain_ones(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    folder = tmp_path / "what's [this]*"
    folder.mkdir()
    shards: dict[str, list[Path]] = {}
    ids: Counter[str | None] = Counter()
    splits: tuple[dict[str | None, set[str]], ...] = ({}, {})
    for split in ("train", "validation", "test"):
        for index in range(3):
            rows: list[tuple[str | None, ...]] = [
                tuple(None if rng.random() < 0.01 else f"{name}{rng.integers(most)}" for name, most in
                      zip("npf", (500, 60, 40), strict=True))
                for _ in range(50)
            ]  # fmt: skip
            shards.setdefault(split, []).append(write(folder, split, index, rows))
            for note, *others in rows:
                ids[note] += 1
                for seen, value in zip(splits, others, strict=True):
                    seen.setdefault(value, set()).add(split)
    found = count_across_shards(shards)
    assert found.repeated_ids == sum(count - 1 for count in ids.values())
    assert found.patients == len(splits[0])
    assert found.shared_patients == sum(len(where) > 1 for where in splits[0].values())
    assert found.shared_families == sum(len(where) > 1 for where in splits[1].values())


def test_a_shard_without_a_column_is_one_error(tmp_path: Path) -> None:
    whole = write(tmp_path, "train", 0, [("n", "p", "f")])
    path = tmp_path / "test-0.parquet"
    pq.write_table(pq.read_table(whole).drop_columns(["patient_id"]), path)
    with pytest.raises(CorpusError, match="cannot read the shards together"):
        count_across_shards({"train": [whole], "test": [path]})


def test_more_ids_than_fit_into_memory_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows go to disk; too little memory for that as well would be an error, not a wrong count."""
    monkeypatch.setattr(across_shards, "_MEMORY_LIMIT", "24MB")
    rows = [(f"a note id of some length, number {place:09d}", f"p{place % 1000}", "f") for place in range(400_000)]
    shards = {"train": [write(tmp_path, "train", 0, [*rows, rows[7]])], "test": [write(tmp_path, "test", 0, rows[:2])]}
    found = count_across_shards(shards)
    assert (found.repeated_ids, found.patients, found.shared_patients, found.shared_families) == (3, 1000, 2, 1)
