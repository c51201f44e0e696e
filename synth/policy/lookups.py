"""Answers about codes that every encounter asks for again, remembered per process."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ghostchart.schemas.clinical import ClinicalFact
from ghostchart.schemas.code_set.order import is_manifestation
from ghostchart.schemas.code_set.sides import compare_sides
from ghostchart.schemas.code_systems import CodeSystems
from ghostchart.schemas.errors import CodeError
from ghostchart.synth.library import Library

GENERAL_PREFIX = "icd10cm:"


class Lookups:
    """Caches over one library and one set of code systems; dictionaries only, so that a lookup costs nothing."""

    def __init__(self, library: Library, systems: CodeSystems) -> None:
        self.library = library
        self.systems = systems
        self._direct: dict[tuple[str, tuple[tuple[str, str], ...]], str | None] = {}
        self._conflicts: dict[str, dict[str, bool]] = {}
        self._first: dict[str, tuple[str, ...]] = {}
        self._billable: dict[str, bool] = {}
        self._manifestations: dict[str, bool] = {}
        self._blocks: dict[str, str] = {}
        self.order: dict[tuple[str, str], bool] = {}
        self.followers: dict[str, bool] = {}
        self._trimesters: dict[tuple[str, int], str] = {}
        self._sides: dict[tuple[str, str], str | None] = {}

    def direct_code(self, concept: str, attributes: Mapping[str, str]) -> str | None:
        """The billable code of a concept before combination rules; None if the library or release has none."""
        key = (concept, tuple(attributes.items()))
        if key not in self._direct:
            self._direct[key] = self._resolve(concept, attributes)
        return self._direct[key]

    def _resolve(self, concept: str, attributes: Mapping[str, str]) -> str | None:
        try:
            value = self.library.code_for(concept, attributes)
        except CodeError:
            return None
        return value if self.is_billable(value) else None

    def code_of(self, fact: ClinicalFact) -> str | None:
        """The direct code of a condition or status fact."""
        return self.direct_code(fact.concept, fact.attributes)

    def is_billable(self, value: str) -> bool:
        """Whether the release has it as a billable leaf."""
        known = self._billable.get(value)
        if known is None:
            known = self._billable[value] = self.systems.icd10cm.is_billable(value)
        return known

    def conflict(self, a: str, b: str) -> bool:
        """Whether an Excludes1 note forbids the pair."""
        known = self.conflicts_of(a).get(b)
        if known is None:
            known = self.systems.icd10cm.excludes1_conflict(*sorted((a, b))) is not None
            self.conflicts_of(a)[b] = self.conflicts_of(b)[a] = known
        return known

    def conflicts_of(self, value: str) -> dict[str, bool]:
        """What was answered so far about pairs with this code, by the other code."""
        return self._conflicts.setdefault(value, {})

    def code_first(self, value: str) -> tuple[str, ...]:
        """Code prefixes that must precede this code where they are present."""
        known = self._first.get(value)
        if known is None:
            known = self._first[value] = self.systems.icd10cm.code_first_targets(value)
        return known

    def side_verdict(self, a: str, b: str) -> str | None:
        """What two codes become by side: a bilateral code, the one with a side, or None (both stay)."""
        pair = (a, b)
        if pair not in self._sides:
            self._sides[pair] = compare_sides(self.systems.icd10cm, a, b)
        return self._sides[pair]

    def of_trimester(self, value: str, trimester: int, find: Callable[[Lookups, str, int], str]) -> str:
        """What ``find`` says of a code and a trimester, asked once."""
        key = (value, trimester)
        if key not in self._trimesters:
            self._trimesters[key] = find(self, value, trimester)
        return self._trimesters[key]

    def is_manifestation(self, value: str) -> bool:
        """Whether the code's own title says that it may never stand without its cause."""
        known = self._manifestations.get(value)
        if known is None:
            known = self._manifestations[value] = is_manifestation(self.systems.icd10cm, value)
        return known

    def block(self, value: str) -> str:
        """The block of the tabular list the code stands in ("J40-J4A")."""
        known = self._blocks.get(value)
        if known is None:
            above = self.systems.icd10cm.ancestors(value)
            known = self._blocks[value] = next((item for item in above if "-" in item), value[:3])
        return known


_held: list[Lookups] = []


def lookups_for(library: Library, systems: CodeSystems) -> Lookups:
    """The caches of this library and these systems; one pair is held per process."""
    if not _held or _held[0].library is not library or _held[0].systems is not systems:
        _held[:] = [Lookups(library, systems)]
    return _held[0]
