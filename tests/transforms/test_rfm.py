"""RFM: thresholds, scores and groups of each preset, on cases, on rules that hold for every base, and on published results."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms import rfm, rfm_presets
from transforms.schemas import CUSTOMER_FACTS

from .histories import Customer, bases, days_ago, facts_of

SCORES = ["r_score", "f_score", "m_score"]


def base_of(recency: Sequence[int], orders: Sequence[int], money: Sequence[float | str | Decimal]) -> pl.LazyFrame:
    """Customers ``c0``, ``c1``, … with these recency days, orders and net amounts."""
    return pl.LazyFrame(
        {
            "customer_id": [f"c{number}" for number in range(len(orders))],
            "recency_days": recency,
            "orders_count": orders,
            "net_amount": [Decimal(str(amount)) for amount in money],
        },
        schema={column: CUSTOMER_FACTS[column] for column in ("customer_id", "recency_days", "orders_count", "net_amount")},
    )


def scored(facts: pl.LazyFrame, preset: str = "grid_11") -> pl.DataFrame:
    return rfm.apply(facts, rfm.fit(facts, rfm.Rules(preset))).collect().sort("customer_id")


# ── Scores ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("preset", rfm_presets.PRESETS)
def test_the_highest_score_is_best_everywhere(preset: str) -> None:
    days = list(range(1000, 0, -10))
    result = scored(base_of(days, list(range(1, 101)), [10 * n for n in range(1, 101)]), preset).sort("orders_count")
    assert result.select(SCORES).row(0) == (1, 1, 1)
    assert result.select(SCORES).row(-1) == (rfm_presets.PRESETS[preset].levels,) * 3


def test_the_scores_of_grid_11_hold_a_fifth_of_the_base_each() -> None:
    result = scored(base_of(list(range(100)), list(range(1, 101)), list(range(1, 101))))
    assert [result[score].value_counts()["count"].to_list() for score in SCORES] == [[20] * 5] * 3


@pytest.mark.parametrize(
    ("orders", "scores"),
    [
        pytest.param([1] * 7 + [2, 3, 4], {1: 1, 2: 4, 3: 5, 4: 5}, id="70 % with one order share the lowest score"),
        pytest.param([1] * 9 + [2], {1: 1, 2: 5}, id="90 % with one order: two scores"),
        pytest.param([1, 2] + [9] * 8, {1: 1, 2: 1, 9: 5}, id="80 % share the most orders: the highest score"),
        pytest.param([1] * 10, {1: 1}, id="all with one order: the lowest score"),
        pytest.param([3], {3: 1}, id="one customer: nothing says that three orders are many"),
        pytest.param([1, 2], {1: 1, 2: 5}, id="two customers"),
    ],
)
def test_frequency_scores_of_bases_with_many_ties(orders: list[int], scores: dict[int, int]) -> None:
    result = scored(base_of([10] * len(orders), orders, [100] * len(orders)))
    assert dict(result.select("orders_count", "f_score").unique().rows()) == scores


@pytest.mark.parametrize(
    ("recency", "scores"),
    [
        pytest.param([0] * 6 + [50, 60, 70, 80], {0: 5, 50: 2, 60: 2, 70: 1, 80: 1}, id="60 % bought today: the highest score"),
        pytest.param([5, 9] + [700] * 8, {5: 5, 9: 5, 700: 1}, id="80 % were imported long ago: the lowest score"),
        pytest.param([0], {0: 5}, id="one customer who bought today"),
    ],
)
def test_recency_scores_of_bases_with_many_ties(recency: list[int], scores: dict[int, int]) -> None:
    result = scored(base_of(recency, [1] * len(recency), [100] * len(recency)))
    assert dict(result.select("recency_days", "r_score").unique().rows()) == scores


@pytest.mark.parametrize(
    ("facts", "warning"),
    [
        pytest.param(base_of([1], [1], [9]), "frequency: 1 of 5 scores occur; 100% of 1 customers share the value 1", id="one customer"),
        pytest.param(
            base_of([3] * 9, [2] * 9, [9] * 9), "recency: 1 of 5 scores occur; 100% of 9 customers share the value 3", id="all equal"
        ),
        pytest.param(
            base_of(list(range(10)), [1] * 9 + [4], list(range(1, 11))),
            "frequency: 2 of 5 scores occur; 90% of 10 customers share the value 1",
            id="90 % with one order",
        ),
        pytest.param(base_of([], [], []), "no customer has a purchase: there is nothing to cut", id="nobody"),
    ],
)
@pytest.mark.parametrize("preset", ["grid_11", "rfm_r_030"])
def test_a_base_without_spread_is_a_warning(facts: pl.LazyFrame, warning: str, preset: str) -> None:
    assert warning in rfm.fit(facts, rfm.Rules(preset)).warnings


def test_a_base_with_spread_has_no_warning() -> None:
    spread = list(range(1, 101))
    assert rfm.fit(base_of(spread, spread, spread), rfm.Rules()).warnings == ()


@pytest.mark.parametrize("preset", rfm_presets.PRESETS)
def test_a_customer_without_a_purchase_is_a_prospect_without_scores(preset: str) -> None:
    result = scored(facts_of(Customer("a"), Customer("b", days_ago(3)), Customer("c", days_ago(9, 30))), preset)
    assert result.select(*SCORES, "rfm_group", "rfm_group_zh").row(0) == (None, None, None, "prospect", "潜在客户")
    assert result["rfm_group"].to_list().count("prospect") == 1


def test_a_prospect_does_not_move_the_thresholds() -> None:
    buyers = [Customer(f"b{n}", days_ago(*range(1, n + 2))) for n in range(9)]
    prospects = [Customer(f"p{n}") for n in range(20)]
    assert rfm.fit(facts_of(*buyers, *prospects), rfm.Rules()) == rfm.fit(facts_of(*buyers), rfm.Rules())


@pytest.mark.parametrize("preset", rfm_presets.PRESETS)
@pytest.mark.parametrize(
    "money",
    [
        pytest.param([-9, -5, -3, -2, -1], id="all owe"),
        pytest.param([0] * 5, id="all refunded"),
        pytest.param([-9, -8, -7, 0, 1], id="one pays"),
    ],
)
def test_money_of_zero_or_less_never_scores_above_one(money: list[int], preset: str) -> None:
    result = scored(base_of([1] * 5, [1] * 5, money), preset)
    assert result.filter(pl.col("net_amount") <= 0)["m_score"].to_list() == [1] * sum(amount <= 0 for amount in money)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_thresholds_are_quantiles_of_type_7(values: list[float]) -> None:
    expected = np.quantile(values, [0.2, 0.4, 0.6, 0.8], method="linear")
    np.testing.assert_allclose(rfm_presets.quantiles(5)(np.sort(values)), expected, rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("size", [6, 11, 26, 101, 1001])
def test_a_threshold_that_falls_on_a_value_is_that_value(size: int) -> None:
    values = np.arange(size) / 10
    assert set(rfm_presets.quantiles(5)(values)) <= set(values)


# ── What holds for every base ────────────────────────────────────────────────────────────────────────────────────────

for_every_base = settings(deadline=None, max_examples=60)


@pytest.mark.parametrize("preset", rfm_presets.PRESETS)
@for_every_base
@given(customers=bases())
def test_every_customer_has_one_known_group_and_only_prospects_have_no_scores(preset: str, customers: list[Customer]) -> None:
    result = scored(facts_of(*customers), preset)
    assert set(result["rfm_group"]) <= {*rfm_presets.PRESETS[preset].groups.values(), "prospect"}
    for score in SCORES:
        assert result.filter(pl.col(score).is_null() != (pl.col("rfm_group") == "prospect")).is_empty()
        assert result[score].drop_nulls().is_between(1, rfm_presets.PRESETS[preset].levels).all()


@pytest.mark.parametrize("preset", rfm_presets.PRESETS)
@for_every_base
@given(customers=bases(min_size=1))
def test_equal_values_have_equal_scores_and_a_better_value_never_a_lower_one(preset: str, customers: list[Customer]) -> None:
    result = scored(facts_of(*customers), preset).drop_nulls("r_score")
    for value, score, worst_first in (
        ("recency_days", "r_score", True),
        ("orders_count", "f_score", False),
        ("net_amount", "m_score", False),
    ):
        assert result.group_by(value).agg(pl.col(score).n_unique())[score].eq(1).all()
        assert result.sort(value, descending=worst_first)[score].is_sorted()


@for_every_base
@given(customers=bases(min_size=2), factor=st.sampled_from([Decimal("0.01"), Decimal(3), Decimal(7), Decimal(1000)]))
def test_the_currency_money_is_counted_in_changes_no_score(customers: list[Customer], factor: Decimal) -> None:
    whole = [customer.but(net_amount=round(customer.net_amount or Decimal(0), 2)) for customer in customers]
    scaled = [customer.but(net_amount=(customer.net_amount or Decimal(0)) * factor) for customer in whole]
    columns = [*SCORES, "rfm_group"]
    assert scored(facts_of(*whole)).select(columns).equals(scored(facts_of(*scaled)).select(columns))


@pytest.mark.parametrize("preset", rfm_presets.PRESETS)
@for_every_base
@given(customers=bases(), randomly=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(preset: str, customers: list[Customer], randomly: Random) -> None:
    reordered = randomly.sample(customers, len(customers))
    assert rfm.fit(facts_of(*reordered), rfm.Rules(preset)) == rfm.fit(facts_of(*customers), rfm.Rules(preset))
    assert scored(facts_of(*reordered), preset).equals(scored(facts_of(*customers), preset))


# ── Published results: R package rfm 0.3.0, MIT ──────────────────────────────────────────────────────────────────────

R_GROUPS = {"Loyal Customers": "loyal_customers", "Potential Loyalist": "potential_loyalists", "Can't Lose Them": "cannot_lose"}
TITLES = r"^(?:Mr|Mrs|Ms|Miss|Dr)\.? | (?:Sr\.|Jr\.|PhD|MD|DDS|DVM|I{1,3}|IV|V)$"


def _customers_of_orders(folder: Path) -> pl.DataFrame:
    orders = pl.read_csv(folder / "rfm_data_orders.csv", try_parse_dates=True)
    recency = (date(2006, 12, 31) - pl.col("order_date").max()).dt.total_days()
    # A spreadsheet has been at one first name: TRUE Conroy.
    orders = orders.with_columns(pl.col("customer_id").str.replace("^TRUE ", "True "))
    return orders.group_by("customer_id").agg(recency_days=recency, orders_count=pl.len(), net_amount=pl.col("revenue").sum())


def _customers_as_given(folder: Path) -> pl.DataFrame:
    customers = pl.read_csv(folder / "rfm_data_customer.csv")
    customer_id = pl.col("customer_id").cast(pl.Int64).cast(pl.String)
    return customers.select(customer_id, "recency_days", orders_count="number_of_orders", net_amount="revenue")


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("read", "expected_file", "thresholds"),
    [
        pytest.param(
            _customers_of_orders,
            "expected_transaction_level_995.csv",
            ((115, 181, 297.4, 482), (4, 5, 6, 8), (255.8, 382, 506.4, 666)),
            id="995 customers from 4,906 orders",
        ),
        pytest.param(
            _customers_as_given,
            "expected_customer_level_39999.csv",
            ((77, 126, 177, 266), (8, 10, 11, 13), (641, 827, 1003, 1226)),
            id="39,999 customers",
        ),
    ],
)
def test_rfm_r_030_equals_the_published_result_row_by_row(
    shared_data: Path, read: Callable[[Path], pl.DataFrame], expected_file: str, thresholds: tuple[tuple[float, ...], ...]
) -> None:
    folder = shared_data / "r_rfm"
    columns = ("customer_id", "recency_days", "orders_count", "net_amount")
    facts = read(folder).cast({column: CUSTOMER_FACTS[column] for column in columns}).lazy()
    published = pl.read_csv(folder / expected_file, schema_overrides={"customer": pl.String}).select(
        customer_id=pl.col("customer").str.replace_all(TITLES, ""),
        recency_days=pl.col("recency").cast(pl.Int32),
        orders_count="orders",
        r_score=pl.col("R").cast(pl.Int8),
        f_score=pl.col("F").cast(pl.Int8),
        m_score=pl.col("M").cast(pl.Int8),
        rfm_group=pl.col("segment").replace(R_GROUPS).str.to_lowercase().str.replace_all(" ", "_"),
    )

    parameters = rfm.fit(facts, rfm.Rules("rfm_r_030"))
    result = rfm.apply(facts, parameters).select(published.columns).sort("customer_id").collect()

    fitted = (parameters.recency.thresholds, parameters.frequency.thresholds, parameters.money.thresholds)
    assert [list(found) for found in fitted] == [pytest.approx(list(expected)) for expected in thresholds]
    assert result.equals(published.sort("customer_id"))
