"""Amounts of the whole order count once, however a dump spreads them; of an order that stands twice in a file the later block counts."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.orchestration.dumps.conftest import Home

COLUMNS: dict[str, Any] = {
    "order_id": "no",
    "customer_id": "who",
    "ordered_at": "day",
    "product_id": "sku",
    "quantity": "n",
    "unit_price": "price",
    "status": "status",
    "shipping_amount": {"source": "shipping", "of": "order"},
    "discount_amount": {"source": "discount", "of": "order"},
    "refund_amount": {"source": "refund", "of": "order"},
    "refunded_at": "refunded",
}
HEADER = "no,who,day,sku,n,price,shipping,discount,refund\n"


@pytest.fixture
def read_as(lenient_home: Home) -> Callable[..., Home]:
    """A home whose orders are read with the given columns, rules and layout, beside or instead of the usual ones."""

    def make(columns: dict[str, Any] | None = None, **feed: Any) -> Home:
        folder = lenient_home.folder / "profiles"
        folder.mkdir(exist_ok=True)
        mapped = {name: source for name, source in {**COLUMNS, **(columns or {})}.items() if source}
        content = {"version": 1, "title": "t", "feeds": {"orders": {"files": "orders*.csv", "columns": mapped, **feed}}}
        (folder / "canonical.yaml").write_text(yaml.safe_dump(content))
        return lenient_home

    return make


AMOUNTS = "sum(shipping_amount), sum(discount_amount), sum(refund_amount), sum(order_refund_amount)"
SPREAD = {
    "on every row": ("6.00,1.50,3", "6.00,1.50,3", "6.00,1.50,3"),
    "on the first row": ("6.00,1.50,3", ",,", ",,"),
    "on the first row, zeros on the others": ("6.00,1.50,3", "0,0.00,0", "0,0,0.00"),
    "on the last row": (",,", ",,", "6.00,1.50,3"),
    "each on another row": ("6.00,,", ",1.50,", ",,3"),
    "written in two ways": ("6.00,1.5,3.0", "6,1.50,3", "6.0,1.5000,3"),
}


@pytest.mark.parametrize("amounts", SPREAD.values(), ids=SPREAD)
def test_an_amount_of_the_order_counts_once(read_as: Callable[..., Home], amounts: tuple[str, str, str]) -> None:
    home = read_as()
    rows = [f"1,ann,2026-03-01,{sku},1,10,{amount}" for sku, amount in zip("abc", amounts, strict=True)]
    home.deliver("orders.csv", HEADER + "\n".join([*rows, "2,bo,2026-03-01,a,1,10,7,,"]) + "\n")
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean) == (4, 4)
    assert home.clean("line, shipping_amount, discount_amount, refund_amount, order_refund_amount") == [
        (2, 6, Decimal("1.50"), 0, 3),
        (3, 0, 0, 0, 0),
        (4, 0, 0, 0, 0),
        (5, 7, 0, 0, 0),
    ]


def test_rows_of_one_order_that_disagree_are_reported_and_not_summed(read_as: Callable[..., Home]) -> None:
    home = read_as()
    home.deliver(
        "orders.csv",
        HEADER + "1,ann,2026-03-01,a,1,10,6,,\n1,ann,2026-03-01,b,1,10,8,,\n2,bo,2026-03-01,a,1,10,6,,\n2,bo,2026-03-01,b,1,10,6,,\n",
    )
    landing = home.land()
    assert (landing.rows_clean, landing.rows_quarantined) == (2, 2)
    assert home.clean("order_id, shipping_amount") == [("2", 0), ("2", 6)]
    assert home.quarantine("line, reason, column_name, value, order_id") == [
        (2, "order_rows_disagree", "shipping_amount", "6", "1"),
        (3, "order_rows_disagree", "shipping_amount", "8", "1"),
    ]


def test_the_amount_of_a_refused_row_stays_with_its_order(read_as: Callable[..., Home]) -> None:
    home = read_as()
    home.deliver("orders.csv", HEADER + "1,ann,2026-03-01,a,1,ten,6,,\n1,ann,2026-03-01,b,1,10,,,\n")
    home.land()
    assert home.clean("line, shipping_amount") == [(3, 6)]
    assert home.quarantine("line, reason, order_id") == [(2, "not_a_number", "1")]


def test_the_day_of_a_refund_comes_with_it(read_as: Callable[..., Home]) -> None:
    home = read_as()
    home.deliver(
        "orders.csv",
        HEADER.replace("refund\n", "refund,refunded\n") + "1,ann,2026-03-01,a,1,10,,,,\n1,ann,2026-03-01,b,1,10,,,3,2026-03-09\n",
    )
    home.land()
    assert home.clean("line, order_refund_amount, refunded_at::date::varchar") == [(2, 3, "2026-03-09"), (3, 0, "2026-03-09")]


TOTAL = {"total_amount": {"source": "total", "of": "order"}, "discount_amount": None, "refund_amount": None, "refunded_at": None}
TOTALS = {
    "on every row": (["1,10,6,25", "2,5,6,25"], [1, 0]),
    "on the first row": (["1,10,6,26", "2,5,,"], [0, 0]),
    "without shipping": (["1,10,,19.99", "2,5,,"], [Decimal("0.01"), 0]),
    "more than its parts": (["1,10,6,27", "2,5,,"], [-1, 0]),
    "none": (["1,10,6,", "2,5,,"], [0, 0]),
}


@pytest.mark.parametrize(("rows", "discounts"), TOTALS.values(), ids=TOTALS)
def test_what_is_taken_off_an_order_follows_from_what_it_costs_in_all(
    read_as: Callable[..., Home], rows: list[str], discounts: list[Any]
) -> None:
    home = read_as(TOTAL)
    home.deliver("orders.csv", "no,who,day,n,price,shipping,total\n" + "".join(f"1,ann,2026-03-01,{row}\n" for row in rows))
    home.land()
    assert home.clean("line, discount_amount") == list(zip((2, 3), discounts, strict=True))


def test_a_total_per_row_gives_the_discount_of_the_row(read_as: Callable[..., Home]) -> None:
    home = read_as({"total_amount": "total", "discount_amount": None, "shipping_amount": "shipping"})
    home.deliver("orders.csv", "no,who,day,n,price,shipping,total\n1,ann,2026-03-01,2,10,3,20\n1,ann,2026-03-01,1,5,0,5\n")
    home.land()
    assert home.clean("line, discount_amount") == [(2, 3), (3, 0)]


def test_an_order_with_a_total_is_taken_whole_or_not_at_all(read_as: Callable[..., Home]) -> None:
    home = read_as(TOTAL)
    home.deliver(
        "orders.csv", "no,who,day,n,price,shipping,total\n1,ann,2026-03-01,1,10,6,25\n1,ann,2026-03-01,x,5,6,25\n2,bo,2026-03-01,1,5,0,5\n"
    )
    home.land()
    assert home.clean("order_id") == [("2",)]
    assert home.quarantine("line, reason") == [(2, "order_incomplete"), (3, "not_a_number")]


def test_an_order_that_was_cancelled_without_prices_has_no_discount_of_its_total(read_as: Callable[..., Home]) -> None:
    home = read_as(TOTAL)
    home.deliver(
        "orders.csv", "no,who,day,n,price,shipping,total,status\n1,ann,2026-03-01,,,6,25,cancelled\n1,ann,2026-03-01,,,6,25,cancelled\n"
    )
    home.land()
    assert home.clean("line, quantity, unit_price, discount_amount") == [(2, 0, 0, 0), (3, 0, 0, 0)]


CENTS = st.integers(0, 9999).map(lambda cents: Decimal(cents) / 100)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    orders=st.lists(st.tuples(CENTS, st.lists(st.booleans(), min_size=1, max_size=4), st.integers(0, 3)), min_size=1, max_size=6),
    order=st.randoms(use_true_random=False),
)
def test_the_amounts_of_any_orders_are_those_delivered(
    read_as: Callable[..., Home], orders: list[tuple[Decimal, list[bool], int]], order: Any
) -> None:
    """Any number of rows per order, in any order, any of them with the order's amount, at least one."""
    home = read_as()
    rows = [
        f"{number},ann,2026-03-01,a,1,10,{amount if is_told or place == always % len(told) else ''},,"
        for number, (amount, told, always) in enumerate(orders)
        for place, is_told in enumerate(told)
    ]
    order.shuffle(rows)
    home.deliver("orders.csv", HEADER + "\n".join(rows) + "\n")
    home.land()
    found = home.clean("order_id, shipping_amount")
    assert {number: sum(amount for no, amount in found if no == str(number)) for number in range(len(orders))} == {
        number: amount for number, (amount, _, _) in enumerate(orders)
    }


