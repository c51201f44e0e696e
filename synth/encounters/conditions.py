"""True conditions of an encounter: code rows become facts that do not contradict each other."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations

from ghostchart.schemas.clinical import ClinicalFact, NoteType
from ghostchart.schemas.history_codes import history_sites
from ghostchart.synth.encounters.draws import Draws
from ghostchart.synth.encounters.plausibility import condition_fits
from ghostchart.synth.encounters.rows import EncounterRows
from ghostchart.synth.policy.encounter_reason import is_new_problem
from ghostchart.synth.policy.excludes import prefer
from ghostchart.synth.policy.lookups import Lookups
from ghostchart.synth.policy.worklist import Candidate

# Rows that other facts give again: visits, vaccines, drugs, body mass.
DERIVED = ("Z00.", "Z23", "Z79.", "Z68.")
# Accidents and assaults; what treatment brings about (Y62-Y84) needs no injury.
_MECHANISM = re.compile(r"[VWX]|Y[0-3]")
_PLACES_OF_EVENTS = ("Y92", "Y93", "Y99")
_INJURIES = ("S", "T")
_FALLS_WITHOUT_INJURY = ("S80.01XA", "S80.02XA", "S70.01XA", "S70.02XA", "S00.83XA", "S01.01XA")
# Attributes that say where: facts of one family may differ in them and both be true.
_PLACES = (
    "joint",
    "site",
    "laterality",
    "location",
    "region",
    "finger",
    "organism",
    "digit",
    "bone",
    "drug",
    "substance",
)
_MANY_AT_ONCE = {"type_1_diabetes", "type_2_diabetes", "copd"}
_VAGUE = {"unspecified", "none", "no", "other", "stable"}
_STAGES = ("unspecified", "1", "2", "3", "3a", "3b", "4", "5", "esrd")
_EXCLUSIVE_OF_COMPLICATIONS = ("none", "unspecified", "remission")
# Acute events that an office note can only look back on.
_PAST_IN_OFFICE = ("I21.", "I63.")
_ARISES_IN_HOSPITAL = (
    "N17.",
    "J18.",
    "N39.0",
    "F05",
    "R41.0",
    "D62",
    "L89.",
    "A41.",
    "I82.4",
    "J96.0",
    "E87.",
    "J95.",
    "K56.",
)
_HOSPITAL_ACQUIRED_SHARE = 0.12
_HISTORY_SITES = {code: sites for code, sites in history_sites().items() if code.startswith("Z85")}


def true_conditions(rows: EncounterRows, look: Lookups, draws: Draws) -> list[ClinicalFact]:
    """Asserted condition facts in the order of the rows, without contradictions."""
    sex, age = rows.patient.sex, rows.age
    codes = [
        code
        for code in rows.codes
        if not code.startswith(DERIVED) and look.is_billable(code) and condition_fits(look.library, code, sex, age)
    ]
    codes = _settle_external_causes(codes, rows, look, draws)
    codes = _drop_contradictions(codes, look)
    facts = []
    for number, code in enumerate(codes, start=1):
        fact = look.library.fact_for_code(code, f"c{number}")
        if look.code_of(fact) is None:
            continue
        if code.startswith(_PAST_IN_OFFICE) and rows.encounter_class in {"office", "wellness"}:
            fact = replace(fact, temporality="history")
        facts.append(fact)
    facts = _one_per_concept(facts)
    if rows.encounter_class == "inpatient":
        facts = _principal_first(facts, look)
    return [_with_poa(fact, index, rows, look, draws) for index, fact in enumerate(facts)]


def _principal_first(facts: list[ClinicalFact], look: Lookups) -> list[ClinicalFact]:
    """A hospital note leads with the disease found, not with the symptom that brought the patient (rule G19)."""
    if not facts or not (look.code_of(facts[0]) or "").startswith("R"):
        return facts
    acute = [
        fact
        for fact in facts
        if is_new_problem(look, fact, code := look.code_of(fact) or "Z") and not code.startswith(("R", "T", "O"))
    ]
    return [acute[0], *(fact for fact in facts if fact is not acute[0])] if acute else facts


def _settle_external_causes(codes: list[str], rows: EncounterRows, look: Lookups, draws: Draws) -> list[str]:
    """One mechanism at most, in the phase of the injury, and never without an injury; places go with it."""
    causes = [code for code in codes if _MECHANISM.match(code)]
    injuries = [code for code in codes if code.startswith(_INJURIES) and len(code) == 8]
    fresh = any(code[-1] in "ABC" for code in injuries[:1])
    others = [code for code in codes if code not in causes and (fresh or not code.startswith(_PLACES_OF_EVENTS))]
    if not causes:
        return others
    cause = causes[0]
    if not injuries:
        if rows.encounter_class in {"wellness", "inpatient"}:
            return others
        injury = draws.pick(_FALLS_WITHOUT_INJURY)
        others = [injury, *others]
        injuries = [injury]
    last = injuries[0][-1]
    phase = last if last in "ADS" else "A" if last in "BC" else "D"
    matched = cause[:-1] + phase if len(cause) == 8 else cause
    return [*others, matched if look.is_billable(matched) else cause]


def _drop_contradictions(codes: list[str], look: Lookups) -> list[str]:
    """Excludes1 pairs, history beside the active disease, high readings beside hypertension, orphans."""
    gone: set[str] = set()
    for i, j in combinations(range(len(codes)), 2):
        a, b = codes[i], codes[j]
        if a in gone or b in gone or not look.conflict(a, b):
            continue
        _, loser, _ = prefer(look, Candidate(a, (), (), i), Candidate(b, (), (), j))
        gone.add(loser.value)
    kept = [code for code in codes if code not in gone]
    hypertensive = any(code.startswith(("I10", "I11", "I12", "I13", "I15", "I16")) for code in kept)
    return [
        code
        for code in kept
        if not (code == "R03.0" and hypertensive)
        and not (code == "Z08" and not any(other.startswith("Z85.") for other in kept))
        and not (code in _HISTORY_SITES and any(other.startswith(_HISTORY_SITES[code]) for other in kept))
        and not (code.startswith(("Z37.", "Z3A.")) and not any(other.startswith("O") for other in kept))
        and not (code == "J12.82" and "U07.1" not in kept)
        and not _is_orphan(code, kept, look)
    ]


def _is_orphan(code: str, codes: list[str], look: Lookups) -> bool:
    if code.startswith("F02.") or not look.is_manifestation(code):
        return False
    targets = look.code_first(code)
    return not targets or not any(other.startswith(targets) for other in codes if other != code)


def _one_per_concept(facts: list[ClinicalFact]) -> list[ClinicalFact]:
    """Of facts of one family at one place the most specific stays, of kidney stages the highest."""
    groups: dict[tuple[object, ...], list[ClinicalFact]] = {}
    for fact in facts:
        place = tuple((name, fact.attributes[name]) for name in _PLACES if name in fact.attributes)
        groups.setdefault((fact.concept, fact.temporality, place), []).append(fact)
    kept: set[str] = set()
    for (concept, *_), group in groups.items():
        if concept in _MANY_AT_ONCE:
            kept.update(fact.fact_id for fact in _compatible_complications(group))
        else:
            kept.add(max(group, key=_specificity).fact_id)
    return [fact for fact in facts if fact.fact_id in kept]


def _compatible_complications(group: list[ClinicalFact]) -> list[ClinicalFact]:
    real = [
        fact
        for fact in group
        if not any(
            fact.attributes.get(name) in {*_EXCLUSIVE_OF_COMPLICATIONS, "stable"} for name in ("complication", "status")
        )
    ]
    return real or group[:1]


def _specificity(fact: ClinicalFact) -> tuple[int, int]:
    stated = sum(value not in _VAGUE for value in fact.attributes.values())
    stage = fact.attributes.get("stage", "")
    return (_STAGES.index(stage) if fact.concept == "ckd" and stage in _STAGES else 0, stated)


def _with_poa(fact: ClinicalFact, index: int, rows: EncounterRows, look: Lookups, draws: Draws) -> ClinicalFact:
    if rows.encounter_class != "inpatient" or fact.temporality != "current":
        return fact
    code = look.code_of(fact) or ""
    acquired = index > 0 and code.startswith(_ARISES_IN_HOSPITAL) and draws.chance(_HOSPITAL_ACQUIRED_SHARE)
    return replace(fact, present_on_admission="N" if acquired else "Y")


def settle_admission_flags(note_type: NoteType, conditions: list[ClinicalFact]) -> list[ClinicalFact]:
    """Whatever a note written on admission knows of was present on admission."""
    if note_type not in ("history_and_physical", "consult", "operative"):
        return conditions
    return [
        replace(fact, present_on_admission="Y") if fact.present_on_admission == "N" else fact for fact in conditions
    ]
