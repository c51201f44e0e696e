"""Does confidence mean what it says? Share of right codes against stated confidence, in ten bins of equal width.

The expected calibration error is that of Guo et al. (2017, arXiv:1706.04599), over predicted codes: a code is right where
it is gold for its note.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ghostchart.evaluate.notes import CodedNote
from ghostchart.evaluate.prediction_files import Predicted

BINS = 10


def calibration_of(notes: Sequence[CodedNote], predictions: Mapping[str, Predicted]) -> dict[str, object] | None:
    """Bins, expected calibration error and Brier score over all codes named that carry a confidence, sure or not.

    Returns:
        ``n_codes``, ``expected_calibration_error``, ``brier_score`` and ``bins``, each with ``low``, ``high``, ``n``,
        ``confidence`` (mean) and ``right`` (share); empty bins are left out. None where no code carries a confidence.
    """
    stated: list[float] = []
    right: list[bool] = []
    for note in notes:
        one = predictions[note.note_id]
        if one.confidence is None:
            continue
        gold = {item.code for item in note.gold}
        stated += [*one.confidence, *(confidence for _, confidence in one.unsure)]
        right += [item.code in gold for item in (*one.codes, *(item for item, _ in one.unsure))]
    if not stated:
        return None
    confidence, is_right = np.array(stated), np.array(right, dtype=np.float64)
    at = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    bins: list[dict[str, float | int]] = []
    error = 0.0
    for index in range(BINS):
        here = at == index
        if not here.any():
            continue
        mean, share = float(confidence[here].mean()), float(is_right[here].mean())
        error += float(here.mean()) * abs(mean - share)
        bins.append(
            {
                "low": index / BINS,
                "high": (index + 1) / BINS,
                "n": int(here.sum()),
                "confidence": mean,
                "right": share,
            }
        )
    return {
        "n_codes": len(stated),
        "expected_calibration_error": error,
        "brier_score": float(np.mean((confidence - is_right) ** 2)),
        "bins": bins,
    }
