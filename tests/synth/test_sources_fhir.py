"""FHIR R4: one hospital as Bulk Data and as Bundles reads the same; odd corners, counts, faults by file and row."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from ghostchart.schemas.config import SourceConfig
from ghostchart.schemas.ehr import TABLE_SCHEMAS, EhrTables
from ghostchart.schemas.errors import SourceError
from ghostchart.synth.sources import load_source

Resource = dict[str, Any]
Hospital = dict[str, list[Resource]]
ANN, BO = "11111111-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002"
VISIT, STAY = "eeeeeeee-0000-4000-8000-000000000001", "eeeeeeee-0000-4000-8000-000000000002"
VALUES = (ANN, BO, VISIT, STAY, "Quillfeather", "MRN-0007", "2150-13", "X77X", "44054006")
ICD, SNOMED, LOINC = "http://hl7.org/fhir/sid/icd-10-cm", "http://snomed.info/sct", "http://loinc.org"


def concept(system: str, code: str, display: str = "") -> Resource:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def of(who: str, where: str | None = None) -> Resource:
    found: Resource = {"subject": {"reference": f"Patient/{who}"}}
    return found | ({"encounter": {"reference": f"Encounter/{where}"}} if where else {})


def hospital() -> Hospital:
    """Two patients, three encounters (one cancelled), and one of nearly everything that R4 can say."""
    return {
        "Patient": [
            {
                "resourceType": "Patient", "id": ANN, "gender": "female", "birthDate": "1961-07-04",
                "name": [{"use": "official", "family": "Quillfeather", "given": ["Ada", "Bea"]}],
                "address": [{"line": ["12 Mill Road"], "city": "Boston", "postalCode": "02108"}],
                "telecom": [{"system": "phone", "value": "555-0100"}],
                "identifier": [{"type": concept("http://terminology.hl7.org/CodeSystem/v2-0203", "MR"), "value": "MRN-0007"}],
            },
            {"resourceType": "Patient", "id": BO, "gender": "male", "birthDate": "1947-12", "deceasedDateTime": "2020-02-01T10:00:00-05:00"},
            {"resourceType": "Patient", "id": "p3", "gender": "unknown", "birthDate": "1950"},
        ],
        "Encounter": [
            {
                "resourceType": "Encounter", "id": VISIT, "status": "finished", "class": {"code": "AMB"}, **of(ANN),
                "type": [concept(SNOMED, "162673000")],
                "period": {"start": "2019-03-01T08:00:00-05:00", "end": "2019-03-01T08:30:00-05:00"},
            },
            {
                "resourceType": "Encounter", "id": STAY, "status": "finished", "class": {"code": "IMP"}, **of(BO),
                "period": {"start": "2019-03-11T10:00:00.123Z", "end": "2019-03-15T11:00:00Z"},
                "diagnosis": [{"condition": {"reference": "Condition/c5"}, "rank": 1}, {"condition": {"reference": "Condition/c4"}, "rank": 2}],
            },
            {"resourceType": "Encounter", "id": "e3", "status": "cancelled", "class": {"code": "AMB"}, **of(BO), "period": {"start": "2019-04-01"}},
        ],
        "Condition": [
            {
                "resourceType": "Condition", "id": "c1", **of(ANN, VISIT), "recordedDate": "2019-03-01",
                "code": {"coding": [{"system": SNOMED, "code": "44054006"}, {"system": ICD, "code": "E11.9"}]},
            },
            {"resourceType": "Condition", "id": "c2", **of(ANN, VISIT), "code": concept(SNOMED, "444814009", "Viral sinusitis")},
            {
                "resourceType": "Condition", "id": "c3", **of(ANN, VISIT), "code": concept(ICD, "I10"),
                "verificationStatus": concept("http://terminology.hl7.org/CodeSystem/condition-ver-status", "refuted"),
            },
            {"resourceType": "Condition", "id": "c4", **of(BO), "code": concept(ICD, "I10")},
            {"resourceType": "Condition", "id": "c5", **of(BO), "code": concept(ICD, "J18.9")},
            {"resourceType": "Condition", "id": "c6", **of(BO), "onsetDateTime": "2019-03-12", "code": concept("http://loinc.org/other", "zz")},
            {"resourceType": "Condition", "id": "c7", **of(BO, "e3"), "code": concept(ICD, "I10")},
        ],
        "Procedure": [
            {"resourceType": "Procedure", "status": "completed", **of(BO), "performedPeriod": {"start": "2019-03-12"},
             "code": concept("http://www.ama-assn.org/go/cpt", "99232")},
            {"resourceType": "Procedure", "status": "not-done", **of(BO, STAY), "code": concept("http://www.ama-assn.org/go/cpt", "99233")},
            {"resourceType": "Procedure", "status": "completed", **of(BO, STAY), "code": concept(SNOMED, "80146002")},
        ],
        "Medication": [{"resourceType": "Medication", "id": "m1", "code": concept("rx", "1", "Ceftriaxone 1000 MG Injection")}],
        "MedicationRequest": [
            {"resourceType": "MedicationRequest", "status": "active", **of(BO, STAY), "medicationReference": {"reference": "Medication/m1"}},
            {"resourceType": "MedicationRequest", "status": "active", **of(ANN, VISIT),
             "medicationCodeableConcept": concept("http://www.nlm.nih.gov/research/umls/rxnorm", "860975", "Metformin 500 MG")},
            {"resourceType": "MedicationRequest", "status": "active", **of(ANN, VISIT), "medicationReference": {"reference": "#x"},
             "contained": [{"resourceType": "Medication", "id": "x", "code": {"text": "Lisinopril"}}]},
        ],
        "Observation": [
            {
                "resourceType": "Observation", "status": "final", **of(ANN, VISIT), "code": concept(LOINC, "85354-9"),
                "component": [
                    {"code": concept(LOINC, "8480-6"), "valueQuantity": {"value": 141, "code": "mm[Hg]", "unit": "mmHg"}},
                    {"code": concept(LOINC, "8462-4"), "valueQuantity": {"value": 82.5, "unit": "mmHg"}},
                ],
            },
            {"resourceType": "Observation", "status": "final", **of(BO), "effectiveDateTime": "2019-03-12T01:00:00Z",
             "code": concept(LOINC, "8867-4"), "valueQuantity": {"value": 77, "code": "/min"}},
            {"resourceType": "Observation", "status": "entered-in-error", **of(BO, STAY), "code": concept(LOINC, "8867-4"),
             "valueQuantity": {"value": 777, "code": "/min"}},
            {"resourceType": "Observation", "status": "final", **of(BO, STAY), "code": concept(LOINC, "72166-2"),
             "valueCodeableConcept": concept(SNOMED, "266919005")},
        ],
        "Practitioner": [{"resourceType": "Practitioner", "id": "d1"}],
    }  # fmt: skip


def write_bulk(folder: Path, resources: Hospital) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for place, (kind, rows) in enumerate(resources.items()):
        text = "\n".join(json.dumps(row) for row in rows) + "\n"
        if place % 2:
            (folder / f"{kind}.000.ndjson.gz").write_bytes(gzip.compress(text.encode()))
        else:
            (folder / f"{kind}.ndjson").write_text(text)
    return folder


def write_bundles(folder: Path, resources: Hospital) -> Path:
    """One Bundle per patient plus one for the rest, references as URNs of the entries, as Synthea writes them."""
    folder.mkdir(parents=True, exist_ok=True)
    bundles: dict[str, list[Resource]] = {}
    for rows in resources.values():
        for row in rows:
            who = (
                row["id"] if row["resourceType"] == "Patient" else row.get("subject", {}).get("reference", "x/rest")[8:]
            )
            text = json.dumps(row)
            for other in resources["Patient"] + resources["Encounter"]:
                text = text.replace(f'"{other["resourceType"]}/{other["id"]}"', f'"urn:uuid:{other["id"]}"')
            bundles.setdefault(who, []).append(
                {"fullUrl": f"urn:uuid:{row.get('id', 'none')}", "resource": json.loads(text)}
            )
    for who, entries in bundles.items():
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        (folder / f"{who[:4]}.json").write_text(json.dumps(bundle, indent=1))
    return folder


def read(path: Path) -> EhrTables:
    code_map = path.parent / "map.csv"
    code_map.write_text("source_code,icd10cm\n444814009,J01.90\n")
    return load_source(SourceConfig(kind="fhir", path=path, code_map=code_map))


def refusal(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        read(path)
    said = str(caught.value)
    assert "\n" not in said
    for value in VALUES:
        assert value not in said.replace(str(path), ""), "the message holds a value of the source"
    return said


@pytest.fixture
def resources() -> Hospital:
    return hospital()


def test_counts_and_rows(tmp_path: Path, resources: Hospital) -> None:
    loaded = read(write_bulk(tmp_path / "bulk", resources))
    counts = {count.table.removesuffix(" values"): count for count in loaded.report.tables}
    assert counts.keys() == resources.keys()
    for name, count in counts.items():
        components = 1 if name == "Observation" else 0  # the panel of two values is one resource
        assert count.rows_read == len(resources[name]) + components, name
        assert count.rows_read == count.rows_used + sum(count.refused.values()), name
    assert counts["Practitioner"].refused == {"kind of resource not used": 1}
    assert counts["Encounter"].refused == {"cancelled, planned or entered in error": 1}
    assert counts["Condition"].refused == {
        "ANOTHER SYSTEM code without a map to ICD-10-CM": 1,
        "encounter not used": 1,
        "refuted or entered in error": 1,
    }
    assert counts["Patient"].refused == {"sex is neither female nor male": 1}
    assert loaded.patients.to_pylist() == [
        {"patient_id": ANN, "sex": "F", "birth_date": date(1961, 7, 4), "death_date": None, "zip3": "021"},
        {"patient_id": BO, "sex": "M", "birth_date": date(1947, 12, 1), "death_date": date(2020, 2, 1), "zip3": None},
    ]
    assert loaded.encounters["encounter_class"].to_pylist() == ["wellness", "inpatient"]
    assert loaded.encounters["start"].to_pylist() == [datetime(2019, 3, 1, 8), datetime(2019, 3, 11, 10)]
    assert loaded.conditions["code"].to_pylist() == ["E11.9", "J01.90", "J18.9", "I10"]  # the stay's by rank
    assert loaded.procedures["code"].to_pylist() == ["99232"]
    assert loaded.medications["drug"].to_pylist() == [
        "lisinopril",
        "metformin 500 mg",
        "ceftriaxone 1000 mg injection",
    ]
    values = {(row["encounter_id"], row["name"]): row["value"] for row in loaded.observations.to_pylist()}
    assert values == {
        (VISIT, "systolic_bp_mmhg"): 141.0,
        (VISIT, "diastolic_bp_mmhg"): 82.5,
        (STAY, "heart_rate_bpm"): 77.0,
    }
    known = {(row["entity_type"], row["value"]) for row in loaded.identifiers.to_pylist() if row["patient_id"] == ANN}
    assert {
        ("PERSON", "Ada Quillfeather"),
        ("MEDICAL_RECORD_NUMBER", "MRN-0007"),
        ("PHONE_NUMBER", "555-0100"),
        ("STREET_ADDRESS", "12 Mill Road"),
    } <= known


def test_bundles_read_the_same_as_bulk_data(tmp_path: Path, resources: Hospital) -> None:
    bulk = read(write_bulk(tmp_path / "bulk", resources))
    bundles = read(write_bundles(tmp_path / "bundles", resources))
    for name in TABLE_SCHEMAS:
        assert getattr(bulk, name).equals(getattr(bundles, name)), name
    assert sorted(map(str, bulk.report.tables)) == sorted(map(str, bundles.report.tables))


def test_an_entrys_url_stands_for_its_resource(tmp_path: Path, resources: Hospital) -> None:
    """A server may give resources ids of its own while references still name the entries."""
    entries = []
    for rows in resources.values():
        for row in copy.deepcopy(rows):
            url = row.get("id", "none")
            if row["resourceType"] in {"Patient", "Encounter"}:
                row["id"] = f"server-{url[:3]}-{url[-1]}"
            entries.append({"fullUrl": f"urn:uuid:{url}", "resource": row})
    file = tmp_path / "all.json"
    file.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    loaded = read(file)
    assert loaded.conditions["code"].to_pylist() == ["E11.9", "J01.90", "J18.9", "I10"]
    assert set(loaded.conditions["patient_id"].to_pylist()) == {"server-111-1", "server-222-2"}


def _set(kind: str, row: int, **values: Any) -> Callable[[Hospital], None]:
    return lambda resources: resources[kind][row - 1].update(values)


@pytest.mark.parametrize(
    ("spoil", "kind", "row", "words"),
    [
        (_set("Condition", 2, resourceType="Kondition"), "Condition", 2, "FHIR R4 has no resource Kondition"),
        (_set("Condition", 2, resourceType="X77X 1"), "Condition", 2, "FHIR R4 has no resource"),
        (_set("Condition", 2, resourceType=None), "Condition", 2, "no resourceType"),
        (_set("Condition", 1, code="44054006"), "Condition", 1, "Condition.code"),
        (_set("Patient", 2, gender=["male"]), "Patient", 2, "Patient.gender"),
        (_set("Patient", 2, birthDate="2150-13-01"), "Patient", 2, "birth date"),
        (_set("Patient", 2, id=ANN), "Patient", 2, "was there before"),
        (_set("Patient", 2, deceasedDateTime="1920-01-01"), "Patient", 2, "before birth"),
        (_set("Encounter", 2, id=VISIT), "Encounter", 2, "was there before"),
        (_set("Encounter", 2, period={"start": "1931-01-01"}), "Encounter", 2, "before the patient's birth"),
        (_set("Encounter", 2, period={"start": "X77X"}), "Encounter", 2, "not a date"),
        (_set("Encounter", 2, **of("nobody")), "Encounter", 2, "not in the table of patients"),
        (_set("Condition", 1, **of(BO, VISIT)), "Condition", 1, "another patient"),
    ],
)
def test_bad_resources_are_named_by_file_and_row(
    tmp_path: Path, resources: Hospital, spoil: Callable[[Hospital], None], kind: str, row: int, words: str
) -> None:
    spoil(resources)
    said = refusal(write_bulk(tmp_path / "bulk", resources))
    assert f"({kind}." in said
    assert f"row {row}:" in said
    assert words in said


def test_a_bundle_with_an_unknown_resource(tmp_path: Path, resources: Hospital) -> None:
    _set("Condition", 2, resourceType="Kondition")(resources)
    said = refusal(write_bundles(tmp_path / "bundles", resources))
    assert "row 4: FHIR R4 has no resource Kondition (1111.json)" in said


def test_files_that_cannot_be_read(tmp_path: Path, resources: Hospital) -> None:
    folder = write_bulk(tmp_path / "bulk", resources)
    path = folder / "Condition.ndjson"
    good = path.read_bytes()
    lines = good.splitlines(keepends=True)
    for bad, words in (
        (b"", "empty"),
        (lines[0] + lines[1].replace(b"Viral", b"Vir\xffl"), "row 2: the line is not UTF-8"),
        (lines[0] + lines[1][:40], "row 2: the line is not valid JSON"),
        (lines[0] + b"[1]\n", "row 2: this is no FHIR resource"),
    ):
        path.write_bytes(bad)
        said = refusal(folder)
        assert "Condition.ndjson" in said
        assert words in said
    path.unlink()
    packed = folder / "Condition.ndjson.gz"
    packed.write_bytes(gzip.compress(good * 400)[:-200])
    assert "Condition.ndjson.gz" in refusal(folder)
    (folder.parent / "none").mkdir()
    assert "no FHIR file" in refusal(folder.parent / "none")
    assert "no such directory" in refusal(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text[: len(text) * 2 // 3], "not valid JSON from there on"),
        (lambda text: text.replace("Bundle", "List"), "no FHIR Bundle"),
        (lambda text: "[]", "no FHIR Bundle"),
        (lambda text: "", "not valid JSON"),
    ],
)
def test_a_damaged_bundle(tmp_path: Path, resources: Hospital, change: Callable[[str], str], words: str) -> None:
    folder = write_bundles(tmp_path / "bundles", resources)
    path = folder / "1111.json"
    path.write_text(change(path.read_text()))
    said = refusal(folder)
    assert "1111.json" in said
    assert words in said


def test_encounters_that_r4_allows_and_nobody_can_use_are_counted(tmp_path: Path, resources: Hospital) -> None:
    """R4 demands neither a period nor a subject of an encounter; a cancelled one hardly ever has a period."""
    del resources["Encounter"][2]["period"]
    for name, more in (("e4", of(ANN)), ("e5", {"period": {"start": "2019-03-01"}})):
        resources["Encounter"].append(
            {"resourceType": "Encounter", "id": name, "status": "finished", "class": {"code": "AMB"}, **more}
        )
    loaded = read(write_bulk(tmp_path / "bulk", resources))
    (count,) = [count for count in loaded.report.tables if count.table == "Encounter"]
    assert count.refused == {"cancelled, planned or entered in error": 1, "no period": 1, "names no patient": 1}
    assert count.rows_read == count.rows_used + 3 == len(resources["Encounter"])


def test_entries_without_a_resource(tmp_path: Path, resources: Hospital) -> None:
    """Such an entry tells of a request or an outcome and is counted; what is no entry at all is named by its row."""
    folder = write_bundles(tmp_path / "bundles", resources)
    path = folder / "1111.json"
    bundle = json.loads(path.read_text())
    bundle["entry"].insert(0, {"request": {"method": "DELETE", "url": f"Patient/{BO}"}})
    path.write_text(json.dumps(bundle))
    counts = {count.table: count for count in read(folder).report.tables}
    assert counts["Bundle entry without a resource"].rows_read == 1
    bundle["entry"].insert(2, 7)
    path.write_text(json.dumps(bundle))
    assert "row 3: this is no FHIR resource (1111.json)" in refusal(folder)
