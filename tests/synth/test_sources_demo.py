"""The demo hospital: reproducible, complete, and clinically coherent."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from ghostchart.schemas.config import SourceConfig
from ghostchart.schemas.ehr import TABLE_SCHEMAS, EhrTables
from ghostchart.schemas.icd10cm_release import load_icd10cm
from ghostchart.synth.sources import load_source


def build(patients: int, seed: int) -> EhrTables:
    return load_source(SourceConfig(kind="demo", demo_patients=patients, demo_seed=seed))


@pytest.fixture(scope="module")
def hospital() -> EhrTables:
    return build(300, 11)


@pytest.fixture(scope="module")
def codes_of(hospital: EhrTables) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {patient: set() for patient in hospital.patients["patient_id"].to_pylist()}
    for row in hospital.conditions.to_pylist():
        found[row["patient_id"]].add(row["code"])
    return found


def test_same_seed_same_tables(hospital: EhrTables) -> None:
    again = build(300, 11)
    for name in TABLE_SCHEMAS:
        assert getattr(again, name).equals(getattr(hospital, name)), name
    assert again.report == hospital.report


def test_another_seed_gives_other_patients(hospital: EhrTables) -> None:
    other = build(300, 12)
    for name in ("patients", "encounters", "conditions", "medications", "observations", "identifiers"):
        assert not getattr(other, name).equals(getattr(hospital, name)), name
    for kind in ("US_SSN", "EMAIL_ADDRESS"):
        values = [
            {row["value"] for row in tables.identifiers.to_pylist() if row["entity_type"] == kind}
            for tables in (hospital, other)
        ]
        assert len(values[0] & values[1]) < 5, kind


def test_every_condition_is_billable_and_every_encounter_has_one(hospital: EhrTables) -> None:
    release = load_icd10cm()
    codes = set(hospital.conditions["code"].to_pylist())
    assert len(codes) > 100
    assert [code for code in sorted(codes) if not release.is_billable(code)] == []
    assert set(hospital.conditions["system"].to_pylist()) == {"icd10cm"}
    ranks: dict[str, list[int]] = defaultdict(list)
    for row in hospital.conditions.to_pylist():
        ranks[row["encounter_id"]].append(row["rank"])
    assert ranks.keys() == set(hospital.encounters["encounter_id"].to_pylist())
    assert all(sorted(given) == list(range(1, len(given) + 1)) for given in ranks.values())


def test_identifiers_are_complete_for_every_patient(hospital: EhrTables) -> None:
    rows = hospital.identifiers.to_pylist()
    kinds = {row["entity_type"] for row in rows}
    assert kinds >= {"PERSON", "DATE_TIME", "STREET_ADDRESS", "PHONE_NUMBER", "US_SSN", "MEDICAL_RECORD_NUMBER"}
    has: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        assert row["value"].strip()
        has[row["patient_id"]].add(row["entity_type"])
    assert has.keys() == set(hospital.patients["patient_id"].to_pylist())
    assert all(found == kinds for found in has.values())
    for kind in ("US_SSN", "MEDICAL_RECORD_NUMBER"):
        values = Counter(row["value"] for row in rows if row["entity_type"] == kind)
        assert values.most_common(1)[0][1] == 1, kind


def test_comorbidity_hangs_together(codes_of: dict[str, set[str]]) -> None:
    def having(*prefixes: str) -> set[str]:
        return {patient for patient, codes in codes_of.items() if any(code.startswith(prefixes) for code in codes)}

    everyone = set(codes_of)

    def share(of: set[str], among: set[str]) -> float:
        assert len(among) >= 15, "too few patients for a share"
        return len(of & among) / len(among)

    diabetic = having("E10", "E11")
    kidney = having("N18")
    assert share(kidney, diabetic) > 1.3 * share(kidney, everyone - diabetic)
    # I11 and I13 are hypertension with heart disease; they count as hypertension.
    failing, tense = having("I50"), having("I10", "I11", "I12", "I13")
    assert share(tense, failing) > 0.6
    assert share(tense, failing) > 1.3 * share(tense, everyone - failing)


def test_nothing_happens_before_birth_or_after_death(hospital: EhrTables) -> None:
    people = {row["patient_id"]: row for row in hospital.patients.to_pylist()}
    assert any(row["death_date"] for row in people.values()), "nobody dies: the check would say nothing"
    for row in hospital.encounters.to_pylist():
        person = people[row["patient_id"]]
        assert person["birth_date"] < row["start"].date() <= row["end"].date()
        assert row["start"] <= row["end"]
        if person["death_date"]:
            assert row["end"].date() <= person["death_date"]


def test_stays_of_a_patient_do_not_overlap(hospital: EhrTables) -> None:
    stays = defaultdict(list)
    for row in hospital.encounters.to_pylist():
        stays[row["patient_id"]].append((row["start"], row["end"]))
    for spans in stays.values():
        spans.sort()
        assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_conditions_fit_the_sex(hospital: EhrTables) -> None:
    sex = dict(zip(*(hospital.patients[name].to_pylist() for name in ("patient_id", "sex")), strict=True))
    found: Counter[str] = Counter()
    for row in hospital.conditions.to_pylist():
        if row["code"].startswith(("N40", "C61", "Z12.5")):
            assert sex[row["patient_id"]] == "M"
            found["M"] += 1
        if row["code"].startswith(("O", "N80", "N95", "C53")):
            assert sex[row["patient_id"]] == "F"
            found["F"] += 1
    assert found["M"] and found["F"]
