"""What can befall a patient of the demo hospital, read from ``chronic.csv`` and ``acute.csv``.

``chronic.csv``: prevalence at the ages 25, 50, 70 and 85 (interpolated on the log-odds scale), log-odds raised by
conditions of earlier rows, ICD-10-CM codes with weights ("E78.5*55 E78.2*32": one per patient, kept for life), the
chance that an active condition is coded by encounter class, and drugs ("a/b:0.8": one of a or b with chance 0.8).
``acute.csv``: relative weight as the reason for a visit by class. The ``ed`` column holds millions of claims (all-payer
claims 2021, Definitive Healthcare), ``inpatient`` millions of stays by principal diagnosis (HCUP NIS 2017), both as
published in the top lists and filled up below them by judgement; ``office`` is relative to each other only.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

CLASSES = ("office", "wellness", "ed", "inpatient")
AGE_KNOTS_YEARS = (25.0, 50.0, 70.0, 85.0)


@dataclass(frozen=True)
class Weighted:
    """One of several values, with its weight or chance."""

    value: str
    weight: float


@dataclass(frozen=True)
class DrugChoice:
    """One drug out of ``alternatives``, given with ``chance``."""

    alternatives: tuple[str, ...]
    chance: float


@dataclass(frozen=True)
class Chronic:
    """A condition that stays once it has begun."""

    key: str
    sex: str
    prevalence: tuple[float, ...]  # at AGE_KNOTS_YEARS
    raises: dict[str, float]
    codes: tuple[Weighted, ...]
    coded: dict[str, float]  # encounter class -> chance
    drugs: tuple[DrugChoice, ...]


@dataclass(frozen=True)
class Acute:
    """A reason for a visit that comes and goes."""

    key: str
    sex: str
    min_age: int
    max_age: int
    weight: dict[str, float]  # encounter class -> relative weight
    raises: dict[str, float]
    codes: tuple[Weighted, ...]
    companions: tuple[Weighted, ...]
    procedures: tuple[Weighted, ...]
    drugs: tuple[DrugChoice, ...]


def _pairs(cell: str, separator: str) -> list[tuple[str, float]]:
    """Pairs of a cell such as "A*3 B*1" or "A:0.2 B:0.1"; drug names may hold spaces, so a number ends an item."""
    found: list[tuple[str, float]] = []
    words: list[str] = []
    for word in cell.split():
        head, mark, number = word.rpartition(separator)
        if mark and number.replace(".", "", 1).replace("-", "", 1).isdigit():
            found.append((" ".join([*words, head]), float(number)))
            words = []
        else:
            words.append(word)
    found.extend((word, 1.0) for word in words)
    return found


def _weighted(cell: str, separator: str) -> tuple[Weighted, ...]:
    return tuple(Weighted(value, weight) for value, weight in _pairs(cell, separator))


def _drugs(cell: str) -> tuple[DrugChoice, ...]:
    return tuple(DrugChoice(tuple(names.split("/")), chance) for names, chance in _pairs(cell, ":"))


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def chronic_conditions() -> tuple[Chronic, ...]:
    """All chronic conditions; each may raise only later ones."""
    return tuple(
        Chronic(
            key=row["key"],
            sex=row["sex"],
            prevalence=tuple(float(row[name]) for name in ("p25", "p50", "p70", "p85")),
            raises=dict(_pairs(row["raises"], "=")),
            codes=_weighted(row["codes"], "*"),
            coded={name: float(row[name]) for name in CLASSES},
            drugs=_drugs(row["drugs"]),
        )
        for row in _rows("chronic.csv")
    )


@cache
def acute_conditions() -> tuple[Acute, ...]:
    """All reasons for a visit."""
    return tuple(
        Acute(
            key=row["key"],
            sex=row["sex"],
            min_age=int(row["min_age"]),
            max_age=int(row["max_age"]),
            weight={name: float(row[name]) for name in ("office", "ed", "inpatient")},
            raises=dict(_pairs(row["raises"], "=")),
            codes=_weighted(row["codes"], "*"),
            companions=_weighted(row["companions"], ":"),
            procedures=_weighted(row["procedures"], ":"),
            drugs=_drugs(row["drugs"]),
        )
        for row in _rows("acute.csv")
    )
