"""Lifecycle stages: the rule on cases, and what a purchase, a complaint or a silent day may do to anybody's stage."""

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from transforms import clv, lifecycle
from transforms.schemas import MONEY

from .histories import AS_OF, CUSTOMERS, Customer, days_ago, facts_of, rhythm
from .test_purchase_models import PUBLISHED, PUBLISHED_MONEY

# A base whose repeat customers take 40 days between purchases (median) and 50 from the first to the second.
RULES = lifecycle.Rules(base_gap_weight=3, overdue_at=2, lost_at=4)
"""Numbers that the cases below reckon with easily; the defaults are what the backtest chose."""
BASE = rhythm(RULES, base_gap_days=40.0, one_time_gap_days=50.0, one_time_half_days=80.0)


# What is known of P(alive): nothing, or CDNOW's base.
UNKNOWN = clv.Parameters(
    clv.Rules(), 0, 0, purchases=None, money=None, frequency_money_correlation=None, mean_p_purchase_90d=None, warnings=()
)
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


def lived(
    *customers: Customer, as_of: date = AS_OF, parameters: lifecycle.Parameters = BASE, purchases: clv.Parameters = UNKNOWN
) -> pl.DataFrame:
    return lifecycle.apply(clv.apply(facts_of(*customers, as_of=as_of), purchases), parameters).collect()


def at(days: float, stars: int = 1) -> tuple[tuple[datetime, int], ...]:
    """A review so many days ago."""
    return ((days_ago(days)[0], stars),)


def open_at(days: float, is_open: bool = True) -> tuple[tuple[datetime, bool], ...]:
    """A complaint so many days ago."""
    return ((days_ago(days)[0], is_open),)


REGULAR = days_ago(10, 40, 70, 100, 130)
IRREGULAR = days_ago(10, 12, 13, 200)
TWO_COMPLAINTS = Customer(purchases=REGULAR, complaints=open_at(11) + open_at(9, is_open=False))
ONCE = "one purchase day, {} days ago (half of all second purchases come within 80 days)"
CASES = [
    ("nobody yet", Customer(), "exploration", "no purchase yet"),
    ("first purchase today", Customer(purchases=days_ago(0)), "exploration", "one purchase day so far; next order not due yet"),
    ("one, the day before it is due", Customer(purchases=days_ago(49)), "exploration", "one purchase day so far; next order not due yet"),
    ("one, due today", Customer(purchases=days_ago(50)), "exploration", "one purchase day so far; next order due"),
    ("one, at the line", Customer(purchases=days_ago(100)), "exploration", "one purchase day so far; next order due"),
    ("one, a day past it", Customer(purchases=days_ago(101)), "decline", ONCE.format(101)),
    ("one, lost", Customer(purchases=days_ago(201)), "decline", ONCE.format(201)),
    ("two orders on a day", Customer(purchases=days_ago(9, 9.1)), "exploration", "one purchase day so far; next order not due yet"),
    ("two days", Customer(purchases=days_ago(9, 39)), "build_up", "fewer than 4 purchase days; next order not due yet"),
    ("two days, silent", Customer(purchases=days_ago(90, 100)), "decline", "silent for 2.8 times the usual gap"),
    ("two days, silent for long", Customer(purchases=days_ago(404, 414)), "decline", "silent for 12 times the usual gap"),
    ("steady", Customer(purchases=REGULAR), "stable", "4 purchase days or more; steady rhythm; next order not due yet"),
    ("in bursts", Customer(purchases=IRREGULAR), "build_up", "4 purchase days or more; no steady rhythm yet; next order not due yet"),
    ("bad review last", Customer(purchases=REGULAR, reviews=at(9)), "decline", "bad review and no purchase since"),
    ("bad review, then bought", Customer(purchases=REGULAR, reviews=at(11)), "stable", None),
    ("good review last", Customer(purchases=REGULAR, reviews=at(9, stars=5)), "stable", None),
    ("open complaint last", Customer(purchases=REGULAR, complaints=open_at(9)), "decline", "open complaint and no purchase since"),
    ("complaint solved", Customer(purchases=REGULAR, complaints=open_at(9, is_open=False)), "stable", None),
    ("open complaint, then bought", Customer(purchases=REGULAR, complaints=open_at(11)), "stable", None),
    ("open complaint, then bought, then one that was solved", TWO_COMPLAINTS, "stable", None),
    ("complaint before any purchase", Customer(complaints=open_at(3)), "exploration", "no purchase yet"),
    ("bad review before any purchase", Customer(reviews=at(3)), "exploration", "no purchase yet"),
    (
        "all at once",
        Customer(purchases=days_ago(500), reviews=at(400), complaints=open_at(390)),
        "decline",
        f"{ONCE.format(500)}; open complaint and no purchase since; bad review and no purchase since",
    ),
]


