"""Dumps whose rows are not order lines yet become so, and each delivered row is still clean or quarantined, once."""

import csv
import io
import shutil
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration import settings as home_settings
from orchestration.dumps.layouts import ROW_AMOUNTS, Layout, arranged, settled
from orchestration.lake import file_measures, write_live_files
from tests.orchestration.dumps.conftest import Home

COLUMNS = {"order_id": "no", "customer_id": "who", "ordered_at": "day", "product_id": "sku", "quantity": "pieces", "unit_price": "price"}


@pytest.fixture
def arrange(lenient_home: Home):
    """A home whose orders are read under the given layout."""

    def make(layout: dict, columns: dict | None = None) -> Home:
        folder = lenient_home.folder / "profiles"
        folder.mkdir(exist_ok=True)
        feed = {"files": "orders*.csv", "columns": {**COLUMNS, **(columns or {})}, "layout": layout}
        (folder / "canonical.yaml").write_text(yaml.safe_dump({"version": 1, "title": "t", "feeds": {"orders": feed}}))
        return lenient_home

    return make


FIRST_ROW_ONLY = {"fill_down": {"order": "no", "first_row": "paid", "columns": ["who", "day"]}}


def test_order_fields_of_the_first_row_count_for_the_orders_further_rows_and_amounts_do_not(arrange) -> None:
    home = arrange(FIRST_ROW_ONLY, {"shipping_amount": "shipping"})
    home.deliver(
        "orders.csv",
        "no,paid,who,day,shipping,sku,pieces,price\n"
        "1,yes,ann,2026-03-01,5.00,a,1,10\n1,,,,,b,2,20\n2,yes,,2026-03-02,6.00,a,1,10\n1,,,,,c,3,30\n2,,,,,b,1,20\n",
    )
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean) == (5, 5)
    assert home.clean("line, order_id, customer_id, ordered_at::date::varchar, shipping_amount, product_id, quantity") == [
        (2, "1", "ann", "2026-03-01", Decimal("5.00"), "a", 1),
        (3, "1", "ann", "2026-03-01", 0, "b", 2),
        (4, "2", None, "2026-03-02", Decimal("6.00"), "a", 1),
        (5, "1", "ann", "2026-03-01", 0, "c", 3),
        (6, "2", None, "2026-03-02", 0, "b", 1),
    ]


def test_an_order_that_comes_twice_in_a_file_is_filled_from_its_own_first_row_each_time(arrange) -> None:
    home = arrange(FIRST_ROW_ONLY)
    home.deliver(
        "orders.csv", "no,paid,who,day,sku,pieces,price\n1,yes,ann,2026-03-01,a,1,1\n1,,,,b,1,1\n1,no,,2026-03-02,a,1,1\n1,,,,b,1,1\n"
    )
    home.land()
    assert home.clean("line, customer_id, ordered_at::date::varchar") == [
        (2, "ann", "2026-03-01"),
        (3, "ann", "2026-03-01"),
        (4, None, "2026-03-02"),
        (5, None, "2026-03-02"),
    ]


def test_rows_whose_first_row_is_unreadable_do_not_count_without_it(arrange) -> None:
    """Without its first row an order would have no status, and be taken for completed."""
    home = arrange(FIRST_ROW_ONLY)
    home.deliver(
        "orders.csv", 'no,paid,who,day,sku,pieces,price\n1,yes,ann,2026-03-01,"a" x,1,1\n1,,,2026-03-01,b,1,1\n2,yes,bo,2026-03-01,a,1,1\n'
    )
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_quarantined) == (3, 1, 2)
    assert home.quarantine("line, reason, column_name, contains(original, 'ann')")[1] == (3, "no_first_row", "order_id", False)


