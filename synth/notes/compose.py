"""From an encounter and its gold codes to a finished note with evidence spans and surrogate ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from jinja2.exceptions import SecurityError, TemplateRuntimeError, UndefinedError

from ghostchart.schemas.clinical import Encounter, GoldCode
from ghostchart.schemas.code_systems import CodeSystems
from ghostchart.schemas.codes import Code, System
from ghostchart.schemas.errors import TemplateError
from ghostchart.schemas.note import Distractor, Note, NoteCode, Span, Split, Surrogate
from ghostchart.synth.encounters.situational_distractors import CODED_ALL_THE_SAME
from ghostchart.synth.notes.blocks import write_blocks
from ghostchart.synth.notes.confined import LimitExceededError, bounded
from ghostchart.synth.notes.draws import Draws
from ghostchart.synth.notes.forms import FormBook, WordingLibrary
from ghostchart.synth.notes.marks import MarkedSpan, tidy
from ghostchart.synth.notes.noise import Noise
from ghostchart.synth.notes.phrases import PhraseBank, load_phrases
from ghostchart.synth.notes.surrogates import SurrogatePool
from ghostchart.synth.notes.template_files import CompiledTemplate
from ghostchart.synth.notes.traps import TRAP_MARKS
from ghostchart.synth.notes.writer import SURROGATE_PREFIX, NoteWriter

_NOISE_STREAM = 0x9E3779B97F4A7C15
MAX_NOTE_CHARACTERS = 100_000
StrataOf = Callable[[Iterable[str], Iterable[Code]], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class NoteIdentity:
    """What names one note. ``draw_seed`` steers its wording and is never shown; ``seed`` is its keyed hash."""

    note_id: str
    split: Split
    draw_seed: int
    seed: str


class NoteComposer:
    """Composes the notes of one shard; holds what they share.

    Args:
        library: wording of facts.
        systems: descriptions and releases of codes.
        strata_of: strata a set of codes belongs to.
        pool: fake identifiers of this shard.
        split: decides forms and frames.
        noise: how untidy the notes are, 0 to 1.
    """

    def __init__(
        self,
        library: WordingLibrary,
        systems: CodeSystems,
        strata_of: StrataOf,
        pool: SurrogatePool,
        split: Split,
        phrases: PhraseBank | None = None,
        noise: float = 0.0,
    ) -> None:
        self._forms = FormBook(library, split, systems.describe)
        self._systems = systems
        self._strata_of = strata_of
        self._pool = pool
        self._split: Split = split
        self._noise = noise
        self._phrases = phrases or load_phrases()
        self._described: dict[tuple[str, str], tuple[str, str]] = {}

    def compose(
        self, encounter: Encounter, gold: Sequence[GoldCode], template: CompiledTemplate, identity: NoteIdentity
    ) -> Note:
        """One note.

        Raises:
            TemplateError: the template cannot be rendered, leaves a gold code without evidence, or breaks a mark;
                names template and code.
        """
        writer = NoteWriter(
            encounter,
            self._forms,
            self._phrases,
            template.info.voice,
            self._split,
            Draws(identity.draw_seed),
            Noise(self._noise, Draws(identity.draw_seed ^ _NOISE_STREAM)),
            self._pool,
        )
        text, spans = render(template, writer)
        supported = {mark for code in gold for mark in code.evidence}
        icd_values = [code.value for code in gold if code.system == "icd10cm"]
        others = [Code(code.system, code.value) for code in gold if code.system != "icd10cm"]
        return Note(
            note_id=identity.note_id,
            patient_id=encounter.patient.patient_id,
            encounter_id=encounter.encounter_id,
            note_type=encounter.note_type,
            setting=encounter.setting,
            encounter_date=encounter.start,
            age=encounter.age,
            sex=encounter.patient.sex,
            text=text,
            codes=self._note_codes(gold, [span for span in spans if span.mark_id in supported], template),
            surrogates=surrogate_ledger(text, spans),
            distractors=labelled_distractors(encounter, spans, supported),
            template_family=template.info.family,
            template_id=template.info.id,
            strata=self._strata_of(icd_values, others),
            seed=identity.seed,
            split=identity.split,
        )

    def _note_codes(
        self, gold: Sequence[GoldCode], spans: list[MarkedSpan], template: CompiledTemplate
    ) -> tuple[NoteCode, ...]:
        by_mark: dict[str, list[Span]] = {}
        for span in spans:
            by_mark.setdefault(span.mark_id, []).append(Span(span.start, span.end))
        codes = []
        for item in gold:
            marks = [mark for mark in item.evidence if mark in by_mark]
            spans_of = [by_mark[mark] for mark in marks]
            # One mark never stands twice at one place; two may.
            evidence = tuple(spans_of[0] if len(spans_of) == 1 else dict.fromkeys(chain.from_iterable(spans_of)))
            if not evidence:
                raise TemplateError(
                    f"code {item.value} has no evidence in the text",
                    where=f"template {template.info.id}",
                    fix=f"Write every block that holds facts; the facts are {', '.join(item.evidence) or 'not given'}",
                )
            description, release = self._describe(item.system, item.value)
            codes.append(
                NoteCode(
                    item.system,
                    item.value,
                    description,
                    release,
                    item.role,
                    item.modifiers,
                    item.poa,
                    evidence,
                    item.rules,
                )
            )
        return tuple(codes)

    def _describe(self, system: System, value: str) -> tuple[str, str]:
        known = self._described.get((system, value))
        if known is None:
            known = (self._systems.describe(Code(system, value)), self._systems.release_of(system))
            self._described[system, value] = known
        return known


def render(template: CompiledTemplate, writer: NoteWriter) -> tuple[str, list[MarkedSpan]]:
    """The note's text and what each marked piece of it stands for.

    Raises:
        TemplateError: undefined names, sandbox violations, broken marks, or a text longer than any note may be.
    """
    where = f"template {template.info.id}"
    blocks = write_blocks(writer, template.names)
    if template.trusted:
        marked = _lay_out(template, blocks, where)
    else:
        try:
            with bounded():
                marked = _lay_out(template, blocks, where)
        except LimitExceededError as error:
            raise TemplateError(
                str(error), where=where, fix="Run 'ghostchart templates lint' on its directory"
            ) from None
    scuff = writer.noise.scuff if writer.noise.amount > 0 else None
    return writer.marks.resolve(tidy(marked), where=where, scuff=scuff)


def _lay_out(template: CompiledTemplate, blocks: dict[str, object], where: str) -> str:
    """What the template makes of the blocks, marks still in it.

    Raises:
        TemplateError: undefined names, sandbox violations, or a text longer than any note may be.
    """
    try:
        pieces: list[str] = []
        size = 0
        for piece in template.jinja.generate(blocks):
            size += len(piece)
            if size > MAX_NOTE_CHARACTERS:
                raise TemplateError(f"the note grew beyond {MAX_NOTE_CHARACTERS} characters", where=where)
            pieces.append(piece)
    except SecurityError as error:
        raise TemplateError(f"not allowed in the sandbox: {error}", where=_line(where, error)) from None
    except UndefinedError as error:
        raise TemplateError(f"undefined: {error}", where=_line(where, error)) from None
    except (TemplateRuntimeError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
        raise TemplateError(f"cannot be rendered: {type(error).__name__}: {error}", where=_line(where, error)) from None
    return "".join(pieces)


def _line(where: str, error: BaseException) -> str:
    """Jinja2 rewrites tracebacks so that frames of template code bear the template's name and line."""
    trace = error.__traceback__
    line = 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith(".j2"):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"{where}, line {line}" if line else where


