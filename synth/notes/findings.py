"""Examination, symptoms, review of systems and function: chosen so that they never contradict the patient's codes."""

from __future__ import annotations

from ghostchart.synth.notes.phrases import CodedEntry
from ghostchart.synth.notes.views import ExamView
from ghostchart.synth.notes.writer import NoteWriter

_EXAM_LINES = {"office_soap": 4, "ed": 4, "history_and_physical": 5, "preventive": 5, "awv": 2}
_MAX_ABNORMAL = 3
_SCREENS = 3


def examine(writer: NoteWriter, problem_codes: tuple[str, ...], codes: tuple[str, ...]) -> list[ExamView]:
    """Findings by body system: what goes with today's problems, then normal systems that no code contradicts."""
    if writer.noise.chance(0.2):
        left_out = writer.say("left_out")
        return [ExamView("exam", {"system": lambda: "Exam", "finding": lambda: left_out})]
    wanted = _EXAM_LINES.get(writer.encounter.note_type, 3)
    chosen: dict[str, CodedEntry] = {}
    for code in problem_codes:
        entry = writer.phrases.entry_for("exam.findings", code)
        if entry is not None and len(chosen) < _MAX_ABNORMAL:
            chosen.setdefault(entry.label, entry)
    normal = [entry for entry in writer.phrases.fitting("exam.normal", codes) if entry.label not in chosen]
    for entry in writer.draws.some(normal, max(1, wanted - len(chosen))):
        chosen[entry.label] = entry
    return [_exam_view(writer, label, entry) for label, entry in sorted(chosen.items(), key=_head_to_toe)]


_ORDER = ("General", "Eyes", "HEENT", "Neck", "Lungs", "Heart", "Breasts", "Abdomen", "GU", "Back", "Extremities",
          "MSK", "Skin", "Neuro", "Psych")  # fmt: skip


def _head_to_toe(item: tuple[str, CodedEntry]) -> tuple[int, str]:
    label = item[0]
    return (_ORDER.index(label) if label in _ORDER else len(_ORDER), label)


def _exam_view(writer: NoteWriter, label: str, entry: CodedEntry) -> ExamView:
    finding = writer.word(entry)
    return ExamView("exam", {"system": lambda: label, "finding": lambda: finding})


def presentation(writer: NoteWriter, code: str, denied: tuple[str, ...]) -> str | None:
    """A sentence about symptoms that are part of the condition anyway; None where none are known or one is denied."""
    entry = writer.phrases.entry_for("presentations", code)
    if entry is None or not entry.fits(denied):
        return None
    symptoms = writer.word(entry)
    return writer.say("story.symptoms", symptoms=symptoms)


def review_negatives(writer: NoteWriter, codes: tuple[str, ...], taken: set[str], count: int) -> list[str]:
    """Symptoms to deny: none that a code of the patient brings along, none already denied by name."""
    fitting = writer.phrases.fitting("review", codes)
    if taken:
        fitting = tuple(entry for entry in fitting if entry.categories.isdisjoint(taken))
    return [writer.word(entry) for entry in writer.draws.some(fitting, count)]


def screen_function(writer: NoteWriter, codes: tuple[str, ...]) -> list[str]:
    """Results of the wellness visit's screens that fit the patient."""
    fitting = writer.phrases.fitting("screens", codes)
    return [writer.word(entry) for entry in writer.draws.some(fitting, _SCREENS)]


def write_particulars(writer: NoteWriter, codes: tuple[str, ...]) -> list[str]:
    """What only this note type says (consent, code status, anesthesia...): harmless, and never against the codes."""
    bank = f"particulars.{writer.encounter.note_type}"
    if bank not in writer.phrases.coded_banks:
        return []
    fitting = writer.phrases.fitting(bank, codes)
    return [writer.word(entry) for entry in fitting] or ["Unremarkable."]
