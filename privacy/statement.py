"""What a certificate states, as typed data: the predicate, its facts and its subjects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ghostchart.privacy.dsse import STATEMENT_TYPE
from ghostchart.schemas.canonical import canonical_json, keyed_digest, sha256_bytes
from ghostchart.schemas.config import CptSetting
from ghostchart.schemas.errors import VerificationError
from ghostchart.schemas.verdict import Verdict

PREDICATE_TYPE = "https://ghostchart.dev/certificate/v1"
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)
_SIGNIFICANT_DIGITS = 2
HexDigest = str


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _digest_field() -> Any:
    return Field(pattern=r"^[0-9a-f]{64}$")


class SourceSummary(_Frozen):
    """What may be said of the protected source: its kind and how large it was, roughly.

    Attributes:
        kind: "demo", "mimic-iv", ...
        counts: name ("patients", "encounters") -> number rounded to two significant digits, None below ``k_min``.
        k_min: smallest count that may be told.
    """

    kind: str = Field(min_length=1, max_length=64)
    counts: dict[str, int | None] = Field(default_factory=dict)
    k_min: int = Field(ge=2)

    @model_validator(mode="after")
    def _reveals_nothing(self) -> SourceSummary:
        for name, count in self.counts.items():
            if count is not None and (count < self.k_min or count != _rounded(count)):
                raise ValueError(f"count {name} is exact or below k_min; use summarise_source")
        return self


class CertificateFacts(_Frozen):
    """What only the pipeline knows.

    Attributes:
        config_digest: SHA-256 of the run's configuration (:func:`digest_of`).
        policy_digest: SHA-256 of the privacy policy in force (``PrivacyPolicy.digest``).
        policy_profile: the profile's name, for people; the digest decides.
        signoff_required: the policy wants a privacy officer's approval before the corpus is used.
        versions: "ghostchart", "python" and library names -> version (:func:`tool_versions`).
        code_releases: "icd10cm", "cpt", "hcpcs" -> release, for every system that the corpus uses.
        seed_commitment: keyed digest of the seeds (:func:`commit_to_seeds`); the key stays protected.
    """

    config_digest: HexDigest = _digest_field()
    policy_digest: HexDigest = _digest_field()
    policy_profile: str = Field(min_length=1, max_length=200)
    signoff_required: bool
    versions: dict[str, str]
    code_releases: dict[str, str]
    cpt_setting: CptSetting
    seed_commitment: HexDigest = _digest_field()
    source_summary: SourceSummary

    @model_validator(mode="after")
    def _names_its_tool(self) -> CertificateFacts:
        if "ghostchart" not in self.versions:
            raise ValueError("versions must name ghostchart itself")
        return self


class Predicate(CertificateFacts):
    """What the certificate says: the facts, every gate, how many notes, and for how long it holds.

    Attributes:
        gates: verdicts without plots and timings; the plots are in the signed reports.
        notes: split -> rows of its shards.
        issued, expires: UTC, whole seconds.
    """

    gates: tuple[Verdict, ...]
    notes: dict[str, int]
    issued: str
    expires: str

    @model_validator(mode="after")
    def _holds_together(self) -> Predicate:
        if parse_time(self.issued) >= parse_time(self.expires):
            raise ValueError("expires must come after issued")
        return self


class FileDigest(_Frozen):
    """in-toto digest set, SHA-256 alone."""

    sha256: HexDigest = _digest_field()


class Subject(_Frozen):
    """One file under the certificate."""

    name: str
    digest: FileDigest


class Certificate(_Frozen):
    """The statement in the envelope: which files, and what is said of them."""

    subject: tuple[Subject, ...]
    predicate: Predicate

    def digests(self) -> dict[str, str]:
        """File name -> SHA-256."""
        return {item.name: item.digest.sha256 for item in self.subject}

    def to_statement(self) -> dict[str, Any]:
        """The in-toto Statement v1."""
        return {"_type": STATEMENT_TYPE, "predicateType": PREDICATE_TYPE, **self.model_dump(mode="json")}


def summarise_source(kind: str, counts: Mapping[str, int], k_min: int) -> SourceSummary:
    """A summary that reveals nothing: two significant digits, nothing below ``k_min``."""
    told = {name: rounded if (rounded := _rounded(count)) >= k_min else None for name, count in counts.items()}
    return SourceSummary(kind=kind, counts=told, k_min=k_min)


def commit_to_seeds(key: bytes, seeds: Mapping[str, int]) -> HexDigest:
    """HMAC over the seeds: binding for who holds ``key`` (at least 16 secret bytes), silent for everyone else.

    Without a key, a commitment to a small number is undone by trying them all.
    """
    if len(key) < 16:
        raise ValueError("the commitment key needs at least 16 bytes")
    parts = [part for name in sorted(seeds) for part in (name, str(seeds[name]))]
    return keyed_digest(key, "seeds", *parts, size_bytes=32)


def digest_of(section: BaseModel) -> HexDigest:
    """SHA-256 of a configuration section in canonical JSON."""
    return sha256_bytes(canonical_json(section.model_dump(mode="json")))


def parse_time(text: str) -> datetime:
    """A time of a certificate.

    Raises:
        ValueError: not ``YYYY-MM-DDTHH:MM:SSZ``.
    """
    if not _TIME.fullmatch(text):
        raise ValueError("times are written YYYY-MM-DDTHH:MM:SSZ")
    return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=UTC)


def _rounded(count: int) -> int:
    step: int = 10 ** max(0, len(str(abs(count))) - _SIGNIFICANT_DIGITS)
    return (count // step) * step


def checked_certificate(statement: Mapping[str, Any], name: str) -> Certificate:
    """A certificate from its statement, accepted only if writing it again gives the same statement.

    Raises:
        VerificationError: the first field that is wrong, by its path.
    """
    if statement["predicateType"] != PREDICATE_TYPE:
        raise VerificationError(f"{name}: predicateType is not {PREDICATE_TYPE}")
    try:
        certificate = Certificate.model_validate({"subject": statement["subject"], "predicate": statement["predicate"]})
    except ValidationError as error:
        raise VerificationError(f"{name}: field {first_problem(error)}") from None
    again = certificate.to_statement()
    if canonical_json(again) != canonical_json(statement):
        # Values that were coerced ("1" for 1, a default left out): equal to a reader, but not what we write.
        predicate = statement["predicate"]
        odd = sorted(key for key in again["predicate"] if again["predicate"][key] != predicate.get(key))
        raise VerificationError(f"{name}: field {odd[0] if odd else 'subject'} is not written in its documented form")
    return certificate


def first_problem(error: ValidationError) -> str:
    """The first problem of a validation, as "field.path: what is wrong", without the value."""
    item = error.errors(include_input=False, include_url=False)[0]
    path = ".".join(str(part) for part in item["loc"]) or "(whole)"
    said = "no such field" if item["type"] == "extra_forbidden" else item["msg"].removeprefix("Value error, ")
    return f"{path}: {said}"
