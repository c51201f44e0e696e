"""Learning the EHR model from the source's training patients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ghostchart.schemas.canonical import generator
from ghostchart.schemas.config import EhrModelConfig, EhrModelKind
from ghostchart.schemas.ehr import EhrTables
from ghostchart.schemas.errors import SourceError
from ghostchart.schemas.progress import SILENT, Progress
from ghostchart.synth.ehr_model.enrichment import plan_enrichment
from ghostchart.synth.ehr_model.flat import CLASSES, FlatTables, flatten
from ghostchart.synth.ehr_model.latent import Levels, draw_scores, positive_definite, recolour, tetrachoric
from ghostchart.synth.ehr_model.measuring import Residuals, learn_measurements
from ghostchart.synth.ehr_model.model import EhrModel
from ghostchart.synth.ehr_model.placement import learn_placement
from ghostchart.synth.ehr_model.presence import Presence, learn_chain, learn_presence
from ghostchart.synth.ehr_model.sampled_patients import context
from ghostchart.synth.ehr_model.scales import normal_scores, shared_edges
from ghostchart.synth.ehr_model.table_models import TableModel, learn_table
from ghostchart.synth.ehr_model.timing import learn_calendar
from ghostchart.synth.ehr_model.vocabulary import Atoms, CodeChoice, find_atoms, in_atoms, learn_code_choice
from ghostchart.synth.library.strata import stratum_codes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_STEPS = 6
_PATIENT_SWEEPS, _ENCOUNTER_SWEEPS = 6, 6


def split_holdout(tables: EhrTables, fraction: float, seed: np.random.SeedSequence) -> tuple[EhrTables, EhrTables]:
    """Set patients aside: (training, held-out), disjoint by patient, rows in their original order.

    Raises:
        SourceError: fewer than 2 patients.
    """
    n = tables.n_patients
    if n < 2:
        raise SourceError("needs at least 2 patients to hold some out", where=tables.report.source)
    n_out = min(n - 1, max(1, round(n * fraction)))
    out = np.zeros(n, dtype=bool)
    out[generator(seed).choice(n, n_out, replace=False)] = True
    ids = tables.patients["patient_id"].combine_chunks()
    return tables.restrict(ids.filter(pa.array(~out))), tables.restrict(ids.filter(pa.array(out)))


def fit_ehr_model(
    train: EhrTables, config: EhrModelConfig, seed: np.random.SeedSequence, progress: Progress = SILENT
) -> EhrModel:
    """Fit the model on training patients.

    Nothing that fewer than ``config.k_min`` patients share is kept: rare items are dropped and counted, ages top-coded
    at 90, counts and measurements cut to what that many patients reach.

    Raises:
        SourceError: too few patients, or no diagnosis that ``k_min`` patients share.
        ModelError: an enriched stratum hardly ever comes out of the model.
    """
    k_min = config.k_min
    seeds = seed.spawn(8)
    with progress.task("Learning the EHR model", _STEPS) as advance:
        flat = flatten(train, k_min)
        if not flat.conditions.names:
            raise SourceError(
                f"no diagnosis is shared by {k_min} patients",
                where=train.report.source,
                fix="Give a source with more patients or a smaller k_min",
            )
        atoms = find_atoms(flat, k_min)
        present = in_atoms(flat, flat.conditions, atoms)
        known = context(flat.female[flat.patient], flat.age_years[flat.patient], flat.encounter_class)
        features = np.hstack([known, present])
        advance(1)
        placement = learn_placement(flat, present, _first_listed(flat, atoms), k_min)
        advance(1)
        codes = flat.presence(flat.conditions)
        if config.kind == "independent":  # nothing may tell of anything else
            known, features, codes_known = np.zeros_like(known), np.zeros_like(features), np.zeros_like(codes)
        else:
            codes_known = codes
        choices = _learn_choices(flat, atoms, placement.order, features, codes, k_min)
        procedure_presence = learn_presence(features, flat.presence(flat.procedures), flat.patient, k_min)
        advance(1)
        recorded = flat.presence(flat.medications)
        ever = flat.ever(present)
        first = flat.first_of_patient()
        told = np.hstack(
            [known[first][:, len(CLASSES) :], ever if config.kind != "independent" else np.zeros_like(ever)]
        )
        drugs_ever = learn_chain(told, flat.ever(recorded), k_min)
        drugs_at_visit = _learn_recorded(flat, features, recorded, k_min)
        advance(1)
        with_codes = np.hstack([features, codes_known])
        measurements, residuals = learn_measurements(flat, with_codes, k_min)
        kept = [flat.observations.names.index(item.name) for item in measurements]
        measured = learn_presence(with_codes, flat.presence(flat.observations)[:, kept], flat.patient, k_min)
        calendar, gap_scores, length_scores = learn_calendar(flat, k_min)
        advance(1)
        levels, patient_table = _learn_patients(
            flat, atoms, ever, residuals, tuple(item.name for item in measurements), config, seeds
        )
        encounter_tables = _learn_encounters(flat, gap_scores, length_scores, residuals, config, seeds)
        advance(1)
    model = EhrModel(
        k_min=k_min,
        codes=flat.conditions.names,
        atoms=atoms,
        choices=choices,
        placement=placement,
        procedures=flat.procedures.names,
        procedure_presence=procedure_presence,
        drugs=flat.medications.names,
        drugs_ever=drugs_ever,
        drugs_at_visit=drugs_at_visit,
        measurements=measurements,
        measured=measured,
        levels=levels,
        patient_table=patient_table,
        encounter_tables=encounter_tables,
        calendar=calendar,
        mean_encounters=flat.n_encounters / flat.n_patients,
        dropped={
            name: (getattr(flat, name).n_dropped_names, getattr(flat, name).n_dropped_rows)
            for name in ("conditions", "procedures", "medications", "observations")
        },
    )
    if not config.enrich:
        return model
    wanted = {str(name): share for name, share in config.enrich.items()}
    return replace(model, enrichment=plan_enrichment(model.draw, wanted, stratum_codes(), seeds[7]))


def _first_listed(flat: FlatTables, atoms: Atoms) -> Flags:
    """Encounters x atoms: holds the code with the lowest rank among those kept."""
    entries = flat.conditions
    order = np.lexsort((entries.number, entries.encounter))
    encounter, item = entries.encounter[order], entries.item[order]
    leads = np.r_[True, encounter[1:] != encounter[:-1]]
    found = np.zeros((flat.n_encounters, len(atoms.names)), dtype=bool)
    found[encounter[leads], atoms.of_code[item[leads]]] = True
    return found


def _learn_choices(
    flat: FlatTables, atoms: Atoms, order: Ints, features: Flags, codes: Flags, k_min: int
) -> tuple[CodeChoice, ...]:
    """Exact codes atom by atom in the order of placement; codes chosen before serve as features."""
    choices: dict[int, CodeChoice] = {}
    earlier = np.zeros_like(codes)
    position = np.zeros(len(flat.conditions.names), dtype=np.int64)
    for members in atoms.codes:
        position[members] = np.arange(len(members))
    for atom in order.tolist():
        members = atoms.codes[atom]
        rows = np.flatnonzero(codes[:, members].any(axis=1))
        # Where two codes of an atom stand side by side (seldom: see vocabulary), the first one counts.
        code = np.argmax(codes[np.ix_(rows, members)], axis=1)
        choices[atom] = learn_code_choice(members, rows, code, np.hstack([features, earlier]), flat.patient, k_min)
        earlier[:, members] = codes[:, members]
    return tuple(choices[atom] for atom in range(len(atoms.codes)))


def _learn_recorded(flat: FlatTables, features: Flags, recorded: Flags, k_min: int) -> Presence:
    """Whether a drug that the patient has is recorded at a visit: learned on those patients' visits only."""
    ever = flat.ever(recorded)
    weights = np.zeros((1 + features.shape[1], recorded.shape[1]))
    for drug in range(recorded.shape[1]):
        rows = np.flatnonzero(ever[flat.patient, drug])
        found = learn_presence(features[rows], recorded[rows][:, [drug]], flat.patient[rows], k_min)
        weights[:, [drug]] = found.weights
    return Presence(weights)


