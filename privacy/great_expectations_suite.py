"""Great Expectations over shards of notes and over a source's tables; the only module that imports it.

Great Expectations echoes failing values in its results; only its counts are taken from here. Its telemetry is switched
off before the import, its context lives in memory, and nothing is read from or written to the user's folders.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, get_args

import pyarrow as pa
import pyarrow.compute as pc

from ghostchart.schemas.clinical import NoteType, Setting
from ghostchart.schemas.ehr import EhrTables, QualityFinding
from ghostchart.schemas.errors import EnvironmentProblem
from ghostchart.schemas.icd10cm import Icd10Cm
from ghostchart.schemas.note import NOTE_SCHEMA

_NEVER_NULL = tuple(NOTE_SCHEMA.names)
# Great Expectations works on scalars; of list columns it sees the number of elements.
_LISTS = ("codes", "surrogates", "distractors", "strata")
MAX_TEXT_CHARS = 60_000


@dataclass(frozen=True, slots=True)
class ExpectationCount:
    """How often one expectation was broken in one shard; ``column`` is "" for the whole table."""

    expectation: str
    column: str
    rows: int
    unexpected: int
    passed: bool


class ShardSuite:
    """The suite, built once and run on each shard."""

    def __init__(self) -> None:
        self._definition = _definition("shard", _expectations)

    def run(self, table: pa.Table) -> list[ExpectationCount]:
        """Run the suite on one shard."""
        return _run(self._definition, _scalars(table))


def _definition(name: str, expectations: Callable[[Any], Iterable[Any]]) -> Any:
    """A validation of one in-memory frame; nothing is sent anywhere and nothing is kept on disk."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import great_expectations as gx
            from great_expectations.data_context.types.base import ProgressBarsConfig
        except ImportError:
            raise EnvironmentProblem("great-expectations is not installed", fix="Run make setup") from None
        context: Any = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
        asset: Any = context.data_sources.add_pandas(name).add_dataframe_asset(name)
        batch = asset.add_batch_definition_whole_dataframe("whole")
        suite = context.suites.add(gx.ExpectationSuite(name))
        for expectation in expectations(gx.expectations):
            suite.add_expectation(expectation)
        return context.validation_definitions.add(gx.ValidationDefinition(name=name, data=batch, suite=suite))


def _run(definition: Any, table: pa.Table) -> list[ExpectationCount]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = definition.run(
            batch_parameters={"dataframe": table.to_pandas()},
            result_format={"result_format": "BASIC", "partial_unexpected_count": 0},
        )
    return [_count(item, table.num_rows) for item in result.results]


def _count(item: Any, rows: int) -> ExpectationCount:
    unexpected = item.result.get("unexpected_count")
    passed = bool(item.success)
    return ExpectationCount(
        expectation=str(item.expectation_config.type),
        column=str(item.expectation_config.kwargs.get("column", "")),
        rows=rows,
        unexpected=int(unexpected) if unexpected is not None else (0 if passed else rows),
        passed=passed,
    )


def _scalars(table: pa.Table) -> pa.Table:
    """Scalar columns as they are; of list columns and the text the length."""
    columns: dict[str, Any] = {}
    for name in table.column_names:
        if name in _LISTS:
            columns[name] = pc.list_value_length(table[name])
        elif name == "text":
            columns[name] = pc.utf8_length(table[name])
        else:
            columns[name] = table[name]
    return pa.table(columns)


def _expectations(kinds: Any) -> Iterable[Any]:
    yield kinds.ExpectTableColumnsToMatchOrderedList(column_list=list(NOTE_SCHEMA.names))
    yield kinds.ExpectTableRowCountToBeBetween(min_value=1)
    for name in _NEVER_NULL:
        yield kinds.ExpectColumnValuesToNotBeNull(column=name)
    yield kinds.ExpectColumnValuesToBeUnique(column="note_id")
    yield kinds.ExpectColumnValuesToBeInSet(column="sex", value_set=["F", "M"])
    yield kinds.ExpectColumnValuesToBeInSet(column="note_type", value_set=list(get_args(NoteType)))
    yield kinds.ExpectColumnValuesToBeInSet(column="setting", value_set=list(get_args(Setting)))
    yield kinds.ExpectColumnValuesToBeBetween(column="age", min_value=0, max_value=90)
    yield kinds.ExpectColumnValuesToBeBetween(column="text", min_value=40, max_value=MAX_TEXT_CHARS)
    yield kinds.ExpectColumnValuesToBeBetween(column="codes", min_value=1, max_value=60)
    yield kinds.ExpectColumnValueLengthsToBeBetween(column="seed", min_value=8, max_value=128)
    for name in ("note_id", "patient_id", "encounter_id", "template_id", "template_family"):
        yield kinds.ExpectColumnValueLengthsToBeBetween(column=name, min_value=1, max_value=120)


