"""The ``hosp`` directory of MIMIC-IV as hospital tables.

Used: admissions that carry at least one ICD-10-CM diagnosis of the release, their patients, ICD-10 diagnoses, HCPCS/CPT
events, prescriptions, blood pressure, BMI, weight and height from omr, a few labs. Everything else is counted by reason,
never dropped silently. ICD-9 rows would need a map, and none is guessed. MIMIC moves each patient's dates into a future
of their own; here they are moved back by whole years, so that anchor_year falls into the middle of anchor_year_group.
Identifiers keep the dates as the files have them. Birth dates are 1 January of anchor_year - anchor_age, since MIMIC
gives no more.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from ghostchart.schemas.codes import procedure
from ghostchart.schemas.ehr import (
    TABLE_SCHEMAS,
    EhrTables,
    NullCount,
    SourceReport,
    TableCount,
    UnmappedCode,
    empty_table,
    table_from_columns,
)
from ghostchart.schemas.errors import CodeError, SourceError
from ghostchart.schemas.icd10cm_release import load_icd10cm
from ghostchart.schemas.progress import SILENT, Progress
from ghostchart.synth.sources.code_map import read_code_map
from ghostchart.synth.sources.mimic_diagnoses import ICD9, read_diagnoses
from ghostchart.synth.sources.mimic_measurements import read_labs, read_omr
from ghostchart.synth.sources.source_tables import SourceTables

UNUSED_ADMISSION = "admission without ICD-10-CM diagnosis"
_INPATIENT, _EMERGENCY = "inpatient", "ed"
# Observation kinds of MIMIC-IV that end in the emergency department or within a day are emergency care.
_OBSERVATION_TYPES = {"EU OBSERVATION", "AMBULATORY OBSERVATION", "DIRECT OBSERVATION"}
_SEXES = {"F", "M"}
_REAL_YEARS = range(1900, 2101)
_AGES_YEARS = range(131)
_YEAR_GROUP = re.compile(r"\s*(\d{4})\s*-\s*(\d{4})\s*")

_STAYS = pa.schema([("hadm_id", pa.string()), ("subject_id", pa.string())])

Day = TypeVar("Day", bound=date)


def read_mimic_iv(path: Path, progress: Progress = SILENT, code_map: Path | None = None) -> EhrTables:
    """Read MIMIC-IV.

    Args:
        path: the directory ``hosp`` or the one above it.
        progress: told of each table.
        code_map: from ICD-9-CM to ICD-10-CM; see :mod:`ghostchart.synth.sources.code_map`.

    Raises:
        SourceError: a directory, table or column is missing, a file cannot be read, a date is invalid, keys repeat, or
            an admission belongs to no patient. Files and lines are named, values never.
    """
    directory = path / "hosp" if (path / "hosp").is_dir() else path
    if not directory.is_dir():
        raise SourceError("there is no such directory", where=str(path), fix="Give MIMIC-IV's directory 'hosp'")
    source = SourceTables(directory)
    counts: list[TableCount] = []
    remarks: list[str] = []
    unmapped: Counter[tuple[str, str]] = Counter()
    read_code_map(source, code_map, load_icd10cm())
    with progress.task("Reading MIMIC-IV", 8) as advance:
        patients = _patients(source)
        shifts = _year_shifts(source)
        advance(1)
        admissions = _admissions(source, patients, shifts, remarks)
        advance(1)
        conditions = read_diagnoses(source, admissions, counts, unmapped)
        advance(1)
        used = {row[1] for row in conditions}
        _count_kept(counts, patients, admissions, used)
        stays = {"hadm_id": sorted(used), "subject_id": [admissions[hadm][0] for hadm in sorted(used)]}
        source.put("used_stays", pa.table(stays, schema=_STAYS))
        advance(1)
        procedures = _hcpcs(source, admissions, used, counts, remarks)
        _icd_procedures(source, counts, remarks)
        advance(1)
        medications = _prescriptions(source, counts, remarks)
        advance(1)
        observations = read_omr(source, admissions, used, counts, remarks)
        advance(1)
        observations += read_labs(source, counts, remarks)
        advance(1)
    if not used:
        raise SourceError(
            "no admission carries an ICD-10-CM diagnosis of the release",
            where=str(directory),
            fix="Supply newer admissions",
        )
    kept = {hadm: admission for hadm, admission in admissions.items() if hadm in used}
    people = {admission[0] for admission in kept.values()}
    rows: dict[str, list[Any]] = {
        "patients": [
            _moved_patient(subject, patients[subject], shifts[subject]) for subject in patients if subject in people
        ],
        "encounters": [_moved_encounter(hadm, admission, shifts[admission[0]]) for hadm, admission in kept.items()],
        "conditions": conditions,
        "procedures": procedures,
        "observations": observations,
        "identifiers": _identifiers(kept, people),
    }
    return EhrTables(
        **{name: _table(name, values) for name, values in rows.items()},
        medications=medications,
        notes=empty_table("notes"),
        report=SourceReport(
            "mimic-iv",
            tuple(counts),
            tuple(remarks),
            tuple(UnmappedCode("conditions", *code, rows) for code, rows in sorted(unmapped.items())),
            nulls=tuple(
                NullCount(count.table, column, rows)
                for count in counts
                for column, rows in source.empty_cells(count.table).items()
            ),
        ),
    )


def _table(name: str, rows: list[tuple[Any, ...]]) -> Any:
    names = empty_table(name).schema.names
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return table_from_columns(name, dict(zip(names, columns, strict=True)))


def _patients(source: SourceTables) -> dict[str, tuple[str, date, date | None]]:
    """subject_id -> (sex, birth date, death date)."""
    file = source.open("patients", ("subject_id", "gender", "anchor_age", "anchor_year", "anchor_year_group", "dod"))
    found: dict[str, tuple[str, date, date | None]] = {}
    query = "SELECT line, subject_id, gender, anchor_age, anchor_year, dod FROM patients ORDER BY line"
    for line, subject, sex, age, year, died in source.rows(file, query):
        if subject is None or sex not in _SEXES:
            raise SourceError(f"line {line}: subject_id or gender is missing or unknown", where=file)
        if subject in found:
            raise SourceError(f"line {line}: this subject_id was there before", where=file, fix="Keys must be unique")
        try:
            years = int(age)
            born = date(int(year) - years, 1, 1)
        except (TypeError, ValueError):
            raise SourceError(f"line {line}: anchor_age or anchor_year is no number or no year", where=file) from None
        if years not in _AGES_YEARS:
            raise SourceError(f"line {line}: anchor_age is impossible", where=file)
        dead = _day(died, file, line, "dod") if died else None
        if dead is not None and dead.year - born.year not in _AGES_YEARS:
            raise SourceError(f"line {line}: dod is impossible or before the patient's birth", where=file)
        found[subject] = (sex, born, dead)
    return found


def _year_shifts(source: SourceTables) -> dict[str, int]:
    """subject_id -> whole years that lead from MIMIC's shifted calendar back to about the real one (negative)."""
    file = source.look("patients").label
    shifts: dict[str, int] = {}
    for line, subject, anchor, group in source.rows(
        file, "SELECT line, subject_id, anchor_year, anchor_year_group FROM patients ORDER BY line"
    ):
        match = _YEAR_GROUP.fullmatch(group or "")
        middle = (int(match[1]) + int(match[2])) // 2 if match else 0
        if middle not in _REAL_YEARS:
            raise SourceError(f"line {line}: anchor_year_group is not a range of years", where=file)
        shifts[subject] = middle - int(anchor)
    return shifts


