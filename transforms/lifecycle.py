"""Lifecycle stage of every customer, 考察 exploration → 建立 build-up → 稳定 stable → 退化 decline, with its reasons in plain words.

The stage comes from the customer's own rhythm and attitude: how long the silence is next to the gap expected of this customer, whether the
customer probably still buys at all, and whether the last word was a complaint. Stages after Dwyer, Schurr & Oh (1987); the lines between
them are ours.

What holds for every customer: a purchase on the as-of day leads out of decline or leaves the customer outside it; a new complaint or bad
review never leads out of decline; one more silent day leaves the stage as it is or leads into decline.
"""

from dataclasses import dataclass

import polars as pl

from transforms.ranges import check_ranges

STAGE_NAMES_ZH = {"exploration": "考察", "build_up": "建立", "stable": "稳定", "decline": "退化"}


@dataclass(frozen=True)
class Rules:
    base_gap_weight: float = 5.0
    """How many gaps of the base's median length are added to a customer's own when the expected gap is worked out. 0 to 100."""
    one_time_quantile: float = 0.25
    """Expected gap of a one-time buyer: this quantile of the base's days from first to second purchase. 0.05 to 0.95. Below the median,
    because most one-time buyers never come back, and those who do are not in those days: the later, the less likely."""
    default_gap_days: float = 90.0
    """Expected gap where nobody in the base has bought twice. 1 to 3,650 days."""
    overdue_at: float = 3.0
    """Overdue when the silence is longer than this many expected gaps: who buys at random is so by chance 1 time in 20. 1 to 20."""
    lost_at: float = 6.0
    """Lost when it is longer than this many. 1 to 100, not below ``overdue_at``."""
    stable_purchase_days: int = 4
    """Purchase days needed to be stable. 3 to 100."""
    rhythm_error: float = 0.5
    """Steady rhythm: the standard error of the mean gap is at most this share of it (many gaps may vary more than few). 0.01 to 2."""

    p_alive_line: float = 0.5
    """Probably gone: P(alive) below this once the next order is due, as in Reinartz & Kumar (2000). 0 (never) to 1."""

    def __post_init__(self) -> None:
        ranges = {
            "base_gap_weight": (0, 100),
            "one_time_quantile": (0.05, 0.95),
            "default_gap_days": (1, 3650),
            "overdue_at": (1, 20),
            "lost_at": (1, 100),
            "stable_purchase_days": (3, 100),
            "rhythm_error": (0.01, 2),
            "p_alive_line": (0, 1),
        }
        check_ranges("lifecycle", self, ranges)
        if self.lost_at < self.overdue_at:
            raise ValueError(f"lifecycle.lost_at is {self.lost_at!r}; expected at least overdue_at, which is {self.overdue_at!r}.")


@dataclass(frozen=True)
class Parameters:
    """The base's median gap (over customers, of their mean gap) and the expected gap of a one-time buyer, both in days."""

    rules: Rules
    base_gap_days: float
    one_time_gap_days: float
    repeat_customers_count: int
    warnings: tuple[str, ...]


def fit(facts: pl.LazyFrame, rules: Rules) -> Parameters:
    """The gap distribution of customers with two purchase days or more.

    Reads ``purchase_days_count``, ``mean_gap_days``, ``first_to_second_days``.
    """
    first_to_second = pl.col("first_to_second_days").filter(pl.col("first_to_second_days") > 0)
    count, base_gap, one_time_gap = (
        facts.filter(pl.col("purchase_days_count") >= 2)
        .select(
            count=pl.len(),
            base_gap=pl.col("mean_gap_days").median(),
            one_time_gap=first_to_second.quantile(rules.one_time_quantile, "linear"),
        )
        .collect(engine="streaming")
        .row(0)
    )
    warning = f"no customer has bought on two days: the expected gap is default_gap_days, {rules.default_gap_days:g} days"
    return Parameters(
        rules=rules,
        base_gap_days=rules.default_gap_days if base_gap is None else base_gap,
        one_time_gap_days=rules.default_gap_days if one_time_gap is None else one_time_gap,
        repeat_customers_count=count,
        warnings=() if count else (warning,),
    )


