"""The benchmark measures what it says: every row of every dump, one process's own memory, a table that lines up."""

import gzip
import sys
from pathlib import Path

import duckdb
import openpyxl
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from orchestration import run, settings
from orchestration.progress import Progress
from orchestration.sample import write_sample

from . import exports, scores
from .bench import measure, scan_typed, table
from .facts import write_by_hand


def test_the_floor_reads_every_row_of_every_dump_whatever_its_columns(tmp_path: Path) -> None:
    for folder in ("online", "shops"):
        (tmp_path / folder).mkdir()
    for day in (1, 2):
        orders = f'order_id,quantity,ordered_at\nA{day},2,2026-01-0{day} 10:00:00\n"B,{day}",1,\n'
        (tmp_path / "online" / f"orders-{day}.csv").write_text(orders)
    (tmp_path / "shops" / "receipts.csv").write_text("receipt;unit_price\n1;2.50\n2;3.00\n3;\n")
    (tmp_path / "shops" / "old.csv.gz").write_bytes(gzip.compress(b"receipt;unit_price\n9;9.99\n"))
    (tmp_path / "shops" / "README.txt").write_text("no dump")

    scan = scan_typed(tmp_path, threads=1)

    assert (scan["rows"], scan["files"]) == (8, 4)
    (tmp_path / "parquet").mkdir()
    assert scan_typed(tmp_path, threads=1, parquet=tmp_path / "parquet")["rows"] == 8
    assert duckdb.sql(f"select count(*) from parquet_metadata('{tmp_path}/parquet/*.parquet') where path_in_schema = 'quantity'").fetchall()


def test_the_floor_is_typed_so_text_in_a_column_of_money_stops_it(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("order_id,unit_price\nA1,2.50\nA2,free\n")
    with pytest.raises(duckdb.ConversionException, match="free"):
        scan_typed(tmp_path, threads=1)


def test_the_peak_memory_of_a_process_is_its_own() -> None:
    # In a small process, like the benchmark's own: under this one, every child would seem as large as the whole test run.
    program = """if True:
        import sys
        from tests.benchmarks.bench import measure
        for held in ("held = b'x' * 200_000_000", "pass"):
            print(measure([sys.executable, "-c", held]).peak_bytes)
    """
    run = measure([sys.executable, "-c", program])
    large, small = map(int, run.output.split())
    assert large > 200_000_000 > small


def test_a_process_that_fails_is_reported_with_what_it_said() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)exit code 3.*no room"):
        measure([sys.executable, "-c", "print('no room'); raise SystemExit(3)"])


def test_sizes_stand_side_by_side_and_a_missing_figure_is_a_dash() -> None:
    assert list(table({"1,000 lines": {"rows": 1100, "land, s": 0.5}, "2 lines": {"rows": 2, "lists, s": 12}})) == [
        "|          | 1,000 lines | 2 lines |",
        "|----------|------------:|--------:|",
        "| rows     |       1,100 |       2 |",
        "| land, s  |        0.50 |       – |",
        "| lists, s |           – |      12 |",
    ]


@pytest.mark.slow
def test_the_query_by_hand_says_of_every_customer_what_the_marts_say(tmp_path: Path) -> None:
    write_sample(tmp_path / "home", customers=150, seed=11)
    home = settings.load(tmp_path / "home", {})
    figures = run.run(home, None, Progress())
    write_by_hand(home, figures["as_of"], tmp_path / "by_hand.duckdb")
    query = "select * from {} order by customer_id"
    with duckdb.connect(str(tmp_path / "by_hand.duckdb")) as connection:
        by_hand = connection.execute(query.format("customer_facts")).fetchall()
        columns = [name for name, *_ in connection.description or []]
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        marts = connection.execute(f"select {', '.join(columns)} from marts.customer_facts order by customer_id").fetchall()
    assert len(marts) > 100
    for ours, theirs in zip(marts, by_hand, strict=True):
        assert [pytest.approx(value) if isinstance(value, float) else value for value in ours] == list(theirs)


def test_the_pass_by_hand_says_of_every_customer_what_the_models_say(tmp_path: Path) -> None:
    facts = tmp_path / "facts.parquet"
    scores.write_facts(facts, 3000)
    told = scores.score_by_hand(facts).collect().sort("customer_id")
    scores.write_scores(facts)
    found = pl.read_parquet(facts.with_suffix(".scores"))
    assert found.height == 3000
    assert found["p_alive"].null_count() < 3000
    assert found["loyalty_type"].n_unique() == 5
    assert_frame_equal(told, found.select(told.columns).sort("customer_id"), check_dtypes=False)


def test_other_writers_write_what_the_package_holds(tmp_path: Path) -> None:
    exports.write_frame(tmp_path / "frame.parquet", 30)
    frame = pl.read_parquet(tmp_path / "frame.parquet")
    assert frame.width == exports.COLUMNS
    rows = {}
    for whose, write in exports.WRITERS.items():
        (tmp_path / whose).mkdir()
        write(frame, tmp_path / whose)
        for path in (tmp_path / whose).glob("*.xlsx"):
            cells = openpyxl.load_workbook(path).active.iter_rows(values_only=True)
            rows[whose] = [[round(cell, 9) if isinstance(cell, float) else cell for cell in row] for row in cells]
        for path in (tmp_path / whose).glob("*.parquet"):
            assert_frame_equal(pl.read_parquet(path), frame)
    assert rows["workbook"] == rows["xlsxwriter"]
    assert len(rows["workbook"]) == 31
