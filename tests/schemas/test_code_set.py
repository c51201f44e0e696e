"""Sets of codes that may and may not stand: hand-written, from the coding brief and the traps of the rules table."""

from __future__ import annotations

import pytest

from ghostchart.schemas.code_set import Circumstances, CodedLine, CodeSetCheck
from ghostchart.schemas.code_systems import CodeSystems, load_code_systems
from ghostchart.schemas.codes import icd10cm, procedure
from ghostchart.schemas.coding_rules import RULES

# (rule that must be named, codes in order, setting); "I10/Y" gives a present-on-admission value, "99213-25" a modifier.
FORBIDDEN = [
    ("G01", "G35", "outpatient"),
    ("G01", "N18.3", "outpatient"),
    ("G01", "E66.81 Z68.32", "outpatient"),
    ("G01", "E11.99", "outpatient"),
    ("G02", "W19A S01.01XA", "outpatient"),
    ("G02", "S01.01XA W19", "outpatient"),
    ("G02", "S52.501", "outpatient"),
    ("G02", "S52.501Z", "outpatient"),
    ("G03", "S32.010S M54.50", "outpatient"),
    ("G03", "S32.010S", "outpatient"),
    ("G05", "M17.11 M17.12", "outpatient"),
    ("G05", "H25.11 H25.12", "outpatient"),
    ("G05", "H25.10 H25.12", "outpatient"),
    ("G05", "M17.0 M17.11", "outpatient"),
    ("G06", "N39.0 N30.00 I10", "outpatient"),
    ("G06", "E10.9 E11.9", "outpatient"),
    ("G06", "K50.90 K51.90 K51.80", "outpatient"),
    ("G08", "F02.80 G30.9", "outpatient"),
    ("G08", "F02.80", "outpatient"),
    ("G08", "G30.9", "outpatient"),
    ("G08", "N18.31 E11.22", "outpatient"),
    ("G08", "D63.1 I10", "outpatient"),
    ("G09", "I10 I10", "outpatient"),
    ("G09", "L89.152 L89.152", "inpatient"),
    ("G10", "E11.9 N18.31", "outpatient"),
    ("G10", "E11.9 G62.9", "outpatient"),
    ("G11", "E11.9 E11.22 N18.31", "outpatient"),
    ("G11", "E11.42 E11.9", "outpatient"),
    ("G11", "I10 I11.0 I50.9", "outpatient"),
    ("G11", "E78.5 E78.2", "outpatient"),
    ("G11", "I48.91 I48.20", "outpatient"),
    ("G11", "Z00.00 Z00.01", "outpatient"),
    ("G11", "N18.31 N18.4", "outpatient"),
    ("G14", "J18.9 R05.9 R50.9", "outpatient"),
    ("G14", "R05.9 J20.9", "outpatient"),
    ("G14", "M17.11 M25.561", "outpatient"),
    ("G15", "I50.31 I50.32", "inpatient"),
    ("G15", "I50.22 I50.31", "inpatient"),
    ("G15", "J96.01 J96.11", "inpatient"),
    ("G15", "N18.31 N17.9", "inpatient"),
    ("E03", "E11.22 I10", "outpatient"),
    ("E05", "E11.621", "outpatient"),
    ("E05", "E11.9 L97.421", "outpatient"),
    ("E06", "E11.A E11.42", "outpatient"),
    ("E07", "E66.01 E66.813", "outpatient"),
    ("E07", "E66.9 E66.811", "outpatient"),
    ("E08", "I10 Z68.32", "outpatient"),
    ("E08", "Z68.32 E66.811", "outpatient"),
    ("E09", "E44.0 R63.6", "outpatient"),
    ("C01", "I10 I50.32", "outpatient"),
    ("C01", "I11.0", "outpatient"),
    ("C02", "I10 N18.30", "outpatient"),
    ("C02", "I12.9 N18.6", "outpatient"),
    ("C02", "I12.9", "outpatient"),
    ("C03", "I11.0 I13.0 I50.9 N18.4", "outpatient"),
    ("C03", "I11.0 I12.9 I50.9 N18.4", "outpatient"),
    ("C03", "I13.0 I50.9 N18.5", "outpatient"),
    ("C04", "E11.22 I10 N18.32", "outpatient"),
    ("C05", "I10 R03.0", "outpatient"),
    ("C06", "I25.10 I20.9", "outpatient"),
    ("C08", "I69.351 Z86.73", "outpatient"),
    ("C08", "I63.9", "office"),
    ("N02", "C18.9 Z51.11", "outpatient"),
    ("N03", "C50.911 Z85.3", "outpatient"),
    ("N03", "Z85.038 C18.7", "outpatient"),
    ("N04", "D63.0 C18.9", "outpatient"),
    ("N04", "D63.0", "outpatient"),
    ("N05", "Z08", "outpatient"),
    ("N05", "Z85.3 Z08", "outpatient"),
    ("S01", "R65.20 A41.9", "inpatient"),
    ("S01", "J18.9 R65.20", "inpatient"),
    ("S03", "A41.9 T81.44XA T81.41XA", "inpatient"),
    ("S03", "T81.44XA A41.9", "inpatient"),
    ("P01", "E11.9 O24.410", "outpatient"),
    ("P01", "O24.410 Z34.03", "outpatient"),
    ("P01", "Z3A.28 I10", "outpatient"),
    ("P02", "O26.891 Z3A.28", "outpatient"),
    ("P02", "O26.893 Z3A.27", "outpatient"),
    ("P02", "O26.891 Z3A.14", "outpatient"),
    ("P03", "O80 O70.0 Z37.0", "inpatient"),
    ("P03", "O80", "inpatient"),
    ("X01", "T39.395A K29.00", "outpatient"),
    ("X02", "K72.00 T39.1X1A", "inpatient"),
    ("X03", "T46.5X6A I10 Z91.148", "outpatient"),
    ("X04", "W19.XXXA S01.01XA", "outpatient"),
    ("X04", "W19.XXXA", "outpatient"),
    ("X04", "S52.501D W19.XXXA", "outpatient"),
    ("X04", "S52.501D W19.XXXD Y92.009", "outpatient"),
    ("X04", "S01.01XA W19.XXXA Y92.009 Y92.018", "outpatient"),
    ("W01", "L89.153 L89.150", "outpatient"),
    ("W02", "L89.152/Y L89.153/Y", "inpatient"),
    ("W02", "L89.150/Y L89.153/N", "inpatient"),
    ("W03", "E11.621 L89.612 L97.421", "outpatient"),
    ("Z01", "K63.5 Z12.11", "outpatient"),
    ("Z02", "Z12.11 K92.1", "outpatient"),
    ("Z04", "I10 90656 90471", "outpatient"),
    ("Z05", "Z59.01 I10", "outpatient"),
    ("Z08", "F17.210 Z87.891", "outpatient"),
    ("M01", "F32.A F33.1", "outpatient"),
    ("R01", "J44.9 J44.1", "outpatient"),
    ("R01", "J44.0", "outpatient"),
    ("G08", "J12.82", "inpatient"),
    ("P01", "Z37.0 I10", "inpatient"),
    ("EM.modifier_25", "F17.210 99213 99406", "outpatient"),
    ("PX.distinct", "Z00.00 G0438 G0444", "outpatient"),
    ("I01", "J18.9/1", "inpatient"),
    ("I01", "Z87.891/Y", "inpatient"),
    ("I01", "J18.9/Y", "outpatient"),
    ("EM.modifier_25", "M17.11 99213 20610-RT", "outpatient"),
    ("EM.modifier_25", "M17.11 20610-25", "outpatient"),
    ("EM.modifier_25", "Z00.00 I10 G0439 99213", "outpatient"),
    ("EM.one_visit", "I10 99213 99214", "outpatient"),
    ("PX.laterality", "M17.0 20610-RT-LT", "outpatient"),
    ("PX.distinct", "Z12.11 K63.5 45380 45385", "outpatient"),
    ("PX.distinct", "K63.5 45378 45385", "outpatient"),
    ("PX.available", "I10 33533", "outpatient"),
    ("PX.payer", "Z00.00 Z23 G0439 90662 90471", "outpatient"),
    ("PX.payer", "I10 99215 99417 G2212", "outpatient"),
    ("P04", "Z34.03 I10", "outpatient"),
    ("P04", "O26.893 Z3A.30 D50.9", "outpatient"),
    ("G10", "N18.4 D64.9", "outpatient"),
]
# The gold examples of the rules table and neighbours of the traps above.
ALLOWED = [
    ("E11.22 I12.9 N18.32", "outpatient"),
    ("E11.42 E11.65 Z79.4 Z79.84", "outpatient"),
    ("I11.0 I50.32", "outpatient"),
    ("I12.0 N18.6", "outpatient"),
    ("I13.0 I50.22 N18.4", "outpatient"),
    ("I12.9 N17.9 N18.31", "inpatient"),
    ("G30.9 F02.80", "outpatient"),
    ("N18.4 D63.1", "outpatient"),
    ("N18.4 D50.9", "outpatient"),
    ("N40.1 R35.1 R39.12", "outpatient"),
    ("O99.013 D50.9 Z3A.30", "outpatient"),
    ("O24.111 E11.65 Z3A.10", "outpatient"),
    ("Z33.1 I10", "outpatient"),
    ("Z00.00 Z23 G0439 90662 G0008", "outpatient"),
    ("C18.9 D63.0", "outpatient"),
    ("C79.51 C61", "outpatient"),
    ("Z51.11 C18.9", "outpatient"),
    ("Z08 Z85.3", "outpatient"),
    ("C50.911 Z85.038", "outpatient"),
    ("M17.0", "outpatient"),
    ("M25.551 M25.552", "outpatient"),
    ("M17.11 M25.562", "outpatient"),
    ("J18.9 R55", "outpatient"),
    ("J96.21", "inpatient"),
    ("I50.33", "inpatient"),
    ("I69.351", "outpatient"),
    ("I63.9 R47.01", "inpatient"),
    ("A41.9 R65.20 J18.9 N17.9", "inpatient"),
    ("T81.41XA T81.44XA A41.9", "inpatient"),
    ("O24.410 Z3A.28", "outpatient"),
    ("O26.893 Z3A.28", "outpatient"),
    ("O26.892 Z3A.14", "outpatient"),
    ("O80 Z37.0", "inpatient"),
    ("K29.00 T39.395A", "outpatient"),
    ("T39.1X1A K72.00", "inpatient"),
    ("I10 T46.5X6A Z91.148", "outpatient"),
    ("S01.01XA W19.XXXA Y92.009", "outpatient"),
    ("M54.50 S32.010S", "outpatient"),
    ("S52.501D W19.XXXD", "outpatient"),
    ("L89.152/Y L89.153/N", "inpatient"),
    ("L89.153 L89.612", "outpatient"),
    ("E11.621 L97.421", "outpatient"),
    ("E66.812 Z68.36", "outpatient"),
    ("Z12.11 K63.5", "outpatient"),
    ("I10 Z59.01", "outpatient"),
    ("J44.9 Z87.891", "outpatient"),
    ("J44.0 J44.1 J18.9", "inpatient"),
    ("J39.8 J44.0", "inpatient"),
    ("U07.1 J12.82", "inpatient"),
    ("F17.210 99213-25 99406", "outpatient"),
    ("Z00.00 G0439 G0444", "outpatient"),
    ("Z23 90656 90471", "outpatient"),
    ("M17.11 99213-25 20610-RT", "outpatient"),
    ("K63.5 45380-59 45385", "outpatient"),
    ("J18.9/Y Z87.891/1 I25.2/1", "inpatient"),
    ("G35.D", "outpatient"),
]
FRAILTY = (
    """
R63.6 E43|R63.6 E44.0|R63.6 E44.1|R63.6 E46|E88.A R64|G31.84 F03.90|R54 F03.90|G31.84 R41.81|R26.2 M62.3|R26.81 M62.3
R26.89 M62.3|R26.9 M62.3|M62.50 M62.84|M62.81 M62.84|R53.1 M62.81|R53.1 M62.84|R54 M62.84|R26.2 R26.81|R26.2 R27.0
R26.2 R29.6|R26.81 R27.0|R26.89 R27.0|R26.9 R27.0|R54 R41.81|R53.1 R54|R53.81 R54|R53.83 R54|R63.6 R63.4|R64 R63.4
Z73.6 Z74.01|Z73.6 Z74.09|Z73.6 Z74.1|Z73.6 Z74.2|Z73.6 Z74.3|Z73.6 Z74.8|Z73.6 Z74.9
""".replace("\n", "|")
    .strip("|")
    .split("|")
)


