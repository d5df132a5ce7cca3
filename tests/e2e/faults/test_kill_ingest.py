"""kill -9 at a hundred moments of an ingest: finished, it leaves what an uninterrupted one does, in lake, ledger and quarantine."""

import gzip
import io
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.orchestration.dumps.conftest import ORDERS_HEADER, Home, order

pytestmark = pytest.mark.slow

KILLS = 100
KILLS_PER_HOME = 20

VICTIM = """
import os, signal, sys, threading, time
from pathlib import Path
import duckdb, numpy, pyarrow
from orchestration import settings as home_settings
from orchestration.dumps import landing
from orchestration.dumps.ledger import Ledger

landing.BATCH_FILES = 3  # many small commits, so that there is much to interrupt

def land(home):
    loaded = home_settings.load(Path(home), {})
    ledger = Ledger(loaded.lake / "ledger.sqlite")
    landing.land(loaded, ledger, "a-run", lambda share: None)
    ledger.close()

for command in sys.stdin:
    home, delay = command.rsplit(" ", 1)
    started = time.perf_counter()
    child = os.fork()
    if not child:
        if float(delay):
            threading.Timer(float(delay), os.kill, (os.getpid(), signal.SIGKILL)).start()
        try:
            land(home)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), time.perf_counter() - started, flush=True)
"""


class Victim:
    """A process that lands homes in children of its own, each killed after a given time."""

    def __init__(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", VICTIM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def land(self, home: Path, delay: float = 0.0) -> tuple[int, float]:
        """Exit code and seconds of one landing."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(home, delay, file=self.process.stdin, flush=True)
        code, seconds = self.process.stdout.readline().split()
        return int(code), float(seconds)

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()


def orders(day: int, *extra: str) -> bytes:
    date = f"2026-03-{day:02d}"
    rows = [order(day * 100 + number, ordered_at=f"{date} 10:00:00") for number in range(day % 5 + 1)]
    return ("\n".join([ORDERS_HEADER, *rows, *extra]) + "\n").encode()


def zipped(*days: int) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for day in days:
            archive.writestr(zipfile.ZipInfo(f"orders_2026-03-{day:02d}.csv"), orders(day))
    return content.getvalue()


def deliver(home: Home) -> None:
    """Plain, packed, damaged, doubled and re-delivered files; what stood there before is replaced or vanishes."""
    for day in range(1, 7):
        home.deliver(f"orders_2026-03-{day:02d}.csv", orders(day, order(day, unit_price="?"), "a,b", order(day * 1000)))
    home.deliver("orders_2026-03-13.csv.gz", gzip.compress(orders(13)))
    home.deliver("orders_2026-03-14.csv.gz", gzip.compress(orders(14))[:-5])
    home.deliver("orders_2026-03-01_copy.csv", orders(1, order(1, unit_price="?"), "a,b", order(1000)))
    home.deliver("more.zip", zipped(20, 22, 23))
    home.deliver("notes.txt", b"call Mrs Wang")
    home.deliver("orders_2026-03-24.csv", orders(24).replace(b"status", b"state"))
    reviews = "".join(f'R{number},5,2026-03-01,"two\nlines {number}"\n' for number in range(9))
    home.deliver("reviews_2026-03-01.csv", f"review_id,rating,created_at,body\n{reviews}")


def contents(home: Path) -> dict[str, Any]:
    """Everything an ingest leaves, but for how rows are spread over batches."""
    with sqlite3.connect(home / "lake" / "ledger.sqlite") as ledger:
        tables = {}
        for name in ("files", "deliveries", "changes", "columns", "seen", "open_landing"):
            columns = [column for _, column, *_ in ledger.execute(f"pragma table_info({name})") if column not in ("batch", "number")]
            tables[name] = sorted(ledger.execute(f"select {', '.join(columns)} from {name}").fetchall(), key=repr)
    ledger.close()
    counting = "(" + ", ".join(f"'{row[0]}'" for row in tables["files"] if "live" in row or "superseded" in row) + ")"
    for part in ("lake/clean", "quarantine"):
        for feed in ("orders", "reviews"):
            pattern = f"{home}/{part}/{feed}/*.parquet"
            found = (
                duckdb.sql(f"select * from read_parquet('{pattern}') where file_id in {counting}").fetchall()
                if any(home.glob(f"{part}/{feed}/*.parquet"))
                else []
            )
            tables[f"{part}/{feed}"] = sorted(found, key=repr)
    tables["raw"] = sorted((path.name, path.read_bytes()) for path in (home / "lake" / "raw").rglob("*") if path.is_file())
    tables["left over"] = [path for path in home.rglob("*") if path.name.endswith(".tmp")] + list((home / "state").glob("work/*"))
    return tables


def test_an_ingest_that_is_killed_a_hundred_times_ends_as_if_it_never_was(tmp_path: Path) -> None:
    before = Home(tmp_path / "before")
    before.folder.mkdir()
    (before.folder / "regulars.yaml").write_text("time_zone: UTC\nthreads: 2\n")
    for day in (1, 2, 3):
        before.deliver(f"orders_2026-03-{day:02d}.csv", orders(day))
    before.deliver("more.zip", zipped(20, 21, 22))
    before.land()
    deliver(before)
    victim = Victim()
    try:
        finished = shutil.copytree(before.folder, tmp_path / "finished")
        code, seconds = victim.land(finished)
        assert code == 0
        expected = contents(finished)
        assert expected["left over"] == []
        moments, kills, homes = random.Random(20261122), 0, 0
        while kills < KILLS:
            home = shutil.copytree(before.folder, tmp_path / f"home{homes}")
            homes += 1
            for _ in range(KILLS_PER_HOME):
                code, _ = victim.land(home, moments.uniform(0, seconds * moments.choice((0.05, 0.2, 0.8))))
                assert code in (0, -9)
                kills += code == -9
                if code == 0 or kills == KILLS:
                    break
            assert victim.land(home)[0] == 0
            found = contents(home)
            for part, rows in expected.items():
                assert found[part] == rows, f"{part} after {kills} kills"
    finally:
        victim.close()
    assert homes >= 5
