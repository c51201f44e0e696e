"""Membership inference: clean populations pass, copies fail, controls bite, small n says what it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from ghostchart.privacy.attacks.catalogue import ATTACKS
from ghostchart.privacy.attacks.features import FeatureSpace
from ghostchart.privacy.attacks.judgement import AttackResult, judge
from ghostchart.privacy.attacks.neighbours import nearest
from ghostchart.privacy.attacks.scores import (
    AttackScores,
    caught,
    rank_p_value,
    roc_points,
    tail_p_value,
    threshold_at,
)
from ghostchart.privacy.attacks.verbatim import VerbatimCopies
from ghostchart.privacy.membership import run_membership
from ghostchart.privacy.policy import load_policy
from ghostchart.schemas.ehr import TABLE_SCHEMAS, EhrTables
from ghostchart.schemas.verdict import Verdict

Population = Callable[[int, int, str], EhrTables]


def _value(verdict: Verdict, name: str) -> float:
    found = next(measure.value for measure in verdict.measures if measure.name == name)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def hospital(make_population: Population) -> tuple[EhrTables, EhrTables]:
    everyone = make_population(1500, 1, "s")
    ids = everyone.patients["patient_id"].combine_chunks()
    order = np.random.default_rng(0).permutation(1500)
    return everyone.restrict(ids.take(pa.array(order[:1200]))), everyone.restrict(ids.take(pa.array(order[1200:])))


@pytest.fixture(scope="module")
def strangers(make_population: Population) -> EhrTables:
    return make_population(500, 2, "y")


def _run(hospital: tuple[EhrTables, EhrTables], synthetic: EhrTables, seed: int = 3) -> Verdict:
    return run_membership(*hospital, synthetic, load_policy(), np.random.SeedSequence(seed)).verdict


@pytest.fixture(scope="module")
def clean(hospital: tuple[EhrTables, EhrTables], strangers: EhrTables) -> Verdict:
    return _run(hospital, strangers)


def test_a_population_that_copies_nobody_passes_with_controls(clean: Verdict) -> None:
    verdict = clean
    assert verdict.outcome == "passed", verdict.reasons
    for share in ("1", "5"):
        assert _value(verdict, f"Planted copies of {share} %: TPR at 1 % FPR") >= 0.9
        assert _value(verdict, f"Planted copies of {share} %: would the gate fail (p)") < 0.01 / (len(ATTACKS) + 1)
    assert abs(_value(verdict, "Held-out against held-out: AUC") - 0.5) < 0.1
    assert {curve.name for curve in verdict.curves} == {f"ROC: {attack.name}" for attack in ATTACKS} | {
        "ROC of controls: held-out against held-out",
        "ROC of controls: planted copies of 1 %",
        "ROC of controls: planted copies of 5 %",
    }
    assert all(len(curve.x) == len(curve.y) <= 60 for curve in verdict.curves)
    assert sum(measure.note.startswith("sanity check, no evidence") for measure in verdict.measures) == 2


def test_every_attack_says_auc_tpr_advantage_and_n_and_the_worst_comes_first(clean: Verdict) -> None:
    by_name = {measure.name: measure for measure in clean.measures}
    uppers = []
    for attack in ATTACKS:
        auc = by_name[f"{attack.name}: AUC"]
        assert auc.ci is not None
        assert auc.confidence == pytest.approx(1 - 0.05 / len(ATTACKS))  # Bonferroni
        uppers.append(auc.ci[1])
        assert by_name[f"{attack.name}: advantage"].n == 1500
        coarse, fine = by_name[f"{attack.name}: TPR at 1 % FPR"], by_name[f"{attack.name}: TPR at 0.1 % FPR"]
        assert coarse.ci is not None
        assert coarse.n == 1200
        assert fine.value is None
        assert "not measurable at this n" in fine.note
    worst = by_name["Worst attack: AUC"]
    assert worst.ci is not None
    assert worst.ci[1] == max(uppers)
    assert worst.limit == load_policy().membership_auc_upper


def test_releasing_the_training_patients_themselves_fails(hospital: tuple[EhrTables, EhrTables]) -> None:
    verdict = _run(hospital, hospital[0])
    assert verdict.outcome == "failed"
    assert "equal to them in everything compared" in verdict.reasons[0]
    for said in ("nearest neighbour: AUC 1.000", "told at 1 % false positives by classifier", "crowd the highest"):
        assert any(said in reason for reason in verdict.reasons), said


def test_a_few_verbatim_copies_fail_though_the_auc_hides_them(
    hospital: tuple[EhrTables, EhrTables], strangers: EhrTables
) -> None:
    ids = hospital[0].patients["patient_id"].combine_chunks()
    leaked = hospital[0].restrict(ids[:60])  # 5 % of the training patients
    mixed = {name: pa.concat_tables([getattr(strangers, name), getattr(leaked, name)]) for name in TABLE_SCHEMAS}
    verdict = _run(hospital, EhrTables(**mixed, report=strangers.report))
    assert verdict.outcome == "failed"
    assert "60 training patients have a synthetic patient equal" in verdict.reasons[0]
    assert _value(verdict, "Worst attack: AUC") < 0.6


def test_copies_with_small_changes_are_seen_by_the_attacks_though_no_record_is_equal(
    hospital: tuple[EhrTables, EhrTables], strangers: EhrTables
) -> None:
    leaked = hospital[0].restrict(hospital[0].patients["patient_id"].combine_chunks()[:160])
    rows = leaked.observations
    shifted = rows.set_column(3, "value", pa.array(rows["value"].to_numpy() * 1.01))
    leaked = replace(leaked, observations=shifted)
    mixed = {name: pa.concat_tables([getattr(strangers, name), getattr(leaked, name)]) for name in TABLE_SCHEMAS}
    verdict = _run(hospital, EhrTables(**mixed, report=strangers.report))
    assert verdict.outcome == "failed"
    assert _value(verdict, "Equal records: training patients that a synthetic patient equals") == 0
    assert "members crowd the highest scores of nearest neighbour" in " ".join(verdict.reasons)


def test_patients_at_risk_are_pseudonyms_with_the_copied_ones_first(
    hospital: tuple[EhrTables, EhrTables], strangers: EhrTables
) -> None:
    leaked = hospital[0].restrict(hospital[0].patients["patient_id"].combine_chunks()[5:8])
    mixed = {name: pa.concat_tables([getattr(strangers, name), getattr(leaked, name)]) for name in TABLE_SCHEMAS}
    found = run_membership(
        *hospital,
        EhrTables(**mixed, report=strangers.report),
        load_policy(),
        np.random.SeedSequence(1),
        pseudonym=lambda patient: f"<{patient[::-1]}>",
    )
    assert {patient.row for patient in found.at_risk[:3]} == {5, 6, 7}
    assert [patient.copied for patient in found.at_risk[:4]] == [True, True, True, False]
    assert all(patient.pseudonym.startswith("<") for patient in found.at_risk)


def test_too_few_held_out_patients_say_how_many_it_takes(
    hospital: tuple[EhrTables, EhrTables], strangers: EhrTables
) -> None:
    few = hospital[1].restrict(hospital[1].patients["patient_id"].combine_chunks()[:9])
    verdict = run_membership(hospital[0], few, strangers, load_policy(), np.random.SeedSequence(1)).verdict
    assert verdict.outcome == "inconclusive"
    assert verdict.reasons == ("needs at least 300 held-out patients, has 9",)
    assert verdict.required_n == 300


def test_an_attack_that_misses_planted_copies_is_inconclusive(
    hospital: tuple[EhrTables, EhrTables], strangers: EhrTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ghostchart.privacy.membership.caught", lambda scores, fpr: 0)
    verdict = _run(hospital, strangers)
    assert verdict.outcome == "inconclusive"
    assert "no attack caught enough of the planted copies of 1 %" in verdict.reasons[0]


def test_equal_seeds_give_equal_verdicts(
    hospital: tuple[EhrTables, EhrTables], strangers: EhrTables, clean: Verdict
) -> None:
    assert _run(hospital, strangers) == clean
    assert _run(hospital, strangers, seed=4) != clean


def test_no_identifier_is_a_feature(hospital: tuple[EhrTables, EhrTables], strangers: EhrTables) -> None:
    bare = EhrTables(**{**vars(hospital[0]), "identifiers": hospital[0].identifiers.slice(0, 0)})
    space = FeatureSpace.of([strangers])
    assert np.array_equal(space.matrix(bare), space.matrix(hospital[0]))


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


def test_rank_test_by_hand() -> None:
    # All of 3 above all of 3: U = 9, mean 4.5, variance 3 * 3 * 7 / 12 = 5.25; continuity correction of a half.
    from statistics import NormalDist

    scores = AttackScores(np.array([4.0, 5.0, 6.0]), np.array([1.0, 2.0, 3.0]))
    assert rank_p_value(scores) == pytest.approx(1 - NormalDist().cdf((9 - 4.5 - 0.5) / 5.25**0.5))
    assert rank_p_value(AttackScores(np.array([]), np.array([1.0]))) == 1.0


NO_COPIES = VerbatimCopies(np.zeros(0, dtype=np.int64), 0, 0, 0, 0, 1.0)


def _judged(
    shift: float, *, sees_copies: bool, seed: int, crowd: int = 0, n: int = 400
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """One attack on ``n`` members, ``crowd`` of whom stand above everybody, and as many others: failures, doubts."""
    rng = np.random.default_rng(seed)
    members = rng.standard_normal(n) + shift
    members[:crowd] = 10 + rng.random(crowd)
    result = AttackResult("attack", "", AttackScores(members, rng.standard_normal(n)), sees_copies)
    found = judge([result], NO_COPIES, load_policy(), rng)
    return found.failures, found.doubts


def test_an_auc_beyond_the_bar_fails_on_evidence_and_is_a_doubt_without() -> None:
    failures, _ = _judged(0.5, sees_copies=False, seed=1)
    assert any("members can be told" in reason for reason in failures)
    # 150 people and an AUC of 0.555: the bound lies beyond 0.60, but the rank test is not sure.
    rng = np.random.default_rng(0)
    others = np.sort(rng.standard_normal(150))
    members = np.interp(np.linspace(0, 1, 150) ** 0.8, np.linspace(0, 1, 150), others)
    result = AttackResult("attack", "", AttackScores(members, others), sees_copies=False)
    found = judge([result], NO_COPIES, load_policy(), rng, "notes")
    assert 0.005 < rank_p_value(result.scores) < 0.1
    assert not any("can be told" in reason for reason in found.failures)
    assert any("too few notes to exclude that attack tells members" in reason for reason in found.doubts)


def test_crowding_fails_where_an_attack_sees_copies_and_size_decides_elsewhere() -> None:
    for sees_copies in (True, False):
        failures, _ = _judged(0.0, sees_copies=sees_copies, seed=4, crowd=14)
        assert any("crowd" in reason for reason in failures) == sees_copies
        # Twice as many: every attack fails, the others by their share at 1 % false positives.
        assert _judged(0.0, sees_copies=sees_copies, seed=4, crowd=40)[0]


def test_chance_alone_fails_no_more_often_than_the_policy_says() -> None:
    """300 clean populations under one attack; the policy allows 1 % for each of the two families of tests."""
    failed = sum(bool(_judged(0.0, sees_copies=True, seed=seed)[0]) for seed in range(300))
    assert failed <= 12  # the 99.8 % quantile of 300 draws at 2 %
