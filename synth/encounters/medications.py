"""Medication facts: recorded drugs with what they are for, and usual drugs of treated conditions."""

from __future__ import annotations

import re
from types import MappingProxyType

from ghostchart.schemas.clinical import ClinicalFact
from ghostchart.synth.encounters.draws import Draws
from ghostchart.synth.library import Drug, Library
from ghostchart.synth.policy.status_drugs import NEED_STATED_DURATION

_MOST = 8
_USUAL_DRUG_SHARE = 0.45
_UNEXPLAINED_SHARE = 0.4
_DIABETES_CODES = {"Z79.4", "Z79.84", "Z79.85"}
_DIABETES = {"type_1_diabetes", "type_2_diabetes", "prediabetes", "gestational_diabetes"}
MEDICATION_WITHOUT_DIAGNOSIS = "medication without diagnosis"
_OVER = {"former", "history", "remission"}
_NAME = re.compile(r"[a-z][a-z -]*[a-z]")


def medication_facts(
    recorded: tuple[str, ...],
    codes: tuple[str, ...],
    conditions: list[ClinicalFact],
    library: Library,
    draws: Draws,
    clutter: float,
) -> list[ClinicalFact]:
    """Drugs the note will list, each with its purpose.

    Args:
        recorded: drug names of the medications table; what the library does not know is left out.
        codes: diagnosis codes of the encounter's rows; Z79 rows call for a drug of their class.
        conditions: asserted conditions of the encounter.
        library: knows drugs, their purposes and long-term-use codes.
        draws: randomness of the encounter.
        clutter: 0 to 1, how readily a drug without a diagnosis is kept.
    """
    asserted = {fact.concept: fact for fact in conditions if fact.is_asserted or fact.temporality == "history"}
    chosen: dict[str, str] = {}
    unexplained = draws.chance(_UNEXPLAINED_SHARE * clutter)
    distractors: set[str] = set()
    for name in recorded:
        drug = find_drug(library, name)
        if drug is None or drug.name in chosen or not _fits(drug, asserted):
            continue
        purpose = _purpose(drug, asserted)
        if not purpose and (not drug.long_term_code or drug.long_term_code in NEED_STATED_DURATION):
            if not unexplained or distractors:
                continue
            distractors.add(drug.name)
        chosen[drug.name] = purpose
    for value in codes:
        if value.startswith("Z79.") and not any(library.drugs[name].long_term_code == value for name in chosen):
            options = [
                drug for drug in library.drugs.values() if drug.long_term_code == value and _fits(drug, asserted)
            ]
            explained = [drug for drug in options if _purpose(drug, asserted)]
            if explained:
                drug = draws.pick(explained)
                chosen[drug.name] = _purpose(drug, asserted)
    for concept in asserted:
        family = library.families.get(concept)
        if family is None or not family.chronic or not family.drugs or concept in chosen.values():
            continue
        usual = [name for name in family.drugs if name in library.drugs and name not in chosen]
        usual = [name for name in usual if _fits(library.drugs[name], asserted)]
        if usual and draws.chance(_USUAL_DRUG_SHARE):
            chosen[draws.pick(usual[:4])] = concept
    return [
        ClinicalFact(
            f"m{number}",
            "medication",
            f"drug:{name}",
            MappingProxyType({"purpose": purpose}),
            distractor=MEDICATION_WITHOUT_DIAGNOSIS if name in distractors else "",
        )
        for number, (name, purpose) in enumerate(list(chosen.items())[:_MOST], start=1)
    ]


def find_drug(library: Library, name: str) -> Drug | None:
    """The library's drug for a name as hospital systems write it ("Metformin HCl 500 mg"), None if unknown."""
    text = name.strip().lower()
    if text in library.drugs:
        return library.drugs[text]
    match = _NAME.match(text)
    words = match[0].split() if match else []
    for count in (3, 2, 1):
        candidate = " ".join(words[:count])
        if candidate in library.drugs:
            return library.drugs[candidate]
    return None


def _purpose(drug: Drug, asserted: dict[str, ClinicalFact]) -> str:
    return next((concept for concept in drug.purposes if concept in asserted and not _is_over(asserted[concept])), "")


def _is_over(fact: ClinicalFact) -> bool:
    """The family says that the condition is past: a former smoker, a cancer without disease or treatment."""
    return fact.attributes.get("status") in _OVER or fact.attributes.get("complication") == "remission"


def _fits(drug: Drug, asserted: dict[str, ClinicalFact]) -> bool:
    """Drugs of a condition that is over are no longer taken; diabetes drugs need their diabetes."""
    if any(concept in asserted and _is_over(asserted[concept]) for concept in drug.purposes) and not _purpose(
        drug, asserted
    ):
        return False
    if drug.long_term_code not in _DIABETES_CODES:
        return True
    if not any(concept in _DIABETES for concept in asserted):
        return False
    return not ("type_1_diabetes" in asserted and drug.long_term_code != "Z79.4")
