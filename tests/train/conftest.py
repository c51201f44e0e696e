"""Hand-made notes, a corpus directory of them, and a base model small enough to train in a moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ghostchart.schemas.corpus import UncertifiedCorpus, shard_name
from ghostchart.schemas.note import Note, NoteCode, Span, Split, notes_to_table
from ghostchart.train import material

PROBLEMS = {
    "I10": "essential hypertension",
    "E11.9": "type 2 diabetes",
    "J44.9": "stable COPD",
    "N39.0": "urinary tract infection",
    "R05.9": "cough",
}
FILLING = ("Lungs are clear.", "No fever at home.", "Takes all tablets.", "Sleeps well.")


def build_note(number: int, split: Split = "train", values: Sequence[str] | None = None) -> Note:
    """A note that names its problems in a line each; one office visit code stands at the end."""
    listed = list(PROBLEMS)
    chosen = list(values) if values is not None else [listed[number % 5], listed[(number * 3 + 1) % 5]]
    chosen = list(dict.fromkeys(chosen))
    text, spans = f"Visit {number}. {FILLING[number % 4]}\nAssessment:\n", {}
    for value in chosen:
        spans[value] = Span(len(text), len(text) + len(PROBLEMS[value]))
        text += f"{PROBLEMS[value]}, no change.\n"
    start = len(text)
    text += "Total time 22 minutes."
    codes = [
        NoteCode("icd10cm", value, "", "test", "secondary" if at else "first_listed", (), "", (spans[value],), ("MAP",))
        for at, value in enumerate(chosen)
    ]
    codes.append(NoteCode("cpt", "99213", "", "test", "procedure", (), "", (Span(start, len(text)),), ("EM.time",)))
    return Note(
        note_id=f"{split}-{number}",
        patient_id=f"p{number}",
        encounter_id=f"e{number}",
        note_type="office_soap",
        setting="office",
        encounter_date=date(2026, 1, 2),
        age=60,
        sex="F",
        text=text,
        codes=tuple(codes),
        surrogates=(),
        distractors=(),
        template_family="plain",
        template_id="plain-1",
        strata=(),
        seed="00",
        split=split,
    )


def write_split(corpus: Path, split: Split, notes: Sequence[Note]) -> None:
    """One shard holding the whole split."""
    (corpus / "data").mkdir(parents=True, exist_ok=True)
    pq.write_table(notes_to_table(notes), corpus / "data" / shard_name(split, 0, 1))


@pytest.fixture(scope="session")
def make_note() -> Callable[..., Note]:
    return build_note


@pytest.fixture(scope="session", name="write_split")
def split_writer() -> Callable[..., None]:
    return write_split


@pytest.fixture(scope="session")
def random_llama() -> Callable[..., Any]:
    return build_llama


@pytest.fixture
def notes() -> list[Note]:
    return [build_note(number) for number in range(20)]


@pytest.fixture
def corpus(tmp_path: Path, notes: list[Note]) -> UncertifiedCorpus:
    folder = tmp_path / "corpus"
    write_split(folder, "train", notes)
    write_split(folder, "validation", [build_note(number, "validation") for number in range(100, 106)])
    return UncertifiedCorpus(folder, "made by hand for a test")


@pytest.fixture(autouse=True)
def _small_scratch_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real shape takes seconds to start; the tests are about the way there, not about its size."""
    from ghostchart.train import tiny

    monkeypatch.setattr(tiny, "HIDDEN", 64)
    monkeypatch.setattr(tiny, "LAYERS", 2)
    monkeypatch.setattr(tiny, "HEADS", 2)
    monkeypatch.setattr(tiny, "FEED_FORWARD", 128)
    monkeypatch.setattr(material, "VALIDATION_NOTES", 6)


@pytest.fixture(scope="session")
def base_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama with a tokenizer and a chat template, saved as any base model would be."""
    from ghostchart.train.tiny import train_tokenizer

    folder = tmp_path_factory.mktemp("base") / "random-llama"
    tokenizer = train_tokenizer([build_note(number) for number in range(20)], 600)
    tokenizer.chat_template = (
        "{% for message in messages %}[{{ message['role'] }}]{{ message['content'] }}{% endfor %}"
        "{% if add_generation_prompt %}[coder]{% endif %}"
    )
    tokenizer.save_pretrained(folder)
    build_llama(len(tokenizer), tokenizer.eos_token_id).save_pretrained(folder)
    return folder


def build_llama(vocabulary: int, eos_id: int = 0) -> Any:
    """A two-layer Llama with random weights, always the same ones."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        intermediate_size=48,
        max_position_embeddings=512,
        bos_token_id=None,
        eos_token_id=eos_id,
        pad_token_id=eos_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return LlamaForCausalLM(config)
