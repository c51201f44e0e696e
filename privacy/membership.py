"""Gate "membership_inference": can somebody who knows a patient tell whether the synthetic tables were learnt from them?

Members are the patients the EHR model learnt from, non-members the held-out patients. Several attacks are run; the worst
decides, with bounds widened for their number. Copies of members planted into the synthetic tables are the positive
control: where no attack catches them, or the gate would have passed them, silence proves nothing. One half of the
non-members against the other is the negative control.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ghostchart.privacy.attacks.at_risk import AtRisk
from ghostchart.privacy.attacks.catalogue import ATTACKS
from ghostchart.privacy.attacks.judgement import AttackResult, Judgement, judge
from ghostchart.privacy.attacks.measures import (
    attack_measures,
    attacked_measures,
    copies_measure,
    distance_measures,
    negative_control,
    planted_measures,
    roc,
    worst_measures,
)
from ghostchart.privacy.attacks.populations import Populations
from ghostchart.privacy.attacks.scores import AttackScores, caught
from ghostchart.privacy.attacks.verbatim import VerbatimCopies, find_copies
from ghostchart.privacy.policy import PrivacyPolicy
from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.measures import Measure
from ghostchart.schemas.progress import SILENT, Advance, Progress
from ghostchart.schemas.verdict import Curve, Outcome, Verdict

GATE, TITLE = "membership_inference", "Membership inference on the synthetic tables"
PLANTED = (0.01, 0.05)
_MIN_SYNTHETIC = 20
_SHOWN_AT_RISK = 20

Pseudonym = Callable[[str], str]


@dataclass(frozen=True)
class MembershipAudit:
    """The verdict, and for the protected report the training patients that the worst attack points at."""

    verdict: Verdict
    at_risk: tuple[AtRisk, ...] = ()


@dataclass(frozen=True)
class _Planted:
    """One positive control: the attacks on a population with copies of some members."""

    share: float
    copies: NDArray[np.int64]
    judgement: Judgement

    def alone(self, result: AttackResult) -> AttackScores:
        """The copied members against the held-out patients."""
        return AttackScores(result.scores.members[self.copies], result.scores.non_members)

    def best(self) -> tuple[str, int | None]:
        """The attack that catches most copies at 1 % false positives, and how many."""
        found = [(result.name, caught(self.alone(result), 0.01)) for result in self.judgement.results]
        return max(found, key=lambda item: -1 if item[1] is None else item[1])


def run_membership(
    train: EhrTables,
    holdout: EhrTables,
    synthetic: EhrTables,
    policy: PrivacyPolicy,
    seed: np.random.SeedSequence,
    progress: Progress = SILENT,
    *,
    pseudonym: Pseudonym | None = None,
    n_released: int | None = None,
) -> MembershipAudit:
    """Attacks, controls and verdict. Inconclusive when too few patients are held out or the planted copies are missed.

    Args:
        train: patients the EHR model learnt from.
        holdout: patients kept from it.
        synthetic: tables behind the corpus, or those that :mod:`ghostchart.privacy.attacks.attacked` chose of them.
        policy: the bars.
        seed: decides halves, planted copies, forests, shadows and bootstraps; equal seeds give equal verdicts.
        progress: one bar over all attacks and controls.
        pseudonym: patient id -> keyed digest; without it nobody is listed as at risk.
        n_released: synthetic patients in all, where ``synthetic`` is not all of them.
    """
    if holdout.n_patients < policy.min_holdout_patients or synthetic.n_patients < _MIN_SYNTHETIC:
        return MembershipAudit(_too_few(holdout.n_patients, synthetic.n_patients, policy))
    own = np.random.SeedSequence(seed.entropy, spawn_key=seed.spawn_key)
    split_seed, attack_seed, planted_seed, bootstrap_seed = own.spawn(4)
    populations = Populations.of(train, holdout, synthetic, np.random.default_rng(split_seed), n_released)
    rng = np.random.default_rng(bootstrap_seed)
    with progress.task("membership inference", total=(1 + len(PLANTED)) * len(ATTACKS)) as advance:
        results, copies = _attack(populations, attack_seed, advance)
        found = judge(results, copies, policy, rng)
        draws = np.random.default_rng(planted_seed)
        planted = [_plant(populations, share, policy, attack_seed, draws, advance) for share in PLANTED]
    verdict = _verdict(populations, found, planted, policy, rng)
    return MembershipAudit(verdict, _at_risk(found, train, pseudonym) if pseudonym else ())


def _too_few(held_out: int, synthetic: int, policy: PrivacyPolicy) -> Verdict:
    if held_out < policy.min_holdout_patients:
        need = policy.min_holdout_patients
        reason = f"needs at least {need} held-out patients, has {held_out}"
    else:
        need = _MIN_SYNTHETIC
        reason = f"needs at least {need} synthetic patients, has {synthetic}"
    return Verdict(gate=GATE, title=TITLE, outcome="inconclusive", reasons=(reason,), required_n=need)


def _attack(
    populations: Populations, seed: np.random.SeedSequence, advance: Advance
) -> tuple[tuple[AttackResult, ...], VerbatimCopies]:
    results = []
    own = np.random.SeedSequence(seed.entropy, spawn_key=seed.spawn_key)
    for attack, attack_seed in zip(ATTACKS, own.spawn(len(ATTACKS)), strict=True):
        scores = populations.scores(attack.method, attack_seed)
        results.append(AttackResult(attack.name, attack.words, scores, attack.sees_copies))
        advance(1)
    copies = find_copies(populations.members, populations.held_out, populations.synthetic, populations.n_released)
    return tuple(results), copies


def _plant(
    populations: Populations,
    share: float,
    policy: PrivacyPolicy,
    seed: np.random.SeedSequence,
    rng: np.random.Generator,
    advance: Advance,
) -> _Planted:
    n = len(populations.members)
    places = np.sort(rng.choice(n, max(1, round(share * n)), replace=False))
    results, copies = _attack(populations.planted(places), seed, advance)
    return _Planted(share, places, judge(results, copies, policy, None))


def _verdict(
    populations: Populations,
    found: Judgement,
    planted: list[_Planted],
    policy: PrivacyPolicy,
    rng: np.random.Generator,
) -> Verdict:
    measures: list[Measure] = [*worst_measures(found, policy), copies_measure(found, policy)]
    for control in planted:
        name, hits = control.best()
        measures += planted_measures(control.share, len(control.copies), name, hits, control.judgement, policy)
    for result in found.results:
        alone = {control.share: caught(_of(control, result.name), 0.01) for control in planted}
        sizes = {control.share: len(control.copies) for control in planted}
        measures += attack_measures(result, found, alone, sizes)
    worst = found.worst_by_auc()
    halves, halves_scores = negative_control(worst.scores, populations.halves, found.confidence, rng)
    measures += [halves, *distance_measures(populations), *attacked_measures(populations)]
    curves: list[Curve] = [roc(f"ROC: {result.name}", result.scores) for result in found.results]
    curves.append(roc("ROC of controls: held-out against held-out", halves_scores))
    curves += [
        roc(f"ROC of controls: planted copies of {control.share * 100:g} %", _of(control, control.best()[0]))
        for control in planted
    ]
    outcome, reasons, required = _outcome(found, planted, policy, len(populations.held_out))
    return Verdict(
        gate=GATE,
        title=TITLE,
        outcome=outcome,
        reasons=tuple(reasons),
        measures=tuple(measures),
        curves=tuple(curves),
        required_n=required,
    )


def _of(control: _Planted, name: str) -> AttackScores:
    return control.alone(next(result for result in control.judgement.results if result.name == name))


def _outcome(
    found: Judgement, planted: list[_Planted], policy: PrivacyPolicy, held_out: int
) -> tuple[Outcome, list[str], int | None]:
    if found.failures:
        return "failed", list(found.failures), None
    doubts = list(found.doubts)
    for control in planted:
        _, hits = control.best()
        share = f"{control.share * 100:g} %"
        if hits is None or hits / len(control.copies) < policy.planted_tpr_at_1pct_lower:
            doubts.append(
                f"no attack caught enough of the planted copies of {share} of the training patients, so that silence "
                "proves nothing"
            )
        elif not control.judgement.failures:
            doubts.append(
                f"with copies of {share} of the training patients planted the gate would not have failed, so that its "
                "silence proves nothing"
            )
    return ("inconclusive", doubts, 2 * held_out) if doubts else ("passed", [], None)


def _at_risk(found: Judgement, train: EhrTables, pseudonym: Pseudonym) -> tuple[AtRisk, ...]:
    """Every copied patient, then the highest scores of the worst attack."""
    worst = found.worst_by_auc()
    order = np.argsort(-worst.scores.members, kind="stable")
    copied = {int(place) for place in found.copies.copied}
    others = np.sort(worst.scores.non_members)
    ids = train.patients["patient_id"]
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    listed = list(
        dict.fromkeys([*sorted(copied, key=lambda place: int(rank[place])), *map(int, order[:_SHOWN_AT_RISK])])
    )
    return tuple(
        AtRisk(
            pseudonym=pseudonym(str(ids[place].as_py())),
            row=place,
            attack=worst.name,
            rank=int(rank[place]),
            above=int(len(others) - np.searchsorted(others, worst.scores.members[place], "right")),
            copied=place in copied,
        )
        for place in listed
    )
