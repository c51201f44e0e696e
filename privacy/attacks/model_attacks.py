"""Membership attacks on a language model: from losses of notes to one score per note, higher for "was trained on".

Two parts of a note are attacked apart, because training on answers may learn an answer by heart and not the note.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ghostchart.privacy.attacks.judgement import AttackResult
from ghostchart.privacy.attacks.scores import AttackScores, Scores
from ghostchart.schemas.note_losses import NoteLosses, PartLosses

# (losses under the attacked model, losses of the same texts under each shadow model) -> score per note
Score = Callable[[PartLosses, Sequence[PartLosses]], Scores]


@dataclass(frozen=True)
class Suspects:
    """Notes whose membership is asked for, as the attacked model and every shadow model find them."""

    losses: NoteLosses
    shadows: tuple[NoteLosses, ...] = ()

    def part(self, name: str) -> tuple[PartLosses, list[PartLosses]]:
        """One part ("note" or "answer") under the model and under the shadows."""
        return getattr(self.losses, name), [getattr(shadow, name) for shadow in self.shadows]


def _mean(total: Scores, count: Scores) -> Scores:
    return np.asarray(total / np.maximum(count, 1.0))


def loss(own: PartLosses, _shadows: Sequence[PartLosses]) -> Scores:
    """Low mean loss per token (Yeom et al., "Privacy Risk in Machine Learning", CSF 2018)."""
    return -_mean(own.nats, own.tokens)


def zlib_loss(own: PartLosses, _shadows: Sequence[PartLosses]) -> Scores:
    """Low loss for how little the text compresses (Carlini et al., "Extracting Training Data", USENIX Security 2021)."""
    return -_mean(own.nats, own.zlib_bytes)


def min_k(own: PartLosses, _shadows: Sequence[PartLosses]) -> Scores:
    """Even the least likely tokens stand high in their own distribution (Min-K%++, Zhang et al., ICLR 2025)."""
    return own.min_k


def likelihood_ratio(own: PartLosses, shadows: Sequence[PartLosses]) -> Scores:
    """Likelier than under models that never saw the text, per token.

    The offline likelihood-ratio attack (Carlini et al., "Membership Inference Attacks From First Principles", IEEE S&P
    2022) with one spread for all texts, which a handful of shadows forces; that makes it difficulty calibration (Watson
    et al., ICLR 2022). Whole texts are compared, because shadow models may have another tokenizer.
    """
    reference = np.mean([shadow.nats for shadow in shadows], axis=0)
    return _mean(reference - own.nats, own.tokens)


@dataclass(frozen=True)
class ModelAttack:
    """One way to score: its name in reports, what it does in plain words, and the scoring itself."""

    name: str
    words: str
    score: Score
    needs_shadows: bool = False


MODEL_ATTACKS: tuple[ModelAttack, ...] = (
    ModelAttack("loss", "is the text likely?", loss),
    ModelAttack("zlib-normalised loss", "is it likelier than its compressed length explains?", zlib_loss),
    ModelAttack("Min-K%++", "do even its least likely tokens stand high in what the model expected?", min_k),
    ModelAttack(
        "likelihood ratio",
        "is it likelier than under shadow models trained alike on other notes? A determined attacker would train hundreds",
        likelihood_ratio,
        needs_shadows=True,
    ),
)
PARTS: tuple[tuple[str, str], ...] = (("answer", "gold codes as the answer"), ("note", "text of the note"))


def attack_model(members: Suspects, non_members: Suspects) -> tuple[AttackResult, ...]:
    """Every attack on every part; those that need shadow models are left out where there are none."""
    found = []
    for attack in MODEL_ATTACKS:
        if attack.needs_shadows and not (members.shadows and non_members.shadows):
            continue
        for part, words in PARTS:
            scores = AttackScores(attack.score(*members.part(part)), attack.score(*non_members.part(part)))
            found.append(AttackResult(f"{attack.name}, {part}", f"{words}: {attack.words}", scores, sees_copies=False))
    return tuple(found)