BLOCKS = "1,ann,2026-03-01,a,1,10,6,,\n1,ann,2026-03-01,b,1,5,6,,\n2,bo,2026-03-01,a,1,10,,,\n"


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["as it was", "with a byte-order mark"])
def test_of_two_exports_put_together_the_later_counts_for_an_order_that_is_in_both(read_as: Callable[..., Home], mark: str) -> None:
    home = read_as({name: name.split("_")[0] for name in ("shipping_amount", "discount_amount", "refund_amount")})
    again = "2,bo,2026-03-01,a,1,9,,,\n1,ann,2026-03-01,a,1,10,6,,2\n3,cy,2026-03-02,a,1,10,,,\n"
    home.deliver("orders.csv", HEADER + BLOCKS + mark + HEADER + again)
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_quarantined, landing.rows_left_out) == (7, 3, 1, 3)
    assert home.clean("line, order_id, unit_price, refund_amount") == [(6, "2", 9, 0), (7, "1", 10, 2), (8, "3", 10, 0)]
    assert home.quarantine("line, reason") == [(5, "repeated_header")]
    (file,) = landing.live
    assert file.left_out == {"repeated_order": 3}
    assert landing.warnings() == ["shop: 3 row(s) left out, for their orders come again further down in the same file."]


def test_three_exports_put_together_count_once_too(read_as: Callable[..., Home]) -> None:
    home = read_as()
    home.deliver("orders.csv", HEADER.join(["", BLOCKS, BLOCKS.replace("6", "7"), BLOCKS.replace("6", "8")]))
    landing = home.land()
    assert (landing.rows_clean, landing.rows_quarantined, landing.rows_left_out) == (3, 2, 6)
    assert home.clean("sum(shipping_amount), min(line)") == [(8, 10)]


