"""What all attacks together say: failed on evidence, in doubt where a bound cannot be held, else nothing found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ghostchart.privacy.attacks.scores import AttackScores, caught, rank_p_value, tail_p_value
from ghostchart.privacy.attacks.verbatim import VerbatimCopies
from ghostchart.privacy.policy import PrivacyPolicy
from ghostchart.schemas.measures import Measure, auc_measure, clopper_pearson

_RESAMPLES = 1000


@dataclass(frozen=True)
class AttackResult:
    """One attack's scores; ``sees_copies`` as in the catalogue."""

    name: str
    words: str
    scores: AttackScores
    sees_copies: bool = True


@dataclass(frozen=True)
class Judgement:
    """All attacks on one population.

    Attributes:
        aucs: one per attack, at the corrected confidence; empty where only the exact tests were wanted.
        tails: p-value of members crowding the top scores, per attack that sees copies.
        confidence: of each attack's intervals, corrected for the number of attacks (Bonferroni).
        alpha: bar of each exact test for copies, corrected for their number (one per attack that sees copies, and equal
            records).
        score_alpha: bar of each rank test behind an AUC or a TPR, corrected for their number (two per attack).
        failures: evidence of leakage; doubts: bounds that this n cannot hold.
    """

    results: tuple[AttackResult, ...]
    aucs: tuple[Measure, ...]
    tails: tuple[float, ...]
    copies: VerbatimCopies
    confidence: float
    alpha: float
    score_alpha: float
    failures: tuple[str, ...]
    doubts: tuple[str, ...]

    def worst_by_auc(self) -> AttackResult:
        """The attack with the highest upper bound of the AUC."""
        uppers = [measure.ci[1] if measure.ci else 0.5 for measure in self.aucs]
        return self.results[int(np.argmax(uppers))]

    def worst_by_tpr(self) -> AttackResult:
        """The attack that tells most members at 1 % false positives."""
        return self.results[int(np.argmax([caught(result.scores, 0.01) or 0 for result in self.results]))]


def judge(
    results: Sequence[AttackResult],
    copies: VerbatimCopies,
    policy: PrivacyPolicy,
    rng: np.random.Generator | None,
    subjects: str = "patients",
) -> Judgement:
    """Judge one population.

    A clean population must not fail by chance, so a failure needs evidence: a bound beyond the policy's bar and a rank
    test that chance does not pass, or an exact test for copies below its bar. Each of the two families of tests, for
    copies and behind the scores, raises a false alarm at the policy's rate at most. A bound beyond the bar without that
    evidence is a doubt: the gate does not pass either, for lack of patients.

    Args:
        results: every attack.
        copies: equal records.
        policy: the bars.
        rng: for bootstraps; None leaves the AUC out (controls, where only whether the gate fails is asked).
        subjects: whom the scores are about, for the reasons.
    """
    confidence = 1 - (1 - policy.confidence) / len(results)
    copy_attacks = [result for result in results if result.sees_copies]
    alpha = policy.false_alarm_rate / (len(copy_attacks) + 1)
    score_alpha = policy.false_alarm_rate / (2 * len(results))
    aucs = tuple(_auc(result, policy, confidence, rng) for result in results) if rng is not None else ()
    tails = tuple(tail_p_value(result.scores) for result in copy_attacks)
    failures: list[str] = []
    doubts: list[str] = []
    if copies.p_value < alpha:
        failures.append(
            f"{copies.equal_pairs:,} training patients have a synthetic patient equal to them in everything compared, "
            f"beyond coincidence (p = {copies.p_value:.1e}, limit {alpha:.1e})"
        )
    for result, auc in zip(results, aucs, strict=False):
        if auc.ci is not None and auc.ci[1] > policy.membership_auc_upper:
            said = f"AUC {auc.value:.3f}, upper bound {auc.ci[1]:.3f}, limit {policy.membership_auc_upper}"
            if rank_p_value(result.scores) < score_alpha:
                failures.append(f"members can be told from non-members by {result.name}: {said}")
            else:
                doubts.append(f"too few {subjects} to exclude that {result.name} tells members: {said}")
    for result, tail in zip(copy_attacks, tails, strict=True):
        if tail < alpha:
            failures.append(
                f"members crowd the highest scores of {result.name} beyond chance (p = {tail:.1e}, limit {alpha:.1e}), "
                "as copies of patients would"
            )
    for result in results:
        hits, n = caught(result.scores, 0.01), len(result.scores.members)
        upper = clopper_pearson(hits, n, confidence)[1] if hits is not None else 0.0
        if hits is not None and upper > policy.membership_tpr_at_1pct_upper:
            said = f"{hits:,} of {n:,}, upper bound {upper:.3f}, limit {policy.membership_tpr_at_1pct_upper}"
            if _beyond_chance(result.scores, hits, score_alpha):
                failures.append(f"too many members are told at 1 % false positives by {result.name}: {said}")
            else:
                doubts.append(
                    f"too few {subjects} to exclude members told at 1 % false positives by {result.name}: {said}"
                )
    return Judgement(
        tuple(results), aucs, tails, copies, confidence, alpha, score_alpha, tuple(failures), tuple(doubts)
    )


def _auc(result: AttackResult, policy: PrivacyPolicy, confidence: float, rng: np.random.Generator) -> Measure:
    return auc_measure(
        f"{result.name}: AUC",
        result.scores.members,
        result.scores.non_members,
        rng,
        resamples=_RESAMPLES,
        confidence=confidence,
        baseline=0.5,
        limit=policy.membership_auc_upper,
        note=result.words,
    )


def _beyond_chance(scores: AttackScores, hits: int, alpha: float) -> bool:
    """Exact: so many members before the non-member that sets the threshold at 1 % false positives."""
    from scipy.stats import hypergeom

    n, m = len(scores.members), len(scores.non_members)
    rank = int(np.floor(0.01 * m + 1e-9)) + 1
    return bool(hypergeom.cdf(rank - 1, n + m, m, hits + rank - 1) < alpha)
