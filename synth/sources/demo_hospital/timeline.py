"""When the patients of the demo hospital come, for what class of encounter, and when a life ends."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from ghostchart.synth.sources.demo_hospital.person import Person
from ghostchart.synth.sources.demo_hospital.population import WINDOW_DAYS, WINDOW_START

_HEAVY = (
    "heart_failure",
    "copd",
    "chronic_kidney_disease",
    "cirrhosis",
    "metastasis",
    "dementia",
    "atrial_fibrillation",
    "chronic_respiratory_failure",
    "leukemia",
    "lung_cancer",
    "stroke_with_deficit",
)
_DEADLY = {
    "metastasis": 0.10,
    "pancreatic_cancer": 0.10,
    "frail": 0.035,
    "motor_neuron_disease": 0.08,
    "cirrhosis": 0.03,
}


@dataclass(frozen=True)
class Visit:
    """One encounter before anything is known of it but when and of which class.

    ``reason`` is preset for deliveries ("delivery"), else empty.
    """

    day: float
    encounter_class: str
    start: datetime
    end: datetime
    reason: str = ""


def poisson(rng: random.Random, mean: float) -> int:
    """Knuth's method; means here are below 12."""
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def _moment(day: float, encounter_class: str, rng: random.Random) -> tuple[datetime, datetime]:
    midnight = datetime.combine(WINDOW_START, datetime.min.time()) + timedelta(days=int(day))
    if encounter_class == "inpatient":
        start = midnight + timedelta(hours=rng.randint(0, 23), minutes=rng.randint(0, 59))
        hours = min(24 * 28, max(20.0, rng.lognormvariate(4.45, 0.62)))
        return start, start + timedelta(minutes=int(hours * 60))
    if encounter_class == "ed":
        start = midnight + timedelta(hours=rng.randint(0, 23), minutes=rng.randint(0, 59))
        return start, start + timedelta(minutes=int(min(1400, max(50, rng.lognormvariate(5.45, 0.45)))))
    start = midnight + timedelta(hours=rng.randint(8, 16), minutes=rng.choice((0, 15, 20, 30, 40, 45)))
    return start, start + timedelta(minutes=rng.choice((15, 20, 20, 30, 30, 40, 45, 60)))


def _counts(person: Person, rng: random.Random) -> dict[str, int]:
    flags = person.flags
    n_chronic = min(len(person.chronic), 12)
    n_heavy = sum(key in flags for key in _HEAVY)
    frail = "frail" in flags
    eager = rng.lognormvariate(0.0, 0.35)
    wellness_chance = 0.30 + 0.12 * (person.age_years > 50) + 0.12 * (person.age_years >= 65) - 0.12 * frail
    mind = sum(key in flags for key in ("alcohol_dependence", "anxiety", "opioid_dependence", "schizophrenia"))
    return {
        "office": poisson(rng, eager * (0.95 + 0.21 * n_chronic + 0.9 * ("pregnancy" in flags))),
        "wellness": sum(rng.random() < wellness_chance for _ in range(2)),
        "ed": poisson(rng, eager * (0.50 + 0.055 * n_chronic + 0.30 * frail + 0.16 * mind)),
        "inpatient": poisson(rng, eager * (0.09 + 0.033 * n_chronic + 0.20 * n_heavy + 0.45 * frail)),
    }


def _death_chance(person: Person, encounter_class: str) -> float:
    base = sum(chance for key, chance in _DEADLY.items() if key in person.flags)
    base += 0.012 * max(0.0, person.age_years - 78) / 10
    return {"inpatient": 0.014 + 1.5 * base, "ed": 0.003 + base * 0.2}.get(encounter_class, base * 0.04)


def _wellness_days(rng: random.Random, n: int) -> list[float]:
    first = rng.uniform(0, 330)
    return [first + 340 * k + rng.uniform(20, 60) for k in range(n)] if n > 1 else [rng.uniform(0, WINDOW_DAYS)] * n


def plan_visits(person: Person, conceived_day: float, rng: random.Random) -> tuple[list[Visit], datetime | None]:
    """Visits in order of time, at least one, and the moment of death or None.

    No visit begins before the one before it has ended, and none follows death.
    """
    days: list[tuple[float, str, str]] = []
    for encounter_class, count in _counts(person, rng).items():
        if encounter_class == "wellness":
            days += [(day, encounter_class, "") for day in _wellness_days(rng, count)]
        else:
            days += [(rng.uniform(0, WINDOW_DAYS), encounter_class, "") for _ in range(count)]
    if not math.isnan(conceived_day):
        delivery = conceived_day + rng.uniform(38 * 7, 41 * 7) - 14
        if 0 <= delivery < WINDOW_DAYS and rng.random() < 0.9:
            days = [item for item in days if abs(item[0] - delivery) > 5]
            days.append((delivery, "inpatient", "delivery"))
    if not days:
        days.append((rng.uniform(0, WINDOW_DAYS), rng.choices(("office", "ed"), (0.75, 0.25))[0], ""))
    visits: list[Visit] = []
    for day, encounter_class, reason in sorted(days):
        start, end = _moment(day, encounter_class, rng)
        if visits and start <= visits[-1].end:
            continue
        visits.append(Visit(day, encounter_class, start, end, reason))
        if not reason and rng.random() < _death_chance(person, encounter_class):
            wait = 0.0 if encounter_class in ("inpatient", "ed") else rng.uniform(5, 90)
            return visits, end + timedelta(days=wait)
    return visits, None
