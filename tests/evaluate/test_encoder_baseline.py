"""The label-attention baseline learns what can be learnt, from scratch and on a local encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ghostchart.evaluate.encoder_baseline import EncoderCoder, train_encoder
from ghostchart.evaluate.metrics import ScoredNote, decision_counts, in_group, micro
from ghostchart.evaluate.notes import CodedNote, read_code
from ghostchart.schemas.canonical import generator
from ghostchart.schemas.config import EvaluateConfig
from ghostchart.schemas.errors import ModelError

PHRASES = {"I10": "high blood pressure", "E11.9": "sugar disease", "99213": "short visit", "83036": "drew an a1c"}


def notes(number: int, seed: int) -> list[CodedNote]:
    rng = generator(seed)
    made = []
    for index in range(number):
        codes = [code for code in PHRASES if rng.random() < 0.4] or ["I10"]
        text = "Patient seen today. " + ". ".join(PHRASES[code] for code in codes) + ". Goes home."
        made.append(CodedNote(f"{seed}-{index}", text, tuple(map(read_code, codes))))
    return made


def f1_of(coder: EncoderCoder, test: list[CodedNote]) -> float:
    answers = coder([note.text for note in test])
    scored = [ScoredNote(note.note_id, note.gold, codes) for note, codes in zip(test, answers, strict=True)]
    return micro(decision_counts(scored, in_group("all")))[0] or 0.0


@pytest.fixture(scope="module")
def learnt() -> EncoderCoder:
    return train_encoder(notes(200, 1), notes(40, 2), EvaluateConfig(encoder_minutes=2))


def test_it_learns_phrases(learnt: EncoderCoder) -> None:
    assert f1_of(learnt, notes(60, 3)) > 0.95
    assert [code.value for code in learnt.codes] == ["83036", "99213", "E11.9", "I10"]


def test_answers_do_not_depend_on_the_batch_or_its_padding(learnt: EncoderCoder) -> None:
    texts = ["high blood pressure", "sugar disease " * 90, "", "short visit. " * 700]
    together = learnt.log_odds(texts)
    alone = np.concatenate([learnt.log_odds([text]) for text in texts])
    assert np.allclose(together, alone, atol=0.1)  # bfloat16 rounds with the shape of a batch
    assert np.isfinite(together).all()


def test_a_local_encoder_directory(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    inner = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=120, special_tokens=["[PAD]", "[UNK]"], show_progress=False)
    inner.train_from_iterator(PHRASES.values(), trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="[PAD]", unk_token="[UNK]")
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=128,
    )
    BertModel(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    settings = EvaluateConfig(encoder_base=str(tmp_path), encoder_minutes=0.02)
    coder = train_encoder(notes(30, 1), notes(10, 2), settings)
    assert coder.log_odds(["sugar disease"]).shape == (1, 4)


def test_no_encoder_directory_is_one_sentence(tmp_path: Path) -> None:
    def train(base: Path) -> Any:
        return train_encoder(notes(10, 1), [], EvaluateConfig(encoder_base=str(base)))

    with pytest.raises(ModelError, match="no encoder directory"):
        train(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match="cannot load the encoder") as caught:
        train(tmp_path)
    assert "\n" not in str(caught.value)
