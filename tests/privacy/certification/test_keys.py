"""Keys: where they lie, who may read them, whom they make trusted."""

from __future__ import annotations

import json
import multiprocessing
import pickle
import stat
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from ghostchart.privacy.keys import (
    issuer_key,
    key_dir_default,
    list_keys,
    new_key,
    read_public_key,
    revoke,
    signing_key,
    trust_key,
    trusted_keys,
)
from ghostchart.schemas.errors import ConfigError, UsageError


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def public_file(key_dir: Path, key_id: str) -> Path:
    return key_dir / "trusted" / f"{key_id}.json"


def test_default_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GHOSTCHART_KEY_DIR", str(tmp_path / "named"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert key_dir_default() == tmp_path / "named"
    monkeypatch.delenv("GHOSTCHART_KEY_DIR")
    assert key_dir_default() == tmp_path / "xdg" / "ghostchart" / "keys"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert key_dir_default() == tmp_path / "home" / ".config" / "ghostchart" / "keys"


def test_issuer_key_is_made_once_closed_to_others_and_trusted(tmp_path: Path) -> None:
    folder = tmp_path / "config" / "keys"
    key = issuer_key(folder)
    private = folder / "private" / f"issuer-{key.key_id}.pem"
    assert mode_of(private) == 0o600
    assert mode_of(folder) == mode_of(folder / "private") == 0o700
    assert issuer_key(folder).key_id == key.key_id
    trust = trusted_keys(folder)
    assert trust.keys[key.key_id].role == "issuer"
    assert [entry.has_private_half for entry in list_keys(folder)] == [True]


def _first_key(folder: str) -> str:
    return issuer_key(Path(folder)).key_id


def test_two_first_runs_make_one_key(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert len(set(pool.map(_first_key, [str(tmp_path / "keys")] * 4))) == 1


@pytest.mark.parametrize("loose", [0o640, 0o604, 0o660])
def test_private_key_open_to_others_is_refused_with_the_fix(tmp_path: Path, loose: int) -> None:
    key = issuer_key(tmp_path)
    private = tmp_path / "private" / f"issuer-{key.key_id}.pem"
    private.chmod(loose)
    with pytest.raises(UsageError, match=r"other users have access.*chmod 600"):
        issuer_key(tmp_path)
    private.chmod(0o600)
    assert issuer_key(tmp_path).key_id == key.key_id


@pytest.mark.parametrize(("part", "loose"), [("", 0o770), ("trusted", 0o777), ("private", 0o750)])
def test_folder_open_to_others_is_refused(tmp_path: Path, part: str, loose: int) -> None:
    folder = tmp_path / "keys"
    issuer_key(folder)
    (folder / part).chmod(loose)
    with pytest.raises(UsageError, match="chmod 700"):
        trusted_keys(folder)


@pytest.mark.parametrize("marker", ["run.json", "protected"])
@pytest.mark.parametrize("below", ["keys", "corpus/keys", "protected/deep/keys"])
def test_key_folder_in_an_output_directory_is_refused(tmp_path: Path, marker: str, below: str) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / marker).mkdir() if marker == "protected" else (tmp_path / marker).touch()
    with pytest.raises(UsageError, match="output directory"):
        issuer_key(tmp_path / below)
    assert not (tmp_path / below).exists()


def test_key_folder_in_a_bare_corpus_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "manifest.json").touch()
    with pytest.raises(UsageError, match="output directory"):
        trusted_keys(tmp_path / "keys")


def test_key_folder_reached_through_a_link_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "corpus").mkdir(parents=True)
    (out / "run.json").touch()
    (out / "keys").mkdir()
    (tmp_path / "link").symlink_to(out / "keys")
    with pytest.raises(UsageError, match="output directory"):
        issuer_key(tmp_path / "link")


def test_several_issuer_keys_need_a_name_and_revoked_ones_do_not_count(tmp_path: Path) -> None:
    first, second = new_key("issuer", tmp_path), new_key("issuer", tmp_path)
    with pytest.raises(UsageError, match="there are 2 issuer keys"):
        issuer_key(tmp_path)
    assert issuer_key(tmp_path, first.key_id[:12]).key_id == first.key_id
    revoke(first.key_id, "retired", tmp_path, kind="key")
    assert issuer_key(tmp_path).key_id == second.key_id
    revoke(second.key_id, "laptop lost", tmp_path, kind="key")
    with pytest.raises(UsageError, match="the issuer key is revoked"):
        issuer_key(tmp_path)
    assert trusted_keys(tmp_path).revoked_keys == {first.key_id: "retired", second.key_id: "laptop lost"}


