"""From staged rows to ``EhrTables``: one place where every adapter's rows are checked, linked, coded and counted.

An adapter describes each of its tables by a query with fixed text columns (:data:`COLUMNS`); here dates and numbers are
read, keys checked, conditions and the rest tied to encounters, codes brought to ICD-10-CM, and every row ends as used,
as refused for one reason, or as a fault that stops the run with its file and row. All of it is SQL over streams: the
source's tables never pass through Python.

Stops: a missing or repeated key, a date that is none or impossible, an encounter of nobody or before birth, a death
before birth, a row whose encounter is another patient's. Refused and counted: everything else that cannot be used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from ghostchart.schemas.ehr import (
    TABLE_SCHEMAS,
    EhrTables,
    NullCount,
    SourceReport,
    TableCount,
    UnmappedCode,
    empty_table,
)
from ghostchart.schemas.errors import SourceError
from ghostchart.schemas.icd10cm_release import load_icd10cm
from ghostchart.schemas.progress import SILENT, Progress
from ghostchart.synth.sources.code_map import read_code_map
from ghostchart.synth.sources.source_tables import SourceTables
from ghostchart.synth.sources.staging_sql import (
    COLUMNS,
    CONDITIONS,
    ENCOUNTERS,
    FINAL_REASON,
    MACROS,
    MEDICATIONS,
    OBSERVATIONS,
    OWN_IDENTIFIERS,
    PATIENTS,
    PROCEDURES,
    RESULTS,
    USED,
    nothing,
)


@dataclass(frozen=True)
class Staged:
    """One table of the source as a query over opened views; ``table`` names it in counts, ``file`` in messages."""

    kind: str
    table: str
    file: str
    query: str


class Staging:
    """Collects staged tables, then makes ``EhrTables`` of them."""

    def __init__(
        self,
        source: SourceTables,
        name: str,
        code_map: Path | None = None,
        locate: Callable[[int], tuple[str, int]] | None = None,
    ) -> None:
        self.source = source
        self.name = name
        self.remarks: list[str] = []
        self.extra_counts: list[TableCount] = []
        self._code_map = code_map
        self._locate = locate  # from ``line`` to file and row, where one staged table spans many files
        self._staged: dict[str, list[Staged]] = {kind: [] for kind in COLUMNS}
        self._identifiers: list[tuple[str, str]] = []

    def add(self, kind: str, table: str, file: str, query: str) -> None:
        """Stage one table; see :data:`COLUMNS`."""
        self._staged[kind].append(Staged(kind, table, file, query))

    def add_identifiers(self, file: str, query: str) -> None:
        """Direct identifiers: patient_id, entity_type, value."""
        self._identifiers.append((file, query))

    def finish(self, progress: Progress = SILENT) -> EhrTables:
        """Check, link, code and count everything that was staged.

        Raises:
            SourceError: a fault with its file and row, or nothing usable at all.
        """
        release = load_icd10cm()
        read_code_map(self.source, self._code_map, release)
        self.source.put("release_codes", pa.table({"code": list(release.billable_codes())}))
        for macro in MACROS:
            self.source.statement(self.name, macro)
        with progress.task(f"Reading {self.name}", len(COLUMNS)) as advance:
            for kind, shape in (
                ("patients", PATIENTS),
                ("encounters", ENCOUNTERS),
                ("conditions", CONDITIONS.replace("$release", release.release)),
                ("procedures", PROCEDURES),
                ("medications", MEDICATIONS),
                ("observations", OBSERVATIONS),
            ):
                self._stage(kind, shape)
                if kind == "conditions":
                    self._settle_encounters()
                advance(1)
        if self.source.value(self.name, "SELECT count(*) FROM used_encounters") == 0:
            raise SourceError(
                f"no encounter carries a diagnosis that is or maps to a billable code of {release.release}",
                where=self.source.place,
                fix="Supply a map with --code-map, or a source coded in ICD-10-CM",
            )
        self._warn()
        report = SourceReport(
            self.name,
            tuple(self._counts() + self.extra_counts),
            tuple(self.remarks),
            unmapped=self._unmapped(),
            nulls=self._nulls(),
        )
        return EhrTables(**self._results(), notes=empty_table("notes"), report=report)

    def _stage(self, kind: str, shape: str) -> None:
        inputs = self._staged[kind]
        names = ", ".join(f"nullif(trim({column}), '') AS {column}" for column in COLUMNS[kind])
        parts = [
            f"SELECT {place} AS input, line, coalesce(refusal, '') AS refusal, {names} FROM ({staged.query})"
            for place, staged in enumerate(inputs)
        ] or [nothing(kind)]
        label = inputs[0].file if len(inputs) == 1 else self.name
        if len(parts) == 1:
            self.source.table(label, f"in_{kind}", parts[0])
        else:
            # One by one, so that a fault while reading names its own file.
            self.source.table(self.name, f"in_{kind}", nothing(kind))
            for staged, part in zip(inputs, parts, strict=True):
                self.source.statement(staged.file, f"INSERT INTO in_{kind} {part}")
        for statement in shape.strip().split(";\n"):
            self.source.statement(label, statement)
        faults = self.source.rows(
            label,
            f"SELECT fault, input, min(line) FROM st_{kind} WHERE fault <> '' GROUP BY 1, 2 ORDER BY 2, 3 LIMIT 1",
        )
        for fault, place, line in faults:
            file, row = self._locate(line) if self._locate else (inputs[place].file, line)
            raise SourceError(f"row {row}: {fault}", where=file, fix="Correct or remove the row")

    def _settle_encounters(self) -> None:
        self.source.table(
            self.name,
            "used_encounters",
            "SELECT DISTINCT encounter_id FROM coded_conditions",
        )

    def _warn(self) -> None:
        for text, condition in (
            ("ended before they began; their end was set to their beginning", "reversed"),
            ("carry no end; their end was set to their beginning", "endless"),
            ("began after the patient's recorded death", "posthumous"),
        ):
            found = self.source.value(
                self.name, f"SELECT count(*) FROM st_encounters WHERE reason = '' AND {condition}"
            )
            if found:
                self.remarks.append(f"{found:,} encounters {text}")

    def _counts(self) -> list[TableCount]:
        counts = []
        for kind, inputs in self._staged.items():
            final = FINAL_REASON[kind]
            query = f"SELECT input, {final} AS why, count(*) FROM st_{kind} s GROUP BY 1, 2 ORDER BY 1, 2"
            found = self.source.rows(self.name, query)
            for place, staged in enumerate(inputs):
                by_reason = {why: rows for number, why, rows in found if number == place}
                used = by_reason.pop("", 0)
                counts.append(TableCount(staged.table, used + sum(by_reason.values()), used, by_reason))
        return counts

    def _unmapped(self) -> tuple[UnmappedCode, ...]:
        rows = self.source.rows(
            self.name,
            "SELECT kind, system, code, count(*) FROM ("
            "SELECT 'conditions' AS kind, coalesce(system, 'unknown') AS system, coalesce(code, '') AS code "
            "FROM st_conditions WHERE unmapped UNION ALL "
            "SELECT 'procedures', coalesce(system, 'unknown'), coalesce(code, '') FROM st_procedures WHERE unmapped) "
            "GROUP BY 1, 2, 3 ORDER BY 1, 4 DESC, 2, 3",
        )
        return tuple(UnmappedCode(*row) for row in rows)

    def _nulls(self) -> tuple[NullCount, ...]:
        found = []
        for kind, inputs in self._staged.items():
            listed = ", ".join(f"count(*) - count({column})" for column in COLUMNS[kind])
            for place, *counts in self.source.rows(
                self.name, f"SELECT input, {listed} FROM in_{kind} GROUP BY 1 ORDER BY 1"
            ):
                found += [
                    NullCount(inputs[place].table, column, rows)
                    for column, rows in zip(COLUMNS[kind], counts, strict=True)
                ]
        return tuple(found)

    def _results(self) -> dict[str, pa.Table]:
        for statement in USED.strip().split(";\n"):
            self.source.statement(self.name, statement)
        self.source.table(self.name, "all_identifiers", OWN_IDENTIFIERS)
        for file, query in self._identifiers:
            self.source.statement(
                file, f"INSERT INTO all_identifiers SELECT patient_id, entity_type, trim(value) FROM ({query})"
            )
        return {name: self.source.arrow(self.name, query, TABLE_SCHEMAS[name]) for name, query in RESULTS.items()}