def test_an_order_that_begins_at_an_irregular_place_is_filled_down_behind_it(arrange) -> None:
    home = arrange(FIRST_ROW_ONLY)
    rows = [f"{number},yes,ann{number},2026-03-01,a,1,1\n{number},,,,b,1,1" for number in range(1000)]
    rows.insert(500, "x,yes\ny,yes,bo,2026-03-02,a,1,1" + "\ny,,,,b,1,1" * 500)
    home.deliver("orders.csv", "\n".join(["no,paid,who,day,sku,pieces,price", *rows]) + "\n")
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_quarantined) == (2502, 2501, 1)
    assert home.clean("count(*), count(*) filter (where customer_id = 'bo'), count(*) filter (where order_id = 'y')") == [(2501, 501, 501)]
    assert home.quarantine("line, reason") == [(1002, "too_few_columns")]


PACKED = {
    "packed": {
        "columns": ["line_*"],
        "fields": ["name", "sku", "n", "price"],
        "on_first_item": ["shipping"],
        "unpack": {"refund": ["amount"]},
    }
}
PACKED_COLUMNS = {
    "product_id": "item.sku",
    "product_name": "item.name",
    "quantity": "item.n",
    "unit_price": "item.price",
    "shipping_amount": "shipping",
    "refund_amount": "refund.amount",
}
PACKED_HEADER = "no,who,day,shipping,refund,line_1,line_2\n"


def test_packed_lines_become_a_row_each_and_amounts_of_the_order_count_once(arrange) -> None:
    home = arrange(PACKED, PACKED_COLUMNS)
    home.deliver(
        "orders.csv",
        PACKED_HEADER + "1,ann,2026-03-01,5.00,,name:Tea | green: fine|sku:T|n:2|price:9.90|colour:red,name:Pot|price:30|n:1|sku:P\n"
        "2,bo,2026-03-02,6.00,reason:broken|amount:3.50,,name:Cup|sku:C|n:4|price:1\n",
    )
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_quarantined) == (2, 2, 0)
    columns = "line, order_id, order_line_id, product_name, product_id, quantity, unit_price, shipping_amount, refund_amount"
    assert home.clean(columns) == [
        (2, "1", "1", "Tea | green: fine", "T", 2, Decimal("9.90"), 5, 0),
        (2, "1", "2", "Pot", "P", 1, 30, 0, 0),
        (3, "2", "1", "Cup", "C", 4, 1, 6, Decimal("3.50")),
    ]


PACKED_FAULTS = {
    "no lines at all": ("1,ann,2026-03-01,,,,", "missing_value", "quantity"),
    "one line of two with a bad price": (
        "1,ann,2026-03-01,,,name:a|sku:a|n:1|price:1,name:b|sku:b|n:1|price:x",
        "not_a_number",
        "unit_price",
    ),
    "a line in another notation": ("1,ann,2026-03-01,,,Tea x2 @ 5.00,", "unreadable_item", "product_name"),
    "the character that fields are parted by within": (
        "1,ann,2026-03-01,,,name:a|sku:b\x1fc|n:1|price:1,",
        "unreadable_item",
        "product_name",
    ),
    "a bad day, with two lines": ("1,ann,someday,,,name:a|sku:a|n:1|price:1,name:b|sku:b|n:1|price:1", "not_a_timestamp", "ordered_at"),
}


@pytest.mark.parametrize(("row", "reason", "column"), PACKED_FAULTS.values(), ids=PACKED_FAULTS)
def test_a_packed_order_is_taken_whole_or_not_at_all(arrange, row: str, reason: str, column: str) -> None:
    home = arrange(PACKED, PACKED_COLUMNS)
    home.deliver("orders.csv", f"{PACKED_HEADER}2,bo,2026-03-02,,,,name:Cup|sku:C|n:4|price:1\n{row}\n")
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_quarantined) == (2, 1, 1)
    assert home.clean("order_id") == [("2",)]
    assert home.quarantine("line, reason, column_name") == [(3, reason, column)]


def test_the_value_at_fault_is_that_of_the_line_at_fault(arrange) -> None:
    home = arrange(PACKED, PACKED_COLUMNS)
    home.deliver("orders.csv", PACKED_HEADER + PACKED_FAULTS["one line of two with a bad price"][0] + "\n")
    home.land()
    assert home.quarantine("column_name, value") == [("unit_price", "x")]


