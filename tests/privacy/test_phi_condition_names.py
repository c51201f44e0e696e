"""What conditions and services are called is nobody's name, wherever a note puts it.

One false alarm stops a corpus at the gate, and a corpus of 100,000 notes holds most of what the library can say, so every
wording is tried: of each condition family and service, and one of each billable code.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest

from ghostchart.privacy.phi import PhiScanner
from ghostchart.schemas.icd10cm_release import load_icd10cm
from ghostchart.synth.library import load_library
from ghostchart.synth.library.general import general_forms

# Where a wording begins with a capital behind something that a person's name could follow as well.
_PLACES = (
    "{}",
    "Assessment: {}, stable.",
    "56M, annual physical. Annual physical, est pt. {} stable.",
    "Comes as a new pt for {} and chest pain.",
    "Discussed {} with the family. Seen for {} by the team.",
)
_BATCH_TEXTS = 500


def _wordings() -> list[str]:
    library, release = load_library(), load_icd10cm()
    families = [
        form
        for family in library.families.values()
        for form in (*family.history, *family.family_history, *(f for row in family.rows for f in family.forms(row)))
    ]
    general = (general_forms(code, release)[0] for code in release.billable_codes())
    # Numbers alone make no other wording.
    distinct = {re.sub(r"\d+", "0", form): form for form in (*families, *general)}
    return list(distinct.values())


def _texts(wordings: list[str]) -> Iterator[str]:
    for number, form in enumerate(wordings):
        yield _PLACES[number % len(_PLACES)].replace("{}", form[:1].upper() + form[1:])


def _alarms(texts: list[str]) -> list[str]:
    scanner = PhiScanner()
    return [
        f"{item.entity_type} {text[item.start : item.end]!r} in {text!r}"
        for first in range(0, len(texts), _BATCH_TEXTS)
        for text, found in zip(
            texts[first : first + _BATCH_TEXTS], scanner.scan(texts[first : first + _BATCH_TEXTS]), strict=True
        )
        for item in found
    ]


def test_a_sample_of_what_conditions_are_called_raises_no_alarm() -> None:
    sample = random.Random(5).sample(_wordings(), 900)
    assert _alarms(list(_texts(sample))) == []


def test_the_check_can_fail() -> None:
    planted = [place.replace("{}", "Oyelaran Adebanjo") for place in _PLACES]
    assert len(_alarms(planted)) >= len(_PLACES) - 1


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(len(_PLACES)))
def test_nothing_that_conditions_are_called_raises_an_alarm(turn: int) -> None:
    """Each wording in each place, over all turns."""
    wordings = _wordings()
    assert _alarms(list(_texts(wordings[turn:] + wordings[:turn]))) == []
