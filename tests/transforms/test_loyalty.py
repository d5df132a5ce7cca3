"""Loyalty: each part, the score they make, what is unknown, and the type by quadrant."""

from dataclasses import fields

import polars as pl
import pytest
from hypothesis import given, settings

from transforms import lifecycle, loyalty
from transforms.schemas import CUSTOMER_FACTS

from .histories import AS_OF, CUSTOMERS, Customer, bases, days_ago, facts_of, rhythm

BASE = loyalty.Parameters(
    loyalty.Rules(),
    base_rating=4.0,
    reviews_count=100,
    has_categories=True,
    has_complaints=True,
    has_helpful_votes=True,
    means=dict.fromkeys(loyalty.PARTS, 0.25),
    warnings=(),
)
PARTS = [f"loyalty_{part}" for part in loyalty.PARTS]
RHYTHM = rhythm(lifecycle.Rules(base_gap_weight=100), base_gap_days=50, one_time_gap_days=50)


def known(*customers: Customer) -> pl.LazyFrame:
    return lifecycle.overdue(facts_of(*customers), RHYTHM)


def valued(customer: Customer, parameters: loyalty.Parameters = BASE) -> dict[str, object]:
    return loyalty.apply(known(customer), parameters).collect().row(0, named=True)


def stars(*ratings: int) -> tuple[tuple, ...]:
    return tuple((days_ago(1)[0], rating) for rating in ratings)


OPEN, CLOSED = (((days_ago(1)[0], is_open),) for is_open in (True, False))


@pytest.mark.parametrize(
    ("part", "customer", "expected"),
    [
        pytest.param("repeat", Customer(), 0.0, id="no purchase"),
        pytest.param("repeat", Customer(purchases=days_ago(5)), 0.0, id="one purchase is no repeat"),
        pytest.param("repeat", Customer(purchases=days_ago(5, 6, 7, 8)), 0.5, id="half at three repeats"),
        pytest.param("regularity", Customer(purchases=days_ago(5, 15)), 0.0, id="one gap shows no rhythm"),
        pytest.param("regularity", Customer(purchases=days_ago(5, 15, 25)), 1.0, id="equal gaps"),
        pytest.param("active", Customer(), 0.0, id="never bought"),
        pytest.param("active", Customer(purchases=days_ago(50)), 1.0, id="due today"),
        pytest.param("active", Customer(purchases=days_ago(200)), 0.25, id="silent for four expected gaps"),
        pytest.param("tenure", Customer(purchases=days_ago(0, 365)), 0.5, id="half at a year"),
        pytest.param("tenure", Customer(purchases=days_ago(365)), 0.0, id="time since a single purchase is not active"),
        pytest.param("breadth", Customer(purchases=days_ago(5), categories_count=3), 0.5, id="half at two more categories"),
        pytest.param("full_price", Customer(purchases=days_ago(5), full_price_share=0.3), 0.3, id="share at full price"),
        pytest.param("full_price", Customer(), None, id="share of nothing is unknown"),
        pytest.param("rating", Customer(reviews=stars(5)), (4.5 - 1) / 4, id="one review and one of the base"),
        pytest.param("rating", Customer(reviews=stars(1, 1, 1)), (1.75 - 1) / 4, id="three reviews and one of the base"),
        pytest.param("rating", Customer(), None, id="no review"),
        pytest.param("complaints", Customer(complaints=OPEN), 0.0, id="open complaint"),
        pytest.param("complaints", Customer(complaints=CLOSED), 0.5, id="closed complaint"),
        pytest.param("complaints", Customer(reviews=stars(4)), 1.0, id="speaks and does not complain"),
        pytest.param("complaints", Customer(), None, id="silence is no attitude"),
        pytest.param("word_of_mouth", Customer(reviews=stars(5), helpful_votes_count=5), 0.5, id="half at five votes"),
        pytest.param("word_of_mouth", Customer(reviews=stars(1), helpful_votes_count=50), 0.0, id="a warning passed on is no praise"),
        pytest.param("word_of_mouth", Customer(), None, id="nothing written"),
    ],
)
def test_each_part(part: str, customer: Customer, expected: float | None) -> None:
    assert valued(customer)[f"loyalty_{part}"] == (None if expected is None else pytest.approx(expected))


