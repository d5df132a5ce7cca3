"""Quality customer (品质客户): pays above the median price of the categories bought, rarely returns, rarely needs a discount.

Shares of few orders are shrunk toward the base (``transforms.shares``). What the base records nowhere (no return, no discount at all) can't
tell its customers apart and is left out for all, with a warning. What is unknown of one customer is unknown. The lines are *ours*.
"""

from dataclasses import dataclass

import polars as pl

from transforms import shares
from transforms.ranges import check_ranges
from transforms.reasons import reasons


@dataclass(frozen=True)
class Rules:
    price_line: float = 0.5
    """Pays well: at least this share of the money goes where a piece costs this customer more than the median customer. 0 to 1."""
    return_line: float = 0.15
    """Rarely returns: at most this share of the purchases. 0 to 1."""
    discount_line: float = 0.33
    """Rarely needs a discount: at most this share of the purchases. 0 to 1."""
    min_orders: int = 2
    """With fewer purchases nobody can tell. 1 to 100."""
    max_prior_orders: float = 20.0
    """The base is worth no more than so many of a customer's own purchases, however little customers differ. 1 to 500."""

    def __post_init__(self) -> None:
        ranges = {
            "price_line": (0, 1),
            "return_line": (0, 1),
            "discount_line": (0, 1),
            "min_orders": (1, 100),
            "max_prior_orders": (1, 500),
        }
        check_ranges("quality", self, ranges)


@dataclass(frozen=True)
class Parameters:
    """Priors of the shares of purchases returned and discounted, None where the base has none; ``has_prices``: are there price levels?"""

    rules: Rules
    returns: shares.Prior | None
    discounts: shares.Prior | None
    has_prices: bool
    warnings: tuple[str, ...]


def fit(facts: pl.LazyFrame, rules: Rules) -> Parameters:
    """Reads ``orders_count``, ``refunded_orders_count``, ``discounted_orders_count``, ``above_median_price_share``."""
    orders = pl.col("orders_count")
    cases = {"returns": (_returned(), orders), "discounts": (pl.col("discounted_orders_count"), orders)}
    priors = shares.fit(facts, cases, rules.max_prior_orders)
    returns, discounts = priors["returns"], priors["discounts"]
    has_prices = bool(facts.select(pl.col("above_median_price_share").is_not_null().any()).collect(engine="streaming").item())
    left_out = {"quality_return_share": returns, "quality_discount_share": discounts}
    warnings = [f"{part} is unknown for all and left out: the base has no such purchase" for part, prior in left_out.items() if not prior]
    if not has_prices:
        warnings.append("is_quality_customer is unknown for all: the base has no prices by category")
    return Parameters(rules, returns, discounts, has_prices, tuple(warnings))


def apply(facts: pl.LazyFrame, parameters: Parameters) -> pl.LazyFrame:
    """Adds ``quality_price_share``, ``quality_return_share``, ``quality_discount_share`` (0 to 1), ``quality_score`` (0 to 100: the mean of
    price, not returned and not discounted), ``is_quality_customer``, ``quality_reasons`` and ``quality_reasons_zh``.

    A customer without price levels or with fewer than ``min_orders`` purchases has no score and null for ``is_quality_customer``.
    """
    rules = parameters.rules
    price, returned, discounted = (pl.col(f"quality_{part}_share") for part in ("price", "return", "discount"))
    orders = pl.col("orders_count")
    has_enough = orders >= rules.min_orders
    is_known = has_enough & price.is_not_null() if parameters.has_prices else pl.lit(value=False)
    parts, signs = [price], [price >= rules.price_line]
    said = [
        (orders.is_between(1, rules.min_orders - 1), f"fewer than {rules.min_orders} purchases", f"购买少于 {rules.min_orders} 次"),
        (has_enough & price.is_null(), "no price to compare with", "无可比价格"),
        (is_known & signs[0], "pays above the median price", "购买价格高于中位数"),
        (is_known & ~signs[0], "pays the median price or less", "购买价格不高于中位数"),
    ]
    if parameters.returns:
        parts.append(1 - returned)
        signs.append(returned <= rules.return_line)
        said += [(is_known & signs[-1], "rarely returns", "很少退货"), (is_known & ~signs[-1], "returns often", "经常退货")]
    if parameters.discounts:
        parts.append(1 - discounted)
        signs.append(discounted <= rules.discount_line)
        said += [
            (is_known & signs[-1], "rarely needs a discount", "很少依赖折扣"),
            (is_known & ~signs[-1], "often needs a discount", "经常依赖折扣"),
        ]
    return (
        facts.with_columns(
            quality_price_share=pl.col("above_median_price_share"),
            quality_return_share=_shrunk(_returned(), parameters.returns),
            quality_discount_share=_shrunk(pl.col("discounted_orders_count"), parameters.discounts),
        )
        .with_columns(quality_score=pl.when(is_known).then((100 / len(parts)) * sum(parts[1:], parts[0])).clip(0.0, 100.0))
        .with_columns(pl.when(is_known).then(pl.all_horizontal(signs)).alias("is_quality_customer"), *reasons(said, "quality_reasons"))
    )


def _returned() -> pl.Expr:
    """Of the purchases: an order that was nothing but a return is none."""
    return pl.min_horizontal("refunded_orders_count", "orders_count")


def _shrunk(count: pl.Expr, prior: shares.Prior | None) -> pl.Expr:
    return pl.lit(None, pl.Float64) if prior is None else shares.shrunk(count, pl.col("orders_count"), prior)
