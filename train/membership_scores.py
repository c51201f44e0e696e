"""How likely a model finds notes, part by part: the raw numbers of the membership attacks on models.

One forward pass gives the loss, and with the whole distribution at each token the standardised log-likelihoods of
Min-K%++ (Zhang et al., "Min-K%++: Improved Baseline for Detecting Pre-Training Data from Large Language Models", ICLR
2025). Notes are put to the model exactly as in training. What the numbers mean is not decided here.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ghostchart.schemas.config import TrainConfig
from ghostchart.schemas.errors import CorpusError
from ghostchart.schemas.note import Note
from ghostchart.schemas.note_losses import NoteLosses, PartLosses
from ghostchart.schemas.progress import Advance
from ghostchart.schemas.prompting import prompt_frame
from ghostchart.schemas.trained_model import TrainedModel
from ghostchart.train.base_models import load_causal_lm, load_tokenizer, prepare_base
from ghostchart.train.batches import epoch_batches
from ghostchart.train.examples import Example, build_examples, gold_answer
from ghostchart.train.hardware import Dtype, detect_hardware
from ghostchart.train.lora import load_adapter
from ghostchart.train.material import read_notes
from ghostchart.train.tiny import build_tiny

MIN_K_SHARE = 0.2  # of the tokens, as in the paper's main results
_LOGITS_AT_ONCE = 1 << 26  # numbers; 256 MiB in float32


@dataclass(frozen=True)
class Reader:
    """A model that reads notes, with what putting a note to it needs."""

    model: Any
    tokenizer: Any
    chat: bool
    max_tokens: int

    def losses(self, notes: Sequence[Note], advance: Advance | None = None) -> NoteLosses:
        """Losses of the notes' texts and answers.

        Args:
            notes: coded notes.
            advance: told how many notes were read since the last call.

        Raises:
            CorpusError: no notes, or an answer too long for the model.
        """
        examples = build_examples(notes, self.tokenizer, chat=self.chat, max_tokens=self.max_tokens)
        before, after = prompt_frame(self.tokenizer, chat=self.chat)
        # nats, tokens, min_k of note and answer
        table = np.zeros((len(notes), 2, 3))
        for places in self._batches(examples):
            for place, scored in zip(places, self._read([examples[place] for place in places]), strict=True):
                example = examples[place]
                body = slice(len(before), example.answer_start - len(after))
                answer = slice(example.answer_start, len(example.input_ids))
                for part, tokens in enumerate((body, answer)):
                    # The first token of a text has nothing before it to be predicted from.
                    table[place, part] = _summed(scored[:, max(tokens.start - 1, 0) : tokens.stop - 1])
            if advance is not None:
                advance(len(places))
        texts = ([note.text for note in notes], [gold_answer(note) for note in notes])
        sizes = [[len(zlib.compress(text.encode(), 9)) for text in own] for own in texts]
        note, answer_part = (
            PartLosses(table[:, part, 0], table[:, part, 1], table[:, part, 2], np.array(sizes[part], dtype=np.float64))
            for part in range(len(texts))
        )
        return NoteLosses(note, answer_part)

    def _batches(self, examples: Sequence[Example]) -> Iterator[list[int]]:
        """Places of examples, similar lengths together, so many that their logits fit into memory."""
        vocabulary = int(self.model.get_output_embeddings().weight.shape[0])
        most = max(1, _LOGITS_AT_ONCE // vocabulary)
        batch: list[int] = []
        for place in sorted(range(len(examples)), key=lambda at: len(examples[at].input_ids)):
            # Sorted, so the newest is the longest.
            if batch and (len(batch) + 1) * len(examples[place].input_ids) > most:
                yield batch
                batch = []
            batch.append(place)
        if batch:
            yield batch

    def _read(self, examples: Sequence[Example]) -> Iterator[np.ndarray]:
        """Per example an array (2, tokens - 1): log-likelihood of each token but the first, and the same standardised."""
        import torch

        # Padding on the right, where causal attention never looks.
        ids = torch.full((len(examples), max(len(item.input_ids) for item in examples)), self.tokenizer.pad_token_id)
        for row, example in enumerate(examples):
            ids[row, : len(example.input_ids)] = torch.from_numpy(example.input_ids.astype(np.int64))
        ids = ids.to(self.model.device)
        with torch.inference_mode():
            logits = self.model(input_ids=ids, use_cache=False).logits
            for row, example in enumerate(examples):
                n = len(example.input_ids)
                all_logs = torch.log_softmax(logits[row, : n - 1].float(), dim=-1)
                shares = all_logs.exp()
                mean = (shares * all_logs).sum(-1)
                spread = ((shares * all_logs.square()).sum(-1) - mean.square()).clamp_min(1e-12).sqrt()
                logs = all_logs.gather(-1, ids[row, 1:n, None]).squeeze(-1)
                yield torch.stack([logs, (logs - mean) / spread]).double().cpu().numpy()


def _summed(scored: np.ndarray) -> tuple[float, float, float]:
    """Nats, tokens and Min-K%++ of one part: shape (2, tokens) in."""
    n = scored.shape[1]
    if n == 0:
        return 0.0, 0.0, 0.0
    lowest = np.sort(scored[1])[: max(1, round(MIN_K_SHARE * n))]
    return float(-scored[0].sum()), float(n), float(lowest.mean())


def trained_reader(directory: Path, record: TrainedModel) -> Reader:
    """The model of a directory that training left.

    Raises:
        ModelError: model, adapter or base is missing or damaged.
    """
    dtype, device = _where()
    if record.method == "lora":
        model = load_adapter(load_causal_lm(prepare_base(record.base_ref), dtype), directory)
    else:
        model = load_causal_lm(directory, dtype)
    return Reader(model.to(device).eval(), load_tokenizer(directory), record.chat, record.max_tokens)


def untrained_reader(directory: Path, record: TrainedModel) -> Reader:
    """The same model before training: the untouched base, or fresh random weights under the same tokenizer.

    Raises:
        ModelError: base or tokenizer is missing or damaged.
    """
    dtype, device = _where()
    tokenizer = load_tokenizer(directory)
    if record.method == "from_scratch":
        ends = (tokenizer.eos_token_id, tokenizer.pad_token_id)
        model = build_tiny(len(tokenizer), record.max_tokens, *ends, record.seed)
    else:
        model = load_causal_lm(prepare_base(record.base_ref), dtype)
    return Reader(model.to(device).eval(), tokenizer, record.chat, record.max_tokens)


def _where() -> tuple[Dtype, str]:
    """Float32 on CPUs: rounding is noise in an attack. A GPU model may be too large for that."""
    hardware = detect_hardware()
    return ("float32" if hardware.device == "cpu" else "bfloat16"), hardware.device


def shown_notes(corpus: Path, config: TrainConfig, record: TrainedModel, directory: Path) -> list[Note]:
    """The training notes that training came to see as a whole: a run bounded by minutes does not reach them all.

    Args:
        corpus: the corpus directory it was trained on.
        config: the settings it was trained with.
        record: its record.
        directory: where the model lies (its tokenizer decides the order of notes).

    Raises:
        CorpusError: the corpus has no training notes, or the model saw no whole note.
    """
    notes = read_notes(corpus, "train", config.max_notes, config.seed)
    seen = record.whole_notes_seen
    if seen is None and record.method != "from_scratch":
        seen = record.notes_seen  # fine-tuning shows whole notes only
    if seen is None or seen >= len(notes):
        return notes
    examples = build_examples(notes, load_tokenizer(directory), chat=record.chat, max_tokens=record.max_tokens)
    plan_notes = record.plan_notes or config.micro_batch_notes
    order = np.concatenate(epoch_batches(examples, plan_notes, config.seed, 0))[:seen]
    if len(order) == 0:
        raise CorpusError("the model was trained on no whole note", where=record.name, fix="Train it for longer")
    return [notes[int(place)] for place in np.sort(order)]
