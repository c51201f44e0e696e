"""Which code comes first and what must follow what (G03, G08, G19, N01, N02, S01, X01, X04, Z05)."""

from __future__ import annotations

from functools import lru_cache

from ghostchart.schemas.code_set.companions import SYSTEMIC_INFECTIONS
from ghostchart.schemas.code_set.order import EXTERNAL, drug_effect, is_late_effect
from ghostchart.synth.policy.encounter_reason import is_acute
from ghostchart.synth.policy.worklist import Candidate, Case, Worklist

# Codes that open the list whatever else is there; guideline I.C.21.c.16 and the sections on chapters 2 and 15.
_TREATMENT = ("Z51.0", "Z51.1")
_ROUTINE = ("Z00.", "Z38.", "Z34.", "Z39.", "Z08", "Z09", "Z01.", "Z02.", "Z03.", "Z04.", "Z52.")
_SCREENING = ("Z11.", "Z12.", "Z13.")
_SYSTEMIC = ("A40.", "A41.", "R65.2", "T81.44")
# Never first while anything else is there.
_BEHIND = (
    "B95", "B96", "B97", "Z16", "Z17", "Z18", "Z28", "Z37", "Z3A", "Z55", "Z56", "Z57", "Z58", "Z59", "Z60",
    "Z62", "Z63", "Z64", "Z65", "Z66", "Z67", "Z68", "Z71", "Z72", "Z73", "Z74", "Z75", "Z77", "Z78", "Z79", "Z80", "Z81",
    "Z82", "Z83", "Z84", "Z85", "Z86", "Z87", "Z88", "Z89", "Z90", "Z91", "Z92", "Z93", "Z94", "Z95", "Z96", "Z97", "Z98",
    "Z99", "F17.", "I25.2",
)  # fmt: skip
_INJURY_STARTS = ("S", "T")

# What follows -> what must come before it, where both are there. Beside the code first notes of the release.
_FOLLOWS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("N18.",), ("N17.", "E08.22", "E09.22", "E10.22", "E11.22", "E13.22", "I12.", "I13.")),
    (("I50.",), ("I11.", "I13.")),
    (("D63.0",), ("C",)),
    (("D63.1",), ("N18.",)),
    (("F02.",), ("G30.", "G20.", "G10", "G31.", "G35.", "A81.", "B20", "G40.")),
    (("L97.",), ("E08.62", "E09.62", "E10.62", "E11.62", "E13.62", "I70.", "I83.", "I87.")),
    (("K31.84",), ("E10.43", "E11.43", "E13.43")),
    (("A40.", "A41.", "R65.2"), ("T81.44",)),
    (("T81.44",), ("T81.40", "T81.41", "T81.42", "T81.43", "T81.49")),
    (("R65.2",), tuple(start for start in SYSTEMIC_INFECTIONS if not start.startswith("R65"))),
    (("Z68.",), ("E66.", "R63.6", "E40", "E41", "E42", "E43", "E44.", "E45", "E46", "R64")),
    (("Z85.",), ("Z08",)),
    (("J44.1",), ("J44.0",)),
    (("Z99.81",), ("J96.", "J44.", "J43.")),
    (("Z12.", "Z13.", "Z23"), ("Z00.",)),
    (("K63.5", "D12."), ("Z12.11",)),
    (("R35.", "R39.1", "R33.8"), ("N40.1",)),
)


# Classes that hang on more than the code.
_AS_SCREENED, _AS_VACCINATED, _AS_TREATED = -1, -2, -3


def put_in_order(case: Case, work: Worklist) -> Worklist:
    """First-listed or principal diagnosis first, causes before manifestations, external causes last."""
    definitive = any(_is_disease(item.value) for item in work.candidates)
    found = not case.is_outpatient and any(_explains_admission(case, item) for item in work.candidates)
    ranked = sorted(work.candidates, key=lambda item: (_class(case, item, definitive, found), item.rank))
    placed: dict[str, Candidate] = {}
    for item in ranked:
        _place(case, item, ranked, placed, ())
    ordered = list(placed.values())
    if ordered:
        ordered[0] = ordered[0].under("G19")
    return Worklist(tuple(ordered), work.dropped)


