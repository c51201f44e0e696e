"""The certificate: a signed in-toto statement about every file of one corpus.

``issue_certificate`` signs only what it has looked at itself: files against the manifest, gates against the reports
that leave with the corpus, code releases against the codes in the shards. It removes an old certificate (and the
sign-offs that were about it) first and leaves none when it refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version

from ghostchart.privacy.corpus_contents import releases_in
from ghostchart.privacy.dsse import sign_statement
from ghostchart.privacy.gate_check import GATE_REPORTS, require_agreement, require_passed, signed_form
from ghostchart.privacy.keys import SigningKey
from ghostchart.privacy.manifest import Manifest, build_manifest, clear_partials, read_manifest, write_seal
from ghostchart.privacy.statement import (
    TIME_FORMAT,
    Certificate,
    CertificateFacts,
    FileDigest,
    Predicate,
    SourceSummary,
    Subject,
    commit_to_seeds,
    digest_of,
    summarise_source,
)
from ghostchart.schemas.canonical import sha256_file
from ghostchart.schemas.corpus import CARD, CERTIFICATE, CROISSANT, MANIFEST, REPORTS, SIGNOFF_PATTERN
from ghostchart.schemas.errors import CorpusError, UsageError
from ghostchart.schemas.verdict import Verdict

__all__ = [
    "Certificate",
    "CertificateFacts",
    "Predicate",
    "SourceSummary",
    "Subject",
    "commit_to_seeds",
    "digest_of",
    "issue_certificate",
    "subjects_of",
    "summarise_source",
    "tool_versions",
    "withdraw_certificate",
]

_REQUIRED_FILES = (CARD, CROISSANT, *(f"{REPORTS}/{name}" for name in GATE_REPORTS))
# Libraries whose version can change what the corpus holds or what its gates find.
_LIBRARIES = (
    "sdv",
    "presidio-analyzer",
    "great-expectations",
    "spacy",
    "simple-icd-10-cm",
    "jinja2",
    "faker",
    "numpy",
    "scipy",
    "pandas",
    "pyarrow",
    "torch",
    "securesystemslib",
)


def issue_certificate(
    corpus: Path,
    verdicts: Sequence[Verdict],
    facts: CertificateFacts,
    key: SigningKey,
    valid_days: int,
    now: datetime,
) -> Path:
    """Sign a corpus whose gates have all passed.

    Args:
        corpus: directory that is complete up to manifest.json.
        verdicts: every required gate, as written in the reports.
        facts: what only the pipeline knows.
        key: an issuer's key, kept outside the corpus.
        valid_days: how long the certificate holds, in days of 24 hours.
        now: time of issue.

    Raises:
        GateRefused: a gate is missing, failed, inconclusive, or disagrees with its report.
        CorpusError: files are missing, do not belong or differ from the manifest, or codes of another release.
        UsageError: the key is no issuer's key, or lies in the corpus.
    """
    withdraw_certificate(corpus)
    if key.role != "issuer":
        raise UsageError(f"a certificate is signed by an issuer key, this is an {key.role} key")
    if key.folder.resolve().is_relative_to(corpus.resolve()):
        raise UsageError("the private key lies in the corpus", where=str(key.folder), fix="Move the key folder out")
    require_passed(verdicts)
    manifest = _checked_manifest(corpus)
    require_agreement(corpus, verdicts)
    _require_releases(corpus, facts)
    issued = now.astimezone(UTC).replace(microsecond=0)
    certificate = Certificate(
        subject=subjects_of(corpus, manifest),
        predicate=Predicate(
            **facts.model_dump(),
            gates=tuple(map(signed_form, verdicts)),
            notes=manifest.rows_by_split(),
            issued=issued.strftime(TIME_FORMAT),
            expires=(issued + timedelta(days=valid_days)).strftime(TIME_FORMAT),
        ),
    )
    path = corpus / CERTIFICATE
    write_seal(path, sign_statement(certificate.to_statement(), key))
    return path


def withdraw_certificate(corpus: Path) -> None:
    """Remove the certificate, the sign-offs about it and what a killed run left of them."""
    if not corpus.is_dir():
        raise CorpusError("there is no such corpus directory", where=str(corpus))
    clear_partials(corpus)
    for path in sorted(corpus.iterdir()):
        if path.name == CERTIFICATE or SIGNOFF_PATTERN.fullmatch(path.name):
            path.unlink()


def subjects_of(corpus: Path, manifest: Manifest) -> tuple[Subject, ...]:
    """Every file of the manifest and the manifest itself, in order of name."""
    digests = {entry.path: entry.sha256 for entry in manifest.files}
    digests[MANIFEST] = sha256_file(corpus / MANIFEST)
    return tuple(Subject(name=name, digest=FileDigest(sha256=digests[name])) for name in sorted(digests))


def tool_versions() -> dict[str, str]:
    """Versions of ghostchart, Python and every library that shapes or judges a corpus, where installed."""
    found = {"ghostchart": version("ghostchart"), "python": python_version()}
    for name in _LIBRARIES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _checked_manifest(corpus: Path) -> Manifest:
    manifest, actual = read_manifest(corpus), build_manifest(corpus)
    if manifest != actual:
        listed = {entry.path: entry for entry in manifest.files}
        there = {entry.path: entry for entry in actual.files}
        differing = sorted(path for path in listed.keys() | there.keys() if listed.get(path) != there.get(path))
        first = differing[0] if differing else MANIFEST
        raise CorpusError(f"{first} is not what {MANIFEST} says", where=str(corpus), fix="Run the generation again")
    listed_paths = [entry.path for entry in manifest.files]
    if absent := [path for path in _REQUIRED_FILES if path not in listed_paths]:
        raise CorpusError(f"{absent[0]} is missing from the corpus", where=str(corpus))
    return manifest


def _require_releases(corpus: Path, facts: CertificateFacts) -> None:
    for system, release in sorted(releases_in(corpus)):
        stated = facts.code_releases.get(system)
        if stated != release:
            raise CorpusError(
                f"the corpus holds {system} codes of release {release!r}, the certificate would state {stated!r}",
                where=str(corpus),
            )
        if system == "cpt" and facts.cpt_setting == "off":
            raise CorpusError("the corpus holds CPT codes although the CPT setting is off", where=str(corpus))