def test_officer_key_is_not_made_by_asking_for_it(tmp_path: Path) -> None:
    issuer_key(tmp_path)
    with pytest.raises(UsageError, match="the officer key is missing"):
        signing_key("officer", tmp_path)
    assert new_key("officer", tmp_path).key_id == signing_key("officer", tmp_path).key_id


def test_trust_copies_a_public_key_in_its_own_role_only(tmp_path: Path) -> None:
    other, mine = tmp_path / "other", tmp_path / "mine"
    key = new_key("officer", other)
    with pytest.raises(UsageError, match="this key is an officer key"):
        trust_key(public_file(other, key.key_id), "issuer", mine)
    trust_key(public_file(other, key.key_id), "officer", mine)
    assert trusted_keys(mine).keys[key.key_id].role == "officer"
    assert not list_keys(mine)[0].has_private_half


def test_one_key_is_never_trusted_in_two_roles(tmp_path: Path) -> None:
    key = new_key("officer", tmp_path / "keys")
    forged = tmp_path / "forged.json"
    content = json.loads(public_file(tmp_path / "keys", key.key_id).read_text())
    forged.write_text(json.dumps({**content, "role": "issuer"}))
    with pytest.raises(UsageError, match="already trusted in another role"):
        trust_key(forged, "issuer", tmp_path / "keys")
    with pytest.raises(ConfigError, match="two roles"):
        trusted_keys(tmp_path / "keys", [forged])


def test_extra_key_file_counts_without_a_folder(tmp_path: Path) -> None:
    key = new_key("issuer", tmp_path / "other")
    trust = trusted_keys(tmp_path / "none", [public_file(tmp_path / "other", key.key_id)])
    assert list(trust.keys) == [key.key_id]
    assert not (tmp_path / "none").exists()
    assert trusted_keys(tmp_path / "none").keys == {}


def test_key_file_cannot_claim_another_keys_id(tmp_path: Path) -> None:
    first, second = new_key("issuer", tmp_path), new_key("issuer", tmp_path)
    path = public_file(tmp_path, first.key_id)
    stolen = json.loads(path.read_text())
    stolen["keyval"] = json.loads(public_file(tmp_path, second.key_id).read_text())["keyval"]
    path.write_text(json.dumps(stolen))
    with pytest.raises(ConfigError, match="not the id of its public value"):
        trusted_keys(tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"\xff", b"[" * 100_000, b'{"keyid": 1}'],
    ids=["empty", "{}", "[]", "x", "deep", "1"],
)
def test_damaged_key_file_is_named(tmp_path: Path, content: bytes) -> None:
    issuer_key(tmp_path / "keys")
    path = tmp_path / "keys" / "trusted" / "bad.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"not a public key file.*bad\.json"):
        trusted_keys(tmp_path / "keys")
    with pytest.raises(ConfigError, match="cannot read"):
        read_public_key(tmp_path / "absent.json")


def test_damaged_revocation_list_does_not_count_as_empty(tmp_path: Path) -> None:
    issuer_key(tmp_path)
    (tmp_path / "revoked.json").write_text('{"key": {}}')
    with pytest.raises(ConfigError, match="revocation list"):
        trusted_keys(tmp_path)
    with pytest.raises(ConfigError, match="revocation list"):
        issuer_key(tmp_path)


@pytest.mark.parametrize(("digest", "reason"), [("ab", "lost"), ("a" * 64, " "), ("G" * 64, "lost")])
def test_revocation_needs_a_full_id_and_a_reason(tmp_path: Path, digest: str, reason: str) -> None:
    with pytest.raises(UsageError, match="cannot revoke"):
        revoke(digest, reason, tmp_path, kind="certificate")


def test_private_key_stays_in_its_process_and_out_of_sight(tmp_path: Path) -> None:
    key = issuer_key(tmp_path)
    with pytest.raises(UsageError):
        pickle.dumps(key)
    assert "signer" not in repr(key)


def test_swapped_private_key_file_is_refused(tmp_path: Path) -> None:
    key = issuer_key(tmp_path / "a")
    other = issuer_key(tmp_path / "b")
    stolen = (tmp_path / "b" / "private" / f"issuer-{other.key_id}.pem").read_bytes()
    path = tmp_path / "a" / "private" / f"issuer-{key.key_id}.pem"
    path.write_bytes(stolen)
    with pytest.raises(UsageError, match="not the one its file name says"):
        issuer_key(tmp_path / "a")
    path.write_bytes(b"nonsense")
    with pytest.raises(UsageError, match="damaged"):
        issuer_key(tmp_path / "a")


def test_unknown_role_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no key role"):
        new_key("admin", tmp_path)  # type: ignore[arg-type]
