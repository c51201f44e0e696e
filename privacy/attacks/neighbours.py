"""Distances to nearest neighbours, in blocks so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ghostchart.privacy.attacks.features import Matrix

_EPSILON = 1e-6
_BLOCK_ROWS = 512
_BLOCK_CELLS = 1 << 21  # of one block of distances: among very many others fewer points at a time


def squared_distances(points: Matrix, others: Matrix) -> Iterator[tuple[slice, Matrix]]:
    """Squared Euclidean distances of a block of points to all others, block after block; rounding noise becomes 0."""
    squares = (others**2).sum(axis=1)
    block = min(_BLOCK_ROWS, max(1, _BLOCK_CELLS // max(1, len(others))))
    for start in range(0, len(points), block):
        rows = points[start : start + block]
        distance = (rows**2).sum(axis=1)[:, None] + squares[None, :]
        distance -= 2 * rows @ others.T  # in place: one array less at the peak, the same numbers
        distance[distance < 1e-10] = 0.0
        yield slice(start, start + len(rows)), distance


def nearest(points: Matrix, others: Matrix) -> NDArray[np.float64]:
    """Euclidean distance of each point to the nearest of the others; infinity without others."""
    out = np.full(len(points), np.inf)
    if len(others):
        for rows, distance in squared_distances(points, others):
            out[rows] = np.sqrt(distance.min(axis=1))
    return out


def nearest_places(points: Matrix, others: Matrix, k: int) -> NDArray[np.int64]:
    """Places of the ``k`` nearest of the others, nearest first; points x k."""
    out = np.zeros((len(points), k), dtype=np.int64)
    for rows, distance in squared_distances(points, others):
        found = np.argpartition(distance, k - 1, axis=1)[:, :k]
        order = np.argsort(np.take_along_axis(distance, found, axis=1), axis=1, kind="stable")
        out[rows] = np.take_along_axis(found, order, axis=1)
    return out


def log_ratio(reference: NDArray[np.float64], synthetic: NDArray[np.float64]) -> NDArray[np.float64]:
    """log(distance to the reference) - log(distance to the synthetic patients): high where synthetic is nearer."""
    return np.asarray(np.log(reference + _EPSILON) - np.log(synthetic + _EPSILON))
