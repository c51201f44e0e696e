"""Keys that sign certificates and sign-offs, and the folder that says whose signatures count.

The key folder (mode 0700), never below an output directory::

    private/<role>-<keyid>.pem    PKCS#8, mode 0600
    trusted/<keyid>.json          public keys whose signatures count, each in one role
    revoked.json                  keys and certificates that no longer count, with the reason

Key ids are securesystemslib's: SHA-256 of the canonical JSON of key type, scheme and public value. They are computed
again whenever a public key is read, so that a file cannot claim another key's id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from ghostchart.privacy.key_folder import (
    PRIVATE,
    REVOKED,
    ROLES,
    TRUSTED,
    PublicKey,
    Role,
    key_dir_default,
    key_folder,
    locked,
    put_key_file,
    read_public_key,
    read_revocations,
    refuse_loose,
)
from ghostchart.schemas.canonical import readable_json
from ghostchart.schemas.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]

__all__ = [
    "KeyEntry",
    "PublicKey",
    "Role",
    "SigningKey",
    "TrustedKeys",
    "find_key",
    "issuer_key",
    "key_dir_default",
    "list_keys",
    "new_key",
    "read_public_key",
    "revoke",
    "signing_key",
    "trust_key",
    "trusted_keys",
]

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class SigningKey:
    """A private key in memory with its role; never shown, never pickled."""

    key_id: str
    role: Role
    folder: Path
    signer: CryptoSigner = field(repr=False)

    def __reduce__(self) -> tuple[object, ...]:
        raise UsageError("a private key does not leave its process")


@dataclass(frozen=True)
class TrustedKeys:
    """Whose signatures count, in which role, and what has been revoked.

    Attributes:
        keys: key id -> public key.
        revoked_keys: key id -> reason.
        revoked_certificates: SHA-256 of certificate.json -> reason.
    """

    keys: Mapping[str, PublicKey] = field(default_factory=dict)
    revoked_keys: Mapping[str, str] = field(default_factory=dict)
    revoked_certificates: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class KeyEntry:
    """One line of ``keys show``."""

    public: PublicKey
    has_private_half: bool
    revoked: str | None


def new_key(role: Role, key_dir: Path | None = None) -> SigningKey:
    """Make a key pair, keep its private half (mode 0600) and trust its public half.

    Raises:
        UsageError: unknown role, or the key folder is open to others or lies in an output directory.
        OutputError: the folder cannot be written.
    """
    if role not in ROLES:
        raise UsageError(f"there is no key role {role!r}", fix=f"Use {' or '.join(ROLES)}")
    folder = key_folder(key_dir, make=True)
    with locked(folder):
        return _make_key(role, folder)


def issuer_key(key_dir: Path | None = None, key_id: str | None = None) -> SigningKey:
    """The key that signs certificates; made on first use."""
    return signing_key("issuer", key_dir, key_id, make=True)


def signing_key(
    role: Role, key_dir: Path | None = None, key_id: str | None = None, *, make: bool = False
) -> SigningKey:
    """The private key of one role, the only one or the one named.

    Args:
        role: what it signs: "issuer" certificates, "officer" sign-offs.
        key_dir: None for :func:`key_dir_default`.
        key_id: full id or its beginning; None where there is only one that is not revoked.
        make: make one if the folder has never held one of this role.

    Raises:
        UsageError: none or several fit, all are revoked, or a private key is open to others.
    """
    folder = key_folder(key_dir, make=make)
    revoked = read_revocations(folder).keys
    with locked(folder, needed=make):
        held = sorted((folder / PRIVATE).glob(f"{role}-*.pem"))
        if not held and make and key_id is None:
            return _make_key(role, folder)
        fits = [path for path in held if _key_id_of(path).startswith(key_id or "")]
        usable = [path for path in fits if _key_id_of(path) not in revoked]
        if len(usable) == 1:
            return _load_private(usable[0], role, folder)
    if len(usable) > 1:
        raise UsageError(
            f"there are {len(usable)} {role} keys: {', '.join(_key_id_of(path)[:16] for path in usable)}",
            where=str(folder),
            fix="Name one, or revoke those that are retired",
        )
    state = "revoked" if fits else "missing"
    raise UsageError(f"the {role} key is {state}", where=str(folder), fix=f"Run 'ghostchart keys new {role}'")


def trust_key(path: Path, role: Role, key_dir: Path | None = None) -> PublicKey:
    """Trust someone else's public key in one role.

    Raises:
        ConfigError: not a public key file.
        UsageError: the key was made for, or is already trusted in, another role.
    """
    key = read_public_key(path)
    if key.role != role:
        raise UsageError(
            f"this key is an {key.role} key, not an {role} key",
            where=str(path),
            fix="Ask its owner for a key of the right role: one key never holds both",
        )
    folder = key_folder(key_dir, make=True)
    with locked(folder):
        _write_trusted(folder, key)
    return key


def trusted_keys(key_dir: Path | None = None, extra: Sequence[Path] = ()) -> TrustedKeys:
    """Keys of the key folder and of the files named, each in the role its file states, and the revocation list.

    A key folder that does not exist trusts nobody.

    Raises:
        ConfigError: a key file or the revocation list is damaged.
        UsageError: others could write to the key folder, or it lies in an output directory.
    """
    folder = key_folder(key_dir)
    paths = [*sorted((folder / TRUSTED).glob("*.json")), *extra]
    keys: dict[str, PublicKey] = {}
    for path in paths:
        key = read_public_key(path)
        if path.parent == folder / TRUSTED and path.stem != key.key_id:
            raise ConfigError("the file's name is not the id of the key in it", where=str(path), fix="Remove it")
        if keys.setdefault(key.key_id, key).role != key.role:
            raise ConfigError("the same key is trusted in two roles", where=str(path), fix="Remove one of the files")
    revoked = read_revocations(folder)
    return TrustedKeys(MappingProxyType(keys), revoked.keys, revoked.certificates)


def list_keys(key_dir: Path | None = None) -> tuple[KeyEntry, ...]:
    """Every trusted key, in order of role and id."""
    folder = key_folder(key_dir)
    trust = trusted_keys(folder)
    return tuple(
        KeyEntry(key, _private_path(folder, key.role, key_id).exists(), trust.revoked_keys.get(key_id))
        for key_id, key in sorted(trust.keys.items(), key=lambda item: (item[1].role, item[0]))
    )


def find_key(key_id: str, key_dir: Path | None = None) -> PublicKey:
    """The one trusted key whose id begins so.

    Raises:
        UsageError: none or several do.
    """
    found = [entry.public for entry in list_keys(key_dir) if entry.public.key_id.startswith(key_id)]
    if len(found) != 1:
        raise UsageError(
            f"{'no' if not found else len(found)} trusted keys begin with {key_id[:64]!r}",
            fix="Run 'ghostchart keys show' for the list",
        )
    return found[0]


def revoke(digest: str, reason: str, key_dir: Path | None = None, *, kind: Literal["key", "certificate"]) -> None:
    """Put a key id or the SHA-256 of a certificate on the revocation list of the key folder.

    Raises:
        UsageError: not 64 hex digits, or no reason given.
    """
    if not _DIGEST.fullmatch(digest) or not reason.strip():
        raise UsageError(
            f"cannot revoke this {kind}", fix="Give its full id (64 hex digits, as verify prints it) and a reason"
        )
    folder = key_folder(key_dir, make=True)
    with locked(folder):
        known = read_revocations(folder)
        field_name = "keys" if kind == "key" else "certificates"
        listed = {**getattr(known, field_name), digest: reason.strip()}
        put_key_file(folder / REVOKED, readable_json(known.model_copy(update={field_name: listed}).model_dump()), 0o644)


def _make_key(role: Role, folder: Path) -> SigningKey:
    from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]

    signer = CryptoSigner.generate_ed25519()
    key = PublicKey(signer.public_key.keyid, role, signer.public_key.keyval["public"])
    put_key_file(_private_path(folder, role, key.key_id), signer.private_bytes, 0o600)
    _write_trusted(folder, key)
    return SigningKey(key.key_id, role, folder, signer)


def _load_private(path: Path, role: Role, folder: Path) -> SigningKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]

    refuse_loose(path, 0o077, 600)
    try:
        private = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise UsageError(f"cannot read the private key: {error.strerror}", where=str(path)) from None
    except (ValueError, TypeError):
        raise UsageError("the private key is damaged", where=str(path), fix="Restore it or make a new key") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise UsageError("the private key is not an Ed25519 key", where=str(path))
    signer = CryptoSigner(private)
    if signer.public_key.keyid != _key_id_of(path):
        raise UsageError("the private key is not the one its file name says", where=str(path))
    return SigningKey(signer.public_key.keyid, role, folder, signer)


def _write_trusted(folder: Path, key: PublicKey) -> None:
    path = folder / TRUSTED / f"{key.key_id}.json"
    if path.exists() and read_public_key(path).role != key.role:
        raise UsageError("this key is already trusted in another role", where=str(path))
    put_key_file(path, key.to_bytes(), 0o644)


def _private_path(folder: Path, role: Role, key_id: str) -> Path:
    return folder / PRIVATE / f"{role}-{key_id}.pem"


def _key_id_of(private_path: Path) -> str:
    return private_path.stem.partition("-")[2]
