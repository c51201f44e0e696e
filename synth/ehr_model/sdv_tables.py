"""The one place that touches SDV: a table of latent scores, learned and sampled with a seed that really counts.

SDV ignores NumPy generators and starts every fresh copy of a model from the same fixed seed, so that two workers would
sample the same rows. :class:`SdvTable` sets the random state of the copula, of every transformer and of NumPy's
legacy global generator (which RDT's transformers and copulas draw from), samples, and puts the global state back.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]
SdvKind = Literal["gaussian-copula", "ctgan", "tvae"]

_MOST_CATEGORIES = 16
_NEURAL_STEPS, _NEURAL_BATCH, _MOST_EPOCHS = 2400, 500, 300


@contextmanager
def _legacy_generator(seed: int) -> Iterator[None]:
    """Seed NumPy's global legacy generator for the block and restore its state afterwards."""
    before = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(before)


@contextmanager
def _torch_generator(seed: int, used: bool) -> Iterator[None]:
    """The same for PyTorch's global generator, which the neural synthesizers draw from."""
    if not used:
        yield
        return
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def _word(seed: np.random.SeedSequence) -> int:
    return int(seed.generate_state(1, np.uint32)[0])


class SdvTable:
    """A single-table SDV synthesizer over columns of scores; make one with :func:`learn_sdv_table`."""

    def __init__(self, synthesizer: Any, columns: tuple[str, ...], levels: Mapping[str, Floats]) -> None:
        self._synthesizer = synthesizer
        self.columns = columns
        self._levels = dict(levels)

    def sample(self, n_rows: int, seed: np.random.SeedSequence) -> Floats:
        """Draw ``n_rows`` x columns; the same seed gives the same numbers, another seed others."""
        if n_rows == 0:
            return np.empty((0, len(self.columns)))
        word = _word(seed)
        with warnings.catch_warnings(), _legacy_generator(word), _torch_generator(word, self._is_neural):
            warnings.simplefilter("ignore")
            self._synthesizer.reset_sampling()
            for i, transformer in enumerate(self._transformers()):
                state = np.random.RandomState((word + 1 + i) % 2**32)
                for method in ("fit", "transform", "reverse_transform"):
                    transformer.set_random_state(state, method)
            self._synthesizer._set_random_state(word)
            sampled = self._synthesizer._sample_rows(n_rows)[0]
        found = np.empty((n_rows, len(self.columns)))
        for i, name in enumerate(self.columns):
            middles = self._levels.get(name)
            values = sampled[name].to_numpy()
            found[:, i] = values.astype(np.float64) if middles is None else middles[values.astype(np.int64)]
        return found

    @property
    def _is_neural(self) -> bool:
        return bool(self._levels) or "torch" in type(self._synthesizer).__module__

    def _transformers(self) -> list[Any]:
        found = self._synthesizer.get_transformers()
        flat = next(iter(found.values())) if found and isinstance(next(iter(found.values())), dict) else found
        return [transformer for transformer in flat.values() if transformer is not None]


def learn_sdv_table(
    kind: SdvKind, columns: Mapping[str, Floats], cuts: Mapping[str, Floats], seed: np.random.SeedSequence
) -> SdvTable:
    """Learn a joint distribution of scores.

    The Gaussian copula takes the scores as they are, on a scale so close to standard normal that normal margins fit and
    no minimum or maximum of the data is kept. CTGAN and TVAE are made for categories, so columns with few levels reach
    them as those, and come back as scores in the middle of the level.

    Args:
        kind: which of SDV's synthesizers.
        columns: name -> scores, all of one length of at least 2, finite.
        cuts: name -> cuts between the levels of a discrete column.
        seed: stream for whatever SDV draws while fitting.
    """
    import pandas as pd
    from sdv import single_table
    from sdv.metadata import Metadata

    for name in ("sdv", "rdt", "copulas", "SingleTableSynthesizer"):
        logging.getLogger(name).setLevel(logging.ERROR)
    neural = kind != "gaussian-copula"
    middles = {name: _middles(found) for name, found in cuts.items() if neural and 0 < len(found) < _MOST_CATEGORIES}
    frame = pd.DataFrame(
        {
            name: np.searchsorted(cuts[name], scores, side="right") if name in middles else scores
            for name, scores in columns.items()
        }
    )
    # Written out, never detected: detection turns columns into fake addresses.
    kinds = {name: {"sdtype": "categorical" if name in middles else "numerical"} for name in frame.columns}
    metadata = Metadata.load_from_dict({"tables": {"scores": {"columns": kinds}}})
    word = _word(seed)
    with warnings.catch_warnings(), _legacy_generator(word), _torch_generator(word, neural):
        warnings.simplefilter("ignore")
        plain = {"enforce_min_max_values": False, "enforce_rounding": False}
        if neural:
            maker = single_table.CTGANSynthesizer if kind == "ctgan" else single_table.TVAESynthesizer
            epochs = int(np.clip(_NEURAL_STEPS * _NEURAL_BATCH / len(frame), 1, _MOST_EPOCHS))
            synthesizer = maker(metadata, **plain, batch_size=_NEURAL_BATCH, epochs=epochs, enable_gpu=False)
        else:
            synthesizer = single_table.GaussianCopulaSynthesizer(metadata, default_distribution="norm", **plain)
            # The columns are scores already: nothing is left for RDT to transform, column by column, at every draw.
            synthesizer.auto_assign_transformers({"scores": frame})
            synthesizer.update_transformers(dict.fromkeys(frame.columns))
        synthesizer.fit({"scores": frame})
    return SdvTable(synthesizer, tuple(frame.columns), middles)


def _middles(cuts: Floats) -> Floats:
    """A score inside each level."""
    shares = np.concatenate([[0.0], ndtr(cuts), [1.0]])
    return ndtri((shares[1:] + shares[:-1]) / 2)


def sdv_version() -> str:
    """Version of the installed SDV."""
    from importlib.metadata import version

    return version("sdv")
