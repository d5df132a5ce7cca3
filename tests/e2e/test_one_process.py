"""Runs of several homes in one process: what one is told is not what the next one reads."""

from collections.abc import Callable

import pytest

from orchestration.settings import load
from tests.e2e.conftest import Home

pytestmark = pytest.mark.slow

ORDERS = "order_id,customer_id,ordered_at,status,quantity,unit_price\nO1,C1,2026-03-01 10:00:00,paid,1,10\n"


def test_the_settings_of_a_home_are_its_own_after_another_has_run(make_home: Callable[[str], Home]) -> None:
    first, second = make_home("memory_limit: 3GB\n"), make_home("memory_limit: 900MB\n")
    inbox = first.folder / "inbox" / "shop"
    inbox.mkdir(parents=True)
    (inbox / "orders.csv").write_text(ORDERS, encoding="utf-8")
    first.run()
    assert load(second.folder).memory_limit == "900MB"
