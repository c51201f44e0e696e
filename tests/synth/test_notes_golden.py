"""Golden notes with a small library of their own: two per note type; a change shows up in the diff of a text file.

Set GHOSTCHART_UPDATE_GOLDEN=1 to write them anew, then read the diff.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ghostchart.schemas.canonical import stream
from ghostchart.schemas.clinical import ClinicalFact, Encounter, GoldCode, SyntheticPatient
from ghostchart.schemas.codes import Code
from ghostchart.schemas.errors import CodeError, TemplateError
from ghostchart.schemas.note import ENTITY_TYPES, Note
from ghostchart.schemas.screening import OpenScreen
from ghostchart.synth.notes.compose import NoteComposer, NoteIdentity
from ghostchart.synth.notes.draws import Draws
from ghostchart.synth.notes.surrogates import SurrogatePool
from ghostchart.synth.notes.template_files import CompiledTemplate, read_template, shipped_templates

GOLDEN = Path(__file__).parent / "golden"
TEMPLATES = {template.info.id: template for template in shipped_templates()}
IN_GOLDEN = (
    "office_soap/problem_oriented",
    "office_soap/sbar",
    "ed/narrative",
    "ed/brief_sbar",
    "discharge_summary/standard",
    "discharge_summary/letter",
    "awv/terse",
    "awv/conversation",
    "operative/standard",
    "progress/problem_oriented",
    "telehealth/terse",
    "home_health/kitchen_table",
)
FORMS = {
    "hypertension": ("I10", "essential hypertension", "HTN", "high blood pressure", "primary hypertension"),
    "type_2_diabetes": ("E11.65", "type 2 diabetes with hyperglycemia", "T2DM with hyperglycemia", "DM2, high sugars"),
    "heart_failure": ("I50.32", "chronic diastolic heart failure", "HFpEF, chronic", "chronic diastolic CHF"),
    "chest_pain": ("R07.9", "chest pain", "chest discomfort", "CP"),
    "fever": ("R50.9", "fever", "febrile illness", "pyrexia"),
    "colon_cancer": ("C18.9", "colon cancer", "carcinoma of the colon", "colonic malignancy"),
    "breast_cancer": ("C50.919", "breast cancer", "carcinoma of the breast", "breast malignancy"),
    "kidney_stone": ("N20.0", "kidney stone", "nephrolithiasis", "renal calculus"),
    "influenza": ("J11.1", "influenza", "flu", "the flu with cough"),
    "dvt": ("I82.401", "right leg DVT", "DVT of the right leg", "right leg clot"),
    "syncope": ("R55", "fainting", "syncope", "passing out"),
    "bronchitis": ("J20.9", "acute bronchitis", "bronchitis", "chest cold"),
    "reflux": ("K21.9", "GERD", "reflux", "acid reflux"),
    "embolism": ("I26.99", "pulmonary embolism", "PE", "lung clot"),
}


@dataclass(frozen=True)
class StubFamily:
    chronic: bool


class StubLibrary:
    """Fixed wordings, so that golden notes change only when notes change."""

    families: Mapping[str, StubFamily] = {
        key: StubFamily(key in ("hypertension", "type_2_diabetes", "heart_failure")) for key in FORMS
    }

    def code_for(self, concept: str, attributes: Mapping[str, str]) -> str:
        if concept not in FORMS:
            raise CodeError(f"no concept {concept}")
        return FORMS[concept][0]

    def surface_forms(self, fact: ClinicalFact) -> tuple[str, ...]:
        return FORMS[fact.concept][1:]

    history_forms = family_history_forms = surface_forms

    def procedure_forms(self, fact: ClinicalFact) -> tuple[str, ...]:
        return {"cpt:83036": ("hemoglobin A1c", "A1c test"), "cpt:45378": ("colonoscopy",)}.get(fact.concept, ())


class StubSystems:
    def describe(self, code: Code) -> str:
        return f"meaning of {code.value}"

    def release_of(self, system: str) -> str:
        return f"{system} test release"


def no_strata(icd_values: Iterable[str], others: Iterable[Code] = ()) -> tuple[str, ...]:
    return ("frailty",) if "R54" in set(icd_values) else ()


def fact(fact_id: str, concept: str, **changes: Any) -> ClinicalFact:
    return ClinicalFact(fact_id, changes.pop("kind", "condition"), concept, **changes)


def code(value: str, *evidence: str, role: str = "secondary", poa: str = "") -> GoldCode:
    system = "cpt" if value[0].isdigit() else "icd10cm"
    return GoldCode(system, value, role, evidence, ("MAP",), poa=poa)  # type: ignore[arg-type]


def encounter(note_type: str, age: int = 66, sex: str = "F", extra: tuple[ClinicalFact, ...] = ()) -> Encounter:
    poa = "Y" if note_type in ("discharge_summary", "progress") else ""
    inpatient = note_type in ("discharge_summary", "history_and_physical", "progress")
    visit = {
        "office_soap": ("visit.office", {"status": "established", "minutes": "32"}),
        "ed": ("visit.ed", {"mdm": "moderate"}),
        "discharge_summary": ("visit.discharge", {"minutes": "41"}),
        "awv": ("visit.awv", {"kind": "subsequent"}),
    }.get(note_type, ("visit.office", {"status": "established", "mdm": "low"}))
    return Encounter(
        encounter_id="e1",
        patient=SyntheticPatient("p1", sex, date(2026 - age, 1, 5)),  # type: ignore[arg-type]
        setting="inpatient" if inpatient else "ed" if note_type == "ed" else "office",
        note_type=note_type,  # type: ignore[arg-type]
        start=date(2026, 3, 2),
        end=date(2026, 3, 6 if note_type == "discharge_summary" else 2),
        age=age,
        facts=(
            fact("f1", "hypertension", present_on_admission=poa),
            fact("f2", "type_2_diabetes", present_on_admission="N" if poa else ""),
            fact("f3", "colon_cancer", temporality="history"),
            fact("f4", "breast_cancer", experiencer="family"),
            fact("m1", "drug:metformin", kind="medication", attributes={"purpose": "type_2_diabetes"}),
            fact("p1", "cpt:83036", kind="procedure"),
            fact("d1", "fever", certainty="negated", distractor="negated"),
            fact("d2", "dvt", certainty="ruled_out", distractor="ruled out"),
            fact("d3", "influenza", experiencer="other", distractor="other person"),
            fact("d4", "syncope", temporality="hypothetical", distractor="hypothetical"),
            fact("d5", "bronchitis", addressed=False, distractor="copied-forward problem list"),
            fact("d6", "kidney_stone", temporality="resolved", distractor="history-of resolved"),
            fact(
                "d7", "cpt:45378", kind="procedure", temporality="declined", distractor="planned or declined procedure"
            ),
            fact("v1", visit[0], kind="visit", attributes=visit[1]),
            *extra,
        ),
        vitals={"systolic_bp_mmhg": 148.0, "diastolic_bp_mmhg": 86.0, "bmi_kg_m2": 31.4},
        labs={"hba1c_percent": 8.4, "egfr_ml_min": 71.0},
    )


GOLD = (
    code("I10", "f1", role="first_listed"),
    code("E11.65", "f2"),
    code("Z68.31", "vital:bmi_kg_m2", "f2"),
    code("Z85.038", "f3"),
    code("Z80.3", "f4"),
    code("99214", "v1", role="procedure"),
    code("83036", "p1", role="procedure"),
)


def composer(split: str) -> NoteComposer:
    """A fresh composer over one pool of names, set back to its start: making the names is what takes time."""
    pool = pool_of_names()
    pool._patients.clear()
    pool._draws = Draws(7)
    return NoteComposer(StubLibrary(), StubSystems(), no_strata, pool, split)  # type: ignore[arg-type]


@cache
def pool_of_names() -> SurrogatePool:
    return SurrogatePool(stream(1, "golden"), OpenScreen())


def compose(
    template: CompiledTemplate, seed: int = 5, told: Encounter | None = None, gold: tuple[GoldCode, ...] = GOLD
) -> Note:
    split = template.info.split
    return composer(split).compose(
        told or encounter(template.info.note_type), gold, template, NoteIdentity("n1", split, seed, "hash")
    )


@pytest.mark.parametrize("template_id", IN_GOLDEN)
def test_golden_notes(template_id: str) -> None:
    note = compose(TEMPLATES[template_id])
    shown = [note.text, "", "-- codes"]
    for item in note.codes:
        shown.append(f"{item.value} {[note.text[span.start : span.end] for span in item.spans]}")
    shown.append("-- distractors")
    shown += [f"{item.kind}: {note.text[item.start : item.end]}" for item in note.distractors]
    shown.append("-- surrogates")
    shown += [f"{item.entity_type}: {item.value}" for item in note.surrogates]
    text = "\n".join(shown) + "\n"
    path = GOLDEN / f"{template_id.replace('/', '__')}.txt"
    if os.environ.get("GHOSTCHART_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=list(TEMPLATES))
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_template_keeps_every_fact(template: CompiledTemplate, seed: int) -> None:
    note = compose(template, seed)
    assert [item.value for item in note.codes] == [item.value for item in GOLD]
    bmi = next(item for item in note.codes if item.value == "Z68.31")
    assert "BMI 31.4" in note.text[bmi.spans[0].start : bmi.spans[0].end]
    kinds = {item.kind for item in note.distractors} - {
        "abbreviation ambiguity"
    }  # drawn now and then, no fact behind it
    assert kinds == {item.distractor for item in encounter(template.info.note_type).facts if item.distractor}
    for surrogate in note.surrogates:
        assert note.text[surrogate.start : surrogate.end] == surrogate.value
        assert surrogate.entity_type in ENTITY_TYPES
    assert {"PERSON", "DATE_TIME", "MEDICAL_RECORD_NUMBER"} & {item.entity_type for item in note.surrogates}
    assert not any("\ue000" <= character <= "\uf8ff" for character in note.text)


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=list(TEMPLATES))
def test_ages_over_89_are_never_shown(template: CompiledTemplate) -> None:
    note = compose(template, 4, encounter(template.info.note_type, age=90))
    years = {int(word) for word in note.text.replace("-", " ").replace("/", " ").split() if word.isdigit()}
    assert 1936 not in years
    assert "90-year" not in note.text
    assert "90F" not in note.text
    shown = [item.value for item in note.surrogates if item.entity_type == "AGE_OVER_89"]
    assert set(shown) <= {"90 or older", "90+"}
    assert note.text.count("90 or older") + note.text.count("90+") == len(shown)


@pytest.mark.parametrize("template_id", IN_GOLDEN)
def test_pronouns_follow_the_patient(template_id: str) -> None:
    words = set()
    for seed in range(6):
        told = encounter(TEMPLATES[template_id].info.note_type, sex="M")
        words |= set(compose(TEMPLATES[template_id], seed, told).text.lower().replace(".", " ").split())
    assert not words & {"she", "woman", "ms", "herself"}


def test_all_dates_are_in_the_ledger() -> None:
    for template in TEMPLATES.values():
        note = compose(template)
        listed = [note.text[item.start : item.end] for item in note.surrogates if item.entity_type == "DATE_TIME"]
        rest = note.text
        for value in sorted(listed, key=len, reverse=True):
            rest = rest.replace(value, "")
        assert "2026" not in rest
        assert "1960" not in rest


def test_lost_evidence_names_template_and_code() -> None:
    with pytest.raises(TemplateError, match=r"M17\.11.*office_soap/terse"):
        compose(TEMPLATES["office_soap/terse"], gold=(*GOLD, code("M17.11", "f99")))


def test_template_that_drops_a_block_loses_evidence(tmp_path: Path) -> None:
    source = TEMPLATES["ed/terse"].source.strip()
    head = "---\nid: ed/lossy\nfamily: ed_lossy\nnote_type: ed\nsplit: train\nvoice: terse\n---\n"
    path = tmp_path / "lossy.md.j2"
    path.write_text(
        head
        + source.replace("{{ pmh |", "{% if false %}{{ pmh |").replace(
            'join(", ") }}\n', 'join(", ") }}{% endif %}\n', 1
        )
    )
    changed = head + source.replace('PMHx {{ pmh | join(", ") }}', "PMHx {% if false %}{{ pmh }}{% endif %}")
    path.write_text(changed)
    template, problems = read_template(path, "lossy.md.j2")
    assert template is not None
    assert not problems
    with pytest.raises(TemplateError, match=r"Z85\.038 has no evidence.*ed/lossy"):
        compose(template)


def test_inpatient_uncertain_diagnosis_is_coded_not_labelled() -> None:
    likely = fact("u1", "embolism", certainty="uncertain", distractor="uncertain outpatient", present_on_admission="Y")
    told = encounter("discharge_summary", extra=(likely,))
    note = compose(TEMPLATES["discharge_summary/standard"], told=told, gold=(*GOLD, code("I26.99", "u1")))
    assert "uncertain outpatient" not in {item.kind for item in note.distractors}
    span = next(item for item in note.codes if item.value == "I26.99").spans[0]
    before = note.text[max(0, span.start - 20) : span.end + 10].lower()
    assert any(word in before for word in ("probable", "likely", "suspected"))


def test_outpatient_uncertain_diagnosis_is_labelled() -> None:
    likely = fact("u1", "reflux", certainty="uncertain", cause="f1", distractor="uncertain outpatient")
    note = compose(TEMPLATES["ed/standard"], told=encounter("ed", extra=(likely,)))
    assert "uncertain outpatient" in {item.kind for item in note.distractors}


def test_wording_depends_on_the_seed_alone() -> None:
    template = TEMPLATES["office_soap/dictated"]
    assert compose(template, 9) == compose(template, 9)
    assert compose(template, 9).text != compose(template, 10).text
