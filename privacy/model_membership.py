"""Gates "model_corpus_notes" and "model_source_patients": does a trained model tell what it was trained on?

Members and non-members must be alike but for training, or an attack measures that difference instead (Duan et al., "Do
Membership Inference Attacks Work on Large Language Models?", COLM 2024). The same model before training is the proof: it
saw none of them, so an attack that tells them apart on it has found another difference. A model overtrained on purpose
is the positive control: where the attacks miss that, their silence proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ghostchart.privacy.attacks.judgement import AttackResult, Judgement, judge
from ghostchart.privacy.attacks.measures import attack_measures, roc, tpr_measure, worst_measures
from ghostchart.privacy.attacks.model_attacks import Suspects, attack_model
from ghostchart.privacy.attacks.scores import caught
from ghostchart.privacy.attacks.verbatim import VerbatimCopies
from ghostchart.privacy.policy import PrivacyPolicy
from ghostchart.schemas.measures import Measure, auc_measure
from ghostchart.schemas.verdict import Curve, Outcome, Verdict

CORPUS_NOTES, SOURCE_PATIENTS = "model_corpus_notes", "model_source_patients"
TITLES = {
    CORPUS_NOTES: "Does the model tell which notes it was trained on?",
    SOURCE_PATIENTS: "Does the model tell which patients the corpus was learnt from?",
}
_WHO = {CORPUS_NOTES: "unseen notes", SOURCE_PATIENTS: "held-out patients"}
_ASSURED = {
    CORPUS_NOTES: "unseen notes are a further training shard, made as those of the corpus and never written",
    SOURCE_PATIENTS: "training and held-out patients were split by lot and are told through the same templates",
}
_NO_COPIES = VerbatimCopies(np.zeros(0, dtype=np.int64), 0, 0, 0, 0, 1.0)
_RESAMPLES = 500


@dataclass(frozen=True)
class Confrontation:
    """One model's readings of notes it may have been trained on and of notes it was not."""

    members: Suspects
    non_members: Suspects


@dataclass(frozen=True)
class ModelEvidence:
    """What is judged: one question about one model, with its controls.

    Attributes:
        gate: :data:`CORPUS_NOTES` or :data:`SOURCE_PATIENTS`.
        trained: the model itself.
        untrained: the same before training, members and non-members unchanged (negative control).
        overtrained: a model trained on a few notes over and over; those are its members (positive control).
    """

    gate: str
    trained: Confrontation
    untrained: Confrontation
    overtrained: Confrontation


