"""Templates and rendering: evidence survives, sandboxes hold, wording of splits differs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ghostchart.schemas.errors import TemplateError
from ghostchart.synth.notes.preview import lint_templates, list_templates, preview

IDS = [info.id for info in list_templates()]
SHIPPED = Path(__file__).resolve().parents[2] / "synth" / "notes" / "templates"


@pytest.mark.parametrize("template_id", IDS)
@pytest.mark.parametrize("seed", [1, 2])
def test_every_template_keeps_evidence_surrogates_and_distractors(template_id: str, seed: int) -> None:
    note = preview(template_id, seed)
    assert note.codes and note.distractors and note.surrogates
    for code in note.codes:
        assert code.rules and code.spans
        assert all(note.text[span.start : span.end].strip() for span in code.spans)
    for item in note.surrogates:
        assert note.text[item.start : item.end] == item.value
    assert not re.search("[\ue000-\uf8ff]", note.text)
    assert preview(template_id, seed) == note


def test_seeds_reword() -> None:
    assert len({preview(IDS[0], seed).text for seed in range(6)}) == 6


def test_four_note_types_with_families_for_each_split() -> None:
    by_type: dict[str, dict[str, set[str]]] = {}
    for info in list_templates():
        by_type.setdefault(info.note_type, {}).setdefault(info.split, set()).add(info.family)
    assert set(by_type) >= {"office_soap", "ed", "discharge_summary", "awv"}
    for splits in by_type.values():
        assert set(splits) == {"train", "validation", "test"}
        families = [family for group in splits.values() for family in group]
        assert len(families) == len(set(families))


def fixed_words(template: Path) -> list[str]:
    """Words of a template outside Jinja blocks and front matter."""
    body = template.read_text().split("---", 2)[2]
    return re.findall(r"[a-z']+", re.sub(r"\{[%{#].*?[%}#]\}", " | ", body, flags=re.DOTALL).lower())


def test_test_templates_share_little_fixed_wording_with_train() -> None:
    grams: dict[str, set[tuple[str, ...]]] = {"train": set(), "test": set()}
    for info in list_templates():
        if info.split in grams:
            words = fixed_words(SHIPPED / info.file)
            grams[info.split] |= {tuple(words[i : i + 8]) for i in range(len(words) - 7)}
    assert grams["test"]
    assert len(grams["test"] & grams["train"]) / len(grams["test"]) <= 0.10


def broken(tmp_path: Path, change: tuple[str, str]) -> list[str]:
    """Problems of one shipped template after one change."""
    info = next(info for info in list_templates() if info.id == IDS[0])
    text = (SHIPPED / info.file).read_text()
    assert change[0] in text
    (tmp_path / "own.md.j2").write_text(text.replace(*change, 1))
    return [str(problem) for problem in lint_templates(tmp_path)]


def last_line(template_id: str) -> str:
    info = next(info for info in list_templates() if info.id == template_id)
    return (SHIPPED / info.file).read_text().rstrip().splitlines()[-1]


def test_shipped_templates_lint_clean() -> None:
    assert lint_templates(SHIPPED) == ()


@pytest.mark.parametrize(
    "planted",
    ["{{ ''.__class__.__mro__ }}", "{{ no_such_fact }}", "{% for %}", "{% include '/etc/passwd' %}", "\ue000"],
)
def test_lint_names_a_planted_fault_with_its_file(tmp_path: Path, planted: str) -> None:
    line = last_line(IDS[0])
    problems = broken(tmp_path, (line, f"{line}\n{planted}"))
    assert problems
    assert all("own.md.j2" in problem for problem in problems)


def test_lint_of_a_directory_without_templates(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"no \.md\.j2 files"):
        lint_templates(tmp_path)


def test_preview_of_an_unknown_template() -> None:
    with pytest.raises(TemplateError, match="there is no template"):
        preview("nothing", 1)
