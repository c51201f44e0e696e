"""Scores models and baselines on the same test notes and writes ``metrics.json``."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ghostchart.evaluate.baselines import Coder, build_dictionary, train_tfidf
from ghostchart.evaluate.comparison import best_key, compare
from ghostchart.evaluate.language_model import ZERO_SHOT_CONTEXT_TOKENS, load_language_model, require_model
from ghostchart.evaluate.metrics import DEFINITION, ScoredNote
from ghostchart.evaluate.notes import CodedNote, draw_test_notes, iter_split, test_note_ids, training_counts
from ghostchart.evaluate.prediction import predict
from ghostchart.evaluate.prediction_files import (
    Predicted,
    PredictionFile,
    Predictions,
    match_predictions,
    read_prediction_file,
)
from ghostchart.evaluate.scoring import gold_facts, score_system
from ghostchart.evaluate.strata import Sampling
from ghostchart.schemas.canonical import canonical_json, readable_json, sha256_bytes, sha256_file
from ghostchart.schemas.code_systems import CodeSystems
from ghostchart.schemas.codes import Code
from ghostchart.schemas.config import EvaluateConfig
from ghostchart.schemas.corpus import Corpus, shard_paths
from ghostchart.schemas.errors import OutputError, UsageError
from ghostchart.schemas.note import Split
from ghostchart.schemas.progress import SILENT, Progress
from ghostchart.schemas.prompting import PROMPT_VERSION
from ghostchart.schemas.trained_model import Method

METRICS, PREDICTIONS = "metrics.json", "predictions"
TFIDF_KEY, DICTIONARY_KEY = "baseline_tfidf", "baseline_dictionary"
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")
_BASELINE_VERSION = 1  # part of the digest: a change of the baselines makes old predictions stale
_ADVICE_WORDS = ("fine_tuned", "finetuned", "fine-tuned")


@dataclass(frozen=True)
class ModelToScore:
    """One model and the name it is shown under.

    Attributes:
        key: in metrics.json and of the prediction file, e.g. "zero_shot" or the model's own name.
        directory: model or adapter directory.
        base_dir: base model directory of an adapter (method "lora"), None otherwise.
        method: how it was trained; "none" is an untouched model asked with a prompt.
        label: what it is, for people: the base model's short name.
        seconds: training time in seconds; 0 for untrained ones.
    """

    key: str
    directory: Path
    base_dir: Path | None
    method: Method
    label: str
    seconds: float


def evaluate_models(
    corpus: Corpus,
    models: Sequence[ModelToScore],
    config: EvaluateConfig,
    systems: CodeSystems,
    out_dir: Path,
    progress: Progress = SILENT,
) -> dict[str, object]:
    """Score all models, and the baselines if wanted, on the same notes of the corpus's test split.

    Writes ``out_dir/predictions/<key>.jsonl`` and, last, ``out_dir/metrics.json``. Finished predictions that still
    stand for the same model, notes and settings are used again; a killed run goes on where it stopped.

    Returns:
        What metrics.json holds: ``models`` by key, ``definition``, ``n_notes``, ``corpus`` (the corpus's stamp),
        ``comparisons`` (best trained model against each other system), ``gold`` and ``releases``.

    Raises:
        CorpusError: the test split is missing, empty or unreadable.
        ModelError: a model cannot be loaded, or an adapter belongs to another base.
        UsageError: two models with one key, or a key that calls a model trained from scratch fine-tuned.
        OutputError: the output directory cannot be written.
    """
    _check_models(models)
    notes = draw_test_notes(corpus.path, config.max_notes, config.seed)
    training = training_counts(corpus.path)
    scored, entries = _predict_models(notes, models, config, out_dir, progress)
    if config.tfidf:
        for key, title, predictions, seconds in _predict_baselines(corpus, notes, config, systems, out_dir, progress):
            scored[key] = _beside_gold(notes, predictions)
            entries[key] = {"base": title, "method": "baseline", "seconds": seconds}
    return _write_metrics(notes, scored, entries, training, config, systems, out_dir, corpus.stamp)


def evaluate_notes(
    notes: Sequence[CodedNote],
    models: Sequence[ModelToScore],
    config: EvaluateConfig,
    systems: CodeSystems,
    out_dir: Path,
    stamp: str,
    progress: Progress = SILENT,
) -> dict[str, object]:
    """The same for notes of a user's own (:func:`~ghostchart.evaluate.notes.read_notes_file`).

    Without a corpus there are no baselines that learn and no frequency bands; all notes are scored. ``stamp`` says
    where the notes come from.

    Raises:
        ModelError, UsageError, OutputError: as :func:`evaluate_models`.
    """
    _check_models(models)
    scored, entries = _predict_models(notes, models, config, out_dir, progress)
    return _write_metrics(notes, scored, entries, None, config, systems, out_dir, stamp)


def score_predictions(file: Path, corpus: Corpus, config: EvaluateConfig, systems: CodeSystems) -> dict[str, object]:
    """Score a saved prediction file of any system on the notes that all models are scored on.

    Returns:
        One entry as under ``models`` in metrics.json, without base, method and seconds.

    Raises:
        InputError: the file is unreadable, names notes that the test split does not hold, or lacks scored ones.
        CorpusError: the test split is missing, empty or unreadable.
    """
    given = read_prediction_file(file)
    notes = draw_test_notes(corpus.path, config.max_notes, config.seed)
    scored = match_predictions(notes, test_note_ids(corpus.path), given, file.name)
    sampling = Sampling(config.bootstrap_resamples, config.seed)
    return score_system(notes, scored, systems, training_counts(corpus.path), sampling)


def _check_models(models: Sequence[ModelToScore]) -> None:
    seen: set[str] = set()
    for model in models:
        if not _KEY.fullmatch(model.key):
            raise UsageError(f"{model.key!r} cannot name a model", fix="Use lower-case letters, digits, _ and -")
        if model.key in seen or model.key in (TFIDF_KEY, DICTIONARY_KEY):
            raise UsageError(f"the name {model.key} is taken twice")
        if model.method == "from_scratch" and any(word in model.key for word in _ADVICE_WORDS):
            raise UsageError(f"{model.key} was trained from scratch and must not be called fine-tuned")
        seen.add(model.key)
        require_model(model.directory, model.base_dir, model.method)  # before hours of work on the others


def _predict_models(
    notes: Sequence[CodedNote],
    models: Sequence[ModelToScore],
    config: EvaluateConfig,
    out_dir: Path,
    progress: Progress,
) -> tuple[dict[str, tuple[ScoredNote, ...]], dict[str, dict[str, object]]]:
    scored: dict[str, tuple[ScoredNote, ...]] = {}
    entries: dict[str, dict[str, object]] = {}
    for model in models:
        predictions = _predict_model(notes, model, config, out_dir / PREDICTIONS, progress)
        scored[model.key] = _beside_gold(notes, predictions)
        entries[model.key] = {
            "base": model.label,
            "method": model.method,
            "seconds": round(model.seconds, 1),
            "predict_seconds": round(predictions.seconds, 1),
            "notes_cut": sum(one.was_cut for one in predictions.by_note.values()),
        }
    return scored, entries


def _predict_model(
    notes: Sequence[CodedNote], model: ModelToScore, config: EvaluateConfig, folder: Path, progress: Progress
) -> Predictions:
    digest = _digest(
        notes,
        {
            "prompt": PROMPT_VERSION,
            "method": model.method,
            "model": _directory_digest(model.directory),
            "base": _directory_digest(model.base_dir) if model.base_dir else "",
            "max_new_tokens": config.max_new_tokens,
            "context": ZERO_SHOT_CONTEXT_TOKENS,
        },
    )
    file = PredictionFile(folder, model.key, digest)
    finished = file.finished([note.note_id for note in notes])
    if finished is not None:
        progress.say(f"{model.key}: predictions of an earlier run are still good")
        return finished
    begun = file.begun()
    file.start(begun)
    left = [note for note in notes if note.note_id not in begun.by_note]
    by_note = dict(begun.by_note)
    started = time.perf_counter() - begun.seconds
    if left:
        language_model = load_language_model(model.directory, model.base_dir, model.method)
        batches = predict(
            language_model,
            [note.text for note in left],
            batch_notes=config.batch_notes,
            max_new_tokens=config.max_new_tokens,
            progress=progress,
            label=f"Coding test notes with {model.key}",
        )
        for batch in batches:
            done = {left[one.index].note_id: Predicted(one.codes, one.text, one.was_cut) for one in batch}
            by_note |= done
            file.append(done, time.perf_counter() - started)
    predictions = Predictions(by_note, time.perf_counter() - started)
    file.finish(notes, predictions)
    return predictions


def _predict_baselines(
    corpus: Corpus,
    notes: Sequence[CodedNote],
    config: EvaluateConfig,
    systems: CodeSystems,
    out_dir: Path,
    progress: Progress,
) -> list[tuple[str, str, Predictions, float]]:
    """(key, title, predictions, seconds to make ready) of each baseline."""

    def tfidf() -> Coder:
        train, validation = (list(iter_split(corpus.path, split)) for split in ("train", "validation"))
        return train_tfidf(train, validation, config.seed, progress)

    learnt_from = [_shard_digests(corpus.path, split) for split in ("train", "validation")]
    releases = [systems.icd10cm.release, systems.procedures.release]
    plan: list[tuple[str, str, Callable[[], Coder], object]] = [
        (TFIDF_KEY, "TF-IDF and logistic regression", tfidf, {"data": learnt_from, "seed": config.seed}),
        (DICTIONARY_KEY, "look-up of code descriptions", lambda: build_dictionary(systems), {"releases": releases}),
    ]
    results = []
    for key, title, make, depends_on in plan:
        facts = {"baseline": _BASELINE_VERSION, "key": key, "depends_on": depends_on}
        file = PredictionFile(out_dir / PREDICTIONS, key, _digest(notes, facts))
        predictions = file.finished([note.note_id for note in notes])
        if predictions is None:
            started = time.perf_counter()
            coder = make()
            seconds = time.perf_counter() - started
            answers = coder([note.text for note in notes])
            by_note = {note.note_id: Predicted(codes) for note, codes in zip(notes, answers, strict=True)}
            predictions = Predictions(by_note, seconds)
            file.start(Predictions({}, 0.0))
            file.finish(notes, predictions)
        results.append((key, title, predictions, round(predictions.seconds, 1)))
    return results


def _write_metrics(
    notes: Sequence[CodedNote],
    scored: Mapping[str, tuple[ScoredNote, ...]],
    entries: Mapping[str, Mapping[str, object]],
    training: Mapping[Code, int] | None,
    config: EvaluateConfig,
    systems: CodeSystems,
    out_dir: Path,
    stamp: str,
) -> dict[str, object]:
    sampling = Sampling(config.bootstrap_resamples, config.seed)
    trained = [key for key in scored if entries[key]["method"] not in ("none", "baseline")]
    best = best_key(scored, trained)
    metrics: dict[str, object] = {
        "models": {
            key: {**entries[key], **score_system(notes, scored[key], systems, training, sampling)} for key in scored
        },
        "definition": DEFINITION,
        "n_notes": len(notes),
        "corpus": stamp,
        "comparisons": compare(scored, best, sampling) if best is not None else [],
        "gold": gold_facts(notes, training),
        "releases": {"icd10cm": systems.icd10cm.release, "procedures": systems.procedures.release},
    }
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
    return metrics


def _beside_gold(notes: Sequence[CodedNote], predictions: Predictions) -> tuple[ScoredNote, ...]:
    return tuple(ScoredNote(note.note_id, note.gold, predictions.by_note[note.note_id].codes) for note in notes)


def _digest(notes: Sequence[CodedNote], facts: Mapping[str, object]) -> str:
    told = [[note.note_id, sha256_bytes(note.text.encode()), [str(item) for item in note.gold]] for note in notes]
    return sha256_bytes(canonical_json({"notes": told, "facts": facts}))


def _directory_digest(directory: Path) -> str:
    """Digest over the files of a model directory itself; subfolders (checkpoints, logs) do not change predictions."""
    files = sorted(path for path in directory.iterdir() if path.is_file())
    return sha256_bytes(canonical_json([[path.name, sha256_file(path)] for path in files]))


def _shard_digests(corpus: Path, split: Split) -> list[str]:
    return [sha256_file(path) for path in shard_paths(corpus, split)]
