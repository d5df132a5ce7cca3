"""Landing keeps its one promise: delivered = clean + quarantined, with no value changed."""

import gzip
from collections.abc import Callable
from decimal import Decimal

import duckdb
import pytest

from orchestration.dumps import landing
from tests.orchestration.dumps.conftest import ORDERS_HEADER, Home, order


def dump(*rows: str, header: str = ORDERS_HEADER, end: str = "\n") -> str:
    return end.join([header, *rows]) + end


def test_a_clean_row_says_which_file_and_line_it_came_from(home: Home) -> None:
    home.deliver("orders_2026-03-01.csv", dump(order(1), order(2)))
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_quarantined) == (2, 2, 0)
    assert home.clean("line, source, order_id, quantity * unit_price, status") == [
        (2, "shop", "O1", Decimal("19.80"), "completed"),
        (3, "shop", "O2", Decimal("19.80"), "completed"),
    ]


BROKEN_ROWS = {
    "text in an amount": (order(unit_price="abc"), "not_a_number", "unit_price"),
    "an amount that would be rounded": (order(unit_price="1.23456"), "too_many_decimals", "unit_price"),
    "an underscore that the engine would drop": (order(unit_price="1_000"), "not_a_number", "unit_price"),
    "a quantity beyond its type": (order(quantity="1e30"), "not_a_number", "quantity"),
    "an empty quantity": (order(quantity=""), "missing_value", "quantity"),
    "no order id": (order(order_id="  "), "missing_value", "order_id"),
    "a day that no calendar has": (order(ordered_at="2026-02-30 10:00:00"), "not_a_timestamp", "ordered_at"),
    "a word that the engine takes for a date": (order(ordered_at="epoch"), "not_a_timestamp", "ordered_at"),
    "a date after the file's own": (order(ordered_at="2026-03-09 10:00:00"), "date_out_of_range", "ordered_at"),
    "a date before any shop": (order(ordered_at="1889-03-01 10:00:00"), "date_out_of_range", "ordered_at"),
    "a status nobody mapped": (order(status="lost in space"), "unknown_status", "status"),
    "the header once more": (ORDERS_HEADER, "repeated_header", "order_id"),
    "too few columns": ("O1,1,C1", "too_few_columns", None),
    "too many columns": (order() + ",,,", "too_many_columns", None),
    "a zero byte": (order(customer_id="C\x001"), "nul_byte", None),
    "a quote that never ends": (order(customer_id='"C1'), "unterminated_quote", None),
}


@pytest.mark.parametrize(("row", "reason", "column"), BROKEN_ROWS.values(), ids=BROKEN_ROWS)
def test_a_row_that_cannot_be_read_goes_to_quarantine_with_its_reason_and_its_neighbours_stay(
    home: Home, row: str, reason: str, column: str | None
) -> None:
    home.deliver("orders_2026-03-01.csv", dump(order(1), row, order(3)))
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_quarantined) == (3, 2, 1)
    assert home.clean("line, order_id") == [(2, "O1"), (4, "O3")]
    assert home.quarantine("line, reason, column_name") == [(3, reason, column)]
    (original,) = home.quarantine("original")[0]
    assert all(value.strip() in original or "\0" in value for value in row.replace('"', "").split(","))


READ_ALIKE = {
    "a byte-order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "Windows line ends": lambda text: text.replace("\n", "\r\n").encode(),
    "old Mac line ends": lambda text: text.replace("\n", "\r").encode(),
    "mixed line ends": lambda text: text.replace("\n", "\r\n", 1).encode(),
    "no final line end": lambda text: text.rstrip("\n").encode(),
    "blank lines": lambda text: text.replace("\n", "\n\n").encode(),
    "quotes around everything": lambda text: "\n".join(
        ",".join(f'"{value}"' for value in line.split(",")) for line in text.splitlines()
    ).encode(),
    "blanks in the header": lambda text: text.replace("status", " status ", 1).encode(),
}


