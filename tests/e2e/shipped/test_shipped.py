"""The sample of each shipped profile, from the file to what is published: exact orders, customers, payments and reviews.

The files are in ``tests/samples``, named and written as the platform does it; the people in them are made up. In every sample with totals
of its own, ``total_amount`` is what the dump says that an order costs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from orchestration.dumps.ledger import Ledger
from tests.e2e.conftest import Home

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parents[2] / "samples"


@dataclass(frozen=True)
class Sample:
    """``folder``: of the sample, and the source it is delivered as. ``rows``: delivered, clean, quarantined, left out.

    ``orders``: order id → status, is_counted, net_amount, shipping_amount, tax_amount, total_amount. ``customers``: customer id → orders,
    net amount. ``values``: further queries → rows.
    """

    folder: str
    profile: str
    settings: str
    rows: tuple[int, int, int, int]
    orders: tuple[tuple[Any, ...], ...] = ()
    customers: tuple[tuple[Any, ...], ...] = ()
    values: tuple[tuple[str, tuple[tuple[Any, ...], ...]], ...] = ()


def money(*amounts: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, amounts))


def hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


USD = "currency: USD\ntime_zone: America/New_York"
CNY = "currency: CNY\ntime_zone: Asia/Shanghai"
CAD = "currency: CAD\ntime_zone: America/New_York"
AUD = "currency: AUD\ntime_zone: Australia/Sydney"
GBP = "currency: GBP\ntime_zone: Europe/London"

TABLE = [
    Sample(
        folder="amazon_orders",
        profile="amazon_orders",
        settings=USD,
        rows=(12, 10, 1, 1),
        orders=(
            ("111-2000001-0000001", "shipped", True, *money("41.97", "2.5", "0", "44.47")),
            ("111-2000002-0000002", "cancelled", False, *money("0", "0", "0", "0")),
            ("111-2000003-0000003", "pending", False, *money("0", "0", "0", "0")),
            ("111-2000004-0000004", "completed", True, *money("20", "4.99", "0", "24.99")),
            ("111-2000005-0000005", "refunded", True, *money("0", "5", "0", "50")),
            ("111-2000006-0000006", "refused", False, *money("45", "0", "0", "45")),
            ("111-2000008-0000008", "paid", True, *money("1000", "0", "0", "1000")),
            ("111-2000010-0000010", "completed", True, *money("30", "0", "0", "30")),
        ),
        values=(
            (
                "select order_id, ordered_date::varchar from marts.fct_orders where order_id = '111-2000001-0000001'",
                (("111-2000001-0000001", "2026-09-01"),),
            ),
        ),
    ),
    Sample(
        folder="ebay_orders",
        profile="ebay_orders",
        settings=USD,
        rows=(9, 4, 4, 1),
        orders=(
            ("12-20001-00001", "completed", True, *money("37.5", "4", "3.92", "45.42")),
            ("12-20002-00002", "completed", True, *money("1030", "6", "80", "1116")),
            ("12-20003-00003", "pending", False, *money("9", "0", "0", "9")),
        ),
        customers=(("mug_lover", 1, Decimal("37.5")), ("tea_4_two", 1, Decimal(1030))),
    ),
    Sample(
        folder="ebay_orders_au",
        profile="ebay_orders_au",
        settings=AUD,
        rows=(5, 2, 3, 0),
        orders=(
            ("16-30001-00001", "completed", True, *money("3000", "12.5", "0", "3012.5")),
            ("16-30002-00002", "completed", True, *money("10.5", "12.5", "0", "23")),
        ),
        customers=(("card_fan", 2, Decimal("3010.5")),),
    ),
    Sample(
        folder="ebay_orders_uk",
        profile="ebay_orders_uk",
        settings=GBP,
        rows=(7, 3, 3, 1),
        orders=(
            ("04-40001-00001", "completed", True, *money("49.98", "3.95", "0", "53.93")),
            ("04-40002-00002", "completed", True, *money("1015", "5", "0", "1020")),
        ),
        customers=(("leeds_may", 1, Decimal(1015)), ("york_toby", 1, Decimal("49.98"))),
    ),
    Sample(
        folder="etsy_items",
        profile="etsy_items",
        settings=CAD,
        rows=(5, 5, 0, 0),
        orders=(
            ("9101", "completed", True, *money("68", "8", "0", "76")),
            ("9102", "completed", True, *money("32.4", "6", "1.5", "39.9")),
            ("9103", "completed", True, *money("1250", "0", "0", "1250")),
            ("9104", "pending", False, *money("68", "8", "0", "76")),
        ),
        customers=((hashed("anna77"), 2, Decimal(1318)), (hashed("bo smith"), 1, Decimal("32.4"))),
    ),
    Sample(
        folder="etsy_orders",
        profile="etsy_orders",
        settings=CAD,
        rows=(7, 7, 0, 0),
        orders=(
            ("9201", "completed", True, *money("68", "8", "0", "76")),
            ("9202", "shipped", True, *money("32.4", "0", "1.5", "33.9")),
            ("9203", "paid", True, *money("48", "8", "0", "76")),  # 20.00 of 76.00 was given back
            ("9204", "refunded", True, *money("0", "8", "0", "76")),
            ("9205", "cancelled", False, *money("68", "8", "0", "76")),
            ("9206", "refunded", True, *money("0", "8", "0", "76")),
            ("9207", "completed", True, *money("1000", "0", "0", "1000")),
        ),
        customers=((hashed("anna77"), 5, Decimal(1116)), (hashed("bo smith"), 1, Decimal("32.4"))),
    ),
    Sample(
        folder="square_items",
        profile="square_items",
        settings=USD,
        rows=(6, 5, 1, 0),
        orders=(
            ("SQA1x", "completed", True, *money("1216.5", "0", "97.32", "1331.82")),  # the mug that came back, 18.00, is a refund
            ("SQB2y", "completed", True, *money("12", "0", "0.96", "12.96")),
            ("SQC3z", "completed", True, *money("0", "0", "0", "50")),  # a gift card
        ),
        customers=(("CUST1", 1, Decimal("1216.5")),),
    ),
    Sample(
        folder="stripe_payments",
        profile="stripe_payments",
        settings=USD,
        rows=(8, 5, 1, 2),
        values=(
            (
                "select order_id, payment_id, state, is_order_known, original_amount from marts.fct_payments"
                " where source = 'stripe_payments' order by order_id, payment_id",
                (
                    ("1001", "ch_3MadeUp0001", "paid", False, Decimal(76)),
                    ("1002", "ch_3MadeUp0002", "refunded", False, Decimal(20)),
                    ("1003", "ch_3MadeUp0003", "failed", False, Decimal(20)),
                    ("1003", "ch_3MadeUp0005", "pending", False, Decimal(20)),
                    ("1003", "pi_3MadeUp0004", "pending", False, Decimal(20)),
                ),
            ),
        ),
    ),
    Sample(
        folder="douyin_orders",
        profile="douyin_orders",
        settings=CNY,
        rows=(11, 10, 1, 0),
        orders=(
            # 47.00 of the buyer, 5.00 of the platform and 2.00 of the presenter, and a line of 1,015.90
            ("6917926768823744001", "completed", True, *money("1069.9", "5", "0", "1074.9")),
            ("6917926768823744002", "refunded", True, *money("0", "0", "0", "20")),
            ("6917926768823744003", "refunded", True, *money("0", "0", "0", "20")),
            ("6917926768823744004", "shipped", True, *money("20", "0", "0", "20")),
            ("6917926768823744005", "paid", True, *money("20", "0", "0", "20")),
            ("6917926768823744006", "paid", True, *money("20", "0", "0", "20")),
            ("6917926768823744007", "cancelled", False, *money("20", "0", "0", "20")),
            ("6917926768823744008", "pending", False, *money("20", "0", "0", "20")),
            ("6917926768823744009", "paid", True, *money("20", "0", "0", "20")),
        ),
    ),
    Sample(
        folder="pinduoduo_orders",
        profile="pinduoduo_orders",
        settings=CNY,
        rows=(10, 9, 1, 0),
        orders=(
            # total_amount is 商家实收金额; 用户实付金额 is 3.50 less, which the platform bears.
            ("260901-100000000000001", "completed", True, *money("55", "6", "0", "61")),
            ("260901-100000000000002", "shipped", True, *money("55", "0", "0", "55")),
            ("260901-100000000000003", "refunded", True, *money("0", "0", "0", "55")),
            ("260901-100000000000004", "refunded", True, *money("0", "0", "0", "55")),
            ("260901-100000000000005", "cancelled", False, *money("55", "0", "0", "55")),
            ("260901-100000000000006", "paid", True, *money("55", "0", "0", "55")),
            ("260901-100000000000007", "shipped", True, *money("55", "0", "0", "55")),
            ("260901-100000000000008", "pending", False, *money("55", "0", "0", "55")),
            ("260901-100000000000009", "refunded", True, *money("0", "0", "0", "55")),
        ),
    ),
    Sample(
        folder="jd_orders",
        profile="jd_orders",
        settings=CNY,
        rows=(9, 8, 1, 0),
        orders=(
            ("302000000001", "completed", True, *money("460", "6", "0", "466")),
            ("302000000002", "cancelled", False, *money("230", "0", "0", "230")),
            ("302000000003", "paid", True, *money("230", "0", "0", "230")),
            ("302000000004", "shipped", True, *money("230", "0", "0", "230")),
            ("302000000005", "pending", False, *money("230", "0", "0", "230")),
            ("302000000006", "paid", True, *money("230", "0", "0", "230")),
            ("302000000007", "cancelled", False, *money("230", "0", "0", "230")),
        ),
        customers=((hashed("jd_feng01"), 3, Decimal(920)),),
    ),
    Sample(
        folder="youzan_orders",
        profile="youzan_orders",
        settings=CNY,
        rows=(8, 7, 1, 0),
        orders=(
            ("E2026090110000000000001", "completed", True, *money("190", "0", "0", "190")),
            ("E2026090210000000000002", "completed", True, *money("150", "0", "0", "180")),
            ("E2026090310000000000003", "cancelled", False, *money("0", "0", "0", "180")),
            ("E2026090410000000000004", "paid", True, *money("180", "0", "0", "180")),
            ("E2026090510000000000005", "pending", False, *money("180", "0", "0", "180")),
            ("E2026090610000000000006", "shipped", True, *money("180", "0", "0", "180")),
        ),
        customers=((hashed("13900000001"), 3, Decimal(520)),),
    ),
    Sample(
        folder="youzan_orders_whole",
        profile="youzan_orders",
        settings=CNY,
        rows=(4, 4, 0, 0),
        orders=(
            ("E2026080110000000000001", "completed", True, *money("190", "8", "0", "198")),
            ("E2026080210000000000002", "completed", True, *money("140", "8", "0", "198")),
            ("E2026080310000000000003", "cancelled", False, *money("190", "8", "0", "198")),
            ("E2026080410000000000004", "pending", False, *money("210", "8", "0", "218")),  # not paid: nothing says what is taken off
        ),
        customers=((hashed("13900000021"), 2, Decimal(330)),),
    ),
    Sample(
        folder="judgeme_reviews",
        profile="judgeme_reviews",
        settings=USD,
        rows=(5, 4, 0, 1),
        values=(
            (
                "select rating, has_text, has_picture, product_key from marts.fct_reviews where source = 'judgeme_reviews'"
                " order by created_at, rating, has_text",
                (
                    (4, True, None, None),
                    (5, False, None, "judgeme_reviews:7012345678"),
                    (5, True, True, "judgeme_reviews:7012345678"),
                    (1, True, None, "judgeme_reviews:7012345678"),
                ),
            ),
        ),
    ),
]


RUNS = {" and ".join(sample.folder for sample in TABLE if sample.settings == settings): settings for settings in (USD, CNY, CAD, AUD, GBP)}
"""Samples of the same settings are delivered to one home, each as a source of its own, and run once."""


@pytest.mark.parametrize("settings", RUNS.values(), ids=RUNS)
def test_samples_are_published_with_their_values(settings: str, make_home: Callable[[str], Home]) -> None:
    samples = [sample for sample in TABLE if sample.settings == settings]
    sources = "".join(f"  {sample.folder}: {{profile: {sample.profile}}}\n" for sample in samples)
    home = make_home(f"{settings}\nsources:\n{sources}")
    for sample in samples:
        home.deliver((SAMPLES / sample.folder).iterdir(), sample.folder)
    home.run()
    assert {sample.folder: rows_of(sample, home) for sample in samples} == {sample.folder: sample.rows for sample in samples}
    for sample in samples:
        check_published(sample, home)


def rows_of(sample: Sample, home: Home) -> tuple[int, int, int, int] | None:
    ledger = Ledger(home.folder / "lake" / "ledger.sqlite")
    live = [file for file in ledger.files("live") if file.source == sample.folder]
    ledger.close()
    return next(((file.rows_delivered, file.rows_clean, file.rows_quarantined, file.rows_left_out) for file in live), None)


def check_published(sample: Sample, home: Home) -> None:
    assert home.published(
        "select order_id, status, is_counted, net_amount, shipping_amount, tax_amount, total_amount from marts.fct_orders"
        f" where source = '{sample.folder}' order by 1"
    ) == list(sample.orders)
    assert home.published(
        "select customer_id, orders_count, net_amount from marts.customer_facts"
        f" where customer_id like '{sample.folder}:%' and orders_count > 0 order by customer_id"
    ) == sorted((f"{sample.folder}:{customer}", *figures) for customer, *figures in sample.customers)
    for query, rows in sample.values:
        assert home.published(query) == list(rows)


def test_every_sample_is_in_the_table() -> None:
    of_consents = "shopify_orders"  # read by tests of its own
    assert {path.name for path in SAMPLES.iterdir() if path.is_dir()} - {of_consents} == {sample.folder for sample in TABLE}
