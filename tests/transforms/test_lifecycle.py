"""Lifecycle stages: the rule on cases, and what a purchase, a complaint or a silent day may do to anybody's stage."""

from datetime import date, datetime, time, timedelta

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from transforms import clv, lifecycle

from .histories import AS_OF, CUSTOMERS, Customer, days_ago, facts_of
from .test_purchase_models import PUBLISHED, PUBLISHED_MONEY

# A base whose repeat customers take 40 days between purchases (median) and 50 from the first to the second.
RULES = lifecycle.Rules(base_gap_weight=3, overdue_at=2, lost_at=4)
"""Numbers that the cases below reckon with easily; the defaults are what the backtest chose."""
BASE = lifecycle.Parameters(RULES, base_gap_days=40.0, one_time_gap_days=50.0, repeat_customers_count=9, warnings=())


# What is known of P(alive): nothing, or CDNOW's base.
UNKNOWN = clv.Parameters(clv.Rules(), 0, 0, purchases=None, money=None, frequency_money_correlation=None, warnings=())
KNOWN = clv.Parameters(clv.Rules(), 2_357, 946, purchases=PUBLISHED, money=PUBLISHED_MONEY, frequency_money_correlation=0.1, warnings=())


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
CASES = [
    ("nobody yet", Customer(), "exploration", "no purchase yet"),
    ("first purchase today", Customer(purchases=days_ago(0)), "exploration", "one purchase day so far; next order not overdue"),
    ("one, at the line", Customer(purchases=days_ago(100)), "exploration", "one purchase day so far; next order not overdue"),
    ("one, a day past it", Customer(purchases=days_ago(101)), "decline", "silent for more than 2 expected gaps"),
    ("one, at the line of lost", Customer(purchases=days_ago(200)), "decline", "silent for more than 2 expected gaps"),
    ("one, lost", Customer(purchases=days_ago(201)), "decline", "silent for more than 4 expected gaps"),
    ("two orders on a day", Customer(purchases=days_ago(9, 9.1)), "exploration", "one purchase day so far; next order not overdue"),
    ("two days", Customer(purchases=days_ago(9, 39)), "build_up", "fewer than 4 purchase days; next order not overdue"),
    ("two days, silent", Customer(purchases=days_ago(90, 100)), "decline", "silent for more than 2 expected gaps"),
    ("steady", Customer(purchases=REGULAR), "stable", "4 purchase days or more; steady rhythm; next order not overdue"),
    ("in bursts", Customer(purchases=IRREGULAR), "build_up", "4 purchase days or more; no steady rhythm yet; next order not overdue"),
    ("bad review last", Customer(purchases=REGULAR, reviews=at(9)), "decline", "bad review and no purchase since"),
    ("bad review, then bought", Customer(purchases=REGULAR, reviews=at(11)), "stable", None),
    ("good review last", Customer(purchases=REGULAR, reviews=at(9, stars=5)), "stable", None),
    ("open complaint last", Customer(purchases=REGULAR, complaints=open_at(9)), "decline", "open complaint and no purchase since"),
    ("complaint solved", Customer(purchases=REGULAR, complaints=open_at(9, is_open=False)), "stable", None),
    ("open complaint, then bought", Customer(purchases=REGULAR, complaints=open_at(11)), "stable", None),
    ("complaint before any purchase", Customer(complaints=open_at(3)), "decline", "open complaint and no purchase since"),
    (
        "all at once",
        Customer(purchases=days_ago(500), reviews=at(400), complaints=open_at(390)),
        "decline",
        "silent for more than 4 expected gaps; open complaint and no purchase since; bad review and no purchase since",
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
    assert reasons == "沉默超过预期间隔的4倍; 有未解决的投诉且此后未购买"


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
    facts = facts_of(Customer(purchases=days_ago(0, 1))).with_columns(mean_gap_days=pl.lit(0.0), p_alive=pl.lit(None, pl.Float64))
    hourly = lifecycle.Parameters(lifecycle.Rules(base_gap_weight=0), 1.0, 1.0, repeat_customers_count=1, warnings=())
    found = lifecycle.apply(facts, hourly).collect().row(0, named=True)
    assert (found["expected_gap_days"], found["overdue_ratio"], found["lifecycle_stage"]) == (1.0, 0.0, "build_up")


def test_an_open_complaint_of_unknown_date_counts_as_the_last_word() -> None:
    facts = facts_of(Customer(purchases=REGULAR)).with_columns(has_open_complaint=True, p_alive=pl.lit(None, pl.Float64))
    assert lifecycle.apply(facts, BASE).collect()["lifecycle_stage"].item() == "decline"


def test_the_base_gives_the_median_gap_and_the_quantile_of_first_to_second() -> None:
    base = facts_of(
        Customer("none"),
        Customer("one", days_ago(3)),
        Customer("a", days_ago(0, 10)),
        Customer("b", days_ago(0, 20, 40)),
        Customer("c", days_ago(0, 60, 160)),
    )
    parameters = lifecycle.fit(base, lifecycle.Rules(one_time_quantile=0.75))
    assert (parameters.base_gap_days, parameters.one_time_gap_days, parameters.repeat_customers_count) == (20.0, 60.0, 3)


@pytest.mark.parametrize(
    ("p_alive", "days", "stage", "reasons"),
    [
        # Expected gap 35 days: three own gaps of 30 and three of 40.
        pytest.param(0.49, 36, "decline", "next order due and P(alive) below 0.5", id="due and probably gone"),
        pytest.param(0.49, 35, "stable", None, id="not due yet"),
        pytest.param(0.50, 36, "stable", None, id="due and as probably there as not"),
        pytest.param(None, 36, "stable", None, id="due and nothing known"),
        pytest.param(0.01, 71, "decline", "silent for more than 2 expected gaps; next order due and P(alive) below 0.5", id="overdue, too"),
    ],
)
def test_whoever_is_due_and_probably_gone_is_in_decline(p_alive: float | None, days: int, stage: str, reasons: str | None) -> None:
    facts = facts_of(Customer(purchases=days_ago(*(days + gap for gap in (0, 30, 60, 90)))))
    found = lifecycle.apply(facts.with_columns(p_alive=pl.lit(p_alive, pl.Float64)), BASE).collect().row(0, named=True)
    assert found["lifecycle_stage"] == stage
    assert reasons is None or found["lifecycle_reasons"] == reasons


def test_a_base_where_nobody_came_back_falls_back_with_a_warning() -> None:
    parameters = lifecycle.fit(facts_of(Customer(purchases=days_ago(3))), lifecycle.Rules(default_gap_days=45))
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
    lifecycle.Parameters,
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
    repeat_customers_count=st.just(1),
    warnings=st.just(()),
)


def is_declining(customer: Customer, parameters: lifecycle.Parameters, as_of: date = AS_OF) -> bool:
    return bool(lived(customer, as_of=as_of, parameters=parameters, purchases=KNOWN)["lifecycle_stage"].item() == "decline")


@for_every_customer
@given(customer=CUSTOMERS, parameters=PARAMETERS)
def test_everybody_has_one_stage_with_reasons_in_both_languages(customer: Customer, parameters: lifecycle.Parameters) -> None:
    found = lived(customer, parameters=parameters, purchases=KNOWN).row(0, named=True)
    assert found["lifecycle_stage"] in lifecycle.STAGE_NAMES_ZH
    assert len(found["lifecycle_reasons"].split("; ")) == len(found["lifecycle_reasons_zh"].split("; "))
    assert found["lifecycle_reasons"]
    assert found["lifecycle_reasons_zh"]
    assert found["is_lost"] is False or found["lifecycle_stage"] == "decline"
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
