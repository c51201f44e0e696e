"""What one patient of the demo hospital carries through all visits: chronic codes, frailty codes, drugs."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from ghostchart.synth.sources.demo_hospital.catalogue import DrugChoice, chronic_conditions
from ghostchart.synth.sources.demo_hospital.population import Population

_FRAILTY_CORE = (
    (("R54",), 24.0),
    (("M62.81",), 20.0),
    (("R53.1",), 14.0),
    (("R53.81",), 14.0),
    (("M62.84",), 8.0),
    (("R62.7",), 6.0),
    ((), 14.0),
)
_FRAILTY_GAIT = ((("R26.2",), 16.0), (("R26.89",), 18.0), (("R26.9",), 14.0), (("R29.6",), 22.0), ((), 30.0))
_FRAILTY_WEIGHT = ((("R63.4",), 15.0), (("R64",), 8.0), (("R63.6", "Z68.1"), 7.0), (("E44.0",), 8.0), ((), 62.0))
_FRAILTY_CARE = (
    (("Z74.1",), 20.0),
    (("Z74.09",), 16.0),
    (("Z74.3",), 8.0),
    (("Z73.6",), 12.0),
    (("Z99.89",), 12.0),
    ((), 32.0),
)
_PRESSURE_ULCERS = (
    (("L89.152",), 22.0),
    (("L89.153",), 16.0),
    (("L89.151",), 10.0),
    (("L89.154",), 8.0),
    (("L89.159",), 6.0),
    (("L89.612",), 9.0),
    (("L89.622",), 9.0),
    (("L89.613",), 5.0),
    (("L89.312",), 5.0),
    (("L89.322",), 5.0),
    (("L89.892",), 5.0),
)
_DIABETIC_EXTRA = (
    (("E11.42",), 24.0),
    (("E11.319",), 10.0),
    (("E11.51",), 7.0),
    (("E11.621", "L97.421"), 3.0),
    (("E11.621", "L97.511"), 3.0),
    (("E11.40",), 8.0),
    (("E11.649",), 3.0),
    (("E11.69",), 7.0),
    ((), 35.0),
)
_DEMENTIA = (
    (("G30.9", "F02.80"), 16.0),
    (("G30.9", "F02.A0"), 9.0),
    (("G30.9", "F02.B0"), 9.0),
    (("G30.9", "F02.B11"), 5.0),
    (("G30.9", "F02.C0"), 5.0),
    (("G30.1", "F02.80"), 8.0),
    (("G30.1", "F02.B18"), 4.0),
    (("G31.83", "F02.80"), 5.0),
    (("F01.50",), 9.0),
    (("F01.A0",), 4.0),
    (("F01.B0",), 5.0),
    (("F03.90",), 16.0),
    (("F03.A0",), 6.0),
    (("F03.B0",), 6.0),
    (("F03.911",), 5.0),
    (("F03.918",), 4.0),
)
_METASTASES = {
    "breast_cancer": ("C79.51", "C78.7", "C77.3", "C78.01"),
    "prostate_cancer": ("C79.51", "C79.51", "C77.5"),
    "colon_cancer": ("C78.7", "C78.7", "C77.2", "C78.6"),
    "lung_cancer": ("C79.31", "C79.51", "C77.1", "C78.7"),
    "pancreatic_cancer": ("C78.7", "C78.7", "C78.6"),
}
_ANTICOAGULANTS = {"apixaban", "rivaroxaban", "warfarin"}
_STATUS_OF_DRUG = {
    **dict.fromkeys(_ANTICOAGULANTS, "Z79.01"),
    "clopidogrel": "Z79.02",
    "aspirin": "Z79.82",
    "fluticasone-salmeterol": "Z79.51",
    "budesonide-formoterol": "Z79.51",
    "oxycodone": "Z79.891",
    "tramadol": "Z79.891",
    "anastrozole": "Z79.811",
    "tamoxifen": "Z79.810",
    "insulin glargine": "Z79.4",
    "metformin": "Z79.84",
    "glipizide": "Z79.84",
    "empagliflozin": "Z79.84",
    "semaglutide": "Z79.85",
    "amiodarone": "Z79.899",
    "methotrexate": "Z79.631",
    "lithium": "Z79.899",
}


@dataclass
class Person:
    """One patient's lasting facts.

    Attributes:
        chronic: (condition key, onset in days from the window's start, codes, chance of being coded by class).
        frailty: (codes, chance of being coded by class).
        drugs: drug -> condition it is for.
        is_insulin_user, diabetic_extra: how diabetes is coded beyond kidney disease.
    """

    index: int
    age_years: float
    female: bool
    chronic: list[tuple[str, float, tuple[str, ...], dict[str, float]]]
    frailty: list[tuple[tuple[str, ...], dict[str, float]]]
    drugs: dict[str, str]
    diabetic_extra: tuple[str, ...] = ()
    hyperglycemia: bool = False
    remission: bool = False
    flags: frozenset[str] = field(default_factory=frozenset)

    def status_codes(self) -> list[str]:
        """Z79 codes of the long-term drugs, each once, in order of the drugs."""
        return list(dict.fromkeys(_STATUS_OF_DRUG[drug] for drug in self.drugs if drug in _STATUS_OF_DRUG))


def pick(rng: random.Random, options: tuple[tuple[tuple[str, ...], float], ...]) -> tuple[str, ...]:
    """One option by weight."""
    return rng.choices([codes for codes, _ in options], [weight for _, weight in options])[0]


def prescribe(rng: random.Random, choices: tuple[DrugChoice, ...]) -> list[str]:
    """The drugs that come of the choices."""
    return [rng.choice(choice.alternatives) for choice in choices if rng.random() < choice.chance]


def _frailty_codes(rng: random.Random, flags: frozenset[str]) -> list[tuple[tuple[str, ...], dict[str, float]]]:
    if "frail" not in flags:
        if "falls" in flags:
            return [(("Z91.81",), {"office": 0.3, "wellness": 0.5, "ed": 0.2, "inpatient": 0.3})]
        return []
    often = {"office": 0.45, "wellness": 0.6, "ed": 0.35, "inpatient": 0.6}
    seldom = {"office": 0.3, "wellness": 0.5, "ed": 0.2, "inpatient": 0.45}
    gait, weight, care = pick(rng, _FRAILTY_GAIT), pick(rng, _FRAILTY_WEIGHT), pick(rng, _FRAILTY_CARE)
    found = [(pick(rng, _FRAILTY_CORE), often), (gait, often), (weight, seldom)]
    if rng.random() < 0.35:
        found.append((("Z91.81",), seldom))
    if "bed_bound" in flags:
        found.append((("Z74.01",), often))
        found.append((pick(rng, _PRESSURE_ULCERS), often))
    else:
        if rng.random() < 0.12:
            care = ("Z99.3",)
        if rng.random() < 0.08:
            found.append((pick(rng, _PRESSURE_ULCERS), often))
        found.append((care, seldom))
    if "dementia" in flags and rng.random() < 0.3:
        found.append((("Z59.3",), seldom))
    return [(codes, chances) for codes, chances in found if codes]


def _diabetes(rng: random.Random, person: Person) -> None:
    person.diabetic_extra = pick(rng, _DIABETIC_EXTRA)
    person.hyperglycemia = rng.random() < 0.28
    roll = rng.random()
    if not person.diabetic_extra and not person.hyperglycemia and roll < 0.05:
        person.remission = True
        return
    if rng.random() < 0.80:
        person.drugs["metformin"] = "type_2_diabetes"
    for drug, chance in (
        ("insulin glargine", 0.26),
        ("glipizide", 0.15),
        ("empagliflozin", 0.16),
        ("semaglutide", 0.15),
    ):
        if rng.random() < chance:
            person.drugs[drug] = "type_2_diabetes"


def make_person(rng: random.Random, population: Population, i: int) -> Person:
    """The lasting facts of patient ``i``."""
    has = population.has
    flags = {key for key, values in has.items() if values[i]}
    if population.age_years[i] > 68 and rng.random() < 0.10:
        flags.add("falls")
    person = Person(
        index=i,
        age_years=float(population.age_years[i]),
        female=bool(population.female[i]),
        chronic=[],
        frailty=_frailty_codes(rng, frozenset(flags)),
        drugs={},
        flags=frozenset(flags),
    )
    for condition in chronic_conditions():
        key = condition.key
        if key not in flags:
            continue
        own = str(population.code[key][i])
        codes: tuple[str, ...] = (own,) if own else ()
        if key == "dementia":
            codes = pick(rng, _DEMENTIA)
        elif key == "metastasis":
            primary = next(name for name in _METASTASES if name in flags)
            codes = (rng.choice(_METASTASES[primary]),)
        elif key == "type_2_diabetes":
            _diabetes(rng, person)
        elif key == "chronic_respiratory_failure" and rng.random() < 0.8:
            codes = (*codes, "Z99.81")
        elif key == "chronic_kidney_disease" and own == "N18.6":
            codes = (*codes, "Z99.2")
        person.chronic.append((key, float(population.onset_days[key][i]), codes, condition.coded))
        for drug in prescribe(rng, condition.drugs):
            person.drugs.setdefault(drug, key)
    return person
