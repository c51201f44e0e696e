"""Many small ridge logistic regressions, without leaving NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def chance(log_odds: Floats) -> Floats:
    """Inverse logit, safe for large arguments."""
    result: Floats = 1.0 / (1.0 + np.exp(-np.clip(log_odds, -30, 30)))
    return result


def fit_logistic(features: Floats, outcome: Floats, ridge: float = 1.0, rounds: int = 8) -> Floats:
    """Weights of a ridge logistic regression; column 0 must be the constant, which is not shrunk.

    Newton steps with halving when a step overshoots.
    """
    n_features = features.shape[1]
    weights = np.zeros(n_features)
    share = (outcome.sum() + 0.5) / (len(outcome) + 1)
    weights[0] = np.log(share / (1 - share))
    penalty = np.full(n_features, ridge)
    penalty[0] = 1e-3

    def loss(candidate: Floats) -> float:
        linear = np.clip(features @ candidate, -30, 30)
        return float(np.logaddexp(0, linear).sum() - outcome @ linear + 0.5 * penalty @ candidate**2)

    best = loss(weights)
    for _ in range(rounds):
        fitted = chance(features @ weights)
        gradient = features.T @ (outcome - fitted) - penalty * weights
        spread = fitted * (1 - fitted)
        hessian = (features * spread[:, None]).T @ features + np.diag(penalty)
        step = np.linalg.solve(hessian, gradient)
        for _ in range(5):
            now = loss(weights + step)
            if now <= best + 1e-9:
                break
            step = step / 2
        else:
            break
        weights = weights + step
        if best - now < 1e-4 * len(outcome) ** 0.5:
            break
        best = now
    return weights


def mutual_information(features: NDArray[np.bool_], outcomes: NDArray[np.bool_]) -> Floats:
    """Mutual information in nats between every feature and every outcome (features x outcomes)."""
    n = len(features)
    x, y = features.astype(np.float32), outcomes.astype(np.float32)
    both = (x.T @ y).astype(np.float64)
    nx, ny = x.sum(axis=0, dtype=np.float64)[:, None], y.sum(axis=0, dtype=np.float64)[None, :]
    total = np.zeros_like(both)
    for cell, row, column in (
        (both, nx, ny),
        (nx - both, nx, n - ny),
        (ny - both, n - nx, ny),
        (n - nx - ny + both, n - nx, n - ny),
    ):
        with np.errstate(divide="ignore", invalid="ignore"):
            total += np.where(cell > 0, cell / n * np.log(cell * n / (row * column)), 0.0)
    return total


def distinct_pairs(features: NDArray[np.bool_], outcomes: NDArray[np.bool_], patients: Ints) -> Floats:
    """Number of distinct patients in whom feature and outcome are true in the same row (features x outcomes).

    ``patients`` must be sorted.
    """
    if len(patients) == 0:
        return np.zeros((features.shape[1], outcomes.shape[1]))
    found = np.zeros((features.shape[1], outcomes.shape[1]))
    for j in range(outcomes.shape[1]):
        rows = np.flatnonzero(outcomes[:, j])
        if not len(rows):
            continue
        whose = patients[rows]
        first = np.flatnonzero(np.r_[True, whose[1:] != whose[:-1]])
        found[:, j] = np.maximum.reduceat(features[rows].astype(np.int8), first, axis=0).sum(axis=0, dtype=np.int64)
    return found
