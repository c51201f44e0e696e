"""Scores models, baselines and saved predictions on the same notes and writes ``metrics.json``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ghostchart.evaluate.calibration import calibration_of
from ghostchart.evaluate.comparison import best_key, compare
from ghostchart.evaluate.metrics import (
    DEFINITION,
    DEFINITIONS,
    GROUPS,
    ScoredNote,
    decision_counts,
    in_group,
    micro,
)
from ghostchart.evaluate.notes import CodedNote, draw_test_notes, test_note_ids, training_counts
from ghostchart.evaluate.prediction_files import Predictions
from ghostchart.evaluate.scoring import gold_facts, score_system
from ghostchart.evaluate.strata import Sampling
from ghostchart.evaluate.systems import (
    Job,
    ModelToScore,
    PredictionsToScore,
    check_systems,
    predict_baselines,
    predict_model,
    predictions_of_file,
)
from ghostchart.schemas.canonical import readable_json
from ghostchart.schemas.code_systems import CodeSystems
from ghostchart.schemas.codes import Code
from ghostchart.schemas.config import EvaluateConfig
from ghostchart.schemas.corpus import Corpus
from ghostchart.schemas.errors import OutputError
from ghostchart.schemas.progress import SILENT, Progress

METRICS, PREDICTIONS = "metrics.json", "predictions"

__all__ = ["ModelToScore", "PredictionsToScore", "evaluate_models", "evaluate_notes"]


def evaluate_models(
    corpus: Corpus,
    models: Sequence[ModelToScore],
    config: EvaluateConfig,
    systems: CodeSystems,
    out_dir: Path,
    progress: Progress = SILENT,
    files: Sequence[PredictionsToScore] = (),
) -> dict[str, object]:
    """Score all models, saved predictions, and the baselines if wanted, on the same notes of the corpus's test split.

    Writes ``out_dir/predictions/<key>.jsonl`` and, last, ``out_dir/metrics.json``. Finished predictions that still
    stand for the same model, notes and settings are used again; a killed run goes on where it stopped.

    Returns:
        What metrics.json holds: ``models`` by key, ``definition``, ``definitions``, ``n_notes``, ``notes_in_split`` (scored
        or not), ``corpus`` (the corpus's stamp), ``comparisons`` (best trained model against each other system), ``gold`` and ``releases``.

    Raises:
        CorpusError: the test split is missing, empty or unreadable.
        ModelError: a model cannot be loaded, or an adapter belongs to another base.
        InputError: a prediction file is unreadable, names notes that the test split does not hold, or lacks scored ones.
        UsageError: two systems with one key, or a key that calls a model trained from scratch fine-tuned.
        OutputError: the output directory cannot be written.
    """
    check_systems(models, files)
    notes = draw_test_notes(corpus.path, config.max_notes, config.seed)
    known = test_note_ids(corpus.path)
    job = Job(notes, known, config, systems, out_dir / PREDICTIONS, corpus.path, progress)
    return _score(job, models, files, training_counts(corpus.path), out_dir, corpus.stamp)


def evaluate_notes(
    notes: Sequence[CodedNote],
    models: Sequence[ModelToScore],
    config: EvaluateConfig,
    systems: CodeSystems,
    out_dir: Path,
    stamp: str,
    progress: Progress = SILENT,
    files: Sequence[PredictionsToScore] = (),
    corpus: Corpus | None = None,
) -> dict[str, object]:
    """The same for notes of a user's own (:func:`~ghostchart.evaluate.own_notes.read_notes_file`); all of them are scored.

    ``stamp`` says where the notes come from. Baselines learn from ``corpus``; without one there are none that learn and no
    frequency bands.

    Raises:
        ModelError, InputError, UsageError, OutputError: as :func:`evaluate_models`.
    """
    check_systems(models, files)
    known = [note.note_id for note in notes]
    path = corpus.path if corpus is not None else None
    job = Job(notes, known, config, systems, out_dir / PREDICTIONS, path, progress)
    return _score(job, models, files, training_counts(path) if path is not None else None, out_dir, stamp)


def _score(
    job: Job,
    models: Sequence[ModelToScore],
    files: Sequence[PredictionsToScore],
    training: Mapping[Code, int] | None,
    out_dir: Path,
    stamp: str,
) -> dict[str, object]:
    found: dict[str, tuple[Predictions, dict[str, object]]] = {}
    for given in files:  # the quickest, and the likeliest to be refused
        predictions = predictions_of_file(job, given)
        found[given.key] = (predictions, {"base": "predictions of another system", "method": "file", "seconds": 0.0})
    for model in models:
        found[model.key] = predict_model(job, model)
    if job.config.tfidf:
        for key, title, predictions in predict_baselines(job):
            facts = {"base": title, "method": "baseline", "seconds": round(predictions.seconds, 1)}
            found[key] = (predictions, facts)
    metrics = _metrics(job, found, training, stamp)
    _write(metrics, out_dir)
    return metrics


def _metrics(
    job: Job,
    found: Mapping[str, tuple[Predictions, dict[str, object]]],
    training: Mapping[Code, int] | None,
    stamp: str,
) -> dict[str, object]:
    config, systems = job.config, job.systems
    sampling = Sampling(config.bootstrap_resamples, config.seed)
    scored = {key: _beside_gold(job.notes, predictions) for key, (predictions, _) in found.items()}
    entries: dict[str, dict[str, object]] = {}
    for key, (predictions, facts) in found.items():
        entries[key] = {**facts, **score_system(job.notes, scored[key], systems, training, sampling)}
        if any(one.unsure for one in predictions.by_note.values()):
            entries[key]["every_code_named"] = _every_code_named(job.notes, predictions)
        calibration = calibration_of(job.notes, predictions.by_note)
        if calibration is not None:
            entries[key]["calibration"] = calibration
    trained = [key for key in scored if entries[key]["method"] not in ("none", "baseline")]
    best = best_key(scored, trained)
    return {
        "models": entries,
        "definition": DEFINITION,
        "definitions": dict(DEFINITIONS),
        "n_notes": len(job.notes),
        "notes_in_split": len(job.known_ids),
        "corpus": stamp,
        "comparisons": compare(scored, best, sampling) if best is not None else [],
        "gold": gold_facts(job.notes, training, systems),
        "releases": {"icd10cm": systems.icd10cm.release, "procedures": systems.procedures.release},
    }


def _every_code_named(notes: Sequence[CodedNote], predictions: Predictions) -> dict[str, float | None]:
    """Micro F1 per group if no code were too unsure to count."""
    scored = []
    for note in notes:
        one = predictions.by_note[note.note_id]
        scored.append(ScoredNote(note.note_id, note.gold, (*one.codes, *(item for item, _ in one.unsure))))
    return {group: micro(decision_counts(scored, in_group(group)))[0] for group in GROUPS}


def _write(metrics: Mapping[str, object], out_dir: Path) -> None:
    temporary = out_dir / f"{METRICS}.tmp"
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            stream.write(readable_json(metrics))
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(out_dir / METRICS)
    except OSError as error:
        raise OutputError(f"cannot write {METRICS}: {error.strerror}", where=str(out_dir)) from None


def _beside_gold(notes: Sequence[CodedNote], predictions: Predictions) -> tuple[ScoredNote, ...]:
    return tuple(ScoredNote(note.note_id, note.gold, predictions.by_note[note.note_id].codes) for note in notes)
