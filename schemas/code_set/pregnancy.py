"""Chronic diseases of a pregnant patient: which chapter 15 code says that they complicate the pregnancy (rule P04).

Guideline I.C.15.a.1 presumes that a condition complicates a pregnancy unless the provider says that it does not (then the
pregnancy is Z33.1). Codes are those of the tabular list of April 2026: O10, O24 and O99.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ghostchart.schemas.code_set.violation import Violation
from ghostchart.schemas.icd10cm import Icd10Cm

# Pregnancy under way, and birth; what follows birth (O85 to O92, Z39) is neither.
_UNDER_WAY = ("Z34.", "Z3A.", "O09.", "O1", "O2", "O3", "O4", "O98.", "O99.")
_BIRTH = ("Z37.", "O80", "O82", "O6", "O7")
_AFTERWARDS = "puerperium"


@dataclass(frozen=True, slots=True)
class Complication:
    """One kind of chronic disease in pregnancy.

    Attributes:
        diseases: code prefixes outside chapter 15.
        says_it: prefixes of chapter 15 codes that already say it, whatever the trimester.
        unspecified, in_trimester, in_childbirth: the code without a trimester, its beginning before the digit of the
            trimester, and the code at birth.
        stays: whether the disease keeps its own code beside it ("use additional code").
    """

    diseases: tuple[str, ...]
    says_it: tuple[str, ...]
    unspecified: str
    in_trimester: str
    in_childbirth: str
    stays: bool = True

    def code(self, trimester: int | None, at_birth: bool) -> str:
        """The chapter 15 code; ``trimester`` 1 to 3, None where it is not known."""
        if at_birth:
            return self.in_childbirth
        return self.unspecified if trimester is None else f"{self.in_trimester}{trimester}"


_HYPERTENSION = ("O10.", "O11.", "O13.", "O14.", "O16.")
COMPLICATIONS: tuple[Complication, ...] = (
    Complication(("I10",), _HYPERTENSION, "O10.019", "O10.01", "O10.02", stays=False),
    Complication(("I11.",), _HYPERTENSION, "O10.119", "O10.11", "O10.12"),
    Complication(("I12.",), _HYPERTENSION, "O10.219", "O10.21", "O10.22"),
    Complication(("I13.",), _HYPERTENSION, "O10.319", "O10.31", "O10.32"),
    Complication(("E10.",), ("O24.",), "O24.019", "O24.01", "O24.02"),
    Complication(("E11.",), ("O24.",), "O24.119", "O24.11", "O24.12"),
    Complication(("E08.", "E09.", "E13."), ("O24.",), "O24.819", "O24.81", "O24.82"),
    Complication(("D5", "D60", "D61", "D63", "D64"), ("O99.0",), "O99.019", "O99.01", "O99.02"),
    Complication(("E66.",), ("O99.21",), "O99.210", "O99.21", "O99.214"),
    Complication(
        ("E00", "E01", "E02", "E03", "E04", "E05", "E06", "E07", "E78.", "E55."),
        ("O99.28",),
        "O99.280",
        "O99.28",
        "O99.284",
    ),
    Complication(("F17.",), ("O99.33",), "O99.330", "O99.33", "O99.334"),
    Complication(("F2", "F3", "F40", "F41", "F42", "F43"), ("O99.34",), "O99.340", "O99.34", "O99.344"),
    Complication(("G35", "G40.", "G43."), ("O99.35",), "O99.350", "O99.35", "O99.354"),
    Complication(("I05", "I06", "I07", "I08", "I2", "I3", "I4", "I50."), ("O99.4",), "O99.419", "O99.41", "O99.42"),
    Complication(("J45.",), ("O99.5",), "O99.519", "O99.51", "O99.52"),
    Complication(("K21.", "K50.", "K51.", "K58."), ("O99.6",), "O99.619", "O99.61", "O99.62"),
)


def is_at_birth(values: Iterable[str]) -> bool:
    """Whether the codes tell of a delivery."""
    return any(value.startswith(_BIRTH) for value in values)


def is_pregnant(icd: Icd10Cm, values: Collection[str]) -> bool:
    """Whether the codes tell of a pregnancy or delivery (not of the weeks after it)."""
    return any(
        value.startswith(_BIRTH) or (value.startswith(_UNDER_WAY) and _AFTERWARDS not in icd.description(value).lower())
        for value in values
    )


def complication_of(value: str) -> Complication | None:
    """What a disease outside chapter 15 is in pregnancy, None where the table has nothing."""
    return next((item for item in COMPLICATIONS if value.startswith(item.diseases)), None)


def pregnancy_violations(icd: Icd10Cm, values: tuple[str, ...]) -> list[Violation]:
    """Chronic diseases of a pregnant patient without the code that says so, or with one that replaces them (rule P04)."""
    if not is_pregnant(icd, values):
        return []
    found = []
    for value in values:
        item = complication_of(value)
        if item is None:
            continue
        said = next((other for other in values if other.startswith(item.says_it)), None)
        if said is None:
            wanted = f"{item.in_trimester}-" if not is_at_birth(values) else item.in_childbirth
            place = "before it" if item.stays else "in place of it"
            found.append(Violation("P04", (value,), f"{value} in pregnancy needs {wanted} {place}"))
        elif not item.stays:
            found.append(Violation("P04", (value, said), f"{said} says {value} too: leave {value} out"))
    return found
