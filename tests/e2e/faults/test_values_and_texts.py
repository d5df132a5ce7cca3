"""Lines 21, 23 and 26 of the promise: values of the wrong type, texts that try a reader, and times; delivered = clean + quarantined."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.orchestration.dumps.conftest import ORDERS_HEADER, Home, order

REVIEWS = "review_id,rating,created_at,body\n"


@pytest.fixture
def configured(tmp_path: Path) -> Callable[[str], Home]:
    def make(settings: str) -> Home:
        (tmp_path / "regulars.yaml").write_text(settings)
        return Home(tmp_path)

    return make


@pytest.fixture
def home(configured: Callable[[str], Home]) -> Home:
    return configured("time_zone: UTC\n")


def land_all(home: Home, content: str | bytes, rows: int, refused: int, name: str = "orders_2026-03-01.csv") -> None:
    home.deliver(name, content)
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_quarantined) == (rows, rows - refused, refused)
    assert not landing.held


def test_21_values_of_the_wrong_type_are_refused_by_line_and_reason_and_the_others_keep_their_value(home: Home) -> None:
    spoiled = [
        order(1, unit_price="free"),
        order(2, unit_price="1e30"),
        order(3, quantity="99999999999999999999"),
        order(4, quantity="-2"),
        order(5, unit_price="0"),
        order(6, unit_price="499999999999.9999"),
        order(7, quantity="0.0001"),
        order(8, unit_price="500000000000"),
        order(9, unit_price="99999999999999.9999"),
    ]
    land_all(home, "\n".join([ORDERS_HEADER, *spoiled]) + "\n", rows=9, refused=6)
    assert home.quarantine() == [
        (2, "not_a_number", "unit_price", "free"),
        (3, "not_a_number", "unit_price", "1e30"),
        (4, "too_large", "quantity", "99999999999999999999"),
        (8, "too_many_decimals", "quantity", "0.0001"),
        (9, "too_large", "unit_price", "500000000000"),
        (10, "too_large", "unit_price", "99999999999999.9999"),
    ]
    assert home.clean("order_id, quantity, unit_price") == [
        ("O4", Decimal("-2"), Decimal("9.9")),
        ("O5", Decimal("2"), Decimal("0")),
        ("O6", Decimal("2"), Decimal("499999999999.9999")),
    ]


@pytest.mark.parametrize(("refused", "state"), [(20, "live"), (21, "held")])
def test_21_more_refused_rows_than_the_sources_share_hold_the_file(configured: Callable[[str], Home], refused: int, state: str) -> None:
    home = configured("time_zone: UTC\nsources: {shop: {max_quarantined_share: 0.05}}\n")
    rows = [order(number, unit_price="?") if number < refused else order(number) for number in range(400)]
    home.deliver("orders_2026-03-01.csv", "\n".join([ORDERS_HEADER, *rows]) + "\n")
    landing = home.land()
    assert [file.state for file in (*landing.live, *landing.held)] == [state]
    assert home.clean("count(*)") == [(400 - refused if state == "live" else 0,)]


TEXTS = {
    "line breaks of every kind": "one\ntwo\r\nthree\rfour\n\nfive",
    "quotes and delimiters": 'she said ""no"", 3,50; "…"',
    "separators that are no line breaks": "a\u2028b\u2029c\x0bd\x0ce\x85f",
    "blanks around": "  \u3000x\u3000  ",
    "a formula": "=cmd|' /C calc'!A0",
    "emoji and rare characters": "🍵👨‍👩‍👧 𠮷野家",
    "one megabyte": "很好，" * 120_000,
    "ten megabytes": "0123456789\n" * 950_000,
}


@pytest.mark.parametrize("body", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_23_texts_come_through_to_the_last_character(home: Home, body: str, end: str) -> None:
    text = body.replace('"', '""')
    rows = [f'R1,5,2026-03-01,"{text}"', "R2,4,2026-03-01,plain", "R3,6,2026-03-01,x"]
    land_all(home, end.join([REVIEWS.strip(), *rows]) + end, rows=3, refused=1, name="reviews_2026-03-01.csv")
    assert home.clean("review_id, body", "reviews") == [("R1", body), ("R2", "plain")]
    assert home.quarantine("line", "reviews") == [(4 + text.count("\n"),)]


def test_23_a_row_of_several_lines_that_is_too_wide_is_one_refusal(home: Home) -> None:
    rows = 'R1,5,2026-03-01,fine\nR2,4,2026-03-01,"two\nlines\nmore",too wide\nR3,3,2026-03-01,fine\n'
    land_all(home, REVIEWS + rows, rows=3, refused=1, name="reviews_2026-03-01.csv")
    assert home.quarantine("line, reason, original", "reviews") == [
        (3, "too_many_columns", 'R2,4,2026-03-01,"two\nlines\nmore",too wide\n')
    ]


def test_23_two_stray_quotes_do_not_swallow_the_rows_between_them(home: Home) -> None:
    rows = 'R1,5,2026-03-01,"open\nR2,4,2026-03-01,fine\nR3,3,2026-03-01,"open too\nR4,2,2026-03-01,fine\n'
    land_all(home, REVIEWS + rows, rows=4, refused=2, name="reviews_2026-03-01.csv")
    assert home.clean("review_id", "reviews") == [("R2",), ("R4",)]


def test_23_a_zero_byte_is_refused_with_its_row(home: Home) -> None:
    land_all(home, "\n".join([ORDERS_HEADER, order(1), order(2, customer_id="C\0"), order(3)]) + "\n", rows=3, refused=1)
    assert home.quarantine("line, reason") == [(3, "nul_byte")]


def test_26_times_become_utc_by_the_sources_zone_their_own_offset_or_not_at_all(configured: Callable[[str], Home]) -> None:
    home = configured("time_zone: Asia/Shanghai\nsources: {shop: {time_zone: Europe/Berlin}}\n")
    times = {
        "2026-01-15 10:00:00": "2026-01-15 09:00:00",
        "2026-07-15 10:00:00": "2026-07-15 08:00:00",
        "2026-07-15T10:00:00+08:00": "2026-07-15 02:00:00",
        "2026-10-25 02:30:00": "2026-10-25 01:30:00",
        "2026-03-29 02:30:00": "nonexistent_local_time",
        "1772359200": "not_a_timestamp",
        "1970-01-01 00:00:00": "date_out_of_range",
        "2100-06-01 00:00:00": "date_out_of_range",
    }
    land_all(
        home,
        "\n".join([ORDERS_HEADER, *(order(number, ordered_at=text) for number, text in enumerate(times))]) + "\n",
        rows=8,
        refused=4,
        name="orders.csv",
    )
    read = [value for _, value in home.clean("order_id, ordered_at::varchar")]
    assert read + [reason for _, reason in home.quarantine("line, reason")] == list(times.values())


def test_26_a_date_well_after_the_files_own_is_refused(home: Home) -> None:
    days = ["2026-03-01", "2026-03-03", "2026-03-04"]
    land_all(home, "\n".join([ORDERS_HEADER, *(order(ordered_at=day) for day in days)]) + "\n", rows=3, refused=1)
    assert home.quarantine("reason, value") == [("date_out_of_range", "2026-03-04")]
