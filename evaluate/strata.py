"""Where a system is good and where it is not: the same measures over parts of the notes or of the codes.

Note strata (all decisions of the notes in the stratum):

- the corpus's own ("advanced_illness", "frailty");
- ``note_type:...``, ``setting:...``, ``family:...`` (template family), ``distractor:...`` (kind the note holds);
- ``chapter:N``: ICD-10-CM chapter of the note's first gold diagnosis;
- ``codes:1-3`` and so on: number of gold codes.

Code strata (only decisions on codes of the band, over all notes), by how often a code is gold in the train split:

- ``band:head``: the most frequent codes, which together make up half of the training decisions;
- ``band:mid``: the next, up to nine tenths;
- ``band:tail``: the others seen in training;
- ``band:unseen``: codes that training never saw.

A stratum of fewer than five notes is reported with its n and without F1: "not measurable at this n".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ghostchart.evaluate.bootstrap import micro_f1_interval
from ghostchart.evaluate.metrics import (
    Keep,
    ScoredNote,
    code_sets,
    code_totals,
    decision_counts,
    in_group,
    invalid_code_rate,
    macro_f1,
    micro,
)
from ghostchart.evaluate.notes import MIN_NOTES_PER_STRATUM, CodedNote
from ghostchart.schemas.code_systems import CodeSystems
from ghostchart.schemas.codes import Code

NOT_MEASURABLE = "not measurable at this n"
BANDS: tuple[str, ...] = ("head", "mid", "tail", "unseen")
_HEAD_SHARE, _MID_SHARE = 0.5, 0.9
_CODE_NUMBERS: tuple[tuple[int, int | None], ...] = ((0, 0), (1, 3), (4, 6), (7, 9), (10, None))


@dataclass(frozen=True)
class Sampling:
    """How intervals are drawn: number of resamples and root of the random numbers."""

    resamples: int
    seed: int


def frequency_bands(training: Mapping[Code, int]) -> dict[Code, str]:
    """Band of every code seen in training; a code not in the result is "unseen".

    Codes go from most to least frequent (ties by code); a code belongs to the head while the codes before it make up
    less than half of all training decisions, to the middle while they make up less than nine tenths.
    """
    total = sum(training.values())
    bands: dict[Code, str] = {}
    before = 0
    for code, count in sorted(training.items(), key=lambda item: (-item[1], item[0])):
        bands[code] = "head" if before < _HEAD_SHARE * total else "mid" if before < _MID_SHARE * total else "tail"
        before += count
    return bands


def strata_of_note(note: CodedNote, systems: CodeSystems) -> tuple[str, ...]:
    """Names of all note strata the note belongs to, sorted."""
    names = set(note.strata)
    for kind, value in (("note_type", note.note_type), ("setting", note.setting), ("family", note.template_family)):
        if value:
            names.add(f"{kind}:{value}")
    names.update(f"distractor:{kind}" for kind in note.distractors)
    first = next((item.code for item in note.gold if item.code.system == "icd10cm"), None)
    if first is not None and systems.is_billable(first):
        names.add(f"chapter:{systems.icd10cm.chapter(first.value)}")
    names.add(f"codes:{_number_range(len({item.code for item in note.gold}))}")
    return tuple(sorted(names))


def score_strata(
    notes: Sequence[CodedNote],
    scored: Sequence[ScoredNote],
    systems: CodeSystems,
    training: Mapping[Code, int] | None,
    sampling: Sampling,
) -> dict[str, dict[str, object]]:
    """Measures per stratum, keyed by its name, names sorted.

    Args:
        notes: what the strata depend on.
        scored: row by row the same notes with predictions.
        systems: says which codes are valid and which chapter they belong to.
        training: gold counts of the train split; None leaves the frequency bands out.
        sampling: for the intervals.
    """
    members: dict[str, list[ScoredNote]] = {"advanced_illness": [], "frailty": []}
    for note, one in zip(notes, scored, strict=True):
        for name in strata_of_note(note, systems):
            members.setdefault(name, []).append(one)
    anything = in_group("all")
    scores = {name: _score(part, anything, systems, sampling) for name, part in members.items()}
    if training is not None:
        bands = frequency_bands(training)
        for band in BANDS:
            keep = _in_band(bands, band)
            part = [one for one in scored if any(code_sets(one, keep))]
            scores[f"band:{band}"] = _score(part, keep, systems, sampling)
    return dict(sorted(scores.items()))


def _score(part: Sequence[ScoredNote], keep: Keep, systems: CodeSystems, sampling: Sampling) -> dict[str, object]:
    if len(part) < MIN_NOTES_PER_STRATUM:
        return {"n_notes": len(part), "note": NOT_MEASURABLE}
    counts = decision_counts(part, keep)
    f1, precision, recall = micro(counts)
    scores: dict[str, object] = {
        "n_notes": len(part),
        "n_gold": int(counts[:, [0, 2]].sum()),
        "micro_f1": f1,
        "micro_f1_ci": micro_f1_interval(counts, sampling.resamples, sampling.seed),
        "macro_f1": macro_f1(code_totals(part, keep)),
        "precision": precision,
        "recall": recall,
        "invalid_code_rate": invalid_code_rate(part, keep, systems.is_billable),
    }
    for group in ("icd10cm", "procedures"):
        belongs = in_group(group)
        scores[f"{group}_micro_f1"] = micro(decision_counts(part, lambda c, b=belongs: b(c) and keep(c)))[0]  # type: ignore[misc]
    return scores


def _in_band(bands: Mapping[Code, str], band: str) -> Keep:
    return lambda code: bands.get(code, "unseen") == band


def _number_range(count: int) -> str:
    low, high = next((low, high) for low, high in _CODE_NUMBERS if high is None or count <= high)
    return f"{low}+" if high is None else f"{low}-{high}" if low != high else f"{low}"
