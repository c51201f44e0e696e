"""The systems that are scored, and their predictions: language models, baselines, files of other systems.

Every system's predictions end in ``predictions/<key>.jsonl`` under a digest of all that they depend on, so that finished
ones are used again and a killed run goes on where it stopped.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from ghostchart.evaluate.answer_grammar import AnswerGrammar, answer_grammar
from ghostchart.evaluate.baselines import Coder, build_dictionary, train_tfidf
from ghostchart.evaluate.language_model import (
    ZERO_SHOT_CONTEXT_TOKENS,
    load_language_model,
    require_adapter_of,
    require_model,
)
from ghostchart.evaluate.least_confidence import Least, choose_least_confidence, only_sure
from ghostchart.evaluate.notes import CodedNote, draw_notes, iter_split, worked_examples
from ghostchart.evaluate.prediction import constrain, predict
from ghostchart.evaluate.prediction_files import (
    Predicted,
    PredictionFile,
    Predictions,
    match_predictions,
    read_prediction_file,
)
from ghostchart.schemas.canonical import canonical_json, sha256_bytes, sha256_file
from ghostchart.schemas.code_systems import CodeSystems
from ghostchart.schemas.config import EvaluateConfig
from ghostchart.schemas.corpus import has_split, shard_paths
from ghostchart.schemas.errors import UsageError
from ghostchart.schemas.note import Split
from ghostchart.schemas.progress import Progress
from ghostchart.schemas.prompting import PROMPT_VERSION
from ghostchart.schemas.trained_model import Method

TFIDF_KEY, DICTIONARY_KEY, ENCODER_KEY = "baseline_tfidf", "baseline_dictionary", "baseline_encoder"
_BASELINE_KEYS = (TFIDF_KEY, DICTIONARY_KEY, ENCODER_KEY)
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")
_BASELINE_VERSION = 1  # part of the digest: a change of the baselines makes old predictions stale
_VALIDATION = "validation"  # folder of the predictions on which least confidences are chosen
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
        training_notes: how many notes it had to learn from, for the learning curve; None where nobody knows.
        shots: answered training notes shown in the prompt; for untrained models.
    """

    key: str
    directory: Path
    base_dir: Path | None
    method: Method
    label: str
    seconds: float
    training_notes: int | None = None
    shots: int = 0


@dataclass(frozen=True)
class PredictionsToScore:
    """A saved prediction file of another system, and the name it is shown under."""

    key: str
    file: Path


@dataclass(frozen=True)
class Job:
    """What all systems of one evaluation share.

    Attributes:
        notes: the notes to be coded.
        known_ids: ids that a prediction file may hold.
        config: settings.
        systems: releases of the codes.
        folder: of the prediction files.
        corpus: corpus directory to learn and take examples from; None where there is none.
        progress: bars and news.
    """

    notes: Sequence[CodedNote]
    known_ids: Sequence[str]
    config: EvaluateConfig
    systems: CodeSystems
    folder: Path
    corpus: Path | None
    progress: Progress

    @cached_property
    def grammar(self) -> AnswerGrammar:
        """The answers whose codes are all valid."""
        return answer_grammar(self.systems)

    @property
    def texts(self) -> list[str]:
        """Text of each note."""
        return [note.text for note in self.notes]

    def digest(self, facts: Mapping[str, object]) -> str:
        """Digest of the notes and of whatever else predictions depend on."""
        told = [
            [note.note_id, sha256_bytes(note.text.encode()), [str(item) for item in note.gold]] for note in self.notes
        ]
        return sha256_bytes(canonical_json({"notes": told, "facts": facts}))


def check_systems(models: Sequence[ModelToScore], files: Sequence[PredictionsToScore] = ()) -> None:
    """Names and places of everything that is to be scored, before hours of work on the first.

    Raises:
        UsageError: a name that cannot be one, is taken twice, or calls a model trained from scratch fine-tuned.
        ModelError: a directory holds no model, or an adapter belongs to another base.
    """
    seen: set[str] = set(_BASELINE_KEYS)
    both: tuple[ModelToScore | PredictionsToScore, ...] = (*models, *files)
    for system in both:
        if not _KEY.fullmatch(system.key):
            raise UsageError(f"{system.key!r} cannot name a model", fix="Use lower-case letters, digits, _ and -")
        if system.key in seen:
            raise UsageError(f"the name {system.key} is taken twice")
        seen.add(system.key)
    for model in models:
        if model.method == "from_scratch" and any(word in model.key for word in _ADVICE_WORDS):
            raise UsageError(f"{model.key} was trained from scratch and must not be called fine-tuned")
        require_model(model.directory, model.base_dir, model.method)
        if model.base_dir is not None:
            require_adapter_of(model.base_dir, model.directory)


def predict_model(job: Job, model: ModelToScore) -> tuple[Predictions, dict[str, object]]:
    """A model's predictions and its entry's facts.

    Raises:
        ModelError: it cannot be loaded, or an adapter belongs to another base.
    """
    tuning = _tuning_job(job, model)
    least: Least = {}
    if tuning is not None:
        least = choose_least_confidence(tuning.notes, _model_predictions(tuning, model, {}).by_note)
    predictions = _model_predictions(job, model, least)
    facts: dict[str, object] = {
        "base": model.label,
        "method": model.method,
        "seconds": round(model.seconds, 1),
        "predict_seconds": round(predictions.seconds, 1),
        "notes_cut": sum(one.was_cut for one in predictions.by_note.values()),
        "decoding": "constrained" if job.config.constrained else "free",
    }
    if tuning is not None:
        facts["least_confidence"] = {**least, "validation_notes": len(tuning.notes)}
    if model.shots:
        facts["shots"] = model.shots
    if model.training_notes is not None:
        facts["training_notes"] = model.training_notes
    return predictions, facts


