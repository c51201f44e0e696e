"""Excerpts: short made-up notes for the first part of training from scratch.

A fresh model has to find out which of 300 tokens a code comes from, and a note gives it a handful of answer tokens to
learn that from. The corpus knows the answer: every gold code has evidence spans. So the first part of a run shows the
sentences around the evidence of one to three codes (and sometimes a sentence that must not be coded), which are ten
times shorter and leave little to confuse. The rest of the run is whole notes.

An excerpt is closed: a code that has evidence in a sentence shown is in the answer and brings all its other sentences
along, for a code may rest on several mentions together (hypertension and heart failure make I11.0, not I10).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from ghostchart.schemas.canonical import generator, stream
from ghostchart.schemas.note import Note, NoteCode

MAX_SEEDS = 3
DISTRACTOR_SHARE = 0.5
_SENTENCE_END = re.compile(r"\n+|(?<=[.;!?])\s+")


def make_excerpts(notes: Sequence[Note], seed: int, rounds: int = 1) -> Iterator[Note]:
    """Excerpts of notes; spans no longer hold and are left empty.

    Args:
        notes: training notes.
        seed: root seed of training; equal seeds give equal excerpts.
        rounds: how often each note is cut.

    Yields:
        ``rounds`` excerpts per note that has codes, each with at least one of them, codes in gold order.
    """
    for turn in range(rounds):
        for number, note in enumerate(notes):
            if note.codes:
                yield _cut(note, generator(stream(seed, "train", "excerpt", turn, number)))


def sentence_bounds(text: str) -> list[tuple[int, int]]:
    """Half-open bounds of lines and sentences, in order, without the white space between them."""
    bounds, start = [], 0
    for match in _SENTENCE_END.finditer(text):
        if match.start() > start:
            bounds.append((start, match.start()))
        start = match.end()
    if start < len(text):
        bounds.append((start, len(text)))
    return bounds


def _cut(note: Note, rng: np.random.Generator) -> Note:
    bounds = sentence_bounds(note.text)
    homes = [_sentences_of(code, bounds) for code in note.codes]
    n_seeds = min(len(homes), int(rng.integers(1, MAX_SEEDS + 1)))
    shown: set[int] = set()
    for chosen in rng.choice(len(homes), size=n_seeds, replace=False):
        shown |= homes[int(chosen)]
    if note.distractors and rng.random() < DISTRACTOR_SHARE:
        distractor = note.distractors[int(rng.integers(len(note.distractors)))]
        shown |= _touched(distractor.start, distractor.end, bounds)
    answered: set[int] = set()
    while True:
        more = {at for at, home in enumerate(homes) if at not in answered and home & shown}
        if not more:
            break
        answered |= more
        for at in more:
            shown |= homes[at]
    text = "\n".join(note.text[bounds[at][0] : bounds[at][1]] for at in sorted(shown))
    codes = tuple(note.codes[at]._replace(spans=()) for at in sorted(answered))
    return replace(note, text=text, codes=codes, surrogates=(), distractors=())


def _sentences_of(code: NoteCode, bounds: Sequence[tuple[int, int]]) -> set[int]:
    return {at for span in code.spans for at in _touched(span.start, span.end, bounds)}


def _touched(start: int, end: int, bounds: Sequence[tuple[int, int]]) -> set[int]:
    return {at for at, (low, high) in enumerate(bounds) if low < end and start < high}
