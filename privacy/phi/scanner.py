"""The scanner: distinct pieces of text once each, rules on all of it, NER where a name is possible at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ghostchart.privacy.phi.address_parts import with_address_parts
from ghostchart.privacy.phi.cues import is_namelike, is_refused
from ghostchart.privacy.phi.findings import PhiFinding, strongest
from ghostchart.privacy.phi.flavour import is_clinical
from ghostchart.privacy.phi.glances import may_be_name
from ghostchart.privacy.phi.letters import UPPER
from ghostchart.privacy.phi.names import is_disease
from ghostchart.privacy.phi.records import table_findings
from ghostchart.privacy.phi.requests import names_in_request
from ghostchart.privacy.phi.segments import StandIn, neutralise, original_span, segments, stand_in
from ghostchart.privacy.phi.stand_ins import shaped_stand_in, with_stand_ins
from ghostchart.privacy.phi.vocabulary import eponyms, is_given_name, is_ordinary
from ghostchart.privacy.remembered import Remembered

_CAPITALISED = re.compile(rf"\b[{UPPER}][\w'’-]*")
_NEAR_CHARS = 16
_Key = tuple[str, bool]
_Findings = tuple[PhiFinding, ...]

_CLINICAL_SHARE = 0.1  # of its lines and sentences, and a text counts as clinical as a whole
_MEMORY_PIECES = 30_000  # per generation of what is remembered; a piece with its findings takes about 0.6 kB


@dataclass(frozen=True, slots=True)
class KnownSpan:
    """A range that the ledger already accounts for; NER reads a stand-in there."""

    start: int
    end: int
    entity_type: str


class PhiScanner:
    """Finds direct identifiers in clinical text with Presidio, our recognizers and an NER model.

    Every text is cut into lines and sentences, and each distinct one is read once: rules see it as it is; the NER
    model sees it with numbers replaced by neutral ones, both (in :meth:`scan_known`) with stand-ins for ledger entries, and
    the model only where two neighbouring capitalised words could be a name.
    """

    def __init__(self, pipeline: str | None = None) -> None:
        from ghostchart.privacy.phi.name_finders import DEFAULT_PIPELINE
        from ghostchart.privacy.phi.presidio_engine import PhiEngine

        self._engine = PhiEngine(pipeline or DEFAULT_PIPELINE)
        # Keys: the piece and whether it is clinical, by itself or by the text around it.
        self._rules: Remembered[_Key, _Findings] = Remembered(_MEMORY_PIECES)
        self._model: Remembered[_Key, _Findings] = Remembered(_MEMORY_PIECES)

    def scan(self, texts: Sequence[str]) -> list[list[PhiFinding]]:
        """Findings per text, in text order, without overlaps; nothing is masked for the model but numbers."""
        return self.scan_known(texts, [()] * len(texts))

    def scan_known(self, texts: Sequence[str], known: Sequence[Iterable[KnownSpan]]) -> list[list[PhiFinding]]:
        """As :meth:`scan`, with ranges whose identifiers are known.

        There the rules read a stand-in of the same kind and shape, the model one of the same kind, so that sentences which
        differ only in a surrogate are one. An identifier beside or outside the known ranges is seen as before.
        """
        pieces = [self._pieces(text, spans) for text, spans in zip(texts, known, strict=True)]
        needed = sorted({(piece.neutral, piece.clinical) for group in pieces for piece in group if piece.neutral})
        # Of this call all answers are held, however few the memory keeps.
        answers = {key: self._model.get(key) for key in needed}
        wanted = [key for key, answer in answers.items() if answer is None]
        for key, found in zip(wanted, self._engine.by_model(wanted), strict=True):
            answers[key] = self._model.keep(key, tuple(found))
        return [self._collect(text, group, answers) for text, group in zip(texts, pieces, strict=True)]

    @property
    def distinct_read(self) -> tuple[int, int]:
        """How many pieces the rules and the NER model have read, those forgotten in between again."""
        return self._rules.kept, self._model.kept

    def _pieces(self, text: str, known: Iterable[KnownSpan]) -> list[_Piece]:
        spans = _disjoint(known)
        pieces = []
        ranges = segments(text)
        flavours = [is_clinical(text[start:end]) for start, end in ranges]
        whole = sum(flavours) > _CLINICAL_SHARE * len(flavours)
        for (start, end), own in zip(ranges, flavours, strict=True):
            body, clinical = text[start:end], own or whole
            here = [item for item in spans if item.start < end and start < item.end]
            known_here = [_inside(text, item, start, end, shaped_stand_in) for item in here]
            read = with_stand_ins(body, known_here) if known_here else body
            rules = self._rules.get((read, clinical))
            if rules is None:
                rules = self._rules.keep((read, clinical), tuple(self._engine.by_rules(read, clinical=clinical)))
            neutral, replaced = "", list[StandIn]()
            if may_hold_name(body, known_here, clinical=clinical):
                neutral, replaced = neutralise(body, [_inside(text, item, start, end, stand_in) for item in here])
            pieces.append(_Piece(start, rules, known_here, neutral, replaced, clinical))
        return pieces

    def _collect(self, text: str, group: list[_Piece], answers: dict[_Key, _Findings | None]) -> list[PhiFinding]:
        found: list[PhiFinding] = []
        for piece in group:
            here = [in_original(item, piece.known) for item in piece.rules] if piece.known else list(piece.rules)
            for item in answers.get((piece.neutral, piece.clinical)) or ():
                here.append(in_original(item, piece.replaced))
            found.extend(
                PhiFinding(item.start + piece.start, item.end + piece.start, item.entity_type, item.score)
                for item in strongest(here)
            )
        # Columns are named in another line than their cells, and a name that one line announces stands bare in another, so
        # both are looked for over the whole text.
        asked_for = [item for item in names_in_request(text) if not is_disease(text, item)]
        more = [*table_findings(text), *mentioned_again(text, found), *asked_for]
        found = strongest([*found, *more]) if more else found
        whole = with_address_parts(text, found)
        return strongest(whole) if whole is not None else found


_AGAIN_SCORE = 0.6
_SURE_NAME = 0.8  # score from which a title, degree or label announced the name


def mentioned_again(text: str, found: Sequence[PhiFinding]) -> Iterator[PhiFinding]:
    """Words of announced names wherever else they stand ("Mr. Korhonen ... Korhonen will return"), same spelling."""
    words: dict[str, None] = {}
    for item in found:
        if item.entity_type == "PERSON" and item.score >= _SURE_NAME:
            for match in _CAPITALISED.finditer(text, item.start, item.end):
                word = match[0].removesuffix("'s").removesuffix("’s")
                if len(word) > 2 and is_namelike(word) and word.lower() not in eponyms():
                    words[word] = None
    if words:
        for match in re.finditer(rf"(?<![\w'’-])(?:{'|'.join(map(re.escape, words))})(?![\w-])", text):
            if not is_refused(text, match.end()):
                yield PhiFinding(match.start(), match.end(), "PERSON", _AGAIN_SCORE)


@dataclass(frozen=True, slots=True)
class _Piece:
    start: int
    rules: tuple[PhiFinding, ...]  # in the text with stand-ins
    known: list[StandIn]  # of the ledger, as the rules read them
    neutral: str  # "" where no name is possible
    replaced: list[StandIn]
    clinical: bool


def in_original(finding: PhiFinding, spans: Sequence[StandIn]) -> PhiFinding:
    """A finding in a text with stand-ins as it lies in the original."""
    start, end = original_span(finding.start, finding.end, spans)
    return PhiFinding(start, end, finding.entity_type, finding.score)


def _inside(text: str, item: KnownSpan, start: int, end: int, make: Callable[[str, str], str]) -> StandIn:
    value = text[item.start : item.end]
    return StandIn(max(item.start - start, 0), min(item.end, end) - start, make(item.entity_type, value))


def _disjoint(known: Iterable[KnownSpan]) -> list[KnownSpan]:
    kept: list[KnownSpan] = []
    for item in sorted(known, key=lambda span: (span.start, -span.end)):
        if item.start < item.end and (not kept or item.start >= kept[-1].end):
            kept.append(item)
    return kept


def may_hold_name(body: str, known: Sequence[StandIn] = (), *, clinical: bool = True) -> bool:
    """Whether the NER model could find a name here that is not wholly known.

    In clinical text its findings are accepted only where two words that can be a name, one of them no ordinary word, stand
    close together, or for a listed given name; elsewhere also for a single word (see :func:`model_names.weigh`). A piece
    without any needs no model.
    """
    before: tuple[int, bool, bool] | None = None
    single = False
    for match in _CAPITALISED.finditer(body):
        word = match[0]
        if not may_be_name(word):
            before = None
            continue
        inside = any(item.start <= match.start() and match.end() <= item.end for item in known)
        plain = clinical and is_ordinary(word)
        if (
            before is not None
            and match.start() - before[0] <= _NEAR_CHARS
            and not (inside and before[1])
            and not (plain and before[2])
        ):
            return True
        single = single or (not inside and not word.isupper() and is_namelike(word))
        before = (match.end(), inside, plain)
    return single and (not clinical or any(is_given_name(m[0]) for m in _CAPITALISED.finditer(body)))
