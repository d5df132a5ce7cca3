"""Dumps as real tools export them, each standing for a kind of fault, with the values that are right: from the file to what is published.

The files and their values are not ours: ``shared/cases`` beside the checkout, each with an ``expected.md``.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Home

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

PROFILES = Path(__file__).parent / "profiles"


@pytest.fixture(scope="session")
def shared_cases(shared_data: Path) -> Path:
    folder = shared_data.parent / "cases"
    if not folder.is_dir():
        pytest.skip(f"the cases are absent: no folder {folder}")
    return folder


@dataclass(frozen=True)
class Case:
    """``profile``: shipped, or of ``profiles`` here. ``rows``: delivered, clean, quarantined, left out. ``values``: query → rows."""

    folder: str
    profile: str
    settings: str
    rows: tuple[int, int, int, int]
    values: dict[str, list[tuple[Any, ...]]]


def person(address: str) -> str:
    return "shop:" + sha256(address.encode()).hexdigest()[:16]


ORDERS = "select order_id, status, is_counted, lines_count, net_amount, shipping_amount from marts.fct_orders order by 1"
CUSTOMERS = "select customer_id, orders_count, net_amount from marts.customer_facts where net_amount <> 0 or orders_count > 0 order by 3"

CASES = [
    Case(
        "01-shopify-cancelled",
        "shopify_orders",
        "currency: USD",
        (4, 4, 0, 0),
        {
            ORDERS: [
                ("#1001", "paid", True, 1, 20, 0),
                ("#1002", "cancelled", False, 1, 20, 0),
                ("#1003", "cancelled", False, 1, 20, 0),
                ("#1004", "cancelled", False, 1, 2, 0),
            ],
            "select customer_id, orders_count, net_amount from marts.customer_facts where customer_id in ("
            f"'{person('ann@example.com')}', '{person('bob@example.com')}') order by 2": [
                (person("bob@example.com"), 0, 0),
                (person("ann@example.com"), 1, 20),
            ],
            "select sum(unpaid_orders_count) from marts.customer_facts": [(0,)],
        },
    ),
    Case(
        "02-shopify-pasted",
        "shopify_orders",
        "currency: USD",
        (8, 4, 1, 3),
        {
            ORDERS: [("#1001", "paid", True, 2, 28, 5), ("#1002", "paid", True, 1, 15, 0), ("#1003", "paid", True, 1, 20, 0)],
            "select sum(net_amount) from marts.fct_orders": [(63,)],
        },
    ),
    Case(
        "03-shopify-giftcard-tip-tax",
        "shopify_orders",
        "currency: USD",
        (6, 6, 0, 0),
        {
            "select customer_id, orders_count, net_amount from marts.customer_facts order by 3 desc, 1": [
                (person("ann@example.com"), 1, 100),
                (person("dan@example.com"), 1, 8),
                *sorted([(person("bob@example.com"), 1, 0), (person("cat@example.com"), 1, 0)]),
            ],
            "select order_id, pass_through_amount, total_amount, is_purchase from marts.fct_orders"
            " where pass_through_amount > 0 order by 1": [
                ("#2001", 100, 100, False),
                ("#2002", 3, 103, True),
            ],
            "select order_id, refund_amount, tax_refund_amount, shipping_refund_amount, is_over_refunded from marts.fct_orders"
            " where refund_amount > 0 order by 1": [("#2003", 100, 20, 0, False), ("#2004", 100, 20, 10, False)],
        },
    ),
    Case(
        "04-ebay-us",
        "ebay_orders",
        "currency: USD",
        (8, 3, 4, 1),
        {
            ORDERS: [
                ("12-12345-00001", "completed", True, 1, Decimal("12.5"), 4),
                ("12-12345-00002", "completed", True, 2, 1030, 6),
            ],
            "select customer_id, net_amount from marts.customer_facts order by 2": [
                ("shop:buyer_a", Decimal("12.5")),
                ("shop:buyer_b", 1030),
            ],
        },
    ),
    Case(
        "06-etsy-items",
        "etsy_items",
        "currency: CAD",
        (4, 4, 0, 0),
        {
            "select order_id, net_amount, shipping_amount, tax_amount, total_amount from marts.fct_orders order by 1": [
                ("9001", 68, 8, 0, 76),
                ("9002", Decimal("33.3"), 6, Decimal("1.5"), Decimal("40.8")),
                ("9003", 1250, 0, 0, 1250),
            ]
        },
    ),
    Case(
        "07-amazon-all-orders",
        "amazon_orders",
        "currency: EUR\ntime_zone: Europe/Berlin",
        (5, 5, 0, 0),
        {
            "select order_id, is_counted, ordered_date::varchar, net_amount, product_quantity from marts.fct_orders order by 1": [
                ("305-1000001-0000001", True, "2026-06-18", Decimal("26.97"), 3),
                ("305-1000002-0000002", False, "2026-06-18", 0, 0),
                ("305-1000003-0000003", False, "2026-06-19", 0, 1),
                ("305-1000004-0000004", True, "2026-06-20", 20, 2),
                ("305-1000005-0000005", False, "2026-06-21", 45, 1),
            ],
            "select unit_price from marts.fct_order_lines where order_key like '%0000001'": [(Decimal("9.99"),)],
            "select count(*) from marts.customer_facts": [(0,)],
        },
    ),
    Case(
        "09-brackets-negative",
        "brackets",
        "currency: USD",
        (5, 5, 0, 0),
        {CUSTOMERS: [("shop:C2", 1, -1170), ("shop:C1", 2, 1150)]},
    ),
    Case(
        "10-douyin",
        "douyin_orders",
        "currency: CNY",
        (5, 5, 0, 0),
        {
            ORDERS: [
                ("6917926768823643751", "refunded", True, 1, 0, 0),
                ("6917926768823643752", "shipped", True, 2, Decimal("35.9"), 5),
                ("6917926768823643753", "cancelled", False, 1, Decimal("15.9"), 0),
                ("6917926768823643754", "completed", True, 1, Decimal("15.9"), 0),
            ],
            "select quantity, unit_price from marts.fct_order_lines where order_key like '%752' order by 1": [(1, 20), (3, Decimal("5.3"))],
            "select net_amount from marts.monthly_trends where month = '2026-09-01'": [(Decimal("35.9"),)],
        },
    ),
    Case(
        "12-jd-orders",
        "jd_orders",
        "currency: CNY",
        (4, 4, 0, 0),
        {
            "select order_id, status, shipping_amount, total_amount, net_amount, discount_amount from marts.fct_orders order by 1": [
                ("301000000001", "completed", 6, 466, 460, 40),
                ("301000000002", "cancelled", 0, 250, 250, 0),
                ("301000000003", "paid", 6, 131, 125, 0),
            ]
        },
    ),
    Case(
        "13-merged-cells",
        "merged",
        "currency: CNY",
        (6, 6, 0, 0),
        {
            ORDERS: [
                ("E20260901100000000001", "completed", True, 3, 170, 6),
                ("E20260902100000000002", "cancelled", False, 1, Decimal("100.5"), 0),
                ("E20260903100000000003", "completed", True, 2, Decimal("118.25"), 0),
            ],
            CUSTOMERS: [("shop:茶友小王", 2, Decimal("288.25"))],
        },
    ),
    Case(
        "24-date-range-name",
        "canonical",
        "currency: CNY",
        (60, 60, 0, 0),
        {"select count(*), sum(net_amount) from marts.fct_orders": [(60, 600)]},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.folder for case in CASES])
def test_the_values_of_the_case_are_published(case: Case, shared_cases: Path, make_home: Callable[[str], Home]) -> None:
    home = make_home(f"{case.settings}\nsources: {{shop: {{profile: {case.profile}}}}}\n")
    if (own := PROFILES / f"{case.profile}.yaml").exists():
        (home.folder / "profiles").mkdir()
        shutil.copy(own, home.folder / "profiles")
    home.deliver([path for path in (shared_cases / case.folder).iterdir() if path.name != "expected.md"], "shop")
    figures = home.run()
    landing = figures["landing"]
    assert tuple(landing[f"rows_{name}"] for name in ("delivered", "clean", "quarantined", "left_out")) == case.rows
    assert {query: home.published(query) for query in case.values} == case.values


def test_spam_is_left_out_and_the_other_reviews_belong_to_the_buyers_of_their_email(
    shared_cases: Path, make_home: Callable[[str], Home]
) -> None:
    home = make_home("currency: EUR\nsources: {shop: {profile: shopify_orders}, reviews: {profile: judgeme_reviews}}\n")
    home.deliver([shared_cases / "15-judgeme-reviews" / "orders_export_1.csv"], "shop")
    home.deliver([shared_cases / "15-judgeme-reviews" / "judgeme-reviews-export.csv"], "reviews")
    figures = home.run()
    assert figures["left_out"] == {"reviews/spam": 1}
    assert home.published("select rating, has_text from marts.fct_reviews order by created_at") == [(5, True), (1, True), (4, False)]
    assert home.published("select count(*) from marts.customer_facts where orders_count = 1") == [(3,)]
    reviewers = "select rating, customer_id, sources from marts.fct_reviews left join marts.dim_customers using (customer_id) order by 1"
    both = "reviews, shop"
    assert home.published(reviewers) == [(1, person("marc@x.fr"), both), (4, None, None), (5, person("camille@x.fr"), both)]
    assert home.published("select count(*) from marts.dim_customers") == [(3,)]
