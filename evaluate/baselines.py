"""What needs no language model: TF-IDF with logistic regression, and looking up descriptions in the note.

A baseline that learns sees the same training notes as the trained models and tunes its thresholds on the validation
split. It can only give codes it has seen in training at least twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ghostchart.evaluate.metrics import GROUP_SYSTEMS
from ghostchart.evaluate.notes import CodedNote
from ghostchart.schemas.code_systems import CodeSystems
from ghostchart.schemas.codes import Code
from ghostchart.schemas.errors import CodeError, CorpusError
from ghostchart.schemas.progress import SILENT, Progress
from ghostchart.schemas.prompting import AnsweredCode

Coder = Callable[[Sequence[str]], list[tuple[AnsweredCode, ...]]]

MIN_TRAINING_NOTES = 2
_MAX_FEATURES = 20_000
_EPOCHS = 8
_REGULARISATION = 1e-6  # more features, more passes and 1e-5 were slower and no better on a demo corpus
_THREADS = 2
_THRESHOLDS = np.linspace(-4.0, 2.0, 61)
_THRESHOLD_GROUPS = ("icd10cm", "procedures")
_NOTES_PER_BLOCK = 2_000

_WORD = re.compile(r"[a-z0-9]+")
_PARENTHESES = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_SILENT_WORDS = frozenset({"a", "an", "and", "in", "of", "or", "the", "to", "unspecified", "with", "nos", "other"})
_MAX_TERM_WORDS = 12


@dataclass(frozen=True)
class TfidfCoder:
    """A fitted vectoriser, one linear classifier per code, one threshold per group of systems."""

    vectoriser: Any
    codes: tuple[Code, ...]
    weights: NDArray[np.float32]
    offsets: NDArray[np.float32]
    thresholds: NDArray[np.float32]

    def __call__(self, texts: Sequence[str]) -> list[tuple[AnsweredCode, ...]]:
        """Codes of each text whose log-odds pass the threshold, most likely first."""
        answers: list[tuple[AnsweredCode, ...]] = []
        for first in range(0, len(texts), _NOTES_PER_BLOCK):
            scores = self.log_odds(texts[first : first + _NOTES_PER_BLOCK]) - self.thresholds
            for row in scores:
                best = [int(at) for at in np.argsort(-row, kind="stable") if row[at] > 0]
                answers.append(tuple(AnsweredCode(self.codes[at]) for at in best))
        return answers

    def log_odds(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Log-odds per text and code, shape (texts, codes)."""
        return np.asarray(self.vectoriser.transform(texts) @ self.weights + self.offsets, dtype=np.float32)


def train_tfidf(
    training: Sequence[CodedNote], validation: Sequence[CodedNote], seed: int, progress: Progress = SILENT
) -> TfidfCoder:
    """Fit TF-IDF over words and word pairs and one logistic regression per code (one against the rest).

    The classifiers are fitted by stochastic gradient descent with a fixed number of passes: time grows with notes
    times codes, about half a minute of one core for 6,400 notes and 500 codes.

    Raises:
        CorpusError: no code occurs in two training notes.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import SGDClassifier

    codes = codes_to_learn(training)
    vectoriser = TfidfVectorizer(
        ngram_range=(1, 2),
        token_pattern=r"[A-Za-z0-9]+(?:[./%-][A-Za-z0-9]+)*",
        min_df=2 if len(training) > 100 else 1,
        sublinear_tf=True,
        max_features=_MAX_FEATURES,
        dtype=np.float32,
    )
    features = vectoriser.fit_transform([note.text for note in training])
    gold = gold_matrix(training, codes)
    weights = np.zeros((features.shape[1], len(codes)), dtype=np.float32)
    offsets = np.zeros(len(codes), dtype=np.float32)

    def fit(column: int) -> None:
        wanted = gold[:, column]
        if wanted.all():
            offsets[column] = -_THRESHOLDS[0] + 1  # in every training note: always given
            return
        one = SGDClassifier(loss="log_loss", alpha=_REGULARISATION, max_iter=_EPOCHS, tol=None, random_state=seed)
        one.fit(features, wanted)
        weights[:, column], offsets[column] = one.coef_[0], one.intercept_[0]

    label = "TF-IDF baseline: one classifier per code"
    # Each column has its own seed and its own place, so threads do not change the result; the solver frees the lock.
    with progress.task(label, total=len(codes)) as advance, ThreadPoolExecutor(_THREADS) as threads:
        for _ in threads.map(fit, range(len(codes))):
            advance(1)
    unlimited = TfidfCoder(vectoriser, codes, weights, offsets, np.zeros(len(codes), dtype=np.float32))
    return TfidfCoder(vectoriser, codes, weights, offsets, tune_thresholds(unlimited, validation))


def codes_to_learn(training: Sequence[CodedNote]) -> tuple[Code, ...]:
    """The codes that a baseline learns, in order: those gold in at least :data:`MIN_TRAINING_NOTES` training notes.

    Raises:
        CorpusError: there are none.
    """
    counts = Counter(code for note in training for code in {item.code for item in note.gold})
    codes = tuple(sorted(code for code, notes in counts.items() if notes >= MIN_TRAINING_NOTES))
    if not codes:
        raise CorpusError(
            f"no code occurs in {MIN_TRAINING_NOTES} training notes, so the baselines have nothing to learn",
            fix="Use a larger corpus or switch the baselines off",
        )
    return codes


def gold_matrix(notes: Sequence[CodedNote], codes: Sequence[Code]) -> NDArray[np.bool_]:
    """Which codes are gold for which notes, shape (notes, codes)."""
    column_of = {code: column for column, code in enumerate(codes)}
    matrix = np.zeros((len(notes), len(codes)), dtype=bool)
    for row, note in enumerate(notes):
        for item in note.gold:
            if item.code in column_of:
                matrix[row, column_of[item.code]] = True
    return matrix


class ScoringCoder(Protocol):
    """What gives log-odds per text and code."""

    @property
    def codes(self) -> tuple[Code, ...]:
        """Columns of the scores."""
        ...

    def log_odds(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (texts, codes)."""
        ...


