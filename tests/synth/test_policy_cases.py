"""Hand-written codes for every implemented rule: once where it must act, once where it must keep out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import pytest

from ghostchart.schemas.clinical import ClinicalFact, Encounter, SyntheticPatient
from ghostchart.schemas.code_systems import CodeSystems, load_code_systems
from ghostchart.synth.library import Drug, Library, load_library
from ghostchart.synth.policy import RULES, explain_coding


@dataclass(frozen=True)
class Case:
    """``facts``: ICD codes, or (code, field changes); ``acts``: whether the rule's id must appear in the result."""

    rule: str
    facts: Sequence[object]
    expected: str
    acts: bool = True
    setting: str = "office"
    bmi: float | None = None
    age: int = 60
    sex: str = "F"
    extra: tuple[ClinicalFact, ...] = ()
    note_type: str = ""
    labs: dict[str, float] = field(default_factory=dict)


def visit(kind: str, /, **attributes: str) -> ClinicalFact:
    return ClinicalFact(f"v-{kind}", "visit", f"visit.{kind}", attributes)


def drug(name: str, **attributes: str) -> ClinicalFact:
    return ClinicalFact(f"d-{name}", "medication", f"drug:{name}", attributes)


def service(concept: str, **changes: object) -> ClinicalFact:
    attributes = changes.pop("attributes", {})
    return ClinicalFact(f"p-{concept}", "procedure", concept, attributes, **changes)  # type: ignore[arg-type]


def uncertain(code: str) -> tuple[str, dict[str, object]]:
    return (code, {"certainty": "uncertain"})


def past(code: str) -> tuple[str, dict[str, object]]:
    return (code, {"temporality": "history"})


NOTE_TYPES = {"office": "office_soap", "ed": "ed", "inpatient": "discharge_summary"}


def encounter_of(case: Case, library: Library) -> Encounter:
    facts = []
    for index, entry in enumerate(case.facts):
        code, changes = entry if isinstance(entry, tuple) else (entry, {})
        changes = dict(changes)
        fact = library.fact_for_code(str(code), f"f{index}")
        attributes = {**fact.attributes, **changes.pop("attributes", {})}
        facts.append(ClinicalFact(fact.fact_id, fact.kind, fact.concept, attributes, **changes))
    day = date(2026, 5, 4)
    return Encounter(
        "e1",
        SyntheticPatient("p1", case.sex, date(2026 - case.age, 1, 1)),  # type: ignore[arg-type]
        case.setting,  # type: ignore[arg-type]
        case.note_type or NOTE_TYPES[case.setting],  # type: ignore[arg-type]
        day,
        day,
        case.age,
        (*facts, *case.extra),
        {"bmi_kg_m2": case.bmi} if case.bmi is not None else {},
        case.labs,
    )


