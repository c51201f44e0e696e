"""OMOP on a real PostgreSQL server, started for these tests; skipped by name where no server is installed."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from ghostchart.schemas.config import SourceConfig
from ghostchart.schemas.ehr import TABLE_SCHEMAS, EhrTables
from ghostchart.schemas.errors import ConfigError, SourceError
from ghostchart.synth.sources import load_source
from tests.synth.omop_hospital import VALUES, Tables, omop_hospital, write_csv

PASSWORD = "right-horse"


def _program(name: str) -> str | None:
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return str(versions[0]) if versions else shutil.which(name)


INITDB, SERVER = _program("initdb"), _program("postgres")
needs_server = pytest.mark.skipif(
    INITDB is None or SERVER is None, reason="PostgreSQL (initdb, postgres) is not installed"
)


@dataclass(frozen=True)
class Server:
    port: int

    def url(self, database: str = "cdm", port: int | None = None, user: str = "reader") -> str:
        return f"postgresql://{user}@127.0.0.1:{port or self.port}/{database}"

    def fill(self, schema: str, tables: Tables) -> None:
        with psycopg.connect(self.url(user="owner"), password=PASSWORD) as connection:
            connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
            connection.execute(f'CREATE SCHEMA "{schema}"')
            for name, rows in tables.items():
                columns = ", ".join(f"{column} {_type(column)}" for column in rows[0])
                connection.execute(f'CREATE TABLE "{schema}".{name} ({columns})')
                with connection.cursor().copy(f'COPY "{schema}".{name} FROM STDIN') as copy:
                    for row in reversed(rows[1:]):  # the order on the server is nobody's promise
                        copy.write_row([value or None for value in row])
            connection.execute(f'GRANT USAGE ON SCHEMA "{schema}" TO reader')
            connection.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA "{schema}" TO reader')


def _type(column: str) -> str:
    if column in {"vocabulary_id", "domain_id"}:
        return "text"
    if column.endswith("_id") or column in {"year_of_birth", "month_of_birth", "day_of_birth"}:
        return "integer"
    if column.endswith("_date"):
        return "date"
    if column.endswith("_datetime"):
        return "timestamp"
    return "numeric" if column == "value_as_number" else "text"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    # PostgreSQL refuses to run as root; nobody owns the server then.
    user = pwd.getpwnam("nobody").pw_name if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    data, secret = folder / "data", folder / "password"
    secret.write_text(PASSWORD)
    if user:
        for path in (folder, secret):
            shutil.chown(path, user)
    subprocess.run(
        [str(INITDB), "-D", str(data), "-U", "owner", "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--no-sync"],
        check=True, capture_output=True, user=user, cwd=folder,
    )  # fmt: skip
    port = _free_port()
    process = subprocess.Popen(
        [str(SERVER), "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", str(folder), "-c", "fsync=off"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, user=user, cwd=folder,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "ready to accept connections" in line:
                break
        with psycopg.connect(
            f"postgresql://owner@127.0.0.1:{port}/postgres", password=PASSWORD, autocommit=True
        ) as connection:
            connection.execute("CREATE DATABASE cdm")
            connection.execute(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
        yield Server(port)
    finally:
        process.terminate()
        process.communicate(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)


def read(url: str, schema: str | None = "omop", code_map: Path | None = None) -> EhrTables:
    return load_source(SourceConfig(kind="omop", url=url, cdm_schema=schema, code_map=code_map))


def refusal(url: str, schema: str | None = "omop") -> str:
    with pytest.raises(SourceError) as caught:
        read(url, schema)
    said = str(caught.value)
    assert "\n" not in said
    assert PASSWORD not in said
    for value in VALUES:
        assert value not in said, "the message holds a value of the source"
    return said


def typed_hospital() -> Tables:
    tables = omop_hospital()
    tables["measurement"].pop()  # 'high' has no place in a typed column
    return tables


@needs_server
def test_the_server_gives_what_the_files_give(server: Server, tmp_path: Path) -> None:
    tables = typed_hospital()
    server.fill("omop", tables)
    code_map = tmp_path / "map.csv"
    code_map.write_text("source_code,icd10cm\n195967001,J45.909\n")
    before = set(Path(tempfile.gettempdir()).glob("ghostchart-*"))
    live = read(server.url(), code_map=code_map)
    left = {path for path in set(Path(tempfile.gettempdir()).glob("ghostchart-*")) - before if list(path.glob("*.csv"))}
    assert not left, "a private copy was left behind"
    files = load_source(SourceConfig(kind="omop", path=write_csv(tmp_path / "cdm", tables), code_map=code_map))
    for name in TABLE_SCHEMAS:
        assert getattr(live, name).equals(getattr(files, name)), name
    assert live.report == files.report


@needs_server
def test_search_path_stands_in_for_a_schema(server: Server) -> None:
    server.fill("omop", typed_hospital())
    url = server.url() + "?options=-csearch_path%3Domop"
    assert read(url, None).conditions["code"].to_pylist() == ["I10", "E11.9"]
    assert "table concept is missing" in refusal(server.url(), None)


@needs_server
def test_missing_table_and_column(server: Server) -> None:
    tables = typed_hospital()
    del tables["visit_occurrence"]
    server.fill("broken", tables)
    assert "table visit_occurrence is missing" in refusal(server.url(), "broken")
    tables = typed_hospital()
    for row in tables["person"]:
        del row[1]
    server.fill("broken", tables)
    said = refusal(server.url(), "broken")
    assert "column gender_concept_id is missing" in said
    assert "table person" in said


@needs_server
@pytest.mark.parametrize(
    ("table", "row", "column", "value", "at"),
    [
        ("visit_occurrence", 2, "visit_start_date", "1931-01-01", "row 5: the encounter lies before"),
        ("person", 2, "year_of_birth", "1066", "row 4: the birth date is impossible"),
        ("visit_occurrence", 2, "visit_occurrence_id", "31415000", "row 2: this encounter's id was there before"),
    ],
)
def test_bad_rows_are_named_by_table_and_row(
    server: Server, table: str, row: int, column: str, value: str, at: str
) -> None:
    tables = typed_hospital()
    tables[table][row][tables[table][0].index(column)] = value
    server.fill("broken", tables)
    said = refusal(server.url(), "broken")
    assert at in said
    assert f"table {table}" in said


@needs_server
def test_the_server_refuses(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.fill("omop", typed_hospital())
    with psycopg.connect(server.url(user="owner"), password=PASSWORD) as connection:
        connection.execute("REVOKE SELECT ON omop.person FROM reader")
    assert "may not read" in refusal(server.url())
    assert "no such database" in refusal(server.url("nowhere"))
    monkeypatch.setenv("PGPASSWORD", "wrong-horse")
    assert "refused the password" in refusal(server.url())
    monkeypatch.delenv("PGPASSWORD")
    monkeypatch.setenv("PGPASSFILE", "/nonexistent")
    assert "wants a password and none was found" in refusal(server.url())


def test_no_server_there() -> None:
    said = refusal(f"postgresql://reader@127.0.0.1:{_free_port()}/cdm")
    assert "cannot be reached" in said
    assert "127.0.0.1" in said


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"postgresql://reader:{PASSWORD}@127.0.0.1/cdm", "must hold no password"),
        (f"postgresql://reader@127.0.0.1/cdm?password={PASSWORD}", "must hold no password"),
        ("mysql://reader@127.0.0.1/cdm", "must begin with postgresql://"),
    ],
)
def test_urls_that_are_refused(url: str, words: str) -> None:
    from ghostchart.schemas.config import config_from

    with pytest.raises(ConfigError) as caught:
        config_from({"source": {"kind": "omop", "url": url}}, where="test")
    assert words in str(caught.value)
    assert PASSWORD not in str(caught.value)
