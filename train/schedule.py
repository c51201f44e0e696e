"""Learning rate over a run: linear warm-up, then a cosine down to a floor.

Where a run is bounded by minutes, progress is the larger of the shares of steps and of time used, so that the
learning rate always reaches its floor when the run ends, whatever the machine's speed.
"""

from __future__ import annotations

import math

FLOOR = 0.05  # of the peak


def learning_rate_at(progress: float, peak: float, warmup_fraction: float) -> float:
    """Learning rate at a share of the run.

    Args:
        progress: share of the run that is done, in [0, 1].
        peak: highest learning rate.
        warmup_fraction: share of the run spent rising to it, in [0, 1).
    """
    if progress < warmup_fraction:
        # Never exactly zero: the first step should already move.
        return peak * max(progress / warmup_fraction, 0.02)
    falling = (min(progress, 1.0) - warmup_fraction) / (1.0 - warmup_fraction)
    return peak * (FLOOR + (1.0 - FLOOR) * 0.5 * (1.0 + math.cos(math.pi * falling)))


def progress_share(step: int, total_steps: int, seconds: float, max_seconds: float) -> float:
    """Share of the run done, in [0, 1]; ``max_seconds`` 0 means that time does not count."""
    by_steps = step / total_steps
    by_time = seconds / max_seconds if max_seconds else 0.0
    return min(1.0, max(by_steps, by_time))
