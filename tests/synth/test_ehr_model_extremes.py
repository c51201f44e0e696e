"""Planted extremes and rare rows: neither the model's file nor its samples hold them."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from ghostchart.schemas.canonical import stream
from ghostchart.schemas.config import EhrModelConfig, SourceConfig
from ghostchart.schemas.ehr import TABLE_SCHEMAS, EhrTables
from ghostchart.synth.ehr_model import EhrModel, fit_ehr_model, load_ehr_model
from ghostchart.synth.ehr_model.flat import CLASSES, flatten
from ghostchart.synth.ehr_model.logistic import distinct_pairs
from ghostchart.synth.ehr_model.placement import learn_placement
from ghostchart.synth.ehr_model.sampled_patients import context
from ghostchart.synth.ehr_model.vocabulary import find_atoms, in_atoms
from ghostchart.synth.sources import load_source

K_MIN = 11
HIGH_MMHG, LOW_MMHG = 391.25, 11.75
STAY_HOURS, VISITS = 4321.5, 97
FIRST_VISIT = datetime(1999, 1, 5, 7, 35)
RARE_NAME, RARE_PROCEDURE = "ferroptosis_index", "27599"


def _rows(name: str, rows: list[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=TABLE_SCHEMAS[name])


def planted(tables: EhrTables) -> EhrTables:
    """One highest and one lowest pressure, one stay of half a year, one patient of 97 visits, one visit in 1999."""
    encounters = tables.encounters.to_pylist()
    first = {}
    for row in encounters:
        first.setdefault(row["patient_id"], row)
    one, two, three, four, *others = first.values()
    inpatient = next(row for row in encounters if row["encounter_class"] == "inpatient")
    inpatient["end"] = inpatient["start"] + timedelta(hours=STAY_HOURS)
    three["start"], three["end"] = FIRST_VISIT, FIRST_VISIT + timedelta(minutes=25)
    more = [
        {**four, "encounter_id": f"many-{i}", "encounter_class": "office", "start": four["start"] + timedelta(days=i + 1),
         "end": four["start"] + timedelta(days=i + 1, hours=1)} for i in range(VISITS)
    ]  # fmt: skip

    def at(row: dict[str, object], **more: object) -> dict[str, object]:
        return {"patient_id": row["patient_id"], "encounter_id": row["encounter_id"], **more}

    values = [at(one, name="systolic_bp_mmhg", value=HIGH_MMHG), at(two, name="systolic_bp_mmhg", value=LOW_MMHG)]
    values += [at(row, name=RARE_NAME, value=4.5) for row in others[:4]]
    done = [at(row, system="cpt", code=RARE_PROCEDURE) for row in others[:4]]
    # Only the first value of an encounter counts, so the planted ones stand alone.
    taken = pa.array([str(row["encounter_id"]) for row in (one, two)])
    kept = tables.observations.filter(pc.invert(pc.is_in(tables.observations["encounter_id"], value_set=taken)))
    return replace(
        tables,
        encounters=_rows("encounters", encounters + more),
        observations=pa.concat_tables([kept, _rows("observations", values)]),
        procedures=pa.concat_tables([tables.procedures, _rows("procedures", done)]),
    )


@pytest.fixture(scope="module")
def train() -> EhrTables:
    return planted(load_source(SourceConfig(kind="demo", demo_patients=450, demo_seed=12)))


@pytest.fixture(scope="module")
def folder(train: EhrTables, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("extremes")
    fit_ehr_model(train, EhrModelConfig(k_min=K_MIN), stream(3, "fit")).save(directory)
    return directory


@pytest.fixture(scope="module")
def model(folder: Path) -> EhrModel:
    return load_ehr_model(folder)


def numbers_and_texts(thing: object, seen: set[int]) -> Iterator[object]:
    """Every number and text that hangs below an object, inside SDV's models too."""
    if isinstance(thing, str | bytes | int | float | np.generic):
        yield thing
        return
    if id(thing) in seen or thing is None or isinstance(thing, type):
        return
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        yield from (thing.ravel().tolist() if thing.dtype != object else thing.ravel())
        return
    if isinstance(thing, dict):
        for key, value in thing.items():
            yield from numbers_and_texts(key, seen)
            yield from numbers_and_texts(value, seen)
        return
    if isinstance(thing, list | tuple | set | frozenset):
        for value in thing:
            yield from numbers_and_texts(value, seen)
        return
    if hasattr(thing, "to_numpy"):
        yield from numbers_and_texts(thing.to_numpy(), seen)
    state = getattr(thing, "__dict__", None)
    if state:
        yield from numbers_and_texts(state, seen)


@pytest.fixture(scope="module")
def held(folder: Path) -> tuple[np.ndarray, set[str]]:
    with (folder / "model.pkl").open("rb") as file:
        found = list(numbers_and_texts(pickle.load(file), set()))
    numbers = [float(item) for item in found if isinstance(item, int | float | np.number)]
    return np.array(numbers), {item for item in found if isinstance(item, str)}


