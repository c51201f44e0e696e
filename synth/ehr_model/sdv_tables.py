"""The one place that touches SDV: a table of latent scores, learned and sampled with a seed that really counts.

SDV ignores NumPy generators and starts every fresh copy of a model from the same fixed seed, so that two workers would
sample the same rows. :class:`LearnedTable` sets the random state of the copula, of every transformer and of NumPy's
legacy global generator (which RDT's transformers and copulas draw from), samples, and puts the global state back.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@contextmanager
def _legacy_generator(seed: int) -> Iterator[None]:
    """Seed NumPy's global legacy generator for the block and restore its state afterwards."""
    before = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(before)


def _word(seed: np.random.SeedSequence) -> int:
    return int(seed.generate_state(1, np.uint32)[0])


class LearnedTable:
    """A Gaussian copula (``sdv.single_table.GaussianCopulaSynthesizer``) over columns of real numbers.

    Columns are expected on a scale that is close to standard normal, so that normal margins fit and no minimum or
    maximum of the data is kept.
    """

    def __init__(self, synthesizer: Any, columns: tuple[str, ...]) -> None:
        self._synthesizer = synthesizer
        self.columns = columns

    @classmethod
    def fit(cls, columns: Mapping[str, Floats], seed: np.random.SeedSequence) -> LearnedTable:
        """Learn margins and correlations.

        Args:
            columns: name -> values, all of one length of at least 2, finite.
            seed: stream for whatever SDV draws while fitting.
        """
        import pandas as pd
        from sdv.metadata import Metadata
        from sdv.single_table import GaussianCopulaSynthesizer

        for name in ("sdv", "rdt", "copulas", "SingleTableSynthesizer"):
            logging.getLogger(name).setLevel(logging.ERROR)
        frame = pd.DataFrame(dict(columns))
        # Written out, never detected: detection turns columns into fake addresses.
        metadata = Metadata.load_from_dict(
            {"tables": {"scores": {"columns": {name: {"sdtype": "numerical"} for name in frame.columns}}}}
        )
        with warnings.catch_warnings(), _legacy_generator(_word(seed)):
            warnings.simplefilter("ignore")
            synthesizer = GaussianCopulaSynthesizer(
                metadata,
                default_distribution="norm",
                enforce_min_max_values=False,
                enforce_rounding=False,
            )
            # The columns are scores already: nothing is left for RDT to transform, column by column, at every draw.
            synthesizer.auto_assign_transformers({"scores": frame})
            synthesizer.update_transformers(dict.fromkeys(frame.columns))
            synthesizer.fit({"scores": frame})
        return cls(synthesizer, tuple(frame.columns))

    def sample(self, n_rows: int, seed: np.random.SeedSequence) -> Floats:
        """Draw ``n_rows`` x columns; the same seed gives the same numbers, another seed others."""
        if n_rows == 0:
            return np.empty((0, len(self.columns)))
        word = _word(seed)
        with warnings.catch_warnings(), _legacy_generator(word):
            warnings.simplefilter("ignore")
            self._synthesizer.reset_sampling()
            for i, transformer in enumerate(self._transformers()):
                state = np.random.RandomState((word + 1 + i) % 2**32)
                for method in ("fit", "transform", "reverse_transform"):
                    transformer.set_random_state(state, method)
            self._synthesizer._set_random_state(word)
            sampled = self._synthesizer._sample_rows(n_rows)[0]
        return np.ascontiguousarray(sampled[list(self.columns)].to_numpy(dtype=np.float64))

    def _transformers(self) -> list[Any]:
        found = self._synthesizer.get_transformers()
        flat = next(iter(found.values())) if found and isinstance(next(iter(found.values())), dict) else found
        return [transformer for transformer in flat.values() if transformer is not None]


def sdv_version() -> str:
    """Version of the installed SDV."""
    from importlib.metadata import version

    return version("sdv")
