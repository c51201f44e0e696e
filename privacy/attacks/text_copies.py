"""Gate "text_copies": do the notes repeat passages of the source's own notes?

Where the source has notes: the share of training patients' notes with a copied run of words (verbatim: 25 words in a row)
or most of their five-word phrases (near-verbatim), beside the same share of held-out patients' notes, which measures
how alike clinical wording is anyway. Where the source has none, the verdict says so: nothing was learnt from text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain

import pyarrow as pa

from ghostchart.privacy.attacks.differences import Tally, difference_interval
from ghostchart.privacy.policy import PrivacyPolicy
from ghostchart.schemas.measures import Measure, proportion
from ghostchart.schemas.progress import SILENT, Progress
from ghostchart.schemas.verdict import Verdict

GATE, TITLE = "text_copies", "Passages of the source's own notes"
# Fifty tokens in a row is the usual test for memorised text in language models (Carlini et al., "Quantifying
# Memorization Across Neural Language Models", 2023); half of it because clinical notes are short.
RUN_WORDS = 25
PHRASE_WORDS = 5
NEAR_SHARE = 0.5
_MIN_NOTES = 100  # per group, to compare two shares at all


@dataclass(frozen=True)
class _Group:
    verbatim: int
    near: int
    notes: int


def run_text_copies(
    train: pa.Table,
    holdout: pa.Table,
    corpus: Iterable[str],
    policy: PrivacyPolicy,
    progress: Progress = SILENT,
) -> Verdict:
    """Compare source notes (tables of :data:`ghostchart.schemas.ehr.NOTES`) with the texts of a corpus.

    The texts are gone through once, and not kept. Reasons and measures hold counts only. Inconclusive where the source has
    notes, but fewer than 100 of training or of held-out patients.
    """
    if train.num_rows == 0 and holdout.num_rows == 0:
        said = "the source has no notes: no text was learnt from, so there is nothing to copy and nothing to compare"
        none = Measure(
            name="source notes compared", value=0, n=0, note="no verbatim or near-verbatim overlap is possible"
        )
        return Verdict(gate=GATE, title=TITLE, outcome="passed", reasons=(said,), measures=(none,))
    sides = [table["text"].to_pylist() for table in (train, holdout)]
    runs, phrases = _repeated(chain(*sides), corpus)
    with progress.task("source notes against the corpus", total=train.num_rows + holdout.num_rows) as advance:
        groups = []
        for texts in sides:
            groups.append(_compare(texts, runs, phrases))
            advance(len(texts))
    return _judge(groups[0], groups[1], policy)


def _judge(train: _Group, holdout: _Group, policy: PrivacyPolicy) -> Verdict:
    measures: list[Measure] = []
    reasons: list[str] = []
    doubts: list[str] = []
    confidence = 1 - (1 - policy.confidence) / 2
    limit = policy.text_copy_excess_upper
    for name, mine, theirs in (
        (f"verbatim, {RUN_WORDS} words in a row", train.verbatim, holdout.verbatim),
        (f"near-verbatim, at least half of the {PHRASE_WORDS}-word phrases", train.near, holdout.near),
    ):
        control = theirs / holdout.notes if holdout.notes else None
        measures.append(
            proportion(
                f"{name}: training patients' notes",
                mine,
                train.notes,
                baseline=control,
                note="baseline: held-out patients' notes, which nobody learnt from",
            )
        )
        if not train.notes or not holdout.notes:
            continue
        interval = difference_interval(Tally(mine, train.notes), Tally(theirs, holdout.notes), confidence)
        value = mine / train.notes - theirs / holdout.notes
        measures.append(
            Measure(
                name=f"{name}: excess over held-out patients",
                value=value,
                ci=interval,
                confidence=confidence,
                baseline=0.0,
                limit=limit,
                n=train.notes + holdout.notes,
                note="fails where the excess is beyond chance and the upper bound beyond the limit",
            )
        )
        if value > 0 and interval[1] > limit:
            said = (
                f"{mine:,} of {train.notes:,} notes of training patients stand in the corpus ({name}), "
                f"{theirs:,} of {holdout.notes:,} of held-out patients"
            )
            (reasons if interval[0] > 0 else doubts).append(said)
    if reasons:
        return Verdict(gate=GATE, title=TITLE, outcome="failed", reasons=tuple(reasons), measures=tuple(measures))
    if min(train.notes, holdout.notes) < _MIN_NOTES:
        doubts.append(
            f"needs at least {_MIN_NOTES} source notes of training and of held-out patients, "
            f"has {train.notes} and {holdout.notes}"
        )
    if doubts:
        return Verdict(
            gate=GATE,
            title=TITLE,
            outcome="inconclusive",
            reasons=tuple(doubts),
            measures=tuple(measures),
            required_n=max(_MIN_NOTES, 2 * holdout.notes),
        )
    return Verdict(gate=GATE, title=TITLE, outcome="passed", measures=tuple(measures))


def _compare(texts: Iterable[str], runs: frozenset[bytes], phrases: frozenset[bytes]) -> _Group:
    verbatim = near = notes = 0
    for text in texts:
        notes += 1
        verbatim += any(digest in runs for digest in _windows(text, RUN_WORDS))
        own = set(_windows(text, PHRASE_WORDS))
        near += bool(own) and len(own & phrases) >= NEAR_SHARE * len(own)
    return _Group(verbatim, near, notes)


def _repeated(source: Iterable[str], corpus: Iterable[str]) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """Digests of the source's runs and phrases that some text of the corpus holds; memory grows with the source only."""
    sizes = (RUN_WORDS, PHRASE_WORDS)
    wanted: tuple[set[bytes], ...] = (set(), set())
    for text in source:
        for size, digests in zip(sizes, wanted, strict=True):
            digests.update(_windows(text, size))
    found: tuple[set[bytes], ...] = (set(), set())
    for text in corpus:
        for size, digests, met in zip(sizes, wanted, found, strict=True):
            met.update(digest for digest in _windows(text, size) if digest in digests)
    return frozenset(found[0]), frozenset(found[1])


def _windows(text: str, words: int) -> Iterator[bytes]:
    """Digest of every run of words, lower case and without punctuation; 8 bytes, so that memory stays small."""
    found = re.findall(r"\w+", text.lower())
    for start in range(len(found) - words + 1):
        yield blake2b(" ".join(found[start : start + words]).encode(), digest_size=8).digest()
