"""Customers as histories (what they bought, said, complained of, and when) and their ``CUSTOMER_FACTS``, for tests to reason in."""

import dataclasses
import statistics
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import polars as pl
from hypothesis import strategies as st

from transforms import lifecycle
from transforms.schemas import CUSTOMER_FACTS

AS_OF = date(2024, 12, 31)


@dataclass(frozen=True)
class Customer:
    """``reviews``: (when, stars); ``complaints``: (opened, is it still open). All times are UTC without a zone."""

    customer_id: str = "online:C1"
    purchases: tuple[datetime, ...] = ()
    net_amount: Decimal | None = None
    reviews: tuple[tuple[datetime, int], ...] = ()
    complaints: tuple[tuple[datetime, bool], ...] = ()
    categories_count: int = 1
    full_price_share: float | None = 0.5
    helpful_votes_count: int = 0
    failures: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Orders unpaid, cancelled after shipping, refused, and (of the purchases) returned."""
    discounted: int = 0
    above_median_price_share: float | None = None
    need: tuple[float, str] | None = None
    """Share of the money whose need is known, and the dominant one."""
    preferred_share: float | None = None
    """Of the preferred category and channel."""

    def but(self, **changes: object) -> "Customer":
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]


def rhythm(rules: lifecycle.Rules, base_gap_days: float, one_time_gap_days: float, **more: object) -> lifecycle.Parameters:
    """Parameters of the lifecycle of a base with these gaps; what is not given decides nothing."""
    values = {
        "one_time_half_days": None,
        "one_time_lost_days": 0.0,
        "lost_line": rules.lost_at,
        "returned_share": None,
        "lost_max_chance": rules.lost_max_return_share,
        "repeat_customers_count": 9,
        "lost_count": 0,
        "lost_chance_90d": None,
        "warnings": (),
    }
    return lifecycle.Parameters(rules, base_gap_days, one_time_gap_days, **{**values, **more})  # type: ignore[arg-type]


def days_ago(*days: float) -> tuple[datetime, ...]:
    """Noon of so many days before the as-of day."""
    return tuple(datetime(AS_OF.year, AS_OF.month, AS_OF.day, 12) - timedelta(days=count) for count in days)


def facts_of(*customers: Customer, as_of: date = AS_OF) -> pl.LazyFrame:
    """``CUSTOMER_FACTS`` of the histories as of a day; what is not said of a customer is null."""
    rows = [_facts_row(customer, as_of) for customer in customers]
    return pl.LazyFrame(rows, schema=dict(CUSTOMER_FACTS))


def _facts_row(customer: Customer, as_of: date) -> dict[str, object]:
    orders = sorted(customer.purchases)
    dates = sorted({order.date() for order in orders})
    gaps = [(later - earlier).days for earlier, later in pairwise(dates)]
    stars = [rating for _, rating in customer.reviews]
    bad_reviews = [when for when, rating in customer.reviews if rating <= 2]
    net_amount = Decimal(100 * len(orders)) if customer.net_amount is None else customer.net_amount
    recent = [order for order in orders if order.date() > as_of.replace(year=as_of.year - 1)]
    repeat_share = Decimal(sum(order.date() > dates[0] for order in orders)) / max(len(orders), 1)
    return {
        "customer_id": customer.customer_id,
        "as_of_date": as_of,
        "first_order_at": min(orders, default=None),
        "last_order_at": max(orders, default=None),
        "first_order_date": min(dates, default=None),
        "last_order_date": max(dates, default=None),
        "recency_days": (as_of - dates[-1]).days if dates else None,
        "tenure_days": (as_of - dates[0]).days if dates else None,
        "orders_count": len(orders),
        "purchase_days_count": len(dates),
        "net_amount": net_amount,
        "repeat_net_amount": round(net_amount * repeat_share, 4),
        "orders_count_12m": len(recent),
        "net_amount_12m": round(net_amount * len(recent) / max(len(orders), 1), 4),
        "mean_gap_days": statistics.mean(gaps) if gaps else None,
        "gap_stddev_days": statistics.stdev(gaps) if len(gaps) > 1 else None,
        "longest_gap_days": max(gaps, default=None),
        "first_to_second_days": gaps[0] if gaps else None,
        "categories_count": customer.categories_count if orders else 0,
        "full_price_share": customer.full_price_share if orders else None,
        "reviews_count": len(stars),
        "rated_reviews_count": len(stars),
        "rating_stddev": statistics.stdev(stars) if len(stars) > 1 else None,
        "last_positive_review_at": max((when for when, rating in customer.reviews if rating >= 4), default=None),
        "negative_reviews_count": len(bad_reviews),
        "mean_rating": statistics.mean(stars) if stars else None,
        "last_negative_review_at": max(bad_reviews, default=None),
        "helpful_votes_count": customer.helpful_votes_count,
        "has_open_complaint": any(is_open for _, is_open in customer.complaints),
        "last_complaint_at": max((when for when, _ in customer.complaints), default=None),
        "last_open_complaint_at": max((when for when, is_open in customer.complaints if is_open), default=None),
        "unpaid_orders_count": customer.failures[0],
        "cancelled_after_shipping_orders_count": customer.failures[1],
        "refused_orders_count": customer.failures[2],
        "refunded_orders_count": min(customer.failures[3], len(orders)),
        "discounted_orders_count": min(customer.discounted, len(orders)),
        "above_median_price_share": customer.above_median_price_share if orders else None,
        "preferred_category_share": customer.preferred_share if orders else None,
        "preferred_channel_share": customer.preferred_share if orders else None,
        "need_known_share": customer.need[0] if customer.need and orders else None,
        "dominant_need_level": customer.need[1] if customer.need and orders else None,
    }


_TIMES = st.integers(0, 400 * 24).map(lambda hours: datetime(2024, 12, 31, 23) - timedelta(hours=hours))
MONEY = st.decimals(-1000, 100_000, places=4)

CUSTOMERS = st.builds(
    Customer,
    purchases=st.lists(_TIMES, max_size=8).map(tuple),
    # Few values, so that ties are common, and any value.
    net_amount=st.one_of(st.sampled_from([Decimal(-5), Decimal(0), Decimal(10), Decimal("10.0001"), Decimal(99)]), MONEY),
    reviews=st.lists(st.tuples(_TIMES, st.integers(1, 5)), max_size=3).map(tuple),
    complaints=st.lists(st.tuples(_TIMES, st.booleans()), max_size=2).map(tuple),
    categories_count=st.integers(0, 5),
    full_price_share=st.one_of(st.none(), st.floats(0, 1)),
    helpful_votes_count=st.integers(0, 20),
    failures=st.tuples(*[st.integers(0, 4)] * 4),
    discounted=st.integers(0, 8),
    above_median_price_share=st.one_of(st.none(), st.floats(0, 1)),
    need=st.one_of(st.none(), st.tuples(st.floats(0, 1), st.sampled_from(["physiological", "esteem"]))),
    preferred_share=st.one_of(st.none(), st.floats(0.01, 1)),
)


def bases(min_size: int = 0, max_size: int = 12) -> st.SearchStrategy[list[Customer]]:
    """Bases of customers with different ids, in no order of ids."""
    numbered = st.lists(CUSTOMERS, min_size=min_size, max_size=max_size)
    return numbered.flatmap(
        lambda customers: st.permutations(range(len(customers))).map(
            lambda numbers: [customer.but(customer_id=f"online:C{number:02}") for customer, number in zip(customers, numbers, strict=True)]
        )
    )
