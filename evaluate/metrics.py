"""What is counted, and how: the definitions behind every number of an evaluation.

A *decision* is one pair of note and code. Two codes match when system and value are equal (exact match); a note's
gold codes and predicted codes are sets, order and repetition do not count. With tp, fp and fn the numbers of
decisions that are in both sets, only predicted, only gold:

micro_f1
    2 tp / (2 tp + fp + fn) with tp, fp, fn summed over all notes and codes.
precision, recall
    tp / (tp + fp) and tp / (tp + fn) over the same sums; 0 where nothing was predicted, or nothing is gold.
macro_f1
    Mean over codes of each code's own F1, over the codes that are gold or predicted at least once.
example_f1
    Mean over notes of each note's own F1; a note with neither gold nor predicted codes counts 1.
exact_set_match
    Share of notes whose predicted set equals the gold set.
category_f1
    micro_f1 after cutting codes to their category, the first three characters (sets again, so that two gold codes of
    one category count once). Meant for ICD-10-CM, where a category is the part before the dot.
invalid_code_rate
    Predicted codes that the release in use does not hold as billable, per predicted code; 0 where nothing was
    predicted. With the starter table of procedure codes "the release" is that table.
over_coding_rate, under_coding_rate
    Share of notes with at least one predicted code that is not gold; share of notes that lack at least one gold code.
modifiers
    Scored apart, as micro F1 over (note, procedure, modifier) among correctly predicted procedure codes only.

Groups: icd10cm, cpt, hcpcs, procedures (CPT and HCPCS Level II together), all. A group in which no code is gold and
none predicted has no F1 (None). The definitions of micro, macro and example-based F1 are those of scikit-learn
(``f1_score`` with average "micro", "macro", "samples"; tested against it), and of the usual multi-label literature
(Tsoumakas and Katakis, 2007).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ghostchart.schemas.codes import Code
from ghostchart.schemas.prompting import AnsweredCode

Group = str
GROUP_SYSTEMS: Mapping[Group, frozenset[str]] = {
    "icd10cm": frozenset({"icd10cm"}),
    "procedures": frozenset({"cpt", "hcpcs"}),
    "cpt": frozenset({"cpt"}),
    "hcpcs": frozenset({"hcpcs"}),
    "all": frozenset({"icd10cm", "cpt", "hcpcs"}),
}
GROUPS: tuple[Group, ...] = tuple(GROUP_SYSTEMS)
DEFINITION = (
    "Exact match of system and value per note and code. micro_f1 = 2tp/(2tp+fp+fn) over all decisions; macro_f1 = mean "
    "F1 over codes that are gold or predicted; precision and recall over the same decisions; invalid_code_rate = "
    "predicted codes the release does not hold per predicted code; procedures = CPT and HCPCS together, modifiers "
    "apart; intervals are 95 % percentile bootstrap over notes. Full definitions: ghostchart.evaluate.metrics."
)
# One line for each measure, written into metrics.json; docs/evaluation.md holds them too (a test compares).
DEFINITIONS: Mapping[str, str] = {
    "micro_f1": "2tp/(2tp+fp+fn), with tp, fp and fn summed over all pairs of note and code",
    "micro_f1_ci": "95 % percentile interval of micro_f1, bootstrap over notes",
    "macro_f1": "mean of each code's own F1 over the codes that are gold or predicted at least once",
    "precision": "tp/(tp+fp) over the same sums as micro_f1; 0 where nothing was predicted",
    "recall": "tp/(tp+fn) over the same sums as micro_f1; 0 where nothing is gold",
    "example_f1": "mean of each note's own F1; a note with neither gold nor predicted codes counts 1",
    "exact_set_match": "share of notes whose predicted set of codes equals the gold set",
    "category_f1": "micro_f1 after cutting every code to its first three characters, as sets",
    "invalid_code_rate": "predicted codes that the release does not hold as billable, per predicted code",
    "over_coding_rate": "share of notes with at least one predicted code that is not gold",
    "under_coding_rate": "share of notes that lack at least one gold code",
    "modifiers": "micro F1 over (note, procedure, modifier), among correctly predicted procedure codes only",
    "comparisons": "micro_f1 of the first system minus the second's on the same notes, with the paired bootstrap's 95 % "
    "percentile interval; share_above: share of resamples in which the first is strictly better",
    "expected_calibration_error": "mean absolute difference of confidence and share of right codes over ten bins of equal "
    "width, weighted by codes",
}
_CATEGORY_CHARACTERS = 3

Counts = NDArray[np.int64]
Keep = Callable[[Code], bool]


@dataclass(frozen=True, slots=True)
class ScoredNote:
    """Gold and predicted codes of one note; repeated codes count once."""

    note_id: str
    gold: tuple[AnsweredCode, ...]
    predicted: tuple[AnsweredCode, ...]


def in_group(group: Group) -> Keep:
    """Whether a code's system belongs to the group."""
    systems = GROUP_SYSTEMS[group]
    return lambda code: code.system in systems


def code_sets(note: ScoredNote, keep: Keep) -> tuple[set[Code], set[Code]]:
    """The note's (gold, predicted) codes that ``keep`` lets through."""
    gold = {item.code for item in note.gold if keep(item.code)}
    return gold, {item.code for item in note.predicted if keep(item.code)}


