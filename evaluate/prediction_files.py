"""Prediction files: one JSON line per note, resumable while they are written, and readable from any other system.

``predictions/<key>.jsonl`` holds ``{"note_id", "gold", "predicted"}`` (codes as strings, modifiers after hyphens) and
for language models ``"answer"``, the text as the model wrote it, and ``"confidence"``, a number in [0, 1] for each code,
where there is one, and ``"unsure"``, pairs of code and confidence that a trained model named and that do not count.
``predictions/<key>.json`` beside it holds the digest of everything the predictions depend on and what they took.
While a model works, finished batches go to
``<key>.partial.jsonl``; a run that was killed goes on from there if the digest is still the same.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ghostchart.evaluate.metrics import ScoredNote
from ghostchart.evaluate.notes import CodedNote, read_codes, write_code
from ghostchart.schemas.canonical import canonical_json, readable_json
from ghostchart.schemas.errors import InputError, OutputError
from ghostchart.schemas.prompting import AnsweredCode

_LINE = 'Write one JSON object a line: {"note_id": "...", "predicted": ["E11.22", "99214-25"]}'


@dataclass(frozen=True)
class Predicted:
    """One note's predicted codes; ``answer`` is the model's own text, None for systems that write none.

    ``confidence`` is in [0, 1], one per code; None for systems that give none. ``unsure`` are codes the model named without
    being sure enough of them (:mod:`ghostchart.evaluate.least_confidence`), with their confidence; they count nowhere.
    """

    codes: tuple[AnsweredCode, ...]
    answer: str | None = None
    was_cut: bool = False
    confidence: tuple[float, ...] | None = None
    unsure: tuple[tuple[AnsweredCode, float], ...] = ()


@dataclass(frozen=True)
class Predictions:
    """All predictions of one system, by note id, and the seconds they took."""

    by_note: Mapping[str, Predicted]
    seconds: float


class PredictionFile:
    """Where one system's predictions live.

    Args:
        folder: the ``predictions`` folder; made if missing.
        key: of the system.
        digest: of all that the predictions depend on.
    """

    def __init__(self, folder: Path, key: str, digest: str) -> None:
        self._final = folder / f"{key}.jsonl"
        self._facts = folder / f"{key}.json"
        self._partial = folder / f"{key}.partial.jsonl"
        self._digest = digest
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot make the folder: {error.strerror}", where=str(folder)) from None

    def finished(self, note_ids: Sequence[str]) -> Predictions | None:
        """The finished predictions, if there are any for exactly these notes under this digest."""
        try:
            facts = json.loads(self._facts.read_text())
            if facts["digest"] != self._digest:
                return None
            rows = [json.loads(line) for line in self._final.read_text(encoding="utf-8").splitlines()]
            if [row["note_id"] for row in rows] != list(note_ids):
                return None
            by_note = {row["note_id"]: _predicted(row) for row in rows}
            return Predictions(by_note, float(facts["seconds"]))
        except (OSError, ValueError, KeyError, TypeError, InputError):
            return None  # damaged or from elsewhere: predict again

    def begun(self) -> Predictions:
        """What a killed run has left under this digest; empty otherwise."""
        by_note: dict[str, Predicted] = {}
        seconds = 0.0
        try:
            head, *lines = self._partial.read_text(encoding="utf-8").splitlines()
            if json.loads(head)["digest"] != self._digest:
                return Predictions({}, 0.0)
            for line in lines:
                row = json.loads(line)  # the last line may be cut: what stands before it counts
                by_note[row["note_id"]] = _predicted(row)
                seconds = float(row["seconds"])
        except (OSError, ValueError, KeyError, TypeError, InputError):
            pass
        return Predictions(by_note, seconds)

    def start(self, begun: Predictions) -> None:
        """Begin a partial file anew with what is already known, so that a cut last line does not stay in it."""
        self._final.unlink(missing_ok=True)
        self._facts.unlink(missing_ok=True)
        self._partial.write_bytes(canonical_json({"digest": self._digest}))
        self.append(begun.by_note, begun.seconds)

    def append(self, by_note: Mapping[str, Predicted], seconds: float) -> None:
        """Add finished notes; ``seconds`` is the time spent so far in all."""
        with self._partial.open("ab") as stream:
            for note_id, one in by_note.items():
                stream.write(canonical_json({**_row(note_id, one), "seconds": round(seconds, 3)}))
            stream.flush()
            os.fsync(stream.fileno())

    def finish(self, notes: Iterable[CodedNote], predictions: Predictions) -> None:
        """Write the final file in the order of the notes, gold beside predicted, and drop the partial one."""
        temporary = self._final.with_suffix(".jsonl.tmp")
        with temporary.open("wb") as stream:
            for note in notes:
                gold = [write_code(item) for item in note.gold]
                stream.write(canonical_json({**_row(note.note_id, predictions.by_note[note.note_id]), "gold": gold}))
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(self._final)
        self._facts.write_bytes(readable_json({"digest": self._digest, "seconds": round(predictions.seconds, 3)}))
        self._partial.unlink(missing_ok=True)


def read_prediction_file(path: Path) -> dict[str, Predicted]:
    """Predictions of any system: JSON lines with ``note_id`` and ``predicted`` (or ``codes``), a list of code strings.

    ``confidence`` may give a number in [0, 1] for each of them. Strings that do not have the shape of any code are an error
    here: they mean another format, not a bad answer.

    Raises:
        InputError: unreadable, not JSON lines, a field missing, a note id twice, a string that is no code, or confidences
            that do not fit the codes.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")  # a JSON string may hold what splitlines cuts at
    except OSError as error:
        raise InputError(
            f"cannot read the predictions: {error.strerror}", where=str(path), fix="Give a JSON lines file"
        ) from None
    except UnicodeDecodeError:
        raise InputError(
            "the predictions are not UTF-8 text", where=str(path), fix="Save them as JSON lines in UTF-8"
        ) from None
    found: dict[str, Predicted] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{path.name}, line {number}"
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        codes = row.get("predicted", row.get("codes")) if isinstance(row, dict) else None
        if not isinstance(row, dict) or not isinstance(row.get("note_id"), str) or codes is None:
            raise InputError("the line is not a prediction", where=where, fix=_LINE)
        if row["note_id"] in found:
            raise InputError("a note id occurs a second time", where=where, fix="Give each note one line")
        read = read_codes(codes, where=where)
        found[row["note_id"]] = Predicted(read, confidence=_confidence(row.get("confidence"), len(read), where))
    if not found:
        raise InputError("there are no predictions", where=str(path), fix=_LINE)
    return found


