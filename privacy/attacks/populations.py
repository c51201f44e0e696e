"""Who is attacked with what: members, held-out patients as non-members and as the attacker's reference, synthetic ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ghostchart.privacy.attacks.features import FeatureSpace, Matrix
from ghostchart.privacy.attacks.scores import AttackScores, Scores
from ghostchart.schemas.ehr import EhrTables

Ints = NDArray[np.int64]
# (targets, reference patients of whom nothing was learnt, synthetic patients, randomness) -> score per target
Method = Callable[[Matrix, Matrix, Matrix, np.random.Generator], Scores]


@dataclass(frozen=True)
class Populations:
    """Patients as rows of one feature space, which no member has shaped.

    Half of the held-out patients is the attacker's reference for the other half and the other way round, so that every
    held-out patient is a non-member once; each member is scored against a half drawn at random. Without membership
    mattering, members' and non-members' scores have the same distribution.

    Attributes:
        n_released: synthetic patients in all, of whom ``synthetic`` are those attacked.
        halves: by held-out patient, 0 or 1.
        member_half: by member, the half it is scored with.
    """

    space: FeatureSpace
    members: Matrix
    held_out: Matrix
    synthetic: Matrix
    n_released: int
    halves: Ints
    member_half: Ints

    @classmethod
    def of(
        cls,
        train: EhrTables,
        holdout: EhrTables,
        synthetic: EhrTables,
        rng: np.random.Generator,
        n_released: int | None = None,
    ) -> Populations:
        """Feature rows of all three populations and the halves, drawn; ``n_released`` if more than ``synthetic``."""
        halves = rng.permutation(holdout.n_patients) % 2
        space = FeatureSpace.of([synthetic, holdout])
        return cls(
            space=space,
            members=space.matrix(train),
            held_out=space.matrix(holdout),
            synthetic=space.matrix(synthetic),
            n_released=synthetic.n_patients if n_released is None else n_released,
            halves=halves,
            member_half=rng.integers(0, 2, train.n_patients),
        )

    def planted(self, copies: Ints) -> Populations:
        """The same after exact copies of these members joined the synthetic patients."""
        return replace(
            self,
            synthetic=np.vstack([self.synthetic, self.members[copies]]),
            n_released=self.n_released + len(copies),
        )

    def scores(self, method: Method, seed: np.random.SeedSequence) -> AttackScores:
        """Every member and every held-out patient scored by one attack."""
        members, held_out = np.zeros(len(self.members)), np.zeros(len(self.held_out))
        for half, own_seed in enumerate(np.random.SeedSequence(seed.entropy, spawn_key=seed.spawn_key).spawn(2)):
            ours, theirs = self.member_half == half, self.halves == half
            targets = np.vstack([self.members[ours], self.held_out[theirs]])
            reference = self.held_out[self.halves != half]
            values = method(targets, reference, self.synthetic, np.random.default_rng(own_seed))
            members[ours], held_out[theirs] = values[: ours.sum()], values[ours.sum() :]
        return AttackScores(members, held_out)