def _moved_patient(subject: str, patient: tuple[str, date, date | None], years: int) -> tuple[Any, ...]:
    sex, born, died = patient
    return (subject, sex, _moved(born, years), _moved(died, years) if died else None, None)


def _moved_encounter(hadm: str, admission: tuple[str, str, datetime, datetime], years: int) -> tuple[Any, ...]:
    subject, encounter_class, start, end = admission
    return (hadm, subject, encounter_class, _moved(start, years), _moved(end, years))


def _moved(day: Day, years: int) -> Day:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February in a year that has none
        return day.replace(year=day.year + years, day=28)


def _admissions(
    source: SourceTables,
    patients: dict[str, tuple[str, date, date | None]],
    shifts: dict[str, int],
    remarks: list[str],
) -> dict[str, tuple[str, str, datetime, datetime]]:
    """hadm_id -> (subject_id, encounter class, start, end)."""
    file = source.open("admissions", ("subject_id", "hadm_id", "admittime", "dischtime", "admission_type"))
    found: dict[str, tuple[str, str, datetime, datetime]] = {}
    reversed_stays = 0
    query = "SELECT line, subject_id, hadm_id, admittime, dischtime, admission_type FROM admissions ORDER BY line"
    for line, subject, hadm, start, end, kind in source.rows(file, query):
        if hadm is None or hadm in found:
            raise SourceError(
                f"line {line}: hadm_id is missing or was there before", where=file, fix="Keys must be unique"
            )
        if subject not in patients:
            raise SourceError(f"line {line}: this admission's patient is not in the table of patients", where=file)
        began, ended = _time(start, file, line, "admittime"), _time(end, file, line, "dischtime")
        if began.date() < patients[subject][1]:
            raise SourceError(f"line {line}: the admission lies before the patient's birth", where=file)
        if max(began, ended).year + shifts[subject] not in _REAL_YEARS:
            raise SourceError(f"line {line}: the date is impossible beside the patient's anchor_year", where=file)
        encounter_class = _EMERGENCY if kind in _OBSERVATION_TYPES else _INPATIENT
        reversed_stays += ended < began
        found[hadm] = (subject, encounter_class, began, max(began, ended))
    if reversed_stays:
        remarks.append(f"{reversed_stays:,} admissions ended before they began; their end was set to their beginning")
    return found


