"""Hand-made corpora, a small code release and a tiny language model for the evaluation tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ghostchart.schemas.code_systems import CodeSystems, load_code_systems
from ghostchart.schemas.codes import Code
from ghostchart.schemas.corpus import DATA, UncertifiedCorpus, shard_name
from ghostchart.schemas.note import SPLITS, Distractor, Note, NoteCode, Span, Split, notes_to_table

MakeNote = Callable[..., Note]
WriteCorpus = Callable[..., UncertifiedCorpus]


@pytest.fixture(scope="session")
def systems() -> CodeSystems:
    return load_code_systems("starter")


@pytest.fixture(scope="session")
def make_note() -> MakeNote:
    def make(
        note_id: str,
        text: str,
        codes: Sequence[str],
        *,
        split: Split = "test",
        strata: Sequence[str] = (),
        note_type: str = "office_soap",
        setting: str = "office",
        family: str = "plain",
        distractors: Sequence[str] = (),
    ) -> Note:
        gold = []
        for written in codes:
            value, *modifiers = written.split("-")
            icd = "." in value or len(value) == 3
            system = "icd10cm" if icd else "hcpcs" if value[0].isalpha() else "cpt"
            gold.append(
                NoteCode(
                    system=Code(system, value).system,
                    value=value,
                    description="",
                    release="test",
                    role="secondary" if icd else "procedure",
                    modifiers=tuple(modifiers),
                    poa="",
                    spans=(Span(0, 1),),
                    rules=("T1",),
                )
            )
        return Note(
            note_id=note_id,
            patient_id=f"p-{note_id}",
            encounter_id=f"e-{note_id}",
            note_type=note_type,
            setting=setting,
            encounter_date=date(2026, 4, 1),
            age=70,
            sex="F",
            text=text,
            codes=tuple(gold),
            surrogates=(),
            distractors=tuple(Distractor(kind, 0, 1) for kind in distractors),
            template_family=family,
            template_id=f"{family}-1",
            strata=tuple(strata),
            seed="00",
            split=split,
        )

    return make


@pytest.fixture(scope="session")
def write_corpus() -> WriteCorpus:
    def write(root: Path, notes: Sequence[Note], shards: int = 1) -> UncertifiedCorpus:
        folder = root / "corpus" / DATA
        folder.mkdir(parents=True)
        for split in SPLITS:
            mine = [note for note in notes if note.split == split]
            for index in range(shards):
                part = mine[index * len(mine) // shards : (index + 1) * len(mine) // shards]
                pq.write_table(notes_to_table(part), folder / shard_name(split, index, shards))
        return UncertifiedCorpus(path=root / "corpus", reason="test")

    return write


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama with grouped heads and a character-level tokenizer; it babbles, but always the same."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    letters = ["<pad>", "<end>", "<unk>", *sorted(set("\n #.,:-/" + "".join(map(chr, range(48, 123)))))]
    tokenizer = Tokenizer(models.WordLevel({letter: index for index, letter in enumerate(letters)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.decoder = decoders.Fuse()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<end>", unk_token="<unk>")
    config = LlamaConfig(
        vocab_size=len(letters),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        bos_token_id=None,
        eos_token_id=1,
        pad_token_id=0,
        initializer_range=0.4,
    )
    with torch.random.fork_rng():
        torch.manual_seed(7)
        model: Any = LlamaForCausalLM(config)
    directory = tmp_path_factory.mktemp("models") / "tiny"
    model.save_pretrained(directory)
    fast.save_pretrained(directory)
    return directory
