"""Checks of a corpus that know nothing of how it was made: only the code systems, the text and the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from ghostchart.privacy.across_shards import AcrossShards
from ghostchart.schemas.code_set import Circumstances, CodedLine, CodeSetCheck
from ghostchart.schemas.code_systems import CodeSystems
from ghostchart.schemas.codes import Code
from ghostchart.schemas.coding_rules import RULES as CODING_RULES
from ghostchart.schemas.errors import CodeError
from ghostchart.schemas.note import ENTITY_TYPES

_ROLES = {"first_listed", "secondary", "procedure"}
RULES: dict[str, str] = {
    "unknown code": "a code is not billable in the release",
    "wrong release": "a code is stamped with another release than the one checked against",
    "wrong system": "a diagnosis stands as a procedure or the other way round",
    "missing first-listed": "a note does not have exactly one first-listed diagnosis",
    "lost span": "an evidence span lies outside the text or is empty",
    "no evidence": "a code has no evidence span",
    "no rule": "a code names no policy rule",
    "ledger mismatch": "a ledger entry does not equal the text at its place",
    "ledger type": "a ledger entry has an unknown type",
    "distractor span": "a distractor's span lies outside the text or is empty",
    "empty text": "a note has no text",
    "invalid date": "an encounter date is missing, before 1900 or more than two years ahead of the code release",
    "age out of range": "an age is below 0 or above 90 (90 stands for 90 and over)",
}
# Broken coding rules come under this word and their id; which those are, the module of code sets decides.
CODING = "coding rule"
# Rules that the shape checks above tell already, with the system of the code.
_TOLD_ABOVE = {"G01", "PX.available"}


@dataclass
class RuleTally:
    """Rows per broken rule and shard, and what was checked."""

    broken: Counter[tuple[str, str]] = field(default_factory=Counter)
    notes: int = 0
    codes: int = 0
    spans: int = 0


class RowRules:
    """Row checks against one set of code systems; answers about codes are remembered, since codes repeat."""

    def __init__(self, systems: CodeSystems) -> None:
        self._release = cache(systems.release_of)
        self._billable = cache(lambda system, value: _is_billable(systems, system, value))
        self._set = CodeSetCheck(systems)

    def check(self, row: dict[str, Any], shard: str, tally: RuleTally) -> None:
        """Check one row (``table.to_pylist()``) and keep what is broken."""
        tally.notes += 1
        tally.codes += len(row["codes"] or ())
        for rule in sorted(set(self.broken_rules(row))):
            tally.broken[rule, shard] += 1
        tally.spans += sum(len(code["spans"] or ()) for code in row["codes"] or ())

    def broken_rules(self, row: dict[str, Any]) -> Iterator[str]:
        """Names of the rules that a row breaks."""
        text = row["text"] or ""
        if not text.strip():
            yield "empty text"
        day = row["encounter_date"]
        if not isinstance(day, date) or not 1900 <= day.year <= 2028:
            yield "invalid date"
        if row["age"] is None or not 0 <= row["age"] <= 90:
            yield "age out of range"
        yield from self._codes(row["codes"] or [], len(text))
        yield from self._coding(row)
        for entry in row["surrogates"] or []:
            if entry["entity_type"] not in ENTITY_TYPES:
                yield "ledger type"
            if not _inside(entry, len(text)) or text[entry["start"] : entry["end"]] != entry["value"]:
                yield "ledger mismatch"
        if not all(_inside(entry, len(text)) for entry in row["distractors"] or []):
            yield "distractor span"

    def _codes(self, codes: list[dict[str, Any]], length: int) -> Iterator[str]:
        first = [code for code in codes if code["role"] == "first_listed"]
        if len(first) != 1:
            yield "missing first-listed"
        for code in codes:
            if not self._billable(code["system"], code["value"]):
                yield "unknown code"
            elif code["release"] != self._release(code["system"]):
                yield "wrong release"
            if code["role"] not in _ROLES or (code["role"] == "procedure") != (code["system"] in ("cpt", "hcpcs")):
                yield "wrong system"
            if not code["spans"]:
                yield "no evidence"
            if not all(_inside(span, length) for span in code["spans"] or []):
                yield "lost span"
            if not code["rules"]:
                yield "no rule"

    def _coding(self, row: dict[str, Any]) -> Iterator[str]:
        """Rules that the set of codes breaks, in its order, for this setting, age and sex."""
        lines = []
        for code in row["codes"] or []:
            try:
                line = CodedLine(Code(code["system"], code["value"]), tuple(code["modifiers"] or ()), code["poa"] or "")
            except CodeError:
                continue  # told as "unknown code"
            lines.append(line)
        known = Circumstances(row["setting"] or "", row["age"], row["sex"], has_poa=True)
        for violation in self._set.check(lines, known):
            if violation.rule not in _TOLD_ABOVE:
                yield f"{CODING} {violation.rule}"


def _inside(span: dict[str, Any], length: int) -> bool:
    start, end = span["start"], span["end"]
    return start is not None and end is not None and 0 <= start < end <= length


def _is_billable(systems: CodeSystems, system: Any, value: str) -> bool:
    try:
        return systems.is_billable(Code(system, value))
    except CodeError:
        return False


def reasons_of(tally: RuleTally, across: AcrossShards) -> list[str]:
    """One sentence per broken rule: what, how many rows, in which shards; never a value."""
    reasons = []
    for rule, meaning in (RULES | coding_rules_broken(tally)).items():
        shards = {shard: rows for (name, shard), rows in tally.broken.items() if name == rule}
        if shards:
            where = ", ".join(f"{shard}: {rows}" for shard, rows in sorted(shards.items()))
            reasons.append(f"{rule}: {meaning}, in {sum(shards.values())} row(s) ({where})")
    if across.repeated_ids:
        reasons.append(f"repeated note id: {across.repeated_ids} row(s) have a note id that an earlier row has")
    if across.shared_patients:
        reasons.append(f"splits not disjoint: {across.shared_patients} patient(s) stand in more than one split")
    if across.shared_families:
        reasons.append(
            f"splits not disjoint: {across.shared_families} template famil(ies) stand in more than one split"
        )
    return reasons


def coding_rules_broken(tally: RuleTally) -> dict[str, str]:
    """Coding rules that some row breaks, with their sentences, in the order of the rules table."""
    names = {rule for rule, _ in tally.broken}
    return {f"{CODING} {rule.id}": rule.text for rule in CODING_RULES.values() if f"{CODING} {rule.id}" in names}


def failing_rows(tally: RuleTally, names: Iterable[str]) -> int:
    """Rows that break one of the named rules, summed over rules and shards."""
    wanted = set(names)
    return sum(rows for (name, _), rows in tally.broken.items() if name in wanted)
