"""Source overlap beyond identifiers: visit gaps, rare combinations and k-anonymity of the released population.

A synthetic patient may resemble a real one by chance; held-out patients, of whom nothing can have leaked, show how often.
Every comparison is one-sided: training patients met more often than held-out ones (Fisher's exact test). A synthetic
patient who meets one and the same training patient in two independent ways (gaps, and age with sex and ZIP3) is a
disclosure by itself. Combinations are compared as keyed hashes, so that nothing readable outlives the comparison.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.measures import Measure, proportion

GAPS = 4  # consecutive gaps between visit days that count as a sequence
RARE_PATIENTS = 5  # a code that at most this many source patients have is rare
K_MIN = 5  # smaller groups of source patients are counted as small
ALPHA = 0.01  # of all tests of this module together, one-sided

_GAPS, _QUASI, _RARE = "sequence of four visit gaps", "age, sex and ZIP3", "rare code with age decade and sex"
KINDS = (_GAPS, _QUASI, _RARE)


@dataclass(frozen=True)
class PopulationOverlap:
    """Which source patients the released population meets in a combination that is theirs alone.

    Attributes:
        met: kind -> (training patients met, those with such a combination, held-out met, held-out with one).
        linked: training patients met by one synthetic patient both in gaps and in age, sex and ZIP3.
        small_groups: released patients whose age, sex and ZIP3 fit 1 to ``K_MIN - 1`` source patients, and all released.
        smallest_k: the least number of source patients that fit a released combination at all; None where none fits any.
    """

    met: dict[str, tuple[int, int, int, int]]
    linked: int
    small_groups: tuple[int, int]
    smallest_k: int | None


def measure_population(
    train: EhrTables, holdout: EhrTables, synthetic: Iterable[EhrTables], key: bytes
) -> PopulationOverlap:
    """Compare the released (synthetic) population with both parts of the source.

    Args:
        train: training patients.
        holdout: held-out patients.
        synthetic: parts of the released tables, gone through more than once, one in memory at a time; no patient in two.
        key: as of the identifier index.
    """
    with_zip = any(value for part in synthetic for value in part.patients["zip3"].to_pylist())
    rare = _rare_codes((train, holdout))
    source = {
        True: _patterns(train, rare, key, with_zip=with_zip),
        False: _patterns(holdout, rare, key, with_zip=with_zip),
    }
    alone = {kind: _alone(source, kind) for kind in KINDS}
    wanted: dict[str, frozenset[int]] = {
        kind: frozenset[int]().union(*alone[kind][True].values(), *alone[kind][False].values()) for kind in KINDS
    }
    shown: dict[str, set[int]] = {kind: set() for kind in KINDS}
    groups = Counter(value for side in source.values() for own in side.values() for value in own[_QUASI])
    fits: Counter[int] = Counter()
    by_gaps = _by_gaps(source[True])
    linked: set[str] = set()
    for part in synthetic:
        for own in _patterns(part, rare, key, with_zip=with_zip).values():
            for kind in KINDS:
                shown[kind] |= own[kind] & wanted[kind]
            fits.update(groups[value] for value in own[_QUASI])
            linked |= _linked(own, by_gaps, source[True])
    met: dict[str, tuple[int, int, int, int]] = {}
    for kind in KINDS:
        figures = [(sum(1 for values in alone[kind][member].values() if values & shown[kind]), len(alone[kind][member]))
                   for member in (True, False)]  # fmt: skip
        met[kind] = (*figures[0], *figures[1])
    return PopulationOverlap(
        met=met,
        linked=len(linked),
        small_groups=(sum(count for k, count in fits.items() if 0 < k < K_MIN), fits.total()),
        smallest_k=min((k for k in fits if k), default=None),
    )


def _alone(source: dict[bool, Patterns], kind: str) -> dict[bool, dict[str, frozenset[int]]]:
    """By side, source patients with a combination that no other source patient has, and those combinations."""
    holders = Counter(value for side in source.values() for own in side.values() for value in own[kind])
    found: dict[bool, dict[str, frozenset[int]]] = {}
    for member, side in source.items():
        own_alone = {pid: frozenset(v for v in own[kind] if holders[v] == 1) for pid, own in side.items()}
        found[member] = {pid: values for pid, values in own_alone.items() if values}
    return found


def judge_population(found: PopulationOverlap) -> tuple[list[str], list[Measure]]:
    """Reasons against release (none when nothing exceeds chance), and the measures with both figures."""
    from scipy.stats import fisher_exact

    reasons: list[str] = []
    measures: list[Measure] = [
        Measure(
            name="training patients met by one synthetic patient in visit gaps and in age, sex and ZIP3",
            value=float(found.linked),
            limit=0.0,
        )
    ]
    if found.linked:
        reasons.append(
            f"disclosure: {found.linked} training patient(s) are met by one synthetic patient in their {_GAPS} and in {_QUASI}"
        )
    for kind, (met, n, met_out, n_out) in found.met.items():
        p_value = 1.0
        if n and n_out:
            p_value = float(fisher_exact([[met, n - met], [met_out, n_out - met_out]], alternative="greater")[1])
        if p_value < ALPHA / len(KINDS) or (met and not n_out and kind == _GAPS):
            reasons.append(
                f"disclosure: combinations of one patient alone ({kind}) of {met} among {n} training patients are met, "
                f"against {met_out} among {n_out} held-out (one-sided Fisher test, p = {p_value:.2g}, limit {ALPHA / len(KINDS):.2g})"
            )
        measures.append(
            proportion(
                f"training patients met in a combination of theirs alone: {kind}",
                met,
                n,
                baseline=met_out / n_out if n_out else None,
                note=f"baseline: {met_out} of {n_out} held-out patients; p = {p_value:.2g}",
            )
        )
    small, n_released = found.small_groups
    measures.append(
        proportion(
            f"released patients whose age, sex and ZIP3 fit 1 to {K_MIN - 1} source patients",
            small,
            n_released,
            note="k-anonymity against the source; a coincidence by itself, judged by the tests above",
        )
    )
    smallest = float(found.smallest_k) if found.smallest_k is not None else None
    measures.append(Measure(name="smallest k of a released age, sex and ZIP3", value=smallest, n=n_released))
    return reasons, measures


Patterns = dict[str, dict[str, frozenset[int]]]


def _patterns(tables: EhrTables, rare: frozenset[str], key: bytes, *, with_zip: bool) -> Patterns:
    """Per patient and kind the keyed hashes of what they show."""
    days: dict[str, list[int]] = {}
    visits = (tables.encounters[name].to_pylist() for name in ("patient_id", "start"))
    for pid, start in zip(*visits, strict=True):
        if start is not None:
            days.setdefault(pid, []).append(start.date().toordinal())
    codes: dict[str, set[str]] = {}
    for pid, code in _conditions(tables):
        if code in rare:
            codes.setdefault(pid, set()).add(code)
    found: Patterns = {}
    columns = (tables.patients[name].to_pylist() for name in ("patient_id", "sex", "birth_date", "zip3"))
    for pid, sex, born, zip3 in zip(*columns, strict=True):
        own_days = sorted(set(days.get(pid, [])))
        age = (own_days[0] - born.toordinal()) // 365 if own_days and born is not None else None
        quasi = [f"{age}|{sex}|{zip3 if with_zip else ''}"] if age is not None else []
        decade = age // 10 if age is not None else ""
        found[pid] = {
            _GAPS: _hashed(key, _GAPS, _windows(own_days)),
            _QUASI: _hashed(key, _QUASI, quasi),
            _RARE: _hashed(key, _RARE, [f"{code}|{decade}|{sex}" for code in sorted(codes.get(pid, ()))]),
        }
    return found


def _windows(days: list[int]) -> Iterator[str]:
    gaps = [str(later - earlier) for earlier, later in pairwise(days)]
    for start in range(len(gaps) - GAPS + 1):
        yield "-".join(gaps[start : start + GAPS])


def _conditions(tables: EhrTables) -> Iterator[tuple[str, str]]:
    columns = (tables.conditions[name].to_pylist() for name in ("patient_id", "code"))
    return zip(*columns, strict=True)


def _rare_codes(sources: Iterable[EhrTables]) -> frozenset[str]:
    holders = Counter(code for tables in sources for _, code in set(_conditions(tables)))
    return frozenset(code for code, count in holders.items() if count <= RARE_PATIENTS)


def _by_gaps(members: Patterns) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for pid, own in members.items():
        for value in own[_GAPS]:
            found.setdefault(value, set()).add(pid)
    return found


def _linked(own: dict[str, frozenset[int]], by_gaps: dict[int, set[str]], members: Patterns) -> set[str]:
    """Members whom one released patient meets both in gaps and in age, sex and ZIP3."""
    return {pid for value in own[_GAPS] for pid in by_gaps.get(value, ()) if own[_QUASI] & members[pid][_QUASI]}


def _hashed(key: bytes, kind: str, values: Iterable[str]) -> frozenset[int]:
    return frozenset(
        int.from_bytes(hmac.digest(key, f"{kind}\x00{value}".encode(), "sha256")[:8], "big") for value in values
    )
