"""The embedded demo hospital as hospital tables: 5,000 adult patients over two years, with identifiers.

It plays the *protected* EHR: everything in it is invented, yet complete enough (names, addresses, record numbers, birth
dates) for the leak checks to mean something. Adults only (18 to 104 years at the start of March 2024). Encounters are
office visits, wellness visits, emergency visits and inpatient stays; evaluation-and-management levels are not given,
because they are derived later from the notes' facts. The same seed gives the same tables, byte for byte.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa

from ghostchart.schemas.canonical import generator, stream
from ghostchart.schemas.config import SourceConfig
from ghostchart.schemas.ehr import EhrTables, SourceReport, TableCount, empty_table, table_from_columns
from ghostchart.schemas.progress import SILENT, Progress
from ghostchart.synth.sources.demo_hospital.catalogue import acute_conditions
from ghostchart.synth.sources.demo_hospital.identifiers import draw_identifiers
from ghostchart.synth.sources.demo_hospital.person import make_person
from ghostchart.synth.sources.demo_hospital.population import WINDOW_START, Population, draw_population
from ghostchart.synth.sources.demo_hospital.timeline import plan_visits
from ghostchart.synth.sources.demo_hospital.visit import VisitMaker

_DAYS_PER_YEAR = 365.25
_REPORT_EVERY = 250


def _reason_weights(population: Population) -> dict[str, list[list[float]]]:
    """For each class, patients x acute conditions: relative weight as the reason for a visit."""
    n = len(population)
    found: dict[str, list[list[float]]] = {}
    for encounter_class in ("office", "ed", "inpatient"):
        columns = []
        for acute in acute_conditions():
            log_weight = np.zeros(n)
            for key, raise_ in acute.raises.items():
                log_weight += raise_ * population.has[key]
            weight = np.exp(log_weight) * acute.weight[encounter_class]
            # A condition that worsens must be there: strong raises (>= 2.4) stand for "only in those who have it".
            needed = [key for key, raise_ in acute.raises.items() if raise_ >= 2.4]
            if needed:
                weight = weight * np.where(np.logical_or.reduce([population.has[key] for key in needed]), 1.0, 0.05)
            fits = (population.age_years >= acute.min_age) & (np.minimum(population.age_years, 100.0) <= acute.max_age)
            if acute.sex != "any":
                fits &= population.female == (acute.sex == "F")
            columns.append(np.where(fits, weight, 0.0))
        found[encounter_class] = np.column_stack(columns).tolist()
    return found


def _birth_date(age_years: float) -> date:
    return WINDOW_START - timedelta(days=int(age_years * _DAYS_PER_YEAR) + 1)


class _Columns:
    """Grows the tables' columns encounter by encounter."""

    def __init__(self) -> None:
        self.encounters: list[tuple[str, str, str, datetime, datetime]] = []
        self.conditions: list[tuple[str, str, str, str, int]] = []
        self.procedures: list[tuple[str, str, str, str]] = []
        self.medications: list[tuple[str, str, str]] = []
        self.observations: list[tuple[str, str, str, float]] = []

    def table(self, name: str) -> pa.Table:
        rows = getattr(self, name)
        return rows_to_table(name, rows)


def rows_to_table(name: str, rows: Iterable[tuple[object, ...]]) -> pa.Table:
    """Rows of plain values as a table of the documented schema."""
    names = empty_table(name).schema.names
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return table_from_columns(name, dict(zip(names, columns, strict=True)))


def build_demo_hospital(config: SourceConfig, progress: Progress = SILENT) -> EhrTables:
    """Simulate the demo hospital.

    Args:
        config: ``demo_patients`` and ``demo_seed`` decide everything.
        progress: told of every few hundred patients.

    Returns:
        Tables of the documented schemas; ``notes`` is empty.
    """
    n, seed = config.demo_patients, config.demo_seed
    population = draw_population(generator(stream(seed, "demo", "population")), n)
    maker = VisitMaker(population, _reason_weights(population))
    patient_ids = [f"D{i:06d}" for i in range(n)]
    birth_dates = [_birth_date(age) for age in population.age_years]
    root = int(stream(seed, "demo", "lives").generate_state(1, np.uint64)[0])
    grown, deaths = _Columns(), []
    with progress.task("Simulating the demo hospital", n) as advance:
        for i, patient_id in enumerate(patient_ids):
            rng = random.Random((root << 24) + i)
            person = make_person(rng, population, i)
            visits, death = plan_visits(person, float(population.conceived_days[i]), rng)
            deaths.append(death.date() if death else None)
            for number, visit in enumerate(visits):
                encounter_id = f"{patient_id}-{number:02d}"
                record = maker.make(person, visit, rng)
                grown.encounters.append((encounter_id, patient_id, visit.encounter_class, visit.start, visit.end))
                ids = (patient_id, encounter_id)
                grown.conditions += [(*ids, "icd10cm", code, rank) for rank, code in enumerate(record.codes, 1)]
                grown.procedures += [
                    (*ids, "hcpcs" if code[0].isalpha() else "cpt", code) for code in record.procedures
                ]
                grown.medications += [(*ids, drug) for drug in record.drugs]
                grown.observations += [(*ids, name, float(value)) for name, value in record.values.items()]
            if (i + 1) % _REPORT_EVERY == 0:
                advance(_REPORT_EVERY)
    identifiers, zip3 = draw_identifiers(
        int(stream(seed, "demo", "identifiers").generate_state(1, np.uint32)[0]),
        population.female.tolist(),
        birth_dates,
        patient_ids,
    )
    patients = table_from_columns(
        "patients",
        {
            "patient_id": patient_ids,
            "sex": ["F" if female else "M" for female in population.female],
            "birth_date": birth_dates,
            "death_date": deaths,
            "zip3": zip3,
        },
    )
    tables = {
        name: grown.table(name) for name in ("encounters", "conditions", "procedures", "medications", "observations")
    }
    tables |= {"patients": patients, "identifiers": rows_to_table("identifiers", identifiers)}
    counts = tuple(TableCount(name, table.num_rows, table.num_rows) for name, table in tables.items())
    report = SourceReport("demo", counts, ("simulated hospital: every patient is invented",))
    return EhrTables(**tables, notes=empty_table("notes"), report=report)
