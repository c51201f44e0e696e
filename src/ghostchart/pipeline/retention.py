"""General ability before and after fine-tuning: finds the models, runs the tasks, writes the result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ghostchart.pipeline.evaluate import GivenSystem, given_model
from ghostchart.pipeline.state import write_atomically
from ghostchart.schemas.canonical import readable_json
from ghostchart.schemas.errors import UsageError


def measure_retention(
    before: str,
    after: str,
    tasks: Sequence[str],
    *,
    task_dir: Path | None,
    limit: int | None,
    batch_size: int,
    out: Path,
) -> dict[str, Any]:
    """Run lm-eval tasks on both models and write ``out`` as JSON.

    Raises:
        UsageError: no such folder of tasks, or no such task.
        ModelError, EnvironmentProblem: a model, lm-eval or a task's data are missing.
        OutputError: the file cannot be written.
    """
    from ghostchart.evaluate.retention import ModelOnDisk, compare_abilities

    if task_dir is not None and not task_dir.is_dir():
        raise UsageError("there is no such folder of task files", where=str(task_dir))
    found = [given_model(GivenSystem("model", ref)) for ref in (before, after)]
    first, second = (ModelOnDisk(one.directory.absolute(), one.base_dir, one.method, one.label) for one in found)
    result = compare_abilities(first, second, tasks, task_dir=task_dir, limit=limit, batch_size=batch_size)
    write_atomically(out, readable_json(result))
    return result
