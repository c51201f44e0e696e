"""Verification names the first wrong thing, whatever byte, file, field or key was touched."""

from __future__ import annotations

import base64
import json
import random
import shutil
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ghostchart.privacy.certificate import issue_certificate
from ghostchart.privacy.dsse import sign_statement
from ghostchart.privacy.keys import issuer_key, new_key, revoke, trusted_keys
from ghostchart.privacy.manifest import read_manifest, write_manifest
from ghostchart.privacy.policy import load_policy
from ghostchart.privacy.verification import Requirements, verify_certificate, verify_corpus, verify_details
from ghostchart.schemas.canonical import canonical_json, sha256_bytes, sha256_file
from ghostchart.schemas.errors import VerificationError

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
FILES = (
    "README.md",
    "certificate.json",
    "croissant.json",
    "data/test-00000-of-00001.parquet",
    "data/train-00000-of-00002.parquet",
    "data/train-00001-of-00002.parquet",
    "data/validation-00000-of-00001.parquet",
    "manifest.json",
    "reports/leakage.html",
    "reports/leakage.json",
    "reports/validation.html",
    "reports/validation.json",
)


def payload_of(corpus: Path) -> dict[str, Any]:
    statement: dict[str, Any] = json.loads(
        base64.b64decode(json.loads((corpus / "certificate.json").read_bytes())["payload"])
    )
    return statement


def resign(corpus: Path, statement: dict[str, Any], key) -> None:
    (corpus / "certificate.json").write_bytes(sign_statement(statement, key))