def _learn_patients(
    flat: FlatTables,
    atoms: Atoms,
    ever: Flags,
    residuals: Residuals,
    names: tuple[str, ...],
    config: EhrModelConfig,
    seeds: list[np.random.SeedSequence],
) -> tuple[dict[str, Levels], TableModel]:
    """Scores behind every patient column, then their joint distribution."""
    columns: dict[str, Floats] = {
        "sex": flat.female.astype(float),
        "age": flat.age_years,
        "died": (~np.isnan(flat.death_days)).astype(float),
    }
    for c, name in enumerate(CLASSES):
        columns[f"n:{name}"] = np.bincount(flat.patient[flat.encounter_class == c], minlength=flat.n_patients).astype(
            float
        )
    columns |= {f"has:{name}": ever[:, i].astype(float) for i, name in enumerate(atoms.names)}
    levels: dict[str, Levels] = {}
    bounds, halves, used = [], [], []
    for name, values in columns.items():
        edges = shared_edges(values, config.k_min)
        levels[name] = Levels.learn(values, edges)
        if len(edges) > 1:
            used.append(name)
            bounds.append(levels[name].bounds(values))
            halves.append(_upper_half(values))
    own = residuals.by_patient
    for i, name in enumerate(names):
        scores = own[:, i]
        known = ~np.isnan(scores)
        low, high = np.full(len(scores), -np.inf), np.full(len(scores), np.inf)
        if known.sum() >= 2:
            low[known] = high[known] = normal_scores(scores[known])
        used.append(f"own:{name}")
        bounds.append((low, high))
        halves.append(np.where(known, scores > 0, False))
    lower, upper = np.column_stack([a for a, _ in bounds]), np.column_stack([b for _, b in bounds])
    correlation = tetrachoric(np.column_stack(halves))
    drawn = draw_scores(lower, upper, correlation, generator(seeds[0]), _PATIENT_SWEEPS)
    scores = recolour(drawn, correlation)
    cuts = {name: levels[name].cuts for name in used if name in levels}
    levels = {name: found.without_edges() for name, found in levels.items()}
    return levels, learn_table(config.kind, {name: scores[:, i] for i, name in enumerate(used)}, cuts, seeds[1])


