"""Evaluation texts for the PHI scanner: clinical sentences and general text with planted, labelled identifiers.

Names and street names come from mimesis (its own lists, 15 locales; neither Faker nor the Census) and from syllables of
languages that no word list of the scanner covers; numbers are drawn here with their real check digits. Sentences were
written for this file. ``[[slot]]`` in a frame is filled with a value and recorded as truth.
"""
# ruff: noqa: E501  (rows of values read better unbroken)

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

STRUCTURED = (
    "DATE_TIME", "AGE_OVER_89", "ZIP_CODE", "PHONE_NUMBER", "FAX_NUMBER", "EMAIL_ADDRESS", "US_SSN",
    "MEDICAL_RECORD_NUMBER", "ACCOUNT_NUMBER", "HEALTH_PLAN_NUMBER", "LICENSE_NUMBER", "VEHICLE_ID", "DEVICE_ID", "URL",
    "IP_ADDRESS", "BIOMETRIC_ID",
)  # fmt: skip
NAMES_AND_PLACES = ("PERSON", "STREET_ADDRESS", "CITY", "FACILITY")
LOCALES = ("en", "en-gb", "en-au", "de", "fr", "es", "it", "pl", "pt", "nl", "sv", "tr", "cs", "hr", "fi")
# Syllables of Yoruba, Japanese, Georgian, Tamil and Quechua kind: names that stand in no list at all.
_SYLLABLES = (
    ("o lu a de ba yo fe mi ki tun de wa le ni se to", 3, 4),
    ("ha ru ka mi to shi na ko ta ke yu ri sa no hi ya ma", 2, 4),
    ("gio va kho shvi dze lia ni ka ma ta ra bi tse", 2, 4),
    ("ra ja la mu thu ku man sha van nan ka vi pri tha ya", 3, 4),
    ("qui lla wa ri pa cha ma yu sin chi tu pac i ya", 2, 4),
)
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_MBI = "ACDEFGHJKMNPQRTUVWXY"


@dataclass(frozen=True)
class Truth:
    """One planted identifier: half-open range and type."""

    start: int
    end: int
    entity_type: str


@dataclass(frozen=True)
class Sample:
    """A text with what is planted in it; ``shape`` names the kind of text."""

    text: str
    truths: tuple[Truth, ...]
    shape: str


