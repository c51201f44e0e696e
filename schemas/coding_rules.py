"""Every coding rule by id: what it says, where it comes from, whether a certified coder must still look at it."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

_TABLE = Path(__file__).parent / "data" / "coding_rules.csv"


@dataclass(frozen=True, slots=True)
class Rule:
    """One coding rule.

    Attributes:
        id: "G10", "C03", "EM.office" ...
        setting: "all", "outpatient" or "inpatient".
        text: the rule in our own words.
        source: guideline section or table it was taken from.
        needs_review: rests on background knowledge or secondary copies: for a certified coder's review.
        implemented: whether :func:`ghostchart.synth.policy.code_encounter` applies it already.
    """

    id: str
    setting: str
    text: str
    source: str
    needs_review: bool
    implemented: bool


def _read() -> Mapping[str, Rule]:
    with _TABLE.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return MappingProxyType(
        {
            row["id"]: Rule(
                id=row["id"],
                setting=row["setting"],
                text=row["text"],
                source=row["source"],
                needs_review=row["needs_review"] == "yes",
                implemented=row["implemented"] == "yes",
            )
            for row in rows
        }
    )


RULES: Mapping[str, Rule] = _read()
