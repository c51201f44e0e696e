"""Canary patients through the whole EHR model: 20 unique ones, and 5 planted as 16 patients each, in the demo hospital.

A unique patient's codes and vital signs must not come out. Sixteen patients who share two codes are no longer one person:
their codes may appear (k_min is 11), but the exact vital signs of one combination must not.
"""

from __future__ import annotations

import time

from ghostchart.privacy.attacks.patient_canaries import find_canaries, plant_patients
from ghostchart.schemas.canonical import generator, stream
from ghostchart.schemas.code_systems import load_code_systems
from ghostchart.schemas.config import EhrModelConfig, SourceConfig
from ghostchart.schemas.progress import SILENT
from ghostchart.synth.ehr_model import fit_ehr_model
from ghostchart.synth.sources import load_source

_PATIENTS = 1500
_COPIES = (1,) * 20 + (16,) * 5


def main() -> None:
    """Plant, fit, sample twice the hospital's size, search."""
    hospital = load_source(SourceConfig(demo_patients=_PATIENTS), SILENT)
    codes = [code for code in load_code_systems().icd10cm.billable_codes() if code[0] in "EIJKMN"]
    planted, canaries = plant_patients(hospital, codes, _COPIES, generator(7))
    started = time.monotonic()
    model = fit_ehr_model(planted, EhrModelConfig(), stream(7, "fit"), SILENT)
    made = model.sample(2 * _PATIENTS, stream(7, "sample"))
    seconds = time.monotonic() - started
    found = find_canaries(canaries, made)
    print(
        f"{planted.n_patients:,} patients with {len(canaries)} canaries; {made.n_patients:,} sampled, {seconds:.0f} s"
    )
    for copies in sorted(set(_COPIES)):
        own = [item for item in found if item.canary.copies == copies]
        print(
            f"planted as {copies:>2}: {len(own)} canaries; a code of theirs in synthetic patients: "
            f"{sum(item.either_code > 0 for item in own)}, both codes together: {sum(item.both_codes > 0 for item in own)}, "
            f"all three vital signs: {sum(item.all_vitals > 0 for item in own)}"
        )
