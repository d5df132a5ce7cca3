"""Square's items detail. Columns: headers of public sample exports of 2017 to 2026."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.orchestration.dumps.conftest import Home


def test_square_items_are_dated_in_the_zone_of_their_row(landed: Callable[..., Home]) -> None:
    home = landed("square_items", "USD")
    assert home.clean("order_id, ordered_at::varchar, customer_id, product_id, category, line_kind") == [
        ("SQA1x", "2026-09-14 03:02:11", "CUST1", "MUG-1", "Ceramics", "product"),
        ("SQA1x", "2026-09-14 03:02:11", "CUST1", "TOK9", "Prints", "product"),
        ("SQA1x", "2026-09-20 13:00:00", "CUST1", "MUG-1", "Ceramics", "product"),
        ("SQB2y", "2026-09-14 16:40:00", None, "Custom Amount", "Ceramics", "product"),
        ("SQC3z", "2026-09-22 03:02:11", "CUST1", "Gift Card", None, "gift_card"),
    ]
    assert home.quarantine("line, reason, column_name") == [(7, "unknown_time_zone", "ordered_at")]


def test_square_writes_discounts_below_zero_and_what_came_back_as_negative_pieces(landed: Callable[..., Home]) -> None:
    home = landed("square_items", "USD")
    assert home.clean("order_id, quantity, unit_price, discount_amount, tax_amount") == [
        ("SQA1x", -1, 18, Decimal("-1.5"), Decimal("-1.32")),
        ("SQA1x", 1, 1200, 0, 96),
        ("SQA1x", 2, 18, 3, Decimal("2.64")),
        ("SQB2y", 1, 12, 0, Decimal("0.96")),
        ("SQC3z", 1, 50, 0, 0),
    ]
    # 1,216.50 is the sum of Net Sales of that transaction.
    assert home.clean("sum(quantity * unit_price - discount_amount) filter (order_id = 'SQA1x')") == [(Decimal("1216.5"),)]


@pytest.mark.parametrize("zone", ["Arizona", "London", "Sydney", "Central Time (US & Canada)"])
def test_square_zones_are_known(landed: Callable[..., Home], zone: str) -> None:
    assert landed("square_items", "USD", change=("Moon", zone)).quarantine() == []