@pytest.mark.parametrize("spoil", READ_ALIKE.values(), ids=READ_ALIKE)
def test_the_same_rows_in_another_dress_are_the_same_rows(home: Home, spoil: Callable[[str], bytes]) -> None:
    home.deliver("orders_2026-03-01.csv", spoil(dump(order(1), order(2, customer_id="红茶"))))
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean) == (2, 2)
    assert home.clean("order_id, customer_id, ordered_at::varchar, quantity, unit_price") == [
        ("O1", "C1", "2026-03-01 10:00:00", Decimal("2.000"), Decimal("9.9000")),
        ("O2", "红茶", "2026-03-01 10:00:00", Decimal("2.000"), Decimal("9.9000")),
    ]


def test_columns_are_found_by_name_whatever_their_order_and_new_ones_do_no_harm(home: Home) -> None:
    names = ORDERS_HEADER.split(",")
    turned = [",".join(reversed(row.split(","))) + ",extra" for row in (order(1), order(2))]
    home.deliver("orders_2026-03-01.csv", dump(order(1), order(2)))
    home.deliver("orders_2026-03-02.csv", dump(*turned, header=",".join([*reversed(names), "loyalty_card"])))
    home.land()
    assert home.clean("order_id, customer_id, unit_price") == [
        ("O1", "C1", Decimal("9.9")),
        ("O1", "C1", Decimal("9.9")),
        ("O2", "C2", Decimal("9.9")),
        ("O2", "C2", Decimal("9.9")),
    ]


def test_review_texts_with_line_breaks_quotes_and_commas_come_through_exactly(home: Home) -> None:
    body = 'Great "tea",\nbut late.\n\n=1+1 ' + "很" * 50_000
    quoted = body.replace('"', '""')
    home.deliver(
        "reviews_2026-03-01.csv", f'review_id,rating,created_at,body\nR1,5,2026-03-01 10:00:00,"{quoted}"\nR2,7,2026-03-01 10:00:00,x\n'
    )
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_quarantined) == (2, 1, 1)
    assert home.clean("line, body", "reviews") == [(2, body)]
    assert home.quarantine(feed="reviews") == [(6, "out_of_range", "rating", "7")]


@pytest.mark.parametrize("neighbour", ["plain", '"a quoted, ""text""\nof two lines"'], ids=["plain", "quoted"])
def test_empty_values_beyond_the_last_column_are_not_dropped_in_silence(home: Home, neighbour: str) -> None:
    """DuckDB reads ``1,2,3,,`` under three columns as three values."""
    home.deliver(
        "reviews_2026-03-01.csv",
        f"review_id,rating,created_at,body\nR1,5,2026-03-01,{neighbour}\nR2,4,2026-03-01,fine,,\nR3,3,2026-03-01,\n",
    )
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean) == (3, 2)
    assert home.clean("review_id", "reviews") == [("R1",), ("R3",)]
    assert home.quarantine("reason", "reviews") == [("too_many_columns",)]


@pytest.mark.parametrize("members", [1, 2], ids=["one member", "two members"])
def test_gzip_is_read_like_plain_text(home: Home, members: int) -> None:
    lines = dump(order(1), order(2)).splitlines(keepends=True)
    halves = [lines] if members == 1 else [lines[:2], lines[2:]]
    home.deliver("orders_2026-03-01.csv.gz", b"".join(gzip.compress("".join(half).encode()) for half in halves))
    assert home.land().rows_clean == 2


def _wrong_checksum(text: bytes) -> bytes:
    packed = bytearray(gzip.compress(text))
    packed[-8] ^= 1
    return bytes(packed)


