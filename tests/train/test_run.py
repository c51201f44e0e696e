"""Whole trainings through the real DeepSpeed engine on small models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ghostchart.schemas.config import TrainConfig
from ghostchart.schemas.corpus import CertifiedCorpus, UncertifiedCorpus, certified_by_verification
from ghostchart.schemas.errors import (
    CorpusError,
    EnvironmentProblem,
    ModelError,
    OutputError,
    UncertifiedCorpusError,
)
from ghostchart.schemas.note import Note
from ghostchart.schemas.trained_model import RECORD, TrainedModel
from ghostchart.train import loop, lora, saving
from ghostchart.train.base_models import load_causal_lm, load_tokenizer
from ghostchart.train.material import read_notes
from ghostchart.train.run import train_model

QUICK = TrainConfig(
    name="tiny", dtype="float32", max_tokens=256, micro_batch_notes=5, tokens_per_step=128, learning_rate=5e-3
)
LORA = QUICK.model_copy(update={"name": "lora", "method": "lora", "lora_rank": 4})


def with_base(config: TrainConfig, base_dir: Path, **changes: Any) -> TrainConfig:
    return TrainConfig.model_validate({**config.model_dump(), "base": str(base_dir), **changes})


def test_twenty_notes_are_learnt_by_heart(corpus: UncertifiedCorpus, tmp_path: Path) -> None:
    record = train_model(corpus, QUICK.model_copy(update={"epochs": 30.0}), tmp_path / "model" / "tiny")
    assert record.loss[0][1] > 4.0
    assert record.loss[-1][1] < 0.5, "a model that cannot learn twenty notes by heart does not train at all"
    assert len(record.validation_loss) == 4
    assert record.notes_seen >= 600
    assert record.parameters_trained == record.parameters_total
    assert record.corpus.startswith("UNCERTIFIED data sha256:") and not record.certified
    assert record.corpus.endswith(": made by hand for a test")
    folder = tmp_path / "model" / "tiny"
    assert TrainedModel.load(folder) == record
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"], "no partial directory is left"
    card = (folder / "README.md").read_text()
    assert record.corpus in card
    assert "uncertified corpus" in card
    lines = [json.loads(line) for line in (folder / "train_log.jsonl").read_text().splitlines()]
    assert {"step", "loss", "learning_rate", "tokens_per_second"} <= set(lines[0])
    assert [line["step"] for line in lines if "loss" in line] == list(range(1, lines[-1]["step"] + 1))
    assert [path.name for path in folder.glob("events*")] == ["events.out.tfevents.0.ghostchart"]
    _answers_by_heart(folder, corpus)


def _answers_by_heart(folder: Path, corpus: UncertifiedCorpus) -> None:
    """The directory alone answers, prompted as prediction does it."""
    import torch

    from ghostchart.schemas.prompting import fit_note, parse_answer, prompt_frame

    tokenizer, model = load_tokenizer(folder), load_causal_lm(folder, "float32")
    before, after = prompt_frame(tokenizer, chat=False)
    right = 0
    for note in read_notes(corpus.path, "train", 5, 0):
        prompt = [*before, *fit_note(tokenizer.encode(note.text, add_special_tokens=False), 200), *after]
        ids = torch.tensor([prompt])
        made = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=40, do_sample=False)[
            0, len(prompt) :
        ]
        answered = parse_answer(tokenizer.decode(made, skip_special_tokens=True))
        right += [item.code.value for item in answered] == [code.value for code in note.codes]
    assert right >= 3


def test_two_models_in_one_process_and_the_same_seed_gives_the_same_curve(
    corpus: UncertifiedCorpus, base_dir: Path, tmp_path: Path
) -> None:
    config = with_base(LORA, base_dir, epochs=2.0)
    first, second, other = (
        train_model(corpus, config.model_copy(update={"seed": seed}), tmp_path / f"m{at}")
        for at, seed in enumerate((1, 1, 2))
    )
    assert first.loss == second.loss
    assert first.loss != other.loss
    assert first.chat and first.method == "lora"
    assert 0 < first.parameters_trained < first.parameters_total


def test_an_adapter_merged_into_its_base_answers_like_the_pair(
    corpus: UncertifiedCorpus, base_dir: Path, tmp_path: Path
) -> None:
    import torch

    train_model(corpus, with_base(LORA, base_dir, epochs=4.0), tmp_path / "lora")
    pair = lora.load_adapter(load_causal_lm(base_dir, "float32"), tmp_path / "lora").eval()
    ids = torch.arange(3, 40)[None]
    with torch.no_grad():
        apart = pair(input_ids=ids).logits
        untouched = load_causal_lm(base_dir, "float32").eval()(input_ids=ids).logits
        merged = pair.merge_and_unload()(input_ids=ids).logits
    assert torch.allclose(apart, merged, atol=1e-4)
    assert float((apart - untouched).abs().max()) > 1e-2
    settings = json.loads((tmp_path / "lora" / "adapter_config.json").read_text())
    assert str(base_dir.parent) not in settings["base_model_name_or_path"] or settings[
        "base_model_name_or_path"
    ] == str(base_dir)


@pytest.mark.parametrize(("dtype", "zero_stage"), [("bfloat16", 0), ("bfloat16", 2), ("float32", 3)])
def test_other_formats_and_zero_stages_save_what_they_trained(
    corpus: UncertifiedCorpus, base_dir: Path, tmp_path: Path, dtype: str, zero_stage: int
) -> None:
    config = with_base(QUICK, base_dir, method="full", epochs=4.0, dtype=dtype, zero_stage=zero_stage)
    record = train_model(corpus, config, tmp_path / "full")
    assert record.loss[-1][1] < record.loss[0][1]


def test_bounded_by_minutes(corpus: UncertifiedCorpus, tmp_path: Path) -> None:
    record = train_model(corpus, QUICK.model_copy(update={"epochs": 5000.0, "minutes": 0.03}), tmp_path / "tiny")
    assert 1.8 <= record.seconds < 60
    rates = [json.loads(line).get("learning_rate") for line in (tmp_path / "tiny" / "train_log.jsonl").open()]
    last = [rate for rate in rates if rate is not None][-1]
    assert last < 0.15 * QUICK.learning_rate, "the schedule must anneal within the time bound"


def test_only_exact_corpora_are_taken(corpus: UncertifiedCorpus, tmp_path: Path) -> None:
    class LookAlike(UncertifiedCorpus):
        pass

    with pytest.raises(UncertifiedCorpusError, match="can only come from verification"):
        CertifiedCorpus(path=corpus.path, certificate_digest="0" * 64, key_id="k", proof=object())
    for fake in (LookAlike(corpus.path, "x"), corpus.path, None):
        with pytest.raises(UncertifiedCorpusError, match="verified corpus only"):
            train_model(fake, QUICK, tmp_path / "tiny")  # type: ignore[arg-type]
    assert not (tmp_path / "tiny").exists()


def test_the_certificate_stamps_the_model(corpus: UncertifiedCorpus, tmp_path: Path) -> None:
    certified = certified_by_verification(corpus.path, "ab" * 32, "key")
    record = train_model(certified, QUICK.model_copy(update={"epochs": 0.5}), tmp_path / "tiny")
    assert (record.corpus, record.certified) == ("certificate sha256:" + "ab" * 32, True)
    card = (tmp_path / "tiny" / "README.md").read_text()
    assert "certificate sha256:" + "ab" * 32 in card
    assert "uncertified corpus" not in card


def test_an_empty_training_split_is_named(tmp_path: Path, corpus: UncertifiedCorpus) -> None:
    import pyarrow.parquet as pq

    from ghostchart.schemas.note import notes_to_table

    pq.write_table(notes_to_table([]), next((corpus.path / "data").glob("train-*")))
    with pytest.raises(CorpusError, match="training split is empty"):
        train_model(corpus, QUICK, tmp_path / "tiny")
    assert not list(tmp_path.glob("*tiny*"))


def test_a_loss_that_is_not_a_number_stops_the_run(corpus: UncertifiedCorpus, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"not a number any more \(model tiny, step \d+\).*Lower learning_rate"):
        train_model(corpus, QUICK.model_copy(update={"learning_rate": 1e30, "epochs": 20.0}), tmp_path / "tiny")
    assert not list(tmp_path.glob("*tiny*")), "a failed run leaves nothing behind"


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"),
    ],
)
def test_running_out_of_memory_is_one_sentence(
    corpus: UncertifiedCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> float:
        raise error

    monkeypatch.setattr(loop.Engine, "accumulate", fail)
    with pytest.raises(EnvironmentProblem, match=r"memory ran out.*Lower micro_batch_notes \(now 5\)"):
        train_model(corpus, QUICK, tmp_path / "tiny")


def test_other_errors_are_not_called_memory(
    corpus: UncertifiedCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> float:
        raise RuntimeError("shape mismatch")

    monkeypatch.setattr(loop.Engine, "accumulate", fail)
    with pytest.raises(RuntimeError, match="shape mismatch"):
        train_model(corpus, QUICK, tmp_path / "tiny")


def test_an_untrained_adapter_is_refused(corpus: UncertifiedCorpus, base_dir: Path, tmp_path: Path) -> None:
    config = with_base(LORA, base_dir, epochs=0.1, learning_rate=1e-60, warmup_fraction=0.0)
    with pytest.raises(ModelError, match="every lora_B is zero"):
        train_model(corpus, config, tmp_path / "lora")
    assert not (tmp_path / "lora").exists()


def test_a_model_that_came_back_different_is_refused(
    corpus: UncertifiedCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other_weights(folder: Path, dtype: Any) -> Any:
        model = load_causal_lm(folder, dtype)
        model.get_input_embeddings().weight.data.mul_(1.2)
        return model

    monkeypatch.setattr(saving, "load_causal_lm", other_weights)
    with pytest.raises(ModelError, match="does not answer as the trained one did"):
        train_model(corpus, QUICK.model_copy(update={"epochs": 1.0}), tmp_path / "tiny")


def test_a_context_longer_than_the_base_is_refused(corpus: UncertifiedCorpus, base_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="max_tokens 4096 is more than the base model's 512"):
        train_model(corpus, with_base(LORA, base_dir, max_tokens=4096), tmp_path / "lora")


def test_nothing_but_models_is_replaced(corpus: UncertifiedCorpus, tmp_path: Path) -> None:
    out = tmp_path / "precious"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match="holds something else"):
        train_model(corpus, QUICK, out)
    assert (out / "thesis.txt").read_text() == "years of work"


def test_an_interrupted_write_leaves_the_old_model_and_no_half_one(tmp_path: Path) -> None:
    out = tmp_path / "tiny"
    out.mkdir()
    (out / RECORD).write_text("old")
    with pytest.raises(KeyboardInterrupt), saving.finished_or_absent(out) as folder:
        (folder / RECORD).write_text("new")
        raise KeyboardInterrupt
    assert (out / RECORD).read_text() == "old"
    with saving.finished_or_absent(out) as folder:
        (folder / RECORD).write_text("new")
    assert (out / RECORD).read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


def test_a_sample_of_notes_is_seeded_and_in_order(corpus: UncertifiedCorpus, notes: list[Note]) -> None:
    ids = [note.note_id for note in notes]
    chosen = [note.note_id for note in read_notes(corpus.path, "train", 7, 3)]
    assert chosen == [note.note_id for note in read_notes(corpus.path, "train", 7, 3)]
    assert chosen == [note_id for note_id in ids if note_id in chosen]
    assert len(chosen) == 7
    assert chosen != [note.note_id for note in read_notes(corpus.path, "train", 7, 4)]
    assert [note.note_id for note in read_notes(corpus.path, "train", 0, 3)] == ids


def test_a_merged_model_needs_nothing_but_transformers(
    corpus: UncertifiedCorpus, base_dir: Path, tmp_path: Path
) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    train_model(corpus, with_base(LORA, base_dir, epochs=4.0), tmp_path / "lora")
    merged = saving.merge(tmp_path / "lora")
    assert merged == tmp_path / "lora" / "merged"
    assert not (merged / "adapter_config.json").exists()
    plain = AutoModelForCausalLM.from_pretrained(merged).eval()
    pair = lora.load_adapter(load_causal_lm(base_dir, "float32"), tmp_path / "lora").eval()
    ids = torch.tensor([AutoTokenizer.from_pretrained(merged)("No fever at home.")["input_ids"]])
    with torch.no_grad():
        assert torch.allclose(plain(input_ids=ids).logits, pair(input_ids=ids).logits, atol=1e-4)
    assert AutoTokenizer.from_pretrained(merged).chat_template, "prompted as the base is"


def test_only_adapters_are_merged(corpus: UncertifiedCorpus, tmp_path: Path) -> None:
    train_model(corpus, QUICK.model_copy(update={"epochs": 0.5}), tmp_path / "tiny")
    with pytest.raises(ModelError, match="no adapter but a whole model"):
        saving.merge(tmp_path / "tiny")


def test_the_prompt_form_is_stored_with_the_model(corpus: UncertifiedCorpus, base_dir: Path, tmp_path: Path) -> None:
    from ghostchart.schemas.prompting import PROMPT_VERSION

    plain = train_model(corpus, QUICK.model_copy(update={"epochs": 0.5}), tmp_path / "tiny", recipe="cpu-tiny")
    chat = train_model(corpus, with_base(LORA, base_dir), tmp_path / "lora")
    assert (plain.chat, chat.chat) == (False, True)
    assert plain.prompt_version == chat.prompt_version == PROMPT_VERSION
    assert plain.padding_share == 0.0
    card = (tmp_path / "tiny" / "README.md").read_text()
    assert "| Recipe | cpu-tiny |" in card
    assert "settings of the run" in (tmp_path / "lora" / "README.md").read_text()


def test_checkpointing_and_offload_learn_the_same(corpus: UncertifiedCorpus, base_dir: Path, tmp_path: Path) -> None:
    plain = with_base(QUICK, base_dir, method="full", epochs=2.0)
    curves = [
        train_model(corpus, with_base(plain, base_dir, **changes), tmp_path / f"m{at}").loss
        for at, changes in enumerate(({}, {"gradient_checkpointing": True}, {"zero_stage": 2, "offload": "optimizer"}))
    ]
    for curve in curves[1:]:
        assert [loss for _, loss in curve] == pytest.approx([loss for _, loss in curves[0]], rel=1e-4)


def test_tensorboard_shows_loss_learning_rate_and_speed(corpus: UncertifiedCorpus, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    record = train_model(corpus, QUICK.model_copy(update={"epochs": 2.0}), tmp_path / "tiny")
    events = EventAccumulator(str(next((tmp_path / "tiny").glob("events*"))))
    events.Reload()
    assert set(events.Tags()["scalars"]) == {
        "train/loss", "train/learning_rate", "train/tokens_per_second", "train/validation_loss"
    }  # fmt: skip
    shown = events.Scalars("train/loss")
    assert [event.step for event in shown] == list(range(1, len(shown) + 1))
    assert shown[-1].value == pytest.approx(record.loss[-1][1], rel=1e-5)


def test_a_damaged_shard_and_a_wrong_base_are_one_sentence(
    corpus: UncertifiedCorpus, base_dir: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=r"no base model directory.*Give a directory, a hub name"):
        train_model(corpus, with_base(LORA, base_dir, base="/no/such/model"), tmp_path / "m")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ModelError, match=r"no config\.json"):
        train_model(corpus, with_base(LORA, base_dir, base=str(empty)), tmp_path / "m")
    shard = next((corpus.path / "data").glob("train-*"))
    shard.write_bytes(shard.read_bytes()[:200])
    with pytest.raises(CorpusError, match=r"cannot read shard.*train-00000-of-00001\.parquet"):
        train_model(corpus, QUICK, tmp_path / "m")
    assert not list(tmp_path.glob(".m*")), "nothing half-written is left"


def test_bitsandbytes_is_asked_for_where_it_is_missing(
    corpus: UncertifiedCorpus, base_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ghostchart.train import base_models

    monkeypatch.setattr(base_models.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(EnvironmentProblem, match="pip install bitsandbytes"):
        base_models._nf4("bfloat16")
