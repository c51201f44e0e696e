"""Synthea's CSV export as hospital tables.

Conditions and procedures are SNOMED CT unless a column SYSTEM (in newer exports) says otherwise, so conditions need the
user's map. A condition counts at the encounter that recorded it. Encounter classes: ambulatory, outpatient, urgentcare
and virtual are office visits; emergency, inpatient and wellness are what they say; snf, hospice and home are not used.
Older exports say DATE for START in procedures and have no CATEGORY in observations; letters may be in any case.
Columns: https://github.com/synthetichealth/synthea/wiki/CSV-File-Data-Dictionary.
"""

from __future__ import annotations

from pathlib import Path

from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.errors import SourceError
from ghostchart.schemas.progress import SILENT, Progress
from ghostchart.synth.sources.measurements import measured, put_measurements
from ghostchart.synth.sources.source_tables import SourceTables
from ghostchart.synth.sources.staging import Staging

_CLASSES = {
    "ambulatory": "office",
    "outpatient": "office",
    "urgentcare": "office",
    "virtual": "office",
    "emergency": "ed",
    "inpatient": "inpatient",
    "wellness": "wellness",
}
_KNOWN_UNUSED = ("snf", "hospice", "home")
# SNOMED CT: general examination of patient, well child visit; exports before the class "wellness" said it by code.
_WELLNESS_CODES = ("162673000", "410620009")
_SYSTEM = (
    "CASE WHEN system IS NULL OR lower(system) LIKE '%snomed%' THEN 'snomed' WHEN lower(system) LIKE '%icd-10-cm%' "
    "OR lower(system) = 'icd10cm' THEN 'icd10cm' WHEN lower(system) LIKE '%ama-assn%' OR lower(system) = 'cpt' THEN 'cpt' "
    "WHEN lower(system) LIKE '%hcpcs%' THEN 'hcpcs' ELSE lower(system) END"
)
_IDENTIFIERS = {
    "US_SSN": "ssn",
    "LICENSE_NUMBER": "drivers",
    "STREET_ADDRESS": "address",
    "CITY": "city",
    "ZIP_CODE": "zip",
}


def read_synthea(path: Path, code_map: Path | None = None, progress: Progress = SILENT) -> EhrTables:
    """Read a Synthea CSV export.

    Args:
        path: the directory ``csv`` or the one above it.
        code_map: from SNOMED CT to ICD-10-CM; see :mod:`ghostchart.synth.sources.code_map`.
        progress: told of each kind of table.

    Raises:
        SourceError: a table or column is missing, a file cannot be read, or rows contradict each other; file and row are
            named, values never.
    """
    directory = path / "csv" if (path / "csv").is_dir() else path
    if not directory.is_dir():
        raise SourceError("there is no such directory", where=str(path), fix="Give Synthea's directory 'output/csv'")
    source = SourceTables(directory)
    put_measurements(source)
    staging = Staging(source, "synthea", code_map)
    _patients(staging)
    _encounters(staging)
    _coded(staging, "conditions", required=True)
    _coded(staging, "procedures", required=False)
    if file := _optional(staging, "medications", ("start", "patient", "encounter", "description")):
        staging.add(
            "medications",
            "medications",
            file,
            "SELECT line, '' AS refusal, patient AS patient_id, encounter AS encounter_id, start AS day, description AS drug "
            "FROM medications",
        )
    if file := _optional(staging, "observations", ("date", "patient", "encounter", "code", "value", "units")):
        staging.add(
            "observations",
            "observations",
            file,
            measured(
                "SELECT line, patient AS patient_id, encounter AS encounter_id, date AS day, code AS loinc, value, "
                "units AS unit FROM observations"
            ),
        )
    return staging.finish(progress)


def _optional(staging: Staging, name: str, columns: tuple[str, ...], more: tuple[str, ...] = ()) -> str | None:
    """Open a table that a run of Synthea may not have written, or written without a row."""
    source = staging.source
    if source.find(name) is None:
        staging.remarks.append(f"no table {name}")
        return None
    found = source.look(name)
    if source.value(found.label, f"SELECT count(*) FROM (SELECT 1 FROM {found.scan} LIMIT 1)") == 0:
        staging.remarks.append(f"table {name} is empty")
        return None
    return source.open_as(name, found, columns, more)


def _patients(staging: Staging) -> None:
    names = ("first", "middle", "last", "maiden", "passport", *_IDENTIFIERS.values())
    file = staging.source.open("patients", ("id", "birthdate", "deathdate", "gender"), names)
    staging.add(
        "patients",
        "patients",
        file,
        "SELECT line, '' AS refusal, id AS patient_id, upper(gender) AS sex, birthdate AS birth_date, deathdate AS death_date, zip "
        "FROM patients",
    )
    for entity_type, column in _IDENTIFIERS.items():
        staging.add_identifiers(
            file, f"SELECT trim(id) AS patient_id, '{entity_type}' AS entity_type, {column} AS value FROM patients"
        )
    for surname in ("last", "maiden"):
        staging.add_identifiers(
            file,
            f"SELECT trim(id) AS patient_id, 'PERSON' AS entity_type, first || ' ' || {surname} AS value FROM patients",
        )
    for entity_type, column in (("LICENSE_NUMBER", "passport"), ("MEDICAL_RECORD_NUMBER", "id")):
        staging.add_identifiers(
            file, f"SELECT trim(id) AS patient_id, '{entity_type}' AS entity_type, {column} AS value FROM patients"
        )


def _encounters(staging: Staging) -> None:
    file = staging.source.open("encounters", ("id", "start", "stop", "patient", "encounterclass"), ("code",))
    classes = " ".join(f"WHEN '{theirs}' THEN '{ours}'" for theirs, ours in _CLASSES.items())
    unused = " ".join(f"WHEN '{theirs}' THEN 'encounter class {theirs} is not used'" for theirs in _KNOWN_UNUSED)
    codes = ", ".join(f"'{code}'" for code in _WELLNESS_CODES)
    staging.add(
        "encounters",
        "encounters",
        file,
        "SELECT line, id AS encounter_id, patient AS patient_id, start AS began, stop AS ended, "
        f"CASE WHEN code IN ({codes}) AND lower(trim(encounterclass)) IN ('ambulatory', 'outpatient') THEN 'wellness' "
        f"ELSE CASE lower(trim(encounterclass)) {classes} END END AS encounter_class, "
        f"CASE lower(trim(encounterclass)) {unused} ELSE '' END AS refusal FROM encounters",
    )


def _coded(staging: Staging, name: str, *, required: bool) -> None:
    columns = ("patient", "encounter", "code")
    dates = ("start", "date", "system")
    if required:
        file: str | None = staging.source.open(name, columns, dates)
    else:
        file = _optional(staging, name, columns, dates)
    if file is None:
        return
    found = staging.source.look(name)
    if not (found.actual("start") or found.actual("date")):
        raise SourceError("column start is missing", where=file)
    rank = "CAST(NULL AS VARCHAR) AS rank, " if name == "conditions" else ""
    staging.add(
        name,
        name,
        file,
        f"SELECT line, '' AS refusal, {rank}patient AS patient_id, encounter AS encounter_id, "
        f"coalesce(start, date) AS day, {_SYSTEM} AS system, code FROM {name}",
    )
