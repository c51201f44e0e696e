"""Visit codes, modifiers and procedures: hand-written levels, thresholds from both sides."""

from __future__ import annotations

from datetime import date

import pytest

from ghostchart.schemas.clinical import ClinicalFact, Encounter, GoldCode, SyntheticPatient
from ghostchart.schemas.code_systems import CodeSystems, load_code_systems
from ghostchart.synth.library import Library, load_library
from ghostchart.synth.policy import RULES, code_encounter
from ghostchart.synth.policy.evaluation_management import office_level, preventive_code
from ghostchart.synth.policy.status_drugs import bmi_code


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library()


@pytest.fixture(scope="module")
def systems() -> CodeSystems:
    return load_code_systems("starter")


def code(
    library: Library, systems: CodeSystems, facts: list[ClinicalFact], age: int = 60, setting: str = "office"
) -> tuple[GoldCode, ...]:
    day = date(2026, 5, 4)
    note_type = {"office": "office_soap", "ed": "ed", "inpatient": "discharge_summary"}[setting]
    patient = SyntheticPatient("p1", "F", date(2026 - age, 1, 1))
    condition = ClinicalFact("c1", "condition", "icd10cm:I10")
    encounter = Encounter("e1", patient, setting, note_type, day, day, age, (condition, *facts))  # type: ignore[arg-type]
    return code_encounter(encounter, library, systems)


def procedures(codes: tuple[GoldCode, ...]) -> list[str]:
    return ["-".join((item.value, *item.modifiers)) for item in codes if item.role == "procedure"]


def visit(kind: str, /, **attributes: str) -> ClinicalFact:
    return ClinicalFact(f"v-{kind}", "visit", f"visit.{kind}", attributes)


def service(concept: str, number: int = 1, **attributes: str) -> ClinicalFact:
    return ClinicalFact(f"p{number}-{concept}", "procedure", concept, attributes)


@pytest.mark.parametrize(
    ("status", "mdm", "minutes", "expected"),
    [
        ("new", "", 14, None),
        ("new", "", 15, 0),
        ("new", "", 29, 0),
        ("new", "", 30, 1),
        ("new", "", 45, 2),
        ("new", "", 60, 3),
        ("established", "", 9, None),
        ("established", "", 10, 0),
        ("established", "", 19, 0),
        ("established", "", 20, 1),
        ("established", "", 29, 1),
        ("established", "", 30, 2),
        ("established", "", 40, 3),
        ("established", "straightforward", None, 0),
        ("established", "high", None, 3),
        ("established", "low", 40, 3),  # the higher of both
        ("established", "moderate", 10, 2),
        ("established", "", None, None),
    ],
)
def test_office_level(status: str, mdm: str, minutes: int | None, expected: int | None) -> None:
    assert office_level(status, mdm, minutes) == expected


@pytest.mark.parametrize(
    ("status", "age", "expected"),
    [
        ("new", 0, "99381"),
        ("new", 1, "99382"),
        ("new", 4, "99382"),
        ("new", 5, "99383"),
        ("established", 11, "99393"),
        ("established", 12, "99394"),
        ("established", 17, "99394"),
        ("established", 18, "99395"),
        ("established", 39, "99395"),
        ("established", 40, "99396"),
        ("established", 64, "99396"),
        ("established", 65, "99397"),
        ("new", 90, "99387"),
    ],
)
def test_preventive_bands(status: str, age: int, expected: str) -> None:
    assert preventive_code(status, age) == expected


@pytest.mark.parametrize(
    ("bmi", "expected"),
    [
        (15.0, "Z68.1"),
        (19.9, "Z68.1"),
        (20.0, "Z68.20"),
        (29.9, "Z68.29"),
        (39.9, "Z68.39"),
        (40.0, "Z68.41"),
        (44.9, "Z68.41"),
        (45.0, "Z68.42"),
        (50.0, "Z68.43"),
        (60.0, "Z68.44"),
        (70.0, "Z68.45"),
    ],
)
def test_bmi_bands(bmi: float, expected: str) -> None:
    assert bmi_code(bmi) == expected


