"""What the shards of a corpus hold, counted one shard at a time from only the columns needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ghostchart.privacy.across_shards import count_across_shards
from ghostchart.schemas.corpus import shard_paths
from ghostchart.schemas.errors import CorpusError
from ghostchart.schemas.note import SPLITS


@dataclass(frozen=True)
class CorpusContents:
    """Counts over all splits unless stated.

    Attributes:
        notes: split -> notes.
        patients: synthetic patients.
        note_types: note type -> notes, in order of name.
        distinct_codes: code system -> different codes.
        strata: stratum -> notes.
    """

    notes: dict[str, int]
    patients: int
    note_types: dict[str, int]
    distinct_codes: dict[str, int]
    strata: dict[str, int]


def count_contents(corpus: Path) -> CorpusContents:
    """Read the small columns of every shard once.

    Raises:
        CorpusError: a shard is missing, unreadable or lacks a column.
    """
    notes = dict.fromkeys((str(split) for split in SPLITS), 0)
    note_types: Counter[str] = Counter()
    strata: Counter[str] = Counter()
    codes: dict[str, set[str]] = {}
    columns = ["patient_id", "note_type", "strata", "codes.list.element.system", "codes.list.element.value"]
    for split, table in _columns(corpus, columns):
        notes[split] += table.num_rows
        note_types.update(table["note_type"].to_pylist())
        strata.update(table["strata"].combine_chunks().flatten().to_pylist())
        for system, value in _pairs(table, "value"):
            codes.setdefault(system, set()).add(value)
    return CorpusContents(
        notes=notes,
        patients=count_across_shards({split: shard_paths(corpus, split) for split in SPLITS}).patients,
        note_types=dict(sorted(note_types.items())),
        distinct_codes={system: len(values) for system, values in sorted(codes.items())},
        strata=dict(sorted(strata.items())),
    )


def releases_in(corpus: Path) -> set[tuple[str, str]]:
    """Every (code system, release) pair in the shards.

    Raises:
        CorpusError: a shard is missing, unreadable or lacks a column.
    """
    found: set[tuple[str, str]] = set()
    for _, table in _columns(corpus, ["codes.list.element.system", "codes.list.element.release"]):
        found.update(_pairs(table, "release"))
    return found


def _columns(corpus: Path, columns: list[str]) -> Iterator[tuple[str, pa.Table]]:
    for split in SPLITS:
        for path in shard_paths(corpus, split):
            try:
                with pq.ParquetFile(path) as shard:
                    table = shard.read(columns=columns)
            except (OSError, pa.ArrowException) as error:
                raise CorpusError(f"cannot read shard: {type(error).__name__}", where=path.name) from None
            # ParquetFile passes over columns that are not there.
            if missing := {name.partition(".")[0] for name in columns} - set(table.column_names):
                raise CorpusError(f"shard lacks the column {min(missing)}", where=path.name)
            yield split, table


def _pairs(table: pa.Table, name: str) -> set[tuple[str, str]]:
    """Distinct (system, ``name``) of all codes in a table."""
    codes = table["codes"].combine_chunks().flatten()
    columns = pa.table({"system": codes.field("system"), "other": codes.field(name)})
    distinct = columns.group_by(["system", "other"]).aggregate([]).to_pydict()
    return set(zip(distinct["system"], distinct["other"], strict=True))
