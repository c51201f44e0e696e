"""A first mapping file, guessed from the files and column names below a directory; no row is read.

What a name tells is filled in; where it does not, the field stands as null with the columns to choose from, and the
draft is refused until a person has chosen.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from ghostchart.schemas.errors import SourceError
from ghostchart.synth.sources.mapping import FIELDS
from ghostchart.synth.sources.source_tables import SourceTables
from ghostchart.synth.sources.table_files import Found

_NAMES: dict[str, tuple[str, ...]] = {
    "patient_id": ("patient_id", "patientid", "pat_id", "mrn", "subject_id", "person_id", "patient", "medical_record_number", "pat_mrn"),
    "encounter_id": ("encounter_id", "encounterid", "enc_id", "visit_id", "csn", "pat_enc_csn_id", "hadm_id", "encounter", "visit"),
    "sex": ("sex", "gender", "patient_sex", "birth_sex", "sex_at_birth"),
    "birth_date": ("birth_date", "birthdate", "dob", "date_of_birth", "birth_dt"),
    "death_date": ("death_date", "deathdate", "dod", "date_of_death", "deceased_date"),
    "zip": ("zip", "zip_code", "zipcode", "postal_code", "postcode"),
    "encounter_class": ("encounter_class", "class", "visit_type", "encounter_type", "patient_class", "enc_type", "encounterclass"),
    "start": ("start", "start_date", "start_time", "admit_date", "admission_date", "admittime", "visit_date", "encounter_date", "begin_date"),
    "end": ("end", "end_date", "end_time", "stop", "discharge_date", "dischtime", "disch_date"),
    "date": ("date", "event_date", "service_date", "diagnosis_date", "dx_date", "order_date", "result_date", "start_date", "start", "recorded_date"),
    "code": ("code", "dx_code", "icd_code", "icd10", "icd10_code", "icd_10_code", "diagnosis_code", "diagnosis", "dx", "cpt", "cpt_code", "proc_code",
             "procedure_code", "hcpcs"),
    "system": ("system", "code_system", "vocabulary", "coding_system", "code_type", "vocabulary_id"),
    "rank": ("rank", "seq_num", "sequence", "dx_rank", "priority", "line", "dx_sequence"),
    "drug": ("drug", "drug_name", "medication", "medication_name", "med_name", "generic_name", "description"),
    "value": ("value", "result_value", "numeric_value", "valuenum", "result", "value_num"),
    "name": ("name", "measurement", "test_name", "observation_name"),
    "loinc": ("loinc", "loinc_code"),
    "unit": ("unit", "units", "unit_of_measure", "uom"),
}  # fmt: skip
_IDENTIFIERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "PERSON": (("first_name", "first", "firstname", "given_name"), ("last_name", "last", "lastname", "family_name", "surname")),
    "STREET_ADDRESS": (("address", "street", "address_line_1", "address1", "street_address"),),
    "CITY": (("city", "town"),),
    "ZIP_CODE": (_NAMES["zip"],),
    "PHONE_NUMBER": (("phone", "phone_number", "telephone", "home_phone", "mobile"),),
    "EMAIL_ADDRESS": (("email", "email_address", "e_mail"),),
    "US_SSN": (("ssn", "social_security_number"),),
    "MEDICAL_RECORD_NUMBER": (("mrn", "medical_record_number", "pat_mrn"),),
}  # fmt: skip
_KIND_WORDS: dict[str, tuple[str, ...]] = {
    "conditions": ("condition", "diag", "dx", "problem"),
    "procedures": ("proc", "cpt", "surg"),
    "medications": ("med", "drug", "rx", "prescri"),
    "observations": ("obs", "vital", "lab", "measure", "result"),
    "encounters": ("enc", "visit", "admission", "stay"),
    "patients": ("patient", "person", "demog", "subject"),
}


def draft_mapping(path: Path) -> str:
    """YAML text of a mapping for the CSV and Parquet files of a directory.

    Raises:
        SourceError: no such directory, no table in it, or a header that cannot be read.
    """
    if not path.is_dir():
        raise SourceError("there is no such directory", where=str(path), fix="Check --path")
    source = SourceTables(path)
    names = source.names()
    if not names:
        raise SourceError("the directory holds no CSV or Parquet file", where=str(path))
    lines = [
        f"# Draft for the tables in {path.name}. Check every line; fill in null where a choice is listed.",
        "# Read it with: ghostchart generate --source csv --path DIR --mapping THIS_FILE --out OUT",
        "# Fields of each kind and all that a mapping can say: docs/sources.md",
        "",
        "tables:",
    ]
    identifying: list[str] = []
    unused: list[str] = []
    for name in names:
        found = source.look(name)
        kind = _kind(name, found)
        if kind is None:
            unused.append(f"# Not used: {found.label} (columns {', '.join(found.columns)})")
            continue
        lines += _table(kind, found)
        if kind == "patients":
            identifying += _identifiers(found)
    if identifying:
        lines += ["", "identifiers:", *identifying]
    return "\n".join([*lines, *([""] if unused else []), *unused]) + "\n"


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_")


def _column(found: Found, names: tuple[str, ...]) -> str | None:
    """The first of the names that a column goes by."""
    folded = {_folded(column): column for column in reversed(found.columns)}
    return next((folded[name] for name in names if name in folded), None)


def _kind(name: str, found: Found) -> str | None:
    fitting = {
        kind: sum(_column(found, _NAMES[field]) is not None for field in needed) / len(needed)
        for kind, (needed, _may) in FIELDS.items()
    }
    for kind, words in _KIND_WORDS.items():
        if any(word in _folded(name) for word in words) and fitting[kind] > 0:
            return kind
    if fitting["patients"] == 1:
        return "patients"
    return "encounters" if fitting["encounters"] == 1 else None


def _table(kind: str, found: Found) -> list[str]:
    lines = ["", f"- kind: {kind}", f"  file: {json.dumps(found.label)}", "  columns:"]
    needed, may = FIELDS[kind]
    constants: dict[str, str] = {}
    for field in (*needed, *may):
        column = _column(found, _NAMES[field])
        if column is not None:
            lines.append(f"    {field}: {json.dumps(column)}")
        elif field == "system" and kind == "conditions":
            constants["system"] = "icd10cm"
        elif field in needed:
            lines.append(f"    {field}: null  # choose one of: {', '.join(found.columns)}")
    if kind == "observations" and not any(_column(found, _NAMES[field]) for field in ("name", "loinc")):
        lines.append(f"    loinc: null  # or name; choose one of: {', '.join(found.columns)}")
    if constants:
        lines.append(f"  constants: {json.dumps(constants)}  # or snomed, icd9cm ..., which need --code-map")
    if kind == "encounters":
        lines.append("  values:")
        lines.append("    encounter_class: {}  # say e.g. OP: office, IP: inpatient, ER: ed, AWV: wellness")
    if kind == "patients":
        lines.append("  values:")
        lines.append("    sex: {}  # say e.g. Woman: F, Man: M; F, M, female and male are understood")
    if any(field in (*needed, *may) for field in ("birth_date", "start", "date")):
        lines.append('  date_format: null  # say e.g. "%m/%d/%Y" where dates are not written as 2024-03-31')
    return lines


def _identifiers(found: Found) -> list[str]:
    patient = _column(found, _NAMES["patient_id"])
    listed = []
    for entity_type, parts in _IDENTIFIERS.items():
        columns = [column for names in parts if (column := _column(found, names))]
        if len(columns) == len(parts):
            listed.append(f"    {entity_type}: {json.dumps(columns)}")
    if patient is None or not listed:
        return []
    return [f"- file: {json.dumps(found.label)}", f"  patient_id: {json.dumps(patient)}", "  columns:", *listed]
