"""All rules about a set of codes behind one door, with answers about codes and pairs remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ghostchart.schemas.code_set.admission import admission_violations, pressure_ulcer_violations
from ghostchart.schemas.code_set.companions import companion_violations
from ghostchart.schemas.code_set.membership import why_not_billable
from ghostchart.schemas.code_set.order import drug_effect, order_violation, position_violations
from ghostchart.schemas.code_set.pairs import SYMPTOMS_AGAINST_SCREENING, pair_violation
from ghostchart.schemas.code_set.patient import patient_violations
from ghostchart.schemas.code_set.services import is_vaccine_service, service_violations
from ghostchart.schemas.code_set.violation import Violation
from ghostchart.schemas.code_systems import CodeSystems
from ghostchart.schemas.codes import Code


@dataclass(frozen=True, slots=True)
class CodedLine:
    """One code as a claim shows it; ``poa`` is "" where none was given."""

    code: Code
    modifiers: tuple[str, ...] = ()
    poa: str = ""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of the encounter.

    Attributes:
        setting: "outpatient", "inpatient", or a note's setting ("office", "ed", "inpatient", ...).
        age: completed years, None if unknown.
        sex: "F" or "M", None if unknown.
        has_poa: whether present-on-admission values were given at all.
    """

    setting: str = "outpatient"
    age: int | None = None
    sex: str | None = None
    has_poa: bool = False


class CodeSetCheck:
    """The check against one set of code systems.

    It sees codes, their order, modifiers and present-on-admission values, never the text: what only a text can tell
    (probable diagnoses, denied findings, which tumour is treated) is beyond it.
    """

    def __init__(self, systems: CodeSystems) -> None:
        self._systems = systems
        self._single: dict[Code, Violation | None] = {}
        self._pairs: dict[tuple[str, str], tuple[Violation, ...]] = {}

    def check(self, lines: Sequence[CodedLine], circumstances: Circumstances) -> tuple[Violation, ...]:
        """Every rule that the lines break, most basic first; empty if the set may stand.

        Args:
            lines: in order, first-listed first.
            circumstances: what is known of the encounter.
        """
        found = [problem for line in lines if (problem := self._not_billable(line.code)) is not None]
        given = [line.code for line in lines]
        for code in dict.fromkeys(given):
            if given.count(code) > 1:
                found.append(Violation("G09", (code.value,), f"{code.value} is given {given.count(code)} times"))
        diagnoses = tuple(
            dict.fromkeys(
                line.code.value
                for line in lines
                if line.code.system == "icd10cm" and self._not_billable(line.code) is None
            )
        )
        found += self._diagnoses(diagnoses, circumstances)
        services = [(line.code.value, line.modifiers) for line in lines if line.code.system != "icd10cm"]
        found += service_violations(services)
        if any(is_vaccine_service(value) for value, _ in services) and diagnoses and "Z23" not in diagnoses:
            found.append(Violation("Z04", ("Z23",), "a vaccine was given: Z23 belongs beside it"))
        inpatient = circumstances.setting == "inpatient"
        admissions = [(line.code.value, line.poa) for line in lines if line.code.value in diagnoses]
        found += pressure_ulcer_violations(admissions, inpatient)
        if circumstances.has_poa:
            found += admission_violations(admissions, inpatient)
        return tuple(found)

    def _diagnoses(self, values: tuple[str, ...], circumstances: Circumstances) -> list[Violation]:
        if not values:
            return []
        icd = self._systems.icd10cm
        found: list[Violation] = []
        for place, earlier in enumerate(values):
            for later in values[place + 1 :]:
                found += self._pair(earlier, later)
        found += companion_violations(icd, values, drug_effect)
        found += position_violations(icd, values)
        found += patient_violations(icd, values, circumstances.age, circumstances.sex)
        if circumstances.setting != "inpatient":
            found += _outpatient(values, circumstances.setting)
        return found

    def _not_billable(self, code: Code) -> Violation | None:
        if code not in self._single:
            if code.system == "icd10cm":
                self._single[code] = why_not_billable(self._systems.icd10cm, code.value)
            elif self._systems.is_billable(code):
                self._single[code] = None
            else:
                release = self._systems.procedures.release
                said = f"{code.value} is not among the procedure codes of {release}"
                self._single[code] = Violation("PX.available", (code.value,), said)
        return self._single[code]

    def _pair(self, earlier: str, later: str) -> tuple[Violation, ...]:
        key = (earlier, later)
        if key not in self._pairs:
            icd = self._systems.icd10cm
            both = (pair_violation(icd, earlier, later), order_violation(icd, earlier, later))
            self._pairs[key] = tuple(problem for problem in both if problem is not None)
        return self._pairs[key]


def _outpatient(values: tuple[str, ...], setting: str) -> list[Violation]:
    """Rules of guideline section IV and of settings outside the hospital (Z02, C08)."""
    found = []
    for value in values:
        against = next((found for code, found in SYMPTOMS_AGAINST_SCREENING.items() if value.startswith(code)), None)
        symptom = next((other for other in values if against and other.startswith(against)), None)
        if symptom is not None:
            said = f"{symptom} makes the examination diagnostic: leave the screening code {value} out"
            found.append(Violation("Z02", (value, symptom), said))
        if value.startswith("I63.") and setting not in {"outpatient", "ed"}:
            said = f"{value} is an acute stroke: after the stay it is I69.- or Z86.73"
            found.append(Violation("C08", (value,), said))
    return found
