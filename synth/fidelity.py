"""How much a synthetic population looks like the one it was learned from, each number beside a control.

The control is a population in which every column is sampled alone: the same patients with each column shuffled on its
own. It keeps all frequencies and loses everything that hangs together.
"""

from __future__ import annotations

import warnings

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ghostchart.schemas.canonical import generator
from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.measures import Measure
from ghostchart.schemas.verdict import Verdict
from ghostchart.synth.fidelity_curves import FidelityView, fidelity_curves
from ghostchart.synth.fidelity_prediction import mean_auc, pick_targets, prediction_table

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

MIN_PAIR_PATIENTS = 20
_CLASSES = ("office", "wellness", "ed", "inpatient")
_TOP_AGE_YEARS = 90
_BAND_YEARS = 10
_FLAT_GROUPS = 25


def _index(column: pa.ChunkedArray, reference: pa.Array) -> Ints:
    found = pa.compute.fill_null(pa.compute.index_in(column, value_set=reference), -1)
    return np.asarray(found.combine_chunks().to_numpy(zero_copy_only=False), dtype=np.int64)


def _view(tables: EhrTables, codes: pa.Array, groups: pa.Array) -> FidelityView:
    ids = tables.patients["patient_id"].combine_chunks()
    n = len(ids)
    visit_patient = _index(tables.encounters["patient_id"], ids)
    visit_class = _index(tables.encounters["encounter_class"], pa.array(_CLASSES))
    known = (visit_patient >= 0) & (visit_class >= 0)
    visits = np.zeros((n, len(_CLASSES)), dtype=np.int64)
    np.add.at(visits, (visit_patient[known], visit_class[known]), 1)
    births = tables.patients["birth_date"].cast(pa.int32()).to_numpy()
    last = np.zeros(n)
    starts = tables.encounters["start"].cast(pa.int64()).to_numpy() / 86400
    np.maximum.at(last, visit_patient[known], starts[known])
    age = np.clip((last - births) / 365.25, 0, _TOP_AGE_YEARS).astype(np.int64)
    patient = _index(tables.conditions["patient_id"], ids)
    code = _index(tables.conditions["code"], codes)
    group = _index(pa.compute.utf8_slice_codeunits(tables.conditions["code"], 0, 3), groups)
    flags = np.zeros((n, len(groups)), dtype=bool)
    flags[patient[group >= 0], group[group >= 0]] = True
    pairs = np.unique(np.column_stack([patient, code])[code >= 0], axis=0)
    return FidelityView(
        age_years=age,
        female=np.array(tables.patients["sex"].to_pylist()) == "F",
        visits=visits,
        n_codes=np.bincount(np.unique(np.column_stack([patient, code]), axis=0)[:, 0], minlength=n),
        groups=flags,
        code_rows=np.bincount(code[code >= 0], minlength=len(codes)),
        code_patients=np.bincount(pairs[:, 1], minlength=len(codes)) if len(pairs) else np.zeros(len(codes), dtype=int),
    )


def _alone(view: FidelityView, rng: np.random.Generator) -> FidelityView:
    """The control: every column resampled on its own."""

    def some(column: NDArray[np.generic]) -> NDArray[np.generic]:
        return column[rng.integers(0, len(column), len(column))]

    rows = rng.multinomial(int(view.code_rows.sum()), view.code_rows / max(1, view.code_rows.sum()))
    return FidelityView(
        age_years=some(view.age_years).astype(np.int64),
        female=some(view.female).astype(bool),
        visits=np.column_stack([some(column) for column in view.visits.T]).astype(np.int64),
        n_codes=some(view.n_codes).astype(np.int64),
        groups=np.column_stack([some(column) for column in view.groups.T]).astype(bool)
        if view.groups.shape[1]
        else view.groups,
        code_rows=rows.astype(np.int64),
        code_patients=view.code_patients,
    )


def _total_variation(a: Floats, b: Floats) -> float | None:
    if a.sum() == 0 or b.sum() == 0:
        return None
    return float(np.abs(a / a.sum() - b / b.sum()).sum() / 2)