HELD = {
    "gzip cut in half": ("orders_1.csv.gz", gzip.compress(dump(*map(order, range(200))).encode())[:400], "corrupt_gzip"),
    "gzip with a wrong checksum": ("orders_1.csv.gz", _wrong_checksum(dump(order()).encode()), "corrupt_gzip"),
    "a file of no known shape": ("notes.txt", b"call Mrs Wang", "unknown_file"),
    "a missing column": ("orders_1.csv", b"order_id,customer_id,ordered_at,quantity\nO1,C1,2026-03-01,1\n", "missing_column"),
    "a column named twice": ("orders_1.csv", dump(order() + ",3", header=ORDERS_HEADER + ",quantity").encode(), "duplicate_header"),
    "an empty file": ("orders_1.csv", b"", "empty_file"),
    "a file cut off in its last row": ("orders_1.csv", dump(order(1), order(2)).encode()[:-30], "cut_off"),
    "bytes of another encoding": ("orders_1.csv", dump(order(customer_id="红茶")).encode("gbk"), "not_utf8"),
    "mostly rows that can't be read": (
        "orders_1.csv",
        dump(*(order(unit_price="?") for _ in range(30)), order()).encode(),
        "too_many_refused",
    ),
}


@pytest.mark.parametrize(("name", "content", "reason"), HELD.values(), ids=HELD)
def test_a_file_that_cannot_be_trusted_is_held_with_a_reason_and_the_others_go_on(
    home: Home, name: str, content: bytes, reason: str
) -> None:
    home.deliver(name, content)
    home.deliver("orders_2026-03-01.csv", dump(order()))
    landing = home.land()
    assert [(file.file_name, file.reason.split(":")[0]) for file in landing.held if file.reason] == [(name, reason)]
    assert home.clean("order_id") == [("O1",)]
    assert home.land().files == 0, "a held file is not read again until it or its profile changes"


def test_the_bytes_received_are_kept_even_of_a_file_that_is_held(home: Home) -> None:
    content = HELD["gzip cut in half"][1]
    home.deliver("orders_1.csv.gz", content)
    (held,) = home.land().held
    assert (home.folder / "lake" / "raw" / "shop" / f"{held.file_id}.csv.gz").read_bytes() == content


def test_the_same_content_under_any_name_is_loaded_once(home: Home) -> None:
    home.deliver("orders_2026-03-01.csv", dump(order()))
    home.deliver("orders_copy.csv", dump(order()))
    landing = home.land()
    assert (landing.rows_clean, landing.already_loaded) == (1, ["shop/orders_copy.csv"])
    home.deliver("orders_later.csv", dump(order()))
    assert home.land().already_loaded == ["shop/orders_later.csv"]


