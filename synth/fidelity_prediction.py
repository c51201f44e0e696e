"""Train on synthetic, test on real: does a model learned from synthetic patients serve real ones as well?

Esteban, Hyland and Rätsch (2017). A logistic regression predicts, from age, sex, visits other than stays and
3-character diagnosis groups, whether a patient had an inpatient stay, and each of the commonest groups from the others.
It is trained once on the source's patients, once on as many synthetic ones, once on the control, and always scored by
AUC on source patients that neither the EHR model nor the regression has seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ghostchart.schemas.measures import auc

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_TARGETS = 8
_MOST_FEATURES = 60
_AGE_SCALE_YEARS = 20.0


@dataclass(frozen=True)
class PredictionTable:
    """One population: ``numbers`` (patients x few, nearly standardised), ``groups`` (patients x groups), ``stay``."""

    numbers: Floats
    groups: Flags
    stay: Flags


def prediction_table(age_years: NDArray[np.int64], female: Flags, visits: Floats, groups: Flags) -> PredictionTable:
    """Build from patients' columns; ``visits`` by class, inpatient stays last."""
    numbers = np.column_stack([age_years / _AGE_SCALE_YEARS, female, np.log1p(visits[:, :-1])])
    return PredictionTable(numbers.astype(np.float64), groups, visits[:, -1] > 0)


def mean_auc(train: PredictionTable, test: PredictionTable, targets: list[int]) -> float | None:
    """Mean AUC over the targets on ``test``; -1 stands for the inpatient stay, others for a column of ``groups``.

    A target that ``train`` has in nobody or in everybody counts as 0.5. None without targets.
    """
    found = []
    for target in targets:
        known, wanted = _design(train, target)
        unseen, truth = _design(test, target)
        if wanted.all() or not wanted.any():
            found.append(0.5)
            continue
        scores = _regression_scores(known, wanted, unseen)
        found.append(auc(scores[truth], scores[~truth]))
    return float(np.mean(found)) if found else None


def pick_targets(train: PredictionTable, test: PredictionTable, k_min: int) -> list[int]:
    """The stay and the commonest groups, each with at least ``k_min`` patients in and out of it on both sides."""
    order = [-1, *np.argsort(-train.groups.sum(axis=0), kind="stable").tolist()]

    def enough(target: int) -> bool:
        sides = [table.stay if target < 0 else table.groups[:, target] for table in (train, test)]
        return all(min(int(side.sum()), int((~side).sum())) >= k_min for side in sides)

    return [target for target in order if enough(target)][:_TARGETS]


def _design(table: PredictionTable, target: int) -> tuple[Floats, Flags]:
    outcome = table.stay if target < 0 else table.groups[:, target]
    kept = [column for column in range(min(_MOST_FEATURES, table.groups.shape[1])) if column != target]
    return np.hstack([table.numbers, table.groups[:, kept]]), outcome


def _regression_scores(known: Floats, wanted: Flags, unseen: Floats) -> Floats:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=0.3, max_iter=400).fit(known, wanted)
    scores: Floats = model.decision_function(unseen)
    return scores
