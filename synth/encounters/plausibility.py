"""Which conditions and services fit a person's sex and age."""

from __future__ import annotations

from ghostchart.schemas.code_set.patient import LASTING_FROM_BIRTH
from ghostchart.synth.library import Library

_FEMALE = (
    "O", "Q50", "Q51", "Q52", "C51", "C52", "C53", "C54", "C55", "C56", "C57", "C58", "D06", "D25", "D26", "D27", "D39", "E28", "N70", "N71",
    "N72", "N73", "N74", "N75", "N76", "N77", "N8", "N90", "N91", "N92", "N93", "N94", "N95", "N96", "N97", "N98", "R87",
    "Z12.4", "Z01.4", "Z12.31", "Z30.0", "Z30.4", "Z32", "Z33", "Z34", "Z36", "Z37", "Z39", "Z3A", "Z78.0", "Z79.81",
    "Z79.890", "Z85.40", "Z85.41", "Z85.42", "Z85.43", "Z85.44", "Z85.4A", "Z90.71",
)  # fmt: skip
_MALE = ("Q53", "Q54", "Q55", "C60", "C61", "C62", "C63", "D29", "D40", "N40", "N41", "N42", "N43", "N44", "N45", "N46", "N47", "N48", "N49",
         "N5", "R97.2", "Z12.5", "Z85.45", "Z85.46", "Z85.47", "Z85.48", "Z85.49")  # fmt: skip
_PREGNANCY = ("O", "Z34", "Z37", "Z3A", "Z39", "Z33", "Z36")
_PREGNANCY_AGES = (12, 55)
_NEWBORN = ("P", "Z38")
_NEWBORN_MAX_AGE = 0
_OLD_AGE = ("R54", "R41.81")
_OLD_AGE_FROM = 60

# Service -> (sex or "any", youngest, oldest) in years. Background knowledge: who the service is usually for.
_SERVICES: dict[str, tuple[str, int, int]] = {
    "77067": ("F", 35, 120),
    "77066": ("F", 18, 120),
    "84153": ("M", 40, 120),
    "58300": ("F", 14, 52),
    "59400": ("F", 12, 55),
    "59025": ("F", 12, 55),
    "76805": ("F", 12, 55),
    "57454": ("F", 18, 90),
    "81025": ("F", 10, 55),
    "90662": ("any", 65, 120),
    "90750": ("any", 50, 120),
    "90679": ("any", 60, 120),
    "90651": ("any", 9, 45),
    "90460": ("any", 0, 18),
    "90461": ("any", 0, 18),
    "G0008": ("any", 65, 120),
    "G0009": ("any", 65, 120),
    "G0105": ("any", 40, 120),
    "G0121": ("any", 45, 120),
    "G0444": ("any", 65, 120),
    "20605": ("any", 16, 120),
    "20610": ("any", 16, 120),
    "20611": ("any", 16, 120),
    "27130": ("any", 30, 120),
    "27447": ("any", 35, 120),
    "29881": ("any", 14, 120),
    "43235": ("any", 12, 120),
    "43239": ("any", 12, 120),
    "45378": ("any", 16, 120),
    "45380": ("any", 16, 120),
    "45385": ("any", 16, 120),
    "52000": ("any", 16, 120),
    "64483": ("any", 16, 120),
    "66984": ("any", 35, 120),
    "92928": ("any", 25, 120),
    "93015": ("any", 16, 120),
    "93458": ("any", 18, 120),
    "99406": ("any", 12, 120),
    "99407": ("any", 12, 120),
    "99483": ("any", 45, 120),
    "99490": ("any", 18, 120),
    "99491": ("any", 18, 120),
    "99457": ("any", 18, 120),
    "90834": ("any", 5, 120),
    "90837": ("any", 5, 120),
    "E0100": ("any", 18, 120),
    "E0105": ("any", 18, 120),
    "E0130": ("any", 18, 120),
    "E0135": ("any", 18, 120),
    "E0143": ("any", 18, 120),
    "77080": ("any", 50, 120),
    "99497": ("any", 50, 120),
}


def condition_fits(library: Library, value: str, sex: str, age: int) -> bool:
    """Whether a person of this sex and age (years) may have the condition."""
    concept = library.family_of(value)
    if concept is not None:
        family = library.families[concept]
        if family.sex not in {"any", sex} or not family.min_age <= age <= family.max_age:
            return False
    if value.startswith(_FEMALE) and sex != "F":
        return False
    if value.startswith(_MALE) and sex != "M":
        return False
    if value.startswith(_PREGNANCY) and not _PREGNANCY_AGES[0] <= age <= _PREGNANCY_AGES[1]:
        return False
    if value.startswith(_NEWBORN) and age > _NEWBORN_MAX_AGE and not value.startswith(LASTING_FROM_BIRTH):
        return False
    return not (value.startswith(_OLD_AGE) and age < _OLD_AGE_FROM)


def service_fits(value: str, sex: str, age: int) -> bool:
    """Whether the service is done on people of this sex and age (years)."""
    wanted, low, high = _SERVICES.get(value, ("any", 0, 120))
    return wanted in {"any", sex} and low <= age <= high
