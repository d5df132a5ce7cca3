"""One file never stops the run: what can't be read is held with a bounded sentence, and the file beside it is read."""

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import python_calamine

from orchestration.dumps import batches, recognise
from orchestration.dumps.held import LONGEST_NAME, MOST_CHARACTERS, HeldError, listed, shortened
from tests.e2e.faults.conftest import assert_accounted_for, orders
from tests.orchestration.dumps.conftest import ORDERS_HEADER, Home, order

GOOD = orders(order(1))
COLUMNS = ORDERS_HEADER.split(",")
LONG = "Z" * 250_000


def wide(columns: int, values: int | None = None) -> str:
    """A header with so many columns more, and a row with so many empty values more."""
    header = ",".join([ORDERS_HEADER, *(f"c{number}" for number in range(columns))])
    return f"{header}\n{order(2)}{',' * (columns if values is None else values)}\n"


def parquet(**more: list[Any]) -> bytes:
    held = io.BytesIO()
    row = {name: [value] for name, value in zip(COLUMNS, order(2).split(","), strict=True)}
    pq.write_table(pa.table({**row, **more}), held)
    return held.getvalue()


UTF_16: dict[str, bytes] = {
    "UTF-16 cut within a character": orders(order(2)).encode("utf-16")[:-1],
    "UTF-16 with half of a pair": orders(order(2)).encode("utf-16") + b"\x00\xd8a\x00",
    "UTF-8 said to be UTF-16": orders(order(2)).encode(),
    "one byte said to be UTF-16": b"\xff",
}
HOSTILE: dict[str, tuple[str, bytes | str, str]] = {
    **{name: ("orders_2.csv", content, "undecodable") for name, content in UTF_16.items()},
    "10,000 columns": ("orders_2.csv", wide(10_000), "too_wide"),
    "10,000 columns and a row with fewer": ("orders_2.csv", wide(10_000, 9_000), "too_wide"),
    "10,000 columns, not those that are needed": ("orders_2.csv", wide(10_000).replace("order_id", "x"), "too_wide"),
    "4,000 columns, not those that are needed": ("orders_2.csv", wide(4_000).replace("order_id", "x"), "missing_column"),
    "a name as long as a book": ("orders_2.csv", orders(order(2), header=ORDERS_HEADER.replace("order_id", LONG, 1)), "missing_column"),
    "the same long name three times": ("orders_2.csv", orders(header=",".join([ORDERS_HEADER, LONG, LONG, LONG])), "duplicate_header"),
    "3,000 names that come twice": ("orders_2.csv", orders(header=",".join([ORDERS_HEADER, *map(str, [*range(1500)] * 2)])),
                                    "duplicate_header"),
    "zero bytes alone": ("orders_2.csv", b"\0" * 100_000, "missing_column"),
    "one long line": ("orders_2.csv", "x" * 3_000_000, "unreadable_header"),
    "blank lines alone": ("orders_2.csv", "\n" * 1_000_000, "empty_file"),
    "a byte-order mark alone": ("orders_2.csv", b"\xef\xbb\xbf", "empty_file"),
    "a quote that is never closed": ("orders_2.csv", orders(order(2) + ',"' + "x\n" * 300_000), "unreadable_rows"),
    "Parquet with bytes in a column that is read": ("orders_2.parquet", parquet(status=[b"\xff\xd8"]), "binary_column"),
    "JSON nested a hundred thousand times": ("orders_2.jsonl", "[" * 100_000 + "\n", "empty_file"),
    "JSON with a new key in every line": (
        "orders_2.jsonl", "".join(json.dumps({f"k{number}-{key}": 1 for key in range(100)}) + "\n" for number in range(50)), "too_wide",
    ),
    "a page that calls itself a workbook": ("orders_2.xlsx", "<html><table><tr><td>order_id</td></tr></table></html>", "other_format"),
}  # fmt: skip


@pytest.fixture
def beside(home: Home) -> Home:
    """A home whose source ``good`` delivers a sound file each time, and whose source ``shop`` may say it is UTF-16."""
    keys = "".join(f"      {name}: {name}\n" for name in COLUMNS)
    text = "version: 1\ntitle: t\nfeeds:\n  orders:\n    files: orders*\n    encoding: utf-16\n    columns:\n" + keys
    (home.folder / "profiles").mkdir()
    (home.folder / "profiles" / "wide.yaml").write_text(text)
    home.deliver("orders_1.csv", GOOD, "good")
    return home


