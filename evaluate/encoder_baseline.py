"""A label-attention encoder in the manner of PLM-ICD (Huang, Tsai and Chen, 2022, ClinicalNLP), as a baseline.

The note is cut into segments that the encoder can hold; the encoder gives one vector per token; each code attends over all
tokens of all segments with a query of its own (the attention of LAAT, Vu et al., 2020) and decides on its own weighted
mean. Trained with binary cross-entropy on the training notes, thresholds set on the validation notes.

The encoder is a local Hugging Face directory (BERT, RoBERTa, ...) or "scratch": a small BERT with a word-piece vocabulary
learnt from the training notes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ghostchart.evaluate.baselines import codes_to_learn, gold_matrix, tune_thresholds
from ghostchart.evaluate.label_attention import build_label_attention
from ghostchart.evaluate.language_model import fast_bfloat16
from ghostchart.evaluate.notes import CodedNote
from ghostchart.schemas.canonical import generator, stream
from ghostchart.schemas.codes import Code
from ghostchart.schemas.config import EvaluateConfig
from ghostchart.schemas.errors import ModelError
from ghostchart.schemas.progress import SILENT, Progress
from ghostchart.schemas.prompting import AnsweredCode

SCRATCH = "scratch"
SEGMENT_TOKENS = 128  # as in PLM-ICD
_MAX_SEGMENTS = 8
_VOCABULARY, _HIDDEN, _LAYERS, _HEADS = 8000, 192, 2, 4
_BATCH_NOTES, _EPOCHS = 16, 12
_LEARNING_RATE = {True: 2e-3, False: 5e-5}  # from scratch or not
_WARMUP, _DECAY = 0.05, 0.01
_POOL = 32  # batches sorted by length together


@dataclass(frozen=True)
class EncoderCoder:
    """A trained network, its tokenizer, its codes and one threshold per code on the log-odds."""

    network: Any
    tokenizer: Any
    codes: tuple[Code, ...]
    thresholds: NDArray[np.float32]

    def __call__(self, texts: Sequence[str]) -> list[tuple[AnsweredCode, ...]]:
        """Codes of each text whose log-odds pass the threshold, most likely first."""
        answers = []
        for row in self.log_odds(texts) - self.thresholds:
            best = [int(at) for at in np.argsort(-row, kind="stable") if row[at] > 0]
            answers.append(tuple(AnsweredCode(self.codes[at]) for at in best))
        return answers

    def log_odds(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Log-odds per text and code, shape (texts, codes)."""
        import torch

        ids = _token_ids(self.tokenizer, texts)
        scores = np.zeros((len(texts), len(self.codes)), dtype=np.float32)
        order = sorted(range(len(ids)), key=lambda at: -len(ids[at]))
        self.network.eval()
        with torch.inference_mode(), _fast_products():
            for first in range(0, len(order), _BATCH_NOTES):
                chosen = order[first : first + _BATCH_NOTES]
                scores[chosen] = self.network(*_segments([ids[at] for at in chosen], self.network.device)).float().cpu()
        return scores


