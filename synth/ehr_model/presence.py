"""Whether an item (procedure, drug, measurement) is there, given what is known of the row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ghostchart.synth.ehr_model.logistic import chance, distinct_pairs, fit_logistic, mutual_information

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Presence:
    """Independent logistic regressions of items on yes/no features.

    Attributes:
        weights: (1 + features) x items, the constant first; zero where a feature is not used.
    """

    weights: Floats

    def chances(self, features: Flags) -> Floats:
        """Rows x items."""
        return chance(self.weights[0] + features.astype(np.float64) @ self.weights[1:])


def telling(features: Flags, outcomes: Flags, patients: Ints, k_min: int) -> Floats:
    """Mutual information of features and items (features x items); 0 where a pair is shared by some, but fewer than ``k_min``.

    A weight on such a pair would say that it exists. ``patients`` must be sorted.
    """
    shared = distinct_pairs(features, outcomes, patients)
    told: Floats = np.where((shared > 0) & (shared < k_min), 0.0, mutual_information(features, outcomes))
    return told


def learn_presence(
    features: Flags, outcomes: Flags, patients: Ints, k_min: int, most: int = 14, ridge: float = 0.7
) -> Presence:
    """Fit each item on its ``most`` most telling features; ``patients``, by row, must be sorted."""
    weights = np.zeros((1 + features.shape[1], outcomes.shape[1]))
    if outcomes.shape[1] == 0:
        return Presence(weights)
    told = telling(features, outcomes, patients, k_min)
    for item in range(outcomes.shape[1]):
        best = np.sort(np.argsort(-told[:, item], kind="stable")[:most])
        best = best[told[best, item] > 2.0 / len(features)]
        design = np.hstack([np.ones((len(features), 1)), features[:, best]])
        found = fit_logistic(design, outcomes[:, item].astype(float), ridge=ridge)
        weights[0, item] = found[0]
        weights[1 + best, item] = found[1:]
    return Presence(weights)


@dataclass(frozen=True)
class Chain:
    """Items drawn one after the other for each row, each given the features and the items before it."""

    order: NDArray[np.int64]
    weights: Floats  # (1 + features + items) x items

    def draw(self, features: Flags, rng: np.random.Generator) -> Flags:
        """Rows x items."""
        n, n_items = len(features), self.weights.shape[1]
        base = self.weights[0] + features.astype(np.float64) @ self.weights[1 : 1 + features.shape[1]]
        among = self.weights[1 + features.shape[1] :]
        drawn = np.zeros((n, n_items), dtype=bool)
        for item in self.order.tolist():
            used = np.flatnonzero(among[:, item])
            log_odds = base[:, item] + drawn[:, used] @ among[used, item]
            drawn[:, item] = rng.random(n) < chance(log_odds)
        return drawn


def learn_chain(features: Flags, outcomes: Flags, k_min: int, most: int = 14, ridge: float = 0.7) -> Chain:
    """Fit items in order of frequency, a row a patient; only items earlier in that order serve as features."""
    order = np.argsort(-outcomes.sum(axis=0), kind="stable").astype(np.int64)
    n_features, n_items = features.shape[1], outcomes.shape[1]
    weights = np.zeros((1 + n_features + n_items, n_items))
    known = np.hstack([features, outcomes])
    told = telling(known, outcomes, np.arange(len(known)), k_min) if n_items else np.zeros((n_features, 0))
    for position, item in enumerate(order.tolist()):
        usable = np.r_[np.arange(n_features), n_features + order[:position]]
        best = usable[np.argsort(-told[usable, item], kind="stable")[:most]]
        best = best[told[best, item] > 2.0 / len(features)]
        design = np.hstack([np.ones((len(features), 1)), known[:, best]])
        found = fit_logistic(design, outcomes[:, item].astype(float), ridge=ridge)
        weights[0, item] = found[0]
        weights[1 + best, item] = found[1:]
    return Chain(order, weights)
