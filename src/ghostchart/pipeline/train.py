"""Train the configured models on a verified corpus."""

from __future__ import annotations

import gc
from collections.abc import Sequence

from ghostchart.pipeline.layout import RunLayout
from ghostchart.pipeline.state import RunState, remove_tree, writing
from ghostchart.schemas.config import RunConfig, TrainConfig
from ghostchart.schemas.corpus import Corpus
from ghostchart.schemas.errors import ModelError
from ghostchart.schemas.progress import Progress
from ghostchart.schemas.trained_model import TrainedModel


def stage_of(config: TrainConfig) -> str:
    """Name of a model's stage in run.json."""
    return f"model:{config.name}"


def train(
    layout: RunLayout, state: RunState, config: RunConfig, corpus: Corpus, progress: Progress, *, prune: bool = True
) -> tuple[TrainedModel, ...]:
    """Train each configured model that is not there yet; with ``prune`` models no longer configured are removed.

    Raises:
        ModelError, EnvironmentProblem: a base model, compiler or device is missing.
    """
    if prune:
        _remove_stale(layout, state, config.models)
    trained = []
    for model in config.models:
        directory = layout.models / model.name
        digest = model_digest(state, model, corpus)
        if state.is_done(stage_of(model), digest):
            try:
                trained.append(TrainedModel.load(directory))
                continue
            except ModelError:
                progress.say(f"Model {model.name} is gone; training it again")
        from ghostchart.train.run import train_model

        state.forget(stage_of(model), "evaluate")
        remove_tree(directory)
        remove_tree(layout.evaluation)
        with writing(layout.models):
            layout.models.mkdir(exist_ok=True)
        trained.append(train_model(corpus, model, directory, progress))
        state.mark_done(stage_of(model), digest)
        gc.collect()
    return tuple(trained)


def model_digest(state: RunState, model: TrainConfig, corpus: Corpus) -> str:
    """Digest of a model's settings over the corpus it saw."""
    return state.digest(stage_of(model), model.model_dump(mode="json"), corpus.stamp)


def _remove_stale(layout: RunLayout, state: RunState, models: Sequence[TrainConfig]) -> None:
    names = {model.name for model in models}
    if not layout.models.is_dir():
        return
    for path in layout.models.iterdir():
        if path.name not in names:
            state.forget(f"model:{path.name}", "evaluate")
            remove_tree(path)


def trained_models(layout: RunLayout, config: RunConfig) -> tuple[TrainedModel, ...]:
    """Records of the configured models.

    Raises:
        ModelError: one of them has not been trained.
    """
    return tuple(TrainedModel.load(layout.models / model.name) for model in config.models)
