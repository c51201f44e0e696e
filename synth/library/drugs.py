"""Drugs by generic name: class, what they are usually for, and the long-term-use code they call for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ghostchart.schemas.errors import InputError


@dataclass(frozen=True, slots=True)
class Drug:
    """One generic drug.

    Attributes:
        drug_class: e.g. "biguanide".
        purposes: family keys it is usually given for.
        long_term_code: ICD-10-CM Z79 code when taken long term, "" if none is needed.
        route: "oral", "injection", "inhaled", "topical", "intravenous", "ophthalmic", "nasal" or "transdermal".
        strengths: usual doses with unit, as lists show them.
    """

    name: str
    drug_class: str
    purposes: tuple[str, ...]
    long_term_code: str
    route: str
    strengths: tuple[str, ...]


def parse_drugs(spec: Mapping[str, Any], where: str) -> dict[str, Drug]:
    """Drugs from the YAML mapping class -> {route, z79, for, drugs: {name: [strengths]}}.

    Raises:
        InputError: a drug appears twice.
    """
    drugs: dict[str, Drug] = {}
    for drug_class, entry in spec.items():
        for name, strengths in entry["drugs"].items():
            if name in drugs:
                raise InputError(f"drug {name!r} appears twice", where=where)
            drugs[name] = Drug(
                name=name,
                drug_class=drug_class.replace("_", " "),
                purposes=tuple(entry.get("for", ())),
                long_term_code=entry.get("z79", ""),
                route=entry.get("route", "oral"),
                strengths=tuple(strengths),
            )
    return drugs
