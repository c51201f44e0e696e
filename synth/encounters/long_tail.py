"""Codes that the source has rarely or never, added to some encounters so that the whole release can be met (``tail_quota``).

Some are codes of condition families, so that each of them (all of Advanced Illness and Frailty among them) comes up in a
large corpus; most have no family. Of those a chapter is drawn first and then a code of it, so that small chapters are met
as often as large ones. Left out are codes
that cannot stand in a note by themselves: manifestations, sequelae, adverse effects and underdosing, organisms, reasons
for an encounter, what other facts give, and what an adult's visit note cannot hold.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from functools import lru_cache
from zlib import crc32

from ghostchart.schemas.code_set.patient import LASTING_FROM_BIRTH
from ghostchart.synth.encounters.draws import Draws
from ghostchart.synth.encounters.plausibility import condition_fits
from ghostchart.synth.encounters.rows import EncounterRows
from ghostchart.synth.policy.lookups import Lookups

_TRIES = 6
# Most draws meet a head of each chapter, so that its codes come back in other words; the rest may be any code.
_HEAD_CODES, _HEAD_SHARE = 90, 0.85
_FAMILY_SHARE = 0.25
_FIRST_SHARE = 0.25
_LEFT_OUT = (
    "B95", "B96", "B97", "E08", "E09", "E10", "E11", "E13", "F02", "F06", "F07", "I11", "I12", "I13", "I50", "N18", "O", "R40.2", "R65", "R68.1",
    "T31", "T32", "T36", "T37", "T38", "T39", "T4", "T50", "T8", "Y62", "Y63", "Y64", "Y65", "Y66", "Y69", "Y7", "Y8", "Y9",
    "Z0", "Z1", "Z2", "Z3", "Z4", "Z5", "Z66", "Z68", "Z76", "Z79", "Z8", "Z91.1", "Z99.12", "J12.82",
)  # fmt: skip
# "Code first any associated gangrene": asks for nothing where there is none.
_FIRST_IF_ANY = ("L89",)
_MECHANISMS = ("V", "W", "X", "Y")
_INJURIES = ("S", "T")
_HERS = re.compile(
    r"vagin|vulv|uter[iou]|ovar|cervix|cervical (dysplasia|smear)|fallopian|endometri|menstr|menopaus|pregnan|female|obstetric"
    r"|postpartum|puerper|lactat|matern|fetal|fetus"
)
_HIS = re.compile(r"\bpenis|penile|prostat|testi[sc]|scrot|spermat|\bmale\b|epididym|prepu|seminal|vas deferens")
_YOUNG = re.compile(
    r"newborn|neonat|infan|child|juvenile|adolescen|congenital absence|teething|delayed milestone|puberty|pediatric"
)
_OLD = re.compile(r"\bsenil|age-related|\bage related|presbyop")
_OLD_FROM_YEARS, _YOUNG_TO_YEARS = 60, 17


class LongTail:
    """Codes of families, and codes on the general path by chapter; built once per process."""

    def __init__(self, look: Lookups) -> None:
        system = look.systems.icd10cm
        by_chapter: dict[str, list[str]] = defaultdict(list)
        of_families: list[str] = []
        for value in system.billable_codes():
            if _may_stand(value):
                listed = by_chapter[_chapter(value)] if look.library.family_of(value) is None else of_families
                listed.append(value)
        self._of_families = tuple(sorted(of_families))
        # In an order of its own, so that the head of a chapter is spread over it.
        self._chapters = tuple(
            (name, tuple(sorted(by_chapter[name], key=lambda value: (crc32(value.encode()), value))))
            for name in sorted(by_chapter)
        )
        self._look = look

    def pick(self, rows: EncounterRows, draws: Draws) -> str | None:
        """A code that fits the patient and stands against nothing among the rows; None where none was found."""
        injured = any(code.startswith(_INJURIES) for code in rows.codes)
        for _ in range(_TRIES):
            if draws.chance(_FAMILY_SHARE):
                value = draws.pick(self._of_families)
            else:
                _, codes = draws.pick(self._chapters)
                value = draws.pick(codes[:_HEAD_CODES] if draws.chance(_HEAD_SHARE) else codes)
            if value.startswith(_MECHANISMS) and (
                not injured or any(code.startswith(_MECHANISMS) for code in rows.codes)
            ):
                continue
            if self._fits(value, rows):
                return value
        return None

    def _fits(self, value: str, rows: EncounterRows) -> bool:
        look, sex, age = self._look, rows.patient.sex, rows.age
        if not condition_fits(look.library, value, sex, age):
            return False
        if any(held[:3] == value[:3] or look.conflict(held, value) for held in rows.codes if look.is_billable(held)):
            return False
        if look.is_manifestation(value) or (look.code_first(value) and not value.startswith(_FIRST_IF_ANY)):
            return False
        return _words_fit(look.systems.icd10cm.description(value).lower(), sex, age)


def _words_fit(title: str, sex: str, age: int) -> bool:
    """Whether nothing in a code's title speaks of another sex or age."""
    other_sex = _HIS if sex == "F" else _HERS
    other_age = _YOUNG if age > _YOUNG_TO_YEARS else None
    if other_sex.search(title) or (other_age is not None and other_age.search(title)):
        return False
    return age >= _OLD_FROM_YEARS or not _OLD.search(title)


def _may_stand(value: str) -> bool:
    if value.startswith("P"):
        return value.startswith(LASTING_FROM_BIRTH)
    sequela = len(value) == 8 and value[-1] == "S"
    return not sequela and not value.startswith(_LEFT_OUT)


_RANGES = (
    ("A-B", "A00", "B99"), ("C-D49", "C00", "D49"), ("D50-D89", "D50", "D89"), ("E", "E00", "E89"), ("F", "F01", "F99"),
    ("G", "G00", "G99"), ("H00-H59", "H00", "H59"), ("H60-H95", "H60", "H95"), ("I", "I00", "I99"), ("J", "J00", "J99"),
    ("K", "K00", "K95"), ("L", "L00", "L99"), ("M", "M00", "M99"), ("N", "N00", "N99"), ("P", "P00", "P96"), ("Q", "Q00", "Q99"),
    ("R", "R00", "R99"), ("S-T", "S00", "T88"), ("U", "U00", "U85"), ("V-Y", "V00", "Y99"), ("Z", "Z00", "Z99"),
)  # fmt: skip


def _chapter(value: str) -> str:
    """The chapter of the tabular list by the range of its categories."""
    category = value[:3]
    return next((name for name, low, high in _RANGES if low <= category[:2] + category[2:] <= high + "Z"), category[:1])


@lru_cache(maxsize=2)
def _long_tail(look: Lookups) -> LongTail:
    return LongTail(look)


def add_long_tail(rows: EncounterRows, look: Lookups, draws: Draws, quota: float) -> EncounterRows:
    """The rows with one code of the long tail among them, in a share ``quota`` of encounters.

    Mostly it is a further problem, sometimes the reason for the visit.
    """
    if not draws.chance(quota):
        return rows
    value = _long_tail(look).pick(rows, draws)
    if value is None:
        return rows
    codes = list(rows.codes)
    leads = value[0] not in "ZVWXY" and rows.encounter_class != "wellness" and draws.chance(_FIRST_SHARE)
    codes.insert(0 if leads else min(1, len(codes)), value)
    return replace(rows, codes=tuple(codes))