def apply(facts: pl.LazyFrame, parameters: Parameters) -> pl.LazyFrame:
    """Adds ``lifecycle_stage``, ``lifecycle_stage_zh``, ``lifecycle_reasons``, ``lifecycle_reasons_zh`` (several joined by ``"; "``),
    ``is_lost``, ``expected_gap_days``, ``overdue_ratio`` and ``next_order_expected_on`` (these three null without a purchase).

    Reads ``p_alive`` of ``clv.apply`` beside the facts; unknown, it is no sign of anything.
    """
    rules = parameters.rules
    signs = {
        "has_purchase": (pl.col("orders_count") > 0) & pl.col("last_order_date").is_not_null(),
        "has_repeated": pl.col("purchase_days_count") >= 2,
        "has_enough_days": pl.col("purchase_days_count") >= rules.stable_purchase_days,
        "has_steady_rhythm": _rhythm_error() <= rules.rhythm_error,
        "is_overdue": pl.col("overdue_ratio") > rules.overdue_at,
        "is_lost": pl.col("overdue_ratio") > rules.lost_at,
        # Before the next order is due, a low P(alive) is how such customers are even on the day they buy: no sign of leaving.
        "is_probably_gone": (pl.col("p_alive") < rules.p_alive_line) & (pl.col("overdue_ratio") > 1),
        "has_bad_review_last": _is_last_word(pl.col("last_negative_review_at"), is_known=pl.col("last_negative_review_at").is_not_null()),
        "has_open_complaint_last": _is_last_word(pl.col("last_complaint_at"), is_known=pl.col("has_open_complaint")),
    }
    # An unknown (null) is no sign of anything: it counts as False, so that every customer has exactly one stage.
    case = pl.sum_horizontal(sign.fill_null(value=False).cast(pl.Int16) * 2**bit for bit, sign in enumerate(signs.values()))
    said = _said(rules, list(signs))
    return (
        overdue(facts, parameters)
        .with_columns(
            _case=case,
            is_lost=signs["is_lost"].fill_null(value=False),
            next_order_expected_on=pl.col("last_order_date") + pl.duration(days=pl.col("expected_gap_days").round().cast(pl.Int64)),
        )
        .with_columns(
            pl.col("_case").replace_strict(said["case"], said[name], return_dtype=pl.String).alias(name)
            for name in ("lifecycle_stage", "lifecycle_stage_zh", "lifecycle_reasons", "lifecycle_reasons_zh")
        )
        .drop("_case")
    )


