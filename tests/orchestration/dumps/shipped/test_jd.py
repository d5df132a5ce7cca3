"""京东 merchants' order export. Columns and words: public readers of the export."""

from collections.abc import Callable

import pytest

from tests.orchestration.dumps.conftest import Home
from tests.orchestration.dumps.shipped.conftest import hashed


def test_what_is_taken_off_follows_from_what_the_order_is_settled_at(landed: Callable[..., Home]) -> None:
    home = landed("jd_orders", "USD", encoding="gb18030")
    buyer = hashed("jd_feng01")
    assert home.clean("order_id, customer_id, phone, product_id, quantity, unit_price, discount_amount, shipping_amount")[:2] == [
        ("302000000001", buyer, None, "1001", 1, 250, 40, 6),
        ("302000000001", buyer, None, "1002", 2, 125, 0, 0),
    ]
    assert home.clean("customer_id, phone", "orders")[-1] == (None, None)


def test_masked_accounts_and_phones_are_nobodys(landed: Callable[..., Home]) -> None:
    home = landed("jd_orders", "USD", encoding="gb18030")
    assert dict(home.clean("order_id, customer_id"))["302000000003"] is None
    assert home.clean("distinct phone") == [("13700137000",), (None,)]


WORDS = {
    "等待付款": "pending",
    "等待付款确认": "pending",
    "等待出库": "paid",
    "(锁定)等待出库": "paid",
    "等待确认收货": "shipped",
    "完成": "completed",
    "已取消": "cancelled",
    "(删除)等待出库": "cancelled",
    "(删除)等待确认收货": "cancelled",
    "(删除)锁定": "cancelled",
}


@pytest.mark.parametrize(("word", "status"), WORDS.items(), ids=WORDS)
def test_words_of_jd(landed: Callable[..., Home], word: str, status: str) -> None:
    home = landed("jd_orders", "USD", change=("暂停订单", word), encoding="gb18030")
    assert ("302000000008", status) in home.clean("order_id, status")
