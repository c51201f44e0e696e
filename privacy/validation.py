"""Gate "corpus_validation": Great Expectations shard by shard, and checks of our own that Great Expectations cannot say."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from ghostchart.privacy.across_shards import AcrossShards, count_across_shards
from ghostchart.privacy.great_expectations_suite import ExpectationCount, ShardSuite
from ghostchart.privacy.validation_rules import CODING, RULES, RowRules, RuleTally, failing_rows, reasons_of
from ghostchart.schemas.code_systems import CodeSystems
from ghostchart.schemas.corpus import read_shard, shard_paths
from ghostchart.schemas.measures import Measure, proportion
from ghostchart.schemas.note import SPLITS
from ghostchart.schemas.progress import SILENT, Progress
from ghostchart.schemas.verdict import Verdict

GATE, TITLE = "corpus_validation", "Corpus validation (Great Expectations and own rules)"


def run_validation(corpus: Path, systems: CodeSystems, progress: Progress = SILENT) -> tuple[Verdict, ...]:
    """Check every shard of a corpus; one shard is in memory at a time.

    Returns:
        one verdict, "passed" or "failed"; reasons name the rule, the shard and the number of rows, never a value.

    Raises:
        CorpusError: a shard is missing, unreadable or has other columns than documented.
    """
    shards: dict[str, list[Path]] = {split: shard_paths(corpus, split) for split in SPLITS}
    paths = [path for split in SPLITS for path in shards[split]]
    suite, rules, tally = ShardSuite(), RowRules(systems), RuleTally()
    expected, broken = 0, []
    with progress.task("corpus validation", total=len(paths)) as advance:
        for path in paths:
            table = read_shard(path)
            counts = suite.run(table)
            expected += len(counts)
            broken += [(path.name, count) for count in counts if not count.passed]
            for row in table.to_pylist():
                rules.check(row, path.name, tally)
            advance(1)
    across = count_across_shards(shards)
    reasons = [*_expectation_reasons(broken), *reasons_of(tally, across)]
    return (
        Verdict(
            gate=GATE,
            title=TITLE,
            outcome="failed" if reasons else "passed",
            reasons=tuple(reasons),
            measures=tuple(_measures(expected, len(broken), tally, across)),
        ),
    )


def _expectation_reasons(found: list[tuple[str, ExpectationCount]]) -> list[str]:
    broken: dict[tuple[str, str], Counter[str]] = {}
    for shard, count in found:
        broken.setdefault((count.expectation, count.column), Counter())[shard] += count.unexpected
    reasons = []
    for (expectation, column), shards in sorted(broken.items()):
        where = ", ".join(f"{shard}: {rows}" for shard, rows in sorted(shards.items()))
        subject = f"column {column}" if column else "table"
        reasons.append(f"{expectation.replace('_', ' ')}: broken for {subject} ({where})")
    return reasons


def _measures(expected: int, broken: int, tally: RuleTally, across: AcrossShards) -> list[Measure]:
    measures = [
        proportion("Great Expectations: expectations kept, over shards", expected - broken, expected, limit=1.0),
        Measure(name="notes checked", value=float(tally.notes), n=tally.notes),
        Measure(name="gold codes checked against their release", value=float(tally.codes), n=tally.codes),
        Measure(name="evidence spans checked", value=float(tally.spans), n=tally.spans),
    ]
    measures += [
        proportion(f"rows breaking: {rule}", failing_rows(tally, [rule]), tally.notes, limit=0.0) for rule in RULES
    ]
    coding = sum(rows for (rule, _), rows in tally.broken.items() if rule.startswith(CODING))
    measures.append(
        Measure(
            name="coding rules broken, summed over rules and rows",
            value=float(coding),
            limit=0.0,
            n=tally.notes,
            note="checked from the codes alone, without knowledge of how they were made",
        )
    )
    shared = across.shared_patients + across.shared_families + across.repeated_ids
    measures.append(
        Measure(name="patients or template families in two splits, repeated note ids", value=float(shared), limit=0.0)
    )
    return measures
