"""A privacy officer's decision about exactly one certificate: its own envelope, checked against officer keys only."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ghostchart.privacy.dsse import (
    STATEMENT_TYPE,
    parse_envelope,
    read_envelope,
    read_statement,
    sign_statement,
    verify_envelope,
)
from ghostchart.privacy.keys import PublicKey, SigningKey, TrustedKeys
from ghostchart.privacy.manifest import write_seal
from ghostchart.privacy.statement import TIME_FORMAT, checked_certificate, first_problem, parse_time
from ghostchart.schemas.canonical import sha256_bytes
from ghostchart.schemas.corpus import CERTIFICATE, SIGNOFF_PATTERN
from ghostchart.schemas.errors import UsageError, VerificationError

Conclusion = Literal["approved", "not_approved", "changes_required"]
PREDICATE_TYPE = "https://ghostchart.dev/sign-off/v1"


class SignOffPredicate(BaseModel):
    """Who decided what, when, under which policy.

    Attributes:
        name: the officer's, 1 to 200 printable characters.
        date: UTC, whole seconds.
        policy_digest: SHA-256 of the privacy policy the officer judged by; must be the certificate's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    conclusion: Conclusion
    name: str = Field(min_length=1, max_length=200)
    date: str
    policy_digest: str = Field(pattern=r"^[0-9a-f]{64}$")

    @field_validator("name")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not value.strip() or any(unicodedata.category(char).startswith("C") for char in value):
            raise ValueError("the name is empty or holds control characters")
        return value

    @field_validator("date")
    @classmethod
    def _utc(cls, value: str) -> str:
        parse_time(value)
        return value


class SignOff(BaseModel):
    """A verified sign-off."""

    model_config = ConfigDict(frozen=True)

    key_id: str
    decision: SignOffPredicate


def sign_off(
    corpus: Path, key: SigningKey, conclusion: Conclusion, name: str, policy_digest: str, now: datetime
) -> Path:
    """Write ``signoff-<keyid>.json`` beside the certificate, replacing this officer's earlier decision.

    Raises:
        UsageError: not an officer's key, or no usable name or conclusion.
        VerificationError: there is no readable certificate, or it was issued under another policy.
    """
    if key.role != "officer":
        raise UsageError(f"a sign-off is signed by an officer key, this is an {key.role} key")
    data = read_envelope(corpus / CERTIFICATE)
    certificate = checked_certificate(read_statement(parse_envelope(data, CERTIFICATE), CERTIFICATE), CERTIFICATE)
    date = now.astimezone(UTC).strftime(TIME_FORMAT)
    try:
        decision = SignOffPredicate(conclusion=conclusion, name=name, date=date, policy_digest=policy_digest)
    except ValidationError as error:
        raise UsageError(f"the sign-off cannot be written: {first_problem(error)}") from None
    if certificate.predicate.policy_digest != policy_digest:
        raise VerificationError("the certificate was issued under another privacy policy than the one signed off")
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": CERTIFICATE, "digest": {"sha256": sha256_bytes(data)}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": decision.model_dump(mode="json"),
    }
    path = corpus / f"signoff-{key.key_id}.json"
    write_seal(path, sign_statement(statement, key))
    return path


def verify_signoffs(
    corpus: Path, certificate_digest: str, policy_digest: str, trust: TrustedKeys
) -> tuple[SignOff, ...]:
    """Check every sign-off in the corpus; one that does not hold or does not approve refuses the corpus.

    Args:
        corpus: the corpus directory.
        certificate_digest: SHA-256 of certificate.json.
        policy_digest: the certificate's.
        trust: whose signatures count.

    Raises:
        VerificationError: the first sign-off that fails, by file name and field.
    """
    paths = sorted(path for path in corpus.iterdir() if SIGNOFF_PATTERN.fullmatch(path.name))
    return tuple(_verify_one(path, certificate_digest, policy_digest, trust) for path in paths)


def _verify_one(path: Path, certificate_digest: str, policy_digest: str, trust: TrustedKeys) -> SignOff:
    signed = verify_envelope(read_envelope(path), path.name, trust, "officer")
    decision = _decision(signed.statement, signed.key, path.name, certificate_digest)
    if decision.policy_digest != policy_digest:
        raise VerificationError(f"{path.name}: policy_digest is not the certificate's")
    if decision.conclusion != "approved":
        raise VerificationError(f"{path.name}: the officer's conclusion is {decision.conclusion}")
    return SignOff(key_id=signed.key.key_id, decision=decision)


def _decision(statement: dict[str, Any], key: PublicKey, name: str, certificate_digest: str) -> SignOffPredicate:
    if name != f"signoff-{key.key_id}.json":
        raise VerificationError(f"{name}: the file's name is not that of key {key.key_id[:16]}")
    if statement["predicateType"] != PREDICATE_TYPE:
        raise VerificationError(f"{name}: predicateType is not {PREDICATE_TYPE}")
    if statement["subject"] != [{"name": CERTIFICATE, "digest": {"sha256": certificate_digest}}]:
        raise VerificationError(f"{name}: this sign-off is about another certificate")
    try:
        decision = SignOffPredicate.model_validate(statement["predicate"])
    except ValidationError as error:
        raise VerificationError(f"{name}: predicate field {first_problem(error)}") from None
    if decision.model_dump(mode="json") != statement["predicate"]:
        raise VerificationError(f"{name}: the predicate is not written in its documented form")
    return decision
