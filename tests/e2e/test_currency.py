"""Orders in another currency wait for the rate of their day, are named while they do, and come in by themselves with it."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from rich.console import Console

from orchestration import report
from orchestration import settings as home_settings
from orchestration.run import Failed
from tests.e2e.conftest import Home

pytestmark = pytest.mark.slow

ORDERS = "order_id,customer_id,ordered_at,quantity,unit_price,refund_amount,refunded_at,currency\n"
AT_HOME = "".join(f"H{number},C{number % 3},2026-03-0{number} 10:00:00,1,10,0,,CNY\n" for number in range(1, 8))
ABROAD = """U1,C1,2026-03-02 10:00:00,2,10,5,2026-03-20 10:00:00,USD
U2,C2,2026-03-03 23:30:00,1,10,0,,USD
E1,C2,2026-03-03 10:00:00,1,3.33,0,,EUR
"""
RATES = "rate_date,from_currency,to_currency,rate\n"
FIRST = "2026-03-02,USD,CNY,7.2\n2026-03-03,EUR,CNY,7.84321\n"


def deliver(home: Home, name: str, text: str) -> None:
    path = home.folder / "inbox" / "shop" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def facts(home: Home) -> list[tuple[object, ...]]:
    return home.published(
        "select order_id, original_total_amount, gross_amount, refund_amount, net_amount from marts.fct_orders order by 1"
    )


def at_home() -> list[tuple[object, ...]]:
    return [(f"H{number}", Decimal(10), Decimal(10), 0, Decimal(10)) for number in range(1, 8)]


def test_orders_wait_for_the_rate_of_their_day_are_told_and_come_in_with_it(make_home: Callable[[str], Home]) -> None:
    home = make_home("currency: CNY\ntime_zone: Asia/Shanghai\n")
    deliver(home, "orders_2026-03-21.csv", ORDERS + AT_HOME + ABROAD)
    figures = home.run()
    assert (figures["landing"]["rows_clean"], figures["tables"]["fct_orders"], figures["tables"]["held_orders"]) == (10, 7, 3)
    euros, dollars = figures["warnings"][:2]
    assert "1 order(s) with 1 line(s) are held, in no figure: no exchange rate from EUR to CNY on 2026-03-03" in euros
    assert "2 order(s) with 2 line(s) are held, in no figure: no exchange rate from USD to CNY on 2026-03-02, 2026-03-03" in dollars
    with Console(width=400, record=True) as console:
        report.status(console, home_settings.load(home.folder, {}))
    assert dollars in console.export_text()
    assert facts(home) == at_home()

    deliver(home, "exchange_rates_2026-03-03.csv", RATES + FIRST)
    figures = home.run()
    assert figures["tables"]["held_orders"] == 1
    assert [warning for warning in figures["warnings"] if "held" in warning] == [
        dollars.replace("2 order(s) with 2 line(s)", "1 order(s) with 1 line(s)").replace("2026-03-02, ", "")
    ]
    euros = ("E1", Decimal("3.33"), Decimal("26.1179"), 0, Decimal("26.1179"))  # 3.33 x 7.84321 = 26.1178893
    assert facts(home) == [euros, *at_home(), ("U1", 20, 144, 36, 108)]

    deliver(home, "exchange_rates_2026-03-03.csv", RATES + FIRST.replace("7.2", "7") + "2026-03-03,USD,CNY,7.3\n")
    figures = home.run()
    assert [warning for warning in figures["warnings"] if "held" in warning] == []
    assert facts(home) == [euros, *at_home(), ("U1", 20, 140, 35, 105), ("U2", 10, 73, 0, 73)]
    # as of the last order: the refund is later
    assert home.published("select sum(net_amount) from marts.customer_facts") == [(Decimal("309.1179"),)]

    by_the_day = home.fingerprints()
    home.run(is_full=True)
    assert home.fingerprints() == by_the_day


def test_where_every_order_waits_nothing_is_published_and_the_rates_or_the_setting_are_named(make_home: Callable[[str], Home]) -> None:
    home = make_home("currency: CNY\ntime_zone: Asia/Shanghai\n")
    deliver(home, "orders_2026-03-21.csv", ORDERS + ABROAD.replace("EUR", "USD"))
    with pytest.raises(Failed, match=r"no exchange rate from USD to CNY on 2026-03-02, 2026-03-03 .* or set currency: in regulars.yaml"):
        home.run()
