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
    assert (figures["published"], figures["landing"]["files_live"], figures["held"]) == (True, 6, [])
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
    "cancellations are refunds, and a customer's net may be negative": (
        """select sum(refund_amount), count(*) filter (net_amount < 0), sum(net_amount) from marts.customer_facts""",
        [(Decimal("611342.09"), 41, Decimal("8300065.814"))],
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
    "fees and adjustments are lines of their own kind": (
        "select line_kind, count(*) from marts.fct_order_lines group by line_kind order by line_kind",
        [("adjustment", 735), ("fee", 2_181), ("product", 538_993)],
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
    "whether somebody still buys is known of all who came back, what to expect of all who bought": (
        """select count(*) filter ((p_alive is not null) <> (purchase_days_count >= 2)),
                  count(*) filter ((expected_orders_90d is not null and clv_365d is not null) <> (purchase_days_count >= 1)),
                  count(*) filter (p_alive not between 0 and 1 or expected_orders_90d < 0 or clv_365d < 0)
           from marts.customer_360""",
        [(0, 0, 0)],
    ),
    "no list addresses anybody without consent on record": ("select count(*) from marts.list_members where status = 'send'", [(0,)]),
}


@pytest.mark.parametrize(("query", "expected"), ONLINE_RETAIL.values(), ids=ONLINE_RETAIL)
def test_online_retail_is_published_to_the_cent(online_retail: Home, query: str, expected: list[tuple[object, ...]]) -> None:
    assert online_retail.published(query) == expected


OLIST_DIFFERENCES = """
028aa7c930356788f861ed1b7f984819 5.41, 164a6c920f4a6f51223792333af13e24 2.11, 1cd8d1567debd198821fe9d46d99b5b1 25.12,
2fadef94d26b8d88791d48a31129380d 3.35, 2fdb4ded4a31592814f6865adcaf9ea7 21.89, 3263ce99ba29ddb2a3a4133210581dce 13.47,
4324f32177ce15c52c8e1c570c259dc0 18.55, 6aaedd714ad6929fc4df8d51bd4cfe9a 1.67, 70b742795bc441e94a44a084b6d9ce7a 111.89,
996c7e73600ad3723e8627ab7bef81e4 76.53, af37018fa60dd6b208ca5c88052cffee 31.16, b153668d9576aeae5c424bf7b125eea2 2.14,
bc2c82b0ef78d2252b6176d1972db7c9 61.01, c14323552816050d396da49c9f23ae1e 1.85, cabb660c11fb7f6bbb5f454ea09c0b9f 23.89,
cdcbc6b851b5053b23ca73bc17d2ba50 5.62, dc6b76e937308e88a3464d0f4352b959 5.99, e0578c04575c73456bf9891ae5db8c5a 10.25,
e42760f40f2fba3ba7529b6157adf501 20.94, ee38b45af2d4e705a88a37af7f0cda97 6.89, f090de1b2ed9f4e251662cb31e3c7127 0.92,
f7d17bafe7c67afef77b8a96ad5abfd3 7.54"""

OLIST = {
    "the 22 orders whose payments are not price and freight, one by one": (
        "select order_id, original_difference_amount from marts.payment_exceptions where reason = 'amount_differs' order by 1",
        [(order, Decimal(amount)) for order, amount in (pair.split() for pair in OLIST_DIFFERENCES.split(","))],
    ),
    "others differ by cents, or have no items (775, of which 3 were paid with nothing)": (
        """select reason, count(*), max(abs(original_difference_amount)) filter (reason = 'rounding') from marts.payment_exceptions
           where reason <> 'amount_differs' group by reason order by reason""",
        [("no_items", 772, None), ("rounding", 20, Decimal("0.03"))],
    ),
    "payments, each once, also where an order has several": (
        """select count(*), sum(amount), count(*) filter (not is_order_known),
                  (select sum(payments_count) from marts.fct_orders), (select sum(paid_amount) from marts.fct_orders)
           from marts.fct_payments""",
        [(8_924, Decimal("1428602.81"), 0, 8_924, Decimal("1428602.81"))],
    ),
    "reviews dated before the purchase are marked, and count": (
        "select count(*) filter (is_before_purchase), (select sum(reviews_count) from marts.customer_facts) from marts.fct_reviews",
        [(49, 8_191)],
    ),
    "orders with several reviews, each of which stands": (
        "select count(*) from (select order_key from marts.fct_reviews group by order_key having count(*) > 1)",
        [(78,)],
    ),
    "orders, also those without items": ("select count(*), count(*) filter (lines_count = 0) from marts.fct_orders", [(8_135, 775)]),
    "delivered orders": ("select count(*) from marts.fct_orders where status = 'completed'", [(5_172,)]),
    "items and their price": ("select count(*) from marts.fct_order_lines", [(8_365,)]),
    "people behind the customer ids": ("select count(*) from marts.customer_360", [(8_016,)]),
    "34 reviews are repeated under other orders of the same person, and count once": (
        "select count(*), count(distinct review_id) from marts.fct_reviews",
        [(8_191, 8_191)],
    ),
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