def test_untouched_corpus_verifies_without_a_connection(certified, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("verification opened a connection")

    monkeypatch.setattr(socket, "socket", refuse)
    corpus = verify_corpus(certified.corpus, certified.trust, NOW)
    assert corpus.path == certified.corpus
    assert corpus.certificate_digest == sha256_file(certified.corpus / "certificate.json")
    assert corpus.key_id == certified.key.key_id
    assert corpus.is_certified
    assert verify_details(certified.corpus, certified.trust, NOW).signoffs == ()


def test_the_list_of_files_here_is_complete(certified) -> None:
    found = {path.relative_to(certified.corpus).as_posix() for path in certified.corpus.rglob("*") if path.is_file()}
    assert found == set(FILES)


@pytest.mark.parametrize("where", ["first", "second", "middle", "last but one", "last"])
@pytest.mark.parametrize("name", FILES)
def test_flipped_byte_is_found_and_its_file_named(certified, name: str, where: str) -> None:
    path = certified.corpus / name
    data = bytearray(path.read_bytes())
    at = {"first": 0, "second": 1, "middle": len(data) // 2, "last but one": -2, "last": -1}[where]
    data[at] ^= 0x01
    path.write_bytes(bytes(data))
    with pytest.raises(VerificationError) as wrong:
        verify_corpus(certified.corpus, certified.trust, NOW)
    assert str(wrong.value).startswith(name)


@pytest.mark.parametrize("name", FILES)
def test_deleted_file_is_named(certified, name: str) -> None:
    (certified.corpus / name).unlink()
    with pytest.raises(VerificationError) as wrong:
        verify_corpus(certified.corpus, certified.trust, NOW)
    # A lost shard leaves a gap in its split, which is what the error then names.
    expected = {"test": "split test has no", "vali": "split validation has no", "trai": "split train lacks"}
    assert str(wrong.value).startswith(expected[name[5:9]] if name.startswith("data/") else f"{name} is missing")


@pytest.mark.parametrize("name", FILES)
def test_emptied_and_lengthened_files_are_named(certified, name: str) -> None:
    path = certified.corpus / name
    original = path.read_bytes()
    for changed in (b"", original + b"\n", original[:-1]):
        path.write_bytes(changed)
        with pytest.raises(VerificationError) as wrong:
            verify_corpus(certified.corpus, certified.trust, NOW)
        assert str(wrong.value).startswith(name)


@pytest.mark.parametrize(
    "name", ["reports/fidelity.json", "notes.txt", ".hidden", "data/extra.parquet", "reports/x.csv", "signoff-ab.json"]
)
def test_added_file_is_named(certified, name: str) -> None:
    (certified.corpus / name).write_text("{}")
    with pytest.raises(VerificationError) as wrong:
        verify_corpus(certified.corpus, certified.trust, NOW)
    assert str(wrong.value).startswith(name)


def test_added_shard_is_named(certified) -> None:
    data = certified.corpus / "data"
    for index in (0, 1):
        (data / f"train-0000{index}-of-00002.parquet").rename(data / f"train-0000{index}-of-00003.parquet")
    shutil.copy(data / "train-00000-of-00003.parquet", data / "train-00002-of-00003.parquet")
    with pytest.raises(VerificationError, match=r"data/train-0000\d-of-0000\d\.parquet"):
        verify_corpus(certified.corpus, certified.trust, NOW)


def test_swapped_shards_are_named(certified) -> None:
    first, second = (certified.corpus / "data" / f"train-0000{index}-of-00002.parquet" for index in (0, 1))
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)
    with pytest.raises(VerificationError, match=r"data/train-00000-of-00002\.parquet was changed"):
        verify_corpus(certified.corpus, certified.trust, NOW)


def test_every_flipped_bit_of_the_certificate_fails(certified) -> None:
    data = (certified.corpus / "certificate.json").read_bytes()
    require = Requirements()
    verify_certificate(data, certified.trust, NOW, require)
    for position in range(len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[position] ^= 1 << bit
            with pytest.raises(VerificationError, match=r"^certificate\.json: "):
                verify_certificate(bytes(flipped), certified.trust, NOW, require)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict) and value:
        return [leaf for key, item in value.items() for leaf in leaves(item, (*path, key))]
    if isinstance(value, list) and value:
        return [leaf for index, item in enumerate(value) for leaf in leaves(item, (*path, index))]
    return [path]


def put(value: Any, path: tuple[Any, ...], new: Any) -> None:
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = new


def take(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def changed_value(old: Any) -> Any:
    if isinstance(old, str):
        return old[:-1] + ("0" if old[-1:] != "0" else "1")
    if isinstance(old, bool) or old is None:
        return 1
    return [1] if isinstance(old, list) else old + 1


def test_every_field_of_the_statement_is_under_the_signature(certified) -> None:
    """Edited without signing anew, each field fails as a signature that does not fit."""
    statement = payload_of(certified.corpus)
    outer = json.loads((certified.corpus / "certificate.json").read_bytes())
    paths = leaves(statement)
    assert len(paths) > 60
    for path in paths:
        edited = json.loads(json.dumps(statement))
        put(edited, path, changed_value(take(statement, path)))
        assert edited != statement
        outer["payload"] = base64.b64encode(canonical_json(edited)).decode()
        with pytest.raises(VerificationError, match="signature does not fit"):
            verify_certificate(canonical_json(outer), certified.trust, NOW, Requirements())


def test_every_edited_field_signed_anew_by_another_key_fails(certified, tmp_path: Path) -> None:
    other = issuer_key(tmp_path / "other")
    statement = payload_of(certified.corpus)
    for path in leaves(statement):
        edited = json.loads(json.dumps(statement))
        put(edited, path, changed_value(take(statement, path)))
        with pytest.raises(VerificationError, match="unknown key"):
            verify_certificate(sign_statement(edited, other), certified.trust, NOW, Requirements())


Edit = Callable[[dict[str, Any]], object]

# What even the trusted key cannot say: each edit is signed anew by the issuer.
SELF_CONTRADICTING: dict[str, tuple[Edit, str]] = {
    "predicate type": (lambda s: s.update(predicateType="https://slsa.dev/provenance/v1"), "predicateType is not"),
    "extra field": (lambda s: s["predicate"].update(hipaa="certified"), r"predicate\.hipaa: no such field"),
    "missing field": (lambda s: s["predicate"].pop("policy_digest"), r"field predicate\.policy_digest"),
    "default left out": (lambda s: s["predicate"]["gates"][0].pop("required_n"), "field gates is not written"),
    "short digest": (lambda s: s["predicate"].update(config_digest="ab"), r"field predicate\.config_digest"),
    "coerced number": (lambda s: s["predicate"]["notes"].update(train="4"), "field notes is not written"),
    "other row count": (lambda s: s["predicate"]["notes"].update(train=5), "field notes does not agree"),
    "exact source count": (
        lambda s: s["predicate"]["source_summary"]["counts"].update(patients=5001),
        r"field predicate\.source_summary: count patients is exact",
    ),
    "failed gate": (lambda s: s["predicate"]["gates"][0].update(outcome="failed"), "field gates: .*phi_scan failed"),
    "gate left out": (lambda s: s["predicate"]["gates"].pop(), "field gates: .*corpus_validation has not run"),
    "better number": (
        lambda s: s["predicate"]["gates"][0]["measures"][0].update(value=1.0),
        r"field gates: reports/leakage\.json disagrees with the verdict of gate phi_scan",
    ),
    "file left out": (lambda s: s["subject"].pop(0), r"README\.md was added after certification"),
    "manifest left out": (
        lambda s: s.update(subject=[item for item in s["subject"] if item["name"] != "manifest.json"]),
        "field subject is not one sorted list",
    ),
    "file named twice": (lambda s: s["subject"].append(s["subject"][-1]), "field subject is not one sorted list"),
    "files out of order": (lambda s: s["subject"].reverse(), "field subject is not one sorted list"),
    "file that is not there": (
        lambda s: s["subject"].insert(6, {"name": "data/zzz.parquet", "digest": {"sha256": "0" * 64}}),
        r"data/zzz\.parquet is missing",
    ),
    "second digest": (lambda s: s["subject"][0]["digest"].update(md5="x"), r"subject\.0\.digest\.md5: no such field"),
    "end before start": (lambda s: s["predicate"].update(expires="2026-01-01T00:00:00Z"), "expires must come after"),
    "time not UTC": (lambda s: s["predicate"].update(issued="2026-05-01T12:00:00+02:00"), "YYYY-MM-DDTHH:MM:SSZ"),
}


@pytest.mark.parametrize("name", SELF_CONTRADICTING)
def test_trusted_issuer_cannot_contradict_the_corpus(certified, name: str) -> None:
    change, why = SELF_CONTRADICTING[name]
    statement = payload_of(certified.corpus)
    change(statement)
    resign(certified.corpus, statement, certified.key)
    with pytest.raises(VerificationError, match=why):
        verify_corpus(certified.corpus, certified.trust, NOW)


def test_signed_anew_with_another_key(certified, kit, tmp_path: Path) -> None:
    issue_certificate(certified.corpus, kit.verdicts, kit.facts, issuer_key(tmp_path / "other"), 365, NOW)
    with pytest.raises(VerificationError, match=r"^certificate\.json: signed by an unknown key"):
        verify_corpus(certified.corpus, certified.trust, NOW)


def test_signed_by_an_officer(certified) -> None:
    key_dir = certified.key_dir
    from ghostchart.privacy.keys import signing_key

    resign(certified.corpus, payload_of(certified.corpus), signing_key("officer", key_dir))
    with pytest.raises(VerificationError, match="trusted as officer, not as issuer"):
        verify_corpus(certified.corpus, certified.trust, NOW)


def test_certificate_of_another_corpus(certified, kit, tmp_path: Path) -> None:
    other = kit.make_corpus(tmp_path / "other", first_number=10)
    issue_certificate(other, kit.verdicts, kit.facts, certified.key, 365, NOW)
    verify_corpus(other, certified.trust, NOW)
    shutil.copy(other / "certificate.json", certified.corpus / "certificate.json")
    with pytest.raises(VerificationError, match="certificate of another corpus"):
        verify_corpus(certified.corpus, certified.trust, NOW)


def test_manifest_written_anew_over_tampered_data_does_not_help(certified) -> None:
    path = certified.corpus / "data" / "train-00000-of-00002.parquet"
    table = pq.read_table(path)
    pq.write_table(table.slice(0, 1), path)
    write_manifest(certified.corpus)
    with pytest.raises(VerificationError, match=r"data/train-00000-of-00002\.parquet was changed"):
        verify_corpus(certified.corpus, certified.trust, NOW)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"rows": 7}, r"rows of data/test-00000-of-00001\.parquet is 7, the file has 2"),
        ({"rows": None}, r"rows of data/test-00000-of-00001\.parquet is None"),
        ({"size_bytes": 1}, "size_bytes of data/test-00000"),
        ({"sha256": "0" * 64}, "lists other files"),
        ({"path": "data/test-00000-of-00009.parquet"}, "lists other files"),
    ],
)
def test_signed_manifest_that_contradicts_the_files(certified, change: dict[str, Any], why: str) -> None:
    """Only a faulty issuer makes this: the manifest is wrong and the certificate covers it."""
    manifest = read_manifest(certified.corpus)
    files = tuple(
        entry.model_copy(update=change) if entry.path == "data/test-00000-of-00001.parquet" else entry
        for entry in manifest.files
    )
    data = manifest.model_copy(update={"files": files}).to_bytes()
    (certified.corpus / "manifest.json").write_bytes(data)
    statement = payload_of(certified.corpus)
    next(item for item in statement["subject"] if item["name"] == "manifest.json")["digest"]["sha256"] = sha256_bytes(
        data
    )
    resign(certified.corpus, statement, certified.key)
    with pytest.raises(VerificationError, match=why):
        verify_corpus(certified.corpus, certified.trust, NOW)


