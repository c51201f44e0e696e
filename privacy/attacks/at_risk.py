"""Which training patients an attack points at: for the protected report only, as pseudonyms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ghostchart.privacy.protected_reports import write_protected_json

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
    return write_protected_json(protected, AT_RISK, {"patients": [asdict(item) for item in patients]})
