"""Each attack by itself: blind on clean data, sharp on what it was made for, and by hand where a hand suffices."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from ghostchart.privacy.attacks.catalogue import ATTACKS
from ghostchart.privacy.attacks.copula import GaussianCopula, Marginals
from ghostchart.privacy.attacks.differences import Tally, difference_interval
from ghostchart.privacy.attacks.neighbours import nearest, nearest_places, squared_distances
from ghostchart.privacy.attacks.populations import Method
from ghostchart.privacy.attacks.verbatim import find_copies
from ghostchart.schemas.measures import auc

COLUMNS = 12


def people(n: int, seed: int) -> np.ndarray:
    """Correlated numbers, then flags that hang on them."""
    rng = np.random.default_rng(seed)
    common = rng.standard_normal((n, 1))
    numbers = 0.6 * common + 0.8 * rng.standard_normal((n, 5))
    flags = (0.8 * common + rng.standard_normal((n, COLUMNS - 5)) > 0.9) * 0.7
    return np.hstack([numbers, flags])


@pytest.mark.parametrize("method", [attack.method for attack in ATTACKS], ids=[attack.name for attack in ATTACKS])
def test_attack_is_blind_on_strangers_and_repeats(method: Method) -> None:
    targets, reference, synthetic = people(600, 1), people(300, 2), people(500, 3)
    first, again = (method(targets, reference, synthetic, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first, again)
    assert np.isfinite(first).all()
    assert abs(auc(first[:300], first[300:]) - 0.5) < 0.08


@pytest.mark.parametrize("method", [attack.method for attack in ATTACKS], ids=[attack.name for attack in ATTACKS])
def test_attack_sees_a_generator_that_returns_its_training_patients(method: Method) -> None:
    members, others, reference = people(150, 1), people(150, 4), people(300, 2)
    targets = np.vstack([members, others])
    scores = method(targets, reference, members, np.random.default_rng(5))
    assert auc(scores[:150], scores[150:]) > 0.6


def test_copula_keeps_correlations_and_marginals() -> None:
    sample = people(3000, 1)
    marginals = Marginals.of(sample)
    copula = GaussianCopula.fit(marginals.normal_scores(sample))
    made = marginals.values(copula.sample(3000, np.random.default_rng(2)))
    assert np.abs(made.mean(axis=0) - sample[:, marginals.columns].mean(axis=0)).max() < 0.06
    assert np.corrcoef(made[:, 0], made[:, 1])[0, 1] == pytest.approx(
        np.corrcoef(sample[:, 0], sample[:, 1])[0, 1], abs=0.06
    )


def test_copula_density_by_hand() -> None:
    """Two normal scores with correlation r at (a, b): the bivariate normal density over the product of its margins."""
    from scipy.stats import multivariate_normal, norm

    r, a, b = 0.5, 0.3, -1.2
    matrix = np.array([[1, r], [r, 1]])
    copula = GaussianCopula(matrix, np.linalg.inv(matrix), float(np.log(np.linalg.det(matrix))))
    expected = multivariate_normal([0, 0], matrix).logpdf([a, b]) - norm.logpdf(a) - norm.logpdf(b)
    assert copula.log_density(np.array([[a, b]]))[0] == pytest.approx(expected)


def test_equal_records_by_hand() -> None:
    members = np.array([[1.0, 0.0], [2.0, 0.0], [3.0, 1.0], [3.0, 1.0]])
    held_out = np.array([[2.0, 0.0], [9.0, 9.0]])
    found = find_copies(members, held_out, np.array([[1.0, -0.0], [1.0, 0.0], [7.0, 7.0]]))
    assert found.copied.tolist() == [0]
    assert found.equal_pairs == 1  # once, though two synthetic patients equal it
    assert found.equal_real == 3  # one member equals a held-out patient, two equal each other
    assert (found.pairs, found.pairs_real) == (12, 20)
    # One of four coincidences fell to the synthetic side; its share of the comparisons is 12 / 32.
    assert found.p_value == pytest.approx(1 - (1 - 12 / 32) ** 4)
    assert find_copies(members, held_out, held_out[1:]).p_value == 1.0


def test_nearest_places_by_hand() -> None:
    others = np.array([[0.0], [10.0], [4.0], [5.0]])
    assert nearest_places(np.array([[4.4], [9.0]]), others, 2).tolist() == [[2, 3], [1, 3]]


def test_difference_of_shares_against_newcombes_table() -> None:
    """Newcombe (Statistics in Medicine 1998), table II: 56/70 against 48/80, method 10."""
    low, high = difference_interval(Tally(56, 70), Tally(48, 80), 0.95)
    assert (low, high) == (pytest.approx(0.0524, abs=1e-4), pytest.approx(0.3339, abs=1e-4))


def test_neighbours_among_very_many_come_in_smaller_blocks() -> None:
    """The block shrinks so that its memory does not grow with the others; what is found is the same."""
    rng = np.random.default_rng(3)
    points, others = rng.standard_normal((1000, 3)), rng.standard_normal((12_000, 3))
    blocks = [(rows, distance.nbytes) for rows, distance in squared_distances(points, others)]
    assert [rows.start for rows, _ in blocks] == [0, *(rows.stop for rows, _ in blocks[:-1])]
    assert blocks[-1][0].stop == 1000 and len(blocks) == 6
    assert max(size for _, size in blocks) <= (1 << 21) * 8
    tree = cKDTree(others)
    np.testing.assert_allclose(nearest(points, others), tree.query(points)[0], atol=1e-9)
    np.testing.assert_array_equal(nearest_places(points, others, 4), tree.query(points, 4)[1])
