"""Every kind of EHR model (``--model``) on the demo hospital: likeness and time, side by side.

CTGAN and TVAE take the place of the copula in the table of patients (age, sex, death, visits by class, a patient's own
level of each measurement); what hangs on a patient is learned by the same tables for all kinds.
GHOSTCHART_BENCH_PATIENTS sets the size of the hospital (5000), GHOSTCHART_BENCH_STEPS the training steps of the two
networks (2400, as in a run, which takes CTGAN many minutes). Seconds are CPU seconds.
"""

from __future__ import annotations

import os
import time
import warnings
from typing import get_args

from ghostchart.schemas.canonical import stream
from ghostchart.schemas.config import EhrModelConfig, EhrModelKind, SourceConfig
from ghostchart.synth.ehr_model import fit_ehr_model, sdv_tables, split_holdout
from ghostchart.synth.fidelity import measure_fidelity
from ghostchart.synth.sources import load_source

_PATIENTS = int(os.environ.get("GHOSTCHART_BENCH_PATIENTS", "5000"))
_STEPS = os.environ.get("GHOSTCHART_BENCH_STEPS")
_SHOWN = (
    "sdmetrics_quality",
    "log_lift_correlation",
    "code_total_variation",
    "visits_total_variation",
    "age_sex_total_variation",
    "train_on_synthetic_auc",
    "train_on_real_auc",
)


def main() -> None:
    """Measure and print."""
    warnings.simplefilter("ignore")
    if _STEPS is not None:
        sdv_tables._NEURAL_STEPS = int(_STEPS)
    train, holdout = split_holdout(load_source(SourceConfig(demo_patients=_PATIENTS)), 0.2, stream(1, "holdout"))
    print(f"{train.n_patients:,} patients, {train.encounters.num_rows:,} encounters")
    for kind in get_args(EhrModelKind):
        began = time.process_time()
        model = fit_ehr_model(train, EhrModelConfig(kind=kind), stream(1, "fit"))
        fitted = time.process_time()
        synthetic = model.sample(train.n_patients, stream(1, "sample"))
        sampled = time.process_time()
        found = {
            measure.name: measure.value
            for measure in measure_fidelity(train, synthetic, 11, stream(1, "control"), holdout).measures
        }
        speed = synthetic.encounters.num_rows / (sampled - fitted)
        print(f"{kind:<16} fit {fitted - began:6.1f} s, {speed:8,.0f} encounters/s sampled", flush=True)
        for name in _SHOWN:
            value = found.get(name)
            print(f"  {name:<28}{'none' if value is None else f'{value:.3f}'}", flush=True)


if __name__ == "__main__":
    main()
