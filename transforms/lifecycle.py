"""Lifecycle stage of every customer, 考察 exploration → 建立 build-up → 稳定 stable → 退化 decline, with its reasons in plain words.

The stage comes from the customer's own rhythm and attitude: how long the silence is compared with the gap expected of this customer,
whether the customer probably still buys at all, and whether the last word was a complaint. Stages after Dwyer, Schurr & Oh (1987); the
lines between them are ours.

What holds for every customer: a purchase on the as-of day leads out of decline or leaves the customer outside it; a new complaint or bad
review never leads out of decline; one more silent day leaves the stage as it is or leads into decline; without a purchase there is no
decline.
"""

import math
from dataclasses import dataclass, replace

import polars as pl

from transforms import survival
from transforms.ranges import check_ranges
from transforms.reasons import joined

_LINE_STEP = 1.05
"""By how much the line of lost is moved at a time."""

STAGE_NAMES_ZH = {"exploration": "考察", "build_up": "建立", "stable": "稳定", "decline": "退化"}


@dataclass(frozen=True)
class Rules:
    base_gap_weight: float = 5.0
    """How many gaps of the base's median length are added to a customer's own when the expected gap is worked out. 0 to 100."""
    one_time_quantile: float = 0.25
    """Expected gap of a one-time buyer: the days within which this share of all second purchases to be expected are made. The time to the
    second purchase is estimated with those who have not come back yet (Kaplan & Meier). 0.05 to 0.95. Below the median, because most
    one-time buyers never come back: the longer the silence, the less likely."""
    one_time_lost_share: float = 0.8
    """A one-time buyer is not lost before this share of all second purchases to be expected are made. 0 to 1."""
    default_gap_days: float = 90.0
    """Expected gap where nobody in the base has bought twice. 1 to 3,650 days."""
    overdue_at: float = 3.0
    """Overdue when the silence is longer than this many expected gaps: who buys at random is so by chance 1 time in 20. 1 to 20."""
    lost_at: float = 6.0
    """Lost when it is longer than this many, or than the longer line that ``lost_max_return_share`` calls for. 1 to 100, not below
    ``overdue_at``."""
    lost_max_return_share: float = 0.10
    """At most this share of the lost may buy again. 0 to 1. So the line is moved until no more of those who were ever silent for so long
    came back, and nobody is lost whose chance of a purchase within 90 days (``p_purchase_90d``) is above it, or above the base's mean."""
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
            "one_time_lost_share": (0, 1),
            "default_gap_days": (1, 3650),
            "overdue_at": (1, 20),
            "lost_at": (1, 100),
            "lost_max_return_share": (0, 1),
            "stable_purchase_days": (3, 100),
            "rhythm_error": (0.01, 2),
            "p_alive_line": (0, 1),
        }
        check_ranges("lifecycle", self, ranges)
        if self.lost_at < self.overdue_at:
            raise ValueError(f"lifecycle.lost_at is {self.lost_at!r}; expected at least overdue_at, which is {self.overdue_at!r}.")


@dataclass(frozen=True)
class Parameters:
    """``base_gap_days``: median over repeat customers of their mean gap. ``one_time_gap_days``: expected gap of a one-time buyer.
    ``one_time_half_days``: within so many days half of all second purchases to be expected are made; None where nobody bought twice.
    ``one_time_lost_days``: a one-time buyer is not lost before this day. ``lost_line``: expected gaps of silence after which a repeat
    customer may be lost; None where silences of every length end too often. ``returned_share``: of the repeat customers who were ever
    silent for longer than ``lost_at`` expected gaps, those who came back; None where nobody was. ``lost_max_chance``: nobody is lost whose
    chance of a purchase within 90 days is above it.

    ``lost_count``: customers who are lost on the day of the fit. ``lost_chance_90d``: mean of their chance of a purchase within 90 days,
    which is the share of the lost expected to buy again; None where nobody is lost or no chance is known.
    """

    rules: Rules
    base_gap_days: float
    one_time_gap_days: float
    one_time_half_days: float | None
    one_time_lost_days: float
    lost_line: float | None
    returned_share: float | None
    lost_max_chance: float
    repeat_customers_count: int
    lost_count: int
    lost_chance_90d: float | None
    warnings: tuple[str, ...]


