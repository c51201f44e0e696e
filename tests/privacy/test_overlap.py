"""Source overlap: coincidences are told from disclosures, and a disclosure is named and masked."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ghostchart.privacy.identifier_index import IdentifierIndex
from ghostchart.privacy.masking import masked, masked_context
from ghostchart.privacy.overlap import OverlapTally, judge_overlap
from ghostchart.privacy.overlap_search import SourceSearch
from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.verdict import Verdict

KEY = bytes(range(32))
Population = Callable[[int, int, str], EhrTables]


@pytest.fixture(scope="module")
def sources(make_population: Population) -> tuple[EhrTables, EhrTables]:
    return make_population(200, 1, "m"), make_population(50, 2, "h")


@pytest.fixture(scope="module")
def index(sources: tuple[EhrTables, EhrTables]) -> IdentifierIndex:
    return IdentifierIndex.build(*sources, KEY)


def _person(tables: EhrTables, place: int) -> dict[str, str]:
    pid = tables.patients["patient_id"][place].as_py()
    return {row["entity_type"]: row["value"] for row in tables.identifiers.to_pylist() if row["patient_id"] == pid}


def _judge(index: IdentifierIndex, *texts: str) -> tuple[Verdict, OverlapTally]:
    search, tally = SourceSearch(index), OverlapTally()
    for place, text in enumerate(texts):
        tally.add_note(f"note-{place}", text, search, index)
    return judge_overlap(tally, index), tally


def _us_date(iso: str) -> str:
    year, month, day = iso.split("-")
    return f"{int(month)}/{int(day)}/{year}"


def test_clean_notes_pass(index: IdentifierIndex) -> None:
    verdict, tally = _judge(index, "Patient: Some Body, MRN 99887766. Seen 3/4/2025, BP 148/92. Call (555) 010-0101.")
    assert verdict.outcome == "passed"
    assert tally.notes == 1
    assert {measure.name for measure in verdict.measures} >= {
        "training patients: unique identifier met",
        "held-out patients: unique identifier met",
    }


@pytest.mark.parametrize("case", [str, str.upper, str.lower])
def test_name_and_birth_date_of_one_patient_fail_named_and_masked(
    index: IdentifierIndex, sources: tuple[EhrTables, EhrTables], case: Callable[[str], str]
) -> None:
    who = _person(sources[0], 7)
    verdict, tally = _judge(
        index, "Clean.", case(f"Patient {who['PERSON']} (born {_us_date(who['DATE_TIME'])}) has a cough.")
    )
    assert verdict.outcome == "failed"
    told = " ".join(verdict.reasons)
    assert "disclosure" in told
    assert "note-1" in told
    assert "PERSON" in told
    assert "DATE_TIME" in told
    assert "training patient" in told
    assert "digest" in told
    everything = verdict.model_dump_json() + repr(tally.linked_findings)
    for value in (who["PERSON"], *who["PERSON"].split(), _us_date(who["DATE_TIME"]), who["DATE_TIME"]):
        assert value.casefold() not in everything.casefold()
    assert {item.entity_type for item in tally.linked_findings} == {"PERSON", "DATE_TIME"}


@pytest.mark.parametrize("second", ["MEDICAL_RECORD_NUMBER", "PHONE_NUMBER", "STREET_ADDRESS"])
def test_name_with_any_second_attribute_fails(
    index: IdentifierIndex, sources: tuple[EhrTables, EhrTables], second: str
) -> None:
    who = _person(sources[0], 11)
    first, last = who["PERSON"].split()
    verdict, _ = _judge(index, f"{last}, {first}\nSeen today.\n\nOn file: {who[second]}.")
    assert verdict.outcome == "failed"
    assert second in " ".join(verdict.reasons)


def test_a_name_alone_may_coincide(index: IdentifierIndex, sources: tuple[EhrTables, EhrTables]) -> None:
    who = _person(sources[0], 3)
    verdict, tally = _judge(index, f"Patient: {who['PERSON']}, seen 1/2/2025 in Springfield.")
    assert verdict.outcome == "passed"
    assert len(tally.named[True]) == 1
    assert tally.name_findings[0].kind == "full name alone"


def test_attributes_of_two_patients_do_not_make_one(
    index: IdentifierIndex, sources: tuple[EhrTables, EhrTables]
) -> None:
    one, other = _person(sources[0], 3), _person(sources[0], 5)
    assert one["DATE_TIME"] != other["DATE_TIME"]
    verdict, tally = _judge(index, f"{one['PERSON']}, born {other['DATE_TIME']}.")
    assert verdict.outcome == "passed"
    assert not tally.linked[True]


def test_a_unique_identifier_alone_fails(index: IdentifierIndex, sources: tuple[EhrTables, EhrTables]) -> None:
    who = _person(sources[0], 9)
    verdict, tally = _judge(index, f"Old record {who['MEDICAL_RECORD_NUMBER']} was merged.")
    assert verdict.outcome == "failed"
    assert "unique to a person" in verdict.reasons[0]
    assert who["MEDICAL_RECORD_NUMBER"] not in verdict.model_dump_json() + repr(tally.unique_findings)


def test_unique_matches_at_the_held_out_rate_are_coincidence(
    index: IdentifierIndex, sources: tuple[EhrTables, EhrTables]
) -> None:
    member, stranger = _person(sources[0], 9), _person(sources[1], 9)
    verdict, _ = _judge(index, f"No. {member['MEDICAL_RECORD_NUMBER']}", f"No. {stranger['MEDICAL_RECORD_NUMBER']}")
    assert verdict.outcome == "passed"  # 1 of 200 against 1 of 50
    rate = next(m for m in verdict.measures if m.name == "training patients: unique identifier met")
    assert (rate.value, rate.baseline) == (1 / 200, 1 / 50)
    assert rate.ci is not None


def test_too_many_training_names_fail(index: IdentifierIndex, sources: tuple[EhrTables, EhrTables]) -> None:
    names = [_person(sources[0], place)["PERSON"] for place in range(40)]
    verdict, _ = _judge(index, *[f"Patient: {name}" for name in names])
    assert verdict.outcome == "failed"
    assert "Fisher" in verdict.reasons[0]
    strangers = [_person(sources[1], place)["PERSON"] for place in range(10)]
    assert _judge(index, *[f"Patient: {name}" for name in names + strangers])[0].outcome == "passed"


def test_parts_of_numbers_do_not_match(index: IdentifierIndex, sources: tuple[EhrTables, EhrTables]) -> None:
    number = _person(sources[0], 9)["MEDICAL_RECORD_NUMBER"]
    for text in (f"No. 9{number}", f"No. {number}-22", f"12-{number}", f"0.{number}"):
        assert not SourceSearch(index).matches(text), text


def test_masks_show_shape_only() -> None:
    assert masked("John Doe") == "J*** D**"
    assert masked("(555) 201-3344") == "(***) ***-****"
    assert masked("A-1234567") == "*-*******"
    text = "Patient John Doe, MRN 448812, came today."
    assert masked_context(text, 8, 16) == "Patient **** ***, MRN ******, came today."
