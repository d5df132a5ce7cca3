"""The whole street on real dumps, against the published counts and totals of those data sets.

Sources of the figures: UCI Machine Learning Repository, data set 352 (Online Retail); Olist's public data set, a sample of
8,135 orders; CDNOW's master file, as Fader & Hardie's publications describe it. Each was counted from the files with a
plain CSV reader, apart from this product.
"""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.e2e.conftest import Home

pytestmark = [pytest.mark.real_data, pytest.mark.slow]


@pytest.fixture(scope="module")
def online_retail(shared_data: Path, make_home: Callable[[str], Home]) -> Home:
    home = make_home("currency: GBP\ntime_zone: Europe/London\nsources: {uci: {profile: online_retail}}\n")
    home.deliver(sorted((shared_data / "online_retail").glob("*.csv")), "uci")
    figures = home.run()
    assert (figures["published"], figures["landing"]["files_live"], figures["held"]) == (True, 305, [])
    return home


@pytest.fixture(scope="module")
def olist(shared_data: Path, make_home: Callable[[str], Home]) -> Home:
    home = make_home("currency: BRL\ntime_zone: America/Sao_Paulo\nsources: {olist: {profile: olist}}\n")
    home.deliver(sorted((shared_data / "olist_sample").glob("*.csv")), "olist")
    figures = home.run()
    assert (figures["published"], figures["landing"]["files_live"], figures["held"]) == (True, 5, [])
    return home


@pytest.fixture(scope="module")
def cdnow(shared_data: Path, make_home: Callable[[str], Home]) -> Home:
    home = make_home("currency: USD\ntime_zone: America/New_York\nsources: {cdnow: {profile: cdnow}}\n")
    home.deliver([shared_data / "cdnow" / "CDNOW_master.txt"], "cdnow")
    figures = home.run()
    assert (figures["published"], figures["landing"]["rows_clean"], figures["held"]) == (True, 69_659, [])
    return home


ONLINE_RETAIL = {
    "every delivered line, and their total": (
        "select count(*), sum(quantity * unit_price), sum(net_amount) from marts.fct_order_lines",
        [(541_909, Decimal("9747747.934"), Decimal("9747747.934"))],
    ),
    "total = identified + unidentified, to the cent after rounding once": (
        """select round(sum(net_amount), 2),
                  round(sum(net_amount) filter (customer_id is not null) + sum(net_amount) filter (customer_id is null), 2),
                  count(*) filter (customer_id is null)
           from marts.fct_order_lines""",
        [(Decimal("9747747.93"), Decimal("9747747.93"), 135_080)],
    ),
    "customers' facts sum to what is identified": (
        """select (select sum(net_amount) from marts.customer_facts)
                - (select sum(net_amount) from marts.fct_order_lines where customer_id is not null)""",
        [(Decimal(0),)],
    ),
    "net of the identified, cancellations being refunds, and of nobody identified": (
        """select sum(net_amount) filter (customer_id is not null), sum(refund_amount) filter (customer_id is not null),
                  sum(net_amount) filter (customer_id is null), sum(refund_amount)
           from marts.fct_order_lines""",
        [(Decimal("8300065.814"), Decimal("611342.09"), Decimal("1447682.12"), Decimal("918936.61"))],
    ),
    "customers who returned more than was bought here, or just as much, and the furthest": (
        "select count(*) filter (net_amount < 0), count(*) filter (net_amount = 0), min(net_amount) from marts.customer_facts",
        [(41, 14, Decimal("-4287.63"))],
    ),
    "orders and customers": ("select count(*), count(distinct customer_id) from marts.fct_orders", [(25_900, 4_372)]),
    "every customer once in the wide table": ("select count(*), count(distinct customer_id) from marts.customer_360", [(4_372, 4_372)]),
    "cancellation lines": ("select count(*) from marts.fct_order_lines where order_key like 'uci:C%'", [(9_288,)]),
    "lines that are sales to known customers": (
        """select count(*), count(distinct order_key), count(distinct customer_id), sum(quantity * unit_price)
           from marts.fct_order_lines where customer_id is not null and order_key not like 'uci:C%' and quantity > 0 and unit_price > 0""",
        [(397_884, 18_532, 4_338, Decimal("8911407.904"))],
    ),
    "prices below and at zero, negative quantities not marked C": (
        """select count(*) filter (unit_price < 0), count(*) filter (unit_price = 0),
                  count(*) filter (quantity < 0 and order_key not like 'uci:C%')
           from marts.fct_order_lines""",
        [(2, 2_515, 1_336)],
    ),
    "first and last minute, UTC being London's winter time": (
        "select min(ordered_at)::varchar, max(ordered_at)::varchar from marts.fct_orders",
        [("2010-12-01 08:26:00", "2011-12-09 12:50:00")],
    ),
    "the as-of day is the last with an order": ("select distinct as_of_date::varchar from marts.customer_360", [("2011-12-09",)]),
    "one-order customers have one frequency score": (
        "select count(distinct f_score) from marts.customer_360 where orders_count = 1",
        [(1,)],
    ),
    "no list addresses anybody without consent on record": ("select count(*) from marts.list_members where status = 'send'", [(0,)]),
}