@pytest.mark.parametrize(("customer", "stage", "reasons"), [pytest.param(*case, id=name) for name, *case in CASES])
def test_the_stage_and_its_reasons(customer: Customer, stage: str, reasons: str | None) -> None:
    found = lived(customer).row(0, named=True)
    assert found["lifecycle_stage"] == stage
    assert found["lifecycle_stage_zh"] == lifecycle.STAGE_NAMES_ZH[stage]
    assert reasons is None or found["lifecycle_reasons"] == reasons


def test_reasons_are_given_in_chinese_too() -> None:
    reasons = lived(Customer(purchases=days_ago(500), complaints=open_at(3)))["lifecycle_reasons_zh"].item()
    assert reasons == "仅在一天购买过，距今 500 天（半数二次购买发生在 80 天内）；有未解决的投诉且此后未购买"


@pytest.mark.parametrize(
    ("purchases", "expected_gap", "overdue_ratio", "next_on"),
    [
        pytest.param((), None, None, None, id="none"),
        pytest.param((25,), 50.0, 0.5, date(2025, 1, 25), id="one: the base's first to second"),
        pytest.param((36, 60), 36.0, 1.0, date(2024, 12, 31), id="one own gap of 24 and three of 40"),
        pytest.param((0, 10, 20, 30), 25.0, 0.0, date(2025, 1, 25), id="three own gaps of 10 and three of 40"),
    ],
)
def test_the_expected_gap_mixes_the_own_rhythm_with_the_bases(
    purchases: tuple[int, ...], expected_gap: float | None, overdue_ratio: float | None, next_on: date | None
) -> None:
    found = lived(Customer(purchases=days_ago(*purchases))).row(0, named=True)
    assert found["expected_gap_days"] == expected_gap
    assert found["overdue_ratio"] == overdue_ratio
    assert found["next_order_expected_on"] == next_on


def test_an_expected_gap_is_never_shorter_than_a_day() -> None:
    facts = clv.apply(facts_of(Customer(purchases=days_ago(0, 1))).with_columns(mean_gap_days=pl.lit(0.0)), UNKNOWN)
    hourly = rhythm(lifecycle.Rules(base_gap_weight=0), 1.0, 1.0)
    found = lifecycle.apply(facts, hourly).collect().row(0, named=True)
    assert (found["expected_gap_days"], found["overdue_ratio"], found["lifecycle_stage"]) == (1.0, 0.0, "build_up")


def test_an_open_complaint_of_unknown_date_counts_as_the_last_word() -> None:
    facts = clv.apply(facts_of(Customer(purchases=REGULAR)).with_columns(has_open_complaint=True), UNKNOWN)
    assert lifecycle.apply(facts, BASE).collect()["lifecycle_stage"].item() == "decline"


RETURNED = (Customer("a", days_ago(0, 10)), Customer("b", days_ago(0, 20, 40)), Customer("c", days_ago(0, 60, 160)))


def test_the_base_gives_the_median_gap() -> None:
    parameters = lifecycle.fit(facts_of(Customer("none"), *RETURNED), lifecycle.Rules(), None)
    assert (parameters.base_gap_days, parameters.repeat_customers_count) == (20.0, 3)


