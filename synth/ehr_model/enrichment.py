"""Enrichment: more patients of a stratum than the source has, everything else as it was.

Patients are drawn by condition: each cell (in or out of every enriched stratum) keeps its own distribution as the model
has learned it, and only the cells' shares change. The shares come from raking (iterative proportional fitting, Deming
and Stephan 1940) of the model's own shares to the wanted margins, so that strata that go together still do. A stratum is
read off the exact codes of the sampled patient, not off the groups the model works with.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ghostchart.schemas.canonical import generator
from ghostchart.schemas.ehr import TABLE_SCHEMAS, EhrTables, SourceReport, TableCount, empty_table
from ghostchart.schemas.errors import ModelError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Draw = Callable[[int, np.random.SeedSequence, str], EhrTables]

_PILOT_PATIENTS = 8000
_RAKING_ROUNDS = 200
_MOST_DRAWS_PER_PATIENT = 60.0
_MOST_ROUNDS = 40


@dataclass(frozen=True)
class Enrichment:
    """Chance of keeping a drawn patient, by cell.

    Attributes:
        codes: codes of each enriched stratum, by name; bit i of a cell stands for the i-th of them.
        keep: chance by cell, the largest is 1.
        kept_share: expected share of drawn patients that are kept.
    """

    codes: dict[str, frozenset[str]]
    keep: Floats
    kept_share: float

    def cells(self, tables: EhrTables) -> Ints:
        """Cell of every patient."""
        ids = tables.patients["patient_id"].combine_chunks()
        found = np.zeros(len(ids), dtype=np.int64)
        for bit, values in enumerate(self.codes.values()):
            for table in (tables.conditions, tables.procedures):
                rows = pa.compute.is_in(table["code"], value_set=pa.array(sorted(values), pa.string()))
                holders = table["patient_id"].filter(rows)
                inside = pa.compute.is_in(ids, value_set=holders.combine_chunks()).to_numpy(zero_copy_only=False)
                found |= inside.astype(np.int64) << bit
        return found

    def sample(self, draw: Draw, n_patients: int, seed: np.random.SeedSequence, id_prefix: str) -> EhrTables:
        """Draw until ``n_patients`` are kept.

        Raises:
            ModelError: the strata hardly ever come out.
        """
        own = np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, 2))
        parts: list[EhrTables] = []
        missing = n_patients
        for batch in range(_MOST_ROUNDS):
            draw_seed, keep_seed = own.spawn(2)
            tables = draw(math.ceil(missing / self.kept_share * 1.05) + 8, draw_seed, f"{id_prefix}e{batch}")
            chosen = generator(keep_seed).random(tables.n_patients) < self.keep[self.cells(tables)]
            rows = np.flatnonzero(chosen)[:missing]
            parts.append(tables.restrict(tables.patients["patient_id"].combine_chunks().take(pa.array(rows))))
            missing -= len(rows)
            if not missing:
                return _join(parts)
        raise ModelError("the enriched strata hardly ever come out", where="EHR model", fix="Ask for smaller shares")


def plan_enrichment(
    draw: Draw, wanted: Mapping[str, float], codes: Mapping[str, frozenset[str]], seed: np.random.SeedSequence
) -> Enrichment:
    """Chances that turn the model's own shares into the wanted ones.

    Args:
        draw: samples the model without enrichment.
        wanted: share of patients by stratum, between 0 and 1.
        codes: codes of each stratum.
        seed: stream of a pilot sample.

    Raises:
        ModelError: a stratum is so rare (or so common) in the model that more than 60 patients would have to be drawn
            for each one kept.
    """
    names = tuple(wanted)
    whole = Enrichment({name: codes[name] for name in names}, np.ones(2 ** len(names)), 1.0)
    pilot = draw(_PILOT_PATIENTS, seed, "pilot")
    base = np.bincount(whole.cells(pilot), minlength=len(whole.keep)) / pilot.n_patients
    target = base.copy()
    bits = np.arange(len(base))
    for _ in range(_RAKING_ROUNDS):
        for bit, name in enumerate(names):
            inside = bits >> bit & 1 == 1
            share = target[inside].sum()
            if not 0 < share < 1:
                raise ModelError(f"no patient, or every patient, of the model is of stratum {name}", where="EHR model",
                                 fix="Leave this stratum out of --enrich")  # fmt: skip
            target = np.where(inside, target * wanted[name] / share, target * (1 - wanted[name]) / (1 - share))
    ratio = np.divide(target, base, out=np.zeros_like(base), where=base > 0)
    if ratio.max() > _MOST_DRAWS_PER_PATIENT:
        raise ModelError(
            f"the model yields too few patients of {' and '.join(names)} for these shares",
            where="EHR model",
            fix="Ask for smaller shares",
        )
    return replace(whole, keep=ratio / ratio.max(), kept_share=float(1 / ratio.max()))


def _join(parts: list[EhrTables]) -> EhrTables:
    tables = {
        name: pa.concat_tables([getattr(part, name) for part in parts]).combine_chunks()
        for name in TABLE_SCHEMAS
        if name not in ("identifiers", "notes")
    }
    counts = tuple(TableCount(name, table.num_rows, table.num_rows) for name, table in tables.items())
    rejected = sum(int(part.report.remarks[0].split()[0]) for part in parts)
    return EhrTables(
        **tables,
        identifiers=empty_table("identifiers"),
        notes=empty_table("notes"),
        report=SourceReport("synthetic", counts, (f"{rejected} impossible patients rejected",)),
    )
