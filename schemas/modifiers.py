"""Modifiers that may follow a procedure code on a claim line.

Two-digit modifiers belong to CPT, those with a letter in front to HCPCS Level II. The list holds the numbers and letters
alone, in common use on professional and outpatient claims; it is background knowledge and wants a certified coder's look.
"""

from __future__ import annotations

MAX_MODIFIERS = 4  # places on a line of the CMS-1500 claim form

_CPT = "22 23 24 25 26 27 32 33 47 50 51 52 53 54 55 56 57 58 59 62 63 66 73 74 76 77 78 79 80 81 82 90 91 92 93 95 96 97 99"
_SIDES_AND_PARTS = "LT RT E1 E2 E3 E4 FA F1 F2 F3 F4 F5 F6 F7 F8 F9 TA T1 T2 T3 T4 T5 T6 T7 T8 T9 LC LD LM RC RI"
_HCPCS = (
    "AA AD AI AS AT CR CS EY FQ FR FS G0 GA GC GE GF GN GO GP GQ GT GV GW GX GY GZ JA JB JW JZ KX NU PA PB PC PT "
    "Q0 Q1 Q5 Q6 QK QS QW QX QY QZ RR SA SG TC TH UE XE XP XS XU"
)
MODIFIERS: frozenset[str] = frozenset(f"{_CPT} {_SIDES_AND_PARTS} {_HCPCS}".split())
