"""Numbers and curves of the membership attacks, as reports show them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ghostchart.privacy.attacks.judgement import AttackResult, Judgement
from ghostchart.privacy.attacks.neighbours import nearest_places
from ghostchart.privacy.attacks.populations import Populations
from ghostchart.privacy.attacks.scores import AttackScores, advantage, caught, roc_points, tail_p_value
from ghostchart.privacy.policy import PrivacyPolicy
from ghostchart.schemas.measures import Measure, auc_measure, proportion
from ghostchart.schemas.verdict import Curve

FPRS = (0.1, 0.01, 0.001)
HELD_OUT = "held-out patients"
_CURVE_POINTS = 60
_RESAMPLES = 500
_NO_EVIDENCE = (
    "sanity check, no evidence of privacy: a distance to the closest record says nothing about membership "
    "(arXiv 2505.01524)"
)


def worst_measures(found: Judgement, policy: PrivacyPolicy, who: str = HELD_OUT) -> list[Measure]:
    """The attack with the highest bound, by AUC and by TPR at 1 % FPR: these decide."""
    by_auc, by_tpr = found.worst_by_auc(), found.worst_by_tpr()
    auc = found.aucs[[result.name for result in found.results].index(by_auc.name)]
    how = f"of {len(found.results)} attacks; the upper bound decides"
    tpr = tpr_measure("Worst attack: TPR at 1 % FPR", by_tpr.scores, 0.01, found.confidence, who)
    measures = [
        auc.model_copy(update={"name": "Worst attack: AUC", "note": f"{by_auc.name}, {how}"}),
        tpr.model_copy(
            update={
                "limit": policy.membership_tpr_at_1pct_upper,
                "note": f"{by_tpr.name}, {how}" if tpr.value is not None else tpr.note,
            }
        ),
    ]
    if found.tails:
        measures.append(
            Measure(
                name="Worst attack: members crowding the top scores (p)",
                value=min(found.tails),
                limit=found.alpha,
                n=len(by_auc.scores.members) + len(by_auc.scores.non_members),
                note="smallest exact rank test; fails below the limit",
            )
        )
    return measures


def copies_measure(found: Judgement, policy: PrivacyPolicy) -> Measure:
    """Training patients with an equal synthetic patient."""
    copies = found.copies
    n = len(found.results[0].scores.members)
    return proportion(
        "Equal records: training patients that a synthetic patient equals",
        copies.equal_pairs,
        n,
        confidence=policy.confidence,
        baseline=copies.equal_real / n,
        note=f"control: training patients that another real patient equals; p = {copies.p_value:.2g}, "
        f"fails below {found.alpha:.2g}",
    )


def planted_measures(
    share: float, n: int, name: str, hits: int | None, judged: Judgement, policy: PrivacyPolicy
) -> list[Measure]:
    """Positive control: were the copies caught, and would the gate have failed?"""
    title = f"Planted copies of {share * 100:g} %"
    bar = policy.planted_tpr_at_1pct_lower
    best = (
        Measure(name=f"{title}: TPR at 1 % FPR", value=None, limit=bar, n=n, note="not measurable at this n")
        if hits is None
        else proportion(
            f"{title}: TPR at 1 % FPR",
            hits,
            n,
            limit=bar,
            note=f"{name}; must reach the limit for the attacks to count",
        )
    )
    evidence = min(judged.copies.p_value, *judged.tails)
    return [
        best,
        Measure(
            name=f"{title}: would the gate fail (p)",
            value=evidence,
            limit=judged.alpha,
            n=n,
            note="yes" if judged.failures else "no: the gate cannot see so few copies at this n",
        ),
    ]


def attack_measures(
    result: AttackResult,
    found: Judgement,
    planted: Mapping[float, int | None],
    sizes: Mapping[float, int],
    who: str = HELD_OUT,
) -> list[Measure]:
    """One attack: AUC, TPR at three false-positive rates, advantage, and what it catches of the planted copies."""
    index = [item.name for item in found.results].index(result.name)
    scores = result.scores
    measures = [found.aucs[index].model_copy(update={"limit": None})]  # the worst one is held against the bar
    measures += [
        tpr_measure(f"{result.name}: TPR at {fpr * 100:g} % FPR", scores, fpr, found.confidence, who) for fpr in FPRS
    ]
    measures.append(
        Measure(
            name=f"{result.name}: advantage",
            value=advantage(scores),
            baseline=0.0,
            n=len(scores.members) + len(scores.non_members),
            note="largest TPR - FPR over all thresholds (Yeom et al., 2018)",
        )
    )
    measures.append(
        Measure(
            name=f"{result.name}: members crowding the top (p)",
            value=tail_p_value(scores),
            n=len(scores.members) + len(scores.non_members),
            note="decides" if result.sees_copies else "shown only: this attack sees no copies, its bounds decide",
        )
    )
    for share, hits in planted.items():
        if hits is not None:
            measures.append(
                proportion(
                    f"{result.name}: planted {share * 100:g} % caught at 1 % FPR",
                    hits,
                    sizes[share],
                    note="what this attack can see of copies",
                )
            )
    return measures


def tpr_measure(name: str, scores: AttackScores, fpr: float, confidence: float, who: str = HELD_OUT) -> Measure:
    """True-positive rate with its Clopper-Pearson interval, where one non-member is not more than ``fpr``; ``who`` they are."""
    hits = caught(scores, fpr)
    n, others = len(scores.members), len(scores.non_members)
    if hits is None:
        note = f"not measurable at this n ({others:,} {who})"
        return Measure(name=name, value=None, baseline=fpr, n=n, note=note)
    return proportion(name, hits, n, confidence=confidence, baseline=fpr)


def negative_control(
    scores: AttackScores, halves: NDArray[np.int64], confidence: float, rng: np.random.Generator
) -> tuple[Measure, AttackScores]:
    """One random half of the non-members against the other: the attack must see nothing."""
    parts = AttackScores(scores.non_members[halves == 0], scores.non_members[halves == 1])
    measure = auc_measure(
        "Held-out against held-out: AUC",
        parts.members,
        parts.non_members,
        rng,
        resamples=_RESAMPLES,
        confidence=confidence,
        baseline=0.5,
        note="negative control, near 0.5",
    )
    return measure, parts


def distance_measures(populations: Populations) -> list[Measure]:
    """Distance to the closest record, training against held-out: shown because people ask for it."""
    n = min(len(populations.members), len(populations.held_out))
    closest: list[float] = []
    ratio: list[float] = []
    for real in (populations.members[:n], populations.held_out[:n]):
        places = nearest_places(populations.synthetic, real, 2)
        gaps = [np.sqrt(((populations.synthetic - real[places[:, k]]) ** 2).sum(axis=1)) for k in (0, 1)]
        closest.append(float(np.median(gaps[0])))
        ratio.append(float(np.quantile(gaps[0] / np.maximum(gaps[1], 1e-9), 0.05)))
    count = len(populations.synthetic)
    return [
        Measure(
            name="Sanity check: median distance to the closest training record (DCR)",
            value=closest[0],
            baseline=closest[1],
            n=count,
            note=_NO_EVIDENCE,
        ),
        Measure(
            name="Sanity check: nearest-neighbour distance ratio, 5th percentile (NNDR)",
            value=ratio[0],
            baseline=ratio[1],
            n=count,
            note=_NO_EVIDENCE,
        ),
    ]


def attacked_measures(populations: Populations) -> list[Measure]:
    """How many synthetic patients were attacked, where those are not all."""
    n, total = len(populations.synthetic), populations.n_released
    if n == total:
        return []
    said = (
        "a random sample, and for every source patient the nearest of all: a copy anywhere in the corpus is among them"
    )
    return [Measure(name="Synthetic patients attacked", value=float(n), n=total, note=said)]


def roc(name: str, scores: AttackScores) -> Curve:
    """The ROC curve at up to 60 false-positive rates, half of them on a log scale."""
    x, y = roc_points(scores)
    grid = np.unique(
        np.concatenate([np.geomspace(1e-3, 1.0, _CURVE_POINTS // 2), np.linspace(0, 1, _CURVE_POINTS // 2)])
    )
    heights = y[np.searchsorted(x, grid, side="right") - 1]
    return Curve(name=name, x=tuple(round(float(v), 5) for v in grid), y=tuple(round(float(v), 5) for v in heights))
