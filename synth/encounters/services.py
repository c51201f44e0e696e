"""Procedure facts: what was done, on which side; vaccines with their administration."""

from __future__ import annotations

import re
from types import MappingProxyType

from ghostchart.schemas.clinical import ClinicalFact, NoteType
from ghostchart.schemas.code_set.services import MEDICARE_ADMINISTRATION, is_vaccine_product
from ghostchart.schemas.codes import Code
from ghostchart.synth.encounters.draws import Draws
from ghostchart.synth.encounters.indications import is_indicated
from ghostchart.synth.encounters.plausibility import service_fits
from ghostchart.synth.encounters.rows import EncounterRows
from ghostchart.synth.policy.lookups import Lookups
from ghostchart.synth.policy.payer import has_medicare

# Visits by themselves: derived from visit facts, or not reported beside one.
_VISITS = re.compile(
    r"99(20|21|22|23|24|28|29|30|31|33|34|35|38|39|483|495|496|441|442|443)|G0(402|438|439)|980\d\d|G2212|99417"
)
SIDED = {
    "20605", "20610", "20611", "25600", "27130", "27447", "29125", "29515", "29881", "66984", "73030", "73110", "73562", "73630",
}  # fmt: skip
_RANDOM_SIDE_SHARE = 0.4
_SIDES = ("right", "left")
_ADMINISTRATION, _FURTHER_ADMINISTRATION = "90471", "90472"

_COVID_ADMINISTRATION, _HEPATITIS_B_ADMINISTRATION, _COUNSELLED_ADMINISTRATION = "90480", "G0010", "90460"
_BY_PRODUCT = {"90471", "90472", "G0008", "G0009"}
_FLU, _FLU_FROM_65 = "90656", "90662"
_ADMINISTRATIONS = {
    *_BY_PRODUCT,
    _COVID_ADMINISTRATION,
    _HEPATITIS_B_ADMINISTRATION,
    _COUNSELLED_ADMINISTRATION,
}


def service_facts(
    rows: EncounterRows, conditions: list[ClinicalFact], look: Lookups, draws: Draws
) -> list[ClinicalFact]:
    """Facts of the procedures rows, with what belongs to a vaccine, without visits."""
    codes = tuple(code for fact in conditions if fact.is_asserted and (code := look.code_of(fact)))
    values = [value for value in rows.procedures if not _VISITS.match(value)]
    values = [value for value in values if is_known(value, look) and service_fits(value, rows.patient.sex, rows.age)]
    values = [value for value in values if is_indicated(value, codes)]
    values = _complete_vaccines(values, rows, draws)
    side = side_of(conditions, look)
    facts = []
    for number, value in enumerate(dict.fromkeys(values), start=1):
        chosen = ""
        if value in SIDED:
            chosen = side or (draws.pick(_SIDES) if draws.chance(_RANDOM_SIDE_SHARE) else "")
        facts.append(service_fact(value, f"p{number}", chosen))
    return facts


def is_known(value: str, look: Lookups) -> bool:
    code = Code("hcpcs", value) if value[:1].isalpha() else Code("cpt", value)
    if look.systems.procedures.is_billable(value):
        return True
    return bool(look.library.procedure_forms(ClinicalFact("p", "procedure", f"{code.system}:{value}")))


def _complete_vaccines(values: list[str], rows: EncounterRows, draws: Draws) -> list[str]:
    """Z23 without a product gets a usual one; every product gets the administration that its payer wants (rule PX.payer)."""
    products = [value for value in values if is_vaccine_product(value)]
    if _FLU_FROM_65 in products and _FLU in products:  # nobody gets two at one visit
        values = [value for value in values if value != (_FLU if rows.age >= 65 else _FLU_FROM_65)]
        products = [value for value in values if is_vaccine_product(value)]
    given = [value for value in values if value in _ADMINISTRATIONS]
    result = [value for value in values if value not in _BY_PRODUCT]
    if not products and not given and "Z23" not in rows.codes:
        return result
    if not products and {_COVID_ADMINISTRATION, _HEPATITIS_B_ADMINISTRATION} & set(given):
        return result  # their products have no numbers in the starter table
    if not products:
        usual = _FLU_FROM_65 if rows.age >= 65 else _FLU
        usual = "90677" if "G0009" in given else usual
        other = draws.chance(0.35) and not given
        products = [draws.pick(_other_products(rows.age))] if other else [usual]
        result += products
    counselled = _COUNSELLED_ADMINISTRATION in given
    plain = 0
    for product in products:
        own = MEDICARE_ADMINISTRATION.get(product, "")
        if own and has_medicare(rows.age):
            result.append(own)
        elif not counselled:
            result.append(_FURTHER_ADMINISTRATION if plain else _ADMINISTRATION)
            plain += 1
    return result


def _other_products(age: int) -> tuple[str, ...]:
    """Vaccines other than influenza that a person of this age (years) may be due for."""
    if age >= 65:
        return ("90750", "90677", "90684", "90679", "90715")
    return ("90750", "90677", "90715") if age >= 50 else ("90715", "90707", "90651" if age <= 45 else "90715")


_THERAPY = ("90834", "90837", "90834")
_FIRST_SESSION = "90791"
_HOME_NURSING = ("G0299", "G0299", "G0300", "99509", "G0151")


def services_of_note(
    note_type: NoteType, rows: EncounterRows, services: list[ClinicalFact], look: Lookups, draws: Draws
) -> list[ClinicalFact]:
    """The services, with the session or nursing visit that behavioral and home health notes are about."""
    done = {fact.concept.partition(":")[2] for fact in services}
    if note_type in ("behavioral", "telehealth"):
        services = []  # laboratory tests alone came with it: another visit's
    if note_type == "behavioral":
        wanted: tuple[str, ...] = (_FIRST_SESSION,) if rows.is_first_visit else _THERAPY
    elif note_type == "home_health" and not done & set(_HOME_NURSING):
        wanted = _HOME_NURSING
    else:
        return services
    chosen = draws.pick(wanted)
    return [*services, service_fact(chosen, f"p{len(services) + 1}")] if is_known(chosen, look) else services


def service_fact(value: str, fact_id: str, side: str = "") -> ClinicalFact:
    """A service that was done; ``side`` right, left, bilateral or "" where none applies."""
    system = "hcpcs" if value[0].isalpha() else "cpt"
    attributes = MappingProxyType({"laterality": side} if side else {})
    return ClinicalFact(fact_id, "procedure", f"{system}:{value}", attributes)


def side_of(conditions: list[ClinicalFact], look: Lookups) -> str:
    """The side the encounter's conditions speak of, "" if they name none or more than one."""
    found = set()
    for fact in conditions:
        side = fact.attributes.get("laterality", "")
        if not side and fact.concept.startswith("icd10cm:"):
            title = look.systems.icd10cm.description(fact.concept.removeprefix("icd10cm:")).lower()
            side = next((word for word in ("bilateral", "right", "left") if re.search(rf"\b{word}\b", title)), "")
        if side in {"right", "left", "bilateral"}:
            found.add(side)
    return found.pop() if len(found) == 1 else ""