def test_the_same_content_in_the_portion_being_written_is_loaded_once(
    configured: Callable[[str], Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landing, "BATCH_FILES", 1)
    monkeypatch.setattr(landing, "PORTION_BATCHES", 1)
    home = configured("time_zone: UTC\nthreads: 1\n")
    for name in "abcde":
        home.deliver(f"orders_{name}.csv", dump(order(1 if name in "abe" else 2)))
    landed = home.land()
    assert (landed.rows_clean, landed.already_loaded) == (2, [f"shop/orders_{name}.csv" for name in "bde"])
    assert home.clean("order_id") == [("O1",), ("O2",)]


def test_a_file_delivered_again_with_new_content_replaces_what_it_delivered_before(home: Home) -> None:
    first = dump(order(1), order(2))
    home.deliver("orders_2026-03-01.csv", first)
    home.land()
    home.deliver("orders_2026-03-01.csv", dump(order(1, quantity="5")))
    (replacing,) = home.land().live
    assert replacing.replaces
    assert home.clean("order_id, quantity") == [("O1", Decimal(5))]
    home.deliver("orders_2026-03-01.csv", first)
    home.land()
    assert home.clean("order_id, quantity") == [("O1", Decimal(2)), ("O2", Decimal(2))], (
        "the first content, delivered once more, counts again"
    )


def test_a_held_file_is_read_when_its_profile_is_corrected(home: Home) -> None:
    home.deliver("orders_1.csv", "order_no,customer_id,ordered_at,quantity,unit_price\nO1,C1,2026-03-01,1,2\n")
    assert len(home.land().held) == 1
    (home.folder / "profiles").mkdir()
    (home.folder / "profiles" / "canonical.yaml").write_text(
        "version: 2\ntitle: corrected\nfeeds:\n  orders:\n    files: orders*.csv\n    columns:\n"
        "      {order_id: order_no, customer_id: customer_id, ordered_at: ordered_at, quantity: quantity, unit_price: unit_price}\n"
    )
    assert home.land().rows_clean == 1
    assert home.clean("order_id, status") == [("O1", "completed")]


def test_local_times_become_utc_and_a_time_with_its_own_offset_keeps_to_it(configured: Callable[[str], Home]) -> None:
    home = configured("time_zone: America/New_York\n")
    times = [
        "2026-01-15 10:00:00",
        "2026-07-15 10:00:00",
        "2026-07-15T10:00:00Z",
        "2026-07-15 10:00:00+08:00",
        "2026-07-15 10:00+08",
        "2026-07-15 10:00:00 +0800",
        "2026-03-08 02:30:00",
    ]
    home.deliver("orders.csv", dump(*(order(number, ordered_at=time) for number, time in enumerate(times))))
    home.land()
    assert [utc for _, utc in home.clean("order_id, ordered_at::varchar")] == [
        "2026-01-15 15:00:00",
        "2026-07-15 14:00:00",
        "2026-07-15 10:00:00",
        "2026-07-15 02:00:00",
        "2026-07-15 02:00:00",
        "2026-07-15 02:00:00",
    ]
    assert home.quarantine("line, reason") == [(8, "nonexistent_local_time")]


def test_many_files_of_a_day_share_a_parquet_file_and_keep_their_own_lines(home: Home) -> None:
    for day in range(1, 29):
        home.deliver(
            f"orders_2026-02-{day:02d}.csv", dump(*(order(day * 100 + n, ordered_at=f"2026-02-{day:02d} 10:00:00") for n in range(day)))
        )
    landing = home.land()
    assert landing.rows_clean == sum(range(1, 29))
    assert home.clean("file_id, min(line), max(line), count(*)".replace("file_id,", "")) == [(2, 29, 406)]
    assert all(
        (last - 1, 2) == (rows, first)
        for first, last, rows in home.clean(
            "min(line) over (partition by file_id), max(line) over (partition by file_id), count(*) over (partition by file_id)"
        )
    )
    assert len(list((home.folder / "lake" / "clean" / "orders").glob("*.parquet"))) == 2, "one batch, and the empty one"


def test_a_batch_that_a_killed_run_left_behind_is_not_counted(home: Home) -> None:
    home.deliver("orders_2026-03-01.csv", dump(order()))
    home.land()
    (batch,) = (path for path in (home.folder / "lake" / "clean" / "orders").glob("*.parquet") if path.stem != "empty")
    batch.with_name("0123456789abcdef.parquet").write_bytes(batch.read_bytes())
    half = home.folder / "lake" / "scores" / "customer_scores.parquet.4711.partial"
    half.parent.mkdir()
    half.write_bytes(b"PAR1")
    home.land()
    assert home.clean("count(*)") == [(1,)]
    assert not half.exists()


def test_files_of_an_earlier_version_get_the_columns_that_came_since(home: Home) -> None:
    home.deliver("orders_2026-03-01.csv", f"{ORDERS_HEADER}\n{order(1)}\n")
    home.land()
    clean = home.folder / "lake" / "clean"
    for path in (clean / "orders").glob("*.parquet"):
        earlier = path.with_suffix(".earlier")
        duckdb.sql(
            f"copy (select * exclude (order_refund_amount, total_amount) from read_parquet('{path}')) to '{earlier}' (format parquet)"
        )
        earlier.replace(path)
    (clean / ".columns").unlink()
    home.deliver("orders_2026-03-02.csv", f"{ORDERS_HEADER}\n{order(2)}\n")
    home.land()
    assert home.clean("order_id, order_refund_amount, total_amount") == [("O1", 0, None), ("O2", 0, None)]
