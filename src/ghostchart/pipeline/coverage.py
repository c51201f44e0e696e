"""What a corpus covers: codes, chapters, strata, condition families, the long tail. Reads the Parquet shards only."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ghostchart.schemas.code_systems import CodeSystems
from ghostchart.schemas.codes import Code
from ghostchart.schemas.corpus import read_shard, shard_paths
from ghostchart.schemas.note import SPLITS


@dataclass(frozen=True)
class Reached:
    """Part of a whole: distinct codes of the corpus among those there are, and the notes that hold one of them."""

    name: str
    description: str
    codes: int
    of: int
    notes: int


@dataclass(frozen=True)
class Coverage:
    """Counts over all splits.

    Attributes:
        icd10cm, cpt, hcpcs: distinct codes.
        chapters: chapters of the release in order.
        strata: HEDIS Advanced Illness and Frailty, of the codes that the release and the procedure table still have.
        families: condition families whose codes were met, of all.
        long_tail: distinct codes that no family documents, of all such codes of the release.
        once: distinct ICD-10-CM codes that one note only holds.
        unmet: codes of each stratum that no note holds.
    """

    notes: int
    note_types: dict[str, int]
    icd10cm: int
    cpt: int
    hcpcs: int
    chapters: tuple[Reached, ...]
    strata: tuple[Reached, ...]
    families: Reached
    long_tail: Reached
    once: int
    unmet: dict[str, tuple[str, ...]]

    def as_json(self) -> dict[str, Any]:
        """Plain values in stable order."""
        return asdict(self)


def measure_coverage(corpus: Path, systems: CodeSystems) -> Coverage:
    """Count over every shard, one in memory at a time.

    Raises:
        CorpusError: a shard is missing, unreadable or has other columns than documented.
    """
    notes, kinds, sets = 0, Counter[str](), Counter[frozenset[Code]]()
    for split in SPLITS:
        for path in shard_paths(corpus, split):
            table = read_shard(path).select(["note_type", "codes"])
            notes += table.num_rows
            kinds.update(table["note_type"].to_pylist())
            for codes in table["codes"].to_pylist():
                sets[frozenset(Code(item["system"], item["value"]) for item in codes)] += 1
    return _summary(notes, kinds, sets, systems)


def _summary(notes: int, kinds: Counter[str], sets: Counter[frozenset[Code]], systems: CodeSystems) -> Coverage:
    from ghostchart.synth.library import load_library
    from ghostchart.synth.library.strata import stratum_codes

    icd, library = systems.icd10cm, load_library()
    counts: Counter[Code] = Counter()
    for codes, number in sets.items():
        counts.update(dict.fromkeys(codes, number))
    met = {code.value for code in counts if code.system == "icd10cm" and icd.is_billable(code.value)}
    total = Counter(icd.chapter(value) for value in icd.billable_codes())
    own = {value: icd.chapter(value) for value in met}
    chapters = tuple(
        Reached(
            chapter,
            icd.description(chapter),
            sum(place == chapter for place in own.values()),
            total[chapter],
            _notes_with(sets, {value for value, place in own.items() if place == chapter}),
        )
        for chapter in sorted(total, key=int)
    )
    procedures = {code.value for code in systems.procedures.codes()}
    everything = {code.value for code in counts}
    strata, unmet = [], {}
    for name, members in stratum_codes().items():
        there = {value for value in members if icd.is_billable(value) or value in procedures}
        strata.append(
            Reached(name, name.replace("_", " "), len(there & everything), len(there), _notes_with(sets, there))
        )
        unmet[name] = tuple(sorted(there - everything))
    keys = {key for value in met if (key := library.family_of(value)) is not None}
    tail = {value for value in met if library.family_of(value) is None}
    outside = sum(library.family_of(value) is None for value in icd.billable_codes())
    in_families = {value for value in met if value not in tail}
    return Coverage(
        notes=notes,
        note_types=dict(sorted(kinds.items())),
        icd10cm=len(met),
        cpt=sum(code.system == "cpt" for code in counts),
        hcpcs=sum(code.system == "hcpcs" for code in counts),
        chapters=chapters,
        strata=tuple(strata),
        families=Reached(
            "families", "condition families", len(keys), len(library.families), _notes_with(sets, in_families)
        ),
        long_tail=Reached("long_tail", "codes beyond the families", len(tail), outside, _notes_with(sets, tail)),
        once=sum(number == 1 for code, number in counts.items() if code.system == "icd10cm"),
        unmet=unmet,
    )


def _notes_with(sets: Counter[frozenset[Code]], values: set[str]) -> int:
    return sum(number for codes, number in sets.items() if any(code.value in values for code in codes))
