"""Hospital tables as every source adapter returns them and as the EHR model samples them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ghostchart.schemas.errors import SourceError

# encounter_class: "office" | "wellness" | "ed" | "inpatient".
# conditions.system is always "icd10cm" (dotted, billable in the release); rank 1 is the principal or first-listed
# diagnosis. procedures.system: "cpt" | "hcpcs". observations.name carries its unit: "systolic_bp_mmhg".
PATIENTS = pa.schema(
    [
        ("patient_id", pa.string()),
        ("sex", pa.string()),  # "F" or "M"
        ("birth_date", pa.date32()),
        ("death_date", pa.date32()),  # null while alive
        ("zip3", pa.string()),  # first three ZIP digits; null where the source has none
    ]
)
ENCOUNTERS = pa.schema(
    [
        ("encounter_id", pa.string()),
        ("patient_id", pa.string()),
        ("encounter_class", pa.string()),
        ("start", pa.timestamp("s")),
        ("end", pa.timestamp("s")),
    ]
)
CONDITIONS = pa.schema(
    [
        ("patient_id", pa.string()),
        ("encounter_id", pa.string()),
        ("system", pa.string()),
        ("code", pa.string()),
        ("rank", pa.int32()),
    ]
)
PROCEDURES = pa.schema(
    [
        ("patient_id", pa.string()),
        ("encounter_id", pa.string()),
        ("system", pa.string()),
        ("code", pa.string()),
    ]
)
MEDICATIONS = pa.schema([("patient_id", pa.string()), ("encounter_id", pa.string()), ("drug", pa.string())])
OBSERVATIONS = pa.schema(
    [
        ("patient_id", pa.string()),
        ("encounter_id", pa.string()),
        ("name", pa.string()),
        ("value", pa.float64()),
    ]
)
IDENTIFIERS = pa.schema([("patient_id", pa.string()), ("entity_type", pa.string()), ("value", pa.string())])
NOTES = pa.schema(
    [("note_id", pa.string()), ("patient_id", pa.string()), ("encounter_id", pa.string()), ("text", pa.string())]
)

TABLE_SCHEMAS: dict[str, pa.Schema] = {
    "patients": PATIENTS,
    "encounters": ENCOUNTERS,
    "conditions": CONDITIONS,
    "procedures": PROCEDURES,
    "medications": MEDICATIONS,
    "observations": OBSERVATIONS,
    "identifiers": IDENTIFIERS,
    "notes": NOTES,
}


@dataclass(frozen=True)
class TableCount:
    """Rows of one source table: ``rows_read == rows_used + sum(refused.values())`` always holds."""

    table: str
    rows_read: int
    rows_used: int
    refused: dict[str, int] = field(default_factory=dict)  # reason -> rows

    def __post_init__(self) -> None:
        if self.rows_read != self.rows_used + sum(self.refused.values()):
            raise SourceError(
                f"row counts do not reconcile: {self.rows_read} read, {self.rows_used} used, "
                f"{sum(self.refused.values())} refused",
                where=self.table,
            )


@dataclass(frozen=True)
class UnmappedCode:
    """A code of the source that no map brings to a system in use; ``kind`` is the table it came from."""

    kind: str
    system: str
    code: str
    rows: int


@dataclass(frozen=True)
class NullCount:
    """Rows of one source table whose column is empty."""

    table: str
    column: str
    rows: int


@dataclass(frozen=True)
class QualityFinding:
    """One check of the source before modelling: ``found`` of ``rows`` are at fault.

    ``severity`` "error" stops the run, "warning" is listed, "ok" found nothing.
    """

    table: str
    check: str
    rows: int
    found: int
    severity: str


@dataclass(frozen=True)
class SourceReport:
    """What a source adapter read, used and refused, by table; counts, and the codes that nothing maps.

    ``unmapped`` belongs into the protected zone (a rare code may point at one patient); pages show its totals.
    """

    source: str
    tables: tuple[TableCount, ...]
    remarks: tuple[str, ...] = ()
    unmapped: tuple[UnmappedCode, ...] = ()
    nulls: tuple[NullCount, ...] = ()
    quality: tuple[QualityFinding, ...] = ()


@dataclass(frozen=True)
class EhrTables:
    """One hospital (or one synthetic population) as Arrow tables in the schemas above.

    ``identifiers`` holds direct identifiers of source patients for the leakage checks; it is never modelled and is
    empty in synthetic tables. ``notes`` is empty where the source has none.

    Raises:
        SourceError: a table's schema is not the documented one.
    """

    patients: pa.Table
    encounters: pa.Table
    conditions: pa.Table
    procedures: pa.Table
    medications: pa.Table
    observations: pa.Table
    identifiers: pa.Table
    notes: pa.Table
    report: SourceReport

    def __post_init__(self) -> None:
        for name, schema in TABLE_SCHEMAS.items():
            table: pa.Table = getattr(self, name)
            if not table.schema.equals(schema):
                raise SourceError(f"table {name} does not have the documented columns", where=self.report.source)

    @property
    def n_patients(self) -> int:
        """Number of patients."""
        return int(self.patients.num_rows)

    def restrict(self, patient_ids: pa.Array) -> EhrTables:
        """The same tables with only the given patients' rows, in their original order."""
        picked = {
            name: getattr(self, name).filter(pc.is_in(getattr(self, name)["patient_id"], value_set=patient_ids))
            for name in TABLE_SCHEMAS
        }
        return replace(self, **picked)

    def save(self, directory: Path) -> None:
        """Write each table as Parquet below ``directory`` (protected zone only for source tables)."""
        directory.mkdir(parents=True, exist_ok=True)
        for name in TABLE_SCHEMAS:
            pq.write_table(getattr(self, name), directory / f"{name}.parquet")

    @classmethod
    def load(cls, directory: Path, report: SourceReport) -> EhrTables:
        """Read what :meth:`save` wrote.

        Raises:
            SourceError: a file is missing or unreadable.
        """
        tables = {}
        for name, schema in TABLE_SCHEMAS.items():
            path = directory / f"{name}.parquet"
            try:
                tables[name] = pq.read_table(path, schema=schema)
            except (OSError, pa.ArrowInvalid) as error:
                raise SourceError(f"cannot read {path.name}: {type(error).__name__}", where=str(directory)) from None
        return cls(**tables, report=report)


def concatenate(parts: Sequence[EhrTables]) -> EhrTables:
    """The rows of at least one part, in order; the report is the first one's."""
    tables = {
        name: pa.concat_tables([getattr(part, name) for part in parts]).combine_chunks() for name in TABLE_SCHEMAS
    }
    return replace(parts[0], **tables)


def empty_table(name: str) -> pa.Table:
    """A table of the documented schema without rows."""
    return TABLE_SCHEMAS[name].empty_table()


def table_from_columns(name: str, columns: dict[str, object]) -> pa.Table:
    """A table of the documented schema from one sequence or array per column."""
    return pa.table(columns, schema=TABLE_SCHEMAS[name])
