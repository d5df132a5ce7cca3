"""P(alive), expected orders and CLV per customer: what is known, what is unknown and why, and what holds for every customer."""

import dataclasses
from decimal import Decimal
from random import Random

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from transforms import bg_nbd, clv, gamma_gamma, likelihood, scores
from transforms.schemas import CUSTOMER_FACTS, MONEY

from .histories import Customer, bases, days_ago, facts_of
from .test_purchase_models import PUBLISHED, PUBLISHED_MONEY

FORECASTS = ["p_alive", "p_purchase_90d", "expected_orders_90d", "clv_365d"]
KNOWN = clv.Parameters(
    clv.Rules(),
    2_357,
    946,
    purchases=PUBLISHED,
    money=PUBLISHED_MONEY,
    frequency_money_correlation=0.1,
    mean_p_purchase_90d=0.2,
    warnings=(),
)


def base_of(repeaters: int, one_timers: int = 60, seed: int = 1) -> pl.LazyFrame:
    """Facts of a base that came back at random, each at a pace and with a purse of his own."""
    randomly = Random(seed)
    people = []
    for number in range(repeaters + one_timers):
        count = randomly.choice((2, 2, 2, 3, 3, 4, 5, 9)) if number < repeaters else 1
        days = sorted(randomly.sample(range(1, 400), count))
        amount = Decimal(count * round(30 * randomly.lognormvariate(0, 0.6), 2)).quantize(Decimal("0.01"))
        people.append(Customer(f"c{number:04}", days_ago(*days), net_amount=amount))
    return facts_of(*people)


def forecast(facts: pl.LazyFrame, parameters: clv.Parameters = KNOWN) -> pl.DataFrame:
    return clv.apply(facts, parameters).select("customer_id", *FORECASTS).sort("customer_id").collect()


def test_a_forecast_is_that_of_the_two_models() -> None:
    # CDNOW's customer 1: x = 2, t_x = 213 days, T = 272 days, 2 × 22.35 on the repeat days, 29.33 on the first
    regular = facts_of(Customer(purchases=days_ago(272, 200, 59), net_amount=Decimal("74.03")))
    history = (np.array([2.0]), np.array([213 / 7]), np.array([272 / 7]))
    year = bg_nbd.expected_purchases(PUBLISHED, *history, 365 / 7)[0]
    found = forecast(regular).row(0, named=True)
    assert found["p_alive"] == pytest.approx(bg_nbd.probability_alive(PUBLISHED, *history)[0])
    assert found["p_purchase_90d"] == pytest.approx(1 - bg_nbd.probability_of_silence(PUBLISHED, *history, 90 / 7)[0])
    assert found["expected_orders_90d"] == pytest.approx(bg_nbd.expected_purchases(PUBLISHED, *history, 90 / 7)[0])
    money = gamma_gamma.expected_money(PUBLISHED_MONEY, np.array([3.0]), np.array([74.03]))[0]
    assert float(found["clv_365d"]) == pytest.approx(year * money, abs=1e-4)


def test_whoever_bought_on_one_day_only_has_no_p_alive_but_may_be_expected_back() -> None:
    found = forecast(facts_of(Customer("a", days_ago(9)), Customer("b", days_ago(9, 9.1)), Customer("c", days_ago(9, 40))))
    assert found["p_alive"].is_null().to_list() == [True, True, False]
    assert found.select("expected_orders_90d", "clv_365d").null_count().row(0) == (0, 0)


def test_nothing_is_known_of_whoever_never_bought() -> None:
    assert forecast(facts_of(Customer())).row(0)[1:] == (None,) * 4


def test_repeat_purchases_that_were_all_refunded_count_as_bringing_nothing() -> None:
    people = (Customer("a", days_ago(9, 40), net_amount=Decimal(-500)), Customer("b", days_ago(9, 40), net_amount=Decimal(0)))
    found = forecast(facts_of(*people))["clv_365d"]
    assert found[0] == found[1] > 0


def test_a_worth_beyond_what_money_can_hold_is_unknown() -> None:
    enormous = dataclasses.replace(KNOWN, money=dataclasses.replace(PUBLISHED_MONEY, gamma=1e300))
    assert forecast(facts_of(Customer(purchases=days_ago(9, 40))), enormous)["clv_365d"].to_list() == [None]


