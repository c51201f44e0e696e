"""Cells spoiled at random in every source: it is read and reconciles, or it is refused in one sentence; never anything else."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ghostchart.schemas.config import SourceConfig
from ghostchart.schemas.errors import InputError
from ghostchart.synth.sources import load_source
from tests.synth import test_sources_csv, test_sources_fhir, test_sources_mimic, test_sources_synthea
from tests.synth.omop_hospital import omop_hospital, write_csv

MARK = "X77X"
CELLS = (
    "", " ", MARK, "0", "-1", "12.0", "1e400", "nan", "inf", "9" * 400, "1e9999999999", "0000-00-00", "2019-02-30",
    "0001-01-01", "9999-12-31", "2019-03-12 25:61:00", "24:00", "'", "\"", "\\", "; DROP TABLE patients", "🙂", "\u202e", "a\nb",
    "TRUE", "NULL", "2019-03-12T10:00:00+14:00", "12/31/2019", "E11.9", "http://snomed.info/sct",
)  # fmt: skip
VALUES: tuple[Any, ...] = (None, True, 7, -1.5, 10**30, MARK, "", "2019-02-30", [], [None], [[]], {}, {"reference": 3})
Write = Callable[[random.Random, Path], SourceConfig]


def _spoil(rng: random.Random, tables: dict[str, list[list[str]]]) -> None:
    """One to three faults: a cell, a header, a row twice, a row less, a row too short."""
    for _ in range(rng.randint(1, 3)):
        rows = tables[rng.choice(sorted(tables))]
        row = rng.randrange(1, len(rows)) if len(rows) > 1 else 0
        column = rng.randrange(len(rows[0]))
        fault = rng.random()
        if fault < 0.8 and column < len(rows[row]):
            rows[row][column] = rng.choice(CELLS)
        elif fault < 0.85:
            rows[0][column] = rng.choice(CELLS)
        elif fault < 0.9:
            rows.append(list(rows[row]))
        elif fault < 0.95:
            del rows[row]
        else:
            rows[row] = rows[row][:-1]


def _mimic(rng: random.Random, folder: Path) -> SourceConfig:
    tables = test_sources_mimic.small_hospital()
    _spoil(rng, tables)
    return SourceConfig(kind="mimic-iv", path=test_sources_mimic.write(folder, tables))


def _omop(rng: random.Random, folder: Path) -> SourceConfig:
    tables = omop_hospital()
    _spoil(rng, tables)
    return SourceConfig(kind="omop", path=write_csv(folder, tables))


def _synthea(rng: random.Random, folder: Path) -> SourceConfig:
    tables = test_sources_synthea.export()
    _spoil(rng, tables)
    path = test_sources_synthea.write(folder, tables)
    return SourceConfig(kind="synthea", path=path, code_map=folder.parent / "map.csv")


def _mapped(rng: random.Random, folder: Path) -> SourceConfig:
    folder.mkdir(parents=True)
    tables = {}
    for name, text in test_sources_csv.FILES.items():
        mark = ";" if name == "Demographics.csv" else ","
        tables[name] = [line.split(mark) for line in text.splitlines()]
    _spoil(rng, tables)
    for name, rows in tables.items():
        mark = ";" if name == "Demographics.csv" else ","
        (folder / name).write_text("".join(mark.join(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "ghostchart-mapping.yaml").write_text(yaml.safe_dump(test_sources_csv.MAPPING))
    return SourceConfig(kind="csv", path=folder)


def _fhir(rng: random.Random, folder: Path) -> SourceConfig:
    resources = test_sources_fhir.hospital()
    for _ in range(rng.randint(1, 3)):
        place: Any = rng.choice(resources[rng.choice(sorted(resources))])
        while True:
            key = rng.choice(sorted(place) if isinstance(place, dict) else range(len(place)))
            if isinstance(place[key], dict | list) and place[key] and rng.random() < 0.7:
                place = place[key]
                continue
            place[key] = rng.choice(VALUES)
            break
    write = rng.choice((test_sources_fhir.write_bulk, _as_one_bundle))
    return SourceConfig(kind="fhir", path=write(folder, resources))


def _as_one_bundle(folder: Path, resources: test_sources_fhir.Hospital) -> Path:
    folder.mkdir(parents=True)
    entries = [{"fullUrl": f"urn:uuid:{row.get('id')}", "resource": row} for rows in resources.values() for row in rows]
    (folder / "all.json").write_text(json.dumps({"resourceType": "Bundle", "entry": entries}))
    return folder


def _look(write: Write, seeds: range, folder: Path) -> None:
    read = refused = 0
    for seed in seeds:
        config = write(random.Random(seed), folder / str(seed) / "source")
        try:
            tables = load_source(config)
        except InputError as error:
            refused += 1
            assert "\n" not in str(error), seed
            assert error.where, seed
            assert MARK not in str(error), f"seed {seed}: the message holds a value of the source"
            continue
        read += 1
        for count in tables.report.tables:
            assert count.rows_read == count.rows_used + sum(count.refused.values()), (seed, count.table)
            assert min((count.rows_used, *count.refused.values())) >= 0, (seed, count.table)
    assert read and refused, "all or nothing is read: the faults say nothing"


SOURCES = [_mimic, _omop, _synthea, _mapped, _fhir]


@pytest.mark.parametrize("write", SOURCES)
def test_a_few_spoiled_sources(tmp_path: Path, write: Write) -> None:
    _look(write, range(8), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("write", SOURCES)
def test_many_spoiled_sources(tmp_path: Path, write: Write) -> None:
    _look(write, range(1000, 1200), tmp_path)