@pytest.mark.parametrize("written", [1, 2], ids=["once", "twice"])
def test_rows_that_became_several_lines_are_found_again_unless_they_stand_there_twice(arrange, written: int) -> None:
    """What the ledger says and what stands in the lake are compared before every publication."""
    home = arrange({**PACKED, "prices": "per_line"}, PACKED_COLUMNS)
    home.deliver("orders.csv", PACKED_HEADER + "1,ann,2026-03-01,5,,name:a|sku:a|n:3|price:10,name:b|sku:b|n:1|price:1\n2,bo,someday,,,,\n")
    home.land()
    (batch,) = [path for path in (home.folder / "lake" / "clean" / "orders").glob("*.parquet") if path.stem != "empty"]
    for copy in range(1, written):
        shutil.copy(batch, batch.with_stem(f"copy{copy}"))
    loaded = home_settings.load(home.folder, {})
    write_live_files(loaded)
    (measured,) = file_measures(loaded).rows(named=True)
    assert home.clean("count(*)") == [(3 * written,)]
    assert (measured["rows_clean"], measured["rows_quarantined"], measured["rows_delivered"]) == (1, 1, 2)
    assert (measured["rows_found"] == 1, measured["rows_accounted"] == 2) == (written == 1, written == 1)


def test_several_lines_in_one_column_are_told_apart(arrange) -> None:
    packed = {"columns": "lines", "between_items": ";", "fields": ["sku", "n", "price"]}
    home = arrange({"packed": packed}, {"product_id": "item.sku", "quantity": "item.n", "unit_price": "item.price"})
    home.deliver("orders.csv", "no,who,day,lines\n1,ann,2026-03-01,sku:a|n:1|price:2;sku:b|n:3|price:4\n")
    home.land()
    assert home.clean("line, order_line_id, product_id, quantity, unit_price") == [(2, "1", "a", 1, 2), (2, "2", "b", 3, 4)]


MADE = {
    "joined": ({"join": ["a", "b"]}, "x", "y", "x-y"),
    "joined, one of them empty": ({"join": ["a", "b"]}, "x", "", None),
    "the first that holds something": ({"first_of": ["a", "b"]}, " ", "y", "y"),
    "a masked name is nobody's": ({"first_of": ["a", "b"], "unless": r"\*"}, "王**", "y", "y"),
    "hashed in lower case": ({"first_of": ["a"], "hashed": True}, "Ann@Example.com", "", "71d4f55f72fa128d"),
    "a column that the dump doesn't bring": ({"first_of": ["c", "b"]}, "x", "y", "y"),
}


@pytest.mark.parametrize(("origin", "a", "b", "expected"), MADE.values(), ids=MADE)
def test_a_column_is_made_of_others(arrange, origin: dict, a: str, b: str, expected: str | None) -> None:
    home = arrange({"made": {"made": origin}}, {"customer_id": "made"})
    home.deliver("orders.csv", f"no,day,sku,pieces,price,a,b\n1,2026-03-01,s,1,1,{a},{b}\n")
    home.land()
    assert home.clean("customer_id") == [(expected,)]


GUARDED = {
    "equals sign and quotes": '="00123"',
    "the same, quoted": '"=""00123"""',
    "an apostrophe": "'00123",
    "a tab": "00123\t",
    "tabs and quotes": '"\t=""00123""\t"',
    "nothing": "00123",
}


@pytest.mark.parametrize("value", GUARDED.values(), ids=GUARDED)
def test_an_id_guarded_from_spreadsheets_is_the_bare_id(arrange, value: str) -> None:
    home = arrange({"unguard": ["no", "absent"]})
    home.deliver("orders.csv", f"no,who,day,sku,pieces,price\n{value},ann,2026-03-01,s,1,1\n")
    home.land()
    assert home.clean("order_id") == [("00123",)]


