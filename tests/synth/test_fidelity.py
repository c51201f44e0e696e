"""Fidelity: near perfect for a copy, clearly worse once codes are shuffled over patients, no small cell shown."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pyarrow as pa
import pytest

from ghostchart.schemas.canonical import generator, stream
from ghostchart.schemas.config import SourceConfig
from ghostchart.schemas.ehr import TABLE_SCHEMAS, EhrTables
from ghostchart.schemas.measures import Measure
from ghostchart.schemas.verdict import Curve, Verdict
from ghostchart.synth.fidelity import measure_fidelity
from ghostchart.synth.sources import load_source

K_MIN = 11


def shuffled_codes(tables: EhrTables) -> EhrTables:
    """Every code row given to the place of another: frequencies stay, what hangs together is lost."""
    order = generator(stream(9, "shuffle")).permutation(tables.conditions.num_rows)
    conditions = tables.conditions.set_column(
        tables.conditions.schema.get_field_index("code"),
        TABLE_SCHEMAS["conditions"].field("code"),
        tables.conditions["code"].take(pa.array(order)),
    )
    return EhrTables(**{name: getattr(tables, name) for name in TABLE_SCHEMAS if name != "conditions"},
                     conditions=conditions, report=tables.report)  # fmt: skip


@pytest.fixture(scope="module")
def train() -> EhrTables:
    return load_source(SourceConfig(kind="demo", demo_patients=400, demo_seed=6))


@pytest.fixture(scope="module")
def of_copy(train: EhrTables) -> Verdict:
    return measure_fidelity(train, train, K_MIN, stream(4, "fidelity"))


@pytest.fixture(scope="module")
def of_shuffled(train: EhrTables) -> Verdict:
    return measure_fidelity(train, shuffled_codes(train), K_MIN, stream(4, "fidelity"))


def measures(verdict: Verdict) -> dict[str, Measure]:
    return {measure.name: measure for measure in verdict.measures}


def curves(verdict: Verdict) -> dict[str, Curve]:
    return {curve.name: curve for curve in verdict.curves}


def test_verdict_reports_and_does_not_judge(of_copy: Verdict, of_shuffled: Verdict) -> None:
    for verdict in (of_copy, of_shuffled):
        assert verdict.gate == "fidelity"
        assert verdict.outcome == "passed"


def test_the_report_says_how_many_patients_it_compares(train: EhrTables, of_copy: Verdict) -> None:
    """Rare pairs of a small corpus are noise: a figure from 100 patients must not pass for one from as many as the source's."""
    assert any("400 synthetic beside 400 source patients" in reason for reason in of_copy.reasons)
    few = train.restrict(train.patients["patient_id"].combine_chunks()[:100])
    verdict = measure_fidelity(train, few, K_MIN, stream(4, "fidelity"))
    assert any("100 synthetic beside 400 source patients" in reason for reason in verdict.reasons)


def test_a_copy_scores_near_perfect(of_copy: Verdict) -> None:
    found = measures(of_copy)
    for name in ("sdmetrics_quality", "column_shapes", "column_pair_trends", "log_lift_correlation"):
        assert found[name].value == pytest.approx(1.0, abs=0.01), name
        assert found[name].baseline is not None and found[name].baseline < found[name].value, name
    for name in ("code_total_variation", "visits_total_variation", "age_sex_total_variation"):
        assert found[name].value == pytest.approx(0.0, abs=1e-9), name
        assert found[name].baseline is not None and found[name].baseline > 0, name
    mean = found["mean_encounters_per_patient"]
    assert mean.value == mean.baseline


def test_shuffled_codes_lose_co_occurrence_and_nothing_else(of_copy: Verdict, of_shuffled: Verdict) -> None:
    copy, found = measures(of_copy), measures(of_shuffled)
    lift = found["log_lift_correlation"].value
    assert lift is not None and lift < 0.5
    for name in ("column_pair_trends", "sdmetrics_quality"):
        assert found[name].value < copy[name].value - 0.03, name
    # The same rows of codes, visits, ages: these must not notice.
    for name in ("code_total_variation", "visits_total_variation", "age_sex_total_variation"):
        assert found[name].value == pytest.approx(0.0, abs=1e-9), name


