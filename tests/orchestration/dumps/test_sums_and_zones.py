"""Amounts that stand in several columns of a dump, and local times whose zone stands in a column of its own."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.dumps.profiles import load_profile
from orchestration.errors import RegularsError
from tests.orchestration.dumps.conftest import Home

PROFILE = """\
version: 1
title: a till
feeds:
  orders:
    files: "*.csv"
    columns:
      order_id: id
      customer_id: {value: ""}
      quantity: {value: "1"}
"""
USUAL = "      ordered_at: day\n      unit_price: price\n"
SHIPPING = "      shipping_amount: {source: postage, plus: [wrapping], less: [rebate], affixes: ['$'], thousands: ','}\n"
ZONES = """\
      unit_price: price
      ordered_at: {source: day, zone: {source: zone, map: {Eastern Time: America/New_York, Pacific Time: America/Los_Angeles}}}
"""


@pytest.fixture
def home_of(configured: Callable[[str], Home]) -> Callable[[str], Home]:
    def make(columns: str) -> Home:
        home = configured("time_zone: UTC\nsources: {shop: {profile: till, max_quarantined_share: 1}}\n")
        (home.folder / "profiles").mkdir()
        (home.folder / "profiles" / "till.yaml").write_text(PROFILE + columns)
        return home

    return make


SUMS = {
    "added and taken off": ("$5.00,$2.50,$1.50", "6"),
    "groups in any of them": ('"$1,005.00",,"$1,000.00"', "5"),
    "an empty one is zero": ("$5.00,,", "5"),
    "the first may be the empty one": (",2.50,", "2.5"),
    "none of them": (",,", "0"),
    "less than nothing": ("1.00,,3.00", "-2"),
}


@pytest.mark.parametrize(("amounts", "expected"), SUMS.values(), ids=SUMS)
def test_an_amount_is_the_sum_of_its_columns(home_of: Callable[[str], Home], amounts: str, expected: str) -> None:
    home = home_of(USUAL + SHIPPING)
    home.deliver("till.csv", f"id,day,price,postage,wrapping,rebate\n1,2026-03-01,9.90,{amounts}\n")
    home.land()
    assert home.clean("shipping_amount") == [(Decimal(expected),)]


def test_a_part_that_is_no_number_sends_its_row_to_quarantine(home_of: Callable[[str], Home]) -> None:
    home = home_of(USUAL + SHIPPING)
    home.deliver("till.csv", "id,day,price,postage,wrapping,rebate\n1,2026-03-01,9.90,1,free,\n2,2026-03-01,9.90,free,1,\n")
    home.land()
    assert home.clean("order_id") == []
    assert home.quarantine("line, reason, column_name") == [(2, "not_a_number", "shipping_amount"), (3, "not_a_number", "shipping_amount")]


def test_a_part_that_the_file_lacks_is_zero_and_a_price_that_is_missing_stays_missing(home_of: Callable[[str], Home]) -> None:
    home = home_of("      ordered_at: day\n      unit_price: {source: price, plus: [subsidy, other]}\n")
    home.deliver("till.csv", "id,day,price,subsidy\n1,2026-03-01,9.90,0.10\n2,2026-03-01,,0.10\n")
    home.land()
    assert home.clean("order_id, unit_price") == [("1", 10)]
    assert home.quarantine("line, reason, column_name") == [(3, "missing_value", "unit_price")]


def test_a_sum_keeps_the_bounds_of_its_column(home_of: Callable[[str], Home]) -> None:
    home = home_of(USUAL + "      refund_amount: {source: total, less: kept}\n")
    home.deliver("till.csv", "id,day,price,total,kept\n1,2026-03-01,9.90,9.90,5.00\n2,2026-03-01,9.90,5.00,9.90\n")
    home.land()
    assert home.clean("order_id, refund_amount") == [("1", Decimal("4.9"))]
    assert home.quarantine("line, reason, column_name") == [(3, "out_of_range", "refund_amount")]


LOCAL_TIMES = {
    "in its zone": ("2026-03-01 10:00:00,Eastern Time", "2026-03-01 15:00:00"),
    "in another": ("2026-03-01 10:00:00, pacific time ", "2026-03-01 18:00:00"),
    "in summer": ("2026-07-01 10:00:00,Eastern Time", "2026-07-01 14:00:00"),
    "without a zone: the dump's": ("2026-03-01 10:00:00,", "2026-03-01 10:00:00"),
    "with its own offset": ("2026-03-01 10:00:00+01:00,Eastern Time", "2026-03-01 09:00:00"),
}


@pytest.mark.parametrize(("time", "expected"), LOCAL_TIMES.values(), ids=LOCAL_TIMES)
def test_a_time_is_read_in_the_zone_of_its_row(home_of: Callable[[str], Home], time: str, expected: str) -> None:
    home = home_of(ZONES)
    home.deliver("till.csv", f"id,price,day,zone\n1,9.90,{time}\n")
    home.land()
    assert home.clean("ordered_at::varchar") == [(expected,)]


REFUSED = {
    "a zone that isn't known": ("2026-03-01 10:00:00,Moon", "unknown_time_zone"),
    "an hour that never was in that zone": ("2026-03-08 02:30:00,Eastern Time", "nonexistent_local_time"),
}


@pytest.mark.parametrize(("time", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_time_that_its_zone_does_not_have_goes_to_quarantine(home_of: Callable[[str], Home], time: str, reason: str) -> None:
    home = home_of(ZONES)
    home.deliver("till.csv", f"id,price,day,zone\n1,9.90,{time}\n")
    home.land()
    assert home.quarantine("reason, column_name") == [(reason, "ordered_at")]


def test_a_discount_on_goods_that_came_back_may_be_negative_also_where_prices_are_per_line(home_of: Callable[[str], Home]) -> None:
    home = home_of(USUAL + "      discount_amount: discount\n    layout: {prices: per_line}\n")
    home.deliver("till.csv", "id,day,price,discount\n1,2026-03-01,-9.90,-1\n2,2026-03-01,9.90,-1\n")
    home.land()
    assert home.clean("order_id, unit_price, discount_amount") == [("1", Decimal("-9.9"), -1)]
    assert home.quarantine("line, reason") == [(3, "negative_discount")]


MISPLACED = {
    "a sum of texts": ("city: {source: town, plus: street}", "'plus' is for money"),
    "a zone of an amount": ("tax_amount: {source: tax, zone: {source: z, map: {a: UTC}}}", "'zone' is for timestamp"),
    "a sum with a constant": ('tax_amount: {value: "1", plus: tax}', "need a 'source'"),
    "an unknown zone": ("ordered_at: {source: day, zone: {source: z, map: {a: Mars/Base}}}", "Mars/Base"),
}


@pytest.mark.parametrize(("column", "message"), MISPLACED.values(), ids=MISPLACED)
def test_a_key_that_says_nothing_about_its_column_is_refused(tmp_path: Path, column: str, message: str) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "till.yaml").write_text(PROFILE + f"      {column}\n")
    with pytest.raises(RegularsError, match=message):
        load_profile("till", tmp_path, "sources.shop")
