"""Present on admission: which values may stand and which codes are exempt (rule I01).

The categories come from the exempt list that CMS publishes, from memory and by category only: for a coder's review.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ghostchart.schemas.code_set.violation import Violation

POA_VALUES = frozenset("YNUW1")
_EXEMPT = re.compile(r"B9[0-4]|E64|I25\.2|I69|O09|O66\.5|O80|O94|P00|Q|[ST]\d.*[DS]$|[VWX]|Y0|Y[1-9]|Z(?!16|17)")


def is_exempt(value: str) -> bool:
    """Whether an ICD-10-CM code needs no present-on-admission value: status, history, external cause, healing, late effect."""
    return _EXEMPT.match(value) is not None


def admission_violations(lines: Sequence[tuple[str, str]], inpatient: bool) -> list[Violation]:
    """Rules about (code, present-on-admission value) lines; "" is a value that was not given."""
    found = []
    for value, poa in lines:
        if not inpatient:
            if poa:
                found.append(
                    Violation("I01", (value,), f"{value} has a present-on-admission value outside a hospital stay")
                )
        elif poa not in POA_VALUES:
            found.append(Violation("I01", (value,), f"{value} lacks a present-on-admission value (Y, N, U, W or 1)"))
        elif (poa == "1") != is_exempt(value):
            kind = "is exempt" if poa != "1" else "is not exempt"
            found.append(Violation("I01", (value,), f"{value} {kind} from present on admission"))
    return found


def pressure_ulcer_violations(lines: Sequence[tuple[str, str]], inpatient: bool) -> list[Violation]:
    """Two stages of one pressure ulcer: only where it worsened in the stay, Y and then N (rules W01, W02)."""
    sites: dict[str, list[tuple[str, str]]] = {}
    for value, poa in lines:
        if value.startswith("L89.") and len(value) == 7:
            sites.setdefault(value[:-1], []).append((value, poa))
    found = []
    for several in sites.values():
        if len({value for value, _ in several}) < 2:
            continue
        values = tuple(value for value, _ in several)
        if not inpatient:
            found.append(Violation("W01", values, f"{' and '.join(values)} are two stages of one pressure ulcer"))
        elif len(values) > 2 or not all(value[-1] in "1234" for value in values):
            found.append(Violation("W02", values, f"{' and '.join(values)} cannot be stages that followed each other"))
        else:
            ordered = sorted(several)
            given = [poa for _, poa in ordered]
            if given not in (["", ""], ["Y", "N"]):
                said = f"{' and '.join(values)}: the lower stage is present on admission (Y), the higher one is not (N)"
                found.append(Violation("W02", values, said))
    return found
