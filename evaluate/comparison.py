"""Is one system better than another? Paired bootstrap of the best trained model against each other system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ghostchart.evaluate.bootstrap import paired_difference
from ghostchart.evaluate.metrics import ScoredNote, decision_counts, in_group, micro
from ghostchart.evaluate.strata import Sampling

COMPARED_GROUPS: tuple[str, ...] = ("all", "icd10cm", "procedures")


def best_key(scored: Mapping[str, Sequence[ScoredNote]], candidates: Sequence[str]) -> str | None:
    """The candidate with the highest micro F1 over all codes (ties: the first); None without candidates."""
    anything = in_group("all")
    scores = [(micro(decision_counts(scored[key], anything))[0] or 0.0, key) for key in candidates]
    return max(scores, key=lambda item: item[0])[1] if scores else None


def compare(
    scored: Mapping[str, Sequence[ScoredNote]], best: str, sampling: Sampling
) -> list[dict[str, str | float | bool | tuple[float, float]]]:
    """Micro F1 of ``best`` minus that of each other system, per group of codes, on the same notes.

    ``share_above`` is the share of resamples in which ``best`` is strictly better; ``excludes_zero`` says whether the
    95 % interval lies on one side of 0. A group in which a system has no decision at all is left out.

    Raises:
        ValueError: two systems were not scored on the same notes in the same order.
    """
    rows: list[dict[str, str | float | bool | tuple[float, float]]] = []
    ids = [note.note_id for note in scored[best]]
    for other in scored:
        if other == best:
            continue
        if [note.note_id for note in scored[other]] != ids:
            raise ValueError(f"{best} and {other} were not scored on the same notes")
        for group in COMPARED_GROUPS:
            keep = in_group(group)
            result = paired_difference(
                decision_counts(scored[best], keep),
                decision_counts(scored[other], keep),
                sampling.resamples,
                sampling.seed,
            )
            if result is not None:
                rows.append(
                    {
                        "first": best,
                        "second": other,
                        "group": group,
                        "difference": result.difference,
                        "ci": result.ci,
                        "share_above": result.share_above,
                        "excludes_zero": result.excludes_zero,
                    }
                )
    return rows
