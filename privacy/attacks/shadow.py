"""Shadow-model attack: train generators on patients of one's own, learn what membership looks like, apply it.

The attacker knows that the generator is a Gaussian copula and that generators sometimes repeat patients. From the
reference patients it draws shadow training sets, fits a copula to each, samples, and in every second shadow slips in a
few copies. A logistic regression learns from patients in and out of the shadows (Shokri et al., 2017; Stadler, Oprisanu
and Troncoso, "Synthetic Data - Anonymisation Groundhog Day", USENIX Security 2022).

Small on purpose: a handful of shadows of a few hundred patients, where a determined attacker would train hundreds of the
size of the hospital. It bounds a cheap attack, not a determined one, and the report says so.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ghostchart.privacy.attacks.copula import GaussianCopula, Marginals, copula_likelihood_ratio
from ghostchart.privacy.attacks.features import Matrix
from ghostchart.privacy.attacks.neighbours import log_ratio, nearest

N_SHADOWS = 8  # per half of the held-out patients
_SYNTHETIC = 400
_COPIED_SHARE = 0.1


def shadow_attack(
    targets: Matrix, reference: Matrix, synthetic: Matrix, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Log odds of membership by a logistic regression on what the shadows taught."""
    from sklearn.linear_model import LogisticRegression

    features, labels = [], []
    for number in range(N_SHADOWS):
        order = rng.permutation(len(reference))
        third = len(reference) // 3
        inside, outside, known = order[:third], order[third : 2 * third], order[2 * third :]
        made = _shadow_sample(reference[inside], rng)
        if number % 2:
            copied = rng.choice(inside, max(1, round(_COPIED_SHARE * third)), replace=False)
            made = np.vstack([made, reference[copied]])
        both = reference[np.concatenate([inside, outside])]
        features.append(_standardised(_features(both, reference[known], made, rng)))
        labels.append(np.concatenate([np.ones(third), np.zeros(third)]))
    model = LogisticRegression(C=1.0).fit(np.vstack(features), np.concatenate(labels))
    judged = _standardised(_features(targets, reference, synthetic, rng))
    odds: NDArray[np.float64] = model.decision_function(judged)
    return odds


def _shadow_sample(patients: Matrix, rng: np.random.Generator) -> Matrix:
    """A copula fitted to the patients and sampled; columns it does not model stay at their mean."""
    marginals = Marginals.of(patients)
    copula = GaussianCopula.fit(marginals.normal_scores(patients))
    made = np.tile(patients.mean(axis=0), (_SYNTHETIC, 1))
    made[:, marginals.columns] = marginals.values(copula.sample(_SYNTHETIC, rng))
    return made


def _features(targets: Matrix, reference: Matrix, synthetic: Matrix, rng: np.random.Generator) -> Matrix:
    near = nearest(targets, synthetic)
    return np.column_stack(
        [
            log_ratio(nearest(targets, reference), near),
            near < 1e-4,
            copula_likelihood_ratio(targets, reference, synthetic, rng),
        ]
    )


def _standardised(features: Matrix) -> Matrix:
    """By robust spread: shadows are smaller than the hospital, so only ranks within one population carry over."""
    low, middle, high = np.quantile(features, [0.1, 0.5, 0.9], axis=0)
    return np.asarray(np.clip((features - middle) / np.where(high > low, high - low, 1.0), -20, 20))
