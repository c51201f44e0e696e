"""Finding codes by words: descriptions and inclusion terms, best matches first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ghostchart.schemas.code_systems import CodeSystems

_WORD = re.compile(r"[a-z0-9]+")
# Words of people beside those of the tabular list; either side finds the other.
_SAME = (
    ("kidney", "renal"), ("cancer", "malignant neoplasm"), ("heart attack", "myocardial infarction"),
    ("high blood pressure", "hypertension"), ("stroke", "cerebral infarction"), ("bedsore", "pressure ulcer"),
    ("broken", "fracture"), ("flu", "influenza"), ("copd", "chronic obstructive pulmonary disease"),
    ("ckd", "chronic kidney disease"), ("htn", "hypertension"), ("dm2", "type 2 diabetes mellitus"),
    ("t2dm", "type 2 diabetes mellitus"), ("afib", "atrial fibrillation"), ("uti", "urinary tract infection"),
    ("chf", "congestive heart failure"), ("gerd", "gastro esophageal reflux disease"),
)  # fmt: skip


def search_codes(systems: CodeSystems, phrase: str) -> list[tuple[str, str]]:
    """(code, description) of billable codes that hold all the words, as word beginnings.

    A code is found by its description or by one inclusion term; common other words for the same thing count too. Whole
    words before beginnings, descriptions before inclusion terms, short descriptions before long ones.
    """
    variants = [_words(text) for text in _variants(phrase.lower())]
    variants = [words for words in variants if words]
    if not variants:
        return []
    found = []
    for place, (value, description, terms) in enumerate(_entries(systems)):
        ranks = [_rank(text, words) for text in (description, *terms) for words in variants]
        own, best = min(ranks[: len(variants)]), min(ranks)
        if best < _NO_MATCH:
            found.append(((best, own == _NO_MATCH, len(description), place), (value, description)))
    return [item for _, item in sorted(found)]


_NO_MATCH = 9


def _entries(systems: CodeSystems) -> Iterator[tuple[str, str, Iterable[str]]]:
    icd = systems.icd10cm
    for value in icd.billable_codes():
        yield value, icd.description(value), icd.inclusion_terms(value)
    for code in systems.procedures.codes():
        yield code.value, systems.describe(code), ()


def _variants(phrase: str) -> list[str]:
    found = [phrase]
    for one, other in _SAME:
        for text in tuple(found):
            for old, new in ((one, other), (other, one)):
                if re.search(rf"\b{old}\b", text):
                    found.append(re.sub(rf"\b{old}\b", new, text))
    return list(dict.fromkeys(found))


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _rank(text: str, words: list[str]) -> int:
    """0 if all are whole words of the text, 1 if all are beginnings of words, :data:`_NO_MATCH` otherwise."""
    lowered = text.lower()
    if not all(word in lowered for word in words):
        return _NO_MATCH
    own = _words(lowered)
    if all(word in own for word in words):
        return 0
    return 1 if all(any(item.startswith(word) for item in own) for word in words) else _NO_MATCH
