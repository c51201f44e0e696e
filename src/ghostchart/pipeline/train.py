"""Train the configured models on a verified corpus."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from pathlib import Path

from ghostchart.pipeline.layout import RunLayout
from ghostchart.pipeline.state import RunState, remove_tree, writing
from ghostchart.schemas.config import RunConfig, TrainConfig
from ghostchart.schemas.corpus import DATA, Corpus, UncertifiedCorpus
from ghostchart.schemas.errors import CorpusError, ModelError, UsageError, VerificationError
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
    return state.digest(stage_of(model), model.model_dump(mode="json"), corpus.origin)


def _remove_stale(layout: RunLayout, state: RunState, models: Sequence[TrainConfig]) -> None:
    names = {model.name for model in models}
    if not layout.models.is_dir():
        return
    # Beside a model lie ".NAME.partial" and ".NAME.checkpoints" of a training that was killed.
    kept = names | {f".{name}.{kind}" for name in names for kind in ("partial", "checkpoints")}
    for path in layout.models.iterdir():
        if path.name not in kept:
            state.forget(f"model:{path.name}", "evaluate")
            remove_tree(path)


def trained_models(layout: RunLayout, config: RunConfig) -> tuple[TrainedModel, ...]:
    """Records of the configured models.

    Raises:
        ModelError: one of them has not been trained.
    """
    return tuple(TrainedModel.load(layout.models / model.name) for model in config.models)


def train_recipe(
    recipe: str,
    changes: Sequence[str],
    corpus_dir: Path,
    out: Path | None,
    progress: Progress,
    *,
    trust: Sequence[Path] = (),
    allow_uncertified: bool = False,
) -> tuple[TrainedModel, Path]:
    """Train by a recipe on a corpus directory that need not lie in a run.

    Args:
        recipe: name or file.
        changes: "key=value" texts over the recipe's settings.
        corpus_dir: the corpus.
        out: the model directory; None: ``model/NAME`` below the current directory.
        progress: bar and news.
        trust: public keys to trust, beside the user's key folder.
        allow_uncertified: go on where the corpus does not verify; everything made is stamped so.

    Returns:
        The record and the directory.

    Raises:
        ConfigError: no such recipe, key or value.
        UsageError: the model directory would lie inside the corpus.
        VerificationError: the corpus does not verify and ``allow_uncertified`` is off.
        GhostchartError: see :func:`ghostchart.train.run.train_model`.
    """
    from ghostchart.train.recipe import load_recipe
    from ghostchart.train.run import train_model

    chosen = load_recipe(recipe, changes)
    place = (out or Path("model") / chosen.model.name).absolute()
    _keep_out(place, corpus_dir)
    corpus = _standing_corpus(corpus_dir, trust, allow_uncertified=allow_uncertified)
    if not corpus.is_certified:
        progress.say(f"Going on without a certificate (--allow-uncertified): {corpus.stamp}")
    with writing(place.parent):
        place.parent.mkdir(parents=True, exist_ok=True)
    record = train_model(corpus, chosen.model, place, progress, recipe=Path(recipe).stem, show_examples=True)
    return record, place


def _keep_out(place: Path, corpus_dir: Path) -> None:
    """Nothing may be added to a corpus: its certificate would no longer hold."""
    if place.resolve().is_relative_to(corpus_dir.resolve()):
        raise UsageError(
            "the model directory would lie inside the corpus", where=str(place), fix="Give --out another directory"
        )


def _standing_corpus(corpus_dir: Path, trust: Sequence[Path], *, allow_uncertified: bool) -> Corpus:
    from ghostchart.privacy.keys import trusted_keys
    from ghostchart.privacy.verification import verify_corpus

    for wrong, what, right in (
        (not corpus_dir.is_dir(), "there is no corpus directory", None),
        (
            (RunLayout(corpus_dir).corpus / DATA).is_dir(),
            "this is the directory of a run",
            RunLayout(corpus_dir).corpus,
        ),
        (corpus_dir.name == DATA, "this is the data folder of a corpus", corpus_dir.parent),
        (not (corpus_dir / DATA).is_dir(), "the directory holds no corpus", None),
    ):
        if wrong:
            raise CorpusError(what, where=str(corpus_dir), fix=f"Give {right or 'the directory with data/ in it'}")
    try:
        return verify_corpus(corpus_dir, trusted_keys(None, trust))
    except VerificationError as error:
        if not allow_uncertified:
            raise
        return UncertifiedCorpus(corpus_dir, error.what)