class Values:
    """Draws identifiers; seeded."""

    def __init__(self, seed: int) -> None:
        from mimesis import Address, Person
        from mimesis.locales import Locale

        self.rng = np.random.default_rng(seed)
        self._people = [Person(Locale(name), seed=seed) for name in LOCALES]
        self._english = [Address(Locale(name), seed=seed) for name in ("en", "en-au", "en-ca")]

    def pick(self, items: Sequence[str]) -> str:
        """One of them."""
        return items[int(self.rng.integers(len(items)))]

    def number(self, digits: int) -> str:
        """That many digits, the first not zero."""
        return "".join(str(self.rng.integers(0 if place else 1, 10)) for place in range(digits))

    def made_up(self) -> str:
        """A word of syllables."""
        syllables, low, high = _SYLLABLES[int(self.rng.integers(len(_SYLLABLES)))]
        count = int(self.rng.integers(low, high))
        return "".join(self.pick(syllables.split()) for _ in range(count)).capitalize()

    def first(self) -> str:
        """A given name."""
        if self.rng.random() < 0.2:
            return self.made_up()
        return str(self._people[int(self.rng.integers(len(LOCALES)))].first_name())

    def last(self) -> str:
        """A surname."""
        if self.rng.random() < 0.2:
            return self.made_up()
        return str(self._people[int(self.rng.integers(len(LOCALES)))].last_name())

    def full(self) -> str:
        """Given name and surname of one origin, sometimes with an initial."""
        if self.rng.random() < 0.2:
            return f"{self.made_up()} {self.made_up()}"
        person = self._people[int(self.rng.integers(len(LOCALES)))]
        middle = f" {self.pick('ABCDEFGHJKLMNPRSTW')}." if self.rng.random() < 0.12 else ""
        return f"{person.first_name()}{middle} {person.last_name()}"

    def upper(self) -> str:
        """SURNAME, GIVEN NAME."""
        return f"{self.last()}, {self.first()}".upper()

    def day(self) -> date:
        """A day between 1935 and 2026."""
        return date(1935, 1, 1) + timedelta(days=int(self.rng.integers(0, 33_000)))

    def written_date(self) -> str:
        """A date in one of many forms, never a bare year."""
        day = self.day()
        month = _MONTHS[day.month - 1]
        return self.pick(
            [
                f"{day.month}/{day.day}/{day.year}", f"{day:%m-%d-%Y}", f"{day:%Y-%m-%d}", f"{day:%d.%m.%Y}",
                f"{month} {day.day}, {day.year}", f"{day.day} {month} {day.year}", f"{month[:3]} {day.day} {day.year}",
                f"{day.day}-{month[:3].upper()}-{day.year}", f"{day:%m/%d/%y}", f"{month} {day.year}",
                f"the {_ordinal(day.day)} of {month} {day.year}", f"{month[:3]}. {_ordinal(day.day)}, {day.year}",
                f"{day:%Y/%m/%d}", f"{day.day} {month[:3]} {day.year}",
            ]
        )  # fmt: skip

    def street(self) -> str:
        """House number and street, at times with a unit."""
        address = self._english[int(self.rng.integers(len(self._english)))]
        base = f"{self.rng.integers(1, 9999)} {address.street_name()} {address.street_suffix()}"
        return base + self.pick(
            [
                "",
                "",
                "",
                f", Apt {self.rng.integers(1, 90)}",
                f" Unit {self.rng.integers(1, 40)}B",
                f" #{self.number(3)}",
            ]
        )

    def city(self) -> str:
        """A town of an English-speaking country."""
        return str(self._english[int(self.rng.integers(len(self._english)))].city())

    def state(self) -> str:
        """A postal abbreviation."""
        return str(self._english[0].state(abbr=True))

    def phone(self) -> str:
        """A North American or international number in one of many forms."""
        a, b, c = (
            f"{self.rng.integers(201, 989)}",
            f"{self.rng.integers(200, 999)}",
            f"{self.rng.integers(0, 9999):04d}",
        )
        return self.pick(
            [f"({a}) {b}-{c}", f"{a}-{b}-{c}", f"{a}.{b}.{c}", f"+1 {a} {b} {c}", f"1-{a}-{b}-{c}", f"{a} {b} {c}",
             f"+44 20 {self.number(4)} {self.number(4)}", f"+49 {self.number(3)} {self.number(7)}", f"{a}-{b}-{c} ext. {self.number(3)}",
             f"+61 {self.rng.integers(2, 8)} {self.number(4)} {self.number(4)}", f"+33 {self.rng.integers(1, 9)} {self.number(2)} {self.number(2)} {self.number(2)} {self.number(2)}"]
        )  # fmt: skip

    def email(self) -> str:
        """An address at a made-up host."""
        first, last = (re.sub(r"[^a-z]", "", name.lower()) or "m" for name in (self.first(), self.last()))
        host = self.made_up().lower()
        return self.pick(
            [
                f"{first}.{last}@{host}.com",
                f"{first[0]}{last}{self.number(2)}@{host}mail.net",
                f"{last}_{first}@mail.{host}.org",
                f"{first}+visits@{host}.co.uk",
            ]
        )

    def ssn(self) -> str:
        """A social security number."""
        return self.pick(["{}-{}-{}", "{} {} {}"]).format(self.number(3), self.number(2), self.number(4))

    def record(self) -> str:
        """A record number as hospitals write them."""
        return self.pick(
            [
                self.number(6),
                self.number(7),
                self.number(8),
                f"H{self.number(8)}",
                f"{self.number(2)}-{self.number(2)}-{self.number(2)}",
                f"MR-{self.number(7)}",
                f"0{self.number(7)}",
            ]
        )

    def account(self) -> str:
        """An account number."""
        return self.pick([self.number(8), self.number(10), f"{self.number(4)}-{self.number(6)}", f"AC{self.number(8)}"])

    def card(self) -> str:
        """A payment card number with its Luhn digit."""
        body = self.pick(["4", "51", "52", "37"])
        body += self.number((14 if body == "37" else 15) - len(body))
        number = body + next(d for d in "0123456789" if _luhn(body + d))
        groups = (
            [number[:4], number[4:10], number[10:]]
            if len(number) == 15
            else [number[i : i + 4] for i in range(0, 16, 4)]
        )
        return self.pick(["", " ", "-"]).join(groups)

    def iban(self) -> str:
        """A German, British or French account number with its check digits."""
        country, body = self.pick(["DE", "GB", "FR"]), ""
        body = {"DE": self.number(18), "GB": "NWBK" + self.number(14), "FR": self.number(23)}[country]
        digits = "".join(str(int(char, 36)) for char in body + country + "00")
        number = f"{country}{98 - int(digits) % 97:02d}{body}"
        return number if self.rng.random() < 0.5 else " ".join(number[i : i + 4] for i in range(0, len(number), 4))

    def plan(self) -> str:
        """A member number or Medicare beneficiary identifier."""
        letters = [self.pick(_MBI) for _ in range(6)]
        mbi = f"{self.rng.integers(1, 10)}{letters[0]}{letters[1]}{self.rng.integers(10)}{letters[2]}{letters[3]}{self.rng.integers(10)}{letters[4]}{letters[5]}{self.number(2)}"
        return self.pick(
            [
                mbi,
                f"{mbi[:4]}-{mbi[4:7]}-{mbi[7:]}",
                f"W{self.number(9)}",
                f"{self.made_up()[:3].upper()}{self.number(9)}",
            ]
        )

    def npi(self) -> str:
        """A National Provider Identifier."""
        body = "1" + self.number(8)
        return body + next(d for d in "0123456789" if _luhn("80840" + body + d))

    def dea(self) -> str:
        """A DEA registration with its check digit."""
        digits = [int(char) for char in self.number(6)]
        check = (sum(digits[0::2]) + 2 * sum(digits[1::2])) % 10
        return f"{self.pick('ABFM')}{self.pick('CDGHKLMNPRSTW')}{''.join(map(str, digits))}{check}"

    def vin(self) -> str:
        """A vehicle identification number (no check digit: not every country has one)."""
        return "".join(self.pick("ABCDEFGHJKLMNPRSTUVWXYZ0123456789") for _ in range(11)) + self.number(6)

    def plate(self) -> str:
        """A licence plate."""
        return self.pick(
            [
                f"{self.pick('ABCDEFGHJK')}{self.pick('LMNPRST')}{self.pick('UVWXYZ')}-{self.number(4)}",
                f"{self.number(1)}{self.pick('ABC')}{self.pick('KLM')}{self.pick('XYZ')}{self.number(3)}",
            ]
        )

    def ip(self) -> str:
        """An address of version 4 or 6."""
        return self.pick(
            [
                ".".join(str(self.rng.integers(1, 254)) for _ in range(4)),
                "2001:db8:" + ":".join(f"{self.rng.integers(4096, 65535):x}" for _ in range(6)),
            ]
        )

    def url(self) -> str:
        """An address on the web."""
        host = self.made_up().lower()
        return self.pick(
            [
                f"https://www.{host}.com/u/{self.number(5)}",
                f"http://{host}.org/~{self.made_up().lower()}",
                f"www.{host}-family.net",
                f"https://chart.{host}.io/p?id={self.number(6)}",
            ]
        )

    def facility(self) -> str:
        """A named hospital, clinic or home."""
        return f"{self.pick([self.last, self.city, self.made_up])()} {self.pick(['Hospital', 'Medical Center', 'Clinic', 'Family Practice', 'Nursing Home', 'Health Center', 'Rehabilitation Center', 'Urgent Care'])}"

    def slot(self, name: str) -> tuple[str, str]:
        """A value and its type for a slot of a frame."""
        made: dict[str, tuple[Callable[[], str], str]] = {
            "name": (self.full, "PERSON"),
            "first": (self.first, "PERSON"),
            "last": (self.last, "PERSON"),
            "upper": (self.upper, "PERSON"),
            "lastfirst": (lambda: f"{self.last()}, {self.first()}", "PERSON"),
            "lower": (lambda: self.full().lower(), "PERSON"),
            "initials": (lambda: f"{self.pick('BCDFGHJKLM')}.{self.pick('NPRSTVWZ')}.", "PERSON"),
            "date": (self.written_date, "DATE_TIME"),
            "md": (lambda: f"{self.rng.integers(1, 13)}/{self.rng.integers(1, 29)}", "DATE_TIME"),
            "age": (lambda: f"{self.rng.integers(90, 109)}", "AGE_OVER_89"),
            "street": (self.street, "STREET_ADDRESS"),
            "city": (self.city, "CITY"),
            "zip": (lambda: f"{self.number(5)}" + self.pick(["", "", f"-{self.number(4)}"]), "ZIP_CODE"),
            "phone": (self.phone, "PHONE_NUMBER"),
            "fax": (self.phone, "FAX_NUMBER"),
            "email": (self.email, "EMAIL_ADDRESS"),
            "ssn": (self.ssn, "US_SSN"),
            "mrn": (self.record, "MEDICAL_RECORD_NUMBER"),
            "account": (self.account, "ACCOUNT_NUMBER"),
            "card": (self.card, "ACCOUNT_NUMBER"),
            "iban": (self.iban, "ACCOUNT_NUMBER"),
            "plan": (self.plan, "HEALTH_PLAN_NUMBER"),
            "npi": (self.npi, "LICENSE_NUMBER"),
            "dea": (self.dea, "LICENSE_NUMBER"),
            "licence": (lambda: f"{self.pick('ABCDEFKLMNS')}{self.number(7)}", "LICENSE_NUMBER"),
            "passport": (lambda: self.pick([self.number(9), f"{self.pick('CEKLMPX')}{self.number(8)}"]), "LICENSE_NUMBER"),
            "vin": (self.vin, "VEHICLE_ID"),
            "plate": (self.plate, "VEHICLE_ID"),
            "device": (lambda: self.pick([f"{self.made_up()[:3].upper()}{self.number(6)}", self.number(9), f"{self.number(4)}-{self.number(5)}"]), "DEVICE_ID"),
            "url": (self.url, "URL"),
            "ip": (self.ip, "IP_ADDRESS"),
            "bio": (lambda: self.pick([f"FP{self.number(7)}", f"{self.number(4)}-{self.number(4)}", f"BX-{self.number(6)}"]), "BIOMETRIC_ID"),
            "facility": (self.facility, "FACILITY"),
        }  # fmt: skip
        make, entity_type = made[name]
        return make(), entity_type

    def fill(self, frame: str, shape: str) -> Sample:
        """A frame with every ``[[slot]]`` filled and ``{state}`` and ``{word}`` written in unlabelled."""
        text, truths = "", []
        for place, part in enumerate(re.split(r"\[\[(\w+)\]\]", frame.replace("{state}", self.state()))):
            if place % 2:
                value, entity_type = self.slot(part)
                truths.append(Truth(len(text), len(text) + len(value), entity_type))
                text += value
            else:
                text += part
        return Sample(text, tuple(truths), shape)


def _ordinal(day: int) -> str:
    return f"{day}{'th' if 10 < day < 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


def _luhn(number: str) -> bool:
    total = 0
    for place, char in enumerate(reversed(number)):
        value = int(char) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