def _place(
    case: Case, item: Candidate, ranked: list[Candidate], placed: dict[str, Candidate], waiting: tuple[str, ...]
) -> None:
    """Emit what must precede an item, then the item; a circle is cut where it closes."""
    if item.value in placed or item.value in waiting:
        return
    moved = False
    if may_follow(case, item.value):
        for other in ranked:
            if other.value != item.value and other.value not in placed and follows(case, item, other):
                _place(case, other, ranked, placed, (*waiting, item.value))
                moved = True
    if item.value not in placed:
        placed[item.value] = item.under("G08") if moved else item


def may_follow(case: Case, value: str) -> bool:
    """Whether some other code could ever have to stand before this one."""
    known = case.look.followers.get(value)
    if known is None:
        known = any(value.startswith(after) for after, _ in _FOLLOWS) or bool(case.look.code_first(value))
        known = case.look.followers[value] = known or (value[-1] == "S" and value.startswith(_INJURY_STARTS))
    return known


def follows(case: Case, item: Candidate, other: Candidate) -> bool:
    """Whether ``other`` must stand before ``item``."""
    pair = (item.value, other.value)
    known = case.look.order.get(pair)
    if known is None:
        known = case.look.order[pair] = _code_follows(case, *pair)
    if known:
        return True
    if item.value[-1] != "S":
        return False
    fact = case.fact_of(other)
    # The residual comes before the late effect that caused it (G03).
    return (
        item.value.startswith(_INJURY_STARTS)
        and fact is not None
        and fact.cause is not None
        and fact.cause in item.evidence
    )


def _code_follows(case: Case, value: str, other: str) -> bool:
    if any(value.startswith(after) and other.startswith(before) for after, before in _FOLLOWS):
        return True
    targets = case.look.code_first(value)
    # Code first lists of drugs name natures of every kind, and those at sepsis name codes of other settings.
    return bool(targets) and other.startswith(targets) and not value.startswith(("T3", "T4", "T50", "A40", "A41"))


@lru_cache(maxsize=1 << 17)
def _is_disease(value: str) -> bool:
    return value[0] not in "RZVWXY" and not value.startswith(_BEHIND) and not drug_effect(value)


def _explains_admission(case: Case, item: Candidate) -> bool:
    """An acute disease that was there on admission; a stable chronic one does not displace the presenting symptom."""
    fact = case.fact_of(item)
    if fact is None or not _is_disease(item.value) or item.poa == "N" or fact.kind not in {"condition", "status"}:
        return False
    return is_acute(case.look, fact, item.value)


@lru_cache(maxsize=1 << 17)
def _class_of_code(value: str) -> int:  # noqa: PLR0911  (one line per class reads best)
    """The class where the code alone decides it, else one of the ``_AS_...`` values."""
    effect = drug_effect(value)
    if value.startswith(EXTERNAL):
        return 9
    if value.startswith(_TREATMENT) or value.startswith("O"):
        return 0
    if value.startswith(_ROUTINE):
        return 1
    if value.startswith(_SCREENING):
        return _AS_SCREENED
    if effect == "poisoning" and not value.endswith("S"):
        return 2
    if effect or is_late_effect(value):
        return 5
    if value == "Z23":
        return _AS_VACCINATED
    if value.startswith(_BEHIND):
        return 8 if value.startswith("Z") else 6
    return _AS_TREATED


def _class(case: Case, item: Candidate, definitive: bool, found: bool) -> int:
    value = item.value
    if not case.is_outpatient and item.poa != "N" and value.startswith(_SYSTEMIC):
        return 2
    known = _class_of_code(value)
    if known >= 0:
        return known
    if known == _AS_SCREENED:
        return 2 if _is_screening_visit(case, item) else 6
    if known == _AS_VACCINATED:
        return 7 if definitive else 5
    if not case.is_outpatient and (item.poa == "N" or (found and value.startswith("R"))):
        return 4
    fact = case.fact_of(item)
    target = fact is not None and fact.attributes.get("treatment_target") == "yes"
    return 2 if target else 3


def _is_screening_visit(case: Case, item: Candidate) -> bool:
    """The screening is what the patient came for: the first condition says so, or there is no other visit."""
    first = next(
        (fact for fact in case.encounter.facts if fact.kind in {"condition", "status"} and fact.is_asserted), None
    )
    if first is not None and first.fact_id in item.evidence:
        return True
    return not any(fact.kind == "visit" for fact in case.encounter.facts)
