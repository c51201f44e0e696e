"""Enrichment: wanted shares come out, and nothing changes within a cell."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from ghostchart.schemas.canonical import stream
from ghostchart.schemas.config import EhrModelConfig, SourceConfig
from ghostchart.schemas.ehr import TABLE_SCHEMAS, EhrTables
from ghostchart.schemas.errors import ModelError
from ghostchart.synth.ehr_model import EhrModel, fit_ehr_model
from ghostchart.synth.ehr_model.enrichment import plan_enrichment
from ghostchart.synth.library.strata import strata_of, stratum_codes
from ghostchart.synth.sources import load_source

WANTED = {"advanced_illness": 0.35, "frailty": 0.4}
N = 3000


@pytest.fixture(scope="module")
def source() -> EhrTables:
    return load_source(SourceConfig(kind="demo", demo_patients=500, demo_seed=8))


@pytest.fixture(scope="module")
def model(source: EhrTables) -> EhrModel:
    return fit_ehr_model(source, EhrModelConfig(enrich=WANTED), stream(5, "fit"))


@pytest.fixture(scope="module")
def plain(model: EhrModel) -> EhrTables:
    return model.draw(N, stream(5, "plain"))


@pytest.fixture(scope="module")
def enriched(model: EhrModel) -> EhrTables:
    return model.sample(N, stream(5, "enriched"))


def strata_by_patient(tables: EhrTables) -> dict[str, tuple[str, ...]]:
    codes: dict[str, set[str]] = {patient: set() for patient in tables.patients["patient_id"].to_pylist()}
    for table in (tables.conditions, tables.procedures):
        for patient, code in zip(table["patient_id"].to_pylist(), table["code"].to_pylist(), strict=True):
            codes[patient].add(code)
    return {patient: strata_of(found) for patient, found in codes.items()}


def share(tables: EhrTables, name: str) -> float:
    return float(np.mean([name in found for found in strata_by_patient(tables).values()]))


def test_wanted_shares_come_out(plain: EhrTables, enriched: EhrTables) -> None:
    assert enriched.n_patients == N
    for name, wanted in WANTED.items():
        assert abs(share(plain, name) - wanted) > 0.05, "the model's own share: nothing to enrich"
        # Four standard errors of the sample and of the pilot that the chances come from.
        assert share(enriched, name) == pytest.approx(wanted, abs=4 * np.sqrt(0.25 / N))


def outside(tables: EhrTables) -> EhrTables:
    free = [patient for patient, found in strata_by_patient(tables).items() if not found]
    return tables.restrict(pa.array(free))


def test_outside_the_strata_marginals_keep_their_shape(plain: EhrTables, enriched: EhrTables) -> None:
    first, second = outside(plain), outside(enriched)
    assert min(first.n_patients, second.n_patients) > 500
    births = [part.patients["birth_date"].cast(pa.int32()).to_numpy() for part in (first, second)]
    assert stats.ks_2samp(*births).pvalue > 0.001
    visits = [np.unique(part.encounters["patient_id"].to_pylist(), return_counts=True)[1] for part in (first, second)]
    assert stats.ks_2samp(*visits).pvalue > 0.001
    table = [[part.patients["sex"].to_pylist().count(sex) for sex in "FM"] for part in (first, second)]
    assert stats.chi2_contingency(table).pvalue > 0.001
    names = sorted(set(first.conditions["code"].to_pylist()) & set(second.conditions["code"].to_pylist()))
    holders = [
        np.array([len(set(part.conditions.filter(pa.compute.equal(part.conditions["code"], name))["patient_id"]
                          .to_pylist())) / part.n_patients for name in names]) for part in (first, second)
    ]  # fmt: skip
    n = min(first.n_patients, second.n_patients)
    spread = np.sqrt(2 * np.maximum(holders[0], 1 / n) / n)
    assert (np.abs(holders[0] - holders[1]) > 4.5 * spread).sum() == 0


def test_enriched_sampling_is_seeded_and_whole(model: EhrModel) -> None:
    first, again = (model.sample(150, stream(5, "again"), id_prefix="q") for _ in range(2))
    for name in TABLE_SCHEMAS:
        assert getattr(first, name).equals(getattr(again, name)), name
    ids = first.patients["patient_id"].to_pylist()
    assert len(set(ids)) == len(ids) == 150
    assert set(first.encounters["patient_id"].to_pylist()) == set(ids)


def test_raking_by_hand() -> None:
    """Independent strata of 20 % and 50 %, wanted at 50 % and 50 %: chances 1/4 and 1, whatever the second is."""

    def draw(n: int, seed: np.random.SeedSequence, prefix: str) -> EhrTables:
        rows = np.arange(n)
        ids = [f"{prefix}-{i}" for i in rows]
        patients = {"patient_id": ids, "sex": ["F"] * n, "birth_date": [0] * n, "death_date": [None] * n}
        codes = [(ids[i], "A") for i in rows[rows % 5 == 0]] + [(ids[i], "B") for i in rows[rows // 5 % 2 == 0]]
        tables = {name: schema.empty_table() for name, schema in TABLE_SCHEMAS.items()}
        tables["patients"] = pa.table(patients | {"zip3": [None] * n}, schema=TABLE_SCHEMAS["patients"])
        tables["conditions"] = pa.Table.from_pylist(
            [{"patient_id": who, "code": code} for who, code in codes], schema=TABLE_SCHEMAS["conditions"]
        )
        return EhrTables(**tables, report=None)  # type: ignore[arg-type]  # not looked at

    codes = {"a": frozenset("A"), "b": frozenset("B")}
    plan = plan_enrichment(draw, {"a": 0.5, "b": 0.5}, codes, stream(1, "x"))
    assert plan.keep == pytest.approx([0.25, 1.0, 0.25, 1.0])
    assert plan.kept_share == pytest.approx(0.2 + 0.8 / 4)


def test_a_stratum_the_model_does_not_know_is_one_sentence(model: EhrModel) -> None:
    with pytest.raises(ModelError, match="no patient"):
        plan_enrichment(model.draw, {"x": 0.2}, {"x": frozenset({"Z99.99"})}, stream(1, "x"))


def test_strata_are_those_of_the_notes() -> None:
    assert set(WANTED) == set(stratum_codes())
