"""The figures promised for the demo hospital; slow, run by ``make bench`` and nightly. Speed: benchmarks/bench_ehr_model.py."""

from __future__ import annotations

import pytest

from ghostchart.schemas.canonical import stream
from ghostchart.schemas.config import EhrModelConfig, SourceConfig
from ghostchart.synth.ehr_model import fit_ehr_model, split_holdout
from ghostchart.synth.fidelity import measure_fidelity
from ghostchart.synth.sources import load_source


@pytest.mark.slow
def test_demo_hospital_is_learned_well() -> None:
    train, holdout = split_holdout(load_source(SourceConfig()), 0.2, stream(1, "holdout"))
    model = fit_ehr_model(train, EhrModelConfig(), stream(1, "fit"))
    synthetic = model.sample(train.n_patients, stream(1, "sample"))
    verdict = measure_fidelity(train, synthetic, 11, stream(1, "control"), holdout)
    values = {measure.name: measure for measure in verdict.measures}
    assert values["sdmetrics_quality"].value >= 0.90
    assert values["log_lift_correlation"].value >= 0.85
    assert abs(values["log_lift_correlation"].baseline) < 0.2
    assert values["code_total_variation"].value <= 0.10
    assert values["train_on_synthetic_auc"].value >= values["train_on_real_auc"].value - 0.05


@pytest.mark.slow
def test_the_independent_model_is_a_control() -> None:
    train, _ = split_holdout(load_source(SourceConfig()), 0.2, stream(1, "holdout"))
    model = fit_ehr_model(train, EhrModelConfig(kind="independent"), stream(1, "fit"))
    synthetic = model.sample(train.n_patients, stream(1, "sample"))
    values = {item.name: item.value for item in measure_fidelity(train, synthetic, 11, stream(1, "control")).measures}
    assert abs(values["log_lift_correlation"]) < 0.2
    assert values["code_total_variation"] <= 0.15