@pytest.fixture(scope="module")
def check() -> CodeSetCheck:
    return CodeSetCheck(load_code_systems())


def line(text: str) -> CodedLine:
    rest, _, poa = text.partition("/")
    value, *modifiers = rest.split("-")
    is_diagnosis = value[0].isalpha() and not (len(value) == 5 and value[1:].isdigit())
    return CodedLine(icd10cm(value) if is_diagnosis else procedure(value), tuple(modifiers), poa)


def rules_against(check: CodeSetCheck, text: str, setting: str, **known: object) -> list[str]:
    circumstances = Circumstances(setting, has_poa="/" in text, **known)  # type: ignore[arg-type]
    found = check.check([line(item) for item in text.split()], circumstances)
    assert all(item.rule in RULES and item.codes and item.message for item in found)
    return [item.rule for item in found]


# Two rules speak through another one: they say which codes a combination gives.
SPEAKS_AS = {"C04": "C02", "W03": None}


@pytest.mark.parametrize(("rule", "codes", "setting"), FORBIDDEN, ids=str)
def test_a_set_that_a_rule_forbids_is_refused_with_the_rule(
    rule: str, codes: str, setting: str, check: CodeSetCheck
) -> None:
    named = SPEAKS_AS.get(rule, rule)
    if named is not None:
        assert named in rules_against(check, codes, setting)


