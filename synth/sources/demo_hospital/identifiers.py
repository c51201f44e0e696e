"""Fake but complete identifiers for the demo hospital's patients, drawn with a seeded Faker."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date

_AREA_CODES = (203, 212, 215, 305, 312, 404, 415, 503, 512, 602, 617, 702, 713, 801, 913, 919)


def _ssn(rng: random.Random) -> str:
    # 9xx never opens a real social security number (SSA: 000, 666 and 900-999 are not issued).
    return f"{rng.randint(900, 999)}-{rng.randint(10, 99)}-{rng.randint(1000, 9999)}"


def draw_identifiers(
    seed: int, female: Sequence[bool], birth_dates: Sequence[date], patient_ids: Sequence[str]
) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Rows (patient id, entity type, value) for every patient, and each patient's first three ZIP digits.

    Entity types as in ``ghostchart.schemas.note.ENTITY_TYPES``; birth dates stand as DATE_TIME in ISO form. Record,
    account and plan numbers never repeat.
    """
    from faker import Faker

    fake = Faker("en_US")
    fake.seed_instance(seed)
    rng = random.Random(seed ^ 0x5EED)
    n = len(patient_ids)
    records = rng.sample(range(1_000_000, 9_999_999), n)
    accounts = rng.sample(range(100_000_000, 999_999_999), n)
    rows: list[tuple[str, str, str]] = []
    zip3: list[str] = []
    for i, patient_id in enumerate(patient_ids):
        first = fake.first_name_female() if female[i] else fake.first_name_male()
        last = fake.last_name()
        zip_code = f"{rng.randint(10, 999):03d}{rng.randint(1, 99):02d}"
        zip3.append(zip_code[:3])
        address = f"{rng.randint(1, 9899)} {fake.street_name()}"
        if rng.random() < 0.2:
            address += f" Apt {rng.randint(1, 480)}"
        phone = f"({rng.choice(_AREA_CODES)}) {rng.randint(200, 999)}-{rng.randint(0, 9999):04d}"
        values = {
            "PERSON": f"{first} {last}",
            "DATE_TIME": birth_dates[i].isoformat(),
            "STREET_ADDRESS": address,
            "CITY": fake.city(),
            "ZIP_CODE": zip_code,
            "PHONE_NUMBER": phone,
            "EMAIL_ADDRESS": f"{first}.{last}{rng.randint(1, 999)}@example.{rng.choice(('com', 'net', 'org'))}".lower(),
            "US_SSN": _ssn(rng),
            "MEDICAL_RECORD_NUMBER": f"MRN{records[i]}",
            "ACCOUNT_NUMBER": f"A{accounts[i]}",
            "HEALTH_PLAN_NUMBER": f"HP{rng.randint(10**9, 10**10 - 1)}",
        }
        rows.extend((patient_id, entity_type, value) for entity_type, value in values.items())
    return rows, zip3
