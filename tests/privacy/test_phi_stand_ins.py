"""Stand-ins for what the ledger knows hide nothing that stands beside them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostchart.privacy.phi.reconcile import NoteText, is_accounted
from ghostchart.privacy.phi.scanner import KnownSpan, PhiScanner
from ghostchart.privacy.phi.segments import StandIn
from ghostchart.privacy.phi.stand_ins import shaped_stand_in, with_stand_ins


@pytest.fixture(scope="module")
def scanner() -> PhiScanner:
    return PhiScanner()


@pytest.mark.parametrize(
    ("entity_type", "value", "expected"),
    [
        ("MEDICAL_RECORD_NUMBER", "00412277", "47281639"),
        ("DEVICE_ID", "SN-9K20b", "AA-4A72a"),
        ("PHONE_NUMBER", "(202) 555-0143", "(472) 816-3950"),
        ("DATE_TIME", "11/30/2022", "02/02/2020"),
        ("DATE_TIME", "3 Nov", "2 Mar"),
        ("DATE_TIME", "December 9, 2021", "March 2, 2020"),
        ("PERSON", "Korhonen", "Smith"),
        ("PERSON", "AINO KORHONEN", "JOHN SMITH"),
        ("PERSON", "aino korhonen", "john smith"),
        ("AGE_OVER_89", "97-year-old", "97-year-old"),
        ("CITY", "Turku", "Boston"),
    ],
)
def test_stand_ins_keep_kind_and_shape(entity_type: str, value: str, expected: str) -> None:
    assert shaped_stand_in(entity_type, value) == expected


@given(st.from_regex(r"[A-Za-z0-9 ./()-]{1,24}", fullmatch=True))
def test_numbers_keep_their_shape(value: str) -> None:
    shaped = shaped_stand_in("ACCOUNT_NUMBER", value)

    def shape(text: str) -> str:
        return re.sub(r"[a-z]", "a", re.sub(r"[A-Z]", "A", re.sub(r"\d", "0", text)))

    assert shape(shaped) == shape(value)
    assert shaped == shaped_stand_in("ACCOUNT_NUMBER", shaped)  # two of one shape are one


def test_stand_ins_stand_in_their_ranges() -> None:
    assert with_stand_ins("a 12 b 34", [StandIn(2, 4, "XX"), StandIn(7, 9, "Y")]) == "a XX b Y"


# {known} is in the ledger, [leak] is not.
_LEAKS = [
    ("MRN {48213377}, old MRN [5512093].", "MEDICAL_RECORD_NUMBER"),
    ("Seen on {11/30/2022} and again [12/14/2022].", "DATE_TIME"),
    ("Patient {Aino Korhonen} came with [Tuomas Rautio] today.", "PERSON"),
    ("Patient {Aino Korhonen} [Rautio-Maki] was seen.", "PERSON"),
    ("Call {(202) 555-0143} or [(202) 555-0178].", "PHONE_NUMBER"),
    ("Dr. {Aino Korhonen}, [tuomas.rautio@kuopio.fi], will call.", "PERSON"),
    ("Lives in {Turku}, moved to [Kuopio] last year.", "CITY"),
    ("Referred by {Lakeview Clinic} and [Harju Valley Hospital].", "FACILITY"),
    ("SSN {900-12-3456} ([219-09-9999])", "US_SSN"),
    ("Wife {Aino} and daughter [Tuulikki Rautio] at bedside.", "PERSON"),
]


@pytest.mark.parametrize(("marked", "entity_type"), _LEAKS)
def test_a_leak_beside_a_known_identifier_is_found(scanner: PhiScanner, marked: str, entity_type: str) -> None:
    text = re.sub(r"[{}\[\]]", "", marked)
    start = marked.index("{")
    known = KnownSpan(start, marked.index("}") - 1, entity_type)
    at = len(re.sub(r"[{}\[]", "", marked[: marked.index("[")]))
    leak = range(at, at + marked.index("]") - marked.index("[") - 1)
    note = NoteText("n", text, (known,), in_sample=False)
    (found,) = scanner.scan_known([text], [[known]])
    (whole,) = scanner.scan([text])
    for findings in (found, whole):
        open_ones = [item for item in findings if not is_accounted(note, item)]
        assert any(item.start < leak.stop and leak.start < item.end for item in open_ones), (text, findings)
    # What is known is still seen, where the rules saw it: in its own place.
    assert any(item.start < known.end and known.start < item.end for item in found)
