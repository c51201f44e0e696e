"""Recall and precision of the PHI scanner on texts by somebody who never saw it, beside stock Presidio.

``phi/blind_*.txt`` hold general writing, requests to a clinical assistant, ward shorthand and excerpts of notes. Their four
authors had read no rule, list or test of the scanner and ran none; identifiers are marked in place, ``[[NAME:...]]``. What was
missed in ``*_dev`` has been read and rules were written from it, ``*_test`` only counts.

``GHOSTCHART_BENCH_ONLY=ours`` leaves stock Presidio out, ``GHOSTCHART_BENCH_SHOW=1`` prints misses and false alarms, of the
development half alone. ``GHOSTCHART_BENCH_FOLDER=DIR`` measures the marked ``*.txt`` of your own instead.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from benchmarks.bench_phi_quality import FOLDER, Spans, covered, ours, report_both, right, stock
from benchmarks.phi_texts import Sample, Truth
from ghostchart.schemas.measures import clopper_pearson

KINDS = (
    *("general", "queries", "ward", "general2", "queries2", "notes2"),
    *("general3", "queries3", "ward3", "notes3"),
)
HALVES = ("dev", "test")
_MARK = re.compile(r"\[\[([A-Z]+):(.*?)\]\]")


def read_marked(path: Path) -> list[Sample]:
    r"""Texts of a file, one a line (``\n`` inside for a line break), with the identifiers marked in them."""
    return [parse_marked(line.replace("\\n", "\n")) for line in path.read_text(encoding="utf-8").splitlines() if line]


def parse_marked(line: str) -> Sample:
    """One text without its marks, and where they stood."""
    text, truths, at = "", [], 0
    for mark in _MARK.finditer(line):
        text += line[at : mark.start()]
        truths.append(Truth(len(text), len(text) + len(mark[2]), mark[1]))
        text += mark[2]
        at = mark.end()
    return Sample(text + line[at:], tuple(truths), "marked")


def report_types(samples: Sequence[Sample], found: Sequence[Spans]) -> None:
    """Recall per type."""
    hits: dict[str, list[bool]] = defaultdict(list)
    for sample, spans in zip(samples, found, strict=True):
        for truth in sample.truths:
            hits[truth.entity_type].append(covered(truth, spans))
    for kind, seen in sorted(hits.items()):
        low, high = clopper_pearson(sum(seen), len(seen))
        print(f"    {kind:<10} {sum(seen) / len(seen):.3f} [{low:.3f}, {high:.3f}]  {sum(seen)}/{len(seen)}")


def show(samples: Sequence[Sample], found: Sequence[Spans]) -> None:
    """What was missed and what was wrong."""
    lines: Counter[str] = Counter()
    for sample, spans in zip(samples, found, strict=True):
        around = [(t.start, t.end, f"missed {t.entity_type}") for t in sample.truths if not covered(t, spans)]
        around += [(*item[:2], f"false {item[2]}") for item in spans if not right(item, sample.truths)]
        for start, end, label in around:
            before, after = sample.text[max(0, start - 40) : start], sample.text[end : end + 30]
            lines[f"{label}: {before}[[{sample.text[start:end]}]]{after}".replace("\n", "/")] += 1
    for line, _ in sorted(lines.items()):
        print(f"      {line}")


def main() -> None:
    """Print recall and precision per kind and scanner."""
    only = os.environ.get("GHOSTCHART_BENCH_ONLY", "")
    own = os.environ.get("GHOSTCHART_BENCH_FOLDER", "")
    paths = (
        sorted(Path(own).glob("*.txt"))
        if own
        else [path for kind in KINDS for half in HALVES if (path := FOLDER / f"blind_{kind}_{half}.txt").exists()]
    )
    for name, scan in (("ghostchart", ours), ("stock Presidio", stock)):
        if only and (only == "ours") != (name == "ghostchart"):
            continue
        scanner = scan()
        for path in paths:
            samples = read_marked(path)
            found = scanner([sample.text for sample in samples])
            print(f"{name}: {path.stem}, {len(samples)} texts, {sum(not s.truths for s in samples)} without identifier")
            report_both(samples, found)
            report_types(samples, found)
            if os.environ.get("GHOSTCHART_BENCH_SHOW") and not path.stem.endswith("_test"):
                show(samples, found)


if __name__ == "__main__":
    main()
