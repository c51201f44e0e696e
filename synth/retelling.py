"""Notes for the leakage audit of a model: about patients of given tables, or of training shards that were never written.

They come about exactly as the notes of the corpus' training split, with the clinicians, facilities and places of one of
its shards (every shard has its own, and a model learns those), so that they differ from notes the model was shown in one
thing only: that it was not shown them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ghostchart.schemas.canonical import stream
from ghostchart.schemas.config import CorpusConfig
from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.note import Note
from ghostchart.schemas.screening import SurrogateScreen
from ghostchart.synth.corpus_writer import ShardTask, compose_shard, compose_tables
from ghostchart.synth.notes.surrogates import SurrogatePool

_FIRST_UNWRITTEN = 1_000_000  # shard numbers that no corpus reaches


@dataclass(frozen=True)
class Retelling:
    """A finished generation to tell more notes of.

    Attributes:
        protected: holds the fitted EHR model.
        root_seed: the run's; equal seeds and names give equal notes.
        config: settings of the corpus.
        screen: refuses surrogates that are real identifiers.
    """

    protected: Path
    root_seed: int
    config: CorpusConfig
    screen: SurrogateScreen

    def unwritten(self, name: int, n_notes: int, shard: int) -> list[Note]:
        """Notes of a further training shard: other synthetic patients of the same EHR model.

        Args:
            name: which one, from 0; different ones share no patient.
            n_notes: notes wanted.
            shard: training shard of the corpus whose clinicians and places it shares.
        """
        return compose_shard(self._task(name, n_notes), self.screen, self._pool(name, shard))[0]

    def about(self, tables: EhrTables, name: int, shard: int) -> list[Note]:
        """One note per encounter of the tables, written as a training note; identifiers are fake as everywhere.

        Raises:
            SourceError: the tables do not fit together.
        """
        return compose_tables(self._task(name, 0), tables, self._pool(name, shard))

    def _task(self, name: int, n_notes: int) -> ShardTask:
        # Nothing is written, so there is no corpus directory to name.
        index = _FIRST_UNWRITTEN + name
        return ShardTask(
            "train", index, index + 1, n_notes, self.protected, self.protected, self.root_seed, self.config
        )

    def _pool(self, name: int, shard: int) -> SurrogatePool:
        pool = SurrogatePool(stream(self.root_seed, "surrogates", "train", shard), self.screen)
        pool.meet_others(int(stream(self.root_seed, "other patients", name).generate_state(1, np.uint64)[0]))
        return pool


def one_per_patient(notes: list[Note], most: int, rng: np.random.Generator) -> list[Note]:
    """At most ``most`` notes, each of another patient: notes drawn by lot, those of a patient already drawn left out."""
    chosen: dict[str, Note] = {}
    for place in rng.permutation(len(notes)).tolist():
        chosen.setdefault(notes[place].patient_id, notes[place])
    return list(chosen.values())[:most]


def draw_patients(tables: EhrTables, most: int, rng: np.random.Generator) -> EhrTables:
    """The tables of at most ``most`` patients drawn by lot."""
    ids = tables.patients["patient_id"].combine_chunks()
    return tables.restrict(ids.take(np.sort(rng.permutation(len(ids))[:most])))
