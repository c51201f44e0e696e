"""Canaries: found where they are handed on, absent where not; exposure by hand and at its noise floor."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ghostchart.privacy.attacks.patient_canaries import find_canaries, plant_patients
from ghostchart.privacy.attacks.token_canaries import (
    COPIES,
    NOISE_FLOOR_BITS,
    draw_token_canaries,
    exposure,
    exposure_measures,
    plant_in_notes,
)
from ghostchart.schemas.ehr import EhrTables

Population = Callable[[int, int, str], EhrTables]
CODES = [f"Q{number:02d}.{place}" for number in range(10, 30) for place in range(10)]


def test_planted_patients_are_found_in_a_copy_and_nowhere_else(make_population: Population) -> None:
    hospital = make_population(100, 1, "s")
    planted, canaries = plant_patients(hospital, CODES, [1] * 5 + [4] * 3, np.random.default_rng(1))
    assert planted.n_patients == 100 + 5 + 12
    assert len({code for canary in canaries for code in canary.codes}) == 16
    for finding in find_canaries(canaries, planted):
        assert finding.either_code == finding.both_codes == finding.all_vitals == finding.canary.copies
    for finding in find_canaries(canaries, make_population(200, 2, "y")):
        assert (finding.either_code, finding.both_codes, finding.all_vitals) == (0, 0, 0)
    assert plant_patients(hospital, CODES, [1, 4], np.random.default_rng(1))[0].patients.equals(
        plant_patients(hospital, CODES, [1, 4], np.random.default_rng(1))[0].patients
    )


def test_codes_that_patients_have_are_no_canaries(make_population: Population) -> None:
    hospital = make_population(100, 1, "s")
    present = sorted(set(hospital.conditions["code"].to_pylist()))
    with pytest.raises(ValueError, match="unused codes"):
        plant_patients(hospital, present, [1], np.random.default_rng(1))


def test_sequences_are_planted_as_often_as_they_say_and_references_never() -> None:
    canaries = draw_token_canaries(np.random.default_rng(1), per_level=3)
    assert len(canaries.references) == 1000
    texts = plant_in_notes([f"note {number}" for number in range(100)], canaries, np.random.default_rng(2))
    whole = "\n".join(texts)
    for canary in canaries.planted:
        assert whole.count(canary.text) == canary.copies
    assert not any(reference in whole for reference in canaries.references)
    assert {canary.copies for canary in canaries.planted} == set(COPIES)
    assert sum(text != f"note {number}" for number, text in enumerate(texts)) == 3 * sum(COPIES)
    with pytest.raises(ValueError, match="63 canary copies need as many notes"):
        plant_in_notes(["a"] * 62, canaries, np.random.default_rng(2))
    with pytest.raises(ValueError, match="at least 1000 references"):
        draw_token_canaries(np.random.default_rng(1), references=999)


def test_exposure_by_hand() -> None:
    references = np.arange(1.0, 1024.0)  # 1,023 of them
    assert exposure(0.5, references) == 10.0  # best of 1,024
    assert exposure(1.0, references) == 9.0  # tied with the best: second
    assert exposure(2000.0, references) == 0.0


def test_unlearnt_canaries_stand_at_the_noise_floor_and_learnt_ones_do_not() -> None:
    rng = np.random.default_rng(3)
    references = rng.normal(5, 1, 4000).tolist()
    means = [
        exposure_measures({1: rng.normal(5, 1, 8).tolist()}, references, 0.01)[0][0].value or 0 for _ in range(300)
    ]
    assert np.mean(means) == pytest.approx(NOISE_FLOOR_BITS, abs=0.1)
    measures, reasons = exposure_measures(
        {1: rng.normal(5, 1, 8).tolist(), 4: rng.normal(3, 1, 8).tolist(), 16: [0.1] * 8}, references, 0.01
    )
    assert reasons == []
    assert [measure.name for measure in measures] == [
        "canaries at 1 copy: mean exposure (bits)",
        "canaries at 4 copies: mean exposure (bits)",
        "canaries at 16 copies: mean exposure (bits)",
    ]
    values = [measure.value or 0 for measure in measures]
    assert values == sorted(values)
    assert values[2] == pytest.approx(np.log2(4001))
    assert exposure_measures({1: [0.1] * 8}, references, 0.01)[1][0].startswith("sequences that stood in one training")
    with pytest.raises(ValueError, match="at least 1000 references"):
        exposure_measures({1: [1.0]}, [1.0] * 10, 0.01)


def test_clean_models_hardly_ever_fail() -> None:
    rng = np.random.default_rng(4)
    references = rng.normal(5, 1, 1000).tolist()
    failed = sum(bool(exposure_measures({1: rng.normal(5, 1, 8).tolist()}, references, 0.01)[1]) for _ in range(300))
    assert failed <= 9
