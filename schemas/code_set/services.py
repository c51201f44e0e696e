"""Visit and procedure codes beside each other: modifiers 25, 59, LT, RT, 50, and one visit of a kind."""

from __future__ import annotations

from collections.abc import Sequence

from ghostchart.schemas.code_set.violation import Violation

VACCINE_PRODUCTS = range(90476, 90760)
_VACCINE_ADMINISTRATION = range(90460, 90475)
_SURGERY = range(10004, 69991)
_DRAWS = {"36415", "36416"}
_INJECTIONS_AND_TREATMENTS = {
    "96360",
    "96365",
    "96372",
    "96374",
    "94640",
    "99406",
    "99407",
    "G0008",
    "G0009",
    "G0010",
    "90480",
}
PREVENTIVE_VISITS = ("9938", "9939")
WELLNESS_VISITS = frozenset({"G0402", "G0438", "G0439"})
# Visits whose separate work 25 marks: office, emergency, preventive; never the discharge day.
TAKES_25 = ("9920", "9921", "9928", "9938", "9939")
# Visits by themselves; two of one kind are never given on one day by one clinician.
_VISIT_KINDS: tuple[tuple[str, ...], ...] = (
    ("9920", "9921"), ("9928",), ("9938", "9939"), ("G0402", "G0438", "G0439"), ("9922", "9923"), ("99238", "99239"),
    ("9930", "9931"), ("9934", "9935"),
)  # fmt: skip
_ANY_VISIT = tuple(start for kind in _VISIT_KINDS for start in kind)
# Second code of a pair that is usually part of the first; 59 says that it was a separate site or session. Background
# knowledge of well-known pairs, not the NCCI tables.
BUNDLED: dict[str, tuple[str, ...]] = {
    "45380": ("45385",),
    "45378": ("45380", "45385"),
    "43235": ("43239",),
    "97597": ("11042",),
    "94640": ("94060",),
    "96372": ("96365", "96374"),
    # The first wellness visit and the welcome visit include the yearly depression screen; later ones do not.
    "G0444": ("G0402", "G0438"),
}
# An injection under the skin or into muscle beside an infusion is a separate one by its nature.
SEPARATE_BY_NATURE = frozenset({"96372"})
# Of these the first is always part of the second, whatever the site: no modifier helps.
ALWAYS_PART = {"45378", "43235", "G0444"}


# Vaccines whose administration Medicare wants under a number of its own, and codes that only Medicare takes (coding brief;
# vaccines from memory).
MEDICARE_ADMINISTRATION = {"90656": "G0008", "90662": "G0008", "90677": "G0009", "90684": "G0009"}
_MEDICARE_ONLY = ("G0402", "G0438", "G0439", "G2212", "G0008", "G0009")
_PLAIN_ADMINISTRATION = {"90460", "90471"}
_PROLONGED_FOR_OTHERS = "99417"


def is_vaccine_product(value: str) -> bool:
    """Whether a CPT code is a vaccine itself; 90480 among their numbers is giving the one against COVID-19."""
    return value.isdigit() and int(value) in VACCINE_PRODUCTS and value != "90480"


def is_vaccine_service(value: str) -> bool:
    """Whether a CPT or HCPCS code is a vaccine or giving one."""
    if value.isdigit() and (int(value) in VACCINE_PRODUCTS or int(value) in _VACCINE_ADMINISTRATION):
        return True
    return value in {"90480", "G0008", "G0009", "G0010"}


def is_minor_procedure(value: str) -> bool:
    """Whether a visit beside this service needs modifier 25 (background knowledge)."""
    if value in _INJECTIONS_AND_TREATMENTS:
        return True
    if value in _DRAWS or not value.isdigit():
        return False
    return int(value) in _SURGERY or int(value) in _VACCINE_ADMINISTRATION


def service_violations(lines: Sequence[tuple[str, tuple[str, ...]]]) -> list[Violation]:
    """Rules about (code, modifiers) lines of one day."""
    found = []
    values = [value for value, _ in lines]
    for kind in _VISIT_KINDS:
        several = tuple(dict.fromkeys(value for value in values if value.startswith(kind)))
        if len(several) > 1 and kind != ("9930", "9931"):
            found.append(Violation("EM.one_visit", several, f"{' and '.join(several)} are two visits of one kind"))
    found += _payers(values)
    minor = next((value for value in values if is_minor_procedure(value)), None)
    wellness = next(
        (value for value in values if value in WELLNESS_VISITS or value.startswith(PREVENTIVE_VISITS)), None
    )
    for value, modifiers in lines:
        beside = minor or (wellness if value.startswith("992") and value != wellness else None)
        if value.startswith(TAKES_25) and beside is not None and "25" not in modifiers:
            found.append(Violation("EM.modifier_25", (value, beside), f"{value} beside {beside} needs modifier 25"))
        found += _modifiers(value, modifiers, values)
    return found


def _payers(values: list[str]) -> list[Violation]:
    """Codes of two payers on one day (rule PX.payer)."""
    medicare = next((value for value in _MEDICARE_ONLY if value in values), None)
    if medicare is None:
        return []
    found = []
    if _PROLONGED_FOR_OTHERS in values:
        said = f"{medicare} is billed to Medicare, which takes G2212 and not 99417"
        found.append(Violation("PX.payer", (medicare, _PROLONGED_FOR_OTHERS), said))
    for vaccine, own in MEDICARE_ADMINISTRATION.items():
        if vaccine in values and own not in values and _PLAIN_ADMINISTRATION & set(values):
            said = f"{medicare} is billed to Medicare, where {vaccine} is given under {own}"
            found.append(Violation("PX.payer", (vaccine, medicare), said))
    return found


def _modifiers(value: str, modifiers: tuple[str, ...], values: list[str]) -> list[Violation]:
    found = []
    is_visit = value.startswith(_ANY_VISIT)
    if "25" in modifiers and not is_visit:
        found.append(Violation("EM.modifier_25", (value,), f"25 belongs to visits, and {value} is none"))
    if "59" in modifiers and is_visit:
        found.append(Violation("PX.distinct", (value,), f"59 belongs to procedures, and {value} is a visit"))
    if len({"LT", "RT", "50"} & set(modifiers)) > 1:
        found.append(
            Violation("PX.laterality", (value,), f"{value} has more than one of LT, RT and 50: both sides are 50")
        )
    whole = next((other for other in BUNDLED.get(value, ()) if other in values), None)
    if whole is not None and value in ALWAYS_PART:
        found.append(Violation("PX.distinct", (value, whole), f"{value} is part of {whole}: leave {value} out"))
    elif whole is not None and "59" not in modifiers:
        said = f"{value} is part of {whole} unless its site or session is separate: modifier 59"
        found.append(Violation("PX.distinct", (value, whole), said))
    return found