def fit(facts: pl.LazyFrame, rules: Rules, mean_p_purchase_90d: float | None) -> Parameters:
    """The gaps of customers with two purchase days or more, and the time to the second purchase of everybody with one.

    ``mean_p_purchase_90d``: of the base, as ``clv.fit`` finds it: where hardly anybody buys twice, a repeat customer whose chance is
    8 % is more likely to come back than most.

    Reads ``purchase_days_count``, ``orders_count``, ``mean_gap_days``, ``longest_gap_days``, ``first_to_second_days``, ``recency_days``.
    Who is lost is counted by ``with_lost``.
    """
    count, base_gap = (
        facts.filter(pl.col("purchase_days_count") >= 2)
        .select(count=pl.len(), base_gap=pl.col("mean_gap_days").median())
        .collect(engine="streaming")
        .row(0)
    )
    curve = survival.kaplan_meier(_days_to_second_purchase(facts))
    one_time_gap = curve.days_until(rules.one_time_quantile)
    warning = f"no customer has bought on two days: the expected gap is default_gap_days, {rules.default_gap_days:g} days"
    found = Parameters(
        rules=rules,
        base_gap_days=rules.default_gap_days if base_gap is None else base_gap,
        one_time_gap_days=float(rules.default_gap_days if one_time_gap is None else one_time_gap),
        one_time_half_days=_float(curve.days_until(0.5)),
        one_time_lost_days=_float(curve.days_until(rules.one_time_lost_share)) or 0.0,
        lost_line=rules.lost_at,
        returned_share=None,
        lost_max_chance=min(rules.lost_max_return_share, 1.0 if mean_p_purchase_90d is None else mean_p_purchase_90d),
        repeat_customers_count=count,
        lost_count=0,
        lost_chance_90d=None,
        warnings=() if count else (warning,),
    )
    line, returned_share = _lost_line(_long_silences(facts, found), rules)
    return replace(found, lost_line=line, returned_share=returned_share)


def with_lost(facts: pl.LazyFrame, parameters: Parameters) -> Parameters:
    """The parameters with the number of customers who are lost and their mean chance. Reads the forecasts of ``clv.apply``."""
    lost = overdue(facts, parameters).filter(_is_lost(parameters))
    # rounded: the last digits hang on the order in which customers are added up
    found = lost.select(count=pl.len(), chance=pl.col("p_purchase_90d").mean().round(8)).collect(engine="streaming")
    return replace(parameters, lost_count=found["count"].item(), lost_chance_90d=found["chance"].item())


def is_long_silent(parameters: Parameters) -> pl.Expr:
    """Whether the silence is long enough for a customer to be lost, whatever the chance. Reads what ``overdue`` adds."""
    ratio, line = pl.col("overdue_ratio"), parameters.lost_line
    of_one_time_buyer = (ratio > parameters.rules.lost_at) & (pl.col("recency_days") > parameters.one_time_lost_days)
    of_repeat_customer = pl.lit(value=False) if line is None else ratio > line
    return pl.when(pl.col("purchase_days_count") < 2).then(of_one_time_buyer).otherwise(of_repeat_customer)


def apply(facts: pl.LazyFrame, parameters: Parameters) -> pl.LazyFrame:
    """Adds ``lifecycle_stage``, ``lifecycle_stage_zh``, ``lifecycle_reasons``, ``lifecycle_reasons_zh`` (several joined),
    ``is_lost``, ``expected_gap_days``, ``overdue_ratio`` and ``next_order_expected_on`` (these three null without a purchase).

    Reads ``p_alive``, ``p_purchase_90d`` and ``clv_365d`` of ``clv.apply`` beside the facts; unknown, they are no sign of anything.
    """
    gap_days = pl.col("expected_gap_days").round().cast(pl.Int64)
    signs = _signs(parameters)
    # An unknown (null) is no sign of anything: it counts as False, so that every customer has exactly one stage.
    case = pl.sum_horizontal(sign.fill_null(value=False).cast(pl.Int16) * 2**bit for bit, sign in enumerate(signs.values()))
    said = _said(parameters, list(signs))
    return (
        overdue(facts, parameters)
        .with_columns(
            is_lost=_is_lost(parameters).fill_null(value=False),
            next_order_expected_on=pl.col("last_order_date") + pl.duration(days=gap_days),
            _times=_one_decimal(pl.col("overdue_ratio")),
            _days=pl.col("recency_days").cast(pl.String),
        )
        .with_columns(_case=case)
        .with_columns(
            pl.col("_case").replace_strict(said["case"], said[name], return_dtype=pl.String).alias(name)
            for name in ("lifecycle_stage", "lifecycle_stage_zh", "lifecycle_reasons", "lifecycle_reasons_zh")
        )
        .with_columns(
            pl.col(name).str.replace("{times}", pl.col("_times"), literal=True).str.replace("{days}", pl.col("_days"), literal=True)
            for name in ("lifecycle_reasons", "lifecycle_reasons_zh")
        )
        .drop("_case", "_times", "_days")
    )


