"""Normal forms and the keyed index of source identifiers."""

from __future__ import annotations

import pickle
import stat
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ghostchart.privacy.identifier_forms import address_forms, forms_of, iso_dates, name_forms, number_forms
from ghostchart.privacy.identifier_index import IdentifierIndex
from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.errors import InputError

KEY = bytes(range(32))
Population = Callable[[int, int, str], EhrTables]


@pytest.fixture(scope="module")
def index(make_population: Population) -> IdentifierIndex:
    return IdentifierIndex.build(make_population(40, 1, "m"), make_population(10, 2, "h"), KEY)


@pytest.fixture(scope="module")
def someone(make_population: Population) -> dict[str, str]:
    rows = make_population(40, 1, "m").identifiers.to_pylist()
    return {row["entity_type"]: row["value"] for row in rows if row["patient_id"] == "m00003"}


@pytest.mark.parametrize(
    ("written", "same"),
    [("Maria J. Lopez", "LOPEZ, MARIA"), ("Dr. José Núñez-Ortiz", "nunez ortiz jose"), ("Ann O'Neil", "ONEIL ANN")],
)
def test_spellings_of_one_name_share_a_form(written: str, same: str) -> None:
    assert set(name_forms(written)) & set(name_forms(same))


@pytest.mark.parametrize("value", ["Lopez", "Dr. Lopez", "M. Lopez", ""])
def test_half_a_name_has_no_form(value: str) -> None:
    assert name_forms(value) == []


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("1956-07-09", "1956-07-09"),
        ("07/09/1956", "1956-07-09"),
        ("7/9/56", "1956-07-09"),
        ("July 9, 1956", "1956-07-09"),
        ("9 Jul 1956", "1956-07-09"),
        ("09-Jul-1956", "1956-07-09"),
        ("9th of July 1956", "1956-07-09"),
        ("19560709", "1956-07-09"),
    ],
)
def test_written_dates_become_iso(written: str, iso: str) -> None:
    assert iso in iso_dates(written)


@pytest.mark.parametrize("written", ["13/32/1956", "1956", "148/92", "July", "99/99/99"])
def test_what_is_no_date_has_no_form(written: str) -> None:
    assert iso_dates(written) == []


def test_numbers_match_with_and_without_separators() -> None:
    assert set(number_forms("(555) 201-3344")) & set(number_forms("+1 555.201.3344"))
    assert set(number_forms("MRN-00448812")) & set(number_forms("448812"))
    assert set(number_forms("1EG4-TE5-MK73")) & set(number_forms("1eg4te5mk73"))
    assert number_forms("12345") == []


def test_addresses_match_however_abbreviated() -> None:
    assert address_forms("123 North Main Street, Apt 4") == address_forms("123 N. Main St #4, Springfield")
    assert address_forms("Main Street") == []


def test_taken_however_written(index: IdentifierIndex, someone: dict[str, str]) -> None:
    first, last = someone["PERSON"].split()
    assert index.is_taken("PERSON", f"{last.upper()}, {first}")
    assert index.is_taken("MEDICAL_RECORD_NUMBER", f"MRN {someone['MEDICAL_RECORD_NUMBER']}")
    assert index.is_taken("PHONE_NUMBER", someone["PHONE_NUMBER"].replace("(", "").replace(") ", "."))
    assert index.is_taken("STREET_ADDRESS", someone["STREET_ADDRESS"].split(",")[0].replace("Lane", "Ln"))
    # An account number that equals a record number is a hit as well: both tell one person.
    assert index.is_taken("ACCOUNT_NUMBER", someone["MEDICAL_RECORD_NUMBER"])


def test_a_number_inside_an_address_is_taken_too(index: IdentifierIndex, someone: dict[str, str]) -> None:
    """The search of the corpus meets the number wherever it stands, so a fake link must not hold one either."""
    digits = "".join(filter(str.isdigit, someone["MEDICAL_RECORD_NUMBER"]))
    assert index.is_taken("URL", f"https://portal.example.org/v/{digits}")
    assert index.is_taken("EMAIL_ADDRESS", f"nobody.{digits}@example.org")
    assert not index.is_taken("URL", "https://portal.example.org/v/99999999")
    assert index.is_taken("IP_ADDRESS", f"{digits[:3]}.{digits[3:5]}.{digits[5:6]}.{digits[6:]}")
    assert not index.is_taken("IP_ADDRESS", "203.0.113.7")


def test_not_taken(index: IdentifierIndex, someone: dict[str, str]) -> None:
    first, last = someone["PERSON"].split()
    assert not index.is_taken("PERSON", "Nobody Here")
    assert not index.is_taken("PERSON", last)
    assert not index.is_taken("PERSON", first)
    assert not index.is_taken("DATE_TIME", someone["DATE_TIME"])
    assert not index.is_taken("CITY", "Springfield")
    assert not index.is_taken("MEDICAL_RECORD_NUMBER", "99999999")


def test_entries_of_one_patient_share_an_ordinal(index: IdentifierIndex, someone: dict[str, str]) -> None:
    patients = {
        entry.patient
        for kind in ("PERSON", "MEDICAL_RECORD_NUMBER", "PHONE_NUMBER")
        for form in forms_of(kind, someone[kind])
        for entry in index.look_up(form)
    }
    assert len(patients) == 1
    entry = index.look_up(forms_of("MEDICAL_RECORD_NUMBER", someone["MEDICAL_RECORD_NUMBER"])[0])[0]
    assert entry.member


def test_birth_dates_come_from_the_patients_table_too(make_population: Population) -> None:
    train = make_population(5, 1, "m")
    bare = EhrTables(**{**vars(train), "identifiers": train.identifiers.slice(0, 0)})
    built = IdentifierIndex.build(bare, make_population(2, 2, "h"), KEY)
    born = train.patients["birth_date"][0].as_py().isoformat()
    assert built.look_up(("date", born))


def test_survives_pickling_and_saving(index: IdentifierIndex, someone: dict[str, str], tmp_path: Path) -> None:
    index.is_taken("PERSON", "warm the cache")
    index.save(tmp_path / "index")
    for other in (pickle.loads(pickle.dumps(index)), IdentifierIndex.load(tmp_path / "index")):
        assert other.is_taken("PERSON", someone["PERSON"])
        assert (other.n_members, other.n_holdout) == (40, 10)
    assert stat.S_IMODE((tmp_path / "index" / "index.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "index").stat().st_mode) == 0o700


def test_stores_no_readable_value(index: IdentifierIndex, someone: dict[str, str], tmp_path: Path) -> None:
    index.save(tmp_path)
    table = pq.read_table(tmp_path / "identifiers.parquet")
    raw = (tmp_path / "identifiers.parquet").read_bytes()
    assert set(table.column_names) == {"hash", "entity_type", "patient", "member"}
    for value in someone.values():
        assert value.encode() not in raw
        assert value.casefold().encode() not in raw
    assert someone["PERSON"] not in repr(index)
    assert KEY.hex() not in repr(index)


def test_another_key_gives_other_hashes(make_population: Population, index: IdentifierIndex) -> None:
    other = IdentifierIndex.build(make_population(40, 1, "m"), make_population(10, 2, "h"), bytes(32))
    assert not set(other.table["hash"].to_pylist()) & set(index.table["hash"].to_pylist())


def test_a_short_key_and_a_missing_file_are_refused(make_population: Population, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="16 bytes"):
        IdentifierIndex.build(make_population(1, 1, "m"), make_population(1, 2, "h"), b"short")
    with pytest.raises(InputError, match="missing or damaged"):
        IdentifierIndex.load(tmp_path)
