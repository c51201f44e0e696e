"""The EHR model on the demo hospital: likeness, speed beside SDV's HMA on the same two tables, impossible patients.

HMA gets what it can take: patients (sex, birth, died) and encounters (class, start, length), two levels. Ghostchart
learns and samples these and all tables below them (diagnoses, procedures, drugs, measurements); both are counted in
encounters. The peer runs on a part of the patients, because it would not end otherwise; its speed per encounter does not
depend on that much, and the size is printed. Seconds are CPU seconds of one process unless wall-clock is said.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from multiprocessing import get_context
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from ghostchart.schemas.canonical import stream
from ghostchart.schemas.config import EhrModelConfig, SourceConfig
from ghostchart.schemas.ehr import EhrTables
from ghostchart.synth.ehr_model import EhrModel, fit_ehr_model, split_holdout
from ghostchart.synth.fidelity import measure_fidelity
from ghostchart.synth.sources import load_source

T = TypeVar("T")
_PEER_PATIENTS = 1000
_IMPOSSIBLE_PATIENTS, _CHUNK = 100_000, 5_000
_LARGE_PATIENTS = 24_000
_PREGNANT_YEARS = (10, 60)


def main() -> None:
    """Measure and print."""
    warnings.simplefilter("ignore")
    source = load_source(SourceConfig())
    train, holdout = split_holdout(source, 0.2, stream(1, "holdout"))
    model, seconds = _timed(lambda: fit_ehr_model(train, EhrModelConfig(), stream(1, "fit")))
    print(f"fit           {train.n_patients:,} patients, {train.encounters.num_rows:,} encounters: {seconds:.1f} s")
    synthetic, seconds = _timed(lambda: model.sample(train.n_patients, stream(1, "sample")))
    ours = synthetic.encounters.num_rows / seconds
    print(f"sample        {synthetic.encounters.num_rows:,} encounters, one process: {ours:,.0f} encounters/s")
    verdict, seconds = _timed(lambda: measure_fidelity(train, synthetic, 11, stream(1, "control"), holdout))
    print(f"fidelity      {seconds:.1f} s; value beside its control")
    for measure in verdict.measures:
        shown = ["   none" if number is None else f"{number:7.3f}" for number in (measure.value, measure.baseline)]
        print(f"  {measure.name:<36}{shown[0]}   {shown[1]}")
    peer = _hma_speed(train)
    print(f"ratio         {ours / peer:.0f} times HMA's encounters per second (bar: 20)")
    _two_processes(model)
    _impossible(model)
    _large_fit()


def _timed(function: Callable[[], T]) -> tuple[T, float]:
    """Result and CPU seconds of this process: what else runs on the machine does not count, further threads do."""
    began = time.process_time()
    found = function()
    return found, time.process_time() - began


def _hma_speed(train: EhrTables) -> float:
    import pandas as pd
    from sdv.metadata import Metadata
    from sdv.multi_table import HMASynthesizer

    some = train.restrict(train.patients["patient_id"].combine_chunks()[:_PEER_PATIENTS])
    patients = pd.DataFrame(
        {
            "patient_id": some.patients["patient_id"].to_pylist(),
            "sex": some.patients["sex"].to_pylist(),
            "birth_day": some.patients["birth_date"].cast(pa.int32()).to_numpy().astype(float),
            "died": [day is not None for day in some.patients["death_date"].to_pylist()],
        }
    )
    start = some.encounters["start"].cast(pa.int64()).to_numpy() / 86400
    end = some.encounters["end"].cast(pa.int64()).to_numpy() / 86400
    encounters = pd.DataFrame(
        {
            "encounter_id": some.encounters["encounter_id"].to_pylist(),
            "patient_id": some.encounters["patient_id"].to_pylist(),
            "encounter_class": some.encounters["encounter_class"].to_pylist(),
            "start_day": start,
            "length_days": end - start,
        }
    )
    metadata = Metadata.load_from_dict(
        {
            "tables": {
                "patients": {
                    "primary_key": "patient_id",
                    "columns": {
                        "patient_id": {"sdtype": "id"},
                        "sex": {"sdtype": "categorical"},
                        "birth_day": {"sdtype": "numerical"},
                        "died": {"sdtype": "boolean"},
                    },
                },
                "encounters": {
                    "primary_key": "encounter_id",
                    "columns": {
                        "encounter_id": {"sdtype": "id"},
                        "patient_id": {"sdtype": "id"},
                        "encounter_class": {"sdtype": "categorical"},
                        "start_day": {"sdtype": "numerical"},
                        "length_days": {"sdtype": "numerical"},
                    },
                },
            },
            "relationships": [
                {
                    "parent_table_name": "patients",
                    "child_table_name": "encounters",
                    "parent_primary_key": "patient_id",
                    "child_foreign_key": "patient_id",
                }
            ],
        }
    )
    synthesizer = HMASynthesizer(metadata, verbose=False)
    tables: dict[str, Any] = {"patients": patients, "encounters": encounters}
    _, fitted = _timed(lambda: synthesizer.fit(tables))
    sampled, seconds = _timed(lambda: synthesizer.sample(len(patients) // 2, main_table_name="patients"))
    speed = len(sampled["encounters"]) / seconds
    print(
        f"HMA           {len(patients):,} patients, {len(encounters):,} encounters: fit {fitted:.1f} s; "
        f"{len(sampled['encounters']):,} sampled: {speed:,.0f} encounters/s"
    )
    return speed


def _two_processes(model: EhrModel) -> None:
    """Each process samples its own part; forked, because this file is no module that a fresh process could import."""
    context = get_context("fork")
    counts = context.Queue()

    def sample(process: int) -> None:
        model.sample(500, stream(2, "warm", process))
        began = time.perf_counter()
        n = sum(model.sample(2000, stream(2, "speed", process, part)).encounters.num_rows for part in range(3))
        counts.put((n, time.perf_counter() - began))

    processes = [context.Process(target=sample, args=(process,)) for process in range(2)]
    for process in processes:
        process.start()
    found = [counts.get() for _ in processes]
    for process in processes:
        process.join()
    speed = sum(n for n, _ in found) / max(seconds for _, seconds in found)
    print(f"two processes {speed:,.0f} encounters per wall-clock second (bar: 2,000)")


def _impossible(model: EhrModel) -> None:
    wrong = rejected = n_codes = 0
    for part in range(_IMPOSSIBLE_PATIENTS // _CHUNK):
        tables = model.sample(_CHUNK, stream(3, "impossible", part))
        wrong += count_impossible(tables)
        rejected += int(tables.report.remarks[0].split()[0])
        n_codes += tables.conditions.num_rows
    print(
        f"impossible    {wrong} rows in {_IMPOSSIBLE_PATIENTS:,} patients, {n_codes:,} diagnoses; "
        f"{rejected:,} patients were rejected on the way"
    )


def count_impossible(tables: EhrTables) -> int:
    """Diagnoses no such person can have, by rules written down apart from the model's own."""
    conditions = tables.conditions.join(tables.patients, "patient_id").join(
        tables.encounters.select(["encounter_id", "start"]), "encounter_id"
    )
    code = np.array(conditions["code"].to_pylist(), dtype=str)
    female = np.array(conditions["sex"].to_pylist(), dtype=str) == "F"
    born = conditions["birth_date"].cast(pa.int32()).to_numpy()
    age = (conditions["start"].cast(pa.int64()).to_numpy() / 86400 - born) / 365.25
    group = code.astype("U3")
    pregnancy = (code.astype("U1") == "O") | np.isin(group, ["Z33", "Z34", "Z3A"])
    prostate = np.isin(group, ["C61", "N40", "N41", "N42"])
    uterus = np.isin(group, ["C53", "C54", "C56", "N92", "N95"])
    newborn = (code.astype("U1") == "P") | (group == "Z38")
    young, old = _PREGNANT_YEARS
    wrong = pregnancy & (~female | (age < young) | (age >= old + 1))
    wrong |= (prostate & female) | (uterus & ~female) | (newborn & (age > 2)) | (age < 0)
    return int(wrong.sum())


def _large_fit() -> None:
    source = load_source(SourceConfig(demo_patients=_LARGE_PATIENTS))
    _, seconds = _timed(lambda: fit_ehr_model(source, EhrModelConfig(), stream(1, "fit")))
    print(
        f"large fit     {source.n_patients:,} patients, {source.encounters.num_rows:,} encounters: {seconds:.0f} s "
        "(bar: 100,000 encounters in 300 s)"
    )
