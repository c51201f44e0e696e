"""How sure a trained model must be of a code for it to count: chosen on validation notes, one value per group of codes.

Greedy answers hold every code that was at its place the likeliest, however unlikely: the F1 of many labels is best with a
threshold below which none counts (Lipton, Elkan and Narayanaswamy 2014, arXiv:1402.1892). The baselines that learn choose theirs on the
validation split; trained models do the same here. Test notes play no part, and the F1 of every code named is given
beside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ghostchart.evaluate.metrics import GROUP_SYSTEMS
from ghostchart.evaluate.notes import CodedNote
from ghostchart.evaluate.prediction_files import Predicted
from ghostchart.schemas.codes import Code

TUNED_GROUPS = ("icd10cm", "procedures")
_STEP = 0.01
_STEPS = 60  # beyond 0.6 no threshold is best: at the best one, a code is about half as likely right as F1 is high

Least = Mapping[str, float]
"""Group -> least confidence in [0, 1]; codes of other groups always count."""


def choose_least_confidence(notes: Sequence[CodedNote], by_note: Mapping[str, Predicted]) -> dict[str, float]:
    """The least confidence per group with the best micro F1 on ``notes``; the lowest of several, 0 where nothing helps.

    Predictions without confidence choose 0.
    """
    return {group: _best(notes, by_note, GROUP_SYSTEMS[group]) for group in TUNED_GROUPS}


def _best(notes: Sequence[CodedNote], by_note: Mapping[str, Predicted], systems: frozenset[str]) -> float:
    sure: list[float] = []  # of each code named, the surest mention
    right: list[bool] = []
    n_gold = 0
    for note in notes:
        gold = {item.code for item in note.gold if item.code.system in systems}
        n_gold += len(gold)
        one = by_note[note.note_id]
        if one.confidence is None:
            return 0.0
        named: dict[Code, float] = {}
        for item, confidence in zip(one.codes, one.confidence, strict=True):
            if item.code.system in systems:
                named[item.code] = max(confidence, named.get(item.code, 0.0))
        sure += named.values()
        right += [code in gold for code in named]
    confidences, is_right = np.array(sure), np.array(right, dtype=np.bool_)
    bars = np.arange(_STEPS + 1) * _STEP
    scores = [_f1(is_right[confidences >= bar], n_gold) for bar in bars]
    return round(float(bars[int(np.argmax(scores))]), 2)


def _f1(right_of_given: NDArray[np.bool_], n_gold: int) -> float:
    decisions = len(right_of_given) + n_gold
    return 2 * float(right_of_given.sum()) / decisions if decisions else 0.0


def only_sure(one: Predicted, least: Least) -> Predicted:
    """The codes a model is sure enough of; the others go to ``unsure`` with their confidence."""
    if one.confidence is None:
        return one
    bar_of = {system: least.get(group, 0.0) for group in TUNED_GROUPS for system in GROUP_SYSTEMS[group]}
    pairs = list(zip(one.codes, one.confidence, strict=True))
    sure = [confidence >= bar_of.get(item.code.system, 0.0) for item, confidence in pairs]
    kept = [pair for pair, is_sure in zip(pairs, sure, strict=True) if is_sure]
    unsure = tuple(pair for pair, is_sure in zip(pairs, sure, strict=True) if not is_sure)
    return replace(
        one, codes=tuple(item for item, _ in kept), confidence=tuple(number for _, number in kept), unsure=unsure
    )
