"""Customer lifetime value: P(alive), purchase days to expect in 90 days, and net money to expect in 365, of every customer.

Purchases by BG/NBD, money by Gamma-Gamma, each fitted by maximum likelihood on the distinct histories of the base. Whatever can't be told
is null, "unknown", and a warning says why: too few customers came back, the search found no maximum, or the base's money has no mean.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from transforms import bg_nbd, gamma_gamma
from transforms.likelihood import Search
from transforms.ranges import check_ranges
from transforms.schemas import MONEY

DAYS_PER_WEEK = 7
ORDERS_HORIZON_DAYS, MONEY_HORIZON_DAYS = 90, 365
DEPENDENT = 0.3
"""Correlation of how much with how often, in either direction, from which Gamma-Gamma's independence is doubtful. *Ours.*"""


@dataclass(frozen=True)
class Rules:
    min_repeat_customers: int = 50
    """Customers with two purchase days or more who are needed before anything is fitted. 10 to 1,000,000."""

    def __post_init__(self) -> None:
        check_ranges("clv", self, {"min_repeat_customers": (10, 1_000_000)})


@dataclass(frozen=True)
class Parameters:
    """``purchases``: None where nothing was fitted; where its search did not converge nothing is predicted from it. ``money`` likewise.

    ``frequency_money_correlation``: over the repeat customers, of purchase days after the first with their mean money.
    ``mean_p_purchase_90d``: mean chance of a purchase within 90 days over all customers with a purchase; None where it is unknown.
    """

    rules: Rules
    customers_count: int
    repeat_customers_count: int
    purchases: bg_nbd.Estimate | None
    money: gamma_gamma.Estimate | None
    frequency_money_correlation: float | None
    mean_p_purchase_90d: float | None
    warnings: tuple[str, ...]


def fit(facts: pl.LazyFrame, rules: Rules) -> Parameters:
    """Both models, on the base of customers with a purchase.

    Reads ``purchase_days_count``, ``recency_days``, ``tenure_days``, ``repeat_net_amount``. The money model is fitted to repeat purchases,
    as in the literature: the first one is often unlike the later ones. What it predicts for a customer rests on all purchase days of that
    customer: on CDNOW and Online Retail that ranks customers better (docs/backtest.md).
    """
    customers, repeat = _known(facts).select(pl.len(), repeat=(pl.col("repeats") > 0).sum()).collect(engine="streaming").row(0)
    if repeat < rules.min_repeat_customers:
        short = f"{repeat:,} of {customers:,} customers came back, fewer than min_repeat_customers = {rules.min_repeat_customers:,}"
        return Parameters(rules, customers, repeat, None, None, None, None, (f"p_alive, expected orders and CLV are unknown: {short}",))
    histories = _histories(facts)
    repeats, last, age, counts = (histories[name].cast(pl.Float64).to_numpy() for name in histories.columns)
    purchases = bg_nbd.fit(bg_nbd.Statistics(repeats, last / DAYS_PER_WEEK, age / DAYS_PER_WEEK, counts))
    spent = _spent(facts)
    has_enough_money = spent.customers.sum() >= rules.min_repeat_customers
    money = gamma_gamma.fit(spent) if has_enough_money else None
    correlation = _correlation(spent) if has_enough_money else None
    warnings = (*_doubts_of_purchases(purchases), *_doubts_of_money(money, correlation, int(spent.customers.sum()), rules))
    silence = bg_nbd.probability_of_silence(
        purchases, repeats, last / DAYS_PER_WEEK, age / DAYS_PER_WEEK, ORDERS_HORIZON_DAYS / DAYS_PER_WEEK
    )
    mean_chance = round(float(1 - np.average(silence, weights=counts)), 8) if purchases.search.is_converged else None
    return Parameters(rules, customers, repeat, purchases, money, correlation, mean_chance, warnings)


