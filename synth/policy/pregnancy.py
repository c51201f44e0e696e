"""Pregnancy and delivery: chapter 15 first, no routine supervision beside it, outcome of delivery (P01, P02, P03)."""

from __future__ import annotations

import re

from ghostchart.schemas.code_set.patient import trimester_of, weeks_of
from ghostchart.schemas.code_set.pregnancy import complication_of, is_at_birth, is_pregnant
from ghostchart.synth.policy.lookups import Lookups
from ghostchart.synth.policy.worklist import Candidate, Case, Worklist

_WEEKS = "gestation_weeks"
_TRIMESTER = re.compile(r"\b(first|second|third|unspecified) trimester\b")
_NAMES = {1: "first trimester", 2: "second trimester", 3: "third trimester"}


def settle_trimesters(case: Case, work: Worklist) -> Worklist:
    """Trimester and week code from the completed weeks of gestation that the note states (P02)."""
    chapter = work.find("O", "Z34.")
    stated = next((fact for fact in case.encounter.facts if fact.attributes.get(_WEEKS, "").isdigit()), None)
    if not chapter:
        return work
    if stated is not None and not work.has("Z3A."):
        value = _week_code(int(stated.attributes[_WEEKS]))
        if work.has("O") and case.look.is_billable(value):
            work = work.add(Candidate(value, (stated.fact_id,), ("P02",), chapter[0].rank))
    weeks = stated_weeks(case, work)
    week = next((item for item in work.find("Z3A.") if weeks_of(item.value) is not None), None)
    if weeks is None:
        return work
    for item in chapter:
        value = case.look.of_trimester(item.value, trimester_of(weeks), _in_trimester)
        if value != item.value:
            backed = item.recoded(value, "P02")
            work = work.swap(item, backed.backed_by(week) if week is not None else backed)
    return work


def stated_weeks(case: Case, work: Worklist) -> int | None:
    """Completed weeks of gestation by the week code, else as the note states them."""
    coded = next((weeks for item in work.find("Z3A.") if (weeks := weeks_of(item.value)) is not None), None)
    if coded is not None:
        return coded
    stated = next((fact for fact in case.encounter.facts if fact.attributes.get(_WEEKS, "").isdigit()), None)
    return int(stated.attributes[_WEEKS]) if stated is not None else None


def _week_code(weeks: int) -> str:
    return "Z3A.01" if weeks < 8 else "Z3A.49" if weeks > 42 else f"Z3A.{weeks:02}"


def _in_trimester(look: Lookups, value: str, trimester: int) -> str:
    """The same condition in another trimester, the code itself where there is none."""
    say = look.systems.icd10cm.description
    title = say(value).lower()
    said = _TRIMESTER.search(title)
    if said is None or said[0] == _NAMES[trimester]:
        return value
    wanted = title.replace(said[0], _NAMES[trimester])
    for place in range(len(value) - 1, 3, -1):
        for character in "1230":
            other = value[:place] + character + value[place + 1 :]
            if look.is_billable(other) and say(other).lower() == wanted:
                return other
    return value


def code_complications(case: Case, work: Worklist) -> Worklist:
    """A chronic disease of a pregnant patient complicates the pregnancy: O10, O24 or O99 before it (P04)."""
    icd = case.look.systems.icd10cm
    values = [item.value for item in work.candidates]
    if not is_pregnant(icd, values):
        return work
    weeks = stated_weeks(case, work)
    trimester = trimester_of(weeks) if weeks is not None else None
    at_birth = is_at_birth(values)
    pregnancy = work.find("Z3A.", "O", "Z34.", "Z37.")[:1]
    for item in work.candidates:
        complication = complication_of(item.value)
        if complication is None:
            continue
        said = next(iter(work.find(*complication.says_it)), None)
        if said is None:
            value = complication.code(trimester, at_birth)
            said = item.recoded(value, "P04").backed_by(*pregnancy)
            said = Candidate(value, said.evidence, said.rules, said.rank, "", said.poa)
            work = work.add(said)
        if not complication.stays:
            work = work.drop([item], "P04", work.get(said.value))
    return work


def give_chapter_15_precedence(_case: Case, work: Worklist) -> Worklist:
    """Chapter 15 codes displace Z34 and the incidental-pregnancy code; Z3A needs one of them."""
    chapter = work.find("O")
    if chapter:
        return _settle_delivery(work.drop(work.find("Z34.", "Z33.1"), "P01", chapter[0]))
    return work.drop(work.find("Z3A."), "P01")


def _settle_delivery(work: Worklist) -> Worklist:
    """A normal delivery stands only without complication codes, and its outcome is one live child (P03)."""
    normal = work.get("O80")
    if normal is None:
        return work
    others = [item for item in work.find("O") if item.value != "O80"]
    if others:
        return work.drop([normal], "P03", others[0])
    if work.has("Z37."):
        return work.swap(normal, normal.under("P03"))
    return work.add(Candidate("Z37.0", normal.evidence, ("P03",), normal.rank))
