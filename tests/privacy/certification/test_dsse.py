"""DSSE envelopes: signed as the specification says, and nothing but the canonical bytes passes."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ghostchart.privacy.dsse import PAYLOAD_TYPE, STATEMENT_TYPE, sign_statement, verify_envelope
from ghostchart.privacy.keys import SigningKey, TrustedKeys, issuer_key, new_key, revoke, trusted_keys
from ghostchart.schemas.canonical import canonical_json
from ghostchart.schemas.errors import VerificationError

STATEMENT = {"_type": STATEMENT_TYPE, "subject": [], "predicateType": "pq", "predicate": {"n": 1.5, "s": "é"}}


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, SigningKey, TrustedKeys, Path]:
    folder = tmp_path_factory.mktemp("keys")
    key = issuer_key(folder)
    return sign_statement(STATEMENT, key), key, trusted_keys(folder), folder


def test_round_trip_and_specification(signed) -> None:
    data, key, trust, _ = signed
    checked = verify_envelope(data, "x.json", trust, "issuer")
    assert checked.statement == STATEMENT
    assert checked.key.key_id == key.key_id
    outer = json.loads(data)
    payload = base64.b64decode(outer["payload"])
    # Pre-authentication encoding, written out by hand from the DSSE specification.
    pae = b"DSSEv1 %d %b %d %b" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(trust.keys[key.key_id].public))
    public.verify(base64.b64decode(outer["signatures"][0]["sig"]), pae)


def test_ed25519_signs_the_same_bytes_twice(signed) -> None:
    data, key, _, _ = signed
    assert sign_statement(STATEMENT, key) == data


def test_every_flipped_bit_fails(signed) -> None:
    data, _, trust, _ = signed
    for position in range(len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[position] ^= 1 << bit
            with pytest.raises(VerificationError):
                verify_envelope(bytes(flipped), "x.json", trust, "issuer")


def test_every_cut_and_every_inserted_space_fails(signed) -> None:
    data, _, trust, _ = signed
    for position in range(len(data)):
        for changed in (data[:position], data[:position] + b" " + data[position:]):
            with pytest.raises(VerificationError):
                verify_envelope(changed, "x.json", trust, "issuer")


def edit(change: Callable[[dict[str, Any]], object]) -> Callable[[bytes], bytes]:
    def run(data: bytes) -> bytes:
        outer = json.loads(data)
        change(outer)
        return canonical_json(outer)

    return run


def unused_bits(field: Callable[[dict[str, Any]], tuple[dict[str, Any], str]]) -> Callable[[bytes], bytes]:
    """Set a bit that base64 decoding throws away."""

    def run(data: bytes) -> bytes:
        outer = json.loads(data)
        holder, name = field(outer)
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        text = holder[name]
        body = text.rstrip("=")
        assert body != text, "needs padding to have unused bits"
        last = alphabet[alphabet.index(body[-1]) | 1]
        assert base64.b64decode(body[:-1] + last + text[len(body) :]) == base64.b64decode(text)
        holder[name] = body[:-1] + last + text[len(body) :]
        return canonical_json(outer)

    return run


def signature_of(outer: dict[str, Any]) -> dict[str, Any]:
    first: dict[str, Any] = outer["signatures"][0]
    return first


TAMPERED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "extra field": (edit(lambda o: o.update(note=1)), "extra field 'note'"),
    "extra field in signature": (edit(lambda o: signature_of(o).update(cert="x")), "extra field 'cert'"),
    "missing field": (edit(lambda o: o.pop("payloadType")), "lacks the field payloadType"),
    "payload type": (edit(lambda o: o.update(payloadType="text/plain")), "payloadType is not"),
    "second signature": (edit(lambda o: o["signatures"].append(signature_of(o))), "exactly one signature, there are 2"),
    "second, bad signature": (
        edit(lambda o: o["signatures"].append({"keyid": "0" * 64, "sig": base64.b64encode(bytes(64)).decode()})),
        "exactly one signature, there are 2",
    ),
    "no signature": (edit(lambda o: o.update(signatures=[])), "exactly one signature, there are 0"),
    "signatures not a list": (edit(lambda o: o.update(signatures={})), "exactly one signature"),
    "signature not an object": (edit(lambda o: o.update(signatures=["x"])), "not a JSON object"),
    "unused bits in sig": (unused_bits(lambda o: (signature_of(o), "sig")), "sig has unused base64 bits"),
    "unused bits in payload": (unused_bits(lambda o: (o, "payload")), "payload has unused base64 bits"),
    "url-safe base64": (edit(lambda o: signature_of(o).update(sig="-_" * 43 + "==")), "sig is not base64"),
    "non-ASCII base64": (edit(lambda o: o.update(payload="é")), "payload is not base64"),
    "payload not text": (edit(lambda o: o.update(payload=1)), "payload is not text"),
    "short signature": (edit(lambda o: signature_of(o).update(sig="AAAA")), "not an Ed25519 signature"),
    "zero signature": (
        edit(lambda o: signature_of(o).update(sig=base64.b64encode(bytes(64)).decode())),
        "signature does not fit",
    ),
    "keyid": (edit(lambda o: signature_of(o).update(keyid="0" * 64)), "unknown key, 0000000000000000"),
    "upper-case keyid": (
        edit(lambda o: signature_of(o).update(keyid=signature_of(o)["keyid"].upper())),
        "keyid is not",
    ),
    "trailing newline": (lambda data: data + b"\n", "not in canonical form"),
    "no newline": (lambda data: data[:-1], "not in canonical form"),
    "repeated field": (
        lambda data: data.replace(b'{"payload":', b'{"payload":"","payload":', 1),
        "not in canonical form",
    ),
    "indented": (lambda data: json.dumps(json.loads(data), indent=1).encode(), "not in canonical form"),
    "escaped": (lambda data: data.replace(b"application/", b"application\\u002f", 1), "not in canonical form"),
    "deep": (lambda _: b"[" * 100_000, "not valid JSON"),
    "list": (lambda _: b"[]", "not a JSON object"),
    "not UTF-8": (lambda data: b"\xff" + data, "not valid JSON"),
    "UTF-16": (lambda data: data.decode().encode("utf-16"), "not in canonical form"),
    "byte order mark": (lambda data: b"\xef\xbb\xbf" + data, "not valid JSON|canonical"),
    "empty": (lambda _: b"", "not valid JSON"),
    "NaN": (lambda _: b'{"payload": NaN}', "lacks the field"),
    "lone surrogate": (
        lambda data: data.replace(b'"keyid":"', b'"keyid":"\\ud800', 1),
        "keyid is not",
    ),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_tampering_is_named(signed, name: str) -> None:
    data, _, trust, _ = signed
    change, why = TAMPERED[name]
    with pytest.raises(VerificationError, match=why) as refused:
        verify_envelope(change(data), "x.json", trust, "issuer")
    assert str(refused.value).startswith("x.json")


def test_signed_by_another_key_under_the_trusted_keys_id(signed, tmp_path: Path) -> None:
    _, key, trust, _ = signed
    forged = json.loads(sign_statement(STATEMENT, issuer_key(tmp_path)))
    forged["signatures"][0]["keyid"] = key.key_id
    with pytest.raises(VerificationError, match="signature does not fit"):
        verify_envelope(canonical_json(forged), "x.json", trust, "issuer")


def test_unknown_key_wrong_role_and_revoked_key(signed, tmp_path: Path) -> None:
    data, key, trust, _ = signed
    stranger = sign_statement(STATEMENT, issuer_key(tmp_path / "stranger"))
    with pytest.raises(VerificationError, match="unknown key"):
        verify_envelope(stranger, "x.json", trust, "issuer")
    with pytest.raises(VerificationError, match="unknown key"):
        verify_envelope(data, "x.json", TrustedKeys({}), "issuer")
    officer = new_key("officer", tmp_path / "other")
    by_officer = sign_statement(STATEMENT, officer)
    with pytest.raises(VerificationError, match="trusted as officer, not as issuer"):
        verify_envelope(by_officer, "x.json", trusted_keys(tmp_path / "other"), "issuer")
    revoke(officer.key_id, "left the house", tmp_path / "other", kind="key")
    with pytest.raises(VerificationError, match="revoked: left the house"):
        verify_envelope(by_officer, "x.json", trusted_keys(tmp_path / "other"), "officer")
    assert key.key_id in trust.keys


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"{}\n", "lacks the field _type"),
        (b"[]\n", "not a JSON object"),
        (json.dumps(STATEMENT).encode(), "statement is not in canonical form"),
        (canonical_json({**STATEMENT, "_type": "https://in-toto.io/Statement/v0.1"}), "_type is not"),
        (canonical_json({**STATEMENT, "extra": 1}), "extra field 'extra'"),
        (canonical_json(STATEMENT).replace(b"1.5", b"NaN"), "statement is not in canonical form"),
        (canonical_json(STATEMENT).replace("é".encode(), b"\\ud800"), "statement is not in canonical form"),
    ],
)
def test_even_a_trusted_key_must_sign_a_canonical_statement(signed, payload: bytes, why: str) -> None:
    from securesystemslib import dsse

    from ghostchart.privacy.dsse import Envelope

    _, key, trust, _ = signed
    signature = dsse.Envelope(payload, PAYLOAD_TYPE, {}).sign(key.signer)
    data = Envelope(payload, key.key_id, bytes.fromhex(signature.signature)).to_bytes()
    with pytest.raises(VerificationError, match=why):
        verify_envelope(data, "x.json", trust, "issuer")


def test_nan_is_not_signed(signed) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        sign_statement({**STATEMENT, "predicate": {"n": float("nan")}}, signed[1])
