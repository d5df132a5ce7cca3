"""How satisfied customers are, and with what: Bayesian mean stars per customer and per product and month, and what follows each topic.

The means are credibility means (``transforms.credibility``), each with a prior of its own kind of groups; they rank and compare. The level
is what the customer has said, so it comes from the customer's own stars. Levels and lines are *ours*.
"""

from dataclasses import dataclass

import polars as pl

from transforms import credibility, proportions
from transforms.ranges import check_ranges
from transforms.reasons import reasons

LEVEL_NAMES_ZH = {"satisfied": "满意", "mixed": "一般", "dissatisfied": "不满意"}
FINDINGS_ZH = {
    "too small to say": "样本太小，无法判断",
    "buys again less": "之后较少复购",
    "buys again more": "之后更多复购",
    "no difference seen": "未见差异",
}


@dataclass(frozen=True)
class Rules:
    satisfied_line: float = 4.0
    """Satisfied from this mean of the customer's own stars on. 1 to 5."""
    dissatisfied_line: float = 2.5
    """Dissatisfied up to here; mixed between. 1 to 5, below ``satisfied_line``."""
    outcome_days: int = 90
    """Days after a review within which a purchase counts as buying again. 1 to 730."""
    min_customers: int = 30
    """With fewer customers on either side what follows a topic is too small to say. 2 to 100,000."""

    def __post_init__(self) -> None:
        ranges = {"satisfied_line": (1, 5), "dissatisfied_line": (1, 5), "outcome_days": (1, 730), "min_customers": (2, 100_000)}
        check_ranges("satisfaction", self, ranges)
        if self.dissatisfied_line >= self.satisfied_line:
            raise ValueError(
                f"satisfaction.dissatisfied_line is {self.dissatisfied_line!r}; expected less than satisfied_line, {self.satisfied_line!r}."
            )


@dataclass(frozen=True)
class Parameters:
    """``customers``: the prior of a customer's mean stars; None where nobody gave stars."""

    rules: Rules
    customers: credibility.Prior | None
    warnings: tuple[str, ...]


def fit(facts: pl.LazyFrame, rules: Rules) -> Parameters:
    """Reads ``rated_reviews_count``, ``mean_rating``, ``rating_stddev``."""
    count, mean, stddev = pl.col("rated_reviews_count"), pl.col("mean_rating"), pl.col("rating_stddev").fill_null(0.0)
    squares = (count - 1) * stddev * stddev + count * mean * mean
    prior = credibility.fit(
        facts.filter(count > 0, mean.is_not_null()).select(count=count, total=(count * mean).round(), squares=squares.round())
    )
    warnings = () if prior else ("satisfaction_rating is unknown for all: the base has no rated review",)
    return Parameters(rules, prior, warnings)


def apply(facts: pl.LazyFrame, parameters: Parameters) -> pl.LazyFrame:
    """Adds ``satisfaction_rating`` (1 to 5), ``satisfaction_level``, ``satisfaction_level_zh``, ``has_open_issue``,
    ``satisfaction_reasons`` and ``satisfaction_reasons_zh``. Rating and level are null without a rated review.

    An issue is open while a ticket is, or while the last opinion is a bad review that no purchase has followed.
    """
    rules, prior = parameters.rules, parameters.customers
    rating, level = pl.when(pl.col("rated_reviews_count") > 0).then("mean_rating"), pl.col("satisfaction_level")
    bad, good, bought = pl.col("last_negative_review_at"), pl.col("last_positive_review_at"), pl.col("last_order_at")
    is_unanswered = bad.is_not_null() & (good.is_null() | (good <= bad)) & (bought.is_null() | (bought <= bad))
    has_ticket = pl.col("has_open_complaint").fill_null(value=False)
    said = [
        (has_ticket, "open complaint", "有未解决的投诉"),
        (is_unanswered, "bad review and no purchase since", "有差评且此后未购买"),
        (level == "satisfied", "good stars on the whole", "总体评分较高"),
        (level == "mixed", "middling stars on the whole", "总体评分中等"),
        (level == "dissatisfied", "bad stars on the whole", "总体评分较低"),
        (level.is_null() & (pl.col("reviews_count") > 0), "no stars, words only", "仅有文字评价，无评分"),
    ]
    mean = pl.lit(None, pl.Float64) if prior is None else credibility.shrunk(pl.col("rated_reviews_count"), pl.col("mean_rating"), prior)
    return (
        facts.with_columns(satisfaction_rating=mean, has_open_issue=has_ticket | is_unanswered)
        .with_columns(
            satisfaction_level=pl.when(rating >= rules.satisfied_line)
            .then(pl.lit("satisfied"))
            .when(rating <= rules.dissatisfied_line)
            .then(pl.lit("dissatisfied"))
            .when(rating.is_not_null())
            .then(pl.lit("mixed"))
        )
        .with_columns(
            level.replace_strict(LEVEL_NAMES_ZH, default=None, return_dtype=pl.String).alias("satisfaction_level_zh"),
            *reasons(said, "satisfaction_reasons"),
        )
    )


def products(months: pl.LazyFrame) -> tuple[credibility.Prior | None, pl.LazyFrame]:
    """The prior of a product's month, and ``PRODUCT_SATISFACTION`` but for the topics: ``months`` with ``mean_rating`` and
    ``satisfaction_rating``.

    In: one row per product and month with a review: ``rated_reviews_count``, ``ratings_sum`` and ``ratings_squares_sum`` of its stars.
    """
    count, total = pl.col("rated_reviews_count"), pl.col("ratings_sum")
    prior = credibility.fit(months.select(count=count, total=total, squares=pl.col("ratings_squares_sum")))
    mean = pl.when(count > 0).then(total / count)
    rating = pl.lit(None, pl.Float64) if prior is None else credibility.shrunk(count, total / count, prior)
    return prior, months.with_columns(mean_rating=mean, satisfaction_rating=rating)


def outcomes(counts: pl.LazyFrame, rules: Rules) -> pl.LazyFrame:
    """``TOPIC_OUTCOMES``: shares, intervals and the finding in words.

    In: one row per topic and tone: ``customers_count``, ``bought_again_count``, ``others_count``, ``others_bought_again_count``. A finding
    is one where the 95 % interval of the difference leaves out 0; many topics looked at together find one in twenty by chance.
    """
    count, of = pl.col("bought_again_count"), pl.col("customers_count")
    others_count, others = pl.col("others_bought_again_count"), pl.col("others_count")
    share, other = pl.when(of > 0).then(count / of), pl.when(others > 0).then(others_count / others)
    interval = proportions.wilson(count, of)
    low, high = proportions.difference(share, interval, other, proportions.wilson(others_count, others))
    finding = (
        pl.when((of < rules.min_customers) | (others < rules.min_customers))
        .then(pl.lit("too small to say"))
        .when(high < 0)
        .then(pl.lit("buys again less"))
        .when(low > 0)
        .then(pl.lit("buys again more"))
        .otherwise(pl.lit("no difference seen"))
    )
    return counts.with_columns(
        horizon_days=pl.lit(rules.outcome_days, pl.Int32),
        bought_again_share=share,
        share_low=interval[0],
        share_high=interval[1],
        others_bought_again_share=other,
        difference=share - other,
        difference_low=low,
        difference_high=high,
        finding=finding,
        finding_zh=finding.replace_strict(FINDINGS_ZH, return_dtype=pl.String),
    )
