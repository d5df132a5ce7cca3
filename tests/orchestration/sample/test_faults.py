"""Every kind of fault is there, at the line that the truth names."""

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from orchestration.sample import faults as kinds
from tests.orchestration.sample.conftest import Sample, records, text_of

ROWS: dict[tuple[str, str], Callable[[dict[str, str]], bool]] = {
    ("orders", "text_in_amount"): lambda row: row["unit_price"] == "十二元五",
    ("orders", "impossible_date"): lambda row: row["ordered_at"].startswith("2025-02-30"),
    ("orders", "future_date"): lambda row: row["ordered_at"].startswith("2099"),
    ("orders", "missing_order_id"): lambda row: row["order_id"] == "",
    ("orders", "unknown_status"): lambda row: row["status"] == "frozen",
    ("orders", "too_few_columns"): lambda row: len(row) == 19,
    ("orders", "quantity_overflow"): lambda row: row["quantity"] == "1e30",
    ("orders", "negative_refund"): lambda row: row["refund_amount"] == "-5.00",
    ("orders", "nul_byte"): lambda row: "\0" in row["product_name"],
    ("orders", "repeated_header"): lambda row: row["order_id"] == "order_id",
    ("orders", "footer_totals"): lambda row: row["order_id"] == "合计",
    ("orders", "leading_zero_phone"): lambda row: row["phone"].startswith("0"),
    ("orders", "full_width_phone"): lambda row: row["phone"].startswith("１"),
    ("orders", "formula_like_city"): lambda row: row["city"].startswith("=cmd|"),
    ("reviews", "rating_zero"): lambda row: row["rating"] == "0",
    ("reviews", "rating_seven"): lambda row: row["rating"] == "7",
    ("reviews", "text_in_rating"): lambda row: row["rating"] == "五星",
    ("reviews", "missing_review_id"): lambda row: row["review_id"] == "",
    ("reviews", "impossible_date"): lambda row: row["created_at"].startswith("2025-02-30"),
    ("reviews", "future_date"): lambda row: row["created_at"].startswith("2099"),
    ("reviews", "too_few_columns"): lambda row: len(row) == 7,
    ("reviews", "nul_byte"): lambda row: "\0" in row["body"],
    ("reviews", "very_long_review"): lambda row: len(row["body"].encode()) > 50_000,
    ("reviews", "emoji_review"): lambda row: "👨\u200d👩" in row["body"],
    ("reviews", "formula_like_title"): lambda row: row["title"].startswith("=cmd|"),
    ("reviews", "markup_in_review"): lambda row: "<script>" in row["body"],
    ("customers", "formula_like_name"): lambda row: row["name"].startswith("=cmd|"),
    ("customers", "emoji_name"): lambda row: "🌸" in row["name"],
    ("customers", "quotes_in_name"): lambda row: '"Lao"' in row["name"],
}


def planted(sample: Sample, feed: str, kind: str) -> list[dict]:
    return list(sample.faults.filter(feed=feed, kind=kind).iter_rows(named=True))


def raw(sample: Sample, fault: dict) -> bytes:
    return (sample.folder(fault["delivered_in"], fault["source"]) / fault["file"]).read_bytes()


@pytest.mark.parametrize(("feed", "kind"), ROWS, ids="-".join)
def test_a_faulty_row_stands_at_its_line(sample: Sample, feed: str, kind: str) -> None:
    found = planted(sample, feed, kind)

    assert found
    for fault in found:
        rows = dict(records(sample.folder("inbox", fault["source"]) / fault["file"]))
        assert ROWS[feed, kind](rows[fault["line"]]), rows[fault["line"]]


@pytest.mark.parametrize(("feed", "columns"), [("orders", 22), ("reviews", 10)])
def test_a_row_with_too_many_columns_stands_at_its_line(sample: Sample, feed: str, columns: int) -> None:
    found = planted(sample, feed, "too_many_columns")

    assert found
    for fault in found:
        line = text_of(sample.folder("inbox", fault["source"]) / fault["file"]).split("\n")[fault["line"] - 1]
        assert line.endswith(",,")
        assert line.count(",") >= columns + 1


def test_every_kind_is_planted(sample: Sample) -> None:
    wanted = {
        (fault.feed, fault.kind) for fault in (*kinds.ORDER_ROWS, *kinds.REVIEW_ROWS, *kinds.CUSTOMER_ROWS, *kinds.FILES, kinds.HEADER_ONLY)
    }
    found = set(sample.faults.select("feed", "kind").iter_rows())

    assert found == wanted | {("orders", "redelivered_day")}


