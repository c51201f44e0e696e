"""Why the patient came: routine examinations, vaccines, screening (Z01 to Z04)."""

from __future__ import annotations

from ghostchart.schemas.clinical import ClinicalFact
from ghostchart.schemas.code_set.pairs import SYMPTOMS_AGAINST_SCREENING
from ghostchart.schemas.code_set.services import is_vaccine_service
from ghostchart.synth.policy.lookups import Lookups
from ghostchart.synth.policy.worklist import Candidate, Case, Worklist

_ADULT_YEARS = 18
_ROUTINE = ("Z00.0", "Z00.12")
_VISITS = {"visit.preventive", "visit.awv"}
_SCREENING_BY_SERVICE = {
    "cpt:77067": "Z12.31",
    "hcpcs:G0121": "Z12.11",
    "hcpcs:G0105": "Z12.11",
    "cpt:82274": "Z12.11",
    "hcpcs:G0444": "Z13.31",
}


def is_vaccine(concept: str) -> bool:
    """Whether a procedure concept is a vaccine or giving one."""
    return is_vaccine_service(concept.partition(":")[2])


def performed(fact: ClinicalFact) -> bool:
    """A procedure that was really done on the patient."""
    return fact.kind == "procedure" and fact.is_asserted


def add_routine_examination(case: Case, work: Worklist) -> Worklist:
    """Z00.0- and Z00.12- from the kind of visit, by age and by whether something new was found (Z03)."""
    visit = next((item for item in case.encounter.facts if item.kind == "visit" and item.concept in _VISITS), None)
    routine = work.find(*_ROUTINE)
    if visit is None and not routine:
        return work
    evidence = (visit.fact_id,) if visit is not None else routine[0].evidence
    rank = -1 if visit is not None else routine[0].rank
    finding = next((item for item in work.candidates if _is_new(case, item)), None)
    child = case.encounter.age < _ADULT_YEARS
    value = ("Z00.121" if finding else "Z00.129") if child else ("Z00.01" if finding else "Z00.00")
    extra = finding.evidence if finding is not None else ()
    work = work.drop(routine, "G11")
    return work.add(Candidate(value, (*evidence, *extra), ("Z03",), rank))


def _is_new(case: Case, item: Candidate) -> bool:
    fact = case.fact_of(item)
    return fact is not None and is_new_problem(case.look, fact, item.value)


def is_new_problem(look: Lookups, fact: ClinicalFact, value: str) -> bool:
    """Whether a condition with this code is acute, worse or newly found rather than a stable old acquaintance."""
    if not fact.is_asserted or not fact.addressed or fact.kind not in {"condition", "status"}:
        return False
    return is_acute(look, fact, value)


def is_acute(look: Lookups, fact: ClinicalFact, value: str) -> bool:
    """The same for a condition fact whose assertion was looked at before."""
    if value.startswith(("Z", "V", "W", "X", "Y")):
        return False
    # Notes word what no family holds as found and dealt with today; the library counts it as acute.
    return look.library.acuity(fact) != "stable_chronic"


def add_immunization(case: Case, work: Worklist) -> Worklist:
    """Z23 from the vaccines given, and from nothing else (Z04)."""
    given = [
        (rank, item) for rank, item in enumerate(case.encounter.facts) if performed(item) and is_vaccine(item.concept)
    ]
    work = work.drop(work.find("Z23"), "Z04")
    if not given:
        return work
    return work.add(Candidate("Z23", tuple(item.fact_id for _, item in given), ("Z04",), given[0][0]))


def add_screening(case: Case, work: Worklist) -> Worklist:
    """Screening codes from screening services; none where a symptom makes the examination diagnostic (Z01, Z02)."""
    if case.encounter.setting not in {"inpatient", "ed"}:
        for rank, fact in enumerate(case.encounter.facts):
            value = _SCREENING_BY_SERVICE.get(fact.concept)
            if value is not None and performed(fact):
                work = work.add(Candidate(value, (fact.fact_id,), ("Z01",), rank))
    for item in work.find("Z11.", "Z12.", "Z13."):
        symptoms = next(
            (found for code, found in SYMPTOMS_AGAINST_SCREENING.items() if item.value.startswith(code)), ()
        )
        against = work.find(*symptoms) if symptoms else []
        work = work.drop([item], "Z02", against[0]) if against else work.swap(item, item.under("Z01"))
    return work
