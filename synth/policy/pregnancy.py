"""Pregnancy: chapter 15 first, and no routine supervision beside it (P01)."""

from __future__ import annotations

from ghostchart.synth.policy.worklist import Case, Worklist


def give_chapter_15_precedence(_case: Case, work: Worklist) -> Worklist:
    """Chapter 15 codes displace Z34 and the incidental-pregnancy code; Z3A needs one of them."""
    chapter = work.find("O")
    if chapter:
        return work.drop(work.find("Z34.", "Z33.1"), "P01", chapter[0])
    return work.drop(work.find("Z3A."), "P01")
