"""``ghostchart codes`` from outside: what people see and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ghostchart.cli.app import app
from ghostchart.schemas.errors import CodeError, ConfigError, InputError, UsageError

TABULAR = """<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.tabular><version>2099</version><introduction/>
<chapter><name>1</name><desc>Small chapter</desc>
<section id="A00-A09"><desc>Small block</desc>
<diag><name>A00</name><desc>Cholera</desc>
<excludes1><note>typhoid (A01.-)</note></excludes1>
<diag><name>A00.0</name><desc>Cholera, classical</desc></diag></diag>
<diag><name>A01</name><desc>Typhoid</desc><diag><name>A01.7</name><desc>Typhoid, new kind</desc></diag></diag>
</section></chapter></ICD10CM.tabular>"""


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["codes", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


# The pairs that the issue names, with the rule that each must be answered with.
NAMED = [
    ("G11", ["E11.9", "E11.22"], "outpatient"),
    ("G11", ["I10", "I11.0"], "outpatient"),
    ("C03", ["I11.0", "I13.0"], "outpatient"),
    ("G05", ["M17.11", "M17.12"], "outpatient"),
    ("G14", ["J20.9", "R05.9"], "outpatient"),
    ("N03", ["Z85.3", "C50.911"], "outpatient"),
    ("F01", ["R54", "R53.1"], "outpatient"),
    ("G06", ["N39.0", "N30.00"], "outpatient"),
    ("G02", ["S52.501"], "outpatient"),
    ("G08", ["F02.80", "G30.9"], "outpatient"),
    ("E03", ["E11.22"], "outpatient"),
    ("G09", ["I10", "I10"], "outpatient"),
]


@pytest.mark.parametrize(("rule", "values", "setting"), NAMED)
def test_check_names_rule_sentence_and_source(rule: str, values: list[str], setting: str) -> None:
    from ghostchart.schemas.coding_rules import RULES

    code, said = run("check", *values, "--setting", setting)
    assert code == 1
    assert rule in [line.split()[0] for line in said.splitlines() if not line.startswith(" ")]
    assert RULES[rule].text in said.replace("\n", "") and RULES[rule].source in said


def test_check_says_when_the_set_may_stand_and_order_counts() -> None:
    assert run("check", "E11.22", "I12.9", "N18.32")[0] == 0
    assert run("check", "N18.32", "E11.22", "I12.9")[0] == 1
    assert run("check", "Z12.11", "K63.5", "99213-25", "45380")[0] == 0


def test_check_as_json() -> None:
    code, said = run("check", "M17.11", "M17.12", "--json")
    told = json.loads(said)
    assert code == 1 and told["may_stand"] is False
    assert told["violations"][0]["codes"] == ["M17.11", "M17.12"] and told["violations"][0]["needs_review"] is True


def test_check_refuses_what_is_no_code_or_setting() -> None:
    with pytest.raises(CodeError, match="shape of no known code"):
        run("check", "diabetes")
    with pytest.raises(UsageError, match="outpatient or inpatient"):
        run("check", "I10", "--setting", "moon")


def test_show_tells_every_note_with_the_place_it_stands_at() -> None:
    code, said = run("show", "N18.32")
    assert code == 0
    for part in (
        "Chronic kidney disease, stage 3b (ICD-10-CM 2026-04)",
        "below N18.3: Chronic kidney disease, stage 3",
        "code first (at N18): any associated:",
        "use additional (at N18): code, if applicable, to identify:",
    ):
        assert part.replace(" ", "") in said.replace(" ", "").replace("\n", ""), part
    said = run("show", "E11.22")[1]
    assert "Excludes1 (at E11): gestational diabetes (O24.4-)" in said
    assert "Excludes1 (at 4): transitory endocrine" in said
    assert "7th character D: subsequent encounter" in run("show", "W19.XXXA")[1]
    assert "code also" in run("show", "J44.9")[1] and "Excludes2" in run("show", "J44.9")[1]
    with pytest.raises(CodeError, match="E11 is a header"):
        run("show", "E11")
    assert "unconfirmed" in run("show", "83036")[1]
    for block_and_leaf in ("B20", "F99", "P84", "R99", "Z66"):
        assert json.loads(run("show", block_and_leaf, "--json")[1])[0]["billable"]


def test_search_finds_by_words_of_people_and_by_inclusion_terms() -> None:
    assert run("search", "stage 3b kidney")[1].splitlines()[0].startswith("N18.32")
    assert run("search", "renal", "stage", "3b")[1].splitlines()[0].startswith("N18.32")
    assert run("search", "congestive heart failure nos")[1].splitlines()[0].startswith("I50.9")
    assert "I21.9" in run("search", "heart attack")[1]
    assert run("search", "no such disease anywhere")[0] == 1
    assert len(json.loads(run("search", "kidney", "--limit", "3", "--json")[1])) == 3


def write_release(folder: Path, order_file: bool = False) -> Path:
    folder.mkdir()
    (folder / "icd10cm-tabular-2099.xml").write_text(TABULAR)
    if order_file:
        lines = ["00001 A00     0 Cholera", "00002 A000    1 Cholera, classical", "00003 A017    1 Typhoid, new kind"]
        (folder / "icd10cm-order-2099.txt").write_text("\n".join(lines))
    else:
        (folder / "icd10cm-codes-2099.txt").write_text("A000    Cholera, classical\nA017    Typhoid, new kind\n")
    return folder


@pytest.mark.parametrize("order_file", [False, True])
def test_another_release_is_a_directory(tmp_path: Path, order_file: bool) -> None:
    folder = str(write_release(tmp_path / "cms", order_file))
    assert "(ICD-10-CM 2099)" in run("show", "A01.7", "--release", folder)[1]
    code, said = run("check", "A01.7", "A00.0", "--release", folder)
    assert code == 1 and "G06" in said
    code, said = run("check", "E11.9", "--release", folder)
    assert code == 1 and "E11.9 is not a code of ICD-10-CM 2099" in said


def test_a_directory_without_a_release_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no tabular XML"):
        run("check", "I10", "--release", str(tmp_path))
    with pytest.raises(InputError, match="no such release directory"):
        run("check", "I10", "--release", str(tmp_path / "none"))
    folder = write_release(tmp_path / "cms")
    (folder / "icd10cm-tabular-2099.xml").write_text("<nothing/>")
    with pytest.raises(InputError, match="states no version"):
        run("check", "I10", "--release", str(folder))


def test_a_release_that_lacks_codes_of_the_library_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    folder = write_release(tmp_path / "cms")
    out = tmp_path / "out"
    result = CliRunner().invoke(app, ["generate", "--out", str(out), "--notes", "30", "--release", str(folder)])
    assert isinstance(result.exception, CodeError)
    said = str(result.exception)
    assert said.startswith("ICD-10-CM 2099 does not hold A04.72, which the condition family")
    assert "other codes of the library" in said
    assert not [path for path in out.rglob("*") if path.is_file()] if out.exists() else True


@pytest.mark.parametrize(
    ("text", "problem", "said"),
    [
        ("code\tmeaning\n99213\tvisit\n", ConfigError, "no column description"),
        ("code,description\n99213,visit\n99213,visit again\n", CodeError, "99213 appears a second time"),
    ],
)
def test_a_licensed_file_with_a_fault_is_one_sentence(
    tmp_path: Path, text: str, problem: type[Exception], said: str
) -> None:
    path = tmp_path / "cpt.txt"
    path.write_text(text)
    with pytest.raises(problem, match=said):
        run("show", "99213", "--cpt-file", str(path))


@pytest.mark.parametrize("separator", [",", "\t"])
def test_a_licensed_file_replaces_the_starter(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "cpt.txt"
    path.write_text(f"code{separator}description\n33533{separator}a bypass\n")
    assert "a bypass" in run("show", "33533", "--cpt-file", str(path))[1]
    assert run("check", "I25.10", "99213", "--cpt-file", str(path))[0] == 1
