"""OMOP CDM 5.3 and 5.4 as hospital tables, from CSV or Parquet files, a DuckDB file, or a PostgreSQL server.

Both versions agree in every column that is read here. A condition counts as what the hospital recorded
(``condition_source_concept_id``) where that is ICD-10-CM, otherwise as its standard concept, which needs the user's map.
Procedures count where a CPT or HCPCS code was recorded; measurements by LOINC code and unit; drugs by the name of their
concept. Visits: inpatient (9201, and 262, emergency then inpatient), emergency room (9203), office (9202, 581477, 5083).
Column and concept names: https://ohdsi.github.io/CommonDataModel/.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ghostchart.schemas.ehr import EhrTables, TableCount
from ghostchart.schemas.errors import SourceError
from ghostchart.schemas.progress import SILENT, Progress
from ghostchart.synth.sources.measurements import measured, put_measurements
from ghostchart.synth.sources.source_tables import SourceTables
from ghostchart.synth.sources.staging import Staging

# Table -> (columns that must be there, columns used where present, the key that orders rows on a server).
TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "concept": (("concept_id", "concept_name", "vocabulary_id", "concept_code"), (), "concept_id"),
    "person": (
        ("person_id", "gender_concept_id", "year_of_birth"),
        ("month_of_birth", "day_of_birth", "location_id", "person_source_value"),
        "person_id",
    ),
    "visit_occurrence": (
        ("visit_occurrence_id", "person_id", "visit_concept_id", "visit_start_date", "visit_end_date"),
        ("visit_start_datetime", "visit_end_datetime"),
        "visit_occurrence_id",
    ),
    "condition_occurrence": (
        ("condition_occurrence_id", "person_id", "condition_concept_id", "condition_start_date"),
        (
            "visit_occurrence_id",
            "condition_source_concept_id",
            "condition_status_concept_id",
            "condition_type_concept_id",
        ),
        "condition_occurrence_id",
    ),
    "death": (("person_id", "death_date"), (), "person_id"),
    "procedure_occurrence": (
        ("procedure_occurrence_id", "person_id", "procedure_concept_id", "procedure_date"),
        ("visit_occurrence_id", "procedure_source_concept_id"),
        "procedure_occurrence_id",
    ),
    "drug_exposure": (
        ("drug_exposure_id", "person_id", "drug_concept_id", "drug_exposure_start_date"),
        ("visit_occurrence_id",),
        "drug_exposure_id",
    ),
    "measurement": (
        ("measurement_id", "person_id", "measurement_concept_id", "measurement_date", "value_as_number"),
        ("visit_occurrence_id", "unit_concept_id", "unit_source_value"),
        "measurement_id",
    ),
    "location": (("location_id", "zip"), (), "location_id"),
    "cdm_source": (("cdm_version",), (), "cdm_version"),
}
REQUIRED = ("person", "visit_occurrence", "condition_occurrence", "concept")
_VISITS = {
    "9201": "inpatient",
    "262": "inpatient",
    "9203": "ed",
    "9202": "office",
    "581477": "office",
    "5083": "office",
}
# Concepts that mark the principal diagnosis: condition status (5.4) and the older condition types (5.3).
_PRINCIPAL = (
    "32901", "32902", "32903", "44786627", "38000183", "38000184", "38000199", "38000200", "38000215", "38000230",
)  # fmt: skip
_VOCABULARY = "CASE lower({0}.vocabulary_id) WHEN 'cpt4' THEN 'cpt' ELSE lower({0}.vocabulary_id) END"


def read_omop(path: Path, code_map: Path | None = None, progress: Progress = SILENT) -> EhrTables:
    """Read an OMOP CDM from a directory of CSV or Parquet files or from a DuckDB file.

    Raises:
        SourceError: a table or column is missing, a file cannot be read, or rows contradict each other; file and row are
            named, values never.
    """
    return stage_omop(SourceTables(path), code_map).finish(progress)


def stage_omop(source: SourceTables, code_map: Path | None) -> Staging:
    """Describe the tables of a CDM to a :class:`Staging`."""
    staging = Staging(source, "omop", code_map)
    put_measurements(source)
    files = {name: source.open(name, *TABLES[name][:2]) for name in REQUIRED}
    for name in TABLES:
        if name not in REQUIRED and (file := _open_optional(staging, name)):
            files[name] = file
    _check_version(source, files)
    _people(staging, files)
    _visits(staging, files)
    _conditions(staging, files)
    for stage in (_procedures, _drugs, _measurements):
        stage(staging, files)
    return staging


def _open_optional(staging: Staging, name: str) -> str | None:
    """Open a table that may be absent or empty; one without any column of the CDM is counted as refused."""
    source = staging.source
    if source.find(name) is None:
        staging.remarks.append(f"no table {name}")
        return None
    found = source.look(name)
    rows = source.value(found.label, f"SELECT count(*) FROM {found.scan}")
    columns, optional, _key = TABLES[name]
    if rows and not any(found.actual(column) for column in columns):
        staging.extra_counts.append(TableCount(name, rows, 0, {"the table has none of the CDM's columns": rows}))
        return None
    if not rows:
        staging.remarks.append(f"table {name} is empty")
        return None
    return source.open_as(name, found, columns, optional)


def _check_version(source: SourceTables, files: dict[str, str]) -> None:
    if "cdm_source" not in files:
        return
    versions = source.rows(files["cdm_source"], "SELECT DISTINCT lower(cdm_version) FROM cdm_source")
    if any((version or "").lstrip("v").startswith("6") for (version,) in versions):
        raise SourceError("this is OMOP CDM 6", where=files["cdm_source"], fix="Supply CDM 5.3 or 5.4")


def _number(column: str) -> str:
    # Keys come as 12 or as 12.0, after the type that an export gave the column.
    return f"regexp_replace({column}, '\\.0+$', '')"


def _people(staging: Staging, files: dict[str, str]) -> None:
    source = staging.source
    died = zipped = "CAST(NULL AS VARCHAR)"
    joins = ""
    if "death" in files:
        _check_deaths(staging, files["death"])
        joins += " LEFT JOIN deaths d ON d.person_id = p.person_id"
        died = "d.death_date"
    if "location" in files:
        source.table(
            files["location"],
            "zips",
            f"SELECT {_number('location_id')} AS location_id, min(zip) AS zip FROM location GROUP BY 1",
        )
        joins += f" LEFT JOIN zips l ON l.location_id = {_number('p.location_id')}"
        zipped = "l.zip"
    month, day = _padded("month_of_birth"), _padded("day_of_birth")
    staging.add(
        "patients",
        "person",
        files["person"],
        f"SELECT p.line, '' AS refusal, p.person_id, CASE {_number('gender_concept_id')} WHEN '8507' THEN 'M' WHEN '8532' THEN 'F' "
        f"END AS sex, {_number('year_of_birth')} || '-' || {month} || '-' || {day} AS birth_date, {died} AS death_date, "
        f"{zipped} AS zip, p.person_id AS patient_id FROM (SELECT * REPLACE ({_number('person_id')} AS person_id) FROM person) p{joins}",
    )
    staging.add_identifiers(
        files["person"],
        f"SELECT {_number('person_id')} AS patient_id, 'MEDICAL_RECORD_NUMBER' AS entity_type, person_source_value AS value FROM person",
    )


def _padded(column: str) -> str:
    # A CDM without month or day says so by null or 0: then the first, as MIMIC-IV's adapter does.
    return f"lpad(coalesce(nullif({_number(column)}, '0'), '1'), 2, '0')"


def _check_deaths(staging: Staging, file: str) -> None:
    source = staging.source
    line = source.value(file, "SELECT min(line) FROM death WHERE TRY_CAST(left(death_date, 10) AS DATE) IS NULL")
    if line is not None:
        raise SourceError(f"row {line}: death_date is missing or not a date", where=file)
    source.table(
        file,
        "deaths",
        f"SELECT {_number('person_id')} AS person_id, min(left(death_date, 10)) AS death_date FROM death GROUP BY 1",
    )
    rows, first = source.rows(file, "SELECT (SELECT count(*) FROM death), (SELECT count(*) FROM deaths)")[0]
    known = source.value(
        file, f"SELECT count(*) FROM deaths WHERE person_id IN (SELECT {_number('person_id')} FROM person)"
    )
    refused = {"patient not in the table of persons": first - known, "a patient's further rows": rows - first}
    staging.extra_counts.append(TableCount("death", rows, known, {why: n for why, n in refused.items() if n}))


def _visits(staging: Staging, files: dict[str, str]) -> None:
    concept = _number("visit_concept_id")
    classes = " ".join(f"WHEN '{concept_id}' THEN '{name}'" for concept_id, name in _VISITS.items())
    staging.add(
        "encounters",
        "visit_occurrence",
        files["visit_occurrence"],
        f"SELECT line, {_number('visit_occurrence_id')} AS encounter_id, {_number('person_id')} AS patient_id, "
        f"CASE {concept} {classes} END AS encounter_class, "
        "coalesce(visit_start_datetime, visit_start_date) AS began, coalesce(visit_end_datetime, visit_end_date) AS ended, "
        f"CASE WHEN {concept} IN ({_listed(tuple(_VISITS))}) THEN '' "
        f"WHEN regexp_full_match({concept}, '[0-9]+') THEN 'visit concept ' || {concept} || ' is not used' "
        "ELSE 'no visit concept' END AS refusal FROM visit_occurrence",
    )


def _rows(table: str, date: str, more: str) -> str:
    return (
        f"SELECT t.line, {_number('t.person_id')} AS patient_id, nullif({_number('t.visit_occurrence_id')}, '0') AS encounter_id, "
        f"t.{date} AS day, {more}"
    )


def _conditions(staging: Staging, files: dict[str, str]) -> None:
    recorded = "s.vocabulary_id = 'ICD10CM'"
    staging.add(
        "conditions",
        "condition_occurrence",
        files["condition_occurrence"],
        _rows(
            "condition_occurrence",
            "condition_start_date",
            f"CASE WHEN {recorded} THEN 'icd10cm' WHEN c.concept_id IS NOT NULL THEN {_VOCABULARY.format('c')} "
            f"WHEN s.concept_id IS NOT NULL THEN {_VOCABULARY.format('s')} ELSE 'concept' END AS system, "
            f"CASE WHEN {recorded} THEN s.concept_code WHEN c.concept_id IS NOT NULL THEN c.concept_code "
            "WHEN s.concept_id IS NOT NULL THEN s.concept_code ELSE t.condition_concept_id END AS code, "
            f"CASE WHEN {_number('t.condition_status_concept_id')} IN ({_listed(_PRINCIPAL)}) "
            f"OR {_number('t.condition_type_concept_id')} IN ({_listed(_PRINCIPAL)}) THEN '1' END AS rank, '' AS refusal "
            f"FROM condition_occurrence t {_concept('c', 't.condition_concept_id')} "
            f"{_concept('s', 't.condition_source_concept_id')}",
        ),
    )


def _procedures(staging: Staging, files: dict[str, str]) -> None:
    if "procedure_occurrence" not in files:
        return
    usable = "{0}.vocabulary_id IN ('CPT4', 'HCPCS')"
    staging.add(
        "procedures",
        "procedure_occurrence",
        files["procedure_occurrence"],
        _rows(
            "procedure_occurrence",
            "procedure_date",
            f"CASE WHEN {usable.format('s')} THEN {_VOCABULARY.format('s')} WHEN c.concept_id IS NULL THEN 'concept' "
            f"ELSE {_VOCABULARY.format('c')} END AS system, "
            f"CASE WHEN {usable.format('s')} THEN s.concept_code WHEN c.concept_id IS NULL THEN t.procedure_concept_id "
            "ELSE c.concept_code END AS code, '' AS refusal "
            f"FROM procedure_occurrence t {_concept('c', 't.procedure_concept_id')} "
            f"{_concept('s', 't.procedure_source_concept_id')}",
        ),
    )


def _drugs(staging: Staging, files: dict[str, str]) -> None:
    if "drug_exposure" not in files:
        return
    staging.add(
        "medications",
        "drug_exposure",
        files["drug_exposure"],
        _rows(
            "drug_exposure",
            "drug_exposure_start_date",
            "c.concept_name AS drug, CASE WHEN c.concept_id IS NULL THEN 'drug concept not in table concept' ELSE '' END AS refusal "
            f"FROM drug_exposure t {_concept('c', 't.drug_concept_id')}",
        ),
    )


def _measurements(staging: Staging, files: dict[str, str]) -> None:
    if "measurement" not in files:
        return
    rows = _rows(
        "measurement",
        "measurement_date",
        "CASE WHEN c.vocabulary_id = 'LOINC' THEN c.concept_code END AS loinc, t.value_as_number AS value, "
        "coalesce(CASE WHEN s.vocabulary_id = 'UCUM' THEN s.concept_code END, t.unit_source_value) AS unit "
        f"FROM measurement t {_concept('c', 't.measurement_concept_id')} {_concept('s', 't.unit_concept_id')}",
    )
    staging.add("observations", "measurement", files["measurement"], measured(rows))


def _concept(alias: str, column: str) -> str:
    """Join of a concept; 0 and the vocabulary 'None' stand for "no matching concept"."""
    return (
        f"LEFT JOIN concept {alias} ON {_number(alias + '.concept_id')} = {_number(column)} "
        f"AND {_number(column)} <> '0' AND {alias}.vocabulary_id <> 'None'"
    )


def _listed(values: Sequence[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)