@pytest.mark.parametrize(
    ("facts", "setting", "expected"),
    [
        ([visit("office", status="new", mdm="moderate")], "office", ["99204"]),
        ([visit("office", status="established", minutes="25")], "office", ["99213"]),
        ([visit("office", status="established")], "office", []),
        ([visit("ed", mdm="high", minutes="10")], "ed", ["99285"]),
        ([visit("ed", minutes="90")], "ed", []),  # time never counts in the emergency department
        ([visit("discharge", minutes="30")], "inpatient", ["99238"]),
        ([visit("discharge", minutes="31")], "inpatient", ["99239"]),
        ([visit("discharge")], "inpatient", ["99238"]),
        ([visit("awv", kind="initial")], "office", ["G0438"]),
        ([visit("awv", kind="subsequent")], "office", ["G0439"]),
        (
            [visit("awv", kind="subsequent"), visit("office", status="established", mdm="low")],
            "office",
            ["G0439", "99213-25"],
        ),
        ([visit("office", status="established", mdm="low"), service("cpt:20610")], "office", ["99213-25", "20610"]),
        ([visit("office", status="established", mdm="low"), service("cpt:36415")], "office", ["99213", "36415"]),
        ([visit("office", status="established", mdm="low"), service("cpt:93000")], "office", ["99213", "93000"]),
        ([visit("ed", mdm="low"), service("cpt:12001")], "ed", ["99283-25", "12001"]),
        ([visit("preventive", status="new"), service("cpt:90471")], "office", ["99386-25", "90471"]),
        ([visit("discharge"), service("cpt:96372")], "inpatient", ["99238", "96372"]),
        ([service("cpt:20610", laterality="right")], "office", ["20610-RT"]),
        ([service("cpt:20610", laterality="bilateral")], "office", ["20610-50"]),
        (
            [service("cpt:20610", 1, laterality="right"), service("cpt:20610", 2, laterality="left")],
            "office",
            ["20610-50"],
        ),
        ([service("cpt:20610", 1, laterality="right"), service("cpt:20610", 2)], "office", ["20610-RT"]),
        ([service("cpt:33533")], "office", []),  # not in the starter table
        (
            [ClinicalFact("p1", "procedure", "cpt:45378", temporality="declined")],
            "office",
            [],
        ),
        ([ClinicalFact("p1", "procedure", "cpt:45378", temporality="hypothetical")], "office", []),
    ],
)
def test_visits_and_modifiers(
    facts: list[ClinicalFact], setting: str, expected: list[str], library: Library, systems: CodeSystems
) -> None:
    codes = code(library, systems, facts, setting=setting)
    assert procedures(codes) == expected
    assert {rule for item in codes for rule in item.rules} <= set(RULES)


def test_cpt_off_leaves_hcpcs(library: Library) -> None:
    systems = load_code_systems("off")
    facts = [visit("awv", kind="initial"), visit("office", status="new", mdm="low"), service("cpt:93000")]
    assert procedures(code(library, systems, facts)) == ["G0438"]


def test_poa_is_given_to_inpatients_only(library: Library, systems: CodeSystems) -> None:
    arose = ClinicalFact("c2", "condition", "icd10cm:N17.9", present_on_admission="N")
    smoker = ClinicalFact("c3", "condition", "icd10cm:Z87.891")
    inpatient = code(library, systems, [arose, smoker], setting="inpatient")
    assert {item.value: item.poa for item in inpatient} == {"I10": "Y", "N17.9": "N", "Z87.891": "1"}
    assert {item.poa for item in code(library, systems, [arose, smoker])} == {""}


def test_combination_code_names_the_facts_of_all_partners(library: Library, systems: CodeSystems) -> None:
    facts = [ClinicalFact("c2", "condition", "icd10cm:I50.22"), ClinicalFact("c3", "condition", "icd10cm:N18.4")]
    first = code(library, systems, facts)[0]
    assert (first.value, first.evidence, first.role) == ("I13.0", ("c1", "c2", "c3"), "first_listed")


def test_combination_code_is_not_present_on_admission_if_a_part_was_not(library: Library, systems: CodeSystems) -> None:
    arose = ClinicalFact("c2", "condition", "icd10cm:I50.31", present_on_admission="N")
    codes = code(library, systems, [arose], setting="inpatient")
    assert {item.value: item.poa for item in codes} == {"I11.0": "N", "I50.31": "N"}