def read_scored(path: Path) -> list[ScoredNote]:
    """Gold beside predicted, from one of our own finished files.

    Raises:
        InputError: unreadable, or not one of ours.
    """
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
        return [
            ScoredNote(
                row["note_id"],
                read_codes(row["gold"], where=path.name),
                read_codes(row["predicted"], where=path.name),
            )
            for row in rows
        ]
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            "the predictions of an evaluation are missing or damaged", where=str(path), fix="Evaluate again"
        ) from None


def match_predictions(
    notes: Sequence[CodedNote], known_ids: Iterable[str], given: Mapping[str, Predicted], where: str
) -> dict[str, Predicted]:
    """The predictions for the notes to be scored, in their order.

    Args:
        notes: the notes to be scored.
        known_ids: ids of all notes that a prediction may be about.
        given: predictions by note id.
        where: name of the file, for messages.

    Raises:
        InputError: a prediction for a note that does not exist, or none for one that is scored.
    """
    unknown = sorted(given.keys() - set(known_ids))
    if unknown:
        raise InputError(
            f"{len(unknown)} of {len(given)} note ids are not among the test notes, the first is {unknown[0][:80]!r}",
            where=where,
            fix="Predict the notes that are scored",
        )
    missing = [note.note_id for note in notes if note.note_id not in given]
    if missing:
        raise InputError(
            f"{len(missing)} of {len(notes)} scored notes have no prediction, the first is {missing[0][:80]!r}",
            where=where,
            fix="Give every test note one line, with an empty list where nothing is coded",
        )
    return {note.note_id: given[note.note_id] for note in notes}


def _row(note_id: str, one: Predicted) -> dict[str, object]:
    row: dict[str, object] = {"note_id": note_id, "predicted": [write_code(item) for item in one.codes]}
    if one.answer is not None:
        row |= {"answer": one.answer, "was_cut": one.was_cut}
    if one.confidence is not None:
        row["confidence"] = [round(value, 4) for value in one.confidence]
    if one.unsure:
        row["unsure"] = [[write_code(item), round(value, 4)] for item, value in one.unsure]
    return row


def _predicted(row: Mapping[str, object]) -> Predicted:
    answer = row.get("answer")
    codes = read_codes(row["predicted"], where="predictions")
    confidence = _confidence(row.get("confidence"), len(codes), "predictions")
    told = row.get("unsure", [])
    pairs = told if isinstance(told, list) else []
    items = read_codes([pair[0] for pair in pairs], where="predictions")
    numbers = _confidence([pair[1] for pair in pairs], len(items), "predictions") or ()
    unsure = tuple(zip(items, numbers, strict=True))
    text = answer if isinstance(answer, str) else None
    return Predicted(codes, text, bool(row.get("was_cut", False)), confidence, unsure)


def _confidence(value: object, n_codes: int, where: str) -> tuple[float, ...] | None:
    if value is None:
        return None
    numbers = value if isinstance(value, list) else []
    if len(numbers) != n_codes or not all(isinstance(one, int | float) and 0 <= one <= 1 for one in numbers):
        raise InputError(
            "confidence must hold a number from 0 to 1 for each code", where=where, fix="Name each code once"
        )
    return tuple(float(one) for one in numbers)
