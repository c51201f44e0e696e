"""The command line from outside: help, exit codes, one sentence per problem."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ghostchart.cli.commented_config import COMMENTS, commented_config
from ghostchart.cli.options import configuration
from ghostchart.schemas.config import RunConfig, Section, load_config
from ghostchart.schemas.errors import ConfigError, UsageError

COMMANDS = (
    "run", "generate", "audit", "certify", "signoff", "verify", "train", "evaluate", "codes", "templates", "keys", "init",
)  # fmt: skip


def ghostchart(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ghostchart", *arguments], capture_output=True, text=True, check=False, cwd=cwd
    )


def assert_one_sentence(done: subprocess.CompletedProcess[str], *parts: str, code: int = 2) -> None:
    assert done.returncode == code, done.stderr[-800:]
    lines = [line for line in done.stderr.splitlines() if line.startswith("ghostchart: ")]
    assert len(lines) == 1, done.stderr[-800:]
    assert "Traceback" not in done.stderr
    for part in parts:
        assert part in lines[0]


def test_help_names_every_command() -> None:
    done = ghostchart("--help")
    assert done.returncode == 0
    for command in COMMANDS:
        assert f" {command} " in done.stdout


@pytest.mark.parametrize("command", ["run", "generate", "audit", "certify", "verify", "train", "evaluate", "init"])
def test_each_command_shows_an_example(command: str) -> None:
    done = ghostchart(command, "--help")
    assert done.returncode == 0
    assert "Example" in done.stdout


def test_unknown_flag_is_usage() -> None:
    assert ghostchart("run", "--nonsense").returncode == 2


def test_config_key_that_does_not_exist(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text("corpus:\n  notess: 10\n")
    done = ghostchart("run", "--config", "run.yaml", "--out", "out", cwd=tmp_path)
    assert_one_sentence(done, "corpus.notess: no such key", "run.yaml", "ghostchart init")
    assert not (tmp_path / "out").exists()


def test_config_that_is_not_yaml(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text("corpus: [\n")
    assert_one_sentence(
        ghostchart("run", "--config", "run.yaml", "--out", "out", cwd=tmp_path), "not valid YAML", "line"
    )


def test_missing_source_directory(tmp_path: Path) -> None:
    done = ghostchart("generate", "--source", "mimic-iv", "--path", "nowhere", "--out", "out", cwd=tmp_path)
    assert_one_sentence(done, "nowhere")
    assert not (tmp_path / "out").exists()


def test_source_without_path(tmp_path: Path) -> None:
    done = ghostchart("generate", "--source", "mimic-iv", "--out", "out", cwd=tmp_path)
    assert_one_sentence(done, "source mimic-iv needs a path")


def test_output_directory_with_something_else(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letters.txt").write_text("private")
    done = ghostchart("run", "--out", "out", cwd=tmp_path)
    assert_one_sentence(done, "not a run", "--overwrite")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["letters.txt"]


def test_stage_without_a_run(tmp_path: Path) -> None:
    for command in ("audit", "certify", "train", "evaluate"):
        assert_one_sentence(ghostchart(command, "out", cwd=tmp_path), "there is no run in this directory")


def test_verify_of_nothing(tmp_path: Path) -> None:
    done = ghostchart("verify", str(tmp_path / "corpus"))
    assert done.returncode in {1, 2}
    assert done.stderr.startswith("ghostchart: ")


def test_unknown_code() -> None:
    assert_one_sentence(ghostchart("codes", "show", "E11.2"), "E11.2")


def test_init_refuses_to_replace(tmp_path: Path) -> None:
    assert ghostchart("init", "run.yaml", cwd=tmp_path).returncode == 0
    assert load_config(tmp_path / "run.yaml") == RunConfig()
    assert_one_sentence(ghostchart("init", "run.yaml", cwd=tmp_path), "the file exists")


def section_keys(section: type[Section], prefix: str = "") -> set[str]:
    keys = set()
    for name, field in section.model_fields.items():
        keys.add(f"{prefix}{name}")
        kind = type(field.default[0]) if isinstance(field.default, tuple) else field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            keys |= section_keys(kind, f"{prefix}{name}.")
    return keys


def test_every_setting_has_a_comment_and_no_comment_is_left_over() -> None:
    assert section_keys(RunConfig) == set(COMMENTS)
    for comment in COMMENTS.values():
        assert f"# {comment}" in commented_config()


def test_flags_lie_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text("seed: 5\ncorpus:\n  notes: 100\n  cpt: 'off'\n")
    settings = configuration(tmp_path / "run.yaml", notes=60, workers=1)
    assert (settings.seed, settings.corpus.notes, settings.corpus.cpt, settings.workers) == (5, 60, "off", 1)


def test_path_without_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--path was given without --source"):
        configuration(None, path=tmp_path)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"notes": 3}, "corpus.notes"),
        ({"cpt": "all"}, "corpus.cpt"),
        ({"cpt": "licensed"}, "cpt_file goes with cpt: licensed"),
        ({"source": "paper"}, "source.kind"),
        ({"workers": 0}, "workers"),
    ],
)
def test_values_out_of_range_name_their_key(values: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        configuration(None, **values)  # type: ignore[arg-type]
