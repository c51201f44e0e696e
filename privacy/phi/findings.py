"""What a scan finds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class PhiFinding:
    """One identifier found: half-open character range, type as in ``ENTITY_TYPES``, confidence in 0..1."""

    start: int
    end: int
    entity_type: str
    score: float


def strongest(findings: Iterable[PhiFinding]) -> list[PhiFinding]:
    """Overlaps resolved: higher score wins, then the longer, then the earlier; result in text order."""
    kept: list[PhiFinding] = []
    for finding in sorted(findings, key=lambda f: (-f.score, f.start - f.end, f.start, f.entity_type)):
        if all(finding.end <= other.start or other.end <= finding.start for other in kept):
            kept.append(finding)
    return sorted(kept)
