"""Quality customers, and what customers lean to: each part, what is unknown, and that the currency's unit doesn't matter."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from transforms import preferences, quality, shares
from transforms.schemas import CUSTOMER_FACTS, MONEY

from .histories import Customer, bases, days_ago, facts_of

PRIOR = shares.Prior(0.2, 5.0, is_fitted=True)
BASE = quality.Parameters(quality.Rules(), PRIOR, PRIOR, has_prices=True, warnings=())
FOUR = days_ago(1, 30, 60, 90)
GOOD = Customer(purchases=FOUR, above_median_price_share=0.9)
WELL = "pays above the median price; rarely returns; rarely needs a discount"

QUALITY = [
    ("pays well, keeps, at full price", GOOD, True, WELL),
    ("pays little", GOOD.but(above_median_price_share=0.4), False, WELL.replace("above the median price", "the median price or less")),
    ("returns", GOOD.but(failures=(0, 0, 0, 2)), False, WELL.replace("rarely returns", "returns often")),
    ("needs discounts", GOOD.but(discounted=3), False, WELL.replace("rarely needs", "often needs")),
    ("one purchase", GOOD.but(purchases=days_ago(1)), None, "fewer than 2 purchases"),
    ("no category known", GOOD.but(above_median_price_share=None), None, "no price to compare with"),
    ("no purchase", Customer(), None, None),
]


@pytest.mark.parametrize(("customer", "is_quality", "reasons"), [pytest.param(*case, id=name) for name, *case in QUALITY])
def test_who_is_a_quality_customer_and_why(customer: Customer, is_quality: bool | None, reasons: str | None) -> None:
    found = quality.apply(facts_of(customer), BASE).collect().row(0, named=True)
    assert (found["is_quality_customer"], found["quality_reasons"]) == (is_quality, reasons)
    assert (found["quality_score"] is None) == (is_quality is None)
    assert (found["quality_reasons_zh"] is None) == (reasons is None)


def test_the_quality_score_is_the_mean_of_its_parts_and_each_is_a_column() -> None:
    found = quality.apply(facts_of(GOOD.but(discounted=1)), BASE).collect().row(0, named=True)
    parts = (found["quality_price_share"], found["quality_return_share"], found["quality_discount_share"])
    assert parts == (0.9, pytest.approx(1 / 9), pytest.approx(2 / 9))
    assert found["quality_score"] == pytest.approx(100 * (0.9 + 8 / 9 + 7 / 9) / 3)


def test_what_the_base_records_nowhere_is_left_out_for_all_with_a_warning() -> None:
    base = facts_of(GOOD, GOOD.but(customer_id="b", discounted=1))
    parameters = quality.fit(base, quality.Rules())
    assert parameters.warnings == ("quality_return_share is unknown for all and left out: the base has no such purchase",)
    found = quality.apply(base, parameters).collect()
    assert found["quality_return_share"].to_list() == [None, None]
    assert found["quality_reasons"][0] == "pays above the median price; rarely needs a discount"


def test_without_prices_nobody_can_be_told_a_quality_customer() -> None:
    base = facts_of(Customer(purchases=FOUR, discounted=1, failures=(0, 0, 0, 1)))
    parameters = quality.fit(base, quality.Rules())
    assert quality.apply(base, parameters).collect()["is_quality_customer"].to_list() == [None]
    assert parameters.warnings == ("is_quality_customer is unknown for all: the base has no prices by category",)


def leaning(customer: Customer, has_discounts: bool = True) -> dict[str, object]:
    parameters = preferences.Parameters(preferences.Rules(), has_needs=True, has_discounts=has_discounts, warnings=())
    return preferences.apply(quality.apply(facts_of(customer), BASE), parameters).collect().row(0, named=True)


def test_preferences_are_told_where_enough_is_known() -> None:
    found = leaning(Customer(purchases=FOUR, preferred_share=0.7, need=(0.8, "esteem"), above_median_price_share=0.9, full_price_share=1.0))
    assert (found["has_category_preference"], found["has_channel_preference"]) == (True, True)
    assert (found["need_level"], found["need_level_zh"]) == ("esteem", "尊重需求")
    assert found["price_sensitivity"] == pytest.approx((1 / 9 + 0 + 0.1) / 3)
    assert (found["price_sensitivity_level"], found["price_sensitivity_level_zh"]) == ("low", "价格不敏感")
    assert found["preference_reasons"].split("; ") == [
        "60% of the money or more in one category",
        "60% of the purchases or more through one channel",
        "buys at full price and above the median",
    ]


UNKNOWN = ("has_category_preference", "has_channel_preference", "need_level", "price_sensitivity", "price_sensitivity_level")


@pytest.mark.parametrize(
    ("customer", "unknown"),
    [
        pytest.param(Customer(), UNKNOWN, id="no purchase"),
        pytest.param(
            Customer(purchases=days_ago(1), preferred_share=1.0, need=(1, "esteem"), above_median_price_share=1), UNKNOWN, id="one"
        ),
        pytest.param(
            Customer(purchases=FOUR, preferred_share=0.5, need=(0.4, "esteem"), above_median_price_share=1), UNKNOWN[2:3], id="few needs"
        ),
        pytest.param(Customer(purchases=FOUR, preferred_share=0.5, need=(0.5, "esteem")), UNKNOWN[3:], id="no price level"),
    ],
)
def test_unknown_stays_unknown(customer: Customer, unknown: tuple[str, ...]) -> None:
    found = leaning(customer)
    assert tuple(column for column in UNKNOWN if found[column] is None) == unknown


def test_without_any_discount_in_the_base_price_levels_alone_tell_sensitivity() -> None:
    found = leaning(Customer(purchases=FOUR, above_median_price_share=0.1), has_discounts=False)
    assert (found["price_sensitivity"], found["price_sensitivity_level"]) == (pytest.approx(0.9), "high")


@settings(deadline=None, max_examples=20)
@given(customers=bases(min_size=1), factor=st.sampled_from([7, 100]))
def test_amounts_in_another_unit_of_money_change_nothing(customers: list[Customer], factor: int) -> None:
    facts = facts_of(*customers)
    money = [name for name, kind in CUSTOMER_FACTS.items() if kind == MONEY]
    scaled = facts.with_columns((pl.col(money) * factor).cast(MONEY))
    found = []
    for base in (facts, scaled):
        scored = quality.apply(base, quality.fit(base, quality.Rules()))
        found.append(preferences.apply(scored, preferences.fit(base, preferences.Rules())).drop(money).collect())
    assert_frame_equal(*found)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(lambda: quality.Rules(return_line=2), "quality.return_line is 2; expected a number from 0 to 1", id="quality"),
        pytest.param(
            lambda: preferences.Rules(insensitive_line=0.7),
            "preferences.insensitive_line is 0.7; expected less than sensitive_line, 0.6",
            id="lines crossed",
        ),
    ],
)
def test_rules_out_of_range_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
