"""What a certified coder found odd in generated notes and what must not come back: payers, indications, values, ages."""

from __future__ import annotations

from datetime import date

import pytest

from ghostchart.schemas.canonical import stream
from ghostchart.schemas.clinical import Encounter, SyntheticPatient
from ghostchart.schemas.screening import OpenScreen
from ghostchart.synth.encounters.draws import Draws as EncounterDraws
from ghostchart.synth.encounters.indications import is_indicated
from ghostchart.synth.encounters.measurements import creatinine_of, egfr_of, fit_labs
from ghostchart.synth.encounters.plausibility import service_fits
from ghostchart.synth.notes.draws import Draws
from ghostchart.synth.notes.own_templates import templates_for
from ghostchart.synth.notes.surrogates import SurrogatePool
from ghostchart.synth.policy.payer import has_medicare
from tests.synth.test_encounters import facts_of, one

OLD, YOUNG = date(1950, 1, 1), date(1990, 1, 1)


def services(encounter: Encounter) -> list[str]:
    return [fact.concept.partition(":")[2] for fact in facts_of(encounter, "procedure")]


@pytest.mark.parametrize(
    ("rows", "birth", "expected"),
    [
        ("90662 90471", OLD, {"90662", "G0008"}),
        ("90656 90471", YOUNG, {"90656", "90471"}),
        ("90662 90750 90471 90472", OLD, {"90662", "G0008", "90750", "90471"}),
        ("90662 90677 90471 90472", OLD, {"90662", "G0008", "90677", "G0009"}),
        ("90715 90471", OLD, {"90715", "90471"}),
        ("90656 90715 90471", YOUNG, {"90656", "90715", "90471", "90472"}),
        ("90480", OLD, {"90480"}),
        ("90656 90662 90471", OLD, {"90662", "G0008"}),
    ],
)
def test_one_payer_decides_who_gives_a_vaccine(rows: str, birth: date, expected: set[str]) -> None:
    assert set(services(one("I10 Z23", procedures=rows, birth=birth))) == expected


def test_payer_is_a_matter_of_age_unless_stated() -> None:
    assert has_medicare(65) and not has_medicare(64)
    assert has_medicare(40, "medicare") and not has_medicare(80, "commercial")


@pytest.mark.parametrize(
    ("service", "codes", "fits"),
    [
        ("73030", "M25.511", True),
        ("73030", "M25.561 I10", False),
        ("27447", "M17.11", True),
        ("27447", "M16.11", False),
        ("47562", "K80.20", True),
        ("47562", "M17.11", False),
        ("36415", "M17.11", True),
    ],
)
def test_services_of_one_place_need_a_condition_there(service: str, codes: str, fits: bool) -> None:
    assert is_indicated(service, tuple(codes.split())) is fits
    assert (service in services(one(codes, procedures=service))) is fits


@pytest.mark.parametrize(("age", "sex"), [(30, "F"), (30, "M"), (70, "F"), (85, "M")])
@pytest.mark.parametrize("egfr", [6.0, 25.0, 52.0, 75.0, 105.0])
def test_creatinine_and_filtration_are_two_sides_of_one_equation(egfr: float, age: int, sex: str) -> None:
    assert egfr_of(creatinine_of(egfr, age, sex), age, sex) == pytest.approx(egfr)  # type: ignore[arg-type]


def test_filtration_by_hand() -> None:
    # 60-year-old woman, 1.4 mg/dL: 142 * 1.012 * 0.9938**60 * (1.4/0.7)**-1.2 = 98.95 * 0.43528 = 43.07
    assert egfr_of(1.4, 60, "F") == pytest.approx(43.07, abs=0.05)


@pytest.mark.parametrize(
    ("labs", "codes", "age"),
    [
        ({"creatinine_mg_dl": 0.8, "egfr_ml_min": 24.0}, ("N18.4",), 70),
        ({"creatinine_mg_dl": 0.8}, ("N18.4",), 70),
        ({"creatinine_mg_dl": 2.9, "egfr_ml_min": 96.0}, ("I10",), 50),
    ],
)
def test_creatinine_fits_the_filtration(labs: dict[str, float], codes: tuple[str, ...], age: int) -> None:
    fitted = dict(labs)
    fit_labs(fitted, codes, age, "F", EncounterDraws(5))
    shown = egfr_of(fitted["creatinine_mg_dl"], age, "F")
    assert set(fitted) == set(labs)
    assert shown == pytest.approx(fitted.get("egfr_ml_min", shown), rel=0.08)
    assert "N18.4" not in codes or 14 <= shown <= 30


def test_values_that_fit_stay_as_they_are() -> None:
    labs = {"creatinine_mg_dl": round(creatinine_of(52, 70, "F"), 2), "egfr_ml_min": 52.0}
    kept, child = dict(labs), {"creatinine_mg_dl": 0.4, "egfr_ml_min": 110.0}
    fit_labs(kept, ("N18.31",), 70, "F", EncounterDraws(5))
    fit_labs(child, ("I10",), 9, "F", EncounterDraws(5))
    assert kept == labs and child == {"creatinine_mg_dl": 0.4, "egfr_ml_min": 110.0}


@pytest.mark.parametrize(("service", "youngest"), [("27447", 35), ("45378", 16), ("66984", 35), ("E0143", 18)])
def test_services_have_a_least_age(service: str, youngest: int) -> None:
    assert service_fits(service, "F", youngest)
    assert not service_fits(service, "F", youngest - 1)


def test_no_clinician_writes_to_themselves() -> None:
    pool = SurrogatePool(stream(0, "letters"), OpenScreen())
    for seed in range(300):
        draws = Draws(seed)
        clinician = pool.clinician(draws)
        assert pool.colleague_of(clinician, draws).full != clinician.full


def test_nothing_is_copied_forward_of_a_new_patient() -> None:
    new = templates_for("office_soap", "train", new_patient=True)
    assert new and not any(template.info.id.endswith("/copy_forward") for template in new)
    assert any(template.info.id.endswith("/copy_forward") for template in templates_for("office_soap", "train"))
    patient = SyntheticPatient("p", "F", OLD)
    day = date(2026, 3, 2)
    known = Encounter("e", patient, "office", "office_soap", day, day, 76, ())
    assert not known.is_new_patient
