"""The tables that cross the border between dbt and Polars: one ``pl.Schema`` each.

This is the Python side's single truth; a test holds it against the dbt contracts.
Money is ``Decimal(18, 4)`` in the merchant's currency; timestamps are UTC without a zone; dates are days in the merchant's time zone.
"""

from collections.abc import Mapping

import polars as pl

MONEY = pl.Decimal(18, 4)
TIMESTAMP = pl.Datetime("us")

_Types = Mapping[str, pl.DataType | type[pl.DataType]]

_IDS: _Types = {
    "source": pl.String,
    "source_customer_id": pl.String,
    "email": pl.String,
    "phone": pl.String,
    "membership_no": pl.String,
    "seen_at": TIMESTAMP,
}
CUSTOMER_IDS = pl.Schema(_IDS)
"""Grain: one row per distinct combination of a source's customer id and the contact details seen with it. ``seen_at``: when first, UTC."""

_EVIDENCE: _Types = {
    "source": pl.String,
    "source_customer_id": pl.String,
    "kind": pl.String,
    "value": pl.String,
    "first_at": TIMESTAMP,
}
CUSTOMER_EVIDENCE = pl.Schema(_EVIDENCE)
"""Grain: one row per source customer id and piece of evidence, and one of kind ``own id`` per id.

``value``: normalised; null for an own id, and where what was written is no evidence. ``first_at``: the earliest dated record that shows it,
UTC; null where no record of it has a date.
"""

CUSTOMER_LINKS = pl.Schema(
    {
        "source": pl.String,
        "source_customer_id": pl.String,
        "customer_id": pl.String,
        "evidence": pl.String,
        "linked_since": pl.Date,
        "first_seen_run": pl.String,
    }
)
"""Grain: one row per source and source customer id. ``evidence``: the kinds of what links the id to others, else ``own id``.

``linked_since``: the merchant's day from which on the records show the link, or, of an id that stands alone, know the id; null where no
record has a date. ``first_seen_run``: the run that found the id to be this person's; the one column that raw files don't determine.
"""

CUSTOMER_ID_CHANGES = pl.Schema(
    {
        "old_customer_id": pl.String,
        "new_customer_id": pl.String,
        "kind": pl.String,
        "changed_at": pl.Date,
        "source_ids_count": pl.Int64,
        "evidence": pl.String,
    }
)
"""Grain: one row per former id, new id and as-of day of the run that changed it. ``kind``: ``merge``, ``split`` or ``rename``."""

_FACTS: dict[str, pl.DataType | type[pl.DataType]] = {
    "customer_id": pl.String,
    "as_of_date": pl.Date,
    "first_order_at": TIMESTAMP,
    "last_order_at": TIMESTAMP,
    "first_order_date": pl.Date,
    "last_order_date": pl.Date,
    "recency_days": pl.Int32,
    "tenure_days": pl.Int32,
    "orders_count": pl.Int64,
    "purchase_days_count": pl.Int64,
    "gross_amount": MONEY,
    "discount_amount": MONEY,
    "shipping_amount": MONEY,
    "tax_amount": MONEY,
    "refund_amount": MONEY,
    "fee_amount": MONEY,
    "net_amount": MONEY,
    "repeat_net_amount": MONEY,
    "average_order_amount": MONEY,
    "orders_count_12m": pl.Int64,
    "net_amount_12m": MONEY,
    "mean_gap_days": pl.Float64,
    "gap_stddev_days": pl.Float64,
    "longest_gap_days": pl.Int32,
    "first_to_second_days": pl.Int32,
    "categories_count": pl.Int64,
    "full_price_share": pl.Float64,
    "unpaid_orders_count": pl.Int64,
    "cancelled_orders_count": pl.Int64,
    "refunded_orders_count": pl.Int64,
    "reviews_count": pl.Int64,
    "positive_reviews_count": pl.Int64,
    "negative_reviews_count": pl.Int64,
    "mean_rating": pl.Float64,
    "last_rating": pl.Int32,
    "last_review_at": TIMESTAMP,
    "last_negative_review_at": TIMESTAMP,
    "helpful_votes_count": pl.Int64,
    "has_open_complaint": pl.Boolean,
    "last_complaint_at": TIMESTAMP,
    "last_open_complaint_at": TIMESTAMP,
    "preferred_category": pl.String,
    "preferred_channel": pl.String,
    "discounted_orders_count": pl.Int64,
    "cancelled_after_payment_orders_count": pl.Int64,
    "cancelled_after_shipping_orders_count": pl.Int64,
    "refused_orders_count": pl.Int64,
    "rated_reviews_count": pl.Int64,
    "rating_stddev": pl.Float64,
    "last_positive_review_at": TIMESTAMP,
    "praised_topics": pl.String,
    "praised_topics_zh": pl.String,
    "blamed_topics": pl.String,
    "blamed_topics_zh": pl.String,
    "above_median_price_share": pl.Float64,
    "preferred_category_share": pl.Float64,
    "preferred_channel_share": pl.Float64,
    "need_known_share": pl.Float64,
    "need_physiological_share": pl.Float64,
    "need_safety_share": pl.Float64,
    "need_belonging_share": pl.Float64,
    "need_esteem_share": pl.Float64,
    "need_self_actualisation_share": pl.Float64,
    "dominant_need_level": pl.String,
}
CUSTOMER_FACTS = pl.Schema(_FACTS)
"""Grain: one row per customer, as of ``as_of_date``. Customers without a purchase have 0 orders and null dates, recency and gaps."""

