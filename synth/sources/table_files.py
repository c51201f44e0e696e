"""One table of a source where it lies: what SQL reads it by, a CSV file's header, a gzip file read to its end."""

from __future__ import annotations

import csv
import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

from ghostchart.schemas.errors import SourceError

_DELIMITERS = (",", "\t", ";", "|")
_LONGEST_HEADER_BYTES = 1_000_000
_GZIP_BYTES_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Found:
    """One table where it lies: ``label`` names it in messages, ``scan`` reads it in SQL."""

    label: str
    scan: str
    columns: tuple[str, ...]
    first_row: int  # number of the first row of data
    word: str  # what messages call a row
    packed: Path | None = None  # the gzip file behind it

    def actual(self, column: str) -> str | None:
        """The column as the table spells it; None when it has none of that name in any case."""
        return next((name for name in self.columns if name.lower() == column.lower()), None)


def look_at_csv(path: Path) -> Found:
    """A CSV file, plain or gzip; nothing is read beyond its header.

    Raises:
        SourceError: the header is missing, not UTF-8, names a column twice, or the file cannot be read.
    """
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opener(path, "rb") as stream:
            line = stream.readline(_LONGEST_HEADER_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SourceError("line 1: the header is not UTF-8 text", where=path.name, fix="Convert it to UTF-8") from None
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"the file cannot be read: {type(error).__name__}", where=path.name) from None
    if not line.strip():
        raise SourceError("the file is empty", where=path.name)
    delimiter = max(_DELIMITERS, key=line.count)
    # Many exports end each line with a delimiter: columns without a name get one that nobody asks for.
    names = next(csv.reader([line], delimiter=delimiter))
    columns = [name.strip() or f"(column {place})" for place, name in enumerate(names, 1)]
    folded = [name.lower() for name in columns]
    twice = next((place for place, name in enumerate(folded) if name in folded[:place]), None)
    if twice is not None:
        raise SourceError(f"the header names column {twice + 1} twice", where=path.name)
    listed = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
    # Tab-separated vocabularies (Athena) hold bare quotation marks and quote nothing.
    quoting = "quote = '', escape = ''" if delimiter == "\t" else "quote = '\"', escape = '\"'"
    scan = (
        f"read_csv({literal(str(path))}, auto_detect = false, header = true, delim = {literal(delimiter)}, {quoting}, "
        f"nullstr = '', columns = {{{listed}}})"
    )
    return Found(path.name, scan, tuple(columns), 2, "line", path if path.suffix.lower() == ".gz" else None)


def check_gzip(path: Path) -> None:
    """Read a gzip file to its end, because DuckDB takes damaged data for good: it does not look at their checksum.

    Raises:
        SourceError: the file is cut off or its checksum differs.
    """
    try:
        with gzip.open(path, "rb") as stream:
            while stream.read(_GZIP_BYTES_AT_ONCE):
                pass
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(
            f"the gzip file is damaged or cut off: {type(error).__name__}",
            where=path.name,
            fix="Look for a broken download",
        ) from None


def in_view(column: str) -> str:
    """A column of an opened table, quoted for SQL; one of the source's own named ``line`` makes room for the row number."""
    return identifier(f"{column} of the source" if column.lower() == "line" else column)


def identifier(name: str) -> str:
    """A name of a table or column, quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text value, quoted for SQL."""
    return "'" + text.replace("'", "''") + "'"
