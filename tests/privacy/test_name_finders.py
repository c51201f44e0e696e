"""``--nlp``: a transformer directory or spaCy pipeline of one's own finds what it was made for, or says what it lacks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ghostchart.cli.app import app
from ghostchart.privacy.phi import PhiScanner
from ghostchart.privacy.phi.name_finders import Entity, name_finder
from ghostchart.schemas.errors import EnvironmentProblem, ModelError

WORDS = ["[UNK]", "[PAD]", "Brelinda", "Okvarsson", "Tremulon", "lies", "beside", "the", "window", "today", "."]
# Rules find nothing in it: two unknown words at the head of a sentence.
TEXT = "Brelinda Okvarsson lies beside the window today ."


def build_transformer(folder: Path, labels: list[str], named: dict[str, int]) -> Path:
    """A Bert of no layers whose classifier looks a word up: ``named`` words get their label, others the first one."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast

    inner = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="[UNK]", pad_token="[PAD]").save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=len(WORDS), num_hidden_layers=0, num_attention_heads=1, intermediate_size=4,
        max_position_embeddings=16, id2label=dict(enumerate(labels)), label2id={name: at for at, name in enumerate(labels)},
    )  # fmt: skip
    torch.manual_seed(1)
    model = BertForTokenClassification(config)
    with torch.no_grad():
        model.bert.embeddings.word_embeddings.weight.copy_(torch.eye(len(WORDS)))
        model.bert.embeddings.position_embeddings.weight.zero_()
        model.bert.embeddings.token_type_embeddings.weight.zero_()
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.tensor([1.0] + [0.0] * (len(labels) - 1)))
        for word, label in named.items():
            model.classifier.weight[label, WORDS.index(word)] = 10.0
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def knowing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ner") / "knowing"
    return build_transformer(folder, ["O", "B-PATIENT", "I-PATIENT"], {"Brelinda": 1, "Okvarsson": 2})


def test_entities_of_a_transformer_in_characters(knowing: Path) -> None:
    found = list(name_finder(str(knowing)).find([TEXT, "the window", TEXT]))
    start = TEXT.index("Brelinda")
    whole = [Entity(start, start + len("Brelinda Okvarsson"), "PERSON")]
    assert found == [whole, [], whole]
    assert list(name_finder(str(knowing)).find([])) == []


def test_a_long_text_is_read_in_windows(knowing: Path) -> None:
    text = "the window " * 30 + "beside Brelinda Okvarsson today"
    (found,) = name_finder(str(knowing)).find([text])
    assert [(text[item.start_char : item.end_char], item.label_) for item in found] == [
        ("Brelinda Okvarsson", "PERSON")
    ]


def test_the_scan_uses_the_model_it_is_given(knowing: Path, tmp_path: Path) -> None:
    blind = build_transformer(tmp_path / "blind", ["O", "B-PER"], {"Tremulon": 1})
    (seen,), (unseen,) = (PhiScanner(str(folder)).scan([TEXT]) for folder in (knowing, blind))
    assert [(TEXT[item.start : item.end], item.entity_type) for item in seen] == [("Brelinda Okvarsson", "PERSON")]
    assert unseen == []
    # A label alone decides nothing: one unknown word may be a drug.
    assert PhiScanner(str(blind)).scan(["COPD stable on Tremulon twice daily, no dyspnea."]) == [[]]


def test_the_command_takes_a_directory(knowing: Path, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text(TEXT)
    done = CliRunner().invoke(app, ["audit", "text", str(tmp_path / "note.txt"), "--json", "--nlp", str(knowing)])
    assert done.exit_code == 1
    assert [row["entity_type"] for row in json.loads(done.stdout)["findings"]] == ["PERSON"]


def test_models_that_name_nobody_are_refused(tmp_path: Path) -> None:
    folder = build_transformer(tmp_path / "genes", ["O", "B-GENE"], {})
    with pytest.raises(ModelError, match=r"no label for people, only GENE, O \(genes\)"):
        name_finder(str(folder))
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "config.json").write_text("{")
    with pytest.raises(ModelError, match=r"no token-classification model .*\(torn\)"):
        name_finder(str(tmp_path / "torn"))
    with pytest.raises(EnvironmentProblem, match="no spaCy pipeline xx_nowhere"):
        name_finder("xx_nowhere")


def test_a_spacy_pipeline_of_ones_own(tmp_path: Path) -> None:
    import spacy

    nlp = spacy.blank("en")
    nlp.to_disk(tmp_path / "empty")
    with pytest.raises(ModelError, match="finds no names"):
        name_finder(str(tmp_path / "empty"))
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": "Brelinda Okvarsson"}])  # type: ignore[attr-defined]
    nlp.to_disk(tmp_path / "ruled")
    (found,) = PhiScanner(str(tmp_path / "ruled")).scan([TEXT])
    assert [TEXT[item.start : item.end] for item in found] == ["Brelinda Okvarsson"]
