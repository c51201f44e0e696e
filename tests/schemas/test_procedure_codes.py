"""CPT and HCPCS under the three settings, and files of licensed users."""

import csv
from pathlib import Path

import pytest

from ghostchart.schemas import procedure_codes
from ghostchart.schemas.codes import Code
from ghostchart.schemas.errors import CodeError, ConfigError
from ghostchart.schemas.procedure_codes import ProcedureCodes, load_procedure_codes

STARTER = Path(procedure_codes.__file__).parent / "data" / "procedure_starter.csv"


@pytest.fixture(scope="module")
def starter() -> ProcedureCodes:
    return load_procedure_codes("starter")


def licensed(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "cpt.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_starter_has_at_least_200_numbers_in_short_words(starter: ProcedureCodes) -> None:
    assert len(starter.codes()) >= 200
    meanings = [starter.description(code.value) for code in starter.codes()]
    assert len(set(meanings)) == len(meanings)
    assert all(text == text.strip() and text for text in meanings)
    assert max(map(len, meanings)) <= 90


def test_the_table_is_sorted_and_each_number_stands_once() -> None:
    with STARTER.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    keys = [(row["system"], row["value"]) for row in rows]
    assert keys == sorted(set(keys))
    assert {row["confirmed"] for row in rows} == {"yes", "no"}


def test_numbers_from_background_knowledge_are_flagged(starter: ProcedureCodes) -> None:
    assert not starter.is_confirmed("36415")
    assert starter.is_confirmed("99213")
    assert starter.is_confirmed("E0143")


def test_systems_are_told_apart(starter: ProcedureCodes) -> None:
    assert starter.require("99214") == Code("cpt", "99214")
    assert starter.require("g0439") == Code("hcpcs", "G0439")
    assert starter.require("3074f") == Code("cpt", "3074F")
    assert (starter.group("80061"), starter.group("E0143")) == ("lab", "frailty_device")


def test_an_unknown_number_is_refused_with_advice(starter: ProcedureCodes) -> None:
    with pytest.raises(CodeError, match=r"12345 is not among .* licensed CPT file can replace it"):
        starter.require("12345")
    with pytest.raises(CodeError, match="not among"):
        starter.description("12345")


def test_off_leaves_hcpcs_only() -> None:
    codes = load_procedure_codes("off")
    assert {code.system for code in codes.codes()} == {"hcpcs"}
    assert not codes.is_billable("99213")
    with pytest.raises(CodeError, match="switched off"):
        codes.require("99213")
    assert codes.release_of("cpt") == "CPT off"


@pytest.mark.parametrize(
    "text",
    [
        "code,description\n99213,office visit\n0001A,shot\n",
        "Code\tDescription\textra\n99213\toffice visit\tx\n0001A\tshot\ty\n",
        '\ufeffcode,description\n99213,"office visit"\n0001a,shot\n',
    ],
    ids=["comma", "tab", "byte order mark"],
)
def test_a_licensed_file_replaces_the_cpt_part(tmp_path: Path, text: str) -> None:
    codes = load_procedure_codes("licensed", licensed(tmp_path, text))
    assert codes.description("99213") == "office visit"
    assert codes.require("0001A").system == "cpt"
    assert not codes.is_billable("99214")
    assert codes.is_billable("G0439")
    assert codes.group("99213") == "em_office"
    assert codes.group("0001A") == "licensed"
    assert codes.release_of("cpt") == "CPT licensed (cpt.txt)"


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("number,description\n99213,x\n", ConfigError, "no column code"),
        ("code,text\n99213,x\n", ConfigError, "no column description"),
        ("", ConfigError, "no column code"),
        ("code,description\n", ConfigError, "no rows"),
        ("code,description\n99213,x\n99213,y\n", CodeError, "99213 appears a second time .*row 3"),
        ("code,description\n9921,x\n", CodeError, "shape of a cpt code .*row 2"),
        ("code,description\nG0439,x\n", CodeError, "shape of a cpt code .*row 2"),
        ("code,description\n99213,\n", CodeError, "no description .*row 2"),
        ("code,description\n99213\n", CodeError, "no description .*row 2"),
    ],
)
def test_a_bad_file_is_refused_by_name_and_row(tmp_path: Path, text: str, kind: type, said: str) -> None:
    path = licensed(tmp_path, text)
    with pytest.raises(kind, match=said) as caught:
        load_procedure_codes("licensed", path)
    assert str(path) in str(caught.value)


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read the CPT file"):
        load_procedure_codes("licensed", tmp_path / "none.csv")
    path = tmp_path / "latin.csv"
    path.write_bytes(b"code,description\n99213,caf\xe9\n")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_procedure_codes("licensed", path)


def test_setting_and_file_go_together(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="goes with cpt: licensed"):
        load_procedure_codes("licensed")
    with pytest.raises(ConfigError, match="goes with cpt: licensed"):
        load_procedure_codes("starter", tmp_path / "x.csv")
