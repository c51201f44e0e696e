"""``ghostchart train``: options that go together, recipes listed, and one recipe trained to the end."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from ghostchart.cli.app import app
from ghostchart.cli.train import _merge, _without_launching
from ghostchart.schemas.errors import ConfigError, CorpusError, UsageError, VerificationError

run = CliRunner().invoke


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "nothing to train on"),
        (["--set", "a=1"], "--set goes with --recipe"),
        (["out", "--launch"], "--launch goes with --recipe"),
        (["--recipe", "cpu-tiny"], "needs a corpus"),
        (["out", "--recipe", "cpu-tiny", "--corpus", "c"], "does not go with --recipe"),
        (["--recipe", "cpu-tiny", "--corpus", "c", "--processes", "2"], "--processes goes with --launch"),
    ],
)
def test_options_that_do_not_go_together(arguments: list[str], told: str) -> None:
    found = run(app, ["train", *arguments])
    assert isinstance(found.exception, UsageError)
    assert told in str(found.exception)


def test_recipes_are_listed() -> None:
    found = run(app, ["train", "--recipes"])
    assert found.exit_code == 0
    assert "cpu-tiny" in found.output and "gpu8-zero3-qlora-llama3-70b" in found.output


def test_a_wrong_recipe_is_named_before_anything_is_started(tmp_path: Path) -> None:
    for more in ([], ["--launch", "--processes", "2"]):
        found = run(app, ["train", "--recipe", "none", "--corpus", str(tmp_path), *more])
        assert isinstance(found.exception, ConfigError)
    found = run(app, ["train", "--recipe", "cpu-tiny", "--corpus", str(tmp_path / "none")])
    assert isinstance(found.exception, CorpusError)


def test_a_wrong_corpus_directory_is_named_with_the_right_one(tmp_path: Path) -> None:
    """Never "remove what does not belong here": what lies beside a corpus is a run."""
    data = tmp_path / "run" / "corpus" / "data"
    data.mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    for given, told, right in (
        (tmp_path / "run", "this is the directory of a run", tmp_path / "run" / "corpus"),
        (data, "this is the data folder of a corpus", tmp_path / "run" / "corpus"),
        (tmp_path / "empty", "holds no corpus", "the directory with data/ in it"),
        (tmp_path / "none", "there is no corpus directory", "the directory with data/ in it"),
    ):
        arguments = ["train", "--recipe", "cpu-tiny", "--corpus", str(given), "--out", str(tmp_path / "m")]
        for more in ([], ["--allow-uncertified"]):
            found = run(app, [*arguments, *more])
            assert isinstance(found.exception, CorpusError)
            assert found.exception.exit_code == 2
            assert told in str(found.exception) and f"Give {right}." in str(found.exception)
    assert not (tmp_path / "m").exists()


def test_a_model_is_never_written_into_a_corpus(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    (corpus / "data").mkdir(parents=True)
    link = tmp_path / "link"
    link.symlink_to(corpus)
    for out in (corpus, corpus / "model", link / "model"):
        found = run(app, ["train", "--recipe", "cpu-tiny", "--corpus", str(corpus), "--out", str(out)])
        assert isinstance(found.exception, UsageError)
        assert "inside the corpus" in str(found.exception) and "--out" in str(found.exception)
    assert [path.name for path in corpus.iterdir()] == ["data"]


def test_processes_get_the_command_line_without_the_launching() -> None:
    words = ["train", "--recipe", "x", "--launch", "--processes", "2", "--hostfile=h", "--set", "a=1", "--merge"]
    assert _without_launching(words) == ["train", "--recipe", "x", "--set", "a=1", "--merge"]


def test_a_corpus_without_a_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "corpus" / "data").mkdir(parents=True)
    found = run(
        app, ["train", "--recipe", "cpu-tiny", "--corpus", str(tmp_path / "corpus"), "--out", str(tmp_path / "m")]
    )
    assert isinstance(found.exception, VerificationError)
    assert found.exception.exit_code == 1
    assert not (tmp_path / "m").exists()


def test_merging_what_has_no_adapter_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _merge(SimpleNamespace(method="full"), tmp_path / "model")  # type: ignore[arg-type]
    told = capsys.readouterr().out
    assert "Not merged" in told and "plain Hugging Face model" in told
    assert not list(tmp_path.iterdir())
