"""Gate "phi_scan": every identifier that the scanner finds in a corpus must be a known surrogate."""

from __future__ import annotations

import math
import multiprocessing
import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

import numpy as np

from ghostchart.privacy.masking import ProtectedFinding, masked, masked_context
from ghostchart.privacy.phi.adjudication import Adjudication
from ghostchart.privacy.phi.reconcile import NoteScan, NoteText, scan_notes
from ghostchart.privacy.phi.scanner import KnownSpan
from ghostchart.privacy.policy import PrivacyPolicy
from ghostchart.schemas.measures import Measure, clopper_pearson, proportion
from ghostchart.schemas.progress import SILENT, Progress
from ghostchart.schemas.verdict import Outcome, Verdict

GATE, TITLE = "phi_scan", "Identifiers in the notes (Presidio)"
SAMPLE_NOTES = 300
SAMPLE_PER_TYPE = 150  # all found then gives a lower bound of 0.976
STRUCTURED_TYPES = frozenset(
    {
        "DATE_TIME",
        "ZIP_CODE",
        "PHONE_NUMBER",
        "FAX_NUMBER",
        "EMAIL_ADDRESS",
        "US_SSN",
        "MEDICAL_RECORD_NUMBER",
        "ACCOUNT_NUMBER",
        "HEALTH_PLAN_NUMBER",
        "LICENSE_NUMBER",
        "VEHICLE_ID",
        "DEVICE_ID",
        "URL",
        "IP_ADDRESS",
        "AGE_OVER_89",
        "BIOMETRIC_ID",
    }
)
_CHUNK_NOTES = 250
_CHUNKS_AHEAD = 3
_SHOWN = 10
_HOW = (
    "rules read every note as it is; the name model reads each distinct line once, with numbers and known surrogates "
    "replaced by stand-ins; {n} notes drawn at random were read again without stand-ins"
)

Digest = Callable[[str, str], str]
UNACCOUNTED = "unaccounted identifier"
ADJUDICATED = "adjudicated"


class Notes(Protocol):
    """Notes that are gone through from the beginning each time, such as those of a corpus or a list."""

    def __iter__(self) -> Iterator[NoteText]: ...

    def __len__(self) -> int: ...


@dataclass
class ScanTally:
    """What the scans of many notes add up to; the scans themselves are not kept.

    Attributes:
        notes, sampled: notes scanned, and those among them that were scanned a second time and hold known surrogates.
        accounted: findings that ledgers explain.
        only_in_full: unaccounted findings that only the second scan saw.
        seen, known: per type, surrogates that the second scan found, and all that there were.
    """

    notes: int = 0
    sampled: int = 0
    accounted: int = 0
    only_in_full: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)

    def add(self, scan: NoteScan) -> None:
        """Count one note."""
        self.notes += 1
        self.sampled += bool(scan.recall)
        self.accounted += scan.n_accounted
        self.only_in_full += scan.only_in_full
        for kind, seen in scan.recall:
            self.known[kind] += 1
            self.seen[kind] += seen

    def recall(self, *, structured: bool) -> tuple[int, int]:
        """Surrogates found and all there were, over structured types or over the others."""
        kinds = [kind for kind in self.known if (kind in STRUCTURED_TYPES) == structured]
        return sum(self.seen[kind] for kind in kinds), sum(self.known[kind] for kind in kinds)


def draw_sample(
    ledgers: Iterable[Iterable[KnownSpan]], seed: np.random.SeedSequence, size: int = SAMPLE_NOTES
) -> frozenset[int]:
    """Places of the notes that are scanned a second time in full.

    ``size`` notes at random, and of each ledger type up to ``SAMPLE_PER_TYPE`` notes that hold it, so that the recall of
    a rare type rests on all there is of it.
    """
    rng = np.random.default_rng(seed)
    n, holding = _holding(ledgers)
    drawn = {int(place) for place in rng.choice(n, min(size, n), replace=False)}
    for _, bits in sorted(holding.items()):
        lacking = SAMPLE_PER_TYPE - sum(_is_set(bits, place) for place in drawn)
        if lacking > 0:
            places = np.flatnonzero(np.unpackbits(np.frombuffer(bits, dtype=np.uint8), bitorder="little"))
            rest = places[~np.isin(places, list(drawn))]
            drawn.update(int(place) for place in rng.choice(rest, min(lacking, len(rest)), replace=False))
    return frozenset(drawn)


def _holding(ledgers: Iterable[Iterable[KnownSpan]]) -> tuple[int, dict[str, bytearray]]:
    """How many notes there are, and by ledger type one bit a note: whether it holds that type."""
    holding: dict[str, bytearray] = {}
    n = 0
    for place, ledger in enumerate(ledgers):
        n += 1
        for kind in {entry.entity_type for entry in ledger}:
            bits = holding.setdefault(kind, bytearray())
            bits.extend(bytes(max(0, (place >> 3) + 1 - len(bits))))
            bits[place >> 3] |= 1 << (place & 7)
    return n, holding


def _is_set(bits: bytearray, place: int) -> bool:
    return place >> 3 < len(bits) and bool(bits[place >> 3] >> (place & 7) & 1)


