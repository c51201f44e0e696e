"""Which population strata a set of codes touches: HEDIS Advanced Illness and Frailty.

One note shows class membership only, never the exclusion from a measure, which also asks for age and dates.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from ghostchart.schemas.codes import Code

_TABLE = Path(__file__).parent / "data" / "strata.csv"


@cache
def stratum_codes() -> dict[str, frozenset[str]]:
    """Code values of each stratum, strata in the table's order."""
    found: dict[str, set[str]] = {}
    with _TABLE.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(line for line in stream if not line.startswith("#")):
            found.setdefault(row["stratum"], set()).add(row["value"])
    return {name: frozenset(values) for name, values in found.items()}


def strata_of(icd_values: Iterable[str], other_codes: Iterable[Code] = ()) -> tuple[str, ...]:
    """Strata that at least one of the codes belongs to, in fixed order: "advanced_illness", "frailty"."""
    values = {*icd_values, *(code.value for code in other_codes)}
    return tuple(name for name, members in stratum_codes().items() if not members.isdisjoint(values))
