"""One small interface for whatever learns a table of scores, and the control that learns each column alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ghostchart.schemas.canonical import generator
from ghostchart.schemas.config import EhrModelKind
from ghostchart.synth.ehr_model.sdv_tables import learn_sdv_table

Floats = NDArray[np.float64]


class TableModel(Protocol):
    """A learned table; picklable."""

    columns: tuple[str, ...]

    def sample(self, n_rows: int, seed: np.random.SeedSequence) -> Floats:
        """Draw ``n_rows`` x columns of scores; the same seed gives the same numbers, another seed others."""
        ...


class IndependentTable:
    """Every column alone: the scores are standard normal, so there is nothing to learn but the names."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self.columns = columns

    def sample(self, n_rows: int, seed: np.random.SeedSequence) -> Floats:
        """Independent standard normal scores."""
        return generator(seed).standard_normal((n_rows, len(self.columns)))


def learn_table(
    kind: EhrModelKind, columns: Mapping[str, Floats], cuts: Mapping[str, Floats], seed: np.random.SeedSequence
) -> TableModel:
    """Learn a table of scores.

    Args:
        kind: "gaussian-copula", "ctgan" and "tvae" are SDV's; "independent" is the control.
        columns: name -> nearly standard normal scores, all of one length of at least 2, finite.
        cuts: name -> cuts of the score between the levels of a discrete column; other columns are continuous.
        seed: stream for whatever is drawn while fitting.
    """
    if kind == "independent":
        return IndependentTable(tuple(columns))
    return learn_sdv_table(kind, columns, cuts, seed)
