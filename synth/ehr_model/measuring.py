"""Vitals and laboratory values: what conditions explain, what is the patient's own, and what varies by visit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ghostchart.synth.ehr_model.flat import FlatTables
from ghostchart.synth.ehr_model.logistic import distinct_pairs
from ghostchart.synth.ehr_model.scales import BinnedScale, normal_scores

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_RIDGE = 8.0
_MOST_FEATURES = 40


@dataclass(frozen=True)
class Measurement:
    """One named measurement on the scale of its normal scores.

    Attributes:
        scale: back to units.
        weights: (1 + features): what conditions, class, sex and age explain.
        spread: standard deviation of what they do not explain.
        own_share: share of that variance which belongs to the patient and stays over visits, 0 to 1.
    """

    name: str
    scale: BinnedScale
    weights: Floats
    spread: float
    own_share: float


@dataclass(frozen=True)
class Residuals:
    """What the regressions leave, standardised: by patient and by encounter; NaN where not measured."""

    by_patient: Floats
    by_encounter: Floats


def learn_measurements(flat: FlatTables, features: Flags, k_min: int) -> tuple[tuple[Measurement, ...], Residuals]:
    """Fit each measurement; the residuals are what SDV then learns jointly."""
    entries = flat.observations
    found: list[Measurement] = []
    by_patient, by_encounter = [], []
    for item, name in enumerate(entries.names):
        at = np.flatnonzero(entries.item == item)
        _, once = np.unique(entries.encounter[at], return_index=True)
        at = at[once]
        rows, values = entries.encounter[at], entries.number[at]
        scale = BinnedScale.learn(values, flat.patient[rows], k_min)
        if scale is None:
            continue
        scores = normal_scores(values)
        weights, fitted = _regress(features[rows], scores, flat.patient[rows], k_min)
        rest = scores - fitted
        spread = max(float(rest.std()), 1e-3)
        own_share, own, visit = _split(rest / spread, flat.patient[rows], flat.n_patients)
        found.append(Measurement(name, scale, weights, spread, own_share))
        by_patient.append(own)
        column = np.full(flat.n_encounters, np.nan)
        column[rows] = visit
        by_encounter.append(column)
    if not found:
        return (), Residuals(np.zeros((flat.n_patients, 0)), np.zeros((flat.n_encounters, 0)))
    return tuple(found), Residuals(np.column_stack(by_patient), np.column_stack(by_encounter))


def _regress(features: Flags, scores: Floats, patients: Ints, k_min: int) -> tuple[Floats, Floats]:
    """Ridge regression on the features that tell most of the scores: weights over all features, fitted values.

    A feature that fewer than ``k_min`` of the measured ``patients`` (sorted) have takes no part.
    """
    known = features.astype(np.float32)
    share = known.mean(axis=0)
    covariance = (known - share).T @ scores.astype(np.float32) / len(scores)
    told = np.abs(covariance) / np.sqrt(np.maximum(share * (1 - share), 1e-4))
    told[distinct_pairs(features, np.ones((len(scores), 1), dtype=bool), patients)[:, 0] < k_min] = 0
    best = np.sort(np.argsort(-told, kind="stable")[:_MOST_FEATURES])
    best = best[told[best] > 0]
    design = np.hstack([np.ones((len(scores), 1)), features[:, best]])
    penalty = np.full(design.shape[1], _RIDGE)
    penalty[0] = 1e-6
    found = np.linalg.solve(design.T @ design + np.diag(penalty), design.T @ scores)
    weights = np.zeros(1 + features.shape[1])
    weights[0], weights[1 + best] = found[0], found[1:]
    return weights, design @ found


def _split(rest: Floats, whose: Ints, n_patients: int) -> tuple[float, Floats, Floats]:
    """Share of variance between patients (one-way analysis of variance), patients' effects, visits' effects."""
    counts = np.bincount(whose, minlength=n_patients)
    means = np.bincount(whose, weights=rest, minlength=n_patients) / np.maximum(counts, 1)
    many = counts >= 2
    deviation = rest - means[whose]
    freedom = counts[many].sum() - many.sum()
    own = np.where(counts > 0, means, np.nan)
    if freedom < 10:
        return 0.0, np.full(n_patients, np.nan), rest
    within = float((deviation[many[whose]] ** 2).sum() / freedom)
    share = float(np.clip(1 - within / max(1e-9, float(rest.var())), 0.0, 1.0))
    own = own / max(1e-6, float(np.nanstd(own)))
    visit = np.where(many[whose], deviation * np.sqrt(counts[whose] / np.maximum(counts[whose] - 1, 1)), np.nan)
    visit = visit / max(1e-6, float(np.nanstd(visit)))
    return share, own, visit


def sample_values(
    measurements: tuple[Measurement, ...], features: Flags, own: Floats, visit: Floats
) -> dict[str, Floats]:
    """Values of every measurement for every row; own and visit effects as standard normal scores (rows x measures)."""
    found = {}
    for k, item in enumerate(measurements):
        mean = item.weights[0] + features.astype(np.float64) @ item.weights[1:]
        noise = np.sqrt(item.own_share) * own[:, k] + np.sqrt(1 - item.own_share) * visit[:, k]
        found[item.name] = item.scale.from_scores(mean + item.spread * noise)
    return _agree(found)


def _agree(values: dict[str, Floats]) -> dict[str, Floats]:
    """Arithmetic that holds in every chart: body mass index from weight and height, diastolic below systolic."""
    if {"weight_kg", "height_cm", "bmi_kg_m2"} <= set(values):
        # The index, not the weight, goes with the obesity codes, so the weight follows from it.
        values["weight_kg"] = np.round(values["bmi_kg_m2"] * (values["height_cm"] / 100) ** 2, 1)
    if {"systolic_bp_mmhg", "diastolic_bp_mmhg"} <= set(values):
        values["diastolic_bp_mmhg"] = np.minimum(values["diastolic_bp_mmhg"], values["systolic_bp_mmhg"] - 15)
    return values
