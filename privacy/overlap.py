"""Gate "source_overlap": does any note say something that belongs to a patient of the source?

A full name alone may coincide with a made-up one. What counts as a disclosure:

* one source patient's full name and a second attribute of the same patient (birth date, telephone, record number,
  address, ...) in one note;
* an identifier that is unique to a person (social security, record, account, telephone number, e-mail, ...), unless
  training patients are met no more often than held-out patients, of whom nothing can have leaked;
* combinations of one training patient alone met more often than those of held-out patients, see
  :mod:`ghostchart.privacy.overlap_population`;
* full names of training patients met more often than those of held-out patients (Fisher's exact test, one-sided).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from ghostchart.privacy.identifier_forms import UNIQUE_TYPES, WEAK_TYPES
from ghostchart.privacy.identifier_index import IdentifierIndex
from ghostchart.privacy.masking import ProtectedFinding, masked, masked_context
from ghostchart.privacy.overlap_population import PopulationOverlap, judge_population
from ghostchart.privacy.overlap_search import SourceMatch, SourceSearch
from ghostchart.schemas.measures import Measure, proportion
from ghostchart.schemas.verdict import Verdict

GATE, TITLE = "source_overlap", "Identifiers of source patients in the notes"
NAME_ALPHA = 0.01  # chance of blaming coincidences of names, one-sided
_SHOWN = 10  # disclosures spelled out in the reasons; all are in the protected report


@dataclass
class OverlapTally:
    """What was met so far: source patients (by ordinal) per kind of match, and the findings themselves."""

    named: dict[bool, set[int]] = field(default_factory=lambda: {True: set(), False: set()})
    unique: dict[bool, set[int]] = field(default_factory=lambda: {True: set(), False: set()})
    linked: dict[bool, set[int]] = field(default_factory=lambda: {True: set(), False: set()})
    linked_findings: list[ProtectedFinding] = field(default_factory=list)
    unique_findings: list[ProtectedFinding] = field(default_factory=list)
    name_findings: list[ProtectedFinding] = field(default_factory=list)
    linked_reasons: list[str] = field(default_factory=list)
    unique_reasons: list[str] = field(default_factory=list)
    notes: int = 0

    def add_note(self, note_id: str, text: str, search: SourceSearch, index: IdentifierIndex) -> None:
        """Search one note and keep what it holds."""
        self.notes += 1
        matches = search.matches(text)
        by_patient: dict[int, list[SourceMatch]] = {}
        for match in matches:
            by_patient.setdefault(match.entry.patient, []).append(match)
        for patient, own in sorted(by_patient.items()):
            self._add_patient(note_id, text, patient, own, index)

    def _add_patient(
        self, note_id: str, text: str, patient: int, own: list[SourceMatch], index: IdentifierIndex
    ) -> None:
        member = own[0].entry.member
        names = [match for match in own if match.entry.entity_type == "PERSON"]
        unique = [match for match in own if match.entry.entity_type in UNIQUE_TYPES]
        others = [
            match
            for match in own
            if match.entry.entity_type not in WEAK_TYPES
            and match.entry.entity_type != "PERSON"
            and not any(match.start < name.end and name.start < match.end for name in names)
        ]
        if names:
            self.named[member].add(patient)
        if names and others:
            self.linked[member].add(patient)
            self.linked_findings += _findings("name with a second attribute", note_id, text, names + others, index)
            shown = _one_per_type([names[0], *others], text)
            self.linked_reasons.append(
                f"note {note_id} holds {' and '.join(shown)} of one and the same "
                f"{'training' if member else 'held-out'} patient of the source ({_digests(names[:1] + others, text, index)})"
            )
        elif unique:
            self.unique[member].add(patient)
            self.unique_findings += _findings("unique identifier", note_id, text, unique, index)
            self.unique_reasons.append(
                f"note {note_id} holds {' and '.join(_one_per_type(unique, text))} of a "
                f"{'training' if member else 'held-out'} patient of the source ({_digests(unique, text, index)})"
            )
        elif names:
            self.name_findings += _findings("full name alone", note_id, text, names, index)


def judge_overlap(tally: OverlapTally, index: IdentifierIndex, population: PopulationOverlap | None = None) -> Verdict:
    """The verdict over everything met in the notes and, where given, in the released population."""
    from scipy.stats import fisher_exact

    n = {True: index.n_members, False: index.n_holdout}
    reasons: list[str] = []
    linked = len(tally.linked[True]) + len(tally.linked[False])
    if linked:
        reasons.append(
            f"disclosure: {len(tally.linked_reasons)} note(s) hold a source patient's name with a second attribute of the same patient"
        )
        reasons += tally.linked_reasons[:_SHOWN]
    unique_rate = {side: len(tally.unique[side]) / n[side] if n[side] else 0.0 for side in (True, False)}
    if tally.unique[True] and unique_rate[True] > unique_rate[False]:
        reasons.append(
            f"disclosure: identifiers unique to a person match {len(tally.unique[True])} training patient(s), a higher rate than "
            f"that of the {len(tally.unique[False])} held-out patient(s) matched"
        )
        reasons += tally.unique_reasons[:_SHOWN]
    named = {side: len(tally.named[side]) for side in (True, False)}
    p_value = 1.0
    if n[True] and n[False]:
        cells = [[named[True], n[True] - named[True]], [named[False], n[False] - named[False]]]
        p_value = float(fisher_exact(cells, alternative="greater")[1])
    if named[True] and (p_value < NAME_ALPHA or not n[False]):
        reasons.append(
            f"disclosure: full names of {named[True]} training patients are met, against {named[False]} of held-out patients "
            f"(one-sided Fisher test, p = {p_value:.2g}, limit {NAME_ALPHA})"
        )
    measures = _measures(tally, n, p_value)
    if population is not None:
        more_reasons, more_measures = judge_population(population)
        reasons += more_reasons
        measures = (*measures, *more_measures)
    return Verdict(
        gate=GATE,
        title=TITLE,
        outcome="failed" if reasons else "passed",
        reasons=tuple(reasons),
        measures=measures,
    )


def _measures(tally: OverlapTally, n: dict[bool, int], p_value: float) -> tuple[Measure, ...]:
    measures: list[Measure] = [
        Measure(name="notes searched in full", value=float(tally.notes), n=tally.notes),
        Measure(
            name="source patients named in full with a second attribute of theirs in one note",
            value=float(len(tally.linked[True]) + len(tally.linked[False])),
            limit=0.0,
            n=n[True] + n[False],
        ),
    ]
    for label, met in (("unique identifier met", tally.unique), ("full name met", tally.named)):
        held_out = len(met[False]) / n[False] if n[False] else None
        measures.append(
            proportion(
                f"training patients: {label}",
                len(met[True]),
                n[True],
                baseline=held_out,
                note="baseline: held-out patients",
            )
        )
        measures.append(proportion(f"held-out patients: {label}", len(met[False]), n[False]))
    measures.append(
        Measure(
            name="Fisher test, names of training against held-out patients (p)",
            value=p_value,
            limit=NAME_ALPHA,
            n=n[True] + n[False],
            note="one-sided; fails below the limit",
        )
    )
    return tuple(measures)


def _one_per_type(matches: Iterable[SourceMatch], text: str) -> list[str]:
    shown: dict[str, str] = {}
    for match in matches:
        shown.setdefault(match.entry.entity_type, f"{match.entry.entity_type} {masked(text[match.start : match.end])}")
    return list(shown.values())


def _digests(matches: Iterable[SourceMatch], text: str, index: IdentifierIndex) -> str:
    found = Counter(index.digest(match.entry.entity_type, text[match.start : match.end]) for match in matches)
    return "digest " + ", ".join(sorted(found))


def _findings(
    kind: str, note_id: str, text: str, matches: list[SourceMatch], index: IdentifierIndex
) -> list[ProtectedFinding]:
    spans = [(match.start, match.end) for match in matches]
    return [
        ProtectedFinding(
            gate=GATE,
            kind=kind,
            note_id=note_id,
            entity_type=match.entry.entity_type,
            masked=masked(text[match.start : match.end]),
            digest=index.digest(match.entry.entity_type, text[match.start : match.end]),
            context=masked_context(text, match.start, match.end, spans),
        )
        for match in matches
    ]
