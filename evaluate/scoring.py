"""One system's entry in ``metrics.json``: every group of codes with its interval, modifiers, strata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ghostchart.evaluate.bootstrap import micro_f1_interval
from ghostchart.evaluate.metrics import (
    GROUPS,
    ScoredNote,
    decision_counts,
    in_group,
    micro,
    modifier_counts,
    score_group,
)
from ghostchart.evaluate.notes import CodedNote
from ghostchart.evaluate.strata import Sampling, score_strata
from ghostchart.schemas.code_systems import CodeSystems
from ghostchart.schemas.codes import Code


def score_system(
    notes: Sequence[CodedNote],
    scored: Sequence[ScoredNote],
    systems: CodeSystems,
    training: Mapping[Code, int] | None,
    sampling: Sampling,
) -> dict[str, object]:
    """All measures of one system.

    Args:
        notes: the notes that were coded.
        scored: row by row the same notes, gold beside predicted.
        systems: the release that says which codes are valid.
        training: gold counts of the train split, for frequency bands; None leaves them out.
        sampling: for the intervals.
    """
    entry: dict[str, object] = {}
    for group in GROUPS:
        keep = in_group(group)
        counts = decision_counts(scored, keep)
        entry[group] = {
            **score_group(scored, keep, systems.is_billable),
            "micro_f1_ci": micro_f1_interval(counts, sampling.resamples, sampling.seed),
        }
    modifiers = modifier_counts(scored)
    f1, precision, recall = micro(modifiers)
    entry["modifiers"] = {
        "micro_f1": f1,
        "micro_f1_ci": micro_f1_interval(modifiers, sampling.resamples, sampling.seed),
        "precision": precision,
        "recall": recall,
        "n_gold": int(modifiers[:, [0, 2]].sum()),
    }
    entry["strata"] = score_strata(notes, scored, systems, training, sampling)
    return entry


def gold_facts(
    notes: Sequence[CodedNote], training: Mapping[Code, int] | None, systems: CodeSystems
) -> dict[str, int | None]:
    """How many codes there are to find, and how many of them training never saw (None without a training split).

    ``decisions_not_in_release``: codes that no constrained answer can hold.
    """
    decisions = [code for note in notes for code in {item.code for item in note.gold}]
    distinct = set(decisions)
    return {
        "decisions": len(decisions),
        "distinct_codes": len(distinct),
        "distinct_codes_unseen_in_training": None if training is None else len(distinct - training.keys()),
        "decisions_not_in_release": sum(not systems.is_billable(code) for code in decisions),
        "decisions_unseen_in_training": None if training is None else sum(code not in training for code in decisions),
    }
