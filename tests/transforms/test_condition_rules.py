"""What a condition may name and compare, and what a refusal says in both languages."""

import re

import polars as pl
import pytest

from transforms import rfm
from transforms.conditions import codes_of, parse
from transforms.refusals import Refusal

COLUMNS = {
    "n": pl.Int64(), "m": pl.Decimal(18, 4), "s": pl.String(), "t": pl.String(), "b": pl.Boolean(), "d": pl.Date(), "ts": pl.Datetime("us"),
    "k": pl.Binary(),
}  # fmt: skip


# ── Values that never occur ──────────────────────────────────────────────────────────────────────────────────────────

GROUPS = {
    "rfm_group": pl.String(),
    "previous_rfm_group": pl.String(),
    "abc_class": pl.String(),
    "city": pl.String(),
    "is_lost": pl.Boolean(),
}
OWN = {"mine": {"levels": 2, "groups": {"stars": {"zh": "明星", "cells": ["2**"]}, "rest": {"zh": "其他", "cells": ["1**"]}}}}


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("rfm_group = 'champion'", "'champion' is no value of rfm_group. Did you mean 'champions'? Known: about_to_sleep, at_risk"),
        ("rfm_group <> 'champion'", "'champion' is no value of rfm_group"),
        ("'champion' = rfm_group", "'champion' is no value of rfm_group"),
        ("rfm_group in ('lost', 'champion')", "'champion' is no value of rfm_group"),
        ("rfm_group not in ('Champions')", "'Champions' is no value of rfm_group. Did you mean 'champions'?"),
        ("rfm_group is distinct from 'x'", "'x' is no value of rfm_group. Known:"),
        ("rfm_group like 'champion'", "'champion' is no value of rfm_group"),
        ("lower(rfm_group) = 'champion'", "'champion' is no value of lower(rfm_group)"),
        ("coalesce(rfm_group, 'none') = 'non'", "Did you mean 'none'? Known: about_to_sleep"),
        ("case rfm_group when 'champion' then true end", "'champion' is no value of rfm_group"),
        ("abc_class = 'a'", "'a' is no value of abc_class. Did you mean 'A'? Known: A, B, C, Z"),
        ("previous_rfm_group = 'important'", "'important' is no value of previous_rfm_group"),
    ],
)
def test_a_text_that_a_column_never_has_is_answered_with_those_it_has(sql, told):
    with pytest.raises(Refusal) as refused:
        parse(sql).meaning(GROUPS, codes=codes_of(rfm.Rules()))
    assert told in refused.value.en
    assert "已知：" in refused.value.zh


@pytest.mark.parametrize(
    ("sql", "preset", "lacks"),
    [
        ("rfm_group = 'champions'", "grid_11", ()),
        ("rfm_group = 'champions'", "klaviyo_3x3x3", ()),
        ("rfm_group = 'prospect'", "cn_8", ()),
        ("rfm_group = 'champions'", "cn_8", ("rfm_group 'champions'",)),
        ("rfm_group in ('champions', 'lost')", "cn_8", ("rfm_group 'champions'", "rfm_group 'lost'")),
        ("rfm_group not in ('champions', 'lost')", "cn_8", ("rfm_group 'champions'", "rfm_group 'lost'")),
        ("rfm_group in ('champions', 'important_value')", "cn_8", ()),
        ("rfm_group like 'champ%'", "cn_8", ("rfm_group like 'champ%'",)),
        ("rfm_group = 'stars'", "mine", ()),
        ("rfm_group = 'stars'", "grid_11", ("rfm_group 'stars'",)),
        ("previous_rfm_group in ('champions', 'important_value', 'stars')", "cn_8", ()),
        ("upper(rfm_group) = 'CHAMPIONS'", "grid_11", ()),
        ("coalesce(rfm_group, 'none') = 'none'", "grid_11", ()),
        ("city = 'anything'", "grid_11", ()),
    ],
)
def test_a_group_of_another_preset_is_lacking_and_no_mistake(sql, preset, lacks):
    codes = codes_of(rfm.Rules(preset=preset, presets=OWN))
    assert parse(sql).meaning(GROUPS, codes=codes).lacks == lacks


