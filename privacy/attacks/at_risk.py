"""Which training patients an attack points at: for the protected report only, as pseudonyms."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ghostchart.schemas.canonical import readable_json
from ghostchart.schemas.errors import OutputError

AT_RISK = "at_risk.json"


@dataclass(frozen=True, slots=True)
class AtRisk:
    """One training patient.

    Attributes:
        pseudonym: keyed digest of the patient id; the key is derived from the run's seed and stays protected.
        row: row in ``protected/source/train/patients.parquet``, from 0: for whoever may look there.
        attack: whose score this is.
        rank: 1 is the highest score of all training patients.
        above: held-out patients with a higher score; 0 means that nobody of whom nothing was learnt looks more learnt.
        copied: a synthetic patient equals this one in everything compared.
    """

    pseudonym: str
    row: int
    attack: str
    rank: int
    above: int
    copied: bool


def write_at_risk(protected: Path, patients: Sequence[AtRisk]) -> Path:
    """Write ``protected/reports/at_risk.json``; folder mode 0700, file mode 0600.

    Raises:
        OutputError: the folder cannot be written.
    """
    folder = protected / "reports"
    path = folder / AT_RISK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(readable_json({"patients": [asdict(item) for item in patients]}))
    except OSError as error:
        raise OutputError(f"cannot write {AT_RISK}: {error.strerror}", where=str(folder)) from None
    return path
