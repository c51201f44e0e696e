"""Symptoms that routinely belong to a coded diagnosis are not coded beside it (G14)."""

from __future__ import annotations

from ghostchart.schemas.code_set.symptoms import integral_to, is_integral
from ghostchart.synth.policy.lookups import Lookups
from ghostchart.synth.policy.worklist import Candidate, Case, Worklist

SYMPTOM_STARTS = ("R", "M25.5", "M54.", "M79.6", "H92.0", "E16.2", "J34.89", "K62.5")


def integral_symptoms(look: Lookups, value: str, concept: str) -> tuple[str, ...]:
    """Symptom prefixes that belong to a diagnosis, by the table and by what the library says of the concept."""
    return integral_to(value) + _of_family(look, concept)


def _of_family(look: Lookups, concept: str) -> tuple[str, ...]:
    family = look.library.families.get(concept)
    return family.integral_symptoms if family is not None else ()


def drop_integral(case: Case, work: Worklist) -> Worklist:
    """Take integral symptoms off; symptoms that do not belong to any coded diagnosis stay."""
    suspects = work.find(*SYMPTOM_STARTS)
    if not suspects or len(suspects) == len(work.candidates) == 1:
        return work
    for symptom in suspects:
        holder = _explained_by(case, work, symptom)
        if holder is not None:
            underweight = symptom.value.startswith("R63") and holder.value.startswith("E4")
            work = work.drop([symptom], "E09" if underweight else "G14", holder)
    return work


def _explained_by(case: Case, work: Worklist, symptom: Candidate) -> Candidate | None:
    return next(
        (
            item
            for item in work.candidates
            if is_integral(symptom.value, item.value, _of_family(case.look, item.concept))
        ),
        None,
    )