@pytest.mark.parametrize(
    ("waiting", "quartile", "half", "lost"),
    [
        # Second purchases after 10, 20 and 100 days. By the product-limit estimate the shares who came back are:
        pytest.param((), 10, 20, 100, id="nobody waits: 1/3, 2/3, 1"),
        pytest.param((3, 5, 8), 10, 20, 100, id="who waits for less than the first return says nothing"),
        pytest.param((15, 15, 15), 20, 20, 100, id="three left after the first: 1/6, 7/12, 1"),
        pytest.param((200,) * 9, 10, 20, 100, id="three of twelve come back at all: 1/12, 2/12, 3/12"),
    ],
)
def test_the_line_of_one_time_buyers_counts_those_who_still_wait(waiting: tuple[int, ...], quartile: int, half: int, lost: int) -> None:
    waiters = [Customer(f"w{number}", days_ago(days)) for number, days in enumerate(waiting)]
    found = lifecycle.fit(facts_of(*RETURNED, *waiters), lifecycle.Rules(), None)
    assert (found.one_time_gap_days, found.one_time_half_days, found.one_time_lost_days) == (quartile, half, lost)


def test_a_few_quick_returns_among_many_who_wait_do_not_make_a_one_time_buyer_lost_within_weeks() -> None:
    """A marketplace: 3 % come back, half of them within days. Their lower quartile is 4 days, and six of those were the line of lost."""
    quick = [Customer(f"q{day}", days_ago(400 - day, 400)) for day in range(2, 12)]
    slow = [Customer(f"s{day}", days_ago(400 - day, 400)) for day in range(40, 340, 30)]
    waiting = [Customer(f"w{number}", days_ago(number % 400)) for number in range(600)]
    parameters = lifecycle.fit(facts_of(*quick, *slow, *waiting), lifecycle.Rules(), None)
    found = lived(*waiting, parameters=parameters).with_columns(is_silent=pl.col("recency_days") > 180)
    assert parameters.one_time_lost_days >= 180
    assert not found.filter(~pl.col("is_silent"))["is_lost"].any()


# ── Lost means lost ──────────────────────────────────────────────────────────────────────────────────────────────────


def pausing(number: int, pause: int, silence: int) -> Customer:
    """Weekly purchases, a pause of so many days, weekly again, and silence since."""
    weeks = [silence + 7 * week for week in range(10)]
    return Customer(f"p{number:03}", days_ago(*weeks, *(weeks[-1] + pause + 7 * week for week in range(10))))


@pytest.mark.parametrize(
    ("returns", "gone", "line", "share"),
    [
        pytest.param(0, 5, 6.0, 0.0, id="nobody came back from so long a silence"),
        pytest.param(1, 9, 6.0, 0.1, id="just as many as may"),
        pytest.param(30, 60, None, 0.33333333, id="silences of every length end"),
    ],
)
def test_the_line_of_lost_is_where_few_came_back_from(returns: int, gone: int, line: float | None, share: float) -> None:
    base = [pausing(number, pause=400, silence=2) for number in range(returns)]
    base += [pausing(900 + number, pause=7, silence=100) for number in range(gone)]
    found = lifecycle.fit(facts_of(*base), lifecycle.Rules(), None)
    assert (found.lost_line, found.returned_share) == (line, share)


def test_the_line_of_lost_moves_beyond_the_silences_that_end() -> None:
    base = [pausing(number, pause=70, silence=2) for number in range(20)]
    base += [pausing(900 + number, pause=7, silence=300) for number in range(30)]
    rules = lifecycle.Rules()
    found = lifecycle.fit(facts_of(*base), rules, None)
    scored = lived(*base, parameters=found).with_columns(longest_ratio=pl.col("longest_gap_days") / pl.col("expected_gap_days"))
    assert found.lost_line is not None
    assert found.lost_line > rules.lost_at
    ended = (scored["longest_ratio"] > found.lost_line).sum()
    lasting = (scored["overdue_ratio"] > found.lost_line).sum()
    assert ended / (ended + lasting) <= rules.lost_max_return_share
    assert scored.filter("is_lost").height == 30


