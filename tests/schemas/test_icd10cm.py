"""The ICD-10-CM release: membership, hierarchy, Excludes1 with ancestors, companions, other releases."""

import subprocess
import sys
import time
from itertools import combinations
from pathlib import Path

import pytest

from ghostchart.schemas.codes import Code
from ghostchart.schemas.errors import CodeError, InputError
from ghostchart.schemas.icd10cm import Icd10Cm
from ghostchart.schemas.icd10cm_release import load_icd10cm

# Frailty codes that exclude one another, with the place of the note.
FRAILTY_PAIRS = [
    ("R63.6", "E43", "R63.6"),
    ("R63.6", "E44.0", "R63.6"),
    ("R63.6", "E44.1", "R63.6"),
    ("R63.6", "E46", "R63.6"),
    ("E88.A", "R64", "E88.A"),
    ("G31.84", "F03.90", "G31.84"),
    ("R54", "F03.90", "R54"),
    ("G31.84", "R41.81", "G31.84"),
    ("R26.2", "M62.3", "R26"),
    ("R26.81", "M62.3", "R26"),
    ("R26.89", "M62.3", "R26"),
    ("R26.9", "M62.3", "R26"),
    ("M62.50", "M62.84", "M62.5"),
    ("M62.81", "M62.84", "M62.81"),
    ("R53.1", "M62.81", "R53.1"),
    ("R53.1", "M62.84", "R53.1"),
    ("R54", "M62.84", "R54"),
    ("R26.2", "R26.81", "R26.2"),
    ("R26.2", "R27.0", "R26"),
    ("R26.2", "R29.6", "R26.2"),
    ("R26.81", "R27.0", "R26"),
    ("R26.89", "R27.0", "R26"),
    ("R26.9", "R27.0", "R26"),
    ("R54", "R41.81", "R54"),
    ("R53.1", "R54", "R53.1"),
    ("R53.81", "R54", "R53.81"),
    ("R53.83", "R54", "R53.8"),
    ("R63.6", "R63.4", "R63.6"),
    ("R64", "R63.4", "R64"),
    ("Z73.6", "Z74.01", "Z73.6"),
    ("Z73.6", "Z74.09", "Z73.6"),
    ("Z73.6", "Z74.1", "Z73.6"),
    ("Z73.6", "Z74.2", "Z73.6"),
    ("Z73.6", "Z74.3", "Z73.6"),
    ("Z73.6", "Z74.8", "Z73.6"),
    ("Z73.6", "Z74.9", "Z73.6"),
]


@pytest.fixture(scope="module")
def system() -> Icd10Cm:
    return load_icd10cm()


def test_every_billable_code_of_the_release_is_known(system: Icd10Cm) -> None:
    assert len(system.billable_codes()) == len(set(system.billable_codes())) == 74_719
    assert all(system.is_billable(value) for value in system.billable_codes())


@pytest.mark.parametrize("value", ["B20", "F99", "P84", "R99", "Z66"])
def test_codes_that_are_block_and_leaf_alike_are_billable(system: Icd10Cm, value: str) -> None:
    assert system.require(value) == Code("icd10cm", value)


@pytest.mark.parametrize("value", ["E11", "N18.3", "E66.81", "G35", "W19", "R65.2", "1", "C00-C96", ""])
def test_headers_chapters_and_nothing_are_not_billable(system: Icd10Cm, value: str) -> None:
    assert not system.is_billable(value)


def test_require_reads_undotted_values(system: Icd10Cm) -> None:
    assert system.require(" e1122 ").value == "E11.22"
    assert system.require("w19xxxa").value == "W19.XXXA"
    assert system.require("QA00101").value == "QA0.0101"  # the first category with a letter in second place


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("G35", "G35 is a header of ICD-10-CM 2026-04, not a billable code. Use a code below it, such as G35.A."),
        ("E11.99", "E11.99 is not a code of ICD-10-CM 2026-04. The nearest code is E11.9."),
        ("U99.9", "U99.9 is not a code of ICD-10-CM 2026-04."),
    ],
)
def test_what_is_not_billable_is_refused_with_advice(system: Icd10Cm, value: str, said: str) -> None:
    with pytest.raises(CodeError) as caught:
        system.require(value)
    assert str(caught.value) == said


@pytest.mark.parametrize("value", ["", "diabetes", "11.9", "E11.22222"])
def test_values_of_another_shape_are_refused(system: Icd10Cm, value: str) -> None:
    with pytest.raises(CodeError, match="shape"):
        system.require(value)


def test_unknown_places_have_no_description(system: Icd10Cm) -> None:
    with pytest.raises(CodeError, match="not in ICD-10-CM"):
        system.description("X99.99")


def test_hierarchy_runs_from_nearest_to_chapter(system: Icd10Cm) -> None:
    assert system.ancestors("R26.2") == ("R26", "R25-R29", "18")
    assert system.ancestors("W19.XXXA") == ("W19", "W00-W19", "20")
    assert system.ancestors("C50.911") == ("C50.91", "C50.9", "C50", "2")
    assert [system.chapter(value) for value in ("A00.0", "E11.9", "B20", "U07.1", "9")] == ["1", "4", "1", "22", "9"]


def test_every_chapter_is_reached(system: Icd10Cm) -> None:
    assert {system.chapter(value) for value in system.billable_codes()} == {str(number) for number in range(1, 23)}


def test_descriptions_and_inclusion_terms(system: Icd10Cm) -> None:
    assert system.description("E11.9") == "Type 2 diabetes mellitus without complications"
    assert "initial encounter" in system.description("W19.XXXA")
    assert "Congestive heart failure NOS" in system.inclusion_terms("I50.9")
    assert system.inclusion_terms("W19.XXXA") == system.own_inclusion_terms("W19") == ("Accidental fall NOS",)


