"""The wheel, built and installed alone in a fresh environment: what a receiver of a corpus does."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)], check=True, capture_output=True, text=True
    )
    return next(folder.glob("*.whl"))


def test_wheel_holds_all_five_folders_with_their_data(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("schemas", "synth", "privacy", "train", "evaluate"):
        ours = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*.py")}
        assert {f"ghostchart/{name}" for name in ours} <= names
    data = [
        path
        for folder in ("schemas", "synth", "privacy", "train", "evaluate")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"}
    ]
    assert data
    missing = {
        path.relative_to(ROOT).as_posix()
        for path in data
        if f"ghostchart/{path.relative_to(ROOT).as_posix()}" not in names
    }
    assert missing == set()
    assert not any(name.startswith(("synth/", "train/", "evaluate/", "tests/")) for name in names)


def test_wheel_installed_alone_runs_help_and_verifies(wheel: Path, finished, tmp_path: Path) -> None:
    python = tmp_path / "fresh" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "fresh")], check=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "-c", str(ROOT / "constraints.txt"), str(wheel)]
    subprocess.run(install, check=True, capture_output=True, text=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["GHOSTCHART_KEY_DIR"] = str(finished.bench.folder / "keys")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(python.with_name("ghostchart")), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)

    assert run("--help").returncode == 0
    done = run("verify", str(finished.corpus))
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.startswith("Valid")
    absent = subprocess.run([str(python), "-c", "import torch"], capture_output=True, check=False)
    assert absent.returncode != 0
