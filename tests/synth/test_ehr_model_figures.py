"""The figures promised for the demo hospital; slow, run by ``make bench`` and nightly."""

from __future__ import annotations

import time

import pytest

from ghostchart.schemas.canonical import stream
from ghostchart.schemas.config import EhrModelConfig, SourceConfig
from ghostchart.synth.ehr_model import fit_ehr_model, split_holdout
from ghostchart.synth.fidelity import measure_fidelity
from ghostchart.synth.sources import load_source

SECONDS_TO_FIT, ENCOUNTERS_PER_SECOND = 60, 1000


@pytest.mark.slow
def test_demo_hospital_is_learned_well_and_fast() -> None:
    train, _ = split_holdout(load_source(SourceConfig()), 0.2, stream(1, "holdout"))
    began = time.process_time()
    model = fit_ehr_model(train, EhrModelConfig(), stream(1, "fit"))
    fitted = time.process_time() - began
    began = time.process_time()
    synthetic = model.sample(train.n_patients, stream(1, "sample"))
    sampled = time.process_time() - began
    verdict = measure_fidelity(train, synthetic, 11, stream(1, "control"))
    values = {measure.name: measure for measure in verdict.measures}
    assert values["sdmetrics_quality"].value >= 0.90
    assert values["log_lift_correlation"].value >= 0.85
    assert abs(values["log_lift_correlation"].baseline) < 0.2
    assert values["code_total_variation"].value <= 0.10
    assert fitted <= SECONDS_TO_FIT
    assert synthetic.encounters.num_rows / sampled >= ENCOUNTERS_PER_SECOND
