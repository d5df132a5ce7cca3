"""How the rows of a dump become order lines is told from its values: each kind once, and what is not told is marked."""

import re
from collections.abc import Callable

import pytest

from orchestration.dumps.proposal.draft import Draft
from orchestration.dumps.proposal.order_money import OF_LINE, OF_ORDER, PER_LINE

Orders = Callable[[str], Draft]
HEADER = "order id,customer id,order date,sku,qty,price,shipping\n"

AMOUNTS = {
    "on every row alike": (("6", "6"), True),
    "on the first row, nothing on the others": (("6", ""), True),
    "on the first row, zero on the others": (("6", "0"), False),
    "another on each row": (("6", "4"), False),
    "zero on all rows": (("0", "0"), False),
}


@pytest.mark.parametrize(("amounts", "is_of_order"), AMOUNTS.values(), ids=AMOUNTS)
def test_an_amount_is_of_the_order_where_it_stands_once_or_alike_on_all_rows(
    orders: Orders, amounts: tuple[str, str], is_of_order: bool
) -> None:
    made = orders(HEADER + "".join(f"1,C1,2026-03-01,P{number},1,9.90,{amount}\n" for number, amount in enumerate(amounts)))
    assert ("of: order" in made.columns["shipping_amount"].keys) == is_of_order
    assert not made.columns["shipping_amount"].doubt


def test_an_amount_that_no_order_of_several_rows_explains_is_marked(orders: Orders) -> None:
    assert orders(f"{HEADER}1,C1,2026-03-01,P,1,9.90,6\n").columns["shipping_amount"].doubt == OF_ORDER
    assert not orders(f"{HEADER}1,C1,2026-03-01,P,1,9.90,0\n").columns["shipping_amount"].doubt


def test_fields_of_first_rows_are_filled_down(orders: Orders) -> None:
    rows = "1,C1,2026-03-01,P,1,9.90,6\n1,,,Q,1,5.00,\n2,C2,2026-03-02,P,1,9.90,6\n"
    made = orders(HEADER + rows)
    assert made.layout == {"fill_down": {"order": "order id", "first_row": "order date", "columns": ["customer id", "order date"]}}


def test_an_order_named_on_its_first_row_alone_is_filled_down_too(orders: Orders) -> None:
    rows = "1,C1,2026-03-01,P,1,9.90,6\n,,,Q,1,5.00,\n2,C2,2026-03-02,P,1,9.90,6\n"
    assert orders(HEADER + rows).layout == {"fill_down": {"order": "order id", "columns": ["customer id", "order date"]}}


def test_a_row_without_an_order_and_with_fields_of_one_is_no_line_of_the_order_above(orders: Orders) -> None:
    rows = "1,C1,2026-03-01,P,1,9.90,6\n,C9,2026-03-01,Q,1,5.00,\n2,C2,2026-03-02,P,1,9.90,6\n"
    assert orders(HEADER + rows).layout == {}


def test_a_row_that_sums_up_an_order_is_left_out(orders: Orders) -> None:
    rows = "1,C1,2026-03-01,,2,14.90,6\n1,C1,2026-03-01,P,1,9.90,\n1,C1,2026-03-01,Q,1,5.00,\n"
    made = orders(HEADER + rows)
    assert made.rules == [{"rule": "summary_row", "when": {"order id": "filled", "sku": "empty"}, "leave_out": True}]


PRICES = {
    "a price of a piece by its name": ("unit price", "", "2,9.90", "", ""),
    "a total of the line alone": ("line total", "", "2,19.80", "per_line", ""),
    "both, and the total is of as many pieces": ("item price", ",item total", "2,9.90,19.80", "", ""),
    "both, and they are the same": ("price", ",line total", "2,19.80,19.80", "per_line", ""),
    "a name that may be either": ("item price", "", "2,9.90", "", PER_LINE),
    "a name that may be either, and the order's total is of the line": ("sold for", ",order total", "2,9.90,9.90", "per_line", ""),
    "a name that may be either, and the order's total is of pieces": ("sold for", ",order total", "2,9.90,19.80", "", ""),
    "a name that may be either, and nothing else": ("sold for", "", "2,9.90", "per_line", OF_LINE),
    "a name that may be either, of single pieces and their summary": (
        "sold for",
        "",
        "2,14.90\n1,C1,2026-03-01,P,1,9.90\n1,C1,2026-03-01,Q,1,5.00",
        "per_line",
        "",
    ),
    "a name that may be either, of single pieces": ("item price", "", "1,9.90", "", ""),
}