def overdue(facts: pl.LazyFrame, parameters: Parameters) -> pl.LazyFrame:
    """Adds ``expected_gap_days`` and ``overdue_ratio``: how long the silence is, in expected gaps. Null without a purchase."""
    return facts.with_columns(expected_gap_days=_expected_gap_days(parameters)).with_columns(
        overdue_ratio=pl.col("recency_days") / pl.col("expected_gap_days")
    )


def _days_to_second_purchase(facts: pl.LazyFrame) -> pl.DataFrame:
    """Waits for ``survival.kaplan_meier``: of who came back the days it took, of one-time buyers the days since."""
    has_returned = pl.col("purchase_days_count") >= 2
    return (
        facts.filter(pl.col("purchase_days_count") > 0)
        .select(days=pl.when(has_returned).then("first_to_second_days").otherwise("recency_days"), has_returned=has_returned)
        .filter(pl.col("days") >= 0)
        .group_by("days")
        .agg(happened=pl.col("has_returned").sum(), waiting=(~pl.col("has_returned")).sum())
        .collect(engine="streaming")
    )


def _long_silences(facts: pl.LazyFrame, parameters: Parameters) -> pl.DataFrame:
    """Silences of repeat customers longer than ``lost_at`` expected gaps, by length on a grid of steps of 5 %: ``step``, ``ended`` (the
    longest one that a customer came back from) and ``lasting`` (the present one)."""
    lost_at = parameters.rules.lost_at

    def step(silence_days: pl.Expr) -> pl.Expr:
        return ((silence_days / pl.col("expected_gap_days") / lost_at).log() / math.log(_LINE_STEP)).floor()

    repeat_customers = overdue(facts, parameters).filter(pl.col("purchase_days_count") >= 2)
    kinds = [
        repeat_customers.select(step=step(pl.col(days)), ended=pl.lit(days == "longest_gap_days"))
        for days in ("longest_gap_days", "recency_days")
    ]
    return (
        pl.concat(kinds)
        .filter(pl.col("step") >= 0)
        .group_by("step")
        .agg(ended=pl.col("ended").sum(), lasting=(~pl.col("ended")).sum())
        .sort("step")
        .collect(engine="streaming")
    )


def _lost_line(silences: pl.DataFrame, rules: Rules) -> tuple[float | None, float | None]:
    """The shortest silence, in expected gaps, from which no more than ``lost_max_return_share`` came back, and the share that came back
    from ``lost_at``. Beyond ``lost_at`` the share has to hold with one return more than was seen, since few silences are that long."""
    longer = silences.select("step", *(pl.col(kind).cum_sum(reverse=True) for kind in ("ended", "lasting")))
    if longer.is_empty():
        return rules.lost_at, None
    ended, lasting = longer.row(0)[1:]
    share = ended / (ended + lasting)
    if share <= rules.lost_max_return_share:
        return rules.lost_at, round(share, 8)
    is_few = (pl.col("ended") + 1) / (pl.col("ended") + pl.col("lasting") + 1) <= rules.lost_max_return_share
    enough = longer.filter(is_few, pl.col("step") > 0)["step"]
    return (None if enough.is_empty() else rules.lost_at * _LINE_STEP ** float(enough[0])), round(share, 8)


def _signs(parameters: Parameters) -> dict[str, pl.Expr]:
    """What the stage and its reasons hang on; each true, false or unknown."""
    rules = parameters.rules
    has_purchase = (pl.col("orders_count") > 0) & pl.col("last_order_date").is_not_null()
    bad_review_at, complaint_at = pl.col("last_negative_review_at"), pl.col("last_open_complaint_at")
    return {
        "has_purchase": has_purchase,
        "has_repeated": pl.col("purchase_days_count") >= 2,
        "has_enough_days": pl.col("purchase_days_count") >= rules.stable_purchase_days,
        "has_steady_rhythm": _rhythm_error() <= rules.rhythm_error,
        "is_due": pl.col("as_of_date") >= pl.col("next_order_expected_on"),
        "is_overdue": pl.col("overdue_ratio") > rules.overdue_at,
        "is_lost": pl.col("is_lost"),
        "is_chance_known": pl.col("p_purchase_90d").is_not_null(),
        # Before the next order is due, a low P(alive) is how such customers are even on the day they buy: no sign of leaving.
        "is_probably_gone": (pl.col("p_alive") < rules.p_alive_line) & (pl.col("overdue_ratio") > 1),
        "has_bad_review_last": has_purchase & bad_review_at.is_not_null() & _is_last_word(bad_review_at),
        "has_open_complaint_last": has_purchase & pl.col("has_open_complaint") & _is_last_word(complaint_at),
    }


