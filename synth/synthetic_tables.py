"""The synthetic tables behind a corpus, as the shards left them: read shard after shard, never all at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ghostchart.schemas.ehr import EhrTables, SourceReport, concatenate
from ghostchart.schemas.errors import CorpusError, SourceError
from ghostchart.schemas.note import SPLITS

SYNTHETIC = "synthetic"
_NO_REPORT = SourceReport(source="synthetic", tables=())


class SyntheticTables:
    """Tables of every shard of a run, train first, in shard order; can be gone through more than once.

    A patient belongs to one shard, so whatever is counted per patient can be counted shard by shard.

    Raises:
        CorpusError: there are none.
        SourceError: (while reading) one of them is damaged.
    """

    def __init__(self, protected_dir: Path) -> None:
        folder = protected_dir / SYNTHETIC
        found = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
        self._folders = [path for split in SPLITS for path in found if path.name.startswith(f"{split}-")]
        if not self._folders:
            raise CorpusError("there are no synthetic tables", where=str(folder), fix="Run 'ghostchart generate' first")

    def __iter__(self) -> Iterator[EhrTables]:
        for folder in self._folders:
            yield EhrTables.load(folder, _NO_REPORT)

    @property
    def n_patients(self) -> int:
        """Synthetic patients in all."""
        return int(self._counts.sum())

    @cached_property
    def _counts(self) -> NDArray[np.int64]:
        """Patients per shard, from the footers."""
        counts = []
        for folder in self._folders:
            try:
                counts.append(pq.read_metadata(folder / "patients.parquet").num_rows)
            except (OSError, pa.ArrowException) as error:
                raise SourceError(
                    f"cannot read patients.parquet: {type(error).__name__}", where=str(folder), fix="Run generate again"
                ) from None
        return np.array(counts, dtype=np.int64)

    def evenly_spaced(self, most: int) -> EhrTables:
        """All patients, or ``most`` of them evenly spaced over the corpus where there are more."""
        n = self.n_patients
        places = np.arange(n) if n <= most else np.linspace(0, n - 1, most).astype(np.int64)
        ends = np.cumsum(self._counts)
        parts = []
        for folder, start, end in zip(self._folders, ends - self._counts, ends, strict=True):
            own = places[(places >= start) & (places < end)] - start
            if not len(own):
                continue
            tables = EhrTables.load(folder, _NO_REPORT)
            if len(own) < tables.n_patients:
                tables = tables.restrict(tables.patients["patient_id"].combine_chunks().take(pa.array(own)))
            parts.append(tables)
        return concatenate(parts)


def stratum_shares(protected_dir: Path, names: Iterable[str]) -> dict[str, float]:
    """Share of the synthetic patients behind the corpus that have a code of each stratum; reads shard after shard."""
    from ghostchart.synth.library.strata import stratum_codes

    wanted = {name: pa.array(sorted(stratum_codes()[name]), pa.string()) for name in names}
    inside = dict.fromkeys(wanted, 0)
    n_patients = 0
    for folder in sorted((protected_dir / SYNTHETIC).iterdir()) if wanted else ():
        n_patients += pq.read_metadata(folder / "patients.parquet").num_rows
        rows = [pq.read_table(folder / f"{name}.parquet", columns=["patient_id", "code"])
                for name in ("conditions", "procedures")]  # fmt: skip
        for name, codes in wanted.items():
            holders = [table.filter(pc.is_in(table["code"], value_set=codes))["patient_id"] for table in rows]
            inside[name] += len({patient for column in holders for patient in column.to_pylist()})
    return {name: count / max(1, n_patients) for name, count in inside.items()}