CASES = [
    # --- general ---
    Case("MAP", ["J45.40"], "J45.40"),
    Case("G01", ["G35.D"], "G35.D"),
    Case("G01", ["G35"], "", acts=False),  # a header yields nothing
    Case("G05", ["M17.11", "M17.12"], "M17.0"),
    Case("G05", ["M17.11"], "M17.11", acts=False),
    Case("G05", ["H25.11", "H25.12"], "H25.13"),
    Case("G05", ["M25.551", "M25.552"], "M25.551 M25.552", acts=False),  # no bilateral code exists
    Case("G05", ["H25.10", "H25.12"], "H25.12"),
    Case("G06", ["I95.1", "R55"], "I95.1", setting="ed", acts=False),  # integral before Excludes1 is asked
    Case("G06", ["N39.0", "K50.90", "K51.90"], "N39.0 K50.90"),
    Case("G06", ["R60.0", "K50.90"], "R60.0 K50.90", acts=False),
    Case("G07", ["I10", "N18.30", "N17.9"], "I12.9 N17.9 N18.30", acts=False),
    Case("G08", ["G30.9"], "G30.9 F02.80"),
    Case("G08", ["I63.9"], "I63.9", acts=False, setting="inpatient"),
    Case("G09", ["L89.152", "L89.152"], "L89.152"),
    Case("G09", ["L89.152", "L89.153"], "L89.153", acts=False),
    Case("G10", ["E11.9", "N18.32"], "E11.22 N18.32"),
    Case("G10", ["E11.9", ("N18.32", {"attributes": {"unrelated_to": "type_2_diabetes"}})], "E11.9 N18.32", acts=False),
    Case("G11", ["E11.9", "E11.42"], "E11.42"),
    Case("G11", ["E78.5", "E78.2"], "E78.2"),
    Case("G11", ["I48.91", "I48.20"], "I48.20"),
    Case("G11", ["N18.31", "N18.4"], "N18.4"),
    Case("G11", ["E11.42", "E11.65"], "E11.42 E11.65", acts=False),
    Case("G12", ["R07.9", uncertain("I21.4")], "R07.9", acts=False, setting="ed"),
    Case("G13", [uncertain("J18.9")], "J18.9", setting="inpatient"),
    Case("G13", ["R05.9", uncertain("U07.1")], "R05.9", acts=False, setting="inpatient"),
    Case("G13", ["R05.9", uncertain("J18.9")], "R05.9", acts=False, setting="inpatient", note_type="progress"),
    Case("G14", ["J18.9", "R05.9", "R50.9"], "J18.9", setting="ed"),
    Case("G14", ["J18.9", "R55"], "J18.9 R55", acts=False, setting="ed"),
    Case("G14", ["M17.11", "M25.561"], "M17.11"),
    Case("G14", ["M17.11", "M25.562"], "M17.11 M25.562", acts=False),  # the other knee
    Case("G14", ["M17.11", "M25.551"], "M17.11 M25.551", acts=False),  # another joint
    Case("G14", ["I63.9", "R47.01"], "I63.9 R47.01", acts=False, setting="inpatient"),  # a deficit, not a symptom
    Case("G14", ["R07.9", "I25.10"], "R07.9 I25.10", acts=False),
    Case("G15", ["I50.31", "I50.32"], "I50.33"),
    Case("G15", ["I50.22", "I50.31"], "I50.43"),
    Case("G15", ["J96.01", "J96.11"], "J96.21", setting="inpatient"),
    Case("G15", ["I50.32"], "I50.32", acts=False),
    Case("G15", ["N18.31", "N17.9"], "N17.9 N18.31", acts=False, setting="inpatient"),
    Case("G16", ["I10", ("C50.911", {"experiencer": "family"})], "I10 Z80.3"),
    Case("G16", ["I10", ("J18.9", {"experiencer": "family"})], "I10", acts=False),
    Case("G16", ["I10", ("E11.9", {"certainty": "negated"})], "I10", acts=False),
    Case("G16", ["R07.9", ("I26.99", {"certainty": "ruled_out"})], "R07.9", acts=False, setting="ed"),
    Case("G16", ["I10", ("R50.9", {"temporality": "hypothetical"})], "I10", acts=False),
    Case("G16", ["I10", ("J10.1", {"experiencer": "other"})], "I10", acts=False),
    Case("G17", ["I10", ("K21.9", {"addressed": False})], "I10", acts=False),
    Case("G18", ["J18.9", ("K21.9", {"addressed": False})], "J18.9", acts=False, setting="inpatient"),
    Case("G19", ["R07.9", "K81.0"], "K81.0 R07.9", setting="inpatient"),
    Case("G19", ["R07.9", "E66.9"], "R07.9 E66.9", setting="inpatient"),  # obesity explains no admission
    Case("G19", ["R07.9", "K81.0"], "R07.9 K81.0", setting="ed"),
    Case("G20", ["R53.83"], "R53.83", acts=False, labs={"sodium_mmol_l": 129.0}),
    # --- endocrine ---
    Case("E02", ["E11.65"], "E11.65 Z79.4 Z79.84", extra=(drug("insulin glargine"), drug("metformin"))),
    Case("E02", ["E11.9"], "E11.9 Z79.85", extra=(drug("semaglutide"),)),
    Case("E02", ["E10.9"], "E10.9", acts=False, extra=(drug("insulin glargine"),)),
    Case("E02", ["I10"], "I10", acts=False, extra=(drug("metformin"),)),
    Case("E02", ["E11.9"], "E11.9", acts=False, extra=(drug("insulin lispro", duration="temporary"),)),
    Case("E03", ["E11.22"], "E11.22 N18.9"),
    Case("E03", ["N18.32", "E11.9"], "E11.22 N18.32"),
    Case("E03", ["E11.9", "N17.9"], "E11.9 N17.9", acts=False),
    Case("E05", ["E11.9", "L97.421"], "E11.621 L97.421"),
    Case("E05", ["L97.421"], "L97.421", acts=False),
    Case("W03", ["L97.421", "E11.9"], "E11.621 L97.421"),
    Case("E06", ["E11.A", "E11.42"], "E11.A"),
    Case("E06", ["E11.A"], "E11.9 Z79.84", extra=(drug("metformin"),)),
    Case("E06", ["E11.9"], "E11.9", acts=False),
    Case("E08", ["E66.812"], "E66.812 Z68.36", bmi=36.4),
    Case("E08", ["I10"], "I10", acts=False, bmi=41.0),
    Case("E08", ["E66.811"], "E66.811", acts=False, bmi=32.0, age=17),
    Case("E08", ["E66.813"], "E66.813 Z68.42", bmi=45.0),
    Case("E08", ["R63.6"], "R63.6 Z68.1", bmi=17.0),
    Case("G11", ["E66.01", "E66.813"], "E66.813"),  # E07: class 3 beats morbid
    Case("E09", ["E44.0", "R63.6"], "E44.0"),
    Case("E09", ["E44.0", "I10"], "E44.0 I10", acts=False),
    # --- circulatory ---
    Case("C01", ["I10", "I50.32"], "I11.0 I50.32"),
    Case("C01", ["I50.32"], "I50.32", acts=False),
    Case("C01", ["I11.0"], "I10", acts=False),  # a combination code without its partner does not stand
    Case("C02", ["I10", "N18.30"], "I12.9 N18.30"),
    Case("C02", ["I10", "N18.6"], "I12.0 N18.6"),
    Case("C02", ["I10", "N17.9"], "I10 N17.9", acts=False),
    Case("C03", ["I10", "I50.22", "N18.4"], "I13.0 I50.22 N18.4"),
    Case("C03", ["I10", "N18.5", "I50.9"], "I13.2 N18.5 I50.9"),
    Case("C03", ["I50.22", "N18.4"], "I50.22 N18.4", acts=False),
    Case("C04", ["E11.9", "I10", "N18.32"], "E11.22 I12.9 N18.32"),
    Case("C04", ["I10", "N18.32"], "I12.9 N18.32", acts=False),
    Case("G11", ["R03.0", "I10"], "I10"),  # C05
    Case("C06", ["I25.10", "I20.9"], "I25.119"),
    Case("C06", ["I20.0", "I25.10"], "I25.110", setting="ed"),
    Case("C06", ["I25.10"], "I25.10", acts=False),
    Case("C07", [("I21.4", {"attributes": {"onset_days": "56"}}), "I10"], "I10 I25.2"),
    Case("C07", [("I21.4", {"attributes": {"onset_days": "14"}}), "I10"], "I21.4 I10", acts=False),
    Case("C08", ["I63.9", "I10"], "I10 Z86.73"),
    Case("C08", ["I63.9", "I10"], "I63.9 I10", acts=False, setting="inpatient"),
    Case("C08", ["G81.91", past("I63.9")], "I69.351"),
    Case("C09", [("I69.359", {"attributes": {"laterality": "right"}})], "I69.351"),
    Case("C09", ["I69.359"], "I69.359", acts=False),
    # --- neoplasms ---
    Case("N01", ["C61", ("C79.51", {"attributes": {"treatment_target": "yes"}})], "C79.51 C61", acts=False),
    Case("N02", ["C18.9", "Z51.11"], "Z51.11 C18.9", acts=False),
    Case("N03", [past("C18.9"), "I10"], "I10 Z85.038"),
    Case("N03", ["C50.911", past("C50.911")], "C50.911"),
    Case("N03", ["C50.911"], "C50.911", acts=False),
    Case("N03", [past("E11.9")], "E11.9 Z79.84", extra=(drug("metformin", purpose="type_2_diabetes"),)),
    Case("N04", ["C18.9", ("D64.9", {"cause": "f0"})], "C18.9 D63.0"),
    Case("N04", ["C18.9", "D64.9"], "C18.9 D64.9", acts=False),
    Case("N05", [past("C50.911"), "Z08"], "Z08 Z85.3"),
    Case("N05", [past("C50.911"), "I10"], "I10 Z85.3", acts=False),
    # --- infection, pregnancy, injury ---
    Case("S01", ["J18.9", "R65.20"], "A41.9 R65.20 J18.9", setting="inpatient"),
    Case("S01", ["A41.9", ("N17.9", {"cause": "f0"})], "A41.9 R65.20 N17.9", setting="inpatient"),
    Case("S01", ["A41.9", "N17.9"], "A41.9 N17.9", acts=False, setting="inpatient"),
    Case(
        "S02",
        ["J18.9", ("A41.9", {"present_on_admission": "N"})],
        "J18.9 A41.9",
        acts=False,
        setting="inpatient",
    ),
    Case("P01", ["Z34.03", "O24.410", "Z3A.28"], "O24.410 Z3A.28", age=30),
    Case("P01", ["Z34.03"], "Z34.03", acts=False, age=30),
    Case("P03", ["O80"], "O80 Z37.0", age=30, setting="inpatient"),
    Case("P03", ["O80", "O70.0", "Z37.0"], "O70.0 Z37.0", age=30, setting="inpatient"),
    Case("P03", ["O70.0", "Z37.0"], "O70.0 Z37.0", acts=False, age=30, setting="inpatient"),
    Case("P04", ["I10", "O26.893", "Z3A.30"], "O10.013 O26.893 Z3A.30", age=30),
    Case("P04", ["E11.65", "Z34.01", "Z3A.10"], "O24.111 E11.65 Z3A.10", age=30),
    Case("P04", ["J45.40", "O80", "Z37.0"], "O99.52 J45.40 Z37.0", age=30, setting="inpatient"),
    Case("P04", ["F17.210", "Z34.02"], "O99.330 F17.210", age=30),
    Case("P04", ["E11.9", "O24.410", "Z3A.28"], "O24.410 Z3A.28", acts=False, age=30),
    Case("P04", ["I10", "Z33.1"], "I10 Z33.1", acts=False, age=30),
    Case("P04", ["D50.9", "O90.89"], "O90.89 D50.9", acts=False, age=30),
    Case("G10", ["D64.9", "N18.4"], "N18.4 D63.1"),
    Case("G10", [("D64.9", {"attributes": {"unrelated_to": "ckd"}}), "N18.4"], "D64.9 N18.4", acts=False),
    Case("G10", ["D50.9", "N18.4"], "D50.9 N18.4", acts=False),
    Case("G14", ["N40.1", "R35.1", "R39.12"], "N40.1 R35.1 R39.12", acts=False, sex="M"),
    Case("G08", ["R35.1", "N40.1"], "N40.1 R35.1", sex="M"),
    Case("PX.payer", ["I10"], "I10 Z23 90656 90471", acts=False, extra=(service("cpt:90656"), service("cpt:90471"))),
    Case(
        "PX.payer",
        ["I10"],
        "I10 Z23 90750 90471",
        acts=False,
        age=70,
        extra=(service("cpt:90750"), service("cpt:90471")),
    ),
    Case("X01", ["T39.395A", "K29.00"], "K29.00 T39.395A", acts=False),
    Case("X02", ["K72.00", "T39.1X1A"], "T39.1X1A K72.00", acts=False, setting="ed"),
    Case("X03", ["T46.5X6A", "I10", "Z91.148"], "I10 T46.5X6A Z91.148", acts=False),
    Case("X04", ["W19.XXXA", "S01.01XA"], "S01.01XA W19.XXXA", setting="ed"),
    Case("X04", ["W19.XXXA"], "Z04.3 W19.XXXA", setting="ed"),
    Case("X04", ["S52.501D", "W19.XXXA", "Y92.009"], "S52.501D W19.XXXD"),
    Case("X04", ["S01.01XA"], "S01.01XA", acts=False, setting="ed"),
    Case("G03", ["S52.501D", "W19.XXXA"], "S52.501D W19.XXXD"),
    Case("G03", ["S32.010S", ("M54.50", {"cause": "f0"})], "M54.50 S32.010S", acts=False),
    # --- skin ---
    Case("W01", ["L89.153", "L89.150"], "L89.150"),
    Case("W01", ["L89.152", "L89.153"], "L89.153"),
    Case("W01", ["L89.153", "L89.612"], "L89.153 L89.612", acts=False),
    Case("W02", ["L89.152", ("L89.153", {"present_on_admission": "N"})], "L89.152 L89.153", setting="inpatient"),
    Case("W02", ["L89.152", "L89.153"], "L89.153", acts=False, setting="inpatient"),
    # --- Z codes ---
    Case("Z01", ["Z12.11", "K63.5"], "Z12.11 K63.5"),
    Case("Z02", ["Z12.11", "K92.1"], "K92.1"),
    Case("Z02", ["Z12.11", "K63.5"], "Z12.11 K63.5", acts=False),
    Case("Z03", ["R01.1"], "Z00.01 R01.1 99396", extra=(visit("preventive", status="established"),)),
    Case("Z03", ["I10"], "Z00.00 I10 99396", extra=(visit("preventive", status="established"),)),
    Case("Z03", ["I10"], "I10", acts=False),
    Case("Z04", ["I10"], "I10 Z23 90656 90471", extra=(service("cpt:90656"), service("cpt:90471"))),
    Case("Z04", ["I10", "Z23"], "I10", acts=True),  # dropped: nothing was given
    Case("Z05", ["Z59.01", "I10"], "I10 Z59.01", acts=False),
    Case("Z06", ["I48.20"], "I48.20 Z79.01", extra=(drug("apixaban"),)),
    Case("Z06", ["M06.9"], "M06.9", acts=False, extra=(drug("prednisone"),)),  # a course unless long-term use is stated
    Case("Z06", ["I48.20"], "I48.20", acts=False, extra=(drug("apixaban", duration="short_term"),)),
    Case("Z07", ["R29.6", "Z91.81"], "R29.6 Z91.81", acts=False),
    Case("Z08", ["J44.9", "F17.210", "Z87.891"], "J44.9 F17.210"),
    Case("Z08", ["J44.9", "Z87.891"], "J44.9 Z87.891", acts=False),
    Case("G11", ["F32.A", "F33.1"], "F33.1"),  # M01
    Case("M01", ["F33.1", "F32.1"], "F33.1"),
    Case("M01", ["F33.1"], "F33.1", acts=False),
    Case("R01", ["J44.9", "J18.9"], "J44.0 J18.9"),
    Case("R01", ["J44.1", "J18.9"], "J44.0 J44.1 J18.9"),
    Case("R01", ["J44.0"], "J44.0 J22"),
    Case("R01", ["J44.9"], "J44.9", acts=False),
    Case("R02", ["J44.9", "Z99.81"], "J44.9 Z99.81", acts=False),
    Case("F01", ["R54", "R53.1"], "R54"),
    Case("F01", ["M62.81", "M62.84"], "M62.84"),
    Case("F01", ["R63.4", "R64"], "R64"),
    Case("F01", ["R29.6", "R26.2"], "R29.6"),
    Case("F01", ["R54", "R26.89"], "R54 R26.89", acts=False),
    Case("I01", ["J18.9"], "J18.9", setting="inpatient"),
    Case("I01", ["J18.9"], "J18.9", acts=False, setting="ed"),
    # --- the coding brief's table, rows not yet above ---
    Case("G14", ["J18.9", "R05.9"], "J18.9"),
    Case("G08", ["C18.9", ("D64.9", {"cause": "f0"})], "C18.9 D63.0", acts=False),
    Case("G08", ["N18.4", ("D64.9", {"cause": "f0"})], "N18.4 D63.1"),
    Case("S01", ["J18.9", "N17.9", "A41.9", "R65.20"], "A41.9 R65.20 J18.9 N17.9", acts=False, setting="inpatient"),
    # --- rules that leave their mark in the code alone, and the rules of this table's second half ---
    Case("G02", ["W19.XXXA", "S01.01XA"], "S01.01XA W19.XXXA", acts=False, setting="ed"),
    Case("G04", ["S72.001A"], "S72.001A", acts=False, setting="ed"),
    Case("E01", ["E11.9"], "E11.9 Z79.4", acts=False, extra=(drug("insulin glargine"),)),
    Case("E04", ["E11.65"], "E11.65", acts=False),
    Case("E07", ["E66.01", "E66.813"], "E66.813", acts=False),
    Case("C05", ["R03.0"], "R03.0", acts=False),
    Case("S03", ["T81.41XA", ("A41.9", {"cause": "f0"})], "T81.41XA T81.44XA A41.9", setting="inpatient"),
    Case("S03", ["T81.44XA"], "T81.40XA T81.44XA", setting="inpatient"),
    Case("S03", ["T81.41XA", "A41.9"], "A41.9 T81.41XA", acts=False, setting="inpatient"),
    Case("S04", ["I10", ("A41.9", {"attributes": {"documented_as": "urosepsis"}})], "I10", setting="ed"),
    Case("S04", ["I10", ("N39.0", {"attributes": {"documented_as": "urosepsis"}})], "I10"),
    Case("S04", ["N39.0"], "N39.0", acts=False),
    Case("P02", ["O26.891", "Z3A.28"], "O26.893 Z3A.28", age=30),
    Case("P02", ["O26.891", "Z3A.14"], "O26.892 Z3A.14", age=30),
    Case("P02", ["O26.892", "Z3A.13"], "O26.891 Z3A.13", age=30),
    Case("P02", [("O26.899", {"attributes": {"gestation_weeks": "27"}})], "O26.892 Z3A.27", age=30),
    Case("P02", ["O26.892", "Z3A.27"], "O26.892 Z3A.27", acts=False, age=30),
    Case("G08", ["G30.9", "F03.90"], "G30.9 F02.80"),
    Case("G08", ["G30.9", "F03.B0"], "G30.9 F02.B0"),
    Case("G10", ["E11.622"], "E11.622 L97.909"),
    Case("N04", ["C18.9", "D64.81"], "C18.9 D64.81 T45.1X5A"),
    Case("N04", ["D63.0"], "D64.9"),
    Case("G08", ["D63.1"], "D64.9"),
    Case("G06", ["E10.9", "E11.22", "N18.31"], "E10.22 N18.31"),
    Case("X04", ["S01.01XA", "Y92.009", "Y92.018"], "S01.01XA Y92.009", setting="ed"),
    Case("Z01", ["I10", "K63.5"], "I10 K63.5", acts=False),
    Case("W03", ["I10", "L97.421"], "I10 L97.421", acts=False),
    Case("W01", ["L89.153"], "L89.153", acts=False),
    Case("R02", ["J96.11", "Z99.81"], "J96.11 Z99.81", acts=False),
]


