"""Procedure and visit codes with their modifiers (PX rules, EM.modifier_25)."""

from __future__ import annotations

from collections.abc import Collection

from ghostchart.schemas.clinical import ClinicalFact, GoldCode
from ghostchart.schemas.code_set.services import (
    ALWAYS_PART,
    BUNDLED,
    MEDICARE_ADMINISTRATION,
    PREVENTIVE_VISITS,
    SEPARATE_BY_NATURE,
    TAKES_25,
    WELLNESS_VISITS,
    is_minor_procedure,
    is_vaccine_product,
    is_vaccine_service,
)
from ghostchart.synth.policy.encounter_reason import performed
from ghostchart.synth.policy.evaluation_management import system_of, visit_codes
from ghostchart.synth.policy.payer import has_medicare
from ghostchart.synth.policy.worklist import Case, union

_SIDES = {"right": ("RT",), "left": ("LT",), "bilateral": ("50",)}
_BOTH = {("LT",), ("RT",)}
_PROBLEM_VISITS = ("992",)
_DISTINCT = "PX.distinct"
_VACCINE_GIVEN = "90471"


def procedure_codes(case: Case) -> tuple[GoldCode, ...]:
    """Visit codes first, then procedures in the order of their facts, each once, with modifiers."""
    visits: dict[str, GoldCode] = {}
    services: dict[str, GoldCode] = {}
    for fact in case.encounter.facts:
        if fact.kind == "visit" and fact.is_asserted:
            for found in visit_codes(case, fact):
                if _is_available(case, found.value):
                    visits.setdefault(found.value, _gold(found.value, (fact.fact_id,), found.rules, found.modifiers))
        elif performed(fact):
            value = fact.concept.partition(":")[2]
            if _is_available(case, value):
                services[value] = _merge(services.get(value), _service(value, fact))
    services = _for_payer(case, services)
    # A visit that is also written down as a service is one line (G09).
    others = _separated({value: gold for value, gold in services.items() if value not in visits}, visits)
    return (*_with_25(visits, others), *others.values())


def _is_available(case: Case, value: str) -> bool:
    return case.look.systems.procedures.is_billable(value)


def _service(value: str, fact: ClinicalFact) -> GoldCode:
    side = _SIDES.get(fact.attributes.get("laterality", ""), ())
    apart = (_DISTINCT,) if fact.attributes.get("distinct") == "yes" and value not in ALWAYS_PART else ()
    rules = ("PX.performed", "PX.available", *(("PX.laterality",) if side else ()), *apart)
    return _gold(value, (fact.fact_id,), rules, side)


def _merge(held: GoldCode | None, new: GoldCode) -> GoldCode:
    """The same service twice is one line; right and left become 50."""
    if held is None:
        return new
    sides = {item for item in (held.modifiers, new.modifiers) if item}
    modifiers = ("50",) if sides == _BOTH or ("50",) in sides else held.modifiers or new.modifiers
    rules = union(held.rules, (*new.rules, "G09"))
    return _gold(held.value, union(held.evidence, new.evidence), rules, modifiers)


def _for_payer(case: Case, services: dict[str, GoldCode]) -> dict[str, GoldCode]:
    """The plain administration of a vaccine under Medicare's number where Medicare pays (PX.payer)."""
    own = {MEDICARE_ADMINISTRATION.get(value, "") for value in services if is_vaccine_service(value)} - {""}
    given = services.get(_VACCINE_GIVEN)
    vaccines = [value for value in services if is_vaccine_product(value)]
    if given is None or len(own) != 1 or len(vaccines) > 1 or own & set(services):
        return services
    stated = next((fact.attributes["payer"] for fact in case.encounter.facts if "payer" in fact.attributes), "")
    if not has_medicare(case.encounter.age, stated):
        return services
    (value,) = own
    named = _gold(value, given.evidence, (*given.rules, "PX.payer"), given.modifiers)
    return {item.value: item for item in (named if gold is given else gold for gold in services.values())}


def _separated(services: dict[str, GoldCode], visits: Collection[str]) -> dict[str, GoldCode]:
    """Services that are part of another one or of the visit go, or take 59 where site or session was separate."""
    kept = {}
    for value, gold in services.items():
        if not any(whole in services or whole in visits for whole in BUNDLED.get(value, ())):
            if _DISTINCT in gold.rules:
                plain = tuple(rule for rule in gold.rules if rule != _DISTINCT)
                kept[value] = _gold(value, gold.evidence, plain, gold.modifiers)
            else:
                kept[value] = gold
        elif _DISTINCT in gold.rules or value in SEPARATE_BY_NATURE:
            kept[value] = _gold(value, gold.evidence, union(gold.rules, (_DISTINCT,)), (*gold.modifiers, "59"))
    return kept


def _with_25(visits: dict[str, GoldCode], services: dict[str, GoldCode]) -> tuple[GoldCode, ...]:
    minor = any(is_minor_procedure(value) for value in services)
    wellness = any(value in WELLNESS_VISITS or value.startswith(PREVENTIVE_VISITS) for value in visits)
    result = []
    for value, gold in visits.items():
        beside_wellness = wellness and value.startswith(_PROBLEM_VISITS)
        if value.startswith(TAKES_25) and (minor or beside_wellness):
            result.append(_gold(value, gold.evidence, (*gold.rules, "EM.modifier_25"), ("25", *gold.modifiers)))
        else:
            result.append(gold)
    return tuple(result)


def _gold(value: str, evidence: tuple[str, ...], rules: tuple[str, ...], modifiers: tuple[str, ...] = ()) -> GoldCode:
    system = "hcpcs" if system_of(value) == "hcpcs" else "cpt"
    return GoldCode(system, value, "procedure", evidence, rules, modifiers)  # type: ignore[arg-type]
