"""Fake identifiers: screened, drawn again when taken, the same for a patient in all notes."""

from __future__ import annotations

from datetime import date

import pytest

from ghostchart.schemas.canonical import stream
from ghostchart.schemas.clinical import SyntheticPatient
from ghostchart.schemas.errors import InputError
from ghostchart.schemas.screening import OpenScreen
from ghostchart.synth.notes.draws import Draws
from ghostchart.synth.notes.surrogates import DATE_STYLES, SurrogatePool

PATIENTS = [SyntheticPatient(f"p{n}", "F" if n % 2 else "M", date(1950, 1, 1 + n % 28)) for n in range(40)]


class TakenOnce:
    """Says no to the first value of each type that it is asked about, and remembers it."""

    def __init__(self) -> None:
        self.taken: dict[str, str] = {}

    def is_taken(self, entity_type: str, value: str) -> bool:
        return self.taken.setdefault(entity_type, value) == value


class AllTaken:
    def is_taken(self, entity_type: str, value: str) -> bool:
        return entity_type == "MEDICAL_RECORD_NUMBER"


def test_taken_values_are_drawn_again() -> None:
    screen = TakenOnce()
    pool = SurrogatePool(stream(1, "s"), screen)
    shown = [pool.patient(patient) for patient in PATIENTS]
    account = pool.account_number(Draws(3))
    assert screen.taken["MEDICAL_RECORD_NUMBER"] not in {identity.mrn for identity in shown}
    assert screen.taken["PERSON"] not in {identity.person.full for identity in shown}
    assert screen.taken["STREET_ADDRESS"] not in {identity.street for identity in shown}
    assert screen.taken["PHONE_NUMBER"] not in {identity.phone for identity in shown}
    assert account != screen.taken["ACCOUNT_NUMBER"]
    assert {"CITY", "ZIP_CODE", "FACILITY"} <= set(screen.taken)


def test_no_free_value_is_an_error_not_a_leak() -> None:
    with pytest.raises(InputError, match="MEDICAL_RECORD_NUMBER"):
        SurrogatePool(stream(1, "s"), AllTaken()).patient(PATIENTS[0])


def test_identities_are_stable_distinct_and_long_enough() -> None:
    first, again = (SurrogatePool(stream(7, "s"), OpenScreen()) for _ in range(2))
    identities = [first.patient(patient) for patient in PATIENTS]
    assert identities == [again.patient(patient) for patient in PATIENTS]
    assert first.patient(PATIENTS[3]) is identities[3]
    assert len({identity.mrn for identity in identities}) == len(PATIENTS)
    assert all(len(identity.mrn) >= 10 for identity in identities)
    assert all(identity.person.first != identity.person.last for identity in identities)
    other = SurrogatePool(stream(8, "s"), OpenScreen())
    assert [other.patient(patient).mrn for patient in PATIENTS] != [identity.mrn for identity in identities]


def test_phone_numbers_are_fictional() -> None:
    pool = SurrogatePool(stream(1, "s"), OpenScreen())
    assert all("555-01" in pool.patient(patient).phone for patient in PATIENTS)


def test_date_styles_differ_and_name_the_day() -> None:
    written = [style(date(2026, 4, 6)) for style in DATE_STYLES]
    assert written == ["04/06/2026", "April 6, 2026", "2026-04-06", "06-Apr-2026", "4/6/2026"]
