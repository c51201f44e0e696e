"""Canonical bytes, digests and seeds: one place that decides how things are hashed."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

import numpy as np

_CHUNK_BYTES = 1 << 20


def canonical_json(value: object) -> bytes:
    """Sorted keys, no spaces, UTF-8, newline at the end; refuses NaN."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"


def readable_json(value: object) -> bytes:
    """Sorted keys, two-space indent, newline at the end: for files that people read and git diffs."""
    return (json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def sha256_bytes(data: bytes) -> str:
    """Lower-case hex SHA-256."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Lower-case hex SHA-256 of a file, read in 1 MiB pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def keyed_digest(key: bytes, *parts: str, size_bytes: int = 16) -> str:
    """HMAC-SHA-256 over length-prefixed parts, cut to ``size_bytes``, as hex.

    Length prefixes keep ("ab", "c") and ("a", "bc") apart.
    """
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        data = part.encode()
        mac.update(len(data).to_bytes(8, "big"))
        mac.update(data)
    return mac.digest()[:size_bytes].hex()


def stream(root_seed: int, *labels: str | int) -> np.random.SeedSequence:
    """The seed sequence for one named stream of work below one root seed.

    Equal labels give equal streams whatever the engine, order or number of workers; different labels give
    independent ones (spawn keys of ``numpy.random.SeedSequence``).
    """
    spawn_key = tuple(int.from_bytes(hashlib.sha256(str(label).encode()).digest()[:8], "big") for label in labels)
    return np.random.SeedSequence(entropy=root_seed, spawn_key=spawn_key)


def generator(seed: np.random.SeedSequence | int) -> np.random.Generator:
    """A NumPy generator (PCG64) for one stream."""
    return np.random.Generator(np.random.PCG64(seed))