def _count_kept(
    counts: list[TableCount],
    patients: dict[str, tuple[str, date, date | None]],
    admissions: dict[str, tuple[str, str, datetime, datetime]],
    used: set[str],
) -> None:
    people = {admissions[hadm][0] for hadm in used}
    without_patients = Counter({"no admission with an ICD-10-CM diagnosis": len(patients) - len(people)})
    without = Counter({"no ICD-10-CM diagnosis": len(admissions) - len(used)})
    counts[:0] = [
        TableCount("patients", len(patients), len(people), dict(+without_patients)),
        TableCount("admissions", len(admissions), len(used), dict(+without)),
    ]


def _hcpcs(
    source: SourceTables,
    admissions: dict[str, tuple[str, str, datetime, datetime]],
    used: set[str],
    counts: list[TableCount],
    remarks: list[str],
) -> list[tuple[str, str, str, str]]:
    if source.find("hcpcsevents") is None:
        remarks.append("no table hcpcsevents: no procedures")
        return []
    file = source.open("hcpcsevents", ("hadm_id", "hcpcs_cd"))
    refused: Counter[str] = Counter()
    found: dict[tuple[str, str, str, str], None] = {}
    read = 0
    for hadm, raw in source.stream(file, "SELECT hadm_id, hcpcs_cd FROM hcpcsevents ORDER BY line"):
        read += 1
        if hadm not in used:
            refused[UNUSED_ADMISSION] += 1
            continue
        try:
            code = procedure(raw or "")
        except CodeError:
            refused["not shaped like HCPCS or CPT"] += 1
            continue
        row = (admissions[hadm][0], hadm, str(code.system), code.value)
        if row in found:
            refused["repeated in the same admission"] += 1
        found[row] = None
    counts.append(TableCount("hcpcsevents", read, len(found), dict(refused)))
    return list(found)


def _icd_procedures(source: SourceTables, counts: list[TableCount], remarks: list[str]) -> None:
    if source.find("procedures_icd") is None:
        remarks.append("no table procedures_icd")
        return
    file = source.open("procedures_icd", ("icd_version",))
    reasons = {"9": ICD9, "10": "ICD-10-PCS (not used)"}
    refused: Counter[str] = Counter()
    for version, rows in source.rows(file, "SELECT trim(icd_version), count(*) FROM procedures_icd GROUP BY 1"):
        refused[reasons.get(version, "unknown icd_version")] += rows
    counts.append(TableCount("procedures_icd", refused.total(), 0, dict(refused)))


def _prescriptions(source: SourceTables, counts: list[TableCount], remarks: list[str]) -> pa.Table:
    """Each drug once an admission, in the order of the file; sorted out in SQL, for MIMIC has millions of orders."""
    if source.find("prescriptions") is None:
        remarks.append("no table prescriptions: no medications")
        return empty_table("medications")
    file = source.open("prescriptions", ("hadm_id", "drug"))
    source.table(
        file,
        "sorted_drugs",
        "SELECT hadm_id, lower(trim(drug)) AS drug, count(*) AS orders, min(line) AS first, CASE WHEN any_value(u.subject_id) IS NULL "
        f"THEN '{UNUSED_ADMISSION}' WHEN coalesce(lower(trim(drug)), '') = '' THEN 'no drug name' ELSE '' END AS reason, "
        "any_value(u.subject_id) AS subject_id FROM prescriptions LEFT JOIN used_stays u USING (hadm_id) GROUP BY 1, 2",
    )
    refused: Counter[str] = Counter()
    used = 0
    for reason, drugs, orders in source.rows(
        file, "SELECT reason, count(*), sum(orders) FROM sorted_drugs GROUP BY 1 ORDER BY 1"
    ):
        if reason:
            refused[reason] += int(orders)
            continue
        used = drugs
        if orders > drugs:
            refused["repeated in the same admission"] += int(orders) - drugs
    counts.append(TableCount("prescriptions", used + refused.total(), used, dict(refused)))
    query = "SELECT subject_id AS patient_id, hadm_id AS encounter_id, drug FROM sorted_drugs WHERE reason = '' ORDER BY first"
    return source.arrow(file, query, TABLE_SCHEMAS["medications"])


def _identifiers(kept: dict[str, tuple[str, str, datetime, datetime]], people: set[str]) -> list[tuple[str, str, str]]:
    rows = [(subject, "MEDICAL_RECORD_NUMBER", subject) for subject in sorted(people)]
    for hadm, (subject, _kind, start, end) in kept.items():
        rows.append((subject, "ACCOUNT_NUMBER", hadm))
        rows += [(subject, "DATE_TIME", day.isoformat()) for day in dict.fromkeys((start.date(), end.date()))]
    return rows


def _time(text: str | None, file: str, line: int, column: str) -> datetime:
    try:
        # An offset is dropped, as everywhere: a chart speaks of local time.
        return datetime.fromisoformat(text or "").replace(microsecond=0, tzinfo=None)
    except ValueError:
        raise SourceError(f"line {line}: {column} is not a date and time", where=file) from None


def _day(text: str, file: str, line: int, column: str) -> date:
    return _time(text, file, line, column).date()
