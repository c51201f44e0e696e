"""Services that a condition calls for now and then, beside what the hospital's tables hold.

The statistical model knows the services that its hospital did often; this table makes the rest of the library's services
reachable where they fit. Which condition calls for which service is background knowledge, in our own choice.
"""

from __future__ import annotations

from functools import lru_cache

from ghostchart.schemas.clinical import ClinicalFact
from ghostchart.synth.encounters.draws import Draws
from ghostchart.synth.encounters.plausibility import service_fits
from ghostchart.synth.encounters.rows import EncounterRows
from ghostchart.synth.encounters.services import SIDED, is_known, service_fact, side_of
from ghostchart.synth.policy.lookups import Lookups

_SHARE = 0.10
_OFFICE = ("office", "wellness")
_ANY = ("office", "wellness", "ed")
# Service -> (code prefixes of conditions that call for it, classes of encounter it is done in).
_INDICATIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "80048": (("I1", "N18", "E87"), _ANY),
    "80053": (("E11", "K7", "I1", "R53"), _ANY),
    "81002": (("N39", "R30", "R35", "N40"), _OFFICE),
    "81025": (("N91", "N92", "Z30", "R11", "N94"), _ANY),
    "82306": (("E55", "M81", "M80"), _OFFICE),
    "84153": (("N40", "R97", "C61", "Z85.46"), _OFFICE),
    "87426": (("R05", "R50", "J06", "U07", "J02"), _ANY),
    "93005": (("R07", "R00", "I48", "R55"), ("ed",)),
    "93015": (("I25", "R07", "I20"), ("office",)),
    "94010": (("J44", "J45", "R06"), ("office",)),
    "94060": (("J44", "J45"), ("office",)),
    "94760": (("J44", "J45", "J96", "R06", "U07"), ("office",)),
    "96374": (("R11", "G43", "N20", "R10", "N23"), ("ed",)),
    "J1885": (("N20", "M54", "G43"), ("ed",)),
    "J3420": (("D51", "E53"), ("office",)),
    "J1030": (("M17", "M75", "M19"), ("office",)),
    "20605": (("M25.53", "M19.03", "M19.07", "M25.57"), ("office",)),
    "20611": (("M17", "M16", "M75"), ("office",)),
    "64483": (("M54.1", "M51", "M48.0"), ("office",)),
    "11104": (("L", "D22", "D48.5", "D49.2"), ("office",)),
    "11106": (("L", "D48.5"), ("office",)),
    "11401": (("D22", "D23", "L72", "D17"), ("office",)),
    "10120": (("S60", "S90", "S61"), ("ed", "office")),
    "97597": (("L97", "L89", "E11.62"), ("office",)),
    "12031": (("S01", "S41", "S51", "S61", "S81"), ("ed",)),
    "29881": (("S83.2", "M23"), ("office",)),
    "45380": (("K50", "K51", "R19.7", "K52", "K62.5"), ("office",)),
    "G0121": (("Z12.11",), ("office", "wellness")),
    "G0105": (("Z80.0", "Z86.01", "Z85.03"), ("office",)),
    "49505": (("K40",), ("office", "inpatient")),
    "66984": (("H25", "H26"), ("office",)),
    "31231": (("J32", "J34", "J33", "R04.0"), ("office",)),
    "57454": (("R87", "N87"), ("office",)),
    "59025": (("O", "Z34", "Z3A"), ("office",)),
    "76805": (("O", "Z34", "Z3A"), ("office",)),
    "77066": (("N63", "R92", "C50", "N64"), ("office",)),
    "93970": (("I82", "R60", "M79.66", "I87"), ("office", "ed", "inpatient")),
    "95816": (("G40", "R56", "R55"), ("office", "inpatient")),
    "99406": (("F17",), _OFFICE),
    "99407": (("F17",), ("office",)),
    "99497": (("F0", "G30", "C", "I50", "N18.6", "J44"), _OFFICE),
    "G0444": (("Z00", "F32", "I1", "E"), ("wellness",)),
    "G2211": (("I1", "E11", "J44", "I50", "M05"), ("office",)),
    "99291": (("A41", "J96", "I21", "R65", "I46"), ("ed",)),
    "99490": (("E11", "I50", "J44"), ("office",)),
    "99439": (("I50", "J44"), ("office",)),
    "99491": (("I50", "N18"), ("office",)),
    "G0180": (("Z74", "I69", "L89", "I50"), ("office",)),
    "99457": (("I1", "I50", "E11"), ("office",)),
    "99483": (("F0", "G30", "G31"), ("office",)),
    "92014": (("H", "E11.3"), ("office",)),
    "92250": (("H35", "E11.3", "H40"), ("office",)),
    "92134": (("H35", "E11.3", "H40"), ("office",)),
    "97140": (("M54", "M25", "M62"), ("office",)),
    "99504": (("Z99.11", "J96.1"), ("office",)),
    "99509": (("Z74", "F0", "I69"), ("office",)),
    "G0300": (("L89", "L97", "Z74", "I50"), ("office",)),
    "G0151": (("Z74", "I69", "M62", "R26"), ("office",)),
    "T1019": (("Z74", "F0"), ("office",)),
    "E0100": (("R26", "M17", "Z91.81"), ("office",)),
    "E0105": (("R26", "I69", "G20"), ("office",)),
    "E0130": (("R26", "R29.6", "G20"), ("office",)),
    "E0135": (("R26", "R29.6", "M17"), ("office",)),
    "E0143": (("R26", "R29.6", "R54", "G20"), ("office",)),
    "E0260": (("Z74.01", "L89", "G12"), ("office",)),
    "E0431": (("J96.1", "J44", "J84"), ("office",)),
    "E1170": (("Z89.5", "Z89.6"), ("office",)),
    "E1130": (("Z99.3", "I69", "G35", "G12"), ("office",)),
    "90833": (("F3", "F41", "F2"), ("office",)),
    "90837": (("F43", "F60"), ("office",)),
    "11103": (("D48.5", "D49.2"), ("office",)),
    "43235": (("K21", "K29", "R13"), ("office",)),
    "36416": (("E11", "D68"), ("office",)),
}
# Equipment comes in many builds, each a code of its own; the first of a kind stands for all above.
_KINDS: dict[str, tuple[str, ...]] = {
    "E0143": ("E0140", "E0141", "E0144", "E0147", "E0148", "E0149"),
    "E0260": (
        "E0250", "E0251", "E0255", "E0256", "E0261", "E0265", "E0266", "E0270", "E0290", "E0291", "E0292", "E0293", "E0294", "E0295",
        "E0296", "E0297", "E0301", "E0302", "E0303", "E0304", "E0462", "E0163", "E0165", "E0167", "E0168", "E0170", "E0171",
    ),
    "E0431": (
        "E0424", "E0425", "E0430", "E0433", "E0434", "E0435", "E0439", "E0440", "E0441", "E0442", "E0443", "E0444", "E0465", "E0466",
        "E0470", "E0471", "E0472",
    ),
    "E1130": (
        "E1140", "E1150", "E1160", "E1161", "E1195", "E1220", "E1240", "E1250", "E1260", "E1270", "E1280", "E1285", "E1290", "E1295",
        "E1296", "E1297", "E1298",
    ),
    "E1170": ("E1171", "E1172", "E1180", "E1190", "E1200"),
}  # fmt: skip
_OTHER_KIND_SHARE = 0.6
_NEEDS_ANOTHER = {"11103": "11102", "99439": "99490", "17003": "17000"}
# Of each group one service is enough.
_ONE_OF = (
    {"E0100", "E0105", "E0130", "E0135", "E0143"},
    {"99490", "99491", "99457"},
    {"99406", "99407"},
    {"45378", "45380", "45385", "G0121", "G0105"},
    {"20605", "20610", "20611"},
    {"94010", "94060"},
    {"81002", "81003"},
    {"36415", "36416"},
    {"93000", "93005", "93010"},
    {"77066", "77067"},
    {"11102", "11104", "11106"},
    {"43235", "43239"},
    {"87426", "87635"},
    {"80048", "80053"},
    {"12001", "12002", "12011", "12031"},
    {"90791", "90833", "90834", "90837"},
)