# ── What is unknown says why ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_base_where_too_few_came_back_is_unknown_and_says_so() -> None:
    facts = base_of(repeaters=49)
    parameters = clv.fit(facts, clv.Rules())
    why = "49 of 109 customers came back, fewer than min_repeat_customers = 50"
    assert parameters.warnings == (f"p_alive, expected orders and CLV are unknown: {why}",)
    assert (parameters.purchases, parameters.money) == (None, None)
    assert forecast(facts, parameters).select(FORECASTS).null_count().row(0) == (109,) * 4


def test_a_base_that_is_large_enough_is_known() -> None:
    facts = base_of(repeaters=200)
    parameters = clv.fit(facts, clv.Rules())
    assert parameters.purchases is not None
    assert parameters.money is not None
    assert (parameters.customers_count, parameters.repeat_customers_count) == (260, 200)
    assert not [warning for warning in parameters.warnings if "unknown" in warning]
    assert forecast(facts, parameters).select(FORECASTS).null_count().row(0) == (60, 0, 0, 0)


def test_a_base_whose_repeat_purchases_brought_no_money_has_no_clv_but_p_alive() -> None:
    facts = base_of(repeaters=200).with_columns(repeat_net_amount=pl.lit(Decimal(0), MONEY))
    parameters = clv.fit(facts, clv.Rules())
    assert "CLV is unknown: repeat purchases of 0 customers brought money, fewer than min_repeat_customers = 50" in parameters.warnings
    assert forecast(facts, parameters).select(FORECASTS).null_count().row(0) == (60, 0, 0, 260)


def test_a_search_that_ends_early_leaves_everything_unknown_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likelihood, "_OPTIONS", {"maxiter": 1})
    monkeypatch.setattr(likelihood, "_POLISHING_STEPS", 0)
    facts = base_of(repeaters=60)
    parameters = clv.fit(facts, clv.Rules())
    assert "p_alive, expected orders and CLV are unknown: from 4 starts BG/NBD found no maximum" in parameters.warnings
    assert "CLV is unknown: from 4 starts Gamma-Gamma found no maximum" in parameters.warnings
    assert forecast(facts, parameters).select(FORECASTS).null_count().row(0) == (120,) * 4


def test_without_a_maximum_for_money_clv_alone_is_unknown() -> None:
    ended = dataclasses.replace(PUBLISHED_MONEY, search=dataclasses.replace(PUBLISHED_MONEY.search, is_converged=False))
    found = forecast(facts_of(Customer(purchases=days_ago(9, 40))), dataclasses.replace(KNOWN, money=ended))
    assert [column.is_null().all() for column in found.select(FORECASTS)] == [False, False, False, True]


def test_a_parameter_on_its_limit_is_a_warning() -> None:
    """Everybody came back once, and brought the same."""
    facts = facts_of(*(Customer(f"c{number:03}", days_ago(number % 90, 90 + number)) for number in range(120)))
    warnings = clv.fit(facts, clv.Rules()).warnings
    assert [warning.split(":")[0] for warning in warnings if "on the limit of what is searched: " in warning] == ["BG/NBD", "Gamma-Gamma"]


def test_a_base_in_which_nobody_is_seen_to_leave_is_a_warning() -> None:
    """Everybody bought every week to the last."""
    facts = facts_of(*(Customer(f"c{number:03}", days_ago(*range(number % 7, 200 + number, 7))) for number in range(120)))
    parameters = clv.fit(facts, clv.Rules())
    assert "p_alive is near 1 for everybody and says little: the base hardly shows anybody leaving" in parameters.warnings
    assert (forecast(facts, parameters)["p_alive"] > 0.9).all()


def test_a_base_whose_money_has_no_mean_has_no_clv() -> None:
    """Means of customers that spread over many powers of ten."""
    facts = base_of(repeaters=300)
    spread = (10 ** (pl.int_range(pl.len()) % 13).cast(pl.Float64)).cast(MONEY)
    facts = facts.with_columns(repeat_net_amount=spread)
    parameters = clv.fit(facts, clv.Rules())
    assert parameters.money is not None
    assert parameters.money.mean is None
    assert any("has no mean (q is 0." in warning for warning in parameters.warnings)
    assert forecast(facts, parameters)["clv_365d"].null_count() == 360


