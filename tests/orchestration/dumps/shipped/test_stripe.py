"""Stripe's payments export. Columns and statuses: public readers of unified_payments.csv; the order id is the shop's own metadata."""

from collections.abc import Callable

import pytest

from tests.orchestration.dumps.conftest import Home


def test_stripe_payments_belong_to_the_order_in_their_metadata(landed: Callable[..., Home]) -> None:
    home = landed("stripe_payments", "USD")
    assert home.clean("order_id, payment_id, method, amount, paid_at::varchar, state", "payments") == [
        ("1001", "ch_3MadeUp0001", "card", 76, "2026-09-01 10:00:12", "paid"),
        ("1002", "ch_3MadeUp0002", "card", 20, "2026-09-02 10:00:12", "refunded"),
        ("1003", "ch_3MadeUp0003", "card", 20, "2026-09-03 10:00:12", "failed"),
        ("1003", "ch_3MadeUp0005", "card", 20, "2026-09-03 12:00:12", "pending"),
        ("1003", "pi_3MadeUp0004", "card", 20, "2026-09-03 11:00:12", "pending"),
    ]
    assert home.quarantine("line, reason, value", "payments") == [(9, "unknown_state", "Warped")]


def test_payments_without_an_order_and_those_of_the_test_mode_are_left_out_by_name(landed: Callable[..., Home]) -> None:
    ledger = landed("stripe_payments", "USD").ledger()
    (file,) = ledger.files("live")
    ledger.close()
    assert file.rows_left_out == 2


@pytest.mark.parametrize("name", ["metadata:order_id", "order_id", "order_number (metadata)"])
def test_other_names_of_the_metadata_are_read(landed: Callable[..., Home], name: str) -> None:
    home = landed("stripe_payments", "USD", change=("order_id (metadata)", name))
    assert home.clean("count(*)", "payments") == [(5,)]


def test_an_export_without_metadata_is_held(landed: Callable[..., Home]) -> None:
    ledger = landed("stripe_payments", "USD", change=("order_id (metadata)", "colour (metadata)")).ledger()
    (file,) = ledger.files("held")
    ledger.close()
    assert "order_id" in (file.reason or "")