def tune_thresholds(coder: ScoringCoder, validation: Sequence[CodedNote]) -> NDArray[np.float32]:
    """One threshold for diagnoses and one for procedures: the best micro F1 on the validation notes."""
    thresholds = np.zeros(len(coder.codes), dtype=np.float32)
    if not validation:
        return thresholds
    scores = coder.log_odds([note.text for note in validation])
    gold = gold_matrix(validation, coder.codes)
    for group in _THRESHOLD_GROUPS:
        columns = np.array([code.system in GROUP_SYSTEMS[group] for code in coder.codes])
        if columns.any():
            best = max(_THRESHOLDS, key=lambda bar, c=columns: _f1(scores[:, c] > bar, gold[:, c]))  # type: ignore[misc]
            thresholds[columns] = best
    return thresholds


def _f1(given: NDArray[np.bool_], gold: NDArray[np.bool_]) -> float:
    decisions = int(given.sum()) + int(gold.sum())
    return 2 * int((given & gold).sum()) / decisions if decisions else 0.0


@dataclass(frozen=True)
class DictionaryCoder:
    """Terms of the code systems, looked up word by word; the longest match wins and uses up its words."""

    terms: Mapping[tuple[str, ...], Code]
    longest: Mapping[str, int]  # first word -> words of the longest term that starts with it

    def __call__(self, texts: Sequence[str]) -> list[tuple[AnsweredCode, ...]]:
        """Codes whose terms stand in each text, in the order of the text."""
        return [self._look_up(text) for text in texts]

    def _look_up(self, text: str) -> tuple[AnsweredCode, ...]:
        words = _words(text)
        found: dict[Code, None] = {}
        at = 0
        while at < len(words):
            for length in range(min(self.longest.get(words[at], 0), len(words) - at), 0, -1):
                code = self.terms.get(tuple(words[at : at + length]))
                if code is not None:
                    found[code] = None
                    at += length
                    break
            else:
                at += 1
        return tuple(AnsweredCode(code) for code in found)


def build_dictionary(systems: CodeSystems) -> DictionaryCoder:
    """Index descriptions and inclusion terms of all billable diagnoses and the descriptions of all procedures.

    Compared are lower-case words without parenthesised text and without words that tell terms apart only on paper
    ("unspecified", "of", ...). A term of several codes goes to the first in code order. No negation, no history: that
    is what makes it a baseline.
    """
    terms: dict[tuple[str, ...], Code] = {}
    for value in systems.icd10cm.billable_codes():
        code = Code("icd10cm", value)
        for term in (systems.icd10cm.description(value), *systems.icd10cm.inclusion_terms(value)):
            _add_term(terms, term, code)
    for code in systems.procedures.codes():
        try:
            _add_term(terms, systems.procedures.description(code.value), code)
        except CodeError:  # a code without description cannot be looked up
            continue
    longest: dict[str, int] = {}
    for words in terms:
        longest[words[0]] = max(longest.get(words[0], 0), len(words))
    return DictionaryCoder(terms, longest)


def _add_term(terms: dict[tuple[str, ...], Code], term: str, code: Code) -> None:
    words = tuple(_words(_PARENTHESES.sub(" ", term)))
    if 0 < len(words) <= _MAX_TERM_WORDS:
        terms.setdefault(words, code)


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.lower()) if word not in _SILENT_WORDS]