@pytest.mark.parametrize(("codes", "setting"), ALLOWED, ids=str)
def test_a_set_that_may_stand_is_left_alone(codes: str, setting: str, check: CodeSetCheck) -> None:
    assert rules_against(check, codes, setting) == []


@pytest.mark.parametrize("pair", FRAILTY)
def test_frailty_codes_that_exclude_each_other(pair: str, check: CodeSetCheck) -> None:
    both = pair.split()
    assert {"F01", "E09"} & set(rules_against(check, pair, "outpatient")), pair
    assert {"F01", "E09"} & set(rules_against(check, " ".join(reversed(both)), "outpatient")), pair


@pytest.mark.parametrize(
    ("rule", "codes", "age", "sex"),
    [
        ("PT.sex", "N40.1", 70, "F"),
        ("PT.sex", "C56.1", 50, "M"),
        ("PT.sex", "C50.921", 50, "F"),  # male breast
        ("PT.sex", "O24.410", 30, "M"),
        ("PT.age", "O24.410", 70, "F"),
        ("PT.age", "R54", 30, "F"),
        ("PT.age", "P07.18", 40, "F"),
        ("PT.age", "Z00.00", 12, "F"),
        ("PT.age", "Z00.129", 44, "F"),
        ("E08", "E66.811 Z68.32", 16, "F"),
    ],
)
def test_codes_that_a_person_cannot_have(rule: str, codes: str, age: int, sex: str, check: CodeSetCheck) -> None:
    assert rules_against(check, codes, "outpatient", age=age, sex=sex) == [rule]


