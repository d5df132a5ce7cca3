import errno
import json
import os
import signal
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from pyarrow import parquet

from orchestration.errors import RegularsError
from orchestration.io import (
    PARTIAL_SUFFIX,
    ROWS_PER_GROUP,
    remove_partials,
    write_atomically,
    write_json,
    write_parquet,
    write_parquet_portions,
    write_text,
)

ROOT = Path(__file__).parents[2]


def test_a_file_is_there_whole_and_nothing_else_is(tmp_path):
    path = tmp_path / "deep" / "down" / "figures.csv"
    with write_atomically(path) as partial:
        partial.write_text("half")
        assert not path.exists()
        partial.write_text("whole")
    assert path.read_text() == "whole"
    assert os.listdir(path.parent) == ["figures.csv"]


@pytest.mark.parametrize("error", [ValueError("bad"), KeyboardInterrupt()])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "figures.csv"
    write_text("old", path)

    def write_and_fail():
        with write_atomically(path) as partial:
            partial.write_text("new")
            raise error

    with pytest.raises(type(error)):
        write_and_fail()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["figures.csv"]


def test_content_reaches_the_disk_before_its_name_and_the_name_before_the_end(tmp_path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        original = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *arguments, name=name, original=original: (calls.append(name), original(*arguments))[1])
    write_text("text", tmp_path / "a.txt")
    assert calls == ["fsync", "replace", "fsync"]


def test_a_disk_that_refuses_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    write_json({"old": 1}, path)

    def refuse(descriptor):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="Input/output error"):
        write_json({"new": 2}, path)
    assert json.loads(path.read_text()) == {"old": 1}
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_killed_writer_leaves_the_old_file_and_a_partial_that_no_reader_picks_up(tmp_path):
    path = tmp_path / "orders.parquet"
    write_text("old", path)
    program = (
        "import os, sys; from pathlib import Path; from orchestration.io import write_atomically\n"
        "with write_atomically(Path(sys.argv[1])) as partial: partial.write_text('new'); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(path)], cwd=ROOT)
    assert killed.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    (left,) = [file for file in tmp_path.iterdir() if file != path]
    assert left.suffix == PARTIAL_SUFFIX
    assert list(tmp_path.glob("*.parquet")) == [path]
    assert remove_partials(tmp_path) == 1
    assert os.listdir(tmp_path) == ["orders.parquet"]


def test_the_same_rows_give_the_same_parquet_bytes(tmp_path):
    numbers = pl.int_range(300_000, eager=True).alias("number")
    frame = pl.DataFrame({"number": numbers, "text": numbers.cast(pl.String), "amount": numbers.cast(pl.Decimal(18, 4))})
    for name, source in {"eager": frame, "lazy": frame.lazy(), "again": frame.lazy().filter(pl.col("number") >= 0)}.items():
        write_parquet(source, tmp_path / name)
    contents = {(tmp_path / name).read_bytes() for name in ("eager", "lazy", "again")}
    assert len(contents) == 1
    assert pl.read_parquet(tmp_path / "eager").equals(frame)


def test_json_keeps_any_script_and_writes_dates_and_money_as_text(tmp_path):
    write_json({"title": "老客", "as_of": date(2024, 6, 30), "amount": Decimal("1.10")}, tmp_path / "a.json")
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert "老客" in text
    assert json.loads(text) == {"title": "老客", "as_of": "2024-06-30", "amount": "1.10"}


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (RegularsError("No inbox"), "No inbox."),
        (
            RegularsError("No inbox", where=Path("data/inbox"), expected="a folder of dumps", do="Make it!"),
            "No inbox. Where: data/inbox. Expected: a folder of dumps. What to do: Make it!",
        ),
    ],
)
def test_an_error_says_what_where_what_was_expected_and_what_to_do(error, text):
    assert str(error) == text


def test_portions_of_a_frame_are_the_frame(tmp_path):
    frame = pl.DataFrame({"name": ["a", None, "c"], "number": [1, 2, None]})
    write_parquet_portions((frame.lazy().slice(start, 2) for start in (0, 2)), tmp_path / "whole.parquet")
    assert_frame_equal(pl.read_parquet(tmp_path / "whole.parquet"), frame)


@pytest.mark.parametrize("portion", [100_000, ROWS_PER_GROUP, 2 * ROWS_PER_GROUP + 7])
def test_wherever_portions_end_row_groups_are_whole(tmp_path, portion):
    rows = 2 * ROWS_PER_GROUP + 10_000
    frame = pl.LazyFrame({"number": range(rows)})
    write_parquet_portions((frame.slice(start, portion) for start in range(0, rows, portion)), tmp_path / "whole.parquet")
    written = parquet.ParquetFile(tmp_path / "whole.parquet").metadata
    assert [written.row_group(group).num_rows for group in range(written.num_row_groups)] == [ROWS_PER_GROUP, ROWS_PER_GROUP, 10_000]
    assert pl.read_parquet(tmp_path / "whole.parquet")["number"].to_list() == list(range(rows))
