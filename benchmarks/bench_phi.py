"""Speed of the PHI scanner beside stock Presidio: ``AnalyzerEngine.analyze`` in a loop, same pipeline, one process each.

1. A generated corpus, as the gate scans it (ledger known) and as any text (nothing known).
2. Text without repetition: every distinct line of the corpus once, put together to texts of a note's length.
3. Findings of a sample scanned with all others in one batch, and each note alone by a scanner that remembers nothing.

``GHOSTCHART_BENCH_NOTES`` (10,000) sets the corpus size, ``GHOSTCHART_BENCH_SINGLE`` (1,000) the texts of part 2;
``GHOSTCHART_BENCH_RUN`` names a finished run to take the notes from instead of generating them. Stock Presidio remembers
nothing between texts, so its time on all of them is the number of texts times the mean over a random sample, read text by
text: ``GHOSTCHART_BENCH_STOCK`` (400, of part 2 a quarter; 0 reads all). The interval is that of the mean; the ratio is given
against both ends.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bench_phi_quality import stock_analyzer
from ghostchart.privacy.corpus_notes import CorpusNotes
from ghostchart.privacy.phi import PhiScanner
from ghostchart.privacy.phi.scanner import KnownSpan
from ghostchart.schemas.measures import Interval

SAMPLE = 25
_LINES_PER_TEXT = 20


def corpus_notes(n: int) -> list[tuple[str, tuple[KnownSpan, ...]]]:
    """Texts with their ledgers."""
    run = os.environ.get("GHOSTCHART_BENCH_RUN")
    if run:
        return [(note.text, note.ledger) for note in CorpusNotes(Path(run) / "corpus")][:n]
    from ghostchart.pipeline.generate import generate
    from ghostchart.pipeline.run import stage_in
    from ghostchart.schemas.config import RunConfig
    from ghostchart.schemas.progress import SILENT

    with tempfile.TemporaryDirectory() as folder:
        settings = RunConfig()
        settings = settings.model_copy(update={"corpus": settings.corpus.model_copy(update={"notes": n})})
        with stage_in(Path(folder) / "run", settings) as (layout, state):
            generate(layout, state, settings, SILENT)
            return [(note.text, note.ledger) for note in CorpusNotes(layout.corpus)]


def _timed(label: str, n: int, work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    print(f"  {label:<44} {n / seconds:9.1f} texts/s, {n:,} texts in {seconds:,.1f} s", flush=True)
    return seconds


def _stock(analyzer: Any, texts: Sequence[str], sample: int, seed: int) -> tuple[float, Interval]:
    """Seconds of stock Presidio on all texts, from a random sample of them, with the 95 % interval of the mean."""
    rng = np.random.default_rng(seed)
    n = min(sample or len(texts), len(texts))
    seconds = []
    for place in rng.choice(len(texts), n, replace=False):
        started = time.perf_counter()
        analyzer.analyze(texts[place], "en")
        seconds.append(time.perf_counter() - started)
    mean = float(np.mean(seconds))
    # Whole corpus read: nothing is left to chance. Else normal approximation with the correction for a finite population.
    reach = 1.96 * float(np.std(seconds, ddof=1)) / np.sqrt(n) * np.sqrt(1 - n / len(texts)) if n > 1 else 0.0
    low, high = (mean - reach) * len(texts), (mean + reach) * len(texts)
    print(
        f"  {'stock Presidio':<44} {1 / mean:9.1f} texts/s, {n:,} of {len(texts):,} texts read in {sum(seconds):,.1f} s; all: "
        f"{mean * len(texts):,.0f} s ({low:,.0f} to {high:,.0f})",
        flush=True,
    )
    return mean * len(texts), (low, high)


def _ratio(label: str, seconds: float, stock: tuple[float, Interval], bar: str) -> None:
    low, high = stock[1]
    print(
        f"  {label}: {stock[0] / seconds:.1f} times stock ({low / seconds:.1f} to {high / seconds:.1f}); {bar}",
        flush=True,
    )


def main() -> None:
    """Print texts per second, ratios, and whether findings agree."""
    n = int(os.environ.get("GHOSTCHART_BENCH_NOTES", "10000"))
    notes = corpus_notes(n)
    texts = [text for text, _ in notes]
    analyzer = stock_analyzer()
    analyzer.analyze(texts[0], "en")  # both load their pipeline before the clock runs
    PhiScanner().scan(["Seen by Wanjiru Kamau."])

    reads = int(os.environ.get("GHOSTCHART_BENCH_STOCK", "400"))
    print(f"corpus of {len(texts):,} notes")
    base = _stock(analyzer, texts, reads, 1)
    known = _timed(
        "ghostchart, ledger known (the gate)",
        len(texts),
        lambda: PhiScanner().scan_known(texts, [ledger for _, ledger in notes]),
    )
    plain = _timed("ghostchart, nothing known", len(texts), lambda: PhiScanner().scan(texts))
    _ratio("the gate", known, base, "bar 8, goal 20")
    _ratio("nothing known", plain, base, "bar 8, goal 20")
    lines = list(dict.fromkeys(line for text in texts for line in text.split("\n") if len(line.split()) > 3))
    np.random.default_rng(2).shuffle(lines)
    lines = lines[: int(os.environ.get("GHOSTCHART_BENCH_SINGLE", "1000")) * _LINES_PER_TEXT]
    single = ["\n".join(lines[i : i + _LINES_PER_TEXT]) for i in range(0, len(lines), _LINES_PER_TEXT)]
    print(f"text without repetition, {len(single):,} texts")
    base = _stock(analyzer, single, reads // 4, 3)
    _ratio("ghostchart", _timed("ghostchart", len(single), lambda: PhiScanner().scan(single)), base, "bar 2")
    sample = texts[:: max(1, len(texts) // SAMPLE)][:SAMPLE]
    together = dict(zip(texts, PhiScanner().scan(texts), strict=True)) if len(texts) <= 2000 else {}
    in_batch = [together[text] for text in sample] if together else PhiScanner().scan(sample)
    alone = [PhiScanner().scan([text])[0] for text in sample]
    print(
        f"findings equal both ways: {sum(a == b for a, b in zip(in_batch, alone, strict=True))} of {len(sample)} notes"
    )


if __name__ == "__main__":
    main()
