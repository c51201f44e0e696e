"""Who pays: one decision for the whole encounter, because several codes exist once for Medicare and once for all others."""

from __future__ import annotations

MEDICARE_FROM_YEARS = 65
_MEDICARE = "medicare"


def has_medicare(age: int, stated: str = "") -> bool:
    """Whether Medicare pays: as the note states it, else from the age at which people enter it.

    Args:
        age: completed years.
        stated: payer that a visit fact names ("medicare", "commercial", ...), "" where it names none.
    """
    return stated == _MEDICARE if stated else age >= MEDICARE_FROM_YEARS
