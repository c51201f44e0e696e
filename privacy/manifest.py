"""manifest.json: SHA-256, size and row count of every file of a corpus; no time, no absolute path.

A corpus holds only what its documented layout allows. Anything else (a link, a hidden file, a folder that does not
belong) is refused by name before anything is hashed: what nobody expects, nobody would check.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ghostchart.schemas.canonical import readable_json, sha256_file
from ghostchart.schemas.corpus import (
    CARD,
    CERTIFICATE,
    CROISSANT,
    DATA,
    MANIFEST,
    REPORTS,
    SIGNOFF_PATTERN,
    shard_paths,
)
from ghostchart.schemas.errors import CorpusError, OutputError
from ghostchart.schemas.note import SPLITS

# Seals are written after the manifest and cannot be listed in it.
_SEALS = (MANIFEST, CERTIFICATE)
_REPORT = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}\.(json|html)")
_HASHING_THREADS = min(8, os.cpu_count() or 1)


class ManifestEntry(BaseModel):
    """One file: POSIX path below the corpus, SHA-256, size, and rows where it is a shard."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    path: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size_bytes: int = Field(ge=0)
    rows: int | None = Field(default=None, ge=0)


class Manifest(BaseModel):
    """Every file of a corpus except manifest, certificate and sign-offs, in order of path."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    files: tuple[ManifestEntry, ...]

    def to_bytes(self) -> bytes:
        """The one way to write this manifest."""
        return readable_json(self.model_dump(mode="json", exclude_none=True))

    def rows_by_split(self) -> dict[str, int]:
        """Notes per split, by the names of the shards."""
        counts = dict.fromkeys(SPLITS, 0)
        for entry in self.files:
            if entry.rows is not None:
                counts[next(name for name in SPLITS if entry.path.startswith(f"{DATA}/{name}-"))] += entry.rows
        return {str(name): count for name, count in counts.items()}


def list_files(corpus: Path) -> tuple[str, ...]:
    """POSIX paths of all files that a manifest covers, sorted.

    Raises:
        CorpusError: a file, link or folder that does not belong, or a gap in the shards.
    """
    if not corpus.is_dir():
        raise CorpusError("there is no such corpus directory", where=str(corpus))
    found: list[str] = []
    for entry in _entries(corpus):
        if entry.name in (DATA, REPORTS):
            _refuse(entry.is_symlink() or not entry.is_dir(), entry.name, "is not a folder")
            found += _files_below(corpus, entry.name)
            continue
        known = entry.name in (CARD, CROISSANT, *_SEALS) or SIGNOFF_PATTERN.fullmatch(entry.name)
        _refuse(not known, entry.name, "does not belong in a corpus")
        _refuse(not _is_plain_file(entry), entry.name, "is not a plain file")
        if entry.name in (CARD, CROISSANT):
            found.append(entry.name)
    for split in SPLITS:
        shard_paths(corpus, split)
    return tuple(sorted(found))


def build_manifest(corpus: Path) -> Manifest:
    """The manifest of the directory as it is now.

    Raises:
        CorpusError: as :func:`list_files`, or an unreadable file.
    """
    paths = list_files(corpus)
    digests = hash_files(corpus, paths)
    return Manifest(
        files=tuple(
            ManifestEntry(
                path=path,
                sha256=digests[path],
                size_bytes=(corpus / path).stat().st_size,
                rows=count_rows(corpus, path) if path.startswith(f"{DATA}/") else None,
            )
            for path in paths
        )
    )


def write_manifest(corpus: Path) -> Path:
    """Write manifest.json over everything that is in the corpus now.

    Raises:
        CorpusError: a file, link or folder that does not belong, a gap in the shards, an unreadable file.
        OutputError: the file cannot be written.
    """
    clear_partials(corpus)
    path = corpus / MANIFEST
    write_seal(path, build_manifest(corpus).to_bytes())
    return path


def read_manifest(corpus: Path) -> Manifest:
    """The manifest, if it is written in the one way we write it.

    Raises:
        CorpusError: missing, malformed or not canonical.
    """
    try:
        data = (corpus / MANIFEST).read_bytes()
        manifest = Manifest.model_validate_json(data)
        canonical = manifest.to_bytes() == data and json.loads(data) is not None
    except FileNotFoundError:
        raise CorpusError(f"{MANIFEST} is missing", where=str(corpus)) from None
    except (OSError, ValueError, ValidationError):
        raise CorpusError(f"{MANIFEST} is damaged", where=str(corpus)) from None
    if not canonical:
        raise CorpusError(f"{MANIFEST} is not in canonical form", where=str(corpus))
    return manifest


def hash_files(corpus: Path, paths: Iterable[str]) -> dict[str, str]:
    """SHA-256 of each file; hashing lets go of the interpreter, so threads share the work.

    Raises:
        CorpusError: a file that cannot be read, by name.
    """
    listed = list(paths)
    with ThreadPoolExecutor(_HASHING_THREADS) as pool:
        return dict(zip(listed, pool.map(lambda path: _digest(corpus, path), listed), strict=True))


def count_rows(corpus: Path, path: str) -> int:
    """Rows of one shard, from its footer.

    Raises:
        CorpusError: not a readable Parquet file.
    """
    try:
        return int(pq.read_metadata(corpus / path).num_rows)
    except (OSError, pa.ArrowException) as error:
        raise CorpusError(f"{path} is not a readable Parquet file: {type(error).__name__}") from None


def write_seal(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: temporary name, fsync, rename.

    Raises:
        OutputError: the file cannot be written.
    """
    partial = _partial(path)
    try:
        with partial.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write {path.name}: {error.strerror}", where=str(path.parent)) from None


def clear_partials(corpus: Path) -> None:
    """Remove what a killed :func:`write_seal` left behind."""
    for name in (CARD, CROISSANT, *_SEALS):
        _partial(corpus / name).unlink(missing_ok=True)


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.partial")


def _digest(corpus: Path, path: str) -> str:
    try:
        return sha256_file(corpus / path)
    except OSError as error:
        raise CorpusError(f"cannot read {path}: {error.strerror}", where=str(corpus)) from None


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise CorpusError(f"cannot list the folder: {error.strerror}", where=str(folder)) from None


def _files_below(corpus: Path, name: str) -> list[str]:
    shards = {path.name for split in SPLITS for path in shard_paths(corpus, split)} if name == DATA else set()
    found = []
    for entry in _entries(corpus / name):
        path = f"{name}/{entry.name}"
        known = entry.name in shards if name == DATA else _REPORT.fullmatch(entry.name)
        _refuse(not known, path, "does not belong in a corpus")
        _refuse(not _is_plain_file(entry), path, "is not a plain file")
        found.append(path)
    return found


def _is_plain_file(entry: os.DirEntry[str]) -> bool:
    return stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode)


def _refuse(condition: object, path: str, why: str) -> None:
    if condition:
        # repr: a planted name may hold line breaks or terminal codes.
        shown = path if re.fullmatch(r"[ -~]+", path) else repr(path)
        raise CorpusError(f"{shown} {why}", fix="Remove it")
