"""However texts are strung together or cut for reading, each row says its own file and line, and a row too many or too few is noticed."""

import csv
import io
import random
from pathlib import Path

import duckdb
import pytest

from orchestration.dumps.receive import Census
from orchestration.dumps.relations import record_lines
from tests.orchestration.dumps.conftest import ORDERS_HEADER, Home, order

REVIEWS = "review_id,rating,created_at,body"


def reviews(texts: list[str], first: int, end: str = "\n") -> tuple[str, list[tuple[int, str, str]]]:
    """A file of reviews, and line, id and text of each of its rows."""
    written, rows, line = io.StringIO(), [], 2
    writer = csv.writer(written, lineterminator=end, quoting=csv.QUOTE_ALL)
    for number, text in enumerate(texts, start=first):
        writer.writerow([f"R{number}", "5", "2026-03-01 10:00:00", text])
        rows.append((line, f"R{number}", text))
        line += 1 + text.count("\n")
    return REVIEWS + end + written.getvalue(), rows


@pytest.mark.parametrize("last", ["ended", "not ended"])
def test_files_read_together_keep_their_own_lines(home: Home, last: str) -> None:
    expected = []
    for day in range(1, 12):
        end = "\r\n" if day % 3 == 0 else "\n"
        texts = [("text\n" * (number % 4) if day % 2 else "") + "end" for number in range(day)]
        content, rows = reviews(texts, day * 100, end)
        mark = "\ufeff" if day % 4 == 0 else ""
        home.deliver(f"reviews_2026-03-{day:02d}.csv", mark + (content if last == "ended" else content.removesuffix(end)))
        expected += [(f"reviews_2026-03-{day:02d}.csv", *row) for row in rows]
    landing = home.land()
    names = {file.file_id: file.file_name for file in landing.live}
    clean = home.clean("file_id, line, review_id, body", "reviews")
    assert sorted((names[file_id], *row) for file_id, *row in clean) == sorted(expected)


def test_a_file_whose_rows_the_engine_counts_differently_takes_no_row_of_its_neighbour(home: Home) -> None:
    """An even number of quotes, none of them a field's own: to the census two line breaks are text, to the engine they are not."""
    odd = f'{ORDERS_HEADER}\nO1,1,C"1,2026-03-01,paid,1,2\nO2,1,C"2,2026-03-01,paid,1,2\n'
    home.deliver("orders_2026-03-01.csv", odd)
    home.deliver("orders_2026-03-02.csv", "\n".join([ORDERS_HEADER, order(3), order(4)]) + "\n")
    landing = home.land()
    assert landing.rows_delivered == landing.rows_clean + landing.rows_quarantined
    files = {file.file_id: file.file_name for file in landing.live}
    rows = [(files[file_id], line, key) for file_id, line, key in home.clean("file_id, line, order_id")]
    assert [row for row in rows if row[2] in ("O3", "O4")] == [("orders_2026-03-02.csv", 2, "O3"), ("orders_2026-03-02.csv", 3, "O4")]


@pytest.mark.slow
def test_a_large_file_is_read_in_parts_that_lose_no_row(home: Home) -> None:
    draw = random.Random(7)
    texts = ["很好，\n" * draw.randrange(20_000) for _ in range(900)]
    content, expected = reviews(texts, 1)
    assert len(content.encode()) > 70_000_000
    home.deliver("reviews_2026-03-01.csv", content + "R0,9,2026-03-01,refused\n")
    landing = home.land()
    assert (landing.rows_clean, landing.rows_quarantined) == (900, 1)
    assert sorted(home.clean("line, review_id, body", "reviews")) == sorted((line, key, text or None) for line, key, text in expected)
    assert home.quarantine("line", "reviews") == [(2 + content.count("\n") - 1,)]
    parts = [path for path in (home.folder / "lake" / "clean" / "reviews").glob("*.parquet") if path.stem != "empty"]
    assert len(parts) > 1
    assert all(duckdb.sql(f"select count(*) > 0 from '{path}'").fetchall() == [(True,)] for path in parts)
    home.deliver("reviews_2026-03-02.csv", f"{REVIEWS}\nN1,5,2026-03-02,next\n")
    home.land()
    assert home.clean("count(*)", "reviews") == [(901,)], "the next landing takes no part for what a killed run left"
    assert home.quarantine("line", "reviews") == [(2 + content.count("\n") - 1,)]


def test_the_census_cuts_behind_records_only_whatever_the_chunks() -> None:
    content, _ = reviews(["a\nb" * 50_000] * 300, 1)
    text = content.encode()
    draw = random.Random(3)
    census, place = Census(","), 0
    while place < len(text):
        size = draw.randrange(1, 1 << 18)
        census.add(text[place : place + size])
        place += size
    whole = Census(",")
    whole.add(text)
    counts = [name for name in vars(census) if name not in ("cuts", "_last")]
    assert {name: getattr(census, name) for name in counts} == {name: getattr(whole, name) for name in counts}
    for cut in census.cuts:
        before = text[: cut.offset]
        assert before.endswith(b'"\n')
        assert (before.count(b"\n"), before.count(b'"R') + 1) == (cut.breaks, cut.records)


def test_the_lines_of_records_do_not_depend_on_where_chunks_end(tmp_path: Path) -> None:
    content, rows = reviews([("x" * 997 + "\n") * (number % 5) for number in range(1500)], 1)
    (tmp_path / "text").write_bytes(content.encode())
    assert [int(line) for lines in record_lines(tmp_path / "text") for line in lines] == [1, *(line for line, _, _ in rows)]
