"""CSV files of a source as DuckDB tables of text: found, checked for columns, read in a stream, errors named by file."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ghostchart.schemas.errors import SourceError

if TYPE_CHECKING:
    import duckdb

_SUFFIXES = (".csv.gz", ".csv")


class CsvTables:
    """The CSV files of one directory; every column arrives as text, with the line number in ``line``."""

    def __init__(self, directory: Path) -> None:
        import duckdb

        self.directory = directory
        # In memory, no extension is loaded or fetched, nothing is written.
        self._connection = duckdb.connect(
            ":memory:", config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
        )
        self._connection.execute("SET threads TO 2")

    def find(self, name: str) -> Path | None:
        """The file of a table, compressed or not; None when there is none."""
        return next((path for suffix in _SUFFIXES if (path := self.directory / f"{name}{suffix}").is_file()), None)

    def open(self, name: str, columns: Sequence[str]) -> str:
        """Make the table known to SQL under its name and return its file name.

        Raises:
            SourceError: no such file, unreadable, empty, or a column is missing.
        """
        path = self.find(name)
        if path is None:
            raise SourceError(
                f"table {name} is missing", where=str(self.directory), fix=f"Put {name}.csv or {name}.csv.gz there"
            )
        found = _header(path)
        missing = [column for column in columns if column not in found]
        if missing:
            raise SourceError(f"column {', '.join(missing)} is missing", where=path.name)
        self._run(
            path.name,
            f"CREATE VIEW {name} AS SELECT {', '.join(columns)}, row_number() OVER () + 1 AS line FROM read_csv("
            "$path, header = true, all_varchar = true, nullstr = '', delim = ',', quote = '\"', escape = '\"')".replace(
                "$path", _quoted(path)
            ),
        )
        if self.value(path.name, f"SELECT count(*) FROM (SELECT 1 FROM {name} LIMIT 1)") == 0:
            raise SourceError("the table is empty", where=path.name)
        return path.name

    def table(self, file: str, name: str, query: str) -> None:
        """Keep the result of a query as a table; ``file`` is named when reading it fails."""
        self._run(file, f"CREATE TABLE {name} AS {query}")

    def rows(self, file: str, query: str) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        found: list[tuple[Any, ...]] = self._run(file, query).fetchall()
        return found

    def value(self, file: str, query: str) -> Any:
        """The single value of a query."""
        row = self._run(file, query).fetchone()
        assert row is not None
        return row[0]

    def _run(self, file: str, query: str) -> duckdb.DuckDBPyConnection:
        import duckdb

        try:
            return self._connection.execute(query)
        except duckdb.Error as error:
            # DuckDB's own message may quote the row it stumbled over, so only its kind is passed on.
            raise SourceError(
                f"the file cannot be read as CSV: {type(error).__name__}",
                where=file,
                fix="Look for a broken download, mixed encodings or stray quotes",
            ) from None


def _header(path: Path) -> list[str]:
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as stream:
            line = stream.readline()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise SourceError(f"the file cannot be read: {type(error).__name__}", where=path.name) from None
    if not line.strip():
        raise SourceError("the file is empty", where=path.name)
    return [name.strip().strip('"') for name in line.split(",")]


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
