"""Prediction throughput: batches with a cache that grows in place, beside a one-by-one ``generate`` loop.

Same random-weight Llama (the shape of the ``tiny`` preset, or of SmolLM2-135M with ``GHOSTCHART_BENCH_MODEL=smollm2``),
same prompts, same number of new tokens, greedy all; the answers are compared too. Random weights answer at full
length, so all sides do equal work. Constrained decoding runs over the whole ICD-10-CM release, with a vocabulary like that
of the ``tiny`` preset (common codes, and pieces of one to three characters) and without line ends, so that it too
writes to the full length.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from ghostchart.evaluate.answer_grammar import answer_grammar
from ghostchart.evaluate.constraint import AnswerConstraint
from ghostchart.evaluate.decoding import decode_greedily
from ghostchart.evaluate.language_model import LanguageModel
from ghostchart.schemas.canonical import generator
from ghostchart.schemas.code_systems import load_code_systems

NOTES, PROMPT_TOKENS, NEW_TOKENS, BATCH_NOTES = 32, (250, 450), 48, 32
SHAPES: dict[str, dict[str, int]] = {
    "tiny": {
        "vocab_size": 8192,
        "hidden_size": 256,
        "intermediate_size": 768,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 4,
    },
    "smollm2": {
        "vocab_size": 49152,
        "hidden_size": 576,
        "intermediate_size": 1536,
        "num_hidden_layers": 30,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
    },
}


@dataclass(frozen=True)
class Numbers:
    """Stands in for a tokenizer: an answer is its token ids."""

    def decode(self, ids: list[int], skip_special_tokens: bool = False) -> str:
        """Ids in plain text."""
        return " ".join(map(str, ids))


def main() -> None:
    """Measure both and print notes per second, their ratio and the share of equal answers."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    name = os.environ.get("GHOSTCHART_BENCH_MODEL", "tiny")
    torch.manual_seed(0)
    config = LlamaConfig(
        **SHAPES[name], max_position_embeddings=1024, tie_word_embeddings=True, bos_token_id=None, eos_token_id=None
    )
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model: Any = LlamaForCausalLM(config).to(device).eval()
    rng = generator(0)
    lengths = sorted(rng.integers(*PROMPT_TOKENS, size=NOTES).tolist())
    prompts = [rng.integers(5, config.vocab_size, size=length).tolist() for length in lengths]
    ours = LanguageModel(model, Numbers(), (), (), frozenset({-1}), 0, 1024)

    parts = [prompts[first : first + BATCH_NOTES] for first in range(0, NOTES, BATCH_NOTES)]
    constraint = vocabulary_of_codes(config.vocab_size)

    def in_batches() -> list[str]:
        return [one.text for part in parts for one in decode_greedily(ours, part, NEW_TOKENS)]

    def constrained() -> list[str]:
        found = [decode_greedily(ours, part, NEW_TOKENS, constraint=constraint) for part in parts]
        return [one.text for part in found for one in part]

    def one_by_one() -> list[str]:
        texts = []
        for prompt in prompts:
            ids = torch.tensor([prompt], device=device)
            with torch.inference_mode():
                out = model.generate(
                    input_ids=ids,
                    attention_mask=torch.ones_like(ids),
                    do_sample=False,
                    max_new_tokens=NEW_TOKENS,
                    pad_token_id=0,
                )
            texts.append(" ".join(map(str, out[0, len(prompt) :].tolist())))
        return texts

    decode_greedily(ours, prompts[:1], 2)  # first calls set up kernels
    constrained()  # and the tokens of each place, which are found once per evaluation
    rates, answers = {}, {}
    batched, held = f"batches of {BATCH_NOTES}", f"batches of {BATCH_NOTES}, constrained"
    for label, work in (("one by one", one_by_one), (batched, in_batches), (held, constrained)):
        started = time.perf_counter()
        answers[label] = work()
        rates[label] = NOTES / (time.perf_counter() - started)
        print(f"{name} on {device}, {torch.get_num_threads()} threads, {label}: {rates[label]:.2f} notes/s")
    same = np.mean([a == b for a, b in zip(answers["one by one"], answers[batched], strict=True)])
    print(f"ratio {rates[batched] / rates['one by one']:.2f}; equal answers {same:.0%}")
    print(
        f"constrained: ratio {rates[held] / rates['one by one']:.2f}, {rates[held] / rates[batched]:.2f} of free speed"
    )


def vocabulary_of_codes(size: int) -> AnswerConstraint:
    """The valid answers in made-up tokens: common codes behind a blank, then pieces of codes."""
    systems = load_code_systems("starter")
    codes = systems.icd10cm.billable_codes()
    pieces = sorted({code[at : at + length] for code in codes for length in (1, 2, 3) for at in range(len(code))})
    texts = [", ", ",", " ", *(f" {code}" for code in codes[:: len(codes) // 1500]), *pieces]
    return AnswerConstraint(answer_grammar(systems), texts[:size], end_ids=(), head_ids=())


if __name__ == "__main__":
    main()
