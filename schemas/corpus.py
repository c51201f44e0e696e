"""The corpus directory: its layout, how it is read, and the two ways to hold one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ghostchart.schemas.canonical import canonical_json, sha256_bytes, sha256_file
from ghostchart.schemas.errors import CorpusError, UncertifiedCorpusError
from ghostchart.schemas.note import NOTE_SCHEMA, SPLITS, Note, Split, note_from_row

DATA = "data"
REPORTS = "reports"
MANIFEST = "manifest.json"
CERTIFICATE = "certificate.json"
CROISSANT = "croissant.json"
CARD = "README.md"
SIGNOFF_PATTERN = re.compile(r"signoff-[0-9a-f]{8,64}\.json")
REPORT_NAMES = tuple(
    f"{stem}.{suffix}" for stem in ("fidelity", "leakage", "validation") for suffix in ("json", "html")
)
_SHARD = re.compile(r"(train|validation|test)-(\d{5})-of-(\d{5})\.parquet")


def shard_name(split: Split, index: int, count: int) -> str:
    """File name of one shard, as Hugging Face datasets expects it."""
    return f"{split}-{index:05d}-of-{count:05d}.parquet"


def has_split(corpus: Path, split: Split) -> bool:
    """Whether the corpus holds shards of a split at all; :func:`shard_paths` says whether they are all there."""
    folder = corpus / DATA
    return folder.is_dir() and any(
        (match := _SHARD.fullmatch(path.name)) is not None and match[1] == split for path in folder.iterdir()
    )


def shard_paths(corpus: Path, split: Split) -> list[Path]:
    """The shards of one split in order.

    Raises:
        CorpusError: no shards, a file that is no shard, or a gap in their numbers.
    """
    folder = corpus / DATA
    if not folder.is_dir():
        raise CorpusError("there is no data folder", where=str(corpus), fix="Give the corpus directory itself")
    found: list[tuple[int, int, Path]] = []
    for path in sorted(folder.iterdir()):
        match = _SHARD.fullmatch(path.name)
        if match and match[1] == split:
            found.append((int(match[2]), int(match[3]), path))
    if not found:
        raise CorpusError(f"split {split} has no shards", where=str(folder))
    if [(index, count) for index, count, _ in found] != [(index, found[0][1]) for index in range(found[0][1])]:
        raise CorpusError(f"split {split} lacks a shard of {found[0][1]}", where=str(folder))
    return [path for _, _, path in found]


def read_shard(path: Path) -> pa.Table:
    """One shard as an Arrow table.

    Raises:
        CorpusError: unreadable, or columns differ from the documented ones.
    """
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise CorpusError(f"cannot read shard: {type(error).__name__}", where=path.name) from None
    if not table.schema.remove_metadata().equals(NOTE_SCHEMA):
        raise CorpusError("shard columns differ from the documented schema", where=path.name)
    return table


def iter_notes(corpus: Path, split: Split | None = None) -> Iterator[Note]:
    """Notes of one split (or all, train first), one shard in memory at a time."""
    for name in (split,) if split else SPLITS:
        for path in shard_paths(corpus, name):
            for row in read_shard(path).to_pylist():
                yield note_from_row(row, name)


def data_digest(corpus: Path) -> str:
    """SHA-256 over names and bytes of the shards: which notes an uncertified corpus holds.

    Raises:
        CorpusError: a shard cannot be read.
    """
    try:
        shards = sorted(path for path in (corpus / DATA).glob("*.parquet"))
        return sha256_bytes(canonical_json([[path.name, sha256_file(path)] for path in shards]))
    except OSError as error:
        raise CorpusError(f"cannot read a shard: {error.strerror}", where=str(corpus / DATA)) from None


_ISSUED_BY_VERIFY = object()
_UNCERTIFIED = "UNCERTIFIED"


@dataclass(frozen=True, init=False)
class CertifiedCorpus:
    """A corpus whose certificate was checked just now. Only ``privacy`` verification makes one.

    Attributes:
        path: the corpus directory.
        certificate_digest: SHA-256 of certificate.json.
        key_id: key that signed it.
    """

    path: Path
    certificate_digest: str
    key_id: str

    def __init__(self, *, path: Path, certificate_digest: str, key_id: str, proof: object) -> None:
        if proof is not _ISSUED_BY_VERIFY:
            raise UncertifiedCorpusError(
                "a certified corpus can only come from verification", fix="Call privacy verification on the directory"
            )
        object.__setattr__(self, "path", path)
        object.__setattr__(self, "certificate_digest", certificate_digest)
        object.__setattr__(self, "key_id", key_id)

    @property
    def stamp(self) -> str:
        """How models and reports name this corpus."""
        return f"certificate sha256:{self.certificate_digest}"

    @property
    def origin(self) -> str:
        """Which notes these are: equal for the same corpus, whoever asks and why."""
        return self.stamp

    @property
    def is_certified(self) -> bool:
        """Always true."""
        return True


@dataclass(frozen=True)
class UncertifiedCorpus:
    """A corpus used with ``--allow-uncertified``; every output made from it carries ``stamp``."""

    path: Path
    reason: str

    @cached_property
    def origin(self) -> str:
        """Which notes these are: equal for the same data, whatever the reason is.

        Raises:
            CorpusError: a shard cannot be read.
        """
        return f"{_UNCERTIFIED} data sha256:{data_digest(self.path)}"

    @property
    def stamp(self) -> str:
        """How models and reports name this corpus."""
        return f"{self.origin}: {self.reason}"

    @property
    def is_certified(self) -> bool:
        """Always false."""
        return False


Corpus = CertifiedCorpus | UncertifiedCorpus


def origin_of(stamp: str) -> str:
    """The ``origin`` of the corpus that a record's or report's stamp names."""
    return stamp.partition(": ")[0]


def certified_by_verification(path: Path, certificate_digest: str, key_id: str) -> CertifiedCorpus:
    """For ``ghostchart.privacy.verification`` alone: the one door to :class:`CertifiedCorpus`."""
    return CertifiedCorpus(path=path, certificate_digest=certificate_digest, key_id=key_id, proof=_ISSUED_BY_VERIFY)
