"""eBay's orders reports. Columns: headers in public readers of the reports; dates and amounts differ by site."""

from collections.abc import Callable
from decimal import Decimal

from tests.orchestration.dumps.conftest import Home

COLUMNS = (
    "order_id, order_line_id, customer_id, email, city, ordered_at::varchar, paid_at::varchar, status, product_id, quantity, unit_price"
    ", shipping_amount, tax_amount"
)


def test_an_order_of_several_items_has_its_postage_and_tax_from_the_row_for_the_whole_of_it(landed: Callable[..., Home]) -> None:
    home = landed("ebay_orders", "EUR")
    mug = ("mug_lover", "0a1b2c@members.ebay.com", "Austin", "2026-09-07 00:00:00", "2026-09-07 00:00:00", "completed")
    tea = ("tea_4_two", None, "Reno", "2026-09-08 00:00:00", "2026-09-09 00:00:00", "completed")
    assert home.clean(COLUMNS)[:3] == [
        ("12-20001-00001", "9101", *mug, "225500000001", 3, Decimal("12.5"), 4, Decimal("3.92")),
        ("12-20002-00002", "9102", *tea, "225500000002", 1, 10, 6, 80),
        ("12-20002-00002", "9103", *tea, "225500000003", 2, 510, 0, 0),
    ]
    assert home.clean("distinct currency") == [("USD",)]


def test_an_order_that_nobody_paid_is_pending_and_one_in_another_currency_is_not_read_as_dollars(landed: Callable[..., Home]) -> None:
    home = landed("ebay_orders", "USD")
    assert home.clean("order_id, status, paid_at")[-1] == ("12-20003-00003", "pending", None)
    assert home.quarantine("line, reason, value") == [
        (3, "missing_value", None),
        (9, "not_a_number", "C $9.00"),
        (11, "footer", None),
        (12, "footer", None),
    ]


def test_the_australian_report_has_days_first_and_australian_dollars(landed: Callable[..., Home]) -> None:
    home = landed("ebay_orders_au", "USD")
    who = ("card_fan", "3d4e5f@members.ebay.com", "Perth")
    days = ("2026-09-07 00:00:00", "2026-09-07 00:00:00"), ("2026-09-30 00:00:00", "2026-09-30 00:00:00")
    assert home.clean(COLUMNS) == [
        ("16-30001-00001", "9201", *who, *days[0], "completed", "405300000001", 1, 3000, Decimal("12.5"), 0),
        ("16-30002-00002", "9202", *who, *days[1], "completed", "405300000001", 2, Decimal("5.25"), Decimal("12.5"), 0),
    ]
    assert home.clean("distinct currency") == [("AUD",)]


def test_the_british_report_has_names_in_small_letters_and_pounds(landed: Callable[..., Home]) -> None:
    home = landed("ebay_orders_uk", "USD")
    assert home.clean(
        "order_id, customer_id, city, ordered_at::varchar, product_name, quantity, unit_price, shipping_amount, currency"
    ) == [
        ("04-40001-00001", "york_toby", "York", "2026-09-07 00:00:00", "Oak shelf", 2, Decimal("24.99"), Decimal("3.95"), "GBP"),
        ("04-40002-00002", "leeds_may", "Leeds", "2026-09-10 00:00:00", "Oak desk", 1, 1000, 5, "GBP"),
        ("04-40002-00002", "leeds_may", "Leeds", "2026-09-10 00:00:00", "Wax", 1, 15, 0, "GBP"),
    ]
