"""Coding policy: clinical facts in, ordered gold codes with evidence and rule ids out."""

from ghostchart.synth.policy.pipeline import Coding, code_encounter, explain_coding
from ghostchart.synth.policy.rules import RULES, Rule

__all__ = ["RULES", "Coding", "Rule", "code_encounter", "explain_coding"]
