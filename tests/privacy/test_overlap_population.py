"""Beyond identifiers: planted visit gaps, rare combinations and unique quasi-identifiers are met; chance is not blamed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from ghostchart.privacy.identifier_forms import deletion_forms
from ghostchart.privacy.identifier_index import IdentifierIndex
from ghostchart.privacy.overlap import OverlapTally, judge_overlap
from ghostchart.privacy.overlap_population import KINDS, judge_population, measure_population
from ghostchart.privacy.overlap_search import SourceSearch
from ghostchart.schemas.ehr import TABLE_SCHEMAS, EhrTables, SourceReport, table_from_columns

KEY = bytes(range(32))
Population = Callable[[int, int, str], EhrTables]
GAPS, QUASI, RARE = KINDS


def _people(prefix: str, n: int, *, gap: int, code: str, born: int = 1950) -> EhrTables:
    """``n`` patients with five visits whose gaps, ages and codes differ from one another's."""
    columns: dict[str, dict[str, list[object]]] = {
        table: {name: [] for name in schema.names} for table, schema in TABLE_SCHEMAS.items()
    }
    for place in range(n):
        pid, day = f"{prefix}{place}", datetime(2024, 1, 1)
        row = (pid, "F" if place % 2 else "M", date(born, 1, 1) - timedelta(days=400 * place), None, "123")
        for name, value in zip(columns["patients"].values(), row, strict=True):
            name.append(value)
        for visit in range(5):
            for name, value in zip(
                columns["encounters"].values(), (f"{pid}-{visit}", pid, "office", day, day), strict=True
            ):
                name.append(value)
            day += timedelta(days=gap + 7 * place + visit)
        for name, value in zip(
            columns["conditions"].values(), (pid, f"{pid}-0", "icd10cm", f"{code}{place:02d}", 1), strict=True
        ):
            name.append(value)
    tables = {name: table_from_columns(name, values) for name, values in columns.items()}
    return EhrTables(**tables, report=SourceReport("test", ()))


def _joined(*parts: EhrTables) -> EhrTables:
    tables = {name: pa.concat_tables([getattr(part, name) for part in parts]) for name in TABLE_SCHEMAS}
    return replace(parts[0], **tables)


def _first(tables: EhrTables, n: int) -> EhrTables:
    kept = (
        tables.patients["patient_id"][:n].combine_chunks() if n else tables.patients["patient_id"][:0].combine_chunks()
    )
    cut = {
        name: getattr(tables, name).filter(pc.is_in(getattr(tables, name)["patient_id"], kept))
        for name in ("patients", "encounters", "conditions")
    }
    return replace(tables, **cut)


@pytest.fixture(scope="module")
def source() -> tuple[EhrTables, EhrTables]:
    return _people("m", 40, gap=11, code="E"), _people("h", 20, gap=500, code="K", born=1900)


def test_strangers_are_not_met(source: tuple[EhrTables, EhrTables]) -> None:
    found = measure_population(*source, [_people("s", 30, gap=2000, code="J", born=2000)], KEY)
    assert found.linked == 0
    assert {kind: figures[0] for kind, figures in found.met.items()} == dict.fromkeys(KINDS, 0)
    assert judge_population(found)[0] == []
    assert found.smallest_k is None


def test_copied_patients_are_met_in_every_way(source: tuple[EhrTables, EhrTables]) -> None:
    found = measure_population(*source, [_first(source[0], 15)], KEY)
    assert found.linked == 15
    assert found.met[GAPS][:2] == (15, 40)
    assert found.met[RARE][:2] == (15, 40)
    assert found.met[QUASI][0] == 15
    assert found.smallest_k == 1
    assert found.small_groups == (15, 15)
    reasons = " ".join(judge_population(found)[0])
    for kind in KINDS:
        assert kind in reasons
    assert "m1" not in reasons


def test_one_planted_history_is_a_disclosure(source: tuple[EhrTables, EhrTables]) -> None:
    released = _joined(_people("s", 30, gap=2000, code="J", born=2000), _first(source[0], 1))
    found = measure_population(*source, [released], KEY)
    assert found.linked == 1
    assert "1 training patient" in judge_population(found)[0][0]


def test_meeting_held_out_patients_as_often_is_coincidence(source: tuple[EhrTables, EhrTables]) -> None:
    members, held_out = source
    released = _joined(_first(members, 4), _first(held_out, 2))
    found = replace(measure_population(members, held_out, [released], KEY), linked=0)
    reasons, measures = judge_population(found)
    assert reasons == []
    gaps = next(m for m in measures if GAPS in m.name and "alone" in m.name)
    assert (gaps.value, gaps.baseline) == (4 / 40, 2 / 20)


def test_four_visits_make_no_sequence(source: tuple[EhrTables, EhrTables]) -> None:
    members = source[0]
    last = pc.ends_with(members.encounters["encounter_id"], "-4")
    short = replace(members, encounters=members.encounters.filter(pc.invert(last)))
    assert measure_population(short, source[1], [members], KEY).met[GAPS][1] == 0


def _person(tables: EhrTables, place: int) -> dict[str, str]:
    pid = tables.patients["patient_id"][place].as_py()
    return {row["entity_type"]: row["value"] for row in tables.identifiers.to_pylist() if row["patient_id"] == pid}


def test_one_letter_or_digit_left_out_is_still_met(make_population: Population) -> None:
    tables = make_population(60, 1, "m")
    index = IdentifierIndex.build(tables, make_population(20, 2, "h"), KEY)
    who = _person(tables, 7)
    first, last = who["PERSON"].split()
    phone = who["PHONE_NUMBER"]
    text = f"Patient {first} {last[:3]}{last[4:]}, phone {phone[:-2]}{phone[-1]}."
    tally = OverlapTally()
    tally.add_note("n", text, SourceSearch(index), index)
    verdict = judge_overlap(tally, index)
    assert verdict.outcome == "failed"
    assert "PHONE_NUMBER" in " ".join(verdict.reasons)
    assert index.is_taken("PERSON", f"{first} {last[:3]}{last[4:]}")


def test_short_words_and_numbers_have_no_deletion_forms() -> None:
    assert deletion_forms("PERSON", "Ann Lee") == []
    assert deletion_forms("MEDICAL_RECORD_NUMBER", "4481123") == []
    assert ("digits-1", "44811234") in deletion_forms("MEDICAL_RECORD_NUMBER", "448112345")
    assert ("name-1", "lopz maria") in deletion_forms("PERSON", "Maria Lopez")
