"""AUC, Brier score, rank correlation, lift and bootstrap: by hand, against scipy, and by rules that hold for every base."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from transforms import prediction
from transforms.prediction import Measure


def figure(measure: Measure, customers: int) -> float:
    return float(measure(np.ones((1, customers)))[0])


def numbers(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def flags(*values: int) -> np.ndarray:
    return np.array(values, dtype=bool)


@pytest.mark.parametrize(
    ("score", "happened", "expected"),
    [
        pytest.param(numbers(1, 2, 3, 4), flags(0, 0, 1, 1), 1.0, id="all above all"),
        pytest.param(numbers(4, 3, 2, 1), flags(0, 0, 1, 1), 0.0, id="all below all"),
        pytest.param(numbers(5, 5, 5), flags(0, 1, 1), 0.5, id="a tie counts half"),
        pytest.param(numbers(0.1, 0.4, 0.35, 0.8), flags(0, 0, 1, 1), 0.75, id="the example in scikit-learn's documentation"),
        pytest.param(numbers(1, 2, 2, 3), flags(0, 0, 1, 1), 3.5 / 4, id="three pairs won, one shared"),
    ],
)
def test_auc_is_the_share_of_pairs_in_the_right_order(score: np.ndarray, happened: np.ndarray, expected: float) -> None:
    assert figure(prediction.auc(score, happened), len(score)) == pytest.approx(expected)


def test_brier_is_the_mean_squared_distance() -> None:
    """The example in scikit-learn's documentation."""
    measure = prediction.brier(numbers(0.1, 0.9, 0.8, 0.3), flags(0, 1, 1, 0))
    assert figure(measure, 4) == pytest.approx(0.0375)


@pytest.mark.parametrize(
    ("score", "amount", "share", "expected"),
    [
        pytest.param(numbers(4, 3, 2, 1), numbers(6, 2, 0, 0), 0.25, 3.0, id="the best quarter brings three times the mean"),
        pytest.param(numbers(1, 1, 1, 1), numbers(6, 2, 0, 0), 0.25, 1.0, id="who ties with everybody brings the mean"),
        pytest.param(numbers(3, 2, 2, 1), numbers(6, 2, 0, 0), 0.5, (6 + 1) / 2 / 2, id="a tie on the edge is in by half"),
        pytest.param(numbers(2, 1), numbers(8, 0), 0.25, 2.0, id="half a customer"),
        pytest.param(numbers(2, 1), numbers(-1, 1), 0.5, None, id="nothing was brought in all"),
    ],
)
def test_lift_is_what_the_best_bring_beside_everybody(score: np.ndarray, amount: np.ndarray, share: float, expected: float | None) -> None:
    assert figure(prediction.lift(score, amount, share), len(score)) == pytest.approx(np.nan if expected is None else expected, nan_ok=True)


@pytest.mark.parametrize(
    "measure",
    [
        pytest.param(prediction.auc(numbers(1, 2), flags(1, 1)), id="AUC where it happened with all"),
        pytest.param(prediction.auc(numbers(1, 2), flags(0, 0)), id="AUC where it happened with none"),
        pytest.param(prediction.spearman(numbers(1, 1), numbers(1, 2)), id="rank correlation of one value"),
        pytest.param(prediction.mean(numbers(1, 2), flags(0, 0)), id="mean of nobody"),
    ],
)
def test_a_figure_without_meaning_is_unknown_and_no_error(measure: Measure) -> None:
    found = prediction.intervals({"it": measure, "same": measure}, {"gain": ("it", "same")}, 2, 20, 1)
    assert {each.value for each in found.values()} == {None}


# ── What holds for every base ────────────────────────────────────────────────────────────────────────────────────────

for_every_base = settings(deadline=None, max_examples=80)
BASES = st.lists(st.tuples(st.integers(-3, 3), st.integers(-2, 5), st.booleans(), st.integers(0, 3)), min_size=2, max_size=25)
KINDS: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], Measure]] = {
    "auc": lambda score, amount, happened: prediction.auc(score, happened),
    "brier": lambda score, amount, happened: prediction.brier(score / 7, happened),
    "spearman": lambda score, amount, happened: prediction.spearman(score, amount),
    "lift": lambda score, amount, happened: prediction.lift(score, amount, 0.3),
    "mean of some": lambda score, amount, happened: prediction.mean(amount, happened),
    "auc among some": lambda score, amount, happened: prediction.among(score > -2, lambda who: prediction.auc(score[who], happened[who])),
}


