"""Density-ratio attacks: is a patient likelier under the synthetic population than under patients nobody learnt from?

Source: van Breugel, Sun, Qian and van der Schaar, "Membership Inference Attacks against Synthetic Data through
Overfitting Detection" (DOMIAS), AISTATS 2023. Two estimates of density: kernels on the leading axes, which see broad
overfitting, and the nearest neighbour in the whole space, which sees copies.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ghostchart.privacy.attacks.features import Matrix
from ghostchart.privacy.attacks.neighbours import log_ratio, nearest, squared_distances

_AXES = 8
_FLOOR = 1e-300


def kernel_density_ratio(
    targets: Matrix, reference: Matrix, synthetic: Matrix, _rng: np.random.Generator
) -> NDArray[np.float64]:
    """Gaussian kernels with Scott's bandwidth on the eight leading principal axes of reference and synthetic patients."""
    pool = np.vstack([reference, synthetic])
    centre = pool.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(pool - centre, rowvar=False))
    leading = np.argsort(values)[::-1][:_AXES]
    axes = vectors[:, leading] / np.sqrt(np.maximum(values[leading], 1e-12))
    turned = [(part - centre) @ axes for part in (targets, reference, synthetic)]
    return _log_density(turned[0], turned[2]) - _log_density(turned[0], turned[1])


def _log_density(points: Matrix, sample: Matrix) -> NDArray[np.float64]:
    n, d = sample.shape
    bandwidth = n ** (-1 / (d + 4))
    out = np.zeros(len(points))
    for rows, distance in squared_distances(points, sample):
        exponent = -distance / (2 * bandwidth**2)
        peak = exponent.max(axis=1)
        total = np.exp(exponent - peak[:, None]).sum(axis=1)
        out[rows] = peak + np.log(np.maximum(total, _FLOOR)) - np.log(n) - d * np.log(bandwidth)
    return out


def nearest_neighbour_ratio(
    targets: Matrix, reference: Matrix, synthetic: Matrix, _rng: np.random.Generator
) -> NDArray[np.float64]:
    """log(distance to the nearest reference patient) - log(distance to the nearest synthetic patient)."""
    return log_ratio(nearest(targets, reference), nearest(targets, synthetic))