def _upper_half(values: Floats) -> Flags:
    """A split of a discrete column as near to the middle as its values allow, for its tetrachoric correlations."""
    median = np.median(values)
    above: Flags = values > median
    at_least: Flags = values >= median
    return above if abs(above.mean() - 0.5) <= abs(at_least.mean() - 0.5) else at_least


def _learn_encounters(
    flat: FlatTables,
    gap_scores: Floats,
    length_scores: Floats,
    residuals: Residuals,
    config: EhrModelConfig,
    seeds: list[np.random.SeedSequence],
) -> tuple[TableModel | None, ...]:
    """Gap, length and what visits add to the measurements, one table for each class.

    A handful of continuous scores is what a copula is for, so the neural kinds learn these by copula too.
    """
    kind: EhrModelKind = "independent" if config.kind == "independent" else "gaussian-copula"
    tables: list[TableModel | None] = []
    for c in range(len(CLASSES)):
        rows = np.flatnonzero(flat.encounter_class == c)
        if len(np.unique(flat.patient[rows])) < config.k_min:
            tables.append(None)
            continue
        measured = residuals.by_encounter[rows]
        lower = np.column_stack([gap_scores[rows], length_scores[rows], measured])
        upper = lower.copy()
        lower[np.isnan(lower)], upper[np.isnan(upper)] = -np.inf, np.inf
        correlation = _pairwise_correlation(np.column_stack([gap_scores[rows], length_scores[rows], measured]))
        rng = generator(seeds[2 + c].spawn(1)[0])
        scores = draw_scores(lower, upper, correlation, rng, _ENCOUNTER_SWEEPS)
        columns = {f"s{i:02d}": scores[:, i] for i in range(scores.shape[1])}
        tables.append(learn_table(kind, columns, {}, seeds[2 + c]))
    return tuple(tables)


def _pairwise_correlation(values: Floats) -> Floats:
    """Correlations over the rows that have both; 0 where fewer than 30 do."""
    width = values.shape[1]
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    n = known.T.astype(float) @ known
    cross = filled.T @ filled
    squares = (filled**2).T @ known
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = cross / np.sqrt(squares * squares.T)
    rho = np.where((n >= 30) & np.isfinite(rho), np.clip(rho, -0.97, 0.97), 0.0)
    rho[np.arange(width), np.arange(width)] = 1.0
    return positive_definite(rho)
