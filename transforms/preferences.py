"""What a customer leans to: category, channel, need (Maslow 1943) and price, each said only where enough is known. The lines are *ours*."""

from dataclasses import dataclass

import polars as pl

from transforms.ranges import check_ranges
from transforms.reasons import reasons

NEED_NAMES_ZH = {
    "physiological": "生理需求",
    "safety": "安全需求",
    "belonging": "归属需求",
    "esteem": "尊重需求",
    "self_actualisation": "自我实现",
}
SENSITIVITY_NAMES_ZH = {"high": "价格敏感", "medium": "一般", "low": "价格不敏感"}


@dataclass(frozen=True)
class Rules:
    min_orders: int = 2
    """With fewer purchases nobody leans to anything. 1 to 100."""
    preference_line: float = 0.6
    """A category or channel is preferred from this share (of product money, of purchases) on. 0.01 to 1."""
    need_known_line: float = 0.5
    """The need level is told where categories of at least this share of the money have one. 0 to 1."""
    sensitive_line: float = 0.6
    """Price sensitivity is high from here. 0 to 1."""
    insensitive_line: float = 0.3
    """Low up to here; medium between. 0 to 1, below ``sensitive_line``."""

    def __post_init__(self) -> None:
        lines = {"need_known_line": (0, 1), "sensitive_line": (0, 1), "insensitive_line": (0, 1)}
        check_ranges("preferences", self, {"min_orders": (1, 100), "preference_line": (0.01, 1), **lines})
        if self.insensitive_line >= self.sensitive_line:
            raise ValueError(
                f"preferences.insensitive_line is {self.insensitive_line!r}; expected less than sensitive_line, {self.sensitive_line!r}."
            )


@dataclass(frozen=True)
class Parameters:
    """``has_*``: whether the base has such facts at all; where not, they are unknown for all."""

    rules: Rules
    has_needs: bool
    has_discounts: bool
    warnings: tuple[str, ...]


def fit(facts: pl.LazyFrame, rules: Rules) -> Parameters:
    """Reads ``need_known_share``, ``discounted_orders_count``."""
    found = facts.select(needs=(pl.col("need_known_share") > 0).any(), discounts=(pl.col("discounted_orders_count") > 0).any())
    has_needs, has_discounts = found.collect(engine="streaming").row(0)
    warnings = []
    if not has_needs:
        warnings.append("need_level is unknown for all: the seed category_needs names none of the base's categories")
    if not has_discounts:
        warnings.append("price_sensitivity rests on price levels alone: the base has no discounts")
    return Parameters(rules, bool(has_needs), bool(has_discounts), tuple(warnings))


def apply(facts: pl.LazyFrame, parameters: Parameters) -> pl.LazyFrame:
    """Adds ``has_category_preference``, ``has_channel_preference``, ``need_level``, ``need_level_zh``, ``price_sensitivity`` (0 to 1),
    ``price_sensitivity_level``, its name ``…_zh``, ``preference_reasons`` and ``preference_reasons_zh``; unknown is null.

    Price sensitivity is the mean of its parts: the share of purchases with a discount (``quality_discount_share``, which is read beside the
    facts), of money not at full price, and of money not above the median price.
    """
    rules = parameters.rules
    has_enough = pl.col("orders_count") >= rules.min_orders
    discounted, at_less, below = pl.col("quality_discount_share"), 1 - pl.col("full_price_share"), 1 - pl.col("above_median_price_share")
    parts = [discounted, at_less, below] if parameters.has_discounts else [below]
    sensitivity, need = pl.col("price_sensitivity"), pl.col("need_level")
    is_need_known = has_enough & (pl.col("need_known_share") >= rules.need_known_line)
    level = _level(sensitivity, rules)
    is_leaning = {of: has_enough & (pl.col(f"preferred_{of}_share") >= rules.preference_line) for of in ("category", "channel")}
    share, orders = f"{rules.preference_line:.0%}", pl.col("orders_count")
    said = [
        (orders.is_between(1, rules.min_orders - 1), f"fewer than {rules.min_orders} purchases", f"购买少于 {rules.min_orders} 次"),
        (is_leaning["category"], f"{share} of the money or more in one category", f"{share} 以上的金额集中于一个品类"),
        (is_leaning["channel"], f"{share} of the purchases or more through one channel", f"{share} 以上的购买来自一个渠道"),
        (has_enough & ~is_need_known, "needs of too little of the money are known", "已知需求的金额占比不足"),
        (sensitivity >= rules.sensitive_line, "buys at a discount or below the median price", "多在打折或低于中位价时购买"),
        (sensitivity <= rules.insensitive_line, "buys at full price and above the median", "多以原价且高于中位价购买"),
    ]
    return (
        facts.with_columns(
            has_category_preference=is_leaning["category"],
            has_channel_preference=is_leaning["channel"],
            need_level=pl.when(is_need_known).then(pl.col("dominant_need_level")),
            price_sensitivity=pl.when(has_enough & pl.all_horizontal(part.is_not_null() for part in parts)).then(
                (sum(parts[1:], parts[0]) / len(parts)).clip(0.0, 1.0)
            ),
        )
        .with_columns(
            pl.when(has_enough & pl.col(f"preferred_{of}_share").is_not_null()).then(f"has_{of}_preference").alias(f"has_{of}_preference")
            for of in ("category", "channel")
        )
        .with_columns(
            need.replace_strict(NEED_NAMES_ZH, default=None, return_dtype=pl.String).alias("need_level_zh"),
            level.alias("price_sensitivity_level"),
            level.replace_strict(SENSITIVITY_NAMES_ZH, default=None, return_dtype=pl.String).alias("price_sensitivity_level_zh"),
            *reasons(said, "preference_reasons"),
        )
    )


def _level(sensitivity: pl.Expr, rules: Rules) -> pl.Expr:
    return (
        pl.when(sensitivity >= rules.sensitive_line)
        .then(pl.lit("high"))
        .when(sensitivity > rules.insensitive_line)
        .then(pl.lit("medium"))
        .when(sensitivity.is_not_null())
        .then(pl.lit("low"))
    )
