"""Etsy's two files of sold orders. Columns: headers in public readers; an order is in both, so a source reads one of them."""

from collections.abc import Callable
from decimal import Decimal

from tests.orchestration.dumps.conftest import Home
from tests.orchestration.dumps.shipped.conftest import SAMPLES, hashed


def test_etsy_items_have_the_orders_postage_and_tax_once(landed: Callable[..., Home]) -> None:
    home = landed("etsy_items", "USD")
    columns = "order_id, order_line_id, customer_id, status, product_id, quantity, unit_price, discount_amount, shipping_amount, tax_amount"
    anna, bo = hashed("anna77"), hashed("bo smith")
    assert home.clean(columns) == [
        ("9101", "4101", anna, "completed", "1501", 2, 34, 0, 8, 0),
        ("9102", "4102", bo, "completed", "1502", 3, 9, Decimal("3.6"), 6, Decimal("1.5")),
        ("9102", "4103", bo, "completed", "1503", 1, 9, 0, 0, 0),
        ("9103", "4104", anna, "completed", "1504", 1, 1250, 0, 0, 0),
        ("9104", "4105", anna, "pending", "1501", 2, 34, 0, 8, 0),
    ]
    assert home.clean("min(currency), max(currency), min(ordered_at)::varchar") == [("CAD", "CAD", "2026-09-03 00:00:00")]


def test_etsy_orders_count_what_was_given_back_and_postage_after_its_discount(landed: Callable[..., Home]) -> None:
    home = landed("etsy_orders", "USD")
    assert home.clean(
        "order_id, status, customer_id, quantity, unit_price, discount_amount, shipping_amount, tax_amount, refund_amount"
    ) == [
        ("9201", "completed", hashed("anna77"), 2, 34, 0, 8, 0, 0),
        ("9202", "shipped", hashed("bo smith"), 4, 9, Decimal("3.6"), 0, Decimal("1.5"), 0),
        ("9203", "paid", hashed("anna77"), 2, 34, 0, 8, 0, 20),
        ("9204", "refunded", hashed("anna77"), 2, 34, 0, 8, 0, 0),
        ("9205", "cancelled", hashed("anna77"), 2, 34, 0, 8, 0, 0),
        ("9206", "refunded", hashed("anna77"), 2, 34, 0, 8, 0, 0),
        ("9207", "completed", hashed("anna77"), 1, Decimal("333.3334"), 0, 0, 0, 0),
        ("9207", "completed", hashed("anna77"), 2, Decimal("333.3333"), 0, 0, 0, 0),
    ]


def test_a_source_reads_one_of_the_two_files(landed: Callable[..., Home]) -> None:
    home = landed("etsy_items", "USD")
    (orders,) = (SAMPLES / "etsy_orders").iterdir()
    home.deliver(orders.name, orders.read_bytes())
    home.land()
    ledger = home.ledger()
    assert [file.file_name for file in ledger.files("ignored")] == [orders.name]
    ledger.close()
