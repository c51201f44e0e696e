"""What only shows over all shards together: repeated ids, patients in two splits. The gates' only module that imports duckdb.

DuckDB is handed just the id columns, batch after batch, and spills what does not fit into ``_MEMORY_LIMIT``, so that the
memory needed does not grow with the corpus.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.dataset as arrow

from ghostchart.schemas.errors import CorpusError, EnvironmentProblem

if TYPE_CHECKING:
    import duckdb

_MEMORY_LIMIT = "256MB"


@dataclass(frozen=True)
class AcrossShards:
    """Counts over a whole corpus.

    Attributes:
        repeated_ids: rows whose note id an earlier row has.
        patients: different patient ids.
        shared_patients: patient ids that stand in more than one split.
        shared_families: template families that do.
    """

    repeated_ids: int
    patients: int
    shared_patients: int
    shared_families: int


def count_across_shards(shards: Mapping[str, Sequence[Path]]) -> AcrossShards:
    """Count over shards by split; an empty value counts as a value like any other.

    Raises:
        CorpusError: a shard is unreadable or lacks a column.
        EnvironmentProblem: duckdb is not installed.
    """
    with _connection() as connection:
        for split, paths in shards.items():
            # By Arrow, which takes paths as they are; DuckDB would read brackets in them as a pattern.
            connection.register(f"rows_{split}", arrow.dataset([str(path) for path in paths], format="parquet"))
        rows = " UNION ALL ".join(
            f"SELECT note_id, patient_id, template_family, '{split}' AS split FROM rows_{split}" for split in shards
        )

        def ask(query: str) -> int:
            (found,) = connection.execute(f"WITH notes AS ({rows}) {query}").fetchone() or (0,)
            return int(found or 0)

        def shared(column: str) -> str:
            kept = f"SELECT {column} FROM notes GROUP BY {column} HAVING min(split) <> max(split)"
            return f"SELECT count(*) FROM ({kept})"

        return AcrossShards(
            repeated_ids=ask("SELECT sum(n - 1) FROM (SELECT count(*) AS n FROM notes GROUP BY note_id)"),
            patients=ask("SELECT count(*) FROM (SELECT patient_id FROM notes GROUP BY patient_id)"),
            shared_patients=ask(shared("patient_id")),
            shared_families=ask(shared("template_family")),
        )


@contextmanager
def _connection() -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        import duckdb
    except ImportError:
        raise EnvironmentProblem("duckdb is not installed", fix="Run make setup") from None
    with tempfile.TemporaryDirectory(prefix="ghostchart-", ignore_cleanup_errors=True) as spill:
        # No extension is loaded or fetched.
        settings = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "temp_directory": spill,
            "memory_limit": _MEMORY_LIMIT,
            "threads": "2",
        }
        with duckdb.connect(":memory:", config=settings) as connection:
            try:
                yield connection
            except (duckdb.Error, pa.ArrowException, OSError) as error:
                raise CorpusError(f"cannot read the shards together: {type(error).__name__}") from None
