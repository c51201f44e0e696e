"""Codes for what is past and for what runs in the family (Z80-Z87), by the code of the condition itself.

Only groups that a history code names are here. Residual codes ("other diseases of the digestive system") are left out
on purpose: a history that only they would cover stays uncoded, which is a convention of this corpus (G16).
Source: categories Z80-Z87 of the ICD-10-CM tabular list, April 2026.
"""

from __future__ import annotations

from functools import lru_cache

# Longest prefix wins.
_PERSONAL: dict[str, str] = {
    "C15": "Z85.01",
    "C16": "Z85.028",
    "C17": "Z85.068",
    "C18": "Z85.038",
    "C19": "Z85.048",
    "C20": "Z85.048",
    "C21": "Z85.048",
    "C22": "Z85.05",
    "C25": "Z85.07",
    "C32": "Z85.21",
    "C33": "Z85.12",
    "C34": "Z85.118",
    "C40": "Z85.830",
    "C41": "Z85.830",
    "C43": "Z85.820",
    "C44": "Z85.828",
    "C49": "Z85.831",
    "C50": "Z85.3",
    "C53": "Z85.41",
    "C54": "Z85.42",
    "C55": "Z85.42",
    "C56": "Z85.43",
    "C57.0": "Z85.4A",
    "C61": "Z85.46",
    "C62": "Z85.47",
    "C64": "Z85.528",
    "C65": "Z85.53",
    "C66": "Z85.54",
    "C67": "Z85.51",
    "C71": "Z85.841",
    "C73": "Z85.850",
    "C81": "Z85.71",
    "C82": "Z85.72",
    "C83": "Z85.72",
    "C84": "Z85.72",
    "C85": "Z85.72",
    "C90": "Z85.79",
    "C91": "Z85.6",
    "C92": "Z85.6",
    "C93": "Z85.6",
    "C94": "Z85.6",
    "C95": "Z85.6",
    "I21": "I25.2",
    "I63": "Z86.73",
    "G45": "Z86.73",
    "I26": "Z86.711",
    "I82": "Z86.718",
    "D12": "Z86.0100",
    "K63.5": "Z86.0100",
    "F17.21": "Z87.891",
    "F17.20": "Z87.891",
    "N20": "Z87.442",
    "K27": "Z87.11",
    "K25": "Z87.11",
    "K26": "Z87.11",
}
_FAMILY: dict[str, str] = {
    "C15": "Z80.0",
    "C16": "Z80.0",
    "C18": "Z80.0",
    "C19": "Z80.0",
    "C20": "Z80.0",
    "C22": "Z80.0",
    "C25": "Z80.0",
    "C34": "Z80.1",
    "C43": "Z80.8",
    "C44": "Z80.8",
    "C50": "Z80.3",
    "C56": "Z80.41",
    "C61": "Z80.42",
    "C62": "Z80.43",
    "C64": "Z80.51",
    "C67": "Z80.52",
    "C73": "Z80.8",
    "C91": "Z80.6",
    "C92": "Z80.6",
    "C93": "Z80.6",
    "C94": "Z80.6",
    "C95": "Z80.6",
    "C81": "Z80.7",
    "C82": "Z80.7",
    "C83": "Z80.7",
    "C84": "Z80.7",
    "C85": "Z80.7",
    "C90": "Z80.7",
    "E10": "Z83.3",
    "E11": "Z83.3",
    "F10": "Z81.1",
    "G40": "Z82.0",
    "H40": "Z83.511",
    "I20": "Z82.49",
    "I21": "Z82.49",
    "I25": "Z82.49",
    "I42": "Z82.49",
    "I60": "Z82.3",
    "I61": "Z82.3",
    "I63": "Z82.3",
    "J45": "Z82.5",
    "K63.5": "Z83.719",
    "M05": "Z82.61",
    "M06": "Z82.61",
    "M81": "Z82.62",
    "Q61.2": "Z82.71",
}


@lru_cache(maxsize=8192)
def personal_history_code(value: str) -> str | None:
    """The personal-history code of a condition that is over, None where only a residual code would do."""
    return _longest(_PERSONAL, value)


@lru_cache(maxsize=8192)
def family_history_code(value: str) -> str | None:
    """The family-history code of a relative's condition, None where only a residual code would do."""
    return _longest(_FAMILY, value)


def _longest(table: dict[str, str], value: str) -> str | None:
    for length in range(len(value), 2, -1):
        if value[:length] in table:
            return table[value[:length]]
    return None


def history_sites() -> dict[str, tuple[str, ...]]:
    """History code -> code prefixes of the active disease it stands against (N03)."""
    sites: dict[str, tuple[str, ...]] = {}
    for prefix, code in _PERSONAL.items():
        sites[code] = (*sites.get(code, ()), prefix)
    return sites