def apply(facts: pl.LazyFrame, parameters: Parameters) -> pl.LazyFrame:
    """Adds ``p_alive``, ``p_purchase_90d`` (a purchase day at least), ``expected_orders_90d`` (purchase days: orders of one day count once)
    and ``clv_365d`` (net, not discounted).

    Null without a purchase, and where the model behind a column is unknown. ``p_alive`` is null too for who bought on one day only: the
    model has 1 for all of them, which says nothing. Expected orders and CLV are never below zero.
    """
    return (
        _forecast(facts, parameters, ORDERS_HORIZON_DAYS, MONEY_HORIZON_DAYS)
        .with_columns(
            p_alive=pl.when(pl.col("purchase_days_count") >= 2).then(pl.col("_forecast").struct.field("p_alive")),
            p_purchase_90d=pl.col("_forecast").struct.field("buying"),
            expected_orders_90d=pl.col("_forecast").struct.field("orders"),
            # what is too large for money to hold is unknown rather than an error
            clv_365d=pl.col("_forecast").struct.field("money").round(4).cast(MONEY, strict=False),
        )
        .drop("_forecast")
    )


def outlook(facts: pl.LazyFrame, parameters: Parameters, days: int) -> pl.LazyFrame:
    """Adds what the next ``days`` should bring: ``p_purchase`` (a purchase day at least, 0 to 1), ``expected_orders`` (purchase days) and
    ``expected_net_amount``, all floats; null as in ``apply``."""
    names = {"p_purchase": "buying", "expected_orders": "orders", "expected_net_amount": "money"}
    forecast = _forecast(facts, parameters, days, days)
    return forecast.with_columns(pl.col("_forecast").struct.field(field).alias(name) for name, field in names.items()).drop("_forecast")


_FORECAST = pl.Struct({"p_alive": pl.Float64, "buying": pl.Float64, "orders": pl.Float64, "money": pl.Float64})


def _forecast(facts: pl.LazyFrame, parameters: Parameters, orders_days: int, money_days: int) -> pl.LazyFrame:
    """Adds ``_forecast``, null without a purchase."""
    history = pl.struct(
        repeats=(pl.col("purchase_days_count") - 1).clip(0).fill_null(0),
        last_days=(pl.col("tenure_days") - pl.col("recency_days")).fill_null(0),
        age_days=pl.col("tenure_days").fill_null(0),
        money=pl.col("net_amount").cast(pl.Float64).clip(0).fill_null(0.0),
    )
    has_purchase = (pl.col("purchase_days_count") > 0) & pl.col("tenure_days").is_not_null()
    forecast = history.map_batches(_forecaster(parameters, orders_days, money_days), return_dtype=_FORECAST, is_elementwise=True)
    return facts.with_columns(_forecast=pl.when(has_purchase).then(forecast))


def _forecaster(parameters: Parameters, orders_days: int, money_days: int) -> Callable[[pl.Series], pl.Series]:
    """From histories to forecasts, each from its own history alone; vectorised."""
    purchases, money, names = parameters.purchases, parameters.money, [field.name for field in _FORECAST.fields]
    is_money_known = money is not None and money.search.is_converged and money.mean is not None

    def of(histories: pl.Series) -> pl.Series:
        unknown = pl.repeat(None, len(histories), dtype=pl.Float64, eager=True)
        if purchases is None or not purchases.search.is_converged:
            return pl.DataFrame(dict.fromkeys(names, unknown)).to_struct("forecast")
        fields = histories.struct
        repeats, last, age, spent = (fields.field(name).cast(pl.Float64).to_numpy() for name in fields.fields)
        history = repeats, last / DAYS_PER_WEEK, age / DAYS_PER_WEEK
        orders, later = (bg_nbd.expected_purchases(purchases, *history, days / DAYS_PER_WEEK) for days in (orders_days, money_days))
        alive = bg_nbd.probability_alive(purchases, *history)
        buying = np.clip(1 - bg_nbd.probability_of_silence(purchases, *history, orders_days / DAYS_PER_WEEK), 0, 1)
        # Every purchase day tells how much a customer spends, the first among them.
        worth = later * gamma_gamma.expected_money(money, repeats + 1, spent) if money is not None and is_money_known else unknown
        return pl.DataFrame(dict(zip(names, (alive, buying, orders, worth), strict=True))).to_struct("forecast")

    return of


