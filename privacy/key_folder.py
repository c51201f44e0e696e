"""The key folder on disk: where it may lie, who may read it, what its files look like."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ghostchart.schemas.canonical import readable_json
from ghostchart.schemas.corpus import DATA, MANIFEST
from ghostchart.schemas.errors import ConfigError, OutputError, UsageError

if TYPE_CHECKING:
    from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]

Role = Literal["issuer", "officer"]
ROLES: tuple[Role, ...] = get_args(Role)
KEY_DIR_VARIABLE = "GHOSTCHART_KEY_DIR"
PRIVATE, TRUSTED, REVOKED = "private", "trusted", "revoked.json"


@dataclass(frozen=True)
class PublicKey:
    """The public half of an Ed25519 key and the one role in which it may sign.

    Attributes:
        public: 64 hex digits, the raw 32-byte public value.
    """

    key_id: str
    role: Role
    public: str

    def verifier(self) -> SSlibKey:
        """The key as securesystemslib checks signatures with it."""
        return _verifier(self.public)

    def to_bytes(self) -> bytes:
        """The key file: safe to hand out."""
        return readable_json(
            {
                "keyid": self.key_id,
                "keytype": "ed25519",
                "scheme": "ed25519",
                "keyval": {"public": self.public},
                "role": self.role,
            }
        )


class _KeyValue(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    public: str = Field(pattern=r"^[0-9a-f]{64}$")


class _KeyFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    keyid: str
    keytype: Literal["ed25519"]
    scheme: Literal["ed25519"]
    keyval: _KeyValue
    role: Role


class Revocations(BaseModel):
    """What no longer counts: key id or SHA-256 of certificate.json -> reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keys: dict[str, str] = Field(default_factory=dict)
    certificates: dict[str, str] = Field(default_factory=dict)


def read_public_key(path: Path) -> PublicKey:
    """A public key file, its id computed anew.

    Raises:
        ConfigError: unreadable, not a public Ed25519 key with its role, or its id is not its own.
    """
    try:
        parsed = _KeyFile.model_validate(json.loads(path.read_bytes()))
        key = PublicKey(parsed.keyid, parsed.role, parsed.keyval.public)
        genuine = key.verifier().keyid == parsed.keyid
    except OSError as error:
        raise ConfigError(f"cannot read the public key: {error.strerror}", where=str(path)) from None
    except (ValueError, ValidationError, RecursionError):
        raise ConfigError(
            "this is not a public key file", where=str(path), fix="Give the JSON that 'ghostchart keys show' prints"
        ) from None
    if not genuine:
        raise ConfigError("the key's id is not the id of its public value", where=str(path), fix="Remove it")
    return key


def read_revocations(folder: Path) -> Revocations:
    """The revocation list of a key folder; empty where there is none.

    Raises:
        ConfigError: damaged.
    """
    path = folder / REVOKED
    try:
        return Revocations.model_validate(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return Revocations()
    except (OSError, ValueError, ValidationError, RecursionError):
        # An unreadable list must not count as an empty one.
        raise ConfigError("the revocation list cannot be read", where=str(path), fix="Restore it") from None


def key_dir_default() -> Path:
    """$GHOSTCHART_KEY_DIR, else $XDG_CONFIG_HOME/ghostchart/keys, else ~/.config/ghostchart/keys."""
    if named := os.environ.get(KEY_DIR_VARIABLE):
        return Path(named)
    config_home = os.environ.get("XDG_CONFIG_HOME")
    return (Path(config_home) if config_home else Path.home() / ".config") / "ghostchart" / "keys"


def enclosing_output(path: Path) -> Path | None:
    """The output directory of a run, or the corpus, that ``path`` is or lies in; None where there is none."""
    for folder in (path, *path.parents):
        is_run = (folder / "corpus").is_dir() and ((folder / "run.json").exists() or (folder / "protected").exists())
        is_corpus = (folder / DATA).is_dir() and (folder / MANIFEST).exists()
        if is_run or is_corpus:
            return folder
    return None


def key_folder(key_dir: Path | None, *, make: bool = False) -> Path:
    """The key folder, made if asked, refused where others could plant or read keys.

    Raises:
        UsageError: open to others, or in an output directory.
        OutputError: cannot be made.
    """
    folder = (key_dir or key_dir_default()).expanduser().resolve()
    if (output := enclosing_output(folder)) is not None:
        raise UsageError(
            "the key folder lies in an output directory, where keys would be handed on",
            where=str(folder),
            fix=f"Choose one outside {output} with --key-dir or {KEY_DIR_VARIABLE}",
        )
    if make:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (folder / PRIVATE).mkdir(mode=0o700, exist_ok=True)
            (folder / TRUSTED).mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot make the key folder: {error.strerror}", where=str(folder)) from None
    for part, loose, mode in ((folder, 0o022, 700), (folder / TRUSTED, 0o022, 700), (folder / PRIVATE, 0o077, 700)):
        refuse_loose(part, loose, mode)
    return folder


def refuse_loose(path: Path, loose: int, mode: int) -> None:
    """UsageError where ``path`` has a permission bit of ``loose``; ``mode`` (digits as chmod takes them) mends it."""
    if path.exists() and path.stat().st_mode & loose:
        raise UsageError("other users have access to the keys", where=str(path), fix=f"Run 'chmod {mode} {path}'")


@contextmanager
def locked(folder: Path, *, needed: bool = True) -> Iterator[None]:
    """One process at a time changes the key folder: two first runs must not make two issuer keys."""
    if not needed:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _verifier(public: str) -> SSlibKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]

    return SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)))


def put_key_file(path: Path, data: bytes, mode: int) -> None:
    """Write under a temporary name with its final mode, then rename: no moment with a readable private key."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(handle)
        partial.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write to the key folder: {error.strerror}", where=str(path)) from None