def test_the_score_is_the_weighted_mean_of_its_parts() -> None:
    found = valued(Customer(purchases=days_ago(0, 100, 200), categories_count=2, reviews=stars(4), helpful_votes_count=5))
    behaviour = (0.30 * 2 / 5 + 0.15 * 1 + 0.20 * 1 + 0.20 * 200 / 565 + 0.15 * 1 / 3 + 0.20 * 0.5) / 1.2
    attitude = 0.65 * 0.75 + 0.25 * 1 + 0.10 * 0.5
    assert found["loyalty_behaviour"] == pytest.approx(behaviour)
    assert found["loyalty_attitude"] == pytest.approx(attitude)
    assert found["loyalty_score"] == pytest.approx(100 * (0.6 * behaviour + 0.4 * attitude))


def test_the_weight_of_an_unknown_attitude_moves_to_behaviour() -> None:
    found = valued(Customer(purchases=days_ago(0, 10, 20, 30, 40)))
    assert found["loyalty_attitude"] is None
    assert found["is_attitude_known"] is False
    assert found["loyalty_score"] == pytest.approx(100 * found["loyalty_behaviour"])
    assert (found["loyalty_type"], found["loyalty_type_zh"]) == ("unknown", "未知")


def test_the_weight_of_an_unknown_part_moves_to_the_parts_beside_it() -> None:
    found = valued(Customer(purchases=days_ago(0, 10), full_price_share=None))
    assert found["loyalty_behaviour"] == pytest.approx((0.30 * 1 / 4 + 0.20 + 0.20 * 10 / 375) / 1.00)


OFTEN = days_ago(*range(0, 400, 40))
QUADRANTS = [
    ("often, praises", Customer(purchases=OFTEN, reviews=stars(5, 5)), "true", "真忠诚"),
    ("often, likes", Customer(purchases=OFTEN, reviews=stars(4)), "true", "真忠诚"),
    ("once, praises", Customer(purchases=days_ago(9), reviews=stars(5, 5)), "latent", "潜在忠诚"),
    ("often, one star", Customer(purchases=OFTEN, reviews=stars(1)), "spurious", "虚假忠诚"),
    ("often, two stars", Customer(purchases=OFTEN, reviews=stars(2)), "spurious", "虚假忠诚"),
    ("often, waits for an answer", Customer(purchases=OFTEN, reviews=stars(5), complaints=OPEN), "spurious", "虚假忠诚"),
    ("once, one star", Customer(purchases=days_ago(9), reviews=stars(1)), "none", "不忠诚"),
    ("never, complains", Customer(complaints=OPEN), "none", "不忠诚"),
    ("often, says nothing", Customer(purchases=OFTEN), "unknown", "未知"),
]


@pytest.mark.parametrize(("customer", "loyalty_type", "zh"), [pytest.param(*case, id=name) for name, *case in QUADRANTS])
def test_the_type_is_the_quadrant_of_dick_and_basu(customer: Customer, loyalty_type: str, zh: str) -> None:
    found = valued(customer)
    assert (found["loyalty_type"], found["loyalty_type_zh"]) == (loyalty_type, zh)


def test_what_the_base_never_has_is_unknown_for_all_with_a_warning() -> None:
    facts = known(Customer("a", days_ago(1), reviews=stars(3), categories_count=0), Customer("b", days_ago(2), categories_count=0))
    parameters = loyalty.fit(facts, loyalty.Rules())
    found = loyalty.apply(facts, parameters).collect()
    missing = ["loyalty_breadth", "loyalty_complaints", "loyalty_word_of_mouth"]
    assert [column for column in PARTS if found[column].null_count() == 2] == missing
    assert parameters.warnings == tuple(f"{column} is unknown for all: the base has no such facts" for column in missing)


def test_the_prior_is_the_mean_of_all_reviews_of_the_base() -> None:
    facts = known(Customer("a", reviews=stars(5, 5, 5)), Customer("b", reviews=stars(1)), Customer("c"))
    parameters = loyalty.fit(facts, loyalty.Rules())
    assert (parameters.base_rating, parameters.reviews_count) == (4.0, 4)


