"""抖店 order export. Columns and words: public readers of the export; names and phones come encrypted, anew for each order."""

from collections.abc import Callable
from decimal import Decimal

from tests.orchestration.dumps.conftest import Home

ID = "69179267688237440"


def test_the_subsidies_of_the_platform_and_the_presenter_are_revenue_and_the_merchants_own_discount_is_not(
    landed: Callable[..., Home],
) -> None:
    home = landed("douyin_orders", "USD")
    assert home.clean("order_id, order_line_id, product_id, product_name, quantity, unit_price, shipping_amount, discount_amount")[:2] == [
        # The buyer pays 47.00 and 5.00 for postage, the platform 5.00, the presenter 2.00; 6.00 of 60.00 are the merchant's.
        (f"{ID}01", f"{ID}01", "3701", "辣条", 3, 18, 5, 0),
        (f"{ID}01", f"{ID}51", "3702", "豆干", 1, Decimal("1015.9"), 0, 0),
    ]


def test_nobody_is_known_by_what_is_encrypted(landed: Callable[..., Home]) -> None:
    assert landed("douyin_orders", "USD").clean("distinct customer_id, phone, email, city") == [(None, None, None, "深圳市")]


def test_words_of_douyin(landed: Callable[..., Home]) -> None:
    home = landed("douyin_orders", "USD")
    assert dict(home.clean("order_id[-2:], status")) == {
        "01": "completed",
        "02": "refunded",
        "03": "refunded",  # closed, because the money was given back
        "04": "shipped",  # the buyer's claim was closed without a refund
        "05": "paid",
        "06": "paid",
        "07": "cancelled",
        "08": "pending",
        "09": "paid",
    }
    assert home.quarantine() == [(12, "unknown_status", "status", "飞走了")]
