"""The attack behind the gate "membership_inference": scores, thresholds and tests.

The attack is a density ratio, as in DOMIAS (van Breugel, Sun, Qian and van der Schaar, "Membership Inference Attacks
against Synthetic Data through Overfitting Detection", AISTATS 2023): how much closer is the patient to the synthetic
patients than to real patients of whom nothing was learnt? Densities are nearest-neighbour estimates, so the score is
log(distance to the nearest reference patient) - log(distance to the nearest synthetic patient).

Half of the held-out patients serve as the reference for the other half and the other way round, so that every held-out
patient is a non-member once; each member is scored against a half drawn at random.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ghostchart.privacy.membership_features import FeatureSpace, Matrix
from ghostchart.schemas.ehr import EhrTables

_EPSILON = 1e-6

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class AttackScores:
    """Higher means "more likely a member"."""

    members: Scores
    non_members: Scores


class Attack:
    """Distances of every source patient to its reference half and to the synthetic patients, computed once."""

    def __init__(self, train: EhrTables, holdout: EhrTables, synthetic: EhrTables, rng: np.random.Generator) -> None:
        halves = rng.permutation(holdout.n_patients) % 2
        space = FeatureSpace.of([synthetic, holdout])
        self.members, self.held_out = space.matrix(train), space.matrix(holdout)
        self.synthetic = space.matrix(synthetic)
        self.member_half = rng.integers(0, 2, len(self.members))
        self.halves = halves
        self._member_reference = np.zeros(len(self.members))
        self._held_out_reference = np.zeros(len(self.held_out))
        for half in (0, 1):
            reference = self.held_out[halves != half]
            ours, theirs = self.member_half == half, halves == half
            self._member_reference[ours] = nearest(self.members[ours], reference)
            self._held_out_reference[theirs] = nearest(self.held_out[theirs], reference)
        self._member_synthetic = nearest(self.members, self.synthetic)
        self._held_out_synthetic = nearest(self.held_out, self.synthetic)

    def scores(self) -> AttackScores:
        """Members against non-members on the synthetic tables as they are."""
        return AttackScores(
            _ratio(self._member_reference, self._member_synthetic),
            _ratio(self._held_out_reference, self._held_out_synthetic),
        )

    def planted(self, copies: NDArray[np.int64]) -> AttackScores:
        """The same after exact copies of some members joined the synthetic patients; members are those copied, alone."""
        added = self.members[copies]
        member = np.minimum(self._member_synthetic[copies], nearest(self.members[copies], added))
        held_out = np.minimum(self._held_out_synthetic, nearest(self.held_out, added))
        return AttackScores(_ratio(self._member_reference[copies], member), _ratio(self._held_out_reference, held_out))

    def planted_population(self, copies: NDArray[np.int64]) -> AttackScores:
        """As :meth:`planted`, with all members scored: what the gate would see."""
        added = self.members[copies]
        member = np.minimum(self._member_synthetic, nearest(self.members, added))
        held_out = np.minimum(self._held_out_synthetic, nearest(self.held_out, added))
        return AttackScores(_ratio(self._member_reference, member), _ratio(self._held_out_reference, held_out))


def nearest(points: Matrix, others: Matrix, block: int = 512) -> Scores:
    """Euclidean distance of each point to the nearest of the others, in blocks to bound memory; infinity without others."""
    out = np.full(len(points), np.inf)
    if len(others) == 0:
        return out
    squares = (others**2).sum(axis=1)
    for start in range(0, len(points), block):
        rows = points[start : start + block]
        distance = (rows**2).sum(axis=1)[:, None] + squares[None, :] - 2 * rows @ others.T
        out[start : start + block] = np.sqrt(np.maximum(distance.min(axis=1), 0.0))
    return np.where(out < 1e-5, 0.0, out)  # rounding of the expansion above


def _ratio(reference: Scores, synthetic: Scores) -> Scores:
    return np.log(reference + _EPSILON) - np.log(synthetic + _EPSILON)


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
    ranks = [rank for rank in (1, 2, 3, 5, 10) if rank <= m]
    best = 1.0
    for rank in ranks:
        above = int((scores.members > top[rank - 1]).sum())
        drawn = above + rank - 1
        # At least `above` members before the rank-th non-member: fewer than `rank` non-members among the first draws.
        best = min(best, float(hypergeom.cdf(rank - 1, n + m, m, drawn)) if above else 1.0)
    return min(1.0, best * len(ranks))


def roc_points(scores: AttackScores) -> tuple[Scores, Scores]:
    """False- and true-positive rates over all thresholds, from (0, 0) to (1, 1)."""
    cuts = np.unique(np.concatenate([scores.members, scores.non_members]))[::-1]
    members, others = np.sort(scores.members), np.sort(scores.non_members)
    tpr = 1 - np.searchsorted(members, cuts, side="left") / len(members)
    fpr = 1 - np.searchsorted(others, cuts, side="left") / len(others)
    return np.concatenate([[0.0], fpr]), np.concatenate([[0.0], tpr])