@pytest.mark.parametrize(
    ("chance", "value", "is_lost"),
    [
        pytest.param(0.10, 20, True, id="at the line"),
        pytest.param(0.11, 20, False, id="a chance above it"),
        pytest.param(0.10, 101, False, id="a year worth more than all so far"),
        pytest.param(None, None, True, id="nothing known: the silence decides"),
    ],
)
def test_nobody_is_lost_of_whom_something_is_expected(chance: float | None, value: int | None, is_lost: bool) -> None:
    facts = clv.apply(facts_of(Customer(purchases=days_ago(500), net_amount=Decimal(100))), UNKNOWN)
    forecast = facts.with_columns(p_purchase_90d=pl.lit(chance, pl.Float64), clv_365d=pl.lit(value, pl.Int64).cast(MONEY))
    assert lifecycle.apply(forecast, BASE).collect()["is_lost"].item() is is_lost


def test_how_many_are_lost_and_what_is_expected_of_them_stands_in_the_parameters() -> None:
    facts = clv.apply(facts_of(Customer("a", days_ago(500)), Customer("b", days_ago(3)), Customer("c", days_ago(900))), UNKNOWN)
    chances = facts.with_columns(p_purchase_90d=pl.Series([0.06, 0.5, 0.02]))
    found = lifecycle.with_lost(chances, BASE)
    assert (found.lost_count, found.lost_chance_90d) == (2, 0.04)


GONE = "next order due and chance of still being a customer below 50%"


@pytest.mark.parametrize(
    ("p_alive", "days", "stage", "reasons"),
    [
        # Expected gap 35 days: three own gaps of 30 and three of 40.
        pytest.param(0.49, 36, "decline", GONE, id="due and probably gone"),
        pytest.param(0.49, 35, "stable", None, id="not due yet"),
        pytest.param(0.50, 36, "stable", None, id="due and as probably there as not"),
        pytest.param(None, 36, "stable", None, id="due and nothing known"),
        pytest.param(0.01, 71, "decline", f"silent for 2.0 times the usual gap; {GONE}", id="overdue, too"),
    ],
)
def test_whoever_is_due_and_probably_gone_is_in_decline(p_alive: float | None, days: int, stage: str, reasons: str | None) -> None:
    facts = facts_of(Customer(purchases=days_ago(*(days + gap for gap in (0, 30, 60, 90)))))
    facts = clv.apply(facts, UNKNOWN).with_columns(p_alive=pl.lit(p_alive, pl.Float64))
    found = lifecycle.apply(facts, BASE).collect().row(0, named=True)
    assert found["lifecycle_stage"] == stage
    assert reasons is None or found["lifecycle_reasons"] == reasons


