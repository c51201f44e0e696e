"""Codes by shape, and all systems of a run behind one door."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostchart.schemas.code_systems import CodeSystems, load_code_systems
from ghostchart.schemas.codes import Code, icd10cm, procedure
from ghostchart.schemas.errors import CodeError


@pytest.fixture(scope="module")
def systems() -> CodeSystems:
    return load_code_systems()


@pytest.mark.parametrize(
    ("text", "value"),
    [("E1122", "E11.22"), ("e11.22 ", "E11.22"), ("I10", "I10"), ("W19XXXA", "W19.XXXA"), ("QA0011", "QA0.011")],
)
def test_icd_values_get_their_dot(text: str, value: str) -> None:
    assert icd10cm(text).value == value


@pytest.mark.parametrize("text", ["", "11.9", "E1", "E11.", "E11.22222", "EE1.2", "E11 22", "E11.2\n2"])
def test_icd_values_of_another_shape_are_refused(text: str) -> None:
    with pytest.raises(CodeError, match="shape"):
        icd10cm(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [("99213", Code("cpt", "99213")), ("0001a", Code("cpt", "0001A")), ("g0439", Code("hcpcs", "G0439"))],
)
def test_procedures_are_told_apart_by_their_first_character(text: str, code: Code) -> None:
    assert procedure(text) == code


@pytest.mark.parametrize("text", ["", "9921", "992133", "W0439", "99213-25", "3074B"])
def test_procedure_values_of_another_shape_are_refused(text: str) -> None:
    with pytest.raises(CodeError):
        procedure(text)


def test_an_unknown_system_is_refused() -> None:
    with pytest.raises(CodeError, match="unknown code system"):
        Code("snomed", "1")  # type: ignore[arg-type]


@given(st.text(max_size=12))
def test_nothing_but_a_code_error_comes_out(text: str) -> None:
    for read in (icd10cm, procedure):
        try:
            code = read(text)
        except CodeError:
            continue
        assert code.value == code.value.upper().strip()


def test_each_code_finds_its_system(systems: CodeSystems) -> None:
    assert systems.describe(icd10cm("I10")) == "Essential (primary) hypertension"
    assert systems.describe(procedure("83036")) == "hemoglobin A1c"
    assert systems.is_billable(procedure("G0439"))
    assert not systems.is_billable(icd10cm("E11"))
    assert systems.require(icd10cm("E11.9")) == icd10cm("E11.9")
    with pytest.raises(CodeError):
        systems.require(procedure("00001"))


def test_releases_are_named_by_system(systems: CodeSystems) -> None:
    assert systems.release_of("icd10cm") == "ICD-10-CM 2026-04"
    assert systems.release_of("cpt").startswith("CPT starter")
    assert systems.release_of("hcpcs").startswith("HCPCS Level II")