def indicated_services(
    rows: EncounterRows, conditions: list[ClinicalFact], services: list[ClinicalFact], look: Lookups, draws: Draws
) -> list[ClinicalFact]:
    """The services, in some encounters with one more that a condition calls for."""
    if not draws.chance(_SHARE):
        return services
    codes = tuple(look.code_of(fact) or "" for fact in conditions if fact.is_asserted and fact.addressed)
    options = [value for code in codes for value in _options(code, rows.encounter_class)]
    done = {fact.concept.partition(":")[2] for fact in services}
    options = [
        value
        for value in dict.fromkeys(options)
        if value not in done
        and service_fits(value, rows.patient.sex, rows.age)
        and not any(value in group and done & group for group in _ONE_OF)
        and is_known(value, look)
    ]
    if not options:
        return services
    chosen = draws.pick(options)
    kinds = [value for value in _KINDS.get(chosen, ()) if value not in done and is_known(value, look)]
    if kinds and draws.chance(_OTHER_KIND_SHARE):
        chosen = draws.pick(kinds)
    side = side_of(conditions, look) if chosen in SIDED else ""
    number = len(services) + 1
    added = [service_fact(chosen, f"p{number}", side)]
    other = _NEEDS_ANOTHER.get(chosen)
    if other and other not in done and is_known(other, look):
        added.append(service_fact(other, f"p{number + 1}"))
    return [*services, *added]


@lru_cache(maxsize=1 << 14)
def _options(code: str, encounter_class: str) -> tuple[str, ...]:
    return tuple(
        value
        for value, (prefixes, classes) in _INDICATIONS.items()
        if encounter_class in classes and code.startswith(prefixes)
    )