@pytest.mark.parametrize(("price", "total", "values", "prices", "doubt"), PRICES.values(), ids=PRICES)
def test_a_price_is_of_a_piece_or_of_the_line(orders: Orders, price: str, total: str, values: str, prices: str, doubt: str) -> None:
    goods = "" if "\n" in values else "P"
    made = orders(f"order id,customer id,order date,sku,qty,{price}{total}\n1,C1,2026-03-01,{goods},{values}\n")
    assert made.layout.get("prices", "") == prices
    assert (made.columns["unit_price"].source, made.columns["unit_price"].doubt) == (price, doubt)


def test_guarded_values_are_read_bare(orders: Orders) -> None:
    made = orders('order id,customer id,order date,sku,qty,price\n="0012",C1,2026-03-01,\'0042,1,9.90\n')
    assert made.layout == {"unguard": ["order id", "sku"]}


TOTALS = {
    "a total that goods, shipping and tax explain": ("25.80", ["total_amount"]),
    "a total from which something was taken off": ("20.80", ["total_amount"]),
    "a total of more than the goods": ("99.00", []),
}


@pytest.mark.parametrize(("total", "columns"), TOTALS.values(), ids=TOTALS)
def test_a_total_is_read_where_it_can_be_what_the_order_cost(orders: Orders, total: str, columns: list[str]) -> None:
    rows = f"1,C1,2026-03-01,P,2,9.90,6,{total}\n1,C1,2026-03-01,Q,1,0.00,6,{total}\n"
    made = orders(f"order id,customer id,order date,sku,qty,price,shipping,order total\n{rows}")
    assert [name for name in made.columns if name == "total_amount"] == columns


UNPAID = {
    "unpaid orders have a total of nothing": ("2,C2,2026-03-02,P,1,9.90,0,0.00\n", []),
    "and a paid one was cheaper": ("2,C2,2026-03-02,P,1,9.90,0,0.00\n3,C3,2026-03-02,P,1,9.90,0,8.90\n", ["total_amount"]),
}


@pytest.mark.parametrize(("rows", "columns"), UNPAID.values(), ids=UNPAID)
def test_a_total_of_nothing_alone_takes_nothing_off(orders: Orders, rows: str, columns: list[str]) -> None:
    made = orders(f"order id,customer id,order date,sku,qty,price,shipping,order total\n1,C1,2026-03-01,P,2,9.90,6,25.80\n{rows}")
    assert [name for name in made.columns if name == "total_amount"] == columns


SAME_GOODS = {
    "rows of the same goods": ("P", OF_ORDER),
    "rows of different goods": ("Q", ""),
}


@pytest.mark.parametrize(("product", "doubt"), SAME_GOODS.values(), ids=SAME_GOODS)
def test_amounts_alike_are_of_the_order_only_where_the_goods_are_not(orders: Orders, product: str, doubt: str) -> None:
    rows = f"1,C1,2026-03-01,P,1,9.90,6\n1,C1,2026-03-01,{product},1,9.90,6\n"
    shipping = orders(f"order id,customer id,order date,sku,qty,price,shipping\n{rows}").columns["shipping_amount"]
    assert ("of: order" in shipping.keys) == (not doubt)
    assert shipping.doubt[: len(OF_ORDER)] == doubt


def test_an_id_of_lines_that_comes_twice_in_an_order_is_not_read(orders: Orders) -> None:
    header = "order id,line id,customer id,order date,sku,qty,price\n"
    assert "order_line_id" in orders(f"{header}1,a,C1,2026-03-01,P,1,9\n1,b,C1,2026-03-01,Q,1,9\n").columns
    assert "order_line_id" not in orders(f"{header}1,a,C1,2026-03-01,P,1,9\n1,a,C1,2026-03-01,Q,1,9\n").columns


