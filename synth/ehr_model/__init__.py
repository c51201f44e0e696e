"""The statistical EHR model: learn from a hospital's training patients, sample a synthetic population."""

from __future__ import annotations

from pathlib import Path

from ghostchart.synth.ehr_model.fitting import fit_ehr_model, split_holdout
from ghostchart.synth.ehr_model.model import EhrModel


def load_ehr_model(directory: Path) -> EhrModel:
    """Read a model that ``EhrModel.save`` wrote.

    Raises:
        ModelError: nothing there, damaged, or made by other versions.
    """
    from ghostchart.synth.ehr_model.storage import load_model

    return load_model(directory)


__all__ = ["EhrModel", "fit_ehr_model", "load_ehr_model", "split_holdout"]