def test_the_search_finds_what_is_there(model: EhrModel, held: tuple[np.ndarray, set[str]]) -> None:
    numbers, texts = held
    assert len(numbers) > 10_000
    assert "systolic_bp_mmhg" in texts
    pressure = next(item for item in model.measurements if item.name == "systolic_bp_mmhg")
    assert np.isin(pressure.scale.means, numbers).all()
    # SDV's correlations are among them: one column of the patients' table with itself.
    assert (numbers == 1.0).any()


def test_the_file_holds_no_extreme_and_nothing_rare(train: EhrTables, held: tuple[np.ndarray, set[str]]) -> None:
    numbers, texts = held
    day = (FIRST_VISIT - datetime(1970, 1, 1)).days
    for planted_value in (HIGH_MMHG, LOW_MMHG, STAY_HOURS, float(day), FIRST_VISIT.timestamp()):
        assert not np.isclose(numbers, planted_value, rtol=0, atol=1e-6).any(), planted_value
    assert not any(RARE_NAME in text or RARE_PROCEDURE in text for text in texts)
    ids = set(train.patients["patient_id"].to_pylist()) | set(train.encounters["encounter_id"].to_pylist())
    assert not ids & texts


def test_counts_are_cut_to_what_enough_patients_reach(train: EhrTables, model: EhrModel) -> None:
    counts = np.sort(np.unique(train.encounters["patient_id"].to_pylist(), return_counts=True)[1])
    assert counts[-1] > VISITS > 3 * counts[-2]
    assert model.levels["n:office"].values.max() < VISITS / 3
    assert all(len(level.edges) == 0 for level in model.levels.values())


def test_samples_hold_no_extreme_and_nothing_rare(model: EhrModel) -> None:
    tables = model.sample(1500, stream(3, "sample"))
    pressure = tables.observations.filter(pc.equal(tables.observations["name"], "systolic_bp_mmhg"))["value"]
    assert 60 < pc.min(pressure).as_py() < pc.max(pressure).as_py() < 300
    hours = [(row["end"] - row["start"]).total_seconds() / 3600 for row in tables.encounters.to_pylist()]
    assert max(hours) < STAY_HOURS / 2
    assert pc.min(tables.encounters["start"]).as_py() > FIRST_VISIT + timedelta(days=365)
    assert np.unique(tables.encounters["patient_id"].to_pylist(), return_counts=True)[1].max() < VISITS / 2
    assert RARE_NAME not in set(tables.observations["name"].to_pylist())
    assert RARE_PROCEDURE not in set(tables.procedures["code"].to_pylist())


def test_tables_by_class_hold_no_count_of_few_patients(train: EhrTables) -> None:
    """Every cell that is kept is recounted from the source."""
    flat = flatten(train, K_MIN)
    atoms = find_atoms(flat, K_MIN)
    present = in_atoms(flat, flat.conditions, atoms)
    fallback = learn_placement(flat, present, present, K_MIN).fallback
    small = 0
    for c, atom in np.ndindex(*fallback.shape):
        rows = np.flatnonzero((flat.encounter_class == c) & present[:, atom])
        patients = len(set(flat.patient[rows].tolist()))
        assert fallback[c, atom] == (len(rows) if patients >= K_MIN else 0)
        small += 0 < patients < K_MIN
    assert small > 50, "no small cell in the source: the check would say nothing"


def test_no_weight_rests_on_a_pair_of_few_patients(train: EhrTables, model: EhrModel) -> None:
    """Every weight between a condition and a procedure, drug or measurement is held against the source's patients."""
    flat = flatten(train, K_MIN)
    present = in_atoms(flat, flat.conditions, model.atoms)
    sex_age_class = context(flat.female[flat.patient], flat.age_years[flat.patient], flat.encounter_class)
    features = np.hstack([sex_age_class, present])
    with_codes = np.hstack([features, flat.presence(flat.conditions)])
    drugs = flat.presence(flat.medications)
    kept = [flat.observations.names.index(item.name) for item in model.measurements]
    measured = flat.presence(flat.observations)[:, kept]
    ever = np.hstack([sex_age_class[flat.first_of_patient()][:, len(CLASSES) :], flat.ever(present), flat.ever(drugs)])
    values = np.column_stack([item.weights for item in model.measurements])
    rare = 0
    for weights, told, outcomes, whose in (
        (model.procedure_presence.weights, features, flat.presence(flat.procedures), flat.patient),
        (model.drugs_at_visit.weights, features, drugs, flat.patient),
        (model.drugs_ever.weights, ever, flat.ever(drugs), np.arange(len(ever))),
        (model.measured.weights, with_codes, measured, flat.patient),
        (values, with_codes, measured, flat.patient),
    ):
        shared = distinct_pairs(told, outcomes, whose)
        few = (shared > 0) & (shared < K_MIN)
        assert not (weights[1:] != 0)[few].any()
        rare += int(few.sum())
    assert rare > 500, "no rare pair in the source: the check would say nothing"
