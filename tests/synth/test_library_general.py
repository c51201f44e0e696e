"""The general path: codes outside the families, and what services are called."""

import random
from collections import defaultdict

import pytest

from ghostchart.schemas.clinical import ClinicalFact
from ghostchart.schemas.errors import CodeError
from ghostchart.schemas.icd10cm import Icd10Cm
from ghostchart.schemas.icd10cm_release import load_icd10cm
from ghostchart.schemas.procedure_codes import load_procedure_codes
from ghostchart.synth.library import Library, load_library


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library()


@pytest.fixture(scope="module")
def system() -> Icd10Cm:
    return load_icd10cm()


def general(library: Library, code: str) -> tuple[str, ...]:
    return library.surface_forms(ClinicalFact("f", "condition", f"icd10cm:{code}"))


def sample(system: Icd10Cm, count: int) -> list[str]:
    codes = system.billable_codes()
    return random.Random(2026).sample(codes, count) + [code for code in codes if code.startswith(("A0", "O3", "Q8"))]


def test_sampled_codes_have_clean_forms_that_no_other_sampled_code_has(library: Library, system: Icd10Cm) -> None:
    owners: dict[str, set[str]] = defaultdict(set)
    for code in sample(system, 2500):
        forms = general(library, code)
        assert len(forms) >= 3, code
        assert len({form.lower() for form in forms}) == len(forms)
        for form in forms:
            owners[form.lower()].add(code)
            assert form == form.strip(" .,;:"), form
            assert not any("\ue000" <= character <= "\uf8ff" for character in form)
    shared = {form: codes for form, codes in owners.items() if len(codes) > 1}
    assert shared == {}


@pytest.mark.slow
def test_every_billable_code_can_be_documented(library: Library, system: Icd10Cm) -> None:
    owners: dict[str, str] = {}
    shared = 0
    for code in system.billable_codes():
        forms = general(library, code)
        assert len(forms) >= 3, code
        shared += sum(owners.setdefault(form.lower(), code) != code for form in forms)
    assert shared <= 10  # official wordings that two codes share


def test_a_code_without_family_goes_there_and_back(library: Library) -> None:
    found = library.fact_for_code("k57.92", "f")
    assert (found.concept, dict(found.attributes)) == ("icd10cm:K57.92", {})
    assert library.code_for(found.concept, {}) == "K57.92"


def test_the_encounter_phase_is_worded_in_every_form(library: Library) -> None:
    words = {
        "S43.004A": ("initial", "active"),
        "S43.004D": ("subsequent", "follow-up", "healing"),
        "S43.004S": ("sequela", "late effect", "residual"),
        "S42.411K": ("nonunion",),
    }
    for code, accepted in words.items():
        for form in general(library, code):
            assert any(word in form for word in accepted), (code, form)


def test_other_seventh_characters_are_worded_too(library: Library) -> None:
    assert all("fetus 2" in form for form in general(library, "O32.1XX2"))
    assert all("moderate stage" in form for form in general(library, "H40.1112"))


def test_an_unstated_side_is_said_as_clinicians_do(library: Library) -> None:
    forms = general(library, "H11.829")
    assert any(form.endswith("side not documented") for form in forms)
    assert not any("right" in form or "left" in form for form in forms)


def test_eponyms_keep_their_capital(library: Library) -> None:
    assert general(library, "H20.822")[0].startswith("Vogt")
    assert general(library, "K57.92")[0].startswith("diverticulitis")


def test_history_forms_leave_the_phase_out(library: Library) -> None:
    asked = ClinicalFact("f", "condition", "icd10cm:S43.004D")
    for form in (*library.history_forms(asked), *library.family_history_forms(asked)):
        assert "encounter" not in form


def test_headers_cannot_be_documented(library: Library) -> None:
    with pytest.raises(CodeError, match="header"):
        general(library, "E11")


def test_every_starter_service_has_four_phrases_and_none_is_shared(library: Library) -> None:
    owners: dict[str, str] = {}
    for code in load_procedure_codes("starter").codes():
        forms = library.procedure_forms(ClinicalFact("p", "procedure", f"{code.system}:{code.value}"))
        assert len(forms) >= 4, code
        for form in forms:
            assert owners.setdefault(form.lower(), code.value) == code.value, form
            assert form == form.strip(" .,;:")
            assert "{" not in form


def test_the_side_of_a_service_is_worded_in(library: Library) -> None:
    for value in ("20610", "73562", "69210", "12001"):
        for side in ("right", "left"):
            asked = ClinicalFact("p", "procedure", f"cpt:{value}", {"laterality": side})
            assert all(side in form for form in library.procedure_forms(asked)), value
        plain = library.procedure_forms(ClinicalFact("p", "procedure", f"cpt:{value}"))
        assert not any("right" in form or "left" in form for form in plain)


def test_numbers_outside_the_starter_have_no_phrases(library: Library) -> None:
    assert library.procedure_forms(ClinicalFact("p", "procedure", "cpt:00001")) == ()
