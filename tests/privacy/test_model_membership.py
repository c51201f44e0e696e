"""Membership attacks on a model: formulas by hand; a model that remembers fails, one that does not passes, controls bite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from ghostchart.privacy.attacks import judgement
from ghostchart.privacy.attacks.model_attacks import (
    MODEL_ATTACKS,
    PARTS,
    Suspects,
    attack_model,
    likelihood_ratio,
    loss,
    min_k,
    zlib_loss,
)
from ghostchart.privacy.model_membership import (
    CORPUS_NOTES,
    SOURCE_PATIENTS,
    Confrontation,
    ModelEvidence,
    run_model_membership,
)
from ghostchart.privacy.policy import load_policy
from ghostchart.schemas.measures import Measure, auc
from ghostchart.schemas.note_losses import NoteLosses, PartLosses
from ghostchart.schemas.verdict import Verdict

SEED = np.random.SeedSequence(5)


@pytest.fixture(scope="module", autouse=True)
def _few_resamples() -> Iterator[None]:
    """The bootstrap is tested elsewhere; here it would take most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judgement, "_RESAMPLES", 120)
        yield


def part(nats: Sequence[float], tokens: Sequence[float], zlib_bytes: Sequence[float]) -> PartLosses:
    return PartLosses(*(np.array(values, float) for values in (nats, tokens, [-1.0] * len(nats), zlib_bytes)))


def test_scores_by_hand() -> None:
    own, shadows = (
        part([20, 30], [10, 10], [5, 30]),
        [part([22, 60], [11, 9], [5, 30]), part([26, 20], [9, 9], [5, 30])],
    )
    assert loss(own, shadows).tolist() == [-2, -3]
    assert zlib_loss(own, shadows).tolist() == [-4, -1]
    assert min_k(own, shadows).tolist() == [-1, -1]
    assert likelihood_ratio(own, shadows).tolist() == [(24 - 20) / 10, (40 - 30) / 10]


def test_losses_of_the_same_notes_have_one_length() -> None:
    with pytest.raises(ValueError, match="one length"):
        PartLosses(np.zeros(2), np.zeros(2), np.zeros(3), np.zeros(2))


class Notes:
    """Notes of differing difficulty, and how models find them: nats per token = difficulty - memory + noise."""

    def __init__(self, n: int, seed: int, easier: float = 0.0) -> None:
        self._rng = np.random.default_rng(seed)
        self._difficulty = self._rng.normal(3 - easier, 0.4, (2, n))
        self._tokens = np.array([self._rng.integers(20, 60, n), self._rng.integers(300, 700, n)], float)

    def read(self, memory: float = 0.0) -> NoteLosses:
        parts = []
        for difficulty, tokens in zip(self._difficulty, self._tokens, strict=True):
            mean = difficulty - memory + self._rng.normal(0, 0.1, len(tokens))
            own = self._rng.normal(-1.5 + 0.5 * memory, 0.2, len(tokens))
            parts.append(PartLosses(mean * tokens, tokens, own, 2.5 * tokens))
        return NoteLosses(note=parts[1], answer=parts[0])

    def suspects(self, memory: float = 0.0) -> Suspects:
        return Suspects(self.read(memory), (self.read(), self.read()))


def evidence(
    n: int, memory: float, *, gate: str = SOURCE_PATIENTS, overtrained: float = 2.0, easier: float = 0.0
) -> ModelEvidence:
    members, others, few = Notes(n, 1, easier), Notes(n, 2), Notes(16, 3)
    return ModelEvidence(
        gate=gate,
        trained=Confrontation(members.suspects(memory), others.suspects()),
        untrained=Confrontation(members.suspects(), others.suspects()),
        overtrained=Confrontation(few.suspects(overtrained), others.suspects()),
    )


def named(verdict: Verdict, name: str) -> Measure:
    return next(measure for measure in verdict.measures if measure.name == name)


@pytest.fixture(scope="module")
def clean() -> Verdict:
    return run_model_membership(evidence(1500, 0.0), load_policy(), SEED)


@pytest.fixture(scope="module")
def remembered() -> Verdict:
    return run_model_membership(evidence(500, 0.25, gate=CORPUS_NOTES), load_policy(), SEED)


def test_a_model_that_remembers_nothing_passes_with_its_controls(clean: Verdict) -> None:
    assert (clean.gate, clean.outcome) == (SOURCE_PATIENTS, "passed"), clean.reasons
    worst, caught = named(clean, "Worst attack: AUC"), named(clean, "Overtrained model: AUC")
    assert worst.ci and worst.ci[1] < 0.6
    assert caught.value and caught.value > 0.95
    assert "the gate fails on it, as it must" in caught.note
    assert named(clean, "Overtrained model: TPR at 1 % FPR").value == 1.0
    for control in ("Untrained model: AUC", "Length of the note alone: AUC"):
        value = named(clean, control).value
        assert value is not None and abs(value - 0.5) < 0.06


def test_every_attack_reports_every_number(clean: Verdict) -> None:
    for attack in MODEL_ATTACKS:
        for suffix, _ in PARTS:
            name = f"{attack.name}, {suffix}"
            assert named(clean, f"{name}: AUC").ci
            assert named(clean, f"{name}: advantage").value is not None
            for rate in ("10", "1", "0.1"):
                measure = named(clean, f"{name}: TPR at {rate} % FPR")
                assert measure.ci and measure.n == 1500
    groups = {curve.name.partition(": ")[0] for curve in clean.curves}
    assert groups == {"ROC on answers", "ROC on texts", "ROC of controls"}


def test_a_model_that_remembers_fails(remembered: Verdict) -> None:
    assert (remembered.gate, remembered.outcome) == (CORPUS_NOTES, "failed")
    assert any("likelihood ratio" in reason for reason in remembered.reasons)
    assert named(remembered, "loss, answer: TPR at 0.1 % FPR").note == "not measurable at this n (500 unseen notes)"


def test_shadows_see_what_the_loss_alone_does_not() -> None:
    members, others = Notes(400, 1), Notes(400, 2)
    found = {result.name: result.scores for result in attack_model(members.suspects(0.2), others.suspects())}
    by = {name: auc(scores.members, scores.non_members) for name, scores in found.items()}
    assert by["likelihood ratio, answer"] > 0.85 > by["loss, answer"]
    without = attack_model(Suspects(members.read()), Suspects(others.read()))
    assert not any("ratio" in result.name for result in without)


def test_groups_that_differ_by_themselves_prove_nothing() -> None:
    verdict = run_model_membership(evidence(400, 0.3, easier=0.5), load_policy(), SEED)
    assert verdict.outcome == "inconclusive"
    assert any("differ by more than training" in reason for reason in verdict.reasons)


def test_attacks_that_miss_the_overtrained_model_prove_nothing() -> None:
    verdict = run_model_membership(evidence(1500, 0.0, overtrained=0.0), load_policy(), SEED)
    assert verdict.outcome == "inconclusive"
    assert any("overtrained on purpose" in reason for reason in verdict.reasons)


def test_few_notes_pass_nothing_but_can_fail() -> None:
    few = run_model_membership(evidence(80, 0.0), load_policy(), SEED)
    assert few.outcome == "inconclusive"
    assert few.required_n and few.required_n >= 300
    assert run_model_membership(evidence(80, 2.0), load_policy(), SEED).outcome == "failed"


def test_equal_seeds_give_equal_verdicts() -> None:
    first, again = (run_model_membership(evidence(60, 0.1), load_policy(), SEED) for _ in range(2))
    assert first == again
