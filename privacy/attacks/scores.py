"""Scores of a membership attack and what is read from them: thresholds, exact tests, ROC points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
TAIL_RANKS = (1, 2, 3, 5, 10)


@dataclass(frozen=True)
class AttackScores:
    """One number per patient; higher means "more likely a member"."""

    members: Scores
    non_members: Scores


def threshold_at(non_members: Scores, fpr: float) -> float | None:
    """The score that at most ``fpr`` of the non-members exceed; None where 1/n is coarser than ``fpr``."""
    allowed = int(np.floor(fpr * len(non_members) + 1e-9))
    if allowed < 1:
        return None
    return float(np.sort(non_members)[::-1][allowed])


def caught(scores: AttackScores, fpr: float) -> int | None:
    """Members above the threshold for this false-positive rate."""
    threshold = threshold_at(scores.non_members, fpr)
    return None if threshold is None else int((scores.members > threshold).sum())


def tail_p_value(scores: AttackScores) -> float:
    """Chance that members crowd the very top as they do if membership made no difference.

    For each of the 1, 2, 3, 5 and 10 highest non-members, the number of members above it is compared with its exact
    (negative hypergeometric) distribution; the smallest p-value times five (Bonferroni). Ties count for the non-members.
    Sees a few verbatim copies that an AUC cannot.
    """
    from scipy.stats import hypergeom

    n, m = len(scores.members), len(scores.non_members)
    top = np.sort(scores.non_members)[::-1]
    ranks = [rank for rank in TAIL_RANKS if rank <= m]
    best = 1.0
    for rank in ranks:
        above = int((scores.members > top[rank - 1]).sum())
        drawn = above + rank - 1
        # At least `above` members before the rank-th non-member: fewer than `rank` non-members among the first draws.
        best = min(best, float(hypergeom.cdf(rank - 1, n + m, m, drawn)) if above else 1.0)
    return min(1.0, best * len(ranks))


def rank_p_value(scores: AttackScores) -> float:
    """One-sided p-value of members scoring above non-members (Mann-Whitney, normal approximation with ties)."""
    from scipy.stats import mannwhitneyu

    if not len(scores.members) or not len(scores.non_members):
        return 1.0
    return float(mannwhitneyu(scores.members, scores.non_members, alternative="greater", method="asymptotic").pvalue)


def roc_points(scores: AttackScores) -> tuple[Scores, Scores]:
    """False- and true-positive rates over all thresholds, from (0, 0) to (1, 1)."""
    cuts = np.unique(np.concatenate([scores.members, scores.non_members]))[::-1]
    members, others = np.sort(scores.members), np.sort(scores.non_members)
    tpr = 1 - np.searchsorted(members, cuts, side="left") / len(members)
    fpr = 1 - np.searchsorted(others, cuts, side="left") / len(others)
    return np.concatenate([[0.0], fpr]), np.concatenate([[0.0], tpr])


def advantage(scores: AttackScores) -> float:
    """Largest TPR - FPR over all thresholds (Yeom et al., "Privacy Risk in Machine Learning", 2018)."""
    x, y = roc_points(scores)
    return float(np.max(y - x))
