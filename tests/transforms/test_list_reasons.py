"""Reasons in words: what is unknown is not said, codes are names, and no shipped reason contradicts a column of its own row."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import product

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms import scores
from transforms.list_reasons import Words, sentence
from transforms.lists import build, load_definitions

from .histories import AS_OF, Customer, bases, facts_of
from .marketing import CUSTOMER_360, NO_HOLDOUT, SHIPPED, contacts, touches

EN, ZH = Words("en"), Words("zh")


def said(template: str, words: Words = EN, **values: object) -> str:
    row = pl.DataFrame([values], schema={name: CUSTOMER_360[name] for name in values})
    return row.select(sentence(template, row.schema, words)).item()


@pytest.mark.parametrize(
    ("template", "values", "expected"),
    [
        pytest.param("Bought {orders_count:time}; likes {preferred_category}", {"preferred_category": "tea"}, "Bought 2 times; likes tea"),
        pytest.param("Bought {orders_count:time}; likes {preferred_category}", {"preferred_category": None}, "Bought 2 times"),
        pytest.param("{preferred_category} in {city}; bought {orders_count:time}", {"preferred_category": "tea"}, "bought 2 times"),
        pytest.param("likes {preferred_category}", {"preferred_category": None}, "likes unknown"),
        pytest.param("{city} {{}} {orders_count:time}", {"city": "Bonn"}, "Bonn {} 2 times"),
        pytest.param("always", {}, "always"),
    ],
    ids=["all known", "the last part unknown", "one of two unknown", "nothing known", "braces", "no value"],
)
def test_a_part_that_names_an_unknown_value_is_left_out(template, values, expected):
    assert said(template, orders_count=2, **{"city": None, **values}) == expected


def test_a_chinese_reason_is_split_at_its_own_semicolons():
    assert said("共购买 {orders_count} 次；偏好{preferred_category}", ZH, orders_count=2, preferred_category=None) == "共购买 2 次"


@pytest.mark.parametrize(
    ("column", "value", "en", "zh"),
    [
        ("rfm_group", "at_risk", "at risk", "流失风险客户"),
        ("previous_rfm_group", "loyal_customers", "loyal customers", "忠诚客户"),
        ("lifecycle_stage", "build_up", "build up", "建立"),
        ("loyalty_type", "true", "true", "真忠诚"),
        ("preferred_channel", "app", "app", "手机应用"),
        ("preferred_channel", "Mini Program", "Mini Program", "小程序"),
        ("preferred_channel", "Marienplatz_2", "Marienplatz 2", "“Marienplatz_2”"),
        ("preferred_channel", "社区店", "社区店", "社区店"),
        ("need_level", "self_actualisation", "self actualisation", "自我实现"),
        ("price_sensitivity_level", "high", "high", "价格敏感"),
        # words of the merchant that happen to be a code elsewhere, or to hold its signs
        ("city", "lost", "lost", "lost"),
        ("preferred_category", "promising", "promising", "promising"),
        ("preferred_category", "new_customers", "new_customers", "new_customers"),
    ],
)
def test_codes_are_said_in_words_and_words_of_the_merchant_as_they_are(column, value, en, zh):
    assert said(f"{{{column}}}", EN, **{column: value}) == en
    assert said(f"{{{column}}}", ZH, **{column: value}) == zh


def test_groups_of_a_preset_of_the_merchants_own_have_its_names():
    words = Words("zh", group_names_zh={"gold": "金牌客户"})
    assert said("{rfm_group}，原为{previous_rfm_group}", words, rfm_group="gold", previous_rfm_group="lost") == "金牌客户，原为流失客户"


@pytest.mark.parametrize(("zone", "day"), [("UTC", "2024-06-29"), ("Asia/Shanghai", "2024-06-30"), ("America/New_York", "2024-06-29")])
def test_a_moment_is_said_as_a_day_of_the_merchants(zone, day):
    assert said("{last_order_at}", Words("en", zone), last_order_at=datetime(2024, 6, 29, 18)) == day


# ── Every shipped list ───────────────────────────────────────────────────────────────────────────────────────────────

EXTRA = {"points_balance": pl.Int64, "points_expiring": pl.Int64, "points_expire_on": pl.Date, "tier": pl.String, "next_tier": pl.String}
EXTRA |= {"amount_to_next_tier": pl.Decimal(18, 4), "open_pickups_count": pl.Int64, "oldest_open_pickup_date": pl.Date}
SCHEMA = pl.Schema({**CUSTOMER_360, **EXTRA})
EXTREMES = {
    pl.String: ["", "x" * 300, "a; b", "{braces}"],
    pl.Date: [date(1970, 1, 1), date(2100, 12, 31)],
    pl.Datetime: [datetime(1970, 1, 1), datetime(2100, 12, 31, 23, 59)],
    pl.Decimal: [Decimal("-0.0001"), Decimal(0), Decimal("99999999999999.9999")],
    pl.Float64: [0.0, 4.95, 1e-9, 123456.789],
    pl.Int64: [0, 1, 2, 2**40],
    pl.Int32: [0, 1, 2, 2**30],
}


@pytest.mark.parametrize("name", SHIPPED)
def test_the_reason_of_a_shipped_list_is_a_sentence_for_every_combination_of_nulls_and_extremes(name):
    reason = SHIPPED[name]["reason"]
    columns = sorted({column for text in reason.values() for column in re.findall(r"{(\w+)", text)})
    values = [[None, *EXTREMES.get(SCHEMA[column].base_type(), [True])] for column in columns]
    combinations = list(product(*values)) if len(columns) < 4 else [*product(*([each[0], each[-1]] for each in values))]
    rows = pl.DataFrame(combinations, schema={column: SCHEMA[column] for column in columns}, orient="row")
    texts = rows.with_columns(en=sentence(reason["en"], rows.schema, EN), zh=sentence(reason["zh"], rows.schema, ZH))
    for row in texts.iter_rows(named=True):
        all_unknown = all(row[column] is None for column in columns)
        for text, unknown in ((row["en"], "unknown"), (row["zh"], "未知")):
            assert text
            assert not re.search(r"\bnull\b|None|nan", text)
            assert unknown not in text or all_unknown or any(row[column] is None for column in columns)


@given(customers=bases(min_size=1, max_size=8), days=st.integers(0, 60))
@settings(deadline=None, max_examples=60)
def test_no_shipped_reason_contradicts_a_column_of_its_own_row(customers: list[Customer], days: int):
    as_of = AS_OF + timedelta(days=days)
    facts = facts_of(*customers, as_of=as_of)
    scored = scores.apply(facts, scores.fit(facts, scores.Rules()))
    more = {"city": "Bonn", "has_shop_in_city": True, "preferred_channel": "app", "preferred_category": "tea", "last_rating": 1}
    people = (
        facts.join(scored.drop("as_of_date"), on="customer_id")
        .with_columns(**{name: pl.lit(value).cast(CUSTOMER_360[name]) for name, value in more.items()})
        .with_columns(last_rating=pl.when(pl.col("last_negative_review_at").is_not_null()).then("last_rating"))
        .collect()
    )
    rest = {name: pl.lit(None, dtype) for name, dtype in CUSTOMER_360.items() if name not in people.columns}
    people = people.with_columns(**rest).select(CUSTOMER_360.names()).cast(dict(CUSTOMER_360))
    book = contacts(*({"customer_id": customer_id} for customer_id in people["customer_id"]))
    definitions = [each for each in load_definitions(SHIPPED) if not each.needs or set(each.needs) <= set(people.columns) | {"reviews"}]
    members = build(people.lazy(), book, touches(), definitions, NO_HOLDOUT, as_of, feeds=["reviews"])
    rows = {row["customer_id"]: row for row in people.iter_rows(named=True)}
    for member in members.iter_rows(named=True):
        assert_no_contradiction(member["reason"], member["reason_zh"], rows[member["customer_id"]])


FIGURES = [
    (r"[Bb]ought (\d+) time", "orders_count"), (r"购买 (\d+) 次", "orders_count"), (r"last order (\d+) day", "recency_days"),
    (r"已 (\d+) 天未购买", "recency_days"), (r"one purchase day, (\d+) days ago", "recency_days"), (r"距今 (\d+) 天", "recency_days"),
    (r"Bought once, (\d+) day", "recency_days"), (r"Wrote (\d+) review", "reviews_count"), (r"写过 (\d+) 条评价", "reviews_count"),
    (r"found helpful (\d+) time", "helpful_votes_count"), (r"last rating (\d) of 5", "last_rating"), (r"评分 (\d) 星", "last_rating"),
]  # fmt: skip
SHARES = [(r"silent for ([\d.]+) times", "overdue_ratio"), (r"平常间隔的 ([\d.]+) 倍", "overdue_ratio")]
SHARES += [(r"rates ([\d.]+) of 5", "mean_rating"), (r"平均评分 ([\d.]+)", "mean_rating"), (r"loyalty ([\d.]+) of 100", "loyalty_score")]


def assert_no_contradiction(reason: str, reason_zh: str, row: dict[str, object]) -> None:
    """Fails for a reason that says something else than the row."""
    text = f"{reason}\n{reason_zh}"
    for pattern, column in FIGURES:
        for found in re.findall(pattern, text):
            assert int(found) == row[column], (text, column)
    for pattern, column in SHARES:
        for found in re.findall(pattern, text):
            assert float(found) == pytest.approx(float(row[column]), abs=0.5 if float(found) >= 10 else 0.0501), (text, column)
    assert "not due yet" not in reason or row["next_order_expected_on"] > row["as_of_date"]
    assert "usual gap" not in reason or row["purchase_days_count"] >= 2
    assert "one purchase day" not in reason or row["purchase_days_count"] == 1
    assert "Bought once" not in reason or row["orders_count"] == 1
    assert "Class A" not in reason or row["abc_class"] == "A"
    assert ("open complaint" not in reason) or row["has_open_complaint"]
    assert ("complained before" not in reason) or (row["last_complaint_at"] is not None and not row["has_open_complaint"])
    assert ("bad review and no purchase since" not in reason) or row["last_negative_review_at"] >= row["last_order_at"]
    is_discontent = row["has_open_complaint"] or row["last_complaint_at"] or (row["mean_rating"] or 5) < 3.5
    assert "not content" not in reason or is_discontent
    assert not re.search(r"unknown|None|null|nan", reason), reason
    assert not re.search(r"未知|[,;:!?()]", re.sub(r"\d{4}-\d\d-\d\d", "", reason_zh)), reason_zh
    assert not re.search(r"\b(app|web|decline|build_up|at_risk)\b", reason_zh), reason_zh
