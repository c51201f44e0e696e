"""Classifier attack: train a classifier to tell synthetic from reference patients and call members what it calls synthetic.

The discriminator idea of Hayes et al., "LOGAN", PoPETs 2019, for an attacker without access to the generator.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ghostchart.privacy.attacks.features import Matrix

_TREES = 60


def synthetic_or_real(
    targets: Matrix, reference: Matrix, synthetic: Matrix, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Share of trees of a random forest that take the target for synthetic; both classes weigh the same."""
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(
        n_estimators=_TREES,
        class_weight="balanced",
        random_state=int(rng.integers(2**31)),
        n_jobs=1,
    )
    labels = np.concatenate([np.zeros(len(reference)), np.ones(len(synthetic))])
    forest.fit(np.vstack([reference, synthetic]).astype(np.float32), labels)
    chance: NDArray[np.float64] = forest.predict_proba(targets.astype(np.float32))[:, 1]
    # Shares of 60 trees tie; a trace of noise keeps the threshold from falling on a whole step.
    return chance + rng.uniform(0, 1e-6, len(chance))
