"""What being put on a list did: who was written to beside who was held out, by purchases and money in the days that followed.

The holdout is drawn by chance from those who could be written to, so the two groups differ in nothing else, and in nothing that lies behind
the day they came on the list: a customer counts once per list, on that day, whatever the list or the customer does later.

Share who bought: Newcombe's hybrid score interval of the difference (``transforms.proportions``), and Katz's of the ratio (Katz, Baptista,
Azen & Pike 1978, Biometrics 34, 469-474). Net amount per customer: Welch's interval (Welch 1947, Biometrika 34, 28-35), degrees of freedom
by Satterthwaite. A difference is told only where both groups are large enough for a table of two by two (Cochran 1954, Biometrics 10,
417-451): at least five buyers and five who don't buy are to be expected in each.
"""

from datetime import date

import polars as pl
from scipy.special import stdtrit

from transforms import proportions, schemas

MIN_EXPECTED = 5
"""Customers to be expected in each cell of buyers and others by group, if the groups didn't differ."""

VERDICTS_ZH = {
    "better": "更好",
    "worse": "更差",
    "no difference shown": "未见差异",
    "too small to say": "样本太小，无法判断",
    "still running": "观察期未结束",
}

_GROUPS = ("sent", "held_out")
_SUMS = ("count", "contacted_count", "bought_count", "orders_count", "net_amount", "net_squares")
_TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    "list_name": pl.String,
    "as_of_date": pl.Date,
    "channel": pl.String,
    "listed_count": pl.Int64,
    **{f"{group}_{name}": pl.Int64 for group in _GROUPS for name in _SUMS},
    **{f"{group}_net_amount": schemas.MONEY for group in _GROUPS},
    **{f"{group}_net_squares": pl.Float64 for group in _GROUPS},
}
RESULT_COUNTS = pl.Schema(_TYPES)
"""Grain: one row per list and day. ``listed_count``: on it that day as ``send`` or ``holdout``; the rest of those who came on it that day
for the first time. ``net_squares``: sum of the squares of the customers' net amounts."""


def results(counts: pl.LazyFrame, horizon_days: int, as_of: date) -> pl.DataFrame:
    """``RESULT_COUNTS`` of the days before ``as_of`` to ``LIST_RESULTS``: a row per list and day, and one per list over its finished days.

    A day is finished once ``horizon_days`` lie behind it; until then it has no verdict: whoever looks every day finds a difference on one
    of them. Ordered by list, first the row over all days, then the latest day.
    """
    ends_on = pl.col("as_of_date") + pl.duration(days=horizon_days)
    days = counts.sort("list_name", "as_of_date").with_columns(
        ends_on=ends_on, is_complete=ends_on <= as_of, days_count=pl.lit(1, pl.Int64)
    )
    totals = (
        days.filter("is_complete")
        .group_by("list_name", "is_complete", maintain_order=True)  # sums of floats depend on the order
        .agg(
            pl.col("days_count", "listed_count", *(f"{group}_{name}" for group in _GROUPS for name in _SUMS)).sum(),
            channel=pl.when(pl.col("channel").n_unique() == 1).then(pl.col("channel").first()),
        )
        .with_columns(as_of_date=pl.lit(None, pl.Date), ends_on=pl.lit(None, pl.Date))
    )
    compared = _compared(pl.concat([days, totals], how="diagonal")).collect()
    return (
        _told(_with_net_interval(compared))
        .with_columns(horizon_days=pl.lit(horizon_days, pl.Int32))
        .select(schemas.LIST_RESULTS.names())
        .cast(schemas.LIST_RESULTS)
        .sort("list_name", "as_of_date", descending=[False, True], nulls_last=False)
    )


