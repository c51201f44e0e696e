"""Source rows on their way lie in a private folder that goes with the process, however the process goes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ghostchart.synth.sources.private_folder import PrivateFolder

KILLED = """
import os, signal
from ghostchart.synth.sources.private_folder import PrivateFolder
folder = PrivateFolder()
(folder.path / "rows.tmp").write_text("rows")
print(folder.path, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def own_temporary_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_private_and_gone_with_its_object() -> None:
    folder = PrivateFolder()
    assert folder.path.stat().st_mode & 0o777 == 0o700
    folder.close()
    folder.close()
    assert not folder.path.exists()


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    in_use = PrivateFolder()
    (tmp_path / "ghostchart-of-somebody-else").mkdir()  # without our lock: not ours to remove
    done = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, check=False)
    left = Path(done.stdout.strip())
    assert (left / "rows.tmp").exists()
    new = PrivateFolder()
    assert not left.exists()
    assert in_use.path.is_dir()
    assert (tmp_path / "ghostchart-of-somebody-else").is_dir()
    in_use.close()
    new.close()