def _log_lifts(flags: Flags, pairs: tuple[Ints, Ints]) -> Floats:
    """log of observed over expected number of patients with both; half a patient is added to each."""
    data = flags.astype(np.float64)
    alone = data.sum(axis=0)
    both = (data.T @ data)[pairs]
    expected = alone[pairs[0]] * alone[pairs[1]] / max(1, len(flags))
    lifts: Floats = np.log((both + 0.5) / (expected + 0.5))
    return lifts


def _correlation(a: Floats, b: Floats) -> float | None:
    if len(a) < 3 or a.std() == 0 or b.std() == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])


def _quality(real: FidelityView, other: FidelityView, groups: list[str], common: Ints) -> dict[str, float | None]:
    """SDMetrics quality of a flat table: age, sex, visits by class, number of codes, the most common groups."""
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # this release announces that the report will move
        from sdmetrics.reports.single_table import QualityReport

    def frame(view: FidelityView) -> pd.DataFrame:
        columns: dict[str, object] = {
            "age_years": view.age_years,
            "sex": np.where(view.female, "F", "M"),
            "codes": view.n_codes,
        }
        columns |= {f"visits_{name}": view.visits[:, i] for i, name in enumerate(_CLASSES)}
        columns |= {f"has_{groups[i]}": view.groups[:, i] for i in common.tolist()}
        return pd.DataFrame(columns)

    first, second = frame(real), frame(other)
    kinds = {
        name: {"sdtype": "boolean" if name.startswith("has_") else "categorical" if name == "sex" else "numerical"}
        for name in first.columns
    }
    report = QualityReport()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report.generate(first, second, {"columns": kinds}, verbose=False)
    parts = {row["Property"]: float(row["Score"]) for row in report.get_properties().to_dict("records")}
    scores = {
        "overall": float(report.get_score()),
        "shapes": parts.get("Column Shapes"),
        "pairs": parts.get("Column Pair Trends"),
    }
    return {name: score if score is not None and np.isfinite(score) else None for name, score in scores.items()}


def _measure(name: str, value: float | None, baseline: float | None, n: int, note: str) -> Measure:
    said = note if value is not None else "not measurable at this n"
    return Measure(name=name, value=value, baseline=baseline, n=n, note=said)


def measure_fidelity(
    train: EhrTables, synthetic: EhrTables, k_min: int, seed: np.random.SeedSequence, holdout: EhrTables | None = None
) -> Verdict:
    """Compare a synthetic population with the training patients.

    Codes, groups and cells that fewer than ``k_min`` training patients share take no part; curves show no cell below
    ``k_min`` patients of either population.

    Args:
        train: what the model learned from.
        synthetic: what it sampled, best as many patients.
        k_min: fewest patients behind anything shown.
        seed: stream of the control.
        holdout: source patients the EHR model has not seen; prediction is scored on them where they are given.

    Returns:
        Verdict of gate "fidelity" with outcome "passed" (it reports, it does not judge).
    """
    rng = generator(seed)
    synthetic = _as_many(synthetic, train.n_patients)
    codes, groups = _shared_names(train, k_min)
    real, made = _view(train, codes, groups), _view(synthetic, codes, groups)
    control = _alone(real, rng)
    pairs = _common_pairs(real.groups)
    lifts = [_log_lifts(view.groups, pairs) for view in (real, made, control)]
    common = np.sort(np.argsort(-real.groups.sum(axis=0), kind="stable")[:_FLAT_GROUPS])
    names = [str(name) for name in groups.to_pylist()]
    good, base = (_quality(real, view, names, common) for view in (made, control))
    n = real.n_patients
    measures = (
        _measure("sdmetrics_quality", good["overall"], base["overall"], n, "1 is best; patient-level table"),
        _measure("column_shapes", good["shapes"], base["shapes"], n, "1 is best"),
        _measure("column_pair_trends", good["pairs"], base["pairs"], n, "1 is best"),
        _measure(
            "code_total_variation",
            _total_variation(real.code_rows.astype(float), made.code_rows.astype(float)),
            _total_variation(real.code_rows.astype(float), control.code_rows.astype(float)),
            len(codes),
            f"0 is best; over {len(codes)} codes that at least {k_min} patients share",
        ),
        _measure(
            "log_lift_correlation",
            _correlation(lifts[0], lifts[1]),
            _correlation(lifts[0], lifts[2]),
            len(pairs[0]),
            f"1 is best; pairs of 3-character groups that at least {MIN_PAIR_PATIENTS} patients share",
        ),
        _measure(
            "visits_total_variation",
            _distance(real.visits.sum(axis=1), made.visits.sum(axis=1)),
            _distance(real.visits.sum(axis=1), control.visits.sum(axis=1)),
            n,
            "0 is best; encounters per patient",
        ),
        _measure(
            "age_sex_total_variation",
            _distance(_cell(real), _cell(made)),
            _distance(_cell(real), _cell(control)),
            n,
            "0 is best; ten-year bands by sex",
        ),
        _measure(
            "mean_encounters_per_patient",
            float(made.visits.sum() / max(1, made.n_patients)),
            float(real.visits.sum() / max(1, n)),
            n,
            "the baseline is the source's",
        ),
        *(_prediction(real, made, control, _view(holdout, codes, groups), k_min) if holdout is not None else ()),
    )
    return Verdict(
        gate="fidelity",
        title="Likeness of the synthetic population to the source",
        outcome="passed",
        reasons=(
            "Reported, not judged; the control samples every column alone.",
            f"{made.n_patients:,} synthetic beside {n:,} source patients: chance alone lowers correlations and raises "
            "distances, the more so the fewer there are.",
        ),
        measures=measures,
        curves=fidelity_curves(real, made, control, lifts, k_min),
    )


