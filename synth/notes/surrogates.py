"""Fake identifiers: pools made once per shard with Faker, identities drawn from them, every value screened.

Eight Faker calls cost about half a millisecond, a whole note less than two; so Faker only fills pools of parts (first
names, surnames, street names...), and identities are put together from those. Whoever is assembled is asked of the
:class:`~ghostchart.schemas.screening.SurrogateScreen` and drawn again if some source patient has that very value.
Telephone numbers use the exchange 555-01xx, which is reserved for fiction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np

from ghostchart.schemas.clinical import SyntheticPatient
from ghostchart.schemas.errors import InputError
from ghostchart.schemas.screening import SurrogateScreen
from ghostchart.synth.notes.draws import Draws

TOP_CODED_AGE = 90
_MAX_REDRAWS = 200
# Shared by thousands of people: a coincidence says nothing, and a small region could leave no free value at all.
_COARSE = frozenset({"CITY", "ZIP_CODE", "FACILITY"})
_AREA_CODES = (
    "205", "212", "216", "303", "312", "317", "402", "405", "413", "502",
    "505", "509", "512", "515", "603", "612", "615", "617", "704", "802",
)  # fmt: skip
_FACILITY_KINDS = (
    "Medical Center", "Family Medicine", "Community Hospital", "Health Clinic", "Regional Hospital",
    "Primary Care", "General Hospital", "Health System", "Memorial Hospital", "Medical Group",
)  # fmt: skip
_CREDENTIALS = ("MD", "DO", "MD", "MD", "NP", "PA-C")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DATE_STYLES: tuple[Callable[[date], str], ...] = (
    lambda day: f"{day.month:02d}/{day.day:02d}/{day.year}",
    lambda day: f"{_MONTHS[day.month - 1]} {day.day}, {day.year}",
    lambda day: day.isoformat(),
    lambda day: f"{day.day:02d}-{_MONTHS[day.month - 1][:3]}-{day.year}",
    lambda day: f"{day.month}/{day.day}/{day.year}",
)


@dataclass(frozen=True, slots=True)
class Person:
    """A clinician or patient's name. ``full`` is "First Last", ``credential`` "" for patients."""

    first: str
    last: str
    credential: str = ""

    @property
    def full(self) -> str:
        """First name and surname."""
        return f"{self.first} {self.last}"


@dataclass(frozen=True, slots=True)
class PatientIdentity:
    """Every identifier one synthetic patient can show in notes; the same in all notes of that patient."""

    person: Person
    birth_date: date
    mrn: str
    phone: str
    street: str
    city: str
    zip_code: str


@dataclass(frozen=True, slots=True)
class Facility:
    """Where the encounter took place."""

    name: str
    phone: str


class SurrogatePool:
    """Parts of identifiers for one shard.

    Args:
        seed: stream of this shard.
        screen: says which values belong to source patients.
    """

    def __init__(self, seed: np.random.SeedSequence, screen: SurrogateScreen) -> None:
        from faker import Faker

        words = seed.generate_state(2, np.uint64)
        fake = Faker("en_US")
        fake.seed_instance(int(words[0]))
        self._screen = screen
        self._draws = Draws(int(words[1]))
        self._first = {
            "F": [fake.first_name_female() for _ in range(150)],
            "M": [fake.first_name_male() for _ in range(150)],
        }
        self._last = [fake.last_name() for _ in range(400)]
        self._streets = [fake.street_name() for _ in range(200)]
        self._cities = [fake.city() for _ in range(120)]
        self._zips = [fake.zipcode() for _ in range(200)]
        self._patients: dict[str, PatientIdentity] = {}
        self._clinicians = tuple(self._clinician() for _ in range(60))
        self._facilities = tuple(
            Facility(self.free("FACILITY", self._facility_name), self.free("PHONE_NUMBER", self._phone))
            for _ in range(25)
        )

    def patient(self, patient: SyntheticPatient) -> PatientIdentity:
        """The identity of a synthetic patient, made on first use.

        Raises:
            InputError: no free value after many draws.
        """
        known = self._patients.get(patient.patient_id)
        if known is None:
            known = PatientIdentity(
                person=self._person(patient.sex),
                birth_date=patient.birth_date,
                mrn=self.free("MEDICAL_RECORD_NUMBER", self._record_number),
                phone=self.free("PHONE_NUMBER", self._phone),
                street=self.free("STREET_ADDRESS", self._street),
                city=self.free("CITY", lambda: self._draws.pick(self._cities)),
                zip_code=self.free("ZIP_CODE", lambda: self._draws.pick(self._zips)),
            )
            self._patients[patient.patient_id] = known
        return known

    def meet_others(self, word: int) -> None:
        """Draw the identities of patients from another stream from now on: the same clinicians and places, other people."""
        self._draws = Draws(word)

    def clinician(self, draws: Draws) -> Person:
        """One of the shard's clinicians."""
        return draws.pick(self._clinicians)

    def colleague_of(self, clinician: Person, draws: Draws) -> Person:
        """Another of the shard's clinicians: nobody writes a letter to themselves."""
        other = draws.pick(self._clinicians)
        while other.full == clinician.full:
            other = draws.pick(self._clinicians)
        return other

    def facility(self, draws: Draws) -> Facility:
        """One of the shard's facilities."""
        return draws.pick(self._facilities)

    def account_number(self, draws: Draws) -> str:
        """A visit account number of 12 digits, screened."""
        return self.free("ACCOUNT_NUMBER", lambda: f"{draws.between(10**11, 10**12 - 1)}")

    def free(self, entity_type: str, make: Callable[[], str]) -> str:
        """The first drawn value that no source patient has."""
        value = make()
        for _ in range(_MAX_REDRAWS):
            if not self._screen.is_taken(entity_type, value):
                return value
            value = make()
        if entity_type in _COARSE:
            return value
        raise InputError(
            f"no free surrogate of type {entity_type} in {_MAX_REDRAWS} draws", where="surrogate identifiers"
        )

    def _person(self, sex: str, credential: str = "") -> Person:
        drawn: list[Person] = []

        def make() -> str:
            first, last = self._draws.pick(self._first[sex]), self._draws.pick(self._last)
            while last == first:
                last = self._draws.pick(self._last)
            drawn[:] = [Person(first, last, credential)]
            return drawn[0].full

        self.free("PERSON", make)
        return drawn[0]

    def _clinician(self) -> Person:
        return self._person(self._draws.pick(("F", "M")), self._draws.pick(_CREDENTIALS))

    def _facility_name(self) -> str:
        place = self._draws.pick(self._cities) if self._draws.chance(0.5) else self._draws.pick(self._last)
        return f"{place} {self._draws.pick(_FACILITY_KINDS)}"

    def _phone(self) -> str:
        area, last = self._draws.pick(_AREA_CODES), self._draws.between(100, 199)
        return f"({area}) 555-0{last}" if self._draws.chance(0.5) else f"{area}-555-0{last}"

    def _record_number(self) -> str:
        return f"{self._draws.between(10**9, 10**10 - 1)}"

    def _street(self) -> str:
        return f"{self._draws.between(11, 9899)} {self._draws.pick(self._streets)}"
