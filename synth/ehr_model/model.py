"""The statistical EHR model: what SDV and the tables around it have learned, and sampling from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ghostchart.schemas.canonical import generator
from ghostchart.schemas.ehr import EhrTables, SourceReport, TableCount, empty_table, table_from_columns
from ghostchart.synth.ehr_model import impossible
from ghostchart.synth.ehr_model.enrichment import Enrichment
from ghostchart.synth.ehr_model.flat import CLASSES
from ghostchart.synth.ehr_model.latent import Levels
from ghostchart.synth.ehr_model.measuring import Measurement, sample_values
from ghostchart.synth.ehr_model.placement import Placement, place
from ghostchart.synth.ehr_model.presence import Chain, Presence
from ghostchart.synth.ehr_model.sampled_patients import (
    SampledPatients,
    context,
    draw_lasting,
    name_patients,
    possible_atoms,
    sample_patients,
    split_names,
)
from ghostchart.synth.ehr_model.table_models import TableModel
from ghostchart.synth.ehr_model.timing import Calendar, arrange_classes, death_days, lay_out
from ghostchart.synth.ehr_model.vocabulary import Atoms, CodeChoice, chances_for

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_DAYS_PER_YEAR = 365.25


@dataclass(frozen=True)
class EhrModel:
    """A fitted model; make it with ``fit_ehr_model``, keep it in the protected zone.

    Attributes:
        codes: kept ICD-10-CM codes; procedures ("cpt:93000"), drugs and measurements likewise.
        levels: discrete patient columns: "age", "sex", "died", "n:<class>".
        encounter_tables: one learned table per class, None where too few patients have it.
        drugs_ever: patients' drugs given their conditions; ``drugs_at_visit`` whether one is recorded at a visit.
        mean_encounters: encounters per source patient.
        dropped: rare items left out, by table: (items, rows).
        enrichment: how sampled patients are chosen where strata are enriched.
    """

    k_min: int
    codes: tuple[str, ...]
    atoms: Atoms
    choices: tuple[CodeChoice, ...]
    placement: Placement
    procedures: tuple[str, ...]
    procedure_presence: Presence
    drugs: tuple[str, ...]
    drugs_ever: Chain
    drugs_at_visit: Presence
    measurements: tuple[Measurement, ...]
    measured: Presence
    levels: dict[str, Levels]
    patient_table: TableModel
    encounter_tables: tuple[TableModel | None, ...]
    calendar: Calendar
    mean_encounters: float
    dropped: dict[str, tuple[int, int]]
    enrichment: Enrichment | None = None

    @property
    def encounters_per_patient(self) -> float:
        """Average number of encounters of a patient."""
        return self.mean_encounters

    def sample(self, n_patients: int, seed: np.random.SeedSequence, id_prefix: str = "p") -> EhrTables:
        """Draw a synthetic population.

        Args:
            n_patients: how many patients, at least 1.
            seed: stream; the same one gives identical tables, another one other patients.
            id_prefix: patient ids are "<prefix>-000000", encounter ids "<patient id>-00".

        Returns:
            Tables of the documented schemas without identifiers and notes. The report's remarks count patients that
            were rejected as impossible.

        Raises:
            ModelError: nearly every patient drawn is impossible.
        """
        if self.enrichment is not None:
            return self.enrichment.sample(self.draw, n_patients, seed, id_prefix)
        return self.draw(n_patients, seed, id_prefix)

    def draw(self, n_patients: int, seed: np.random.SeedSequence, id_prefix: str = "p") -> EhrTables:
        """Draw patients as the model has learned them, without enrichment; see :meth:`sample`."""
        seeds = np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, 1)).spawn(7)
        rng = generator(seeds[0])
        people = sample_patients(self, n_patients, seeds[1])
        visits = people.counts.sum(axis=1)
        first = np.r_[0, np.cumsum(visits)[:-1]].astype(np.int64)
        patient = np.repeat(np.arange(n_patients), visits)
        classes = arrange_classes(people.counts, people.dead, self.calendar, rng)
        possible_codes = impossible.allowed(self.codes, people.female, people.age_years)
        possible = possible_atoms(self.atoms, possible_codes)
        placed = place(self.placement, people.flags, first, visits, classes, possible, rng)
        numbers = self._encounter_scores(classes, seeds[2:6], rng)
        start, end = lay_out(self.calendar, visits, classes, numbers[:, 0], numbers[:, 1], rng)
        known = context(people.female[patient], people.age_years[patient], classes)
        codes = self._codes(placed, known, possible_codes, patient, first, visits, rng)
        tables = {
            "patients": self._patient_rows(people, first, visits, classes, start, end, id_prefix, rng),
            **self._rows(
                people, patient, first, classes, placed, known, codes, numbers[:, 2:], start, end, id_prefix, rng
            ),
        }
        counts = tuple(TableCount(name, table.num_rows, table.num_rows) for name, table in tables.items())
        remarks = (f"{people.rejected} impossible patients rejected",)
        return EhrTables(
            **tables,
            identifiers=empty_table("identifiers"),
            notes=empty_table("notes"),
            report=SourceReport("synthetic", counts, remarks),
        )

    def save(self, directory: Path) -> None:
        """Write the model into a directory of the protected zone."""
        from ghostchart.synth.ehr_model.storage import save_model

        save_model(self, directory)

    def _encounter_scores(self, classes: Ints, seeds: list[np.random.SeedSequence], rng: np.random.Generator) -> Floats:
        """Gap, length and visit effects of the measurements, as scores, from SDV's table of each class."""
        scores = rng.standard_normal((len(classes), 2 + len(self.measurements)))
        for c, table in enumerate(self.encounter_tables):
            rows = np.flatnonzero(classes == c)
            if table is not None and len(rows):
                scores[rows] = table.sample(len(rows), seeds[c])
        return scores

    def _codes(
        self,
        placed: Flags,
        known: Flags,
        possible_codes: Flags,
        patient: Ints,
        first: Ints,
        visits: Ints,
        rng: np.random.Generator,
    ) -> Flags:
        """Encounters x codes: the exact code of every placed atom."""
        features = np.hstack([known, placed, np.zeros((len(placed), len(self.codes)), dtype=bool)])
        chosen = features[:, known.shape[1] + placed.shape[1] :]
        for atom in self.placement.order.tolist():
            choice = self.choices[atom]
            rows = np.flatnonzero(placed[:, atom])
            if not len(rows):
                continue
            if len(choice.codes) == 1:
                chosen[rows, choice.codes[0]] = True
                continue
            chances = chances_for(choice, features[rows]) * possible_codes[np.ix_(patient[rows], choice.codes)]
            total = chances.sum(axis=1, keepdims=True)
            fallback = possible_codes[np.ix_(patient[rows], choice.codes)].astype(float)
            chances = np.where(
                total > 0, chances / np.maximum(total, 1e-12), fallback / fallback.sum(axis=1, keepdims=True)
            )
            drawn = draw_lasting(chances, choice.repeat, patient[rows], rng)
            chosen[rows, choice.codes[drawn]] = True
        return chosen

    def _patient_rows(
        self,
        people: SampledPatients,
        first: Ints,
        visits: Ints,
        classes: Ints,
        start: Ints,
        end: Ints,
        id_prefix: str,
        rng: np.random.Generator,
    ) -> pa.Table:
        n = len(visits)
        last = first + visits - 1
        last_day = np.floor(start[last] / 86400)
        births = last_day - np.floor(people.age_years * _DAYS_PER_YEAR) - 1 - rng.integers(0, 364, n)
        deaths = death_days(self.calendar, people.dead, classes[last], end[last], rng)
        return table_from_columns(
            "patients",
            {
                "patient_id": name_patients(id_prefix, n),
                "sex": np.where(people.female, "F", "M"),
                "birth_date": pa.array(births.astype(np.int32)).cast(pa.date32()),
                "death_date": pa.array(np.nan_to_num(deaths).astype(np.int32), mask=np.isnan(deaths)).cast(pa.date32()),
                "zip3": pa.nulls(n, pa.string()),
            },
        )

    def _rows(
        self,
        people: SampledPatients,
        patient: Ints,
        first: Ints,
        classes: Ints,
        placed: Flags,
        known: Flags,
        codes: Flags,
        visit_effects: Floats,
        start: Ints,
        end: Ints,
        id_prefix: str,
        rng: np.random.Generator,
    ) -> dict[str, pa.Table]:
        patient_ids = np.array(name_patients(id_prefix, len(people.female)), dtype=object)
        number = np.arange(len(patient)) - first[patient]
        encounter_ids = np.array(
            [f"{patient_id}-{i:02d}" for patient_id, i in zip(patient_ids[patient], number.tolist(), strict=True)],
            dtype=object,
        )

        def ids(rows: Ints) -> dict[str, object]:
            return {"patient_id": patient_ids[patient[rows]], "encounter_id": encounter_ids[rows]}

        row, code, rank = self._ranked(codes, classes, rng)
        conditions = {
            **ids(row),
            "system": np.full(len(row), "icd10cm"),
            "code": np.array(self.codes, dtype=object)[code],
        }
        features = np.hstack([known, placed])
        drugs_ever = self.drugs_ever.draw(np.hstack([known[first][:, len(CLASSES) :], people.flags]), rng)
        drug_row, drug = self._drug_rows(drugs_ever, features, patient, rng)
        done_row, done = np.nonzero(
            rng.random((len(patient), len(self.procedures))) < self.procedure_presence.chances(features)
        )
        systems, values = split_names(self.procedures)
        observations = self._observation_rows(np.hstack([features, codes]), people.own[patient], visit_effects, rng)
        return {
            "encounters": table_from_columns(
                "encounters",
                {
                    "encounter_id": encounter_ids,
                    "patient_id": patient_ids[patient],
                    "encounter_class": np.array(CLASSES, dtype=object)[classes],
                    "start": pa.array(start).cast(pa.timestamp("s")),
                    "end": pa.array(end).cast(pa.timestamp("s")),
                },
            ),
            "conditions": table_from_columns("conditions", {**conditions, "rank": rank.astype(np.int32)}),
            "procedures": table_from_columns(
                "procedures", {**ids(done_row), "system": systems[done], "code": values[done]}
            ),
            "medications": table_from_columns(
                "medications", {**ids(drug_row), "drug": np.array(self.drugs, dtype=object)[drug]}
            ),
            "observations": table_from_columns(
                "observations",
                {**ids(observations[0]), "name": observations[1], "value": observations[2]},
            ),
        }

    def _ranked(self, codes: Flags, classes: Ints, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
        """Rows of (encounter, code, rank): the first code by how often it comes first, the others likewise below it."""
        row, code = np.nonzero(codes)
        leads = self.placement.first_share[classes[row], self.atoms.of_code[code]]
        order = np.lexsort((-(np.log(leads + 1e-3) + rng.gumbel(size=len(row)) * 0.8), row))
        row, code = row[order], code[order]
        begins = np.flatnonzero(np.r_[True, row[1:] != row[:-1]]) if len(row) else np.zeros(0, dtype=np.int64)
        rank = np.arange(len(row)) - np.repeat(begins, np.diff(np.r_[begins, len(row)])) + 1
        return row, code, rank

    def _drug_rows(self, ever: Flags, features: Flags, patient: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
        """Drugs at visits; a drug that a patient has is recorded at least once, where it fits best."""
        if not self.drugs:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        chances = np.where(ever[patient], self.drugs_at_visit.chances(features), 0.0)
        recorded = rng.random(chances.shape) < chances
        begins = np.flatnonzero(np.r_[True, patient[1:] != patient[:-1]])
        missing = ever & ~np.maximum.reduceat(recorded, begins, axis=0)
        best = np.maximum.reduceat(chances, begins, axis=0)
        recorded |= missing[patient] & (chances >= best[patient]) & (chances > 0.02)
        row, drug = np.nonzero(recorded)
        return row.astype(np.int64), drug.astype(np.int64)

    def _observation_rows(
        self, features: Flags, own: Floats, visit: Floats, rng: np.random.Generator
    ) -> tuple[Ints, NDArray[np.object_], Floats]:
        if not self.measurements:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=object), np.zeros(0)
        seen = rng.random((len(features), len(self.measurements))) < self.measured.chances(features)
        values = sample_values(self.measurements, features, own, visit)
        row, item = np.nonzero(seen)
        names = np.array([measurement.name for measurement in self.measurements], dtype=object)
        table = np.column_stack([values[name] for name in names])
        return row, names[item], table[row, item]
