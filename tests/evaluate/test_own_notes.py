"""A user's own file of coded notes: both formats, and one sentence for whatever is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ghostchart.evaluate.notes import write_code
from ghostchart.evaluate.own_notes import check_dots, read_notes_file
from ghostchart.schemas.code_systems import CodeSystems
from ghostchart.schemas.errors import InputError

SECRET = "fever since Monday"


def test_both_formats(tmp_path: Path) -> None:
    as_csv, as_json = tmp_path / "n.csv", tmp_path / "n.jsonl"
    as_csv.write_text('note_id,text,codes\nA,"two\nlines",I10; 99214-25\nB,x,\n')
    as_json.write_text(
        json.dumps({"note_id": "A", "text": "two\nlines", "codes": ["I10", "99214-25"]})
        + "\n\n"
        + json.dumps({"note_id": "B", "text": "x", "codes": []})
    )
    assert read_notes_file(as_csv) == read_notes_file(as_json)
    assert [write_code(item) for item in read_notes_file(as_csv)[0].gold] == ["I10", "99214-25"]


def test_long_notes_and_unusual_line_breaks_are_read(tmp_path: Path) -> None:
    long, odd = tmp_path / "long.csv", tmp_path / "odd.jsonl"
    long.write_text(f"note_id,text,codes\nA,{'a' * 200_000},I10\n")
    assert len(read_notes_file(long)[0].text) == 200_000
    text = "one\u2028two\x0bthree"
    odd.write_text(json.dumps({"note_id": "A", "text": text, "codes": []}, ensure_ascii=False), encoding="utf-8")
    assert read_notes_file(odd)[0].text == text


def refused(file: Path, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read_notes_file(file)
    told = str(caught.value)
    assert "\n" not in told
    assert caught.value.fix, "it says what to do"
    assert not any(word in told for word in SECRET.split())  # a user's file may hold patient data


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column note_id and no column text and no column codes .n.csv"),
        (f"{SECRET}\n{SECRET}\n", "no column note_id"),
        (f"note_id,text\nA,{SECRET}\n", "there is no column codes .n.csv"),
        (f"note_id;text;codes\nA;{SECRET};I10\n", "no column note_id and no column text"),
        ("note_id,text,codes\n", "there are no notes"),
        (f"note_id,text,codes\nA,{SECRET}\n", "the note has no codes .n.csv, row 2"),
        ("note_id,text,codes\nA,,I10\n", "the note's text is empty .n.csv, row 2"),
        (f"note_id,text,codes\n ,{SECRET},I10\n", "the note's note_id is empty"),
        ("note_id,text,codes\nA,x,I10\nA,y,I10\n", "second time .n.csv, row 3"),
        (f"note_id,text,codes\nA,x,I10 {SECRET}\n", "entry 2 of codes"),
        (f"note_id,text,codes\nA,{SECRET}, cough,I10\n", "more cells than there are columns .n.csv, row 2"),
        (f'note_id,text,codes\nA,x,\nB,"{SECRET},I10\nC,x,I10\n', "not CSV: unexpected end of data .n.csv, row 3"),
        (f"note_id,text,codes\nA,{SECRET}\x00,I10\n", "NUL characters"),
    ],
)
def test_a_bad_csv_file(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "n.csv"
    file.write_text(text)
    refused(file, said)


def test_bad_json_missing_and_binary_file(tmp_path: Path) -> None:
    file = tmp_path / "n.jsonl"
    for text in (f"{SECRET}\n", json.dumps([{"note_id": "A", "text": SECRET, "codes": []}])):
        file.write_text(text)
        refused(file, "not a JSON object .n.jsonl, row 1")
    file.write_bytes(b"\xff\xfe\x00")
    refused(file, "not UTF-8")
    refused(tmp_path / "none.csv", "cannot read the notes: No such file")
    refused(tmp_path, "cannot read the notes: Is a directory")


def test_diagnoses_without_their_dot_are_refused(tmp_path: Path, systems: CodeSystems) -> None:
    """E1122 has the shape of a HCPCS code, so that it would be scored as one that nobody can find."""
    file = tmp_path / "n.csv"
    file.write_text("note_id,text,codes\nA,x,E11.22 99214\nB,y,E1122 I10\n")
    with pytest.raises(InputError, match="codes without their dot: 1, the first in note 2"):
        check_dots(read_notes_file(file), systems, file.name)
    file.write_text("note_id,text,codes\nA,x,E11.22 G0439 E0601 99999\n")
    check_dots(read_notes_file(file), systems, file.name)