def _known(facts: pl.LazyFrame) -> pl.LazyFrame:
    """The history of each customer with a purchase, in days."""
    return (
        facts.filter(pl.col("purchase_days_count") > 0)
        .select(
            repeats=pl.col("purchase_days_count") - 1,
            last_days=pl.col("tenure_days") - pl.col("recency_days"),
            age_days=pl.col("tenure_days"),
        )
        .drop_nulls()
    )


def _histories(facts: pl.LazyFrame) -> pl.DataFrame:
    """Distinct (repeats, last, age) in days with the number of customers, in that order, so that the same base gives the same sums."""
    return (
        _known(facts)
        .group_by("repeats", "last_days", "age_days")
        .agg(customers=pl.len())
        .sort("repeats", "last_days", "age_days")
        .collect(engine="streaming")
    )


def _spent(facts: pl.LazyFrame) -> gamma_gamma.Statistics:
    """Distinct (repeats, money) of customers whose repeat purchases brought money, likewise."""
    distinct = (
        facts.filter((pl.col("purchase_days_count") > 1) & (pl.col("repeat_net_amount") > 0))
        .group_by(repeats=pl.col("purchase_days_count") - 1, money=pl.col("repeat_net_amount"))
        .agg(customers=pl.len())
        .sort("repeats", "money")
        .collect(engine="streaming")
    )
    return gamma_gamma.Statistics(*(distinct[name].cast(pl.Float64).to_numpy() for name in distinct.columns))


def _correlation(spent: gamma_gamma.Statistics) -> float | None:
    """Pearson's, None where all are the same."""
    covariances = np.cov(spent.repeats, spent.money / spent.repeats, fweights=spent.customers.astype(np.int64), ddof=0)
    scale = float(np.sqrt(covariances[0, 0] * covariances[1, 1]))
    return float(covariances[0, 1]) / scale if scale > 0 else None


def _doubts_of_purchases(found: bg_nbd.Estimate) -> Iterator[str]:
    if not found.search.is_converged:
        yield f"p_alive, expected orders and CLV are unknown: from {found.search.starts_count} starts BG/NBD found no maximum"
    elif found.search.at_limit:
        yield f"BG/NBD: on the limit of what is searched: {_named(found, found.search)}"
        if "a" in found.search.at_limit and found.a < 1:
            yield "p_alive is near 1 for everybody and says little: the base hardly shows anybody leaving"


def _doubts_of_money(found: gamma_gamma.Estimate | None, correlation: float | None, paying: int, rules: Rules) -> Iterator[str]:
    if found is None:
        least = f"fewer than min_repeat_customers = {rules.min_repeat_customers:,}"
        yield f"CLV is unknown: repeat purchases of {paying:,} customers brought money, {least}"
    elif not found.search.is_converged:
        yield f"CLV is unknown: from {found.search.starts_count} starts Gamma-Gamma found no maximum"
    elif found.mean is None:
        yield f"CLV is unknown: the base's money per purchase day is so uneven that it has no mean (q is {found.q:.2g}, not above 1)"
    elif found.search.at_limit:
        yield f"Gamma-Gamma: on the limit of what is searched: {_named(found, found.search)}"
    if correlation is not None and abs(correlation) > DEPENDENT:
        yield f"CLV takes how much and how often as independent; here they correlate at {correlation:.2f}"


def _named(found: bg_nbd.Estimate | gamma_gamma.Estimate, search: Search) -> str:
    return ", ".join(f"{name} = {getattr(found, name):g}" for name in search.at_limit)