RULES = {
    "cancelled at a time": ("Cancelled at", "2026-03-02", {"rule": "cancelled", "when": {"Cancelled at": "filled"}}),
    "refunded after the sale": ("Refund status", "Refunded", {"rule": "refunded", "when": {"Refund status": {"equals": ["Refunded"]}}}),
    "a line that was cancelled": (
        "item-status",
        "Cancelled",
        {"rule": "cancelled_item", "when": {"item-status": {"equals": ["Cancelled"]}}},
    ),
}


@pytest.mark.parametrize(("column", "value", "rule"), RULES.values(), ids=RULES)
def test_a_column_that_says_what_became_of_an_order_becomes_a_rule(
    orders: Orders, column: str, value: str, rule: dict[str, object]
) -> None:
    made = orders(f"order id,customer id,order date,sku,qty,price,{column}\n1,C1,2026-03-01,P,1,9,{value}\n2,C2,2026-03-01,P,1,9,\n")
    assert [{key: each[key] for key in ("rule", "when")} for each in made.rules] == [rule]


PERSONS = {
    "names": ("Ann Doe", "two people may have the same"),
    "ids": ("ann77", ""),
}


@pytest.mark.parametrize(("value", "doubt"), PERSONS.values(), ids=PERSONS)
def test_names_in_the_place_of_ids_are_marked(orders: Orders, value: str, doubt: str) -> None:
    guess = orders(f"order id,customer,order date,sku,qty,price\n1,{value},2026-03-01,P,1,9\n").columns["customer_id"]
    assert doubt in guess.doubt
    assert bool(doubt) == bool(guess.doubt)


def test_masked_names_are_nobodys_id(orders: Orders) -> None:
    made = orders("订单号,买家昵称,下单时间,商品名称,数量,单价\n1,t***3,2026-03-01 10:00:00,茶,1,9.9\n")
    assert "customer_id" not in made.columns
    assert made.values == {"customer_id": ""}


DISCOUNTS = {
    "below zero, of goods sold": (("2,9.90,-1.00", "1,5.00,0"), True, False),
    "and above it, of goods that came back": (("2,9.90,-1.00", "-1,9.90,0.50"), True, False),
    "as they are": (("2,9.90,1.00", "-1,9.90,-0.50"), False, False),
    "some one way and some the other": (("2,9.90,-1.00", "1,9.90,0.50"), True, True),
}


@pytest.mark.parametrize(("rows", "is_reversed", "is_in_doubt"), DISCOUNTS.values(), ids=DISCOUNTS)
def test_the_sign_of_a_discount_is_told_from_its_goods(orders: Orders, rows: tuple[str, ...], is_reversed: bool, is_in_doubt: bool) -> None:
    lines = "".join(f"{number},C1,2026-03-01,P,{row}\n" for number, row in enumerate(rows))
    guess = orders(f"order id,customer id,order date,sku,qty,price,discount\n{lines}").columns["discount_amount"]
    assert ("sign: reversed" in guess.keys, bool(guess.doubt)) == (is_reversed, is_in_doubt)


PAID = {
    "that pieces, price and discount explain": ("2,100.00,20.00,180.00", "", "price"),
    "that they don't explain": ("2,100.00,0.00,180.00", "per_line", "net sales"),
}


@pytest.mark.parametrize(("values", "prices", "source"), PAID.values(), ids=PAID)
def test_what_was_paid_for_a_line_counts(orders: Orders, values: str, prices: str, source: str) -> None:
    made = orders(f"order id,customer id,order date,sku,qty,price,discount,net sales\n1,C1,2026-03-01,P,{values}\n")
    assert (made.layout.get("prices", ""), made.columns["unit_price"].source) == (prices, source)
    assert ("discount_amount" in made.columns) == (not prices)


def test_totals_and_discounts_that_explain_what_was_paid_are_read(orders: Orders) -> None:
    header = "order id,customer id,order date,sku,qty,gross sales,discounts,net sales"
    made = orders(f"{header}\n1,C1,2026-03-01,P,2,$36.00,-$3.00,$33.00\n2,C2,2026-03-01,P,1,$18.00,$0.00,$18.00\n")
    assert (made.layout, made.columns["unit_price"].source) == ({"prices": "per_line"}, "gross sales")
    assert "sign: reversed" in made.columns["discount_amount"].keys


