"""Score the untouched base, the trained models and the baselines on the same test notes."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ghostchart.pipeline.certify import code_systems
from ghostchart.pipeline.layout import RunLayout
from ghostchart.pipeline.state import RunState, remove_tree, writing
from ghostchart.pipeline.train import model_digest
from ghostchart.schemas.config import RunConfig
from ghostchart.schemas.corpus import Corpus
from ghostchart.schemas.progress import Progress
from ghostchart.schemas.trained_model import TrainedModel

STAGE = "evaluate"
# Marks which evaluation the files on disk belong to, so that a killed one goes on with its finished predictions.
_STARTED = "evaluate:started"


def evaluate(
    layout: RunLayout,
    state: RunState,
    config: RunConfig,
    corpus: Corpus,
    trained: Sequence[TrainedModel],
    progress: Progress,
) -> dict[str, object]:
    """Write ``evaluation/metrics.json`` and return it; kept when nothing it depends on changed.

    Raises:
        ModelError, CorpusError: a model cannot be loaded, or the test split is empty.
    """
    upstream = [model_digest(state, model, corpus) for model in config.models]
    digest = state.digest(STAGE, config.evaluate.model_dump(mode="json"), corpus.stamp, *upstream)
    metrics_file = layout.evaluation / "metrics.json"
    if state.is_done(STAGE, digest) and metrics_file.exists():
        kept: dict[str, object] = json.loads(metrics_file.read_text())
        return kept
    state.forget(STAGE)
    if not state.is_done(_STARTED, digest):
        remove_tree(layout.evaluation)
    state.mark_done(_STARTED, digest)

    from ghostchart.evaluate.run import ModelToScore, evaluate_models
    from ghostchart.train.base_models import base_label, prepare_base

    models = []
    if config.evaluate.zero_shot:
        base = config.evaluate.zero_shot_base
        models.append(ModelToScore("zero_shot", prepare_base(base), None, "none", base_label(base), 0.0))
    for model in trained:
        base_dir = prepare_base(model.base_ref) if model.method == "lora" else None
        models.append(
            ModelToScore(model.name, layout.models / model.name, base_dir, model.method, model.base, model.seconds)
        )
    with writing(layout.evaluation):
        layout.evaluation.mkdir(exist_ok=True)
    metrics = evaluate_models(corpus, models, config.evaluate, code_systems(config), layout.evaluation, progress)
    state.mark_done(STAGE, digest)
    return metrics
