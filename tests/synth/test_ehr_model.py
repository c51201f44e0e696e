"""The EHR model: reproducible, keeps nothing rare, samples nobody impossible."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ghostchart.schemas.canonical import stream
from ghostchart.schemas.config import EhrModelConfig, SourceConfig
from ghostchart.schemas.ehr import TABLE_SCHEMAS, EhrTables, table_from_columns
from ghostchart.schemas.errors import ModelError, SourceError
from ghostchart.schemas.icd10cm_release import load_icd10cm
from ghostchart.synth.ehr_model import EhrModel, fit_ehr_model, impossible, load_ehr_model, split_holdout
from ghostchart.synth.sources import load_source

K_MIN = 11
RARE_CODE, RARE_DRUG, EXTREME_AGE_YEARS = "E75.22", "eliglustat", 107
PREGNANCY_CODE = "O09.521"
PROSTATE = "N40"


def _extended(tables: EhrTables, name: str, rows: list[dict[str, object]]) -> pa.Table:
    return pa.concat_tables([getattr(tables, name), pa.Table.from_pylist(rows, schema=TABLE_SCHEMAS[name])])


def _planted(tables: EhrTables) -> EhrTables:
    """A hospital with one patient of 107 years, a code of 3 patients, a drug of 2, and 40 pregnancies."""
    encounters: dict[str, str] = {}
    for row in tables.encounters.to_pylist():
        encounters.setdefault(row["patient_id"], row["encounter_id"])
    people = [row for row in tables.patients.to_pylist() if row["patient_id"] in encounters]
    conditions, drugs = [], []
    for row in people[:3]:
        conditions.append((row["patient_id"], RARE_CODE))
    for row in people[:2]:
        drugs.append((row["patient_id"], RARE_DRUG))
    pregnant = [row for row in people if row["sex"] == "F" and row["birth_date"] > date(1980, 1, 1)][:40]
    assert len(pregnant) == 40
    conditions += [(row["patient_id"], PREGNANCY_CODE) for row in pregnant]
    oldest = next(row for row in people if not row["death_date"])["patient_id"]
    patients = tables.patients.to_pylist()
    for row in patients:
        if row["patient_id"] == oldest:
            row["birth_date"] = date(2025 - EXTREME_AGE_YEARS, 1, 2)
    return replace(
        tables,
        patients=pa.Table.from_pylist(patients, schema=TABLE_SCHEMAS["patients"]),
        conditions=_extended(
            tables,
            "conditions",
            [
                {"patient_id": who, "encounter_id": encounters[who], "system": "icd10cm", "code": code, "rank": 90}
                for who, code in conditions
            ],
        ),
        medications=_extended(
            tables,
            "medications",
            [{"patient_id": who, "encounter_id": encounters[who], "drug": drug} for who, drug in drugs],
        ),
    )


@pytest.fixture(scope="module")
def train() -> EhrTables:
    return _planted(load_source(SourceConfig(kind="demo", demo_patients=600, demo_seed=5)))


@pytest.fixture(scope="module")
def model(train: EhrTables) -> EhrModel:
    return fit_ehr_model(train, EhrModelConfig(k_min=K_MIN), stream(3, "fit"))


@pytest.fixture(scope="module")
def saved(model: EhrModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("model")
    model.save(directory)
    return directory


@pytest.fixture(scope="module")
def sampled(model: EhrModel) -> EhrTables:
    return model.sample(1500, stream(3, "sample"))


def ages_at_visits(tables: EhrTables) -> dict[str, list[float]]:
    births = dict(zip(*(tables.patients[name].to_pylist() for name in ("patient_id", "birth_date")), strict=True))
    found: dict[str, list[float]] = defaultdict(list)
    for row in tables.encounters.to_pylist():
        found[row["patient_id"]].append((row["start"].date() - births[row["patient_id"]]).days / 365.25)
    return found


def lives(tables: EhrTables) -> set[tuple[date, str, tuple[datetime, ...]]]:
    """Birth date, sex and visit times of every patient: what two populations must not share."""
    visits: dict[str, list[datetime]] = defaultdict(list)
    for row in tables.encounters.to_pylist():
        visits[row["patient_id"]].append(row["start"])
    return {
        (row["birth_date"], row["sex"], tuple(sorted(visits[row["patient_id"]]))) for row in tables.patients.to_pylist()
    }


def test_the_fixture_holds_what_is_planted(train: EhrTables) -> None:
    assert load_icd10cm().is_billable(RARE_CODE) and load_icd10cm().is_billable(PREGNANCY_CODE)
    assert max(max(ages) for ages in ages_at_visits(train).values()) > 106
    assert train.conditions["code"].to_pylist().count(RARE_CODE) == 3
    assert train.medications["drug"].to_pylist().count(RARE_DRUG) == 2


def test_same_seed_same_tables(model: EhrModel) -> None:
    first, again = (model.sample(200, stream(3, "again"), id_prefix="q") for _ in range(2))
    for name in TABLE_SCHEMAS:
        assert getattr(first, name).equals(getattr(again, name)), name
    assert first.patients["patient_id"][0].as_py() == "q-000000"


def test_two_seeds_and_the_source_share_no_patient(train: EhrTables, model: EhrModel, sampled: EhrTables) -> None:
    other = model.sample(1500, stream(3, "other"))
    assert len(lives(sampled)) == len(lives(other)) == 1500
    assert not lives(sampled) & lives(other)
    assert not lives(sampled) & lives(train)


def test_one_sex_and_birth_date_each_with_visits_after_birth(sampled: EhrTables) -> None:
    ids = sampled.patients["patient_id"].to_pylist()
    assert len(set(ids)) == len(ids) == 1500
    assert set(sampled.patients["sex"].to_pylist()) == {"F", "M"}
    assert sampled.patients["birth_date"].null_count == 0
    ages = ages_at_visits(sampled)
    assert ages.keys() == set(ids), "a patient without visit"
    assert min(min(found) for found in ages.values()) > 0
    deaths = dict(zip(ids, sampled.patients["death_date"].to_pylist(), strict=True))
    for row in sampled.encounters.to_pylist():
        assert row["start"] <= row["end"]
        died = deaths[row["patient_id"]]
        assert died is None or row["end"].date() <= died


def test_rows_refer_to_patients_and_encounters_that_exist(sampled: EhrTables) -> None:
    known = set(zip(*(sampled.encounters[name].to_pylist() for name in ("patient_id", "encounter_id")), strict=True))
    assert len(known) == sampled.encounters.num_rows
    for name in ("conditions", "procedures", "medications", "observations"):
        table = getattr(sampled, name)
        assert table.num_rows > 0
        assert set(zip(*(table[c].to_pylist() for c in ("patient_id", "encounter_id")), strict=True)) <= known, name
    assert sampled.identifiers.num_rows == sampled.notes.num_rows == 0


def test_rare_things_are_not_sampled(sampled: EhrTables) -> None:
    assert RARE_CODE not in set(sampled.conditions["code"].to_pylist())
    assert RARE_DRUG not in set(sampled.medications["drug"].to_pylist())
    assert max(max(found) for found in ages_at_visits(sampled).values()) < 91


def test_only_what_k_min_source_patients_share_is_sampled(train: EhrTables, sampled: EhrTables) -> None:
    for name, column in (("conditions", "code"), ("medications", "drug"), ("procedures", "code")):
        holders: dict[str, set[str]] = defaultdict(set)
        for row in getattr(train, name).to_pylist():
            holders[row[column]].add(row["patient_id"])
        assert min(len(holders[value]) for value in set(getattr(sampled, name)[column].to_pylist())) >= K_MIN, name


def test_saved_files_hold_nothing_rare_and_nobody(train: EhrTables, saved: Path, model: EhrModel) -> None:
    files = {path.name: path.read_bytes() for path in saved.rglob("*") if path.is_file()}
    assert files
    # Only printable runs are searched: pickled text is plain UTF-8.
    held = b"\n".join(run for content in files.values() for run in re.findall(rb"[ -~]{3,}", content))
    assert b"I10" in held and b"metformin" in held, "the search would find nothing at all"
    births = {value.isoformat() for value in train.patients["birth_date"].to_pylist()}
    wanted = [RARE_CODE, RARE_CODE.replace(".", ""), RARE_DRUG, *births]
    wanted += train.patients["patient_id"].to_pylist() + train.encounters["encounter_id"].to_pylist()
    # Cities may be short words; everything else of an identifier is looked for as it is written.
    wanted += [row["value"] for row in train.identifiers.to_pylist() if len(row["value"]) >= 8]
    assert [text for text in wanted if text.encode() in held] == []
    assert model.levels["age"].values.max() <= 90
    assert files["model.json"].find(str(EXTREME_AGE_YEARS).encode() + b",") < 0


def test_rare_items_are_counted_as_dropped(model: EhrModel) -> None:
    items, rows = model.dropped["conditions"]
    assert items >= 1 and rows >= 3
    assert model.dropped["medications"][0] >= 1


def impossible_rows(tables: EhrTables) -> int:
    """Pregnancy in men or from 60 years on, prostate disease in women."""
    sex = dict(zip(*(tables.patients[name].to_pylist() for name in ("patient_id", "sex")), strict=True))
    oldest = {patient: max(found) for patient, found in ages_at_visits(tables).items()}
    return sum(
        (row["code"].startswith("O") and (sex[row["patient_id"]] == "M" or oldest[row["patient_id"]] >= 60))
        or (row["code"].startswith(PROSTATE) and sex[row["patient_id"]] == "F")
        for row in tables.conditions.to_pylist()
    )


def test_impossible_patients_never_appear(sampled: EhrTables) -> None:
    codes = sampled.conditions["code"].to_pylist()
    assert codes.count(PREGNANCY_CODE) > 10, "no pregnancy sampled: the check would say nothing"
    assert sum(code.startswith(PROSTATE) for code in codes) > 10
    assert impossible_rows(sampled) == 0
    (remark,) = sampled.report.remarks
    assert int(remark.split()[0]) > 0


def test_without_the_rule_impossible_patients_would_appear(model: EhrModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        impossible, "allowed", lambda codes, female, age_years: np.ones((len(female), len(codes)), dtype=bool)
    )
    assert impossible_rows(model.sample(1500, stream(3, "sample"))) > 0


def test_loaded_model_samples_the_same(model: EhrModel, saved: Path) -> None:
    loaded = load_ehr_model(saved)
    assert loaded.encounters_per_patient == model.encounters_per_patient
    for name in TABLE_SCHEMAS:
        mine, its = (getattr(some.sample(100, stream(3, "trip")), name) for some in (model, loaded))
        assert mine.equals(its), name


def test_damaged_or_missing_model_is_refused(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no fitted"):
        load_ehr_model(tmp_path)
    for path in saved.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    whole = bytearray((tmp_path / "model.pkl").read_bytes())
    whole[len(whole) // 2] ^= 1
    (tmp_path / "model.pkl").write_bytes(whole)
    with pytest.raises(ModelError, match="damaged"):
        load_ehr_model(tmp_path)


def test_encounters_per_patient_is_the_sources_mean(train: EhrTables, model: EhrModel, sampled: EhrTables) -> None:
    assert model.encounters_per_patient == pytest.approx(train.encounters.num_rows / train.n_patients, rel=0.02)
    assert sampled.encounters.num_rows / 1500 == pytest.approx(model.encounters_per_patient, rel=0.2)


def test_split_is_disjoint_by_patient_and_seeded(train: EhrTables) -> None:
    kept, out = split_holdout(train, 0.2, stream(7, "split"))
    assert (kept.n_patients, out.n_patients) == (480, 120)
    for name in TABLE_SCHEMAS:
        sides = [set(getattr(part, name)["patient_id"].to_pylist()) for part in (kept, out)]
        assert not sides[0] & sides[1], name
        assert getattr(kept, name).num_rows + getattr(out, name).num_rows == getattr(train, name).num_rows, name
    again = split_holdout(train, 0.2, stream(7, "split"))[1].patients["patient_id"]
    other = split_holdout(train, 0.2, stream(8, "split"))[1].patients["patient_id"]
    assert again.equals(out.patients["patient_id"])
    assert not other.equals(out.patients["patient_id"])


def test_too_few_patients_are_refused(train: EhrTables) -> None:
    ids = train.patients["patient_id"].combine_chunks()
    with pytest.raises(SourceError, match="at least 2"):
        split_holdout(train.restrict(ids[:1]), 0.2, stream(7, "split"))
    bare = replace(train.restrict(ids[:60]), conditions=table_from_columns("conditions", dict.fromkeys(
        TABLE_SCHEMAS["conditions"].names, ())))  # fmt: skip
    with pytest.raises(SourceError, match="no diagnosis"):
        fit_ehr_model(bare, EhrModelConfig(k_min=K_MIN), stream(3, "fit"))
