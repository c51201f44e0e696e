"""The notes of a corpus as the gates read them: shard after shard, never all at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ghostchart.privacy.phi.gate import draw_sample
from ghostchart.privacy.phi.reconcile import NoteText
from ghostchart.privacy.phi.scanner import KnownSpan
from ghostchart.schemas.corpus import read_shard, shard_paths
from ghostchart.schemas.errors import CorpusError
from ghostchart.schemas.note import SPLITS


@dataclass(frozen=True)
class CorpusNotes:
    """Every note of a corpus, train first; each pass reads the shards again.

    Attributes:
        in_sample: places of the notes that are scanned a second time.

    Raises:
        CorpusError: (while reading) a shard is missing, unreadable or has other columns than documented.
    """

    corpus: Path
    in_sample: frozenset[int] = frozenset()

    def sampled(self, seed: np.random.SeedSequence) -> CorpusNotes:
        """The same notes with a sample drawn over all of them; reads them once."""
        return replace(self, in_sample=draw_sample((note.ledger for note in self), seed))

    def __iter__(self) -> Iterator[NoteText]:
        place = 0
        for path in self._paths:
            for row in read_shard(path).select(["note_id", "text", "surrogates"]).to_pylist():
                text = row["text"] or ""
                yield NoteText(row["note_id"], text, _ledger(text, row["surrogates"] or []), place in self.in_sample)
                place += 1

    def __len__(self) -> int:
        return self._n_notes

    @property
    def _paths(self) -> list[Path]:
        return [path for split in SPLITS for path in shard_paths(self.corpus, split)]

    @cached_property
    def _n_notes(self) -> int:
        n = 0
        for path in self._paths:
            try:
                n += pq.read_metadata(path).num_rows
            except (OSError, pa.ArrowException) as error:
                raise CorpusError(f"cannot read shard: {type(error).__name__}", where=path.name) from None
        return n


def _ledger(text: str, entries: list[dict[str, Any]]) -> tuple[KnownSpan, ...]:
    """Entries whose value stands where they say; a false entry must not excuse a finding."""
    kept = []
    for entry in entries:
        start, end = entry["start"], entry["end"]
        inside = isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(text)
        if inside and text[start:end] == entry["value"]:
            kept.append(KnownSpan(start, end, str(entry["entity_type"])))
    return tuple(kept)