def run_model_membership(evidence: ModelEvidence, policy: PrivacyPolicy, seed: np.random.SeedSequence) -> Verdict:
    """Attacks, controls and verdict; inconclusive where there are too few notes or a control does not hold.

    The bars are those of the membership gate on the tables. Equal seeds give equal verdicts.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed.entropy, spawn_key=seed.spawn_key))
    found, untrained, overtrained = (
        judge(attack_model(case.members, case.non_members), _NO_COPIES, policy, rng, "notes")
        for case in (evidence.trained, evidence.untrained, evidence.overtrained)
    )
    who = _WHO[evidence.gate]
    measures = [
        *worst_measures(found, policy, who),
        *_positive(overtrained, policy, who),
        _negative(untrained, _ASSURED[evidence.gate]),
        _length_alone(evidence.trained, found.confidence, rng),
    ]
    for result in found.results:
        measures += attack_measures(result, found, {}, {}, who)
    outcome, reasons, required = _outcome(evidence, found, untrained, overtrained, policy)
    return Verdict(
        gate=evidence.gate,
        title=TITLES[evidence.gate],
        outcome=outcome,
        reasons=tuple(reasons),
        measures=tuple(measures),
        curves=_curves(found, untrained, overtrained),
        required_n=required,
    )


def _positive(judged: Judgement, policy: PrivacyPolicy, who: str) -> list[Measure]:
    """The overtrained model: its worst attack, and whether the gate fails on it."""
    by_auc, by_tpr = judged.worst_by_auc(), judged.worst_by_tpr()
    tpr = tpr_measure("Overtrained model: TPR at 1 % FPR", by_tpr.scores, 0.01, judged.confidence, who)
    verdict = "the gate fails on it, as it must" if judged.failures else "the gate does NOT fail on it"
    bar = policy.planted_tpr_at_1pct_lower
    note = f"positive control, {by_tpr.name}; must reach the limit" if tpr.value is not None else tpr.note
    return [
        _auc_of(judged, by_auc).model_copy(
            update={
                "name": "Overtrained model: AUC",
                "limit": policy.membership_auc_upper,
                "note": f"positive control, {by_auc.name}: {verdict}",
            }
        ),
        tpr.model_copy(update={"limit": bar, "note": note}),
    ]


def _is_caught(judged: Judgement, policy: PrivacyPolicy) -> bool:
    """Whether some attack tells nearly all members at 1 % false positives; yes where that cannot be measured."""
    scores = judged.worst_by_tpr().scores
    hits = caught(scores, 0.01)
    return hits is None or hits >= policy.planted_tpr_at_1pct_lower * len(scores.members)


def _negative(judged: Judgement, assured: str) -> Measure:
    worst = judged.worst_by_auc()
    return _auc_of(judged, worst).model_copy(
        update={
            "name": "Untrained model: AUC",
            "limit": None,
            "note": f"negative control, {worst.name}, the highest of {len(judged.results)}: near 0.5, because {assured}",
        }
    )


def _auc_of(judged: Judgement, result: AttackResult) -> Measure:
    return judged.aucs[[item.name for item in judged.results].index(result.name)]


def _length_alone(case: Confrontation, confidence: float, rng: np.random.Generator) -> Measure:
    """Needs no model at all: what telling notes by their length gives."""
    lengths = [suspects.losses.note.zlib_bytes for suspects in (case.members, case.non_members)]
    return auc_measure(
        "Length of the note alone: AUC",
        lengths[0],
        lengths[1],
        rng,
        resamples=_RESAMPLES,
        confidence=confidence,
        baseline=0.5,
        note="control without any model: compressed length of the text, near 0.5",
    )


def _outcome(
    evidence: ModelEvidence, found: Judgement, untrained: Judgement, overtrained: Judgement, policy: PrivacyPolicy
) -> tuple[Outcome, list[str], int | None]:
    n = min(len(evidence.trained.members.losses), len(evidence.trained.non_members.losses))
    if found.failures and not untrained.failures:
        return "failed", list(found.failures), None
    # Failures that the untrained model calls into question are still told.
    doubts = [*found.failures, *found.doubts]
    if untrained.failures:
        doubts.append(
            "an attack tells members on the untrained model, which saw none of them: the two groups differ by more than "
            "training, so nothing can be concluded"
        )
    if not (overtrained.failures and _is_caught(overtrained, policy)):
        doubts.append("the attacks miss a model overtrained on purpose, so that silence proves nothing")
    if n < policy.min_holdout_patients:
        doubts.append(f"needs at least {policy.min_holdout_patients} members and non-members each, has {n}")
    enough = max(policy.min_holdout_patients, 2 * n if found.doubts else 0)
    return ("inconclusive", doubts, enough) if doubts else ("passed", [], None)


def _curves(found: Judgement, untrained: Judgement, overtrained: Judgement) -> tuple[Curve, ...]:
    def of(title: str, part: str) -> list[Curve]:
        return [roc(f"{title}: {result.name}", result.scores) for result in found.results if result.name.endswith(part)]

    return (
        *of("ROC on answers", ", answer"),
        *of("ROC on texts", ", note"),
        roc("ROC of controls: untrained model", untrained.worst_by_auc().scores),
        roc("ROC of controls: overtrained model", overtrained.worst_by_auc().scores),
    )
