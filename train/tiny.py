"""The ``tiny`` preset: a small Llama and its own tokenizer, both made from the corpus' training split alone.

Short sequences are what makes training from scratch feasible on two cores, so the tokenizer spends its vocabulary on
them: words of the notes (byte-level BPE), the fixed frame of prompt and answer (one token each), and every code that
the training notes give often enough (one token each, with the blank before it). Rarer codes, and codes never seen, are
spelled in BPE pieces: byte-level BPE can write any text, and the pieces of the rarer codes teach how.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ghostchart.schemas.note import Note
from ghostchart.schemas.prompting import answer, plain_prompt
from ghostchart.train.examples import gold_answer

END, PAD = "<|end|>", "<|pad|>"
VOCABULARY = 8192
MIN_CODE_COUNT = 5  # notes that must give a code before it becomes a token: fewer would not train its embedding
# Words with their leading blank, numbers in pieces of at most two digits (so that "35 minutes" and "BMI 35.2" share
# the token 35), punctuation runs, line breaks.
_SPLIT = r" ?\p{L}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"

EXCERPT_SHARE = 0.4  # of the run; see ghostchart.train.excerpts
EXCERPT_ROUNDS = 2

HIDDEN, LAYERS, HEADS, FEED_FORWARD = 256, 4, 4, 768


def frame_tokens() -> list[str]:
    """The fixed texts of prompt and answer, longest first, read off the prompt format itself."""
    note_head, _, answer_head = plain_prompt("\x00").partition("\x00")
    diagnoses, _, procedures = answer(()).partition("\n")
    labels = [diagnoses.rpartition(" ")[0], "\n" + procedures.rpartition(" ")[0]]
    return sorted({note_head, answer_head, *labels}, key=lambda text: (-len(text), text))


def code_counts(notes: Iterable[Note]) -> Counter[str]:
    """In how many notes each code value is gold."""
    return Counter(value for note in notes for value in {code.value for code in note.codes})


def train_tokenizer(notes: Sequence[Note], vocabulary: int = VOCABULARY, min_code_count: int = MIN_CODE_COUNT) -> Any:
    """A fast Hugging Face tokenizer learnt from notes and answers; the same notes give the same tokenizer.

    Args:
        notes: training notes.
        vocabulary: tokens altogether, code tokens included (a small corpus may yield fewer).
        min_code_count: notes that must give a code before it gets a token of its own.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    counts = code_counts(notes)
    frequent = sorted(value for value, count in counts.items() if count >= min_code_count)
    frame = frame_tokens()
    # The blank in front belongs to the token: codes follow one in every answer. Whole words only, so that a
    # record number or a longer code is never cut by a shorter one's token.
    codes = [AddedToken(f" {value}", single_word=True, normalized=False) for value in frequent]
    fixed = [AddedToken(text, normalized=False) for text in frame]

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=max(256 + 3, vocabulary - len(codes) - len(fixed)),
        min_frequency=2,
        special_tokens=[END, PAD],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    rare = set(counts) - set(frequent)
    tokenizer.train_from_iterator(_texts(notes, rare), trainer)
    tokenizer.add_tokens([*fixed, *codes])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=END, pad_token=PAD, clean_up_tokenization_spaces=False
    )


def build_tiny(vocabulary: int, max_tokens: int, eos_id: int, pad_id: int, seed: int) -> Any:
    """A freshly initialised Llama in float32; the same seed gives the same weights."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=-(-vocabulary // 64) * 64,  # rows in multiples of 64 keep the output product fast
        hidden_size=HIDDEN,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS,
        intermediate_size=FEED_FORWARD,
        max_position_embeddings=max_tokens,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=eos_id,
        pad_token_id=pad_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(config)


def _texts(notes: Sequence[Note], rare: set[str]) -> Iterator[str]:
    for note in notes:
        yield note.text
        # Answers teach the pieces of rare codes only; frequent ones are tokens already.
        if any(code.value in rare for code in note.codes):
            yield gold_answer(note)
