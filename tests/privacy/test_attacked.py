"""Attacks on very many synthetic patients look at a bounded number, and a copy anywhere is still among them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from ghostchart.privacy.attacks.attacked import choose_attacked
from ghostchart.privacy.membership import run_membership
from ghostchart.privacy.policy import load_policy
from ghostchart.schemas.ehr import TABLE_SCHEMAS, EhrTables, concatenate, empty_table

Population = Callable[[int, int, str], EhrTables]
SEED = np.random.SeedSequence(3)


@pytest.fixture(scope="module")
def hospital(make_population: Population) -> tuple[EhrTables, EhrTables]:
    return make_population(300, 1, "m"), make_population(120, 2, "h")


@pytest.fixture(scope="module")
def parts(make_population: Population) -> list[EhrTables]:
    """Ten shards of 200 synthetic patients."""
    return [make_population(200, 10 + number, f"y{number}-") for number in range(10)]


def test_few_are_all_attacked_as_they_are(hospital: tuple[EhrTables, EhrTables], parts: list[EhrTables]) -> None:
    chosen = choose_attacked(parts, *hospital, SEED)
    assert chosen.n_released == 2000
    whole = concatenate(parts)
    for name in TABLE_SCHEMAS:
        expected = (
            getattr(whole, name)
            if name in ("patients", "encounters", "conditions", "observations")
            else empty_table(name)
        )
        assert getattr(chosen.tables, name).equals(expected), name


def test_of_many_a_seeded_sample_and_the_nearest_of_all(
    hospital: tuple[EhrTables, EhrTables], parts: list[EhrTables]
) -> None:
    chosen = choose_attacked(parts, *hospital, SEED, most=400)
    assert chosen.n_released == 2000
    assert 400 <= chosen.tables.n_patients <= 400 + 420
    ids = chosen.tables.patients["patient_id"].to_pylist()
    assert len(set(ids)) == len(ids)
    assert choose_attacked(parts, *hospital, SEED, most=400).tables.patients.equals(chosen.tables.patients)
    other = choose_attacked(parts, *hospital, np.random.SeedSequence(4), most=400)
    assert not other.tables.patients.equals(chosen.tables.patients)


def test_as_many_as_training_patients_at_least(hospital: tuple[EhrTables, EhrTables], parts: list[EhrTables]) -> None:
    assert choose_attacked(parts, *hospital, SEED, most=1).tables.n_patients >= 300


def test_every_copy_in_a_large_corpus_is_among_the_attacked(
    hospital: tuple[EhrTables, EhrTables], parts: list[EhrTables]
) -> None:
    """Thirty training patients copied into the last shard, where a sample of a fifth would miss most of them."""
    train, holdout = hospital
    leaked = train.restrict(train.patients["patient_id"].combine_chunks()[:30])
    renamed = {}
    for name in TABLE_SCHEMAS:
        table = getattr(leaked, name)
        place = table.schema.get_field_index("patient_id")
        ids = pa.array([f"copy-{value}" for value in table["patient_id"].to_pylist()], pa.string())
        renamed[name] = table.set_column(place, table.schema.field(place), ids)
    copies = EhrTables(**renamed, report=leaked.report)
    released = [*parts, concatenate([parts[0].restrict(pa.array([], pa.string())), copies])]
    chosen = choose_attacked(released, train, holdout, SEED, most=400)
    ids = set(chosen.tables.patients["patient_id"].to_pylist())
    assert set(copies.patients["patient_id"].to_pylist()) <= ids
    policy = load_policy().model_copy(update={"min_holdout_patients": 100})
    verdict = run_membership(train, holdout, chosen.tables, policy, SEED, n_released=chosen.n_released).verdict
    assert verdict.outcome == "failed"
    attacked = next(measure for measure in verdict.measures if measure.name == "Synthetic patients attacked")
    assert (attacked.value, attacked.n) == (float(chosen.tables.n_patients), 2030)
    equal = next(measure for measure in verdict.measures if measure.name.startswith("Equal records"))
    assert equal.value == 30 / 300
