"""Numbers and addresses that notes carry now and then beside names and dates: e-mail, fax, member numbers, serial numbers.

They are there for the PHI scan's sake: every ledger type that a scan should find is then met in a default corpus. Values
belong to nobody: reserved mail domains, the fictional 555-01xx exchange, numbers drawn and screened.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ghostchart.synth.notes.draws import Draws
from ghostchart.synth.notes.surrogates import PatientIdentity
from ghostchart.synth.notes.writer import NoteWriter

_SHARE = 0.16
_DOMAINS = ("example.org", "example.com", "example.net")
# Letters of a Medicare Beneficiary Identifier: no S, L, O, I, B, Z (CMS, "Understanding the MBI format").
_MBI_LETTERS = "ACDEFGHJKMNPQRTUVWXY"
_NPI_PREFIX = "80840"
_SERIAL_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
# Without I, O and Q; weights of positions 1 to 17 without the ninth, the check digit (49 CFR 565.15, table V).
_VIN_CHARACTERS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_LATE = dict(zip("JKLMNPRSTUVWXYZ", (1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))


def contact_remarks(writer: NoteWriter) -> list[str]:
    """One marked sentence with a contact detail in about one note of six, else none.

    Its choices come from a generator of its own, so that the rest of the note reads the same with and without it.
    """
    identity = writer.identity
    draws = Draws(int(identity.mrn) * 1_000_003 + writer.encounter.start.toordinal())
    if not draws.chance(_SHARE):
        return []
    bank = draws.pick(tuple(_SLOTS))
    frame = draws.pick(writer.phrases.frames(bank, writer.voice, writer.split))
    values = {
        slot: writer.surrogate(entity_type, writer.free(entity_type, partial(make, identity, draws)))
        for slot, entity_type, make in _SLOTS[bank]
    }
    return [writer.fill(frame, **values)]


def email_of(identity: PatientIdentity, draws: Draws) -> str:
    """A mailbox on a domain that RFC 2606 reserves."""
    person = identity.person
    first, last = ("".join(filter(str.isalnum, name.lower())) for name in (person.first, person.last))
    name = draws.pick((f"{first}.{last}", f"{first}{last[:1]}", f"{first[:1]}{last}"))
    return f"{name}{draws.between(2, 98)}@{draws.pick(_DOMAINS)}"


def health_plan_number(_identity: PatientIdentity, draws: Draws) -> str:
    """A Medicare Beneficiary Identifier by its format, or a commercial member number."""
    if draws.chance(0.5):
        return f"{draws.pick(_SERIAL_LETTERS)}{draws.between(10**8, 10**9 - 1)}"
    kinds = "CAXNAXNAANN"  # C 1 to 9, N 0 to 9, A a letter, X either
    text = "".join(_mbi_character(kind, draws) for kind in kinds)
    return f"{text[:4]}-{text[4:7]}-{text[7:]}"


def _mbi_character(kind: str, draws: Draws) -> str:
    if kind == "A" or (kind == "X" and draws.chance(0.5)):
        return draws.pick(_MBI_LETTERS)
    return str(draws.between(1 if kind == "C" else 0, 9))


def npi(_identity: PatientIdentity, draws: Draws) -> str:
    """A National Provider Identifier with its check digit (Luhn over 80840 and the number; 45 CFR 162.406)."""
    body = f"{draws.between(1, 2)}{draws.between(10**7, 10**8 - 1)}"
    total = 0
    for place, digit in enumerate(reversed(_NPI_PREFIX + body)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return f"{body}{-total % 10}"


def _serial(_identity: PatientIdentity, draws: Draws) -> str:
    letters = draws.pick(_SERIAL_LETTERS) + draws.pick(_SERIAL_LETTERS)
    return f"{letters}{draws.between(10**6, 10**7 - 1)}"


def _fax(_identity: PatientIdentity, draws: Draws) -> str:
    return f"{draws.pick(('405', '612', '704', '802'))}-555-0{draws.between(100, 199)}"


def _url(_identity: PatientIdentity, draws: Draws) -> str:
    return f"https://portal.{draws.pick(_DOMAINS)}/v/{draws.between(10**6, 10**7 - 1)}"


def ssn(_identity: PatientIdentity, draws: Draws) -> str:
    """A number that nobody can have: areas from 900 are never assigned (SSA), groups below 50 no taxpayer number (IRS)."""
    return f"{draws.between(900, 999)}-{draws.between(10, 49)}-{draws.between(1000, 9999)}"


def vin(_identity: PatientIdentity, draws: Draws) -> str:
    """A vehicle identification number by its format whose check digit is wrong (49 CFR 565.15), so that no car has it."""
    body = [draws.pick(_VIN_CHARACTERS) for _ in range(16)]
    right = sum(weight * _vin_value(char) for weight, char in zip(_VIN_WEIGHTS, body, strict=True)) % 11
    wrong = (right + draws.between(1, 9)) % 11
    return "".join(body[:8]) + ("X" if wrong == 10 else str(wrong)) + "".join(body[8:])


def _vin_value(char: str) -> int:
    """Transliteration of table IV: digits as they are, A to H 1 to 8, J to R 1 to 9 without 6 and 8, S to Z 2 to 9."""
    return int(char) if char.isdigit() else int("12345678"[ord(char) - 65]) if char <= "H" else _VIN_LATE[char]


def _ip(_identity: PatientIdentity, draws: Draws) -> str:
    """An address of the blocks that RFC 5737 keeps for documentation."""
    return f"{draws.pick(('192.0.2', '198.51.100', '203.0.113'))}.{draws.between(1, 254)}"


def _biometric(_identity: PatientIdentity, draws: Draws) -> str:
    return f"BT-{draws.between(10**7, 10**8 - 1)}"


_Slot = tuple[str, str, Callable[[PatientIdentity, Draws], str]]
_SLOTS: dict[str, tuple[_Slot, ...]] = {
    "contact.email": (("email", "EMAIL_ADDRESS", email_of),),
    "contact.fax": (("fax", "FAX_NUMBER", _fax),),
    "contact.plan": (("plan", "HEALTH_PLAN_NUMBER", health_plan_number),),
    "contact.npi": (("npi", "LICENSE_NUMBER", npi),),
    "contact.device": (("device", "DEVICE_ID", _serial),),
    "contact.url": (("url", "URL", _url),),
    "contact.ssn": (("ssn", "US_SSN", ssn),),
    "contact.vehicle": (("vehicle", "VEHICLE_ID", vin),),
    "contact.ip": (("ip", "IP_ADDRESS", _ip),),
    "contact.biometric": (("biometric", "BIOMETRIC_ID", _biometric),),
    "contact.phone": (("phone", "PHONE_NUMBER", lambda identity, _: identity.phone),),
    "contact.address": (
        ("street", "STREET_ADDRESS", lambda identity, _: identity.street),
        ("city", "CITY", lambda identity, _: identity.city),
        ("zip", "ZIP_CODE", lambda identity, _: identity.zip_code),
    ),
}
