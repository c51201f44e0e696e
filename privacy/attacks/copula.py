"""Likelihood-ratio attack by somebody who knows that the generator is a Gaussian copula.

A copula is its marginal distributions and the correlations of its normal scores. The attacker estimates both from the
synthetic patients and from reference patients and asks under which of the two a target is likelier (the ratio test of
Homer et al., PLoS Genetics 2008, with a copula in place of independent markers).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ghostchart.privacy.attacks.features import Matrix

_COLUMNS = 60
_BINS = 20


@dataclass(frozen=True)
class Marginals:
    """Sorted values of each column of one sample, for normal scores and back.

    Attributes:
        columns: which columns of the feature space are modelled: those that vary most.
        ordered: sample x columns, each column sorted.
    """

    columns: NDArray[np.int64]
    ordered: Matrix

    @classmethod
    def of(cls, sample: Matrix) -> Marginals:
        """Of the columns with the largest variance; constant ones are left out."""
        spread = sample.std(axis=0)
        ranked = np.argsort(-spread, kind="stable")[:_COLUMNS]
        columns = np.sort(ranked[spread[ranked] > 1e-9])
        return cls(columns, np.sort(sample[:, columns], axis=0))

    def normal_scores(self, points: Matrix) -> Matrix:
        """Mid-ranks in the sample as standard normal scores; points x columns."""
        from scipy.special import ndtri

        n = len(self.ordered)
        scores = np.empty((len(points), len(self.columns)))
        for place, column in enumerate(self.columns):
            values, ordered = points[:, column], self.ordered[:, place]
            low, high = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
            scores[:, place] = ndtri((low + high + 1) / (2 * n + 2))
        return scores

    def values(self, scores: Matrix) -> Matrix:
        """The way back: quantiles of the sample at the scores; points x columns."""
        from scipy.special import ndtr

        n = len(self.ordered)
        rank = np.minimum((ndtr(scores) * n).astype(np.int64), n - 1)
        return np.take_along_axis(self.ordered, rank, axis=0)


@dataclass(frozen=True)
class GaussianCopula:
    """Correlations of normal scores, shrunk towards independence."""

    correlation: Matrix
    inverse: Matrix
    log_determinant: float

    @classmethod
    def fit(cls, scores: Matrix) -> GaussianCopula:
        """From normal scores; shrinkage falls with the number of rows (columns / rows, at most a half)."""
        n, d = scores.shape
        spread = scores.std(axis=0)
        scaled = (scores - scores.mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0)
        weight = min(0.5, max(0.02, d / n))
        correlation = (1 - weight) * (scaled.T @ scaled) / n + weight * np.eye(d)
        np.fill_diagonal(correlation, 1.0)
        return cls(correlation, np.linalg.inv(correlation), float(np.linalg.slogdet(correlation)[1]))

    def log_density(self, scores: Matrix) -> NDArray[np.float64]:
        """Log of the copula density (relative to independence) at each row of normal scores."""
        quadratic = np.einsum("ij,jk,ik->i", scores, self.inverse - np.eye(len(self.inverse)), scores, optimize=True)
        return np.asarray(-0.5 * (quadratic + self.log_determinant))

    def sample(self, n: int, rng: np.random.Generator) -> Matrix:
        """``n`` rows of normal scores."""
        return rng.standard_normal((n, len(self.correlation))) @ np.linalg.cholesky(self.correlation).T


def copula_likelihood_ratio(
    targets: Matrix, reference: Matrix, synthetic: Matrix, _rng: np.random.Generator
) -> NDArray[np.float64]:
    """Log likelihood under the synthetic patients' copula minus that under the reference patients'."""
    marginals = Marginals.of(np.vstack([reference, synthetic]))
    scored = [marginals.normal_scores(part) for part in (targets, reference, synthetic)]
    ratio = GaussianCopula.fit(scored[2]).log_density(scored[0]) - GaussianCopula.fit(scored[1]).log_density(scored[0])
    return ratio + _marginal_ratio(*(part[:, marginals.columns] for part in (targets, reference, synthetic)))


def _marginal_ratio(targets: Matrix, reference: Matrix, synthetic: Matrix) -> NDArray[np.float64]:
    """Sum over columns of the log ratio of histogram densities, one count added to each bin."""
    total = np.zeros(len(targets))
    for place in range(targets.shape[1]):
        pool = np.concatenate([reference[:, place], synthetic[:, place]])
        edges = np.unique(np.quantile(pool, np.linspace(0, 1, _BINS + 1)[1:-1]))
        cells = [np.searchsorted(edges, part[:, place], "right") for part in (targets, reference, synthetic)]
        counts = [np.bincount(cell, minlength=len(edges) + 1) + 1.0 for cell in cells[1:]]
        total += np.log(counts[1] / counts[1].sum())[cells[0]] - np.log(counts[0] / counts[0].sum())[cells[0]]
    return total
