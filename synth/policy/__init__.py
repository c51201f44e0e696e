"""Coding policy: clinical facts in, ordered gold codes with evidence and rule ids out."""

from ghostchart.schemas.coding_rules import RULES, Rule
from ghostchart.synth.policy.pipeline import Coding, code_directly, code_encounter, explain_coding

__all__ = ["RULES", "Coding", "Rule", "code_directly", "code_encounter", "explain_coding"]
