"""Small made-up hospitals and corpora for the gates' tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from ghostchart.privacy.phi import PhiScanner
from ghostchart.schemas.corpus import DATA, shard_name
from ghostchart.schemas.ehr import TABLE_SCHEMAS, EhrTables, SourceReport, table_from_columns
from ghostchart.schemas.note import Note, NoteCode, Span, Split, Surrogate, notes_to_table

Rows = dict[str, list[object]]
_GIVEN = (
    "Adaeze", "Bronwyn", "Dagny", "Elif", "Giorgos", "Ifeoma", "Jacek", "Katalin",
    "Moana", "Nasrin", "Oksana", "Tatsuya", "Ulrike", "Viggo", "Ximena", "Zainab",
)  # fmt: skip
_GROUPS = [f"{letter}{number:02d}" for letter in "EIJKMN" for number in range(10, 30)]


def _empty() -> dict[str, Rows]:
    return {table: {name: [] for name in schema.names} for table, schema in TABLE_SCHEMAS.items()}


def _add(rows: Rows, *values: object) -> None:
    for column, value in zip(rows.values(), values, strict=True):
        column.append(value)


def population(n: int, seed: int, prefix: str) -> EhrTables:
    """``n`` patients with visits, diagnoses, vitals and complete identifiers, all different."""
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(1, len(_GROUPS) + 1)
    weights /= weights.sum()
    rows = _empty()
    for i in range(n):
        pid = f"{prefix}{i:05d}"
        born = date(2025, 1, 1) - timedelta(days=int(np.clip(rng.normal(55, 20), 18, 90) * 365.25))
        _add(rows["patients"], pid, str(rng.choice(["F", "M"])), born, None, "123")
        number = seed * 100_000 + i
        _add(rows["identifiers"], pid, "PERSON", f"{_GIVEN[i % len(_GIVEN)]} {prefix.upper()}son{_letters(i)}")
        _add(rows["identifiers"], pid, "DATE_TIME", born.isoformat())
        _add(rows["identifiers"], pid, "MEDICAL_RECORD_NUMBER", f"{40_000_000 + number}")
        _add(rows["identifiers"], pid, "PHONE_NUMBER", f"({600 + seed}) 24{i // 10000}-{i % 10000:04d}")
        _add(rows["identifiers"], pid, "STREET_ADDRESS", f"{i + 1} Copper Kettle{_letters(seed)} Lane, Apt {i % 9}")
        _add(rows["identifiers"], pid, "CITY", "Springfield")
        own = rng.choice(len(_GROUPS), rng.integers(1, 8), replace=False, p=weights)
        for visit in range(rng.integers(1, 5)):
            eid = f"{pid}-{visit}"
            start = datetime(2025, 1, 1) + timedelta(days=int(rng.integers(0, 700)))
            kind = str(rng.choice(["office", "wellness", "ed", "inpatient"], p=[0.6, 0.2, 0.15, 0.05]))
            _add(rows["encounters"], eid, pid, kind, start, start)
            for rank, group in enumerate(own[:3], start=1):
                _add(rows["conditions"], pid, eid, "icd10cm", f"{_GROUPS[group]}.9", rank)
            for name, mean, spread in (("systolic_bp_mmhg", 130, 15), ("bmi_kg_m2", 28, 5)):
                _add(rows["observations"], pid, eid, name, float(rng.normal(mean, spread)))
    tables = {name: table_from_columns(name, dict(columns)) for name, columns in rows.items()}
    return EhrTables(**tables, report=SourceReport("test", ()))


def _letters(number: int) -> str:
    text = ""
    while True:
        number, place = divmod(number, 26)
        text = chr(ord("a") + place) + text
        if number == 0:
            return text


@pytest.fixture(scope="session")
def make_population() -> Callable[[int, int, str], EhrTables]:
    """See :func:`population`."""
    return population


NoteMaker = Callable[..., Note]


@pytest.fixture
def make_note() -> NoteMaker:
    """A valid note; keyword arguments replace its fields, ``surrogates`` are (value, type) pairs found in the text."""

    def make(
        number: int = 0, *, text: str | None = None, surrogates: Sequence[tuple[str, str]] = (), split: Split = "train",
        codes: Sequence[tuple[str, str]] = (("icd10cm", "I10"),), **changes: object,
    ) -> Note:  # fmt: skip
        body = (
            text
            if text is not None
            else f"Reason: high blood pressure, visit {number}. Essential hypertension, stable. Plan: continue."
        )
        evidence = body.index("hypertension") if "hypertension" in body else 0
        values: dict[str, object] = {
            "note_id": f"n{split[:2]}{number:05d}",
            "patient_id": f"p-{split}-{number}",
            "encounter_id": f"e-{split}-{number}",
            "note_type": "office_soap",
            "setting": "office",
            "encounter_date": date(2025, 6, 1),
            "age": 60,
            "sex": "F",
            "text": body,
            "codes": tuple(
                NoteCode(
                    system=system,
                    value=value,
                    description="",
                    release=_RELEASES[system],
                    role="procedure" if system != "icd10cm" else ("first_listed" if place == 0 else "secondary"),
                    modifiers=(),
                    poa="",
                    spans=(Span(evidence, evidence + 12),),
                    rules=("MAP",),
                )
                for place, (system, value) in enumerate(codes)
            ),
            "surrogates": tuple(
                Surrogate(body.index(value), body.index(value) + len(value), kind, value) for value, kind in surrogates
            ),
            "distractors": (),
            "template_family": f"family-{split}",
            "template_id": f"template-{split}",
            "strata": (),
            "seed": "0" * 32,
            "split": split,
        }
        return Note(**{**values, **changes})  # type: ignore[arg-type]

    return make


_RELEASES: dict[str, str] = {}


@pytest.fixture(autouse=True, scope="session")
def _releases() -> None:
    from ghostchart.schemas.code_systems import load_code_systems
    from ghostchart.schemas.codes import SYSTEMS

    systems = load_code_systems()
    _RELEASES.update({system: systems.release_of(system) for system in SYSTEMS})


@pytest.fixture
def write_corpus(tmp_path: Path) -> Callable[[Sequence[Note]], Path]:
    """Writes notes as one shard per split and gives the corpus directory."""

    def write(notes: Sequence[Note]) -> Path:
        corpus = tmp_path / "corpus"
        (corpus / DATA).mkdir(parents=True, exist_ok=True)
        for split in ("train", "validation", "test"):
            own = [note for note in notes if note.split == split]
            pq.write_table(notes_to_table(own), corpus / DATA / shard_name(split, 0, 1))
        return corpus

    return write


@pytest.fixture(scope="session")
def scanner() -> PhiScanner:
    """One scanner for all tests that do not need a fresh one."""
    return PhiScanner()


@pytest.fixture(scope="session")
def marks_missed(scanner: PhiScanner) -> Callable[[str], list[str]]:
    """Which of the values marked ``[[...]]`` in a sentence no finding covers whole without reaching far beyond it."""

    def missed(sentence: str) -> list[str]:
        parts = sentence.replace("]]", "[[").split("[[")
        text, values = "".join(parts), parts[1::2]
        found = [text[item.start : item.end] for item in scanner.scan([text])[0]]
        return [
            value
            for value in values
            if not any(value == other or (value in other and len(other) <= len(value) + 12) for other in found)
        ]

    return missed