def decision_counts(notes: Sequence[ScoredNote], keep: Keep) -> Counts:
    """Per note tp, fp, fn; shape (notes, 3)."""
    counts = np.zeros((len(notes), 3), dtype=np.int64)
    for row, note in enumerate(notes):
        gold, predicted = code_sets(note, keep)
        counts[row] = _tp_fp_fn(gold, predicted)
    return counts


def category_counts(notes: Sequence[ScoredNote], keep: Keep) -> Counts:
    """Per note tp, fp, fn at the level of categories; shape (notes, 3)."""
    counts = np.zeros((len(notes), 3), dtype=np.int64)
    for row, note in enumerate(notes):
        gold, predicted = ({_category(code) for code in codes} for codes in code_sets(note, keep))
        counts[row] = _tp_fp_fn(gold, predicted)
    return counts


def modifier_counts(notes: Sequence[ScoredNote]) -> Counts:
    """Per note tp, fp, fn of modifiers among correctly predicted procedure codes; shape (notes, 3)."""
    is_procedure = in_group("procedures")
    counts = np.zeros((len(notes), 3), dtype=np.int64)
    for row, note in enumerate(notes):
        wanted = {item.code: set(item.modifiers) for item in note.gold if is_procedure(item.code)}
        given = {item.code: set(item.modifiers) for item in note.predicted if is_procedure(item.code)}
        for code in sorted(wanted.keys() & given.keys()):
            counts[row] += _tp_fp_fn(wanted[code], given[code])
    return counts


def micro(counts: Counts) -> tuple[float | None, float, float]:
    """(F1, precision, recall) over the sums of per-note counts; F1 is None where no decision exists."""
    tp, fp, fn = (int(value) for value in counts.sum(axis=0))
    f1 = 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else None
    return f1, tp / (tp + fp) if tp + fp else 0.0, tp / (tp + fn) if tp + fn else 0.0


def code_totals(notes: Iterable[ScoredNote], keep: Keep) -> dict[Code, tuple[int, int, int]]:
    """tp, fp, fn per code over all notes, codes in order."""
    totals: dict[Code, list[int]] = {}
    for note in notes:
        gold, predicted = code_sets(note, keep)
        for code in gold | predicted:
            at = 0 if code in gold and code in predicted else 1 if code in predicted else 2
            totals.setdefault(code, [0, 0, 0])[at] += 1
    return {code: (tp, fp, fn) for code, (tp, fp, fn) in sorted(totals.items())}


def macro_f1(totals: Mapping[Code, tuple[int, int, int]]) -> float | None:
    """Mean of the codes' own F1; None without codes."""
    if not totals:
        return None
    return float(np.mean([2 * tp / (2 * tp + fp + fn) for tp, fp, fn in totals.values()]))


def example_f1(counts: Counts) -> float | None:
    """Mean of the notes' own F1; None without notes."""
    if len(counts) == 0:
        return None
    tp, fp, fn = counts.astype(np.float64).T
    decisions = 2 * tp + fp + fn
    return float(np.mean(np.where(decisions > 0, 2 * tp / np.maximum(decisions, 1), 1.0)))


def exact_set_match(counts: Counts) -> float | None:
    """Share of notes without a wrong decision; None without notes."""
    return float(np.mean((counts[:, 1] == 0) & (counts[:, 2] == 0))) if len(counts) else None


def invalid_code_rate(notes: Iterable[ScoredNote], keep: Keep, is_billable: Keep) -> float:
    """Predicted codes that the release does not hold, per predicted code; 0 where nothing was predicted."""
    known: dict[Code, bool] = {}
    predicted = invalid = 0
    for note in notes:
        for code in code_sets(note, keep)[1]:
            if code not in known:
                known[code] = is_billable(code)
            predicted += 1
            invalid += not known[code]
    return invalid / predicted if predicted else 0.0


def score_group(notes: Sequence[ScoredNote], keep: Keep, is_billable: Keep) -> dict[str, float | int | None]:
    """All point estimates over the codes that ``keep`` lets through."""
    counts = decision_counts(notes, keep)
    f1, precision, recall = micro(counts)
    return {
        "micro_f1": f1,
        "macro_f1": macro_f1(code_totals(notes, keep)),
        "precision": precision,
        "recall": recall,
        "invalid_code_rate": invalid_code_rate(notes, keep, is_billable),
        "example_f1": example_f1(counts),
        "exact_set_match": exact_set_match(counts),
        "category_f1": micro(category_counts(notes, keep))[0],
        "over_coding_rate": float(np.mean(counts[:, 1] > 0)) if len(counts) else None,
        "under_coding_rate": float(np.mean(counts[:, 2] > 0)) if len(counts) else None,
        "n_gold": int(counts[:, [0, 2]].sum()),
        "n_predicted": int(counts[:, [0, 1]].sum()),
    }


def _tp_fp_fn(gold: set[str] | set[Code], predicted: set[str] | set[Code]) -> tuple[int, int, int]:
    both = len(gold & predicted)
    return both, len(predicted) - both, len(gold) - both


def _category(code: Code) -> str:
    return f"{code.system}:{code.value[:_CATEGORY_CHARACTERS]}"
