"""Template files: linting finds what is wrong and where, the sandbox holds, test wording is not train wording."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from jinja2 import nodes
from jinja2.sandbox import SandboxedEnvironment

from ghostchart.schemas.clinical import NoteType
from ghostchart.schemas.errors import TemplateError
from ghostchart.synth.notes import confined
from ghostchart.synth.notes import preview as preview_module
from ghostchart.synth.notes.phrases import VOICES, Frame, load_phrases
from ghostchart.synth.notes.preview import lint_templates, preview, preview_template
from ghostchart.synth.notes.template_files import (
    TEMPLATE_FOLDER,
    TemplateProblem,
    list_templates,
    load_templates,
    read_template,
    shipped_templates,
)

HEAD = "---\nid: ed/own\nfamily: ed_own\nnote_type: ed\nsplit: train\nvoice: terse\n---\n"
BODY = (
    '{{ opener }} {{ story | join(" ") }} {{ denials | join(", ") }} {{ pmh | join(", ") }}\n'
    '{{ family | join(", ") }} {{ meds | join(", ") }} {{ vitals | join(" ") }} {{ labs | join(" ") }}\n'
    '{{ results | join(" ") }} {% for line in exam %}{{ line.finding }} {% endfor %}\n'
    "{% for item in procedures %}{{ item.sentence }} {% endfor %}\n"
    "{% for p in problems %}{{ p.assessment }} {% endfor %}\n"
    '{{ plan_remarks | join(" ") }} {{ visit }} {{ disposition }}\n'
)
BODY_LINES = HEAD.count("\n") + BODY.count("\n")


def lint(folder: Path, text: str) -> tuple[TemplateProblem, ...]:
    (folder / "own.md.j2").write_text(text)
    return lint_templates(folder)


def test_shipped_templates_are_clean() -> None:
    assert lint_templates(TEMPLATE_FOLDER) == ()


def test_each_note_type_has_its_families() -> None:
    by_type: dict[str, Counter[str]] = {}
    families = [info.family for info in list_templates()]
    for info in list_templates():
        by_type.setdefault(info.note_type, Counter())[info.split] += 1
    assert set(by_type) == set(get_args(NoteType))
    assert all(min(counts["train"], counts["validation"], counts["test"]) >= 1 for counts in by_type.values())
    # The six most common have terse, dictated, problem-oriented and copied-forward families to train on.
    for name in ("office_soap", "ed", "discharge_summary", "awv", "preventive", "telehealth"):
        assert by_type[name]["train"] >= 4, name
    assert len(set(families)) == len(families)


def test_a_complete_template_is_clean(tmp_path: Path) -> None:
    assert lint(tmp_path, HEAD + BODY) == ()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{{ blood_type }}", "unknown name 'blood_type'"),
        ("{{ patient.ssn }}", "patient has no 'ssn'"),
        ("{{ ''.__class__.__mro__ }}", "begin with '_'"),
        ("{{ ''['__class__'] }}", "begin with '_'"),
        ("{% include 'other' %}", "'include' is not available"),
        ("{% import 'os' as os %}", "'import' is not available"),
        ("{{ patient.name.upper() }}", "calls are not available"),
        ("{{ range(10) }}", "calls are not available"),
        ("{% for p in problems %}{{ p.name }", "syntax error"),
        ("{{ opener | shout }}", "syntax error"),
        ("a \ue001 b", "private-use characters"),
    ],
)
def test_lint_names_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    problems = lint(tmp_path, HEAD + BODY + line + "\n")
    assert problems
    assert all(problem.file == "own.md.j2" for problem in problems)
    hit = [problem for problem in problems if message in problem.message]
    assert hit
    assert hit[0].line == BODY_LINES + 1
    assert str(hit[0]).startswith(f"own.md.j2, line {BODY_LINES + 1}: ")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{% for p in problems %}{{ p.prognosis }}{% endfor %}", "has no attribute 'prognosis'"),
        ("{% for p in problems %}{{ p._makers }}{% endfor %}", "begin with '_'"),
        ("{{ 'x' * 1000000000 }}", "operator \\*"),
        ("{{ '%s' % opener }}", "operator %"),
        ("{{ visit[2:] }}", "cut in two"),
        ("{{ opener.format }}", "format"),
    ],
)
def test_trial_runs_find_the_rest(tmp_path: Path, line: str, message: str) -> None:
    problems = lint(tmp_path, HEAD + BODY + line + "\n")
    assert any(re.search(message, problem.message) for problem in problems), problems


def test_lost_blocks_are_named(tmp_path: Path) -> None:
    problems = lint(tmp_path, HEAD + BODY.replace('{{ pmh | join(", ") }}', ""))
    assert [problem.message for problem in problems] == ["block 'pmh' is never written, facts would be lost"]


def test_blocks_written_only_in_name_lose_evidence(tmp_path: Path) -> None:
    problems = lint(tmp_path, HEAD + BODY.replace("{{ visit }}", "{% if visit %}seen{% endif %}"))
    assert [problem.message for problem in problems] == ["code 99284 has no evidence in the text"]


def test_unlabelled_mentions_are_named(tmp_path: Path) -> None:
    hidden = BODY.replace('{{ results | join(" ") }}', '{% if not results %}{{ results | join(" ") }}{% endif %}')
    problems = lint(tmp_path, HEAD + hidden)
    assert [problem.message for problem in problems] == ["the 'ruled out' mention of the example is not written"]


@pytest.mark.parametrize(
    "head",
    [
        "",
        "---\nid: x\n---\n",
        HEAD.replace("split: train", "split: training"),
        HEAD.replace("note_type: ed", "note_type: poem"),
        HEAD.replace("id: ed/own", "id: Ed Own"),
        HEAD.replace("id: ed/own", "id: [ed"),
    ],
)
def test_bad_front_matter(tmp_path: Path, head: str) -> None:
    assert lint(tmp_path, head + BODY)[0].line >= 1


def test_duplicate_ids(tmp_path: Path) -> None:
    (tmp_path / "again.md.j2").write_text(HEAD + BODY)
    assert "also used by again.md.j2" in lint(tmp_path, HEAD + BODY)[0].message
    with pytest.raises(TemplateError, match="used twice"):
        load_templates(tmp_path)


def test_no_templates(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"no \.md\.j2 files"):
        lint_templates(tmp_path)
    with pytest.raises(TemplateError, match="not a directory"):
        lint_templates(tmp_path / "missing")


def test_a_loop_of_output_is_cut_off(tmp_path: Path) -> None:
    loops = "{% for a in problems %}" * 9 + "{{ opener }}" * 40 + "{% endfor %}" * 9
    (tmp_path / "own.md.j2").write_text(HEAD + BODY + loops)
    template, problems = read_template(tmp_path / "own.md.j2", "own.md.j2")
    assert template is not None
    assert not problems
    with pytest.raises(TemplateError, match="grew beyond"):
        preview_template(template)


def test_an_endless_loop_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "own.md.j2").write_text(HEAD + BODY + "{% for a in opener %}" * 9 + "{% endfor %}" * 9)
    template, problems = read_template(tmp_path / "own.md.j2", "own.md.j2")
    assert template is not None and not problems
    with pytest.raises(confined.LimitExceededError, match="longer than 1 seconds"):
        confined.run_confined(preview_module._read_and_try, tmp_path / "own.md.j2", "own.md.j2", seconds=1)


def test_a_gigabyte_string_is_stopped(tmp_path: Path) -> None:
    doubled = "{% set a = opener %}" + "{% set a = a ~ a %}" * 30 + "{{ a }}"
    problems = lint(tmp_path, HEAD + BODY + doubled)
    assert [problem.message for problem in problems] == ["rendering needed more than 512 MiB of memory and was stopped"]


def test_a_child_that_dies_is_reported() -> None:
    with pytest.raises(confined.LimitExceededError, match="without a result"):
        confined.run_confined(os._exit, 3)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("Seen 03/04/2026.", "a date"),
        ("Seen March 4, 2026.", "a date"),
        ("Call 212-555-0147.", "a telephone"),
        ("Chart 00481234.", "six digits"),
        ("Ask a.b@example.org.", "an e-mail"),
        ("Signed Jane Doe, MD", "a person's name"),
        ("{{ 'Dr. Smith' }}", "a person's name"),
        ("12 Main Street", "a street address"),
    ],
)
def test_identifiers_outside_the_ledger_are_named(tmp_path: Path, line: str, what: str) -> None:
    problems = lint(tmp_path, HEAD + BODY + line + "\n")
    assert len(problems) == 1
    assert what in problems[0].message
    assert problems[0].line == BODY_LINES + 1


def test_preview() -> None:
    note = preview("awv/standard", 2)
    assert note == preview("awv/standard", 2)
    assert note.text != preview("awv/standard", 3).text
    with pytest.raises(TemplateError, match="no template 'awv/none'"):
        preview("awv/none")


# Wording of the splits ---------------------------------------------------------------------------------------------


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower())


def template_pieces(split: str) -> Iterator[str]:
    """Fixed wording of templates between slots."""
    environment = SandboxedEnvironment()
    environment.filters.update(dict.fromkeys(("cap", "prose", "sentence", "rest"), str))
    for template in shipped_templates():
        if template.info.split == split:
            for output in environment.parse(template.source).find_all(nodes.Output):
                for node in output.nodes:
                    if isinstance(node, nodes.TemplateData):
                        yield node.data


def frame_pieces(split: str) -> Iterator[str]:
    """Fixed wording of every phrase that notes of a split may use, between slots."""
    bank = load_phrases()
    for name in bank.banks:
        for voice in VOICES:
            for frame in bank.frames(name, voice, split):  # type: ignore[arg-type]
                yield from frame.literals
    for name in bank.coded_banks:
        for entry in bank.entries(name):
            for frame in entry.frames[split]:
                yield from frame.literals


def grams(pieces: Iterator[str], size: int) -> set[tuple[str, ...]]:
    found = set()
    for piece in pieces:
        tokens = words(piece)
        found |= {tuple(tokens[n : n + size]) for n in range(len(tokens) - size + 1)}
    return found


@pytest.mark.parametrize("size", [4, 8])
def test_test_wording_is_hardly_contained_in_train_wording(size: int) -> None:
    train = grams(template_pieces("train"), size) | grams(frame_pieces("train"), size)
    test = grams(template_pieces("test"), size) | grams(frame_pieces("test"), size)
    assert len(test) >= 8
    assert len(test & train) / len(test) <= 0.10


def test_measure_of_containment_can_fail() -> None:
    train = grams(template_pieces("train"), 4)
    assert train
    assert len(train & train) / len(train) > 0.10


def test_frames_of_a_split_stay_in_it() -> None:
    bank = load_phrases()
    own: dict[str, set[Frame]] = {}
    for split in ("train", "validation", "test"):
        own[split] = {
            frame
            for name in bank.banks
            for voice in VOICES
            for frame in bank.frames(name, voice, split)  # type: ignore[arg-type]
        }
    shared = own["train"] & own["validation"] & own["test"]
    assert own["train"] & own["test"] <= shared
    assert len(own["test"] - shared) >= len(shared)
    assert len(own["train"] - shared) >= len(shared)


def test_slots_of_frames_are_known() -> None:
    bank = load_phrases()
    known = {
        "title", "age_sex", "an_age_sex", "short_age_sex", "she", "her", "follow_up", "start", "end", "facility", "phone",
        "email", "fax", "plan", "npi", "device", "url", "street", "city", "zip", "ssn", "vehicle", "ip", "biometric",
        "abbreviation", "value", "name", "names", "chief", "cause", "symptom", "symptoms", "drug", "minutes", "mdm", "count", "relative",
    }  # fmt: skip
    for name in bank.banks:
        for voice in VOICES:
            for split in ("train", "validation", "test"):
                for frame in bank.frames(name, voice, split):  # type: ignore[arg-type]
                    assert frame.slots <= known, name


LOOKS_BACK = re.compile(r"\b(?:returns?|back|RTC|f/u|again|since)\b", re.IGNORECASE)


def openers(bank: str) -> list[str]:
    return [
        " ".join(frame.literals)
        for voice in VOICES
        for split in ("train", "validation", "test")
        for frame in load_phrases().frames(bank, voice, split)  # type: ignore[arg-type]
    ]


def test_who_was_never_here_does_not_return() -> None:
    assert not [text for text in openers("opener.new") if LOOKS_BACK.search(text)]
    assert [text for text in openers("opener.office") if LOOKS_BACK.search(text)]
