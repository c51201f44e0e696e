"""Every rule of the table once as it should come out, and once as it must not: a rule without both fails the test."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ghostchart.schemas.clinical import ClinicalFact
from ghostchart.schemas.code_set import Circumstances, CodedLine, CodeSetCheck
from ghostchart.schemas.code_systems import CodeSystems, load_code_systems
from ghostchart.schemas.codes import icd10cm, procedure
from ghostchart.schemas.coding_rules import RULES
from ghostchart.synth.library import Library, load_library
from ghostchart.synth.policy import explain_coding
from tests.synth.test_policy_cases import DRUGS, Case, drug, encounter_of, past, service, uncertain, visit

EMERGENCY, HOSPITAL = "ed", "inpatient"
ROUTINE, RELATIVE = visit("preventive", status="established"), {"experiencer": "family"}
DISTINCT = service("cpt:45380", attributes={"distinct": "yes"})


# Facts and the whole gold they must give, codes in order, modifiers behind a dash.
PASSING: dict[str, Case] = {
    "MAP": Case("", ["J45.40"], "J45.40"),
    "G01": Case("", ["G35.D"], "G35.D"),
    "G02": Case("", ["S01.01XA", "W19.XXXA"], "S01.01XA W19.XXXA", setting=EMERGENCY),
    "G03": Case("", ["S32.010S", ("M54.50", {"cause": "f0"})], "M54.50 S32.010S"),
    "G04": Case("", ["S72.001A"], "S72.001A", setting=EMERGENCY),
    "G05": Case("", ["M17.11", "M17.12"], "M17.0"),
    "G06": Case("", ["K50.90", "K51.90", "I10"], "K50.90 I10"),
    "G07": Case("", ["I10", "N18.30", "N17.9"], "I12.9 N17.9 N18.30"),
    "G08": Case("", ["F02.80", "G30.9"], "G30.9 F02.80"),
    "G09": Case("", ["L89.152", "L89.152"], "L89.152"),
    "G10": Case("", ["E11.9", "N18.31"], "E11.22 N18.31"),
    "G11": Case("", ["E11.9", "E11.42"], "E11.42"),
    "G12": Case("", ["R07.9", uncertain("I21.4")], "R07.9", setting=EMERGENCY),
    "G13": Case("", [uncertain("J18.9")], "J18.9", setting=HOSPITAL),
    "G14": Case("", ["J18.9", "R05.9", "R50.9"], "J18.9"),
    "G15": Case("", ["I50.31", "I50.32"], "I50.33"),
    "G16": Case("", ["I10", ("C50.911", RELATIVE)], "I10 Z80.3"),
    "G17": Case("", ["I10", ("K21.9", {"addressed": False})], "I10"),
    "G18": Case("", ["J18.9", ("K21.9", {"addressed": False})], "J18.9", setting=HOSPITAL),
    "G19": Case("", ["R07.9", "K81.0"], "K81.0 R07.9", setting=HOSPITAL),
    "G20": Case("", ["R53.83"], "R53.83", labs={"sodium_mmol_l": 129.0}),
    "E01": Case("", ["E11.9"], "E11.9 Z79.4", extra=(drug("insulin glargine"),)),
    "E02": Case("", ["E11.65"], "E11.65 Z79.4 Z79.84", extra=(drug("insulin glargine"), drug("metformin"))),
    "E03": Case("", ["E11.9", "N18.32"], "E11.22 N18.32"),
    "E04": Case("", ["E11.65"], "E11.65"),
    "E05": Case("", ["E11.9", "L97.421"], "E11.621 L97.421"),
    "E06": Case("", ["E11.A", "E11.42"], "E11.A"),
    "E07": Case("", ["E66.812"], "E66.812 Z68.36", bmi=36.0),
    "E08": Case("", ["E66.811"], "E66.811 Z68.32", bmi=32.0),
    "E09": Case("", ["E44.0", "R63.6"], "E44.0"),
    "C01": Case("", ["I10", "I50.32"], "I11.0 I50.32"),
    "C02": Case("", ["I10", "N18.30"], "I12.9 N18.30"),
    "C03": Case("", ["I10", "I50.22", "N18.4"], "I13.0 I50.22 N18.4"),
    "C04": Case("", ["E11.9", "I10", "N18.32"], "E11.22 I12.9 N18.32"),
    "C05": Case("", ["R03.0"], "R03.0"),
    "C06": Case("", ["I25.10", "I20.9"], "I25.119"),
    "C07": Case("", [("I21.4", {"attributes": {"onset_days": "56"}}), "I10"], "I10 I25.2"),
    "C08": Case("", ["G81.91", past("I63.9")], "I69.351"),
    "C09": Case("", [("I69.359", {"attributes": {"laterality": "right"}})], "I69.351"),
    "N01": Case("", ["C61", ("C79.51", {"attributes": {"treatment_target": "yes"}})], "C79.51 C61", sex="M"),
    "N02": Case("", ["C18.9", "Z51.11"], "Z51.11 C18.9"),
    "N03": Case("", [past("C50.911"), "I10"], "I10 Z85.3"),
    "N04": Case("", ["C18.9", ("D64.9", {"cause": "f0"})], "C18.9 D63.0"),
    "N05": Case("", [past("C50.911"), "Z08"], "Z08 Z85.3"),
    "S01": Case("", ["J18.9", "N17.9", "A41.9", "R65.20"], "A41.9 R65.20 J18.9 N17.9", setting=HOSPITAL),
    "S02": Case("", ["J18.9", ("A41.9", {"present_on_admission": "N"})], "J18.9 A41.9", setting=HOSPITAL),
    "S03": Case("", ["T81.41XA", ("A41.9", {"cause": "f0"})], "T81.41XA T81.44XA A41.9", setting=HOSPITAL),
    "S04": Case("", ["I10", ("A41.9", {"attributes": {"documented_as": "urosepsis"}})], "I10"),
    "P01": Case("", ["Z34.03", "O24.410", "Z3A.28"], "O24.410 Z3A.28", age=30),
    "P02": Case("", [("O26.899", {"attributes": {"gestation_weeks": "28"}})], "O26.893 Z3A.28", age=30),
    "P03": Case("", ["O80"], "O80 Z37.0", age=30, setting=HOSPITAL),
    "P04": Case("", ["D50.9", "Z34.03", "Z3A.30"], "O99.013 D50.9 Z3A.30", age=30),
    "X01": Case("", ["T39.395A", "K29.00"], "K29.00 T39.395A"),
    "X02": Case("", ["K72.00", "T39.1X1A"], "T39.1X1A K72.00", setting=EMERGENCY),
    "X03": Case("", ["T46.5X6A", "I10", "Z91.148"], "I10 T46.5X6A Z91.148"),
    "X04": Case("", ["W19.XXXA", "S01.01XA"], "S01.01XA W19.XXXA", setting=EMERGENCY),
    "W01": Case("", ["L89.152", "L89.153"], "L89.153"),
    "W02": Case("", ["L89.152", ("L89.153", {"present_on_admission": "N"})], "L89.152 L89.153", setting=HOSPITAL),
    "W03": Case("", ["L97.421", "E11.9"], "E11.621 L97.421"),
    "Z01": Case("", ["Z12.11", "K63.5"], "Z12.11 K63.5"),
    "Z02": Case("", ["Z12.11", "K92.1"], "K92.1"),
    "Z03": Case("", ["R01.1"], "Z00.01 R01.1 99396", extra=(ROUTINE,)),
    "Z04": Case("", ["I10"], "I10 Z23 90656 90471", extra=(service("cpt:90656"), service("cpt:90471"))),
    "Z05": Case("", ["Z59.01", "I10"], "I10 Z59.01"),
    "Z06": Case("", ["I48.20"], "I48.20 Z79.01", extra=(drug("apixaban"),)),
    "Z07": Case("", ["R29.6", "Z91.81"], "R29.6 Z91.81"),
    "Z08": Case("", ["J44.9", "F17.210", "Z87.891"], "J44.9 F17.210"),
    "M01": Case("", ["F33.1", "F32.A"], "F33.1"),
    "R01": Case("", ["J44.1", "J18.9"], "J44.0 J44.1 J18.9"),
    "R02": Case("", ["J44.9", "Z99.81"], "J44.9 Z99.81"),
    "F01": Case("", ["R54", "R53.1"], "R54", age=80),
    "I01": Case("", ["J18.9"], "J18.9", setting=HOSPITAL),
    "EM.office": Case("", ["I10"], "I10 99214", extra=(visit("office", minutes="30"),)),
    "EM.ed": Case("", ["I10"], "I10 99285", setting=EMERGENCY, extra=(visit("ed", mdm="high", minutes="5"),)),
    "EM.discharge": Case("", ["J18.9"], "J18.9 99239", setting=HOSPITAL, extra=(visit("discharge", minutes="31"),)),
    "EM.awv": Case("", ["I10"], "Z00.00 I10 G0438", extra=(visit("awv", kind="initial"),), note_type="progress"),
    "EM.preventive": Case("", ["I10"], "Z00.00 I10 99396", extra=(ROUTINE,)),
    "EM.modifier_25": Case(
        "", ["M17.11"], "M17.11 99213-25 20610", extra=(visit("office", mdm="low"), service("cpt:20610"))
    ),
    "EM.hospital": Case("", ["J18.9"], "J18.9 99223", setting=HOSPITAL, extra=(visit("hospital", stage="initial", mdm="high"),)),
    "EM.facility": Case("", ["I10"], "I10 99309", extra=(visit("nursing_facility", mdm="moderate"),)),
    "EM.prolonged": Case("", ["I10"], "I10 99215 99417", extra=(visit("office", minutes="55"),)),
    "EM.telehealth": Case("", ["I10"], "I10 99213-95", extra=(visit("office", mdm="low", modality="audio_video"),)),
    "EM.one_visit": Case("", ["I10"], "I10 99213", extra=(visit("office", mdm="low"),)),
    "PX.performed": Case("", ["I10"], "I10 93000", extra=(service("cpt:93000"),)),
    "PX.laterality": Case("", ["M17.11"], "M17.11 20610-RT", extra=(service("cpt:20610", attributes={"laterality": "right"}),)),
    "PX.available": Case("", ["I10"], "I10 93000", extra=(service("cpt:93000"), service("cpt:33533"))),
    "PX.distinct": Case("", ["K63.5"], "K63.5 45380-59 45385", extra=(DISTINCT, service("cpt:45385"))),
    "PX.payer": Case("", ["I10"], "I10 Z23 90662 G0008", age=70, extra=(service("cpt:90662"), service("cpt:90471"))),
    "PT.sex": Case("", ["N40.1"], "N40.1", sex="M"),
    "PT.age": Case("", ["R54"], "R54", age=80),
}  # fmt: skip


@dataclass(frozen=True)
class Trap:
    """Codes in order that the check must refuse, naming the rule."""

    codes: str
    setting: str = "outpatient"
    age: int | None = None
    sex: str | None = None


@dataclass(frozen=True)
class Kept:
    """Facts whose gold must not hold the code that a hasty coder would give."""

    case: Case
    trap: str


def kept(trap: str, facts: list[object], **changes: object) -> Kept:
    return Kept(Case("", facts, "", **changes), trap)  # type: ignore[arg-type]


FAILING: dict[str, Trap | Kept] = {
    "MAP": kept("J45.909", ["J45.40"]),
    "G01": Trap("G35"),
    "G02": Trap("S01.01XA W19A"),
    "G03": Trap("S32.010S M54.50"),
    "G04": kept("S72.001B", ["S72.001A"], setting=EMERGENCY),
    "G05": Trap("M17.11 M17.12"),
    "G06": Trap("N39.0 N30.00"),
    "G07": kept("I12.9 N18.30 N17.9", ["I10", "N18.30", "N17.9"]),
    "G08": Trap("F02.80 G30.9"),
    "G09": Trap("L89.152 L89.152"),
    "G10": Trap("E11.9 N18.31"),
    "G11": Trap("E11.9 E11.42"),
    "G12": kept("I21.4", ["R07.9", uncertain("I21.4")], setting=EMERGENCY),
    "G13": kept("U07.1", ["R05.9", uncertain("U07.1")], setting=HOSPITAL),
    "G14": Trap("J18.9 R05.9 R50.9"),
    "G15": Trap("I50.31 I50.32"),
    "G16": kept("C50.911", ["I10", ("C50.911", RELATIVE)]),
    "G17": kept("K21.9", ["I10", ("K21.9", {"addressed": False})]),
    "G18": kept("K21.9", ["J18.9", ("K21.9", {"addressed": False})], setting=HOSPITAL),
    "G19": Trap("W19.XXXA S01.01XA", HOSPITAL),
    "G20": kept("E87.1", ["R53.83"], labs={"sodium_mmol_l": 129.0}),
    "E01": kept("E10.9", ["E11.9"], extra=(drug("insulin glargine"),)),
    "E02": kept("Z79.4", ["E10.9"], extra=(drug("insulin glargine"),)),
    "E03": Trap("E11.22"),
    "E04": kept("E11.65", ["E11.9"]),
    "E05": Trap("E11.621"),
    "E06": Trap("E11.A E11.42"),
    "E07": Trap("E66.01 E66.813"),
    "E08": Trap("I10 Z68.32"),
    "E09": Trap("R63.6 E44.0"),
    "C01": Trap("I10 I50.32"),
    "C02": Trap("I10 N18.30"),
    "C03": Trap("I11.0 I12.9 I50.9 N18.4"),
    "C04": kept("I10", ["E11.9", "I10", "N18.32"]),
    "C05": Trap("I10 R03.0"),
    "C06": Trap("I25.10 I20.9"),
    "C07": kept("I21.4", [("I21.4", {"attributes": {"onset_days": "56"}}), "I10"]),
    "C08": Trap("I63.9", "office"),
    "C09": kept("I69.359", [("I69.359", {"attributes": {"laterality": "right"}})]),
    "N01": kept("C61 C79.51", ["C61", ("C79.51", {"attributes": {"treatment_target": "yes"}})]),
    "N02": Trap("C18.9 Z51.11"),
    "N03": Trap("C50.911 Z85.3"),
    "N04": Trap("D63.0 C18.9"),
    "N05": Trap("Z85.3 Z08"),
    "S01": Trap("R65.20 A41.9", HOSPITAL),
    "S02": kept("A41.9 J18.9", ["J18.9", ("A41.9", {"present_on_admission": "N"})], setting=HOSPITAL),
    "S03": Trap("A41.9 T81.44XA T81.41XA", HOSPITAL),
    "S04": kept("A41.9", ["I10", ("A41.9", {"attributes": {"documented_as": "urosepsis"}})]),
    "P01": Trap("E11.9 O24.410"),
    "P02": Trap("O26.891 Z3A.28"),
    "P03": Trap("O80 O70.0 Z37.0"),
    "P04": Trap("Z34.03 I10"),
    "X01": Trap("T39.395A K29.00"),
    "X02": Trap("K72.00 T39.1X1A"),
    "X03": Trap("T46.5X6A I10 Z91.148"),
    "X04": Trap("W19.XXXA S01.01XA"),
    "W01": Trap("L89.153 L89.150"),
    "W02": Trap("L89.150 L89.153", HOSPITAL),
    "W03": kept("L89.609", ["L97.421", "E11.9"]),
    "Z01": Trap("K63.5 Z12.11"),
    "Z02": Trap("Z12.11 K92.1"),
    "Z03": kept("Z00.00", ["R01.1"], extra=(ROUTINE,)),
    "Z04": Trap("I10 90656 90471"),
    "Z05": Trap("Z59.01 I10"),
    "Z06": kept("Z79.01", ["I48.20"], extra=(drug("apixaban", duration="short_term"),)),
    "Z07": kept("Z91.81", ["S01.01XA", "W19.XXXA"], setting=EMERGENCY),
    "Z08": Trap("F17.210 Z87.891"),
    "M01": Trap("F32.A F33.1"),
    "R01": Trap("J44.9 J44.1"),
    "R02": kept("J96.11", ["J44.9", "Z99.81"]),
    "F01": Trap("R54 R53.1"),
    "I01": Trap("J18.9/1", HOSPITAL),
    "EM.office": kept("99214", ["I10"], extra=(visit("office", minutes="29"),)),
    "EM.ed": kept("99285", ["I10"], setting=EMERGENCY, extra=(visit("ed", mdm="low", minutes="90"),)),
    "EM.discharge": kept("99239", ["J18.9"], setting=HOSPITAL, extra=(visit("discharge", minutes="30"),)),
    "EM.awv": kept("G0438", ["I10"], extra=(visit("awv", kind="subsequent"),)),
    "EM.preventive": kept("99397", ["I10"], extra=(ROUTINE,)),
    "EM.modifier_25": Trap("M17.11 99213 20610-RT"),
    "EM.hospital": kept(
        "99223", ["J18.9"], setting=HOSPITAL, extra=(visit("hospital", stage="initial", minutes="74"),)
    ),
    "EM.facility": kept("99309", ["I10"], extra=(visit("nursing_facility", mdm="low"),)),
    "EM.prolonged": kept("99417", ["I10"], extra=(visit("office", minutes="54"),)),
    "EM.telehealth": kept("99213", ["I10"], extra=(visit("office", mdm="low", modality="audio_only"),)),
    "EM.one_visit": Trap("I10 99213 99214"),
    "PX.performed": kept("45378", ["I10"], extra=(service("cpt:45378", temporality="declined"),)),
    "PX.laterality": Trap("M17.0 20610-RT-LT"),
    "PX.available": Trap("I10 33533"),
    "PX.distinct": Trap("K63.5 45380 45385"),
    "PX.payer": Trap("Z00.00 I10 Z23 G0439 90662 90471"),
    "PT.sex": Trap("N40.1", sex="F"),
    "PT.age": Trap("R54", age=30),
}
# Rules whose trap another rule refuses: the external cause is also X04's.
REFUSED_AS = {"G19": "X04"}


@pytest.fixture(scope="module")
def library() -> Library:
    return Library(load_library().families, DRUGS, {})


@pytest.fixture(scope="module")
def systems() -> CodeSystems:
    return load_code_systems("starter")


def gold(case: Case, library: Library, systems: CodeSystems) -> tuple[str, list[str]]:
    codes = explain_coding(encounter_of(case, library), library, systems).codes
    return " ".join("-".join((code.value, *code.modifiers)) for code in codes), [code.poa for code in codes]


def test_every_rule_has_a_passing_and_a_failing_case() -> None:
    assert set(PASSING) == set(RULES)
    assert set(FAILING) == set(RULES)
    assert all(rule.implemented for rule in RULES.values())


@pytest.mark.parametrize("rule", sorted(PASSING))
def test_facts_come_out_as_the_rule_says(rule: str, library: Library, systems: CodeSystems) -> None:
    case = PASSING[rule]
    said, poa = gold(case, library, systems)
    assert said == case.expected
    if rule == "I01":
        assert poa == ["Y"]
    lines = [coded(item) for item in case.expected.split()]
    setting = "inpatient" if case.setting == HOSPITAL else "outpatient"
    found = CodeSetCheck(systems).check(lines, Circumstances(setting, case.age, case.sex))
    # Two stages of an ulcer show in the values that the line of codes does not hold; nothing else may be refused.
    assert [item.message for item in found if item.rule != "G03"] == []


@pytest.mark.parametrize("rule", sorted(FAILING))
def test_the_trap_is_refused(rule: str, library: Library, systems: CodeSystems) -> None:
    trap = FAILING[rule]
    if isinstance(trap, Kept):
        said, _ = gold(trap.case, library, systems)
        assert f" {trap.trap} " not in f" {said} ", said
        return
    lines = [coded(item) for item in trap.codes.split()]
    known = Circumstances(trap.setting, trap.age, trap.sex, has_poa="/" in trap.codes)
    found = {item.rule for item in CodeSetCheck(systems).check(lines, known)}
    assert REFUSED_AS.get(rule, rule) in found, found


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"stage": "initial", "minutes": "39"}, ""),
        ({"stage": "initial", "minutes": "40"}, "99221"),
        ({"stage": "initial", "minutes": "55"}, "99222"),
        ({"stage": "initial", "minutes": "75"}, "99223"),
        ({"stage": "initial", "mdm": "straightforward"}, "99221"),
        ({"stage": "subsequent", "minutes": "24"}, ""),
        ({"stage": "subsequent", "minutes": "25"}, "99231"),
        ({"stage": "subsequent", "minutes": "35"}, "99232"),
        ({"stage": "subsequent", "minutes": "50"}, "99233"),
        ({"stage": "subsequent", "mdm": "moderate", "minutes": "10"}, "99232"),
        ({"stage": "subsequent", "mdm": "low", "minutes": "50"}, "99233"),
    ],
)
def test_hospital_days(attributes: dict[str, str], expected: str, library: Library, systems: CodeSystems) -> None:
    case = Case("", ["J18.9"], "", setting=HOSPITAL, extra=(visit("hospital", **attributes),))
    assert gold(case, library, systems)[0] == f"J18.9 {expected}".strip()


@pytest.mark.parametrize(
    ("attributes", "age", "expected"),
    [
        ({"status": "new", "minutes": "74"}, 40, "99205"),
        ({"status": "new", "minutes": "75"}, 40, "99205 99417"),
        ({"status": "established", "minutes": "54"}, 40, "99215"),
        ({"status": "established", "minutes": "55"}, 40, "99215 99417"),
        ({"status": "established", "minutes": "68"}, 70, "99215"),
        ({"status": "established", "minutes": "69"}, 70, "99215 G2212"),
        ({"status": "new", "minutes": "88"}, 70, "99205"),
        ({"status": "new", "minutes": "89"}, 70, "99205 G2212"),
        ({"status": "established", "minutes": "69", "payer": "medicare"}, 40, "99215 G2212"),
        ({"status": "established", "minutes": "55", "payer": "commercial"}, 70, "99215 99417"),
        ({"status": "established", "mdm": "high"}, 40, "99215"),
        ({"status": "new", "mdm": "low", "modality": "audio_video"}, 40, "99203-95"),
        ({"status": "established", "minutes": "30", "modality": "audio_only"}, 40, "99214-93"),
    ],
)
def test_prolonged_and_remote_office_visits(
    attributes: dict[str, str], age: int, expected: str, library: Library, systems: CodeSystems
) -> None:
    case = Case("", ["I10"], "", age=age, extra=(visit("office", **attributes),))
    assert gold(case, library, systems)[0] == f"I10 {expected}"


def coded(text: str) -> CodedLine:
    rest, _, poa = text.partition("/")
    value, *modifiers = rest.split("-")
    is_diagnosis = value[0].isalpha() and not (len(value) == 5 and value[1:].isdigit())
    return CodedLine(icd10cm(value) if is_diagnosis else procedure(value), tuple(modifiers), poa)


def test_a_documented_fact_is_what_the_table_speaks_of() -> None:
    assert all(isinstance(fact, ClinicalFact) for case in PASSING.values() for fact in case.extra)
