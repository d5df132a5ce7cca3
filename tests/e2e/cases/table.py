"""The cases, and the values that are right.

The files and their values are not ours: ``shared/cases`` beside the checkout, each with an ``expected.md``.
"""

from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any

from tests.e2e.conftest import Home


@dataclass(frozen=True)
class Case:
    """``profile``: shipped, or of ``profiles`` here. ``rows``: delivered, clean, quarantined, left out. ``values``: query → rows.

    ``home``: in which it is run; people with the same address in two cases must not become one.
    """

    folder: str
    profile: str
    rows: tuple[int, int, int, int]
    values: dict[str, list[tuple[Any, ...]]]
    home: int = 1

    @property
    def source(self) -> str:
        return f"case_{self.folder[:2]}"

    def published(self, home: Home) -> dict[str, list[tuple[Any, ...]]]:
        return {query: home.published(query.format(source=self.source)) for query in self.values}


def person(address: str) -> str:
    return sha256(address.encode()).hexdigest()[:16]


PERSON = "replace(split_part(customer_id, ':', 2), 'guest-', '')"
"""An id without its source, and whether it is a guest's or the profile made it of the same address."""
FACTS = "marts.customer_facts where customer_id like '{source}:%'"
OF_SOURCE = "marts.fct_orders where source = '{source}'"
LINES = "marts.fct_order_lines where order_key like '{source}:%"
ORDERS = f"select order_id, status, is_counted, lines_count, net_amount, shipping_amount from {OF_SOURCE} order by 1"
CUSTOMERS = f"select {PERSON}, orders_count, net_amount from {FACTS} and (net_amount <> 0 or orders_count > 0) order by 3"

CASES = [
    Case(
        "01-shopify-cancelled",
        "shopify_orders",
        (4, 4, 0, 0),
        {
            ORDERS: [
                ("#1001", "paid", True, 1, 20, 0),
                ("#1002", "cancelled", False, 1, 20, 0),
                ("#1003", "cancelled", False, 1, 20, 0),
                ("#1004", "cancelled", False, 1, 2, 0),
            ],
            f"select {PERSON}, orders_count, net_amount from {FACTS} and {PERSON} in ("
            f"'{person('ann@example.com')}', '{person('bob@example.com')}') order by 2": [
                (person("bob@example.com"), 0, 0),
                (person("ann@example.com"), 1, 20),
            ],
            f"select sum(unpaid_orders_count) from {FACTS}": [(0,)],
        },
    ),
    Case(
        "02-shopify-pasted",
        "shopify_orders",
        (8, 4, 1, 3),
        {
            ORDERS: [("#1001", "paid", True, 2, 28, 5), ("#1002", "paid", True, 1, 15, 0), ("#1003", "paid", True, 1, 20, 0)],
            f"select sum(net_amount) from {OF_SOURCE}": [(63,)],
        },
        home=2,
    ),
    Case(
        "03-shopify-giftcard-tip-tax",
        "shopify_orders",
        (6, 6, 0, 0),
        {
            f"select {PERSON}, orders_count, net_amount from {FACTS} order by 3 desc, 1": [
                (person("ann@example.com"), 1, 100),
                (person("dan@example.com"), 1, 8),
                *sorted([(person("bob@example.com"), 1, 0), (person("cat@example.com"), 1, 0)]),
            ],
            f"select order_id, pass_through_amount, total_amount, is_purchase from {OF_SOURCE} and pass_through_amount > 0 order by 1": [
                ("#2001", 100, 100, False),
                ("#2002", 3, 103, True),
            ],
            f"select order_id, refund_amount, tax_refund_amount, shipping_refund_amount, is_over_refunded from {OF_SOURCE}"
            " and refund_amount > 0 order by 1": [("#2003", 100, 20, 0, False), ("#2004", 100, 20, 10, False)],
        },
        home=3,
    ),
    Case(
        "04-ebay-us",
        "ebay_orders",
        (8, 3, 4, 1),
        {
            ORDERS: [
                ("12-12345-00001", "completed", True, 1, Decimal("12.5"), 4),
                ("12-12345-00002", "completed", True, 2, 1030, 6),
            ],
            f"select {PERSON}, net_amount from {FACTS} order by 2": [
                ("buyer_a", Decimal("12.5")),
                ("buyer_b", 1030),
            ],
        },
        home=4,
    ),
    Case(
        "06-etsy-items",
        "etsy_items",
        (4, 4, 0, 0),
        {
            f"select order_id, net_amount, shipping_amount, tax_amount, total_amount from {OF_SOURCE} order by 1": [
                ("9001", 68, 8, 0, 76),
                ("9002", Decimal("33.3"), 6, Decimal("1.5"), Decimal("40.8")),
                ("9003", 1250, 0, 0, 1250),
            ]
        },
    ),
    Case(
        "07-amazon-all-orders",
        "amazon_orders",
        (5, 5, 0, 0),
        {
            f"select order_id, is_counted, ordered_date::varchar, net_amount, product_quantity from {OF_SOURCE} order by 1": [
                ("305-1000001-0000001", True, "2026-06-18", Decimal("26.97"), 3),
                ("305-1000002-0000002", False, "2026-06-18", 0, 0),
                ("305-1000003-0000003", False, "2026-06-19", 0, 1),
                ("305-1000004-0000004", True, "2026-06-20", 20, 2),
                ("305-1000005-0000005", False, "2026-06-21", 45, 1),
            ],
            f"select unit_price from {LINES}0000001'": [(Decimal("9.99"),)],
            f"select count(*) from {FACTS}": [(0,)],
        },
    ),
    Case(
        "09-brackets-negative",
        "brackets",
        (5, 5, 0, 0),
        {CUSTOMERS: [("C2", 1, -1170), ("C1", 2, 1150)]},
    ),
    Case(
        "10-douyin",
        "douyin_orders",
        (5, 5, 0, 0),
        {
            ORDERS: [
                ("6917926768823643751", "refunded", True, 1, 0, 0),
                ("6917926768823643752", "shipped", True, 2, Decimal("35.9"), 5),
                ("6917926768823643753", "cancelled", False, 1, Decimal("15.9"), 0),
                ("6917926768823643754", "completed", True, 1, Decimal("15.9"), 0),
            ],
            f"select quantity, unit_price from {LINES}752' order by 1": [(1, 20), (3, Decimal("5.3"))],
            f"select sum(net_amount) from {OF_SOURCE} and is_counted and ordered_date < '2026-10-01'": [(Decimal("35.9"),)],
        },
    ),
    Case(
        "12-jd-orders",
        "jd_orders",
        (4, 4, 0, 0),
        {
            f"select order_id, status, shipping_amount, total_amount, net_amount, discount_amount from {OF_SOURCE} order by 1": [
                ("301000000001", "completed", 6, 466, 460, 40),
                ("301000000002", "cancelled", 0, 250, 250, 0),
                ("301000000003", "paid", 6, 131, 125, 0),
            ]
        },
    ),
    Case(
        "13-merged-cells",
        "merged",
        (6, 6, 0, 0),
        {
            ORDERS: [
                ("E20260901100000000001", "completed", True, 3, 170, 6),
                ("E20260902100000000002", "cancelled", False, 1, Decimal("100.5"), 0),
                ("E20260903100000000003", "completed", True, 2, Decimal("118.25"), 0),
            ],
            CUSTOMERS: [("茶友小王", 2, Decimal("288.25"))],
        },
    ),
    Case(
        "24-date-range-name",
        "canonical",
        (60, 60, 0, 0),
        {f"select count(*), sum(net_amount) from {OF_SOURCE}": [(60, 600)]},
    ),
]