@pytest.mark.parametrize(("query", "expected"), ONLINE_RETAIL.values(), ids=ONLINE_RETAIL)
def test_online_retail_is_published_to_the_cent(online_retail: Home, query: str, expected: list[tuple[object, ...]]) -> None:
    assert online_retail.published(query) == expected


OLIST = {
    "orders, also those without items": ("select count(*), count(*) filter (lines_count = 0) from marts.fct_orders", [(8_135, 775)]),
    "delivered orders": ("select count(*) from marts.fct_orders where status = 'completed'", [(5_172,)]),
    "items and their price": ("select count(*) from marts.fct_order_lines", [(8_365,)]),
    "people behind the customer ids": ("select count(*) from marts.customer_360", [(8_016,)]),
    "reviews, one row per review and order": ("select count(*), count(distinct review_id) from marts.fct_reviews", [(8_225, 8_191)]),
    "every customer's money is an order's": (
        """select (select sum(net_amount) from marts.customer_facts)
                - (select sum(net_amount) from marts.fct_orders where is_counted and customer_id is not null)""",
        [(Decimal(0),)],
    ),
}


@pytest.mark.parametrize(("query", "expected"), OLIST.values(), ids=OLIST)
def test_olist_is_published_with_its_reviews(olist: Home, query: str, expected: list[tuple[object, ...]]) -> None:
    assert olist.published(query) == expected


CDNOW = {
    "customers, orders by customer and day": ("select count(distinct customer_id), count(*) from marts.fct_orders", [(23_570, 67_591)]),
    "dollars and CDs": (
        "select sum(quantity), sum(net_amount), (select sum(net_amount) from marts.customer_facts) from marts.fct_order_lines",
        [(167_881, Decimal("2500315.63"), Decimal("2500315.63"))],
    ),
    "first and last day": (
        "select min(ordered_date)::varchar, max(ordered_date)::varchar from marts.fct_orders",
        [("1997-01-01", "1998-06-30")],
    ),
}


@pytest.mark.parametrize(("query", "expected"), CDNOW.values(), ids=CDNOW)
def test_cdnow_is_published_to_the_cent_though_it_gives_totals_per_row(cdnow: Home, query: str, expected: list[tuple[object, ...]]) -> None:
    assert cdnow.published(query) == expected


def test_comments_with_line_breaks_are_landed_whole(olist: Home) -> None:
    reviews = f"read_parquet('{olist.folder}/lake/clean/reviews/*.parquet')"
    rows = duckdb.sql(f"select count(*) from {reviews} where contains(body, chr(10)) or contains(body, chr(13))").fetchall()
    assert rows == [(436,)]