def surrogate_ledger(text: str, spans: Iterable[MarkedSpan]) -> tuple[Surrogate, ...]:
    """Every fake identifier in the text, in the order of ``spans``."""
    return tuple(
        Surrogate(span.start, span.end, span.mark_id.removeprefix(SURROGATE_PREFIX), text[span.start : span.end])
        for span in spans
        if span.mark_id.startswith(SURROGATE_PREFIX)
    )


def labelled_distractors(
    encounter: Encounter, spans: Iterable[MarkedSpan], supported: set[str]
) -> tuple[Distractor, ...]:
    """Mentions that must not be coded, in the order of ``spans``.

    A fact that supports a gold code is none, whatever its label says (an inpatient's probable diagnosis), except for the
    kinds that lead to a wrong code beside the right one.
    """
    kinds = dict(TRAP_MARKS)
    for fact in encounter.facts:
        if fact.distractor:
            # Values are marked by their own name ("lab:potassium_mmol_l"), not by the fact that points at them.
            mark = fact.concept if fact.concept.startswith(("lab:", "vital:")) else fact.fact_id
            if mark not in supported or fact.distractor in CODED_ALL_THE_SAME:
                kinds[mark] = fact.distractor
    return tuple(Distractor(kinds[span.mark_id], span.start, span.end) for span in spans if span.mark_id in kinds)
