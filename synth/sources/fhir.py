"""FHIR R4 as hospital tables: Bulk Data exports (NDJSON, one resource a line) and Bundles (JSON), plain or gzip.

Files are read in a stream, resource by resource; a Bundle of any size too. Read are Patient, Encounter, Condition,
Procedure, MedicationRequest, MedicationStatement (with Medication) and Observation; other kinds that R4 knows are
counted, and a kind that it does not know stops the run with its file and row. Rows are lines of NDJSON files and
entries of Bundles, from 1. Conditions in ICD-10-CM count as they are, others need the user's map.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa

from ghostchart.schemas.ehr import EhrTables, TableCount
from ghostchart.schemas.errors import EnvironmentProblem, SourceError
from ghostchart.schemas.progress import SILENT, Progress
from ghostchart.synth.sources.fhir_resources import R4_TYPES, READERS, NotR4Error, diagnoses, identifiers
from ghostchart.synth.sources.measurements import measured, put_measurements
from ghostchart.synth.sources.source_tables import SourceTables
from ghostchart.synth.sources.staging import Staging

_LINES, _BUNDLES = (".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz"), (".json", ".json.gz")
_BATCH_ROWS = 20_000
_ROWS_PER_FILE = 1 << 40
_DIAGNOSES, _IDENTIFIERS, _ALIASES = "EncounterDiagnosis", "PatientIdentifier", "Alias"
_MORE_COLUMNS = {
    _DIAGNOSES: ("condition_id", "encounter_id", "rank"),
    _IDENTIFIERS: ("patient_id", "entity_type", "value"),
    _ALIASES: ("alias", "id"),
}
# What stands for an entry that only tells of a request or an outcome.
_NO_RESOURCE: dict[str, Any] = {}
_NAME = re.compile(r"[A-Za-z]{1,60}")


def read_fhir(path: Path, code_map: Path | None = None, progress: Progress = SILENT) -> EhrTables:
    """Read a FHIR R4 export.

    Args:
        path: a directory (searched to its depths) or one file of NDJSON or a Bundle.
        code_map: from SNOMED CT or ICD-9-CM to ICD-10-CM.
        progress: told of each file.

    Raises:
        SourceError: no files, a file that cannot be read, a resource of unknown kind or shape, or resources that
            contradict each other; file and row are named, values never.
    """
    files = _files(path)
    source = SourceTables(path if path.is_dir() else path.parent)
    put_measurements(source)
    rows = _Rows(source)
    with progress.task("Reading FHIR", len(files)) as advance:
        for number, file in enumerate(files):
            label = str(file.relative_to(path)) if path.is_dir() else file.name
            for row, resource in _resources(file, label):
                rows.take(resource, number * _ROWS_PER_FILE + row, label, row)
            advance(1)
    rows.flush()
    labels = [str(file.relative_to(path)) if path.is_dir() else file.name for file in files]
    staging = Staging(
        source, "fhir", code_map, locate=lambda line: (labels[line // _ROWS_PER_FILE], line % _ROWS_PER_FILE)
    )
    staging.extra_counts += rows.unused()
    _stage(staging)
    return staging.finish(progress)


class _Rows:
    """Collects rows per kind and hands them to DuckDB batch by batch."""

    def __init__(self, source: SourceTables) -> None:
        self._source = source
        self._columns = {kind: columns for kind, (columns, _reader) in READERS.items()} | _MORE_COLUMNS
        self._waiting: dict[str, list[tuple[Any, ...]]] = {kind: [] for kind in self._columns}
        self._not_used: Counter[str] = Counter()
        for kind in self._columns:
            source.put(kind, self._table(kind))

    def take(self, resource: Any, line: int, label: str, row: int) -> None:
        """One resource of a file, or one entry of a Bundle (``fullUrl`` and ``resource``)."""
        if not isinstance(resource, dict):
            raise SourceError(f"row {row}: this is no FHIR resource", where=label)
        if resource is _NO_RESOURCE:
            self._not_used["Bundle entry without a resource"] += 1
            return
        kind = resource.get("resourceType")
        if not isinstance(kind, str) or kind not in R4_TYPES:
            shown = f" {kind}" if isinstance(kind, str) and _NAME.fullmatch(kind) else ""
            raise SourceError(
                f"row {row}: FHIR R4 has no resource{shown}"
                if kind
                else f"row {row}: the resource has no resourceType",
                where=label,
                fix="Export FHIR R4, or remove the resource",
            )
        if kind not in READERS:
            self._not_used[kind] += 1
            return
        try:
            self._add(kind, [(line, *values) for values in READERS[kind][1](resource)])
            if kind == "Encounter":
                self._add(_DIAGNOSES, [(line, *values) for values in diagnoses(resource)])
            elif kind == "Patient":
                self._add(_IDENTIFIERS, [(line, *values) for values in identifiers(resource)])
        except NotR4Error as error:
            raise SourceError(
                f"row {row}: {kind}.{error} does not have the shape that FHIR R4 gives it", where=label
            ) from None
        alias, own = resource.get("_fullUrl"), resource.get("id")
        if isinstance(alias, str) and alias != own and isinstance(own, str):
            self._add(_ALIASES, [(line, alias, own)])

    def flush(self) -> None:
        """Hand over what waits."""
        for kind, waiting in self._waiting.items():
            if waiting:
                self._source.add(kind, self._table(kind))
                waiting.clear()

    def unused(self) -> list[TableCount]:
        """Resources of kinds that are not used."""
        return [
            TableCount(kind, count, 0, {"kind of resource not used": count})
            for kind, count in sorted(self._not_used.items())
        ]

    def _add(self, kind: str, rows: list[tuple[Any, ...]]) -> None:
        waiting = self._waiting[kind]
        waiting += rows
        if len(waiting) >= _BATCH_ROWS:
            self._source.add(kind, self._table(kind))
            waiting.clear()

    def _table(self, kind: str) -> pa.Table:
        schema = pa.schema([("line", pa.int64()), *((name, pa.string()) for name in self._columns[kind])])
        waiting = self._waiting[kind]
        columns = list(zip(*waiting, strict=True)) if waiting else [()] * len(schema.names)
        return pa.table(dict(zip(schema.names, columns, strict=True)), schema=schema)


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise SourceError("there is no such directory or file", where=str(path), fix="Check --path")
    candidates = sorted(path.rglob("*")) if path.is_dir() else [path]
    files = [file for file in candidates if file.is_file() and file.name.lower().endswith(_LINES + _BUNDLES)]
    if not files:
        raise SourceError(
            "there is no FHIR file", where=str(path), fix="Put NDJSON (.ndjson) or Bundles (.json) there, plain or .gz"
        )
    return files


@contextmanager
def _opened(file: Path, label: str) -> Iterator[IO[bytes]]:
    try:
        with gzip.open(file) if file.suffix.lower() == ".gz" else file.open("rb") as stream:
            yield cast(IO[bytes], stream)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(
            f"the file cannot be read: {type(error).__name__}", where=label, fix="Look for a broken download"
        ) from None


def _resources(file: Path, label: str) -> Iterator[tuple[int, Any]]:
    """(row, resource) of one file."""
    with _opened(file, label) as stream:
        read = _lines if file.name.lower().endswith(_LINES) else _entries
        empty = True
        for row, resource in read(stream, label):
            empty = False
            yield row, resource
        if empty:
            raise SourceError("the file is empty", where=label)


def _lines(stream: IO[bytes], label: str) -> Iterator[tuple[int, Any]]:
    for row, line in enumerate(stream, 1):
        if not line.strip():
            continue
        try:
            yield row, json.loads(line.decode("utf-8-sig" if row == 1 else "utf-8"))
        except UnicodeDecodeError:
            raise SourceError(f"row {row}: the line is not UTF-8 text", where=label) from None
        except (ValueError, RecursionError):
            raise SourceError(f"row {row}: the line is not valid JSON", where=label) from None


def _entries(stream: IO[bytes], label: str) -> Iterator[tuple[int, Any]]:
    """The entries of a Bundle one by one; nothing but the entry at hand is held."""
    try:
        import ijson
    except ImportError:
        raise EnvironmentProblem("ijson is not installed", fix="Run make setup") from None
    row, kind, entry = 0, None, None
    try:
        for prefix, event, value in ijson.parse(stream, use_float=True):
            if prefix == "resourceType":
                kind = value
                if kind != "Bundle":
                    break
            elif prefix == "entry.item" and entry is None:
                row += 1
                if event != "start_map":
                    yield row, value
                    continue
                entry = ijson.ObjectBuilder()
            if entry is not None and prefix.startswith("entry.item"):
                entry.event(event, value)
                if prefix == "entry.item" and event == "end_map":
                    yield row, _of_entry(entry.value)
                    entry = None
    except UnicodeDecodeError:
        raise SourceError(f"row {row + 1}: the file is not UTF-8 text", where=label) from None
    except ijson.JSONError:
        raise SourceError(f"row {row + 1}: the file is not valid JSON from there on", where=label) from None
    if kind != "Bundle":
        raise SourceError(
            "the file is no FHIR Bundle", where=label, fix="Resources one a line belong into .ndjson files"
        )


def _of_entry(entry: dict[str, Any]) -> Any:
    if "resource" not in entry:
        return _NO_RESOURCE
    resource = entry["resource"]
    if isinstance(resource, dict):
        url = entry.get("fullUrl")
        if isinstance(url, str):
            # Within a Bundle references may name the entry's URL in place of the resource's own id.
            resource["_fullUrl"] = url.removeprefix("urn:uuid:").rpartition("/")[2]
            resource.setdefault("id", resource["_fullUrl"])
    return resource


def _own(column: str) -> str:
    """A reference with an alias (URL of a Bundle's entry) brought to the resource's own id."""
    return f"coalesce((SELECT min(a.id) FROM {_ALIASES} a WHERE a.alias = r.{column}), r.{column}) AS {column}"


def _stage(staging: Staging) -> None:

    def add(kind: str, table: str, file: str, query: str) -> None:
        # Of a kind that the export does not hold there is nothing to count.
        if staging.source.value(file, f"SELECT count(*) FROM {file}") or kind in {
            "patients",
            "encounters",
            "conditions",
        }:
            staging.add(kind, table, file, query)

    if medications := staging.source.value("Medication", "SELECT count(*) FROM Medication"):
        staging.extra_counts.append(TableCount("Medication", medications, medications))
    tied = f"r.line, r.refusal, {_own('patient_id')}, {_own('encounter_id')}, r.day"
    add("patients", "Patient", "Patient", "SELECT * FROM Patient")
    add("encounters", "Encounter", "Encounter", f"SELECT r.* REPLACE ({_own('patient_id')}) FROM Encounter r")
    add(
        "conditions",
        "Condition",
        "Condition",
        f"SELECT {tied}, r.system, r.code, r.rank FROM (SELECT c.* REPLACE (coalesce(c.encounter_id, d.encounter_id) AS encounter_id), "
        f"d.rank FROM Condition c LEFT JOIN (SELECT {_own('condition_id')}, CAST(min(CAST(rank AS INTEGER)) AS VARCHAR) AS rank, "
        f"arg_min(encounter_id, coalesce(CAST(rank AS INTEGER), 99)) AS encounter_id FROM {_DIAGNOSES} r GROUP BY 1) d "
        "ON d.condition_id = c.id) r",
    )
    add("procedures", "Procedure", "Procedure", f"SELECT {tied}, r.system, r.code FROM Procedure r")
    for kind in ("MedicationRequest", "MedicationStatement"):
        add(
            "medications",
            kind,
            kind,
            f"SELECT {tied}, coalesce(r.drug, (SELECT min(m.name) FROM Medication m WHERE m.id = r.medication_id OR m.id = "
            f"(SELECT min(a.id) FROM {_ALIASES} a WHERE a.alias = r.medication_id))) AS drug FROM {kind} r",
        )
    add(
        "observations",
        "Observation values",
        "Observation",
        measured(f"SELECT {tied}, r.loinc, r.value, r.unit FROM Observation r WHERE r.refusal = ''")
        + " UNION ALL SELECT line, patient_id, encounter_id, day, NULL, value, refusal FROM Observation WHERE refusal <> ''",
    )
    staging.add_identifiers("Patient", f"SELECT patient_id, entity_type, value FROM {_IDENTIFIERS}")
