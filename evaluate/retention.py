"""What a model keeps of its general ability: lm-eval tasks before and after fine-tuning, question by question.

Both models answer the same questions, so the difference gets a paired bootstrap interval over questions. Only measures
that are plain means over questions are compared (accuracy, exact match); others cannot be resampled by question.
"""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ghostchart.evaluate.language_model import load_weights
from ghostchart.schemas.canonical import generator, stream
from ghostchart.schemas.errors import EnvironmentProblem, InputError, UsageError
from ghostchart.schemas.measures import percentile_interval
from ghostchart.schemas.trained_model import Method

_RESAMPLES = 2000
Answers = dict[tuple[str, str], dict[int, float]]  # (task, measure) -> question -> value


@dataclass(frozen=True)
class ModelOnDisk:
    """Where a model lies; ``base_dir`` for adapters (method "lora") only."""

    directory: Path
    base_dir: Path | None
    method: Method
    label: str


def compare_abilities(
    before: ModelOnDisk,
    after: ModelOnDisk,
    tasks: Sequence[str],
    *,
    task_dir: Path | None = None,
    limit: int | None = None,
    batch_size: int = 8,
    seed: int = 0,
) -> dict[str, object]:
    """Run tasks on two models.

    Args:
        before: the base model.
        after: what became of it.
        tasks: lm-eval task or group names.
        task_dir: directory with task files; relative data files in them are looked for there.
        limit: first questions of each task; None for all.
        batch_size: questions at once.
        seed: of the bootstrap.

    Returns:
        ``before`` and ``after`` (labels), ``lm_eval`` (version), ``limit``, and ``tasks``: for each task and measure ``n``,
        ``before``, ``after``, ``difference``, ``ci`` (95 % percentile interval of the paired bootstrap) and
        ``excludes_zero``.

    Raises:
        EnvironmentProblem: lm-eval is not installed, or a task's data are not on this machine.
        UsageError: a task that does not exist.
        ModelError: a model cannot be loaded.
    """
    lm_eval = _lm_eval()
    task_dir = task_dir.absolute() if task_dir else None  # the tasks run in that very folder
    answers = [_answers(model, tasks, task_dir, limit, batch_size) for model in (before, after)]
    rows = []
    for key in sorted(answers[0].keys() & answers[1].keys()):
        questions = sorted(answers[0][key].keys() & answers[1][key].keys())
        first, second = (np.array([one[key][question] for question in questions]) for one in answers)
        difference, low, high = paired_mean_difference(second, first, seed)
        rows.append(
            {
                "task": key[0],
                "measure": key[1],
                "n": len(questions),
                "before": float(first.mean()),
                "after": float(second.mean()),
                "difference": difference,
                "ci": (low, high),
                "excludes_zero": low > 0 or high < 0,
            }
        )
    if not rows:
        raise InputError("the tasks have no measure that is a mean over questions", where=", ".join(tasks))
    return {
        "before": before.label,
        "after": after.label,
        "lm_eval": lm_eval.__version__,
        "limit": limit,
        "tasks": rows,
    }


def paired_mean_difference(
    first: NDArray[np.float64], second: NDArray[np.float64], seed: int
) -> tuple[float, float, float]:
    """Mean of ``first - second`` with its 95 % percentile bootstrap interval over questions."""
    differences = first - second
    rng = generator(stream(seed, "retention"))
    means = []
    for _ in range(_RESAMPLES):
        means.append(differences[rng.integers(0, len(differences), len(differences))].mean())
    low, high = percentile_interval(np.array(means))
    return float(differences.mean()), low, high


def _answers(
    model: ModelOnDisk, tasks: Sequence[str], task_dir: Path | None, limit: int | None, batch_size: int
) -> Answers:
    from lm_eval.evaluator import simple_evaluate
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    with _quietly(task_dir):
        manager = TaskManager(include_path=str(task_dir) if task_dir else None)
        unknown = [task for task in tasks if task not in manager.all_tasks]
        if unknown:
            raise UsageError(f"lm-eval knows no task {unknown[0]}", fix="See 'lm-eval ls tasks', or give --task-dir")
        weights, tokenizer = load_weights(model.directory, model.base_dir, model.method)
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token
        lm = HFLM(pretrained=weights, tokenizer=tokenizer, batch_size=batch_size)
        try:
            found = simple_evaluate(
                model=lm, tasks=list(tasks), task_manager=manager, limit=limit, log_samples=True, bootstrap_iters=0
            )
        except (OSError, ConnectionError, ValueError, KeyError) as error:
            raise EnvironmentProblem(
                f"the tasks could not be run: {type(error).__name__}",
                where=", ".join(tasks),
                fix="Give their data as local task files with --task-dir, or allow downloads: HF_HUB_OFFLINE=0",
            ) from None
    return means_by_question(found)


def means_by_question(found: Mapping[str, Any]) -> Answers:
    """Per-question values out of lm-eval's result, for measures whose reported value is their mean."""
    answers: Answers = {}
    for task, samples in found["samples"].items():
        for name, reported in found["results"][task].items():
            measure, _, kept = name.partition(",")
            if not isinstance(reported, int | float) or measure.endswith("_stderr"):
                continue
            mine = [
                one for one in samples if one.get("filter", kept) == kept and isinstance(one.get(measure), int | float)
            ]
            values = {int(one["doc_id"]): float(one[measure]) for one in mine}
            if values and math.isclose(float(np.mean(list(values.values()))), reported, abs_tol=1e-6):
                answers[task, measure if kept in ("", "none") else f"{measure} ({kept})"] = values
    return answers


def _lm_eval() -> Any:
    try:
        import lm_eval
    except ImportError:
        raise EnvironmentProblem("lm-eval is not installed", fix="pip install 'ghostchart[retention]'") from None
    return lm_eval


@contextlib.contextmanager
def _quietly(folder: Path | None) -> Iterator[None]:
    """Work in the folder of the task files, without lm-eval's running commentary."""
    loggers = [logging.getLogger(name) for name in ("lm_eval", "lm-eval")]
    levels = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.ERROR)
    try:
        with contextlib.chdir(folder) if folder else contextlib.nullcontext():
            yield
    finally:
        for one, level in zip(loggers, levels, strict=True):
            one.setLevel(level)
