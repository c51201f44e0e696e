"""Decisions of a person about findings that no ledger explains: ``protected/adjudications.yaml``.

A finding is named by its keyed digest, as ``protected/reports/findings.json`` shows it, never by its text; a decision
holds for every place where the same value stands. What belongs to a patient of the source cannot be decided away.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from ghostchart.privacy.masking import FINDINGS
from ghostchart.schemas.errors import InputError, OutputError

FILE = "adjudications.yaml"
# not_an_identifier: a false alarm of the scanner; made_up: a synthetic identifier that the ledger lacks.
Decision = Literal["not_an_identifier", "made_up"]
DECISIONS: tuple[str, ...] = get_args(Decision)
_FIELDS = ("digest", "decision", "name", "date")


@dataclass(frozen=True, slots=True)
class Adjudication:
    """One decision: ``digest`` of 16 hex digits, who decided and when."""

    digest: str
    decision: str
    name: str
    date: date


def load_adjudications(protected: Path) -> dict[str, Adjudication]:
    """Decisions by digest; none where the file does not exist.

    Raises:
        InputError: the file cannot be read, or an entry is incomplete, unknown or given twice.
    """
    path = protected / FILE
    if not path.exists():
        return {}
    try:
        rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise InputError("the adjudications are not readable YAML", where=str(path)) from None
    if not isinstance(rows, list):
        raise InputError("the adjudications are no list", where=str(path), fix=f"Give each its {', '.join(_FIELDS)}")
    found: dict[str, Adjudication] = {}
    for place, row in enumerate(rows, start=1):
        entry = _entry(row, f"{path}, entry {place}")
        if entry.digest in found:
            raise InputError(f"digest {entry.digest} is decided twice", where=str(path), fix="Keep one entry")
        found[entry.digest] = entry
    return found


def _entry(row: Any, where: str) -> Adjudication:
    if not isinstance(row, Mapping) or set(row) != set(_FIELDS):
        raise InputError(f"an adjudication has exactly {', '.join(_FIELDS)}", where=where)
    digest, decision, name, day = (row[field] for field in _FIELDS)
    digest = str(digest)
    if len(digest) != 16 or set(digest) - set("0123456789abcdef"):
        raise InputError(
            "the digest has not 16 hex digits",
            where=where,
            fix="Copy it from protected/reports/findings.json, in quotes",
        )
    if decision not in DECISIONS:
        raise InputError(f"the decision is not one of {', '.join(DECISIONS)}", where=where)
    if not isinstance(name, str) or not name.strip():
        raise InputError("the name of who decided is missing", where=where)
    try:
        decided = day if isinstance(day, date) else date.fromisoformat(str(day))
    except ValueError:
        raise InputError("the date is not of the form YYYY-MM-DD", where=where) from None
    return Adjudication(digest, str(decision), name.strip(), decided)


def record_adjudication(protected: Path, entry: Adjudication) -> Path:
    """Add or replace one decision; the file has mode 0600.

    Raises:
        InputError: the entry or the existing file is wrong.
        OutputError: the file cannot be written.
    """
    row = {field: getattr(entry, field) for field in _FIELDS}
    checked = _entry({**row, "date": entry.date.isoformat()}, "adjudication")
    known = {**load_adjudications(protected), checked.digest: checked}
    rows = [{field: getattr(known[digest], field) for field in _FIELDS} for digest in sorted(known)]
    path, temporary = protected / FILE, protected / f".{FILE}.part"
    try:
        temporary.unlink(missing_ok=True)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(yaml.safe_dump(rows, sort_keys=False, allow_unicode=True).encode())
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write {FILE}: {error.strerror}", where=str(protected)) from None
    return path


def require_open_finding(protected: Path, digest: str) -> None:
    """Check that the last audit's findings hold this digest as one of the scan.

    Raises:
        InputError: there is no such finding, or it is a match with the source, which nobody can decide away.
    """
    path = protected / "reports" / FINDINGS
    try:
        rows = json.loads(path.read_text())["findings"]
        gates = {str(row["gate"]) for row in rows if row["digest"] == digest}
    except OSError:
        raise InputError(
            "there are no findings to decide about", where=str(path), fix="Run ghostchart audit first"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise InputError("the findings are damaged", where=str(path), fix="Run ghostchart audit again") from None
    if gates - {"phi_scan"}:
        raise InputError(
            f"finding {digest} matches a patient of the source",
            where=str(path),
            fix="Remove it; no decision excuses it",
        )
    if not gates:
        raise InputError(f"no finding has the digest {digest}", where=str(path), fix="Copy it from that file")
