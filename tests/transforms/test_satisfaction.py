"""Satisfaction of customers and products, and what follows a topic."""

import polars as pl
import pytest

from transforms import credibility, satisfaction

from .histories import Customer, days_ago, facts_of

PRIOR = credibility.Prior(4.0, 3.0, is_fitted=True)
BASE = satisfaction.Parameters(satisfaction.Rules(), PRIOR, warnings=())


def said(stars: int, days: float) -> tuple[object, ...]:
    return (days_ago(days)[0], stars)


CASES = [
    ("silent", Customer(purchases=days_ago(9)), None, None, False, None),
    (
        "one bad review, then bought",
        Customer(purchases=days_ago(1), reviews=(said(1, 9),)),
        3.25,
        "dissatisfied",
        False,
        "bad stars on the whole",
    ),
    ("five good ones", Customer(reviews=(said(5, 9),) * 5), 4.625, "satisfied", False, "good stars on the whole"),
    ("middling", Customer(reviews=(said(3, 9),)), 3.75, "mixed", False, "middling stars on the whole"),
    (
        "bad review last",
        Customer(purchases=days_ago(20), reviews=(said(5, 30), said(1, 9))),
        3.6,
        "mixed",
        True,
        "bad review and no purchase since; middling stars on the whole",
    ),
    ("bad review, then a good one", Customer(reviews=(said(1, 9), said(5, 3))), 3.6, "mixed", False, "middling stars on the whole"),
    ("open ticket", Customer(complaints=((days_ago(3)[0], True),)), None, None, True, "open complaint"),
]


@pytest.mark.parametrize(("customer", "rating", "level", "is_open", "reasons"), [pytest.param(*case, id=name) for name, *case in CASES])
def test_satisfaction_and_what_is_open(customer: Customer, rating: float, level: str | None, is_open: bool, reasons: str | None) -> None:
    found = satisfaction.apply(facts_of(customer), BASE).collect().row(0, named=True)
    assert found["satisfaction_rating"] == (rating and pytest.approx(rating))
    assert (found["satisfaction_level"], found["has_open_issue"], found["satisfaction_reasons"]) == (level, is_open, reasons)
    assert (found["satisfaction_level_zh"] is None) == (level is None)
    assert (found["satisfaction_reasons_zh"] is None) == (reasons is None)


def test_words_without_stars_leave_the_rating_unknown() -> None:
    facts = facts_of(Customer()).with_columns(reviews_count=pl.lit(2, pl.Int64))
    found = satisfaction.apply(facts, BASE).collect().row(0, named=True)
    assert (found["satisfaction_rating"], found["satisfaction_level"]) == (None, None)
    assert found["satisfaction_reasons"] == "no stars, words only"


def test_the_prior_comes_from_the_stars_of_the_base() -> None:
    stars = [(5, 3, 4), (1,), (3, 5), (5, 2, 5, 5), (2, 1, 4), (4,)]
    groups = pl.LazyFrame(
        {"count": [len(s) for s in stars], "total": [sum(s) for s in stars], "squares": [sum(x * x for x in s) for s in stars]}
    )
    customers = [Customer(str(n), reviews=tuple(said(x, 9) for x in s)) for n, s in enumerate(stars)]
    assert satisfaction.fit(facts_of(*customers, Customer("silent")), satisfaction.Rules()).customers == credibility.fit(groups)


def test_a_base_without_stars_is_unknown_with_a_warning() -> None:
    parameters = satisfaction.fit(facts_of(Customer()), satisfaction.Rules())
    assert parameters.warnings == ("satisfaction_rating is unknown for all: the base has no rated review",)
    assert satisfaction.apply(facts_of(Customer()), parameters).collect()["satisfaction_rating"].to_list() == [None]


def test_products_are_shrunk_toward_all_products_months() -> None:
    months = pl.LazyFrame({"rated_reviews_count": [1, 4, 0], "ratings_sum": [5, 8, 0], "ratings_squares_sum": [25, 18, 0]})
    prior, products = satisfaction.products(months)
    assert prior
    found = products.collect()
    assert found["mean_rating"].to_list() == [5.0, 2.0, None]
    shrunk = [(5 + prior.strength * prior.mean) / (1 + prior.strength), (8 + prior.strength * prior.mean) / (4 + prior.strength), None]
    assert found["satisfaction_rating"].to_list() == [pytest.approx(shrunk[0]), pytest.approx(shrunk[1]), None]


@pytest.mark.parametrize(
    ("counts", "finding"),
    [
        pytest.param((100, 20, 100, 50), "buys again less", id="fewer"),
        pytest.param((100, 80, 100, 50), "buys again more", id="more"),
        pytest.param((100, 45, 100, 50), "no difference seen", id="may be chance"),
        pytest.param((29, 0, 1000, 900), "too small to say", id="few customers"),
        pytest.param((1000, 100, 29, 29), "too small to say", id="few others"),
        pytest.param((0, 0, 0, 0), "too small to say", id="nobody"),
    ],
)
def test_what_follows_a_topic_is_said_only_beyond_chance(counts: tuple[int, int, int, int], finding: str) -> None:
    names = ("customers_count", "bought_again_count", "others_count", "others_bought_again_count")
    found = (
        satisfaction.outcomes(pl.LazyFrame([counts], schema=list(names), orient="row"), satisfaction.Rules()).collect().row(0, named=True)
    )
    assert (found["finding"], found["finding_zh"]) == (finding, satisfaction.FINDINGS_ZH[finding])
    assert (found["difference"] is None) == (counts[0] == 0)


def test_lines_that_cross_are_refused() -> None:
    with pytest.raises(ValueError, match=r"satisfaction.dissatisfied_line is 4.5; expected less than satisfied_line, 4.0"):
        satisfaction.Rules(dissatisfied_line=4.5)
