"""Any encounter in any template: every span lies in the text and holds words accepted for its code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ghostchart.schemas.canonical import stream
from ghostchart.schemas.clinical import ClinicalFact, Encounter, GoldCode, SyntheticPatient
from ghostchart.schemas.code_systems import load_code_systems
from ghostchart.schemas.screening import OpenScreen
from ghostchart.synth.library import load_library
from ghostchart.synth.library.strata import strata_of
from ghostchart.synth.notes.compose import NoteComposer, NoteIdentity
from ghostchart.synth.notes.forms import divide_forms
from ghostchart.synth.notes.surrogates import SurrogatePool
from ghostchart.synth.notes.template_files import shipped_templates

TEMPLATES = shipped_templates()
SETTINGS = {
    "ed": "ed",
    "discharge_summary": "inpatient",
    "history_and_physical": "inpatient",
    "progress": "inpatient",
    "telehealth": "telehealth",
    "home_health": "home",
    "nursing_facility": "nursing_facility",
}
VISITS = {
    "office_soap": ("visit.office", {"status": "new", "mdm": "moderate"}),
    "awv": ("visit.awv", {"kind": "initial"}),
    "ed": ("visit.ed", {"mdm": "high"}),
    "discharge_summary": ("visit.discharge", {"minutes": "25"}),
    "preventive": ("visit.preventive", {"status": "new"}),
    "telehealth": ("visit.office", {"status": "new", "modality": "audio_only", "minutes": "33"}),
    "history_and_physical": ("visit.hospital", {"stage": "initial", "mdm": "high"}),
    "progress": ("visit.hospital", {"stage": "subsequent", "minutes": "40"}),
    "nursing_facility": ("visit.nursing_facility", {"stage": "initial", "mdm": "low"}),
}
PLAIN_VISIT = ("visit.office", {"status": "established", "mdm": "low"})


@cache
def codes() -> tuple[str, ...]:
    """A spread of family codes and of codes on the general path."""
    return load_library().codes()[::7] + load_code_systems().icd10cm.billable_codes()[::400]


@cache
def composer(split: str, noise: float = 0.0) -> NoteComposer:
    pool = SurrogatePool(stream(3, split), OpenScreen())
    return NoteComposer(load_library(), load_code_systems(), strata_of, pool, split, noise=noise)  # type: ignore[arg-type]


def accepted(fact: ClinicalFact) -> Iterable[str]:
    library = load_library()
    if fact.kind == "medication":
        return (fact.concept.removeprefix("drug:"),)
    if fact.kind == "procedure":
        return library.procedure_forms(fact)
    if fact.experiencer == "family":
        return library.family_history_forms(fact)
    if fact.temporality in ("history", "resolved"):
        return library.history_forms(fact)
    return library.surface_forms(fact)


@st.composite
def encounters(draw: st.DrawFn) -> tuple[int, Encounter, int, float]:
    number = draw(st.integers(0, len(TEMPLATES) - 1))
    note_type = TEMPLATES[number].info.note_type
    library = load_library()
    chosen = draw(st.lists(st.sampled_from(codes()), min_size=1, max_size=8, unique=True))
    facts = []
    for position, value in enumerate(chosen):
        fact = library.fact_for_code(value, f"f{position}")
        changes = draw(
            st.sampled_from(
                [
                    {},
                    {},
                    {},
                    {"addressed": False},
                    {"temporality": "history"},
                    {"experiencer": "family"},
                    {"certainty": "negated", "distractor": "negated"},
                    {"certainty": "uncertain", "distractor": "uncertain outpatient", "cause": "f0"},
                    {"temporality": "hypothetical", "distractor": "hypothetical"},
                    {"experiencer": "other", "distractor": "other person"},
                    {"certainty": "ruled_out", "distractor": "ruled out"},
                    {"addressed": False, "distractor": "external record"},
                    {"addressed": False, "distractor": "laterality contradiction"},
                    {"addressed": False, "distractor": "screening vs diagnostic"},
                    {"certainty": "negated", "distractor": "template normal ROS vs HPI positive"},
                    {"distractor": "stage only in nursing note"},
                    {"temporality": "history", "distractor": "historical date drift"},
                ]
            )
        )
        facts.append(replace(fact, **(changes if position else {})))
    drug = ClinicalFact("m1", "medication", "drug:metformin", {"purpose": facts[0].concept})
    test = ClinicalFact("p1", "procedure", "cpt:83036")
    concept, attributes = VISITS.get(note_type, PLAIN_VISIT)
    facts += [drug, test, ClinicalFact("v1", "visit", concept, attributes)]
    age = draw(st.integers(0, 90))
    encounter = Encounter(
        encounter_id="e1",
        patient=SyntheticPatient(
            draw(st.sampled_from(["p1", "p2"])), draw(st.sampled_from(["F", "M"])), date(1990, 5, 5)
        ),
        setting=SETTINGS.get(note_type, "office"),  # type: ignore[arg-type]
        note_type=note_type,
        start=date(2026, 1, 4),
        end=date(2026, 1, 6),
        age=age,
        facts=tuple(facts),
        vitals={"bmi_kg_m2": 33.0, "systolic_bp_mmhg": 121.0} if draw(st.booleans()) else {},
        labs={"never_heard_of_mg_dl": 4.4} if draw(st.booleans()) else {},
    )
    return number, encounter, draw(st.integers(0, 2**40)), draw(st.sampled_from([0.0, 0.3, 1.0]))


@settings(max_examples=500, derandomize=True, deadline=None)
@given(encounters())
def test_spans_hold_accepted_words(drawn: tuple[int, Encounter, int, float]) -> None:
    check_spans(*drawn)


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(encounters())
def test_spans_hold_accepted_words_in_ten_thousand_notes(drawn: tuple[int, Encounter, int, float]) -> None:
    check_spans(*drawn)


def check_spans(number: int, encounter: Encounter, seed: int, noise: float) -> None:
    template = TEMPLATES[number]
    # One made-up gold code per fact: what the policy would give does not matter here, that no fact is lost does.
    gold = [
        GoldCode("icd10cm", "I10", "secondary", (fact.fact_id,), ("MAP",))
        for fact in encounter.facts
        if not fact.distractor
    ]
    supported = {fact.fact_id for fact in encounter.facts if not fact.distractor}
    note = composer(template.info.split, noise).compose(
        encounter, gold, template, NoteIdentity("n", template.info.split, seed, "s")
    )
    by_id = {fact.fact_id: fact for fact in encounter.facts}
    for item, code in zip(gold, note.codes, strict=True):
        fact = by_id[item.evidence[0]]
        assert code.spans
        for span in code.spans:
            assert 0 <= span.start < span.end <= len(note.text)
            held = note.text[span.start : span.end].lower()
            assert held == held.strip()
            if fact.kind != "visit":
                assert any(form.lower() in held for form in accepted(fact)), held
    expected = {fact.distractor for fact in encounter.facts if fact.distractor and fact.fact_id not in supported}
    if encounter.note_type != "operative":
        expected -= {"post-op vs pre-op dx"}
    for item in note.distractors:
        assert 0 <= item.start < item.end <= len(note.text)
    assert expected <= {item.kind for item in note.distractors}
    for item in note.surrogates:
        assert note.text[item.start : item.end] == item.value
    assert "\n\n\n" not in note.text
    assert "  " not in note.text
    assert "{" not in note.text


@pytest.mark.parametrize("count", range(1, 13))
def test_forms_are_divided_without_loss(count: int) -> None:
    forms = tuple(f"form {n}" for n in range(count))
    parts = {split: divide_forms(forms, split) for split in ("train", "validation", "test")}  # type: ignore[arg-type]
    shared = parts["train"][0]
    assert all(part[0] == shared for part in parts.values())
    assert parts["train"][1] == ()
    kept = [form for part in parts.values() for form in part[1]]
    assert len(set(kept)) == len(kept)
    assert not set(kept) & set(shared)
    assert set(shared) <= set(forms)
    assert shared
    if count >= 5:
        assert set(shared) | set(kept) == set(forms)
        assert parts["test"][1]
        assert parts["validation"][1]
