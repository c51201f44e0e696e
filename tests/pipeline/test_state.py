"""What is resumed, what is refused, what is removed."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from ghostchart.pipeline.layout import RunLayout
from ghostchart.pipeline.run import open_run
from ghostchart.pipeline.state import RunState, erase, only_one_run, remove_certification, write_atomically
from ghostchart.schemas.config import RunConfig, config_from
from ghostchart.schemas.errors import OutputError, RunConflictError


def config(**changes: object) -> RunConfig:
    return config_from(dict(changes), where="test")


def started(out: Path, settings: RunConfig) -> tuple[RunLayout, RunState]:
    layout, state = open_run(out, settings)
    state.start(settings)
    return layout, state


def test_same_settings_resume(tmp_path: Path) -> None:
    started(tmp_path / "out", config(seed=7))
    open_run(tmp_path / "out", config(seed=7, workers=9))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"seed": 8}, "seed differs"),
        ({"seed": 7, "corpus": {"notes": 900}}, "corpus.notes was 8000, now 900"),
        ({"seed": 7, "ehr_model": {"k_min": 20}}, "ehr_model.k_min was 11, now 20"),
        (
            {"seed": 7, "source": {"demo_patients": 60}, "corpus": {"notes": 900}},
            "source.demo_patients was 5000, now 60",
        ),
    ],
)
def test_another_run_is_refused_naming_the_first_field(tmp_path: Path, changed: dict[str, object], field: str) -> None:
    started(tmp_path / "out", config(seed=7))
    with pytest.raises(RunConflictError, match="already holds another run") as caught:
        open_run(tmp_path / "out", config(**changed))
    assert field in str(caught.value)
    assert caught.value.exit_code == 2


def test_the_seed_is_not_shown(tmp_path: Path) -> None:
    started(tmp_path / "out", config(seed=731_551))
    with pytest.raises(RunConflictError) as caught:
        open_run(tmp_path / "out", config(seed=662_113))
    assert "731551" not in str(caught.value)
    assert "731551" not in (tmp_path / "out" / "run.json").read_text()


def test_later_settings_do_not_conflict(tmp_path: Path) -> None:
    started(tmp_path / "out", config(seed=7))
    open_run(tmp_path / "out", config(seed=7, evaluate={"max_notes": 3}, privacy={"membership_auc_upper": 0.7}))


def test_overwrite_erases_the_old_run_only_when_the_new_one_starts(tmp_path: Path) -> None:
    layout, _ = started(tmp_path / "out", config(seed=7))
    layout.corpus.mkdir()
    old_key = RunState(layout).key
    _, state = open_run(layout.out, config(seed=8), overwrite=True)
    assert layout.corpus.exists()
    state.start(config(seed=8))
    assert not layout.corpus.exists()
    assert RunState(layout).key != old_key


def test_overwrite_refuses_a_run_with_foreign_files_and_leaves_both(tmp_path: Path) -> None:
    layout, _ = started(tmp_path / "out", config(seed=7))
    (layout.out / "mine.txt").write_text("keep me")
    open_run(layout.out, config(seed=7))
    with pytest.raises(RunConflictError, match="not a run"):
        open_run(layout.out, config(seed=8), overwrite=True)
    assert (layout.out / "mine.txt").exists()
    assert layout.run_file.exists()


def test_a_foreign_directory_is_refused_even_with_overwrite(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(RunConflictError, match="not a run"):
        open_run(tmp_path, config(), overwrite=True)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_protected_zone_is_closed_to_others(tmp_path: Path) -> None:
    layout, state = started(tmp_path / "out", config())
    assert stat.S_IMODE(layout.protected.stat().st_mode) == 0o700
    for path in layout.protected.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
    assert len(state.key) == 32


def test_digests_depend_on_settings_and_upstream_and_are_keyed(tmp_path: Path) -> None:
    _, state = started(tmp_path / "a", config())
    _, other = started(tmp_path / "b", config())
    assert state.digest("x", {"a": 1}) == state.digest("x", {"a": 1})
    assert state.digest("x", {"a": 1}) != state.digest("x", {"a": 2})
    assert state.digest("x", {"a": 1}) != state.digest("x", {"a": 1}, "upstream")
    assert state.digest("x", {"a": 1}) != other.digest("x", {"a": 1})


def test_a_damaged_record_is_one_clear_error(tmp_path: Path) -> None:
    layout, _ = started(tmp_path / "out", config())
    layout.run_file.write_text("{")
    with pytest.raises(RunConflictError, match=r"run\.json is damaged"):
        open_run(layout.out, config())


def test_two_commands_never_share_a_directory(tmp_path: Path) -> None:
    layout, _ = started(tmp_path / "out", config())
    with (
        only_one_run(layout),
        pytest.raises(RunConflictError, match="another ghostchart command"),
        only_one_run(layout),
    ):
        pass


def test_erase_leaves_nothing_of_a_run(tmp_path: Path) -> None:
    layout, _ = started(tmp_path / "out", config())
    layout.corpus.mkdir()
    (layout.corpus / "certificate.json").write_text("x")
    erase(layout)
    assert list(layout.out.iterdir()) == []


def test_remove_certification_keeps_data(tmp_path: Path) -> None:
    layout, _ = started(tmp_path / "out", config())
    for name in ("certificate.json", "manifest.json", "README.md", "croissant.json", f"signoff-{'a' * 16}.json"):
        layout.corpus.mkdir(exist_ok=True)
        (layout.corpus / name).write_text("x")
    (layout.corpus / "reports").mkdir()
    (layout.corpus / "data").mkdir()
    (layout.corpus / "data" / "shard").write_text("x")
    remove_certification(layout)
    assert [path.name for path in layout.corpus.iterdir()] == ["data"]


def test_write_atomically_leaves_the_old_file_when_it_cannot_write(tmp_path: Path) -> None:
    target = tmp_path / "file.json"
    write_atomically(target, b"old")
    (tmp_path / ".file.json.partial").mkdir()
    with pytest.raises(OutputError, match="cannot write"):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"


def test_run_json_holds_digests_only(tmp_path: Path) -> None:
    layout, state = started(tmp_path / "out", config())
    state.mark_done("generate", state.digest("generate", {}))
    record = json.loads(layout.run_file.read_text())
    assert set(record) == {"format", "ghostchart", "stages"}
    assert set(record["stages"]) == {"generate"}
    assert state.is_done("generate", state.digest("generate", {}))
    state.forget("generate")
    assert not RunState(layout).stages()
