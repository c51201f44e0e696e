"""DSSE envelopes around in-toto statements: signed, and checked to the last bit.

A signature covers payload and payload type only. JSON and base64 leave room around them (spaces, extra fields, unused
bits of the last base64 digit, a second signature), so an envelope counts only if writing it again in the one canonical
way gives the same bytes. Sources: the DSSE protocol 1.0.2 (pre-authentication encoding) and the in-toto attestation
framework, Statement v1.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from ghostchart.privacy.keys import PublicKey, Role, SigningKey, TrustedKeys
from ghostchart.schemas.canonical import canonical_json
from ghostchart.schemas.errors import VerificationError

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
# A certificate of 100,000 shards has 17 MB; more is not ours and is not read.
MAX_ENVELOPE_BYTES = 256 * 1024 * 1024
_ED25519_BYTES = 64
_KEY_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Envelope:
    """A canonical envelope as read; its signature is not checked yet."""

    payload: bytes
    key_id: str
    signature: bytes

    def to_bytes(self) -> bytes:
        """The one way to write this envelope."""
        return canonical_json(
            {
                "payload": base64.standard_b64encode(self.payload).decode(),
                "payloadType": PAYLOAD_TYPE,
                "signatures": [
                    {"keyid": self.key_id, "sig": base64.standard_b64encode(self.signature).decode()},
                ],
            }
        )


@dataclass(frozen=True)
class SignedStatement:
    """A statement whose signature was checked, and the key that made it."""

    statement: dict[str, Any]
    key: PublicKey


def sign_statement(statement: Mapping[str, object], key: SigningKey) -> bytes:
    """The bytes of a canonical envelope with one signature.

    Raises:
        ValueError: the statement holds what JSON cannot say (NaN).
    """
    from securesystemslib import dsse

    envelope = dsse.Envelope(canonical_json(statement), PAYLOAD_TYPE, {})
    signature = envelope.sign(key.signer)
    return Envelope(envelope.payload, signature.keyid, bytes.fromhex(signature.signature)).to_bytes()


def read_envelope(path: Path) -> bytes:
    """The raw bytes of an envelope file.

    Raises:
        VerificationError: missing, unreadable or absurdly large.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_ENVELOPE_BYTES + 1)
    except FileNotFoundError:
        raise VerificationError(f"{path.name} is missing", where=str(path.parent)) from None
    except OSError as error:
        raise VerificationError(f"cannot read {path.name}: {error.strerror}", where=str(path.parent)) from None
    if len(data) > MAX_ENVELOPE_BYTES:
        raise VerificationError(f"{path.name} is larger than any envelope of ours", where=str(path.parent))
    return data


def parse_envelope(data: bytes, name: str) -> Envelope:
    """An envelope, if ``data`` is its canonical form.

    Raises:
        VerificationError: the first thing that is not, by name.
    """
    outer = _json_object(data, name, "the envelope")
    _exact_fields(outer, {"payload", "payloadType", "signatures"}, name, "the envelope")
    if outer["payloadType"] != PAYLOAD_TYPE:
        _fail(name, f"payloadType is not {PAYLOAD_TYPE}")
    signatures = outer["signatures"]
    if not isinstance(signatures, list) or len(signatures) != 1:
        count = len(signatures) if isinstance(signatures, list) else "no"
        _fail(name, f"there must be exactly one signature, there are {count}")
    _exact_fields(signatures[0], {"keyid", "sig"}, name, "the signature")
    key_id = _text(signatures[0]["keyid"], name, "keyid")
    if not _KEY_ID.fullmatch(key_id):
        _fail(name, "keyid is not the id of a key")
    envelope = Envelope(
        payload=_exact_base64(outer["payload"], name, "payload"),
        key_id=key_id,
        signature=_exact_base64(signatures[0]["sig"], name, "sig"),
    )
    if len(envelope.signature) != _ED25519_BYTES:
        _fail(name, "the signature is not an Ed25519 signature")
    if envelope.to_bytes() != data:
        _fail(name, "the envelope is not in canonical form (spaces, order, repeated fields or trailing bytes)")
    return envelope


