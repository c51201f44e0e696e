"""Decoding in batches, loading, cutting, parsing: with a tiny random model that always babbles the same."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostchart.evaluate import prediction
from ghostchart.evaluate.decoding import answer_is_complete, decode_greedily
from ghostchart.evaluate.language_model import LanguageModel, load_language_model
from ghostchart.evaluate.prediction import build_prompt, predict
from ghostchart.schemas.codes import icd10cm
from ghostchart.schemas.errors import ModelError
from ghostchart.schemas.prompting import AnsweredCode, answer, fit_note, parse_answer, plain_prompt
from ghostchart.schemas.trained_model import TrainedModel

NOTES = ["Seen for I10.", "A much longer note about nothing in particular, " * 3, "x", "E11.22 again", "fever\ncough"]


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> LanguageModel:
    # In float32: bfloat16 rounds differently with the shape of a batch.
    return load_language_model(tiny_model, None, "none", "float32")


def record(**changes: Any) -> TrainedModel:
    values: dict[str, Any] = {
        "name": "tiny",
        "base": "none",
        "base_ref": "scratch",
        "method": "from_scratch",
        "prompt_version": "1",
        "chat": False,
        "max_tokens": 128,
        "corpus": "test",
        "certified": False,
        "seconds": 1.0,
        "notes_seen": 1,
        "tokens_seen": 1,
        "tokens_per_second": 1.0,
        "parameters_total": 1,
        "parameters_trained": 1,
    }
    return TrainedModel(**(values | changes))


def run(model: LanguageModel, texts: list[str], batch_notes: int) -> list[str]:
    answers = [one for batch in predict(model, texts, batch_notes=batch_notes, max_new_tokens=24) for one in batch]
    assert sorted(one.index for one in answers) == list(range(len(texts)))
    return [one.text for one in sorted(answers, key=lambda one: one.index)]


def test_batches_answer_as_single_notes_do(model: LanguageModel) -> None:
    single = run(model, NOTES, 1)
    assert len(set(single)) == len(NOTES)  # the answers depend on the note, or the test would prove nothing
    assert run(model, NOTES, 5) == single
    assert run(model, NOTES, 2) == single


def test_same_as_transformers_own_greedy_search(model: LanguageModel) -> None:
    import torch

    prompt = build_prompt(model, NOTES[0], 24).token_ids
    out = model.model.generate(
        input_ids=torch.tensor([prompt]),
        attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
        do_sample=False,
        max_new_tokens=24,
    )
    expected = model.tokenizer.decode(out[0, len(prompt) :], skip_special_tokens=True)
    assert decode_greedily(model, [prompt], 24, is_complete=lambda _text: False)[0].text == expected


def test_rows_that_end_early_leave_the_others_alone(model: LanguageModel) -> None:
    prompts = [build_prompt(model, text, 24).token_ids for text in NOTES]
    whole = [one.text for one in decode_greedily(model, prompts, 24, is_complete=lambda _text: False)]
    letters = [text[6] for text in whole if len(text) > 6]  # pretend that a letter some answers hold ends them
    stopped_any = False
    for letter in sorted(set(letters)):
        ending = LanguageModel(
            **{
                **{name: getattr(model, name) for name in model.__dataclass_fields__},
                "end_ids": model.end_ids | {*model.tokenizer.encode(letter, add_special_tokens=False)},
            }
        )
        cut = [one.text for one in decode_greedily(ending, prompts, 24, is_complete=lambda _text: False)]
        assert cut == [text.partition(letter)[0] for text in whole]
        stopped_any |= 0 < sum(a != b for a, b in zip(cut, whole, strict=True)) < len(whole)
    assert stopped_any


def test_answer_ends_when_its_two_lines_are_complete() -> None:
    assert not answer_is_complete("ICD-10-CM: I10\nCPT/HCPCS: 99213")
    assert answer_is_complete("ICD-10-CM: I10\nCPT/HCPCS: 99213\n")
    assert not answer_is_complete("ICD-10-CM: I10\nand more\n")
    assert not answer_is_complete("")


def test_long_notes_are_cut_by_the_shared_rule(model: LanguageModel) -> None:
    text = "a" * 600 + "b" * 600
    prompt = build_prompt(model, text, 24)
    assert prompt.was_cut
    assert len(prompt.token_ids) + 24 == model.context_tokens == 512
    shown = model.tokenizer.decode(list(prompt.token_ids))
    assert abs(shown.count("a" * 150) - shown.count("b" * 150)) == 0
    assert not build_prompt(model, "short", 24).was_cut
    assert fit_note([1, 2, 3, 4, 5], 3) == [1, 4, 5]
    assert fit_note([1, 2], 3) == [1, 2]
    assert fit_note([1, 2], 0) == []


def test_no_room_for_the_note_is_said(model: LanguageModel) -> None:
    with pytest.raises(ModelError, match="no room for the note"):
        build_prompt(model, "x", 500)


def test_trained_models_get_the_bare_prompt_untrained_the_instruction(tiny_model: Path, tmp_path: Path) -> None:
    trained = shutil.copytree(tiny_model, tmp_path / "m")
    record().save(trained)
    loaded = load_language_model(trained, None, "from_scratch")
    shown = loaded.tokenizer.decode(build_prompt(loaded, "abc", 24).token_ids)
    assert shown == loaded.tokenizer.decode(loaded.tokenizer.encode(plain_prompt("abc")))
    assert loaded.context_tokens == 128
    untrained = load_language_model(tiny_model, None, "none")
    assert len(untrained.before) > len(loaded.before) + 50


def test_worked_examples_stand_before_the_note_and_lengthen_the_context(tiny_model: Path) -> None:
    shown = [("Seen for chest pain.", (AnsweredCode(icd10cm("R07.9")),)), ("Cough.", ())]
    bare = load_language_model(tiny_model, None, "none")
    loaded = load_language_model(tiny_model, None, "none", shown=shown)
    prompt = loaded.tokenizer.decode(build_prompt(loaded, "abc", 24).token_ids)
    first, second, asked = (prompt.index(part) for part in ("chest pain", "Cough", "abc"))
    assert first < prompt.index("ICD-10-CM: R07.9") < second < prompt.index("ICD-10-CM: none") < asked
    # The tiny model's 512 positions are the limit; a longer context would be used.
    assert loaded.context_tokens == bare.context_tokens == 512
    assert len(loaded.before) > len(bare.before) + 60


@pytest.mark.parametrize(("dtype", "kind"), [("float32", "torch.float32"), ("bfloat16", "torch.bfloat16")])
def test_number_format_is_the_one_asked_for(tiny_model: Path, dtype: Any, kind: str) -> None:
    loaded = load_language_model(tiny_model, None, "none", dtype)
    assert {str(parameter.dtype) for parameter in loaded.model.parameters()} == {kind}
    assert {str(buffer.dtype) for buffer in loaded.model.buffers()} == {"torch.float32"}  # rotary frequencies


def test_chat_template_is_used_where_there_is_one(tiny_model: Path, tmp_path: Path) -> None:
    chatty = shutil.copytree(tiny_model, tmp_path / "m")
    template = (
        "{% for m in messages %}user:{{ m['content'] }}/{% endfor %}{% if add_generation_prompt %}coder:{% endif %}"
    )
    settings_file = chatty / "tokenizer_config.json"
    settings_file.write_text(json.dumps(json.loads(settings_file.read_text()) | {"chat_template": template}))
    loaded = load_language_model(chatty, None, "none")
    shown = loaded.tokenizer.decode(build_prompt(loaded, "abc", 24).token_ids)
    assert shown.startswith("user:")
    assert shown.endswith("abc\n/coder:")


def test_batch_is_halved_when_memory_is_short(model: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def small_memory(language_model: LanguageModel, prompts: list[Any], max_new_tokens: int, **how: Any) -> Any:
        sizes.append(len(prompts))
        if len(prompts) > 1:
            raise RuntimeError("CUDA out of memory. Tried to allocate ...")
        return decode_greedily(language_model, prompts, max_new_tokens, **how)

    monkeypatch.setattr(prediction, "decode_greedily", small_memory)
    assert run(model, NOTES, 4) == run(model, NOTES, 1)
    assert sizes[:4] == [4, 2, 1, 1]

    def no_memory(*_args: Any, **_how: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(prediction, "decode_greedily", no_memory)
    with pytest.raises(ModelError, match="too small for one note"):
        run(model, NOTES, 4)


def test_another_runtime_error_is_not_taken_for_lack_of_memory(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any, **_how: Any) -> Any:
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(prediction, "decode_greedily", broken)
    with pytest.raises(RuntimeError, match="shapes differ"):
        run(model, NOTES, 4)


def make_adapter(base: Path, directory: Path, rank: int = 2) -> Path:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    adapted = get_peft_model(
        AutoModelForCausalLM.from_pretrained(base), LoraConfig(r=rank, target_modules=["q_proj", "v_proj"])
    )
    with torch.random.fork_rng():
        torch.manual_seed(5)
        for name, weights in adapted.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weights, std=0.5)
    adapted.save_pretrained(directory)
    return directory


def test_adapter_changes_answers_and_another_base_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    from transformers import AutoConfig, AutoModelForCausalLM

    adapter = make_adapter(tiny_model, tmp_path / "adapter")
    adapted = load_language_model(adapter, tiny_model, "lora", "float32")
    assert run(adapted, NOTES[:2], 2) != run(load_language_model(tiny_model, None, "none", "float32"), NOTES[:2], 2)

    wider = shutil.copytree(tiny_model, tmp_path / "wider")
    AutoModelForCausalLM.from_config(
        AutoConfig.from_pretrained(tiny_model, hidden_size=48, head_dim=12)
    ).save_pretrained(wider)
    with pytest.raises(ModelError, match="made for another base model") as caught:
        load_language_model(adapter, wider, "lora")
    assert "\n" not in str(caught.value)
    shallower = shutil.copytree(tiny_model, tmp_path / "shallower")
    AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(tiny_model, num_hidden_layers=1)).save_pretrained(
        shallower
    )
    with pytest.raises(ModelError, match="made for another base model"):
        load_language_model(adapter, shallower, "lora")
    (adapter / "adapter_model.safetensors").write_bytes(b"broken")
    with pytest.raises(ModelError, match="adapter is damaged"):
        load_language_model(adapter, tiny_model, "lora")


def test_models_that_cannot_be_loaded(tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model directory"):
        load_language_model(tmp_path / "none", None, "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="holds no Hugging Face model"):
        load_language_model(tmp_path / "empty", None, "full")
    with pytest.raises(ModelError, match="holds no adapter"):
        load_language_model(tiny_model, tiny_model, "lora")
    with pytest.raises(ModelError, match="needs its base model"):
        load_language_model(tiny_model, None, "lora")
    torn = shutil.copytree(tiny_model, tmp_path / "torn")
    (torn / "model.safetensors").write_bytes((tiny_model / "model.safetensors").read_bytes()[:500])
    with pytest.raises(ModelError, match="cannot load the model") as caught:
        load_language_model(torn, None, "none")
    assert "\n" not in str(caught.value)
    old = shutil.copytree(tiny_model, tmp_path / "old")
    record(prompt_version="0").save(old)
    with pytest.raises(ModelError, match="prompt version 0"):
        load_language_model(old, None, "from_scratch")


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.one_of(st.sampled_from("ICD-10CMPT/HS:., \nEGZ0129"), st.characters()), max_size=120))
def test_parser_never_crashes_and_its_codes_can_be_written(text: str) -> None:
    codes = parse_answer(text)
    assert len({item.code for item in codes}) == len(codes)
    assert {item.code for item in parse_answer(answer(codes))} == {item.code for item in codes}


def test_parser_reads_wanted_and_sloppy_answers() -> None:
    def read(text: str) -> list[str]:
        return ["-".join((item.code.value, *item.modifiers)) for item in parse_answer(text)]

    assert read("ICD-10-CM: E11.22, I12.9\nCPT/HCPCS: 99214-25, G0439") == ["E11.22", "I12.9", "99214-25", "G0439"]
    assert read("Sure! The codes are:\n1. I10.\n2. e11.9 (type 2 diabetes)\nCPT: 99213.") == ["I10", "E11.9", "99213"]
    assert read("ICD-10-CM: none\nCPT/HCPCS: none") == []
    assert read("I10, I10, I10, I10") == ["I10"]
    assert parse_answer("ICD-10-CM: I10") == (AnsweredCode(parse_answer("I10")[0].code),)


def test_a_model_that_does_not_fit_is_not_called_damaged(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import AutoModelForCausalLM

    def no_room(*_: object, **__: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes")

    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", no_room)
    with pytest.raises(ModelError, match=r"memory is too small for the model .*Use a smaller model"):
        load_language_model(tiny_model, None, "none")
