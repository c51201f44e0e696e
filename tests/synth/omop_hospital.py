"""A small OMOP CDM written out by hand, and the ways it can lie on a disk; used by the tests of the OMOP adapter."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

Tables = dict[str, list[list[str]]]

PERSON, VISIT = "27182818", "31415926"  # recognisable in every message that should not hold them
VALUES = (PERSON, VISIT, "27182000", "31415000", "2150-13", "1961-0", "Zebrazine", "195967001", "MRN-0007", "X77X")


def omop_hospital() -> Tables:
    """Four persons, five visits: ICD-10-CM, SNOMED and ICD-9 conditions; one person of unknown sex, one visit not used."""
    return {
        "cdm_source": [["cdm_source_name", "cdm_version"], ["test", "v5.4"]],
        "concept": [
            ["concept_id", "concept_name", "vocabulary_id", "concept_code", "domain_id"],
            ["0", "No matching concept", "None", "No matching concept", "Metadata"],
            ["8507", "MALE", "Gender", "M", "Gender"],
            ["1001", "Type 2 diabetes mellitus without complications", "ICD10CM", "E11.9", "Condition"],
            ["1002", "Essential (primary) hypertension", "ICD10CM", "I10", "Condition"],
            ["1003", "Type 2 diabetes mellitus", "ICD10CM", "E11", "Condition"],
            ["2001", "Asthma", "SNOMED", "195967001", "Condition"],
            ["2002", "Diabetes mellitus type 2", "SNOMED", "44054006", "Condition"],
            ["2003", "Unspecified essential hypertension", "ICD9CM", "401.9", "Condition"],
            ["3001", "Electrocardiogram", "CPT4", "93000", "Procedure"],
            ["3002", "Initial preventive exam", "HCPCS", "G0402", "Procedure"],
            ["3003", "Appendectomy", "SNOMED", "80146002", "Procedure"],
            ["4001", "Zebrazine 20 MG Oral Tablet", "RxNorm", "999", "Drug"],
            ["5001", "Systolic blood pressure", "LOINC", "8480-6", "Measurement"],
            ["5002", "Body weight", "LOINC", "29463-7", "Measurement"],
            ["5003", "Eye color", "LOINC", "8246-1", "Measurement"],
            ["6001", "millimeter mercury column", "UCUM", "mm[Hg]", "Unit"],
            ["6002", "pound", "UCUM", "[lb_av]", "Unit"],
        ],
        "person": [
            ["person_id", "gender_concept_id", "year_of_birth", "month_of_birth", "day_of_birth", "location_id", "person_source_value"],
            ["27182000", "8532", "1961", "7", "4", "1", "MRN-0001"],
            [PERSON, "8507", "1947", "", "0", "", "MRN-0007"],
            ["27182001", "0", "1950", "1", "1", "", "MRN-0002"],
            ["27182002", "8532", "1980", "12", "31", "", "MRN-0003"],
        ],
        "location": [["location_id", "zip"], ["1", "60614-1234"]],
        "death": [["person_id", "death_date"], [PERSON, "2020-02-01"], ["99999999", "2020-02-02"]],
        "visit_occurrence": [
            ["visit_occurrence_id", "person_id", "visit_concept_id", "visit_start_date", "visit_start_datetime",
             "visit_end_date", "visit_end_datetime"],
            ["31415000", "27182000", "9202", "2019-03-01", "2019-03-01 08:00:00", "2019-03-01", "2019-03-01 08:30:00"],
            [VISIT, PERSON, "9201", "2019-03-11", "", "2019-03-15", ""],
            ["31415002", "27182001", "9203", "2019-04-11", "", "2019-04-11", ""],
            ["31415003", "27182002", "9203", "2019-05-11", "", "2019-05-10", ""],
            ["31415004", "27182002", "581458", "2019-06-11", "", "2019-06-11", ""],
        ],
        "condition_occurrence": [
            ["condition_occurrence_id", "person_id", "condition_concept_id", "condition_start_date", "visit_occurrence_id",
             "condition_source_concept_id", "condition_status_concept_id"],
            ["1", "27182000", "2002", "2019-03-01", "31415000", "1001", ""],
            ["2", "27182000", "0", "2019-03-01", "31415000", "1002", "32902"],
            ["3", "27182000", "2002", "2019-03-01", "31415000", "1001", ""],  # repeated
            ["4", PERSON, "2001", "2019-03-13", "", "0", ""],  # tied to the visit of that day
            ["5", PERSON, "2002", "2019-03-11", VISIT, "1003", ""],  # a category
            ["6", PERSON, "2001", "2018-01-01", "", "0", ""],  # no visit then
            ["7", "27182001", "2001", "2019-04-11", "31415002", "0", ""],  # person not used
            ["8", "27182002", "2003", "2019-05-11", "31415003", "2003", ""],
            ["9", "27182002", "2001", "2019-06-11", "31415004", "0", ""],  # visit not used
            ["10", "27182002", "2001", "2019-06-11", "31499999", "0", ""],  # visit not in the table
            ["11", "27182002", "7777", "2019-05-11", "31415003", "0", ""],  # concept not in the table
        ],
        "procedure_occurrence": [
            ["procedure_occurrence_id", "person_id", "procedure_concept_id", "procedure_date", "visit_occurrence_id",
             "procedure_source_concept_id"],
            ["1", "27182000", "3001", "2019-03-01", "31415000", "0"],
            ["2", "27182000", "3001", "2019-03-01", "31415000", "0"],
            ["3", "27182000", "0", "2019-03-01", "31415000", "3002"],
            ["4", PERSON, "3003", "2019-03-12", VISIT, "0"],
        ],
        "drug_exposure": [
            ["drug_exposure_id", "person_id", "drug_concept_id", "drug_exposure_start_date", "visit_occurrence_id"],
            ["1", PERSON, "4001", "2019-03-12", VISIT],
            ["2", PERSON, "4001", "2019-03-13", ""],
            ["3", PERSON, "0", "2019-03-13", VISIT],
        ],
        "measurement": [
            ["measurement_id", "person_id", "measurement_concept_id", "measurement_date", "value_as_number",
             "unit_concept_id", "unit_source_value", "visit_occurrence_id"],
            ["1", PERSON, "5001", "2019-03-12", "141", "6001", "", VISIT],
            ["2", PERSON, "5001", "2019-03-13", "151.0", "6001", "", VISIT],
            ["3", PERSON, "5002", "2019-03-12", "220", "0", "LBS", VISIT],
            ["4", PERSON, "5002", "2019-03-12", "220", "0", "stone", VISIT],
            ["5", PERSON, "5003", "2019-03-12", "7", "0", "", VISIT],
            ["6", PERSON, "5001", "2019-03-12", "high", "6001", "", VISIT],
        ],
    }  # fmt: skip


def write_csv(folder: Path, tables: Tables) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for place, (name, rows) in enumerate(tables.items()):
        # Upper and lower case, plain and compressed: exports differ.
        path = folder / (f"{name.upper()}.csv" if place % 2 else f"{name}.csv.gz")
        with gzip.open(path, "wt", newline="") if path.suffix == ".gz" else path.open("w", newline="") as stream:
            csv.writer(stream).writerows(rows)
    return folder


def arrow(name: str, rows: list[list[str]]) -> pa.Table:
    """Typed as an OMOP database would have it."""
    columns = {}
    for place, column in enumerate(rows[0]):
        values = [row[place] or None for row in rows[1:]]
        if (column.endswith("_id") and column not in {"vocabulary_id", "domain_id"}) or column in {
            "year_of_birth",
            "month_of_birth",
            "day_of_birth",
        }:
            columns[column] = pa.array([None if value is None else int(value) for value in values], pa.int64())
        elif column.endswith("_date"):
            columns[column] = pa.array(values, pa.string()).cast(pa.date32())
        elif column.endswith("_datetime"):
            columns[column] = pa.array(values, pa.string()).cast(pa.timestamp("us"))
        else:
            columns[column] = pa.array(values, pa.string())
    return pa.table(columns)


def write_parquet(folder: Path, tables: Tables) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for place, (name, rows) in enumerate(tables.items()):
        table = arrow(name, rows)
        if place % 2:
            pq.write_table(table, folder / f"{name}.parquet")
            continue
        (folder / name).mkdir()  # a folder of parts, as Spark writes it
        half = table.num_rows // 2
        pq.write_table(table.slice(0, half), folder / name / "part-00000.parquet")
        pq.write_table(table.slice(half), folder / name / "part-00001.parquet")
    return folder


def write_duckdb(file: Path, tables: Tables) -> Path:
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE SCHEMA omop")
        for name, rows in tables.items():
            connection.register("incoming", arrow(name, rows))
            connection.execute(f"CREATE TABLE omop.{name} AS SELECT * FROM incoming")
            connection.unregister("incoming")
    return file