def _compared(counts: pl.LazyFrame) -> pl.LazyFrame:
    """Shares and means of both groups, and the intervals of the shares' difference and ratio."""
    bought, of = pl.col("sent_bought_count"), pl.col("sent_count")
    others_bought, others = pl.col("held_out_bought_count"), pl.col("held_out_count")
    share, other = _per(bought, of), _per(others_bought, others)
    low, high = proportions.difference(share, proportions.wilson(bought, of), other, proportions.wilson(others_bought, others))
    is_ratio = (bought > 0) & (others_bought > 0)
    spread = proportions.Z_95 * (1 / bought - 1 / of + 1 / others_bought - 1 / others).sqrt()
    return counts.with_columns(
        *(
            _per(pl.col(f"{group}_{name}").cast(pl.Float64), pl.col(f"{group}_count")).alias(f"{group}_{told}")
            for group in _GROUPS
            for name, told in (
                ("bought_count", "bought_share"),
                ("orders_count", "orders_per_customer"),
                ("net_amount", "net_amount_per_customer"),
            )
        ),
        bought_share_lift=share - other,
        bought_share_lift_low=low,
        bought_share_lift_high=high,
        bought_share_ratio=pl.when(others_bought > 0).then(share / other),
        bought_share_ratio_low=pl.when(is_ratio).then(((share / other).log() - spread).exp()),
        bought_share_ratio_high=pl.when(is_ratio).then(((share / other).log() + spread).exp()),
        least_expected=_least_expected(),
    )


def _per(count: pl.Expr, of: pl.Expr) -> pl.Expr:
    return pl.when(of > 0).then(count / of)


def _least_expected() -> pl.Expr:
    """The smallest cell to be expected if both groups bought alike."""
    bought = pl.col("sent_bought_count") + pl.col("held_out_bought_count")
    of = pl.col("sent_count") + pl.col("held_out_count")
    smaller = pl.min_horizontal("sent_count", "held_out_count")
    return pl.when(of > 0).then(smaller * pl.min_horizontal(bought, of - bought) / of).otherwise(0.0)


def _with_net_interval(compared: pl.DataFrame) -> pl.DataFrame:
    """Welch's interval of the difference of the means; null where a group has fewer than two customers or nobody's money differs."""
    errors = [_squared_error(group) for group in _GROUPS]
    total = errors[0] + errors[1]
    freedom = total**2 / (errors[0] ** 2 / (pl.col("sent_count") - 1) + errors[1] ** 2 / (pl.col("held_out_count") - 1))
    lift = pl.col("sent_net_amount_per_customer") - pl.col("held_out_net_amount_per_customer")
    terms = compared.select(freedom=pl.when(total > 0).then(freedom), error=total.sqrt())
    half = terms["error"] * pl.Series(stdtrit(terms["freedom"].to_numpy(), 0.975), nan_to_null=True)
    return compared.with_columns(
        net_amount_per_customer_lift=lift, net_amount_per_customer_lift_low=lift - half, net_amount_per_customer_lift_high=lift + half
    )


def _squared_error(group: str) -> pl.Expr:
    """Of the mean: variance by customer."""
    customers, mean = pl.col(f"{group}_count"), pl.col(f"{group}_net_amount_per_customer")
    variance = (pl.col(f"{group}_net_squares") - customers * mean**2) / (customers - 1)
    return pl.when(customers > 1).then(variance.clip(lower_bound=0.0) / customers)


def _told(compared: pl.DataFrame) -> pl.DataFrame:
    verdict = (
        pl.when(~pl.col("is_complete"))
        .then(pl.lit("still running"))
        .when(pl.col("least_expected") < MIN_EXPECTED)
        .then(pl.lit("too small to say"))
        .when(pl.col("bought_share_lift_low") > 0)
        .then(pl.lit("better"))
        .when(pl.col("bought_share_lift_high") < 0)
        .then(pl.lit("worse"))
        .otherwise(pl.lit("no difference shown"))
    )
    return compared.with_columns(verdict=verdict, verdict_zh=verdict.replace_strict(VERDICTS_ZH, return_dtype=pl.String))