def test_signed_manifest_that_is_not_canonical(certified) -> None:
    path = certified.corpus / "manifest.json"
    path.write_bytes(path.read_bytes() + b" ")
    statement = payload_of(certified.corpus)
    next(item for item in statement["subject"] if item["name"] == "manifest.json")["digest"]["sha256"] = sha256_file(
        path
    )
    resign(certified.corpus, statement, certified.key)
    with pytest.raises(VerificationError, match=r"manifest\.json is not in canonical form"):
        verify_corpus(certified.corpus, certified.trust, NOW)


def test_expiry_to_the_second_and_clocks_that_are_behind(certified) -> None:
    end = NOW + timedelta(days=365)
    verify_corpus(certified.corpus, certified.trust, end - timedelta(seconds=1))
    with pytest.raises(VerificationError, match="expired on 2027-05-01T12:00:00Z"):
        verify_corpus(certified.corpus, certified.trust, end)
    with pytest.raises(VerificationError, match="issued in the future"):
        verify_corpus(certified.corpus, certified.trust, NOW - timedelta(seconds=1))


def test_revoked_certificate_and_revoked_key(certified, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    shutil.copytree(certified.key_dir, keys)
    revoke(sha256_file(certified.corpus / "certificate.json"), "wrong source", keys, kind="certificate")
    with pytest.raises(VerificationError, match="this certificate is revoked: wrong source"):
        verify_corpus(certified.corpus, trusted_keys(keys), NOW)
    revoke(certified.key.key_id, "laptop lost", keys, kind="key")
    with pytest.raises(VerificationError, match="which is revoked: laptop lost"):
        verify_corpus(certified.corpus, trusted_keys(keys), NOW)


def test_policy_and_code_release_that_the_verifier_requires(certified, kit) -> None:
    def check(**wanted: Any) -> None:
        verify_corpus(certified.corpus, certified.trust, NOW, require=Requirements(**wanted))

    check(code_releases=kit.facts.code_releases)
    with pytest.raises(VerificationError, match=r"policy_digest is that of profile 'default', not .* policy 'strict'"):
        check(policy=load_policy("strict"))
    with pytest.raises(VerificationError, match=r"code_releases\.icd10cm is 'ICD-10-CM 2026-04'"):
        check(code_releases={"icd10cm": "ICD-10-CM 2027"})
    with pytest.raises(VerificationError, match="no privacy officer has signed off"):
        check(signoff="required")


def test_a_policy_that_wants_a_sign_off_is_enforced_by_every_verifier(certified) -> None:
    statement = payload_of(certified.corpus)
    statement["predicate"]["signoff_required"] = True
    resign(certified.corpus, statement, certified.key)
    verify_corpus(certified.corpus, certified.trust, NOW, require=Requirements(signoff="ignored"))
    with pytest.raises(VerificationError, match=r"no privacy officer has signed off.*ghostchart signoff"):
        verify_corpus(certified.corpus, certified.trust, NOW)


def test_nobody_trusted_means_nothing_verifies(certified, tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match=r"unknown key.*--trust"):
        verify_corpus(certified.corpus, trusted_keys(tmp_path / "empty"), NOW)
    assert not (tmp_path / "empty").exists()


def test_public_key_named_by_the_verifier_suffices(certified, tmp_path: Path) -> None:
    named = certified.key_dir / "trusted" / f"{certified.key.key_id}.json"
    verify_corpus(certified.corpus, trusted_keys(tmp_path / "empty", [named]), NOW)


def test_a_trusted_key_in_another_role_elsewhere_does_not_count(certified, tmp_path: Path) -> None:
    new_key("officer", tmp_path)
    with pytest.raises(VerificationError, match="unknown key"):
        verify_corpus(certified.corpus, trusted_keys(tmp_path), NOW)


def test_directories_that_are_no_corpus(certified, tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match="no such corpus directory"):
        verify_corpus(tmp_path / "nowhere", certified.trust, NOW)
    (tmp_path / "bare").mkdir()
    with pytest.raises(VerificationError, match="no data folder"):
        verify_corpus(tmp_path / "bare", certified.trust, NOW)


def test_random_damage_anywhere_is_found(certified) -> None:
    rng = random.Random(7)
    for _ in range(150):
        path = certified.corpus / rng.choice(FILES)
        original = path.read_bytes()
        data = bytearray(original)
        start = rng.randrange(len(data))
        data[start : start + rng.randrange(1, 9)] = rng.randbytes(rng.randrange(0, 9))
        if bytes(data) == original:
            continue
        path.write_bytes(bytes(data))
        with pytest.raises(VerificationError):
            verify_corpus(certified.corpus, certified.trust, NOW)
        path.write_bytes(original)
    verify_corpus(certified.corpus, certified.trust, NOW)
