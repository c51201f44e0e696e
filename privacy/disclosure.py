"""Gate "disclosure": attribute inference, singling out and linkability, each against training and held-out patients.

What counts is the excess: success against training patients beyond success against held-out ones. The upper bound of the
excess is held against the policy's bar, widened for the number of attacks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ghostchart.privacy.attacks.differences import difference_interval
from ghostchart.privacy.attacks.disclosure import DISCLOSURE_ATTACKS, Disclosure
from ghostchart.privacy.attacks.measures import attacked_measures
from ghostchart.privacy.attacks.populations import Populations
from ghostchart.privacy.policy import PrivacyPolicy
from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.measures import Measure, proportion
from ghostchart.schemas.progress import SILENT, Progress
from ghostchart.schemas.verdict import Outcome, Verdict

GATE, TITLE = "disclosure", "Attribute inference, singling out, linkability"
_PLANTED_SHARE = 0.05
_MIN_SYNTHETIC = 20


def run_disclosure(
    train: EhrTables,
    holdout: EhrTables,
    synthetic: EhrTables,
    policy: PrivacyPolicy,
    seed: np.random.SeedSequence,
    progress: Progress = SILENT,
    *,
    n_released: int | None = None,
) -> Verdict:
    """Run the three attacks. Inconclusive where too few patients are held out or synthetic, or a bound cannot be held.

    Args:
        train: patients the EHR model learnt from.
        holdout: patients kept from it.
        synthetic: tables behind the corpus, or those that :mod:`ghostchart.privacy.attacks.attacked` chose of them.
        policy: the bars.
        seed: decides hidden diagnoses, descriptions and planted copies.
        progress: one bar.
        n_released: synthetic patients in all, where ``synthetic`` is not all of them.
    """
    if holdout.n_patients < policy.min_holdout_patients or synthetic.n_patients < _MIN_SYNTHETIC:
        need, have, who = (
            (policy.min_holdout_patients, holdout.n_patients, "held-out")
            if holdout.n_patients < policy.min_holdout_patients
            else (_MIN_SYNTHETIC, synthetic.n_patients, "synthetic")
        )
        reason = f"needs at least {need} {who} patients, has {have}"
        return Verdict(gate=GATE, title=TITLE, outcome="inconclusive", reasons=(reason,), required_n=need)
    own = np.random.SeedSequence(seed.entropy, spawn_key=seed.spawn_key)
    first, *seeds = own.spawn(1 + len(DISCLOSURE_ATTACKS))
    rng = np.random.default_rng(first)
    clean = Populations.of(train, holdout, synthetic, rng, n_released)
    n = len(clean.members)
    copies = np.sort(rng.choice(n, max(1, round(_PLANTED_SHARE * n)), replace=False))
    planted = clean.planted(copies)
    confidence = 1 - (1 - policy.confidence) / len(DISCLOSURE_ATTACKS)
    # One side of it: all attacks together fail a clean population at most this often.
    sure = 1 - 2 * policy.false_alarm_rate / len(DISCLOSURE_ATTACKS)
    measures: list[Measure] = attacked_measures(clean)
    failures: list[str] = []
    doubts: list[str] = []
    with progress.task("disclosure attacks", total=len(DISCLOSURE_ATTACKS)) as advance:
        for attack, attack_seed in zip(DISCLOSURE_ATTACKS, seeds, strict=True):
            found, control = (
                attack(part.space, part.members, part.held_out, part.synthetic, np.random.default_rng(attack_seed))
                for part in (clean, planted)
            )
            excess = excess_measure(found, policy.disclosure_excess_upper, confidence)
            measures += _measures(found, excess, control, copies)
            if excess.value is not None and excess.ci is not None and excess.ci[1] > policy.disclosure_excess_upper:
                said = f"{excess.value:.3f}, upper bound {excess.ci[1]:.3f}, limit {policy.disclosure_excess_upper}"
                if difference_interval(found.main, found.control, sure)[0] > 0:
                    failures.append(f"{found.name} succeeds more often against training patients: excess {said}")
                else:
                    doubts.append(f"too few patients to exclude an excess of {found.name}: {said}")
            advance(1)
    outcome: Outcome = "failed" if failures else "inconclusive" if doubts else "passed"
    return Verdict(
        gate=GATE,
        title=TITLE,
        outcome=outcome,
        reasons=tuple(failures or doubts),
        measures=tuple(measures),
        required_n=2 * holdout.n_patients if outcome == "inconclusive" else None,
    )


def excess_measure(found: Disclosure, limit: float, confidence: float) -> Measure:
    """Success against training patients minus that against held-out ones, with Newcombe's interval."""
    name = f"{found.name}: excess over held-out patients"
    if not found.main.attempts or not found.control.attempts:
        return Measure(name=name, value=None, limit=limit, note="not measurable: no target has what the attack needs")
    return Measure(
        name=name,
        value=found.main.hits / found.main.attempts - found.control.hits / found.control.attempts,
        ci=difference_interval(found.main, found.control, confidence),
        confidence=confidence,
        baseline=0.0,
        limit=limit,
        n=found.main.attempts + found.control.attempts,
        note="the upper bound decides",
    )


def _measures(found: Disclosure, excess: Measure, planted: Disclosure, copies: NDArray[np.int64]) -> list[Measure]:
    control = found.control.hits / found.control.attempts if found.control.attempts else None
    measures = [
        excess,
        proportion(
            f"{found.name}: against training patients",
            found.main.hits,
            found.main.attempts,
            baseline=control,
            note=found.words,
        ),
        proportion(
            f"{found.name}: against held-out patients",
            found.control.hits,
            found.control.attempts,
            note="control: what the population tells about anybody",
        ),
        Measure(name=f"{found.name}: by guessing", value=found.chance, note="baseline without synthetic patients"),
    ]
    name = f"{found.name}: with planted copies of 5 %"
    if len(planted.targets):
        hits = planted.main_hits[np.isin(planted.targets, copies)]
        measures.append(
            proportion(name, int(hits.sum()), len(hits), baseline=control, note="positive control: the copied patients")
        )
    else:
        measures.append(
            proportion(
                name, planted.main.hits, planted.main.attempts, baseline=control, note="positive control: all attempts"
            )
        )
    return measures
