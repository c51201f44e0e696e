"""The diagnoses of MIMIC-IV: ICD-10-CM as it is, ICD-9 where the user's map says what it means."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from ghostchart.schemas.codes import icd10cm
from ghostchart.schemas.ehr import TableCount
from ghostchart.schemas.errors import CodeError, SourceError
from ghostchart.schemas.icd10cm import Icd10Cm
from ghostchart.schemas.icd10cm_release import load_icd10cm
from ghostchart.synth.sources.source_tables import SourceTables

ICD9 = "ICD-9 (no map supplied)"
NOT_SHAPED = "not shaped like ICD-10-CM"


def read_diagnoses(
    source: SourceTables,
    admissions: dict[str, tuple[str, str, datetime, datetime]],
    counts: list[TableCount],
    unmapped: Counter[tuple[str, str]],
) -> list[tuple[str, str, str, str, int]]:
    """Rows of the table of conditions: patient, encounter, system, code, rank; ICD-9 through the user's map only.

    Raises:
        SourceError: the table cannot be read, or a row belongs to no admission of its patient.
    """
    file = source.open("diagnoses_icd", ("subject_id", "hadm_id", "seq_num", "icd_code", "icd_version"))
    release = load_icd10cm()
    refused: Counter[str] = Counter()
    used: list[tuple[str, str, str, str, int]] = []
    stay, seen = "", set[str]()  # the codes of the admission at hand
    icd9 = _icd9_map(source)
    query = (
        "SELECT line, subject_id, hadm_id, seq_num, icd_code, icd_version FROM diagnoses_icd "
        "ORDER BY hadm_id, TRY_CAST(seq_num AS INTEGER), line"
    )
    read = rows_used = 0
    for line, subject, hadm, rank, raw, version in source.stream(file, query):
        read += 1
        if hadm not in admissions or admissions[hadm][0] != subject:
            raise SourceError(f"line {line}: this diagnosis belongs to no admission of this patient", where=file)
        if hadm != stay:
            stay, seen = hadm, set()
        system = (version or "").strip()
        if system not in {"9", "10"}:
            refused["unknown icd_version"] += 1
            continue
        reason, codes = _as_icd9(raw, icd9) if system == "9" else _as_icd10(raw, release)
        if reason:
            refused[reason] += 1
            if raw and reason != NOT_SHAPED:
                unmapped["icd9cm" if system == "9" else "icd10cm", raw.strip()] += 1
            continue
        new = [code for code in codes if code not in seen]
        if not new:
            refused["repeated in the same admission"] += 1
            continue
        rows_used += 1
        seen.update(new)
        used += [(subject, hadm, "icd10cm", code, _number(rank, file, line, "seq_num")) for code in new]
    counts.append(TableCount("diagnoses_icd", read, rows_used, dict(refused)))
    return used


def _icd9_map(source: SourceTables) -> dict[str, list[str]]:
    """ICD-9-CM without its dot -> ICD-10-CM codes, from the user's map."""
    found: dict[str, list[str]] = {}
    for code, target in source.rows(
        "code map",
        "SELECT upper(replace(code, '.', '')), target FROM code_map "
        "WHERE coalesce(system, 'icd9cm') = 'icd9cm' AND NOT ambiguous ORDER BY 1, 2",
    ):
        found.setdefault(code, []).append(target)
    return found


def _as_icd9(raw: str | None, icd9: dict[str, list[str]]) -> tuple[str, list[str]]:
    codes = icd9.get((raw or "").strip().upper().replace(".", ""), [])
    return ("" if codes else "ICD-9 without a map to ICD-10-CM" if icd9 else ICD9), codes


def _as_icd10(raw: str | None, release: Icd10Cm) -> tuple[str, list[str]]:
    try:
        code = icd10cm(raw or "").value
    except CodeError:
        return NOT_SHAPED, []
    return ("" if release.is_billable(code) else f"not billable in {release.release}"), [code]


def _number(text: str | None, file: str, line: int, column: str) -> int:
    try:
        return int(text or "")
    except ValueError:
        raise SourceError(f"line {line}: {column} is not a number", where=file) from None
