"""Parts of the EHR model against values worked out by other means."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ghostchart.schemas.canonical import generator, stream
from ghostchart.synth.ehr_model.flat import Entries, FlatTables
from ghostchart.synth.ehr_model.latent import Levels, draw_scores, positive_definite, recolour, tetrachoric
from ghostchart.synth.ehr_model.logistic import fit_logistic, mutual_information
from ghostchart.synth.ehr_model.placement import learn_placement, place
from ghostchart.synth.ehr_model.scales import BinnedScale, shared_edges
from ghostchart.synth.ehr_model.table_models import learn_table
from ghostchart.synth.ehr_model.vocabulary import chances_for, learn_code_choice

RHO = 0.6


def _flags(n: int = 40_000) -> np.ndarray:
    """Three flags: the first two cut from normals with correlation RHO at 0.5 and 1, the third independent."""
    rng = generator(stream(1, "flags"))
    scores = rng.multivariate_normal([0, 0, 0], [[1, RHO, 0], [RHO, 1, 0], [0, 0, 1]], size=n)
    return scores > np.array([0.5, 1.0, 1.2])


def test_tetrachoric_recovers_the_correlation_behind_flags() -> None:
    flags = _flags()
    found = tetrachoric(flags)
    assert found[0, 1] == pytest.approx(RHO, abs=0.03)
    assert abs(found[0, 2]) < 0.04
    assert np.corrcoef(flags.T)[0, 1] < 0.45, "the flags' own correlation is far weaker: that is why"


def test_positive_definite_gives_a_correlation_matrix() -> None:
    broken = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1.0]])
    assert np.linalg.eigvalsh(broken).min() < 0
    mended = positive_definite(broken)
    assert np.linalg.eigvalsh(mended).min() > 0
    np.testing.assert_allclose(np.diag(mended), 1.0)


def test_scores_stay_within_bounds_fixed_ones_fixed() -> None:
    flags = _flags(2000)
    levels = [Levels.learn(column.astype(float), np.array([0.0, 1.0])) for column in flags.T]
    bounds = [level.bounds(column.astype(float)) for level, column in zip(levels, flags.T, strict=True)]
    lower, upper = (np.column_stack(side) for side in zip(*bounds, strict=True))
    lower[:, 2] = upper[:, 2] = np.linspace(-2, 2, 2000)
    lower[:50, 0], upper[:50, 0] = -np.inf, np.inf
    scores = draw_scores(lower, upper, tetrachoric(flags), generator(stream(1, "draw")), sweeps=4)
    assert (scores >= lower).all() and (scores <= upper).all() and np.isfinite(scores).all()
    np.testing.assert_array_equal(scores[:, 2], lower[:, 2])
    np.testing.assert_array_equal(levels[1].from_scores(scores[:, 1]) > 0, flags[:, 1])


def test_recolour_gives_the_correlation_and_keeps_people_where_they_are() -> None:
    rng = generator(stream(1, "recolour"))
    wanted = np.array([[1, 0.7, 0.1], [0.7, 1, -0.3], [0.1, -0.3, 1]])
    before = np.exp(rng.multivariate_normal(np.zeros(3), 0.6 * wanted + 0.4 * np.eye(3), 5000))
    after = recolour(before, wanted)
    np.testing.assert_allclose(np.corrcoef(after.T), wanted, atol=0.02)
    assert min(stats.spearmanr(before[:, j], after[:, j]).statistic for j in range(3)) > 0.9


def test_levels_join_what_few_reach() -> None:
    values = np.array([1.0] * 50 + [2.0] * 30 + [5.0] * 8 + [9.0] * 3 + [40.0])
    edges = shared_edges(values, 11)
    np.testing.assert_array_equal(edges, [1.0, 2.0, 5.0])
    levels = Levels.learn(values, edges)
    np.testing.assert_array_equal(levels.values, [1.0, 2.0, round((5 * 8 + 9 * 3 + 40) / 12)])
    assert levels.from_scores(np.array([9.0]))[0] == 9.0 and 40.0 not in levels.values


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.floats(-1e3, 1e3), min_size=30, max_size=300), st.integers(2, 12))
def test_scale_bins_hold_enough_patients_and_never_leave_their_means(values: list[float], k_min: int) -> None:
    array = np.array(values)
    scale = BinnedScale.learn(array, np.arange(len(array)), k_min, decimals=6)
    assert scale is not None
    back = scale.from_scores(np.linspace(-6, 6, 50))
    assert back.min() >= scale.means.min() - 1e-6 and back.max() <= scale.means.max() + 1e-6
    # No bin mean lies beyond the mean of the k_min most extreme values: a single extreme does not come back.
    ordered = np.sort(array)
    assert scale.means.max() <= ordered[-k_min:].mean() + 1e-6
    assert scale.means.min() >= ordered[:k_min].mean() - 1e-6


def test_scale_needs_k_min_patients_not_rows() -> None:
    assert BinnedScale.learn(np.arange(100.0), np.repeat(np.arange(5), 20), 11) is None


def test_logistic_finds_the_log_odds() -> None:
    outcome = np.r_[np.ones(80), np.zeros(20), np.ones(20), np.zeros(80)]
    features = np.column_stack([np.ones(200), np.r_[np.ones(100), np.zeros(100)]])
    weights = fit_logistic(features, outcome, ridge=1e-6)
    assert weights[0] == pytest.approx(np.log(20 / 80), abs=0.01)
    assert weights.sum() == pytest.approx(np.log(80 / 20), abs=0.01)


def test_mutual_information_of_a_copy_is_entropy_and_of_noise_nothing() -> None:
    flag = np.arange(1000) % 4 == 0
    other = np.arange(1000) % 2 == (np.arange(1000) // 4) % 2
    found = mutual_information(np.column_stack([flag, other]), flag[:, None])
    assert found[0, 0] == pytest.approx(stats.entropy([0.25, 0.75]), abs=1e-6)
    assert found[1, 0] < 1e-3


def _columns(n: int = 400) -> dict[str, np.ndarray]:
    scores = generator(stream(2, "columns")).multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], n)
    return {"a": scores[:, 0], "b": scores[:, 1]}


def test_sdv_is_really_seeded() -> None:
    table = learn_table("gaussian-copula", _columns(), {}, stream(2, "fit"))
    state = np.random.get_state()[1].copy()
    shards = [table.sample(300, stream(2, "shard", i)) for i in range(2)]
    again = table.sample(300, stream(2, "shard", 0))
    np.testing.assert_array_equal(shards[0], again)
    assert not set(shards[0].ravel()) & set(shards[1].ravel()), "two shards share rows"
    assert len(np.unique(shards[0][:, 0])) == 300
    np.testing.assert_array_equal(np.random.get_state()[1], state)
    assert np.corrcoef(shards[0].T)[0, 1] == pytest.approx(0.8, abs=0.08)


def test_sdv_fit_does_not_depend_on_the_global_generator() -> None:
    drawn = []
    for global_seed in (1, 2):
        np.random.seed(global_seed)
        drawn.append(learn_table("gaussian-copula", _columns(), {}, stream(2, "fit")).sample(50, stream(2, "s")))
    np.testing.assert_array_equal(drawn[0], drawn[1])


def test_code_choice_follows_its_companion_and_backs_off() -> None:
    patients = np.arange(400)
    companion = patients % 2 == 0
    rare = patients < 5
    code = np.where(companion, 0, 1)
    code[rare] = 2
    choice = learn_code_choice(
        np.array([10, 11, 12]), patients, code, np.column_stack([companion, rare]), patients, k_min=11
    )
    chances = chances_for(choice, np.array([[True, False], [False, False]]))
    assert chances[0, 0] > 0.95 and chances[1, 1] > 0.95
    # The feature that only five patients have is not used, however much it tells.
    assert 1 not in choice.features.tolist()


def _lives(n: int = 600, visits: int = 5) -> tuple[FlatTables, np.ndarray]:
    """Patients with a chronic (0), an acute (1), and two conditions that exclude each other (2, 3)."""
    rng = generator(stream(4, "lives"))
    patient = np.repeat(np.arange(n), visits)
    chronic = np.repeat(rng.random(n) < 0.5, visits) & (rng.random(n * visits) < 0.9)
    acute = np.repeat(rng.random(n) < 0.5, visits) & (
        np.tile(np.arange(visits), n) == rng.integers(0, visits, n)[patient]
    )
    left = rng.random(n * visits) < 0.5
    present = np.column_stack([chronic, acute, left, ~left])
    nothing = Entries(np.zeros(0, int), np.zeros(0, int), np.zeros(0), ())
    flat = FlatTables(
        female=np.ones(n, bool),
        age_years=np.full(n, 50.0),
        death_days=np.full(n, np.nan),
        patient=patient,
        encounter_class=np.zeros(n * visits, dtype=np.int64),
        start_days=np.tile(np.arange(visits, dtype=float), n),
        length_hours=np.ones(n * visits),
        conditions=nothing,
        procedures=nothing,
        medications=nothing,
        observations=nothing,
    )
    return flat, present


def test_chronic_conditions_persist_acute_ones_come_once_exclusive_ones_never_meet() -> None:
    flat, present = _lives()
    placement = learn_placement(flat, present, present, k_min=11)
    assert placement.acute.tolist()[:2] == [False, True]
    n, visits = 600, 5
    flags = flat.ever(present)
    placed = place(
        placement,
        flags,
        np.arange(n) * visits,
        np.full(n, visits),
        np.zeros(n * visits, dtype=np.int64),
        np.ones_like(flags),
        generator(stream(4, "place")),
    )
    by_patient = placed.reshape(n, visits, 4).sum(axis=1)
    has = flags[:, 0]
    assert by_patient[~has, 0].sum() == 0
    assert by_patient[has, 0].mean() == pytest.approx(4.5, abs=0.25)
    assert by_patient[flags[:, 1], 1].mean() == pytest.approx(1.0, abs=0.15)
    assert (by_patient[flags[:, 1], 1] >= 1).all()
    assert not (placed[:, 2] & placed[:, 3]).any()


@pytest.mark.parametrize("kind", ["ctgan", "tvae"])
def test_neural_tables_are_seeded_and_give_levels_back(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flag of 30 % and a count of three levels as categories, one continuous column; a few steps are enough."""
    from ghostchart.synth.ehr_model import sdv_tables

    monkeypatch.setattr(sdv_tables, "_NEURAL_STEPS", 30)
    rng = generator(stream(7, "neural"))
    scores = rng.standard_normal((400, 3))
    cuts = {"flag": stats.norm.ppf([0.7]), "count": stats.norm.ppf([0.3, 0.8])}
    columns = {"flag": scores[:, 0], "count": scores[:, 1], "own": scores[:, 2]}
    table = learn_table(kind, columns, cuts, stream(7, "fit"))
    first, again, other = (table.sample(300, stream(7, name)) for name in ("a", "a", "b"))
    assert first.shape == (300, 3)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    levels = {name: np.searchsorted(found, first[:, i], side="right") for i, (name, found) in enumerate(cuts.items())}
    assert set(levels["flag"]) <= {0, 1} and set(levels["count"]) <= {0, 1, 2}
    assert len(np.unique(first[:, 0])) <= 2 and len(np.unique(first[:, 1])) <= 3
    assert len(np.unique(first[:, 2])) > 200


def test_independent_tables_keep_nothing_of_the_source() -> None:
    columns = _columns()
    table = learn_table("independent", columns, {}, stream(7, "fit"))
    drawn = table.sample(20_000, stream(7, "a"))
    assert np.array_equal(drawn, table.sample(20_000, stream(7, "a")))
    together = np.corrcoef(drawn.T) - np.eye(len(columns))
    assert np.abs(together).max() < 0.03
    assert vars(table) == {"columns": tuple(columns)}
