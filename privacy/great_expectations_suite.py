"""Great Expectations over one shard at a time; the only module that imports it.

Great Expectations echoes failing values in its results; only its counts are taken from here. Its telemetry is switched
off before the import, its context lives in memory, and nothing is read from or written to the user's folders.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, get_args

import pyarrow as pa

from ghostchart.schemas.clinical import NoteType, Setting
from ghostchart.schemas.errors import EnvironmentProblem
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
            asset: Any = context.data_sources.add_pandas("corpus").add_dataframe_asset("shard")
            batch = asset.add_batch_definition_whole_dataframe("whole")
            suite = context.suites.add(gx.ExpectationSuite("corpus"))
            for expectation in _expectations(gx.expectations):
                suite.add_expectation(expectation)
            self._definition: Any = context.validation_definitions.add(
                gx.ValidationDefinition(name="shard", data=batch, suite=suite)
            )

    def run(self, table: pa.Table) -> list[ExpectationCount]:
        """Run the suite on one shard."""
        frame = _scalars(table).to_pandas()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = self._definition.run(
                batch_parameters={"dataframe": frame},
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
    import pyarrow.compute as pc

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