def test_same_seed_same_verdict(train: EhrTables, of_copy: Verdict) -> None:
    assert measure_fidelity(train, train, K_MIN, stream(4, "fidelity")) == of_copy


def test_total_variation_of_codes_by_hand(train: EhrTables) -> None:
    """Every code of one half of the rows becomes I10: the distance follows from counting."""
    codes = train.conditions["code"].to_pylist()
    changed = [code if i % 2 else "I10" for i, code in enumerate(codes)]
    conditions = train.conditions.set_column(
        train.conditions.schema.get_field_index("code"), TABLE_SCHEMAS["conditions"].field("code"),
        pa.chunked_array([pa.array(changed)]),
    )  # fmt: skip
    other = EhrTables(**{name: getattr(train, name) for name in TABLE_SCHEMAS if name != "conditions"},
                      conditions=conditions, report=train.report)  # fmt: skip
    shared = {code for code, holders in holders_of(train).items() if len(holders) >= K_MIN}
    real, made = (Counter(code for code in some if code in shared) for some in (codes, changed))
    expected = sum(abs(real[code] / real.total() - made[code] / made.total()) for code in shared) / 2
    found = measures(measure_fidelity(train, other, K_MIN, stream(4, "fidelity")))["code_total_variation"]
    assert found.value == pytest.approx(expected)
    assert found.n == len(shared)


def holders_of(tables: EhrTables) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for row in tables.conditions.to_pylist():
        found[row["code"]].add(row["patient_id"])
    return found


def test_curves_show_no_cell_below_k_min(train: EhrTables) -> None:
    small = train.restrict(train.patients["patient_id"].combine_chunks()[:150])
    found = curves(measure_fidelity(train, small, K_MIN, stream(4, "fidelity")))
    visits = {"source": Counter(train.encounters["patient_id"].to_pylist()),
              "synthetic": Counter(small.encounters["patient_id"].to_pylist())}  # fmt: skip
    for which, tables in (("source", train), ("synthetic", small)):
        people = tables.patients["patient_id"].to_pylist()
        cells = Counter(visits[which][patient] for patient in people)
        assert min(cells.values()) < K_MIN, "no small cell in the data: the check would say nothing"
        shown = {float(cell): count / len(people) for cell, count in cells.items() if count >= K_MIN}
        curve = found[f"Visits per patient: {which}"]
        assert dict(zip(curve.x, curve.y, strict=True)) == pytest.approx(shown)
        for sex in "FM":
            pyramid = found[f"Age and sex: {which} {sex}"]
            assert all(share * len(people) >= K_MIN - 1e-6 for share in pyramid.y)
            assert sum(pyramid.y) <= tables.patients["sex"].to_pylist().count(sex) / len(people) + 1e-9
    real, made = holders_of(train), holders_of(small)
    both = [code for code in real if len(real[code]) >= K_MIN and len(made[code]) >= K_MIN]
    assert len(both) < sum(len(holders) >= K_MIN for holders in real.values()) <= len(real)
    for which in ("source", "synthetic"):
        assert len(found[f"Code frequency by rank: {which}"].x) == len(both)
    ranked = np.array(found["Code frequency by rank: source"].y)
    assert (np.diff(ranked) <= 0).all()


def test_a_copy_teaches_what_the_source_teaches_and_shuffled_codes_do_not(train: EhrTables) -> None:
    ids = train.patients["patient_id"].combine_chunks()
    known, unseen = train.restrict(ids[:250]), train.restrict(ids[250:])
    copy = measures(measure_fidelity(known, known, K_MIN, stream(4, "fidelity"), unseen))
    assert copy["train_on_synthetic_auc"].value == copy["train_on_real_auc"].value
    assert copy["train_on_real_auc"].value > 0.65
    assert copy["train_on_real_auc"].baseline == pytest.approx(0.5, abs=0.12)
    shuffled = measures(measure_fidelity(known, shuffled_codes(known), K_MIN, stream(4, "fidelity"), unseen))
    assert shuffled["train_on_synthetic_auc"].value < shuffled["train_on_real_auc"].value - 0.05
    assert shuffled["train_on_real_auc"].value == copy["train_on_real_auc"].value
