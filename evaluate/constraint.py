"""Holds a model to valid answers: which tokens may come next, whatever the tokenizer.

A token is allowed where its characters lead through the grammar (:mod:`ghostchart.evaluate.answer_grammar`). The allowed
tokens of a place are found once, by walking the vocabulary as a prefix tree, and kept: answers pass through few places.

The confidence of a code is the product of the probabilities of the tokens that wrote it, each among the tokens allowed
at its place.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ghostchart.evaluate.answer_grammar import AnswerGrammar, Place

_IDS = ""  # key of a node's own tokens: no character is empty


class AnswerConstraint:
    """A grammar spelled in the tokens of one tokenizer.

    Args:
        grammar: the valid answers.
        texts: text of each token by id; None for tokens that must never be chosen (special ones, bytes of characters).
        end_ids: tokens that end an answer.
        head_ids: tokens of the first label, which every answer begins with: put behind the prompt, never predicted.
    """

    def __init__(
        self, grammar: AnswerGrammar, texts: Sequence[str | None], end_ids: Iterable[int], head_ids: Sequence[int]
    ) -> None:
        self.grammar = grammar
        self.head_ids = tuple(head_ids)
        self.end_ids = frozenset(end_ids)
        self._texts = texts
        self._tree = _prefix_tree(texts, grammar.alphabet)
        self._allowed: dict[Place, NDArray[np.int64]] = {}
        self._head = grammar.labels[0].rstrip()

    def begin(self) -> Walk:
        """A walk that stands behind the first label."""
        walk = Walk(self)
        for char in self._head:
            walk.write(char)
        return walk

    def allowed(self, place: Place) -> NDArray[np.int64]:
        """Ids of the tokens that may follow at a place, ascending."""
        found = self._allowed.get(place)
        if found is None:
            ids = list(self._reachable(self._tree, place))
            if self.grammar.may_end(place):
                ids += self.end_ids
            found = self._allowed[place] = np.array(sorted(set(ids)), dtype=np.int64)
        return found

    def text(self, token: int) -> str:
        """What a token writes."""
        return self._texts[token] or ""

    def _reachable(self, node: dict[str, Any], place: Place) -> Iterator[int]:
        for char, below in node.items():
            if char == _IDS:
                yield from below
                continue
            after = self.grammar.step(place, char)
            if after is not None:
                yield from self._reachable(below, after)


class Walk:
    """One answer on its way through the grammar.

    Attributes:
        text: the answer so far, first label included.
        is_over: whether nothing may follow.
    """

    def __init__(self, constraint: AnswerConstraint) -> None:
        self._constraint = constraint
        self._grammar = constraint.grammar
        self._place = self._grammar.start
        self._whole = 0  # length of the text up to the last place where nothing is half written
        self._log_chance = 0.0  # of the code being written
        self._token_log_chance: float | None = None  # of the token being followed, until a character of a code takes it
        self._confidence: dict[str, float] = {}
        self.text = ""
        self.is_over = False

    @property
    def confidence(self) -> dict[str, float]:
        """Confidence in [0, 1] of each whole code answered so far, as it was written first."""
        found = dict(self._confidence)
        if self._place.kind == "item" and self._grammar.stands(self._place):
            found.setdefault(self._place.typed, math.exp(self._log_chance))
        return found

    @property
    def sound_text(self) -> str:
        """The answer without a code that was cut off in the middle."""
        return self.text[: self._whole]

    def allowed(self) -> NDArray[np.int64]:
        """Tokens that may follow, ascending."""
        return self._constraint.allowed(self._place)

    def choose(self, ids: NDArray[np.int64], scores: NDArray[np.float32]) -> int | None:
        """Follow the token of the highest score; None, and the walk is over, where there is none.

        Args:
            ids: from :meth:`allowed`.
            scores: logits, one per id.
        """
        if len(ids) == 0:
            self.is_over = True
            return None
        best = int(scores.argmax())
        token = int(ids[best])
        if token in self._constraint.end_ids:
            self.is_over = True
            return token
        self._token_log_chance = -float(np.log(np.exp(scores - scores[best]).sum()))
        for char in self._constraint.text(token):
            self.write(char)
        return token

    def write(self, char: str) -> bool:
        """Add one character; False where no valid answer goes on like that."""
        place = self._place
        after = self._grammar.step(place, char)
        if after is None:
            return False
        if place.kind == "item" and after.kind != "item":
            self._confidence.setdefault(place.typed, math.exp(self._log_chance))
            self._log_chance = 0.0
        elif after.kind == "item" and after.typed and self._token_log_chance is not None:
            self._log_chance += self._token_log_chance
            self._token_log_chance = None
        self._place, self.text = after, self.text + char
        if after.kind in ("label", "first", "between", "end") or self._grammar.stands(after):
            self._whole = len(self.text)
        self.is_over = after.kind == "end"
        return True


def token_texts(tokenizer: Any, size: int) -> list[str | None]:
    """What each token writes in the middle of a text, by id; None for special tokens and ids without a token.

    Decoded behind another token, because some tokenizers drop a blank at the head of a text.

    Args:
        tokenizer: any Hugging Face tokenizer.
        size: rows of the model's output layer; tokens beyond it cannot be predicted.
    """
    anchor = tokenizer.encode("0", add_special_tokens=False)[-1:]
    count = min(size, len(tokenizer))
    options = {"skip_special_tokens": False, "clean_up_tokenization_spaces": False}
    head = tokenizer.decode(anchor, **options)
    special = set(tokenizer.all_special_ids)
    texts = tokenizer.batch_decode([[*anchor, token] for token in range(count)], **options)
    return [
        text[len(head) :] if token not in special and text.startswith(head) else None
        for token, text in enumerate(texts)
    ]


def _prefix_tree(texts: Sequence[str | None], alphabet: frozenset[str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for token, text in enumerate(texts):
        if not text or not alphabet.issuperset(text):
            continue
        node = tree
        for char in text:
            node = node.setdefault(char, {})
        node.setdefault(_IDS, []).append(token)
    return tree