def _tuning_job(job: Job, model: ModelToScore) -> Job | None:
    """The validation notes on which a trained model's least confidence is chosen; None where there is nothing to choose."""
    wanted = job.config.tune_notes
    if not wanted or not job.config.constrained or model.method == "none" or job.corpus is None:
        return None
    if not has_split(job.corpus, "validation"):
        return None
    notes = draw_notes(job.corpus, "validation", wanted, job.config.seed)
    return replace(job, notes=notes, folder=job.folder / _VALIDATION)


def _model_predictions(job: Job, model: ModelToScore, least: Least) -> Predictions:
    config = job.config
    shown = worked_examples(job.corpus, model.shots, config.seed) if model.shots and job.corpus else ()
    digest = job.digest(
        {
            "prompt": PROMPT_VERSION,
            "method": model.method,
            "model": _directory_digest(model.directory),
            "base": _directory_digest(model.base_dir) if model.base_dir else "",
            "max_new_tokens": config.max_new_tokens,
            "context": ZERO_SHOT_CONTEXT_TOKENS,
            "constrained": _releases(job.systems) if config.constrained else "",
            "dtype": config.dtype,
            "shown": [note.note_id for note in shown],
            "least": dict(least),
        }
    )
    file = PredictionFile(job.folder, model.key, digest)
    finished = file.finished([note.note_id for note in job.notes])
    if finished is not None:
        job.progress.say(f"{model.key}: predictions of an earlier run are still good")
        return finished
    begun = file.begun()
    file.start(begun)
    left = [note for note in job.notes if note.note_id not in begun.by_note]
    by_note = dict(begun.by_note)
    started = time.perf_counter() - begun.seconds
    if left:
        examples = [(note.text, note.gold) for note in shown]
        language_model = load_language_model(model.directory, model.base_dir, model.method, config.dtype, examples)
        batches = predict(
            language_model,
            [note.text for note in left],
            batch_notes=config.batch_notes,
            max_new_tokens=config.max_new_tokens,
            constraint=constrain(language_model, job.grammar) if config.constrained else None,
            progress=job.progress,
            label=f"Coding {'validation' if job.folder.name == _VALIDATION else 'test'} notes with {model.key}",
        )
        for batch in batches:
            done = {
                left[one.index].note_id: only_sure(Predicted(one.codes, one.text, one.was_cut, one.confidence), least)
                for one in batch
            }
            by_note |= done
            file.append(done, time.perf_counter() - started)
    predictions = Predictions(by_note, time.perf_counter() - started)
    file.finish(job.notes, predictions)
    return predictions


def predictions_of_file(job: Job, given: PredictionsToScore) -> Predictions:
    """A saved prediction file, checked against the notes and kept beside the others.

    Raises:
        InputError: the file is unreadable, names notes that do not exist, or lacks scored ones.
    """
    matched = match_predictions(job.notes, job.known_ids, read_prediction_file(given.file), given.file.name)
    predictions = Predictions(matched, 0.0)
    kept = PredictionFile(job.folder, given.key, job.digest({"file": sha256_file(given.file)}))
    kept.start(Predictions({}, 0.0))
    kept.finish(job.notes, predictions)
    return predictions


def predict_baselines(job: Job) -> Iterator[tuple[str, str, Predictions]]:
    """(key, title, predictions) of each baseline; its seconds are those of making it ready."""
    corpus, config = job.corpus, job.config
    plan: list[tuple[str, str, Callable[[], Coder], object]] = []
    if corpus is not None:

        def tfidf() -> Coder:
            return train_tfidf(*_learning_splits(corpus), config.seed, job.progress)

        def encoder() -> Coder:
            from ghostchart.evaluate.encoder_baseline import train_encoder

            train, validation = _learning_splits(corpus)
            return train_encoder(train, validation, config, job.progress)

        data = {"data": [_shard_digests(corpus, split) for split in ("train", "validation")], "seed": config.seed}
        plan.append((TFIDF_KEY, "TF-IDF and logistic regression", tfidf, data))
        if config.encoder:
            how = {**data, "base": config.encoder_base, "minutes": config.encoder_minutes}
            plan.append((ENCODER_KEY, "encoder with label attention", encoder, how))
    plan.append(
        (DICTIONARY_KEY, "look-up of code descriptions", lambda: build_dictionary(job.systems), _releases(job.systems))
    )
    for key, title, make, depends_on in plan:
        digest = job.digest({"baseline": _BASELINE_VERSION, "key": key, "depends_on": depends_on})
        file = PredictionFile(job.folder, key, digest)
        predictions = file.finished([note.note_id for note in job.notes])
        if predictions is None:
            started = time.perf_counter()
            coder = make()
            seconds = time.perf_counter() - started
            by_note = {note.note_id: Predicted(codes) for note, codes in zip(job.notes, coder(job.texts), strict=True)}
            predictions = Predictions(by_note, seconds)
            file.start(Predictions({}, 0.0))
            file.finish(job.notes, predictions)
        yield key, title, predictions


def _learning_splits(corpus: Path) -> tuple[list[CodedNote], list[CodedNote]]:
    return list(iter_split(corpus, "train")), list(iter_split(corpus, "validation"))


def _releases(systems: CodeSystems) -> list[str]:
    return [systems.icd10cm.release, systems.procedures.release]


def _directory_digest(directory: Path) -> str:
    """Digest over the files of a model directory itself; subfolders (checkpoints, logs) do not change predictions."""
    files = sorted(path for path in directory.iterdir() if path.is_file())
    return sha256_bytes(canonical_json([[path.name, sha256_file(path)] for path in files]))


def _shard_digests(corpus: Path, split: Split) -> list[str]:
    return [sha256_file(path) for path in shard_paths(corpus, split)]
