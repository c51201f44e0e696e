"""Exact copies: do synthetic patients equal training patients more often than different real patients equal each other?

An attack ranks patients, and one held-out patient in five bounds what any ranking can prove about a handful of copies. Pairs
say more: two different people whose records agree in every number compared are the measure of coincidence, and there are
millions of such pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ghostchart.privacy.attacks.features import Matrix

_DECIMALS = 6


@dataclass(frozen=True)
class VerbatimCopies:
    """Pairs of equal records.

    Attributes:
        copied: places of the members that some synthetic patient equals.
        equal_real: pairs of different real patients with equal records.
        pairs, pairs_real: pairs compared, member with synthetic and real with real.
        p_value: chance of so many equal pairs if synthetic patients were no likelier to equal members than other people are.
    """

    copied: NDArray[np.int64]
    equal_pairs: int
    equal_real: int
    pairs: int
    pairs_real: int
    p_value: float


def find_copies(members: Matrix, held_out: Matrix, synthetic: Matrix, n_released: int | None = None) -> VerbatimCopies:
    """Compare all records for equality.

    Members equal to several synthetic patients count once, so that one frequent coincidence is not many: the test is on
    members, and on pairs of real patients in the same way (members that equal another real patient).

    ``n_released``: synthetic patients in all, where ``synthetic`` holds of each member at least the nearest of them.
    """
    numbers: dict[bytes, int] = {}
    whole = np.round(np.vstack([members, held_out, synthetic]), _DECIMALS) + 0.0  # + 0.0 makes -0.0 and 0.0 one
    kind = np.array([numbers.setdefault(row.tobytes(), len(numbers)) for row in whole], dtype=np.int64)
    n, m = len(members), len(held_out)
    ours, theirs, made = kind[:n], kind[n : n + m], kind[n + m :]
    in_synthetic = np.isin(ours, made)
    real = np.bincount(np.concatenate([ours, theirs]), minlength=len(numbers))
    twins = int((real[ours] > 1).sum())
    # A member is compared with every synthetic patient, and with every other real patient.
    pairs, pairs_real = (len(made) if n_released is None else n_released) * n, (n + m - 1) * n
    return VerbatimCopies(
        copied=np.flatnonzero(in_synthetic),
        equal_pairs=int(in_synthetic.sum()),
        equal_real=twins,
        pairs=pairs,
        pairs_real=pairs_real,
        p_value=_p_value(int(in_synthetic.sum()), twins, pairs / (pairs + pairs_real)),
    )


def _p_value(found: int, coincidences: int, share: float) -> float:
    """One-sided conditional test of two Poisson rates (Przyborowski and Wilenski, 1940)."""
    from scipy.stats import binom

    return float(binom.sf(found - 1, found + coincidences, share)) if found else 1.0