@pytest.mark.parametrize(("name", "content", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_a_file_that_cannot_be_read_is_held_with_a_bounded_sentence_and_the_others_are_read(
    beside: Home, name: str, content: bytes | str, reason: str
) -> None:
    if reason == "undecodable":
        (beside.folder / "regulars.yaml").write_text("time_zone: UTC\nsources: {shop: {profile: wide}}\n")
    beside.deliver(name, content)
    landing = beside.land()
    (held,) = landing.held
    assert held.reason is not None
    assert held.reason.startswith(f"{reason}: "), held.reason
    assert len(held.reason) < MOST_CHARACTERS + 50
    assert held.reason.isprintable()
    assert_accounted_for(beside, [GOOD])


READ: dict[str, tuple[str, bytes]] = {
    "UTF-16 without a byte-order mark": ("orders_2.csv", orders(order(2)).encode("utf-16-le")),
    "UTF-16 without a byte-order mark, big end first": ("orders_2.csv", orders(order(2)).encode("utf-16-be")),
}


@pytest.mark.parametrize(("name", "content"), READ.values(), ids=READ)
def test_utf_16_is_read_without_its_mark_too(beside: Home, name: str, content: bytes) -> None:
    (beside.folder / "regulars.yaml").write_text("time_zone: UTC\nsources: {shop: {profile: wide}}\n")
    beside.deliver(name, content)
    beside.land()
    assert_accounted_for(beside, [GOOD, orders(order(2))])


BYTES = {"bytes": pa.array([b"\xff\xd8\x00"]), "bytes of one length": pa.array([b"\xff\xd8\x00\x01"], pa.binary(4))}


@pytest.mark.parametrize("photo", BYTES.values(), ids=BYTES)
def test_bytes_in_a_parquet_column_that_no_key_reads_do_not_matter(beside: Home, photo: Any) -> None:
    beside.deliver("orders_2.parquet", parquet(photo=photo))
    beside.land()
    assert_accounted_for(beside, [GOOD, orders(order(2))])


def test_a_file_name_that_is_no_utf_8_is_spelt_out(home: Home) -> None:
    folder = home.folder / "inbox" / "shop"
    folder.mkdir(parents=True)
    (folder / os.fsdecode(b"orders_\xff.csv")).write_text(GOOD)
    assert [file.file_name for file in home.land().live] == ["orders_\\xff.csv"]
    assert home.land().already_loaded == []
    assert_accounted_for(home, [GOOD])


def test_figures_in_a_file_name_that_are_no_day_are_no_business_date(home: Home) -> None:
    home.deliver("orders_2026-13-45.csv", GOOD)
    home.land()
    assert_accounted_for(home, [GOOD])


def raising(error: Exception, of: str, function: Callable[..., Any], names: Callable[..., list[str]]) -> Callable[..., Any]:
    """The function, but that it fails for a file of that name."""

    def replaced(*arguments: Any) -> Any:
        if any(of in name for name in names(*arguments)):
            raise type(error)(*error.args)
        return function(*arguments)

    return replaced


FAULTS = {
    "of our own": TypeError("wang.li@example.com"),
    "of the engine": duckdb.InternalException("INTERNAL Error: wang.li@example.com"),
    "of the machine's memory": MemoryError(),
    "of recursion": RecursionError("wang.li@example.com"),
}


@pytest.mark.parametrize("error", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("stage", ["recognised", "read", "read from an archive"])
def test_an_error_that_nobody_foresaw_holds_the_file_it_came_of_and_names_a_log(
    home: Home, monkeypatch: pytest.MonkeyPatch, error: Exception, stage: str
) -> None:
    if stage == "read":
        named = lambda batch, *_: [candidate.file.file_name for candidate in batch.candidates]  # noqa: E731
        monkeypatch.setattr(batches, "_write_part", raising(error, "bad", batches._write_part, named))
    else:
        named = lambda arrival, *_: [arrival.name]  # noqa: E731
        monkeypatch.setattr(recognise, "_resource_file", raising(error, "bad", recognise._resource_file, named))
    texts = {f"orders_{number}.csv": orders(order(number)) for number in range(4)} | {"orders_bad.csv": orders(order(9))}
    if stage == "read from an archive":
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            for name, text in texts.items():
                archive.writestr(name, text)
        home.deliver("orders.zip", held.getvalue())
    else:
        for name, text in texts.items():
            home.deliver(name, text)
    (file,) = home.land().held
    assert "bad" in file.file_name
    assert_accounted_for(home, [text for name, text in texts.items() if "bad" not in name])
    assert file.reason is not None
    if isinstance(error, MemoryError):
        assert file.reason.startswith("out_of_memory: ")
        assert "raise memory_limit in regulars.yaml" in file.reason
    else:
        assert file.reason.startswith("not_read: ")
        log = home.folder / "state" / "reading_errors" / f"{file.file_id}.log"
        assert str(log) in file.reason
        written = log.read_text()
        assert type(error).__name__ in written
        assert "in replaced: raise type(error)" in written
        assert "wang" not in written + file.reason, "the error's own words may quote the file"
    monkeypatch.undo()
    assert not home.land().held or stage != "read", "held until it is retried"


def test_a_file_that_takes_more_memory_than_the_engine_may_have_is_held_alone(home: Home) -> None:
    (home.folder / "regulars.yaml").write_text("time_zone: UTC\nmemory_limit: 30MB\nthreads: 2\n")
    home.deliver("orders_1.csv", GOOD, "good")
    home.deliver("orders_2.csv", wide(4_000, 3_999))
    (held,) = home.land().held
    assert held.reason is not None
    assert held.reason.startswith("out_of_memory: ")
    assert "(30MB)" in held.reason
    assert_accounted_for(home, [GOOD])


def test_a_workbook_whose_reader_panics_is_held(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Rust library's panic comes as an exception that is none of ``Exception``."""

    class PanicException(BaseException):
        pass

    def panics(*_: object) -> None:
        raise PanicException("index out of bounds")

    monkeypatch.setattr(python_calamine.CalamineWorkbook, "from_path", panics)
    book, held = openpyxl.Workbook(), io.BytesIO()
    book.save(held)
    home.deliver("orders_1.csv", GOOD)
    home.deliver("orders_2.xlsx", held.getvalue())
    (file,) = home.land().held
    assert str(file.reason).startswith("corrupt_xlsx: ")
    assert_accounted_for(home, [GOOD])


@pytest.mark.parametrize("lost", ["raw/shop", "clean/orders"])
def test_a_lake_that_is_lost_stops_the_run_instead_of_holding_every_file(home: Home, lost: str) -> None:
    home.deliver("orders_1.csv", GOOD)
    home.land()
    folder = home.folder / "lake" / lost
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    folder.write_text("not a folder any more")
    home.deliver("orders_2.csv", orders(order(2)))
    with pytest.raises((OSError, duckdb.IOException)):
        home.land()
    folder.unlink()
    home.deliver("orders_1.csv", GOOD + "\n")
    home.land()
    assert_accounted_for(home, [GOOD, orders(order(2))])


def test_a_message_is_bounded_and_has_no_control_characters() -> None:
    error = HeldError("x", "a\x1b[31m\n" + "é" * 5_000 + "the end: set `skip_lines: 3`")
    assert len(str(error)) <= MOST_CHARACTERS + 20
    assert str(error).startswith("a\\x1b[31m\\n")
    assert str(error).endswith("the end: set `skip_lines: 3`")
    assert listed((f"{'n' * 99}{number}" for number in range(30)), most=2).endswith("n1 and 28 more")
    assert len(shortened("n" * 500)) == LONGEST_NAME


def test_the_warning_of_a_new_column_is_bounded_too(home: Home) -> None:
    home.deliver("orders_1.csv", GOOD)
    home.land()
    home.deliver("orders_2.csv", orders(order(2) + ",x", header=f"{ORDERS_HEADER},{LONG}"))
    (warning,) = home.land().warnings()
    assert warning.startswith("New column 'ZZZ")
    assert len(warning) < 300


def test_no_file_of_a_folder_that_is_no_utf_8_is_left_out(home: Home) -> None:
    folder = Path(os.fsdecode(os.fsencode(home.folder / "inbox") + b"/shop\xfe"))
    folder.mkdir(parents=True)
    (folder / "orders_1.csv").write_text(GOOD)
    home.land()
    assert_accounted_for(home, [GOOD])
