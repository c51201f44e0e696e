"""A hospital's own CSV or Parquet export as hospital tables, read through the user's mapping file."""

from __future__ import annotations

from pathlib import Path

from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.errors import SourceError
from ghostchart.schemas.progress import SILENT, Progress
from ghostchart.synth.sources.code_map import SYSTEMS
from ghostchart.synth.sources.mapping import DATES, MAPPING_FILE, MappedIdentifiers, MappedTable, load_mapping
from ghostchart.synth.sources.measurements import NAMES, measured, put_measurements
from ghostchart.synth.sources.source_tables import SourceTables
from ghostchart.synth.sources.staging import Staging
from ghostchart.synth.sources.table_files import in_view, literal

# Field of the mapping -> column of the staged row.
_STAGED_AS = {"start": "began", "end": "ended", "date": "day"}
_STAGED = {
    "patients": ("patient_id", "sex", "birth_date", "death_date", "zip"),
    "encounters": ("encounter_id", "patient_id", "encounter_class", "start", "end"),
    "conditions": ("patient_id", "encounter_id", "date", "system", "code", "rank"),
    "procedures": ("patient_id", "encounter_id", "date", "system", "code"),
    "medications": ("patient_id", "encounter_id", "date", "drug"),
}
# What is understood without a word in the mapping, letters in any case.
_USUAL: dict[str, dict[str, str]] = {
    "sex": {"f": "F", "female": "F", "m": "M", "male": "M"},
    "encounter_class": {
        **dict.fromkeys(("office", "outpatient", "ambulatory", "clinic", "office visit", "telehealth"), "office"),
        **dict.fromkeys(("wellness", "preventive", "annual wellness visit"), "wellness"),
        **dict.fromkeys(("ed", "er", "emergency", "emergency department", "emergency room"), "ed"),
        **dict.fromkeys(("inpatient", "hospital", "hospitalization", "acute inpatient"), "inpatient"),
    },
    "system": SYSTEMS,
    "name": {name: name for name in NAMES},
}


def read_mapped(
    path: Path, mapping_file: Path | None = None, code_map: Path | None = None, progress: Progress = SILENT
) -> EhrTables:
    """Read the files that a mapping names.

    Raises:
        ConfigError: the mapping file is missing or wrong.
        SourceError: a file or column is missing, a file cannot be read, or rows contradict each other.
    """
    if not path.is_dir():
        raise SourceError("there is no such directory", where=str(path), fix="Check --path")
    mapping = load_mapping(mapping_file or path / MAPPING_FILE)
    source = SourceTables(path)
    put_measurements(source)
    staging = Staging(source, "csv", code_map)
    for number, table in enumerate(mapping.tables):
        _stage(staging, table, f"mapped_{number}")
    for number, identifiers in enumerate(mapping.identifiers):
        _stage_identifiers(staging, identifiers, f"identifying_{number}")
    return staging.finish(progress)


def _open(source: SourceTables, view: str, file: str, columns: tuple[str, ...]) -> str:
    path = source.path / file
    if not path.exists():
        raise SourceError(f"the file {file} that the mapping names is missing", where=str(source.path))
    return source.open_as(view, source.look_at(path), columns)


def _stage(staging: Staging, table: MappedTable, view: str) -> None:
    file = _open(staging.source, view, table.file, tuple(table.mapped.values()))
    label = f"{table.kind} ({table.file})"
    if table.kind == "observations":
        wanted = ("patient_id", "encounter_id", "date", "value", "name", "loinc", "unit")
        rows = ", ".join(_value(table, field) for field in wanted)
        if "loinc" in table.mapped or "loinc" in table.constants:
            query = measured(f"SELECT line, {rows} FROM {view}")
        else:
            query = f"SELECT line, '' AS refusal, {rows} FROM {view}"
    else:
        rows = ", ".join(_value(table, field) for field in _STAGED[table.kind])
        query = f"SELECT line, '' AS refusal, {rows} FROM {view}"
    staging.add(table.kind, label, file, query)


def _value(table: MappedTable, field: str) -> str:
    """SQL of one staged column: a constant, a mapped column with its values and dates read, or null."""
    name = _STAGED_AS.get(field, field)
    if field in table.constants:
        return f"{_worded(table, field, literal(table.constants[field]))} AS {name}"
    column = table.mapped.get(field)
    if column is None:
        return f"CAST(NULL AS VARCHAR) AS {name}"
    value = in_view(column)
    if field in DATES and table.date_format is not None:
        # What does not follow the format stays as it is and stops the run as "not a date".
        read = f"try_strptime({value}, {literal(table.date_format)})"
        value = f"CASE WHEN {read} IS NULL THEN '? ' || {value} ELSE strftime({read}, '%Y-%m-%d %H:%M:%S') END"
    return f"{_worded(table, field, value)} AS {name}"


def _worded(table: MappedTable, field: str, value: str) -> str:
    """A category in our words: as the mapping says, or as usual; null where neither knows it."""
    usual = _USUAL.get(field)
    own = table.values.get(field)
    if usual is None and own is None:
        return value
    words = {**(usual or {}), **{theirs.lower(): ours for theirs, ours in (own or {}).items()}}
    cases = " ".join(f"WHEN {literal(theirs)} THEN {literal(ours)}" for theirs, ours in words.items())
    # Systems and categories that nobody knows: systems stay (and count as unmapped), the others become null.
    rest = f"lower(trim({value}))" if field == "system" else value if usual is None else "NULL"
    return f"CASE lower(trim({value})) {cases} ELSE {rest} END"


def _stage_identifiers(staging: Staging, identifiers: MappedIdentifiers, view: str) -> None:
    columns = dict.fromkeys(
        (identifiers.patient_id, *(name for names in identifiers.columns.values() for name in names))
    )
    file = _open(staging.source, view, identifiers.file, tuple(columns))
    for entity_type, names in identifiers.columns.items():
        joined = ", ".join(f"trim({in_view(name)})" for name in names)
        staging.add_identifiers(
            file,
            f"SELECT trim({in_view(identifiers.patient_id)}) AS patient_id, {literal(entity_type)} AS entity_type, "
            f"concat_ws(' ', {joined}) AS value FROM {view}",
        )