# ── Why a score is what it is ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("customer", "raised", "lowered"),
    [
        pytest.param(
            Customer(purchases=days_ago(*range(0, 400, 20)), full_price_share=0.0), "repeat", "full_price", id="often, at a discount"
        ),
        pytest.param(Customer(purchases=days_ago(900), full_price_share=1.0), "full_price", "repeat", id="once, long ago, at full price"),
        pytest.param(Customer(purchases=days_ago(*range(0, 400, 20)), complaints=OPEN), "repeat", "complaints", id="often, complains"),
        pytest.param(Customer(), None, "repeat", id="never bought"),
    ],
)
def test_the_part_that_raised_or_lowered_a_score_most_is_named(customer: Customer, raised: str | None, lowered: str) -> None:
    found = valued(customer)
    assert (found["loyalty_raised_by"], found["loyalty_lowered_by"]) == (raised, lowered)
    assert found["loyalty_raised_by_zh"] == loyalty.PART_NAMES_ZH.get(raised or "")
    assert found["loyalty_lowered_by_zh"] == loyalty.PART_NAMES_ZH[lowered]


def test_who_is_like_the_base_has_nothing_to_be_explained() -> None:
    twins = [Customer(name, days_ago(5, 15), reviews=stars(4)) for name in ("a", "b")]
    found = loyalty.apply(known(*twins), loyalty.fit(known(*twins), loyalty.Rules())).collect()
    assert set(found["loyalty_raised_by"]) == {None} == set(found["loyalty_lowered_by"])


def test_an_explanation_tells_every_known_part_the_strongest_first_in_both_languages() -> None:
    often = Customer(purchases=days_ago(*range(0, 400, 20)), full_price_share=0.0)
    found = loyalty.explain(loyalty.apply(known(often), BASE), BASE).collect()
    assert found["points"].abs().is_sorted(descending=True)
    assert found["part"][0] == "repeat"
    assert set(found["part"]) == {"repeat", "regularity", "active", "tenure", "breadth", "full_price"}, "nothing is known of the attitude"
    assert found.select(pl.col("name", "name_zh").null_count()).row(0) == (0, 0)
    assert loyalty.PART_NAMES.keys() == loyalty.PART_NAMES_ZH.keys() == set(loyalty.PARTS)