@pytest.mark.parametrize(
    ("codes", "age", "sex"),
    [
        ("N40.1", 70, "M"),
        ("C50.911", 50, "F"),
        ("R54", 80, "M"),
        ("Z00.129", 4, "M"),
        ("I10", 4, "M"),
        ("P07.18", 0, "F"),
    ],
)
def test_codes_that_fit_the_person(codes: str, age: int, sex: str, check: CodeSetCheck) -> None:
    assert rules_against(check, codes, "outpatient", age=age, sex=sex) == []


def test_order_counts(check: CodeSetCheck) -> None:
    assert rules_against(check, "E11.22 N18.31", "outpatient") == []
    assert rules_against(check, "N18.31 E11.22", "outpatient") == ["G08"]
    assert rules_against(check, "Z51.11 C18.9", "outpatient") == []
    assert rules_against(check, "C18.9 Z51.11", "outpatient") == ["N02"]


def test_settings_count(check: CodeSetCheck) -> None:
    assert rules_against(check, "L89.152 L89.153", "inpatient") == []
    assert rules_against(check, "L89.152 L89.153", "outpatient") == ["W01"]
    assert rules_against(check, "Z12.11 K92.1", "inpatient") == []


def test_messages_name_the_codes_and_what_to_do(check: CodeSetCheck) -> None:
    (found,) = check.check([line("M17.11"), line("M17.12")], Circumstances())
    assert found.message == "M17.11 and M17.12 are both sides of one condition: use M17.0"
    (found,) = check.check([line("I25.10"), line("I20.9")], Circumstances())
    assert "Excludes1" in found.message and "I20" in found.message


def test_no_code_is_against_itself(check: CodeSetCheck) -> None:
    """A single billable code breaks companion, position or person rules at most, never a rule about pairs."""
    systems: CodeSystems = check._systems
    pairs = {"G05", "G06", "G09", "G10", "G11", "G14", "G15", "F01", "C06", "M01", "Z08"}
    for value in systems.icd10cm.billable_codes()[::97]:
        assert not pairs & set(rules_against(check, value, "outpatient")), value
