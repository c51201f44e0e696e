"""``ghostchart audit``: the group, and ``audit text`` as people use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ghostchart.cli.app import app
from ghostchart.schemas.errors import InputError, UsageError

_LETTER = "Dear all,\nI saw Mr. Tobias Huckaby (MRN 00448812) on 03/04/2025.\nHis BP was 148/92.\n"


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    path = tmp_path / "letter.txt"
    path.write_text(_LETTER)
    return path


def test_findings_are_masked_and_located(letter: Path) -> None:
    done = CliRunner().invoke(app, ["audit", "text", str(letter), "--json"])
    assert done.exit_code == 1
    rows = json.loads(done.stdout)["findings"]
    assert [(row["entity_type"], row["line"], row["column"]) for row in rows] == [
        ("PERSON", 2, 11),
        ("MEDICAL_RECORD_NUMBER", 2, 31),
        ("DATE_TIME", 2, 44),
    ]
    assert [_LETTER[row["start"] : row["end"]] for row in rows] == ["Tobias Huckaby", "00448812", "03/04/2025"]
    for value in ("Tobias", "Huckaby", "00448812", "03/04/2025"):
        assert value not in done.stdout


def test_show_tells_the_values(letter: Path) -> None:
    done = CliRunner().invoke(app, ["audit", "text", str(letter), "--json", "--show"])
    assert [row["value"] for row in json.loads(done.stdout)["findings"]] == ["Tobias Huckaby", "00448812", "03/04/2025"]


def test_table_and_clean_text(letter: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["audit", "text", str(letter)])
    assert done.exit_code == 1
    assert "3 findings in 1 text" in done.stdout
    clean = tmp_path / "clean.txt"
    clean.write_text("BP 148/92, COPD stable.")
    done = CliRunner().invoke(app, ["audit", "text", str(clean)])
    assert (done.exit_code, "No identifier found in 1 text" in done.stdout) == (0, True)


def test_standard_input() -> None:
    done = CliRunner().invoke(app, ["audit", "text", "-", "--json"], input="Call (555) 201-3344.")
    assert [row["entity_type"] for row in json.loads(done.stdout)["findings"]] == ["PHONE_NUMBER"]


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "image.bin").write_bytes(b"\xff\xfe\x00\xd8")
    for name, told in (("image.bin", "UTF-8"), ("nowhere.txt", "cannot read")):
        done = CliRunner().invoke(app, ["audit", "text", str(tmp_path / name)])
        assert isinstance(done.exception, InputError)
        assert told in str(done.exception)


def test_a_directory_without_subcommand_is_a_run(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["audit", str(tmp_path)])
    assert isinstance(done.exception, UsageError)
    assert "no run in this directory" in str(done.exception)


def test_a_model_is_audited_in_a_run_only(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["audit", "model", str(tmp_path)])
    assert isinstance(done.exception, UsageError)
    assert "no run in this directory" in str(done.exception)
