"""有赞 order exports, by items and by orders. Columns and words: public readers of the exports."""

from collections.abc import Callable
from decimal import Decimal

from tests.orchestration.dumps.conftest import Home
from tests.orchestration.dumps.shipped.conftest import hashed

SUMS = "sum(quantity * unit_price), sum(discount_amount), sum(shipping_amount), sum(refund_amount)"


def test_items_of_youzan_cost_what_they_sold_for(landed: Callable[..., Home]) -> None:
    home = landed("youzan_orders", "USD")
    assert home.clean("product_name, quantity, unit_price, discount_amount, phone, city")[:2] == [
        ("山参精华", 2, 90, 0, "13900000001", "济南市"),
        ("山参精华", 2, 90, 0, "13900000001", "济南市"),
    ]
    assert home.clean(SUMS) == [(1090, 0, 0, 210)]
    assert dict(home.clean("order_id[8:9], status")) == {
        "01": "completed",
        "02": "completed",
        "03": "cancelled",
        "04": "paid",
        "05": "pending",
        "06": "shipped",
    }
    assert dict(home.clean("order_id[8:9], customer_id"))["04"] is None  # a masked phone
    assert home.quarantine("line, reason, value") == [(9, "unknown_status", "飞走了")]


def test_orders_of_youzan_cost_what_was_paid_less_the_postage(landed: Callable[..., Home]) -> None:
    home = landed("youzan_orders_whole", "USD", profile="youzan_orders")
    assert home.clean("status, customer_id, quantity, unit_price, discount_amount, shipping_amount, refund_amount")[1:3] == [
        ("completed", hashed("13900000021"), 3, 70, 20, 8, 0),
        ("completed", hashed("13900000021"), 3, 70, 20, 8, 50),
    ]


def test_orders_of_youzan_without_the_sum_of_the_goods_are_read_too(landed: Callable[..., Home]) -> None:
    home = landed("youzan_orders_whole", "USD", profile="youzan_orders", change=("商品金额合计", "另一列"))
    net = "sum(quantity * unit_price - discount_amount)"
    assert home.clean(f"{net} filter (status = 'completed')") == [(Decimal(380),)]