_SCORES: dict[str, pl.DataType | type[pl.DataType]] = {
    "customer_id": pl.String,
    "as_of_date": pl.Date,
    "r_score": pl.Int8,
    "f_score": pl.Int8,
    "m_score": pl.Int8,
    "rfm_group": pl.String,
    "rfm_group_zh": pl.String,
    "abc_class": pl.String,
    "abc_class_zh": pl.String,
    "lifecycle_stage": pl.String,
    "lifecycle_stage_zh": pl.String,
    "lifecycle_reasons": pl.String,
    "lifecycle_reasons_zh": pl.String,
    "is_lost": pl.Boolean,
    "expected_gap_days": pl.Float64,
    "overdue_ratio": pl.Float64,
    "next_order_expected_on": pl.Date,
    "p_alive": pl.Float64,
    "p_purchase_90d": pl.Float64,
    "expected_orders_90d": pl.Float64,
    "clv_365d": MONEY,
    "quality_price_share": pl.Float64,
    "quality_return_share": pl.Float64,
    "quality_discount_share": pl.Float64,
    "quality_score": pl.Float64,
    "is_quality_customer": pl.Boolean,
    "quality_reasons": pl.String,
    "quality_reasons_zh": pl.String,
    "credit_unpaid_share": pl.Float64,
    "credit_cancelled_after_shipping_share": pl.Float64,
    "credit_refused_share": pl.Float64,
    "credit_returned_share": pl.Float64,
    "credit_score": pl.Float64,
    "credit_grade": pl.String,
    "credit_reasons": pl.String,
    "credit_reasons_zh": pl.String,
    "has_category_preference": pl.Boolean,
    "has_channel_preference": pl.Boolean,
    "need_level": pl.String,
    "need_level_zh": pl.String,
    "price_sensitivity": pl.Float64,
    "price_sensitivity_level": pl.String,
    "price_sensitivity_level_zh": pl.String,
    "preference_reasons": pl.String,
    "preference_reasons_zh": pl.String,
    "satisfaction_rating": pl.Float64,
    "satisfaction_level": pl.String,
    "satisfaction_level_zh": pl.String,
    "has_open_issue": pl.Boolean,
    "satisfaction_reasons": pl.String,
    "satisfaction_reasons_zh": pl.String,
    "loyalty_score": pl.Float64,
    "loyalty_behaviour": pl.Float64,
    "loyalty_attitude": pl.Float64,
    "loyalty_repeat": pl.Float64,
    "loyalty_regularity": pl.Float64,
    "loyalty_active": pl.Float64,
    "loyalty_tenure": pl.Float64,
    "loyalty_breadth": pl.Float64,
    "loyalty_full_price": pl.Float64,
    "loyalty_rating": pl.Float64,
    "loyalty_word_of_mouth": pl.Float64,
    "loyalty_complaints": pl.Float64,
    "is_attitude_known": pl.Boolean,
    "loyalty_type": pl.String,
    "loyalty_type_zh": pl.String,
    "loyalty_raised_by": pl.String,
    "loyalty_raised_by_zh": pl.String,
    "loyalty_lowered_by": pl.String,
    "loyalty_lowered_by_zh": pl.String,
    "discontent": pl.String,
    "discontent_zh": pl.String,
}
CUSTOMER_SCORES = pl.Schema(_SCORES)
"""Grain: one row per customer of ``CUSTOMER_FACTS``, as of the same day."""

SCORES_THAT_MOVE = frozenset(
    {
        "as_of_date",
        "overdue_ratio",
        "p_alive",
        "p_purchase_90d",
        "expected_orders_90d",
        "clv_365d",
        "lifecycle_reasons",
        "lifecycle_reasons_zh",
        "quality_return_share",
        "quality_discount_share",
        "quality_score",
        "credit_unpaid_share",
        "credit_cancelled_after_shipping_share",
        "credit_refused_share",
        "credit_returned_share",
        "credit_score",
        "price_sensitivity",
        "loyalty_score",
        "loyalty_behaviour",
        "loyalty_active",
    }
)
"""Columns of ``CUSTOMER_SCORES`` that are others for most customers each day, though nothing happened: time passed, or the base moved."""