DRUGS = {
    name: Drug(name, drug_class, (), code, "oral", ())
    for name, drug_class, code in (
        ("insulin glargine", "insulin", "Z79.4"),
        ("insulin lispro", "insulin", "Z79.4"),
        ("metformin", "biguanide", "Z79.84"),
        ("semaglutide", "GLP-1 agonist", "Z79.85"),
        ("apixaban", "anticoagulant", "Z79.01"),
        ("prednisone", "steroid", "Z79.52"),
    )
}


@pytest.fixture(scope="module")
def library() -> Library:
    """The real families beside a few hand-written drugs."""
    return Library(load_library().families, DRUGS, {})


@pytest.fixture(scope="module")
def systems() -> CodeSystems:
    return load_code_systems("starter")


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.rule}-{'acts' if case.acts else 'not'}-{case.expected}"
)
def test_rule_case(case: Case, library: Library, systems: CodeSystems) -> None:
    result = explain_coding(encounter_of(case, library), library, systems)
    assert " ".join(code.value for code in result.codes) == case.expected
    named = {rule for code in result.codes for rule in code.rules} | {drop.rule for drop in result.dropped}
    assert named <= set(RULES)
    if case.acts:
        assert case.rule in named
    elif case.rule not in {"G01", "I01", "G03", "S01", "G08"}:  # these ids also mark ordinary codes or ordering
        assert case.rule not in named


def test_every_implemented_rule_has_a_case() -> None:
    covered = {case.rule for case in CASES}
    missing = {rule.id for rule in RULES.values() if rule.implemented and not rule.id.startswith(("EM.", "PX.", "PT."))}
    assert missing <= covered


def test_all_seventy_rules_are_listed_and_one_of_our_own() -> None:
    numbers = {"G": 20, "E": 9, "C": 9, "N": 5, "S": 4, "P": 3, "X": 4, "W": 3, "Z": 8, "M": 1, "R": 2, "F": 1, "I": 1}
    expected = {f"{letter}{number:02}" for letter, count in numbers.items() for number in range(1, count + 1)}
    listed = {rule for rule in RULES if not rule.startswith(("EM.", "PX.", "PT.", "MAP"))}
    assert len(expected) == 70
    assert listed == expected | {"P04"}
    assert all(
        rule.text and rule.source and rule.setting in {"all", "outpatient", "inpatient"} for rule in RULES.values()
    )
    assert all(rule.implemented for rule in RULES.values())
