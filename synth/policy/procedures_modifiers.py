"""Procedure and visit codes with their modifiers (PX rules, EM.modifier_25)."""

from __future__ import annotations

from ghostchart.schemas.clinical import ClinicalFact, GoldCode
from ghostchart.synth.policy.encounter_reason import performed
from ghostchart.synth.policy.evaluation_management import system_of, visit_code
from ghostchart.synth.policy.worklist import Case, union

_SIDES = {"right": ("RT",), "left": ("LT",), "bilateral": ("50",)}
_BOTH = {("LT",), ("RT",)}
_PROBLEM_VISITS = ("992",)
_PREVENTIVE_VISITS = ("9938", "9939")
_WELLNESS = {"G0402", "G0438", "G0439"}
# Visits whose separate work 25 marks: office, emergency, preventive; never the discharge day.
_TAKES_25 = ("9920", "9921", "9928", "9938", "9939")
_INJECTIONS_AND_TREATMENTS = {"96360", "96365", "96372", "96374", "94640", "G0008", "G0009", "G0010", "90480"}
_VACCINE_ADMINISTRATION = range(90460, 90475)
_SURGERY = range(10004, 69991)
_DRAWS = {"36415", "36416"}


def procedure_codes(case: Case) -> tuple[GoldCode, ...]:
    """Visit codes first, then procedures in the order of their facts, each once, with modifiers."""
    visits: dict[str, GoldCode] = {}
    services: dict[str, GoldCode] = {}
    for fact in case.encounter.facts:
        if fact.kind == "visit" and fact.is_asserted:
            found = visit_code(case, fact)
            if found is not None and _is_available(case, found[0]):
                visits.setdefault(found[0], _gold(found[0], (fact.fact_id,), (found[1],)))
        elif performed(fact):
            value = fact.concept.partition(":")[2]
            if _is_available(case, value):
                services[value] = _merge(services.get(value), _service(value, fact))
    # A visit that is also written down as a service is one line (G09).
    others = {value: gold for value, gold in services.items() if value not in visits}
    return (*_with_25(visits, others), *others.values())


def _is_available(case: Case, value: str) -> bool:
    return case.look.systems.procedures.is_billable(value)


def _service(value: str, fact: ClinicalFact) -> GoldCode:
    side = _SIDES.get(fact.attributes.get("laterality", ""), ())
    rules = ("PX.performed", "PX.available", *(("PX.laterality",) if side else ()))
    return _gold(value, (fact.fact_id,), rules, side)


def _merge(held: GoldCode | None, new: GoldCode) -> GoldCode:
    """The same service twice is one line; right and left become 50."""
    if held is None:
        return new
    sides = {item for item in (held.modifiers, new.modifiers) if item}
    modifiers = ("50",) if sides == _BOTH or ("50",) in sides else held.modifiers or new.modifiers
    rules = union(held.rules, (*new.rules, "G09"))
    return _gold(held.value, union(held.evidence, new.evidence), rules, modifiers)


def _with_25(visits: dict[str, GoldCode], services: dict[str, GoldCode]) -> tuple[GoldCode, ...]:
    minor = any(_is_minor_procedure(value) for value in services)
    wellness = any(value in _WELLNESS or value.startswith(_PREVENTIVE_VISITS) for value in visits)
    result = []
    for value, gold in visits.items():
        beside_wellness = wellness and value.startswith(_PROBLEM_VISITS)
        if value.startswith(_TAKES_25) and (minor or beside_wellness):
            result.append(_gold(value, gold.evidence, (*gold.rules, "EM.modifier_25"), ("25",)))
        else:
            result.append(gold)
    return tuple(result)


def _is_minor_procedure(value: str) -> bool:
    if value in _INJECTIONS_AND_TREATMENTS:
        return True
    if value in _DRAWS or not value.isdigit():
        return False
    return int(value) in _SURGERY or int(value) in _VACCINE_ADMINISTRATION


def _gold(value: str, evidence: tuple[str, ...], rules: tuple[str, ...], modifiers: tuple[str, ...] = ()) -> GoldCode:
    system = "hcpcs" if system_of(value) == "hcpcs" else "cpt"
    return GoldCode(system, value, "procedure", evidence, rules, modifiers)  # type: ignore[arg-type]