PRODUCT_SATISFACTION = pl.Schema(
    {
        "product_key": pl.String,
        "month": pl.Date,
        "reviews_count": pl.Int64,
        "positive_reviews_count": pl.Int64,
        "negative_reviews_count": pl.Int64,
        "rated_reviews_count": pl.Int64,
        "mean_rating": pl.Float64,
        "satisfaction_rating": pl.Float64,
        "praised_topics": pl.String,
        "blamed_topics": pl.String,
        "praised_topics_zh": pl.String,
        "blamed_topics_zh": pl.String,
    }
)
"""Grain: one row per product and month with a review, up to the day of the facts."""

TOPIC_OUTCOMES = pl.Schema(
    {
        "topic": pl.String,
        "topic_zh": pl.String,
        "tone": pl.String,
        "horizon_days": pl.Int32,
        "customers_count": pl.Int64,
        "bought_again_count": pl.Int64,
        "bought_again_share": pl.Float64,
        "share_low": pl.Float64,
        "share_high": pl.Float64,
        "others_count": pl.Int64,
        "others_bought_again_share": pl.Float64,
        "difference": pl.Float64,
        "difference_low": pl.Float64,
        "difference_high": pl.Float64,
        "finding": pl.String,
        "finding_zh": pl.String,
    }
)
"""Grain: one row per topic and tone (``positive``, ``negative``)."""

SEGMENT_HISTORY = pl.Schema(
    {"customer_id": pl.String, "dimension": pl.String, "value": pl.String, "previous_value": pl.String, "changed_at": pl.Date}
)
"""When who came into which segment. Grain: one row per customer, dimension and day of change."""

LIST_MEMBERS = pl.Schema(
    {
        "list_name": pl.String,
        "customer_id": pl.String,
        "as_of_date": pl.Date,
        "status": pl.String,
        "channel": pl.String,
        "reason": pl.String,
        "reason_zh": pl.String,
        "holdout": pl.String,
    }
)
"""Grain: one row per list and customer whom its filter chose. ``status``: ``send`` or why not, in the order of suppression
(``contact.STATUSES``).
``holdout``: of status ``holdout`` which one, ``global`` (on no list at all) or ``list`` (of this one); else null."""

LIST_HISTORY = pl.Schema({name: LIST_MEMBERS[name] for name in ("list_name", "customer_id", "as_of_date", "status", "channel", "holdout")})
"""Grain: one row per list, as-of day and customer who was published on it as ``send`` or ``holdout``. Ids as they were on that day."""

_RESULTS: dict[str, pl.DataType | type[pl.DataType]] = {
    "list_name": pl.String,
    "as_of_date": pl.Date,
    "horizon_days": pl.Int32,
    "ends_on": pl.Date,
    "is_complete": pl.Boolean,
    "days_count": pl.Int64,
    "channel": pl.String,
    "listed_count": pl.Int64,
    "sent_count": pl.Int64,
    "held_out_count": pl.Int64,
    "sent_contacted_count": pl.Int64,
    "held_out_contacted_count": pl.Int64,
    "sent_bought_count": pl.Int64,
    "held_out_bought_count": pl.Int64,
    "sent_orders_count": pl.Int64,
    "held_out_orders_count": pl.Int64,
    "sent_net_amount": MONEY,
    "held_out_net_amount": MONEY,
    "sent_bought_share": pl.Float64,
    "held_out_bought_share": pl.Float64,
    "sent_orders_per_customer": pl.Float64,
    "held_out_orders_per_customer": pl.Float64,
    "sent_net_amount_per_customer": pl.Float64,
    "held_out_net_amount_per_customer": pl.Float64,
    "bought_share_lift": pl.Float64,
    "bought_share_lift_low": pl.Float64,
    "bought_share_lift_high": pl.Float64,
    "bought_share_ratio": pl.Float64,
    "bought_share_ratio_low": pl.Float64,
    "bought_share_ratio_high": pl.Float64,
    "net_amount_per_customer_lift": pl.Float64,
    "net_amount_per_customer_lift_low": pl.Float64,
    "net_amount_per_customer_lift_high": pl.Float64,
    "verdict": pl.String,
    "verdict_zh": pl.String,
}
LIST_RESULTS = pl.Schema(_RESULTS)
"""Grain: one row per list and past as-of day, and one per list with ``as_of_date`` null: its finished days together.

What each column says: docs/results.md."""

PAST_LISTS = pl.Schema({name: LIST_HISTORY[name] for name in ("list_name", "customer_id", "as_of_date")})
"""Grain: one row per list, customer and past day on which the customer was on it. Several rows may say the same."""
