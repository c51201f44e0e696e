"""Contact details in notes: numbers by their public formats, every one in the ledger, the rest of the note untouched."""

from __future__ import annotations

import re
from datetime import date

import pytest

from ghostchart.synth.notes.contacts import email_of, health_plan_number, npi, ssn, vin
from ghostchart.synth.notes.draws import Draws
from ghostchart.synth.notes.preview import preview
from ghostchart.synth.notes.surrogates import PatientIdentity, Person
from ghostchart.synth.notes.template_files import list_templates

SOMEBODY = PatientIdentity(
    Person("Ana", "O'Test"), date(1950, 1, 1), "1234567890", "405-555-0100", "1 Test Way", "X", "00000"
)
CONTACTS = {
    "EMAIL_ADDRESS",
    "FAX_NUMBER",
    "HEALTH_PLAN_NUMBER",
    "LICENSE_NUMBER",
    "DEVICE_ID",
    "URL",
    "US_SSN",
    "VEHICLE_ID",
    "IP_ADDRESS",
    "BIOMETRIC_ID",
}


def test_npi_check_digit_of_the_published_example() -> None:
    """CMS's example: 123456789 has check digit 3; ours end in the digit that makes Luhn over 80840 and the number 0."""

    def luhn(text: str) -> int:
        digits = [int(digit) for digit in reversed(text)]
        return (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10

    assert luhn("808401234567893") == 0
    for seed in range(50):
        number = npi(SOMEBODY, Draws(seed))
        assert re.fullmatch(r"[12]\d{9}", number)
        assert luhn("80840" + number) == 0


@pytest.mark.parametrize("seed", range(20))
def test_mbi_has_the_published_format(seed: int) -> None:
    letter = "[AC-HJKMNP-RT-Y]"
    mbi = rf"[1-9]{letter}[0-9AC-HJKMNP-RT-Y]\d-{letter}[0-9AC-HJKMNP-RT-Y]\d-{letter}{letter}\d\d"
    assert re.fullmatch(rf"{mbi}|[A-Z]\d{{9}}", health_plan_number(SOMEBODY, Draws(seed)))


def test_mail_goes_to_reserved_domains_only() -> None:
    for seed in range(20):
        assert re.fullmatch(r"[a-z.]+\d{1,2}@example\.(org|com|net)", email_of(SOMEBODY, Draws(seed)))


def test_every_contact_detail_is_in_the_ledger() -> None:
    seen: set[str] = set()
    for info in list_templates():
        for seed in range(3):
            note = preview(info.id, seed)
            found = {entry.entity_type for entry in note.surrogates} & CONTACTS
            seen |= found
            if "@example." in note.text:
                assert "EMAIL_ADDRESS" in found
            if "NPI " in note.text:
                assert "LICENSE_NUMBER" in found
    assert len(seen) >= 4


def _check_digit(number: str) -> str:
    """49 CFR 565.15: values of table IV, weights of table V, remainder by 11, X for 10."""
    values = {char: (place % 9) + 1 for place, char in enumerate("ABCDEFGHI")}
    values |= dict(zip("JKLMN", range(1, 6), strict=True)) | {"P": 7, "R": 9}
    values |= dict(zip("STUVWXYZ", range(2, 10), strict=True)) | {str(digit): digit for digit in range(10)}
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    rest = sum(weight * values[char] for weight, char in zip(weights, number, strict=True)) % 11
    return "X" if rest == 10 else str(rest)


def test_no_car_has_the_vehicle_number_and_nobody_the_social_security_number() -> None:
    assert _check_digit("1M8GDM9AXKP042788") == "X"  # a number often printed as the example of a valid one
    for seed in range(200):
        number = vin(SOMEBODY, Draws(seed))
        assert re.fullmatch(r"[A-HJ-NPR-Z0-9]{17}", number)
        assert number[8] != _check_digit(number)
        area, group, serial = ssn(SOMEBODY, Draws(seed)).split("-")
        assert (900 <= int(area) <= 999, 1 <= int(group) < 50, serial != "0000") == (True, True, True)
