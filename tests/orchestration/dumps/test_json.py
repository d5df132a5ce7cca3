"""JSON as an API gives it: an array of records, by itself or somewhere in a document, each with its lines within."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestration.dumps.formats import json_array
from orchestration.dumps.formats.json_array import elements
from orchestration.dumps.held import HeldError
from tests.orchestration.dumps.conftest import Home

SHOPIFY = {
    "orders": [
        {
            "id": 450789469,
            "name": "#1001",
            "created_at": "2026-03-01T10:00:00-05:00",
            "financial_status": "paid",
            "currency": "USD",
            "total_tax": "1.10",
            "customer": {"id": 207119551, "email": "bob@example.com", "default_address": {"city": "Ottawa"}},
            "line_items": [
                {"id": 1, "sku": "T1", "title": "Tea, green", "quantity": 2, "price": "9.90", "tax_lines": [{"rate": 0.10}]},
                {"id": 2, "sku": "T2", "title": "Tea, black", "quantity": 1, "price": "5.00", "tax_lines": []},
            ],
        },
        {
            "id": 450789470,
            "name": "#1002",
            "created_at": "2026-03-02T10:00:00-05:00",
            "financial_status": "refunded",
            "currency": "USD",
            "customer": None,
            "line_items": [{"id": 3, "sku": "T1", "title": "Tea, green", "quantity": 1, "price": "9.90"}],
        },
    ],
    "next_page": None,
}
WOOCOMMERCE = [
    {
        "id": 727,
        "number": "727",
        "status": "processing",
        "currency": "EUR",
        "date_created_gmt": "2026-03-01T19:28:02",
        "customer_id": 0,
        "billing": {"city": "Bonn", "email": "john.doe@example.com"},
        "line_items": [
            {"id": 315, "name": "Woo Single #1", "sku": "", "quantity": 2, "price": 3},
            {"id": 316, "name": "Ship Your Idea", "sku": "Bar3", "quantity": 1, "price": 12.00},
        ],
    }
]


@pytest.fixture
def home_of(home: Home) -> Callable[..., Home]:
    """A home whose profile reads orders with those keys and columns."""

    def make(columns: dict[str, Any], **keys: str) -> Home:
        (home.folder / "profiles").mkdir(exist_ok=True)
        profile = {"version": 1, "title": "t", "feeds": {"orders": {"files": "*", **keys, "columns": columns}}}
        (home.folder / "profiles" / "api.yaml").write_text(json.dumps(profile))
        (home.folder / "regulars.yaml").write_text("time_zone: UTC\ncurrency: USD\nsources: {shop: {profile: api}}\n")
        return home

    return make


LINE = {name: f"line_items.{source}" for name, source in {"order_line_id": "id", "product_id": "sku", "quantity": "quantity"}.items()}
OF_SHOPIFY = {
    **LINE,
    "order_id": "name",
    "ordered_at": "created_at",
    "status": {"source": "financial_status"},
    "customer_id": "customer.id",
    "email": "customer.email",
    "city": "customer.default_address.city",
    "unit_price": "line_items.price",
    "product_name": "line_items.title",
}
OF_WOOCOMMERCE = {
    **LINE,
    "order_id": "number",
    "ordered_at": "date_created_gmt",
    "status": {"source": "status", "map": {"processing": "paid"}},
    "customer_id": "customer_id",
    "email": "billing.email",
    "city": "billing.city",
    "unit_price": "line_items.price",
    "product_name": "line_items.name",
}
READ = (
    "line, order_id, order_line_id, ordered_at::varchar, status, customer_id, email, city, product_id, quantity::int, unit_price::varchar"
)
SHOPIFY_ROWS = [
    (2, "#1001", "1", "2026-03-01 15:00:00", "paid", "207119551", "bob@example.com", "Ottawa", "T1", 2, "9.9000"),
    (3, "#1001", "2", "2026-03-01 15:00:00", "paid", "207119551", "bob@example.com", "Ottawa", "T2", 1, "5.0000"),
    (4, "#1002", "3", "2026-03-02 15:00:00", "refunded", None, None, None, "T1", 1, "9.9000"),
]
WOOCOMMERCE_ROWS = [
    (2, "727", "315", "2026-03-01 19:28:02", "paid", "0", "john.doe@example.com", "Bonn", None, 2, "3.0000"),
    (3, "727", "316", "2026-03-01 19:28:02", "paid", "0", "john.doe@example.com", "Bonn", "Bar3", 1, "12.0000"),
]


def lines(records: list[Any]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


APIS: dict[str, tuple[dict[str, Any], dict[str, str], str, str, list[tuple[Any, ...]]]] = {
    "Shopify's orders": (OF_SHOPIFY, {"records": "orders", "lines": "line_items"}, "orders.json", json.dumps(SHOPIFY), SHOPIFY_ROWS),
    "Shopify's orders, indented": (
        OF_SHOPIFY, {"records": "orders", "lines": "line_items"}, "orders.json", json.dumps(SHOPIFY, indent=2), SHOPIFY_ROWS,
    ),
    "Shopify's orders, deeper": (
        OF_SHOPIFY,
        {"records": "data.orders", "lines": "line_items"},
        "orders.json",
        json.dumps({"ok": True, "data": {"count": 2, **SHOPIFY}, "time": 0.1}),
        SHOPIFY_ROWS,
    ),
    "Shopify's orders, one a line": (OF_SHOPIFY, {"lines": "line_items"}, "orders.jsonl", lines(SHOPIFY["orders"]), SHOPIFY_ROWS),
    "WooCommerce's orders": (OF_WOOCOMMERCE, {"lines": "line_items"}, "orders.json", json.dumps(WOOCOMMERCE), WOOCOMMERCE_ROWS),
    "WooCommerce's orders under another name": (
        OF_WOOCOMMERCE, {"format": "json", "lines": "line_items"}, "orders.txt", "\ufeff" + json.dumps(WOOCOMMERCE), WOOCOMMERCE_ROWS,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("columns", "keys", "name", "content", "rows"), APIS.values(), ids=APIS)
def test_orders_of_an_api_become_a_row_per_line(
    home_of: Callable[..., Home], columns: dict[str, Any], keys: dict[str, str], name: str, content: str, rows: list[tuple[Any, ...]]
) -> None:
    home = home_of(columns, **keys)
    home.deliver(name, content)
    landing = home.land()
    assert not landing.held
    assert home.clean(READ) == rows
    assert landing.rows_delivered == landing.rows_clean == len(rows)


def test_what_is_no_order_or_has_no_lines_is_refused_by_itself(home_of: Callable[..., Home]) -> None:
    home = home_of(OF_SHOPIFY, records="orders", lines="line_items")
    good = json.dumps(SHOPIFY["orders"][1])
    without_lines = json.dumps({**SHOPIFY["orders"][1], "line_items": []})
    twice = good[:-1] + ', "name": "x"}'
    half = good.replace("Tea", "\\ud800")
    home.deliver("orders.json", f'{{"orders": [{good}, 7, {without_lines}, {twice}, {half}, {good}]}}')
    landing = home.land()
    assert not landing.held
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_quarantined) == (6, 2, 4)
    assert home.quarantine("line, reason") == [
        (3, "not_an_object"), (4, "missing_value"), (5, "repeated_key"), (6, "not_utf8"),
    ]  # fmt: skip
    assert home.clean("line") == [(2,), (7,)]


def test_an_object_that_no_record_of_the_day_has_is_no_missing_column(home_of: Callable[..., Home]) -> None:
    home = home_of(OF_SHOPIFY, records="orders", lines="line_items")
    home.deliver("guests.json", json.dumps({"orders": SHOPIFY["orders"][1:]}))
    home.deliver("renamed.json", json.dumps(SHOPIFY).replace('"customer": {"id"', '"customer": {"number"'))
    (held,) = home.land().held
    assert held.file_name == "renamed.json"
    assert "needs customer_id (looked for 'customer.id')" in str(held.reason)
    assert home.clean("order_id, customer_id") == [("#1002", None)]


DOCUMENTS = {
    "an object that nobody said where": (json.dumps(SHOPIFY), {}, "no_records", "`records: orders`"),
    "an object with several arrays": ('{"a": [], "b": [{}]}', {}, "no_records", "`records:` to one of a, b"),
    "an object without any": ('{"a": 1}', {}, "no_records", "it is an object, expected an array of records"),
    "objects, one a line": (lines(WOOCOMMERCE * 2), {}, "no_records", "`format: jsonl`"),
    "another key": (json.dumps(SHOPIFY), {"records": "order"}, "no_records", "the keys are orders, next_page"),
    "no array under the key": ('{"orders": {"data": []}}', {"records": "orders"}, "no_records", "under 'orders' there is an object"),
    "an empty array": ("[]", {}, "empty_file", "no object in its array"),
    "nothing": ("", {}, "no_records", "it is nothing"),
    "cut off within a record": (json.dumps(WOOCOMMERCE)[:-40], {}, "cut_off", "have the file delivered again"),
    "cut off within a text": ('[{"a": "b', {}, "cut_off", "have the file delivered again"),
    "cut off behind the records": ('{"orders": [{"a": 1}], "next": ', {"records": "orders"}, "cut_off", "have the file delivered again"),
    "no JSON": ('[{"a": nothing}]' + " " * 99, {}, "not_json", "at character 8 ('nothing}]"),
    "something behind the end": ('[{"a": 1}] and so on', {}, "not_json", "expected nothing more"),
    "nested too deeply": ("[" * 200_000, {}, "not_json", "nested too deeply"),
    "a page": ("<html></html>", {}, "other_format", "an HTML page"),
    "a text": ('"orders"', {}, "no_records", "it is a text"),
}


@pytest.mark.parametrize(("content", "keys", "reason", "message"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_without_records_is_held_and_says_where_they_may_be(
    home_of: Callable[..., Home], content: str, keys: dict[str, str], reason: str, message: str
) -> None:
    home = home_of(OF_WOOCOMMERCE, **keys)
    home.deliver("orders.json", content)
    (held,) = home.land().held
    assert str(held.reason).startswith(f"{reason}: "), held.reason
    assert message in str(held.reason), held.reason


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3))


@given(st.lists(VALUES, max_size=5), st.integers(1, 7), st.sampled_from([None, 1]), st.dictionaries(st.sampled_from("abc"), VALUES))
@example([0.0, -1e300, 12], 1, None, {})
@settings(deadline=None)
def test_a_document_read_in_pieces_says_what_it_says_read_as_a_whole(
    records: list[Any], size: int, indent: int | None, beside: dict[str, Any]
) -> None:
    document = json.dumps({**beside, "data": records, "more": beside}, indent=indent, ensure_ascii=False)
    pieces = (document[start : start + size] for start in range(0, len(document), size))
    as_written = json.loads(json.dumps(records), parse_int=str, parse_float=str)
    assert list(elements(pieces, "data")) == as_written


@given(st.lists(VALUES, min_size=1, max_size=3), st.data())
@settings(deadline=None)
def test_a_document_cut_anywhere_is_found_out(records: list[Any], data: st.DataObject) -> None:
    document = json.dumps({"data": records, "more": 1})
    cut = document[: data.draw(st.integers(0, len(document) - 1))]
    with pytest.raises(HeldError):
        list(elements(iter([cut]), "data"))


def test_a_large_document_is_read_in_bounded_memory() -> None:
    """It takes no more than a few records at a time: the text at hand stays short."""
    record = json.dumps(WOOCOMMERCE[0])

    def blocks() -> Any:
        yield "["
        for number in range(3_000):
            yield ("," if number else "") + record
        yield "]"

    document = json_array._Document(blocks())
    document.enter("[", lambda: "")
    at_hand = [len(document._text) for _ in document.entries()]
    assert len(at_hand) == 3_000
    assert max(at_hand) < 10 * len(record)