def test_columns_apart_by_blanks_are_read_by_the_header_and_rows_of_another_width_refused(arrange) -> None:
    home = arrange({"split_at_blanks": True})
    home.deliver(
        "orders.csv",
        " no  who day sku  pieces price\r\n 01 ann 2026-03-01 s  1   9.90\r\n 02 ann 2026-03-01 s  1\r\n 03 a b 2026-03-01 s 1 1\r\n",
    )
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_quarantined) == (3, 1, 2)
    assert home.clean("line, order_id, unit_price") == [(2, "01", Decimal("9.90"))]
    assert home.quarantine("line, reason, column_name") == [(3, "too_few_columns", None), (4, "too_many_columns", None)]


TOTALS = {
    "shared evenly": ("2", "9.90", [("2", "4.95")]),
    "one piece": ("1", "9.99", [("1", "9.99")]),
    "not to be shared evenly": ("3", "10.00", [("1", "3.3334"), ("2", "3.3333")]),
    "given back": ("-3", "-10.00", [("-2", "3.3333"), ("-1", "3.3334")]),
    "a correction below zero": ("3", "-10.00", [("1", "-3.3334"), ("2", "-3.3333")]),
    "by weight": ("1.5", "10.00", [("0.5", "6.6666"), ("1", "6.6667")]),
    "for nothing": ("2", "0.00", [("2", "0")]),
    "nothing, for nothing": ("0", "0.00", [("0", "0")]),
}


@pytest.mark.parametrize(("pieces", "total", "expected"), TOTALS.values(), ids=TOTALS)
def test_what_a_line_costs_in_all_is_shared_among_its_pieces_to_the_last_digit(
    arrange, pieces: str, total: str, expected: list[tuple[str, str]]
) -> None:
    home = arrange({"prices": "per_line"})
    home.deliver("orders.csv", f"no,who,day,sku,pieces,price\n1,ann,2026-03-01,s,{pieces},{total}\n")
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean) == (1, 1)
    assert home.clean("quantity, unit_price") == [(Decimal(quantity), Decimal(price)) for quantity, price in expected]
    assert home.clean("count(*) = count(distinct coalesce(order_line_id, '#' || line))") == [(True,)]


def test_amounts_of_a_row_count_once_when_its_pieces_are_priced_apart(arrange) -> None:
    home = arrange({"prices": "per_line"}, {name: name for name in ("discount_amount", "shipping_amount", "tax_amount", "refund_amount")})
    home.deliver(
        "orders.csv",
        "no,who,day,sku,pieces,price,discount_amount,shipping_amount,tax_amount,refund_amount\n1,ann,2026-03-01,s,3,10,1,2,3,4\n",
    )
    home.land()
    assert home.clean(
        "count(*), sum(quantity * unit_price), sum(discount_amount), sum(shipping_amount), sum(tax_amount), sum(refund_amount)"
    ) == [(2, 10, 1, 2, 3, 4)]


@pytest.mark.parametrize(("pieces", "total"), [("0", "5"), ("0.001", "99999999999")], ids=["without pieces", "beyond any price"])
def test_a_total_that_no_price_per_piece_can_hold_is_refused(arrange, pieces: str, total: str) -> None:
    home = arrange({"prices": "per_line"})
    home.deliver("orders.csv", f"no,who,day,sku,pieces,price\n1,ann,2026-03-01,s,{pieces},{total}\n")
    home.land()
    assert home.quarantine("reason, column_name, value") == [("no_price_per_piece", "unit_price", total)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(
        st.tuples(st.decimals(-10_000, 10_000, places=3).filter(lambda pieces: pieces != 0), st.decimals(-1_000_000, 1_000_000, places=4)),
        min_size=1,
        max_size=20,
    )
)
def test_pieces_and_money_of_any_line_are_those_delivered(lines: list[tuple[Decimal, Decimal]]) -> None:
    import duckdb

    rows = ", ".join(
        f"('f', {n}, cast('{q}' as decimal(18, 3)), cast('{t}' as decimal(18, 4)), null::varchar, null::int, null, 0, 0, 0, 0, 0, 0)"
        for n, (q, t) in enumerate(lines)
    )
    amounts = ", ".join(f"v_{name}" for name in ROW_AMOUNTS)
    judged = (
        f"select * from (values {rows}) as rows(file_id, line, v_quantity, v_unit_price, v_order_line_id, problem, left_out, {amounts})"
    )
    with duckdb.connect() as connection:
        found = connection.execute(
            f"""select line, sum(v_quantity), sum(v_quantity * v_unit_price), count(distinct coalesce(v_order_line_id, '')) = count(*)
            from ({settled(Layout(prices="per_line"), judged)}) group by line order by line"""
        ).fetchall()
    assert found == [(n, q, t, True) for n, (q, t) in enumerate(lines)]