# ── What is refused, and how ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("n > 'five'", "n is a number and 'five' is a text: they can't be compared. Write for example n >= 3"),
        ("'five' < n", "n is a number and 'five' is a text"),
        ("s = 1", "s is a text and 1 is a number: they can't be compared. Write for example s = 'a text'"),
        ("b = 1", "b is true or false and 1 is a number: they can't be compared. Write for example b or not b"),
        ("d > 2024-01-01", "d is a date and 2024 - 01 - 01 is a number: they can't be compared. Write for example d >= '2026-01-31'"),
        ("d > '31.01.2024'", "the filter holds '31.01.2024' where a date is expected, such as '2026-01-31'"),
        ("d > '2024-02-30'", "the filter holds '2024-02-30' where a date is expected"),
        ("ts > '2024-01-31 10:00'", "where a date is expected, such as '2026-01-31'"),
        ("n", "n is a number, expected true or false: compare it, as in n >= 3"),
        ("s and b", "s is a text, expected true or false"),
        ("n = null", "Write n is null, or is not null"),
        ("n not in (1, null)", "n not in (..., null) can be true for no customer"),
        ("n between 9 and 7", "between 9 and 7 can be true for no customer: the smaller value comes first"),
        ("d between '2024-02-01' and '2024-01-01'", "can be true for no customer"),
        ("n < 3 < 5", "it isn't clear what belongs to what in n < 3 < 5: put brackets around n < 3"),
        ('s = "tea"', "Write texts in single quotes: 'tea'"),
        ("s + 1 > 2", "s is a text: s + 1 can't be calculated"),
        ("d - ts > 3", "cast(... as date) makes a date of a date with a time"),
        ("d - interval '1 hour' > d", "expected such as interval '30 days'"),
        ("d - interval '1 month 5 days' > d", "expected such as interval '30 days'"),
        ("n - interval '3 days' > 1", "n is a number, so no interval can be added to it"),
        ("coalesce(n, 'x') = 1", "coalesce mixes n, which is a number, with 'x', which is a text"),
        ("lower(n) = 'x'", "lower of n: it is a number, expected a text"),
        ("year(n) = 2024", "year of n: it is a number, expected a date"),
        ("extract(hour from ts) = 3", "extract(hour ...) is not allowed, expected year, month or day"),
        ("cast(n as integer) = 1", "is not allowed, expected a cast to double or date"),
        ("s like t", "like t: expected a text in single quotes"),
        ("s = ‘tea’", "Quotes, brackets, commas and signs are those of plain text"),
        ("n > 1 -- and b", "the filter holds a comment"),
        ("d > today()", "the filter reads the clock (today); use as_of_date"),
        ("k = 'x'", "k is of a type that a filter can't read"),
    ],
)
def test_a_refusal_says_what_was_found_and_what_is_expected_in_both_languages(sql, told):
    with pytest.raises(Refusal) as refused:
        parse(sql).meaning(COLUMNS)
    assert told in refused.value.en
    assert re.search("[\u4e00-\u9fff]", refused.value.zh)


def test_an_unknown_column_is_answered_with_the_three_nearest():
    with pytest.raises(Refusal) as refused:
        parse("orders_cuont > 1").meaning({name: pl.Int64() for name in ("orders_count", "orders", "refunds_count", "city", "net_amount")})
    assert "no column 'orders_cuont' in customer_360. Nearest: orders_count, orders, refunds_count. All columns:" in refused.value.en


@pytest.mark.parametrize(
    "sql", ["N > 1 AND B", '"n" > 1 and "B"', "n>1and b", " n\n>\t1 and b ", "n > 1_0 - 9 and b", "(((n > 1)) and (b))"]
)
def test_names_and_words_have_no_case_and_blanks_say_nothing(sql):
    rows = pl.DataFrame({"n": [1, 2, 2, None], "b": [True, True, False, True]})
    assert rows.filter(parse(sql).meaning(rows.schema).expression).rows() == [(2, True)]


def test_a_condition_names_its_columns_once_in_their_order():
    assert parse("B and n > 1 or coalesce(N, m) = 3").columns == ("b", "n", "m")


@pytest.mark.parametrize(
    "sql",
    [
        "n = 3 and m >= 99.5 and n < 1e6 and s = 'it''s' and b and not false",
        "n == 3 or n <> 3 or n != 3 or n is distinct from null or s is not distinct from t",
        "n between 1 and 9 and n not between 2 and 3 and n in (1, 2, null) and s not in ('a', t)",
        "s like 'a%' and s not like '_b' and s ilike '%!%%' escape '!' and s is not null and b is true and b is not false",
        "-n + m * 2 - n / 3 > 0 and d - date '2026-01-31' > 30",
        "d >= '2026-01-31' and ts > d - interval '30 days' and d + interval 1 week < d + interval '2 months'",
        "d - 30 < d - interval 1 year",
        "coalesce(n, 0) > 1 and ifnull(n, 0) > 1 and nvl(n, m) > 1 and nullif(n, 0) > 1",
        "abs(n) > 1 and round(m) > 1 and round(m, 2) > 1 and floor(m) > 1 and ceil(m) > 1 and least(n, m) > 1 and greatest(n, 3) > 1",
        "lower(s) = 'a' and upper(s) = 'A' and trim(s) = 'a' and length(s) > 1",
        "year(d) = 2026 and month(ts) = 1 and day(d) = 31 and extract(year from ts) = 2026",
        "case when b then n else 0 end > 1 and case s when 'a' then true else false end",
        "cast(n as double) > 1 and try_cast(ts as date) = d and n::double > 1 and '2026-01-31'::date = d",
    ],
)
def test_what_the_documentation_allows_is_read(sql):
    rows = pl.DataFrame(schema=COLUMNS)
    assert rows.lazy().filter(parse(sql).meaning(rows.schema, "Asia/Shanghai").expression).collect().is_empty()
