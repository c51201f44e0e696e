"""Gate "phi_scan": every identifier that the scanner finds in a corpus must be a known surrogate."""

from __future__ import annotations

import math
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor

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
    }
)
_CHUNK_NOTES = 250
_SHOWN = 10
_HOW = (
    "rules read every note as it is; the name model reads each distinct line once, with numbers and known surrogates "
    "replaced by stand-ins; {n} notes drawn at random were read again without stand-ins"
)

Digest = Callable[[str, str], str]
UNACCOUNTED = "unaccounted identifier"
ADJUDICATED = "adjudicated"


def draw_sample(
    ledgers: Sequence[Iterable[KnownSpan]], seed: np.random.SeedSequence, size: int = SAMPLE_NOTES
) -> frozenset[int]:
    """Places of the notes that are scanned a second time in full.

    ``size`` notes at random, and of each ledger type up to ``SAMPLE_PER_TYPE`` notes that hold it, so that the recall of
    a rare type rests on all there is of it.
    """
    rng = np.random.default_rng(seed)
    drawn = {int(place) for place in rng.choice(len(ledgers), min(size, len(ledgers)), replace=False)}
    holding: dict[str, list[int]] = {}
    for place, ledger in enumerate(ledgers):
        for kind in {entry.entity_type for entry in ledger}:
            holding.setdefault(kind, []).append(place)
    for _, places in sorted(holding.items()):
        lacking = SAMPLE_PER_TYPE - len(drawn.intersection(places))
        rest = [place for place in places if place not in drawn]
        if lacking > 0:
            drawn.update(int(place) for place in rng.choice(rest, min(lacking, len(rest)), replace=False))
    return frozenset(drawn)


def run_phi_scan(
    notes: Sequence[NoteText],
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

    A finding with a decision in ``adjudicated`` (by digest) does not fail the gate, unless ``is_source`` says that its
    (type, value) belongs to a source patient.

    Returns:
        the verdict and the findings for the protected report, both without a readable value.
    """
    found: list[ProtectedFinding] = []
    decided = adjudicated or {}
    scans: list[NoteScan] = []
    texts = {note.note_id: note.text for note in notes}
    with progress.task("PHI scan", total=len(notes)) as advance:
        for part in _scan_in_chunks(notes, workers, pipeline):
            scans += part
            advance(len(part))
    for scan in scans:
        text = texts[scan.note_id]
        spans = [(item.start, item.end) for item in scan.unaccounted]
        for item in scan.unaccounted:
            value = text[item.start : item.end]
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
                    context=masked_context(text, item.start, item.end, spans),
                )
            )
    return judge(scans, found, policy), found


def _scan_in_chunks(notes: Sequence[NoteText], workers: int | None, pipeline: str | None) -> Iterator[list[NoteScan]]:
    chunks = [notes[start : start + _CHUNK_NOTES] for start in range(0, len(notes), _CHUNK_NOTES)]
    wanted = workers if workers is not None else min(4, os.cpu_count() or 1)
    wanted = min(wanted, len(chunks) // 2)  # a process must earn the seconds it takes to start
    if wanted < 2:
        for chunk in chunks:
            yield scan_notes(chunk, pipeline)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(wanted, mp_context=context, initializer=_one_thread) as pool:
        yield from pool.map(scan_notes, chunks, [pipeline] * len(chunks))


def _one_thread() -> None:
    # Workers share the cores; a thread pool in each would only make them wait for one another.
    os.environ["OMP_NUM_THREADS"] = "1"


def judge(scans: Sequence[NoteScan], found: Sequence[ProtectedFinding], policy: PrivacyPolicy) -> Verdict:
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
    sampled = [scan for scan in scans if scan.recall or scan.only_in_full]
    by_type: dict[str, list[bool]] = {}
    for scan in sampled:
        for kind, seen in scan.recall:
            by_type.setdefault(kind, []).append(seen)
    structured = [seen for kind, group in by_type.items() if kind in STRUCTURED_TYPES for seen in group]
    others = [seen for kind, group in by_type.items() if kind not in STRUCTURED_TYPES for seen in group]
    outcome: Outcome = "failed" if unaccounted else "passed"
    required: int | None = None
    limit = policy.phi_recall_lower
    lower = clopper_pearson(sum(structured), len(structured))[0]
    if structured and sum(structured) / len(structured) < limit:
        outcome = "failed"
        reasons.append(
            f"the scanner found only {sum(structured)} of {len(structured)} known structured surrogates, limit {limit}: its silence proves little"
        )
    elif lower < limit and outcome == "passed":
        outcome, required = "inconclusive", math.ceil(math.log(0.025) / math.log(limit))
        reasons.append(
            f"needs at least {required} structured surrogates in sampled notes to show a recall of {limit}, has {len(structured)}"
        )
    n_sampled = sum(1 for scan in scans if scan.recall)
    measures = [
        proportion(
            "notes with an unaccounted finding", len(touched), len(scans), limit=0.0, note=_HOW.format(n=n_sampled)
        ),
        Measure(
            name="findings explained by the ledger", value=float(sum(scan.n_accounted for scan in scans)), n=len(scans)
        ),
        Measure(
            name="findings that a person adjudicated",
            value=float(len(excused)),
            n=len({item.digest for item in excused}),
            note="n: distinct values; who decided and when stays in the protected zone",
        ),
        Measure(
            name="unaccounted findings that only the reading without stand-ins saw",
            value=float(sum(scan.only_in_full for scan in scans)),
            n=n_sampled,
        ),
        proportion(
            "scanner's recall on known surrogates: structured types",
            sum(structured),
            len(structured),
            limit=limit,
            note="lower bound decides",
        ),
        proportion(
            "scanner's recall on known surrogates: names, addresses, places", sum(others), len(others), note="no bar"
        ),
    ]
    measures += [proportion(f"recall: {kind}", sum(group), len(group)) for kind, group in sorted(by_type.items())]
    return Verdict(
        gate=GATE, title=TITLE, outcome=outcome, reasons=tuple(reasons), measures=tuple(measures), required_n=required
    )