def test_what_a_platform_bears_of_a_discount_is_paid_to_the_merchant(orders: Orders) -> None:
    header = "主订单编号,订单提交时间,选购商品,商品数量,订单应付金额,平台实际承担优惠金额"
    made = orders(f"{header}\n1,2026-03-01 10:00:00,茶,2,18.00,2.00\n")
    assert made.columns["unit_price"].keys == ("plus: [平台实际承担优惠金额]",)


def test_a_date_and_a_time_in_two_columns_are_one_moment(orders: Orders) -> None:
    made = orders("order id,customer id,date,time,sku,qty,price\n1,C1,09/13/2026,11:05 PM,P,1,9\n")
    assert made.layout == {"made": {"moment": {"join": ["date", "time"]}}}
    assert (made.columns["ordered_at"].source, made.columns["ordered_at"].keys) == ("moment", ("format: '%m/%d/%Y-%I:%M %p'",))


def test_lines_that_are_packed_into_columns_are_unpacked(orders: Orders) -> None:
    line = "name:Tea|product_id:7|quantity:2|subtotal:20.00|total:18.00"
    made = orders(f"order_id,customer_id,order_date,shipping_total,line_item_1,line_item_2\n1,C1,2026-03-01,5.00,{line},{line}\n")
    assert made.layout == {
        "packed": {"columns": ["line_item_*"], "fields": ["product_id", "quantity", "name", "total"], "on_first_item": ["shipping_total"]},
        "prices": "per_line",
    }
    assert made.columns["unit_price"].source == "item.total"


def test_lines_that_are_packed_into_one_column_are_told_apart(orders: Orders) -> None:
    lines = "name:Tea|qty:2|price:9.90;name:Pot|qty:1|price:20.00"
    packed = orders(f"order_id,customer_id,order_date,items\n1,C1,2026-03-01,{lines}\n").layout["packed"]
    assert (packed["columns"], packed["between_items"]) == (["items"], ";")


NOBODYS = {"a zero": "0", "a word": "Guest", "a masked name": "t***3"}


@pytest.mark.parametrize("value", NOBODYS.values(), ids=NOBODYS)
def test_an_id_that_strangers_share_is_nobodys(orders: Orders, value: str) -> None:
    made = orders(
        f"order id,customer id,email,order date,sku,qty,price\n1,{value},a@x.com,2026-03-01,P,1,9\n2,7,b@x.com,2026-03-01,P,1,9\n"
    )
    known = made.layout["made"]["customer"]
    assert known["first_of"] == ["customer id"]
    assert (bool(re.search(known["unless"], value)), bool(re.search(known["unless"], "7"))) == (True, False)
    assert made.columns["customer_id"].source == "customer"


REFUNDED = {"退款成功": True, "同意退款，退款成功": True, "部分退款成功": False, "退款中": False}


@pytest.mark.parametrize(("word", "is_refunded"), REFUNDED.items())
def test_what_was_given_back_in_full_after_the_sale_is_a_rule(orders: Orders, word: str, is_refunded: bool) -> None:
    made = orders(f"主订单编号,订单提交时间,选购商品,商品数量,单价,售后状态\n1,2026-03-01 10:00:00,茶,2,18.00,{word}\n")
    assert [rule["rule"] for rule in made.rules] == ["refunded"] * is_refunded


def test_orders_without_a_status_and_a_payment_are_pending(orders: Orders) -> None:
    header = "order id,customer id,order date,sku,qty,price,date paid"
    rows = "1,C1,2026-03-01,P,1,9,2026-03-01\n2,C2,2026-03-01,P,1,9,\n"
    rule = {"rule": "unpaid", "when": {"order id": "filled", "date paid": "empty"}, "set": {"status": "pending"}}
    assert orders(f"{header}\n{rows}").rules == [rule]
    assert orders(f"{header},status\n{rows.replace(chr(10), ',paid' + chr(10))}").rules == []


def test_small_fees_do_not_hide_whether_a_price_is_of_a_piece(orders: Orders) -> None:
    made = orders("order id,customer id,order date,sku,qty,sold for,total price\n1,C1,2026-03-01,P,3,12.50,38.00\n")
    assert (made.layout, made.columns["unit_price"].doubt) == ({}, "")
