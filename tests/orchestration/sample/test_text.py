"""Texts are cut and spoilt at records, wherever quotes and line breaks stand."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.sample.faults import CUSTOMER_ROWS, ORDER_ROWS, REVIEW_ROWS, RowFault
from orchestration.sample.pages import breaks, by_day
from orchestration.sample.planting import Numbered, spoil
from orchestration.sample.redelivery import correct

cells = st.text(alphabet='ab,"\n é茶', max_size=6)
tables = st.lists(st.tuples(cells, cells), min_size=1, max_size=12)


def as_csv(rows: list[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def read(page: bytes) -> list[tuple[str, ...]]:
    return [tuple(row) for row in csv.reader(io.StringIO(page.decode(), newline=""))]


@given(tables)
def test_records_end_where_a_csv_reader_ends_them(rows: list[tuple[str, str]]) -> None:
    page = as_csv(rows)
    ends = breaks(page).records.tolist()

    assert [read(page[low:high]) for low, high in zip([0, *ends], ends, strict=False)] == [[row] for row in rows]


@given(st.lists(st.tuples(st.integers(0, 3), cells), min_size=1, max_size=12))
def test_pages_by_day_hold_every_row_once_and_in_order(rows: list[tuple[int, str]]) -> None:
    rows = sorted(rows, key=lambda row: row[0])
    texts = [(str(day), cell) for day, cell in rows]
    pages = list(by_day(b"day,cell\n", as_csv(texts), np.array([day for day, _ in rows])))

    assert [day for day, _, _ in pages] == sorted({day for day, _ in rows})
    assert [row for _, page, _ in pages for row in read(page)[1:]] == texts
    assert all(read(page)[1:] == texts[own] for _, page, own in pages)


FEEDS = {
    "orders": (
        ORDER_ROWS,
        ["order_id", "order_line_id", "ordered_at", "status", "product_name", "quantity", "unit_price", "refund_amount", "phone", "city"],
    ),
    "reviews": (REVIEW_ROWS, ["review_id", "rating", "title", "body", "created_at"]),
    "customers": (CUSTOMER_ROWS, ["customer_id", "name"]),
}


def page_of(feed: str, cells: list[str]) -> bytes:
    """A page of twenty rows, two lines to an order, its last column filled with the given texts."""
    columns = FEEDS[feed][1]
    texts = [cells[number % len(cells)] for number in range(20)]
    if feed == "orders":
        texts = [text.replace('"', "").replace("\n", " ") for text in texts]
    rows = [[f"O{number // (2 if feed == 'orders' else 1):03d}", *["1"] * (len(columns) - 2), text] for number, text in enumerate(texts)]
    return as_csv([tuple(columns), *map(tuple, rows)])


@pytest.mark.parametrize("feed", FEEDS)
@given(st.lists(cells, min_size=1, max_size=5), st.integers(0, 1000))
def test_spoiling_a_page_adds_faults_and_changes_oddities_and_nothing_else(feed: str, cells: list[str], seed: int) -> None:
    page = page_of(feed, cells)
    kinds = FEEDS[feed][0]
    spoilt, planted = spoil(page, [Numbered(kind, number) for number, kind in enumerate(kinds)], seed, "page")
    rows, before = read(spoilt), read(page)

    assert len(planted) == len(kinds)
    assert len(rows) == len(before) + sum(kind.reason is not None for kind in kinds)
    assert len(set(before) - set(rows)) <= sum(kind.reason is None for kind in kinds)
    lines = _starts(spoilt)
    assert len({row.line for row in planted}) == len(planted)
    assert {row.line for row in planted} <= lines


def _starts(page: bytes) -> set[int]:
    reader = csv.reader(io.StringIO(page.decode(), newline=""))
    starts, last = set(), 0
    for _ in reader:
        starts.add(last + 1)
        last = reader.line_num
    return starts


@pytest.mark.parametrize("kind", [kind for kind in ORDER_ROWS if kind.reason], ids=lambda kind: kind.kind)
@given(seed=st.integers(0, 1000))
def test_an_additional_row_never_stands_inside_an_order(kind: RowFault, seed: int) -> None:
    spoilt, (planted,) = spoil(page_of("orders", ["x"]), [Numbered(kind, 1)], seed, "page")
    ids = [row[0] for row in read(spoilt)]
    place = planted.line - 1

    assert place == len(ids) - 1 or ids[place - 1] != ids[place + 1]


def test_a_correction_touches_settled_orders_only() -> None:
    columns = ("order_id", "order_line_id", "quantity", "unit_price")
    rows = [("A", "1", "1", "2.50"), ("B", "1", "1", "1.00"), ("B", "2", "3", "1.00"), ("C", "1", "1", "9.90"), ("D", "1", "1", "4.00")]

    again = correct(as_csv([columns, *rows]), np.array([False, True, True, True, False]), 1)

    assert read(again.page)[1:] == [
        ("A", "1", "1", "2.50"),
        ("B", "1", "2", "1.00"),
        ("B", "2", "4", "1.00"),
        ("D", "1", "1", "4.00"),
        ("N00000001", "1", "1", "2.50"),
    ]
    assert (again.orders_change, again.rows_change, again.cents_change) == (0, 0, 200 - 990 + 250)
