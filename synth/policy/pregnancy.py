"""Pregnancy and delivery: chapter 15 first, no routine supervision beside it, outcome of delivery (P01, P03)."""

from __future__ import annotations

from ghostchart.synth.policy.worklist import Candidate, Case, Worklist


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