def _shared_names(train: EhrTables, k_min: int) -> tuple[pa.Array, pa.Array]:
    """Codes and 3-character groups that at least ``k_min`` patients share, in alphabetical order."""
    found = []
    whole = train.conditions["code"]
    for column in (whole, pa.compute.utf8_slice_codeunits(whole, 0, 3)):
        table = pa.table({"name": column, "patient": train.conditions["patient_id"]})
        counted = table.group_by("name").aggregate([("patient", "count_distinct")])
        kept = counted.filter(pa.compute.greater_equal(counted["patient_count_distinct"], k_min))
        found.append(pa.array(sorted(kept["name"].to_pylist()), pa.string()))
    return found[0], found[1]


def _common_pairs(flags: Flags) -> tuple[Ints, Ints]:
    data = flags.astype(np.float64)
    first, second = np.nonzero(np.triu(data.T @ data >= MIN_PAIR_PATIENTS, 1))
    return first.astype(np.int64), second.astype(np.int64)


def _cell(view: FidelityView) -> Ints:
    return view.age_years // _BAND_YEARS * 2 + view.female


def _distance(a: Ints, b: Ints) -> float | None:
    size = int(max(a.max(initial=0), b.max(initial=0))) + 1
    return _total_variation(np.bincount(a, minlength=size).astype(float), np.bincount(b, minlength=size).astype(float))


def _as_many(synthetic: EhrTables, n: int) -> EhrTables:
    """At most ``n`` patients, evenly spaced over the corpus, so that the time does not grow with it."""
    ids = synthetic.patients["patient_id"].combine_chunks()
    if len(ids) <= n:
        return synthetic
    return synthetic.restrict(ids.take(pa.array(np.linspace(0, len(ids) - 1, n).astype(np.int64))))


def _prediction(
    real: FidelityView, made: FidelityView, control: FidelityView, unseen: FidelityView, k_min: int
) -> tuple[Measure, ...]:
    """Mean AUC on held-out source patients after training on synthetic, and on source, patients."""
    common = np.argsort(-real.groups.sum(axis=0), kind="stable")
    tables = [
        prediction_table(view.age_years, view.female, view.visits.astype(float), view.groups[:, common])
        for view in (real, made, control, unseen)
    ]
    targets = pick_targets(tables[0], tables[3], k_min)
    on_real, on_made, on_control = (mean_auc(table, tables[3], targets) for table in tables[:3])
    n = unseen.n_patients
    said = f"mean AUC of {len(targets)} predictions on held-out source patients"
    return (
        _measure("train_on_synthetic_auc", on_made, on_control, n, f"1 is best; {said}"),
        _measure("train_on_real_auc", on_real, on_control, n, f"what source patients themselves reach; {said}"),
    )
