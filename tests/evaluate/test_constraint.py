"""Constrained decoding: whatever a model would like to write, only valid codes come out."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostchart.evaluate.answer_grammar import AnswerGrammar, answer_grammar
from ghostchart.evaluate.constraint import AnswerConstraint, Walk, token_texts
from ghostchart.evaluate.decoding import decode_greedily
from ghostchart.evaluate.language_model import LanguageModel
from ghostchart.evaluate.notes import read_code
from ghostchart.evaluate.prediction import constrain, predict
from ghostchart.schemas.code_systems import CodeSystems, load_code_systems
from ghostchart.schemas.modifiers import MODIFIERS
from ghostchart.schemas.prompting import answer, parse_answer

SMALL = AnswerGrammar(["I10", "H70.90", "H70.91", "E11.22"], ["99213", "99214", "G0439"], ["25", "95", "LT"])


def follow(grammar: AnswerGrammar, text: str) -> Walk:
    """A walk along a text; fails where the grammar does not let it through."""
    walk = Walk(AnswerConstraint(grammar, [], [], []))
    for at, char in enumerate(text):
        assert walk.write(char), f"{char!r} was refused after {text[:at]!r}"
    return walk


def refused(grammar: AnswerGrammar, text: str) -> bool:
    walk = Walk(AnswerConstraint(grammar, [], [], []))
    return not all(walk.write(char) for char in text)


def test_every_wanted_answer_is_in_the_grammar() -> None:
    for codes in (
        [],
        ["I10"],
        ["99213-25-95", "G0439"],
        ["H70.91", "I10", "E11.22", "H70.90", "99214", "99213-LT", "G0439"],
    ):
        walk = follow(SMALL, answer(map(read_code, codes)))
        assert walk.sound_text == walk.text
        assert set(walk.confidence) == {code.partition("-")[0] for code in codes}


@pytest.mark.parametrize(
    "text",
    [
        "ICD-10-CM: H70.9,",  # a header, not a code
        "ICD-10-CM: H70.92",
        "ICD-10-CM: I10, n",  # none stands alone
        "ICD-10-CM: 9",
        "ICD-10-CM: none,",
        "ICD-10-CM: I10-",
        "ICD-10-CM: I10\nCPT/HCPCS: 99213-2\n",
        "ICD-10-CM: I10\nCPT/HCPCS: 99213-25-25",
        "ICD-10-CM: I10\nCPT/HCPCS: none\n ",
    ],
)
def test_what_the_grammar_refuses(text: str) -> None:
    assert refused(SMALL, text)
    assert not refused(SMALL, text[: len("ICD-10-CM: ")])


def test_answers_that_were_cut_lose_the_half_code() -> None:
    assert follow(SMALL, "ICD-10-CM: I10, H70.9").sound_text == "ICD-10-CM: I10,"
    assert follow(SMALL, "ICD-10-CM: I10, H70.90").sound_text == "ICD-10-CM: I10, H70.90"
    assert follow(SMALL, "ICD-10-CM: I10\nCPT/HCPCS: 99213-2").sound_text == "ICD-10-CM: I10\nCPT/HCPCS: 99213"


@pytest.fixture(scope="module")
def grammar(systems: CodeSystems) -> AnswerGrammar:
    return answer_grammar(systems)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10_000), st.integers(5, 160))
def test_any_walk_writes_valid_codes(grammar: AnswerGrammar, systems: CodeSystems, seed: int, length: int) -> None:
    draw = random.Random(seed)
    alphabet = sorted(grammar.alphabet)
    walk = Walk(AnswerConstraint(grammar, [], [], []))
    while not walk.is_over and len(walk.text) < length:
        draw.shuffle(alphabet)
        assert any(walk.write(char) for char in alphabet), f"nothing may follow {walk.text!r}"
    codes = parse_answer(walk.sound_text)
    assert all(systems.is_billable(item.code) for item in codes), walk.sound_text
    assert all(set(item.modifiers) <= MODIFIERS for item in codes)
    # Nothing was written that the parser does not see, and nothing is counted twice.
    assert [item.code.value for item in codes] == list(walk.confidence)


def byte_level_tokenizer() -> Any:
    """As general models have: bytes, pieces learnt from prose, blanks in front of words."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=900,
        special_tokens=["<|end|>", "<|pad|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    prose = [
        "ICD-10-CM: E11.22, I10, H70.90, S72.001A\nCPT/HCPCS: 99214-25, 83036, G0439-95",
        "Seen for chest pain, 10 mg",
    ]
    tokenizer.train_from_iterator(prose * 30, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>", pad_token="<|pad|>")


def tiny_tokenizer(make_note: Any) -> Any:
    from ghostchart.train.tiny import train_tokenizer

    gold = ["I10", "E11.22", "S72.001A", "99214-25", "G0439"]
    return train_tokenizer([make_note(f"n{i}", "Seen for chest pain, 10 mg daily.", gold) for i in range(6)], 600)


def random_model(tokenizer: Any, seed: int) -> LanguageModel:
    """A Llama of random weights that differ enough for anything to come out."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=-(-len(tokenizer) // 64) * 64,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=512,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        initializer_range=0.6,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config).eval()
    end = frozenset({tokenizer.eos_token_id})
    return LanguageModel(model, tokenizer, (), tuple(tokenizer.encode("\n")), end, tokenizer.pad_token_id, 512)


@pytest.fixture(scope="module", params=["tiny", "byte-level"])
def tokenizer(request: pytest.FixtureRequest, make_note: Any) -> Any:
    return tiny_tokenizer(make_note) if request.param == "tiny" else byte_level_tokenizer()


@pytest.fixture(scope="module", params=["starter", "licensed", "off"])
def releases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> CodeSystems:
    if request.param != "licensed":
        return load_code_systems(request.param)
    file = tmp_path_factory.mktemp("cpt") / "cpt.csv"
    file.write_text("code,description\n99214,visit\n0075T,new\n1000F,tracking\n0001U,lab\n99202,visit\n")
    return load_code_systems("licensed", file)


def test_random_models_answer_nothing_but_valid_codes(tokenizer: Any, releases: CodeSystems) -> None:
    grammar = answer_grammar(releases)
    texts = [f"note {i} about pain " * (1 + i % 3) for i in range(8)]
    answered = invalid_when_free = 0
    for seed in range(3):
        model = random_model(tokenizer, seed)
        constraint = constrain(model, grammar)
        for batch in predict(model, texts, batch_notes=8, max_new_tokens=30, constraint=constraint):
            for one in batch:
                assert one.text.startswith("ICD-10-CM:")
                values = [item.code.value for item in one.codes]
                assert all(releases.is_billable(item.code) for item in one.codes), one.text
                assert all(set(item.modifiers) <= MODIFIERS for item in one.codes)
                assert len(values) == len(set(values))
                assert one.confidence is not None and len(one.confidence) == len(values)
                assert all(0 <= chance <= 1 for chance in one.confidence)
                answered += len(values)
        for batch in predict(model, texts, batch_notes=8, max_new_tokens=30):
            invalid_when_free += sum(not one.text.startswith("ICD-10-CM:") for one in batch)
    assert answered > 24
    assert invalid_when_free > 12  # the control: left free, these models write nonsense


def test_batches_answer_as_single_notes_do(systems: CodeSystems) -> None:
    model = random_model(byte_level_tokenizer(), 1)
    constraint = constrain(model, answer_grammar(systems))
    texts = ["a", "longer note " * 9, "another one", "x y z"]

    def run(batch_notes: int) -> list[tuple[int, str]]:
        batches = predict(model, texts, batch_notes=batch_notes, max_new_tokens=40, constraint=constraint)
        return sorted((one.index, one.text) for batch in batches for one in batch)

    assert run(1) == run(4)


class Insisting:
    """A model that wants to write one text, token by token, whatever it is told."""

    def __init__(self, tokenizer: Any, wanted: str) -> None:
        from transformers import LlamaConfig

        self.config = LlamaConfig(num_hidden_layers=1)
        self.device = "cpu"
        self._size = len(tokenizer)
        self._ids = [*tokenizer.encode(wanted, add_special_tokens=False), tokenizer.eos_token_id]
        self._at = 0

    def get_output_embeddings(self) -> Any:
        import torch

        return SimpleNamespace(weight=torch.zeros(self._size, 1))

    def __call__(self, input_ids: Any, **_options: Any) -> Any:
        import torch

        logits = torch.zeros(input_ids.shape[0], 1, self._size)
        logits[:, :, self._ids[min(self._at, len(self._ids) - 1)]] = 9.0
        self._at += 1
        return SimpleNamespace(logits=logits)


def ask(tokenizer: Any, grammar: AnswerGrammar, wanted: str, max_new_tokens: int = 60) -> str:
    """What comes out when a model insists on a text behind the first label."""
    end = frozenset({tokenizer.eos_token_id})
    model = LanguageModel(Insisting(tokenizer, wanted), tokenizer, (), (), end, tokenizer.pad_token_id, 512)
    constraint = constrain(model, grammar)
    return decode_greedily(model, [[3, 4, 5]], max_new_tokens, constraint=constraint)[0].text


def test_a_model_that_is_right_gets_its_way(tokenizer: Any) -> None:
    right = answer(map(read_code, ["I10", "E11.22", "99214-25", "G0439"]))
    head = SMALL.labels[0].rstrip()
    assert ask(tokenizer, SMALL, right.removeprefix(head)) == right
    assert ask(tokenizer, SMALL, " none\nCPT/HCPCS: none") == answer(())


def test_a_model_that_is_wrong_is_led_on(tokenizer: Any) -> None:
    for wanted in (" H70.9, I10\nCPT/HCPCS: 99213", " I10, I10, I10\nCPT/HCPCS: 99999", "nothing at all", " H70.9"):
        written = ask(tokenizer, SMALL, wanted)
        values = [item.code.value for item in parse_answer(written)]
        assert set(values) <= {"I10", "H70.90", "H70.91", "E11.22", "99213", "99214", "G0439"}
        assert len(values) == len(set(values))


def test_a_vocabulary_that_cannot_spell_the_codes_ends_the_answer() -> None:
    texts = ["ICD-10-CM:", " ", "I", "1", "H70.9", "\n", "C", "none", ", "]
    walk = AnswerConstraint(SMALL, texts, end_ids=[99], head_ids=[0]).begin()
    import numpy as np

    while not walk.is_over:
        ids = walk.allowed()
        walk.choose(ids, np.linspace(1, 0, len(ids), dtype=np.float32))
    assert parse_answer(walk.sound_text) == ()


def test_token_texts_survive_tokenizers_that_strip_blanks() -> None:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = ["<unk>", "</s>", "▁0", "0", "▁E11", ".22", ",", "▁"]
    inner = Tokenizer(models.WordLevel({word: at for at, word in enumerate(words)}, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Metaspace()
    inner.decoder = decoders.Metaspace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="<unk>", eos_token="</s>")
    assert token_texts(tokenizer, 50) == [None, None, " 0", "0", " E11", ".22", ",", " "]


def test_places_are_found_once(systems: CodeSystems) -> None:
    constraint = AnswerConstraint(answer_grammar(systems), [" I", "1", " J4", ".", " QB"], [], [])
    first, second = constraint.begin(), constraint.begin()
    assert first.allowed().tolist() == [0, 2]
    assert first.allowed() is second.allowed()
