"""Review sheets: what is drawn, what is written, and scores computed by hand."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from ghostchart.cli.app import app
from ghostchart.pipeline.review import cohens_kappa, draw_notes, score_review, sheet_of, write_review
from ghostchart.schemas.coding_rules import RULES
from ghostchart.schemas.corpus import DATA, shard_name
from ghostchart.schemas.errors import InputError, OutputError
from ghostchart.schemas.note import Distractor, Note, NoteCode, Span, notes_to_table

TEXT = "Right knee arthritis, painful. Denies <fever>. Blood pressure is fine today."


def note(number: int, split: str, rules: tuple[str, ...] = ("MAP",)) -> Note:
    code = NoteCode("icd10cm", "M17.11", "Unilateral primary osteoarthritis, right knee", "r", "first_listed", (), "",
                    (Span(0, 20),), rules)  # fmt: skip
    return Note(
        f"{split}-{number}", f"p{split}{number}", f"e{split}{number}", "office_soap", "office", date(2026, 1, 5), 90, "F", TEXT,
        (code,), (), (Distractor("negated", 38, 45),), "family", "template", (), "0" * 32, split,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    (folder / DATA).mkdir(parents=True)
    for split in ("train", "validation", "test"):
        notes = [note(number, split) for number in range(40)]
        if split == "validation":
            notes[7] = note(7, split, ("MAP", "G05"))
            notes[8] = note(8, split, ("MAP", "G05"))
            notes[9] = note(9, split, ("MAP", "N01", "C09"))
        pq.write_table(notes_to_table(notes), folder / DATA / shard_name(split, 0, 1))  # type: ignore[arg-type]
    return folder


def test_notes_with_rules_for_review_come_first_and_rare_rules_before_common_ones(corpus: Path) -> None:
    assert RULES["G05"].needs_review and RULES["C09"].needs_review and not RULES["N01"].needs_review
    drawn = [item.note_id for item in draw_notes(corpus, 4, seed=3)]
    assert set(drawn[:2]) & {"validation-9"} and set(drawn[:3]) == {"validation-7", "validation-8", "validation-9"}
    assert drawn == [item.note_id for item in draw_notes(corpus, 4, seed=3)]
    assert drawn[3] != draw_notes(corpus, 4, seed=4)[3].note_id
    with pytest.raises(InputError, match="fewer than 500"):
        draw_notes(corpus, 500, seed=3)


def test_the_page_shows_evidence_and_is_self_contained(corpus: Path, tmp_path: Path) -> None:
    page, _ = write_review(draw_notes(corpus, 3, seed=1), tmp_path / "review")
    text = page.read_text()
    assert '<mark class="ev" title="M17.11">Right knee arthritis</mark>' in text
    assert "&lt;fever&gt;" in text and "<fever>" not in text
    assert RULES["G05"].text in text and "for review" in text
    assert "http" not in text.replace("http-equiv", "") and "<script" not in text
    with pytest.raises(OutputError, match="already"):
        write_review(draw_notes(corpus, 3, seed=1), tmp_path / "review")


def test_the_sheet_has_a_row_for_each_code_and_each_distractor(corpus: Path) -> None:
    rows = list(csv.DictReader(sheet_of(draw_notes(corpus, 2, seed=1)).splitlines()))
    assert [row["kind"] for row in rows] == ["coded", "not coded"] * 2
    assert rows[0]["evidence"] == "Right knee arthritis" and rows[1]["evidence"] == TEXT[38:45]
    assert all(row["agree"] == "" for row in rows)


SHEET = """note_id,kind,code,rules,agree
a,coded,I10,MAP G11,yes
a,coded,E11.9,MAP E01,no
a,coded,N18.31,MAP E03,yes
a,not coded,,,yes
b,coded,M17.0,G05,no
b,coded,J44.9,MAP,yes
b,not coded,,,yes
b,not coded,,,no
b,missing,Z79.4,,
c,coded,I10,MAP,yes
c,not coded,,,yes
d,coded,I10,MAP,yes
d,not coded,,,
e,coded,I10,MAP,
"""


def test_agreement_kappa_and_rules_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "review.csv"
    path.write_text(SHEET)
    found = score_review(path)
    # Judged: 7 codes (5 yes, 2 no), 4 distractors (3 yes, 1 no), 1 missing code.
    assert (found.judged, found.unjudged) == (12, 2)
    assert found.table == {
        ("coded", "coded"): 5,
        ("coded", "not coded"): 2,
        ("not coded", "coded"): 2,
        ("not coded", "not coded"): 3,
    }
    assert found.agreement.value == pytest.approx(8 / 12)
    # Both say "coded" in 7 of 12: chance = (7/12)^2 + (5/12)^2 = 74/144; (96 - 74) / (144 - 74) = 22/70.
    assert found.kappa == pytest.approx(22 / 70)
    assert found.by_rule == {"MAP": (6, 1), "E01": (1, 1), "G05": (1, 1), "E03": (1, 0), "G11": (1, 0)}
    assert next(iter(found.by_rule)) == "MAP"
    assert found.notes_without_objection.value == pytest.approx(1 / 4)  # only c: d is not fully judged


@pytest.mark.parametrize(
    ("table", "expected"),
    [((20, 5, 10, 15), 0.4), ((10, 0, 0, 10), 1.0), ((5, 5, 5, 5), 0.0), ((7, 0, 0, 0), None), ((0, 0, 0, 0), None)],
)
def test_kappa_of_hand_computed_tables(table: tuple[int, int, int, int], expected: float | None) -> None:
    assert cohens_kappa(*table) == (pytest.approx(expected) if expected is not None else None)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("note_id,kind,code,rules,agree", "note_id,kind,code,rules,verdict", "no column agree"),
        ("MAP G11,yes", "MAP G11,perhaps", "neither yes nor no"),
        ("b,missing,Z79.4", "b,missing,", "a missing code is not named"),
        ("a,coded,I10", "a,thing,I10", "kind is not coded"),
    ],
)
def test_a_sheet_with_a_fault_is_one_sentence_with_the_row(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "review.csv"
    path.write_text(SHEET.replace(old, new))
    with pytest.raises(InputError, match=said) as caught:
        score_review(path)
    assert "row" in str(caught.value)


def test_an_unfilled_sheet_is_refused(corpus: Path, tmp_path: Path) -> None:
    _, sheet = write_review(draw_notes(corpus, 2, seed=1), tmp_path / "review")
    with pytest.raises(InputError, match="nobody has judged"):
        score_review(sheet)


def invoke(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


def test_the_commands_go_there_and_back(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "review"
    invoke("review", "sample", str(corpus), "--n", "5", "--out", str(out))
    lines = (out / "review.csv").read_text().splitlines()
    place = lines[0].split(",").index("agree")
    filled = [lines[0]] + [
        ",".join([*cells[:place], "yes", *cells[place + 1 :]])
        for cells in (
            line.replace("osteoarthritis, right", "osteoarthritis right").replace('"', "").split(",")
            for line in lines[1:]
        )
    ]
    (out / "review.csv").write_text("\n".join(filled))
    told = json.loads(invoke("review", "score", str(out / "review.csv"), "--json"))
    assert told["agreement"]["value"] == 1.0 and told["kappa"] == 1.0 and told["judged"] == 10
    assert "Cohen kappa" in invoke("review", "score", str(out / "review.csv"))


def test_coverage_counts_codes_chapters_strata_and_the_long_tail(corpus: Path) -> None:
    told = json.loads(invoke("codes", "coverage", str(corpus), "--json"))
    assert (told["notes"], told["icd10cm"], told["cpt"], told["once"]) == (120, 1, 0, 0)
    chapters = {part["name"]: part for part in told["chapters"]}
    assert len(chapters) == 22 and chapters["13"]["notes"] == 120 and chapters["13"]["codes"] == 1
    assert sum(part["of"] for part in told["chapters"]) == 74_719
    assert {part["name"] for part in told["strata"]} == {"advanced_illness", "frailty"}
    assert told["families"]["codes"] == 1 and told["families"]["of"] >= 150
    assert told["long_tail"]["codes"] == 0
    assert "120 notes: 1 ICD-10-CM" in invoke("codes", "coverage", str(corpus))
