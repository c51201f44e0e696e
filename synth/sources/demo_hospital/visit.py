"""What happens at one encounter of the demo hospital: the reason, the codes, procedures, drugs and measurements."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

from ghostchart.synth.sources.demo_hospital.care import measurements, procedures
from ghostchart.synth.sources.demo_hospital.catalogue import Acute, Weighted, acute_conditions
from ghostchart.synth.sources.demo_hospital.coding import diagnoses, tidy
from ghostchart.synth.sources.demo_hospital.person import Person, prescribe
from ghostchart.synth.sources.demo_hospital.population import Population
from ghostchart.synth.sources.demo_hospital.timeline import Visit

_DRUGS_RECORDED = {"office": 0.92, "wellness": 0.92, "ed": 0.60, "inpatient": 0.95}
# Further conditions that inpatients pick up or bring, with their chances.
_INPATIENT_EXTRA = (
    Weighted("N17.9", 0.08),
    Weighted("E87.6", 0.07),
    Weighted("E87.1", 0.05),
    Weighted("E83.42", 0.03),
    Weighted("D64.9", 0.07),
    Weighted("I95.9", 0.04),
    Weighted("E87.20", 0.03),
    Weighted("D69.6", 0.04),
    Weighted("R13.10", 0.03),
    Weighted("F05", 0.03),
    Weighted("Z66", 0.04),
    Weighted("Z86.16", 0.03),
)
_WELLNESS_EXTRA = (
    Weighted("Z80.3", 0.05),
    Weighted("Z80.0", 0.05),
    Weighted("Z82.49", 0.08),
    Weighted("Z83.3", 0.05),
    Weighted("Z60.2", 0.03),
    Weighted("Z71.3", 0.05),
)


@dataclass
class Record:
    """One encounter as it goes into the tables."""

    codes: list[str] = field(default_factory=list)
    procedures: list[str] = field(default_factory=list)
    drugs: list[str] = field(default_factory=list)
    values: dict[str, float] = field(default_factory=dict)


def _some(rng: random.Random, options: tuple[Weighted, ...]) -> list[str]:
    return [item.value for item in options if rng.random() < item.weight]


def _one(rng: random.Random, options: tuple[Weighted, ...]) -> str:
    return rng.choices([item.value for item in options], [item.weight for item in options])[0]


def _companions(rng: random.Random, acute: Acute) -> list[str]:
    """Companion codes; of the external causes (W, X) at most one, chosen by weight."""
    causes = tuple(item for item in acute.companions if item.value[0] in "WX")
    found = _some(rng, tuple(item for item in acute.companions if item not in causes))
    if causes and rng.random() < min(1.0, sum(item.weight for item in causes)):
        found.append(_one(rng, causes))
    return found


def bmi_code(bmi_kg_m2: float) -> str:
    """Z68 code of an adult's body mass index (the tabular list's bands)."""
    whole = int(bmi_kg_m2)
    if whole < 20:
        return "Z68.1"
    if whole < 40:
        return f"Z68.{whole}"
    return next(
        code for limit, code in ((45, "Z68.41"), (50, "Z68.42"), (60, "Z68.43"), (999, "Z68.44")) if whole < limit
    )


def _pregnancy_codes(week: int, rng: random.Random, diabetic: bool) -> list[str]:
    third = "1" if week < 14 else "2" if week < 28 else "3"
    if diabetic and week >= 24:
        return ["O24.410", f"Z3A.{week:02d}"]
    if rng.random() < 0.15:
        return [f"O99.01{third}", "D50.9", f"Z3A.{week:02d}"]
    return [f"Z34.8{third}"]


def _delivery_codes(week: int, rng: random.Random) -> list[str]:
    first = rng.choices(("O80", "O34.211", "O70.0", "O70.1"), (0.42, 0.24, 0.18, 0.16))[0]
    return [first, "Z37.0", f"Z3A.{week}"]


def _exam_codes(person: Person, rng: random.Random) -> tuple[list[str], str]:
    finding = rng.random() < 0.22
    codes = ["Z00.01" if finding else "Z00.00"]
    if finding:
        codes.append(rng.choice(("R03.0", "R73.9", "R01.1", "R31.29", "R53.83", "E66.3")))
    if rng.random() < 0.42:
        codes.append("Z23")
    age = person.age_years
    if person.female and 40 <= age < 76 and rng.random() < 0.28:
        codes.append("Z12.31")
    if 45 <= age < 76 and rng.random() < 0.22:
        codes.append("Z12.11")
    if not person.female and 50 <= age < 75 and rng.random() < 0.18:
        codes.append("Z12.5")
    if age >= 65 and rng.random() < 0.10:
        codes.append("Z91.81")
    return [*codes, *_some(rng, _WELLNESS_EXTRA)], "exam"


class VisitMaker:
    """Fills in visits; holds what is common to all patients (cumulated weights of reasons by class)."""

    def __init__(self, population: Population, weights: dict[str, list[list[float]]]) -> None:
        self._population = population
        self._weights = weights
        self._acute = acute_conditions()

    def _draw_reason(self, person: Person, encounter_class: str, rng: random.Random) -> Acute:
        weights = self._weights[encounter_class][person.index]
        return rng.choices(self._acute, weights)[0]

    def _reason(self, person: Person, visit: Visit, rng: random.Random) -> tuple[list[str], str, Acute | None]:
        conceived = self._population.conceived_days[person.index]
        week = int((visit.day - conceived) // 7) + 2 if not math.isnan(conceived) else -1
        if visit.reason == "delivery":
            return _delivery_codes(max(38, min(41, week)), rng), "delivery", None
        if visit.encounter_class == "wellness":
            return *_exam_codes(person, rng), None
        if visit.encounter_class == "office" and 8 <= week <= 40 and rng.random() < 0.8:
            return _pregnancy_codes(week, rng, person.index % 9 == 0), "prenatal", None
        follow_up = min(0.72, 0.12 + 0.09 * len(person.chronic))
        if visit.encounter_class == "office" and rng.random() < follow_up and person.chronic:
            return [], "follow_up", None
        acute = self._draw_reason(person, visit.encounter_class, rng)
        codes = [_one(rng, acute.codes)] if acute.codes else []
        if acute.key == "diabetic_crisis":
            type_1 = "type_1_diabetes" in person.flags
            codes = [
                rng.choice(("E10.10", "E10.649") if type_1 else ("E11.65", "E11.65", "E11.649", "E11.00", "E11.10"))
            ]
        return codes + _companions(rng, acute), acute.key, acute

    def _active(self, person: Person, visit: Visit, key: str, rng: random.Random) -> dict[str, tuple[str, ...]]:
        """Chronic conditions coded today; follow-ups take up at least one."""
        begun = [item for item in person.chronic if item[1] <= visit.day] or person.chronic[:1]
        lift = 1.15 if key == "follow_up" else 0.8 if visit.encounter_class == "office" else 1.0
        if key in ("prenatal", "delivery"):
            lift = 0.5
        if key == "vaccination":
            lift = 0.15
        found = {name: codes for name, _, codes, coded in begun if rng.random() < coded[visit.encounter_class] * lift}
        if not found and key == "follow_up":
            name, _, codes, _ = max(begun, key=lambda item: item[3]["office"])
            found[name] = codes
        return found

    def make(self, person: Person, visit: Visit, rng: random.Random) -> Record:
        """One encounter's record; never without a diagnosis."""
        reason_codes, key, acute = self._reason(person, visit, rng)
        active = self._active(person, visit, key, rng)
        codes = diagnoses(person, active, key, reason_codes, rng)
        where = visit.encounter_class
        if "obesity" in active and rng.random() < 0.8:
            codes.append(bmi_code(float(self._population.bmi_kg_m2[person.index])))
        for more, coded in person.frailty:
            if rng.random() < coded[where] * (0.2 if key == "vaccination" else 1.0):
                codes += more
        chance = {"office": 0.45, "wellness": 0.55, "ed": 0.15, "inpatient": 0.7}[where]
        codes += [code for code in person.status_codes() if rng.random() < chance]
        if where == "inpatient" and key != "delivery":
            codes += _some(rng, _INPATIENT_EXTRA)
        codes = tidy(codes) or ["Z00.00"]
        drugs = [drug for drug in person.drugs if rng.random() < _DRUGS_RECORDED[where]]
        if acute is not None:
            drugs += prescribe(rng, acute.drugs)
        done = [] if acute is None else _some(rng, acute.procedures)
        return Record(
            codes=codes[:24],
            procedures=list(dict.fromkeys([*done, *procedures(person, where, key, codes, rng)])),
            drugs=list(dict.fromkeys(drugs)),
            values=measurements(self._population, person, where, key, codes, rng),
        )
