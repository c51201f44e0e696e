"""Keeping a fitted model in the protected zone.

The model is a pickle, because SDV's models are; it must never leave the protected zone nor be loaded from outside it. A
small JSON header beside it says what made it, so that a wrong version is refused before anything is unpickled.
"""

from __future__ import annotations

import json
import pickle
from importlib.metadata import version
from pathlib import Path

from ghostchart.schemas.canonical import readable_json, sha256_file
from ghostchart.schemas.errors import ModelError
from ghostchart.synth.ehr_model.model import EhrModel

_FORMAT = "ghostchart-ehr-model/1"
_MODEL, _HEADER = "model.pkl", "model.json"
_VERSIONED = ("sdv", "rdt", "copulas", "numpy", "pandas")


def save_model(model: EhrModel, directory: Path) -> None:
    """Write ``model.pkl`` and ``model.json`` into the directory, readable by the owner only."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = directory / _MODEL
    with path.open("wb") as stream:
        path.chmod(0o600)
        pickle.dump(model, stream, protocol=5)
    header = {
        "format": _FORMAT,
        "k_min": model.k_min,
        "encounters_per_patient": round(model.mean_encounters, 4),
        "codes": len(model.codes),
        "dropped": {name: {"items": items, "rows": rows} for name, (items, rows) in model.dropped.items()},
        "sha256": sha256_file(path),
        "versions": {name: version(name) for name in _VERSIONED},
    }
    (directory / _HEADER).write_bytes(readable_json(header))


def load_model(directory: Path) -> EhrModel:
    """Read what :func:`save_model` wrote.

    Raises:
        ModelError: nothing there, damaged, or made by other versions.
    """
    try:
        header = json.loads((directory / _HEADER).read_text())
        digest = sha256_file(directory / _MODEL)
    except (OSError, ValueError):
        raise ModelError(
            "there is no fitted EHR model", where=str(directory), fix="Run 'ghostchart generate'"
        ) from None
    if header.get("format") != _FORMAT or header.get("sha256") != digest:
        raise ModelError("the EHR model is damaged or of another format", where=str(directory), fix="Fit it again")
    changed = [name for name in _VERSIONED if header.get("versions", {}).get(name) != version(name)]
    if changed:
        raise ModelError(
            f"the EHR model was made with another version of {', '.join(changed)}",
            where=str(directory),
            fix="Fit it again",
        )
    with (directory / _MODEL).open("rb") as stream:
        model = pickle.load(stream)
    if not isinstance(model, EhrModel):
        raise ModelError("the file holds something else than an EHR model", where=str(directory))
    return model