@pytest.mark.parametrize(("one", "other", "place"), FRAILTY_PAIRS)
def test_frailty_codes_that_exclude_each_other(system: Icd10Cm, one: str, other: str, place: str) -> None:
    for pair in ((one, other), (other, one)):
        found = system.excludes1_conflict(*pair)
        assert found is not None
        assert f"at {place} (" in found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("F17.210", "Z87.891"),  # note at the category
        ("N39.0", "N30.00"),
        ("R55", "I95.1"),
        ("E10.9", "E11.9"),
        ("I20.9", "I25.119"),
        ("K50.10", "K50.80"),
        ("E11.44", "G54.5"),  # "E08-E13 with .44"
        ("I69.320", "R47.01"),  # "I69. with final characters -20"
        ("S52.501B", "S51.801A"),  # "S52.- with open fracture 7th character"
        ("F32.A", "F33.1"),
    ],
)
def test_other_pairs_that_may_not_stand_together(system: Icd10Cm, one: str, other: str) -> None:
    assert system.excludes1_conflict(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("I12.9", "N17.9"),  # Excludes2 only
        ("E11.9", "E11.22"),  # no note: the policy's work
        ("I10", "I11.0"),
        ("J44.1", "J18.9"),
        ("E11.22", "I12.9"),
        ("E11.40", "G54.5"),  # same range, other characters
        ("I69.351", "R47.01"),
        ("S52.501A", "S51.801A"),
        ("E11.9", "E11.9"),
    ],
)
def test_pairs_that_may_stand_together(system: Icd10Cm, one: str, other: str) -> None:
    assert system.excludes1_conflict(one, other) is None


def test_conflict_with_an_unknown_code_is_an_error(system: Icd10Cm) -> None:
    with pytest.raises(CodeError):
        system.excludes1_conflict("E11.9", "E11.999")


def test_a_dozen_codes_are_checked_in_well_under_a_millisecond_after_the_first_time(system: Icd10Cm) -> None:
    codes = ["E11.22", "I12.9", "N18.32", "E78.5", "K21.9", "F32.A", "M17.11", "R54", "Z79.4", "Z87.891", "I48.91"]
    codes.append("J44.9")
    for pair in combinations(codes, 2):
        system.excludes1_conflict(*pair)
    start = time.perf_counter()
    for _ in range(100):
        for pair in combinations(codes, 2):
            system.excludes1_conflict(*pair)
    assert (time.perf_counter() - start) / 100 < 0.001


def test_code_first_targets_are_prefixes_found_at_ancestors_too(system: Icd10Cm) -> None:
    assert "G30" in system.code_first_targets("F02.80")
    assert "G20" in system.code_first_targets("F02.80")
    assert {"E11.22", "I12", "I13"} <= set(system.code_first_targets("N18.4"))
    assert "E08.21" not in system.code_first_targets("N18.4")
    assert system.code_first_targets("E11.9") == ()


def test_ranges_of_targets_come_as_their_codes(system: Icd10Cm) -> None:
    targets = system.use_additional_targets("E11.22")
    assert {"N18.1", "N18.2", "N18.3", "N18.4", "N18.5", "N18.6"} == set(targets)
    assert {"N18.1", "N18.4", "N18.9"} <= set(system.use_additional_targets("I12.9"))


def test_importing_the_module_does_not_load_the_release() -> None:
    code = "import sys, ghostchart.schemas.icd10cm; sys.exit('simple_icd_10_cm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


TABULAR = """<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.tabular><version>2099</version><introduction/>
<chapter><name>1</name><desc>Small chapter</desc>
<section id="A00-A09"><desc>Small block</desc>
<diag><name>A00</name><desc>Cholera</desc>
<excludes1><note>typhoid (A01.-)</note></excludes1>
<diag><name>A00.0</name><desc>Cholera, classical</desc></diag></diag>
<diag><name>A01</name><desc>Typhoid</desc><diag><name>A01.7</name><desc>Typhoid, new kind</desc></diag></diag>
</section></chapter></ICD10CM.tabular>"""


def small_release(tmp_path: Path) -> tuple[Path, Path]:
    codes, tabular = tmp_path / "codes.txt", tmp_path / "tabular.xml"
    codes.write_text("A00 Cholera\nA000 Cholera, classical\nA01 Typhoid\nA017 Typhoid, new kind\n")
    tabular.write_text(TABULAR)
    return codes, tabular


def test_another_release_can_be_loaded_beside_the_default_one(tmp_path: Path, system: Icd10Cm) -> None:
    other = load_icd10cm(small_release(tmp_path), "ICD-10-CM 2099")
    assert other.billable_codes() == ("A00.0", "A01.7")
    assert other.excludes1_conflict("A01.7", "A00.0")
    with pytest.raises(CodeError, match="ICD-10-CM 2099"):
        other.require("E11.9")
    assert system.is_billable("E11.9")
    assert not system.is_billable("A01.7")
    assert load_icd10cm.__wrapped__().is_billable("E11.9")  # the library's own global state is back


@pytest.mark.parametrize("content", ["not xml", "<ICD10CM.tabular/>"])
def test_files_that_are_no_release_are_refused_and_the_default_stays(tmp_path: Path, content: str) -> None:
    codes, tabular = small_release(tmp_path)
    tabular.write_text(content)
    with pytest.raises(InputError, match="release cannot be read"):
        load_icd10cm((codes, tabular), "broken")
    assert load_icd10cm().is_billable("E11.9")


def test_a_missing_release_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.txt"):
        load_icd10cm((tmp_path / "none.txt", tmp_path / "none.xml"), "missing")
