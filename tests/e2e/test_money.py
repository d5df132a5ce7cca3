"""Money and status from the dump to what is published: amounts of the order, refunds, cancellations, rows refused, one kind a source."""

import csv
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import Home

pytestmark = pytest.mark.slow

LINES = {
    "order_id": "no",
    "customer_id": "who",
    "ordered_at": "day",
    "product_id": "sku",
    "quantity": "n",
    "unit_price": "price",
    "status": "status",
}


def _profile(columns: dict[str, Any], **feed: Any) -> dict[str, Any]:
    return {"version": 1, "title": "t", "feeds": {"orders": {"files": "orders*", "columns": {**LINES, **columns}, **feed}}}


OWN = {
    "every_row": _profile(
        {
            "shipping_amount": {"source": "ship", "of": "order"},
            "tax_amount": {"source": "tax", "of": "order"},
            "refund_amount": {"source": "back", "of": "order"},
            "currency": "cur",
        },
        delimiter="\t",
    ),
    "totals": _profile(
        {"shipping_amount": {"source": "ship", "of": "order"}, "total_amount": {"source": "total", "of": "order"}},
        rules=[{"rule": "returned", "when": {"after": {"matches": "^refund"}}, "set": {"status": "refunded"}}],
    ),
}

SHOPIFY = "Name,Email,Financial Status,Paid at,Currency,Shipping,Taxes,Discount Amount,Created at,Lineitem quantity,Lineitem name,"
SHOPIFY += "Lineitem price,Lineitem sku,Cancelled at,Refunded Amount"


def _shopify(number: int, *lines: tuple[str, str], status: str = "paid", **first: str) -> list[dict[str, str]]:
    moment = f"2026-05-{number:02} 10:00:00 +0200"
    order = {"Name": f"#{number}", "Email": f"c{number}@example.com", "Financial Status": status, "Paid at": moment, "Currency": "EUR"}
    rows = [
        {
            "Name": f"#{number}",
            "Created at": moment,
            "Lineitem quantity": "1",
            "Lineitem name": name,
            "Lineitem price": price,
            "Lineitem sku": name[:3],
        }
        for name, price in lines
    ]
    return [{**rows[0], **order, **first}, *rows[1:]]


