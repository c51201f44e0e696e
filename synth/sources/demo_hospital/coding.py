"""How the demo hospital's coders write one encounter: combination codes, order, nothing twice.

Follows the ICD-10-CM conventions for combinations (guidelines I.C.4.a, I.C.9.a): hypertension with heart or kidney
disease, diabetes with its complications, etiology before manifestation. The product's own coding policy does not trust
any of this and recombines from facts.
"""

from __future__ import annotations

import random

from ghostchart.synth.sources.demo_hospital.person import Person

_ACUTE_ON_CHRONIC = {"I50.32": "I50.33", "I50.22": "I50.23", "I50.42": "I50.43", "I50.9": "I50.9"}
_LATE_KIDNEY = {"N18.5", "N18.6"}
# A symptom of the left is routinely part of any of the right and is then not coded.
_PART_OF = {
    "R06.02": ("J44", "J18", "J96", "I50", "J45"),
    "R05.9": ("J44", "J18", "J06", "J20", "J10", "U07"),
    "R50.9": ("A41", "J18", "J06", "J10", "U07", "N39"),
    "R07.9": ("I21", "I25"),
    "R31.9": ("N20",),
    "R73.03": ("E11", "E10"),
    "R53.1": ("R54", "M62"),
    "R41.82": ("F05",),
}
_NEVER_TOGETHER = (
    ("R54", "R53.1"),
    ("R54", "R53.81"),
    ("R54", "R53.83"),
    ("R54", "M62.84"),
    ("M62.81", "M62.84"),
    ("M62.81", "R53.1"),
    ("R26.2", "R29.6"),
    ("R64", "R63.4"),
    ("R63.4", "R63.6"),
    ("R03.0", "I10"),
    ("I95.1", "R55"),
    ("F32.A", "F33.1"),
)


def _hypertension_code(person: Person, heart: bool, kidney_code: str) -> str:
    late = kidney_code in _LATE_KIDNEY
    if heart and kidney_code:
        return "I13.2" if late else "I13.0"
    if heart:
        return "I11.0"
    if kidney_code:
        return "I12.0" if late else "I12.9"
    return "I10"


def _diabetes_codes(person: Person, kidney_code: str, rng: random.Random) -> list[str]:
    if person.remission:
        return ["E11.A"]
    codes = ["E11.22"] if kidney_code else []
    if person.diabetic_extra and rng.random() < 0.75:
        codes += person.diabetic_extra
    if person.hyperglycemia and rng.random() < 0.7:
        codes.append("E11.65")
    return codes or ["E11.9"]


def _combined(person: Person, active: dict[str, tuple[str, ...]], reason_key: str, rng: random.Random) -> list[str]:
    """Codes of the heart, kidney, pressure and sugar group in their order."""
    codes: list[str] = []
    kidney = active.pop("chronic_kidney_disease", ())
    heart = active.pop("heart_failure", ())
    if reason_key == "heart_failure_exacerbation":
        chronic = heart[0] if heart else rng.choice(("I50.21", "I50.31", "I50.9"))
        heart = (_ACUTE_ON_CHRONIC.get(chronic, chronic),)
    if "type_2_diabetes" in active:
        active.pop("type_2_diabetes")
        codes += _diabetes_codes(person, kidney[0] if kidney else "", rng)
    if "hypertension" in person.flags and ("hypertension" in active or heart or kidney):
        active.pop("hypertension", None)
        pressure = _hypertension_code(person, bool(heart), kidney[0] if kidney else "")
        codes = [pressure, *codes] if pressure != "I10" else [*codes, pressure]
    return [*codes, *heart, *kidney]


def tidy(codes: list[str]) -> list[str]:
    """Each code once; integral symptoms and contradictions out; the first code of a pair stays."""
    kept: list[str] = []
    categories = {code[:3] for code in codes}
    for code in codes:
        if code in kept or any(part in categories for part in _PART_OF.get(code, ())):
            continue
        if any((a == code and b in kept) or (b == code and a in kept) for a, b in _NEVER_TOGETHER):
            continue
        kept.append(code)
    return kept


def diagnoses(
    person: Person, active: dict[str, tuple[str, ...]], reason_key: str, reason_codes: list[str], rng: random.Random
) -> list[str]:
    """ICD-10-CM codes of one encounter in order; the first is the reason for it.

    ``active``: chronic conditions to be coded today with their own codes ("" for those that combine).
    """
    remaining = dict(active)
    combined = _combined(person, remaining, reason_key, rng)
    if reason_key == "heart_failure_exacerbation":
        ordered = [*combined, *reason_codes]
    elif reason_key == "diabetic_crisis":
        first = [code for code in reason_codes if code.startswith("E1")]
        ordered = [*first, *combined, *[code for code in reason_codes if code not in first]]
        ordered = [code for code in ordered if code != "E11.9"]
    else:
        ordered = [*reason_codes, *combined] if reason_codes else combined
    taken = {code[:3] for code in ordered if code[0] not in "ZR"}
    if "J44" in taken:
        taken.add("J43")
    if "F33" in taken or "F32" in taken:
        taken |= {"F32", "F33"}
    for codes in remaining.values():
        if codes and codes[0][:3] in taken and codes[0][0] not in "ZR":
            continue
        ordered += codes
    return tidy(ordered)
