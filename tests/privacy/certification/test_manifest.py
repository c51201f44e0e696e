"""The manifest: every file, nothing else, always the same bytes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ghostchart.privacy.manifest import list_files, read_manifest, write_manifest
from ghostchart.schemas.errors import CorpusError


def test_manifest_lists_every_file_with_digest_size_and_rows(certified) -> None:
    corpus: Path = certified.corpus
    manifest = json.loads((corpus / "manifest.json").read_text())
    entries = {entry["path"]: entry for entry in manifest["files"]}
    expected = {
        path.relative_to(corpus).as_posix()
        for path in corpus.rglob("*")
        if path.is_file() and path.name not in ("manifest.json", "certificate.json")
    }
    assert list(entries) == sorted(expected)
    for name, entry in entries.items():
        data = (corpus / name).read_bytes()
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()
        assert entry["size_bytes"] == len(data)
        assert entry.get("rows") == (pq.read_table(corpus / name).num_rows if name.endswith(".parquet") else None)


def test_manifest_has_the_same_bytes_whenever_and_wherever_it_is_written(certified, tmp_path: Path) -> None:
    before = (certified.corpus / "manifest.json").read_bytes()
    os.utime(certified.corpus / "README.md", (1, 1))
    moved = tmp_path / "elsewhere"
    certified.corpus.rename(moved)
    write_manifest(moved)
    assert (moved / "manifest.json").read_bytes() == before
    assert str(tmp_path).encode() not in before


def test_rows_by_split(certified) -> None:
    assert read_manifest(certified.corpus).rows_by_split() == {"train": 4, "validation": 2, "test": 2}


def _link(path: Path) -> None:
    path.symlink_to("README.md")


def _fifo(path: Path) -> None:
    os.mkfifo(path)


PLANTED: list[tuple[str, Callable[[Path], None], str]] = [
    ("notes.txt", Path.touch, "does not belong"),
    (".DS_Store", Path.touch, "does not belong"),
    ("data/.hidden", Path.touch, "does not belong"),
    ("data/extra.parquet", Path.touch, "does not belong"),
    ("data/train-00000-of-00002.parquet.bak", Path.touch, "does not belong"),
    ("reports/findings.csv", Path.touch, "does not belong"),
    ("reports/..json", Path.touch, "does not belong"),
    ("protected", Path.mkdir, "does not belong"),
    ("data/more", Path.mkdir, "does not belong"),
    ("reports/more", Path.mkdir, "does not belong"),
    ("reports/roc.html", Path.mkdir, "not a plain file"),
    ("reports/roc.json", _link, "not a plain file"),
    ("reports/pipe.json", _fifo, "not a plain file"),
    ("signoff-" + "a" * 64 + ".json", _link, "not a plain file"),
    ("signoff-xyz.json", Path.touch, "does not belong"),
    ("line\nbreak\x1b[31m", Path.touch, "does not belong"),
    ("RÉSUMÉ.md", Path.touch, "does not belong"),
]


@pytest.mark.parametrize(("name", "plant", "why"), PLANTED, ids=[repr(item[0]) for item in PLANTED])
def test_what_does_not_belong_is_refused_by_name(certified, name: str, plant, why: str) -> None:
    plant(certified.corpus / name)
    with pytest.raises(CorpusError, match=why) as refused:
        write_manifest(certified.corpus)
    assert (name in str(refused.value)) or (repr(name) in str(refused.value))
    assert "\n" not in str(refused.value)
    assert "\x1b" not in str(refused.value)


@pytest.mark.parametrize("name", ["README.md", "manifest.json", "data/test-00000-of-00001.parquet", "data", "reports"])
def test_links_in_place_of_files_and_folders_are_refused(certified, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    (certified.corpus / name).rename(outside)
    (certified.corpus / name).symlink_to(outside)
    with pytest.raises(CorpusError, match=name):
        list_files(certified.corpus)


def test_gap_in_shards_and_unreadable_shard_are_named(certified) -> None:
    (certified.corpus / "data" / "validation-00000-of-00001.parquet").write_bytes(b"PAR1 not really PAR1")
    with pytest.raises(CorpusError, match=r"data/validation-00000-of-00001\.parquet is not a readable Parquet"):
        write_manifest(certified.corpus)
    (certified.corpus / "data" / "train-00001-of-00002.parquet").unlink()
    with pytest.raises(CorpusError, match="split train lacks a shard of 2"):
        write_manifest(certified.corpus)


def test_leftover_of_a_killed_write_does_not_stop_the_next_one(certified) -> None:
    (certified.corpus / ".manifest.json.partial").write_text("{")
    write_manifest(certified.corpus)
    assert not (certified.corpus / ".manifest.json.partial").exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data + b"\n",
        lambda data: data.replace(b'"rows": 2', b'"rows": 2.0', 1),
        lambda data: data.replace(b'"rows": 2', b'"rows": "2"', 1),
        lambda data: data.replace(b'"files"', b'"file"', 1),
        lambda data: data.replace(b"  ", b" ", 1),
        lambda data: data[:-3],
    ],
)
def test_manifest_not_written_our_way_is_refused(certified, change) -> None:
    path = certified.corpus / "manifest.json"
    changed = change(path.read_bytes())
    assert changed != path.read_bytes()
    path.write_bytes(changed)
    with pytest.raises(CorpusError, match=r"manifest\.json is (damaged|not in canonical form)"):
        read_manifest(certified.corpus)


def test_no_such_directory() -> None:
    with pytest.raises(CorpusError, match="no such corpus"):
        list_files(Path("nowhere"))
