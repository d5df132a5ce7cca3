"""A rule for every text: whatever a value holds, it comes through each format and encoding as it was written."""

import csv
import io
import json
import tempfile
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.dumps.dialect import Dialect
from orchestration.dumps.formats import convert

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
ROWS = st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5)
NAMES = ["first", "second"]


def read(content: bytes, kind: str, dialect: Dialect) -> list[tuple[str, ...]]:
    """The rows of a file, by way of the text that is made of it."""
    with tempfile.TemporaryDirectory() as folder:
        delivered, text = Path(folder, "delivered"), Path(folder, "text")
        delivered.write_bytes(content)
        converted = convert(delivered, text, kind, dialect)  # type: ignore[arg-type]
        assert converted.refusals == ()
        with text.open(encoding="utf-8", newline="") as plain:
            header, *rows = csv.reader(plain, strict=True)
        assert header == NAMES
        assert converted.lines is None or len(converted.lines) == len(rows)
        return [tuple(row) for row in rows]


@settings(deadline=None)
@given(rows=ROWS)
def test_any_text_comes_through_json_lines(rows: list[tuple[str, str]]) -> None:
    content = "".join(json.dumps(dict(zip(NAMES, row, strict=True)), ensure_ascii=False) + "\n" for row in rows)
    assert read(content.encode(), "jsonl", Dialect()) == rows


@settings(deadline=None, max_examples=30)
@given(rows=ROWS)
def test_any_text_comes_through_parquet(rows: list[tuple[str, str]]) -> None:
    content = io.BytesIO()
    pl.DataFrame(rows, schema=NAMES, orient="row").write_parquet(content)
    assert read(content.getvalue(), "parquet", Dialect()) == rows


@settings(deadline=None)
@given(rows=ROWS, encoding=st.sampled_from(["gb18030", "utf-16", "utf-8"]))
def test_any_text_comes_through_every_encoding_that_has_it(rows: list[tuple[str, str]], encoding: str) -> None:
    content = io.StringIO()
    csv.writer(content, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([NAMES, *rows])
    found = read(content.getvalue().encode(encoding), "csv", Dialect(encoding=encoding))  # type: ignore[arg-type]
    assert found == rows


PLAIN = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"], include_characters="\n\t"), min_size=1, max_size=20)
CELLS = PLAIN.filter(lambda text: "_x" not in text and text.strip())
"""``_x0041_`` stands for a character in a workbook; a cell of nothing but blanks is read as an empty one."""


@settings(deadline=None, max_examples=30)
@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=4))
def test_any_text_that_a_spreadsheet_can_hold_comes_through_it(rows: list[tuple[str, str]]) -> None:
    book = openpyxl.Workbook()
    for place, row in enumerate([NAMES, *rows], 1):
        for column, value in enumerate(row, 1):
            cell = book.active.cell(place, column, value)
            cell.data_type = "s"  # a text, whatever it looks like
    content = io.BytesIO()
    book.save(content)
    assert read(content.getvalue(), "xlsx", Dialect()) == rows


NUMBERS = {17850: "17850", 17850.5: "17850.5", "17850.0": "17850.0", "00123": "00123", 19.99: "19.99", -0.5: "-0.5", True: "true", 2.0: "2"}


@pytest.mark.parametrize(("value", "text"), NUMBERS.items(), ids=map(repr, NUMBERS))
def test_a_spreadsheets_numbers_are_written_as_a_person_sees_them(value: object, text: str) -> None:
    book = openpyxl.Workbook()
    book.active.append(NAMES)
    book.active.append([value, "x"])
    content = io.BytesIO()
    book.save(content)
    assert read(content.getvalue(), "xlsx", Dialect()) == [(text, "x")]
