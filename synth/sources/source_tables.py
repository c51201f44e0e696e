"""The tables of a source in DuckDB: CSV, Parquet or a DuckDB file, read in a stream, every fault named by file and row.

Every opened table is a view of text columns (null where the cell is empty) and ``line``, the row number: of CSV files
the header is row 1, of Parquet files and database tables the first row of data is row 1. Nothing is read before a query
asks for it, and what does not fit into memory goes to a private temporary folder that leaves with the object.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ghostchart.schemas.errors import SourceError
from ghostchart.synth.sources.private_folder import PrivateFolder
from ghostchart.synth.sources.table_files import Found, check_gzip, identifier, in_view, literal, look_at_csv

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_CSV_SUFFIXES = (".csv.gz", ".csv", ".tsv.gz", ".tsv")
_DATABASE_SUFFIXES = (".duckdb", ".db", ".ddb")
_MEMORY_LIMIT = "2GB"  # of DuckDB; beyond it rows go to disk
_ROWS_AT_ONCE = 20_000
_DISK_FULL = "No space left on device"
_LINE_OF_ERROR = re.compile(r"\bLine: (\d+)")


class SourceTables:
    """The tables of one directory or of one DuckDB file.

    ``place`` stands for the path in messages where the files are copies of tables that lie elsewhere.

    Raises:
        SourceError: the path is neither a directory nor a readable DuckDB file.
    """

    def __init__(self, path: Path, place: str | None = None) -> None:
        import duckdb

        self.path = path
        self.place = place or str(path)
        self._copied = place is not None
        self._spill = PrivateFolder()
        # No extension is loaded or fetched. Spilled rows are plain: see private_folder.
        self._connection = duckdb.connect(
            ":memory:",
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "temp_directory": str(self._spill.path),
                "memory_limit": _MEMORY_LIMIT,
                "threads": "2",
            },
        )
        self._opened: dict[str, Found] = {}
        self._whole: set[Path] = set()
        self._in_database: dict[str, str] | None = None
        if path.is_file() and path.suffix.lower() in _DATABASE_SUFFIXES:
            self._attach(path)
        elif not path.is_dir():
            raise SourceError("there is no such directory or DuckDB file", where=str(path), fix="Check --path")

    @property
    def spill(self) -> Path:
        """A private folder that leaves with this object."""
        return self._spill.path

    def names(self) -> list[str]:
        """Names of all tables that can be opened, sorted."""
        if self._in_database is not None:
            return sorted(self._in_database)
        return sorted({name for entry in self.path.iterdir() if (name := _table_name(entry))})

    def find(self, name: str) -> Path | None:
        """Where a table lies, in any case of letters; None when there is none."""
        if self._in_database is not None:
            return self.path if name.lower() in self._in_database else None
        entries = sorted(self.path.iterdir())
        for suffix in (*_CSV_SUFFIXES, ".parquet", ""):
            wanted = f"{name}{suffix}".lower()
            for entry in entries:
                if entry.name.lower() == wanted and _table_name(entry):
                    return entry
        return None

    def look(self, name: str) -> Found:
        """The table's place and columns, nothing read beyond the header.

        Raises:
            SourceError: no such table, or its header cannot be read.
        """
        path = self.find(name)
        if path is None:
            fix = f"Put {name}.csv, {name}.csv.gz or {name}.parquet there" if self._in_database is None else None
            raise SourceError(f"table {name} is missing", where=self.place, fix=fix)
        if self._in_database is not None:
            return self._in_database_file(name)
        found = self.look_at(path)
        return replace(found, label=f"{self.place}, table {name}", first_row=1) if self._copied else found

    def look_at(self, path: Path) -> Found:
        """The same for one file (CSV, Parquet) or a folder of Parquet files."""
        if path.is_dir() or path.suffix.lower() == ".parquet":
            return self._parquet(path)
        return look_at_csv(path)

    def open(self, name: str, columns: Sequence[str], optional: Sequence[str] = ()) -> str:
        """Make the table known to SQL under its name, with the columns asked for, and return its label.

        Raises:
            SourceError: no such table, unreadable, empty, or a column is missing.
        """
        return self.open_as(name, self.look(name), columns, optional)

    def open_as(self, view: str, found: Found, columns: Sequence[str], optional: Sequence[str] = ()) -> str:
        """The same for a table that was looked at before; ``optional`` columns that are not there are null."""
        missing = [column for column in columns if found.actual(column) is None]
        if missing:
            raise SourceError(f"column {', '.join(missing)} is missing", where=found.label)
        picked = []
        for column in dict.fromkeys((*columns, *optional)):
            actual = found.actual(column)
            text = f"nullif(CAST({identifier(actual)} AS VARCHAR), '')" if actual else "CAST(NULL AS VARCHAR)"
            picked.append(f"{text} AS {in_view(column)}")
        if found.packed is not None and found.packed not in self._whole:
            check_gzip(found.packed)
            self._whole.add(found.packed)
        self._run(
            found.label,
            f"CREATE OR REPLACE VIEW {identifier(view)} AS SELECT {', '.join(picked)}, "
            f"row_number() OVER () + {found.first_row - 1} AS line FROM {found.scan}",
        )
        self._opened[view] = found
        if self.value(found.label, f"SELECT count(*) FROM (SELECT 1 FROM {identifier(view)} LIMIT 1)") == 0:
            raise SourceError("the table is empty", where=found.label)
        return found.label

    def table(self, file: str, name: str, query: str) -> None:
        """Keep the result of a query as a table; ``file`` is named when reading it fails."""
        self._run(file, f"CREATE TABLE {name} AS {query}")

    def statement(self, file: str, text: str) -> None:
        """Run a statement without result."""
        self._run(file, text)

    def rows(self, file: str, query: str) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        found: list[tuple[Any, ...]] = self._run(file, query).fetchall()
        return found

    def stream(self, file: str, query: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a query some at a time, for results that may be larger than memory."""
        cursor = self._connection.cursor()
        self._guarded(file, lambda: cursor.execute(query))
        while rows := self._guarded(file, lambda: cursor.fetchmany(_ROWS_AT_ONCE)):
            yield from rows

    def value(self, file: str, query: str) -> Any:
        """The single value of a query."""
        return self.rows(file, query)[0][0]

    def empty_cells(self, name: str) -> dict[str, int]:
        """Column -> rows without a value, of one opened table; the table is read once more."""
        label = self._opened[name].label
        columns = [row[0] for row in self.rows(label, f"DESCRIBE {identifier(name)}") if row[0] != "line"]
        listed = ", ".join(f"count(*) - count({identifier(column)})" for column in columns)
        (found,) = self.rows(label, f"SELECT {listed} FROM {identifier(name)}")
        return dict(zip(columns, found, strict=True))

    def arrow(self, file: str, query: str, schema: pa.Schema) -> pa.Table:
        """The result of a query as an Arrow table of the given schema."""
        return self._guarded(file, lambda: self._connection.sql(query).to_arrow_table()).cast(schema)

    def put(self, name: str, table: pa.Table) -> None:
        """Keep an Arrow table as a table of this connection."""
        self._connection.register("incoming", table)
        self._connection.execute(f"CREATE TABLE {name} AS SELECT * FROM incoming")
        self._connection.unregister("incoming")

    def add(self, name: str, table: pa.Table) -> None:
        """Append the rows of an Arrow table to a table that :meth:`put` made."""
        self._connection.register("incoming", table)
        self._connection.execute(f"INSERT INTO {name} SELECT * FROM incoming")
        self._connection.unregister("incoming")

    def _attach(self, path: Path) -> None:
        import duckdb

        try:
            self._connection.execute(f"ATTACH {literal(str(path))} AS source (READ_ONLY)")
            listed = self._connection.execute(
                "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = 'source' ORDER BY 1, 2"
            ).fetchall()
        except duckdb.Error as error:
            raise SourceError(
                f"the file cannot be read as a DuckDB database: {type(error).__name__}", where=str(path)
            ) from None
        # Of tables of one name in several schemas the last one would win silently; the first is kept, main before others.
        listed.sort(key=lambda row: (row[0] != "main", row))
        self._in_database = {}
        for schema, table in listed:
            self._in_database.setdefault(table.lower(), f"source.{identifier(schema)}.{identifier(table)}")

    def _in_database_file(self, name: str) -> Found:
        assert self._in_database is not None
        scan = self._in_database[name.lower()]
        label = f"{self.path.name}, table {name}"
        columns = tuple(row[0] for row in self.rows(label, f"DESCRIBE {scan}"))
        return Found(label, scan, columns, 1, "row")

    def _parquet(self, path: Path) -> Found:
        files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
        listed = ", ".join(literal(str(file)) for file in files)
        scan = f"read_parquet([{listed}])"
        try:
            columns = tuple(row[0] for row in self.rows(path.name, f"DESCRIBE SELECT * FROM {scan}"))
        except SourceError:
            for file in files if path.is_dir() else ():  # the part at fault, if it is one of them alone
                self.rows(
                    str(file.relative_to(path.parent)), f"DESCRIBE SELECT * FROM read_parquet({literal(str(file))})"
                )
            raise
        return Found(path.name, scan, columns, 1, "row")

    def _run(self, file: str, query: str) -> duckdb.DuckDBPyConnection:
        return self._guarded(file, lambda: self._connection.execute(query))

    def _guarded(self, file: str, work: Callable[[], Any]) -> Any:
        import duckdb

        try:
            return work()
        except (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException):
            raise  # our own query is wrong, not the source
        except (duckdb.Error, UnicodeDecodeError) as error:
            if isinstance(error, duckdb.OutOfMemoryException) or _DISK_FULL in str(error):
                raise SourceError(
                    "too little memory or disk to read the table",
                    where=file,
                    fix="Free memory, and disk for temporary files (TMPDIR)",
                ) from None
            raise self._read_error(file, error) from None

    def _read_error(self, file: str, error: Exception) -> SourceError:
        """What went wrong while reading; views are read late, so the file at fault is found first."""
        for found in self._opened.values():
            try:
                # Every column, since DuckDB checks the encoding only of those that it gives out.
                all_columns = ", ".join(f"max({identifier(column)})" for column in found.columns)
                self._connection.execute(f"SELECT {all_columns} FROM {found.scan}")
            except Exception as own:
                file, error = found.label, own
                break
        # DuckDB's own message may quote the row it stumbled over, so only its kind and the line number are passed on.
        at = _LINE_OF_ERROR.search(str(error))
        row = f"line {at[1]}: " if at else ""
        is_parquet = ".parquet" in file or (self.path / file).is_dir()
        kind = "Parquet" if is_parquet else "a database table" if ", table " in file else "CSV"
        return SourceError(
            f"{row}the file cannot be read as {kind}: {type(error).__name__}",
            where=file,
            fix="Look for a broken download, mixed encodings or stray quotes",
        )


def _table_name(path: Path) -> str | None:
    """Name of the table that a file or folder holds; None for anything else."""
    name = path.name.lower()
    if path.is_dir():
        holds = any(path.glob("*.parquet")) or any(path.glob("*/*.parquet"))
        return (name.removesuffix(".parquet")) if holds else None
    for suffix in (*_CSV_SUFFIXES, ".parquet"):
        if name.endswith(suffix):
            return name.removesuffix(suffix)
    return None
