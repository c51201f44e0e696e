"""Attribute inference, singling out, linkability: no excess on strangers, an excess where patients are handed out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from ghostchart.privacy.attacks.disclosure import infer_hidden_diagnosis, link, single_out
from ghostchart.privacy.attacks.features import FeatureSpace
from ghostchart.privacy.disclosure import run_disclosure
from ghostchart.privacy.policy import load_policy
from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.verdict import Verdict

Population = Callable[[int, int, str], EhrTables]


@pytest.fixture(scope="module")
def hospital(make_population: Population) -> tuple[EhrTables, EhrTables]:
    everyone = make_population(1500, 1, "s")
    ids = everyone.patients["patient_id"].combine_chunks()
    order = np.random.default_rng(0).permutation(1500)
    return everyone.restrict(ids.take(pa.array(order[:1200]))), everyone.restrict(ids.take(pa.array(order[1200:])))


def _run(hospital: tuple[EhrTables, EhrTables], synthetic: EhrTables) -> Verdict:
    return run_disclosure(*hospital, synthetic, load_policy(), np.random.SeedSequence(3))


def test_strangers_disclose_nothing_beyond_the_population(
    hospital: tuple[EhrTables, EhrTables], make_population: Population
) -> None:
    verdict = _run(hospital, make_population(500, 2, "y"))
    assert verdict.outcome == "passed", verdict.reasons
    by_name = {measure.name: measure for measure in verdict.measures}
    for attack in ("attribute inference", "singling out", "linkability"):
        excess = by_name[f"{attack}: excess over held-out patients"]
        assert excess.ci is not None
        assert excess.ci[0] <= 0 <= excess.ci[1] <= 0.09
        for part in ("against training patients", "against held-out patients", "by guessing"):
            assert by_name[f"{attack}: {part}"].value is not None
    for attack in ("attribute inference", "linkability"):
        planted = by_name[f"{attack}: with planted copies of 5 %"].value
        assert planted is not None
        assert planted > 0.9
    assert verdict == _run(hospital, make_population(500, 2, "y"))


def test_handing_out_the_training_patients_fails_by_every_attack(hospital: tuple[EhrTables, EhrTables]) -> None:
    verdict = _run(hospital, hospital[0])
    assert verdict.outcome == "failed"
    said = " ".join(verdict.reasons)
    for attack in ("attribute inference", "singling out", "linkability"):
        assert attack in said


def test_too_few_patients_say_how_many_it_takes(hospital: tuple[EhrTables, EhrTables]) -> None:
    few = hospital[1].restrict(hospital[1].patients["patient_id"].combine_chunks()[:9])
    verdict = run_disclosure(hospital[0], few, hospital[0], load_policy(), np.random.SeedSequence(3))
    assert (verdict.outcome, verdict.required_n) == ("inconclusive", 300)
    few = hospital[0].restrict(hospital[0].patients["patient_id"].combine_chunks()[:9])
    verdict = run_disclosure(*hospital, few, load_policy(), np.random.SeedSequence(3))
    assert verdict.reasons == ("needs at least 20 synthetic patients, has 9",)


def _space(groups: int) -> FeatureSpace:
    """Six numeric columns (age, sex, four visit classes), then flags."""
    return FeatureSpace(tuple(f"G{i:02d}" for i in range(groups)), (), np.zeros(6), np.ones(6))


def test_hidden_diagnosis_is_read_off_a_copy_and_nowhere_else() -> None:
    space, rng = _space(8), np.random.default_rng(1)
    flags = np.zeros((60, 8))
    for row in flags:
        row[rng.choice(8, 3, replace=False)] = space.flag_weight
    people = np.hstack([rng.standard_normal((60, 6)) * 5, flags])
    found = infer_hidden_diagnosis(space, people[:30], people[30:], people[:30], np.random.default_rng(2))
    assert found.main.hits == found.main.attempts == 30
    assert found.control.hits < 20
    nobody = infer_hidden_diagnosis(space, people[:0], people[:5, :].clip(max=0), people, np.random.default_rng(2))
    assert (nobody.main.attempts, nobody.control.attempts) == (0, 0)


def test_descriptions_of_copies_fit_exactly_one_patient() -> None:
    space, rng = _space(4), np.random.default_rng(1)
    people = np.hstack([rng.standard_normal((80, 6)), (rng.random((80, 4)) > 0.5) * space.flag_weight])
    found = single_out(space, people[:40], people[40:], people[:40], np.random.default_rng(2))
    assert found.main.hits == found.main.attempts > 0
    assert found.control.hits < found.control.attempts / 2


def test_both_files_of_a_copied_patient_point_to_the_copy() -> None:
    space, rng = _space(30), np.random.default_rng(1)
    people = np.hstack([rng.standard_normal((80, 6)), (rng.random((80, 30)) > 0.5) * space.flag_weight])
    found = link(space, people[:40], people[40:], people[:40], np.random.default_rng(2))
    assert found.main.hits == 40
    assert found.control.hits < 40
    assert found.chance == pytest.approx(1 / 40)