def test_how_much_that_hangs_on_how_often_is_a_warning() -> None:
    facts = base_of(repeaters=200).with_columns(repeat_net_amount=((pl.col("purchase_days_count") - 1) ** 3 * 10).cast(MONEY))
    parameters = clv.fit(facts, clv.Rules())
    assert parameters.frequency_money_correlation == pytest.approx(0.97, abs=0.03)
    assert any(
        warning.startswith("CLV takes how much and how often as independent; here they correlate at 0.9") for warning in parameters.warnings
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param(9, "clv.min_repeat_customers is 9; expected a number from 10 to 1e\\+06", id="too few"),
        pytest.param("50", "clv.min_repeat_customers is '50'; expected a number", id="text"),
    ],
)
def test_rules_out_of_range_are_refused(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        clv.Rules(min_repeat_customers=value)  # type: ignore[arg-type]


# ── What holds for every customer ────────────────────────────────────────────────────────────────────────────────────

for_every_base = settings(deadline=None, max_examples=60)


@for_every_base
@given(customers=bases(min_size=1))
def test_no_forecast_is_negative_or_not_a_number(customers: list[Customer]) -> None:
    found = forecast(facts_of(*customers))
    for name in FORECASTS:
        values = found[name].drop_nulls().cast(pl.Float64)
        assert values.is_finite().all()
        assert (values >= 0).all()
    assert (found["p_alive"].drop_nulls() <= 1).all()


@for_every_base
@given(customers=bases(min_size=1), randomly=st.randoms(use_true_random=False))
def test_a_forecast_hangs_on_its_own_customer_alone_to_the_last_bit(customers: list[Customer], randomly: Random) -> None:
    some = randomly.sample(customers, randomly.randint(0, len(customers)))
    ids = [customer.customer_id for customer in some]
    assert_frame_equal(forecast(facts_of(*some)), forecast(facts_of(*customers)).filter(pl.col("customer_id").is_in(ids)), check_exact=True)


def test_the_order_of_rows_changes_no_parameter() -> None:
    facts = base_of(repeaters=120).collect()
    assert clv.fit(facts.sample(fraction=1, shuffle=True, seed=4).lazy(), clv.Rules()) == clv.fit(facts.lazy(), clv.Rules())


@pytest.mark.parametrize("factor", [pytest.param(Decimal("0.1"), id="a tenth"), pytest.param(Decimal(1000), id="a thousand")])
def test_the_currency_money_is_counted_in_changes_nothing_but_the_unit(factor: Decimal) -> None:
    facts = base_of(repeaters=120)
    scaled = facts.with_columns((pl.col("net_amount", "repeat_net_amount") * factor).cast(MONEY))
    fitted, refitted = (clv.fit(each, clv.Rules()) for each in (facts, scaled))
    assert refitted.purchases == fitted.purchases
    before, after = (forecast(each, known)["clv_365d"].cast(pl.Float64) for each, known in ((facts, fitted), (scaled, refitted)))
    np.testing.assert_allclose(after, before * float(factor), rtol=1e-4, atol=1e-3)


def test_apply_is_lazy_and_keeps_the_other_columns() -> None:
    result = clv.apply(pl.LazyFrame(schema=dict(CUSTOMER_FACTS)), KNOWN)
    assert list(result.collect_schema())[-4:] == FORECASTS
    assert result.collect_schema()["clv_365d"] == MONEY
    assert result.collect().is_empty()


def test_fitted_parameters_read_back_from_json_are_the_same() -> None:
    parameters = scores.fit(base_of(repeaters=120), scores.Rules())
    assert parameters.clv.purchases is not None
    assert scores.Parameters.from_json(parameters.to_json()) == parameters
    rows = {(model, name) for model, name, _ in parameters.to_rows()}
    assert {("clv", "purchases.alpha"), ("clv", "purchases.standard_errors"), ("clv", "money.search.is_converged")} <= rows
