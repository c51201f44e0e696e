"""Membership inference: clean populations pass, copies fail, controls bite, small n says what it takes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from ghostchart.privacy.membership import run_membership
from ghostchart.privacy.membership_attack import AttackScores, caught, nearest, roc_points, tail_p_value, threshold_at
from ghostchart.privacy.membership_features import FeatureSpace
from ghostchart.privacy.policy import load_policy
from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.verdict import Verdict

Population = Callable[[int, int, str], EhrTables]


def _value(verdict: Verdict, name: str) -> float:
    found = next(measure.value for measure in verdict.measures if measure.name == name)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def hospital(make_population: Population) -> tuple[EhrTables, EhrTables]:
    everyone = make_population(2000, 1, "s")
    ids = everyone.patients["patient_id"].combine_chunks()
    order = np.random.default_rng(0).permutation(2000)
    return everyone.restrict(ids.take(pa.array(order[:1600]))), everyone.restrict(ids.take(pa.array(order[1600:])))


@pytest.fixture(scope="module")
def strangers(make_population: Population) -> EhrTables:
    return make_population(800, 2, "y")


def _run(hospital: tuple[EhrTables, EhrTables], synthetic: EhrTables, seed: int = 3) -> Verdict:
    return run_membership(*hospital, synthetic, load_policy(), np.random.SeedSequence(seed))


def test_a_population_that_copies_nobody_passes_with_controls(
    hospital: tuple[EhrTables, EhrTables], strangers: EhrTables
) -> None:
    verdict = _run(hospital, strangers)
    assert verdict.outcome == "passed", verdict.reasons
    for share in ("1", "5"):
        assert _value(verdict, f"planted copies of {share} %: TPR at 1 % FPR") >= 0.9
    assert _value(verdict, "planted copies of 5 %: crowding test (p)") < 0.001
    assert abs(_value(verdict, "held-out against held-out: AUC") - 0.5) < 0.08
    assert {curve.name for curve in verdict.curves} == {
        "attack", "planted copies of 5 %", "held-out against held-out",
    }  # fmt: skip
    assert all(len(curve.x) == len(curve.y) <= 60 for curve in verdict.curves)
    coarse = next(m for m in verdict.measures if m.name == "TPR at 0.1 % FPR")
    assert coarse.value is None
    assert "not measurable at this n" in coarse.note


def test_releasing_the_training_patients_themselves_fails(hospital: tuple[EhrTables, EhrTables]) -> None:
    verdict = _run(hospital, hospital[0])
    assert verdict.outcome == "failed"
    assert "AUC" in verdict.reasons[0]
    assert any("1 % false alarms" in reason for reason in verdict.reasons)


def test_a_few_verbatim_copies_fail_though_the_auc_hides_them(
    hospital: tuple[EhrTables, EhrTables], strangers: EhrTables
) -> None:
    ids = hospital[0].patients["patient_id"].combine_chunks()
    leaked = hospital[0].restrict(ids[:80])  # 5 % of the training patients
    mixed = {name: pa.concat_tables([getattr(strangers, name), getattr(leaked, name)]) for name in
             ("patients", "encounters", "conditions", "procedures", "medications", "observations", "identifiers", "notes")}  # fmt: skip
    verdict = _run(hospital, EhrTables(**mixed, report=strangers.report))
    assert verdict.outcome == "failed"
    assert any("crowd" in reason for reason in verdict.reasons)
    assert _value(verdict, "membership AUC") < 0.6


def test_too_few_held_out_patients_say_how_many_it_takes(
    hospital: tuple[EhrTables, EhrTables], strangers: EhrTables
) -> None:
    few = hospital[1].restrict(hospital[1].patients["patient_id"].combine_chunks()[:9])
    verdict = run_membership(hospital[0], few, strangers, load_policy(), np.random.SeedSequence(1))
    assert verdict.outcome == "inconclusive"
    assert verdict.reasons == ("needs at least 300 held-out patients, has 9",)
    assert verdict.required_n == 300


def test_an_attack_that_misses_planted_copies_is_inconclusive(
    hospital: tuple[EhrTables, EhrTables], strangers: EhrTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ghostchart.privacy.membership.caught", lambda scores, fpr: 0)
    verdict = _run(hospital, strangers)
    assert verdict.outcome == "inconclusive"
    assert "did not catch the planted copies" in verdict.reasons[0]


def test_equal_seeds_give_equal_verdicts(hospital: tuple[EhrTables, EhrTables], strangers: EhrTables) -> None:
    assert _run(hospital, strangers) == _run(hospital, strangers)
    assert _run(hospital, strangers) != _run(hospital, strangers, seed=4)


def test_no_identifier_is_a_feature(hospital: tuple[EhrTables, EhrTables], strangers: EhrTables) -> None:
    bare = EhrTables(**{**vars(hospital[0]), "identifiers": hospital[0].identifiers.slice(0, 0)})
    space = FeatureSpace.of([strangers])
    assert np.array_equal(space.matrix(bare), space.matrix(hospital[0]))


@pytest.mark.slow
def test_of_clean_splits_hardly_any_fails(make_population: Population, strangers: EhrTables) -> None:
    everyone = make_population(2000, 5, "q")
    ids = everyone.patients["patient_id"].combine_chunks()
    failed = 0
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(2000)
        split = everyone.restrict(ids.take(pa.array(order[:1600]))), everyone.restrict(ids.take(pa.array(order[1600:])))
        failed += _run(split, strangers, seed).outcome == "failed"
    assert failed <= 1


def test_nearest_by_hand() -> None:
    points, others = np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([[0.0, 0.0], [3.0, 0.0]])
    assert nearest(points, others) == pytest.approx([0.0, 4.0])
    assert np.isinf(nearest(points, others[:0])).all()


def test_thresholds_by_hand() -> None:
    non_members = np.arange(100.0)
    assert threshold_at(non_members, 0.1) == 89.0  # ten of a hundred lie above
    assert threshold_at(non_members, 0.01) == 98.0
    assert threshold_at(non_members, 0.001) is None
    assert caught(AttackScores(np.array([97.0, 98.0, 99.0, 120.0]), non_members), 0.01) == 2


def test_crowding_p_value_by_hand() -> None:
    # Three members above the only non-member: chance 1 / C(4, 1) = 1/4, and one rank is looked at.
    assert tail_p_value(AttackScores(np.array([3.0, 4.0, 5.0]), np.array([1.0]))) == pytest.approx(0.25)
    assert tail_p_value(AttackScores(np.array([1.0, 1.0]), np.array([1.0]))) == 1.0


def test_roc_runs_from_corner_to_corner() -> None:
    fpr, tpr = roc_points(AttackScores(np.array([2.0, 3.0]), np.array([0.0, 1.0])))
    assert (fpr[0], tpr[0]) == (0.0, 0.0)
    assert (fpr[-1], tpr[-1]) == (1.0, 1.0)
    assert tpr[fpr == 0].max() == 1.0
