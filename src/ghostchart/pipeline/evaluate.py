"""Score the untouched base, the trained models, given systems and the baselines on the same notes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ghostchart.pipeline.certify import code_systems
from ghostchart.pipeline.evaluation_report import write_evaluation_report
from ghostchart.pipeline.layout import RunLayout
from ghostchart.pipeline.state import RunState, remove_tree, writing
from ghostchart.pipeline.train import model_digest
from ghostchart.schemas.canonical import sha256_bytes, sha256_file
from ghostchart.schemas.config import RunConfig
from ghostchart.schemas.corpus import Corpus, origin_of, read_shard, shard_paths
from ghostchart.schemas.errors import InputError, ModelError
from ghostchart.schemas.progress import Progress
from ghostchart.schemas.trained_model import RECORD, TrainedModel

if TYPE_CHECKING:
    from ghostchart.evaluate.run import ModelToScore, PredictionsToScore

STAGE = "evaluate"
METRICS, REPORT = "metrics.json", "report.html"
_ADAPTER = "adapter_config.json"


@dataclass(frozen=True)
class GivenSystem:
    """A system from outside the run.

    Attributes:
        name: in the tables.
        ref: model or adapter directory, hub name, or prediction file.
        is_file: ``ref`` is a prediction file.
        base: base model of an adapter, where it is not the one that the adapter names.
    """

    name: str
    ref: str
    is_file: bool = False
    base: str | None = None


def evaluate(
    layout: RunLayout,
    state: RunState,
    config: RunConfig,
    corpus: Corpus,
    trained: Sequence[TrainedModel],
    progress: Progress,
    given: Sequence[GivenSystem] = (),
) -> dict[str, object]:
    """Write ``evaluation/metrics.json`` and ``evaluation/report.html``; kept when nothing they depend on changed.

    Raises:
        ModelError, CorpusError: a model cannot be loaded, or the test split is empty.
        InputError: a prediction file that cannot be used.
    """
    upstream = [model_digest(state, model, corpus) for model in config.models]
    told = [f"{one.name}:{_digest_of(one)}:{one.base}" for one in given]
    digest = state.digest(STAGE, config.evaluate.model_dump(mode="json"), corpus.origin, *upstream, *told)
    metrics_file, report = layout.evaluation / METRICS, layout.evaluation / REPORT
    if state.is_done(STAGE, digest) and metrics_file.exists() and report.exists():
        kept: dict[str, object] = json.loads(metrics_file.read_text())
        return kept
    from ghostchart.evaluate.run import evaluate_models

    models, files = _systems(layout, config, corpus, trained, given)
    state.forget(
        STAGE
    )  # files of an earlier evaluation stay until they are replaced: bad input costs nobody their results
    with writing(layout.evaluation):
        layout.evaluation.mkdir(exist_ok=True)
    systems = code_systems(config)
    metrics = evaluate_models(corpus, models, config.evaluate, systems, layout.evaluation, progress, files)
    _remove_others(layout.evaluation / "predictions", metrics)
    write_evaluation_report(layout.evaluation, metrics, systems, corpus.path)
    state.mark_done(STAGE, digest)
    return metrics


def evaluate_own_notes(
    layout: RunLayout,
    config: RunConfig,
    corpus: Corpus,
    trained: Sequence[TrainedModel],
    notes_file: Path,
    progress: Progress,
    given: Sequence[GivenSystem] = (),
) -> tuple[dict[str, object], Path]:
    """The same on notes of the user's own; returns the metrics and the folder that holds them.

    The notes may be real patients', so everything goes to the protected zone and the report shows no text of a note.

    Raises:
        InputError: the file of notes or of predictions cannot be used.
        ModelError: a model cannot be loaded.
    """
    from ghostchart.evaluate.own_notes import check_dots, read_notes_file
    from ghostchart.evaluate.run import evaluate_notes

    notes = read_notes_file(notes_file)
    systems = code_systems(config)
    check_dots(notes, systems, notes_file.name)
    models, files = _systems(layout, config, corpus, trained, given)
    folder = layout.own_notes / notes_file.stem
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    stamp = f"own notes sha256:{sha256_file(notes_file)}; models and baselines: {corpus.stamp}"
    metrics = evaluate_notes(notes, models, config.evaluate, systems, folder, stamp, progress, files, corpus)
    _remove_others(folder / "predictions", metrics)
    write_evaluation_report(folder, metrics, systems, None)
    return metrics, folder


def _systems(
    layout: RunLayout, config: RunConfig, corpus: Corpus, trained: Sequence[TrainedModel], given: Sequence[GivenSystem]
) -> tuple[list[ModelToScore], list[PredictionsToScore]]:
    from ghostchart.evaluate.run import ModelToScore, PredictionsToScore
    from ghostchart.train.base_models import base_label, prepare_base

    wanted = config.evaluate
    models = []
    base = wanted.zero_shot_base
    if wanted.zero_shot:
        models.append(ModelToScore("zero_shot", prepare_base(base), None, "none", base_label(base), 0.0))
    if wanted.few_shot:
        label = f"{base_label(base)}, {wanted.few_shot} examples"
        models.append(ModelToScore("few_shot", prepare_base(base), None, "none", label, 0.0, shots=wanted.few_shot))
    n_notes = sum(read_shard(path).num_rows for path in shard_paths(corpus.path, "train"))
    limits = {model.name: model.max_notes for model in config.models}
    for model in trained:
        base_dir = prepare_base(model.base_ref) if model.method == "lora" else None
        learnt_from = min(limits.get(model.name) or n_notes, n_notes)
        directory = layout.models / model.name
        models.append(
            ModelToScore(model.name, directory, base_dir, model.method, model.base, model.seconds, learnt_from)
        )
    models += [given_model(one, corpus.origin) for one in given if not one.is_file]
    return models, [PredictionsToScore(one.name, Path(one.ref)) for one in given if one.is_file]


def given_model(given: GivenSystem, corpus: str = "") -> ModelToScore:
    """What a directory or hub name holds: one of our models, another's adapter, or an untouched model.

    One of our models takes part in the learning curve if it was trained on the corpus with the origin ``corpus``.

    Raises:
        ModelError: nothing that could be loaded.
    """
    from ghostchart.evaluate.run import ModelToScore
    from ghostchart.train.base_models import base_label, prepare_base

    folder = Path(given.ref)
    if (folder / RECORD).is_file():
        record = TrainedModel.load(folder)
        base_dir = prepare_base(given.base or record.base_ref) if record.method == "lora" else None
        learnt_from = record.training_notes if origin_of(record.corpus) == corpus else None
        return ModelToScore(given.name, folder, base_dir, record.method, record.base, record.seconds, learnt_from)
    if (folder / _ADAPTER).is_file():
        base = given.base or _named_base(folder)
        return ModelToScore(given.name, folder, prepare_base(base), "lora", base_label(base), 0.0)
    return ModelToScore(given.name, prepare_base(given.ref), None, "none", base_label(given.ref), 0.0)


def _named_base(adapter: Path) -> str:
    try:
        settings: Any = json.loads((adapter / _ADAPTER).read_text())
        name = settings["base_model_name_or_path"]
    except (OSError, ValueError, KeyError, TypeError):
        name = None
    if not isinstance(name, str) or not name:
        raise ModelError("the adapter does not name its base model", where=str(adapter), fix="Give it with --base")
    return name


def _digest_of(given: GivenSystem) -> str:
    path = Path(given.ref)
    try:
        if path.is_file():
            return sha256_file(path)
        if path.is_dir():
            parts = [f"{one.name}:{sha256_file(one)}" for one in sorted(path.iterdir()) if one.is_file()]
            return sha256_bytes("\n".join(parts).encode())
    except OSError as error:
        raise InputError(f"cannot read it: {error.strerror}", where=given.ref) from None
    return given.ref


def _remove_others(predictions: Path, metrics: dict[str, object]) -> None:
    """Drop predictions of systems that this evaluation no longer scores."""
    keys: Any = metrics["models"]
    for path in predictions.iterdir():
        if path.name.partition(".")[0] not in keys:
            remove_tree(path) if path.is_dir() else path.unlink()
