"""The working list that coding rules pass on: candidate codes with evidence and rule ids, and what was dropped why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ghostchart.schemas.clinical import ClinicalFact, Encounter

if TYPE_CHECKING:
    from ghostchart.synth.policy.lookups import Lookups

# N (arose in the stay) outweighs what was there before: guideline appendix I on combination codes.
_POA_WEIGHT = {"": 0, "1": 0, "Y": 1, "W": 2, "U": 3, "N": 4}


class Candidate(NamedTuple):
    """One code under consideration; a working list holds each value once.

    Attributes:
        value: ICD-10-CM code with dot.
        evidence: mention marks that together suffice for the code, strongest first.
        rules: ids of the rules that gave or kept it.
        rank: position of its (first) fact in the encounter; orders codes of one class.
        concept: library concept of its fact, "" for derived codes.
        poa: present on admission as documented, "" where nothing was said.
    """

    value: str
    evidence: tuple[str, ...]
    rules: tuple[str, ...]
    rank: int
    concept: str = ""
    poa: str = ""

    def under(self, *rule_ids: str) -> Candidate:
        """The same with further rule ids."""
        return Candidate(self.value, self.evidence, union(self.rules, rule_ids), self.rank, self.concept, self.poa)

    def backed_by(self, *others: Candidate) -> Candidate:
        """The same with the others' evidence behind its own, and the heavier POA."""
        evidence = self.evidence
        poa = self.poa
        for other in others:
            evidence = union(evidence, other.evidence)
            poa = max(poa, other.poa, key=_POA_WEIGHT.__getitem__)
        return Candidate(self.value, evidence, self.rules, self.rank, self.concept, poa)

    def recoded(self, value: str, *rule_ids: str) -> Candidate:
        """The same under another code."""
        return Candidate(value, self.evidence, union(self.rules, rule_ids), self.rank, self.concept, self.poa)

    def from_rank(self, rank: int) -> Candidate:
        """The same, first spoken of at another place."""
        return Candidate(self.value, self.evidence, self.rules, rank, self.concept, self.poa)


class Dropped(NamedTuple):
    """A candidate that a rule took off the list; ``winner`` is the code that stands in its place, if any."""

    value: str
    rule: str
    winner: str
    evidence: tuple[str, ...]


class Worklist(NamedTuple):
    """Candidates in order of appearance, values unique. Every change gives a new list."""

    candidates: tuple[Candidate, ...] = ()
    dropped: tuple[Dropped, ...] = ()

    def find(self, *prefixes: str) -> list[Candidate]:
        """Candidates whose code starts with one of the prefixes."""
        return [item for item in self.candidates if item.value.startswith(prefixes)]

    def has(self, *prefixes: str) -> bool:
        """Whether some code starts with one of the prefixes."""
        return any(item.value.startswith(prefixes) for item in self.candidates)

    def get(self, value: str) -> Candidate | None:
        """The candidate with exactly this code."""
        return next((item for item in self.candidates if item.value == value), None)

    def add(self, *new: Candidate) -> Worklist:
        """Append; a code that is already there gains evidence and rules instead (G09)."""
        if not new:
            return self
        items = list(self.candidates)
        places = {item.value: place for place, item in enumerate(items)}
        for candidate in new:
            place = places.setdefault(candidate.value, len(items))
            if place == len(items):
                items.append(candidate)
            else:
                held = items[place]
                merged = held.backed_by(candidate).under(*candidate.rules, "G09")
                items[place] = merged.from_rank(min(held.rank, candidate.rank))
        return Worklist(tuple(items), self.dropped)

    def swap(self, old: Candidate, *new: Candidate) -> Worklist:
        """Put others where one was, in place; duplicates merge."""
        items: list[Candidate] = []
        for item in self.candidates:
            items.extend(new if item.value == old.value else (item,))
        return Worklist((), self.dropped).add(*items)

    def without(self, never_listed: Iterable[Candidate], rule: str) -> Worklist:
        """Note candidates that a rule kept off from the start; the list itself stays."""
        records = tuple(Dropped(item.value, rule, "", item.evidence) for item in never_listed)
        return Worklist(self.candidates, self.dropped + records)

    def drop(self, losers: Iterable[Candidate], rule: str, winner: Candidate | None = None) -> Worklist:
        """Take candidates off; the rule is noted on the winner and in the record of drops."""
        gone = {loser.value: loser for loser in losers}
        if not gone:
            return self
        kept = []
        for item in self.candidates:
            if item.value in gone:
                continue
            kept.append(item.under(rule) if winner is not None and item.value == winner.value else item)
        name = winner.value if winner is not None else ""
        records = tuple(Dropped(loser.value, rule, name, loser.evidence) for loser in gone.values())
        return Worklist(tuple(kept), self.dropped + records)


def union(first: tuple[str, ...], second: Iterable[str]) -> tuple[str, ...]:
    """Order-preserving union."""
    extra = [item for item in second if item not in first]
    return first + tuple(dict.fromkeys(extra)) if extra else first


@dataclass(frozen=True, slots=True)
class Case:
    """One encounter as the rules see it."""

    encounter: Encounter
    look: Lookups
    facts: dict[str, ClinicalFact] = field(default_factory=dict)

    @property
    def is_outpatient(self) -> bool:
        """Whether guideline section IV applies."""
        return self.encounter.is_outpatient

    def fact_of(self, candidate: Candidate) -> ClinicalFact | None:
        """The fact behind a candidate (its strongest evidence), if that is a fact."""
        return self.facts.get(candidate.evidence[0])

    def linked(self, a: Candidate, b: Candidate) -> bool:
        """Whether two conditions may be presumed linked: no fact says "unrelated_to" the other's concept."""
        for one, other in ((a, b), (b, a)):
            fact = self.fact_of(one)
            if fact is not None and other.concept and other.concept in fact.attributes.get("unrelated_to", "").split():
                return False
        return True


RuleStep = Callable[[Case, Worklist], Worklist]
