"""How varied the notes are, and how far test notes are from being worded like training notes."""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from jinja2 import nodes

from ghostchart.schemas.corpus import iter_notes
from ghostchart.schemas.measures import Measure, proportion
from ghostchart.schemas.note import Note, Split
from ghostchart.synth.notes.own_templates import all_templates
from ghostchart.synth.notes.phrases import VOICES, load_phrases
from ghostchart.synth.notes.sandbox import NoteSandbox

CONTAINMENT_LIMIT = 0.10
UNSEEN_FORMS_LOWER = 0.30
CODES_IN_THREE_FORMS_LOWER = 2000
_GRAM = 8
_NONE: frozenset[str] = frozenset()
_ENOUGH_FORMS = 3
_WORD = re.compile(r"[a-z0-9']+")
# Given by visits, drugs, vaccines and measurements: no condition is mentioned for them.
_NOT_CONDITIONS = ("Z00", "Z01", "Z12", "Z13", "Z23", "Z68", "Z79")

Grams = set[tuple[str, ...]]


def words_of(text: str) -> list[str]:
    """Lower-case words and numbers of a text, punctuation left out."""
    return _WORD.findall(text.lower())


def grams_of(tokens: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    """Every run of ``size`` consecutive words."""
    return zip(*(tokens[shift:] for shift in range(size)), strict=False)


def fixed_wording(split: Split, own_templates: Path | None = None) -> Iterator[list[str]]:
    """Words of every template and phrase that notes of a split may use, slots left out, one list per template or phrase."""
    sandbox = NoteSandbox()
    for template in all_templates(own_templates):
        if template.info.split == split:
            tree = sandbox.parse(template.source)
            yield [word for data in tree.find_all(nodes.TemplateData) for word in words_of(data.data)]
    bank = load_phrases()
    for name in bank.banks:
        for voice in VOICES:
            for frame in bank.frames(name, voice, split):
                yield words_of(" ".join(frame.literals))
    for name in bank.coded_banks:
        for entry in bank.entries(name):
            for frame in entry.frames[split]:
                yield words_of(" ".join(frame.literals))


def measure_splits(corpus: Path, own_templates: Path | None = None) -> tuple[Measure, ...]:
    """Distance of test from training wording, by template and by phrase.

    Args:
        corpus: directory with ``data/``; one shard is in memory at a time.
        own_templates: directory of the hospital's own templates, where it has some.

    Returns:
        Share of the test templates' 8-grams that training templates hold (limit 0.10), share of condition mentions in
        test with a form that training never used for that code (at least 0.30; codes that training knows only), and
        the number of codes documented in three or more forms (at least 2,000).
    """
    train, test = (_grams_of_wording(split, own_templates) for split in ("train", "test"))
    forms: dict[str, set[str]] = defaultdict(set)
    for note in iter_notes(corpus, "train"):
        for code, form in condition_mentions(note):
            forms[code].add(form)
    elsewhere: dict[str, set[str]] = defaultdict(set)
    unseen = mentions = 0
    for split in ("validation", "test"):
        for note in iter_notes(corpus, split):
            for code, form in condition_mentions(note):
                known = forms.get(code, _NONE)
                if form not in known:
                    elsewhere[code].add(form)
                if split == "test" and code in forms:
                    mentions += 1
                    unseen += form not in known
    documented = forms.keys() | elsewhere.keys()
    varied = sum(len(forms.get(code, ())) + len(elsewhere.get(code, ())) >= _ENOUGH_FORMS for code in documented)
    return (
        proportion(
            "template_8gram_containment",
            len(test & train),
            len(test),
            limit=CONTAINMENT_LIMIT,
            note="at most the limit; 8-grams of test templates and phrases without slots that training has too",
        ),
        proportion(
            "unseen_surface_form_share",
            unseen,
            mentions,
            limit=UNSEEN_FORMS_LOWER,
            note="at least the limit; condition mentions in test notes worded as training never words that code",
        ),
        Measure(
            name="codes_in_three_surface_forms",
            value=float(varied),
            limit=float(CODES_IN_THREE_FORMS_LOWER),
            n=len(documented),
            note="at least the limit; n is the number of ICD-10-CM codes documented",
        ),
    )


def condition_mentions(note: Note) -> Iterator[tuple[str, str]]:
    """(ICD-10-CM code, lower-case wording) of every mention that a condition code of the note rests on."""
    for code in note.codes:
        if code.system == "icd10cm" and not code.value.startswith(_NOT_CONDITIONS):
            for span in code.spans:
                yield code.value, note.text[span.start : span.end].lower()


def _grams_of_wording(split: Split, own_templates: Path | None) -> Grams:
    return {gram for tokens in fixed_wording(split, own_templates) for gram in grams_of(tokens, _GRAM)}


def distinct_3(texts: Iterable[str]) -> float:
    """Different word trigrams over all word trigrams, 0 to 1 (Li et al., 2016)."""
    total, found = 0, set()
    for text in texts:
        for gram in grams_of(words_of(text), 3):
            total += 1
            found.add(gram)
    return len(found) / total if total else 0.0


def shared_4_grams(texts: Sequence[str], rng: np.random.Generator, pairs: int = 2000) -> float:
    """Cheap stand-in for self-BLEU: mean share of a note's word 4-grams that another, randomly drawn note holds too."""
    if len(texts) < 2:
        return 0.0
    shares = []
    for _ in range(pairs):
        one, other = rng.choice(len(texts), 2, replace=False)
        own = list(grams_of(words_of(texts[one]), 4))
        held = set(grams_of(words_of(texts[other]), 4))
        if own:
            shares.append(sum(gram in held for gram in own) / len(own))
    return float(np.mean(shares)) if shares else 0.0


def compression_ratio(texts: Iterable[str]) -> float:
    """Bytes before over bytes after zlib level 6 of all texts in a row; higher is more repetitive."""
    data = "\n".join(texts).encode()
    return len(data) / max(1, len(zlib.compress(data, 6)))
