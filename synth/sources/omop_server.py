"""OMOP CDM on a live PostgreSQL server: the columns in use are streamed into the private folder, then read as files.

Only what :data:`ghostchart.synth.sources.omop.TABLES` names leaves the server, in one read-only transaction with one
snapshot, so tables that change meanwhile still fit together. COPY hands over blocks of bytes that go straight to disk:
memory does not grow with the tables. The password comes from where libpq looks (PGPASSWORD, PGPASSFILE, ~/.pgpass).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.errors import EnvironmentProblem, SourceError
from ghostchart.schemas.progress import SILENT, Progress
from ghostchart.synth.sources.omop import REQUIRED, TABLES, stage_omop
from ghostchart.synth.sources.private_folder import PrivateFolder
from ghostchart.synth.sources.source_tables import SourceTables

if TYPE_CHECKING:
    import psycopg

_TIMEOUT_SECONDS = 10
# SQLSTATE classes and codes of PostgreSQL's appendix A.
_REASONS = {
    "28P01": "the server refused the password",
    "28000": "the server refused the user",
    "3D000": "the server has no such database",
    "42501": "the user may not read it",
    "42P01": "the table is missing",
    "57014": "the server cancelled the query",
    "57P01": "the server closed the connection",
    "57P03": "the server is starting or stopping",
}

_HINTS = (
    ("password authentication failed", _REASONS["28P01"]),
    ("no password supplied", "the server wants a password and none was found"),
    ("database", _REASONS["3D000"]),
    ("role", _REASONS["28000"]),
    ("pg_hba", _REASONS["28000"]),
)


def read_omop_server(
    url: str, schema: str | None = None, code_map: Path | None = None, progress: Progress = SILENT
) -> EhrTables:
    """Read a CDM from PostgreSQL.

    Args:
        url: ``postgresql://USER@HOST:PORT/DATABASE`` without a password.
        schema: where the CDM's tables lie; None: the user's search path.
        code_map: from other vocabularies to ICD-10-CM.
        progress: told of each table.

    Raises:
        SourceError: the server cannot be reached or refuses, or the CDM is at fault: table and row are named; rows count
            from 1 in the order of the table's key.
        EnvironmentProblem: psycopg is not installed.
    """
    place = _shown(url)
    with closing(PrivateFolder()) as folder:
        with _connected(url, place) as connection, progress.task("Copying from PostgreSQL", len(TABLES)) as advance:
            for name in TABLES:
                _copy(connection, name, schema, folder.path, place)
                advance(1)
        return stage_omop(SourceTables(folder.path, place=place), code_map).finish(progress)


def _shown(url: str) -> str:
    """Host and database, without user and options."""
    return url.partition("://")[2].partition("?")[0].rpartition("@")[2] or "PostgreSQL"


@contextmanager
def _connected(url: str, place: str) -> Iterator[psycopg.Connection]:
    try:
        import psycopg
    except ImportError:
        raise EnvironmentProblem("psycopg is not installed", fix="Run make setup") from None
    # Its log would quote the server's messages.
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)
    try:
        with psycopg.connect(url, connect_timeout=_TIMEOUT_SECONDS, application_name="ghostchart") as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            connection.execute("SET client_encoding TO 'UTF8'")
            connection.execute("SET datestyle TO 'ISO'")
            yield connection
    except psycopg.Error as error:
        raise SourceError(_reason(error), where=place, fix=_FIX) from None


_FIX = "Check --path, --cdm-schema, and PGPASSWORD or ~/.pgpass"


def _reason(error: psycopg.Error) -> str:
    """One sentence for an error of the server; its own text may quote what it stumbled over."""
    if error.sqlstate is not None:
        return _REASONS.get(error.sqlstate, f"the server answered with an error of kind {error.sqlstate}")
    # Without a session libpq gives text only.
    text = str(error).lower()
    return next((reason for hint, reason in _HINTS if hint in text), "the server cannot be reached")


def _copy(connection: psycopg.Connection, name: str, schema: str | None, folder: Path, place: str) -> None:
    """Stream one table into a CSV file; a table that is not there leaves none."""
    from psycopg import sql

    table = sql.Identifier(schema, name) if schema else sql.Identifier(name)
    found = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped",
        (table.as_string(connection),),
    ).fetchall()
    present = {column for (column,) in found}
    columns, optional, key = TABLES[name]
    if not present:
        if name in REQUIRED:
            at = f"{place}, schema {schema}" if schema else place
            raise SourceError(f"table {name} is missing", where=at, fix="Check --cdm-schema")
        return
    missing = [column for column in columns if column not in present]
    if missing:
        raise SourceError(f"column {', '.join(missing)} is missing", where=f"{place}, table {name}")
    picked = [column for column in (*columns, *optional) if column in present]
    query = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT (FORMAT csv, HEADER true)").format(
        sql.SQL(", ").join(map(sql.Identifier, picked)), table, sql.Identifier(key)
    )
    file = folder / f"{name}.csv"
    try:
        with (
            connection.cursor() as cursor,
            cursor.copy(query) as blocks,
            os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream,
        ):
            for block in blocks:
                stream.write(block)
    except OSError as error:
        raise SourceError(f"cannot keep a private copy of table {name}: {error.strerror}", where=str(folder)) from None
