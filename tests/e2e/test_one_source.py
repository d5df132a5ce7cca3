"""What one source delivers never stops the publication of the others: it is refused, held, or published beside them."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.e2e.conftest import Home

pytestmark = pytest.mark.slow

HEALTHY = "order_id,customer_id,ordered_at,status,quantity,unit_price\n" + "".join(
    f"G{number},C{number % 3},2026-03-{number + 1:02d} 10:00:00,paid,1,10\n" for number in range(12)
)

COLUMNS = (
    "order_id,order_line_id,customer_id,ordered_at,paid_at,status,product_id,quantity,unit_price,discount_amount,shipping_amount,tax_amount,"
    "refund_amount,refunded_at,currency\n"
)
ODD_ORDERS = """made_up,#3,X1,2026-03-01,,paid,P,1,10,0,0,0,0,,EUR
made_up,,X1,2026-03-01,,paid,P,1,10,0,0,0,0,,EUR
many_pieces,,X1,2026-03-01,,paid,P,999999999999999,1,0,0,0,0,,EUR
dear,,X1,2026-03-01,,paid,P,1,99999999999999,0,0,0,0,,EUR
many_and_dear,,X1,2026-03-01,,paid,P,1000000,1000000000,0,0,0,0,,EUR
refunds,,X1,2026-03-01,,refunded,P,1,10,99999999999999,99999999999999,99999999999999,99999999999999,,EUR
for:nothing,,,1991-01-01,,paid,P:1,0,0,0,0,0,0,,EUR
back,,X2,2026-03-02,2026-01-01,paid,P,-1,10,0,-5,-2,5,1991-01-01,EUR
'; drop table x;--,,'; drop table x;--,2026-03-02,,cancelled,P,1,10,0,0,0,10,,EUR
no_rate,,X3,2026-03-02,,paid,P,1,10,0,0,0,10,,JPY
no_rate,,X3,2026-03-02,,paid,P,1,10,0,0,0,10,,EUR
"""
ODD_REVIEWS = "review_id,order_id,customer_id,product_id,rating,title,body,created_at\nr:1,,,,5,,x,2026-03-03\nr,1,,,5,,x,2026-03-03\n"
ODD_PAYMENTS = "order_id,payment_id,amount,paid_at,state\nmade_up,#3,99999999999999,,paid\nmade_up,,5,,paid\nmade_up,#3,5,,paid\n"
ODD_TICKETS = "ticket_id,customer_id,opened_at,closed_at\nT,X1,2026-03-02,1990-01-01\n"


def _deliver(home: Home, source: str, **files: str) -> None:
    inbox = home.folder / "inbox" / source
    inbox.mkdir(parents=True, exist_ok=True)
    for feed, content in files.items():
        (inbox / f"{feed}_2026-04-01.csv").write_text(content, encoding="utf-8")


def test_odd_values_of_a_source_stop_no_other(make_home: Callable[[str], Home]) -> None:
    home = make_home("currency: EUR\ntime_zone: Europe/Berlin\n")
    _deliver(home, "healthy", orders=HEALTHY)
    _deliver(home, "odd", orders=COLUMNS + ODD_ORDERS, reviews=ODD_REVIEWS, payments=ODD_PAYMENTS, tickets=ODD_TICKETS)
    figures = home.run()
    assert figures["published"]
    assert home.published("select count(*), sum(net_amount) from marts.fct_orders where source = 'healthy'") == [(12, Decimal(120))]
    assert home.published("select order_id from marts.fct_orders where source = 'odd' order by 1") == [
        ("'; drop table x;--",),
        ("back",),
        ("for:nothing",),
        ("made_up",),
    ]
    assert home.published("select count(*) from marts.fct_reviews") == [(2,)]


def test_a_profile_that_is_broken_holds_the_files_of_its_source_alone(make_home: Callable[[str], Home]) -> None:
    home = make_home("currency: EUR\nsources: {broken: {profile: mine}, unknown: {profile: olsit}}\n")
    (home.folder / "profiles").mkdir()
    (home.folder / "profiles" / "mine.yaml").write_text("version: 1\ntitle: t\nfeeds:\n  oders: {}\n")
    for source in ("healthy", "broken", "unknown"):
        _deliver(home, source, orders=HEALTHY)
    figures = home.run()
    assert figures["published"]
    assert home.published("select source, count(*) from marts.fct_orders group by source") == [("healthy", 12)]
    assert len(figures["held"]) == 2
    assert "broken_profile" in figures["held"][0]
    assert "mine.yaml is not valid" in figures["held"][0]
    assert "Did you mean 'olist'?" in figures["held"][1]
    (home.folder / "profiles" / "mine.yaml").write_text(
        "version: 1\ntitle: t\nfeeds:\n  orders:\n    files: '*.csv'\n    columns: {order_id: order_id, customer_id: customer_id,"
        " ordered_at: ordered_at, status: status, quantity: quantity, unit_price: unit_price}\n"
    )
    assert home.run()["published"], "once the profile is mended the held file is read"
    assert home.published("select count(distinct source) from marts.fct_orders") == [(2,)]


def test_a_source_that_names_no_customer_is_published(make_home: Callable[[str], Home]) -> None:
    home = make_home("currency: EUR\n")
    _deliver(home, "market", orders=HEALTHY.replace(",C0,", ",,").replace(",C1,", ",,").replace(",C2,", ",,"))
    figures = home.run()
    assert figures["published"]
    assert home.published("select count(*), count(customer_id) from marts.fct_orders") == [(12, 0)]
    assert any("without one there is nobody to score or write to" in text for text in figures["validation"]["mart_measures"]["warnings"])