def run_phi_scan(
    notes: Notes,
    policy: PrivacyPolicy,
    digest: Digest,
    progress: Progress = SILENT,
    *,
    workers: int | None = None,
    pipeline: str | None = None,
    adjudicated: Mapping[str, Adjudication] | None = None,
    is_source: Callable[[str, str], bool] | None = None,
) -> tuple[Verdict, list[ProtectedFinding]]:
    """Scan a corpus and judge it; ``workers`` defaults to the machine's cores, at most 4. The verdict is the same for any.

    The notes are gone through once; a few hundred a worker are in memory at a time. A finding with a decision in
    ``adjudicated`` (by digest) does not fail the gate, unless ``is_source`` says that its (type, value) belongs to a source
    patient.

    Returns:
        the verdict and the findings for the protected report, both without a readable value.
    """
    found: list[ProtectedFinding] = []
    decided = adjudicated or {}
    tally = ScanTally()
    with progress.task("PHI scan", total=len(notes)) as advance:
        for chunk, scans in _scan_in_chunks(notes, workers, pipeline):
            for note, scan in zip(chunk, scans, strict=True):
                tally.add(scan)
                spans = [(item.start, item.end) for item in scan.unaccounted]
                for item in scan.unaccounted:
                    value = note.text[item.start : item.end]
                    name = digest(item.entity_type, value)
                    excused = name in decided and not (is_source is not None and is_source(item.entity_type, value))
                    found.append(
                        ProtectedFinding(
                            gate=GATE,
                            kind=f"{ADJUDICATED}: {decided[name].decision}" if excused else UNACCOUNTED,
                            note_id=scan.note_id,
                            entity_type=item.entity_type,
                            masked=masked(value),
                            digest=name,
                            context=masked_context(note.text, item.start, item.end, spans),
                        )
                    )
            advance(len(chunk))
    return judge(tally, found, policy), found


def _scan_in_chunks(
    notes: Notes, workers: int | None, pipeline: str | None
) -> Iterator[tuple[Sequence[NoteText], Sequence[NoteScan]]]:
    """Chunks of notes with their scans, in order."""
    source = iter(notes)
    chunks = iter(lambda: list(islice(source, _CHUNK_NOTES)), [])
    wanted = workers if workers is not None else min(4, os.cpu_count() or 1)
    wanted = min(wanted, math.ceil(len(notes) / _CHUNK_NOTES) // 2)  # a process must earn the seconds it takes to start
    if wanted < 2:
        for chunk in chunks:
            yield chunk, scan_notes(chunk, pipeline)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(wanted, mp_context=context, initializer=_one_thread) as pool:
        under_way: deque[tuple[list[NoteText], Future[list[NoteScan]]]] = deque()
        for chunk in chunks:
            under_way.append((chunk, pool.submit(scan_notes, chunk, pipeline)))
            # Enough that no worker waits for the one whose turn it is; not the whole corpus in a queue.
            if len(under_way) > _CHUNKS_AHEAD * wanted:
                first, future = under_way.popleft()
                yield first, future.result()
        for first, future in under_way:
            yield first, future.result()


def _one_thread() -> None:
    # Workers share the cores; a thread pool in each would only make them wait for one another.
    os.environ["OMP_NUM_THREADS"] = "1"


def judge(tally: ScanTally, found: Sequence[ProtectedFinding], policy: PrivacyPolicy) -> Verdict:
    """The verdict over all notes; ``found`` are the findings that no ledger explains, adjudicated ones among them."""
    reasons: list[str] = []
    unaccounted = [item for item in found if item.kind == UNACCOUNTED]
    excused = [item for item in found if item.kind != UNACCOUNTED]
    touched = sorted({item.note_id for item in unaccounted})
    if unaccounted:
        kinds = ", ".join(
            f"{kind} {count}" for kind, count in sorted(Counter(item.entity_type for item in unaccounted).items())
        )
        reasons.append(f"{len(unaccounted)} finding(s) in {len(touched)} note(s) are in no surrogate ledger: {kinds}")
        reasons += [
            f"note {item.note_id}: {item.entity_type} {item.masked} (digest {item.digest})"
            for item in unaccounted[:_SHOWN]
        ]
    hits, n = tally.recall(structured=True)
    outcome: Outcome = "failed" if unaccounted else "passed"
    required: int | None = None
    limit = policy.phi_recall_lower
    lower = clopper_pearson(hits, n)[0]
    if n and hits / n < limit:
        outcome = "failed"
        reasons.append(
            f"the scanner found only {hits} of {n} known structured surrogates, limit {limit}: its silence proves little"
        )
    elif lower < limit and outcome == "passed":
        outcome, required = "inconclusive", math.ceil(math.log(0.025) / math.log(limit))
        reasons.append(
            f"needs at least {required} structured surrogates in sampled notes to show a recall of {limit}, has {n}"
        )
    return Verdict(
        gate=GATE,
        title=TITLE,
        outcome=outcome,
        reasons=tuple(reasons),
        measures=tuple(_measures(tally, len(touched), excused, limit)),
        required_n=required,
    )


def _measures(tally: ScanTally, touched: int, excused: Sequence[ProtectedFinding], limit: float) -> Iterator[Measure]:
    how = _HOW.format(n=tally.sampled)
    yield proportion("notes with an unaccounted finding", touched, tally.notes, limit=0.0, note=how)
    yield Measure(name="findings explained by the ledger", value=float(tally.accounted), n=tally.notes)
    yield Measure(
        name="findings that a person adjudicated",
        value=float(len(excused)),
        n=len({item.digest for item in excused}),
        note="n: distinct values; who decided and when stays in the protected zone",
    )
    yield Measure(
        name="unaccounted findings that only the reading without stand-ins saw",
        value=float(tally.only_in_full),
        n=tally.sampled,
    )
    yield proportion(
        "scanner's recall on known surrogates: structured types",
        *tally.recall(structured=True),
        limit=limit,
        note="lower bound decides",
    )
    yield proportion(
        "scanner's recall on known surrogates: names, addresses, places", *tally.recall(structured=False), note="no bar"
    )
    for kind, n in sorted(tally.known.items()):
        yield proportion(f"recall: {kind}", tally.seen[kind], n)
