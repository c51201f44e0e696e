"""Gate "membership_inference": can somebody who knows a patient tell whether the synthetic tables were learnt from them?

The attack is in :mod:`ghostchart.privacy.membership_attack`. Members are the patients the EHR model learnt from, non-members
the held-out patients. Copies of members planted into the synthetic tables are the positive control: an attack that misses
them proves nothing. One half of the non-members against the other is the negative control.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ghostchart.privacy.membership_attack import Attack, AttackScores, caught, roc_points, tail_p_value
from ghostchart.privacy.policy import PrivacyPolicy
from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.measures import Measure, auc_measure, clopper_pearson, proportion
from ghostchart.schemas.progress import SILENT, Progress
from ghostchart.schemas.verdict import Curve, Outcome, Verdict

GATE, TITLE = "membership_inference", "Membership inference on the synthetic tables"
FPRS = (0.1, 0.01, 0.001)
PLANTED = (0.01, 0.05)
TAIL_ALPHA = 0.001  # of clean populations, at most one in a thousand fails by the tail test
_MIN_SYNTHETIC = 20
_CURVE_POINTS = 60
_RESAMPLES = 500


def run_membership(
    train: EhrTables,
    holdout: EhrTables,
    synthetic: EhrTables,
    config: PrivacyPolicy,
    seed: np.random.SeedSequence,
    progress: Progress = SILENT,
) -> Verdict:
    """Attack, controls and verdict. Inconclusive when too few patients are held out or the planted copies are missed."""
    if holdout.n_patients < config.min_holdout_patients or synthetic.n_patients < _MIN_SYNTHETIC:
        return _too_few(holdout.n_patients, synthetic.n_patients, config)
    attack_seed, bootstrap_seed, planted_seed = seed.spawn(3)
    with progress.task("membership inference", total=4) as advance:
        attack = Attack(train, holdout, synthetic, np.random.default_rng(attack_seed))
        advance(1)
        rng = np.random.default_rng(bootstrap_seed)
        scores = attack.scores()
        main = auc_measure(
            "membership AUC",
            scores.members,
            scores.non_members,
            rng,
            resamples=_RESAMPLES,
            baseline=0.5,
            limit=config.membership_auc_upper,
            note="the upper bound is held against the limit",
        )
        advance(1)
        measures, curves = [main], [_roc("attack", scores)]
        measures += [_tpr_measure(scores, fpr, config) for fpr in FPRS]
        tail = tail_p_value(scores)
        measures.append(
            Measure(
                name="members crowding the top scores (p)",
                value=tail,
                limit=TAIL_ALPHA,
                n=train.n_patients + holdout.n_patients,
                note="exact rank test; fails below the limit",
            )
        )
        measures.append(_advantage(scores))
        failures = _failures(main, scores, tail, config)
        advance(1)
        planted_ok, planted_measures, planted_curve = _positive_control(
            attack, config, np.random.default_rng(planted_seed)
        )
        negative, negative_curve = _negative_control(scores, attack.halves, rng)
        advance(1)
    measures += [*planted_measures, negative]
    curves += [planted_curve, negative_curve]
    outcome: Outcome = "failed" if failures else "passed"
    reasons = failures
    required: int | None = None
    if not failures and not planted_ok:
        outcome, required = "inconclusive", 2 * holdout.n_patients
        reasons = [
            "the attack did not catch the planted copies of training patients, so that its silence proves nothing"
        ]
    return Verdict(
        gate=GATE,
        title=TITLE,
        outcome=outcome,
        reasons=tuple(reasons),
        measures=tuple(measures),
        curves=tuple(curves),
        required_n=required,
    )


def _too_few(held_out: int, synthetic: int, config: PrivacyPolicy) -> Verdict:
    if held_out < config.min_holdout_patients:
        need = config.min_holdout_patients
        reason = f"needs at least {need} held-out patients, has {held_out}"
    else:
        need = _MIN_SYNTHETIC
        reason = f"needs at least {need} synthetic patients, has {synthetic}"
    return Verdict(gate=GATE, title=TITLE, outcome="inconclusive", reasons=(reason,), required_n=need)


def _tpr_measure(scores: AttackScores, fpr: float, config: PrivacyPolicy) -> Measure:
    name = f"TPR at {fpr * 100:g} % FPR"
    hits = caught(scores, fpr)
    if hits is None:
        n = len(scores.non_members)
        return Measure(
            name=name,
            value=None,
            baseline=fpr,
            n=len(scores.members),
            note=f"not measurable at this n ({n} non-members)",
        )
    limit = config.membership_tpr_at_1pct_upper if fpr == 0.01 else None
    return proportion(name, hits, len(scores.members), baseline=fpr, limit=limit)


def _advantage(scores: AttackScores) -> Measure:
    x, y = roc_points(scores)
    return Measure(
        name="membership advantage",
        value=float(np.max(y - x)),
        baseline=0.0,
        n=len(scores.members) + len(scores.non_members),
        note="largest TPR - FPR over all thresholds (Yeom et al., 2018)",
    )


def _failures(main: Measure, scores: AttackScores, tail: float, config: PrivacyPolicy) -> list[str]:
    failures = []
    if main.ci is not None and main.ci[1] > config.membership_auc_upper:
        failures.append(
            f"members can be told from non-members: AUC {main.value:.3f}, upper bound {main.ci[1]:.3f}, limit {config.membership_auc_upper}"
        )
    hits = caught(scores, 0.01)
    if hits is not None:
        upper = clopper_pearson(hits, len(scores.members))[1]
        if upper > config.membership_tpr_at_1pct_upper:
            failures.append(
                f"too many members are told at 1 % false alarms: {hits} of {len(scores.members)}, "
                f"upper bound {upper:.3f}, limit {config.membership_tpr_at_1pct_upper}"
            )
    if tail < TAIL_ALPHA:
        failures.append(
            f"members crowd the highest scores beyond chance (p = {tail:.1e}, limit {TAIL_ALPHA}), as copies of patients would"
        )
    return failures


def _positive_control(
    attack: Attack, config: PrivacyPolicy, rng: np.random.Generator
) -> tuple[bool, list[Measure], Curve]:
    """Copies of 1 % and 5 % of the training patients, scored alone against the held-out patients."""
    measures, good = [], True
    curve: Curve | None = None
    for share in PLANTED:
        n = max(1, round(share * len(attack.members)))
        copies = np.sort(rng.choice(len(attack.members), n, replace=False))
        scores = attack.planted(copies)
        hits = caught(scores, 0.01)
        name = f"planted copies of {share * 100:g} %: TPR at 1 % FPR"
        if hits is None:
            good = False
            measures.append(Measure(name=name, value=None, n=n, note="not measurable at this n"))
        else:
            good = good and hits / n >= config.planted_tpr_at_1pct_lower
            measures.append(
                proportion(
                    name,
                    hits,
                    n,
                    limit=config.planted_tpr_at_1pct_lower,
                    note="must reach the limit for the attack to count",
                )
            )
        p_value = tail_p_value(attack.planted_population(copies))
        measures.append(
            Measure(
                name=f"planted copies of {share * 100:g} %: crowding test (p)",
                value=p_value,
                limit=TAIL_ALPHA,
                n=n,
                note="below the limit: the gate would have failed on these",
            )
        )
        curve = _roc(f"planted copies of {share * 100:g} %", scores)
    assert curve is not None
    return good, measures, curve


def _negative_control(
    scores: AttackScores, halves: NDArray[np.int64], rng: np.random.Generator
) -> tuple[Measure, Curve]:
    """One random half of the non-members against the other: the attack must see nothing."""
    parts = AttackScores(scores.non_members[halves == 0], scores.non_members[halves == 1])
    measure = auc_measure(
        "held-out against held-out: AUC",
        parts.members,
        parts.non_members,
        rng,
        resamples=_RESAMPLES,
        baseline=0.5,
        note="negative control, near 0.5",
    )
    return measure, _roc("held-out against held-out", parts)


def _roc(name: str, scores: AttackScores) -> Curve:
    x, y = roc_points(scores)
    grid = np.unique(
        np.concatenate([np.geomspace(1e-3, 1.0, _CURVE_POINTS // 2), np.linspace(0, 1, _CURVE_POINTS // 2)])
    )
    heights = y[np.searchsorted(x, grid, side="right") - 1]
    return Curve(name=name, x=tuple(round(float(v), 5) for v in grid), y=tuple(round(float(v), 5) for v in heights))
