"""Shares and means of few values, shrunk toward the base; intervals of shares."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms import credibility, proportions, shares


def fitted(cases: pl.LazyFrame, greatest_strength: float) -> shares.Prior | None:
    return shares.fit(cases, {"all": (pl.col("count"), pl.col("of"))}, greatest_strength)["all"]


def counted(*pairs: tuple[int, int]) -> pl.LazyFrame:
    return pl.LazyFrame(pairs, schema={"count": pl.Int64, "of": pl.Int64}, orient="row")


def test_the_strength_of_a_share_is_found_again_in_what_was_drawn_with_it() -> None:
    draws = np.random.default_rng(7)
    of = draws.integers(1, 12, 40_000)
    count = draws.binomial(of, draws.beta(0.2 * 10, 0.8 * 10, len(of)))
    prior = fitted(pl.LazyFrame({"count": count, "of": of}), 500)
    assert prior
    assert prior.mean == pytest.approx(0.2, abs=0.005)
    assert prior.strength == pytest.approx(10, rel=0.1)


@pytest.mark.parametrize(
    ("pairs", "mean", "strength"),
    [
        pytest.param([(1, 1), (0, 1), (0, 1), (0, 1)], 0.25, shares.UNFITTED_STRENGTH, id="one case each says nothing of differences"),
        pytest.param([(2, 2), (3, 3)], 1.0, shares.UNFITTED_STRENGTH, id="always"),
        pytest.param([(5, 10)] * 9, 0.5, 100, id="all alike"),
        pytest.param([(10, 10), (0, 10)] * 9, 0.5, shares.LEAST_STRENGTH, id="all or nothing"),
    ],
)
def test_the_strength_is_finite_for_every_base(pairs: list[tuple[int, int]], mean: float, strength: float) -> None:
    prior = fitted(counted(*pairs), 100)
    assert prior
    assert (prior.mean, prior.strength) == (mean, pytest.approx(strength, rel=1e-3))


@pytest.mark.parametrize("pairs", [pytest.param([(0, 3)], id="never happened"), pytest.param([], id="nobody")])
def test_what_happened_to_nobody_has_no_prior(pairs: list[tuple[int, int]]) -> None:
    assert fitted(counted(*pairs), 100) is None


def test_a_share_lies_between_the_customers_own_and_the_bases() -> None:
    shrunk = shares.shrunk(pl.col("count"), pl.col("of"), shares.Prior(0.2, 4, is_fitted=True))
    assert counted((1, 1), (0, 6), (0, 0)).select(shrunk).collect().to_series().to_list() == [pytest.approx(0.36), 0.08, None]


STARS = [[5, 3, 4], [1], [3, 5], [5, 2, 5, 5], [2, 1, 4], [4]]


def grouped(groups: list[list[int]]) -> pl.LazyFrame:
    rows = [(len(stars), sum(stars), sum(star * star for star in stars)) for stars in groups]
    return pl.LazyFrame(rows, schema={"count": pl.Int64, "total": pl.Int64, "squares": pl.Int64}, orient="row")


def test_credibility_is_within_variance_over_between_variance() -> None:
    """Bühlmann & Straub's estimators, written out."""
    sizes, means = np.array([len(stars) for stars in STARS]), np.array([np.mean(stars) for stars in STARS])
    every = np.concatenate(STARS)
    sigma_squared = sum(((np.array(stars) - np.mean(stars)) ** 2).sum() for stars in STARS) / (len(every) - len(STARS))
    between = (sizes * (means - every.mean()) ** 2).sum() - (len(STARS) - 1) * sigma_squared
    tau_squared = between / (len(every) - (sizes**2).sum() / len(every))
    prior = credibility.fit(grouped(STARS))
    assert prior == credibility.Prior(pytest.approx(every.mean()), pytest.approx(sigma_squared / tau_squared), is_fitted=True)


def test_credibility_is_found_again_in_what_was_drawn_with_it() -> None:
    draws = np.random.default_rng(5)
    groups = [np.rint(draws.normal(100 + draws.normal(0, 10), 20, size)).astype(int).tolist() for size in draws.integers(1, 9, 20_000)]
    prior = credibility.fit(grouped(groups))
    assert prior
    assert prior.strength == pytest.approx(4, rel=0.1)


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        pytest.param([], None, id="nothing"),
        pytest.param([[5], [1]], (3.0, credibility.UNFITTED_STRENGTH, False), id="one value each"),
        pytest.param([[5, 1, 3]], (3.0, credibility.UNFITTED_STRENGTH, False), id="one group"),
        pytest.param([[1, 5], [5, 1], [1, 5]], (3.0, credibility.GREATEST_STRENGTH, True), id="no differences between groups"),
        pytest.param([[5, 5], [1, 1]], (3.0, credibility.LEAST_STRENGTH, True), id="no differences within groups"),
    ],
)
def test_credibility_is_finite_for_every_base(groups: list[list[int]], expected: tuple[float, float, bool] | None) -> None:
    prior = credibility.fit(grouped(groups))
    assert (prior and (prior.mean, prior.strength, prior.is_fitted)) == expected


# Newcombe (1998), Statistics in Medicine 17, 857-872, table I; 873-890, table II (method 10).
@pytest.mark.parametrize(
    ("count", "of", "low", "high"), [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
)
def test_the_interval_of_a_share_is_wilsons_as_published(count: int, of: int, low: float, high: float) -> None:
    found = (
        counted((count, of))
        .select(*(end.alias(str(n)) for n, end in enumerate(proportions.wilson(pl.col("count"), pl.col("of")))))
        .collect()
    )
    assert found.row(0) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@pytest.mark.parametrize(("one", "two", "low", "high"), [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090)])
def test_the_interval_of_a_difference_is_newcombes_as_published(
    one: tuple[int, int], two: tuple[int, int], low: float, high: float
) -> None:
    a, m, b, n = (pl.lit(number) for number in (*one, *two))
    ends = proportions.difference(a / m, proportions.wilson(a, m), b / n, proportions.wilson(b, n))
    assert pl.select(low=ends[0], high=ends[1]).row(0) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@given(count=st.integers(0, 50), more=st.integers(0, 50))
def test_an_interval_holds_its_share(count: int, more: int) -> None:
    of = count + more
    low, high = (pl.select(end).item() for end in proportions.wilson(pl.lit(count), pl.lit(of)))
    assert (low is None) == (high is None) == (of == 0)
    assert of == 0 or 0 <= low <= count / of + 1e-12 <= high + 2e-12 <= 1 + 2e-12
