"""One small whole run, made once, with every connection but loopback blocked; tests look at it or tamper with copies."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

SMALL = {
    "seed": 11,
    "workers": 2,
    "source": {"demo_patients": 2000},
    "corpus": {"notes": 300, "notes_per_shard": 60},
    "models": [{"name": "tiny", "minutes": 0.3, "epochs": 2.0, "tokens_per_step": 4096}],
    "evaluate": {"zero_shot": False, "max_notes": 12, "bootstrap_resamples": 100},
}


@dataclass(frozen=True)
class Bench:
    """A folder with a key folder and cache of its own to run commands in."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GHOSTCHART", "XDG_"))}
        return kept | {
            "GHOSTCHART_KEY_DIR": str(self.folder / "keys"),
            "GHOSTCHART_TEST_CONNECTIONS": str(self.connections),
            "PYTHONPATH": str(Path(__file__).parent / "offline"),
            "COLUMNS": "200",
        }

    @property
    def connections(self) -> Path:
        """Every connection tried, one a line; not there when none was."""
        return self.folder / "connections.log"

    def ghostchart(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ghostchart", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env=self.environment,
        )

    def write_config(self, name: str, **changes: object) -> Path:
        path = self.folder / name
        path.write_text(yaml.safe_dump(SMALL | changes))
        return path


@dataclass(frozen=True)
class FinishedRun:
    bench: Bench
    out: Path
    config: Path
    done: subprocess.CompletedProcess[str]

    @property
    def corpus(self) -> Path:
        return self.out / "corpus"

    def copy_corpus(self, target: Path) -> Path:
        shutil.copytree(self.corpus, target)
        return target

    def copy_run(self, target: Path) -> Path:
        shutil.copytree(self.out, target)
        return target


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    bench = Bench(tmp_path_factory.mktemp("whole"))
    config = bench.write_config("run.yaml")
    done = bench.ghostchart("run", "--config", config, "--out", "out")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return FinishedRun(bench, bench.folder / "out", config, done)