def columns(base: list[tuple[int, int, bool, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    score, amount, happened, weight = zip(*base, strict=True)
    return numbers(*score), numbers(*amount), np.array(happened), np.array(weight)


@for_every_base
@given(base=BASES)
def test_auc_is_mann_and_whitneys_u_as_a_share(base: list[tuple[int, int, bool, int]]) -> None:
    score, _, happened, _ = columns(base)
    expected = np.nan
    if 0 < happened.sum() < len(happened):
        expected = stats.mannwhitneyu(score[happened], score[~happened]).statistic / (happened.sum() * (~happened).sum())
    assert figure(prediction.auc(score, happened), len(score)) == pytest.approx(expected, nan_ok=True)


@for_every_base
@given(base=BASES)
def test_rank_correlation_is_scipys(base: list[tuple[int, int, bool, int]]) -> None:
    score, amount, _, _ = columns(base)
    expected = stats.spearmanr(score, amount).statistic if len(set(score)) > 1 and len(set(amount)) > 1 else np.nan
    assert figure(prediction.spearman(score, amount), len(score)) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("kind", KINDS)
@for_every_base
@given(base=BASES)
def test_a_weight_is_as_good_as_so_many_customers(kind: str, base: list[tuple[int, int, bool, int]]) -> None:
    score, amount, happened, weight = columns(base)
    weighted = KINDS[kind](score, amount, happened)(weight.astype(float)[None, :])[0]
    repeated = (np.repeat(column, weight) for column in (score, amount, happened))
    expected = figure(KINDS[kind](*repeated), weight.sum()) if weight.sum() else np.nan
    assert weighted == pytest.approx(expected, nan_ok=True)


@for_every_base
@given(base=BASES, count=st.integers(1, 6))
def test_bins_keep_the_order_and_ties_together_and_are_numbered_without_a_gap(base: list[tuple[int, int, bool, int]], count: int) -> None:
    score, *_ = columns(base)
    bins = prediction.bins_of(score, count)
    assert set(bins) == set(range(bins.max() + 1))
    assert bins.max() < count
    assert all(bins[i] <= bins[j] for i in range(len(score)) for j in range(len(score)) if score[i] <= score[j])


def test_bins_without_ties_are_of_one_size() -> None:
    assert np.bincount(prediction.bins_of(np.random.default_rng(1).permutation(30).astype(float), 10)).tolist() == [3] * 10


def test_a_score_made_as_coarse_has_classes_of_the_same_sizes_in_its_own_order() -> None:
    coarse = prediction.in_classes_of_the_same_sizes(numbers(10, 40, 20, 30, 50), numbers(0, 2, 0, 1, 1))
    assert coarse.tolist() == [0, 1, 0, 1, 2]
    assert prediction.in_classes_of_the_same_sizes(numbers(1, 1, 2), numbers(0, 1, 2)).tolist() == [0.5, 0.5, 2]


# ── Intervals ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_interval_of_a_mean_is_as_wide_as_its_standard_error_says() -> None:
    amounts = np.random.default_rng(3).normal(5, 2, 400)
    found = prediction.intervals({"mean": prediction.mean(amounts)}, {}, 400, 2000, 1)["mean"]
    margin = 1.96 * amounts.std() / 20
    assert (found.low, found.high) == pytest.approx((amounts.mean() - margin, amounts.mean() + margin), abs=0.03)


def test_two_figures_of_one_base_move_together_so_their_difference_has_a_narrower_interval() -> None:
    randomly = np.random.default_rng(5)
    amount = randomly.normal(0, 10, 300)
    measures = {"one": prediction.mean(amount + 1), "other": prediction.mean(amount + randomly.normal(0, 0.1, 300))}
    found = prediction.intervals(measures, {"gain": ("one", "other")}, 300, 200, 1)
    assert found["gain"].low == pytest.approx(1, abs=0.05) == found["gain"].high
    assert found["one"].high - found["one"].low > 1


def test_the_same_seed_draws_the_same_however_much_fits_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    measures = {"mean": prediction.mean(np.arange(50.0))}
    first, again, other = (prediction.intervals(measures, {}, 50, 30, seed) for seed in (1, 1, 2))
    monkeypatch.setattr(prediction, "_CELLS", 350)
    in_portions = prediction.intervals(measures, {}, 50, 30, 1)
    assert first == again == in_portions != other
