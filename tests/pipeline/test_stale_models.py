"""What lies beside the models of a run: models no longer configured go, a killed training's checkpoints stay."""

from __future__ import annotations

from pathlib import Path

from ghostchart.pipeline.layout import RunLayout
from ghostchart.pipeline.train import _remove_stale
from ghostchart.schemas.config import TrainConfig


class Forgetful:
    """A run state that remembers only what it was told to forget."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []

    def forget(self, *stages: str) -> None:
        self.forgotten += stages


def test_checkpoints_of_configured_models_survive_a_rerun(tmp_path: Path) -> None:
    layout = RunLayout(tmp_path)
    for name in ("tiny", ".tiny.checkpoints", ".tiny.partial", "old", ".old.checkpoints"):
        (layout.models / name).mkdir(parents=True)
    state = Forgetful()
    _remove_stale(layout, state, [TrainConfig(name="tiny")])  # type: ignore[arg-type]
    assert sorted(path.name for path in layout.models.iterdir()) == [".tiny.checkpoints", ".tiny.partial", "tiny"]
    assert "model:old" in state.forgotten
    assert "model:tiny" not in state.forgotten