def check_source_tables(tables: EhrTables, release: Icd10Cm) -> tuple[QualityFinding, ...]:
    """Check what a source adapter returned, before anything is learned from it.

    Keys, orphans, impossible dates, missing values and the validity of codes in ``release``. Great Expectations sees
    derived columns (days, yes or no) and keys; only its counts are used.

    Returns:
        One finding per table and check; "error" where a row must not be modelled, "warning" where it is odd only.
    """
    found: list[QualityFinding] = []
    for name, (columns, checks) in _source_frames(tables, release).items():
        if not len(next(iter(columns.values()))):
            continue
        for count in _run(_definition(name, _source_expectations(checks)), pa.table(columns)):
            words, severity = checks[count.column]
            found.append(QualityFinding(name, words, count.rows, count.unexpected, "ok" if count.passed else severity))
    return tuple(found)


def _source_expectations(checks: dict[str, tuple[str, str]]) -> Callable[[Any], Iterable[Any]]:
    def expectations(kinds: Any) -> Iterable[Any]:
        for column in checks:
            if column.endswith("_id"):
                yield kinds.ExpectColumnValuesToBeUnique(column=column)
            else:
                yield kinds.ExpectColumnValuesToBeInSet(column=column, value_set=[True])

    return expectations


def _source_frames(tables: EhrTables, release: Icd10Cm) -> dict[str, tuple[dict[str, Any], dict[str, tuple[str, str]]]]:
    """Per table: columns that Great Expectations sees, and per column what it checks and how bad a fault is."""
    people, visits = tables.patients, tables.encounters
    stays = visits.join(people, "patient_id", join_type="left outer").combine_chunks()
    began, born, died = (pc.cast(stays[name], pa.date32()) for name in ("start", "birth_date", "death_date"))
    frames: dict[str, tuple[dict[str, Any], dict[str, tuple[str, str]]]] = {
        "patients": (
            {
                "patient_id": people["patient_id"],
                "sex": pc.is_in(people["sex"], value_set=pa.array(["F", "M"])),
                "born": pc.is_valid(people["birth_date"]),
                "lived": _yes(pc.less_equal(people["birth_date"], people["death_date"])),
            },
            {
                "patient_id": ("duplicate key", "error"),
                "sex": ("sex missing or unknown", "error"),
                "born": ("birth date missing", "error"),
                "lived": ("death before birth", "error"),
            },
        ),
        "encounters": (
            {
                "encounter_id": stays["encounter_id"],
                "known": pc.is_in(stays["patient_id"], value_set=people["patient_id"].combine_chunks()),
                "kind": pc.is_in(
                    stays["encounter_class"], value_set=pa.array(["office", "wellness", "ed", "inpatient"])
                ),
                "ordered": _yes(pc.less_equal(stays["start"], stays["end"])),
                "after_birth": _yes(pc.less_equal(born, began)),
                "before_death": _yes(pc.less_equal(began, died)),
            },
            {
                "encounter_id": ("duplicate key", "error"),
                "known": ("patient unknown (orphan)", "error"),
                "kind": ("encounter class missing or unknown", "error"),
                "ordered": ("end before beginning", "error"),
                "after_birth": ("before birth", "error"),
                "before_death": ("after death", "warning"),
            },
        ),
    }
    known_visits = visits["encounter_id"].combine_chunks()
    for name in ("conditions", "procedures", "medications", "observations"):
        table = getattr(tables, name)
        columns: dict[str, Any] = {"known": pc.is_in(table["encounter_id"], value_set=known_visits)}
        checks = {"known": ("encounter unknown (orphan)", "error")}
        if name == "conditions":
            valid = pa.array(
                [code for code in pc.unique(table["code"]).to_pylist() if release.is_billable(code)], pa.string()
            )
            columns["valid"] = pc.is_in(table["code"], value_set=valid)
            checks["valid"] = (f"code not billable in {release.release}", "error")
        elif name == "procedures":
            columns["shaped"] = pc.match_substring_regex(table["code"], "^([0-9]{4}[0-9AFMTU]|[A-V][0-9]{4})$")
            checks["shaped"] = ("code not shaped like CPT or HCPCS", "error")
        elif name == "medications":
            columns["named"] = pc.is_valid(table["drug"])
            checks["named"] = ("drug name missing", "error")
        else:
            columns["number"] = _yes(pc.is_finite(table["value"]))
            checks["number"] = ("value is not a number", "error")
        frames[name] = (columns, checks)
    return frames


def _yes(condition: Any) -> Any:
    """A condition that does not apply (a null on either side) is no fault."""
    return pc.fill_null(condition, True)
