"""``CUSTOMER_FACTS`` of many customers from one frame of purchases: what whole bases and real ones are scored from without the street."""

from datetime import date, timedelta

import polars as pl

from transforms.backtest import HAPPENED
from transforms.schemas import CUSTOMER_FACTS, MONEY

PURCHASES = pl.Schema({"customer_id": pl.String, "day": pl.Date, "order_id": pl.String, "amount": pl.Float64})
"""Grain: one row per line. An order with an amount of zero or less in all is a return or a gift, and no purchase."""


def facts_of_purchases(purchases: pl.DataFrame, as_of: date) -> pl.LazyFrame:
    """Facts of everybody with a purchase up to that day; nothing but what was bought is known of them, all of it at full price."""
    seen = _ordered(purchases.filter(pl.col("day") <= as_of))
    days = seen.filter("is_purchase").select("customer_id", "day").unique().sort("customer_id", "day")
    gap = pl.col("day").diff().dt.total_days()
    rhythm = days.group_by("customer_id", maintain_order=True).agg(
        first_order_date=pl.col("day").first(),
        last_order_date=pl.col("day").last(),
        purchase_days_count=pl.len(),
        mean_gap_days=gap.mean(),
        gap_stddev_days=gap.std(),
        longest_gap_days=gap.max(),
        first_to_second_days=gap.drop_nulls().first(),
    )
    orders = seen.filter("is_purchase").group_by("customer_id").agg(orders_count=pl.col("order_id").n_unique())
    is_later = pl.col("day") > pl.col("first_order_date")
    money = (
        seen.join(rhythm, on="customer_id")
        .group_by("customer_id")
        .agg(net_amount=pl.col("amount").sum(), repeat_net_amount=pl.col("amount").filter(is_later).sum())
    )
    known = rhythm.join(orders, on="customer_id").join(money, on="customer_id")
    facts = known.with_columns(
        pl.col("net_amount", "repeat_net_amount").round(4).cast(MONEY),
        as_of_date=pl.lit(as_of),
        recency_days=(pl.lit(as_of) - pl.col("last_order_date")).dt.total_days(),
        tenure_days=(pl.lit(as_of) - pl.col("first_order_date")).dt.total_days(),
        first_order_at=pl.col("first_order_date").cast(pl.Datetime("us")),
        last_order_at=pl.col("last_order_date").cast(pl.Datetime("us")),
        full_price_share=pl.lit(1.0),
        categories_count=pl.lit(0),
        reviews_count=pl.lit(0),
        helpful_votes_count=pl.lit(0),
        has_open_complaint=pl.lit(value=False),
    )
    unknown = {name: pl.lit(None, kind) for name, kind in CUSTOMER_FACTS.items() if name not in facts.columns}
    return facts.with_columns(**unknown).select(CUSTOMER_FACTS.names()).cast(dict(CUSTOMER_FACTS)).sort("customer_id").lazy()


def happened_after(purchases: pl.DataFrame, cut: date, days: int) -> pl.LazyFrame:
    """``HAPPENED`` of everybody with a purchase by the cut."""
    seen = _ordered(purchases)
    later = (
        seen.filter(pl.col("day") > cut, pl.col("day") <= cut + timedelta(days=days))
        .group_by("customer_id")
        .agg(
            purchase_days_after=pl.col("day").filter("is_purchase").n_unique(), net_amount_after=pl.col("amount").sum().round(4).cast(MONEY)
        )
    )
    buyers = seen.filter("is_purchase", pl.col("day") <= cut).select("customer_id").unique()
    return buyers.join(later, on="customer_id", how="left").with_columns(pl.exclude("customer_id").fill_null(0)).cast(dict(HAPPENED)).lazy()


def _ordered(purchases: pl.DataFrame) -> pl.DataFrame:
    return purchases.with_columns(is_purchase=pl.col("amount").sum().over("order_id") > 0)
