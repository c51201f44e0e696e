"""Which diagnoses a patient of a given sex or age cannot have.

Sex-specific ranges follow the categories of ICD-10-CM that name organs or states of one sex; age ranges are wide on
purpose (pregnancy from 10 to 59 years, newborn codes in the first year).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_FEMALE = (
    *("C51", "C52", "C53", "C54", "C55", "C56", "C57", "C58", "D06", "D25", "D26", "D27", "D39", "E28", "F53"),
    *(f"N{number}" for number in range(70, 78)),
    *(f"N{number}" for number in range(80, 99)),
    *("R87", "Z12.4", "Z12.73", "Z01.41", "Z01.42", "Z32", "Z33", "Z34", "Z36", "Z37", "Z39", "Z3A", "Z30.43"),
    *("Z30.41", "Z85.40", "Z85.41", "Z85.42", "Z85.43", "Z85.44", "Z90.71", "Z78.0", "Z79.890", "B37.3", "O"),
)
_MALE = (
    "C60",
    "C61",
    "C62",
    "C63",
    "D29",
    "D40",
    *(f"N{n}" for n in range(40, 54)),
    "R97.2",
    "Z12.5",
    "Z12.71",
    "Z85.46",
    "Z85.47",
)
_PREGNANCY = ("O", "Z33", "Z34", "Z37", "Z3A", "Z36", "Z39", "Z32")
_NEWBORN = ("P", "Z38", "Z00.11")
_YOUNGEST_PREGNANT_YEARS, _OLDEST_PREGNANT_YEARS, _OLDEST_NEWBORN_YEARS = 10, 59, 1


def _any_prefix(codes: Sequence[str], prefixes: tuple[str, ...]) -> NDArray[np.bool_]:
    return np.array([code.startswith(prefixes) for code in codes], dtype=bool)


def allowed(codes: Sequence[str], female: NDArray[np.bool_], age_years: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Patients x codes: whether a patient of this sex and age can have the code."""
    possible = np.ones((len(female), len(codes)), dtype=bool)
    possible &= ~(_any_prefix(codes, _FEMALE)[None, :] & ~female[:, None])
    possible &= ~(_any_prefix(codes, _MALE)[None, :] & female[:, None])
    fertile = (age_years >= _YOUNGEST_PREGNANT_YEARS) & (age_years <= _OLDEST_PREGNANT_YEARS)
    possible &= ~(_any_prefix(codes, _PREGNANCY)[None, :] & ~fertile[:, None])
    possible &= ~(_any_prefix(codes, _NEWBORN)[None, :] & (age_years > _OLDEST_NEWBORN_YEARS)[:, None])
    return possible
