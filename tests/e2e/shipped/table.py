"""The samples of the shipped profiles, and the exact orders, customers, payments and reviews that are to come out of them.

The files are in ``tests/samples``, named and written as the platform does it; the people in them are made up. In every sample with totals
of its own, ``total_amount`` is what the dump says that an order costs.
"""

from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.e2e.conftest import Home

SAMPLES = Path(__file__).parents[2] / "samples"


@dataclass(frozen=True)
class Sample:
    """``folder``: of the sample, and the source it is delivered as. ``rows``: delivered, clean, quarantined, left out.

    ``orders``: order id → status, is_counted, net_amount, shipping_amount, tax_amount, total_amount. ``customers``: customer id → orders,
    net amount. ``values``: further queries → rows.
    """

    folder: str
    profile: str
    time_zone: str
    rows: tuple[int, int, int, int]
    orders: tuple[tuple[Any, ...], ...] = ()
    customers: tuple[tuple[Any, ...], ...] = ()
    values: tuple[tuple[str, tuple[tuple[Any, ...], ...]], ...] = ()


def money(*amounts: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, amounts))


def hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def guest(address: str) -> str:
    """The id that a buyer without an id gets from an e-mail or a phone."""
    return f"guest-{hashed(address)}"


TABLE = [
    Sample(
        folder="amazon_orders",
        profile="amazon_orders",
        time_zone="America/New_York",
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
        time_zone="America/New_York",
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
        time_zone="Australia/Sydney",
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
        time_zone="Europe/London",
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
        time_zone="America/New_York",
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
        time_zone="America/New_York",
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
        time_zone="America/New_York",
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
        time_zone="America/New_York",
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
        time_zone="Asia/Shanghai",
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
        time_zone="Asia/Shanghai",
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
        time_zone="Asia/Shanghai",
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
        time_zone="Asia/Shanghai",
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
        time_zone="Asia/Shanghai",
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
        folder="taobao_orders",
        profile="taobao_orders",
        time_zone="Asia/Shanghai",
        rows=(6, 6, 0, 0),
        orders=(
            ("1612345678901234601", "completed", True, *money("100", "6", "0", "106")),
            ("1612345678901234602", "shipped", True, *money("40", "0", "0", "50")),  # 10.00 was given back
            ("1612345678901234603", "cancelled", False, *money("80", "0", "0", "80")),
            ("1612345678901234604", "paid", True, *money("80", "8", "0", "88")),
            ("1612345678901234605", "completed", True, *money("1280", "0", "0", "1280")),
            ("1612345678901234606", "pending", False, *money("66", "0", "0", "66")),
        ),
        customers=(
            (hashed("小𠮷的茶铺"), 2, Decimal(140)),
            (hashed("老茶客"), 1, Decimal(1280)),
            (guest("13900000033"), 1, Decimal(80)),  # whose name is masked
        ),
    ),
    Sample(
        folder="woocommerce_orders",
        profile="woocommerce_orders",
        time_zone="America/New_York",
        rows=(5, 5, 0, 0),
        orders=(
            ("4001", "completed", True, *money("30.4", "10", "3.42", "48.42")),  # 4.60 was given back
            ("4002", "pending", False, *money("18", "10", "0", "28")),
            ("4003", "paid", True, *money("38.5", "0", "0", "38.5")),
            ("4004", "cancelled", False, *money("10", "0", "0", "10")),
            ("4005", "completed", True, *money("1250", "0", "0", "1250")),
        ),
        customers=(
            ("3", 1, Decimal("30.4")),
            ("7", 1, Decimal(1250)),
            (hashed("guest@woo.example"), 1, Decimal("38.5")),  # customer 0
        ),
    ),
    Sample(
        folder="cdnow",
        profile="cdnow",
        time_zone="America/New_York",
        rows=(7, 7, 0, 0),
        orders=(
            ("00001-19970101", "completed", True, *money("11.77", "0", "0", "11.77")),
            ("00002-19970112", "completed", True, *money("87", "0", "0", "87")),  # two rows of one day
            ("00003-19970102", "completed", True, *money("20.76", "0", "0", "20.76")),
            ("00003-19970330", "completed", True, *money("20.76", "0", "0", "20.76")),
            ("00004-19970118", "completed", True, *money("63.34", "0", "0", "63.34")),
            ("00005-19970101", "completed", True, *money("0", "0", "0", "0")),
        ),
        customers=(
            ("00001", 1, Decimal("11.77")),
            ("00002", 1, Decimal(87)),
            ("00003", 2, Decimal("41.52")),
            ("00004", 1, Decimal("63.34")),
        ),
    ),
    Sample(
        folder="online_retail",
        profile="online_retail",
        time_zone="Europe/London",
        rows=(9, 9, 0, 0),
        orders=(
            ("599365", "completed", True, *money("40.08", "0", "0", "40.08")),  # 18.00 of it postage
            ("599366", "completed", True, *money("1095", "0", "0", "1095")),
            ("599414", "completed", True, *money("0", "0", "0", "0")),
            ("599415", "completed", True, *money("13.52", "0", "0", "13.52")),
            ("599416", "completed", True, *money("5", "0", "0", "5")),
            ("C599379", "completed", True, *money("-5.1", "0", "0", "0")),
            ("C599380", "completed", True, *money("-27.5", "0", "0", "0")),
        ),
        customers=(
            ("97850", 1, Decimal("34.98")),
            ("97851", 1, Decimal("1067.5")),
            ("97852", 1, Decimal("18.52")),  # an amount by hand alone is no purchase
        ),
    ),
    Sample(
        folder="olist",
        profile="olist",
        time_zone="America/Sao_Paulo",
        rows=(33, 33, 0, 0),
        orders=(
            ("2d387ab98437e5f528a87b031a086256", "shipped", True, *money("1250", "0", "0", "1250")),
            ("39d987fd8304752bbbec0bd1afd4b7f3", "pending", False, *money("35", "7.5", "0", "42.5")),
            ("417c4fa3b4135a6c64e05f8d35f71648", "cancelled", False, *money("99.9", "10", "0", "109.9")),
            ("46fa5a234958dba55bd0b3726d0b405e", "cancelled", False, *money("20", "5", "0", "25")),
            ("500dbb501d3577b1d6d187f6e454de37", "paid", True, *money("58.5", "8.25", "0", "66.75")),
            ("5e7494662ea04ad8e731cc25c6140eb6", "completed", True, *money("35", "7.5", "0", "42.5")),
            ("f1584b995a4770986ad75bb8d29e9734", "completed", True, *money("199.8", "55.3", "0", "255.1")),
        ),
        customers=(
            ("a9f7e97965d6cf799a529102a973b8b9", 2, Decimal("234.8")),  # one membership, two ids of orders
            ("9ab62b5ef34a985438bfdf7ee0102229", 1, Decimal(1250)),
            ("cb7524d792327e4c443d619de5c71a7a", 1, Decimal("58.5")),
        ),
        values=(
            (
                "select order_id, method, state, original_amount from marts.fct_payments where source = 'olist' order by 4",
                (
                    ("5e7494662ea04ad8e731cc25c6140eb6", "credit_card", "paid", Decimal("42.5")),
                    ("f1584b995a4770986ad75bb8d29e9734", "voucher", "paid", Decimal(55)),
                    ("500dbb501d3577b1d6d187f6e454de37", "credit_card", "paid", Decimal("66.75")),
                    ("f1584b995a4770986ad75bb8d29e9734", "credit_card", "paid", Decimal("200.1")),
                    ("2d387ab98437e5f528a87b031a086256", "boleto", "paid", Decimal(1250)),
                ),
            ),
            (
                "select rating, customer_id from marts.fct_reviews where source = 'olist' order by 1",
                (
                    (1, "olist:9ab62b5ef34a985438bfdf7ee0102229"),
                    (4, "olist:a9f7e97965d6cf799a529102a973b8b9"),
                    (5, "olist:a9f7e97965d6cf799a529102a973b8b9"),
                ),
            ),
        ),
    ),
    Sample(
        folder="jd_reviews",
        profile="jd_reviews",
        time_zone="Asia/Shanghai",
        rows=(5, 4, 1, 0),
        values=(
            (
                "select rating, has_text, product_key, order_key, helpful_votes, customer_id is null from marts.fct_reviews"
                " where source = 'jd_reviews' order by created_at",
                (
                    (5, True, "jd_reviews:100012043978", None, 12, True),  # a masked name is no customer
                    (2, True, "jd_reviews:100012043978", "jd_reviews:302000000001", 0, False),
                    (1, True, "jd_reviews:100012043978", None, 3, True),
                    (4, True, "jd_reviews:100012043978", "jd_reviews:302000000004", 0, False),
                ),
            ),
        ),
    ),
    Sample(
        folder="judgeme_reviews",
        profile="judgeme_reviews",
        time_zone="America/New_York",
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


def orders_of(source: str, home: Home) -> list[tuple[Any, ...]]:
    """What is published of each order, as ``Sample.orders`` has it."""
    return home.published(
        "select order_id, status, is_counted, net_amount, shipping_amount, tax_amount, total_amount from marts.fct_orders"
        f" where source = '{source}' order by 1"
    )


def buyers_of(source: str, home: Home) -> list[tuple[Any, ...]]:
    """What is published of each person who bought, as ``Sample.customers`` has it, with the source before the id."""
    return home.published(
        "select customer_id, orders_count, net_amount from marts.customer_facts"
        f" where customer_id like '{source}:%' and orders_count > 0 order by customer_id"
    )