def _csv(header: str, rows: list[dict[str, str]]) -> str:
    written = io.StringIO()
    writer = csv.DictWriter(written, header.split(","), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


FIRST = [
    *_shopify(1, ("Pot", "50"), ("Cup", "30"), Shipping="9", Taxes="16"),
    *_shopify(2, ("Pot", "50"), status="partially_refunded", **{"Refunded Amount": "12", "Cancelled at": "2026-05-03 10:00:00 +0200"}),
    *_shopify(3, ("Gift Card - 50", "50"), ("Cup", "30")),
    # given back in full, discount and all: the amount stands on the order, not on a line
    *_shopify(
        4, ("Pot", "50"), ("Cup", "30"), status="refunded", Shipping="9", Taxes="16", **{"Discount Amount": "60", "Refunded Amount": "45"}
    ),
    *_shopify(5, ("Pot", "50"), ("Cup", "30"), status="refunded", Shipping="9", Taxes="16", **{"Discount Amount": "60"}),
    *_shopify(6, ("Pot", "50"), ("Cup", "30"), status="partially_refunded", Shipping="9", **{"Refunded Amount": "100"}),
]
AGAIN = [*_shopify(1, ("Pot", "50"), status="partially_refunded", Shipping="9", Taxes="8", **{"Refunded Amount": "20"})]

EVERY_ROW = """no	who	day	sku	n	price	status	ship	tax	back	cur
A1	ann	2026-05-01	a	2	10	paid	6	3	0	EUR
A1	ann	2026-05-01	b	1	5	paid	6	3	0	EUR
A2	bo	2026-05-02	a	1	10	paid	6	3	19	EUR
A2	bo	2026-05-02	b	0	5	paid	6	3	19	EUR
A3	bo	2026-05-03	a	1	10	paid	6	3	0	EUR
A3	bo	2026-05-03	b	1	10	paid	7	3	0	EUR
A4	cy	2026-05-04	a	1	10	cancelled	6	0	10	EUR
A4	cy	2026-05-04	b	1	15	shipped	6	0	10	EUR
A5	dan	2026-05-05	a	3	10.01	refunded	1.11	2.22	0	USD
A6	eve	2026-05-06	a	1	ten	paid	6	3	0	EUR
A6	eve	2026-05-06	b	1	15	paid	6	3	0	EUR
A7	fay	2026-05-07	a			cancelled	0	0	0	EUR
"""
TOTALS = """no,who,day,sku,n,price,status,ship,total,after
T1,ann,2026-05-01,a,1,100,completed,10,90,
T1,ann,2026-05-01,b,2,20,completed,10,90,
T2,bo,2026-05-02,a,1,100,completed,10,110,refund agreed
T3,bo,2026-05-03,a,1,100,pending,10,,
"""
STATUS_HEADER = "order_id,customer_id,ordered_at,paid_at,status,quantity,unit_price\n"


@pytest.fixture(scope="module")
def published(make_home: Callable[[str], Home]) -> Home:
    sources = ["shopify: {profile: shopify_orders}", *(f"{name}: {{profile: {name}}}" for name in OWN)]
    home = make_home(f"currency: EUR\ntime_zone: Europe/Berlin\nsources: {{{', '.join(sources)}}}\n")
    (home.folder / "profiles").mkdir()
    for name, profile in OWN.items():
        (home.folder / "profiles" / f"{name}.yaml").write_text(yaml.safe_dump(profile))
    _put(home, "shopify", "orders_export.csv", _csv(SHOPIFY, FIRST) + _csv(SHOPIFY, AGAIN))
    _put(home, "every_row", "orders.tsv", EVERY_ROW)
    _put(home, "totals", "orders.csv", TOTALS)
    _put(
        home,
        "days",
        "orders_2026-05-01.csv",
        f"{STATUS_HEADER}D1,ann,2026-05-01,2026-05-01 10:00:00,paid,1,10\nD2,bo,2026-05-01,,paid,1,10\n",
    )
    _put(home, "days", "orders_2026-05-04.csv", f"{STATUS_HEADER}D1,ann,2026-05-01,,cancelled,1,10\nD2,bo,2026-05-01,,paid,1,10\n")
    _put(home, "undated", "orders_b.csv", f"{STATUS_HEADER}U1,ann,2026-05-01,2026-05-02 10:00:00,paid,1,10\n")
    _put(home, "undated", "orders_a.csv", f"{STATUS_HEADER}U1,ann,2026-05-01,,cancelled,1,10\n")
    _put(home, "days", "exchange_rates.csv", "rate_date,from_currency,to_currency,rate\n2026-05-05,USD,EUR,0.8763\n")
    assert home.run()["published"]
    return home


def _put(home: Home, source: str, name: str, content: str) -> None:
    (home.folder / "inbox" / source).mkdir(parents=True, exist_ok=True)
    (home.folder / "inbox" / source / name).write_text(content, encoding="utf-8")


# Order, status, lines, net where it counts, shipping, tax, refund of goods, refund of tax and shipping.
ORDERS = {
    "an order that the file brings again counts as it is the second time": ("shopify:#1", "paid", 1, 30, 9, 8, 20, 0),
    "a cancelled order counts nothing, whatever was paid and given back": ("shopify:#2", "cancelled", 1, None, 0, 0, 12, 0),
    "a gift card is no goods": ("shopify:#3", "paid", 2, 30, 0, 0, 0, 0),
    "a refund of the whole order with an amount leaves nothing": ("shopify:#4", "refunded", 2, 0, 9, 16, 20, 25),
    "nor does one without": ("shopify:#5", "refunded", 2, 0, 9, 16, 20, 25),
    "what is given back beyond the order is lost": ("shopify:#6", "paid", 2, -11, 9, 0, 91, 9),
    "amounts on every row count once": ("every_row:A1", "paid", 2, 25, 6, 3, 0, 0),
    "a refund on every row counts once, and covers tax and postage": ("every_row:A2", "paid", 2, 0, 6, 3, 10, 9),
    "a line that was cancelled alone is not sold, and was given back first": ("every_row:A4", "shipped", 2, 15, 6, 0, 0, 0),
    "a refund in another currency leaves nothing": (
        *("every_row:A5", "refunded", 1, 0),
        *map(Decimal, ("0.9727", "1.9454", "26.3153", "2.9181")),
    ),
    "a cancelled order needs no price": ("every_row:A7", "cancelled", 1, None, 0, 0, 0, 0),
    "the discount follows from the total": ("totals:T1", "completed", 2, 80, 10, 0, 0, 0),
    "a rule says that all of it was given back": ("totals:T2", "refunded", 1, 0, 10, 0, 100, 10),
    "a later day that says cancelled wins over an earlier payment": ("days:D1", "cancelled", 1, None, 0, 0, 0, 0),
    "a later day that says the same": ("days:D2", "paid", 1, 10, 0, 0, 0, 0),
    "without dates the order that went further stands": ("undated:U1", "cancelled", 1, None, 0, 0, 0, 0),
}


@pytest.mark.parametrize("expected", ORDERS.values(), ids=ORDERS)
def test_an_order_is_published_with_its_money(published: Home, expected: tuple[Any, ...]) -> None:
    (found,) = published.published(
        f"""select order_key, status, lines_count, if(is_counted, net_amount, null), shipping_amount, tax_amount, refund_amount,
            tax_refund_amount + shipping_refund_amount from marts.fct_orders where order_key = '{expected[0]}'"""
    )
    assert found == expected


def test_an_order_of_which_a_row_cannot_be_read_is_in_no_figure_until_it_can(published: Home) -> None:
    assert published.published(
        "select order_key, reason, refused_rows_count, lines_count, original_gross_amount from marts.held_orders"
    ) == [("every_row:A6", "refused_rows", 1, 1, 15)]
    assert published.published("select count(*) from marts.fct_orders where order_key in ('every_row:A6', 'every_row:A3')") == [(0,)]


def test_money_is_the_same_by_order_customer_and_month(published: Home) -> None:
    ((orders,),) = published.published("select sum(net_amount) from marts.fct_orders where is_counted")
    ((customers,),) = published.published("select sum(net_amount) from marts.customer_facts")
    ((months,),) = published.published("select sum(net_amount) from marts.monthly_trends")
    assert orders == customers == months == 179
