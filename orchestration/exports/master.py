"""The master file: one row per customer with what people sort and filter by. What explains a score in detail stays in ``customer_360``."""

import polars as pl

from orchestration.lists.masking import in_cents, without_personal_ids

COLUMNS = (
    "customer_id", "as_of_date", "city", "is_member",
    "email_consent", "sms_consent", "wechat_consent", "phone_consent",
    "first_order_at", "last_order_at", "recency_days", "next_order_expected_on", "orders_count",
    "gross_amount", "discount_amount", "refund_amount", "net_amount", "average_order_amount",
    "unpaid_orders_count", "cancelled_orders_count", "refunded_orders_count",
    "reviews_count", "mean_rating", "last_rating", "has_open_complaint",
    "preferred_category", "preferred_channel",
    "r_score", "f_score", "m_score", "rfm_group", "rfm_group_zh", "previous_rfm_group", "rfm_group_changed_at",
    "abc_class", "abc_class_zh",
    "lifecycle_stage", "lifecycle_stage_zh", "lifecycle_reasons", "lifecycle_reasons_zh", "is_lost", "overdue_ratio",
    "p_alive", "p_purchase_90d", "expected_orders_90d", "clv_365d",
    "loyalty_score", "loyalty_type", "loyalty_type_zh",
    "is_quality_customer", "credit_grade", "need_level", "need_level_zh", "satisfaction_level", "satisfaction_level_zh", "has_open_issue",
)  # fmt: skip
"""Columns of ``customer_360`` in the master's order. A list of what is in: nothing new gets out, personal or not, by being forgotten."""

_OF_ANOTHER_LANGUAGE = {"en": [column for column in COLUMNS if column.endswith("_zh")], "zh": ["lifecycle_reasons"]}
"""Words nobody reads twice; they would be a quarter of a workbook. The codes that a filter names are in both."""


def master(customers: pl.LazyFrame, salt: str, language: str = "en") -> pl.LazyFrame:
    """``customer_360`` as the master in one language, row by row: money in cents, ids that are an address or a number hidden."""
    there = set(customers.collect_schema()) - set(_OF_ANOTHER_LANGUAGE[language])
    hidden = pl.col("customer_id").map_batches(lambda ids: without_personal_ids(ids, salt), return_dtype=pl.String, is_elementwise=True)
    return in_cents(customers.select([column for column in COLUMNS if column in there])).with_columns(hidden)