def test_without_a_base_there_is_no_explanation() -> None:
    nobody = known(Customer())
    parameters = loyalty.fit(nobody, loyalty.Rules())
    assert parameters.means == {}
    assert loyalty.explain(loyalty.apply(nobody, parameters), parameters).collect().is_empty()


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        pytest.param({"repeat_weight": -0.1}, "loyalty.repeat_weight is -0.1; expected a number from 0 to 1", id="negative"),
        pytest.param({"tenure_half_days": 0}, "loyalty.tenure_half_days is 0; expected a number from 1 to 3650", id="half at nothing"),
        pytest.param(
            {"rating_weight": 0, "complaints_weight": 0, "word_of_mouth_weight": 0},
            "weights of rating, complaints, word_of_mouth are all 0",
            id="no weight left",
        ),
    ],
)
def test_rules_out_of_range_are_refused(rules: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        loyalty.Rules(**rules)


def test_the_range_of_every_rule_is_checked() -> None:
    for field in fields(loyalty.Rules):
        with pytest.raises(ValueError, match=f"loyalty.{field.name} is -1"):
            loyalty.Rules(**{field.name: -1})


# ── What holds for every customer ────────────────────────────────────────────────────────────────────────────────────

for_everybody = settings(deadline=None, max_examples=60)


@for_everybody
@given(customers=bases(min_size=1))
def test_everybody_has_a_score_and_a_type_and_no_value_is_nan(customers: list[Customer]) -> None:
    facts = known(*customers)
    found = loyalty.apply(facts, loyalty.fit(facts, loyalty.Rules())).collect()
    assert found["loyalty_score"].is_between(0, 100).all()
    assert found["loyalty_score"].null_count() == 0
    for part in (*PARTS, "loyalty_behaviour", "loyalty_attitude"):
        assert found[part].drop_nulls().is_between(0, 1).all()
    assert found["is_attitude_known"].to_list() == [bool(customer.reviews or customer.complaints) for customer in customers]
    assert set(found["loyalty_type"]) <= loyalty.TYPE_NAMES_ZH.keys()
    assert found.filter((pl.col("loyalty_type") == "unknown") == pl.col("is_attitude_known")).is_empty()


def test_a_customer_of_whom_nothing_is_known_scores_nothing() -> None:
    nothing = pl.LazyFrame([{"customer_id": "c", "as_of_date": AS_OF}], schema={**CUSTOMER_FACTS, "overdue_ratio": pl.Float64})
    found = loyalty.apply(nothing, loyalty.fit(nothing, loyalty.Rules())).collect().row(0, named=True)
    assert (found["loyalty_score"], found["loyalty_type"]) == (0.0, "unknown")


@for_everybody
@given(customer=CUSTOMERS)
def test_a_new_complaint_never_adds_loyalty(customer: Customer) -> None:
    hurt = customer.but(complaints=(*customer.complaints, (days_ago(0)[0], True)))
    assert valued(hurt)["loyalty_score"] <= valued(customer)["loyalty_score"] + 1e-9  # type: ignore[operator]


@for_everybody
@given(customer=CUSTOMERS)
def test_a_better_rating_never_takes_loyalty_away(customer: Customer) -> None:
    rated, praised = (customer.but(reviews=(*customer.reviews, (days_ago(0)[0], rating))) for rating in (3, 5))
    assert valued(praised)["loyalty_score"] >= valued(rated)["loyalty_score"] - 1e-9  # type: ignore[operator]


@settings(deadline=None, max_examples=20)
@given(customers=bases(min_size=1))
def test_the_points_of_the_parts_add_up_to_what_lies_between_the_score_and_a_mean_customers(customers: list[Customer]) -> None:
    parameters = loyalty.fit(known(*customers), loyalty.Rules())
    scored = loyalty.apply(known(*customers), parameters)
    is_known = [pl.col(f"loyalty_{part}").is_not_null() for part in parameters.means]
    mean_parts = [
        pl.when(there).then(parameters.means[part]).alias(f"loyalty_{part}") for part, there in zip(parameters.means, is_known, strict=True)
    ]
    points = loyalty.explain(scored, parameters).group_by("customer_id").agg(pl.col("points").sum())
    of_mean = loyalty.explain(scored.with_columns(mean_parts), loyalty.replace(parameters, means=dict.fromkeys(parameters.means, 0.0)))
    expected = of_mean.group_by("customer_id").agg(mean_score=pl.col("points").sum())
    found = scored.join(points, on="customer_id").join(expected, on="customer_id").collect()
    for row in found.iter_rows(named=True):
        assert row["loyalty_score"] == pytest.approx(row["points"] + row["mean_score"], abs=1e-6)


# ── What made a customer discontent ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("customer", "en", "zh"),
    [
        pytest.param(Customer(purchases=days_ago(5)), None, None, id="nothing said"),
        pytest.param(Customer(reviews=stars(5, 5)), None, None, id="content"),
        pytest.param(Customer(reviews=stars(4, 3)), None, None, id="at the line"),
        pytest.param(Customer(reviews=stars(1, 2)), "rates 1.5 of 5 on average", "平均评分 1.5（满分 5）", id="bad rating"),
        pytest.param(Customer(complaints=OPEN, reviews=stars(5)), "an open complaint", "有未解决的投诉", id="open complaint, five stars"),
        pytest.param(Customer(complaints=CLOSED), "complained before", "曾经投诉", id="solved complaint, no review"),
        pytest.param(
            Customer(complaints=OPEN, reviews=stars(1)),
            "an open complaint; rates 1.0 of 5 on average",
            "有未解决的投诉；平均评分 1.0（满分 5）",
            id="both",
        ),
    ],
)
def test_discontent_names_the_complaint_and_the_bad_rating(customer: Customer, en: str | None, zh: str | None) -> None:
    found = valued(customer)
    assert (found["discontent"], found["discontent_zh"]) == (en, zh)


def test_a_bad_review_without_stars_is_discontent() -> None:
    facts = known(Customer()).with_columns(reviews_count=pl.lit(1, pl.Int64), negative_reviews_count=pl.lit(1, pl.Int64))
    assert loyalty.apply(facts, BASE).collect()["discontent"].item() == "wrote a bad review"
