"""Amazon's All Orders report. Columns: Seller Central's help on the report; statuses: as counted by public readers of it."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.orchestration.dumps.conftest import Home


def test_amazon_orders_have_prices_per_piece_promotions_and_what_postage_and_wrapping_cost(landed: Callable[..., Home]) -> None:
    home = landed("amazon_orders", "USD")
    assert home.clean(
        "product_id, product_name, quantity, unit_price, discount_amount, shipping_amount, channel, city, customer_id, currency"
        ", ordered_at::varchar",
    )[-1] == (
        "TEE-5",
        'Tee "Earl Grey", 5" Tin',
        3,
        Decimal("9.99"),
        3,
        Decimal("2.5"),  # 3.99 less a promotion of 3.99, and 2.50 for the wrapping
        "Amazon.com",
        "AUSTIN",
        None,
        "USD",
        "2026-09-01 22:30:21",
    )
    assert home.clean("sum(quantity * unit_price - discount_amount)") == [(Decimal("1189.97"),)]


def test_amazon_orders_without_prices_are_read_where_they_count_nothing(landed: Callable[..., Home]) -> None:
    home = landed("amazon_orders", "USD")
    assert home.clean("status, quantity, unit_price").count(("pending", 1, 0)) == 1
    assert home.clean("status, quantity, unit_price").count(("cancelled", 0, 0)) == 1
    assert home.quarantine("line, reason, value") == [(12, "unknown_status", "Shipped - Eaten")]


STATUSES = {
    "Pending": "pending",
    "Pending - Waiting for Pick Up": "pending",
    "Unshipped": "paid",
    "Partially Shipped": "paid",
    "Shipping": "shipped",
    "Shipped": "shipped",
    "Shipped - Picked Up": "shipped",
    "Shipped - Out for Delivery": "shipped",
    "Shipped - Delivered to Buyer": "completed",
    "Complete": "completed",
    "Cancelled": "cancelled",
    "Shipped - Rejected by Buyer": "refused",
    "Shipped - Returned to Seller": "refunded",
    "Shipped - Returning to Seller": "refunded",
    "Shipped - Lost in Transit": "refunded",
    "Shipped - Damaged": "refunded",
}


@pytest.mark.parametrize(("word", "status"), STATUSES.items(), ids=STATUSES)
def test_every_status_of_amazon_is_known(landed: Callable[..., Home], word: str, status: str) -> None:
    home = landed("amazon_orders", "USD", change=("Shipped - Eaten", word))
    assert ("111-2000009-0000009", status) in home.clean("order_id, status")


def test_what_amazon_only_sends_for_other_shops_is_left_out(landed: Callable[..., Home]) -> None:
    assert landed("amazon_orders", "USD").clean("count(*) filter (order_id like 'S01%')") == [(0,)]