def train_encoder(
    training: Sequence[CodedNote], validation: Sequence[CodedNote], config: EvaluateConfig, progress: Progress = SILENT
) -> EncoderCoder:
    """Train for ``config.encoder_minutes`` or a fixed number of passes, whichever ends first.

    Raises:
        CorpusError: no code occurs in two training notes.
        ModelError: the encoder directory cannot be loaded.
    """
    import torch

    codes = codes_to_learn(training)
    texts = [note.text for note in training]
    gold = gold_matrix(training, codes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        encoder, tokenizer = _encoder(config.encoder_base, texts)
        network = build_label_attention(encoder, len(codes), gold.mean(axis=0))
        network = network.to("cuda" if torch.cuda.is_available() else "cpu")
        ids = _token_ids(tokenizer, texts)
        _train(network, ids, gold, config, progress)
    unlimited = EncoderCoder(network, tokenizer, codes, np.zeros(len(codes), dtype=np.float32))
    return EncoderCoder(network, tokenizer, codes, tune_thresholds(unlimited, validation))


def _train(
    network: Any, ids: list[list[int]], gold: NDArray[np.bool_], config: EvaluateConfig, progress: Progress
) -> None:
    import torch

    from_scratch = config.encoder_base == SCRATCH
    optimiser = torch.optim.AdamW(network.parameters(), lr=_LEARNING_RATE[from_scratch], weight_decay=_DECAY)
    limit, began, share = config.encoder_minutes * 60, time.monotonic(), 0.0
    steps = _EPOCHS * -(-len(ids) // _BATCH_NOTES)
    network.train()
    with progress.task("Encoder baseline: training, in per cent", total=100) as advance:
        for step, chosen in enumerate(_batches(ids, config.seed)):
            done = max(step / steps, (time.monotonic() - began) / limit)
            if done >= 1:
                break
            advance(int(done * 100) - int(share * 100))
            share = done
            for group in optimiser.param_groups:
                rising, falling = done / _WARMUP, (1 - done) / (1 - _WARMUP)
                group["lr"] = _LEARNING_RATE[from_scratch] * min(rising + 0.01, falling)
            wanted = torch.from_numpy(gold[chosen].astype(np.float32)).to(network.device)
            with _fast_products():
                scores = network(*_segments([ids[at] for at in chosen], network.device))
            loss = torch.nn.functional.binary_cross_entropy_with_logits(scores.float(), wanted, reduction="sum")
            optimiser.zero_grad()
            (loss / len(chosen)).backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()


def _batches(ids: list[list[int]], seed: int) -> Iterator[NDArray[np.int64]]:
    """Notes of like length together, in an order that the seed decides, :data:`_EPOCHS` times over."""
    sizes = np.array([len(one) for one in ids])
    for epoch in range(_EPOCHS):
        rng = generator(stream(seed, "evaluate", "encoder", epoch))
        order = rng.permutation(len(ids))
        batches = []
        for first in range(0, len(order), _POOL * _BATCH_NOTES):
            pool = order[first : first + _POOL * _BATCH_NOTES]
            pool = pool[np.argsort(sizes[pool], kind="stable")]
            batches += [pool[at : at + _BATCH_NOTES] for at in range(0, len(pool), _BATCH_NOTES)]
        yield from (batches[at] for at in rng.permutation(len(batches)))


def _encoder(base: str, texts: Sequence[str]) -> tuple[Any, Any]:
    if base == SCRATCH:
        return _scratch_encoder(texts)
    from transformers import AutoModel, AutoTokenizer

    if not (Path(base) / "config.json").is_file():
        raise ModelError("there is no encoder directory", where=base, fix="Give a Hugging Face directory, or scratch")
    try:
        encoder = AutoModel.from_pretrained(base, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
    except Exception as error:
        # transformers, safetensors and pickle each raise their own kinds for a damaged file.
        raise ModelError(f"cannot load the encoder: {type(error).__name__}", where=base) from None
    if tokenizer.pad_token_id is None:
        raise ModelError("the encoder's tokenizer has no padding token", where=base)
    return encoder.float(), tokenizer


def _scratch_encoder(texts: Sequence[str]) -> tuple[Any, Any]:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    inner = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    inner.normalizer = normalizers.Lowercase()
    inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=_VOCABULARY, min_frequency=2, special_tokens=["[PAD]", "[UNK]"], show_progress=False
    )
    inner.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="[PAD]", unk_token="[UNK]")
    encoder = BertModel(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=_HIDDEN,
            num_hidden_layers=_LAYERS,
            num_attention_heads=_HEADS,
            intermediate_size=2 * _HIDDEN,
            max_position_embeddings=SEGMENT_TOKENS,
            hidden_dropout_prob=0.1,
            attention_probs_dropout_prob=0.1,
            pad_token_id=tokenizer.pad_token_id,
        ),
        add_pooling_layer=False,
    )
    return encoder, tokenizer


def _token_ids(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    """Tokens of each text, at least one, at most what the segments hold (the head and the tail of longer notes)."""
    most = SEGMENT_TOKENS * _MAX_SEGMENTS
    found = tokenizer(list(texts), add_special_tokens=False)["input_ids"]
    cut = [ids if len(ids) <= most else [*ids[: most // 2], *ids[-(most // 2) :]] for ids in found]
    return [ids or [tokenizer.pad_token_id] for ids in cut]


def _segments(ids: Sequence[list[int]], device: Any) -> tuple[Any, Any]:
    """Token ids and mask, shape (notes, segments, SEGMENT_TOKENS or the longest note if that is shorter)."""
    import torch

    longest = max(len(one) for one in ids)
    width = min(SEGMENT_TOKENS, longest)
    segments = -(-longest // width)
    tokens = torch.zeros(len(ids), segments * width, dtype=torch.long)
    mask = torch.zeros(len(ids), segments * width, dtype=torch.long)
    for row, one in enumerate(ids):
        tokens[row, : len(one)] = torch.tensor(one)
        mask[row, : len(one)] = 1
    shape = (len(ids), segments, width)
    return tokens.view(shape).to(device), mask.view(shape).to(device)


def _fast_products() -> Any:
    import torch

    kind = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.autocast(kind, dtype=torch.bfloat16, enabled=fast_bfloat16())
