"""Gather what the page of an evaluation shows: metrics, predictions and, for synthetic notes, their text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ghostchart.evaluate.errors_found import NoteErrors, confusions, errors_of
from ghostchart.evaluate.metrics import ScoredNote
from ghostchart.evaluate.prediction_files import read_scored
from ghostchart.pages.evaluation import (
    ErrorExample,
    EvaluationSummary,
    Excerpt,
    SystemErrors,
    render_evaluation_page,
)
from ghostchart.pipeline.state import write_atomically
from ghostchart.schemas.code_systems import CodeSystems
from ghostchart.schemas.codes import Code
from ghostchart.schemas.corpus import iter_notes
from ghostchart.schemas.errors import CodeError
from ghostchart.schemas.note import Note

_SYSTEMS_SHOWN, _PAIRS_SHOWN, _NOTES_SHOWN, _EXCERPTS_PER_NOTE = 3, 15, 6, 6
_CONTEXT_CHARACTERS = 70


def write_evaluation_report(
    folder: Path, metrics: Mapping[str, Any], systems: CodeSystems, corpus: Path | None
) -> None:
    """Write ``report.html`` beside ``metrics.json``.

    Args:
        folder: holds ``predictions/<key>.jsonl`` of every system.
        metrics: what metrics.json holds.
        systems: describes codes.
        corpus: of the notes, for excerpts; None where the notes are the user's own: their text is never shown.

    Raises:
        OutputError: the folder cannot be written.
    """
    shown = _systems_to_show(metrics)
    scored = {key: read_scored(folder / "predictions" / f"{key}.jsonl") for key in shown}
    worst = {key: _notes_to_show(notes) for key, notes in scored.items()}
    wanted = {errors.note_id for chosen in worst.values() for errors in chosen}
    texts = _notes_by_id(corpus, wanted) if corpus is not None else {}
    errors = tuple(
        SystemErrors(
            key=key,
            confusions=tuple(
                (pair, _describe(pair.gold, systems), _describe(pair.predicted, systems))
                for pair in confusions(scored[key], _PAIRS_SHOWN)
            ),
            examples=tuple(
                _example(texts[errors.note_id], errors, systems) for errors in worst[key] if errors.note_id in texts
            ),
        )
        for key in shown
    )
    icd = systems.icd10cm
    numbers = {
        name.partition(":")[2] for model in metrics["models"].values() for name in model["strata"] if "chapter:" in name
    }
    summary = EvaluationSummary(
        metrics=metrics,
        errors=errors,
        has_excerpts=corpus is not None,
        chapters={number: icd.description(number) for number in numbers if icd.knows(number)},
    )
    write_atomically(folder / "report.html", render_evaluation_page(summary).encode())


def _systems_to_show(metrics: Mapping[str, Any]) -> list[str]:
    """The best trained or given systems, then the best baseline; untouched models only where there is nothing else."""
    models = metrics["models"]

    def rank(keys: Iterable[str]) -> list[str]:
        return sorted(keys, key=lambda key: (-(models[key]["all"]["micro_f1"] or 0.0), key))

    trained = rank(key for key, model in models.items() if model["method"] not in ("none", "baseline"))
    baselines = rank(key for key, model in models.items() if model["method"] == "baseline")
    return [*trained[: _SYSTEMS_SHOWN - 1], *baselines[:1]] or rank(models)[:1]


def _notes_to_show(notes: Sequence[ScoredNote]) -> list[NoteErrors]:
    """Notes with few errors teach more than notes where everything is wrong: those around the median come first."""
    wrong = sorted(
        (found for found in map(errors_of, notes) if found.number), key=lambda found: (found.number, found.note_id)
    )
    middle = max(0, (len(wrong) - _NOTES_SHOWN) // 2)
    return wrong[middle : middle + _NOTES_SHOWN]


def _notes_by_id(corpus: Path, wanted: set[str]) -> dict[str, Note]:
    return {note.note_id: note for note in iter_notes(corpus, "test") if note.note_id in wanted}


def _example(note: Note, errors: NoteErrors, systems: CodeSystems) -> ErrorExample:
    """A note's errors, each missed code with the places that prove it."""
    spans = {Code(item.system, item.value): item.spans for item in note.codes}  # type: ignore[arg-type]
    missed: list[tuple[Code, Code | None]] = [*errors.confused, *((code, None) for code in errors.missed)]
    excerpts = []
    for gold, instead in missed[:_EXCERPTS_PER_NOTE]:
        span = spans[gold][0]
        low, high = _context(note.text, span.start, span.end)
        excerpts.append(
            Excerpt(
                gold=gold.value,
                meaning=_describe(gold, systems),
                given_instead=instead.value if instead else "",
                before=("…" if low else "") + note.text[low : span.start],
                evidence=note.text[span.start : span.end],
                after=note.text[span.end : high] + ("…" if high < len(note.text) else ""),
                n_more=max(0, len(spans[gold]) - 1),
            )
        )
    return ErrorExample(
        note_id=note.note_id,
        kind=f"{note.note_type}, {note.setting}, family {note.template_family}",
        n_gold=len(spans),
        excerpts=tuple(excerpts),
        n_not_shown=max(0, len(missed) - _EXCERPTS_PER_NOTE),
        invented=tuple((code.value, _describe(code, systems)) for code in errors.invented),
    )


def _context(text: str, start: int, end: int) -> tuple[int, int]:
    """Where an excerpt around a span begins and ends: at whole words."""
    low, high = max(0, start - _CONTEXT_CHARACTERS), min(len(text), end + _CONTEXT_CHARACTERS)
    while 0 < low < start and not text[low - 1].isspace():
        low += 1
    while end < high < len(text) and not text[high].isspace():
        high -= 1
    return low, high


def _describe(code: Code, systems: CodeSystems) -> str:
    try:
        return systems.describe(code)
    except CodeError:
        return "not a code of this release"