def test_a_base_where_nobody_came_back_falls_back_with_a_warning() -> None:
    parameters = lifecycle.fit(facts_of(Customer(purchases=days_ago(3))), lifecycle.Rules(default_gap_days=45), None)
    assert (parameters.base_gap_days, parameters.one_time_gap_days) == (45, 45)
    assert parameters.warnings == ("no customer has bought on two days: the expected gap is default_gap_days, 45 days",)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        pytest.param({"overdue_at": 0.5}, "lifecycle.overdue_at is 0.5; expected a number from 1 to 20", id="overdue at once"),
        pytest.param({"stable_purchase_days": True}, "lifecycle.stable_purchase_days is True; expected a number", id="not a number"),
        pytest.param({"overdue_at": 7}, "lifecycle.lost_at is 6.0; expected at least overdue_at, which is 7", id="lost before overdue"),
    ],
)
def test_rules_out_of_range_are_refused(rules: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lifecycle.Rules(**rules)  # type: ignore[arg-type]


# ── What holds for every customer ────────────────────────────────────────────────────────────────────────────────────

for_every_customer = settings(deadline=None, max_examples=100)
PARAMETERS = st.builds(
    rhythm,
    rules=st.builds(
        lifecycle.Rules,
        base_gap_weight=st.floats(0, 10),
        overdue_at=st.floats(1, 3),
        lost_at=st.floats(3, 6),
        stable_purchase_days=st.integers(3, 6),
        rhythm_error=st.floats(0.01, 2),
        p_alive_line=st.floats(0, 1),
    ),
    base_gap_days=st.floats(1, 200),
    one_time_gap_days=st.floats(1, 200),
    one_time_half_days=st.one_of(st.none(), st.floats(1, 200)),
    one_time_lost_days=st.floats(0, 400),
    lost_line=st.floats(6, 20),
)


def is_declining(customer: Customer, parameters: lifecycle.Parameters, as_of: date = AS_OF) -> bool:
    return bool(lived(customer, as_of=as_of, parameters=parameters, purchases=KNOWN)["lifecycle_stage"].item() == "decline")


@for_every_customer
@given(customer=CUSTOMERS, parameters=PARAMETERS)
def test_everybody_has_one_stage_with_reasons_in_both_languages(customer: Customer, parameters: lifecycle.Parameters) -> None:
    found = lived(customer, parameters=parameters, purchases=KNOWN).row(0, named=True)
    assert found["lifecycle_stage"] in lifecycle.STAGE_NAMES_ZH
    assert len(found["lifecycle_reasons"].split("; ")) == len(found["lifecycle_reasons_zh"].split("；"))
    assert not re.search(r"[{}]|null|None", found["lifecycle_reasons"] + found["lifecycle_reasons_zh"])
    assert found["lifecycle_reasons"]
    assert found["lifecycle_reasons_zh"]
    assert found["is_lost"] is False or found["lifecycle_stage"] == "decline"
    assert customer.purchases or found["lifecycle_stage"] == "exploration"
    assert not found["is_lost"] or not found["clv_365d"] > found["net_amount"]
    is_due = bool(customer.purchases) and found["next_order_expected_on"] <= found["as_of_date"]
    assert not is_due or "not due yet" not in found["lifecycle_reasons"]
    assert len(customer.purchases) != 1 or "usual gap" not in found["lifecycle_reasons"]
    assert (found["expected_gap_days"] is None) == (found["overdue_ratio"] is None) == (not customer.purchases)
    assert found["expected_gap_days"] is None or found["expected_gap_days"] >= 1


@for_every_customer
@given(customer=CUSTOMERS, parameters=PARAMETERS)
def test_a_purchase_on_the_as_of_day_leads_out_of_decline(customer: Customer, parameters: lifecycle.Parameters) -> None:
    bought = customer.but(purchases=(*customer.purchases, datetime.combine(AS_OF, time.max)))
    assert not is_declining(bought, parameters)


@for_every_customer
@given(customer=CUSTOMERS, parameters=PARAMETERS, is_review=st.booleans())
def test_a_new_complaint_or_bad_review_never_leads_out_of_decline(
    customer: Customer, parameters: lifecycle.Parameters, is_review: bool
) -> None:
    assume(customer.purchases)
    now = datetime.combine(AS_OF, time.max)
    complaint, review = ((*customer.complaints, (now, True)), (*customer.reviews, (now, 1)))
    hurt = customer.but(reviews=review) if is_review else customer.but(complaints=complaint)
    assert is_declining(hurt, parameters)


@for_every_customer
@given(customer=CUSTOMERS, parameters=PARAMETERS, days=st.integers(1, 60))
def test_silence_leaves_the_stage_as_it_is_or_leads_into_decline(customer: Customer, parameters: lifecycle.Parameters, days: int) -> None:
    before, after = (
        lived(customer, as_of=day, parameters=parameters, purchases=KNOWN).row(0, named=True) for day in (AS_OF, AS_OF + timedelta(days))
    )
    assert after["lifecycle_stage"] in (before["lifecycle_stage"], "decline")
    assert after["is_lost"] or not before["is_lost"]


@for_every_customer
@given(customer=CUSTOMERS, parameters=PARAMETERS)
def test_silence_leads_everybody_who_ever_bought_into_loss(customer: Customer, parameters: lifecycle.Parameters) -> None:
    assume(customer.purchases)
    assert lived(customer, as_of=AS_OF + timedelta(36_500), parameters=parameters)["is_lost"].item()