def _said(parameters: Parameters, signs: list[str]) -> pl.DataFrame:
    """What is said in each case: texts are put together once per combination of signs, not once per customer."""
    cases = pl.DataFrame({"case": range(2 ** len(signs))}, schema={"case": pl.Int16})
    return (
        cases.lazy()
        .with_columns((pl.col("case") // 2**bit % 2 == 1).alias(sign) for bit, sign in enumerate(signs))
        .with_columns(_stage(), *joined(_statements(parameters), "lifecycle_reasons"))
        .with_columns(lifecycle_stage_zh=pl.col("lifecycle_stage").replace_strict(STAGE_NAMES_ZH, return_dtype=pl.String))
        .collect()
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


def _is_lost(parameters: Parameters) -> pl.Expr:
    """Silent for long, and little to be expected. Reads what ``overdue`` adds, and the forecasts of ``clv.apply``."""
    has_chance = pl.col("p_purchase_90d") > parameters.lost_max_chance
    has_value = pl.col("clv_365d") > pl.col("net_amount")
    return is_long_silent(parameters) & ~has_chance.fill_null(value=False) & ~has_value.fill_null(value=False)


def _rhythm_error() -> pl.Expr:
    """Standard error of the mean gap as a share of it: s / (√n · mean) for n gaps."""
    own_gaps = pl.col("purchase_days_count") - 1
    return pl.when(pl.col("mean_gap_days") > 0).then(pl.col("gap_stddev_days") / (own_gaps.sqrt() * pl.col("mean_gap_days")))


def _is_last_word(said_at: pl.Expr) -> pl.Expr:
    """No purchase after it. What has no date has none after it that we know of."""
    return pl.col("last_order_at").is_null() | said_at.is_null() | (said_at >= pl.col("last_order_at"))


def _one_decimal(ratio: pl.Expr) -> pl.Expr:
    """As people say it: 3.1, and from 10 on whole numbers."""
    whole = ratio.round(0, mode="half_away_from_zero").cast(pl.Int64).cast(pl.String)
    return pl.when(ratio < 10).then(ratio.round(1, mode="half_away_from_zero").cast(pl.String)).otherwise(whole)


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


def _statements(parameters: Parameters) -> list[tuple[pl.Expr, str, str]]:
    """When it is said, and how in each language. ``{times}`` and ``{days}`` stand for the customer's overdue ratio and days of silence."""
    rules, half = parameters.rules, parameters.one_time_half_days
    has_purchase, has_repeated, is_due = pl.col("has_purchase"), pl.col("has_repeated"), pl.col("is_due")
    is_fine, is_overdue = ~_is_declining(), pl.col("is_overdue")
    has_enough_days, has_steady_rhythm = pl.col("has_enough_days"), pl.col("has_steady_rhythm")
    days, chance, alive = rules.stable_purchase_days, f"{rules.lost_max_return_share:.0%}", f"{rules.p_alive_line:.0%}"
    half_en, half_zh = (
        ("", "")
        if half is None
        else (f" (half of all second purchases come within {half:g} days)", f"（半数二次购买发生在 {half:g} 天内）")
    )
    return [
        (is_overdue & has_repeated, "silent for {times} times the usual gap", "沉默时长为平常间隔的 {times} 倍"),
        (is_overdue & ~has_repeated, "one purchase day, {days} days ago" + half_en, "仅在一天购买过，距今 {days} 天" + half_zh),
        (
            pl.col("is_lost") & pl.col("is_chance_known"),
            f"chance of a purchase within 90 days {chance} or less",
            f"90 天内再次购买的可能性不超过 {chance}",
        ),
        (
            pl.col("is_probably_gone"),
            f"next order due and chance of still being a customer below {alive}",
            f"已到预期下单时间且仍会回购的可能性低于 {alive}",
        ),
        (pl.col("has_open_complaint_last"), "open complaint and no purchase since", "有未解决的投诉且此后未购买"),
        (pl.col("has_bad_review_last"), "bad review and no purchase since", "有差评且此后未购买"),
        (is_fine & ~has_purchase, "no purchase yet", "尚未购买"),
        (is_fine & has_purchase & ~has_repeated, "one purchase day so far", "目前只有一个购买日"),
        (is_fine & has_repeated & ~has_enough_days, f"fewer than {days} purchase days", f"购买日少于 {days} 天"),
        (is_fine & has_enough_days, f"{days} purchase days or more", f"购买日不少于 {days} 天"),
        (is_fine & has_enough_days & ~has_steady_rhythm, "no steady rhythm yet", "尚无稳定的购买节奏"),
        (is_fine & has_enough_days & has_steady_rhythm, "steady rhythm", "购买节奏稳定"),
        (is_fine & has_purchase & ~is_due, "next order not due yet", "尚未到预期下单时间"),
        (is_fine & has_purchase & is_due, "next order due", "已到预期下单时间"),
    ]


def _float(days: int | None) -> float | None:
    return None if days is None else float(days)