def _said(rules: Rules, signs: list[str]) -> pl.DataFrame:
    """What is said in each case: texts are put together once per combination of signs, not once per customer."""
    cases = pl.DataFrame({"case": range(2 ** len(signs))}, schema={"case": pl.Int16})
    return (
        cases.lazy()
        .with_columns((pl.col("case") // 2**bit % 2 == 1).alias(sign) for bit, sign in enumerate(signs))
        .with_columns(_stage(), _reasons(rules, "en").alias("lifecycle_reasons"), _reasons(rules, "zh").alias("lifecycle_reasons_zh"))
        .with_columns(lifecycle_stage_zh=pl.col("lifecycle_stage").replace_strict(STAGE_NAMES_ZH, return_dtype=pl.String))
        .collect()
    )


def overdue(facts: pl.LazyFrame, parameters: Parameters) -> pl.LazyFrame:
    """Adds ``expected_gap_days`` and ``overdue_ratio``: how long the silence is, in expected gaps. Null without a purchase."""
    return facts.with_columns(expected_gap_days=_expected_gap_days(parameters)).with_columns(
        overdue_ratio=pl.col("recency_days") / pl.col("expected_gap_days")
    )


def _expected_gap_days(parameters: Parameters) -> pl.Expr:
    """(n · own mean gap + m · base median gap) / (n + m) for n own gaps; at least a day, for nobody is overdue on the day of a purchase."""
    weight, base_gap = parameters.rules.base_gap_weight, parameters.base_gap_days
    own_gaps = pl.col("purchase_days_count") - 1
    own_mean = pl.col("mean_gap_days").fill_null(base_gap)
    expected = (
        pl.when(pl.col("purchase_days_count") >= 2)
        .then((own_gaps * own_mean + weight * base_gap) / (own_gaps + weight))
        .otherwise(parameters.one_time_gap_days)
    )
    return pl.when(pl.col("orders_count") > 0).then(pl.max_horizontal(expected, 1.0))


def _rhythm_error() -> pl.Expr:
    """Standard error of the mean gap as a share of it: s / (√n · mean) for n gaps."""
    own_gaps = pl.col("purchase_days_count") - 1
    return pl.when(pl.col("mean_gap_days") > 0).then(pl.col("gap_stddev_days") / (own_gaps.sqrt() * pl.col("mean_gap_days")))


def _is_last_word(said_at: pl.Expr, is_known: pl.Expr) -> pl.Expr:
    """Said, and no purchase after it. An open complaint of unknown date has none after it that we know of."""
    return is_known & (pl.col("last_order_at").is_null() | said_at.is_null() | (said_at >= pl.col("last_order_at")))


def _is_declining() -> pl.Expr:
    return pl.col("is_overdue") | pl.col("is_probably_gone") | pl.col("has_bad_review_last") | pl.col("has_open_complaint_last")


def _stage() -> pl.Expr:
    return (
        pl.when(_is_declining())
        .then(pl.lit("decline"))
        .when(~pl.col("has_repeated"))
        .then(pl.lit("exploration"))
        .when(pl.col("has_enough_days") & pl.col("has_steady_rhythm"))
        .then(pl.lit("stable"))
        .otherwise(pl.lit("build_up"))
        .alias("lifecycle_stage")
    )


def _reasons(rules: Rules, language: str) -> pl.Expr:
    has_purchase, has_repeated = pl.col("has_purchase"), pl.col("has_repeated")
    is_silent, is_fine = pl.col("is_overdue") & ~pl.col("is_lost"), ~_is_declining()
    has_enough_days, has_steady_rhythm = pl.col("has_enough_days"), pl.col("has_steady_rhythm")
    days = rules.stable_purchase_days
    reasons = [
        (pl.col("is_lost"), f"silent for more than {rules.lost_at:g} expected gaps", f"沉默超过预期间隔的{rules.lost_at:g}倍"),
        (is_silent, f"silent for more than {rules.overdue_at:g} expected gaps", f"沉默超过预期间隔的{rules.overdue_at:g}倍"),
        (
            pl.col("is_probably_gone"),
            f"next order due and P(alive) below {rules.p_alive_line:g}",
            f"已到预期下单时间且存活概率低于{rules.p_alive_line:g}",
        ),
        (pl.col("has_open_complaint_last"), "open complaint and no purchase since", "有未解决的投诉且此后未购买"),
        (pl.col("has_bad_review_last"), "bad review and no purchase since", "有差评且此后未购买"),
        (is_fine & ~has_purchase, "no purchase yet", "尚未购买"),
        (is_fine & has_purchase & ~has_repeated, "one purchase day so far", "目前只有一个购买日"),
        (is_fine & has_repeated & ~has_enough_days, f"fewer than {days} purchase days", f"购买日少于{days}天"),
        (is_fine & has_enough_days, f"{days} purchase days or more", f"购买日不少于{days}天"),
        (is_fine & has_enough_days & ~has_steady_rhythm, "no steady rhythm yet", "尚无稳定的购买节奏"),
        (is_fine & has_enough_days & has_steady_rhythm, "steady rhythm", "购买节奏稳定"),
        (is_fine & has_purchase, "next order not overdue", "下一单未逾期"),
    ]
    words = [pl.when(applies).then(pl.lit(en if language == "en" else zh)) for applies, en, zh in reasons]
    return pl.concat_str(words, separator="; ", ignore_nulls=True)