def verify_envelope(data: bytes, name: str, trust: TrustedKeys, role: Role) -> SignedStatement:
    """Check form, signer and signature; the payload is parsed only after the signature held.

    Args:
        data: bytes of the envelope.
        name: file name for messages.
        trust: whose signatures count.
        role: the role in which the signer must be trusted.

    Raises:
        VerificationError: not canonical; key unknown, in the wrong role or revoked; signature wrong.
    """
    envelope = parse_envelope(data, name)
    key = trusted_signer(envelope, name, trust, role)
    check_signature(envelope, key, name)
    return SignedStatement(read_statement(envelope, name), key)


def trusted_signer(envelope: Envelope, name: str, trust: TrustedKeys, role: Role) -> PublicKey:
    """The trusted key that the envelope names, in the role it needs.

    Raises:
        VerificationError: unknown, in another role, or revoked.
    """
    key = trust.keys.get(envelope.key_id)
    if key is None:
        raise VerificationError(
            f"{name}: signed by an unknown key, {envelope.key_id[:16]}",
            fix=f"If you know its owner, trust the {role}'s public key with --trust FILE or 'ghostchart keys trust'",
        )
    if key.role != role:
        _fail(name, f"signed by key {key.key_id[:16]}, which is trusted as {key.role}, not as {role}")
    if (reason := trust.revoked_keys.get(key.key_id)) is not None:
        _fail(name, f"signed by key {key.key_id[:16]}, which is revoked: {reason}")
    return key


def check_signature(envelope: Envelope, key: PublicKey, name: str) -> None:
    """Whether ``key`` signed exactly this payload and payload type.

    Raises:
        VerificationError: it did not.
    """
    from securesystemslib import dsse
    from securesystemslib.exceptions import UnverifiedSignatureError
    from securesystemslib.signer import Signature  # type: ignore[attr-defined]

    signature = Signature(envelope.key_id, envelope.signature.hex())
    signed = dsse.Envelope(envelope.payload, PAYLOAD_TYPE, {envelope.key_id: signature})
    try:
        key.verifier().verify_signature(signature, signed.pae())
    except UnverifiedSignatureError:
        _fail(name, f"the signature does not fit: the content was changed, or key {key.key_id[:16]} did not sign it")


def read_statement(envelope: Envelope, name: str) -> dict[str, Any]:
    """The in-toto statement in the payload.

    Raises:
        VerificationError: not a canonical Statement v1.
    """
    statement = _json_object(envelope.payload, name, "the statement")
    try:
        canonical = canonical_json(statement) == envelope.payload
    except ValueError:  # NaN, lone surrogates: Python's json reads them
        canonical = False
    if not canonical:
        _fail(name, "the statement is not in canonical form")
    _exact_fields(statement, {"_type", "subject", "predicateType", "predicate"}, name, "the statement")
    if statement["_type"] != STATEMENT_TYPE:
        _fail(name, f"_type is not {STATEMENT_TYPE}")
    return statement


def _json_object(data: bytes, name: str, what: str) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        _fail(name, f"{what} is not valid JSON")
    if not isinstance(value, dict):
        _fail(name, f"{what} is not a JSON object")
    return value


def _exact_fields(value: object, wanted: set[str], name: str, what: str) -> None:
    if not isinstance(value, dict):
        _fail(name, f"{what} is not a JSON object")
    if missing := sorted(wanted - value.keys()):
        _fail(name, f"{what} lacks the field {missing[0]}")
    if extra := sorted(value.keys() - wanted):
        _fail(name, f"{what} has an extra field {extra[0][:40]!r}")


def _exact_base64(value: object, name: str, what: str) -> bytes:
    text = _text(value, name, what)
    try:
        data = base64.b64decode(text.encode(), validate=True)
    except (binascii.Error, ValueError):
        _fail(name, f"{what} is not base64")
    if base64.standard_b64encode(data).decode() != text:
        _fail(name, f"{what} has unused base64 bits set")
    return data


def _text(value: object, name: str, what: str) -> str:
    if not isinstance(value, str):
        _fail(name, f"{what} is not text")
    return value


def _fail(name: str, why: str) -> NoReturn:
    raise VerificationError(f"{name}: {why}")