def test_a_header_that_comes_again_between_different_orders_changes_nothing(read_as: Callable[..., Home]) -> None:
    home = read_as({name: name.split("_")[0] for name in ("shipping_amount", "discount_amount", "refund_amount")})
    home.deliver("orders.csv", HEADER + BLOCKS + HEADER + "3,cy,2026-03-02,a,1,10,,,\n")
    landing = home.land()
    assert (landing.rows_clean, landing.rows_quarantined, landing.rows_left_out) == (4, 1, 0)


def test_the_last_block_of_an_order_counts_even_if_it_can_not_be_read(read_as: Callable[..., Home]) -> None:
    home = read_as()
    home.deliver("orders.csv", HEADER + BLOCKS + HEADER + "1,ann,2026-03-01,a,1,ten,6,,\n3,cy,2026-03-02,a,1,10,,,\n")
    landing = home.land()
    assert home.clean("order_id") == [("2",), ("3",)]
    assert (landing.rows_clean, landing.rows_quarantined, landing.rows_left_out) == (2, 2, 2)


FIRST_ROWS = {"fill_down": {"order": "no", "first_row": "who", "columns": ["who", "day"]}}


def test_a_first_row_that_comes_again_behind_other_orders_begins_the_order_anew(read_as: Callable[..., Home]) -> None:
    home = read_as(layout=FIRST_ROWS)
    first = "1,ann,2026-03-01,a,1,10,6,,\n1,,,b,1,5,,,\n2,bo,2026-03-01,a,1,10,,,\n"
    home.deliver("orders.csv", HEADER + first + "1,ann,2026-03-01,a,1,10,6,,2\n1,,,c,1,5,,,\n")
    landing = home.land()
    assert (landing.rows_clean, landing.rows_left_out) == (3, 2)
    assert home.clean("line, order_id, product_id, order_refund_amount") == [(4, "2", "a", 0), (5, "1", "a", 2), (6, "1", "c", 0)]


MERGED = {"fill_down": {"order": "no", "columns": ["who", "day"]}}


def test_an_order_that_is_named_on_its_first_row_only_has_the_rows_below_it(read_as: Callable[..., Home]) -> None:
    home = read_as(layout=MERGED)
    home.deliver(
        "orders.csv",
        f"{HEADER},,,x,1,1,,,\n1,ann,2026-03-01,a,1,10,6,,\n,,,b,2,5,,,\n2,bo,2026-03-02,a,1,10,0,,\n"
        "3,ann,2026-03-03,a,1,10,,,\n3,,,b,1,5,,,\n , ,,c,1,5,,,\n",
    )
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_quarantined) == (7, 6, 1)
    assert home.clean("line, order_id, customer_id, ordered_at::date::varchar, product_id, shipping_amount") == [
        (3, "1", "ann", "2026-03-01", "a", 6),
        (4, "1", "ann", "2026-03-01", "b", 0),
        (5, "2", "bo", "2026-03-02", "a", 0),
        (6, "3", "ann", "2026-03-03", "a", 0),
        (7, "3", "ann", "2026-03-03", "b", 0),
        (8, "3", "ann", "2026-03-03", "c", 0),
    ]
    assert home.quarantine("line, reason") == [(2, "no_first_row")]


def test_merged_cells_of_an_order_that_comes_again_replace_the_earlier(read_as: Callable[..., Home]) -> None:
    home = read_as(layout=MERGED)
    home.deliver(
        "orders.csv", HEADER + "1,ann,2026-03-01,a,1,10,6,,\n,,,b,2,5,,,\n2,bo,2026-03-02,a,1,10,0,,\n1,ann,2026-03-01,a,1,10,6,,\n"
    )
    landing = home.land()
    assert (landing.rows_clean, landing.rows_left_out) == (2, 2)
    assert home.clean("line") == [(4,), (5,)]