def test_no_row_is_faulty_but_those_that_the_truth_names(sample: Sample) -> None:
    named = {(row["source"], row["file"], row["line"]) for row in sample.faults.filter(outcome="quarantined").iter_rows(named=True)}
    found = {
        (source, path.name, line)
        for source in ("online", "shops")
        for feed, key in (("orders", "order_id"), ("reviews", "review_id"))
        for path in sample.files(feed, source)
        for line, row in records(path)
        if not row[key].startswith(("O", "S", "R")) or len(row[key]) not in (14, 15)
    }

    assert found == named


def test_a_reason_is_told_for_what_is_refused_and_for_nothing_else(sample: Sample) -> None:
    refused = pl.col("outcome").is_in(["quarantined", "held"])

    assert sample.faults.filter(refused)["reason"].null_count() == 0
    assert sample.faults.filter(~refused)["reason"].is_null().all()


def test_few_rows_of_a_file_are_faulty(sample: Sample) -> None:
    """A file with many of them would be refused as a whole."""
    for (source, file), rows in sample.faults.filter(outcome="quarantined").group_by("source", "file"):
        assert rows.height <= 0.17 * len(records(sample.folder("inbox", str(source)) / str(file)))


def _is_cut(content: bytes) -> bool:
    return not content.endswith(b"\n") and content.rsplit(b"\n", 1)[-1].count(b",") == 3


def _fails_to_unzip(content: bytes) -> bool:
    try:
        gzip.decompress(content)
    except (EOFError, zlib.error, OSError):
        return True
    return False


def _is_no_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return True
    return False


@pytest.mark.parametrize(
    ("feed", "kind", "holds"),
    [
        pytest.param("orders", "crlf", lambda content: content.count(b"\r\n") == content.count(b"\n") > 1, id="crlf"),
        pytest.param("orders", "utf8_bom", lambda content: content.startswith(b"\xef\xbb\xbforder_id,"), id="bom"),
        pytest.param("orders", "permuted_columns", lambda content: content.startswith(b"is_test,city,"), id="permuted"),
        pytest.param("orders", "extra_column", lambda content: b",warehouse_note," in content.split(b"\n")[0], id="extra column"),
        pytest.param("orders", "gzip", lambda content: gzip.decompress(content).startswith(b"order_id,"), id="gzip"),
        pytest.param("orders", "header_only", lambda content: content.count(b"\n") == 1, id="header only"),
        pytest.param("orders", "truncated_gzip", _fails_to_unzip, id="truncated gzip"),
        pytest.param("orders", "wrong_checksum", _fails_to_unzip, id="wrong checksum"),
        pytest.param("orders", "missing_column", lambda content: b"ordered_at" not in content, id="missing column"),
        pytest.param("orders", "cut_mid_row", _is_cut, id="cut"),
        pytest.param("orders", "not_utf8", _is_no_utf8, id="not UTF-8"),
        pytest.param("orders", "unknown_shape", lambda content: b"," not in content, id="unknown shape"),
        pytest.param("reviews", "crlf", lambda content: b"\r\n" in content, id="crlf reviews"),
        pytest.param("reviews", "gzip", lambda content: gzip.decompress(content).startswith(b"review_id,"), id="gzip reviews"),
        pytest.param("reviews", "missing_column", lambda content: b"created_at" not in content, id="missing column reviews"),
    ],
)
def test_a_faulty_file_is_what_the_truth_calls_it(sample: Sample, feed: str, kind: str, holds: Callable[[bytes], bool]) -> None:
    found = planted(sample, feed, kind)

    assert found
    for fault in found:
        assert fault["line"] is None
        assert holds(raw(sample, fault))


def test_the_same_content_stands_under_two_names(sample: Sample) -> None:
    for fault in planted(sample, "orders", "same_content_twice"):
        original = Path(fault["file"].replace("_copy", ""))
        assert raw(sample, fault) == (sample.folder("inbox", fault["source"]) / original).read_bytes()


def test_orders_of_refused_files_are_in_no_other(sample: Sample) -> None:
    held = sample.faults.filter(outcome="held", feed="orders").filter(pl.col("file").str.ends_with(".csv"))
    ids = {
        line.split(",")[0] for fault in held.iter_rows(named=True) for line in raw(sample, fault).decode(errors="replace").splitlines()[1:]
    }
    clean = {row["order_id"] for source in ("online", "shops") for _, row in sample.clean_rows("orders", source)}

    assert ids
    assert ids.isdisjoint(clean)
