"""A code and what a code system must be able to say about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from ghostchart.schemas.errors import CodeError

System = Literal["icd10cm", "cpt", "hcpcs"]
SYSTEMS: tuple[System, ...] = get_args(System)
PROCEDURE_SYSTEMS: tuple[System, ...] = ("cpt", "hcpcs")

# ICD-10-CM: letter, digit, alphanumeric, then up to four more after the dot (tabular list conventions); QA0, new in
# fiscal year 2026, is the first category with a letter in second place.
_SHAPES: dict[System, re.Pattern[str]] = {
    "icd10cm": re.compile(r"(?:[A-Z][0-9]|QA)[0-9A-Z](\.[0-9A-Z]{1,4})?"),
    "cpt": re.compile(r"[0-9]{4}[0-9AFMTU]"),
    "hcpcs": re.compile(r"[A-V][0-9]{4}"),
}
_PACKED_ICD = re.compile(r"(?:[A-Z][0-9]|QA)[0-9A-Z][0-9A-Z]{1,4}")


@dataclass(frozen=True, slots=True, order=True)
class Code:
    """One code of one system, with its dot where the system has one.

    Raises:
        CodeError: the value does not have the shape of its system.
    """

    system: System
    value: str

    def __post_init__(self) -> None:
        shape = _SHAPES.get(self.system)
        if shape is None:
            raise CodeError(f"unknown code system {self.system!r}", fix=f"Use one of {', '.join(SYSTEMS)}")
        if not shape.fullmatch(self.value):
            raise CodeError(f"{self.value!r} does not have the shape of a {self.system} code")

    def __str__(self) -> str:
        return self.value


def icd10cm(value: str) -> Code:
    """An ICD-10-CM code from its dotted or undotted form ("E1122 " -> E11.22).

    Raises:
        CodeError: not of the shape of an ICD-10-CM code.
    """
    text = value.strip().upper()
    if "." not in text and _PACKED_ICD.fullmatch(text):
        text = f"{text[:3]}.{text[3:]}"
    return Code("icd10cm", text)


def procedure(value: str) -> Code:
    """A CPT or HCPCS Level II code, told apart by its first character.

    Raises:
        CodeError: neither shape fits.
    """
    text = value.strip().upper()
    return Code("hcpcs" if text[:1].isalpha() else "cpt", text)


class CodeSystem(Protocol):
    """One system in one release."""

    system: System
    release: str

    def require(self, value: str) -> Code:
        """The code, if it is billable in this release; CodeError (what, release, nearest code) otherwise."""
        ...

    def is_billable(self, value: str) -> bool:
        """Whether the value is a billable leaf of this release."""
        ...

    def description(self, value: str) -> str:
        """Official description (ICD-10-CM, HCPCS) or our own short meaning (CPT starter)."""
        ...
