"""Keyed hashes of the source's identifiers: enough to recognise one, not to read one.

Hashes are HMAC-SHA-256 cut to 8 bytes; whoever has the key file can test guesses, so both stay in the protected zone.
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ghostchart.privacy.identifier_forms import UNIQUE_TYPES, WEAK_TYPES, Form, deletion_forms, forms_of, numbers_within
from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.errors import InputError, OutputError

_TABLE = "identifiers.parquet"
_KEY = "index.key"
_SCHEMA = pa.schema(
    [("hash", pa.uint64()), ("entity_type", pa.string()), ("patient", pa.int32()), ("member", pa.bool_())]
)


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One identifier of one source patient. ``patient`` is an ordinal that tells patients apart and nothing else."""

    entity_type: str
    patient: int
    member: bool


@dataclass(frozen=True)
class IdentifierIndex:
    """Index of the identifiers of training patients (members) and held-out patients.

    Implements ``SurrogateScreen``. Birth dates come from the patients table as well as from the identifiers table.
    """

    key: bytes = field(repr=False)
    table: pa.Table = field(repr=False)
    n_members: int
    n_holdout: int

    @classmethod
    def build(cls, train: EhrTables, holdout: EhrTables, key: bytes) -> IdentifierIndex:
        """Hash every normal form of every identifier, and each with one letter or digit left out.

        Raises:
            InputError: the key is shorter than 16 bytes.
        """
        if len(key) < 16:
            raise InputError("the key of an identifier index needs at least 16 bytes")
        columns: dict[str, list[object]] = {name: [] for name in _SCHEMA.names}
        ordinal = 0
        for tables, member in ((train, True), (holdout, False)):
            ordinals = {pid: ordinal + place for place, pid in enumerate(tables.patients["patient_id"].to_pylist())}
            ordinal += len(ordinals)
            for pid, entity_type, value in _identifiers(tables):
                if pid not in ordinals or not value:
                    continue
                for form in (*forms_of(entity_type, value), *deletion_forms(entity_type, value)):
                    columns["hash"].append(_hash(key, form))
                    columns["entity_type"].append(entity_type)
                    columns["patient"].append(ordinals[pid])
                    columns["member"].append(member)
        table = pa.table(columns, schema=_SCHEMA)
        table = table.group_by(_SCHEMA.names).aggregate([]).sort_by([(name, "ascending") for name in _SCHEMA.names])
        return cls(key, table, train.n_patients, holdout.n_patients)

    @cached_property
    def _entries(self) -> dict[int, tuple[IndexEntry, ...]]:
        entries: dict[int, tuple[IndexEntry, ...]] = {}
        columns = (self.table[name].to_pylist() for name in _SCHEMA.names)
        for value, entity_type, patient, member in zip(*columns, strict=True):
            entries[value] = (*entries.get(value, ()), IndexEntry(entity_type, patient, member))
        return entries

    def __getstate__(self) -> dict[str, object]:
        # The dictionary is cheap to make again and several times larger than the table.
        return {name: value for name, value in self.__dict__.items() if name != "_entries"}

    def look_up(self, form: Form) -> tuple[IndexEntry, ...]:
        """Every source patient's identifier with this normal form; those one letter or digit longer where none has it."""
        exact = self._entries.get(_hash(self.key, form))
        if exact is not None or form[0] not in ("name", "digits", "packed"):
            return exact or ()
        return self._entries.get(_hash(self.key, (f"{form[0]}-1", form[1])), ())

    def is_taken(self, entity_type: str, value: str) -> bool:
        """Whether some source patient has this identifier, or a number that is written inside it.

        Names count in full only; dates, towns, ZIP codes and facilities are shared by too many to count.
        """
        if entity_type in WEAK_TYPES or entity_type == "DATE_TIME":
            return False
        for form in numbers_within(entity_type, value):
            if any(entry.entity_type in UNIQUE_TYPES for entry in self.look_up(form)):
                return True
        for form in forms_of(entity_type, value):
            for entry in self.look_up(form):
                if entry.entity_type == entity_type or {entry.entity_type, entity_type} <= UNIQUE_TYPES:
                    return True
        return False

    def digest(self, entity_type: str, value: str) -> str:
        """Keyed digest under which reports name a value, 16 hex digits."""
        forms = forms_of(entity_type, value) or [("text", value)]
        return f"{_hash(self.key, ('report', entity_type + ':' + forms[0][1])):016x}"

    def save(self, directory: Path) -> None:
        """Write the hashes as Parquet and the key as a file of mode 0600.

        Raises:
            OutputError: the folder cannot be written.
        """
        try:
            directory.mkdir(parents=True, exist_ok=True)
            directory.chmod(0o700)
            metadata = {"n_members": str(self.n_members), "n_holdout": str(self.n_holdout)}
            pq.write_table(self.table.replace_schema_metadata(metadata), directory / _TABLE)
            path = directory / _KEY
            path.unlink(missing_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                stream.write(self.key)
        except OSError as error:
            raise OutputError(f"cannot write the identifier index: {error.strerror}", where=str(directory)) from None

    @classmethod
    def load(cls, directory: Path) -> IdentifierIndex:
        """Read what :meth:`save` wrote.

        Raises:
            InputError: missing or damaged.
        """
        try:
            table = pq.read_table(directory / _TABLE)
            key = (directory / _KEY).read_bytes()
            metadata = table.schema.metadata or {}
            counts = int(metadata[b"n_members"]), int(metadata[b"n_holdout"])
        except (OSError, pa.ArrowException, KeyError, ValueError):
            raise InputError(
                "the identifier index is missing or damaged", where=str(directory), fix="Run generate again"
            ) from None
        return cls(key, table.replace_schema_metadata(None), *counts)


def _identifiers(tables: EhrTables) -> list[tuple[str, str, str]]:
    names = ("patient_id", "entity_type", "value")
    rows = list(zip(*(tables.identifiers[name].to_pylist() for name in names), strict=True))
    births = zip(tables.patients["patient_id"].to_pylist(), tables.patients["birth_date"].to_pylist(), strict=True)
    return rows + [(pid, "DATE_TIME", born.isoformat()) for pid, born in births if born is not None]


def _hash(key: bytes, form: Form) -> int:
    message = f"{form[0]}\x00{form[1]}".encode()
    return int.from_bytes(hmac.digest(key, message, "sha256")[:8], "big")
