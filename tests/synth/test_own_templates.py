"""A hospital's own templates: which sets are taken, that they are used, and that none can hold up or blow up a run."""

from __future__ import annotations

import resource
import signal
import time
from pathlib import Path

import pytest

from ghostchart.pipeline.generate import check_templates
from ghostchart.pipeline.state import generation_values
from ghostchart.schemas.config import CorpusConfig, RunConfig
from ghostchart.schemas.errors import TemplateError
from ghostchart.synth.diversity import fixed_wording
from ghostchart.synth.notes.confined import LimitExceededError, bounded, run_confined
from ghostchart.synth.notes.own_templates import all_templates, digest_templates, templates_for
from ghostchart.synth.notes.preview import lint_templates, preview_file, preview_template, require_sound
from ghostchart.synth.notes.template_files import TEMPLATE_FOLDER, list_templates, shipped_templates

SHIPPED = next(info for info in list_templates() if info.note_type == "office_soap" and info.split == "train")


def write_own(folder: Path, change: tuple[str, str] = ("", ""), added: str = "", name: str = "clinic") -> Path:
    """A shipped template as the hospital's own, with one change and something added at its end."""
    text = (TEMPLATE_FOLDER / SHIPPED.file).read_text()
    text = text.replace(f"id: {SHIPPED.id}", f"id: own/{name}").replace(
        f"family: {SHIPPED.family}", "family: own_clinic"
    )
    if change[0]:
        assert change[0] in text
    path = folder / f"{name}.md.j2"
    path.write_text(text.replace(*change) + added if change[0] else text + added)
    return path


def nested_loops(depth: int) -> str:
    """Loops within loops over a list that the note fills: harmless to write, out of all time to run."""
    names = [f"n{level}" for level in range(depth)]
    opened = "".join(f"{{% for {name} in problems %}}{{% for {name}d in denials %}}" for name in names)
    return opened + "{% endfor %}{% endfor %}" * depth + "\n"


def test_own_templates_stand_beside_the_built_in_ones(tmp_path: Path) -> None:
    write_own(tmp_path)
    own = templates_for("office_soap", "train", tmp_path)
    assert [template.info.id for template in own if not template.trusted] == ["own/clinic"]
    assert len(own) == len(templates_for("office_soap", "train")) + 1
    assert templates_for("office_soap", "test", tmp_path) == templates_for("office_soap", "test")
    assert all(template.trusted for template in shipped_templates())


def test_fixed_wording_counts_own_templates(tmp_path: Path) -> None:
    write_own(tmp_path, added="Zebra crossing closed today\n")
    words = [word for listed in fixed_wording("train", tmp_path) for word in listed]
    assert "zebra" in words
    assert not any("zebra" in listed for listed in fixed_wording("train"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("id: own/clinic", f"id: {SHIPPED.id}"), "is one of a built-in template"),
        (("split: train", "split: test"), "stands in split test here and in split train elsewhere"),
    ],
)
def test_sets_that_mix_ids_or_splits_are_refused(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    path = write_own(tmp_path)
    if "split" in change[0]:
        write_own(tmp_path, change, name="other")
        (tmp_path / "other.md.j2").write_text((tmp_path / "other.md.j2").read_text())
    else:
        path.write_text(path.read_text().replace(*change))
    with pytest.raises(TemplateError, match=told):
        all_templates(tmp_path)


def test_the_digest_follows_names_and_contents(tmp_path: Path) -> None:
    path = write_own(tmp_path)
    first = digest_templates(tmp_path)
    assert digest_templates(tmp_path) == first
    path.write_text(path.read_text() + "More.\n")
    changed = digest_templates(tmp_path)
    path.rename(tmp_path / "renamed.md.j2")
    assert len({first, changed, digest_templates(tmp_path)}) == 3


def test_a_run_knows_its_templates_by_content_not_by_place(tmp_path: Path) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        write_own(tmp_path / name)
    values = [
        generation_values(RunConfig(corpus=CorpusConfig(templates=tmp_path / name)))["corpus"]["templates"]
        for name in ("here", "there")
    ]
    assert values[0] == values[1] == digest_templates(tmp_path / "here")


def test_a_directory_without_templates_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"not a directory of templates.*--templates"):
        digest_templates(tmp_path / "missing")


def test_problems_refuse_a_run_before_anything_is_written(tmp_path: Path) -> None:
    write_own(tmp_path, added="{{ shoe_size }}\n{{ hat_size }}\n")
    with pytest.raises(TemplateError, match=r"unknown name 'shoe_size' and 1 more \(clinic.md.j2, line \d+\)"):
        check_templates(RunConfig(corpus=CorpusConfig(templates=tmp_path)))


def test_sound_templates_are_taken(tmp_path: Path) -> None:
    write_own(tmp_path)
    require_sound(tmp_path)


def test_preview_of_a_file(tmp_path: Path) -> None:
    note = preview_file(write_own(tmp_path), 3)
    assert note.template_id == "own/clinic"
    assert all(note.text[span.start : span.end].strip() for code in note.codes for span in code.spans)


def test_preview_names_the_line_of_a_fault(tmp_path: Path) -> None:
    path = write_own(tmp_path, added="{{ shoe_size }}\n")
    last = len(path.read_text().splitlines())
    with pytest.raises(TemplateError, match=rf"unknown name 'shoe_size' \(clinic.md.j2, line {last}\)"):
        preview_file(path)


def test_a_note_that_would_never_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ghostchart.synth.notes.compose.bounded", lambda: bounded(seconds=0.3))
    write_own(tmp_path, added=nested_loops(9))
    template = next(item for item in all_templates(tmp_path) if not item.trusted)
    with pytest.raises(TemplateError, match=r"took longer than 0.3 seconds and was stopped \(template own/clinic\)"):
        preview_template(template)


def test_lint_finds_loops_that_only_a_long_history_makes_endless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_confined, "__kwdefaults__", {**(run_confined.__kwdefaults__ or {}), "seconds": 1})
    write_own(tmp_path, added=nested_loops(5))
    preview_file(tmp_path / "clinic.md.j2")
    assert [problem.message for problem in lint_templates(tmp_path)] == [
        "rendering took longer than 1 seconds and was stopped"
    ]


def test_limits_are_set_back() -> None:
    before = resource.getrlimit(resource.RLIMIT_AS), signal.getsignal(signal.SIGVTALRM)
    with pytest.raises(LimitExceededError, match="and was stopped"), bounded(seconds=0.05):
        begun = time.process_time()
        while time.process_time() < begun + 5:
            pass
    assert (resource.getrlimit(resource.RLIMIT_AS), signal.getsignal(signal.SIGVTALRM)) == before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def test_memory_is_limited() -> None:
    with pytest.raises(LimitExceededError, match="more than 64 MiB of memory"), bounded(memory_mib=64):
        bytearray(1 << 29)
    assert len(bytearray(1 << 27)) == 1 << 27
