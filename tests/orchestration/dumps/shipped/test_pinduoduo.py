"""拼多多 order export. Columns and words: public readers of the export."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.orchestration.dumps.conftest import Home


def test_the_platforms_discounts_are_not_taken_off_and_the_shops_are(landed: Callable[..., Home]) -> None:
    home = landed("pinduoduo_orders", "USD")
    columns = "order_id, ordered_at::varchar, paid_at::varchar, product_id, quantity, unit_price, discount_amount, shipping_amount, phone"
    assert home.clean(columns)[0] == (
        "260901-100000000000001",
        "2026-09-01 05:40:00",
        "2026-09-01 05:41:00",
        "30012345",
        3,
        20,
        5,
        6,
        "13800138000",
    )
    # 商家实收金额 of that order: 60.00 − 5.00 + 6.00
    received = "sum(quantity * unit_price - discount_amount + shipping_amount)"
    assert home.clean(f"{received} filter (order_id like '%01')") == [(Decimal(61),)]


def test_masked_numbers_and_those_of_the_switchboard_are_nobodys(landed: Callable[..., Home]) -> None:
    assert landed("pinduoduo_orders", "USD").clean("distinct phone") == [("13800138000",), (None,)]


WORDS = {
    "待支付": "pending",
    "待付款": "pending",
    "待发货": "paid",
    "已发货，待收货": "shipped",
    "已发货，待签收": "shipped",
    "已收货": "completed",
    "已签收": "completed",
    "已取消": "cancelled",
    "未发货，退款成功": "refunded",
    "已发货，退款成功": "refunded",
    "已收货，退款成功": "refunded",
    "未成交，退款成功": "refunded",
}


@pytest.mark.parametrize(("word", "status"), WORDS.items(), ids=WORDS)
def test_words_of_pinduoduo(landed: Callable[..., Home], word: str, status: str) -> None:
    home = landed("pinduoduo_orders", "USD", change=("漂走了", word))
    assert ("260901-100000000000010", status) in home.clean("order_id, status")


def test_an_order_is_refunded_by_its_claim_whatever_its_status_says(landed: Callable[..., Home]) -> None:
    assert ("260901-100000000000004", "refunded") in landed("pinduoduo_orders", "USD").clean("order_id, status")
