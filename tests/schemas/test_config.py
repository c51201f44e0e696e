"""One run's settings: nothing unknown, nothing contradictory, every problem named."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from ghostchart.schemas.config import CorpusConfig, RunConfig, SourceConfig, TrainConfig, config_from, load_config
from ghostchart.schemas.errors import ConfigError


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "run.yaml"
    path.write_text(text)
    return path


def test_an_empty_file_is_the_default_run(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, "")) == RunConfig()


def test_values_reach_their_section(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, "seed: 5\ncorpus: {notes: 400, cpt: 'off'}\n"))
    assert (config.seed, config.corpus.notes, config.corpus.cpt) == (5, 400, "off")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sed: 1", "sed: no such key"),
        ("corpus: {note: 3}", "corpus.note: no such key"),
        ("corpus: {notes: 3}", "corpus.notes: "),
        ("corpus: {cpt: licensed}", "cpt_file goes with cpt: licensed"),
        ("corpus: {cpt_file: x.csv}", "cpt_file goes with cpt: licensed"),
        ("corpus: {validation_fraction: 0.5, test_fraction: 0.45}", "too little to train on"),
        ("source: {kind: mimic-iv}", "source mimic-iv needs a path"),
        ("models: [{name: a}, {name: a}]", "two models have the same name"),
        ("models: [{name: A b}]", "models.0.name"),
        ("models: [{method: lora}]", "base: scratch goes with method: from_scratch"),
        ("ehr_model: {k_min: 1}", "ehr_model.k_min"),
    ],
)
def test_every_problem_is_named_with_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_several_problems_come_in_one_message() -> None:
    with pytest.raises(ConfigError) as caught:
        config_from({"sed": 1, "corpus": {"notes": 1}}, where="x")
    assert "sed" in str(caught.value)
    assert "corpus.notes" in str(caught.value)


@pytest.mark.parametrize("text", ["a: [1", "- 1\n- 2\n", "just words"])
def test_files_that_are_no_mapping_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"YAML|mapping of sections"):
        load_config(write(tmp_path, text))


def test_broken_yaml_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="line 2"):
        load_config(write(tmp_path, "seed: 1\ncorpus: {notes: [}\n"))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not valid YAML"):
        load_config(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read the configuration"):
        load_config(tmp_path / "none.yaml")


@pytest.mark.parametrize("section", [CorpusConfig, SourceConfig, TrainConfig, RunConfig])
def test_sections_are_frozen_and_forbid_extras(section: type) -> None:
    with pytest.raises(ValidationError):
        section(unknown_key=1)
    config = section()
    with pytest.raises(ValidationError):
        setattr(config, next(iter(section.model_fields)), 1)  # type: ignore[attr-defined]