MISSING = {
    "the order's name": (FIRST_ROW_ONLY, "paid,who,day,sku,pieces,price", r"layout.fill_down.order \(looked for 'no'\)"),
    "what tells a first row": (FIRST_ROW_ONLY, "no,who,day,sku,pieces,price", r"layout.fill_down.first_row \(looked for 'paid'\)"),
    "packed lines": (PACKED, "no,who,day,sku,pieces,price", r"layout.packed.columns \(looked for 'line_\*'\)"),
    "a part of what is made": ({"made": {"no": {"join": ["a", "b"]}}}, "a,who,day,sku,pieces,price", "order_id"),
}


@pytest.mark.parametrize(("layout", "header", "message"), MISSING.values(), ids=MISSING)
def test_a_dump_without_the_columns_that_its_layout_goes_by_is_held(arrange, layout: dict, header: str, message: str) -> None:
    home = arrange(layout)
    home.deliver("orders.csv", header + "\n" + ",".join("x" for _ in header.split(",")) + "\n")
    (held,) = home.land().held
    assert held.reason
    assert held.reason.startswith("missing_column")
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(held.reason)


def test_a_row_is_a_line_where_no_layout_is_named(tmp_path: Path) -> None:
    assert arranged(Layout(), ("a", "b")).select == "select * from text"
    assert settled(Layout(), "select 1") == "select 1"


CELLS = st.sampled_from(
    ["", " ", "1", "0", "-2", "10.00", "x", "2026-03-01", "ä", '="7"', "'7", "\t7", "a*", "k:v", "n:1|price:2|sku:s", "sku:", "n:x|price:1"]
)
PACKS = st.sampled_from(["n:3|price:10;n:1", "n:0|price:1", "n:0.001|price:99999999999999", "|", ":", ";"])
TEXTS = CELLS | PACKS | st.sampled_from(['"', "a\nb", "n:1|price:1|name:a\nb"])
EVERYTHING = {
    "unguard": ["no", "who"],
    "fill_down": {"order": "no", "first_row": "paid", "columns": ["who", "day"]},
    "packed": {"columns": ["line_*"], "between_items": ";", "fields": ["name", "sku", "n", "price"], "on_first_item": ["shipping"]},
    "made": {"buyer": {"first_of": ["who", "no"], "unless": r"\*", "hashed": True}},
    "prices": "per_line",
}


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(CELLS | PACKS, min_size=6, max_size=8) | st.lists(TEXTS, min_size=7, max_size=7), min_size=1, max_size=12))
def test_whatever_a_dump_holds_each_row_is_clean_quarantined_or_left_out_once(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("home")
    (folder / "profiles").mkdir()
    (folder / "regulars.yaml").write_text("time_zone: UTC\nsources: {shop: {max_quarantined_share: 1}}\n")
    columns = {**COLUMNS, **PACKED_COLUMNS, "customer_id": "buyer"}
    del columns["refund_amount"]
    feed = {"files": "orders*.csv", "columns": columns, "layout": EVERYTHING}
    (folder / "profiles" / "canonical.yaml").write_text(yaml.safe_dump({"version": 1, "title": "t", "feeds": {"orders": feed}}))
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([["no", "paid", "who", "day", "shipping", "line_1", "line_2"], *rows])
    home = Home(folder)
    home.deliver("orders.csv", written.getvalue())
    landing = home.land()
    assert not landing.held
    assert landing.rows_delivered == len(rows)
    clean, refused = home.clean("distinct line"), home.quarantine("line")
    assert len(clean) + len(refused) == len(set(clean) | set(refused)) == len(rows) - landing.rows_left_out
