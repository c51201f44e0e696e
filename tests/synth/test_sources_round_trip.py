"""The demo hospital written in each format comes back as it was: hundreds of patients, every encounter and code."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ghostchart.schemas.config import SourceConfig
from ghostchart.schemas.ehr import EhrTables
from ghostchart.synth.sources import load_source

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def hospital() -> EhrTables:
    return load_source(SourceConfig(demo_patients=300))


def _write(path: Path, rows: Rows) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def as_csv(tables: EhrTables, folder: Path) -> SourceConfig:
    fields = {
        "patients": ["patient_id", "sex", "birth_date", "death_date"],
        "encounters": ["encounter_id", "patient_id", "encounter_class", "start", "end"],
        "conditions": ["encounter_id", "system", "code", "rank"],
        "procedures": ["encounter_id", "system", "code"],
        "medications": ["encounter_id", "drug"],
        "observations": ["encounter_id", "name", "value"],
    }
    for kind in fields:
        _write(folder / f"{kind}.csv", getattr(tables, kind).to_pylist())
    mapping = {
        "tables": [
            {"kind": kind, "file": f"{kind}.csv", "columns": {name: name for name in names}}
            for kind, names in fields.items()
        ]
    }
    (folder / "ghostchart-mapping.yaml").write_text(yaml.safe_dump(mapping))
    return SourceConfig(kind="csv", path=folder)


def as_synthea(tables: EhrTables, folder: Path) -> SourceConfig:
    classes = {"office": "ambulatory", "ed": "emergency"}
    _write(folder / "patients.csv", [
        {"Id": row["patient_id"], "BIRTHDATE": row["birth_date"], "DEATHDATE": row["death_date"], "GENDER": row["sex"]}
        for row in tables.patients.to_pylist()
    ])  # fmt: skip
    _write(folder / "encounters.csv", [
        {"Id": row["encounter_id"], "START": f"{row['start'].isoformat()}Z", "STOP": f"{row['end'].isoformat()}Z",
         "PATIENT": row["patient_id"], "ENCOUNTERCLASS": classes.get(row["encounter_class"], row["encounter_class"])}
        for row in tables.encounters.to_pylist()
    ])  # fmt: skip
    for name, system in (("conditions", ICD), ("procedures", "http://www.ama-assn.org/go/cpt")):
        _write(folder / f"{name}.csv", [
            {"START": "", "STOP": "", "PATIENT": row["patient_id"], "ENCOUNTER": row["encounter_id"], "SYSTEM": system, "CODE": row["code"]}
            for row in getattr(tables, name).to_pylist()
        ])  # fmt: skip
    return SourceConfig(kind="synthea", path=folder)


def as_fhir(tables: EhrTables, folder: Path) -> SourceConfig:
    classes = {"office": "AMB", "wellness": "AMB", "ed": "EMER", "inpatient": "IMP"}
    wellness = [{"coding": [{"system": "http://snomed.info/sct", "code": "162673000"}]}]
    found: dict[str, Rows] = {"Patient": [], "Encounter": [], "Condition": [], "Procedure": []}
    for row in tables.patients.to_pylist():
        died = {"deceasedDateTime": str(row["death_date"])} if row["death_date"] else {}
        sex = "female" if row["sex"] == "F" else "male"
        found["Patient"].append({"id": row["patient_id"], "gender": sex, "birthDate": str(row["birth_date"]), **died})
    listed: dict[str, Rows] = {}
    for number, row in enumerate(tables.conditions.to_pylist()):
        link = {
            "subject": {"reference": f"Patient/{row['patient_id']}"},
            "encounter": {"reference": f"Encounter/{row['encounter_id']}"},
        }
        found["Condition"].append(
            {"id": f"c{number}", **link, "code": {"coding": [{"system": ICD, "code": row["code"]}]}}
        )
        listed.setdefault(row["encounter_id"], []).append(
            {"condition": {"reference": f"Condition/c{number}"}, "rank": row["rank"]}
        )
    for row in tables.procedures.to_pylist():
        link = {
            "subject": {"reference": f"Patient/{row['patient_id']}"},
            "encounter": {"reference": f"Encounter/{row['encounter_id']}"},
        }
        found["Procedure"].append(
            {**link, "code": {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": row["code"]}]}}
        )
    for row in tables.encounters.to_pylist():
        found["Encounter"].append({
            "id": row["encounter_id"], "class": {"code": classes[row["encounter_class"]]},
            "type": wellness if row["encounter_class"] == "wellness" else [],
            "subject": {"reference": f"Patient/{row['patient_id']}"},
            "period": {"start": f"{row['start'].isoformat()}-05:00", "end": f"{row['end'].isoformat()}-05:00"},
            "diagnosis": listed.get(row["encounter_id"], []),
        })  # fmt: skip
    for kind, rows in found.items():
        lines = [json.dumps({"resourceType": kind, **row}) for row in rows]
        (folder / f"{kind}.ndjson").write_text("\n".join(lines) + "\n")
    return SourceConfig(kind="fhir", path=folder)


def _rows(tables: EhrTables, name: str, columns: list[str]) -> list[tuple[Any, ...]]:
    return sorted((tuple(row[column] for column in columns) for row in getattr(tables, name).to_pylist()), key=str)


@pytest.mark.parametrize("write", [as_csv, as_synthea, as_fhir])
def test_what_went_out_comes_back(hospital: EhrTables, tmp_path: Path, write: Any) -> None:
    again = load_source(write(hospital, tmp_path))
    coded = set(hospital.conditions["encounter_id"].to_pylist())
    people = {row["patient_id"] for row in hospital.encounters.to_pylist() if row["encounter_id"] in coded}
    patients = [
        row
        for row in _rows(hospital, "patients", ["patient_id", "sex", "birth_date", "death_date"])
        if row[0] in people
    ]
    assert _rows(again, "patients", ["patient_id", "sex", "birth_date", "death_date"]) == patients
    names = ["encounter_id", "patient_id", "encounter_class", "start", "end"]
    assert _rows(again, "encounters", names) == [row for row in _rows(hospital, "encounters", names) if row[0] in coded]
    names = ["encounter_id", "code"] if write is as_synthea else ["encounter_id", "code", "rank"]
    assert _rows(again, "conditions", names) == _rows(hospital, "conditions", names)
    names = ["encounter_id", "system", "code"]
    procedures = sorted({row for row in _rows(hospital, "procedures", names) if row[0] in coded}, key=str)
    assert _rows(again, "procedures", names) == procedures
    if write is as_csv:
        drugs = sorted(
            {row for row in _rows(hospital, "medications", ["encounter_id", "drug"]) if row[0] in coded}, key=str
        )
        assert [(visit, drug.lower()) for visit, drug in drugs] == _rows(again, "medications", ["encounter_id", "drug"])
    for count in again.report.tables:
        assert count.rows_read == count.rows_used + sum(count.refused.values())
