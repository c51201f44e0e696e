"""Whether a corpus is exactly what a trusted issuer signed; the only maker of certified corpora.

Checks run in an order that never parses what is not yet authenticated (signature before statement, digests before
Parquet footers) and stop at the first thing that is wrong, which the error names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from ghostchart.privacy.dsse import read_envelope, verify_envelope
from ghostchart.privacy.gate_check import require_agreement, require_passed
from ghostchart.privacy.keys import TrustedKeys
from ghostchart.privacy.manifest import Manifest, count_rows, hash_files, list_files, read_manifest
from ghostchart.privacy.policy import PrivacyPolicy
from ghostchart.privacy.signoff import SignOff, verify_signoffs
from ghostchart.privacy.statement import Certificate, checked_certificate, parse_time
from ghostchart.schemas.canonical import sha256_bytes
from ghostchart.schemas.corpus import CERTIFICATE, DATA, MANIFEST, CertifiedCorpus, certified_by_verification
from ghostchart.schemas.errors import CorpusError, GateRefused, VerificationError


@dataclass(frozen=True)
class Requirements:
    """What a verifier asks beyond a valid certificate.

    Attributes:
        signoff: whether at least one officer must have approved: "as_policy", where the certificate's policy says so;
            "required"; or "ignored", where sign-offs are not even looked at (the issuer, right after signing).
        policy: the privacy policy that must have been in force; None for any.
        code_releases: code system -> release the reader works with.
    """

    signoff: Literal["as_policy", "required", "ignored"] = "as_policy"
    policy: PrivacyPolicy | None = None
    code_releases: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Verified:
    """A certified corpus with what its certificate says."""

    corpus: CertifiedCorpus
    certificate: Certificate
    signoffs: tuple[SignOff, ...]


def verify_corpus(
    corpus: Path,
    trust: TrustedKeys,
    now: datetime | None = None,
    *,
    require: Requirements | None = None,
) -> CertifiedCorpus:
    """Check every byte of a corpus directory.

    Args:
        corpus: the corpus directory.
        trust: whose signatures count (:func:`ghostchart.privacy.keys.trusted_keys`).
        now: time to hold against expiry; None for the clock.
        require: what else must hold.

    Raises:
        VerificationError: the first thing that is wrong, by file or field.
    """
    return verify_details(corpus, trust, now, require=require).corpus


def verify_details(
    corpus: Path,
    trust: TrustedKeys,
    now: datetime | None = None,
    *,
    require: Requirements | None = None,
) -> Verified:
    """:func:`verify_corpus`, with the certificate and the sign-offs for who wants to show them."""
    require = require or Requirements()
    try:
        present = list_files(corpus)
        data = read_envelope(corpus / CERTIFICATE)
        certificate, key_id = verify_certificate(data, trust, now or datetime.now(UTC), require)
        _verify_files(corpus, present, certificate)
        _verify_manifest(corpus, certificate)
        _verify_gates(corpus, certificate)
    except CorpusError as error:
        raise VerificationError(error.what, where=error.where, fix=error.fix) from None
    digest = sha256_bytes(data)
    signoffs: tuple[SignOff, ...] = ()
    if require.signoff != "ignored":
        signoffs = verify_signoffs(corpus, digest, certificate.predicate.policy_digest, trust)
        if not signoffs and (require.signoff == "required" or certificate.predicate.signoff_required):
            raise VerificationError(
                "no privacy officer has signed off this certificate",
                where=str(corpus),
                fix=f"Let an officer run 'ghostchart signoff {corpus} --conclusion approved --name ...'",
            )
    certified = certified_by_verification(path=corpus, certificate_digest=digest, key_id=key_id)
    return Verified(certified, certificate, signoffs)


def verify_certificate(
    data: bytes, trust: TrustedKeys, now: datetime, require: Requirements
) -> tuple[Certificate, str]:
    """Check the certificate by itself: form, signature, fields, time, revocation, requirements.

    Returns:
        The certificate and the id of the key that signed it.

    Raises:
        VerificationError: the first thing that is wrong.
    """
    signed = verify_envelope(data, CERTIFICATE, trust, "issuer")
    certificate = checked_certificate(signed.statement, CERTIFICATE)
    predicate = certificate.predicate
    if (reason := trust.revoked_certificates.get(sha256_bytes(data))) is not None:
        raise VerificationError(f"{CERTIFICATE}: this certificate is revoked: {reason}")
    if now.astimezone(UTC) >= parse_time(predicate.expires):
        raise VerificationError(f"{CERTIFICATE}: expired on {predicate.expires}", fix="Certify the corpus again")
    if now.astimezone(UTC) < parse_time(predicate.issued):
        raise VerificationError(f"{CERTIFICATE}: issued in the future, on {predicate.issued}", fix="Check the clock")
    if require.policy is not None and predicate.policy_digest != require.policy.digest:
        raise VerificationError(
            f"{CERTIFICATE}: policy_digest is that of profile {predicate.policy_profile!r}, "
            f"not that of the required policy {require.policy.profile!r}",
            fix="Give the policy that the corpus was certified under, or certify again",
        )
    for system, release in sorted((require.code_releases or {}).items()):
        if predicate.code_releases.get(system, release) != release:
            raise VerificationError(
                f"{CERTIFICATE}: code_releases.{system} is {predicate.code_releases[system]!r}, needed is {release!r}"
            )
    return certificate, signed.key.key_id


def _verify_files(corpus: Path, present: tuple[str, ...], certificate: Certificate) -> None:
    signed = certificate.digests()
    if list(signed) != sorted(signed) or len(signed) != len(certificate.subject) or MANIFEST not in signed:
        raise VerificationError(f"{CERTIFICATE}: field subject is not one sorted list with {MANIFEST}")
    there = [*present, MANIFEST] if (corpus / MANIFEST).exists() else list(present)
    actual = hash_files(corpus, there)
    shards = [name for name in signed if name.startswith(f"{DATA}/")]
    if (
        shards
        and not any(actual.get(name) == signed[name] for name in shards)
        and actual.get(MANIFEST) != signed[MANIFEST]
    ):
        raise VerificationError(f"{CERTIFICATE}: this is the certificate of another corpus", where=str(corpus))
    for name in sorted(signed.keys() | actual.keys()):
        if name not in actual:
            raise VerificationError(f"{name} is missing", where=str(corpus))
        if name not in signed:
            raise VerificationError(f"{name} was added after certification", where=str(corpus))
        if actual[name] != signed[name]:
            raise VerificationError(f"{name} was changed after certification", where=str(corpus))


def _verify_manifest(corpus: Path, certificate: Certificate) -> None:
    manifest: Manifest = read_manifest(corpus)
    signed = {name: digest for name, digest in certificate.digests().items() if name != MANIFEST}
    if [(entry.path, entry.sha256) for entry in manifest.files] != sorted(signed.items()):
        raise VerificationError(f"{MANIFEST} lists other files than the certificate")
    for entry in manifest.files:
        if entry.size_bytes != (corpus / entry.path).stat().st_size:
            raise VerificationError(f"{MANIFEST}: size_bytes of {entry.path} is wrong")
        rows = count_rows(corpus, entry.path) if entry.path.startswith(f"{DATA}/") else None
        if entry.rows != rows:
            raise VerificationError(f"{MANIFEST}: rows of {entry.path} is {entry.rows}, the file has {rows}")
    if manifest.rows_by_split() != certificate.predicate.notes:
        raise VerificationError(f"{CERTIFICATE}: field notes does not agree with {MANIFEST}")


def _verify_gates(corpus: Path, certificate: Certificate) -> None:
    try:
        require_passed(certificate.predicate.gates)
        require_agreement(corpus, certificate.predicate.gates)
    except GateRefused as error:
        raise VerificationError(f"{CERTIFICATE}: field gates: {error.what}") from None
